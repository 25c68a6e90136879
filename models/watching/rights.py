"""Who may open which camera for what: pure, denied unless a line here allows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from config.sentences import say
from models.moves import Role

ACCOUNTABLE = ("purpose", "legal_basis", "owner", "sign", "mask_review")
"""What must be on record before a camera may be shown (domain.md §9)."""
OVERDUE = "review_overdue"
"""A gap of its own: the masks were reviewed, too long ago."""


class Purpose(StrEnum):
    """What somebody opens a camera for; `display` is a wall in a room of the centre."""

    CASE = "case"
    EMERGENCY = "emergency"
    INSPECTION = "inspection"
    MAINTENANCE = "maintenance"
    DISPLAY = "display"


_WATCHERS = frozenset({Role.DUTY, Role.OPERATOR, Role.LEADER})
ALLOWED: Mapping[Purpose, frozenset[Role]] = {
    Purpose.CASE: _WATCHERS | {Role.SYSTEM},
    Purpose.EMERGENCY: _WATCHERS | {Role.SYSTEM},
    Purpose.INSPECTION: _WATCHERS | {Role.SYSTEM},
    Purpose.MAINTENANCE: frozenset({Role.OPERATOR, Role.ADMIN}),
    Purpose.DISPLAY: _WATCHERS | {Role.DISPLAY, Role.SYSTEM},
}
"""Purpose → the roles that may name it. The auditor, departments and grid workers see no camera."""
NAMED = frozenset({Purpose.CASE, Purpose.EMERGENCY})
"""Purposes that name what they are for."""
RESTRICTABLE = (Role.DUTY, Role.OPERATOR, Role.LEADER, Role.DISPLAY)
"""Roles that one camera may be reserved for."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One camera as the rights see it. `gaps`: what its register lacks; `shown_to`: roles, none for all."""

    id: str
    area: str | None
    town: str | None
    shown_to: frozenset[str]
    gaps: tuple[str, ...]


def gaps(entry: Mapping[Any, Any], today: date, review_days: int) -> tuple[str, ...]:
    """What keeps a camera from being shown: fields that are empty, and a review of its masks that is overdue.

    A review dated in the future never took place.
    """
    missing = tuple(name for name in ACCOUNTABLE if not entry[name])
    reviewed = entry["mask_review"]
    if not reviewed:
        return missing
    if reviewed > today + timedelta(days=1):  # a day's grace: the register's zone may be ahead of ours
        return (*missing, "mask_review")
    return (*missing, OVERDUE) if reviewed + timedelta(days=review_days) < today else missing


def refusal(role: Role, area: str | None, camera: Subject | None, purpose: Purpose) -> str | None:
    """Why this role, bound to this area (None: the whole county), may not open the camera; None where it may.

    The answer is a key of the catalogue (`watching.refused.…`). A camera of another area and one that does not exist
    are answered alike.
    """
    if role not in ALLOWED[purpose]:
        return "purpose"
    if camera is None or (area is not None and area not in (camera.area, camera.town)):
        return "unknown"
    if camera.gaps:
        return "review" if camera.gaps == (OVERDUE,) else "register"
    if camera.shown_to and role not in camera.shown_to and role is not Role.ADMIN:
        return "reserved"
    return None


def may_see(role: Role, area: str | None, camera: Subject | None) -> bool:
    """Whether any purpose would let this role open the camera."""
    return any(refusal(role, area, camera, purpose) is None for purpose in Purpose)


def purposes(role: Role) -> tuple[Purpose, ...]:
    """What this role may name, in the order of the list; `display` is for walls, not for dialogues."""
    return tuple(one for one in Purpose if role in ALLOWED[one] and one is not Purpose.DISPLAY)


def plain_roles(roles: Iterable[str]) -> list[str]:
    """Roles a camera is reserved for, in a fixed order.

    Raises:
        ValueError: one of them watches no camera.
    """
    wanted = set(roles)
    unknown = wanted - {str(role) for role in RESTRICTABLE}
    if unknown:
        expected = ", ".join(RESTRICTABLE)
        raise ValueError(
            say(
                "Expected roles of {expected}; came {expected2}.",
                expected=expected,
                expected2=", ".join(sorted(unknown)),
            )
        )
    return [str(role) for role in RESTRICTABLE if role in wanted]
