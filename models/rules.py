"""The rule book: a county's reference data as one immutable value, read from the database and asked by the door."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Text, cast, select

from config.sentences import say
from models import tables as t
from models.calendars import Calendar, UnknownYear
from models.clocks import Limit, Pause, Unit, due, mark
from models.ladder.plan import Ladder, answer_due, ladder_of, reply_due
from models.moves import Refused
from models.places import Place, PlaceIndex
from models.store import Store

REFERENCE = "reference"
"""Counter row that grows with every change of reference data: whoever holds a rule book looks at it."""
UNDRAWN = (None, "null")
"""How an area without a shape is kept."""
LEAP = 2000
"""A leap year, for month-days without a year."""


@dataclass(frozen=True)
class Category:
    """A leaf of the category tree. `limit_amount` and `limit_unit` are None where no limit is set."""

    code: str
    name: str
    department: str | None
    level: int
    limit_amount: int | None
    limit_unit: str | None
    parent: str | None = None


@dataclass(frozen=True)
class CaseClock:
    """A clock worked out: when it is due, when it turns orange, when it warns, and whose deadline it is.

    `basis`: "rule", "none" where there is no limit, "unknown-year" past the last known calendar. All instants are None
    while a suspension holds it.
    """

    due_at: datetime | None
    soon_at: datetime | None
    warns: tuple[datetime, ...]
    basis: str


@dataclass(frozen=True)
class RuleBook:
    """Everything the door must know to judge a report. Built by `load`."""

    county: str
    case_prefix: str
    zone: ZoneInfo
    categories: Mapping[str, Category]
    departments: frozenset[str]
    sources: tuple[str, ...]
    places: PlaceIndex
    calendar: Calendar
    orange_share: float
    takeover_level: int
    direct_level: int
    ladder: Ladder
    warnings: tuple[float, ...] = (0.2,)
    """Shares of the time left at which a clock warns, the greatest first."""
    levels: tuple[str, ...] = ("county",)
    """The levels of the tree, from the top down."""
    stage_minutes: Mapping[str, int] = field(default_factory=dict)
    stage_exceptions: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By category code, for it and all below it."""
    category_parents: Mapping[str, str | None] = field(default_factory=dict)
    extension_times: int = 2
    leader_from: int = 2
    adjudicate_after: int = 2
    labels: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """How this county names the steps: stage → label in Chinese and English."""

    @property
    def rungs(self) -> int:
        """How many rungs the ladder has."""
        return len(self.ladder.rungs)

    def answer_due(self, rung: int, at: datetime, level: int) -> datetime:
        """Until when the contact of a rung (1 is the lowest) has to answer a call of this moment."""
        return answer_due(self.ladder, rung, at, level, self.calendar)

    def reply_due(self, at: datetime, level: int) -> datetime:
        """Until when a supervision that the clock issues at this moment is to be answered."""
        return reply_due(self.ladder, at, level, self.calendar)

    def category(self, code: str) -> Category:
        """A leaf by its code.

        Raises:
            Refused: there is none.
        """
        found = self.categories.get(code)
        if found is None:
            raise Refused(
                say("There is no category {code!r}; GET /api/v1/categories lists the leaves.", code=code), "category"
            )
        return found

    def place(self, longitude: float | None, latitude: float | None, area: str | None) -> tuple[Place | None, bool]:
        """The area of a case and whether its point lies outside every grid (then it is kept, marked uncovered).

        A point wins over a named area, because it is what was seen; an area alone is taken as it is.

        Raises:
            Refused: neither point nor area, or an area that does not exist.
        """
        if area is not None and area not in self.places:
            raise Refused(say("There is no area {area!r}; GET /api/v1/areas lists them.", area=area), "area")
        named = self.places.place(area) if area is not None else None
        if longitude is None or latitude is None:
            if named is None:
                raise Refused("A place is needed: longitude and latitude, or an area.", "area")
            return named, False
        grid = self.places.grid_of(longitude, latitude)
        return (grid, False) if grid else (named, True)

    def deadline(self, category: Category, start: datetime) -> tuple[datetime | None, datetime | None, str]:
        """`(due_at, soon_at, basis)` of a clock that starts now; basis "unknown-year" past the last known calendar."""
        clock = self.clock(category.limit_amount, category.limit_unit, start)
        return clock.due_at, clock.soon_at, clock.basis

    def clock(
        self,
        amount: int | None,
        unit: str | None,
        start: datetime,
        pauses: Sequence[Pause] = (),
        extensions: Sequence[datetime] = (),
    ) -> CaseClock:
        """The clock of a limit that began at `start`, with its suspensions and the extensions granted."""
        if amount is None or unit is None:
            return CaseClock(None, None, (), "none")
        limit = Limit(amount, Unit(unit))
        try:
            due_at = due(start, limit, self.calendar, pauses, extensions).due_at
            shares = dict.fromkeys((self.orange_share, *self.warnings))
            marks = {share: mark(start, limit, self.calendar, _exact(share), pauses, extensions) for share in shares}
        except UnknownYear:
            return CaseClock(None, None, (), "unknown-year")
        warns = sorted(at for share, at in marks.items() if at is not None and share in self.warnings)
        return CaseClock(due_at, marks[self.orange_share], tuple(warns), "rule")

    def label(self, case: Any) -> tuple[str, str]:
        """What this county calls the step at which a case stands, in Chinese and English."""
        key = "evaluated" if case.stage == "closed" and case.evaluated_at is not None else str(case.stage)
        return self.labels.get(key, (key, key))

    def stage_limit(self, clock: str, category: str) -> timedelta | None:
        """How long a case of this category may stand in a stage with this clock (accept, dispatch …), continuously."""
        code: str | None = category
        while code is not None:
            minutes = self.stage_exceptions.get(code, {}).get(clock)
            if minutes is not None:
                return timedelta(minutes=minutes)
            code = self.category_parents.get(code)
        found = self.stage_minutes.get(clock)
        return timedelta(minutes=found) if found is not None else None

    def soon_of_given(self, start: datetime, due_at: datetime | None) -> datetime | None:
        """The orange mark of a deadline that another system gave: its share of plain time, as its unit is not known."""
        if due_at is None:
            return None
        return max(start, due_at - (due_at - start) * self.orange_share) if due_at > start else due_at

    def hour_of(self, at: datetime) -> datetime:
        """The start of the local clock hour."""
        return at.astimezone(self.zone).replace(minute=0, second=0, microsecond=0).astimezone(at.tzinfo)

    def day_of(self, at: datetime) -> datetime:
        """The start of the local day."""
        return at.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(at.tzinfo)


def _exact(share: float) -> Fraction:
    return Fraction(share).limit_denominator(1000)


def load(connection: Connection, zone: ZoneInfo) -> RuleBook:
    """The rule book as the database has it now."""
    county: Mapping[str, Any] = (
        connection.execute(select(t.rules.c.body).where(t.rules.c.name == "county")).scalar() or {}
    )
    ladder = county.get("escalation", {})
    zone = ZoneInfo(county["timezone"]) if county.get("timezone") else zone
    nodes = connection.execute(select(t.category)).all()
    orange = county.get("clock", {}).get("orange", 0.2)
    stages = dict(county.get("stages", {}))
    labels = connection.execute(select(t.rules.c.body).where(t.rules.c.name == "labels")).scalar() or {}
    return RuleBook(
        county=county.get("code", "county"),
        case_prefix=county.get("code", "GC"),
        zone=zone,
        categories={
            row.code: Category(
                row.code, row.name, row.department, row.level, row.limit_amount, row.limit_unit, row.parent
            )
            for row in nodes
            if row.leaf
        },
        departments=frozenset(connection.execute(select(t.department.c.code)).scalars()),
        sources=tuple(connection.execute(select(t.source.c.code).order_by(t.source.c.code)).scalars()),
        places=_places(connection),
        calendar=_calendar(connection, zone, county),
        orange_share=orange,
        takeover_level=ladder.get("takeover_level", 2),
        direct_level=ladder.get("direct_level", 1),
        ladder=ladder_of(county),
        warnings=tuple(sorted(county.get("clock", {}).get("warnings") or (orange,), reverse=True)),
        levels=tuple(county.get("tree", {}).get("levels", ("county",))),
        stage_exceptions=stages.pop("categories", {}),
        stage_minutes=stages,
        category_parents={row.code: row.parent for row in nodes},
        extension_times=county.get("extension", {}).get("times", 2),
        leader_from=county.get("extension", {}).get("leader_from", 2),
        adjudicate_after=county.get("hand_back", {}).get("adjudicate_after", 2),
        labels={stage: (label[0], label[1]) for stage, label in labels.get(county.get("labels"), {}).items()},
    )


def _places(connection: Connection) -> PlaceIndex:
    area = t.area.c
    drawn = cast(area.geometry, Text).label("drawn")  # as it is kept: the index reads a county's shapes at once
    rows = connection.execute(select(area.code, area.level, area.parent, area.town, drawn)).all()
    places = [Place(row.code, row.level, row.parent, row.town) for row in rows]
    return PlaceIndex(places, {row.code: row.drawn for row in rows if row.level == "grid" and row.drawn not in UNDRAWN})


def _calendar(connection: Connection, zone: ZoneInfo, county: Mapping[str, Any]) -> Calendar:
    days = [(row.day, row.kind) for row in connection.execute(select(t.calendar_day))]
    years = connection.execute(select(t.calendar_year.c.year)).scalars().all()
    hours = list(_seasons(county.get("office_hours", [])))
    calendar = Calendar.of(str(zone), days, years, hours) if hours else Calendar.of(str(zone), days, years)
    if years:
        calendar.reached(1)  # builds the index now, not inside the door's first transaction
    return calendar


def _seasons(entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, list[str]]]:
    """County document to calendar: the entry without a season holds on every day that no season covers."""
    rest = next((_spans(entry) for entry in entries if not entry.get("season")), None)
    start = date(LEAP, 1, 1)
    for first, last, spans in sorted(part for entry in entries if entry.get("season") for part in _parts(entry)):
        if rest and start < first:
            yield f"{start:%m-%d}", f"{first - timedelta(days=1):%m-%d}", rest
        yield f"{first:%m-%d}", f"{last:%m-%d}", spans
        start = last + timedelta(days=1)
    if rest and start.year == LEAP:
        yield f"{start:%m-%d}", "12-31", rest


def _parts(entry: Mapping[str, Any]) -> Iterator[tuple[date, date, list[str]]]:
    """A season within one year; one that runs over New Year as its two halves."""
    first, last = (date(LEAP, month, day) for month, day in entry["season"])
    if first > last:
        yield date(LEAP, 1, 1), last, _spans(entry)
        last = date(LEAP, 12, 31)
    yield first, last, _spans(entry)


def _spans(entry: Mapping[str, Any]) -> list[str]:
    return [f"{first[:5]}-{last[:5]}" for first, last in entry["spans"]]


class Rules:
    """Hands out the rule book in force; looks for a newer one at most every `refresh` seconds."""

    def __init__(self, store: Store, zone: ZoneInfo, *, refresh: float = 2.0) -> None:
        self._store = store
        self._zone = zone
        self._refresh = refresh
        self._lock = threading.Lock()
        self._book: RuleBook | None = None
        self._version = -1
        self._looked = 0.0

    def __call__(self) -> RuleBook:
        """The rule book; read anew when reference data has changed."""
        with self._lock:
            if self._book is None or time.monotonic() - self._looked > self._refresh:
                with self._store.read() as connection:
                    version = reference_version(connection)
                    if self._book is None or version != self._version:
                        self._book, self._version = load(connection, self._zone), version
                self._looked = time.monotonic()
            return self._book

    def forget(self) -> None:
        """Look again at the next call."""
        with self._lock:
            self._looked = 0.0


def reference_version(connection: Connection) -> int:
    """Grows with every change of reference data."""
    return int(connection.execute(select(t.counter.c.value).where(t.counter.c.name == REFERENCE)).scalar() or 0)
