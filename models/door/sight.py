"""Who may know of a case at all. The same rule as `filters.scope`, for one row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from models.moves import Actor, Role


def visible(case: Row[Any], actor: Actor, orders: Sequence[Row[Any]] = ()) -> bool:
    """Whether this actor may know of the case at all. `orders` are those of the case."""
    if actor.role is Role.DEPARTMENT:
        return actor.department is not None and actor.department in _involved(case, orders)
    if actor.role is Role.GRID:
        return bool(case.reported_by == actor.name or (actor.area is not None and case.area == actor.area))
    if actor.role in (Role.ADMIN, Role.AUDITOR):
        return False
    here = actor.area is None or actor.area in (case.area, case.town)
    return here and actor.department in (None, case.department)


def _involved(case: Row[Any], orders: Sequence[Row[Any]]) -> set[str | None]:
    """The department that holds it, those that have a part in it or are addressed, and one it is offered to."""
    return {case.department, case.transfer_to, *(o.department for o in orders if o.part == "co" and not o.withdrawn_at)}
