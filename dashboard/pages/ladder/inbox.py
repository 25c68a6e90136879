"""The inbox: what was told to this person, a flood of it as a handful of groups, received by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from dash import html
from pydantic import ValidationError

from dashboard import mailroom
from dashboard.api.ladder_shapes import InboxQuery, InboxRow
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.problems import Problem
from dashboard.services import services, visitor
from models.directory import Directory
from models.ladder import inbox
from models.ladder.inbox import Bundle, InboxFilter
from models.messages import iso

WORDS = (
    "desk.stale",
    "ladder.page.failed",
    "ladder.page.network",
    "ladder.page.expired",
    "ladder.page.conflict",
    "ladder.page.sending",
    "ladder.page.sure",
)
GROUPS = 60
"""Groups on a page at most; older ones are a list to be asked for."""
MANY = 10
"""Open entries from which on they are shown as groups."""


@dataclass(frozen=True)
class InboxView:
    """What the page shows: either single entries, or groups of open ones."""

    query: InboxQuery
    rows: Sequence[InboxRow]
    bundles: Sequence[Bundle]
    total: int
    unread: int
    singles: Mapping[Bundle, InboxRow]
    """The entries of groups of one: they are shown as what they are."""
    left: int
    next: str | None
    grave: int
    directory: Directory
    now: datetime


def layout(context: PageContext, query: Mapping[str, str]) -> html.Div:
    """The page for a query string.

    Raises:
        Problem: 422 for a filter that cannot be.
    """
    return build(context, read(asked(query), whole=query.get("list") == "all"))


def asked(query: Mapping[str, str]) -> InboxQuery:
    """The filter of a query string.

    Raises:
        Problem: 422.
    """
    given = {
        name: value
        for name, value in query.items()
        if name != "list" and (value or name in ("department", "town", "emergency"))
    }
    try:
        return InboxQuery.model_validate(given)
    except ValidationError as error:
        raise Problem(422, str(error.errors()[0]["msg"]), field=str(error.errors()[0]["loc"][0])) from error


def read(query: InboxQuery, *, whole: bool) -> InboxView:
    """The entries of a filter; groups where many are open and no group was asked for."""
    here, who = services(), visitor()
    wanted = InboxFilter(**query.model_dump(exclude={"after", "limit"}))
    page = mailroom.page(here, who, wanted, after=query.after, size=query.limit)
    bundles: list[Bundle] = []
    singles: dict[Bundle, InboxRow] = {}
    left = 0
    if query.state == "open" and query.since is None and not whole and page.total > MANY:
        with here.store.read() as connection:
            bundles, left = inbox.bundles(connection, who.name, wanted)
            alone = [bundle for bundle in bundles[:GROUPS] if bundle.group.count == 1]
            found = {bundle: inbox.newest(connection, who.name, bundle.members) for bundle in alone}
        singles = {bundle: mailroom.entry(row) for bundle, row in found.items() if row is not None}
    mailroom.mark_opened(here, who, list(singles.values()) if bundles else page.entries)
    return InboxView(
        query=query,
        rows=[] if bundles else page.entries,
        bundles=bundles[:GROUPS],
        singles=singles,
        total=page.total,
        unread=page.unread,
        left=left + sum(bundle.group.count for bundle in bundles[GROUPS:]),
        next=None if bundles else page.next,
        grave=here.rules().takeover_level,
        directory=here.directory(),
        now=page.as_of,
    )


# --- building --------------------------------------------------------------------------------------------------------


def build(context: PageContext, view: InboxView) -> html.Div:
    """The page."""
    words = context.text("ladder.page.open", n=f"{view.unread:,}")
    title = html.Div(
        [
            html.H1(context.text("ladder.inbox")),
            parts.figure(context, "inbox-open", view.unread, view.now, words),
            parts.as_of(context, view.now),
        ],
        className="desk-title",
    )
    children = [title, _tabs(context, view), _word(), _list(context, view), _pager(context, view)]
    return parts.frame(context, "/inbox", children, module="inbox", words=WORDS)


def _word() -> html.P:
    return html.P("", className="mail-word", role="status", **{"aria-live": "polite"})


def address(query: InboxQuery, **changes: Any) -> str:
    """The address of a list like this one, with some fields changed; None removes a field."""
    fields = query.model_dump(mode="json", exclude_none=True, exclude={"limit", "after"}) | changes
    return "/inbox?" + urlencode({name: value for name, value in fields.items() if value is not None})


def _tabs(context: PageContext, view: InboxView) -> html.Nav:
    grouped = view.query.since is not None
    tabs = [
        html.A(
            context.text(f"ladder.page.state.{state}"),
            href=f"/inbox?state={state}",
            className="state-tab",
            **({"aria-current": "page"} if state == view.query.state and not grouped else {}),
        )
        for state in inbox.STATES
    ]
    if grouped:
        members = context.text("ladder.page.group", n=f"{view.total:,}")
        tabs.append(html.Span(members, className="state-tab", **{"aria-current": "page"}))
    return html.Nav(tabs, className="state-tabs", **{"aria-label": context.text("ladder.page.states")})


def _list(context: PageContext, view: InboxView) -> Any:
    if not view.rows and not view.bundles:
        return html.P(context.text("ladder.page.empty"), className="empty mail-empty")
    rows = [
        _row(context, view, view.singles[bundle]) if bundle in view.singles else _bundle(context, view, bundle)
        for bundle in view.bundles
    ]
    rows += [_row(context, view, row) for row in view.rows]
    total = {
        "data-figure": "list-total",
        "data-value": str(view.total),
        "data-as-of": iso(view.now),
        "data-state": "live",
    }
    return html.Ol(rows, className="mail-list", **total)


def _row(context: PageContext, view: InboxView, row: InboxRow) -> html.Li:
    open_ = row.acknowledged_at is None and row.settled_at is None
    what = context.text(f"ladder.kind.{row.kind}")
    if row.rung is not None:
        what = f"{what} · {_rung(context, view, row.rung)}"
    to = f"/messages/{row.message}" if row.message is not None else f"/cases/{row.code}"
    if row.emergency is not None:
        to = f"/emergencies/{row.emergency}"
    head = [parts.level(context, row.level)] if row.code is not None else []
    return html.Li(
        [
            html.Div(
                [
                    *head,
                    html.B(what, className="mail-kind"),
                    html.Span(parts.when(context, row.at, view.now), className="num mail-time"),
                ],
                className="mail-head",
            ),
            html.A(row.title, href=to, className="mail-title"),
            html.Div(_facts(context, view, row), className="mail-facts"),
            html.Div(_acts(context, view, row, open_), className="mail-acts"),
        ],
        className="mail-row",
        **{"data-entry": str(row.id), "data-level": str(row.level), "data-open": "yes" if open_ else "no"},
    )


def _rung(context: PageContext, view: InboxView, rung: int) -> str:
    rungs = view.directory.county.get("escalation", {}).get("rungs", ())
    return parts.name(context, rungs[rung - 1]) if rung <= len(rungs) else str(rung)


def _facts(context: PageContext, view: InboxView, row: InboxRow) -> list[Any]:
    if row.message is not None:
        return []
    facts = [
        html.Span(row.emergency or row.code, className="num"),
        html.Span(context.text(f"ladder.reason.{row.reason}")),
    ]
    department = view.directory.departments.get(row.department or "")
    if department:
        facts.append(html.Span(parts.name(context, department, short=True)))
    if row.due_at is not None:
        late = view.now > row.due_at
        left = parts.length(context, abs(row.due_at - view.now))
        clock = context.text("cases.clock.overdue" if late else "cases.clock.on-time", time=left)
        facts.append(html.Span(clock, className="bad" if late else ""))
    return facts


def _acts(context: PageContext, view: InboxView, row: InboxRow, open_: bool) -> list[Any]:
    if row.acknowledged_at is not None:
        time = parts.when(context, row.acknowledged_at, view.now)
        return [html.Span(context.text("ladder.page.received", time=time), className="good")]
    if row.settled_at is not None:
        by = context.text("case.actor.clock") if row.settled_by == "clock" else row.settled_by
        time = parts.when(context, row.settled_at, view.now)
        return [html.Span(context.text("ladder.page.settled", name=by, time=time), className="faint")]
    answer = row.ack_due_at is not None
    acts: list[Any] = [
        html.Button(
            context.text("ladder.page.answer" if answer else "ladder.page.receive", name=context.user_name),
            type="button",
            className="tool tool-go",
            **{"data-receive": str(row.id)},
        )
    ]
    if row.ack_due_at is not None:
        late = view.now > row.ack_due_at
        left = parts.length(context, abs(row.ack_due_at - view.now))
        word = context.text("ladder.page.answer_late" if late else "ladder.page.answer_by", time=left)
        acts.append(html.Span(word, className="bad" if late else "faint"))
    return acts


def _bundle(context: PageContext, view: InboxView, bundle: Bundle) -> html.Li:
    group = bundle.group
    places = []
    for code, rows, short in (
        (group.department, view.directory.departments, True),
        (group.town, view.directory.areas, False),
    ):
        places.append(
            context.text("ladder.page.several") if code is None else parts.name(context, rows.get(code), short=short)
        )
    first, last = _clock(context, group.first_at), _clock(context, group.last_at)
    span = first if first == last else f"{first} – {last[6:]}"
    reason = context.text(f"ladder.reason.{group.reason or 'several'}")
    wanted = InboxQuery(
        level=group.level,
        reason=group.reason,
        department=group.department,
        town=group.town,
        emergency=group.emergency,
    )
    members = bundle.members
    assert members.since is not None and members.until is not None
    to = address(wanted, since=members.since.isoformat(), until=members.until.isoformat())
    acts: list[Any] = [html.A(context.text("ladder.page.members", n=f"{group.count:,}"), href=to, className="tool")]
    if group.level > view.grave:
        acts.append(_receive_all(context, bundle))
    return html.Li(
        [
            html.Div(
                [
                    html.Span(group.emergency, className="num")
                    if group.emergency
                    else parts.level(context, group.level),
                    html.B(reason, className="mail-kind"),
                    html.Span(f"× {group.count:,}", className="num mail-count"),
                    html.Span(span, className="num mail-time"),
                ],
                className="mail-head",
            ),
            html.Div([html.Span(place) for place in places], className="mail-facts"),
            html.Div(acts, className="mail-acts"),
        ],
        className="mail-row mail-group",
        **{"data-group": reason, "data-level": str(group.level), "data-count": str(group.count)},
    )


def _clock(context: PageContext, moment: datetime) -> str:
    return f"{moment.astimezone(parts.zone(context)):%m-%d %H:%M}"


def _receive_all(context: PageContext, bundle: Bundle) -> html.Button:
    group, members = bundle.group, bundle.members
    assert members.since is not None and members.until is not None
    fields = {
        "data-receive-group": "yes",
        "data-level": str(group.level),
        "data-since": members.since.isoformat(),
        "data-until": members.until.isoformat(),
        "data-count": str(group.count),
    }
    fields |= {
        f"data-{name}": value
        for name, value in (
            ("reason", group.reason),
            ("department", group.department),
            ("town", group.town),
            ("emergency", group.emergency),
        )
        if value is not None
    }
    words = context.text("ladder.page.receive_all", n=f"{group.count:,}")
    return html.Button(words, type="button", className="tool", **fields)


def _pager(context: PageContext, view: InboxView) -> html.Div:
    tools: list[Any] = []
    if view.left:
        tools.append(
            html.A(
                context.text("ladder.page.older", n=f"{view.left:,}"),
                href="/inbox?state=open&list=all",
                className="tool",
            )
        )
    if view.next is not None:
        tools.append(
            html.A(
                context.text("ladder.page.next"),
                href=address(view.query, after=view.next, list="all"),
                className="tool",
            )
        )
    return html.Div(tools, className="pager")
