"""What others have asked people (imported return calls, third parties' results), what a share of people is made of. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dash import html

from dashboard.pages import ids, parts
from dashboard.pages.context import PageContext
from models.directory import Directory
from models.duty.surveys import Asked
from models.messages import iso

COLUMNS = ("of", "kind", "reached", "satisfied", "share", "score")
FEW = 10
"""Below so many answers no share is said (domain.md §8)."""


def panel(context: PageContext, directory: Directory, rows: Sequence[Asked], now: datetime) -> list[Any]:
    """A table of what was imported for the period; nothing at all where nothing was."""
    if not rows:
        return []
    head = html.Tr([html.Th(context.text(f"evaluation.asked.{name}"), scope="col") for name in COLUMNS])
    body = [_row(context, directory, row, now) for row in rows]
    table = html.Table([html.Thead(head), html.Tbody(body)], className="desk-table")
    about = html.P(context.text("evaluation.asked.about"), className="faint case-note")
    box = html.Div(table, className="desk-table-box", tabIndex="0")
    return [html.Div(parts.panel(context.text("evaluation.asked.title"), [about, box]), id=ids.EVALUATION_ASKED)]


def _row(context: PageContext, directory: Directory, row: Asked, now: datetime) -> html.Tr:
    named = directory.departments.get(row.department or "") or directory.areas.get(row.area or "")
    whose = parts.name(context, named) if named else context.text("evaluation.asked.county")
    share = context.text("evaluation.small") if row.reached < FEW else f"{100 * row.satisfied / row.reached:.1f}%"
    figure = {"data-figure": "asked", "data-value": str(row.reached), "data-as-of": iso(now), "data-state": "live"}
    return html.Tr(
        [
            html.Td(whose),
            html.Td(context.text(f"evaluation.asked.kinds.{row.kind}")),
            html.Td(f"{row.reached:,}", className="num", **figure),
            html.Td(f"{row.satisfied:,}", className="num"),
            html.Td(share, className="num"),
            html.Td("—" if row.score is None else f"{row.score:.1f}", className="num"),
        ],
        **{"data-kind": row.kind, "data-department": row.department or "", "data-area": row.area or ""},
    )
