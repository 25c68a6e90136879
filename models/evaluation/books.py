"""The books of each month: the marks of every case in it, kept up with what happens, closed a few days after its end.

A book is written in bites of a few hundred cases, each one transaction that reads the traces, judges them and writes
rows and sums: whoever writes next finds nothing old. It knows the last fact in it and the county time it is told to;
bringing it up to date looks at the cases of later facts and of deadlines that have passed since, and at nothing else.
Closed books stay as they are: what is entered afterwards, though it happened before, came too late for that month.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Select, and_, delete, func, insert, select, union, update

from config.evaluation import Formulas
from models import tables as t
from models.evaluation import formulas as stored
from models.evaluation import tables as e
from models.evaluation.folding import NOISE, Case, Found, Line, Window, found
from models.evaluation.periods import Month
from models.outbox import first_kept, last_number
from models.store import Store, upserting
from models.timebase import real_now

BITE = 400
"""Cases per transaction: about 40 ms, so that no report waits long."""
FAR = 20_000
"""A book so many facts behind is written anew."""
AT_ONCE = 1_000
"""Cases that a page has judged while it waits, about 0.1 s; more is left to the worker."""

Tallied = Counter[tuple[str, str, int]]


@dataclass(frozen=True)
class County:
    """What a book must know besides the cases."""

    zone: ZoneInfo
    formulas: Formulas
    communities: Mapping[str, str]
    """Grid → the community (or village) it lies in."""


@dataclass(frozen=True)
class Book:
    """How far the books of a month are. `told` None: there is nothing in this month; `whole` False: still being written."""

    month: Month
    told: datetime | None
    closed: bool
    whole: bool


def county(connection: Connection, zone: ZoneInfo) -> County:
    """The county's formulas and its tree of places."""
    a = t.area.c
    levels = {row.code: row.level for row in connection.execute(select(a.code, a.level))}
    rows = connection.execute(select(a.code, a.parent).where(a.parent.is_not(None)))
    communities = {row.code: row.parent for row in rows if levels.get(row.parent) == "community"}
    own = {code: code for code, level in levels.items() if level == "community"}
    return County(zone, stored.read(connection), {**communities, **own})


# --- keeping up ------------------------------------------------------------------------------------------------------


def keep_up(store: Store, county: County, now: datetime) -> int:
    """The worker's turn: bring the running month and all months that are not closed up to date, the newest first.
    Returns how many cases were judged."""
    with store.read() as connection:
        months = _unclosed(connection, county, now)
    return sum(bring(store, county, month, now)[1] for month in months)


def _unclosed(connection: Connection, county: County, now: datetime) -> list[Month]:
    first = connection.execute(select(func.min(t.cases.c.reported_at))).scalar()
    closed = set(connection.execute(select(e.book.c.month).where(e.book.c.entered.is_not(None))).scalars())
    month, found = Month.of(now, county.zone), []
    while first is not None and month >= Month.of(first, county.zone):
        if str(month) not in closed:
            found.append(month)
        month = month.plus(-1)
    return found


def bring(store: Store, county: County, month: Month, now: datetime, *, limit: int | None = None) -> tuple[Book, int]:
    """The book of a month, told to `now`, and how many cases had to be judged for it.

    Args:
        limit: judge at most so many; a book with more to do is left as it is.
    """
    with store.read() as connection:
        row = _row(connection, month)
        if row is not None and row.entered is not None:
            return _book(month, row), 0
        number = last_number(connection)
        cut = min(now, month.end(county.zone))
        if now < month.start(county.zone):
            return Book(month, None, False, True), 0
        if limit is not None and _anew(connection, row, number) and _many(connection, county, month, cut, limit):
            return _book(month, row) if row is not None else Book(month, None, False, False), 0
        ids = _to_judge(connection, county, month, row, number, cut)
    if limit is not None and len(ids) > limit:
        return _book(month, row) if row is not None else Book(month, None, False, False), 0
    if row is None and not ids:
        return Book(month, None, False, True), 0  # an empty month has no book, and is never closed
    for bite in _bites(ids):
        with store.write() as connection:
            _judge(connection, county, month, bite, cut, None)
    over = now >= month.end(county.zone) + timedelta(days=county.formulas.grace_days)
    with store.write() as connection:
        row = _advance(connection, month, number, cut, close=over and not ids)
    if over and ids:  # nothing may slip in between the last look and the closing
        return bring(store, county, month, now)[0], len(ids)
    return _book(month, row), len(ids)


def kept_books(connection: Connection, months: Iterable[Month]) -> dict[Month, Book]:
    """The books that there are of these months."""
    names = [str(month) for month in months]
    rows = connection.execute(select(e.book).where(e.book.c.month.in_(names)))
    return {Month.read(row.month): _book(Month.read(row.month), row) for row in rows}


def _row(connection: Connection, month: Month) -> Row[Any] | None:
    return connection.execute(select(e.book).where(e.book.c.month == str(month))).first()


def _book(month: Month, row: Row[Any]) -> Book:
    return Book(month, row.told, row.entered is not None, bool(row.whole))


def _to_judge(
    connection: Connection, county: County, month: Month, row: Row[Any] | None, number: int, cut: datetime
) -> list[int]:
    """The cases whose marks may have changed since the book was told."""
    if row is None or _anew(connection, row, number):
        return candidates(connection, month.start(county.zone), cut)
    o, c = t.outbox.c, t.cases.c
    told = connection.execute(select(o.body).where(o.number > row.number, o.number <= number))
    codes = {code for (body,) in told if (code := json.loads(body).get("case"))}
    ids: set[int] = set()
    for some in _bites(sorted(codes)):
        ids.update(connection.execute(select(c.id).where(c.code.in_(some))).scalars())
    if cut > row.told:
        ids.update(connection.execute(_due(row.told, cut)).scalars())
    return sorted(ids)


def _anew(connection: Connection, row: Row[Any] | None, number: int) -> bool:
    """Whether the whole month has to be looked at: its book is not there, not finished, or too many facts behind."""
    if row is None or not row.whole or number - row.number > FAR:
        return True
    return first_kept(connection) > int(row.number) + 1


def _many(connection: Connection, county: County, month: Month, cut: datetime, limit: int) -> bool:
    """Whether a month has more than `limit` reports; asked of an index, and no further than that."""
    c = t.cases.c
    span = and_(c.reported_at >= month.start(county.zone), c.reported_at <= cut)
    first = select(c.id).where(span).limit(limit + 1).subquery()
    return int(connection.execute(select(func.count()).select_from(first)).scalar_one()) > limit


def candidates(connection: Connection, start: datetime, cut: datetime) -> list[int]:
    """Every case that can have a mark in a month: reported, due, or moved in it."""
    c, line = t.cases.c, t.trace.c
    some = union(
        select(c.id).where(c.reported_at >= start, c.reported_at <= cut),
        _due(start, cut),
        select(line.case_id).where(line.happened_at >= start, line.happened_at <= cut),
    )
    return sorted(connection.execute(some).scalars())


def _due(start: datetime, cut: datetime) -> Select[Any]:
    """Cases whose deadline lies in a span."""
    c = t.cases.c
    return select(c.id).where(c.due_at >= start, c.due_at <= cut)


def _bites(things: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(things), BITE):
        yield things[start : start + BITE]


def _advance(connection: Connection, month: Month, number: int, cut: datetime, *, close: bool) -> Row[Any]:
    """Say how far the book is; close it where it is to be, and nothing has happened since it was looked at."""
    entered = real_now() if close and last_number(connection) == number else None
    values = {"number": number, "told": cut, "whole": 1, "entered": entered}
    changed = update(e.book).where(e.book.c.month == str(month)).values(values).returning(*e.book.c)
    return connection.execute(changed).one()


# --- judging ---------------------------------------------------------------------------------------------------------


def _judge(
    connection: Connection, county: County, month: Month, ids: Sequence[int], cut: datetime, entered: datetime | None
) -> None:
    """Judge some cases anew: their rows, and the difference in the sums."""
    _claim(connection, month, cut)
    difference: Tallied = Counter()
    for row in connection.execute(select(e.case).where(e.case.c.month == str(month), e.case.c.case_id.in_(ids))):
        _count(difference, county, row.town, row.community, row.area, row.marks, -1)
    old = and_(e.order.c.month == str(month), e.order.c.case_id.in_(ids))
    for row in connection.execute(select(e.order).where(old)):
        difference["department", row.department, row.marks] -= 1
    connection.execute(delete(e.case).where(e.case.c.month == str(month), e.case.c.case_id.in_(ids)))
    connection.execute(delete(e.order).where(old))
    rows, orders = [], []
    for place, marks in judged(connection, county, month, ids, cut, entered):
        if marks.case:
            rows.append({**place, "month": str(month), "marks": marks.case})
            _count(difference, county, place["town"], place["community"], place["area"], marks.case, 1)
        for department, own in marks.departments.items():
            key = {"month": str(month), "case_id": place["case_id"], "town": place["town"]}
            orders.append({**key, "department": department, "marks": own})
            difference["department", department, own] += 1
    if rows:
        connection.execute(insert(e.case), rows)
    if orders:
        connection.execute(insert(e.order), orders)
    _add(connection, month, difference)


def _claim(connection: Connection, month: Month, cut: datetime) -> None:
    """The book's row, held until the transaction ends: two writers take turns."""
    dialect = upserting(connection.dialect.name)
    row = dialect.insert(e.book).values(month=str(month), number=0, told=cut, whole=0)
    connection.execute(row.on_conflict_do_nothing(index_elements=["month"]))
    connection.execute(select(e.book.c.month).where(e.book.c.month == str(month)).with_for_update())


def _count(into: Tallied, county: County, town: str, community: str, area: str, marks: int, by: int) -> None:
    into["county", "", marks] += by
    for level, code in (("town", town), ("community", community), ("grid", area)):
        if code:
            into[level, code, marks] += by


def _add(connection: Connection, month: Month, difference: Tallied) -> None:
    dialect = upserting(connection.dialect.name)
    rows = [
        {"month": str(month), "by": by, "code": code, "marks": marks, "cases": number}
        for (by, code, marks), number in sorted(difference.items())
        if number
    ]
    if rows:
        statement = dialect.insert(e.tally)
        more = {"cases": e.tally.c.cases + statement.excluded["cases"]}
        connection.execute(
            statement.on_conflict_do_update(index_elements=["month", "by", "code", "marks"], set_=more), rows
        )


def judged(
    connection: Connection,
    county: County,
    month: Month,
    ids: Sequence[int],
    cut: datetime,
    entered: datetime | None = None,
) -> Iterator[tuple[dict[str, Any], Found]]:
    """Each case with its place and its marks, from its trace as it is now; nothing that is kept is looked at."""
    window = Window(month.start(county.zone), month.end(county.zone), cut, entered)
    limits = county.formulas.at(month.first).limits
    traces = _traces(connection, ids)
    c = t.cases.c
    columns = (c.id, c.area, c.town, c.source, c.reported_at, c.due_at, c.closed_at, c.due_basis, c.department)
    for row in connection.execute(select(*columns).where(c.id.in_(ids))):
        keeper = row.department if row.due_basis == "source" else None
        case = Case(row.reported_at, row.source, row.due_at, row.closed_at, keeper)
        area = row.area or ""
        place = {
            "case_id": row.id,
            "area": area,
            "town": row.town or "",
            "community": county.communities.get(area, ""),
        }
        yield place, found(case, traces.get(row.id, ()), window, limits)


def _traces(connection: Connection, ids: Sequence[int]) -> dict[int, Sequence[Line]]:
    line = t.trace.c
    columns = (line.case_id, line.action, line.happened_at, line.entered_at, line.to_stage, line.detail)
    rows = connection.execute(
        select(*columns).where(line.case_id.in_(ids), line.action.not_in(NOISE)).order_by(line.case_id, line.number)
    )
    return {
        key: [Line(row.action, row.happened_at, row.entered_at, row.to_stage, row.detail) for row in mine]
        for key, mine in groupby(rows, lambda row: row.case_id)
    }


# --- proving it ------------------------------------------------------------------------------------------------------


def recomputed(connection: Connection, county: County, month: Month) -> tuple[Tallied, int]:
    """The sums of a kept month worked out anew from the traces, and how many cases that took: equal to what is kept."""
    row = _row(connection, month)
    sums: Tallied = Counter()
    if row is None:
        return sums, 0
    start = month.start(county.zone)
    ids = sorted({*candidates(connection, start, row.told), *_kept_cases(connection, month)})
    for bite in _bites(ids):
        for place, marks in judged(connection, county, month, bite, row.told, row.entered):
            if marks.case:
                _count(sums, county, place["town"], place["community"], place["area"], marks.case, 1)
            for department, own in marks.departments.items():
                sums["department", department, own] += 1
    return sums, len(ids)


def kept(connection: Connection, month: Month) -> Tallied:
    """The sums of a month as they are kept."""
    rows = connection.execute(select(e.tally).where(e.tally.c.month == str(month), e.tally.c.cases != 0))
    return Counter({(row.by, row.code, row.marks): row.cases for row in rows})


def _kept_cases(connection: Connection, month: Month) -> Iterable[int]:
    return connection.execute(select(e.case.c.case_id).where(e.case.c.month == str(month))).scalars()
