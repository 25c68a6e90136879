"""What is told of a case: the fields of its facts, read from its row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from models.messages import CaseEscalated

_PLACED = (
    "title",
    "category",
    "level",
    "source",
    "area",
    "town",
    "department",
    "stage",
    "due_at",
    "reported_at",
    "longitude",
    "latitude",
)


def case_fields(case: Row[Any], at: datetime) -> dict[str, Any]:
    """The fields of a `CaseFact` from a row of `cases`."""
    return {"at": at, "case": case.code, **{name: getattr(case, name) for name in _PLACED}}


def escalated_fact(case: Row[Any], row: Row[Any], at: datetime) -> CaseEscalated:
    """The fact of an escalation row."""
    return CaseEscalated(
        **case_fields(case, at),
        escalation=row.id,
        rung=row.rung,
        reason=row.reason,
        takeover=row.takeover,
        ack_due_at=row.ack_due_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
    )
