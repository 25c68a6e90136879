"""What is around an emergency: open cases, grids and their posts. Cameras come from the register (`deskwork.nearby`)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, select

from models import tables as t
from models.filters import is_open
from models.geodesy import distance
from models.ladder import tables as lt

WIDER = 1.5
"""How far beyond the perimeter is looked."""
CASES, GRIDS = 30, 12
METRES = 111_320.0


@dataclass(frozen=True)
class Around:
    """What is near, the nearest first, each with its metres."""

    cases: Sequence[tuple[Any, float]]
    grids: Sequence[tuple[Any, float]]
    posts: dict[str, list[Any]]


def around(connection: Connection, longitude: float, latitude: float, radius: int) -> Around:
    """Open cases and grids within one and a half times the perimeter."""
    reach = radius * WIDER
    high = reach / METRES
    wide = high / max(0.1, math.cos(math.radians(latitude)))
    c = t.cases.c
    box = and_(
        is_open(),
        c.longitude.between(longitude - wide, longitude + wide),
        c.latitude.between(latitude - high, latitude + high),
    )
    columns = (c.code, c.title, c.level, c.stage, c.department, c.due_at, c.longitude, c.latitude)
    cases = [
        (row, distance(longitude, latitude, row.longitude, row.latitude))
        for row in connection.execute(select(*columns).where(box).order_by(c.level, c.id.desc()).limit(400))
    ]
    a = t.area.c
    grids = [
        (row, distance(longitude, latitude, row.label[0], row.label[1]))
        for row in connection.execute(select(a.code, a.name, a.name_en, a.label).where(a.level == "grid"))
        if row.label and abs(row.label[0] - longitude) <= wide and abs(row.label[1] - latitude) <= high
    ]
    near = sorted((one for one in grids if one[1] <= reach), key=lambda one: one[1])[:GRIDS]
    p = t.post.c
    posts: dict[str, list[Any]] = {}
    wanted = select(p.area, p.post, p.required, p.filled).where(p.area.in_([row.code for row, _ in near]))
    for row in connection.execute(wanted):
        posts.setdefault(row.area, []).append(row)
    inside = sorted((one for one in cases if one[1] <= reach), key=lambda one: one[1])[:CASES]
    return Around(inside, near, posts)


def told(connection: Connection, emergency: int) -> Sequence[Any]:
    """Who was told what, when it was opened and received: of an emergency, oldest first."""
    n, d = lt.notification.c, lt.delivery.c
    columns = (
        n.kind, n.reason, n.step, n.department, n.rung, n.at, d.channel, d.recipient, d.state, d.opened_at,
        d.acknowledged_at,
    )  # fmt: skip
    joined = lt.delivery.join(lt.notification, n.id == d.notification_id)
    return connection.execute(
        select(*columns).select_from(joined).where(n.emergency_id == emergency).order_by(n.id, d.id)
    ).all()


def accounts(connection: Connection) -> Sequence[Any]:
    """The accounts of the centre, to whom a role may be offered."""
    a = t.account.c
    wanted = select(a.name, a.role).where(a.role.in_(("operator", "duty", "leader")), a.disabled.is_(False))
    return connection.execute(wanted.order_by(a.role, a.name)).all()
