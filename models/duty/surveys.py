"""Satisfaction that others have asked about: return calls and third parties' results, for the evaluation to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from models import tables as t
from models.duty.tables import survey


def put_surveys(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Keep answers; one of the same client and id again changes nothing unless it says something else.

    Returns:
        How many are new, and how many have changed.
    """
    new = changed = 0
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
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
