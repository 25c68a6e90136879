"""Which stored cases the scorer of duplicates looks at: few, found by area and time, whatever the age of the store."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, false, or_, select

from models import tables as t
from models.duplicates import RADIUS, WINDOW, Facts, Likeness, offered
from models.filters import scope
from models.moves import Actor, Stage

MOST = 300
"""Candidates that are scored at most, newest first."""
DEGREE = 111_320.0
"""Metres of a degree of latitude."""


def facts(case: Any) -> Facts:
    """What the scorer wants of a row of `cases`; only the masked title, so that no contact makes two cases alike."""
    return Facts(
        code=case.code,
        category=case.category,
        happened_at=case.happened_at,
        area=case.area,
        longitude=case.longitude,
        latitude=case.latitude,
        words=case.title,
    )


def alike(connection: Connection, one: Facts, actor: Actor, most: int = 5) -> Sequence[tuple[Likeness, Row[Any]]]:
    """Cases that may be the same matter, most alike first, of those that this actor may know of."""
    rows = {row.code: row for row in connection.execute(_candidates(one, actor))}
    found = offered(one, (facts(row) for row in rows.values()), most)
    return [(pair, rows[pair.code]) for pair in found]


def _candidates(one: Facts, actor: Actor) -> Any:
    c = t.cases.c
    places = [c.area == one.area] if one.area is not None else []
    if one.longitude is not None and one.latitude is not None:
        high = RADIUS / DEGREE
        wide = high / max(0.1, math.cos(math.radians(one.latitude)))
        places.append(
            and_(
                c.longitude.between(one.longitude - wide, one.longitude + wide),
                c.latitude.between(one.latitude - high, one.latitude + high),
            )
        )
    # Both bounds on `reported_at` are there for the index; what counts is when it happened, which is never later.
    within = c.reported_at.between(one.happened_at - WINDOW, one.happened_at + 2 * WINDOW)
    wanted = and_(scope(actor), within, or_(false(), *places), c.code != one.code, c.stage != Stage.VOID)
    return select(t.cases).where(wanted).order_by(c.reported_at.desc()).limit(MOST)
