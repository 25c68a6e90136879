"""How a case ends, and what comes after: return call (回访), evaluation, reopening. The roll-ups stay right throughout."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from models.casetimes import pauses_of, stage_due
from models.clocks import Pause
from models.door.doing import Doing
from models.door.standing import living
from models.door.writing import Writing
from models.moves import Stage
from models.rules import RuleBook


def closing(case: Any, stage: Stage, now: datetime) -> dict[str, Any]:
    """The columns that an end changes. `case` needs `due_at`: with it, whether the end came in time is settled."""
    in_time = None if case.due_at is None or stage is Stage.VOID else now <= case.due_at
    return {"closed_at": now, "in_time": in_time, "next_clock_at": None, "stage_due_at": None, "warn_at": None}


def call_due(rules: RuleBook, case: Any, stage: Stage, now: datetime) -> datetime | None:
    """Until when the reporter of a closed case is to be called (回访); None where nobody left a number, or is waited for."""
    if stage is not Stage.CLOSED or not case.reporter_phone:
        return None
    return stage_due(rules, stage, case.category, case.due_basis, now)


def count_closed(work: Writing, case: Row[Any], by: int = 1) -> None:
    """Into the roll-ups of the hour and day at which it closed; −1 takes it out again."""
    columns = ["closed"]
    if case.in_time is not None:
        columns.append("closed_with_due")
    if case.in_time:
        columns.append("closed_in_time")
    for column in columns:
        work.add(case.closed_at, case.town, case.department, column, by)


def close(doing: Doing) -> None:
    """Resolved by the departments of the county."""
    doing.changes["resolved_level"] = doing.work.rules.levels[0]


def return_call(doing: Doing) -> None:
    """What the reporter says of it; the last call counts."""
    doing.changes |= {"satisfaction": doing.fields["satisfaction"], "called_at": doing.now}
    if doing.case.stage_due_at is not None:
        doing.changes["stage_due_at"] = None
        doing.detail["stage_in_time"] = doing.now <= doing.case.stage_due_at


def evaluate(doing: Doing) -> None:
    """The mark that it was given."""
    doing.changes |= {"score": doing.fields["score"], "evaluated_at": doing.now}


def reopen(doing: Doing) -> None:
    """It was not done after all. The time it was closed does not count; what was counted as closed is taken out."""
    case = doing.case
    count_closed(doing.work, case, -1)
    for order in living(doing.orders):
        doing.set_order(order, concluded_at=doing.now, concluded_by=doing.actor.name)
    doing.set_clock(pauses=(*pauses_of(case), Pause(case.closed_at, doing.now)))
    doing.changes |= {"closed_at": None, "in_time": None, "resolved_level": None, "inspection": None}
    doing.changes |= {"satisfaction": None, "called_at": None, "score": None, "evaluated_at": None}
    doing.changes |= {"reopened": case.reopened + 1, "adjudicated_at": None}
    doing.give_to_centre()
