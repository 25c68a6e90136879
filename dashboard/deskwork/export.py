"""A list as CSV: the same filter and the same rows as the page, safe to open in a spreadsheet, written down in the audit."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from flask import Flask, Response, request

from dashboard import casefile
from dashboard.api.shapes import CaseQuery, CaseRow
from dashboard.pages import cases, parts
from dashboard.pages.context import PageContext
from dashboard.reader import page_context
from dashboard.services import Services, services, visitor
from models import accounts
from models.accounts import Visitor
from models.directory import Directory
from models.filters import CaseFilter
from models.timebase import real_now

MOST = 20_000
"""Rows of one file; a longer list says so in its last line."""
PAGE = 200
COLUMNS = (*cases.COLUMNS, "address", "source", "due_at", "closed_at")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
BOM = "\ufeff"
"""Without it a spreadsheet on Windows reads the Chinese as another code page."""


def register(server: Flask) -> None:
    """Add the route."""
    server.add_url_rule("/cases.csv", "cases_csv", _csv)


def _csv() -> Response:
    parts_, who, context = services(), visitor(), page_context()
    query = cases.asked(request.args.to_dict())
    rows, cut = _all(parts_, who, query)
    text = written(context, parts_.directory(), rows, cut=cut)
    now = real_now()
    with parts_.store.write() as connection:
        detail = {"query": cases.address(query).partition("?")[2], "rows": len(rows), "cut": cut}
        accounts.audit(
            connection,
            who.name,
            who.role,
            "export.cases",
            now,
            object="cases.csv",
            address=request.remote_addr or "",
            detail=detail,
        )
    response = Response(BOM + text, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="cases-{now:%Y%m%d-%H%M%S}.csv"'
    return response


def _all(parts_: Services, who: Visitor, query: CaseQuery) -> tuple[list[CaseRow], bool]:
    """The rows of the list, and whether it goes on behind the last of them."""
    wanted = CaseFilter(**query.model_dump(exclude={"after", "limit"}))
    rows: list[CaseRow] = []
    after = None
    while len(rows) < MOST:
        page = casefile.page(parts_, who, wanted, after=after, size=min(PAGE, MOST - len(rows)), sort=query.sort)
        rows += page.cases
        after = page.next
        if after is None:
            return rows, False
    return rows, True


def written(context: PageContext, directory: Directory, rows: list[CaseRow], *, cut: bool) -> str:
    """The file's text; its last line says whether the list ends with it. Pure."""
    out = io.StringIO()
    sheet = csv.writer(out, lineterminator="\r\n")
    sheet.writerow([context.text(f"work.export.{name}") for name in COLUMNS])
    for row in rows:
        sheet.writerow([neutral(cell) for cell in _cells(context, directory, row)])
    sheet.writerow([context.text("work.export.cut" if cut else "work.export.whole", n=len(rows))])
    return out.getvalue()


def neutral(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe before what could begin one."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _cells(context: PageContext, directory: Directory, row: CaseRow) -> Iterator[str]:
    department = directory.departments.get(row.department or "")
    yield row.code
    yield context.text(f"common.level.{row.level}")
    yield row.title
    yield parts.name(context, directory.categories.get(row.category))
    yield parts.place(context, directory, row)
    yield parts.name(context, department) if department else ""
    yield context.text(f"common.stage.{row.stage}")
    yield context.text(f"cases.face.{row.clock}")
    yield parts.stamp(context, row.reported_at)
    yield row.address
    yield parts.name(context, directory.sources.get(row.source))
    yield parts.stamp(context, row.due_at) if row.due_at else ""
    yield parts.stamp(context, row.closed_at) if row.closed_at else ""
