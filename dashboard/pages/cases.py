"""The list of cases: what stands behind every figure of the wall, with the same words and the same conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html
from pydantic import ValidationError

from dashboard import casefile
from dashboard.api.shapes import CasePage, CaseQuery, CaseRow
from dashboard.pages import forecast, ids, parts
from dashboard.pages.context import PageContext
from dashboard.problems import Problem
from dashboard.services import Services, services, visitor
from models import desk, queries
from models.deskwork import saved
from models.directory import Directory
from models.filters import ENDLESS, TABS, CaseFilter

COUNTED = tuple(state for state in TABS if state not in ENDLESS | {"uncovered", "no-deadline"})
"""Tabs whose count costs no more than the open cases or today's: shown beside each."""
COLUMNS = ("code", "level", "title", "category", "place", "department", "stage", "due", "reported")
LEVELS = ("town", "grid")
SORTED = {"due": ("due", "due-last"), "reported": ("newest", "oldest")}
"""Column → the order of its first and of its second click."""


@dataclass(frozen=True)
class Listing:
    """What the page shows: the filter, a page of cases, the counts of the cheap states, and the names of codes."""

    query: CaseQuery
    page: CasePage
    counts: Mapping[str, int]
    directory: Directory
    kept: Sequence[tuple[str, str]] = ()
    """The reader's own filters: name and query."""


def layout(context: PageContext, query: Mapping[str, str]) -> html.Div:
    """The page for a query string.

    Raises:
        Problem: 422 for a filter that cannot be.
    """
    return build(context, read(services(), asked(query)))


def asked(query: Mapping[str, str]) -> CaseQuery:
    """The filter of a query string; empty fields of the form ask for nothing, and no state asks for the open cases.

    Raises:
        Problem: 422.
    """
    given = {name: value for name, value in query.items() if value}
    try:
        return CaseQuery.model_validate({"state": "open", **given})
    except ValidationError as error:
        raise Problem(422, str(error.errors()[0]["msg"]), field=str(error.errors()[0]["loc"][0])) from error


def read(services_: Services, query: CaseQuery) -> Listing:
    """The cases of a filter, and how many there are in the other states under the same filter."""
    who = visitor()
    wanted = CaseFilter(**query.model_dump(exclude={"after", "limit"}))
    page = casefile.page(services_, who, wanted, after=query.after, size=query.limit, sort=query.sort)
    moment = replace(services_.moment(), now=page.as_of)
    with desk.steady(services_.store) as connection:
        counts = queries.counts(connection, wanted, who.actor, moment, COUNTED)
        kept = [(row.name, row.query) for row in saved.kept(connection, who.name)]
    here = {query.state: page.total} if page.total_exact else {}
    return Listing(query, page, counts | here, services_.directory(), kept)


# --- building --------------------------------------------------------------------------------------------------------


def build(context: PageContext, listing: Listing) -> html.Div:
    """The page."""
    page = listing.page
    key = "cases.total" if page.total_exact else "cases.total_looked" if page.looked_at else "cases.total_over"
    words = context.text(key, n=f"{page.total:,}", looked=f"{page.looked_at or 0:,}")
    total = parts.figure(context, "list-total", page.total, page.as_of, words)
    title = html.Div(
        [html.H1(context.text("cases.title")), total, parts.as_of(context, page.as_of)], className="desk-title"
    )
    children = [
        title,
        _states(context, listing),
        _kept(context, listing),
        _form(context, listing),
        _table(context, listing),
        _pager(context, listing),
    ]
    about = {"data-query": address(listing.query).partition("?")[2]}
    return parts.frame(context, "/cases", children, module="cases", about=about)


def address(query: CaseQuery, **changes: Any) -> str:
    """The address of a list like this one, with some fields changed; None removes a field."""
    fields = query.model_dump(mode="json", exclude_none=True, exclude={"limit", "after"}) | changes
    fields = {"sort": query.sort if query.sort != "newest" else None, **fields}
    return "/cases?" + urlencode({name: value for name, value in fields.items() if value is not None})


def _states(context: PageContext, listing: Listing) -> html.Nav:
    return html.Nav(
        [_state(context, listing, state) for state in TABS],
        className="state-tabs",
        **{"aria-label": context.text("cases.states")},
    )


def _state(context: PageContext, listing: Listing, state: str) -> html.A:
    count = listing.counts.get(state)
    here = state == listing.query.state
    return html.A(
        [
            html.Span(context.text(f"cases.state.{state}")),
            *([html.B(f"{count:,}", className="num")] if count is not None else []),
        ],
        href=address(listing.query, state=state),
        className="state-tab",
        title=context.text(f"cases.definition.{state}"),
        **{"data-state-name": state},
        **({"aria-current": "page"} if here else {}),
    )


def _kept(context: PageContext, listing: Listing) -> html.Nav | None:
    """The reader's own filters, one click each; the page's module adds what keeps and removes them."""
    if "/api/v1/filters" not in context.paths:
        return None
    links = [
        html.Span(html.A(name, href=f"/cases?{query}", className="kept-link"), className="kept", **{"data-kept": name})
        for name, query in listing.kept
    ]
    return html.Nav(links, className="kept-filters", **{"aria-label": context.text("work.kept.title")})


def _form(context: PageContext, listing: Listing) -> html.Form:
    query, directory = listing.query, listing.directory
    fields = [
        _select(context, "department", _departments(context, directory), query.department),
        _select(context, "area", _areas(context, directory), query.area),
        _select(context, "category", _categories(context, directory), query.category),
        _select(context, "source", _sources(context, directory), query.source),
        _select(context, "level", [(str(n), context.text(f"common.level.{n}")) for n in range(1, 5)], query.level),
        dcc.Input(
            type="text",
            name="q",
            value=query.q or "",
            placeholder=context.text("cases.text"),
            maxLength=100,
            className="desk-search",
            autoComplete="off",
            id=ids.CASES_SEARCH,
        ),
        html.Button(context.text("cases.search"), type="submit", className="tool", name="state", value=query.state),
    ]
    narrowed = any((query.department, query.area, query.category, query.source, query.level, query.q, query.stage))
    if narrowed or query.since or query.until or query.window or query.evaluation:
        fields.append(html.A(context.text("cases.reset"), href=f"/cases?state={query.state}", className="tool"))
    if "/cases.csv" in context.paths:
        href = address(query).replace("/cases?", "/cases.csv?", 1)
        fields.append(html.A(context.text("work.export.link"), href=href, className="tool cases-export"))
    return html.Form(fields, action="/cases", method="GET", className="filters", role="search")


def _select(context: PageContext, name: str, choices: Sequence[Any], chosen: object) -> html.Label:
    label = context.text(f"cases.{name}")
    options = [html.Option(f"{label}：{context.text('cases.all')}" if context.language != "en" else label, value="")]
    options += [_choice(choice, str(chosen) if chosen is not None else None) for choice in choices]
    return html.Label(
        [html.Span(label, className="unseen"), html.Select(options, name=name, className="desk-select")],
        **{"data-set": "yes"} if chosen else {},
    )


def _choice(choice: Any, chosen: str | None) -> Any:
    """An option `(code, words)`, or a group `(words, [options])`."""
    if isinstance(choice[1], list):
        return html.Optgroup([_choice(one, chosen) for one in choice[1]], label=choice[0])
    return html.Option(choice[1], value=choice[0], **({"selected": "selected"} if choice[0] == chosen else {}))


def _departments(context: PageContext, directory: Directory) -> list[Any]:
    return [(code, parts.name(context, department)) for code, department in directory.departments.items()]


def _areas(context: PageContext, directory: Directory) -> list[Any]:
    groups: list[Any] = []
    for code in directory.towns:
        town = parts.name(context, directory.areas[code])
        grids = [
            (key, parts.name(context, area))
            for key, area in directory.areas.items()
            if area["level"] == "grid" and area["town"] == code
        ]
        groups.append((town, [(code, f"{town} · {context.text('cases.all')}"), *grids]))
    if not groups:
        return [(key, parts.name(context, area)) for key, area in directory.areas.items() if area["level"] == "grid"]
    return groups


def _categories(context: PageContext, directory: Directory) -> list[Any]:
    tops = {code: row for code, row in directory.categories.items() if not row["parent"]}
    return [(parts.name(context, row), _leaves(context, directory, code)) for code, row in tops.items()]


def _leaves(context: PageContext, directory: Directory, top: str) -> list[Any]:
    rows = directory.categories
    return [(code, parts.name(context, row)) for code, row in rows.items() if row["leaf"] and _top(rows, code) == top]


def _top(rows: Mapping[str, Mapping[str, Any]], code: str) -> str:
    while rows[code]["parent"] in rows:
        code = rows[code]["parent"]
    return code


def _sources(context: PageContext, directory: Directory) -> list[Any]:
    return [(code, parts.name(context, source)) for code, source in directory.sources.items()]


# --- the table -------------------------------------------------------------------------------------------------------


def _table(context: PageContext, listing: Listing) -> html.Div:
    if not listing.page.cases:
        only_open = listing.query.state == "open" and "filters" not in listing.counts
        key = "cases.empty_open" if only_open and not listing.query.q else "cases.empty"
        if listing.page.looked_at and listing.page.next:
            key = "cases.empty_looked"
        return html.Div(html.P(context.text(key), className="empty"), className="desk-table-box")
    head = html.Tr([_head(context, listing, name) for name in COLUMNS])
    rows = [_row(context, listing.directory, case, listing.page.as_of) for case in listing.page.cases]
    return html.Div(
        html.Table([html.Thead(head), html.Tbody(rows)], className="desk-table cases"), className="desk-table-box"
    )


def _head(context: PageContext, listing: Listing, name: str) -> html.Th:
    """A column's head; a link where the list can be read in its order."""
    text, query = context.text(f"cases.column.{name}"), listing.query
    first, second = SORTED.get(name, ("", ""))
    if not first:
        return html.Th(text, className=f"col-{name}", scope="col")
    now = query.sort in (first, second)
    rising = query.sort in ("oldest", "due")
    link = html.A(
        [text, html.I("▲" if rising else "▼", **{"aria-hidden": "true"})] if now else text,
        href=address(query, sort=second if query.sort == first else first),
        className="sort",
    )
    sorted_ = ("ascending" if rising else "descending") if now else "none"
    return html.Th(link, className=f"col-{name}", scope="col", **{"aria-sort": sorted_})


def _row(context: PageContext, directory: Directory, case: CaseRow, now: datetime) -> html.Tr:
    may_open = "/cases/<code>" in context.paths
    department = directory.departments.get(case.department or "")
    place = parts.place(context, directory, case)
    category = parts.name(context, directory.categories.get(case.category))
    return html.Tr(
        [
            html.Td(html.A(case.code, href=f"/cases/{case.code}") if may_open else case.code, className="num"),
            html.Td(parts.level(context, case.level)),
            html.Td(html.Span(case.title, title=case.title), className="wide"),
            html.Td(html.Span(category, title=category)),
            html.Td(html.Span(place, title=place)),
            html.Td(
                parts.name(context, department, short=True)
                if department
                else html.Span(context.text("cases.none_department"), className="faint")
            ),
            html.Td(parts.stage(context, case.stage)),
            html.Td(
                [
                    html.Span(_due(context, case, now), className="num due-at"),
                    _face(context, case, now),
                    *forecast.sign(context, case),
                ],
                className="due",
            ),
            html.Td(parts.when(context, case.reported_at, now), className="num"),
        ],
        **{
            "data-case": case.code,
            "data-clock": case.clock,
            "data-stage": case.stage,
            "data-version": str(case.version),
        },
    )


def _due(context: PageContext, case: CaseRow, now: datetime) -> str:
    return parts.when(context, case.due_at, now) if case.due_at else ""


def _face(context: PageContext, case: CaseRow, now: datetime) -> html.Span:
    return parts.clock(context, case.clock, case.due_at, now)


def _pager(context: PageContext, listing: Listing) -> html.Nav:
    links = []
    if listing.query.after:
        links.append(html.A(context.text("cases.first"), href=address(listing.query), className="tool"))
    if listing.page.next:
        href = address(listing.query, after=listing.page.next)
        links.append(
            html.A(context.text("cases.next"), href=href, className="tool", rel="next", **{"data-next": "yes"})
        )
    words = context.text("cases.later", n=listing.query.limit)
    return html.Nav([html.Span(words, className="faint"), *links], className="pager", **{"aria-label": words})
