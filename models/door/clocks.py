"""Extension (延期), suspension (挂账), classification: what changes the clock of a case, and what follows from it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, update

from models import tables as t
from models.casetimes import (
    extensions_of,
    pauses_of,
    reclocked,
    stage_due,
    worked_out,
    written_pauses,
)
from models.clocks import Pause
from models.door.doing import Doing
from models.door.escalation import CLOCK, answer_all, set_next_clock
from models.door.orders import follow_clock
from models.door.writing import Outcome, Step, Writing
from models.messages import CaseMoved
from models.moves import Refused, Stage

LONGEST_PAUSE = timedelta(days=366)


def request_extension(doing: Doing) -> None:
    """Ask for one more original limit, before expiry and with a reason."""
    doing.changes |= {"extension_asked_at": doing.now, "extension_asked_by": doing.actor.name}


def grant_extension(doing: Doing) -> None:
    """One original limit more. Whoever grants it has answered what was escalated."""
    doing.set_clock(extensions=(*extensions_of(doing.case), doing.now))
    refuse_extension(doing)
    if doing.case.breached_at is not None and doing.changes.get("breached_at") is None:
        answer_all(doing.work, doing.case, doing.actor, doing.now)


def refuse_extension(doing: Doing) -> None:
    """The request is decided; the clock stays as it is."""
    doing.changes |= {"extension_asked_at": None, "extension_asked_by": None}


def suspend(doing: Doing) -> None:
    """The clock stands still from now until the given instant, when it goes on by itself."""
    until: datetime = doing.fields["until"]
    if until <= doing.now:
        raise Refused("A suspension ends in the future.", "until")
    if until > doing.now + LONGEST_PAUSE:
        raise Refused("A suspension ends within a year; it can be renewed.", "until")
    doing.set_clock(pauses=(*pauses_of(doing.case), Pause(doing.now)))
    doing.changes |= {"suspended_from": doing.case.stage, "resume_at": until, "warn_at": None}


def resume(doing: Doing) -> None:
    """The case goes on before its time, in the stage it was suspended in."""
    doing.stage = Stage(doing.case.suspended_from or Stage.HANDLING)
    doing.set_clock(pauses=ended_pauses(doing.case, doing.now))
    doing.changes |= {"suspended_from": None, "resume_at": None}
    let_ladder_wait(doing.work, doing.case, doing.now)


def ended_pauses(case: Row[Any], at: datetime) -> tuple[Pause, ...]:
    """The suspensions with the open one, if any, ended at `at`."""
    return tuple(pause if pause.ended_at else Pause(pause.began_at, at) for pause in pauses_of(case))


def let_ladder_wait(work: Writing, case: Row[Any], at: datetime) -> None:
    """Whoever was to answer an escalation has the time of the suspension on top: the ladder stood still with the clock."""
    began = next((pause.began_at for pause in pauses_of(case) if pause.ended_at is None), None)
    if began is None:
        return
    e = t.escalation.c
    for row in work.db.execute(t.escalation.select().where(e.case_id == case.id, t.UNANSWERED)).all():
        if row.ack_due_at is not None and row.ack_due_at > began:
            later = row.ack_due_at + (at - began)
            work.db.execute(update(t.escalation).where(e.id == row.id).values(ack_due_at=later))


def resume_by_itself(work: Writing, case: Row[Any], now: datetime) -> Outcome:
    """The instant of a suspension has come: the clock goes on from exactly then, however late this is noticed."""
    at, stage = case.resume_at, Stage(case.suspended_from or Stage.HANDLING)
    pauses = ended_pauses(case, at)
    changes: dict[str, Any] = {"stage": stage, "pauses": written_pauses(pauses)}
    changes |= {"suspended_from": None, "resume_at": None, "stage_since": at}
    changes |= {"stage_due_at": stage_due(work.rules, stage, case.category, case.due_basis, at)}
    changes |= reclocked(case, worked_out(work.rules, case, pauses=pauses), at)
    outcome = work.apply(case, changes, Step("resume", stage, CLOCK, at, "", {"known_at": now.isoformat()}))
    let_ladder_wait(work, case, at)
    follow_clock(work, outcome.case)
    work.draft(outcome, CaseMoved(**work.place(outcome.case), action="resume", from_stage=case.stage))
    return outcome


def classify(doing: Doing) -> None:
    """Another category, another level: the limit, and where nobody was ordered yet the department, follow."""
    level = doing.fields.get("level")
    if level:
        doing.changes["level"] = int(level)
    code = doing.fields.get("category")
    if not code or code == doing.case.category:
        return
    category = doing.work.rules.category(str(code))
    doing.changes |= {"category": category.code, "department": category.department}
    if not level:
        doing.changes["level"] = category.level
    if doing.case.due_basis == "source":
        return
    limit = category.limit_amount, category.limit_unit
    doing.changes |= {"limit_amount": limit[0], "limit_unit": limit[1]}
    doing.set_clock(limit=limit)


def rederive(work: Writing, case: Row[Any], now: datetime) -> Outcome | None:
    """Work the deadline out anew after a calendar has changed; None where it stays the same second."""
    clock = worked_out(work.rules, case)
    if (clock.due_at, clock.soon_at, clock.basis) == (case.due_at, case.soon_at, case.due_basis):
        return None
    detail = {"from": _said(case.due_at, case.due_basis), "to": _said(clock.due_at, clock.basis)}
    step = Step("rederive", Stage(case.stage), CLOCK, now, "", detail)
    changes = reclocked(case, clock, now)
    if case.stage == Stage.SUSPENDED:
        changes["warn_at"] = None
    outcome = work.apply(case, changes, step)
    follow_clock(work, outcome.case)
    set_next_clock(work, outcome.case)
    work.draft(outcome, CaseMoved(**work.place(outcome.case), action="rederive", from_stage=case.stage))
    return outcome


def _said(due_at: datetime | None, basis: str) -> str:
    return due_at.isoformat() if due_at is not None else basis
