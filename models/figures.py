"""The figures of the wall, computed once per burst of change: from open cases and roll-ups only, so that their cost
does not grow with history. Every count is a predicate of `models.filters`, which is also the list behind it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, select

from models import tables as t
from models.camera_health.events import faulty
from models.door import escalated_fact
from models.emergencies.listing import count_running
from models.filters import Moment, burning, is_open, predicate
from models.indexing import plain
from models.ladder.floods import Counted, grouped
from models.messages import AlarmGroup, Counts, DepartmentRow, Figures, GridMap, Pin, Snapshot, Trend

c = t.cases.c
HOURS = 24
SPARK = 12
PINS = 3
ESCALATIONS = 5


@dataclass(frozen=True)
class _Group:
    """Open cases of one grid, department and level."""

    area: str | None
    town: str | None
    department: str | None
    level: int
    open: int
    overdue: int
    due_soon: int
    unreceipted: int
    paused: int
    adjudication: int
    new_today: int
    next_due_at: datetime | None


def snapshot(connection: Connection, moment: Moment, number: int, real: datetime, towns: Sequence[str]) -> Snapshot:
    """The whole picture at one moment.

    Args:
        number: the last fact that this picture includes.
        real: real time, the age of the picture.
        towns: codes of the towns that get figures of their own.
    """
    groups = _open_groups(connection, moment)
    escalated = _by_town(connection, predicate("escalated", moment))
    reported = _by_town(connection, predicate("reported-today", moment))
    closed = _by_town(connection, predicate("closed-today", moment))
    hours = _hours(connection, moment)
    month = _month(connection, moment)
    overdue = sum(group.overdue for group in groups)
    unanswered, unanswered_total = _takeovers(connection, real)
    cameras = _cameras(connection)
    figures = Figures(
        id=f"{number}.0",
        at=real,
        county=_counts(groups, sum(reported.values()), sum(closed.values()), sum(escalated.values())),
        emergencies=count_running(connection),
        cameras_online=cameras[0],
        cameras_total=cameras[1],
        cameras_faulty=cameras[2],
        reported_yesterday=_reported_yesterday(connection, moment),
        closed_due_month=month[0] + overdue,
        closed_in_time_month=month[1],
        longest_overdue_seconds=_longest_overdue(groups, moment.now),
        new_today_open=sum(group.new_today for group in groups),
        levels={str(level): sum(g.open for g in groups if g.level == level) for level in range(1, 5)},
        towns={
            town: _counts([g for g in groups if g.town == town], reported[town], closed[town], escalated[town])
            for town in towns
        },
        departments=_departments(groups),
        trend=hours,
        spark=_spark(connection, moment, hours, sum(group.open for group in groups)),
        pins=_pins(connection, moment),
        escalations=unanswered,
        escalations_total=unanswered_total,
        escalation_groups=groups_of_takeovers(connection),
    )
    return Snapshot(figures=figures, map=GridMap(id=f"{number}.1", at=real, whole=True, grids=_grids(groups)))


def _amount(condition: ColumnElement[bool]) -> Any:
    return func.sum(case((condition, 1), else_=0))


def _open_groups(connection: Connection, moment: Moment) -> list[_Group]:
    keys = tuple(plain(column) for column in (c.area, c.town, c.department, c.level))
    rows: Any = connection.execute(
        select(
            *keys,
            func.count(),
            _amount(predicate("overdue", moment)),
            _amount(predicate("due-soon", moment)),
            _amount(predicate("unreceipted", moment)),
            _amount(predicate("paused", moment)),
            _amount(predicate("adjudication", moment)),
            _amount(predicate("reported-today", moment)),
            func.min(case((burning(), c.due_at))),
        )
        .where(is_open())
        .group_by(*keys)
    )
    return [_Group(*row) for row in rows]


def _counts(groups: Sequence[_Group], reported: int, closed: int, escalated: int) -> Counts:
    return Counts(
        open=sum(group.open for group in groups),
        reported_today=reported,
        closed_today=closed,
        overdue=sum(group.overdue for group in groups),
        due_soon=sum(group.due_soon for group in groups),
        unreceipted=sum(group.unreceipted for group in groups),
        escalated=escalated,
        paused=sum(group.paused for group in groups),
        adjudication=sum(group.adjudication for group in groups),
    )


def _by_town(connection: Connection, condition: ColumnElement[bool]) -> Counter[str | None]:
    town = plain(c.town)
    rows = connection.execute(select(town, func.count()).where(condition).group_by(town))
    return Counter({row[0]: row[1] for row in rows})


def _departments(groups: Sequence[_Group]) -> list[DepartmentRow]:
    """Most overdue first, then most due soon, then the earliest deadline."""
    codes = sorted({group.department for group in groups if group.department})
    rows = [_department(code, [group for group in groups if group.department == code]) for code in codes]
    far = datetime.max.replace(tzinfo=rows[0].next_due_at.tzinfo if rows and rows[0].next_due_at else None)
    return sorted(
        rows,
        key=lambda row: (-row.overdue, -row.due_soon, (row.next_due_at or far).isoformat(), row.code),
    )


def _department(code: str, groups: Sequence[_Group]) -> DepartmentRow:
    dues = [group.next_due_at for group in groups if group.next_due_at]
    return DepartmentRow(
        code=code,
        open=sum(group.open for group in groups),
        due_soon=sum(group.due_soon for group in groups),
        overdue=sum(group.overdue for group in groups),
        unreceipted=sum(group.unreceipted for group in groups),
        next_due_at=min(dues, default=None),
    )


def _grids(groups: Sequence[_Group]) -> dict[str, tuple[int, int, int]]:
    grids: dict[str, tuple[int, int, int]] = {}
    for group in groups:
        if group.area:
            before = grids.get(group.area, (0, 0, 0))
            grids[group.area] = (
                before[0] + group.open,
                before[1] + group.due_soon,
                before[2] + group.overdue,
            )
    return grids


def _longest_overdue(groups: Sequence[_Group], now: datetime) -> int | None:
    first = min((group.next_due_at for group in groups if group.next_due_at), default=None)
    return int((now - first).total_seconds()) if first and first < now else None


def _hours(connection: Connection, moment: Moment) -> Trend:
    """Received and closed in each of the last 24 local clock hours, the running one last."""
    local = moment.now.astimezone(moment.zone).replace(minute=0, second=0, microsecond=0)
    last = local.astimezone(moment.now.tzinfo)
    hours = [last - timedelta(hours=back) for back in reversed(range(HOURS))]
    table = t.hourly.c
    rows = connection.execute(
        select(table.bucket, func.sum(table.reported), func.sum(table.closed))
        .where(table.bucket >= hours[0], table.bucket <= last)
        .group_by(table.bucket)
    )
    by_hour = {row[0]: (int(row[1]), int(row[2])) for row in rows}
    pairs = [by_hour.get(hour, (0, 0)) for hour in hours]
    return Trend(hours=hours, reported=[pair[0] for pair in pairs], closed=[pair[1] for pair in pairs])


def _month(connection: Connection, moment: Moment) -> tuple[int, int]:
    table = t.daily.c
    row = connection.execute(
        select(
            func.coalesce(func.sum(table.closed_with_due), 0),
            func.coalesce(func.sum(table.closed_in_time), 0),
        ).where(table.bucket >= moment.month)
    ).one()
    return int(row[0]), int(row[1])


def _reported_yesterday(connection: Connection, moment: Moment) -> int:
    since = moment.yesterday
    until = since + (moment.now - moment.today)
    where = and_(c.reported_at >= since, c.reported_at <= until)
    return int(connection.execute(select(func.count()).select_from(t.cases).where(where)).scalar_one())


def _spark(connection: Connection, moment: Moment, trend: Trend, open_now: int) -> dict[str, list[int]]:
    reported, closed = trend.reported[-SPARK:], trend.closed[-SPARK:]
    standing = [open_now]
    for came, went in zip(reversed(reported[1:]), reversed(closed[1:]), strict=True):
        standing.append(max(0, standing[-1] - came + went))
    return {
        "reported": reported,
        "closed": closed,
        "open": list(reversed(standing)),
        "due_soon": _dues(connection, moment.now, 1),
        "overdue": list(reversed(_dues(connection, moment.now, -1))),
    }


def _dues(connection: Connection, now: datetime, direction: int) -> list[int]:
    """Open cases whose due time falls into each of the 12 hours after (+1) or before (−1) now, nearest first."""
    until = now + direction * timedelta(hours=SPARK)
    low, high = min(now, until), max(now, until)
    rows = connection.execute(select(c.due_at).where(burning(), c.due_at >= low, c.due_at < high))
    hours = Counter(int(abs((row.due_at - now).total_seconds()) // 3600) for row in rows)
    return [hours[hour] for hour in range(SPARK)]


def _pins(connection: Connection, moment: Moment) -> list[Pin]:
    """The gravest overdue cases and those due soonest that have a point."""
    hot = and_(burning(), c.longitude.is_not(None), c.soon_at <= moment.now, c.due_at.is_not(None))
    rows = connection.execute(
        select(t.cases).where(hot).order_by((c.due_at >= moment.now), c.level, c.due_at.desc()).limit(PINS)
    )
    return [_pin(row, moment.now) for row in rows]


def _pin(row: Row[Any], now: datetime) -> Pin:
    return Pin(
        case=row.code,
        title=row.title,
        category=row.category,
        level=row.level,
        area=row.area,
        due_at=row.due_at,
        state="overdue" if row.due_at < now else "due-soon",
        longitude=row.longitude,
        latitude=row.latitude,
    )


def _takeovers(connection: Connection, real: datetime) -> tuple[list[Any], int]:
    """Unanswered take-overs of living cases, the gravest and newest first; only the highest rung of each case."""
    e = t.escalation.c
    joined, where = _unanswered_takeovers()
    total = connection.execute(select(func.count()).select_from(joined).where(where)).scalar_one()
    rows = connection.execute(
        select(t.escalation).select_from(joined).where(where).order_by(c.level, e.at.desc()).limit(ESCALATIONS)
    ).all()
    facts = []
    for row in rows:
        owner = connection.execute(select(t.cases).where(c.id == row.case_id)).one()
        facts.append(escalated_fact(owner, row, real))
    return facts, int(total)


def _unanswered_takeovers() -> tuple[Any, ColumnElement[bool]]:
    """Tables and condition: the highest rung of each living case that nobody has answered."""
    e = t.escalation.c
    top = (
        select(e.case_id, func.max(e.rung).label("rung")).where(t.UNANSWERED, e.takeover).group_by(e.case_id).subquery()
    )
    joined = t.escalation.join(top, and_(e.case_id == top.c.case_id, e.rung == top.c.rung))
    return joined.join(t.cases, c.id == e.case_id), and_(burning(), t.UNANSWERED)


def groups_of_takeovers(connection: Connection) -> list[AlarmGroup]:
    """A flood as at most ten groups; the database counts, so that the picture costs no more in a flood."""
    e = t.escalation.c
    joined, where = _unanswered_takeovers()
    keys = (e.reason, c.level, c.department, c.town)
    rows = connection.execute(
        select(*keys, func.count(), func.min(e.at), func.max(e.at)).select_from(joined).where(where).group_by(*keys)
    )
    return [
        AlarmGroup(level=one.level, reason=one.reason, department=one.department, town=one.town, count=one.count)
        for one in grouped(Counted(*row) for row in rows)
    ]


def _cameras(connection: Connection) -> tuple[int, int, int]:
    """Cameras that are live, all of them, and those of the live ones of which a fault stands, in one look."""
    live = t.camera.c.state == "live"
    sums = (_sum(live), func.count(), _sum(live & t.camera.c.id.in_(faulty())))
    online, total, ill = connection.execute(select(*sums).select_from(t.camera)).one()
    return int(online), int(total), int(ill)


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
