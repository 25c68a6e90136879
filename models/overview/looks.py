"""What changed since a leader last looked: each account's last look is kept, and the next visit is told what came since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from models import tables as t
from models.filters import scope
from models.moves import Actor
from models.overview import tables as o
from models.overview.windows import Window
from models.store import upserting

VISIT = timedelta(minutes=15)
"""Real time without the page after which the next look is another visit."""
LONGEST = timedelta(days=14)
"""Changes further back are not counted one by one: then the month's figures say more."""
FRESH = timedelta(minutes=1)
"""A look that was kept so lately is not kept again: a page that is open asks every few seconds."""
CHANGES = ("reported", "closed", "lapsed", "escalated")


@dataclass(frozen=True)
class Look:
    """The visit before this one: county time at its end, and what the figures said then. None: there was none."""

    at: datetime | None
    figures: Mapping[str, Any]


def fresh(connection: Connection, account: str, real: datetime) -> Look | None:
    """The visit before, where this account's look was kept a moment ago; None where it is to be kept."""
    row = connection.execute(select(o.look).where(o.look.c.account == account)).first()
    return Look(row.before_at, row.before) if row is not None and real - row.seen_real < FRESH else None


def looked(connection: Connection, account: str, figures: Mapping[str, int], now: datetime, real: datetime) -> Look:
    """Keep that this account looks now, and say when it looked before.

    Args:
        figures: what the page says now. now: county time. real: real time, by which visits are told apart.
    """
    k = o.look.c
    row = connection.execute(select(o.look).where(k.account == account)).first()
    before = Look(None, {}) if row is None else Look(row.before_at, row.before)
    if row is not None and real - row.seen_real > VISIT:
        before = Look(row.seen_at, row.figures)
    values = {
        "seen_real": real, "seen_at": now, "figures": dict(figures), "before_at": before.at,
        "before": dict(before.figures),
    }  # fmt: skip
    dialect = upserting(connection.dialect.name)
    kept = dialect.insert(o.look).values(account=account, **values)
    connection.execute(kept.on_conflict_do_update(index_elements=["account"], set_=values))
    return before


def changes(connection: Connection, actor: Actor, since: datetime, until: datetime) -> Mapping[str, tuple[int, str]]:
    """What happened between two instants: name → how often, and the window that lists it."""
    found = {}
    for event in CHANGES:
        window = Window(event, since, until)
        count = select(func.count()).select_from(t.cases).where(scope(actor), window.condition())
        found[event] = (int(connection.execute(count).scalar_one()), str(window))
    return found
