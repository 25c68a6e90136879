"""The topic `desk`: a desk that may not hear the whole county hears *that* something of its own has changed, and looks itself.

The word carries nothing of the case: what the desk may see of it is decided where it asks (`/live/inbox`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.accounts import Visitor
from models.moves import Role

FOR_OTHERS = frozenset({"transfer", "decline-transfer", "recall-transfer", "accept-transfer", "rework", "feedback"})
"""Moves that concern departments whose name the fact does not carry: those that are offered a case, or help with it."""


def has_desk(visitor: Visitor) -> bool:
    """Whether this visitor works at a desk that sees a part of the county."""
    if visitor.role is Role.DEPARTMENT:
        return visitor.department is not None
    return visitor.role in (Role.DUTY, Role.OPERATOR, Role.LEADER) and bool(visitor.area or visitor.department)


def concerns(visitor: Visitor, fact: Mapping[str, Any]) -> bool:
    """Whether a fact may have changed what lies on this desk. Rather once too often."""
    if fact.get("kind") == "warning.received":
        return visitor.role is not Role.DEPARTMENT  # the strip of warnings is shown to the centre
    if "case" not in fact:
        return False
    if visitor.role is not Role.DEPARTMENT:
        here = visitor.area is None or visitor.area in (fact.get("area"), fact.get("town"))
        return here and visitor.department in (None, fact.get("department"))
    named = (fact.get("department"), fact.get("addressee"))
    return visitor.department in named or fact.get("action") in FOR_OTHERS
