"""The sources of cases, each counted: hotline, letter box, petition office, online hall, leader, camera, other systems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dash import html

from dashboard.pages import parts
from dashboard.pages.context import PageContext
from models.directory import Directory
from models.duty import counts
from models.filters import Moment
from models.messages import iso
from models.moves import Actor

DAYS = 30


@dataclass(frozen=True)
class SourceRow:
    """How many cases came from a source."""

    source: str
    today: int
    open: int
    month: int
    """In the last 30 days."""


def source_rows(connection: Any, moment: Moment, actor: Actor) -> list[SourceRow]:
    """One row a source that has brought anything in the last 30 days or holds open cases."""
    since = moment.today - timedelta(days=DAYS - 1)
    found = counts.by_source(connection, moment, since, actor)
    return [SourceRow(name, **numbers) for name, numbers in sorted(found.items(), key=lambda row: -row[1]["month"])]


def sources_panel(context: PageContext, rows: Sequence[SourceRow], directory: Directory, now: datetime) -> html.Section:
    """Every source of the county with its figures; each opens its list."""
    known = {row.source: row for row in rows}
    codes = [*known, *(code for code in directory.sources if code not in known)]
    whole = sum(row.month for row in rows)
    head = html.Tr(
        [
            html.Th(context.text(f"duty.source_{name}"), scope="col")
            for name in ("name", "today", "open", "month", "share")
        ]
    )
    body = [_row(context, known.get(code, SourceRow(code, 0, 0, 0)), whole, now) for code in codes]
    table = html.Table([html.Thead(head), html.Tbody(body)], className="desk-table duty-sources")
    return parts.panel(context.text("duty.sources"), [table], name="duty-sources-panel")


def _row(context: PageContext, row: SourceRow, whole: int, now: datetime) -> html.Tr:
    name = context.texts.get(f"common.source.{row.source}", row.source)
    share = f"{row.month / whole:.0%}" if whole else context.text("desk.unknown")
    numbers = [
        ("reported-today", row.today, f"/cases?source={row.source}&state=reported-today"),
        ("open", row.open, f"/cases?source={row.source}&state=open"),
        ("month", row.month, None),
    ]
    cells = [
        html.Td(
            html.A(_number(row.source, key, n, now), href=to) if to else _number(row.source, key, n, now),
            className="num",
        )
        for key, n, to in numbers
    ]
    return html.Tr(
        [
            html.Td(html.A(name, href=f"/cases?source={row.source}&state=all")),
            *cells,
            html.Td(share, className="num faint"),
        ],
        **{"data-source": row.source},
    )


def _number(source: str, key: str, number: int, now: datetime) -> html.Span:
    about = {"data-figure": f"source-{key}", "data-value": str(number), "data-as-of": iso(now), "data-state": "live"}
    return html.Span(f"{number:,}", **about)
