"""The golden table: deadlines worked out by hand (`how` = hand, with the reckoning) or by stepping (`how` = stepped).

All times are Shanghai wall time. `hours` plain is 08:00–12:00 and 14:00–18:00 all year; seasons has 7.5-hour summer
days from May to September. The stepping below knows nothing of the product: it asks the package `chinesecalendar`
whether a day works and walks minute by minute.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

import chinese_calendar
import pytest
from known_calendars import CHINA, CHINA_SEASONS, SHANGHAI, local

from models.calendars import Calendar
from models.clocks import Limit, Pause, Unit, due, elapsed

MINUTE = timedelta(minutes=1)


class Row(NamedTuple):
    how: str
    hours: str
    start: str
    amount: str
    unit: str
    pauses: str
    extensions: str
    due: str
    working: str


def read() -> list[Row]:
    with Path(__file__).with_name("golden_deadlines.csv").open(encoding="utf-8", newline="") as file:
        return [Row(**row) for row in csv.DictReader(file)]


ROWS = read()
CALENDARS = {"plain": CHINA, "seasons": CHINA_SEASONS}


def product(row: Row, calendar: Calendar | None = None) -> str:
    """What the product says, as the table writes it."""
    pauses = [Pause(local(a), local(b) if b else None) for a, b in spans(row.pauses)]
    extensions = [local(text) for text in row.extensions.split(";") if text]
    limit = Limit(Decimal(row.amount), Unit(row.unit))
    answer = due(local(row.start), limit, calendar or CALENDARS[row.hours], pauses, extensions).due_at
    return answer.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if answer else ""


def spans(text: str) -> Iterator[tuple[str, str]]:
    for span in filter(None, text.split(";")):
        began, _, ended = span.partition("/")
        yield began, ended


@cache
def works(day: date) -> bool:
    return bool(chinese_calendar.is_workday(day))


def counts(row: Row, at: datetime) -> bool:
    """Does this minute count for the unit?"""
    if row.unit in ("urgent_hour", "calendar_day"):
        return True
    minute = at.hour * 60 + at.minute
    opens, closes = (900, 1110) if row.hours == "seasons" and 5 <= at.month <= 9 else (840, 1080)
    return works(at.date()) and (480 <= minute < 720 or opens <= minute < closes)


def stepped(row: Row) -> datetime | None:
    """The first minute at which nothing is left, by walking all minutes; None where an open pause holds the clock."""
    per_unit = {"urgent_hour": 60, "work_hour": 60, "work_day": 480, "calendar_day": 1440}[row.unit]
    extensions = len(list(filter(None, row.extensions.split(";"))))
    left = int(Decimal(row.amount) * per_unit) * (1 + extensions)
    pauses = [tuple(map(datetime.fromisoformat, filter(None, span))) for span in spans(row.pauses)]
    at = datetime.fromisoformat(row.start)
    while left:
        held = [pause for pause in pauses if pause[0] <= at and (len(pause) == 1 or at < pause[1])]
        if any(len(pause) == 1 for pause in held):
            return None
        if not held and counts(row, at):
            left -= 1
        at += MINUTE
    return at


def test_the_table_is_as_large_and_as_wide_as_promised() -> None:
    assert len(ROWS) >= 200
    assert sum(row.how == "hand" for row in ROWS) >= 80
    for hours in CALENDARS:
        assert {row.unit for row in ROWS if row.hours == hours} == set(Unit)
    assert all(row.working for row in ROWS if row.how == "hand")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.how} {row.start} {row.amount} {row.unit}")
def test_deadline_equals_the_golden_table(row: Row) -> None:
    assert product(row) == row.due


def test_stepping_minute_by_minute_agrees_with_every_row() -> None:
    for row in ROWS:
        reached = stepped(row)
        assert (reached.strftime("%Y-%m-%d %H:%M") if reached else "") == row.due, row


def test_time_spent_by_the_due_time_is_the_limit_in_every_row() -> None:
    for row in ROWS:
        if row.due:
            calendar = CALENDARS[row.hours]
            unit = Unit(row.unit)
            pauses = [Pause(local(a), local(b) if b else None) for a, b in spans(row.pauses)]
            times = 1 + len(list(filter(None, row.extensions.split(";"))))
            spent = elapsed(local(row.start), local(row.due), unit, calendar, pauses)
            assert spent == Decimal(row.amount) * calendar.seconds_per(unit) * times, row


def without_make_up_days(calendar: Calendar) -> Calendar:
    return replace(calendar, workdays=frozenset())


def with_one_years_holidays_only(calendar: Calendar) -> Calendar:
    return replace(
        calendar,
        holidays=frozenset(day for day in calendar.holidays if day.year == 2026),
        workdays=frozenset(day for day in calendar.workdays if day.year == 2026),
    )


def without_the_noon_break(calendar: Calendar) -> Calendar:
    return Calendar.of("Asia/Shanghai", (), calendar.years, [("01-01", "12-31", ("08:00-16:00",))])


def in_utc(calendar: Calendar) -> Calendar:
    return Calendar.of("UTC", [(day, "holiday") for day in calendar.holidays], calendar.years)


@pytest.mark.parametrize("fault", [without_make_up_days, with_one_years_holidays_only, without_the_noon_break, in_utc])
def test_the_table_notices_a_planted_fault(fault: Callable[[Calendar], Calendar]) -> None:
    broken = {hours: fault(calendar) for hours, calendar in CALENDARS.items()}
    assert any(product(row, broken[row.hours]) != row.due for row in ROWS)
