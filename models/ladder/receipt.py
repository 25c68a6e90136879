"""Receipt by name of what was told: the entry is received, and an alarm behind it is answered through the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.door import Deed
from models.ladder import inbox, talk
from models.moves import MOVES, Actor, Refused


@dataclass(frozen=True)
class Received:
    """How many entries were received, and how many alarms were answered with them."""

    received: int
    answered: int


def receive(deed: Deed, actor: Actor, rows: Sequence[Any], now: datetime) -> Received:
    """Receive these entries of this actor's own inbox.

    An alarm that this actor may answer is answered: it climbs no further. Where somebody was quicker, or the role may
    only read, the entry is received all the same, which proves that it was seen.
    """
    answered = 0
    for row in rows:
        if row.escalation_id is not None and row.settled_at is None and actor.role in MOVES["acknowledge"].roles:
            answered += _answer(deed, actor, row, now)
        if row.message_id is not None:
            talk.receive(deed.db, row.message_id, actor.name, now)
    return Received(inbox.received(deed.db, actor.name, [row.id for row in rows], now), answered)


def _answer(deed: Deed, actor: Actor, row: Any, now: datetime) -> int:
    try:
        with deed.db.begin_nested():
            deed.move(row.code, "acknowledge", actor, now, {"escalation": row.escalation_id})
    except Refused:
        return 0
    return 1
