"""工作交流: the centre writes to departments, towns and grids; who has given receipt is plain to see; answers come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html
from pydantic import ValidationError

from dashboard import mailroom
from dashboard.api.ladder_shapes import BODY, SUBJECT, MessageList, MessageQuery, MessageRow, MessageWhole
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.problems import Problem
from dashboard.services import services, visitor
from models.directory import Directory
from models.ladder import talk
from models.moves import Role

WORDS = (
    "desk.stale",
    "ladder.page.failed",
    "ladder.page.network",
    "ladder.page.expired",
    "ladder.page.forbidden",
    "ladder.page.sending",
    "ladder.page.nobody",
)
REMIND = (30, 60, 240, 1440)


@dataclass(frozen=True)
class MessagesView:
    """What the page shows: a box, and what may be written to."""

    box: str
    found: MessageList
    directory: Directory
    now: datetime


def layout(context: PageContext, query: Mapping[str, str]) -> html.Div:
    """The page of a box.

    Raises:
        Problem: 422.
    """
    given = {name: value for name, value in query.items() if value}
    may_send = visitor().role in talk.SENDERS
    try:
        wanted = MessageQuery.model_validate({"box": "sent" if may_send else "received", **given})
    except ValidationError as error:
        raise Problem(422, str(error.errors()[0]["msg"]), field=str(error.errors()[0]["loc"][0])) from error
    found = mailroom.messages(services(), visitor(), wanted.box, after=wanted.after, size=wanted.limit)
    return build(context, MessagesView(wanted.box, found, services().directory(), services().clock.now()))


def build(context: PageContext, view: MessagesView) -> html.Div:
    """The page."""
    total = parts.figure(
        context,
        "list-total",
        view.found.total,
        view.now,
        context.text("ladder.page.messages", n=f"{view.found.total:,}"),
    )
    title = html.Div(
        [html.H1(context.text("ladder.messages")), total, parts.as_of(context, view.now)], className="desk-title"
    )
    tabs = html.Nav(
        [
            html.A(
                context.text(f"ladder.page.box.{box}"),
                href=f"/messages?box={box}",
                className="state-tab",
                **({"aria-current": "page"} if box == view.box else {}),
            )
            for box in ("received", "sent")
        ],
        className="state-tabs",
        **{"aria-label": context.text("ladder.page.boxes")},
    )
    rows = [_row(context, view, row) for row in view.found.messages]
    listed = (
        html.Ol(rows, className="mail-list")
        if rows
        else html.P(context.text("ladder.page.no_messages"), className="empty mail-empty")
    )
    more = []
    if view.found.next:
        to = "/messages?" + urlencode({"box": view.box, "after": view.found.next})
        more = [html.A(context.text("ladder.page.next"), href=to, className="tool")]
    left = html.Div([tabs, listed, html.Div(more, className="pager")], className="mail-boxes")
    sides: list[Any] = [left]
    if Role(context.role) in talk.SENDERS:
        sides.append(_compose(context, view.directory))
    return parts.frame(
        context, "/messages", [title, html.Div(sides, className="mail-sides")], module="messages", words=WORDS
    )


def _sender(context: PageContext, name: str) -> str:
    """An account by its name; what the program itself sends by a word of the reader's language."""
    return context.texts.get(f"ladder.page.sender.{name}", name)


def _row(context: PageContext, view: MessagesView, row: MessageRow) -> html.Li:
    owed = view.box == "received" and row.receipt_at is None
    state = (
        html.Span(context.text("ladder.page.owed"), className="bad")
        if owed
        else html.Span(
            context.text("ladder.page.receipts", n=row.receipts, all=row.recipients),
            className="good" if row.receipts == row.recipients else "faint",
        )
    )
    if view.box == "received" and row.receipt_at is not None:
        state = html.Span(
            context.text("ladder.page.received", time=parts.when(context, row.receipt_at, view.now)), className="good"
        )
    reminded = [html.Span(context.text("ladder.page.reminded", n=row.reminded))] if row.reminded else []
    return html.Li(
        [
            html.Div(
                [
                    html.B(_sender(context, row.sender), className="mail-kind"),
                    html.Span(parts.when(context, row.at, view.now), className="num mail-time"),
                ],
                className="mail-head",
            ),
            html.A(row.subject, href=f"/messages/{row.id}", className="mail-title"),
            html.Div([state, *reminded], className="mail-facts"),
        ],
        className="mail-row",
        **{"data-message": str(row.id), "data-open": "yes" if owed else "no"},
    )


# --- writing ---------------------------------------------------------------------------------------------------------


def _compose(context: PageContext, directory: Directory) -> html.Section:
    departments = [(code, parts.name(context, row, short=True)) for code, row in directory.departments.items()]
    towns = [(code, parts.name(context, row)) for code, row in directory.areas.items() if row["level"] == "town"]
    remind = [html.Option(context.text("ladder.page.remind_none"), value="")]
    remind += [html.Option(context.text(f"ladder.page.remind.{minutes}"), value=str(minutes)) for minutes in REMIND]
    form = html.Form(
        [
            _picks(context, "departments", departments),
            _picks(context, "areas", towns),
            html.Label(
                [
                    html.Span(context.text("ladder.page.grids")),
                    dcc.Input(
                        type="text",
                        name="grids",
                        placeholder=context.text("ladder.page.grids_hint"),
                        autoComplete="off",
                    ),
                ]
            ),
            html.Label(
                [
                    html.Span(context.text("ladder.page.subject")),
                    dcc.Input(type="text", name="subject", maxLength=SUBJECT, required=True, autoComplete="off"),
                ]
            ),
            html.Label(
                [
                    html.Span(context.text("ladder.page.body")),
                    dcc.Textarea(name="body", maxLength=BODY, required=True, rows=6),
                ]
            ),
            html.Label(
                [
                    html.Span(context.text("ladder.page.remind_me")),
                    html.Select(remind, name="remind_minutes", className="desk-select"),
                ]
            ),
            html.Button(context.text("ladder.page.send"), type="submit", className="tool tool-go"),
            html.P("", className="form-word", role="status"),
        ],
        className="action-form mail-form",
        **{"data-form": "message"},
    )
    return parts.panel(context.text("ladder.page.compose"), [form], name="mail-compose")


def _picks(context: PageContext, name: str, choices: Sequence[tuple[str, str]]) -> html.Fieldset:
    """Buttons that stay pressed: Dash has no plain check box, and a list of twenty is quicker read as words."""
    buttons = [
        html.Button(words, type="button", className="pick", **{"data-pick": code, "aria-pressed": "false"})
        for code, words in choices
    ]
    return html.Fieldset(
        [html.Legend(context.text(f"ladder.page.{name}")), html.Div(buttons, className="picks", **{"data-picks": name})]
    )


# --- one message -----------------------------------------------------------------------------------------------------


def layout_one(context: PageContext, number: str) -> html.Div:
    """The page of one message.

    Raises:
        Problem: 404 where it does not exist for this visitor.
    """
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise mailroom.no_message(0)
    return build_one(context, mailroom.whole(services(), visitor(), int(number)), services().clock.now())


def build_one(context: PageContext, message: MessageWhole, now: datetime) -> html.Div:
    """The page of one message."""
    title = html.Div(
        [
            html.H1(message.subject),
            html.Span(_sender(context, message.sender), className="faint"),
            parts.as_of(context, now),
        ],
        className="desk-title",
    )
    mine = next((row for row in message.receipt_by if row.name == context.user_name), None)
    text = [
        html.P(f"{_sender(context, message.sender)} · {parts.stamp(context, message.at)}", className="faint num"),
        html.Div(message.body, className="mail-body"),
    ]
    if message.reply_to is not None:
        text.insert(
            0, html.A(context.text("ladder.page.answers_to"), href=f"/messages/{message.reply_to}", className="tool")
        )
    if mine is not None and mine.receipt_at is None:
        text.append(
            html.Button(
                context.text("ladder.page.receive", name=context.user_name),
                type="button",
                className="tool tool-go",
                **{"data-receive-message": str(message.id)},
            )
        )
    elif mine is not None:
        time = parts.when(context, mine.receipt_at, now)
        text.append(html.Span(context.text("ladder.page.received", time=time), className="good"))
    panels = [parts.panel(context.text("ladder.page.text"), text, name="mail-text")]
    panels.append(_replies(context, message, now))
    return parts.frame(
        context,
        "/messages",
        [
            title,
            html.Div(
                [html.Div(panels, className="mail-boxes"), _receipts(context, message, now)], className="mail-sides"
            ),
        ],
        module="messages",
        words=WORDS,
        about={"data-message": str(message.id)},
    )


def _replies(context: PageContext, message: MessageWhole, now: datetime) -> html.Section:
    rows = [
        html.Li(
            [
                html.Div(
                    [html.B(row.sender), html.Span(parts.when(context, row.at, now), className="num mail-time")],
                    className="mail-head",
                ),
                html.Div(row.body, className="mail-body"),
            ],
            className="mail-row",
        )
        for row in message.replies
    ]
    form = html.Form(
        [
            html.Label(
                [
                    html.Span(context.text("ladder.page.reply")),
                    dcc.Textarea(name="body", maxLength=BODY, required=True, rows=3),
                ]
            ),
            html.Button(context.text("ladder.page.reply_do"), type="submit", className="tool tool-go"),
            html.P("", className="form-word", role="status"),
        ],
        className="action-form mail-form",
        **{"data-form": "reply", "data-subject": message.subject[: SUBJECT - 3]},
    )
    return parts.panel(
        context.text("ladder.page.replies", n=len(rows)),
        [html.Ol(rows, className="mail-list"), form],
        name="mail-replies",
    )


def _receipts(context: PageContext, message: MessageWhole, now: datetime) -> html.Section:
    head = html.Tr(
        [html.Th(context.text(f"ladder.page.column.{name}"), scope="col") for name in ("name", "opened", "receipt")]
    )
    rows = [
        html.Tr(
            [
                html.Td(row.name),
                html.Td(parts.when(context, row.opened_at, now), className="num"),
                html.Td(
                    parts.when(context, row.receipt_at, now)
                    if row.receipt_at
                    else html.Span(context.text("ladder.page.owed"), className="bad"),
                    className="num",
                ),
            ],
            **{"data-recipient": row.name},
        )
        for row in message.receipt_by
    ]
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="desk-table")
    tools = [html.Span(context.text("ladder.page.receipts", n=message.receipts, all=message.recipients))]
    if message.next_reminder_at is not None and message.receipts < message.recipients:
        tools.append(
            html.Span(context.text("ladder.page.reminder_at", time=parts.when(context, message.next_reminder_at, now)))
        )
    return parts.panel(
        context.text("ladder.page.receipt_title"),
        [html.Div(table, className="desk-table-box")],
        name="mail-receipts",
        tools=tools,
    )
