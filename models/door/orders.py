"""Orders (批办单): numbered, issued to a department, received, done or withdrawn."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, insert, update

from models import tables as t
from models.door.writing import Writing
from models.moves import Actor

_NEW_ORDER = insert(t.orders)
_LIVING_ORDERS = update(t.orders).where(
    t.orders.c.case_id == bindparam("of_case"), t.orders.c.withdrawn_at.is_(None), t.orders.c.done_at.is_(None)
)


def issue(work: Writing, case: Row[Any], department: str, actor: Actor, now: datetime) -> str:
    """Write a numbered order to a department; returns its number."""
    number = f"PB-{work.next_number('order', now)}"
    order = {
        "number": number,
        "case_id": case.id,
        "department": department,
        "part": "lead",
        "issued_at": now,
        "issued_by": actor.name,
        "due_at": case.due_at,
    }
    work.db.execute(_NEW_ORDER, order)
    return number


def change_living(work: Writing, case: Row[Any], **values: Any) -> None:
    """Set columns of the orders of this case that are neither done nor withdrawn."""
    work.db.execute(_LIVING_ORDERS, {"of_case": case.id, **values})
