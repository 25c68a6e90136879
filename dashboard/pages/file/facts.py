"""What is known of a case: its words, place, source, owner and times, and who reported it for those who handle it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.api.shapes import CaseWhole
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.pages.file.view import CaseView


def build(context: PageContext, view: CaseView) -> html.Section:
    """The panel."""
    case, names = view.case, view.directory
    rows = [
        ("category", parts.name(context, names.categories.get(case.category))),
        ("place", _place(context, view)),
        ("source", parts.name(context, names.sources.get(case.source))),
        ("owner", _owner(context, view)),
        ("reported", parts.stamp(context, case.reported_at)),
        ("happened", parts.stamp(context, case.happened_at)),
    ]
    if case.receipt_at:
        rows.append(("receipt", parts.stamp(context, case.receipt_at)))
    if case.closed_at:
        rows.append(("closed", parts.stamp(context, case.closed_at)))
    return parts.panel(
        context.text("case.facts"),
        [
            html.P(case.description, className="case-words"),
            _discretion(context, view),
            _pairs(context, rows),
            *_counts(context, case),
        ],
        name="case-facts",
    )


def _discretion(context: PageContext, view: CaseView) -> html.P:
    reporter = view.case.reporter
    if reporter is None:
        return html.P("" if view.private else context.text("case.masked"), className="faint case-note")
    words = " ".join(part for part in (reporter.name, reporter.phone) if part)
    return html.P(
        [
            html.B(f"{context.text('case.reporter')} "),
            html.Span(words, className="num"),
            html.Br(),
            context.text("case.private"),
        ],
        className="case-private",
    )


def _pairs(context: PageContext, rows: Sequence[tuple[str, Any]]) -> html.Dl:
    cells: list[Any] = []
    for key, value in rows:
        cells += [html.Dt(context.text(f"case.{key}")), html.Dd(value)]
    return html.Dl(cells, className="pairs")


def _place(context: PageContext, view: CaseView) -> list[Any]:
    case = view.case
    lines: list[Any] = [parts.place(context, view.directory, case)]
    if case.address:
        lines += [html.Br(), case.address]
    if case.longitude is not None and case.latitude is not None:
        lines += [html.Br(), html.Span(f"{case.longitude:.6f}, {case.latitude:.6f}", className="num faint")]
    return lines


def _owner(context: PageContext, view: CaseView) -> str:
    case = view.case
    if case.owner_kind == "department":
        return parts.name(context, view.directory.departments.get(case.owner))
    if case.owner_kind == "area":
        return parts.name(context, view.directory.areas.get(case.owner))
    return context.text("case.centre") if case.owner_kind == "centre" else case.owner


def _counts(context: PageContext, case: CaseWhole) -> list[Any]:
    words = [
        context.text(f"case.{name}", n=number)
        for name, number in (("handed_back", case.handed_back), ("reworked", case.reworked))
        if number
    ]
    return [html.P(" · ".join(words), className="case-counts")] if words else []
