"""Deliveries over channels: claimed, tried, written down; at least once (healthchecks' pattern: claim, do, mark done).

A claim is a lease in real time. A worker that dies holds it no longer than `LEASE`; what it had sent but not marked is
sent once more. What a clock step would hold for longer counts as given up.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, insert, literal_column, or_, select, update

from models import tables as t
from models.ladder import tables as lt
from models.ladder.people import INBOX

LEASE = timedelta(seconds=60)
"""Longer than any sending may take."""
TOGETHER = 200
"""Deliveries of one channel that are claimed, and told, together at most."""
TRIES = 12
"""With the pauses below about eight hours; then it has failed, and the doctor says so."""
FIRST, LONGEST = timedelta(seconds=5), timedelta(hours=1)
Verdict = Literal["sent", "temporary", "permanent"]


@dataclass(frozen=True)
class Parcel:
    """Deliveries of one channel that are tried together. `rows` hold the delivery and what it tells."""

    channel: Row[Any]
    rows: Sequence[Row[Any]]


def pause(tries: int, chance: float) -> timedelta:
    """How long to wait after so many tries: doubled each time, between half and all of it by `chance` (0 to 1)."""
    doubled: timedelta = min(LONGEST, FIRST * float(2 ** min(tries - 1, 20)))
    return doubled * (0.5 + chance / 2)


def _ready(now: datetime, real: datetime) -> ColumnElement[bool]:
    d = lt.delivery.c
    free = or_(d.claimed_until.is_(None), d.claimed_until <= real, d.claimed_until > real + 2 * LEASE)
    return and_(lt.WAITING, d.not_before <= now, d.next_try_at <= real, free)


_TOLD = [
    lt.notification.c[name]
    for name in (
        "kind",
        "reason",
        "rung",
        "level",
        "department",
        "town",
        "title",
        "at",
        "due_at",
        "message_id",
        "emergency_id",
    )
]


_WHOLE = case((lt.notification.c.kind == "brief", lt.message.c.body), else_=None).label("text")
"""What leaves the house whole: a brief, which holds counts and masked titles. Of other messages only that they came."""


def waits(connection: Connection, now: datetime, real: datetime, busy: Collection[str] = ()) -> bool:
    """Whether anything is to be tried now; costs a look at an index, and no lock."""
    ready = and_(_ready(now, real), lt.delivery.c.channel.not_in(list(busy)))
    return connection.execute(select(lt.delivery.c.id).where(ready).limit(1)).first() is not None


def claim(connection: Connection, now: datetime, real: datetime, busy: Collection[str] = ()) -> Parcel | None:
    """Claim what is to be tried next on one channel, the gravest first; None where nothing waits.

    Args:
        now: county time, for quiet hours. real: real time, for claims and tries. busy: channels that are being tried.
    """
    d, n, k = lt.delivery.c, lt.notification.c, lt.channel.c
    ready = and_(_ready(now, real), d.channel.not_in(list(busy)))
    joined = lt.delivery.join(lt.notification, n.id == d.notification_id)
    name = connection.execute(
        select(d.channel).select_from(joined).where(ready).order_by(n.level, d.next_try_at).limit(1)
    ).scalar()
    if name is None:
        return None
    rows = connection.execute(
        select(lt.delivery, *_TOLD, t.cases.c.code, _WHOLE)
        .select_from(
            joined.outerjoin(t.cases, t.cases.c.id == n.case_id).outerjoin(lt.message, lt.message.c.id == n.message_id)
        )
        .where(ready, d.channel == name)
        .order_by(n.level, d.id)
        .limit(TOGETHER)
        .with_for_update(skip_locked=True, of=lt.delivery)
    ).all()
    channel = connection.execute(select(lt.channel).where(k.name == name)).first()
    if not rows or channel is None:
        return None
    claimed = update(lt.delivery).where(d.id.in_([row.id for row in rows]))
    connection.execute(claimed.values(claimed_until=real + LEASE))
    return Parcel(channel, rows)


def done(
    connection: Connection, parcel: Parcel, verdict: Verdict, detail: str, took_ms: int, real: datetime, chance: float
) -> None:
    """Write down how a sending went: an attempt for each delivery, and what follows for it."""
    connection.execute(
        insert(lt.attempt),
        [
            {
                "delivery_id": row.id,
                "at": real,
                "took_ms": took_ms,
                "outcome": verdict,
                "detail": detail[:200],
                "together": len(parcel.rows),
            }
            for row in parcel.rows
        ],
    )
    for row in parcel.rows:
        values = _after(row.tries + 1, verdict, detail, real, chance)
        connection.execute(update(lt.delivery).where(lt.delivery.c.id == row.id).values(values))


def _after(tries: int, verdict: Verdict, detail: str, real: datetime, chance: float) -> dict[str, Any]:
    values: dict[str, Any] = {"tries": tries, "claimed_until": None, "outcome": detail[:200]}
    if verdict == "sent":
        return values | {"state": "sent", "sent_at": real}
    if verdict == "permanent" or tries >= TRIES:
        return values | {"state": "failed"}
    return values | {"next_try_at": real + pause(tries, chance)}


@dataclass(frozen=True)
class Backlog:
    """How far the notifier is behind."""

    waiting: int
    """Deliveries whose time has come."""
    oldest: timedelta
    """How long the longest of them has been waiting."""
    failed: int
    """Failed for good since a day."""


def backlog(connection: Connection, now: datetime, real: datetime) -> Backlog:
    """How far the notifier is behind, retries left out: they wait for another machine, not for us."""
    d = lt.delivery.c
    due = and_(lt.WAITING, d.not_before <= now, d.next_try_at <= real)
    waiting, first = connection.execute(select(func.count(), func.min(d.next_try_at)).where(due)).one()
    failed = connection.execute(
        select(func.count()).where(d.state == "failed", d.next_try_at > real - timedelta(days=1))
    ).scalar_one()
    return Backlog(int(waiting), real - first if first else timedelta(), int(failed))


def totals(connection: Connection) -> Mapping[str, float]:
    """What is counted for Prometheus: deliveries that wait and that failed, over channels and in the inbox; of all that
    were ever made, only the last number, because their table grows with the years."""
    d = lt.delivery.c
    found: dict[str, float] = {
        f"deliveries_{where}_{state}": 0.0 for where in ("inbox", "channel") for state in STANDING
    }
    for state in STANDING:
        standing = d.state == literal_column(f"'{state}'")  # written out, so that the partial index is found
        for channel, count in connection.execute(select(d.channel, func.count()).where(standing).group_by(d.channel)):
            found[f"deliveries_{'inbox' if channel == INBOX else 'channel'}_{state}"] += count
    found["deliveries_made"] = float(connection.execute(select(func.coalesce(func.max(d.id), 0))).scalar_one())
    found["delivery_attempts"] = float(
        connection.execute(select(func.coalesce(func.max(lt.attempt.c.id), 0))).scalar_one()
    )
    return found


STANDING = ("waiting", "failed")
