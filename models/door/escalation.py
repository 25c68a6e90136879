"""The ladder in the door: rungs are climbed and acknowledged, each once. When a clock acts next is worked out here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, func, insert, select, update

from models import tables as t
from models.door.facts import escalated_fact
from models.door.writing import Outcome, Step, Writing
from models.messages import CaseEscalated
from models.moves import ENDED, Actor, Refused, Role, Stage

CLOCK = Actor("clock", Role.SYSTEM)


def acknowledge(work: Writing, case: Row[Any], actor: Actor, now: datetime, fields: Mapping[str, Any]) -> Outcome:
    """Answer an escalation by name.

    Raises:
        Refused: the case has no such escalation, or somebody has answered it already.
    """
    wanted = select(t.escalation).where(t.escalation.c.id == fields["escalation"], t.escalation.c.case_id == case.id)
    row = work.db.execute(wanted).first()
    if row is None:
        raise Refused(f"Case {case.code} has no escalation {fields['escalation']!r}.", "escalation")
    if row.acknowledged_at is not None:
        raise Refused(f"It was acknowledged by {row.acknowledged_by} already.", "escalation")
    answer_all(work, case, actor, now)
    detail = {"escalation": row.id, "rung": row.rung}
    step = Step("acknowledge", Stage(case.stage), actor, now, str(fields.get("note") or ""), detail)
    outcome = work.apply(case, {"next_clock_at": next_clock(case, None)}, step)
    work.draft(outcome, _fact(work, outcome.case, work.db.execute(wanted).one()))
    return outcome


def answer_all(work: Writing, case: Row[Any], actor: Actor, now: datetime) -> None:
    """Whoever answers, answers for the case: every open rung is answered with it."""
    unanswered = and_(t.escalation.c.case_id == case.id, t.UNANSWERED)
    work.db.execute(update(t.escalation).where(unanswered).values(acknowledged_at=now, acknowledged_by=actor.name))


def has_escalation(work: Writing, case_id: int) -> bool:
    """Whether somebody was called to this case and has not answered yet."""
    return _top(work, case_id) is not None


def climb(work: Writing, outcome: Outcome, now: datetime) -> None:
    """Take the next rung where nobody has answered the last in time."""
    top = _top(work, outcome.case.id)
    if top is None or top.ack_due_at is None or top.ack_due_at > now or top.rung >= work.rules.rungs:
        return
    climbed = and_(t.escalation.c.id == top.id, t.escalation.c.climbed_at.is_(None))
    if work.db.execute(update(t.escalation).where(climbed).values(climbed_at=now)).rowcount:
        escalate(work, outcome, "unacknowledged", now)


def _top(work: Writing, case_id: int) -> Row[Any] | None:
    open_rungs = select(t.escalation).where(t.escalation.c.case_id == case_id, t.UNANSWERED)
    return work.db.execute(open_rungs.order_by(t.escalation.c.rung.desc()).limit(1)).first()


def escalate(work: Writing, outcome: Outcome, reason: str, now: datetime) -> None:
    """Take the case one rung up; nothing where it stands on the top already."""
    case = outcome.case
    highest = select(func.coalesce(func.max(t.escalation.c.rung), 0)).where(t.escalation.c.case_id == case.id)
    rung = min(work.db.execute(highest).scalar_one() + 1, work.rules.rungs)
    if rung == work.db.execute(highest).scalar_one():
        return  # the top of the ladder was reached before
    values = {
        "case_id": case.id,
        "rung": rung,
        "reason": reason,
        "takeover": case.level <= work.rules.takeover_level,
        "at": now,
        "ack_due_at": now + work.rules.acknowledge_within(rung),
    }
    key = work.db.execute(insert(t.escalation).values(values)).inserted_primary_key[0]  # type: ignore[index]
    detail = {"rung": rung, "reason": reason}
    outcome.case = work.apply(case, {}, Step("escalate", Stage(case.stage), CLOCK, now, "", detail)).case
    set_next_clock(work, outcome.case)
    row = work.db.execute(select(t.escalation).where(t.escalation.c.id == key)).one()
    work.draft(outcome, _fact(work, outcome.case, row))


def set_next_clock(work: Writing, case: Row[Any]) -> None:
    """Write down when a clock of this case acts next."""
    top = _top(work, case.id)
    at = next_clock(case, top if top is not None and top.rung < work.rules.rungs else None)
    work.db.execute(update(t.cases).where(t.cases.c.id == case.id).values(next_clock_at=at))


def next_clock(case: Row[Any], unanswered: Row[Any] | None) -> datetime | None:
    """The next instant at which a clock of this case acts; None when none is left.

    A suspended case has one clock, that of its resumption; a merged one has none, the case it went with has.
    """
    if case.stage in ENDED or case.stage == Stage.MERGED:
        return None
    if case.stage == Stage.SUSPENDED:
        at: datetime | None = case.resume_at
        return at
    moments = []
    if case.breached_at is None:
        moments.append(case.warn_at or case.due_at)
    if unanswered is not None:
        moments.append(unanswered.ack_due_at)
    return min((moment for moment in moments if moment is not None), default=None)


def _fact(work: Writing, case: Row[Any], row: Row[Any]) -> CaseEscalated:
    return escalated_fact(case, row, work.real)
