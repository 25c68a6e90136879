"""Calendars for the tests of clocks: the official Chinese one of 2004 to 2026, with two sets of office hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import chinese_calendar
from hypothesis import settings

from models.calendars import Calendar

settings.register_profile("gridcommand", deadline=None)
settings.load_profile("gridcommand")
"""A time limit per example would fail on a busy machine: the first question to a calendar builds its index."""

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
KNOWN_YEARS = range(2004, 2027)
TWO_SEASONS = (
    ("10-01", "04-30", ("08:00-12:00", "14:00-18:00")),
    ("05-01", "09-30", ("08:00-12:00", "15:00-18:30")),
)
"""Summer days of 7.5 hours: a 工作日 of 8 hours ends on the next morning."""


def official_days() -> Iterator[tuple[date, str]]:
    for day in chinese_calendar.holidays:
        yield day, "holiday"
    for day in chinese_calendar.workdays:
        yield day, "workday"


CHINA = Calendar.of("Asia/Shanghai", official_days(), KNOWN_YEARS)
CHINA_SEASONS = Calendar.of("Asia/Shanghai", official_days(), KNOWN_YEARS, TWO_SEASONS)
BOSTON = Calendar.of(
    "America/New_York",
    [(date(2025, 11, 11), "holiday"), (date(2025, 11, 27), "holiday"), (date(2026, 1, 1), "holiday")],
    (2025, 2026),
    [("01-01", "12-31", ("09:00-17:00",))],
)


def local(text: str) -> datetime:
    """The UTC instant of a Shanghai wall time, "2026-03-09 08:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def boston(text: str, fold: int = 0) -> datetime:
    """The UTC instant of a Boston wall time; `fold=1` is the second showing of a repeated hour."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK, fold=fold).astimezone(UTC)
