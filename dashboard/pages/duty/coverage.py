"""`/duty/coverage`: which rounds each grid has made, and which grids lack their posts. Places, never persons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dash import dcc, html

from config.sentences import say
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.pages.duty.sheet import page_number
from dashboard.problems import Problem
from dashboard.services import Services, services, visitor
from models.accounts import Visitor
from models.directory import Directory
from models.duty import rounds, ticks
from models.messages import iso

PAGE = 60
"""Grids on a page, the worst first."""


@dataclass(frozen=True)
class GridRow:
    """A grid on a day: its rounds and its posts."""

    code: str
    name: str
    town: str
    cells: Sequence[ticks.Cell]
    staffing: rounds.Staffing
    registered: bool
    """Whether anything is known of its posts."""


@dataclass(frozen=True)
class Coverage:
    """What the page shows."""

    day: date
    town: str
    rows: Sequence[GridRow]
    slots: Sequence[rounds.Slot]
    towns: Sequence[str]
    """Those that this visitor may choose."""
    now: datetime
    directory: Directory
    number: int = 1
    """Which page of the table, from 1."""


def layout(context: PageContext, query: Mapping[str, str]) -> html.Div:
    """The page of a day and a town.

    Raises:
        Problem: 422 for what is no day or town.
    """
    return build(context, read(services(), visitor(), query))


def read(services_: Services, who: Visitor, query: Mapping[str, str]) -> Coverage:
    """The grids of a town (or all) with their rounds of one day; who is bound to a town sees that town only."""
    now, zone, directory = services_.clock.now(), services_.zone, services_.directory()
    today = now.astimezone(zone).date()
    day = _day(query.get("day"), today)
    town = who.area or query.get("town", "")
    if town and town not in directory.areas:
        raise Problem(422, say("There is no town {town!r}.", town=town), field="town")
    slots = rounds.slots_of(directory.county)
    with services_.store.read() as connection:
        found = ticks.around(connection, slots, day)
        grids = [grid for grid in ticks.grids(connection) if not town or town in (grid.town, grid.code)]
        posts, kinds = ticks.posts(connection), ticks.kinds(connection)
    formulas = directory.county.get("staffing", ())
    needed = frozenset(title["code"] for title in directory.county.get("post_titles", ()) if title["needed"])
    rows = [
        GridRow(
            grid.code,
            grid.name,
            grid.town or "",
            ticks.cells(slots, found, grid.code, day, now, zone),
            rounds.staffing(rounds.staffing_kind(grid._mapping, kinds), posts.get(grid.code, {}), formulas, needed),
            grid.code in posts,
        )
        for grid in grids
    ]
    towns = [who.area] if who.area else directory.towns
    return Coverage(day, town, rows, slots, towns, now, directory, page_number(query))


def _day(text: str | None, today: date) -> date:
    try:
        day = date.fromisoformat(text) if text else today
    except ValueError as error:
        raise Problem(422, say("Expected a day such as 2026-11-25; came {text!r}.", text=text), field="day") from error
    return min(day, today)


# --- building --------------------------------------------------------------------------------------------------------


def build(context: PageContext, view: Coverage) -> html.Div:
    """The page."""
    title = html.Div([html.H1(context.text("coverage.title")), parts.as_of(context, view.now)], className="desk-title")
    first = (view.number - 1) * PAGE
    shown = sorted(view.rows, key=_worst)[first : first + PAGE]
    children = [title, _tabs(context), _form(context, view), _figures(context, view), _table(context, view, shown)]
    if len(view.rows) > PAGE:
        children.append(_pager(context, view, first, len(shown)))
    return parts.frame(context, "/duty", children, module="duty", words=("desk.stale",))


def _pager(context: PageContext, view: Coverage, first: int, shown: int) -> html.Nav:
    """Where in the table this is, and the pages beside it; the figures above are of all grids."""
    last = first + shown
    words = context.text("coverage.range", first=f"{min(first + 1, last):,}", last=f"{last:,}", n=f"{len(view.rows):,}")
    links = []
    steps = ((-1, "duty.before", view.number > 1), (1, "duty.after", last < len(view.rows)))
    for step, key, there in steps:
        if there:
            href = f"/duty/coverage?town={view.town}&day={view.day}&page={view.number + step}"
            links.append(html.A(context.text(key), href=href, className="tool", **{"data-step": str(step)}))
    return html.Nav([html.Span(words, className="faint"), *links], className="pager", **{"aria-label": words})


def _worst(row: GridRow) -> tuple[bool, int, int, str]:
    """Grids without anybody first, then those that have missed most."""
    missed = sum(cell.state == "missed" for cell in row.cells)
    return not row.staffing.empty, -missed, -row.staffing.short * row.registered, row.code


def _tabs(context: PageContext) -> html.Nav:
    return html.Nav(
        [
            html.A(context.text("duty.tab_sheet"), href="/duty", className="state-tab"),
            html.A(
                context.text("duty.tab_coverage"),
                href="/duty/coverage",
                className="state-tab",
                **{"aria-current": "page"},
            ),
        ],
        className="state-tabs",
        **{"aria-label": context.text("duty.tabs")},
    )


def _form(context: PageContext, view: Coverage) -> html.Form:
    chosen = {"selected": "selected"}
    first = [] if len(view.towns) == 1 else [html.Option(context.text("coverage.all_towns"), value="")]
    options = [
        *first,
        *(
            html.Option(
                parts.name(context, view.directory.areas.get(code)), value=code, **(chosen if code == view.town else {})
            )
            for code in view.towns
        ),
    ]
    back, ahead = (f"/duty/coverage?town={view.town}&day={view.day + timedelta(days=step)}" for step in (-1, 1))
    return html.Form(
        [
            html.Label(
                html.Select(
                    options, name="town", className="desk-select", **{"aria-label": context.text("coverage.town")}
                )
            ),
            html.Label(
                [
                    html.Span(context.text("coverage.day"), className="unseen"),
                    dcc.Input(type="text", name="day", value=view.day.isoformat(), maxLength=10, autoComplete="off"),
                ],
                title=context.text("coverage.day"),
                className="coverage-day",
            ),
            html.Button(context.text("coverage.show"), type="submit", className="tool"),
            html.A(context.text("coverage.back"), href=back, className="tool"),
            html.A(context.text("coverage.ahead"), href=ahead, className="tool"),
        ],
        action="/duty/coverage",
        method="GET",
        className="filters",
    )


def _figures(context: PageContext, view: Coverage) -> html.Div:
    cells = [_slot_figure(context, view, n, slot) for n, slot in enumerate(view.slots)]
    empty = sum(row.staffing.empty for row in view.rows)
    short = sum(bool(row.staffing.short) for row in view.rows if row.registered)
    for key, number in (("unstaffed", empty), ("short", short)):
        cells.append(
            _figure(
                context,
                f"coverage-{key}",
                f"coverage.{key}",
                number,
                f"{number:,}",
                view.now,
                "bad" if number else "good",
            )
        )
    return html.Div(cells, className="duty-figures coverage-figures")


def _slot_figure(context: PageContext, view: Coverage, n: int, slot: rounds.Slot) -> html.Div:
    tally = rounds.tally(row.cells[n].state for row in view.rows)
    made = sum(row.cells[n].made is not None for row in view.rows)
    share = f" {tally.share:.0%}" if tally.share is not None and tally.due == len(view.rows) else ""
    words = f"{made:,}/{len(view.rows):,}{share}"
    name = slot.name_en if context.language == "en" else slot.name
    return _figure(context, f"round-{slot.code}", name, made, words, view.now, _mood(tally))


def _mood(tally: rounds.Tally) -> str:
    """Nothing is good or bad before it is due."""
    if not tally.due:
        return "none"
    return "bad" if tally.due > tally.done else "good"


def _figure(context: PageContext, name: str, label: str, value: int, words: str, now: datetime, mood: str) -> html.Div:
    return html.Div(
        [
            html.Span(context.texts.get(label, label)),
            html.B(
                words,
                className="num",
                **{"data-figure": name, "data-value": str(value), "data-as-of": iso(now), "data-state": "live"},
            ),
        ],
        className="duty-figure",
        title=context.texts.get(f"{label}_definition", ""),
        **{"data-mood": mood, "data-section": name},
    )


def _table(context: PageContext, view: Coverage, rows: Sequence[GridRow]) -> html.Div:
    names = [slot.name_en if context.language == "en" else slot.name for slot in view.slots]
    head = html.Tr(
        [
            html.Th(context.text("coverage.grid"), scope="col"),
            html.Th(context.text("coverage.town"), scope="col"),
            *(html.Th(name, scope="col", className="coverage-slot") for name in names),
            html.Th(context.text("coverage.posts"), scope="col"),
            html.Th(context.text("coverage.finding"), scope="col"),
        ]
    )
    body = [_row(context, view, row) for row in rows]
    return html.Div(
        html.Table([html.Thead(head), html.Tbody(body)], className="desk-table coverage"),
        className="desk-table-box",
        tabIndex="0",
        role="region",
        **{"aria-label": context.text("coverage.title")},
    )


def _row(context: PageContext, view: Coverage, row: GridRow) -> html.Tr:
    area, town = view.directory.areas.get(row.code), view.directory.areas.get(row.town)
    findings = [cell.made.finding for cell in row.cells if cell.made is not None and cell.made.finding]
    return html.Tr(
        [
            html.Td([parts.name(context, area), html.Span(f" {row.code}", className="faint num")], className="wide"),
            html.Td(parts.name(context, town)),
            *(_cell(context, cell) for cell in row.cells),
            html.Td(_posts(context, row.staffing) if row.registered else context.text("coverage.unregistered")),
            html.Td("；".join(findings), className="coverage-finding", title="；".join(findings)),
        ],
        **{"data-grid": row.code, "data-unstaffed": "yes" if row.staffing.empty else "no"},
    )


def _cell(context: PageContext, cell: ticks.Cell) -> html.Td:
    zone = parts.zone(context)
    time = f"{cell.made.happened_at.astimezone(zone):%H:%M}" if cell.made is not None else ""
    if cell.made is not None and cell.slot.every != "day":
        time = f"{cell.made.happened_at.astimezone(zone):%m-%d}"
    words = context.text(f"coverage.state.{cell.state}")
    return html.Td(
        html.Span(
            [
                html.I(className=f"tick tick-{cell.state}", **{"aria-hidden": "true"}),
                html.Span(time or words, className="num" if time else "faint"),
            ],
            className="coverage-cell",
            title=words,
        ),
        **{"data-slot": cell.slot.code, "data-state": cell.state},
    )


def _posts(context: PageContext, staffing: rounds.Staffing) -> html.Span:
    if staffing.empty:
        return html.Span(context.text("coverage.empty"), className="coverage-empty")
    words = context.text(
        "coverage.filled", formula=staffing.formula, n=staffing.filled, of=staffing.fixed, x=staffing.extra
    )
    if staffing.short:
        return html.Span(f"{words} · {context.text('coverage.lacks', n=staffing.short)}", className="bad")
    return html.Span(words)
