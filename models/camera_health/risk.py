"""What counts for a camera's place in a patrol: open cases near by, faults, and what has taken the wall over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import cos, hypot, radians
from typing import Any

from sqlalchemy import Connection, case, func, select

from models import tables as t
from models.camera_health import events

_METRES_A_DEGREE = 111_320.0
NEAR_METRES = 1_500.0
"""Cameras this near to a case that takes the wall over are shown with it, besides those of its grid."""


@dataclass(frozen=True, slots=True)
class CameraRisk:
    """`open_cases`, `urgent_cases`: in the camera's grid; urgent is level 1 or 2, or past its due time."""

    camera: str
    open_cases: int
    urgent_cases: int
    faulty: bool
    focus: bool


def risks(connection: Connection, now: datetime) -> list[CameraRisk]:
    """Of every camera. `now`: county time."""
    k, c = t.cases.c, t.camera.c
    urgent = case(((k.level <= 2) | (k.due_at < now), 1), else_=0)
    counted = select(k.area, func.count().label("open"), func.sum(urgent).label("urgent"))
    found = {row.area: row for row in connection.execute(counted.where(t.OPEN).group_by(k.area))}
    standing = events.all_standing(connection)
    cameras = connection.execute(select(c.id, c.area, c.state, c.focus).order_by(c.id))
    return [
        CameraRisk(
            row.id,
            int(found[row.area].open) if row.area in found else 0,
            int(found[row.area].urgent) if row.area in found else 0,
            row.state in ("stalled", "offline") or row.id in standing,
            bool(row.focus),
        )
        for row in cameras
    ]


def taken_over(connection: Connection, most: int = 25) -> Sequence[str]:
    """The cameras of what has taken the wall over and is not acknowledged yet, the nearest first; usually none."""
    k, e, c = t.cases.c, t.escalation.c, t.camera.c
    waiting = select(k.area, k.longitude, k.latitude).join(t.escalation, e.case_id == k.id)
    alarms = connection.execute(waiting.where(t.UNANSWERED, e.takeover.is_(True), t.OPEN).limit(20)).all()
    if not alarms:
        return ()
    near: dict[str, float] = {}
    for row in connection.execute(select(c.id, c.area, c.longitude, c.latitude)):
        for alarm in alarms:
            away = _away(row, alarm)
            if away is not None and away < near.get(row.id, NEAR_METRES + 1.0):
                near[row.id] = away
    return sorted(near, key=lambda camera: (near[camera], camera))[:most]


def _away(camera: Any, alarm: Any) -> float | None:
    """Metres between a camera and a case; 0 in the same grid without a point; None where it is too far or unknown."""
    if None in (camera.longitude, camera.latitude, alarm.longitude, alarm.latitude):
        return 0.0 if camera.area == alarm.area else None
    east = (camera.longitude - alarm.longitude) * cos(radians(alarm.latitude))
    away = hypot(east, camera.latitude - alarm.latitude) * _METRES_A_DEGREE
    return away if away <= NEAR_METRES else None
