"""工作交流: messages from the centre to departments, towns or grids, with receipt by name and a reminder until it comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, func, insert, or_, select, update

from config.sentences import ROLES, say, term
from models import tables as t
from models.filters import FilterRefused
from models.ladder import people as who
from models.ladder import tables as lt
from models.ladder.steps import deliver
from models.masking import masked
from models.moves import Actor, Refused, Role

SENDERS = frozenset({Role.OPERATOR, Role.DUTY, Role.LEADER})
READERS = frozenset({Role.DEPARTMENT, Role.GRID})
"""Who is written to by a scope; they answer, and begin nothing."""
LEVEL = 4
BITE = 50


@dataclass(frozen=True)
class Letter:
    """What somebody wants to say, and to whom. `reply_to` answers a message, to its sender."""

    subject: str
    body: str
    departments: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    remind_minutes: int | None = None
    reply_to: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True)
class Sent:
    """A message that is on its way."""

    message: Row[Any]
    recipients: int
    created: bool = True


def send(connection: Connection, letter: Letter, actor: Actor, now: datetime, real: datetime) -> Sent:
    """Send a message; a repeated key is the same message.

    Raises:
        Refused: not this role, nobody behind a department or an area, a message that this actor never got.
    """
    known = _already(connection, letter, actor)
    if known is not None:
        return Sent(known, len(recipients(connection, known.id)), created=False)
    names = _answered(connection, letter, actor) if letter.reply_to is not None else _meant(connection, letter, actor)
    remind = timedelta(minutes=letter.remind_minutes) if letter.remind_minutes else None
    values = {
        "sender": actor.name,
        "at": now,
        "subject": letter.subject,
        "body": letter.body,
        "scope": {"departments": letter.departments, "areas": letter.areas, "accounts": letter.accounts},
        "reply_to": letter.reply_to,
        "remind_minutes": letter.remind_minutes,
        "next_reminder_at": now + remind if remind else None,
        "idempotency_key": letter.idempotency_key,
    }
    row = connection.execute(insert(lt.message).returning(*lt.message.c), values).one()
    channels = [name for code in letter.departments for name in who.read(connection).channels_of(code, None)]
    _tell(connection, row, "message", names, channels, now, real)
    if letter.reply_to is not None:
        receive(connection, letter.reply_to, actor.name, now)
    return Sent(row, len(names))


def announce(
    connection: Connection,
    sender: str,
    subject: str,
    body: str,
    names: Sequence[str],
    channels: Sequence[str],
    now: datetime,
    real: datetime,
) -> Row[Any]:
    """A message that the system itself sends, whole over channels too; `sender` is no account."""
    values = {"sender": sender, "at": now, "subject": subject, "body": body, "scope": {"accounts": list(names)}}
    row = connection.execute(insert(lt.message).returning(*lt.message.c), values).one()
    _tell(connection, row, "message", names, channels, now, real, kind="brief")
    return row


def _already(connection: Connection, letter: Letter, actor: Actor) -> Row[Any] | None:
    if letter.idempotency_key is None:
        return None
    m = lt.message.c
    known = select(lt.message).where(m.sender == actor.name, m.idempotency_key == letter.idempotency_key)
    found = connection.execute(known).first()
    if found is not None and (found.subject, found.body) != (letter.subject, letter.body):
        raise Refused(
            "This Idempotency-Key was used before for another message; expected a new key.", "Idempotency-Key"
        )
    return found


def _meant(connection: Connection, letter: Letter, actor: Actor) -> list[str]:
    """The accounts behind the departments, areas and names that are written to, without the sender."""
    if actor.role not in SENDERS:
        raise Refused(
            say("The role {role} answers messages and sends none of its own.", role=term(actor.role, *ROLES)),
            "reply_to",
        )
    a = t.account.c
    rows = connection.execute(select(a.name, a.role, a.area, a.department).where(a.disabled.is_(False))).all()
    towns = {row.code: row.town for row in connection.execute(select(t.area.c.code, t.area.c.town))}
    names: dict[str, None] = {}
    for code in letter.departments:
        found = [row.name for row in rows if row.role == Role.DEPARTMENT and row.department == code]
        names |= dict.fromkeys(_somebody(found, "department", code, "departments"))
    for code in letter.areas:
        found = [
            row.name for row in rows if row.role in READERS and row.area and code in (row.area, towns.get(row.area))
        ]
        names |= dict.fromkeys(_somebody(found, "area", code, "areas"))
    enabled = {row.name for row in rows if row.role not in (Role.DISPLAY, Role.ADMIN, Role.AUDITOR)}
    for name in letter.accounts:
        names |= dict.fromkeys(_somebody([name] if name in enabled else [], "account", name, "accounts"))
    names.pop(actor.name, None)
    if not names:
        raise Refused("Nobody is written to; expected departments, areas or accounts.", "departments")
    return list(names)


def _somebody(found: list[str], what: str, code: str, field: str) -> list[str]:
    if not found:
        raise Refused(
            say("Nobody would get it in the {what} {code!r}: it has no active account.", what=term(what), code=code),
            field,
        )
    return found


def _answered(connection: Connection, letter: Letter, actor: Actor) -> list[str]:
    assert letter.reply_to is not None
    if letter.departments or letter.areas or letter.accounts:
        raise Refused("An answer goes to the sender of its message; expected no other recipients.", "reply_to")
    row = connection.execute(select(lt.message).where(lt.message.c.id == letter.reply_to, visible(actor))).first()
    if row is None:
        raise Refused(say("There is no message {reply_to}.", reply_to=letter.reply_to), "reply_to")
    names = [row.sender] if row.sender != actor.name else [one.recipient for one in recipients(connection, row.id)]
    return names


def _tell(
    connection: Connection,
    message: Row[Any],
    step: str,
    names: Sequence[str],
    channels: Sequence[str],
    now: datetime,
    real: datetime,
    kind: str = "",
) -> None:
    values = {
        "kind": kind or step.partition("-")[0],
        "reason": "message",
        "message_id": message.id,
        "step": step,
        "level": LEVEL,
        "title": masked(message.subject),
        "at": now,
    }
    key = connection.execute(insert(lt.notification).returning(lt.notification.c.id), values).scalar_one()
    pairs = [(who.INBOX, name) for name in names] + [(name, name) for name in dict.fromkeys(channels)]
    deliver(connection, key, pairs, real=real, not_before=now)


# --- reading ---------------------------------------------------------------------------------------------------------


def visible(actor: Actor) -> ColumnElement[bool]:
    """Which messages somebody may know of: sent by or to this account, and for the centre all that the centre sent or got."""
    m = lt.message.c
    own = or_(m.sender == actor.name, _got(lt.delivery.c.recipient == actor.name))
    if actor.role in SENDERS and actor.area is None and actor.department is None:
        centre = select(t.account.c.name).where(t.account.c.role.in_([str(role) for role in SENDERS]))
        return or_(own, m.sender.in_(centre), _got(lt.delivery.c.recipient.in_(centre)))
    return own


def _got(recipient: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the message was told to somebody like that."""
    d, n = lt.delivery.c, lt.notification.c
    told = lt.delivery.join(lt.notification, n.id == d.notification_id)
    return exists(select(1).select_from(told).where(n.message_id == lt.message.c.id, d.channel == who.INBOX, recipient))


@dataclass(frozen=True)
class MessagePage:
    """One page of messages, newest first; `total` counts the whole list."""

    rows: Sequence[Row[Any]]
    total: int
    next: str | None


def page(connection: Connection, actor: Actor, box: str, *, after: str | None = None, size: int = 50) -> MessagePage:
    """Messages with how many got and how many received them.

    Raises:
        FilterRefused: there is no such box, or the key is not valid.
    """
    m = lt.message.c
    if box not in ("received", "sent"):
        raise FilterRefused("box", say("There is no box {box!r}; expected received or sent.", box=box))
    got = _got(lt.delivery.c.recipient == actor.name)
    where = got if box == "received" else and_(visible(actor), ~got)
    total = connection.execute(select(func.count()).select_from(lt.message).where(where)).scalar_one()
    query = select(lt.message).where(where)
    if after is not None:
        if not after.isascii() or not after.isdigit() or len(after) > 18:
            raise FilterRefused(
                "after", say("{after!r} is no page key; expected the `next` of the page before.", after=after)
            )
        query = query.where(m.id < int(after))
    rows = connection.execute(query.order_by(m.id.desc()).limit(size + 1)).all()
    return MessagePage(rows[:size], int(total), str(rows[size - 1].id) if len(rows) > size else None)


def one(connection: Connection, message: int, actor: Actor) -> Row[Any] | None:
    """A message, or None where it does not exist or this actor may not know of it."""
    return connection.execute(select(lt.message).where(lt.message.c.id == message, visible(actor))).first()


def replies(connection: Connection, message: int, actor: Actor) -> Sequence[Row[Any]]:
    """The answers to a message that this actor may read, oldest first."""
    m = lt.message.c
    return connection.execute(select(lt.message).where(m.reply_to == message, visible(actor)).order_by(m.id)).all()


def recipients(connection: Connection, message: int) -> Sequence[Any]:
    """Everybody who got it: `recipient`, `opened_at`, `acknowledged_at`; by name."""
    d, n = lt.delivery.c, lt.notification.c
    return connection.execute(
        select(*(d.recipient, d.opened_at, d.acknowledged_at))
        .select_from(lt.delivery.join(lt.notification, n.id == d.notification_id))
        .where(n.message_id == message, n.step == "message", d.channel == who.INBOX)
        .order_by(d.recipient)
    ).all()


def receipts(connection: Connection, messages: Sequence[int]) -> Mapping[int, Sequence[datetime | None]]:
    """Message → when each of those who got it gave receipt (None: not yet), for several in one question."""
    d, n = lt.delivery.c, lt.notification.c
    found: dict[int, list[datetime | None]] = {number: [] for number in messages}
    rows = (
        select(n.message_id, d.acknowledged_at)
        .select_from(lt.delivery.join(lt.notification, n.id == d.notification_id))
        .where(n.message_id.in_(messages), n.step == "message", d.channel == who.INBOX)
    )
    for message, acknowledged_at in connection.execute(rows):
        found[message].append(acknowledged_at)
    return found


# --- receipt and reminder --------------------------------------------------------------------------------------------


def receive(connection: Connection, message: int, account: str, now: datetime) -> bool:
    """Receipt by name; False where this account had given it already, or never got the message."""
    d, n = lt.delivery.c, lt.notification.c
    told = select(n.id).where(n.message_id == message)
    own = and_(d.notification_id.in_(told), d.channel == who.INBOX, d.recipient == account, d.acknowledged_at.is_(None))
    return bool(connection.execute(update(lt.delivery).where(own).values(acknowledged_at=now)).rowcount)


def open_message(connection: Connection, message: int, account: str, now: datetime) -> None:
    """Keep when this account first saw it."""
    d, n = lt.delivery.c, lt.notification.c
    told = select(n.id).where(n.message_id == message)
    own = and_(d.notification_id.in_(told), d.channel == who.INBOX, d.recipient == account, d.opened_at.is_(None))
    connection.execute(update(lt.delivery).where(own).values(opened_at=now))


def remind(connection: Connection, now: datetime, real: datetime) -> int:
    """Tell whoever has not given receipt of a message whose time has come; returns how many messages were looked at.

    Several workers may call it at once: rows are claimed (`SKIP LOCKED`), and a reminder's number is unique.
    """
    m = lt.message.c
    due = select(lt.message).where(m.next_reminder_at <= now).order_by(m.next_reminder_at).limit(BITE)
    rows = connection.execute(due.with_for_update(skip_locked=True)).all()
    people = who.read(connection) if rows else who.People()
    for row in rows:
        missing = [one.recipient for one in recipients(connection, row.id) if one.acknowledged_at is None]
        values: dict[str, Any] = {"next_reminder_at": None}
        if missing:
            values = {"next_reminder_at": now + timedelta(minutes=row.remind_minutes), "reminded": row.reminded + 1}
            _supersede(connection, row.id, now)
            channels = _channels(people, row, missing)
            _tell(connection, row, f"reminder-{row.reminded + 1}", missing, channels, now, real)
        connection.execute(update(lt.message).where(m.id == row.id).values(values))
    return len(rows)


def _supersede(connection: Connection, message: int, now: datetime) -> None:
    """The reminder takes the place of what was told before: one message is one open entry, however often it is told."""
    n = lt.notification.c
    before = and_(n.message_id == message, n.settled_at.is_(None))
    connection.execute(update(lt.notification).where(before).values(settled_at=now, settled_by="clock"))


def _channels(people: who.People, message: Row[Any], missing: Sequence[str]) -> list[str]:
    """Channels of those departments of which somebody has not answered."""
    silent = {row.department for row in people.accounts if row.name in missing and row.department}
    return [name for code in message.scope["departments"] if code in silent for name in people.channels_of(code, None)]


def next_reminder(connection: Connection) -> datetime | None:
    """When the next reminder is due."""
    at = lt.message.c.next_reminder_at
    return connection.execute(select(func.min(at)).where(at.is_not(None))).scalar()
