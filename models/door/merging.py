"""Duplicates (并案): one case is merged into another living one and closes with it; both traces tell."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from config.sentences import say
from models import tables as t
from models.casetimes import stage_due
from models.door.doing import Doing
from models.door.endings import call_due, closing, count_closed
from models.door.escalation import CLOCK, set_next_clock
from models.door.sight import visible
from models.door.standing import orders_of
from models.door.writing import Outcome, Step
from models.messages import CaseMoved
from models.moves import ENDED, Refused, Stage


def merge(doing: Doing) -> None:
    """The case goes with another from here on: that one's owner answers for both."""
    target = _other(doing)
    if target.stage in ENDED:
        raise Refused(say("Case {code} has ended; a case is merged into a living one.", code=target.code), "into")
    if target.stage == Stage.MERGED:
        raise Refused(
            say(
                "Case {code} was merged into {merged_into}; merge into that one.",
                code=target.code,
                merged_into=target.merged_into,
            ),
            "into",
        )
    doing.changes |= {"merged_into": target.code, "owner_kind": "case", "owner": target.code}
    _tell_other(doing, target, "take-in")


def link(doing: Doing) -> None:
    """Only a mention in both traces."""
    _tell_other(doing, _other(doing), "link")


def separate(doing: Doing) -> None:
    """It was another matter after all: it goes its own way, and the centre owns it."""
    doing.detail["into"] = doing.case.merged_into
    doing.changes["merged_into"] = None
    doing.give_to_centre()


def _other(doing: Doing) -> Row[Any]:
    code = str(doing.fields["into"])
    if code == doing.case.code:
        raise Refused("A case is no duplicate of itself.", "into")
    other = doing.work.locked(code)
    if other is None or not visible(other, doing.actor, orders_of(doing.work.db, other.id)):
        raise Refused(say("There is no case {code!r}.", code=code), "into")
    return other


def _tell_other(doing: Doing, other: Row[Any], action: str) -> None:
    step = Step(action, Stage(other.stage), doing.actor, doing.now, doing.note, {"case": doing.case.code})
    outcome = doing.work.apply(other, {}, step)
    doing.work.draft(outcome, CaseMoved(**doing.work.place(outcome.case), action=action, from_stage=other.stage))


def end_children(doing: Doing, parent: Outcome) -> None:
    """What was merged into a case closes with it, each judged by its own deadline; where it turns out void, they stand
    alone again for somebody to look at."""
    c = t.cases.c
    merged = select(t.cases).where(c.merged_into == parent.case.code, c.stage == Stage.MERGED).order_by(c.id)
    for child in doing.work.db.execute(merged.with_for_update()).all():
        if parent.case.stage == Stage.VOID:
            changes = {"merged_into": None, "owner_kind": "centre", "owner": doing.work.rules.county}
            _take_along(doing, child, "separate", Stage.ACCEPTED, {**changes, **_stay(doing, child)})
        else:
            call_at = call_due(doing.work.rules, child, Stage.CLOSED, doing.now)
            more = {"resolved_level": parent.case.resolved_level, "stage_since": doing.now, "stage_due_at": call_at}
            _take_along(doing, child, "close-with", Stage.CLOSED, closing(child, Stage.CLOSED, doing.now) | more)


def _stay(doing: Doing, child: Row[Any]) -> dict[str, Any]:
    """The clock of the stage that it comes back to begins."""
    due_at = stage_due(doing.work.rules, Stage.ACCEPTED, child.category, child.due_basis, doing.now)
    return {"stage_since": doing.now, "stage_due_at": due_at}


def _take_along(doing: Doing, child: Row[Any], action: str, stage: Stage, changes: dict[str, Any]) -> None:
    work = doing.work
    detail = {"case": doing.case.code}
    outcome = work.apply(child, changes | {"stage": stage}, Step(action, stage, CLOCK, doing.now, "", detail))
    work.draft(outcome, CaseMoved(**work.place(outcome.case), action=action, from_stage=child.stage))
    set_next_clock(work, outcome.case)
    if stage is Stage.CLOSED:
        count_closed(work, outcome.case)
