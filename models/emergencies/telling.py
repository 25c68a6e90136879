"""Who is told what of an emergency: notifications and deliveries in the change's own transaction (`models.ladder`)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, insert, or_, select, update

from models.door.writing import Writing
from models.emergencies.rooms import Room, place_of
from models.ladder import people as who
from models.ladder import tables as lt
from models.ladder.plan import Kind, Step
from models.ladder.steps import deliver

KIND = "emergency"
"""The kind of every notification of an emergency that is no step of the ladder."""
DRILL = "【演练】"


def tell_department(work: Writing, room: Room, department: str, key: str, reason: str, now: datetime) -> None:
    """A department's desk is told."""
    pairs = who.told(work.people, Kind.RECEIPT, department, None, place_of(room.row))
    _tell(work, room, key, KIND, reason, pairs, now, department=department)


def tell_centre(work: Writing, room: Room, key: str, reason: str, now: datetime, department: str | None = None) -> None:
    """Those on duty and the operators are told."""
    pairs = who.told(work.people, Kind.RECEIPT, None, None, place_of(room.row))
    _tell(work, room, key, KIND, reason, pairs, now, department=department)


def tell_accounts(work: Writing, room: Room, accounts: Sequence[str], key: str, reason: str, now: datetime) -> None:
    """These people are told by name."""
    _tell(work, room, key, KIND, reason, [(who.INBOX, name) for name in dict.fromkeys(accounts)], now)


def tell_step(work: Writing, room: Room, department: str, key: str, step: Step, now: datetime) -> None:
    """A step of a silent department's ladder: the desk is urged, then its contacts are called in turn."""
    role = work.rules.ladder.rungs[step.number - 1].role if step.kind in who.CALLS else None
    pairs = who.told(work.people, step.kind, department, role, place_of(room.row))
    rung = step.number if step.kind in who.CALLS else None
    _tell(work, room, key, str(step.kind), "silent", pairs, now, department=department, rung=rung)


def _tell(
    work: Writing,
    room: Room,
    key: str,
    kind: str,
    reason: str,
    pairs: Sequence[tuple[str, str]],
    now: datetime,
    *,
    department: str | None = None,
    rung: int | None = None,
) -> None:
    row = room.row
    values = {
        "kind": kind,
        "emergency_id": row.id,
        "step": key,
        "reason": reason,
        "rung": rung,
        "level": 1,  # an emergency of whatever level is told at once and never in a group of ordinary cases
        "department": department,
        "town": row.town,
        "title": f"{DRILL if row.drill else ''}{row.number} {row.title}"[:200],
        "at": now,
    }
    found = work.db.execute(insert(lt.notification).returning(lt.notification.c.id), values).scalar_one()
    deliver(work.db, int(found), list(pairs), real=work.real, not_before=now)


def settle(work: Writing, room: Room, now: datetime, by: str, department: str | None = None) -> None:
    """Nobody need act any more on what was told: of one department that has answered, or of the whole emergency."""
    n, d = lt.notification.c, lt.delivery.c
    which = n.emergency_id == room.row.id
    if department is not None:
        of_call = or_(n.reason == "called", n.reason == "silent")
        which = and_(which, n.department == department, of_call)
        # Whoever answers in the room has seen what was told to them: that is their receipt.
        mine = (d.channel == who.INBOX, d.recipient == by, d.acknowledged_at.is_(None))
        seen = update(lt.delivery).where(d.notification_id.in_(select(n.id).where(which)), *mine)
        work.db.execute(seen.where(d.opened_at.is_(None)).values(opened_at=now))
        work.db.execute(seen.values(acknowledged_at=now))
    open_ = update(lt.notification).where(which, n.settled_at.is_(None))
    work.db.execute(open_.values(settled_at=now, settled_by=by))


def named(step: str) -> str:
    """A step's name as short as its column wants it; two long names stay two."""
    return step if len(step) <= 28 else f"{step[:18]}{hashlib.sha256(step.encode()).hexdigest()[:10]}"


def fresh_key(work: Writing, room: Room, key: str) -> str:
    """`key`, or `key.2`, `key.3` … where something was told under it before."""
    n = lt.notification.c
    wanted = select(n.step).where(n.emergency_id == room.row.id, n.step.like(f"{key}%"))
    taken = set(work.db.execute(wanted).scalars())
    number = 1
    while (name := key if number == 1 else f"{key}.{number}") in taken:
        number += 1
    return name
