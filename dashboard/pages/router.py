"""Which page stands at a path: the one callback that builds pages, each anew for the visitor who asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from dash import Dash, Input, Output, dcc, html

from dashboard.pages import admin, audit, briefs, case, cases, desk, ids, parts, wall
from dashboard.pages.administration import reference, webhooks
from dashboard.pages.cameras import book, editing, health, listing, one, patrol
from dashboard.pages.context import PageContext
from dashboard.pages.duty import coverage, sheet
from dashboard.pages.emergencies import listing as emergencies
from dashboard.pages.emergencies import review, room
from dashboard.pages.evaluation import analysis, backtest, scores
from dashboard.pages.exchange import warnings
from dashboard.pages.ladder import inbox, messages
from dashboard.problems import Problem
from dashboard.reader import page_context
from dashboard.routes import Routes
from dashboard.services import visitor
from models.filters import FilterRefused

Query = Mapping[str, str]
Page = Callable[[PageContext, Mapping[str, str], Query], Any]

PAGES: Mapping[str, Page] = {
    "/wall": lambda context, values, query: wall.layout(context),
    "/desk": lambda context, values, query: desk.layout(context),
    "/cases": lambda context, values, query: cases.layout(context, query),
    "/cases/<code>": lambda context, values, query: case.layout(context, values["code"]),
    "/evaluation": lambda context, values, query: scores.layout(context, query),
    "/evaluation/analysis": lambda context, values, query: analysis.layout(context, query),
    "/evaluation/forecast": lambda context, values, query: backtest.layout(context),
    "/cameras": lambda context, values, query: listing.layout(context, query),
    "/cameras/health": lambda context, values, query: health.layout(context, query),
    "/cameras/patrol": lambda context, values, query: patrol.layout(context, query),
    "/cameras/register": lambda context, values, query: book.layout(context, query),
    "/cameras/<camera>": lambda context, values, query: one.layout(context, values["camera"]),
    "/cameras/<camera>/masks": lambda context, values, query: editing.masks(context, values["camera"]),
    "/cameras/<camera>/register": lambda context, values, query: editing.entry(context, values["camera"]),
    "/emergencies": lambda context, values, query: emergencies.layout(context, query),
    "/emergencies/<number>": lambda context, values, query: room.layout(context, values["number"]),
    "/emergencies/<number>/review": lambda context, values, query: review.layout(context, values["number"]),
    "/warnings": lambda context, values, query: warnings.layout(context, query),
    "/audit": lambda context, values, query: audit.layout(context, query),
    "/admin": lambda context, values, query: admin.layout(context),
    "/admin/reference/<kind>": lambda context, values, query: reference.layout(context, values["kind"], query),
    "/admin/webhooks": lambda context, values, query: webhooks.layout(context),
    "/inbox": lambda context, values, query: inbox.layout(context, query),
    "/messages": lambda context, values, query: messages.layout(context, query),
    "/messages/<number>": lambda context, values, query: messages.layout_one(context, values["number"]),
    "/briefs": lambda context, values, query: briefs.layout(context, query),
    "/duty": lambda context, values, query: sheet.layout(context, query),
    "/duty/coverage": lambda context, values, query: coverage.layout(context, query),
    "/duty/<number>": lambda context, values, query: sheet.archived(context, values["number"], query),
}
"""Pattern of the table of routes → its page."""


def shell() -> html.Div:
    """What Dash serves first: the address, and the place where the page goes."""
    return html.Div([dcc.Location(id=ids.LOCATION, refresh="callback-nav"), html.Div(id=ids.PAGE)])


def register(dash: Dash, routes: Routes) -> None:
    """Add the callback."""

    output, inputs = Output(ids.PAGE, "children"), [Input(ids.LOCATION, name) for name in ("pathname", "search")]

    @dash.callback(output, *inputs)  # type: ignore[untyped-decorator]
    def page(pathname: object, search: object) -> Any:
        return build(routes, pathname, search)


def build(routes: Routes, pathname: object, search: object) -> Any:
    """The page of a path for the visitor of this request; an honest word where there is none for them."""
    context = page_context()
    match = routes.page(pathname, visitor()) if isinstance(pathname, str) else None
    if match is None:
        return parts.nothing(context, "desk.no_page")
    query = dict(parse_qsl(search.lstrip("?"), max_num_fields=20)) if isinstance(search, str) else {}
    try:
        return PAGES[match.route.pattern](context, match.values, query)
    except FilterRefused:
        return parts.nothing(context, "desk.problem.422")
    except Problem as problem:
        return parts.nothing(context, f"desk.problem.{problem.status}")
