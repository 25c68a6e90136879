"""An administrator's edit of an emergency plan: its text, its faults, what would change, the storing.

A plan is a file of its own. What runs keeps the plan that it was started with, so that no edit reaches into a room, and a
plan that is taken out is missing from the start form only.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from config import plans, written
from config.plans import Plan
from config.sentences import say
from config.tables import Findings, Problem
from dashboard.administration.changes import Change
from models.emergencies import rooms
from models.moves import Refused

BLOCKS: Mapping[str, str] = {
    "levels": "level",
    "roles": "code",
    "objectives": "code",
    "parties": "department",
    "questions": "code",
    "steps": "code",
}
"""The lists of a plan, and what tells their entries apart."""


def text_of(connection: Any, code: str) -> str:
    """A stored plan as its file; empty where there is none."""
    plan = rooms.stored_plans(connection).get(code)
    return "" if plan is None else written.toml_of_plan(plan)


def file_name(code: str) -> str:
    """What the file of a plan is called."""
    return f"{code or 'plan'}.toml"


def judged(connection: Any, text: str, departments: Collection[str]) -> tuple[list[Problem], list[Change], Plan | None]:
    """The faults of a plan's text, what it would change of the stored plan of its code, and the plan."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / file_name("")
        file.write_text(text, encoding="utf-8")
        findings = Findings(file.name)
        plan = plans.one(file, departments, findings)
    if plan is None or findings.problems:
        return findings.problems, [], None
    return [], list(changes(rooms.stored_plans(connection).get(plan.code), plan)), plan


def removed(connection: Any, code: str) -> list[Change]:
    """What taking this plan out would change.

    Raises:
        Refused: there is no such plan, or it is the last one.
    """
    stored = rooms.stored_plans(connection)
    if code not in stored:
        raise Refused(say("There is no plan {plan!r}; GET /api/v1/plans lists them.", plan=code), "key")
    if len(stored) == 1:
        raise Refused("The last plan stays: without one no emergency can be started.", "key")
    return [Change("removed", code, {"name": (stored[code].name, "")})]


def store(connection: Any, plan: Plan | None, code: str) -> None:
    """Put a plan in under its code, or take the one of this code out."""
    stored = dict(rooms.stored_plans(connection))
    if plan is None:
        stored.pop(code, None)
    else:
        stored[plan.code] = plan
    rooms.store_plans(connection, stored)


def changes(before: Plan | None, after: Plan) -> Iterator[Change]:
    """What is other, entry by entry: a step that moved within its list has not changed."""
    if before is None:
        yield Change("added", after.code, {"name": ("", after.name)})
        return
    old, new = rooms.plan_body(before), rooms.plan_body(after)
    whole = {name: (old[name], new[name]) for name in new if name not in BLOCKS and old[name] != new[name]}
    if whole:
        yield Change("changed", after.code, {name: (_told(was), _told(now)) for name, (was, now) in whole.items()})
    for block, key in BLOCKS.items():
        yield from _of_block(
            block, {str(one[key]): one for one in old[block]}, {str(one[key]): one for one in new[block]}
        )
    for block, key in BLOCKS.items():
        order, wanted = ([one[key] for one in body[block]] for body in (old, new))
        if order != wanted and sorted(order) == sorted(wanted):
            yield Change("changed", block, {"order": (", ".join(map(str, order)), ", ".join(map(str, wanted)))})


def _of_block(block: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key, one in new.items():
        if key not in old:
            yield Change("added", f"{block} {key}", {})
        elif old[key] != one:
            other = {name: (_told(old[key][name]), _told(one[name])) for name in one if old[key][name] != one[name]}
            yield Change("changed", f"{block} {key}", other)
    yield from (Change("removed", f"{block} {key}", {}) for key in old if key not in new)


def _told(value: Any) -> str:
    """A value as the file says it."""
    if isinstance(value, dict):
        return ", ".join(f"{name} = {_told(one)}" for name, one in value.items())
    if isinstance(value, list):
        return "; ".join(map(_told, value))
    return "" if value is None else str(value)
