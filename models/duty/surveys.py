"""Satisfaction that others have asked about: return calls and third parties' results, for the evaluation to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, case, func, or_, select

from models import tables as t
from models.duty.tables import survey
from models.evaluation.periods import Month
from models.moves import Actor
from models.store import upserting

REACHED = func.coalesce(survey.c.reached, case((survey.c.answer.in_(("", "unreached")), 0), else_=1))
"""How many people an answer stands for: a summary says it; one person is one, unless that one could not be reached."""
CONTENT = func.coalesce(survey.c.satisfied, case((survey.c.answer.in_(("satisfied", "fairly")), 1), else_=0))


@dataclass(frozen=True)
class Closing:
    """When a month of the evaluation closes, so that what comes later does not change it."""

    now: datetime
    zone: ZoneInfo
    grace_days: int

    def counts_at(self, at: datetime) -> datetime:
        """When an answer given at `at` and brought in now counts: then, or, where that month is closed, now."""
        return at if self.open(at) else self.now

    def open(self, at: datetime) -> bool:
        """Whether the books of the month of `at` are still open."""
        return self.now < Month.of(at, self.zone).end(self.zone) + timedelta(days=self.grace_days)


def put_surveys(connection: Connection, rows: Sequence[Mapping[str, Any]], closing: Closing) -> tuple[int, int]:
    """Keep answers; one of the same client and id again changes nothing unless it says something else.

    A correction of an answer that counted in a month since closed stays out: that month has judged with it.

    Returns:
        How many are new, and how many have changed.
    """
    new = changed = 0
    dialect = upserting(connection.dialect.name)
    for row in rows:
        here = (survey.c.client == row["client"], survey.c.external_id == row["external_id"])
        known = connection.execute(select(survey).where(*here)).first()
        if known is None:
            counts = {"counts_at": closing.counts_at(row["at"])}
            connection.execute(dialect.insert(survey).values(**row, **counts).on_conflict_do_nothing())
            new += 1
        elif any(getattr(known, name) != value for name, value in row.items()) and closing.open(known.counts_at):
            connection.execute(survey.update().where(*here).values(**row, counts_at=closing.counts_at(row["at"])))
            changed += 1
    return new, changed


def case_codes(connection: Connection, client: str, ids: Sequence[str]) -> Mapping[str, Any]:
    """External id → the row of the case that this client has brought in, for the answers that name one."""
    c = t.cases.c
    rows = connection.execute(
        select(c.external_id, c.code, c.area, c.department).where(c.client == client, c.external_id.in_(ids))
    )
    return {row.external_id: row for row in rows}


@dataclass(frozen=True)
class Asked:
    """What was answered about one place or department (or, without both, the rest) in a period, by one kind of asking."""

    kind: str
    area: str | None
    department: str | None
    reached: int
    satisfied: int
    score: float | None
    """The mean of the scores given; None where none was."""


def asked(connection: Connection, since: datetime, until: datetime, actor: Actor) -> Sequence[Asked]:
    """Answers of [since, until) summed by kind, place and department, of what this actor may know of.

    A summary counts those it reached; an answer of one person counts one, unless that person could not be reached.
    """
    s = survey.c
    groups = (s.kind, s.area, s.department)
    sums = (
        func.sum(REACHED),
        func.sum(CONTENT),
        func.avg(s.score),
    )
    rows = select(*groups, *sums).where(s.counts_at >= since, s.counts_at < until).group_by(*groups).order_by(*groups)
    if actor.department is not None:
        rows = rows.where(s.department == actor.department)
    if actor.area is not None:
        a = t.area.c
        rows = rows.where(s.area.in_(select(a.code).where(or_(a.code == actor.area, a.town == actor.area))))
    found = connection.execute(rows)
    return [
        Asked(*row[:3], int(row[3] or 0), int(row[4] or 0), None if row[5] is None else float(row[5])) for row in found
    ]
