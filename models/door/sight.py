"""Who may know of a case at all. The same rule as `filters.scope`, for one row."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from models.moves import Actor, Role


def visible(case: Row[Any], actor: Actor) -> bool:
    """Whether this actor may know of the case at all."""
    if actor.role is Role.DEPARTMENT:
        return bool(case.department == actor.department)
    if actor.role is Role.GRID:
        return bool(case.reported_by == actor.name or (actor.area is not None and case.area == actor.area))
    if actor.role in (Role.ADMIN, Role.AUDITOR):
        return False
    here = actor.area is None or actor.area in (case.area, case.town)
    return here and actor.department in (None, case.department)
