"""批示 on a department or on a figure: a numbered message with receipt by name, a reminder until it comes, and the result.

On a case an instruction is an order of that case (`models.door.orders`). Where there is no case to hang it on, its words,
receipts and answers are those of a message (`models.ladder.talk`); what it is about is kept beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, func, insert, select, update

from config.sentences import say
from models import tables as t
from models.ladder import tables as lt
from models.ladder import talk
from models.moves import Actor, Refused, Role
from models.numbers import counted
from models.overview import tables as o

REMIND = 60
"""Minutes after which whoever has not given receipt is told again."""
SHOWN = 12
State = Literal["waiting", "received", "answered", "concluded"]


@dataclass(frozen=True)
class Instruction:
    """What a leader writes. `about` is `department` or `figure`; without departments it goes to the centre."""

    about: str
    code: str
    subject: str
    text: str
    departments: tuple[str, ...] = ()
    value: float | None = None
    as_of: datetime | None = None
    reply_due: datetime | None = None
    key: str | None = None


@dataclass(frozen=True)
class Standing:
    """An instruction and what became of it.

    Attributes:
        about: `case`, `department` or `figure`; code: of the case, the department, or the figure's name.
        received, addressed: how many have given receipt, of how many.
        result: the newest answer, "" for none.
        link: the path of the page that tells the whole.
    """

    number: str
    at: datetime
    about: str
    code: str
    text: str
    departments: tuple[str, ...]
    reply_due: datetime | None
    received: int
    addressed: int
    answered_at: datetime | None
    result: str
    state: State
    link: str


def give(
    connection: Connection, what: Instruction, actor: Actor, now: datetime, real: datetime, zone: ZoneInfo
) -> tuple[str, int, bool]:
    """Give an instruction; returns its number, its message, and whether it is new (a repeated key is the same one).

    Raises:
        Refused: not a leader, an unknown department, nobody behind an addressee, a reply due in the past.
    """
    if actor.role is not Role.LEADER:
        raise Refused("Only a leader gives instructions.", "Authorization")
    if what.reply_due is not None and what.reply_due <= now:
        raise Refused("A reply can be due only in the future.", "reply_due")
    departments = (what.code,) if what.about == "department" else what.departments
    known = set(connection.execute(select(t.department.c.code).where(t.department.c.code.in_(departments))).scalars())
    for code in departments:
        if code not in known:
            raise Refused(
                say("There is no department {code!r}.", code=code),
                "code" if what.about == "department" else "departments",
            )
    letter = talk.Letter(
        subject=what.subject,
        body=what.text,
        departments=departments,
        accounts=() if departments else _centre(connection),
        remind_minutes=REMIND,
        idempotency_key=what.key,
    )
    sent = talk.send(connection, letter, actor, now, real)
    if not sent.created:
        number = select(o.directive.c.number).where(o.directive.c.message_id == sent.message.id)
        return str(connection.execute(number).scalar_one()), int(sent.message.id), False
    row = {
        "message_id": sent.message.id, "by": actor.name, "at": now, "about": what.about, "code": what.code,
        "value": what.value, "as_of": what.as_of, "reply_due": what.reply_due,
        "number": _number(connection, now, zone),
    }  # fmt: skip
    connection.execute(insert(o.directive).values(**row))
    return str(row["number"]), int(sent.message.id), True


def _centre(connection: Connection) -> tuple[str, ...]:
    """Those at the desks of the centre."""
    a = t.account.c
    roles = (str(Role.OPERATOR), str(Role.DUTY))
    whole = (a.role.in_(roles), a.disabled.is_(False), a.area.is_(None), a.department.is_(None))
    names = tuple(connection.execute(select(a.name).where(*whole).order_by(a.name)).scalars())
    if not names:
        raise Refused("Nobody at the centre would get it; name a department.", "departments")
    return names


def _number(connection: Connection, now: datetime, zone: ZoneInfo) -> str:
    """`LD-20261126-0001`: the leaders' own numbers of the day; the counter's row is locked until the transaction ends."""
    day = f"{now.astimezone(zone):%Y%m%d}"
    return f"LD-{day}-{counted(connection, f'directive:{day}'):04d}"


def conclude(connection: Connection, number: str, actor: Actor, now: datetime) -> None:
    """销号: whoever gave it is content, or lets it be.

    Raises:
        Refused: there is none of this actor with that number, or it was concluded before.
    """
    d = o.directive.c
    mine = update(o.directive).where(d.number == number, d.by == actor.name, d.concluded_at.is_(None))
    row = connection.execute(mine.values(concluded_at=now).returning(d.message_id)).first()
    if row is None:
        raise Refused(say("No open instruction {number!r} of yours.", number=number), "number")
    m = lt.message.c
    connection.execute(update(lt.message).where(m.id == row.message_id).values(next_reminder_at=None))


# --- reading ---------------------------------------------------------------------------------------------------------


def standings(connection: Connection, actor: Actor, size: int = SHOWN) -> list[Standing]:
    """This leader's newest instructions of all kinds, newest first."""
    own = [_of_order(row) for row in _orders(connection, actor, size)]
    rows = _directives(connection, actor, size)
    messages = [row.message_id for row in rows]
    got, answers = talk.receipts(connection, messages), _answers(connection, {row.message_id: row.by for row in rows})
    own += [_of_directive(row, got.get(row.message_id, ()), answers.get(row.message_id)) for row in rows]
    return sorted(own, key=lambda one: one.at, reverse=True)[:size]


def _orders(connection: Connection, actor: Actor, size: int) -> Sequence[Row[Any]]:
    r = t.orders.c
    mine = (o.INSTRUCTION, r.issued_by == actor.name)
    rows = select(t.orders, t.cases.c.code).join(t.cases, t.cases.c.id == r.case_id).where(*mine)
    return connection.execute(rows.order_by(r.issued_at.desc()).limit(size)).all()


def _of_order(row: Row[Any]) -> Standing:
    over = row.concluded_at or row.withdrawn_at
    state: State = "concluded" if over else "answered" if row.done_at else "received" if row.receipt_at else "waiting"
    return Standing(
        number=row.number,
        at=row.issued_at,
        about="case",
        code=row.code,
        text=row.text,
        departments=(row.department,),
        reply_due=row.due_at,
        received=1 if row.receipt_at else 0,
        addressed=1,
        answered_at=row.done_at,
        result=row.result,
        state=state,
        link=f"/cases/{row.code}",
    )


def _directives(connection: Connection, actor: Actor, size: int) -> Sequence[Row[Any]]:
    d, m = o.directive.c, lt.message.c
    rows = select(o.directive, m.body, m.scope).join(lt.message, m.id == d.message_id).where(d.by == actor.name)
    return connection.execute(rows.order_by(d.at.desc(), d.id.desc()).limit(size)).all()


def _answers(connection: Connection, asked: Mapping[int, str]) -> Mapping[int, Any]:
    """Message → the newest reply that is not its sender's own."""
    m = lt.message.c
    rows = connection.execute(
        select(m.reply_to, m.sender, m.at, m.body).where(m.reply_to.in_(list(asked))).order_by(m.id)
    )
    return {row.reply_to: row for row in rows if row.sender != asked[row.reply_to]}


def _of_directive(row: Row[Any], got: Sequence[datetime | None], answer: Any) -> Standing:
    received = sum(acknowledged_at is not None for acknowledged_at in got)
    state: State = "concluded" if row.concluded_at else "answered" if answer else "received" if received else "waiting"
    return Standing(
        number=row.number,
        at=row.at,
        about=row.about,
        code=row.code,
        text=row.body,
        departments=tuple(row.scope.get("departments", ())),
        reply_due=row.reply_due,
        received=received,
        addressed=len(got),
        answered_at=answer.at if answer else None,
        result=answer.body if answer else "",
        state=state,
        link=f"/messages/{row.message_id}",
    )


def answered_since(connection: Connection, actor: Actor, since: datetime, until: datetime) -> int:
    """How many of this leader's instructions got a result between two instants."""
    r, d, m = t.orders.c, o.directive.c, lt.message.c
    orders = select(func.count()).where(o.INSTRUCTION, r.issued_by == actor.name, r.done_at >= since, r.done_at < until)
    told = lt.message.join(o.directive, d.message_id == m.reply_to)
    answers = select(func.count(func.distinct(d.id))).select_from(told)
    answers = answers.where(d.by == actor.name, m.sender != actor.name, m.at >= since, m.at < until)
    return sum(int(connection.execute(one).scalar_one()) for one in (orders, answers))
