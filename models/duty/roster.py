"""Who is on duty at a moment: the weekly roster with its dated exceptions. A pure core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Shift:
    """A shift of a certain day. `holder` is a title, empty where nobody holds it; instants are aware, `ends` excluded."""

    role: str
    name: str
    name_en: str
    holder: str
    holder_en: str
    phone: str
    starts: datetime
    ends: datetime
    reason: str = ""
    """Why it differs from the week's roster."""


def shifts_of(
    day: date, weekly: Sequence[Mapping[str, Any]], changes: Sequence[Mapping[str, Any]], zone: Any
) -> list[Shift]:
    """The shifts that start on a day. A change replaces the shift of its role and start, or adds one of its own.

    Args:
        weekly, changes: rows as the stored roster has them, times and days in ISO 8601.
    """
    changed = {(row["role"], _clock(row["starts"])): row for row in changes if date.fromisoformat(row["day"]) == day}
    todays = [row for row in weekly if row["weekday"] == day.isoweekday()]
    kept = [_shift(day, changed.pop((row["role"], _clock(row["starts"])), row), zone) for row in todays]
    return kept + [_shift(day, row, zone) for row in changed.values()]


def on_duty(local: datetime, weekly: Sequence[Mapping[str, Any]], changes: Sequence[Mapping[str, Any]]) -> list[Shift]:
    """The shifts that run at a local time and are held by somebody; a change that struck one leaves nobody."""
    days = (local.date() - ONE_DAY, local.date())
    running = [shift for day in days for shift in shifts_of(day, weekly, changes, local.tzinfo)]
    return [shift for shift in running if shift.starts <= local < shift.ends and shift.holder]


def _shift(day: date, row: Mapping[str, Any], zone: Any) -> Shift:
    starts, ends = _clock(row["starts"]), _clock(row["ends"])
    over = ONE_DAY if ends <= starts else timedelta()
    return Shift(
        role=row["role"],
        name=row["name"],
        name_en=row["name_en"],
        holder=row["holder"],
        holder_en=row["holder_en"],
        phone=row["phone"],
        starts=datetime.combine(day, starts, zone),
        ends=datetime.combine(day + over, ends, zone),
        reason=row.get("reason", ""),
    )


def _clock(text: str) -> time:
    return time.fromisoformat(text)
