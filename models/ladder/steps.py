"""The steps of the ladder as rows, inside the door's transaction: a case's history in, notifications and deliveries out.

A step is told in the same transaction that takes it: a worker that is killed has done both or neither, and the unique
name of a step within its case lets no second worker take it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from models import tables as t
from models.calendars import Unit
from models.casetimes import STAGE_CLOCKS
from models.clocks import Limit
from models.ladder import people as who
from models.ladder import tables as lt
from models.ladder.plan import Alarm, History, Kind, Stay, Step, heard_from, next_step
from models.moves import ENDED, Stage
from models.rules import RuleBook

IN_HAND = frozenset({Stage.DISPATCHED, Stage.HANDLING})
"""Stages in which a department has the case in hand; in all others the centre has."""


BY_HAND = {"urge": "urged", "supervise": "supervised", "instruction": "instruction"}
"""Why somebody is told of an order that a person gave, by its kind."""


def holder(case: Row[Any]) -> str | None:
    """The department that has the case in hand, or None for the centre."""
    return case.department if case.stage in IN_HAND else None


def history(connection: Connection, case: Row[Any]) -> History:
    """What the ladder must know of a case."""
    n, e, o = lt.notification.c, t.escalation.c, t.orders.c
    rungs = connection.execute(
        select(e.rung, e.reason, e.ack_due_at, e.acknowledged_at).where(e.case_id == case.id).order_by(e.rung)
    ).all()
    told = connection.execute(select(n.step, n.at).where(n.case_id == case.id)).all()
    in_hand = holder(case)
    order = None
    if in_hand is not None:
        living = select(o.issued_at, o.receipt_at).where(
            o.case_id == case.id, o.withdrawn_at.is_(None), o.part == "lead", o.kind == "dispatch"
        )
        order = connection.execute(living.order_by(o.id.desc()).limit(1)).first()
    top = rungs[-1] if rungs else None
    return History(
        level=case.level,
        clock_from=case.clock_from,
        due_at=case.due_at,
        limit=_limit(case),
        department=in_hand,
        issued_at=order.issued_at if order else None,
        receipt_at=order.receipt_at if order else None,
        paused=case.stage == Stage.SUSPENDED,
        ended=case.stage in ENDED,
        alarm=Alarm(top.rung, top.ack_due_at, top.acknowledged_at is not None) if top else None,
        called_at_expiry=any(row.reason == "breach" for row in rungs),
        stay=_stay(case),
        told={row.step: row.at for row in told},
    )


def _stay(case: Row[Any]) -> Stay | None:
    clock = STAGE_CLOCKS.get(case.stage)
    if clock is None or case.stage_since is None or case.stage_due_at is None:
        return None
    return Stay(clock, case.stage_since, case.stage_due_at)


def _limit(case: Row[Any]) -> Limit | None:
    if case.limit_amount is None or case.limit_unit is None or case.due_basis != "rule":
        return None
    return Limit(case.limit_amount, Unit(case.limit_unit))


def following(connection: Connection, rules: RuleBook, case: Row[Any], now: datetime) -> Step | None:
    """The next step of a case; see `plan.next_step`."""
    if case.stage in (Stage.MERGED, Stage.SUSPENDED) or (case.stage in ENDED and case.stage_due_at is None):
        return None  # a merged case goes with another, a suspended one waits, an ended one may wait for its return call
    return next_step(rules.ladder, history(connection, case), now, rules.calendar)


def tell(
    connection: Connection,
    rules: RuleBook,
    case: Row[Any],
    step: Step,
    now: datetime,
    *,
    real: datetime,
    people: who.People,
    reason: str = "",
    escalation: Row[Any] | None = None,
) -> int:
    """Write down that a step is told, and to whom; returns the notification's id.

    Args:
        now: county time. real: real time, from which tries are counted.
        escalation: the rung's row, for the steps that call a contact.

    Raises:
        IntegrityError: the step was taken before.
    """
    role = None
    if step.kind in who.CALLS:
        role = rules.ladder.rungs[step.number - 1].role
    elif step.kind is Kind.HIGHER and rules.ladder.rungs:
        role = rules.ladder.rungs[0].role
    values = {
        "kind": str(step.kind),
        "step": step.key,
        "escalation_id": escalation.id if escalation is not None else None,
        "reason": reason,
        "rung": step.number if step.kind in who.CALLS else None,
        "ack_due_at": escalation.ack_due_at if escalation is not None else None,
    }
    recipients = who.told(people, step.kind, holder(case), role, (case.area, case.town))
    return _write(connection, rules, case, values, recipients, now, real)


def tell_order(
    connection: Connection,
    rules: RuleBook,
    case: Row[Any],
    order: tuple[str, str, str],
    now: datetime,
    *,
    real: datetime,
    people: who.People,
) -> None:
    """Put an order beside the disposal that a person gave (urge, supervision, instruction) before the desk it addresses.

    Args:
        order: its number, which is the name of the step; its kind; the department.
    """
    number, kind, department = order
    recipients = who.told(people, Kind.SUPERVISE, department, None, (case.area, case.town))
    values = {"kind": kind, "step": number, "reason": BY_HAND[kind], "department": department}
    _write(connection, rules, case, values, recipients, now, real)


def _write(
    connection: Connection,
    rules: RuleBook,
    case: Row[Any],
    values: dict[str, Any],
    recipients: Sequence[tuple[str, str]],
    now: datetime,
    real: datetime,
) -> int:
    common = {
        "case_id": case.id,
        "level": case.level,
        "department": case.department,
        "town": case.town,
        "title": case.title,
        "at": now,
        "due_at": case.due_at,
    }
    row = insert(lt.notification).returning(lt.notification.c.id)
    key = connection.execute(row, common | values).scalar_one()
    deliver(connection, key, recipients, real=real, not_before=heard_from(rules.ladder, case.level, now, rules.zone))
    return int(key)


def deliver(
    connection: Connection,
    notification: int,
    recipients: Sequence[tuple[str, str]],
    *,
    real: datetime,
    not_before: datetime,
) -> None:
    """One delivery for each `(channel, recipient)`. The inbox has it at once; a channel's worker takes the rest."""
    rows = [
        {
            "notification_id": notification,
            "channel": channel,
            "recipient": recipient,
            "not_before": not_before,
            "next_try_at": real,
            **_beginning(channel, recipient, real),
        }
        for channel, recipient in recipients
    ]
    connection.execute(insert(lt.delivery), rows)


def _beginning(channel: str, recipient: str, real: datetime) -> dict[str, Any]:
    if recipient == who.NOBODY:
        return {"state": "failed", "sent_at": None, "outcome": "nobody"}
    if channel == who.INBOX:
        return {"state": "sent", "sent_at": real, "outcome": ""}
    return {"state": "waiting", "sent_at": None, "outcome": ""}


def settle(connection: Connection, case_id: int, now: datetime, by: str, kinds: Sequence[str] | None = None) -> None:
    """Nobody need act any more on what was told of a case (of these kinds; None: of any): it was answered, received, or
    has ended."""
    n = lt.notification.c
    open_ = update(lt.notification).where(n.case_id == case_id, n.settled_at.is_(None))
    if kinds is not None:
        open_ = open_.where(n.kind.in_([str(kind) for kind in kinds]))
    connection.execute(open_.values(settled_at=now, settled_by=by))


def settle_order(connection: Connection, case_id: int, number: str, now: datetime, by: str) -> None:
    """… on an order that was answered, concluded or withdrawn."""
    n = lt.notification.c
    told = update(lt.notification).where(n.case_id == case_id, n.step == number, n.settled_at.is_(None))
    connection.execute(told.values(settled_at=now, settled_by=by))
