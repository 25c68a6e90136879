"""分析研判: the weekly and monthly sheet: what stands out, what comes again, what rises and falls; each opens its cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from dash import html

from config.sentences import say
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.pages.evaluation import tabs
from dashboard.problems import Problem
from dashboard.services import services, visitor
from models.directory import Directory
from models.evaluation.analysis import Kind, Repeat, Sheet, Span, instant
from models.evaluation.statistics import Cell, Standing
from models.masking import masked

KINDS = ("week", "month")


@dataclass(frozen=True)
class View:
    """What the page shows."""

    sheet: Sheet
    directory: Directory
    today: date


def layout(context: PageContext, query: Mapping[str, str]) -> html.Div:
    """The page for a query string.

    Raises:
        Problem: 422 for a span that cannot be; 403 for somebody who is bound to a department.
    """
    here, who = services(), visitor()
    if who.department is not None:
        raise Problem(403, say("{name} is bound to a department.", name=who.name), field="department")
    today = here.clock.now().astimezone(here.zone).date()
    kind, day = _asked(query, today)
    return build(context, View(here.sheets(kind, day, here.clock.now(), who.area), here.directory(), today))


def _asked(query: Mapping[str, str], today: date) -> tuple[Kind, date]:
    kind = query.get("kind") or "week"
    if kind not in KINDS:
        raise Problem(422, say("Expected week or month; came {kind!r}.", kind=kind[:20]), field="kind")
    try:
        day = date.fromisoformat(query["day"]) if query.get("day") else today
    except ValueError as error:
        raise Problem(
            422, say("Expected a day such as 2026-10-01; came {day!r}.", day=query["day"][:20]), field="day"
        ) from error
    if not date(1971, 1, 1) <= day <= date(9000, 1, 1):
        raise Problem(422, "Expected a day after 1970.", field="day")
    return kind, min(day, today)  # type: ignore[return-value]


def build(context: PageContext, view: View) -> html.Div:
    """The page."""
    found = view.sheet
    panels = [
        _standings(context, view, "spots", found.spots),
        _standings(context, view, "places", found.places),
        _standings(context, view, "categories", found.categories),
        _standings(context, view, "days", found.days),
        _repeats(context, view),
        _moved(context, view),
    ]
    children = [
        _title(context, view),
        tabs.row(context, "/evaluation/analysis"),
        _head(context, view),
        html.Div(panels, className="analysis-grid"),
        html.P(context.text("analysis.method", spans=found.spans, tested=f"{found.tested:,}"), className="faint notes"),
    ]
    return parts.frame(context, "/evaluation", children, module="evaluation", words=("desk.stale",))


def _title(context: PageContext, view: View) -> html.Div:
    span = view.sheet.span
    whole = Span.around(span.kind, span.first)
    links = [
        html.A(
            context.text(f"analysis.kind.{kind}"),
            href=f"/evaluation/analysis?{urlencode({'kind': kind, 'day': span.first.isoformat()})}",
            className="switch",
            **({"aria-current": "true"} if kind == span.kind else {}),
        )
        for kind in KINDS
    ]
    steps = {
        sign: f"/evaluation/analysis?{urlencode({'kind': span.kind, 'day': other.first.isoformat()})}"
        for sign, other in (("‹", whole.back(1)), ("›", whole.back(-1)))
        if other.first <= view.today
    }
    arrows = {
        sign: html.A(sign, href=href, className="tool tool-small", **{"aria-label": sign})
        for sign, href in steps.items()
    }
    days = f"{span.first:%Y-%m-%d} – {span.last - timedelta(days=1):%m-%d}"
    return html.Div(
        [
            html.H1(context.text("analysis.title")),
            html.Div(
                [
                    html.Span(links, className="switches"),
                    arrows["‹"],
                    html.B(days, className="num"),
                    arrows.get("›", ""),
                ],
                className="period",
            ),
            html.Button(
                context.text("analysis.print"), type="button", className="tool tool-small", **{"data-print": "yes"}
            ),
            parts.as_of(context, view.sheet.as_of),
        ],
        className="desk-title evaluation-title",
    )


def _head(context: PageContext, view: View) -> html.Div:
    total = view.sheet.total
    usual = (
        context.text("analysis.usual", n=f"{total.usual:,.0f}", spans=total.spans)
        if total.spans
        else context.text("analysis.no_past")
    )
    figure = html.Span(
        [html.B(html.A(f"{total.now:,}", href=_list(view))), context.text("analysis.reported")],
        **{
            "data-figure": "analysis-reported",
            "data-value": str(total.now),
            "data-state": "waiting" if view.sheet.waiting else "live",
        },
    )  # fmt: skip
    found = view.sheet
    standing = sum(len(rows) for rows in (found.spots, found.places, found.categories, found.days))
    return html.Div(
        [
            figure,
            *_waiting(context, found),
            html.Span(usual, className="faint"),
            html.Span([html.B(str(standing)), context.text("analysis.standing")]),
            html.Span([html.B(str(len(found.repeats))), context.text("analysis.repeated")]),
        ],
        className="analysis-head",
    )


def _waiting(context: PageContext, found: Sheet) -> list[html.Span]:
    """An honest word where the sums behind the sheet are still being written."""
    if not found.waiting:
        return []
    return [html.Span(context.text("analysis.waiting"), className="tag", **{"data-book": "waiting"})]


def _list(view: View, *, first: date | None = None, last: date | None = None, **fields: str) -> str:
    zone = services().zone
    span = view.sheet.span
    since, until = instant(first or span.first, zone), instant(last or span.last, zone)
    return "/cases?" + urlencode({"state": "all", **fields, "since": since.isoformat(), "until": until.isoformat()})


def _named(context: PageContext, view: View, name: str, cell: Cell) -> tuple[str, str]:
    """What a cell is called, and the list behind it."""
    areas, categories = view.directory.areas, view.directory.categories
    if name == "days":
        day = date.fromisoformat(cell.key[0])
        words = f"{day:%m-%d} {context.text(f'analysis.weekday.{day.isoweekday()}')}"
        return words, _list(view, first=day, last=day + timedelta(days=1))
    if name == "places":
        return _place(context, view, cell.key[0]), _list(view, area=cell.key[0])
    if name == "spots":
        area, category = cell.key
        words = f"{_place(context, view, area)} · {parts.name(context, categories.get(category))}"
        return words, _list(view, area=area, category=category)
    kind, code = cell.key
    if kind == "town":
        return parts.name(context, areas.get(code)), _list(view, area=code)
    return parts.name(context, categories.get(code)), _list(view, category=code)


def _place(context: PageContext, view: View, code: str) -> str:
    area = view.directory.areas.get(code)
    town = view.directory.areas.get(area["town"]) if area and area["town"] else None
    names = [parts.name(context, one) for one in (town, area) if one is not None]
    return " ".join(dict.fromkeys(names)) or code


def _standings(context: PageContext, view: View, name: str, rows: Sequence[Standing]) -> html.Section:
    found = []
    for one in rows:
        words, href = _named(context, view, name, one.cell)
        few = [html.Span(context.text("analysis.few"), className="few")] if one.few else []
        way = "up" if one.direction == "more" else "down"
        found.append(
            html.Tr(
                [
                    html.Td([html.Span(words, title=words), *few]),
                    html.Td(html.A(f"{one.cell.now:,}", href=href), className="num"),
                    html.Td(f"{one.cell.usual:,.1f}", className="num"),
                    html.Td(f"{'↑' if way == 'up' else '↓'} {context.text(f'analysis.{one.direction}')}"),
                    html.Td(_chance(one.chance), className="num faint"),
                ],
                **{"data-standing": "|".join(one.cell.key), "data-value": str(one.cell.now)},
            )
        )
    return _panel(context, name, ("what", "now", "usual", "way", "chance"), found)


def _chance(chance: float) -> str:
    return "< 0.1%" if chance < 0.001 else f"{100 * chance:.1f}%"


def _panel(context: PageContext, name: str, columns: Sequence[str], rows: Sequence[Any]) -> html.Section:
    right = {"now", "usual", "chance", "cases", "difference"}
    head = html.Tr(
        [
            html.Th(context.text(f"analysis.column.{one}"), scope="col", className="num" if one in right else "")
            for one in columns
        ]
    )
    table = html.Table([html.Thead(head), html.Tbody(list(rows))], className="desk-table standing")
    body = (
        html.Div(table, className="desk-table-box")
        if rows
        else html.P(context.text("analysis.none"), className="empty")
    )
    return parts.panel(context.text(f"analysis.panel.{name}"), [body], name=f"analysis-{name}")


def _repeats(context: PageContext, view: View) -> html.Section:
    rows = [_repeat(context, view, one) for one in view.sheet.repeats]
    return _panel(context, "repeats", ("where", "category", "cases"), rows)


def _repeat(context: PageContext, view: View, one: Repeat) -> html.Tr:
    href = _list(view, area=one.area, category=one.category, address=one.address)
    words = f"{_place(context, view, one.area)} · {masked(one.address)}"
    return html.Tr(
        [
            html.Td(html.Span(words, title=words)),
            html.Td(parts.name(context, view.directory.categories.get(one.category))),
            html.Td(html.A(f"{one.cases:,}", href=href), className="num"),
        ],
        **{"data-repeat": one.area, "data-value": str(one.cases)},
    )


def _moved(context: PageContext, view: View) -> html.Section:
    rows = []
    for cell in view.sheet.moved:
        words, href = _named(context, view, "moved", cell)
        more = cell.now - cell.usual
        difference = html.Span(f"{'↑' if more > 0 else '↓'} {abs(more):,.1f}", **{"data-way": "same"})
        few = [html.Span(context.text("analysis.few"), className="few")] if max(cell.now, cell.usual) < 5 else []
        rows.append(
            html.Tr(
                [
                    html.Td([html.Span(words), *few]),
                    html.Td(html.A(f"{cell.now:,}", href=href), className="num"),
                    html.Td(f"{cell.usual:,.1f}", className="num"),
                    html.Td(difference, className="num"),
                ],
                **{"data-moved": "|".join(cell.key), "data-value": str(cell.now)},
            )
        )
    return _panel(context, "moved", ("what", "now", "usual", "difference"), rows)
