"""Minutes of activity and days of online and sound time: written once a minute, read as rates per unit (在线率, 完好率)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from models import tables as t
from models.camera_health.tables import camera_day, camera_event, camera_minute

_d, _m = camera_day.c, camera_minute.c
_BITE = 200


@dataclass(frozen=True, slots=True)
class Minute:
    """What a camera did since the minute before: seconds it was watched, live, and live without a fault; pictures; and
    their mean activity (bits per pixel) and brightness (0..255)."""

    camera: str
    watched: float
    online: float
    sound: float
    pictures: int
    activity: float
    brightness: float


def keep(connection: Connection, minutes: Sequence[Minute], minute: datetime, day: date) -> None:
    """Add a minute of many cameras: the seconds to their day, the pictures' means as the minute's row.

    A camera that is not on the register any more is left out; a minute that is there already is left as it is.
    """
    known = set(connection.execute(select(t.camera.c.id)).scalars())
    there = [one for one in minutes if one.camera in known]
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    for start in range(0, len(there), _BITE):
        part = there[start : start + _BITE]
        rows = [
            {"camera": one.camera, "day": day, "watched": one.watched, "online": one.online, "sound": one.sound}
            for one in part
        ]
        days = insert(camera_day).values(rows)
        added = {name: camera_day.c[name] + days.excluded[name] for name in ("watched", "online", "sound")}
        connection.execute(days.on_conflict_do_update(index_elements=["camera", "day"], set_=added))
        seen = [
            {"camera": one.camera, "minute": minute, "pictures": one.pictures, "activity": one.activity,
             "brightness": one.brightness}
            for one in part if one.pictures
        ]  # fmt: skip
        if seen:
            connection.execute(insert(camera_minute).values(seen).on_conflict_do_nothing())


@dataclass(frozen=True, slots=True)
class Rate:
    """A unit's rates over some days, 0..1; None where nothing was watched. `cameras`: those that were watched."""

    unit: str
    cameras: int
    online: float | None
    sound: float | None


def by_unit(connection: Connection, first: date, last: date, unit: str = "owner") -> list[Rate]:
    """Online and sound rate of each unit over whole county days, both included.

    Args:
        unit: `owner` (department or whoever the register names) or `area`.
    """
    key = func.coalesce(t.camera.c[unit], "")
    return [_rate(row) for row in connection.execute(_sums(key).where(_d.day.between(first, last)).group_by(key))]


def by_day(connection: Connection, first: date, last: date) -> list[tuple[date, Rate]]:
    """The whole county's rates of each day, in order."""
    rows = connection.execute(_sums(_d.day).where(_d.day.between(first, last)).group_by(_d.day).order_by(_d.day))
    return [(row.unit, _rate(row)) for row in rows]


def of_units(connection: Connection, first: date, last: date) -> dict[str, list[tuple[date, Rate]]]:
    """Of each owner its rates of each day, in order: how a unit's cameras have become better or worse."""
    owner = func.coalesce(t.camera.c.owner, "")
    wanted = _sums(owner, _d.day).where(_d.day.between(first, last)).group_by(owner, _d.day).order_by(_d.day)
    found: dict[str, list[tuple[date, Rate]]] = {}
    for row in connection.execute(wanted):
        found.setdefault(str(row.unit), []).append((row.day, _rate(row)))
    return found


def _sums(key: Any, *more: Any) -> Any:
    return select(
        key.label("unit"),
        *more,
        func.count(func.distinct(_d.camera)).label("cameras"),
        func.sum(_d.watched).label("watched"),
        func.sum(_d.online).label("online"),
        func.sum(_d.sound).label("sound"),
    ).join(t.camera, t.camera.c.id == _d.camera)


def _rate(row: Row[Any]) -> Rate:
    watched = float(row.watched or 0.0)
    return Rate(str(row.unit), int(row.cameras), _share(row.online, watched), _share(row.sound, watched))


def _share(seconds: float, watched: float) -> float | None:
    return min(1.0, float(seconds) / watched) if watched else None


def activity(connection: Connection, camera: str, since: datetime, until: datetime) -> Sequence[Any]:
    """A camera's minutes in order: `minute`, `activity`, `brightness`, `pictures`."""
    wanted = select(_m.minute, _m.activity, _m.brightness, _m.pictures)
    return connection.execute(
        wanted.where(_m.camera == camera, _m.minute >= since, _m.minute < until).order_by(_m.minute)
    ).all()


MINUTES_KEPT = timedelta(days=7)


def forget_minutes(connection: Connection, now: datetime) -> int:
    """Delete minutes older than a week (the days stay); how many went. Call it now and then: it takes all at once of
    the oldest hour, which is 60 rows a camera."""
    oldest = connection.execute(select(func.min(_m.minute))).scalar()
    if oldest is None or oldest > now - MINUTES_KEPT:
        return 0
    until = min(oldest + timedelta(hours=1), now - MINUTES_KEPT)
    return int(connection.execute(delete(camera_minute).where(_m.minute < until)).rowcount)


def evidence_before(connection: Connection, before: datetime) -> Sequence[str]:
    """Digests of evidence pictures older than this that no legal hold keeps: for retention."""
    e = camera_event.c
    held = select(e.evidence).where(e.evidence.is_not(None), (e.hold.is_(True)) | (e.raised_at >= before))
    old = select(e.evidence).where(e.evidence.is_not(None), e.raised_at < before, e.evidence.not_in(held)).distinct()
    return list(connection.execute(old).scalars())


def forget_evidence(connection: Connection, digests: Sequence[str]) -> None:
    """The events stay; that they had a picture is forgotten with it."""
    e = camera_event.c
    gone = camera_event.update().where(e.evidence.in_(digests)).values(evidence=None, evidence_at=None)
    connection.execute(gone)
