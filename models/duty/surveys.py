"""Satisfaction that others have asked about: return calls and third parties' results, for the evaluation to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, func, or_, select

from models import tables as t
from models.duty.tables import survey
from models.moves import Actor
from models.store import upserting


def put_surveys(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Keep answers; one of the same client and id again changes nothing unless it says something else.

    Returns:
        How many are new, and how many have changed.
    """
    new = changed = 0
    dialect = upserting(connection.dialect.name)
    for row in rows:
        here = (survey.c.client == row["client"], survey.c.external_id == row["external_id"])
        known = connection.execute(select(survey).where(*here)).first()
        if known is None:
            connection.execute(dialect.insert(survey).values(**row).on_conflict_do_nothing())
            new += 1
        elif any(getattr(known, name) != value for name, value in row.items()):
            connection.execute(survey.update().where(*here).values(**row))
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
    said = case((s.answer.in_(("", "unreached")), 0), else_=1)
    content = case((s.answer.in_(("satisfied", "fairly")), 1), else_=0)
    groups = (s.kind, s.area, s.department)
    sums = (
        func.sum(func.coalesce(s.reached, said)),
        func.sum(func.coalesce(s.satisfied, content)),
        func.avg(s.score),
    )
    rows = select(*groups, *sums).where(s.at >= since, s.at < until).group_by(*groups).order_by(*groups)
    if actor.department is not None:
        rows = rows.where(s.department == actor.department)
    if actor.area is not None:
        a = t.area.c
        rows = rows.where(s.area.in_(select(a.code).where(or_(a.code == actor.area, a.town == actor.area))))
    found = connection.execute(rows)
    return [
        Asked(*row[:3], int(row[3] or 0), int(row[4] or 0), None if row[5] is None else float(row[5])) for row in found
    ]
