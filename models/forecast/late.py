"""Will-be-late in the store: the past read, the estimate kept with its back-test, open cases watched by it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, or_, select

from models import tables as t
from models.calendars import Unit, UnknownYear, instant_of, seconds_of
from models.forecast.survival import (
    PLAIN,
    RULE,
    BackTest,
    Case,
    Chance,
    Curves,
    Faces,
    Score,
    Timeline,
    back_test,
    fit,
)
from models.forecast.tables import forecast_model, late_watch
from models.moves import Stage
from models.rules import RuleBook
from models.store import Store

NAME = "late"
RECENT = 2_000
"""Cases per department that are learned from, the newest."""
TESTED = timedelta(days=61)
"""How far back the back-test goes, where the past is twice as long."""
BITE = 500
c = t.cases.c


@dataclass(frozen=True)
class LateModel:
    """What was learned, when, and how it did on the past. `number` 0: nothing was learned yet, the rule holds."""

    number: int
    curves: Curves
    test: BackTest | None
    fitted_at: datetime | None = None

    def score(self, department: str | None) -> Score | None:
        """How the estimate did for a department; None where it was never judged."""
        return self.test.departments.get(department or "") if self.test else None

    def by_history(self, department: str | None) -> bool:
        """Whether the estimate is used; else the simple rule, because the estimate did not beat it."""
        found = self.score(department)
        return found is not None and found.beats_the_rule

    def likely_from(self, department: str | None) -> float | None:
        """The share of the limit from which on a case counts as one that will be late; None: never."""
        return self.curves.likely_from(department or "") if self.by_history(department) else RULE

    def chance(self, department: str | None, used: float) -> Chance | None:
        """The chance and its numbers; None where the rule is used."""
        return self.curves.at(department or "", used) if self.by_history(department) else None


NOTHING_YET = LateModel(0, Curves((), tuple([0.0] * 20), (), (), 10.0, ()), None)


# --- clocks ----------------------------------------------------------------------------------------------------------


def faces(book: RuleBook) -> Faces:
    """What the clocks of every unit show, in seconds of that unit."""
    return {**PLAIN, **{str(unit): book.calendar.scale(unit).reading for unit in Unit}}


def unit_of(case: Any) -> str:
    """The unit of a case's clock; "" where another system gave the deadline, of which only plain time is known."""
    return str(case.limit_unit) if case.due_basis == "rule" and case.limit_unit else ""


def used(book: RuleBook, case: Any, now: datetime) -> float | None:
    """The share of its time that a case has used; None where there is no deadline or no calendar for it."""
    if case.due_at is None:
        return None
    try:
        face = faces(book)[unit_of(case)]
        begun, due, here = (face(seconds_of(at)) for at in (case.clock_from, case.due_at, now))
    except UnknownYear:
        return None
    return max(0.0, (here - begun) / (due - begun)) if due > begun else 1.0


def instant_at(book: RuleBook, case: Any, share: float) -> datetime:
    """The moment at which a case has used this share of its time.

    Raises:
        UnknownYear: the calendar does not reach that far.
    """
    begin, due = seconds_of(case.clock_from), seconds_of(case.due_at)
    if not unit_of(case):
        return instant_of(begin + int((due - begin) * share))
    scale = book.calendar.scale(Unit(unit_of(case)))
    first, last = scale.reading(begin), scale.reading(due)
    reached = instant_of(scale.reached(first + int((last - first) * share)))
    return reached if reached > case.clock_from else instant_of(begin)


# --- learning --------------------------------------------------------------------------------------------------------


def history(connection: Connection, book: RuleBook, now: datetime) -> list[Case]:
    """The newest cases with a deadline of every department. Void ones teach nothing: nobody had to end them."""
    columns = (c.department, c.clock_from, c.due_at, c.closed_at, c.limit_unit, c.due_basis)
    found: list[Case] = []
    for department in sorted(book.departments):
        rows = connection.execute(
            select(*columns)
            .where(c.department == department, c.due_at.is_not(None), c.stage != Stage.VOID, c.reported_at <= now)
            .order_by(c.reported_at.desc())
            .limit(RECENT)
        )
        found += [_case(row) for row in rows]
    return found


def _case(row: Any) -> Case:
    closed = None if row.closed_at is None else seconds_of(row.closed_at)
    return Case(row.department, seconds_of(row.clock_from), seconds_of(row.due_at), closed, unit_of(row))


def learned(cases: Sequence[Case], clocks: Faces, now: datetime) -> tuple[Curves, BackTest]:
    """The estimate of this moment, and how it would have done before. Pure."""
    line, last = Timeline(list(_known(cases, clocks)), clocks), seconds_of(now)
    begun = int(line.start.min()) if len(line.group) else last
    first = max(last - int(TESTED.total_seconds()), begun + (last - begun) // 2)
    return fit(line.past(last), line.names), back_test(line, first, last)


def _known(cases: Iterable[Case], clocks: Faces) -> Iterator[Case]:
    """Those whose years the calendar knows."""
    for case in cases:
        try:
            for second in (case.start, case.due, case.closed or case.due):
                clocks[case.unit](second)
        except UnknownYear:
            continue
        yield case


def learn(store: Store, book: RuleBook, now: datetime, real: datetime) -> LateModel:
    """Learn from the store and keep what was learned."""
    with store.read() as connection:
        cases = history(connection, book, now)
    curves, test = learned(cases, faces(book), now)
    body = zlib.compress(json.dumps({"curves": asdict(curves), "test": asdict(test)}).encode())
    with store.write() as connection:
        number = keep(
            connection, NAME, real, now, len(cases), {"brier": test.whole.model, "rule": test.whole.rule}, body
        )
    return LateModel(number, curves, test, real)


def keep(
    connection: Connection,
    name: str,
    real: datetime,
    now: datetime,
    rows: int,
    measured: Mapping[str, Any],
    body: bytes,
) -> int:
    """Keep a model in the place of the one before; returns its number."""
    m = forecast_model.c
    known = connection.execute(select(m.number).where(m.name == name)).scalar()
    plain = {key: value if value == value else None for key, value in measured.items()}  # no NaN in JSON
    number = (known or 0) + 1
    values = {
        "number": number, "fitted_at": real, "county_at": now, "rows": rows, "measured": plain, "body": body,
    }  # fmt: skip
    if known is None:
        connection.execute(forecast_model.insert().values(name=name, **values))
    else:
        connection.execute(forecast_model.update().where(m.name == name).values(**values))
    return number


def kept(row: Any) -> LateModel:
    """A model from its row."""
    whole = json.loads(zlib.decompress(row.body))
    curves, test = whole["curves"], whole["test"]
    return LateModel(
        row.number,
        Curves(
            names=tuple(curves["names"]),
            county=tuple(curves["county"]),
            own=tuple(tuple(own) for own in curves["own"]),
            cases=tuple(tuple(cases) for cases in curves["cases"]),
            strength=curves["strength"],
            rule=tuple((first, second) for first, second in curves["rule"]),
        ),
        BackTest(
            whole=Score(**test["whole"]),
            departments={name: Score(**score) for name, score in test["departments"].items()},
            calibration=[(forecast, late, count) for forecast, late, count in test["calibration"]],
            first=test["first"],
            last=test["last"],
            looks=test["looks"],
        ),
        row.fitted_at,
    )


# --- watching --------------------------------------------------------------------------------------------------------


def will_be_late(now: datetime) -> ColumnElement[bool]:
    """Open, not yet due, and past the moment from which on it will probably be late. For `models.filters`."""
    w = late_watch.c
    watched = exists(select(1).where(w.case_id == c.id, w.likely_at <= now, w.due_at == c.due_at))
    return and_(t.OPEN, c.due_at >= now, watched)


def watch(store: Store, book: RuleBook, model: LateModel) -> int:
    """Judge one bite of open cases that are new, or have another deadline or department, or were judged by an older
    model; forget one bite of those that are over. Returns how many rows changed; 0: nothing is left to do."""
    w = late_watch.c
    stale = or_(
        w.case_id.is_(None),
        w.due_at != c.due_at,
        w.department.is_distinct_from(c.department),
        w.number != model.number,
    )
    columns = (c.id, c.department, c.clock_from, c.due_at, c.limit_unit, c.due_basis, w.case_id)
    wanted = select(*columns).select_from(t.cases.outerjoin(late_watch, w.case_id == c.id))
    wanted = wanted.where(t.OPEN, c.due_at.is_not(None), stale).limit(BITE)
    over = select(w.case_id).where(~exists(select(1).where(c.id == w.case_id, t.OPEN, c.due_at.is_not(None))))
    with store.read() as connection:
        rows = connection.execute(wanted).all()
        gone = connection.execute(over.limit(BITE)).scalars().all()
    if not rows and not gone:
        return 0
    fresh = [_watched(book, row, model) for row in rows]
    with store.write() as connection:
        ids = [*gone, *(row["case_id"] for row in fresh)]
        connection.execute(delete(late_watch).where(w.case_id.in_(ids)))
        if fresh:
            connection.execute(late_watch.insert(), fresh)
    return len(rows) + len(gone)


def _watched(book: RuleBook, case: Any, model: LateModel) -> dict[str, Any]:
    share = model.likely_from(case.department)
    try:
        likely = None if share is None else instant_at(book, case, share)
    except UnknownYear:
        likely = None
    return {
        "case_id": case.id,
        "department": case.department,
        "due_at": case.due_at,
        "likely_at": likely,
        "basis": "history" if model.by_history(case.department) else "rule",
        "number": model.number,
    }


def watched(connection: Connection, ids: Sequence[int]) -> Mapping[int, Any]:
    """Case id → its row of the watch, for those that have one."""
    return {row.case_id: row for row in connection.execute(select(late_watch).where(late_watch.c.case_id.in_(ids)))}


def is_likely(case: Any, row: Any, now: datetime) -> bool:
    """The same as `will_be_late`, for one case and its row of the watch."""
    if case.closed_at is not None or case.due_at is None or case.due_at < now or row is None:
        return False
    return bool(row.due_at == case.due_at and row.likely_at is not None and row.likely_at <= now)
