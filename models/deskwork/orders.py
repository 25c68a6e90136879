"""One order with its case, for those who may know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from models import tables as t
from models.filters import scope
from models.moves import Actor, Role


@dataclass(frozen=True)
class Sheet:
    """What is printed of an order: itself, its case, the other orders of the case, the desk that receives it."""

    order: Row[Any]
    case: Row[Any]
    beside: tuple[Row[Any], ...]
    desk: Mapping[str, Any]


def sheet(connection: Connection, number: str, actor: Actor) -> Sheet | None:
    """An order by its number; None where there is none, or this actor may not know of it."""
    o = t.orders.c
    order = connection.execute(select(t.orders).where(o.number == number)).first()
    if order is None:
        return None
    own = actor.role is Role.DEPARTMENT and actor.department == order.department
    allowed = or_(scope(actor), t.cases.c.id == order.case_id) if own else scope(actor)
    case = connection.execute(select(t.cases).where(t.cases.c.id == order.case_id, allowed)).first()
    if case is None:
        return None
    others = select(t.orders).where(o.case_id == case.id, o.number != number, o.withdrawn_at.is_(None)).order_by(o.id)
    department = connection.execute(select(t.department).where(t.department.c.code == order.department)).one()
    return Sheet(order, case, tuple(connection.execute(others)), dict(department._mapping))
