"""A list as CSV: the same filter and the same rows as the page, safe to open in a spreadsheet, written down in the audit."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flask import Flask, Response, request

from dashboard import casefile
from dashboard.api.shapes import CasePage, CaseQuery, CaseRow
from dashboard.pages import cases, parts
from dashboard.pages.context import PageContext
from dashboard.reader import page_context
from dashboard.services import Services, services, visitor
from models import accounts
from models.accounts import Visitor
from models.directory import Directory
from models.filters import CaseFilter
from models.timebase import real_now

PAGE = 500
"""Rows that are read, told and forgotten at once."""
COLUMNS = (*cases.COLUMNS, "address", "source", "due_at", "closed_at")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
BOM = "\ufeff"
"""Without it a spreadsheet on Windows reads the Chinese as another code page."""


def register(server: Flask) -> None:
    """Add the route."""
    server.add_url_rule("/cases.csv", "cases_csv", _csv)


def _csv() -> Response:
    """The first rows are read before anything is answered, so that a filter that cannot be is refused as ever."""
    parts_, who, context = services(), visitor(), page_context()
    query = cases.asked(request.args.to_dict())
    export = Export(parts_, who, context, query, request.remote_addr or "")
    first = export.page(None)
    export.note("export.cases", total=first.total, total_exact=first.total_exact)
    response = Response(export.text(first), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="cases-{real_now():%Y%m%d-%H%M%S}.csv"'
    return response


@dataclass(frozen=True)
class Export:
    """One list on its way into a file: whole, however long it is, and never more than a page of it in memory."""

    parts: Services
    who: Visitor
    context: PageContext
    query: CaseQuery
    address: str

    def page(self, after: str | None) -> CasePage:
        """The next rows of the list."""
        wanted = CaseFilter(**self.query.model_dump(exclude={"after", "limit"}))
        return casefile.page(self.parts, self.who, wanted, after=after, size=PAGE, sort=self.query.sort)

    def text(self, page: CasePage) -> Iterator[str]:
        """The file, page by page; its last line says that the list ends with it, so a torn-off file is known as such.

        The audit has when it began and, whichever way it ends, how many rows left.
        """
        rows = 0
        try:
            yield BOM + lines([[self.context.text(f"work.export.{name}") for name in COLUMNS]])
            while True:
                directory = self.parts.directory()
                rows += len(page.cases)
                yield lines([neutral(cell) for cell in _cells(self.context, directory, row)] for row in page.cases)
                if page.next is None:
                    break
                page = self.page(page.next)
            yield lines([[self.context.text("work.export.whole", n=rows)]])
        finally:
            self.note("export.cases-end", rows=rows, whole=page.next is None)

    def note(self, act: str, **detail: object) -> None:
        """A line of the audit."""
        detail["query"] = cases.address(self.query).partition("?")[2]
        with self.parts.store.write() as connection:
            accounts.audit(
                connection,
                self.who.name,
                self.who.role,
                act,
                real_now(),
                object="cases.csv",
                address=self.address,
                detail=detail,
            )


def lines(rows: Iterable[list[str]]) -> str:
    """Rows as CSV. Pure."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
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
