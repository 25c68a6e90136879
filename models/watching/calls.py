"""Cameras called to the walls: "these cameras now, then give back". How an emergency takes over every patrol.

    calls.call(connection, "emergency:17", cameras, now=real_now())    # the nearest first; again with others: these instead
    calls.give_back(connection, "emergency:17")                        # the patrols go on where they were

In the caller's own transaction. The streams process looks every five seconds (`streams.rounds`); each patrol shows those of
its own plan, as many as it has tiles. A call that nobody gives back ends by itself: a forgotten one must not blind a wall.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from models.watching import tables as w

LONGEST = timedelta(hours=12)
MOST = 25


def call(
    connection: Connection, key: str, cameras: Sequence[str], *, now: datetime, lasting: timedelta = LONGEST
) -> None:
    """Call these cameras, the most important first; more than a wall has tiles are left out. No cameras: give back.

    Args:
        key: whose call it is, `emergency:ID`; there is one call for each.
        now: real time. `lasting`: after which it ends by itself, twelve hours at most.
    """
    give_back(connection, key)
    chosen = list(dict.fromkeys(cameras))[:MOST]
    if chosen:
        until = now + min(lasting, LONGEST)
        connection.execute(insert(w.camera_call).values(key=key, cameras=chosen, called_at=now, until=until))


def give_back(connection: Connection, key: str) -> bool:
    """End a call; False where there is none."""
    return bool(connection.execute(delete(w.camera_call).where(w.camera_call.c.key == key)).rowcount)


def called(connection: Connection, now: datetime) -> tuple[str, ...]:
    """The cameras of every call that stands, the newest call's first."""
    c = w.camera_call.c
    rows = connection.execute(select(c.cameras).where(c.until > now).order_by(c.called_at.desc(), c.key)).scalars()
    return tuple(dict.fromkeys(camera for cameras in rows for camera in cameras))
