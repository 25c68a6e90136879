"""The ladder in the door: rungs are climbed and acknowledged, each once. When a clock acts next is worked out here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, func, insert, select, update

from config.sentences import say
from models import tables as t
from models.casetimes import STAGE_CLOCKS
from models.door import orders
from models.door.facts import escalated_fact
from models.door.writing import Outcome, Step, Writing
from models.ladder import plan, steps
from models.ladder.plan import Kind
from models.messages import CaseEscalated, CaseMoved, OrderIssued
from models.moves import ENDED, Actor, Refused, Role, Stage

CLOCK = Actor("clock", Role.SYSTEM)
LADDER_ACTIONS = {
    Kind.URGE: "urge",
    Kind.RECEIPT: "urge",
    Kind.SUPERVISE: "supervise-at-expiry",
    Kind.NOTICE: "supervision-notice",
    Kind.AGAIN: "call-again",
    Kind.STAGE: "stage-late",
    Kind.HIGHER: "stage-late-higher",
}
"""What the trace calls the steps that call nobody new; a rung is an `escalate`."""
ORDERED = {Kind.URGE: "urge", Kind.RECEIPT: "urge", Kind.SUPERVISE: "supervise"}
"""The steps that are numbered orders to the department that has the case in hand."""
STAYS = frozenset({Kind.STAGE, Kind.HIGHER})
"""The steps that tell of a stage that takes too long."""
STEPS_AT_ONCE = 8
"""Steps of one case in one transaction; what is left is taken in the next, at once."""


def acknowledge(work: Writing, case: Row[Any], actor: Actor, now: datetime, fields: Mapping[str, Any]) -> Outcome:
    """Answer an escalation by name.

    Raises:
        Refused: the case has no such escalation, or somebody has answered it already.
    """
    wanted = select(t.escalation).where(t.escalation.c.id == fields["escalation"], t.escalation.c.case_id == case.id)
    row = work.db.execute(wanted).first()
    if row is None:
        raise Refused(
            say("Case {code} has no escalation {escalation!r}.", code=case.code, escalation=fields["escalation"]),
            "escalation",
        )
    if row.acknowledged_at is not None:
        raise Refused(
            say("It was acknowledged by {acknowledged_by} already.", acknowledged_by=row.acknowledged_by), "escalation"
        )
    answer_all(work, case, actor, now)
    detail = {"escalation": row.id, "rung": row.rung}
    step = Step("acknowledge", Stage(case.stage), actor, now, str(fields.get("note") or ""), detail)
    outcome = work.apply(case, {}, step)
    set_next_clock(work, outcome.case)
    work.draft(outcome, _fact(work, outcome.case, work.db.execute(wanted).one()))
    return outcome


def answer_all(work: Writing, case: Row[Any], actor: Actor, now: datetime) -> None:
    """Whoever answers, answers for the case: every open rung is answered with it."""
    unanswered = and_(t.escalation.c.case_id == case.id, t.UNANSWERED)
    work.db.execute(update(t.escalation).where(unanswered).values(acknowledged_at=now, acknowledged_by=actor.name))
    steps.settle(work.db, case.id, now, actor.name, (Kind.CONTACT, Kind.AGAIN))


def has_escalation(work: Writing, case_id: int) -> bool:
    """Whether somebody was called to this case and has not answered yet."""
    return _top(work, case_id) is not None


def climb(work: Writing, outcome: Outcome, now: datetime) -> plan.Step | None:
    """Take every step of the ladder that is due: urge, supervise, call the contacts in turn; returns the one to come."""
    step = steps.following(work.db, work.rules, outcome.case, now)
    for _ in range(STEPS_AT_ONCE):
        if step is None or step.at > now:
            break
        _take(work, outcome, step, now)
        step = steps.following(work.db, work.rules, outcome.case, now)
    return step


def _take(work: Writing, outcome: Outcome, step: plan.Step, now: datetime) -> None:
    if step.kind is Kind.CONTACT:
        before = _top(work, outcome.case.id)
        if before is not None:
            climbed = update(t.escalation).where(t.escalation.c.id == before.id)
            work.db.execute(climbed.values(climbed_at=now))
        due_at = outcome.case.due_at
        at_expiry = due_at is not None and step.at == due_at
        escalate(work, outcome, "breach" if at_expiry else "unacknowledged", now, step)
        return
    case, rung = outcome.case, None
    if step.kind is Kind.AGAIN:
        rung = _called_again(work, case, step, now)
    detail: dict[str, Any] = {"step": step.key}
    issued = orders.press(work, case, ORDERED[step.kind], now) if step.kind in ORDERED else None
    if issued is not None:
        detail["orders"] = [issued.number]
    elif step.kind in ORDERED and (number := orders.clocks_urge(work, case)) is not None:
        detail["order"] = number
    if step.kind in STAYS:
        detail["stage"] = STAGE_CLOCKS[case.stage]
    action = LADDER_ACTIONS[step.kind]
    changes = {"urged": case.urged + 1} if ORDERED.get(step.kind) == "urge" else {}
    changed = work.apply(case, changes, Step(action, Stage(case.stage), CLOCK, now, "", detail)).case
    outcome.case = changed
    if issued is not None:
        more = {"order": issued.number, "order_kind": issued.kind, "addressee": issued.department}
        work.draft(outcome, OrderIssued(**work.place(changed), **more))
    _tell(work, changed, step, now, reason=rung.reason if rung is not None else step.kind.value, rung=rung)
    work.draft(outcome, CaseMoved(**work.place(changed), action=action, from_stage=case.stage))


def _called_again(work: Writing, case: Row[Any], step: plan.Step, now: datetime) -> Row[Any]:
    """The rung with a new time to answer."""
    rung = and_(t.escalation.c.case_id == case.id, t.escalation.c.rung == step.number)
    due_at = work.rules.answer_due(step.number, now, case.level)
    return work.db.execute(update(t.escalation).where(rung).values(ack_due_at=due_at).returning(*t.escalation.c)).one()


def _tell(
    work: Writing, case: Row[Any], step: plan.Step, now: datetime, *, reason: str, rung: Row[Any] | None = None
) -> None:
    steps.tell(work.db, work.rules, case, step, now, real=work.real, people=work.people, reason=reason, escalation=rung)


def _top(work: Writing, case_id: int) -> Row[Any] | None:
    open_rungs = select(t.escalation).where(t.escalation.c.case_id == case_id, t.UNANSWERED)
    return work.db.execute(open_rungs.order_by(t.escalation.c.rung.desc()).limit(1)).first()


def escalate(work: Writing, outcome: Outcome, reason: str, now: datetime, step: plan.Step | None = None) -> None:
    """Call the contact of the ladder's step; without a step of the next rung, at once. Nothing above the top."""
    case, at_once = outcome.case, step is None
    step = step or plan.Step(Kind.CONTACT, _highest(work, case.id) + 1, now)
    if step.number > work.rules.rungs:
        return
    values = {
        "case_id": case.id,
        "rung": step.number,
        "reason": reason,
        "takeover": case.level <= work.rules.takeover_level,
        "at": now,
        "ack_due_at": work.rules.answer_due(step.number, now, case.level),
    }
    row = work.db.execute(insert(t.escalation).returning(*t.escalation.c), values).one()
    detail = {"rung": step.number, "reason": reason}
    outcome.case = work.apply(case, {}, Step("escalate", Stage(case.stage), CLOCK, now, "", detail)).case
    _tell(work, outcome.case, step, now, reason=reason, rung=row)
    if at_once:  # else whoever climbs sets the clock when all steps are taken
        set_next_clock(work, outcome.case)
    work.draft(outcome, _fact(work, outcome.case, row))


def _highest(work: Writing, case_id: int) -> int:
    highest = select(func.coalesce(func.max(t.escalation.c.rung), 0)).where(t.escalation.c.case_id == case_id)
    return int(work.db.execute(highest).scalar_one())


def follow(work: Writing, case: Row[Any], action: str, actor: Actor, now: datetime) -> None:
    """After a move: what was told of the case need not be acted on any more where the move has answered it, and the
    clock is set to the ladder's next step."""
    if case.stage in ENDED:
        steps.settle(work.db, case.id, now, actor.name)
        return set_next_clock(work, case) if case.stage_due_at or case.next_clock_at else None
    if case.stage == Stage.MERGED:  # the case that it went with is the one that is looked after
        steps.settle(work.db, case.id, now, actor.name)
    elif action == "receipt":
        steps.settle(work.db, case.id, now, actor.name, (Kind.URGE, Kind.RECEIPT))
    return set_next_clock(work, case)


def set_next_clock(work: Writing, case: Row[Any], step: plan.Step | None = None) -> None:
    """Write down when a clock of this case acts next; `step` is the ladder's next one where it is known already."""
    step = step or steps.following(work.db, work.rules, case, t.EPOCH)
    at = next_clock(case, step)
    work.db.execute(update(t.cases).where(t.cases.c.id == case.id).values(next_clock_at=at))


def next_clock(case: Row[Any], step: plan.Step | None) -> datetime | None:
    """The next instant at which a clock of this case acts: it warns, breaches, or the ladder's next step is taken.

    A suspended case has one clock, that of its resumption; a merged one has none, the case it went with has; an ended one
    may wait for its return call.
    """
    if case.stage in ENDED:
        return step.at if step is not None else None
    if case.stage == Stage.MERGED:
        return None
    if case.stage == Stage.SUSPENDED:
        at: datetime | None = case.resume_at
        return at
    moments = [step.at if step is not None else None]
    if case.breached_at is None:
        moments.append(case.warn_at or case.due_at)
    return min((moment for moment in moments if moment is not None), default=None)


def _fact(work: Writing, case: Row[Any], row: Row[Any]) -> CaseEscalated:
    return escalated_fact(case, row, work.real)
