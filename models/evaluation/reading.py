"""The evaluation of a period as pages, the API and the sheet show it: from the kept sums alone, never from the cases."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, and_, func, select

from config.evaluation import Version
from models import tables as t
from models.evaluation import books
from models.evaluation import tables as e
from models.evaluation.asked import Kinds, answered
from models.evaluation.books import Book, County
from models.evaluation.periods import Month, Period
from models.evaluation.scoring import By, Excluded, Judged, Tally, judge
from models.rules import Rules, reference_version
from models.store import Store

Level = Literal["town", "community", "grid"]
LEVELS: tuple[Level, ...] = ("town", "community", "grid")
COUNTY = ""
"""The code of the whole."""
TREND = 12
"""Months of the curve."""

Tallies = Mapping[str, dict[int, int]]
"""Code → its marks and how many cases carry them."""


@dataclass(frozen=True)
class Question:
    """What is asked: a period, by what, and which part of the county the asker may see.

    Attributes:
        level: of areas.
        codes: the areas or departments to answer for, in order; those without a case are answered too.
        whole: whether the county as a whole may be told.
        weights: other weights than those of the formulas (what-if).
    """

    period: Period
    by: By
    codes: tuple[str, ...]
    level: Level = "town"
    whole: bool = True
    weights: Mapping[str, float] | None = None

    @property
    def key(self) -> str:
        """Under which name the sums are kept."""
        return {"area": str(self.level), "department": "department", "post": "county"}[self.by]


@dataclass(frozen=True)
class Row:
    """One area, department or post: now, in the period before, a year ago, and without what appeals took out."""

    now: Judged
    before: Judged
    last_year: Judged
    plain: Judged | None
    """As it was before any appeal; None where no case was taken out."""
    what_if: Judged | None = None

    @property
    def code(self) -> str:
        """Of what it is."""
        return self.now.code


@dataclass(frozen=True)
class Answer:
    """A period's evaluation. `told`: county time up to which it is told; None where there is nothing in it yet."""

    question: Question
    version: Version
    rows: Sequence[Row]
    whole: Row | None
    told: datetime | None
    closed: bool
    waiting: Sequence[Month]
    """Months of this period (or one it is compared with) whose books are still being written."""
    trend: Sequence[tuple[Month, Judged]]


class Counties:
    """Hands out what the books must know of the county; read anew when reference data has changed."""

    def __init__(self, store: Store, rules: Rules) -> None:
        self._store, self._rules = store, rules
        self._lock = threading.Lock()
        self._known: tuple[int, County] | None = None

    def __call__(self) -> County:
        """The county as it is now."""
        zone = self._rules().zone
        with self._lock, self._store.read() as connection:
            version = reference_version(connection)
            if self._known is None or self._known[0] != version:
                self._known = version, books.county(connection, zone)
            return self._known[1]


def answer(store: Store, county: County, question: Question, now: datetime) -> Answer:
    """Bring the books up to date where little is missing, and add them up."""
    period = question.period
    trend = [period.months[-1].plus(-n) for n in reversed(range(TREND))]
    wanted = {*period.months, *period.before.months, *period.last_year.months, *trend}
    found = _brought(store, county, sorted(wanted, reverse=True), now)
    with store.read() as connection:
        version = county.formulas.at(period.first.first)
        rows = _rows(connection, question, version, county.zone)
        whole = _whole(connection, question, version, county.zone) if question.whole else None
        curve = _trend(connection, county, question, trend)
    told = [book.told for month, book in found.items() if month in period.months and book.told is not None]
    mine = [found[month] for month in period.months]
    return Answer(
        question=question,
        version=version,
        rows=rows,
        whole=whole,
        told=max(told, default=None),
        closed=all(book.closed or (book.told is None and book.whole) for book in mine) and bool(told),
        waiting=sorted(month for month, book in found.items() if not book.whole),
        trend=curve,
    )


def _brought(store: Store, county: County, months: Iterable[Month], now: datetime) -> dict[Month, Book]:
    """The books of these months: closed ones as they are, the others told on where little is missing."""
    with store.read() as connection:
        first = first_month(connection, county)
        found = books.kept_books(connection, months)
    for month in months:
        if month not in found and (first is None or month < first):
            found[month] = Book(month, None, closed=False, whole=True)
        elif month not in found or not found[month].closed:
            found[month] = books.bring(store, county, month, now, limit=books.AT_ONCE)[0]
    return found


def _rows(connection: Connection, question: Question, version: Version, zone: ZoneInfo) -> list[Row]:
    period = question.period
    sums = [tallies(connection, p, question) for p in (period, period.before, period.last_year)]
    gone = [excluded(connection, p, question) for p in (period, period.before, period.last_year)]
    said = [heard(connection, p, question, version, zone) for p in (period, period.before, period.last_year)]
    return [_row(question, version, code, sums, gone, said) for code in question.codes]


def heard(
    connection: Connection, period: Period, question: Question, version: Version, zone: ZoneInfo
) -> Mapping[str, Kinds]:
    """Code → what people answered about it in a period, for the formulas that ask for it."""
    codes = (COUNTY,) if question.by == "post" else question.codes
    return answered(connection, version, period.months, zone, question.key, codes)


def _row(
    question: Question,
    version: Version,
    code: str,
    sums: Sequence[Tallies],
    gone: Sequence[Mapping[str, Sequence[Excluded]]],
    said: Sequence[Mapping[str, Kinds]],
    by: By | None = None,
) -> Row:
    by = by or question.by
    key = COUNTY if by == "post" else code
    now, before, last_year = (
        judge(version, code, sums[n].get(key, {}), by=by, excluded=gone[n].get(key, ()), asked=said[n].get(key))
        for n in range(3)
    )
    out = gone[0].get(key, ())
    tally = sums[0].get(key, {})
    return Row(
        now=now,
        before=before,
        last_year=last_year,
        plain=judge(version, code, tally, by=by, asked=said[0].get(key)) if out else None,
        what_if=judge(version, code, tally, by=by, excluded=out, weights=question.weights, asked=said[0].get(key))
        if question.weights
        else None,
    )


def _whole(connection: Connection, question: Question, version: Version, zone: ZoneInfo) -> Row:
    county = Question(question.period, "area", (COUNTY,), weights=question.weights)
    period = question.period
    sums = [_added(connection, p, "county", (COUNTY,)) for p in (period, period.before, period.last_year)]
    gone = [_gone(connection, p, "county", (COUNTY,)) for p in (period, period.before, period.last_year)]
    said = [
        answered(connection, version, p.months, zone, "county", (COUNTY,))
        for p in (period, period.before, period.last_year)
    ]
    return _row(county, version, COUNTY, sums, gone, said, by="department" if question.by == "department" else "area")


def tallies(connection: Connection, period: Period, question: Question) -> Tallies:
    """The kept sums of a period for every code of a question."""
    return _added(connection, period, question.key, (COUNTY,) if question.by == "post" else question.codes)


def _added(connection: Connection, period: Period, by: str, codes: Sequence[str]) -> Tallies:
    y = e.tally.c
    months = [str(month) for month in period.months]
    rows = connection.execute(
        select(y.code, y.marks, func.sum(y.cases))
        .where(y.month.in_(months), y.by == by, y.code.in_(codes))
        .group_by(y.code, y.marks)
    )
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for code, marks, number in rows:
        if number:
            found[code][marks] = int(number)
    return found


def excluded(connection: Connection, period: Period, question: Question) -> Mapping[str, Sequence[Excluded]]:
    """Code → the cases that granted appeals take out of one of its indicators."""
    return _gone(connection, period, question.key, (COUNTY,) if question.by == "post" else question.codes)


def _gone(connection: Connection, period: Period, by: str, codes: Sequence[str]) -> Mapping[str, Sequence[Excluded]]:
    found: dict[str, list[Excluded]] = defaultdict(list)
    for row in connection.execute(_appealed(period, by)):
        code = COUNTY if by == "county" else row.code
        if code in codes:
            found[code].append(Excluded(row.indicator, row.marks))
    return found


def _appealed(period: Period, by: str) -> Select[Any]:
    table = e.order if by == "department" else e.case
    column = {"town": "town", "community": "community", "grid": "area", "department": "department", "county": "town"}[
        by
    ]
    a = e.appeal.c
    same = and_(a.case_id == table.c.case_id, a.month == table.c.month)
    months = [str(month) for month in period.months]
    joined = e.appeal.join(table, same)
    return (
        select(a.indicator, table.c[column].label("code"), table.c.marks)
        .select_from(joined)
        .where(a.decision == "granted", a.month.in_(months))
    )


def _trend(
    connection: Connection, county: County, question: Question, months: Sequence[Month]
) -> list[tuple[Month, Judged]]:
    """The whole, or the one department or area that the asker may see, month by month; each by the rules of its time."""
    by, code = ("county", COUNTY) if question.whole else (question.key, question.codes[0] if question.codes else COUNTY)
    y = e.tally.c
    rows = connection.execute(
        select(y.month, y.marks, y.cases).where(
            y.month.in_([str(month) for month in months]), y.by == by, y.code == code, y.cases != 0
        )
    )
    sums: dict[str, dict[int, int]] = defaultdict(dict)
    for month, marks, number in rows:
        sums[month][marks] = number
    whose: By = "department" if question.by == "department" else "area"
    return [
        (month, _judged_month(connection, county, month, (by, whose, code), sums.get(str(month), {})))
        for month in months
    ]


def _judged_month(
    connection: Connection, county: County, month: Month, who: tuple[str, By, str], sums: Tally
) -> Judged:
    (by, whose, code), version = who, county.formulas.at(month.first)
    said = answered(connection, version, [month], county.zone, by, (code,))
    return judge(version, code, sums, by=whose, asked=said.get(code))


def first_month(connection: Connection, county: County) -> Month | None:
    """The month of the first report; None in an empty county."""
    first = connection.execute(select(func.min(t.cases.c.reported_at))).scalar()
    return Month.of(first, county.zone) if first else None
