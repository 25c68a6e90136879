"""Taking a case one step along the table of moves, with all that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from models.door.escalation import acknowledge
from models.door.orders import change_living, issue
from models.door.sight import visible
from models.door.writing import Outcome, Step, Writing
from models.messages import CaseMoved, OrderIssued
from models.moves import ENDED, Actor, Refused, Stage, check


def move(
    work: Writing, code: str, action: str, actor: Actor, now: datetime, fields: Mapping[str, Any] | None = None
) -> Outcome:
    """Take a case one step. `fields` may hold `note`, `department`, `escalation`, `happened_at` and `detail`.

    Raises:
        Refused: the case does not exist for this actor, or the move is not in the table.
    """
    fields = fields or {}
    case = work.locked(code)
    if case is None or not visible(case, actor):
        raise Refused(f"There is no case {code!r}.", "code")
    move, stage = check(action, Stage(case.stage), actor, case.department, fields)
    if action == "acknowledge":
        return acknowledge(work, case, actor, now, fields)
    changes = _consequences(work, case, action, stage, actor, now, fields)
    happened_at = fields.get("happened_at") or now
    detail = {name: fields[name] for name in ("department", "detail") if fields.get(name)}
    outcome = work.apply(case, changes, Step(action, stage, actor, happened_at, str(fields.get("note") or ""), detail))
    work.draft(outcome, CaseMoved(**work.place(outcome.case), action=action, from_stage=case.stage))
    if action == "dispatch":
        work.draft(outcome, OrderIssued(**work.place(outcome.case), order=changes["order"]))
    if move.to in ENDED:
        _end(work, outcome.case, case, now)
    return outcome


def _consequences(
    work: Writing,
    case: Row[Any],
    action: str,
    stage: Stage,
    actor: Actor,
    now: datetime,
    fields: Mapping[str, Any],
) -> dict[str, Any]:
    changes: dict[str, Any] = {"stage": stage}
    if action == "dispatch":
        department = fields["department"]
        if department not in work.rules.departments:
            raise Refused(f"There is no department {department!r}.", "department")
        changes |= {"department": department, "owner_kind": "department", "owner": department}
        changes["order"] = issue(work, case, department, actor, now)
    elif action == "receipt":
        changes["receipt_at"] = now
        change_living(work, case, receipt_at=now, receipt_by=actor.name)
    elif action == "hand-back":
        changes |= {
            "handed_back": case.handed_back + 1,
            "owner_kind": "centre",
            "owner": work.rules.county,
        }
        change_living(work, case, withdrawn_at=now)
    elif action == "rework":
        changes["reworked"] = case.reworked + 1
    elif action == "feedback":
        change_living(work, case, done_at=now)
    if stage in ENDED:
        closed_at = now
        in_time = None if case.due_at is None else closed_at <= case.due_at
        changes |= {"closed_at": closed_at, "in_time": in_time, "next_clock_at": None}
        change_living(work, case, done_at=now)
    return changes


def _end(work: Writing, case: Row[Any], before: Row[Any], now: datetime) -> None:
    if case.stage == Stage.VOID:
        return
    work.add(now, before.town, case.department, "closed")
    if case.in_time is not None:
        work.add(now, before.town, case.department, "closed_with_due")
    if case.in_time:
        work.add(now, before.town, case.department, "closed_in_time")
