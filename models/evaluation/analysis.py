"""分析研判: what stands out of a week or a month against its own past, by place, category and day; what comes again and
again at one place; what rises and what falls. Counts come from daily sums, each opens the cases behind it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, true, update

from models import tables as t
from models.evaluation import tables as e
from models.evaluation.periods import Month
from models.evaluation.statistics import Cell, Standing, standing_out
from models.store import Store

CURSOR = "analysis"
OVERLAP = 500
"""Rows of the past that are looked at again: PostgreSQL commits ids out of order."""
MANY = 20_000
SPANS: dict[str, int] = {"week": 8, "month": 6}
REPEATS = 3
"""So many reports of one kind at one address within the span are a repeated complaint."""
SHOWN = 12

Kind = Literal["week", "month"]


@dataclass(frozen=True)
class Span:
    """A week (Monday to Sunday) or a month of the county's calendar; `last` is the day behind it."""

    kind: Kind
    first: date
    last: date

    @classmethod
    def around(cls, kind: Kind, day: date) -> Span:
        """The span of this kind that holds a day."""
        if kind == "week":
            first = day - timedelta(days=day.weekday())
            return cls(kind, first, first + timedelta(days=7))
        month = Month(day.year, day.month)
        return cls(kind, month.first, month.plus(1).first)

    def back(self, spans: int) -> Span:
        """So many spans before."""
        if self.kind == "week":
            return Span(self.kind, self.first - timedelta(days=7 * spans), self.last - timedelta(days=7 * spans))
        month = Month(self.first.year, self.first.month).plus(-spans)
        return Span(self.kind, month.first, month.plus(1).first)

    def until(self, day: date) -> Span:
        """The same span cut off behind a day that is not over or not there yet; whole where it is past."""
        return Span(self.kind, self.first, min(self.last, day + timedelta(days=1)))

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days


@dataclass(frozen=True)
class Repeat:
    """The same kind of case again and again at one address."""

    area: str
    category: str
    address: str
    cases: int


@dataclass(frozen=True)
class Sheet:
    """A week's or month's sheet (周分析, 月汇总).

    Attributes:
        span: what it tells of, cut off at today. spans: how many equal spans of the past it is compared with.
        total: the reports of the span and what is usual in as many days.
        places, categories, days, spots: what stands out: grid; category; day against the same weekday; grid and category.
        moved: categories and towns that rise or fall, the largest difference first, whether they stand out or not.
    """

    span: Span
    spans: int
    total: Cell
    places: Sequence[Standing]
    categories: Sequence[Standing]
    days: Sequence[Standing]
    spots: Sequence[Standing]
    moved: Sequence[Cell]
    repeats: Sequence[Repeat]
    tested: int
    as_of: datetime
    waiting: bool = False
    """Whether more cases than a page may count itself are not in the daily sums yet: the worker is at it."""


# --- daily sums ------------------------------------------------------------------------------------------------------


def keep_up(store: Store, zone: ZoneInfo, *, limit: int | None = None) -> int:
    """Bring the daily sums up to date; returns how many days were counted anew.

    Args:
        limit: leave it where more new cases than this have come (the worker will do it).
    """
    with store.read() as connection:
        last = int(connection.execute(select(func.max(t.cases.c.id))).scalar() or 0)
        known = connection.execute(select(t.counter.c.value).where(t.counter.c.name == CURSOR)).scalar()
        seen = int(known or 0)
        if last == seen or (limit is not None and last - seen > limit):
            return 0
        days = _touched(connection, zone, seen, last)
    for day in days:
        with store.write() as connection:
            _count_day(connection, zone, day)
    with store.write() as connection:
        if known is None:
            connection.execute(insert(t.counter).values(name=CURSOR, value=last))
        else:
            connection.execute(update(t.counter).where(t.counter.c.name == CURSOR).values(value=last))
    return len(days)


def behind(connection: Connection) -> int:
    """How many of the newest cases the daily sums do not hold."""
    last = connection.execute(select(func.max(t.cases.c.id))).scalar()
    known = connection.execute(select(t.counter.c.value).where(t.counter.c.name == CURSOR)).scalar()
    return int(last or 0) - int(known or 0)


def _touched(connection: Connection, zone: ZoneInfo, seen: int, last: int) -> list[date]:
    c = t.cases.c
    if last - seen > MANY:
        first, final = connection.execute(select(func.min(c.reported_at), func.max(c.reported_at))).one()
        start, end = first.astimezone(zone).date(), final.astimezone(zone).date()
        return [start + timedelta(days=n) for n in range((end - start).days + 1)]
    moments = connection.execute(select(c.reported_at).where(c.id > seen - OVERLAP)).scalars()
    return sorted({at.astimezone(zone).date() for at in moments})


def _count_day(connection: Connection, zone: ZoneInfo, day: date) -> None:
    c, y = t.cases.c, e.day_count.c
    start, end = instant(day, zone), instant(day + timedelta(days=1), zone)
    rows = connection.execute(
        select(c.area, c.town, c.category, func.count())
        .where(c.reported_at >= start, c.reported_at < end)
        .group_by(c.area, c.town, c.category)
    ).all()
    connection.execute(delete(e.day_count).where(y.day == day))
    counted: Counter[tuple[str, str, str]] = Counter()
    for area, town, category, number in rows:
        counted[area or "", town or "", category] += number
    values = [
        {"day": day, "area": area, "town": town, "category": category, "reported": number}
        for (area, town, category), number in counted.items()
    ]
    if values:
        connection.execute(insert(e.day_count), values)


def instant(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


# --- a sheet ---------------------------------------------------------------------------------------------------------


def sheet(
    connection: Connection, zone: ZoneInfo, kind: Kind, day: date, now: datetime, area: str | None = None
) -> Sheet:
    """The sheet of the span that holds a day, as far as it has come.

    Args:
        area: a town or grid that the asker is bound to.
    """
    today = now.astimezone(zone).date()
    whole = Span.around(kind, min(day, today))
    span = whole.until(today)
    pasts = _pasts(connection, whole, span)
    counts = _counts(connection, pasts[-1].first if pasts else span.first, span.last, area)
    ours = [(past.first, past.last) for past in pasts]
    cells = {name: _cells(counts, pick, span, ours) for name, pick in _PICKS.items()}
    tide = _tide(cells["total"])
    found = {
        name: standing_out([replace(cell, tide=tide) for cell in mine])
        for name, mine in cells.items()
        if name not in ("total", "town")
    }
    days = _day_cells(counts, span, SPANS["week"])
    total = cells["total"][0] if cells["total"] else Cell(("",), 0, 0, len(pasts))
    return Sheet(
        span=span,
        spans=len(pasts),
        total=total,
        places=found["place"][:SHOWN],
        categories=found["category"][:SHOWN],
        spots=found["spot"][:SHOWN],
        days=standing_out(days)[:SHOWN],
        moved=_moved([*cells["category"], *cells["town"]]),
        repeats=_repeats(connection, zone, span, area),
        tested=sum(len(mine) for name, mine in cells.items() if name in found) + len(days),
        as_of=now,
    )


Counts = Sequence[tuple[date, str, str, str, int]]
"""Day, town, area, category, reports."""
_PICKS: dict[str, Callable[[str, str, str], tuple[str, ...] | None]] = {
    "total": lambda town, area, category: ("",),
    "place": lambda town, area, category: (area,) if area else None,
    "town": lambda town, area, category: ("town", town) if town else None,
    "category": lambda town, area, category: ("category", category),
    "spot": lambda town, area, category: (area, category) if area else None,
}


def _tide(total: Sequence[Cell]) -> float:
    """How many times as much as usual the whole reports; 1 where one of the two is nothing."""
    return total[0].now / total[0].usual if total and total[0].now and total[0].past else 1.0


def _pasts(connection: Connection, whole: Span, span: Span) -> list[Span]:
    """The same days of as many spans before as there is history for, the nearest first."""
    first = connection.execute(select(func.min(e.day_count.c.day))).scalar()
    found = []
    for back in range(1, SPANS[whole.kind] + 1):
        before = whole.back(back)
        if first is None or before.first < first:
            break
        found.append(Span(whole.kind, before.first, min(before.last, before.first + timedelta(days=span.days))))
    return found


def _counts(connection: Connection, first: date, last: date, area: str | None) -> Counts:
    y = e.day_count.c
    here = true() if area is None else or_(y.area == area, y.town == area)
    earliest = first - timedelta(days=7 * SPANS["week"])
    rows = connection.execute(
        select(y.day, y.town, y.area, y.category, y.reported).where(y.day >= earliest, y.day < last, here)
    )
    return [tuple(row) for row in rows]


def _cells(counts: Counts, pick: Any, span: Span, pasts: Sequence[tuple[date, date]]) -> list[Cell]:
    now: Counter[tuple[str, ...]] = Counter()
    past: Counter[tuple[str, ...]] = Counter()
    for day, town, area, category, number in counts:
        key = pick(town, area, category)
        if key is None:
            continue
        if span.first <= day < span.last:
            now[key] += number
        elif any(first <= day < last for first, last in pasts):
            past[key] += number
    return [Cell(key, now[key], past[key], len(pasts)) for key in {*now, *past}]


def _day_cells(counts: Counts, span: Span, weeks: int) -> list[Cell]:
    """Each day of the span against the same weekday of the weeks before."""
    by_day: Counter[date] = Counter()
    for day, _town, _area, _category, number in counts:
        by_day[day] += number
    first = min(by_day, default=span.first)
    found = []
    for n in range(span.days):
        day = span.first + timedelta(days=n)
        before = [day - timedelta(days=7 * back) for back in range(1, weeks + 1)]
        before = [one for one in before if one >= first]
        found.append(Cell((day.isoformat(),), by_day[day], sum(by_day[one] for one in before), len(before)))
    return found


def _moved(cells: Sequence[Cell]) -> list[Cell]:
    """The largest differences to what is usual, both ways."""
    known = [cell for cell in cells if cell.spans and cell.now != cell.usual]
    known.sort(key=lambda cell: (-abs(cell.now - cell.usual), cell.key))
    return known[:SHOWN]


def _repeats(connection: Connection, zone: ZoneInfo, span: Span, area: str | None) -> list[Repeat]:
    c = t.cases.c
    number = func.count()
    here = true() if area is None else or_(c.area == area, c.town == area)
    within = and_(c.reported_at >= instant(span.first, zone), c.reported_at < instant(span.last, zone))
    rows = connection.execute(
        select(c.area, c.category, c.address, number)
        .where(within, here, c.address != "", c.area.is_not(None))
        .group_by(c.area, c.category, c.address)
        .having(number >= REPEATS)
        .order_by(number.desc(), c.address)
        .limit(SHOWN)
    )
    return [Repeat(*row) for row in rows]
