"""Cases that belong to a case: what it was merged into, what was merged into it, and what a person linked with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from models import tables as t
from models.filters import scope
from models.moves import Actor

MOST = 30


def related(
    connection: Connection, code: str, merged_into: str | None, linked: Sequence[str], actor: Actor
) -> Sequence[tuple[str, Row[Any]]]:
    """`(how, case)` with how `into`, `child` or `link`, of those that this actor may know of."""
    c = t.cases.c
    named = [*linked, *([merged_into] if merged_into else [])]
    wanted = or_(c.merged_into == code, c.code.in_(named))
    rows = connection.execute(select(t.cases).where(wanted, scope(actor)).order_by(c.reported_at).limit(MOST))
    return [(_how(row, code, merged_into), row) for row in rows]


def _how(row: Row[Any], code: str, merged_into: str | None) -> str:
    if row.code == merged_into:
        return "into"
    return "child" if row.merged_into == code else "link"
