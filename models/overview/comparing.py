"""同比 and 环比: what happened in a span so far, beside the same stretch of the span before and of the year before.

Whole days come from the daily roll-ups, the day that is not over from the cases of that one day: the cost grows with the
days of the span, never with the years.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from models import tables as t
from models.evaluation.periods import Month
from models.overview.windows import Window

Event = Literal["reported", "closed"]
Kind = Literal["day", "month"]


@dataclass(frozen=True)
class Stretch:
    """From the first instant of a local day (included) to `until` (left out), UTC."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class Stretches:
    """The running span, and the same stretch of the span before and of the year before."""

    now: Stretch
    before: Stretch
    last_year: Stretch


@dataclass(frozen=True)
class Compared:
    """A count beside those it is compared with; None where the county's records do not reach back that far."""

    event: Event
    now: int
    before: int | None
    last_year: int | None
    stretches: Stretches

    @property
    def window(self) -> Window:
        """The list behind `now`."""
        return Window(self.event, self.stretches.now.since, self.stretches.now.until)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def whole_second(at: datetime) -> datetime:
    """The second that an instant lies in: what a list's address can say without losing a case."""
    return at.replace(microsecond=0)


def stretches(kind: Kind, at: datetime, zone: ZoneInfo) -> Stretches:
    """The running day or month up to `at`, and what it is compared with: cut off at the same day and time of day."""
    at = whole_second(at)
    day = at.astimezone(zone).date()
    if kind == "day":
        passed = at - midnight(day, zone)
        before = midnight(day - timedelta(days=1), zone)
        last_year = midnight(_year_before(day), zone)
        return Stretches(
            Stretch(midnight(day, zone), at), Stretch(before, before + passed), Stretch(last_year, last_year + passed)
        )
    month = Month(day.year, day.month)
    now = Stretch(month.start(zone), at)
    return Stretches(now, *(_same(month, other, at, zone) for other in (month.plus(-1), month.plus(-12))))


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)


def _same(month: Month, other: Month, at: datetime, zone: ZoneInfo) -> Stretch:
    """The part of another month that is as long as the part of this one that has passed, or all of it."""
    local = at.astimezone(zone)
    whole = midnight(other.first + timedelta(days=local.day - 1), zone) + (at - midnight(local.date(), zone))
    return Stretch(other.start(zone), min(whole, other.end(zone)))


def compared(connection: Connection, event: Event, kind: Kind, at: datetime, zone: ZoneInfo) -> Compared:
    """The counts of the running day or month, and of what it is compared with."""
    wanted = stretches(kind, at, zone)
    first = connection.execute(select(func.min(t.cases.c.reported_at))).scalar()

    def known(stretch: Stretch) -> int | None:
        reaches = first is not None and first.astimezone(zone).date() <= stretch.since.astimezone(zone).date()
        return happened(connection, event, stretch, zone) if reaches else None

    now = happened(connection, event, wanted.now, zone)
    return Compared(event, now, known(wanted.before), known(wanted.last_year), wanted)


def happened(connection: Connection, event: Event, stretch: Stretch, zone: ZoneInfo) -> int:
    """How many cases were reported, or closed, in a stretch."""
    last = midnight(stretch.until.astimezone(zone).date(), zone)
    whole = _of_days(connection, event, stretch.since, last)
    return whole + _of_cases(connection, event, max(last, stretch.since), stretch.until)


def _of_days(connection: Connection, event: Event, since: datetime, until: datetime) -> int:
    y = t.daily.c
    total = select(func.coalesce(func.sum(y[event]), 0)).where(y.bucket >= since, y.bucket < until)
    return int(connection.execute(total).scalar_one())


def _of_cases(connection: Connection, event: Event, since: datetime, until: datetime) -> int:
    if since >= until:
        return 0
    here = Window(event, since, until).condition()
    return int(connection.execute(select(func.count()).select_from(t.cases).where(here)).scalar_one())


@dataclass(frozen=True)
class Day:
    """A local day of the trend."""

    day: date
    reported: int
    closed: int
    closed_with_due: int
    closed_in_time: int


def trend(connection: Connection, at: datetime, zone: ZoneInfo, days: int = 30) -> list[Day]:
    """The last days, oldest first, the running one last."""
    y = t.daily.c
    today = at.astimezone(zone).date()
    wanted = [today - timedelta(days=back) for back in reversed(range(days))]
    names = ("reported", "closed", "closed_with_due", "closed_in_time")
    rows = connection.execute(
        select(y.bucket, *(func.sum(y[name]) for name in names))
        .where(y.bucket >= midnight(wanted[0], zone), y.bucket <= midnight(today, zone))
        .group_by(y.bucket)
    )
    found = {row[0].astimezone(zone).date(): tuple(int(value) for value in row[1:]) for row in rows}
    return [Day(day, *found.get(day, (0, 0, 0, 0))) for day in wanted]
