"""Working calendars: which seconds of which days are office hours, in a county's zone, over several years.

Rules: domain.md §4. Weekdays work, weekends and official holidays rest, make-up days (调休) work; a year
without an official calendar is refused, never guessed. Inside, everything is whole seconds since 1970 in UTC.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ONE_DAY = timedelta(days=1)
HOUR = 3_600
DAY = 86_400
"""Seconds of a calendar day."""
WORK_DAY = 28_800
"""Seconds of a 工作日 unless a county says otherwise: 8 working hours (domain.md §4)."""

MonthDay = tuple[int, int]
Hours = tuple[time, time]
"""Local wall times from (included), to (excluded); `time(0)` as the second is midnight at the day's end."""


class Unit(StrEnum):
    """What a limit counts (domain.md §4)."""

    URGENT_HOUR = "urgent_hour"  # 紧急工作时: continuous time, nights too
    WORK_HOUR = "work_hour"  # 工作时: office hours only
    WORK_DAY = "work_day"  # 工作日: a fixed number of working hours, 8 unless a county says otherwise
    CALENDAR_DAY = "calendar_day"  # 自然日: the same local time of day so many dates later


class Scale(Protocol):
    """A clock face: it shows how much a unit has counted at a second, and never runs backwards."""

    def reading(self, second: int) -> int:
        """What it shows at that second after 1970."""

    def reached(self, reading: int) -> int:
        """The first second at which it shows that much."""


class CalendarError(ValueError):
    """A calendar that contradicts itself. The text is a sentence naming what was expected and what came."""


class UnknownYear(Exception):
    """Working time was asked for in a year without an official calendar. Try again after its import."""

    def __init__(self, year: int) -> None:
        super().__init__(
            f"There is no official calendar for {year}, so its working days are unknown: import the official "
            f"notice of holidays and make-up days with `gridcommand import calendar FILE`."
        )
        self.year = year

    def __reduce__(self) -> tuple[type[UnknownYear], tuple[int]]:
        return (UnknownYear, (self.year,))


def seconds_of(moment: datetime) -> int:
    """Whole seconds since 1970 of an aware instant; a started second counts as not yet passed.

    Raises:
        ValueError: the instant has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"expected an instant with a zone (2026-01-05T08:00:00Z), not the naive {moment}")
    return (moment - EPOCH) // SECOND


def instant_of(seconds: int) -> datetime:
    """The UTC instant that many seconds after 1970 began."""
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True, slots=True)
class Season:
    """Office hours from one month-day to another, both included; 10-01 to 04-30 runs across New Year."""

    first: MonthDay
    last: MonthDay
    hours: tuple[Hours, ...]

    def covers(self, day: date) -> bool:
        here = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last


ALL_YEAR: tuple[Season, ...] = (Season((1, 1), (12, 31), ((time(8), time(12)), (time(14), time(18)))),)
"""Office hours 08:00–12:00 and 14:00–18:00, the default of domain.md §4."""
PLAIN_HOURS: tuple[tuple[str, str, tuple[str, ...]], ...] = (("01-01", "12-31", ("08:00-12:00", "14:00-18:00")),)
"""The same as plain values."""


@dataclass(frozen=True, slots=True)
class Span:
    """Office hours, or the part of them that counted."""

    from_at: datetime
    to_at: datetime
    seconds: int


@dataclass(frozen=True, slots=True)
class Worked:
    """The office hours of one local day, or the part of them that counted."""

    day: date
    spans: tuple[Span, ...]
    seconds: int
    whole: bool
    """All office hours of the day are here."""
    make_up: bool
    """It is a make-up working day (调休)."""
    kind: Literal["worked"] = "worked"


@dataclass(frozen=True, slots=True)
class Rested:
    """Consecutive local days of rest, first and last included."""

    first: date
    last: date
    holidays: int
    """How many of them the official notice names."""
    weekends: int
    """How many of them rest as an ordinary weekend only."""
    kind: Literal["rested"] = "rested"


@dataclass(frozen=True, slots=True)
class _Agenda:
    """All known days in order, each working day and each run of rest as one step; `days` are their first days."""

    days: list[date]
    steps: list[Worked | Rested]


@dataclass(frozen=True, slots=True)
class _Index:
    """Every working span of the known years in order, with the seconds worked before it and after it."""

    starts: list[int]
    ends: list[int]
    before: list[int]
    after: list[int]
    first: int
    """The second at which the first known year begins."""
    last: int
    """The second at which the year after the last known one begins."""


@dataclass(frozen=True)
class Calendar:
    """One county's working time: immutable, compared by value, safe to share between threads.

    `zone`: office hours are wall times there. `holidays` rest and `workdays` (调休) work on any weekday.
    `years`: the years whose official calendar is known, without a gap. `work_day_seconds`: the working
    seconds that one 工作日 stands for. `weekend`: the weekdays that rest, Monday is 0.

    A limit of N 工作日 is N × `work_day_seconds` of office hours. Where a season's office day is shorter or
    longer than that (a summer day of 7.5 h), a 工作日 still is 8 working hours: it then ends a little into
    the next day, or before the day's end.

    Raises:
        CalendarError: seasons that leave a day out or overlap, hours out of order, a day that both rests and
            works, years with a gap.
    """

    zone: ZoneInfo
    office_hours: tuple[Season, ...] = ALL_YEAR
    holidays: frozenset[date] = field(default=frozenset(), repr=False)
    workdays: frozenset[date] = field(default=frozenset(), repr=False)
    years: frozenset[int] = frozenset()
    work_day_seconds: int = WORK_DAY
    weekend: frozenset[int] = frozenset({5, 6})

    def __post_init__(self) -> None:
        _check_seasons(self.office_hours)
        _check_days(self.holidays, self.workdays)
        _check_years(self.years)
        if self.work_day_seconds <= 0:
            raise CalendarError(f"a working day must have some working seconds, not {self.work_day_seconds}")

    @classmethod
    def of(
        cls,
        zone: str,
        days: Iterable[tuple[date, str]],
        years: Iterable[int],
        office_hours: Iterable[tuple[str, str, Iterable[str]]] = PLAIN_HOURS,
        work_day_hours: int = 8,
    ) -> Calendar:
        """A calendar from plain values, as files hold them.

        Args:
            days: (date, "holiday" | "workday") rows of the official notices.
            years: the years those notices cover. Not taken from `days`, as a notice also names days of its
                neighbour: the one for 2019 made 2018-12-31 a holiday.
            office_hours: (first "MM-DD", last "MM-DD", spans "HH:MM-HH:MM").

        Raises:
            CalendarError: a kind of day, a month-day or hours that cannot be read, or what the class refuses.
        """
        rest, work = _by_kind(days)
        seasons = tuple(
            Season(_month_day(first), _month_day(last), tuple(_hours(span) for span in spans))
            for first, last, spans in office_hours
        )
        return cls(ZoneInfo(zone), seasons, rest, work, frozenset(years), work_day_hours * 3600)

    def works(self, day: date) -> bool:
        """Is this a working day?

        Raises:
            UnknownYear: the day's year has no official calendar.
        """
        if day.year not in self.years:
            raise UnknownYear(day.year)
        if day in self.workdays:
            return True
        return day.weekday() not in self.weekend and day not in self.holidays

    def working_spans(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """The office hours of a local day as UTC instants, from and to; empty on a day of rest.

        Raises:
            UnknownYear: the day's year has no official calendar.
        """
        return tuple((instant_of(start), instant_of(end)) for start, end in self._spans(day))

    def scale(self, unit: Unit) -> Scale:
        """The face on which a unit is counted. Only working units ask for official calendars."""
        match unit:
            case Unit.URGENT_HOUR:
                return Steady()
            case Unit.CALENDAR_DAY:
                return Wall(self.zone)
            case Unit.WORK_HOUR | Unit.WORK_DAY:
                return self

    def seconds_per(self, unit: Unit) -> int:
        """What one of a unit is, in seconds of its scale."""
        match unit:
            case Unit.URGENT_HOUR | Unit.WORK_HOUR:
                return HOUR
            case Unit.WORK_DAY:
                return self.work_day_seconds
            case Unit.CALENDAR_DAY:
                return DAY

    def reading(self, second: int) -> int:
        """Working seconds from the first known year's beginning up to this second.

        Raises:
            UnknownYear: the second lies in a year without an official calendar.
        """
        index = self._index
        if not index.first <= second <= index.last or not self.years:
            raise UnknownYear(instant_of(second).astimezone(self.zone).year)
        at = bisect_right(index.starts, second) - 1
        return index.before[at] + min(second, index.ends[at]) - index.starts[at] if at >= 0 else 0

    def reached(self, reading: int) -> int:
        """The first second by which that many working seconds were worked; the inverse of `reading`.

        Raises:
            UnknownYear: the known years do not hold that much working time; the first missing one is named.
        """
        index = self._index
        at = bisect_left(index.after, reading)
        if at == len(index.after):
            raise UnknownYear(instant_of(index.last).astimezone(self.zone).year)
        return index.starts[at] + reading - index.before[at]

    def stretch(self, begin: int, end: int) -> list[Worked | Rested]:
        """The working days and the runs of rest between two seconds of known years, in order, cut to them.

        A day of rest on which the stretch ends is left out, as is a working day without hours in it.
        """
        begin_at, end_at = instant_of(begin), instant_of(end)
        first, last = begin_at.astimezone(self.zone).date(), end_at.astimezone(self.zone).date()
        agenda = self._agenda
        steps = agenda.steps[bisect_right(agenda.days, first) - 1 : bisect_right(agenda.days, last)]
        edges = {0, len(steps) - 1}
        cut = [self._cut(steps[at], begin_at, end_at, first, last) for at in sorted(edges)]
        return [step for step in (cut[0], *steps[1:-1], *cut[1:]) if step]

    def _cut(
        self, step: Worked | Rested, begin: datetime, end: datetime, first: date, last: date
    ) -> Worked | Rested | None:
        if isinstance(step, Rested):
            return self._rest(max(step.first, first), min(step.last + ONE_DAY, last))
        if begin <= step.spans[0].from_at and step.spans[-1].to_at <= end:
            return step
        return _part(step, begin, end)

    def _rest(self, first: date, until: date) -> Rested | None:
        """Days of rest, `until` not included."""
        count = (until - first).days
        if count <= 0:
            return None
        holidays = sum(first + timedelta(days=number) in self.holidays for number in range(count))
        return Rested(first, until - ONE_DAY, holidays, count - holidays)

    def _spans(self, day: date) -> Iterator[tuple[int, int]]:
        if not self.works(day):
            return
        hours = next(season for season in self.office_hours if season.covers(day)).hours
        midnight = self._midnight(day)
        plain = self._midnight(day + ONE_DAY) - midnight == DAY  # the zone's clocks are not changed on this day
        for opens, closes in hours:
            if plain:
                yield midnight + _of_day(opens), midnight + (_of_day(closes) or DAY)
            else:
                yield from self._changed(day, opens, closes)

    def _changed(self, day: date, opens: time, closes: time) -> Iterator[tuple[int, int]]:
        """Hours of a day on which clocks are set: as long as they really last, none where they are skipped."""
        closing_day = day if closes != time(0) else day + ONE_DAY
        start = wall_second(datetime.combine(day, opens), self.zone)
        end = wall_second(datetime.combine(closing_day, closes), self.zone, second_pass=True)
        if start < end:
            yield start, end

    @cached_property
    def _agenda(self) -> _Agenda:
        """Built once per calendar; what is asked of it later are slices."""
        agenda = _Agenda([], [])
        resting: date | None = None
        for day in self._known_days():
            spans = tuple(Span(instant_of(a), instant_of(b), b - a) for a, b in self._spans(day))
            if not spans:
                resting = resting or day
                continue
            self._note(agenda, resting, day)
            resting = None
            agenda.days.append(day)
            seconds = sum(span.seconds for span in spans)
            agenda.steps.append(Worked(day, spans, seconds, True, day in self.workdays))
        if self.years:
            self._note(agenda, resting, date(max(self.years) + 1, 1, 1))
        return agenda

    def _note(self, agenda: _Agenda, resting: date | None, until: date) -> None:
        rest = self._rest(resting, until) if resting else None
        if rest:
            agenda.days.append(rest.first)
            agenda.steps.append(rest)

    def _known_days(self) -> Iterator[date]:
        if self.years:
            first, after = date(min(self.years), 1, 1), date(max(self.years) + 1, 1, 1)
            yield from map(date.fromordinal, range(first.toordinal(), after.toordinal()))

    @cached_property
    def _index(self) -> _Index:
        """Built once per calendar (0.1 s for 23 years); each later question is one bisection."""
        if not self.years:
            return _Index([], [], [], [], 0, 0)
        bounds = (date(min(self.years), 1, 1), date(max(self.years) + 1, 1, 1))
        index = _Index([], [], [], [], *(self._midnight(day) for day in bounds))
        worked = 0
        for step in self._agenda.steps:
            for span in step.spans if isinstance(step, Worked) else ():
                index.starts.append(seconds_of(span.from_at))
                index.ends.append(seconds_of(span.to_at))
                index.before.append(worked)
                worked += span.seconds
                index.after.append(worked)
        return index

    def _midnight(self, day: date) -> int:
        return wall_second(datetime.combine(day, time(0)), self.zone)


def _part(step: Worked, begin: datetime, end: datetime) -> Worked | None:
    """A day's hours between two instants."""
    cut = [(max(span.from_at, begin), min(span.to_at, end)) for span in step.spans]
    spans = tuple(Span(start, stop, (stop - start) // SECOND) for start, stop in cut if start < stop)
    if not spans:
        return None
    return Worked(step.day, spans, sum(span.seconds for span in spans), False, step.make_up)


@dataclass(frozen=True, slots=True)
class Steady:
    """The face of continuous time: each second counts, by night and on holidays."""

    def reading(self, second: int) -> int:
        return second

    def reached(self, reading: int) -> int:
        return reading


@dataclass(frozen=True, slots=True)
class Wall:
    """The face of a zone's wall clock, for limits in calendar days: 17:00 plus 3 days is 17:00.

    It differs from continuous time only where clocks are set back (it stands still while an hour is shown
    again) or forward (it jumps); a limit that ends in skipped time ends at the jump.
    """

    zone: ZoneInfo

    def reading(self, second: int) -> int:
        return wall_reading(second, self.zone)

    def reached(self, reading: int) -> int:
        return wall_reached(reading, self.zone)


def wall_second(wall: datetime, zone: ZoneInfo, second_pass: bool = False) -> int:
    """The second at which a zone's clocks show a naive wall time.

    A time shown twice (clocks set back) is its first showing, or the second with `second_pass`. A time never
    shown (clocks set forward) is the moment of the jump: the first at which the clocks have passed it.
    """
    early, late = (seconds_of(wall.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    if early <= late:
        return late if second_pass else early
    return _jump(late, early, zone)


def wall_reading(second: int, zone: ZoneInfo) -> int:
    """What a zone's clocks show, as seconds since 1970-01-01 00:00 on the wall; it never runs backwards.

    While clocks show an hour for the second time the reading stands still at the most they ever showed.
    """
    local = datetime.fromtimestamp(second, zone)
    offset = local.utcoffset() or timedelta(0)
    if not local.fold:
        return second + offset // SECOND
    before = local.replace(fold=0).utcoffset() or timedelta(0)
    turned = _jump(second - (before - offset) // SECOND, second, zone)
    return turned + before // SECOND


def wall_reached(reading: int, zone: ZoneInfo) -> int:
    """The second at which the clocks first show a `wall_reading`, or pass it where they skip it."""
    return wall_second(datetime(1970, 1, 1) + timedelta(seconds=reading), zone)  # noqa: DTZ001 (a wall has no zone)


def _jump(low: int, high: int, zone: ZoneInfo) -> int:
    """The second in (low, high] at which the zone's offset changes."""
    offset = datetime.fromtimestamp(low, zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high


def _check_seasons(seasons: tuple[Season, ...]) -> None:
    for season in seasons:
        _check_hours(season)
    leap_year = (date(2024, 1, 1) + timedelta(days=number) for number in range(366))
    for day in leap_year:
        found = sum(season.covers(day) for season in seasons)
        if found != 1:
            raise CalendarError(f"each day needs the office hours of exactly one season; {day:%m-%d} has {found}")


def _check_hours(season: Season) -> None:
    name = "the season {:02}-{:02} to {:02}-{:02}".format(*season.first, *season.last)
    if not season.hours:
        raise CalendarError(f"{name} has no office hours; expected at least one span such as 08:00-12:00")
    spans = [(_of_day(opens), _of_day(closes) or DAY) for opens, closes in season.hours]
    in_order = all(opens < closes for opens, closes in spans)
    apart = all(sooner[1] <= later[0] for sooner, later in pairwise(spans))
    if not (in_order and apart):
        shown = ", ".join(f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in season.hours)
        raise CalendarError(f"{name}: office hours must follow each other within one day, not {shown}")


def _of_day(moment: time) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _check_days(holidays: frozenset[date], workdays: frozenset[date]) -> None:
    both = sorted(holidays & workdays)
    if both:
        raise CalendarError(f"a day either rests or works; {', '.join(map(str, both))} is named as both")


def _check_years(years: frozenset[int]) -> None:
    ordered = sorted(years)
    for sooner, later in pairwise(ordered):
        if later != sooner + 1:
            raise CalendarError(f"a calendar's years must follow each other; after {sooner} comes {later}")
    if ordered and not 1970 <= ordered[0] <= ordered[-1] < 2200:
        raise CalendarError(f"a calendar's years lie between 1970 and 2199, not {ordered[0]} to {ordered[-1]}")


def _by_kind(days: Iterable[tuple[date, str]]) -> tuple[frozenset[date], frozenset[date]]:
    found: dict[str, set[date]] = {"holiday": set(), "workday": set()}
    for day, kind in days:
        if kind not in found:
            raise CalendarError(f"{day} is a {kind!r}; expected 'holiday' or 'workday'")
        found[kind].add(day)
    return frozenset(found["holiday"]), frozenset(found["workday"])


def _month_day(text: str) -> MonthDay:
    try:
        day = date.fromisoformat(f"2024-{text}")
    except ValueError as error:
        raise CalendarError(f"expected a month and day such as 05-01, not {text!r}") from error
    return day.month, day.day


def _hours(text: str) -> Hours:
    opens, _, closes = text.partition("-")
    try:
        return time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip().replace("24:00", "00:00"))
    except ValueError as error:
        raise CalendarError(f"expected office hours such as 08:00-12:00, not {text!r}") from error
