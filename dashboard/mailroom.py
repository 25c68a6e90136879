"""The inbox and messages read into the shapes that the API answers with and the pages are built from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from config.sentences import say
from dashboard.api import ladder_shapes as shapes
from dashboard.problems import Problem
from dashboard.services import Services
from models import desk
from models.accounts import Visitor
from models.ladder import inbox, talk
from models.ladder.inbox import InboxFilter
from models.ladder.receipt import Received, receive
from models.moves import Refused
from models.timebase import real_now

TOGETHER = 200
"""Entries that are received in one transaction."""


def page(parts: Services, who: Visitor, wanted: InboxFilter, *, after: str | None, size: int) -> shapes.InboxAnswer:
    """One page of one's own inbox, listed and counted at the same moment."""
    with desk.steady(parts.store) as connection:
        found = inbox.page(connection, who.name, wanted, after=after, size=size)
        unread = inbox.unread(connection, [who.name])[who.name]
    rows = [entry(row) for row in found.rows]
    return shapes.InboxAnswer(entries=rows, total=found.total, unread=unread, next=found.next, as_of=parts.clock.now())


def entry(row: Any) -> shapes.InboxRow:
    """A row of `models.ladder.inbox` as the API shows it."""
    names = [name for name in shapes.InboxRow.model_fields if name != "message"]
    return shapes.InboxRow(**{name: getattr(row, name) for name in names}, message=row.message_id)


def unread(parts: Services, account: str) -> int:
    """How many open entries this account has."""
    with parts.store.read() as connection:
        return inbox.unread(connection, [account])[account]


def mark_opened(parts: Services, who: Visitor, rows: Sequence[shapes.InboxRow]) -> None:
    """Keep when this person first saw these entries."""
    fresh = [row.id for row in rows if row.opened_at is None]
    if fresh:
        with parts.store.write() as connection:
            inbox.opened(connection, who.name, fresh, parts.clock.now())


def receipt(parts: Services, who: Visitor, body: shapes.ReceiptBody) -> Received:
    """Receive entries by name.

    Raises:
        Problem: 404 for an entry that is not one's own; 409 where a group is not what the reader saw any more.
        Refused: a group of grave alarms: those are received one by one.
    """
    if body.group is None:
        return _received(parts, who, list(body.ids or ()))
    if body.group.level <= parts.rules().takeover_level:
        raise Refused("Alarms of this level are received one by one, so that each is read; expected ids.", "group")
    wanted = InboxFilter(**body.group.model_dump(exclude={"count"}))
    with parts.store.read() as connection:
        ids = [row.id for row in inbox.open_rows(connection, who.name, wanted, body.group.count + 1)]
    if len(ids) != body.group.count:
        raise Problem(409, "The group has changed since it was shown; look at it again.", field="count")
    done = [_received(parts, who, ids[at : at + TOGETHER]) for at in range(0, len(ids), TOGETHER)]
    return Received(sum(part.received for part in done), sum(part.answered for part in done))


def _received(parts: Services, who: Visitor, ids: Sequence[int]) -> Received:
    with parts.door.transaction() as (deed, facts):
        rows = inbox.some(deed.db, who.name, ids)
        missing = set(ids) - {row.id for row in rows}
        if missing:
            raise Problem(404, say("There is no entry {missing} in your inbox.", missing=min(missing)), field="ids")
        done = receive(deed, who.actor, rows, parts.clock.now())
    parts.news.publish(facts)
    return done


# --- messages --------------------------------------------------------------------------------------------------------


def messages(parts: Services, who: Visitor, box: str, *, after: str | None, size: int) -> shapes.MessageList:
    """One page of a box."""
    with desk.steady(parts.store) as connection:
        found = talk.page(connection, who.actor, box, after=after, size=size)
        rows = [_row(row, talk.recipients(connection, row.id), who) for row in found.rows]
    return shapes.MessageList(messages=rows, total=found.total, next=found.next)


def _row(row: Any, got: Sequence[Any], who: Visitor) -> shapes.MessageRow:
    own = next((one.acknowledged_at for one in got if one.recipient == who.name), None)
    return shapes.MessageRow(
        id=row.id,
        sender=row.sender,
        at=row.at,
        subject=row.subject,
        reply_to=row.reply_to,
        recipients=len(got),
        receipts=sum(one.acknowledged_at is not None for one in got),
        reminded=row.reminded,
        receipt_at=own,
    )


def whole(parts: Services, who: Visitor, number: int) -> shapes.MessageWhole:
    """A message with its receipts and answers; looking at it is kept as having opened it.

    Raises:
        Problem: 404 where it does not exist or this visitor may not know of it.
    """
    with parts.store.read() as connection:
        row = talk.one(connection, number, who.actor)
        if row is None:
            raise no_message(number)
        got = talk.recipients(connection, number)
        answers = talk.replies(connection, number, who.actor)
    if any(one.recipient == who.name and one.opened_at is None for one in got):
        with parts.store.write() as connection:
            talk.open_message(connection, number, who.name, parts.clock.now())
    centre = who.role in talk.SENDERS or row.sender == who.name
    shown = [one for one in got if centre or one.recipient == who.name]
    return shapes.MessageWhole(
        **_row(row, got, who).model_dump(),
        body=row.body,
        remind_minutes=row.remind_minutes,
        next_reminder_at=row.next_reminder_at,
        receipt_by=[
            shapes.RecipientRow(name=one.recipient, opened_at=one.opened_at, receipt_at=one.acknowledged_at)
            for one in shown
        ],
        replies=[
            shapes.MessageAnswerRow(id=one.id, sender=one.sender, at=one.at, subject=one.subject, body=one.body)
            for one in answers
        ],
    )


def no_message(number: int) -> Problem:
    """The same words whether it does not exist or may not be known."""
    return Problem(404, say("There is no message {number}.", number=number), field="number")


def send(parts: Services, who: Visitor, body: shapes.MessageBody, key: str | None) -> talk.Sent:
    """Send a message or an answer; see `talk.send`."""
    letter = talk.Letter(**body.model_dump(), idempotency_key=key)
    with parts.store.write() as connection:
        return talk.send(connection, letter, who.actor, parts.clock.now(), real_now())


def receive_message(parts: Services, who: Visitor, number: int) -> bool:
    """Receipt of a message by name; False where it was given before.

    Raises:
        Problem: 404 where it was not sent to this account.
    """
    with parts.store.write() as connection:
        if not any(one.recipient == who.name for one in talk.recipients(connection, number)):
            raise no_message(number)
        return talk.receive(connection, number, who.name, parts.clock.now())
