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
from models.emergencies.tables import emergency

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
    """The cameras that every patrol shows now instead of its round; usually none.

    Those around running emergencies come first, then those of alarms that have taken the wall over and are not acknowledged,
    each the nearest first. Nobody has to call or to give back: a running emergency is the call, its end gives back.
    """
    k, e, m, c = t.cases.c, t.escalation.c, emergency.c, t.camera.c
    waiting = select(k.area, k.longitude, k.latitude).join(t.escalation, e.case_id == k.id)
    alarms = connection.execute(waiting.where(t.UNANSWERED, e.takeover.is_(True), t.OPEN).limit(20)).all()
    places = select(m.area, m.longitude, m.latitude, m.radius_m).where(m.state == "running")
    emergencies = connection.execute(places.order_by(m.level, m.running_at.desc()).limit(20)).all()
    if not alarms and not emergencies:
        return ()
    cameras = connection.execute(select(c.id, c.area, c.longitude, c.latitude)).all()
    found = [*_near(cameras, emergencies), *_near(cameras, alarms)]
    return list(dict.fromkeys(found))[:most]


def _near(cameras: Sequence[Any], places: Sequence[Any]) -> Sequence[str]:
    """The cameras within reach of any of these places, the nearest first."""
    near: dict[str, float] = {}
    for row in cameras:
        for place in places:
            away = _away(row, place)
            if away is not None and away < near.get(row.id, float("inf")):
                near[row.id] = away
    return sorted(near, key=lambda camera: (near[camera], camera))


def _away(camera: Any, alarm: Any) -> float | None:
    """Metres between a camera and a place; 0 in the same grid without a point; None where it is too far or unknown.
    Within reach is `NEAR_METRES`, or an emergency's own perimeter where that is wider."""
    if None in (camera.longitude, camera.latitude, alarm.longitude, alarm.latitude):
        return 0.0 if camera.area == alarm.area else None
    east = (camera.longitude - alarm.longitude) * cos(radians(alarm.latitude))
    away = hypot(east, camera.latitude - alarm.latitude) * _METRES_A_DEGREE
    return away if away <= max(NEAR_METRES, getattr(alarm, "radius_m", 0)) else None
