"""Letting go of what nobody needs any more, in small bites, so that no writer waits (reliability.md §1.4)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from models import tables as t
from models.store import Store

BITE = 200
"""Rows per transaction."""
KEPT = 5_000
"""Facts that stay whatever their age: a screen that was away may ask for that many."""
SHORTEST = timedelta(days=7)


def trim_outbox(store: Store, now: datetime, older: timedelta) -> int:
    """Delete one bite of facts older than `older`, the oldest first, and return how many went.

    Call it again, after a pause of 5 ms or more, until it returns 0: then nothing is left to do.

    Raises:
        ValueError: `older` is less than 7 days.
    """
    if older < SHORTEST:
        raise ValueError(f"Facts are kept for {SHORTEST.days} days at least; {older} was asked for.")
    number = t.outbox.c.number
    with store.read() as connection:
        first, last = connection.execute(select(func.min(number), func.max(number))).one()
        if first is None or first > last - KEPT:
            return 0
        until = min(first + BITE, last - KEPT + 1)
        newest = connection.execute(select(t.outbox.c.at).where(number < until).order_by(number.desc()).limit(1))
        if newest.scalar_one() > now - older:
            return 0
    with store.write() as connection:
        return int(connection.execute(delete(t.outbox).where(number < until)).rowcount)
