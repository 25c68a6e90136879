"""Who hears of emergencies alone (topic `emergencies`): the pages of rooms, and departments of what they were called to.

Such a page is told *that* something changed and asks for the room itself, so that a message which is dropped because its
reader is slow costs a reconnection, never a wrong picture.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from models.accounts import Visitor
from models.moves import Role

TOPIC = "emergencies"
MARK = '"kind":"emergency.'
LISTENERS = frozenset({Role.DUTY, Role.OPERATOR, Role.LEADER, Role.DISPLAY, Role.DEPARTMENT})


def may_listen(visitor: Visitor) -> bool:
    """Whether this visitor has rooms to hear of at all."""
    return visitor.role in LISTENERS and (visitor.area is None or visitor.role is Role.DEPARTMENT)


def emergencies_in(bodies: Iterable[str]) -> list[tuple[str, frozenset[str]]]:
    """The facts about emergencies among these, each with the departments that it concerns."""
    return [(body, frozenset(json.loads(body).get("departments", ()))) for body in bodies if MARK in body]


def heard_by(visitor: Visitor, facts: Iterable[tuple[str, frozenset[str]]]) -> Iterator[str]:
    """The facts that this visitor may hear: the centre all, a department those that concern it."""
    for body, departments in facts:
        if visitor.role is not Role.DEPARTMENT or visitor.department in departments:
            yield body
