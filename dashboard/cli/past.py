"""The demonstration's long past: a thin stream of reports before the thirty days that are told densely, so that months
and the year before can be compared. Some months are small, and some departments slower than others. Pure.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

BEGINS, ENDS = 430, 30
"""Days ago."""
YEAR = 365.25
BASE, GROWN, WAVE = 0.6, 2.4, 0.25
"""Reports a day long ago and lately, and how much summer has more than winter."""


def moments(now: datetime, zone: ZoneInfo, hours: Sequence[int], dice: Random) -> list[datetime]:
    """When the reports of the long past came, oldest first.

    Args:
        hours: how reports share out over the hours of a day.
    """
    found = []
    for days_ago in range(ENDS, BEGINS):
        start = (now - timedelta(days=days_ago + 1)).astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        for _ in range(_number(_per_day(days_ago, start), dice)):
            hour = dice.choices(range(24), hours)[0]
            at = start + timedelta(hours=hour + dice.random())
            found.append(at.astimezone(now.tzinfo))
    return sorted(at for at in found if at < now - timedelta(days=ENDS))


def _per_day(days_ago: int, at: datetime) -> float:
    share = (BEGINS - days_ago) / (BEGINS - ENDS)
    season = 1 + WAVE * math.sin(2 * math.pi * (at.timetuple().tm_yday - 80) / YEAR)
    return (BASE + (GROWN - BASE) * share**3) * season


def _number(mean: float, dice: Random) -> int:
    """A whole number with this mean, spread a little; the means here are small."""
    return max(0, round(dice.gauss(mean, math.sqrt(mean))))


def late_share(department: str, at: datetime) -> float:
    """How much of its work a department brings in late: each has its own habit, and its better and worse quarters."""
    habit = int(hashlib.sha256(department.encode()).hexdigest()[:4], 16) / 0xFFFF
    wave = math.sin(at.timestamp() / 86_400 / 29 + 6 * habit)
    return 0.02 + 0.16 * habit**2 + 0.03 * max(0.0, wave)
