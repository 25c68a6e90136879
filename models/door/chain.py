"""The trace of a case: its lines, chained by hashes as every log is (`models.chain`), and whether it is whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from models import tables as t
from models.chain import chained
from models.moves import Actor

LINE = ("action", "from_stage", "to_stage", "actor", "role", "happened_at", "entered_at", "note", "detail")
"""What of a trace line goes into its hash, beside the case's code and the line's number."""


def trace_line(
    action: str,
    from_stage: str,
    to_stage: str,
    actor: Actor,
    happened_at: datetime,
    entered_at: datetime,
    note: str,
    detail: Mapping[str, Any],
) -> dict[str, Any]:
    """A trace line as it is stored, but for the case, its number and its hash."""
    return {
        "action": action,
        "from_stage": str(from_stage),
        "to_stage": str(to_stage),
        "actor": actor.name,
        "role": str(actor.role),
        "happened_at": happened_at,
        "entered_at": entered_at,
        "note": note,
        "detail": dict(detail),
    }


def verified(connection: Connection, code: str) -> bool:
    """Whether the trace of a case is whole: every line hashes to the next, and the row knows the last."""
    case = connection.execute(select(t.cases).where(t.cases.c.code == code)).one()
    lines = connection.execute(select(t.trace).where(t.trace.c.case_id == case.id).order_by(t.trace.c.number)).all()
    head = ""
    for number, line in enumerate(lines, 1):
        body = {name: getattr(line, name) for name in LINE}
        head = chained(head, {**body, "case": code, "number": number})
        if line.number != number or line.hash != head:
            return False
    return bool(len(lines) == case.trace_count and head == case.trace_head)
