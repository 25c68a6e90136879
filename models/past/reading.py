"""What of the store tells of a past day: the lives of the cases that were open then, and what stood before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, union_all

from models import tables as t
from models.emergencies import tables as et
from models.figures import HOURS
from models.past.day import HOUR, Bounds, Ground
from models.past.lives import FAR, Case, Life, Line, Turn, instant, known_at, micros, turns
from models.past.tables import LONG, LONG_DAYS

c, line = t.cases.c, t.trace.c
QUIET = (
    "warn",
    "urge",
    "supervise",
    "supervise-at-expiry",
    "supervision-notice",
    "call-again",
    "stage-late",
    "stage-late-higher",
    "instruct",
    "reply",
    "receive-order",
    "conclude-order",
    "link",
    "take-in",
)
"""Actions whose lines change no figure and are no news."""


@dataclass(frozen=True)
class Known:
    """Which lines of the trace were known when a day was recorded: those up to an id, and some behind it."""

    line: int
    lines: frozenset[int]

    def has(self, number: int) -> bool:
        """Whether a line was."""
        return number <= self.line or number in self.lines


@dataclass(frozen=True)
class Told:
    """A line as news of its day: what the feed says of it."""

    at: int
    case: int
    action: str
    from_stage: str
    stage: str
    due: int | None
    level: int
    department: str | None
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class PastDay:
    """All of a day: the lives, what stood around them, the rows of the cases, and the day's lines in their order."""

    ground: Ground
    lives: Sequence[Life]
    cases: Mapping[int, Any]
    news: Sequence[Told]


def first_day(connection: Connection) -> datetime | None:
    """When the first case was reported; None in an empty county."""
    found: datetime | None = connection.execute(select(func.min(c.reported_at))).scalar()
    return found


def is_ahead(connection: Connection, known: Known, at: datetime) -> bool:
    """Whether the trace has lines of the two days up to this moment that were not known then."""
    rows = select(line.id).where(
        line.happened_at > at - timedelta(days=2), line.happened_at <= at, line.id > known.line
    )
    return any(not known.has(row[0]) for row in connection.execute(rows))


def before(connection: Connection, bounds: Bounds, limit: int) -> Sequence[Any]:
    """The cases that were reported last before a day, newest first."""
    rows = select(*COLUMNS).where(c.reported_at < instant(bounds.start))
    return connection.execute(rows.order_by(c.reported_at.desc(), c.id.desc()).limit(limit)).all()


def _open_then(dialect: str, start: datetime, end: datetime) -> ColumnElement[bool]:
    """The cases that were open at some time of the day, and some that were not: whoever came before its end and has not
    ended, or ended behind its start. Each branch is answered by an index of its own."""
    later = start + timedelta(days=LONG_DAYS)
    came = c.reported_at < end
    branches = (
        and_(came, c.closed_at.is_(None)),
        and_(came, c.closed_at.is_not(None), c.closed_at >= start, c.closed_at < later),
        and_(came, c.closed_at >= later, LONG[dialect]),
    )
    # What ended behind `later` was open for longer than a month, or was reported on the day itself.
    almost = and_(came, c.closed_at >= later, c.reported_at >= start)
    return c.id.in_(union_all(*(select(c.id).where(one) for one in (*branches, almost))))


def read(connection: Connection, bounds: Bounds, towns: Sequence[str], known: Known | None = None) -> PastDay:
    """A past day from the store.

    Args:
        known: where given, only these lines count as known at its end; what was in the making then came later.
    """
    start, end = instant(bounds.start), instant(bounds.end)
    there = _open_then(connection.dialect.name, start, end)
    cases = {row.id: row for row in connection.execute(select(*COLUMNS).where(there))}
    lines = _lines(connection, there, known)
    calls = _calls(connection, there)
    lives: list[Life] = []
    news: list[Told] = []
    for number, row in cases.items():
        case = _case(row)
        told = lines.get(number, [])
        found = turns(case, told)
        if known is not None and told and told[0].at == FAR:
            continue  # it was reported while the picture was drawn
        lives.append(Life(case, found, calls.get(number, ())))
        news += _news(case, told, found, bounds)
    news.sort(key=lambda one: one.at)
    return PastDay(_ground(connection, bounds, towns), lives, cases, news)


COLUMNS = (
    c.id,
    c.code,
    c.title,
    c.category,
    c.source,
    c.area,
    c.town,
    c.department,
    c.level,
    c.stage,
    c.reported_at,
    c.closed_at,
    c.due_at,
    c.soon_at,
    c.uncovered,
)


def _case(row: Any) -> Case:
    def at(value: datetime | None) -> int | None:
        return None if value is None else micros(value)

    return Case(
        id=row.id,
        area=row.area,
        town=row.town,
        department=row.department,
        level=row.level,
        stage=row.stage,
        reported=micros(row.reported_at),
        closed=at(row.closed_at),
        due=at(row.due_at),
        soon=at(row.soon_at),
    )


def _lines(connection: Connection, there: ColumnElement[bool], known: Known | None) -> dict[int, list[Line]]:
    """The lines of these cases, in order; what was not known by then is put behind everything."""
    found: dict[int, list[Line]] = defaultdict(list)
    rows = connection.execute(
        select(line.id, line.case_id, line.happened_at, line.action, line.from_stage, line.to_stage, line.detail)
        .where(line.case_id.in_(select(c.id).where(there)), line.action.not_in(QUIET))
        .order_by(line.case_id, line.number)
    )
    for number, case, happened_at, action, from_stage, to_stage, detail in rows:
        at = known_at(micros(happened_at), detail)
        if known is not None and not known.has(number):
            at = FAR
        found[case].append(Line(at, action, from_stage, to_stage, detail))
    return found


def _calls(connection: Connection, there: ColumnElement[bool]) -> dict[int, list[tuple[int, int]]]:
    e = t.escalation.c
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    rows = connection.execute(
        select(e.case_id, e.at, e.acknowledged_at).where(e.case_id.in_(select(c.id).where(there)))
    )
    for case, at, answered in rows:
        found[case].append((micros(at), FAR if answered is None else micros(answered)))
    return found


def _news(case: Case, lines: Sequence[Line], found: Sequence[Turn], bounds: Bounds) -> list[Told]:
    """The day's lines of a case; one that happened before it was reported was known with its report."""
    told = []
    place = 0
    for told_line in lines:
        one = told_line._replace(at=max(told_line.at, case.reported))
        if not bounds.start <= one.at < bounds.end:
            continue
        while place + 1 < len(found) and found[place + 1].at <= one.at:
            place += 1
        turn = found[place]
        told.append(
            Told(
                one.at,
                case.id,
                one.action,
                one.from_stage,
                one.to_stage,
                turn.due,
                turn.level,
                turn.department,
                one.detail,
            )
        )
    return told


# --- what stood around it --------------------------------------------------------------------------------------------


def _ground(connection: Connection, bounds: Bounds, towns: Sequence[str]) -> Ground:
    return Ground(
        bounds,
        towns,
        base=_month(connection, bounds) | _hours(connection, bounds),
        yesterday=_yesterday(connection, bounds),
        emergencies=_emergencies(connection, bounds),
    )


def _month(connection: Connection, bounds: Bounds) -> dict[str, int]:
    """The month's closings before the day, as the sums say now: who was reopened since is not among them."""
    d = t.daily.c
    row = connection.execute(
        select(
            func.coalesce(func.sum(d.closed_with_due), 0),
            func.coalesce(func.sum(d.closed_in_time), 0),
        ).where(d.bucket >= instant(bounds.month), d.bucket < instant(bounds.start))
    ).one()
    return {"due-month": int(row[0]), "in-time": int(row[1])}


def _hours(connection: Connection, bounds: Bounds) -> dict[str, int]:
    h = t.hourly.c
    since = bounds.start - (HOURS - 1) * HOUR
    rows = connection.execute(
        select(h.bucket, func.sum(h.reported), func.sum(h.closed))
        .where(h.bucket >= instant(since), h.bucket < instant(bounds.start))
        .group_by(h.bucket)
    )
    found: dict[str, int] = {}
    for bucket, reported, closed in rows:
        hour = bounds.hour(micros(bucket))
        found |= {f"hr:{hour}": int(reported), f"hc:{hour}": int(closed)}
    return found


def _yesterday(connection: Connection, bounds: Bounds) -> list[int]:
    where = and_(c.reported_at >= instant(bounds.yesterday), c.reported_at < instant(bounds.start))
    return [micros(row[0]) for row in connection.execute(select(c.reported_at).where(where))]


def _marked(bounds: Bounds) -> ColumnElement[bool]:
    """The emergencies that had their mark on the screens at some time of the day: from their beginning to their cancel."""
    e = et.emergency.c
    return and_(
        e.running_at < instant(bounds.end), or_(e.cancelled_at.is_(None), e.cancelled_at > instant(bounds.start))
    )


def _emergencies(connection: Connection, bounds: Bounds) -> list[tuple[int, int]]:
    """When each emergency that touches the day had its mark on the screens; drills are in no figure."""
    e = et.emergency.c
    rows = connection.execute(select(e.running_at, e.cancelled_at).where(e.drill.is_(False), _marked(bounds)))
    return [(micros(row[0]), FAR if row[1] is None else micros(row[1])) for row in rows]


@dataclass(frozen=True)
class Marked:
    """An emergency of a past day, drills too: when its response began and ended, when its mark went (None: not yet), and
    from when it was of which level."""

    number: str
    title: str
    drill: bool
    began: int
    ended: int | None
    gone: int | None
    levels: Sequence[tuple[int, int]]


def marked(connection: Connection, bounds: Bounds) -> list[Marked]:
    """The emergencies that a day's screens showed, in the order of their beginning."""
    e, lg = et.emergency.c, et.log.c
    columns = (e.id, e.number, e.title, e.drill, e.running_at, e.ended_at, e.cancelled_at)
    rows = connection.execute(select(*columns).where(_marked(bounds)).order_by(e.running_at, e.id)).all()
    which = lg.emergency_id.in_([row.id for row in rows]), lg.act.in_(("start", "level"))
    levels: dict[int, list[tuple[int, int]]] = defaultdict(list)
    if rows:
        for one in connection.execute(select(lg.emergency_id, lg.at, lg.detail).where(*which).order_by(lg.id)):
            levels[one.emergency_id].append((micros(one.at), int(one.detail["level"])))
    return [
        Marked(
            number=row.number,
            title=row.title,
            drill=row.drill,
            began=micros(row.running_at),
            ended=None if row.ended_at is None else micros(row.ended_at),
            gone=None if row.cancelled_at is None else micros(row.cancelled_at),
            levels=levels[row.id],
        )
        for row in rows
    ]
