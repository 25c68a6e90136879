"""Receipt by name of what was told: the entry is received, and an alarm behind it is answered through the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from models import tables as t
from models.door import Deed
from models.ladder import inbox, talk
from models.moves import MOVES, Actor, Refused, Role

ORDERS_OF = {
    "urge": "urge", "receipt": "urge", "supervise": "supervise", "notice": "supervise", "instruction": "instruction",
}  # fmt: skip
"""Which kind of order is received with an entry of this kind."""


@dataclass(frozen=True)
class Received:
    """How many entries were received, and how many alarms were answered with them."""

    received: int
    answered: int


def receive(deed: Deed, actor: Actor, rows: Sequence[Any], now: datetime) -> Received:
    """Receive these entries of this actor's own inbox.

    An alarm that this actor may answer is answered: it climbs no further. The desk that is urged, supervised or instructed
    gives receipt of the numbered order with it. Where somebody was quicker, or the role may only read, the entry is
    received all the same, which proves that it was seen.
    """
    answered = 0
    for row in rows:
        if row.escalation_id is not None and row.settled_at is None and actor.role in MOVES["acknowledge"].roles:
            answered += _move(deed, actor, row, "acknowledge", now, {"escalation": row.escalation_id})
        if row.kind in ORDERS_OF and row.settled_at is None and actor.role is Role.DEPARTMENT:
            for number in _orders(deed, actor, row):
                _move(deed, actor, row, "receive-order", now, {"order": number})
        if row.message_id is not None:
            talk.receive(deed.db, row.message_id, actor.name, now)
    return Received(inbox.received(deed.db, actor.name, [row.id for row in rows], now), answered)


def _orders(deed: Deed, actor: Actor, row: Any) -> Sequence[str]:
    """The orders of this kind that had been given to the actor's desk by then and that it has not received."""
    o, c = t.orders.c, t.cases.c
    given = (o.department == actor.department, o.kind == ORDERS_OF[row.kind], o.issued_at <= row.at)
    waits = (o.receipt_at.is_(None), o.withdrawn_at.is_(None), o.concluded_at.is_(None))
    found = select(o.number).join(t.cases, c.id == o.case_id).where(c.code == row.code, *given, *waits)
    return deed.db.execute(found.order_by(o.id)).scalars().all()


def _move(deed: Deed, actor: Actor, row: Any, action: str, now: datetime, fields: dict[str, Any]) -> int:
    try:
        with deed.db.begin_nested():
            deed.move(row.code, action, actor, now, fields)
    except Refused:
        return 0
    return 1
