"""`/warnings`: what other authorities warn of (CAP 1.2): in force, accepted, and refused with the reason.

The coloured plate is the statutory warning colour with its level in words; it is no clock of ours and looks like none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from dash import html
from pydantic import ValidationError

from dashboard.api import exchange
from dashboard.api.exchange import WarningPage, WarningQuery, WarningRow
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.problems import Problem
from dashboard.services import services
from models import outbox
from models.emergencies.moves import STARTERS
from models.exchange import feeds, incoming

WORDS = ("desk.stale",)


def layout(context: PageContext, query: Mapping[str, str]) -> html.Div:
    """The page.

    Raises:
        Problem: 422 for a list that cannot be.
    """
    given = {name: query[name] for name in ("state", "before") if query.get(name)}
    try:
        asked = WarningQuery.model_validate({"state": "in-force", **given})
    except ValidationError as error:
        raise Problem(422, str(error.errors()[0]["msg"]), field="state") from error
    with services().store.read() as connection:
        last = outbox.last_number(connection)
        sources = feeds.listed(connection)
        totals = {state: incoming.count(connection, state, context_time(context)) for state in incoming.STATES}
    return build(context, asked, exchange.page(asked), sources, totals, last)


def context_time(context: PageContext) -> Any:
    """The moment the page is of."""
    assert context.as_of is not None
    return context.as_of


def build(
    context: PageContext, asked: WarningQuery, page: WarningPage, sources: Any, totals: Mapping[str, int], last: int
) -> html.Div:
    """The page for what was read."""
    total = context.text("exchange.warnings.count", n=f"{page.total:,}")
    title = html.Div(
        [
            html.H1(context.text("exchange.warnings.title")),
            parts.figure(context, f"warnings-{asked.state}", page.total, page.as_of, total),
            html.Span(context.text("exchange.warnings.hint"), className="faint"),
            parts.as_of(context, page.as_of),
        ],
        className="desk-title",
    )
    rows = [_card(context, row) for row in page.warnings]
    empty = html.P(context.text(f"exchange.warnings.none.{asked.state}"), className="empty")
    children = [
        title,
        _tabs(context, asked, totals),
        html.Ul(rows, className="warning-list") if rows else empty,
        *_more(context, asked, page),
        _sources(context, sources),
    ]
    about = {"data-push": context.push_url, "data-after": str(last)}
    return parts.frame(context, "/warnings", children, module="warnings", words=WORDS, about=about)


def _tabs(context: PageContext, asked: WarningQuery, totals: Mapping[str, int]) -> html.Nav:
    links = [
        html.A(
            [context.text(f"exchange.warnings.state.{state}"), html.Span(f" {totals[state]:,}", className="num faint")],
            href=f"/warnings?state={state}",
            className="state-tab",
            **({"aria-current": "page"} if state == asked.state else {}),
        )
        for state in incoming.STATES
    ]
    return html.Nav(links, className="state-tabs", **{"aria-label": context.text("exchange.warnings.title")})


def _card(context: PageContext, row: WarningRow) -> html.Li:
    state = _state(row)
    words = html.Div([*_words(context, row), _facts(context, row)], className="warning-words")
    return html.Li(
        [_plate(context, row), words, _aside(context, row, state)],
        className="warning-card",
        **{"data-warning": str(row.id), "data-state": state, "data-status": row.status or ""},
    )


def _state(row: WarningRow) -> str:
    if row.state == "refused":
        return "refused"
    if row.ended_by is not None:
        return "ended"
    return "standing" if row.in_force else "expired"


def _plate(context: PageContext, row: WarningRow) -> html.Div:
    """The statutory colour as a plate with its words; a refused message has a plain one."""
    colour = row.colour or ("refused" if row.state == "refused" else "none")
    words = [html.B(context.text(f"exchange.colour.{colour}"))]
    if row.colour:
        words.append(html.Span(context.text(f"exchange.level.{row.colour}")))
    return html.Div(words, className="warning-plate", **{"data-colour": colour})


def _words(context: PageContext, row: WarningRow) -> list[Any]:
    if row.state == "refused":
        return [
            html.H2(context.text(f"exchange.refused.{row.code}")),
            html.P(row.reason, className="faint"),
        ]
    marks = []
    if row.status and row.status != "Actual":
        marks.append(html.Span(context.text(f"exchange.status.{row.status}"), className="warning-mark"))
    if row.kind and row.kind != "Alert":
        marks.append(html.Span(context.text(f"exchange.kind.{row.kind}"), className="warning-mark"))
    return [
        html.H2([row.headline or row.event, *marks]),
        html.P(" · ".join(filter(None, (row.event, row.area))), className="faint"),
    ]


def _facts(context: PageContext, row: WarningRow) -> html.Div:
    """Who said it, under which number, and when; of a refused message only when and by which way it came."""
    facts = [
        (context.text("exchange.warnings.issuer"), row.sender or "—"),
        (context.text("exchange.warnings.number"), row.identifier or "—"),
        (context.text("exchange.warnings.sent"), parts.stamp(context, row.sent)),
        (context.text("exchange.warnings.expires"), parts.stamp(context, row.expires)),
        (context.text("exchange.warnings.received"), f"{parts.stamp(context, row.received_at)} · {row.feed}"),
    ]
    shown = facts if row.state == "accepted" else facts[-1:]
    told = [html.Span([html.Span(f"{label} ", className="faint"), value]) for label, value in shown]
    return html.Div(told, className="warning-facts")


def _aside(context: PageContext, row: WarningRow, state: str) -> html.Div:
    standing = html.Span(context.text(f"exchange.warnings.is.{state}"), className="warning-state")
    return html.Div([standing, *_start(context, row, state)], className="warning-aside")


def _start(context: PageContext, row: WarningRow, state: str) -> list[html.A]:
    """An emergency is started from a warning that stands, by those who may."""
    if state != "standing" or context.role not in STARTERS or "/emergencies" not in context.paths:
        return []
    asked = {"origin": "cap", "reference": row.identifier or "", "title": row.headline or row.event}
    return [html.A(context.text("exchange.warnings.start"), href=f"/emergencies?{urlencode(asked)}", className="tool")]


def _more(context: PageContext, asked: WarningQuery, page: WarningPage) -> list[html.A]:
    if page.next is None:
        return []
    href = f"/warnings?{urlencode({'state': asked.state, 'before': page.next})}"
    return [html.A(context.text("exchange.warnings.more"), href=href, className="tool")]


def _sources(context: PageContext, sources: Any) -> html.Section:
    lines = [
        html.Li(
            [
                html.B(row.name),
                html.Span(
                    row.outcome or context.text("exchange.feeds.ok"),
                    className="feed-state",
                    **{"data-state": "broken" if row.outcome else "live"},
                ),
                html.Span(
                    context.text("exchange.feeds.looked", time=parts.stamp(context, row.looked_at), n=row.seconds),
                    className="faint",
                ),
            ]
        )
        for row in sources
    ]
    words = html.P(context.text("exchange.feeds.none"), className="faint")
    return parts.panel(
        context.text("exchange.feeds.title"), [html.Ul(lines, className="feed-list") if lines else words]
    )
