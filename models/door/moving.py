"""Taking a case one step along the table of moves, with all that follows from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Row

from config.sentences import say
from models.casetimes import stage_due
from models.door import clocks, endings, levels, merging, orders
from models.door.doing import Doing
from models.door.escalation import acknowledge, follow
from models.door.sight import visible
from models.door.standing import SIDE, orders_of, standing_of
from models.door.writing import Outcome, Overtaken, Step, Writing
from models.ladder.plan import Kind
from models.ladder.steps import settle, tell_order
from models.messages import CaseMoved, OrderIssued
from models.moves import ENDED, Actor, Refused, Stage, check


def _verified(doing: Doing) -> None:
    doing.changes["verification"] = doing.fields["finding"]


def _inspected(doing: Doing) -> None:
    doing.changes["inspection"] = doing.fields["finding"]


CONSEQUENCES: Mapping[str, Callable[[Doing], None]] = {
    "accept": clocks.classify,
    "classify": clocks.classify,
    "verify": _verified,
    "settle-on-the-spot": levels.settle,
    "settle-at-level": levels.settle_at_level,
    "raise": levels.raise_level,
    "report-directly": levels.to_county,
    "merge": merging.merge,
    "separate": merging.separate,
    "link": merging.link,
    "dispatch": orders.dispatch,
    "receipt": orders.receipt,
    "hand-back": orders.hand_back,
    "adjudicate": orders.adjudicate,
    "transfer": orders.transfer,
    "accept-transfer": orders.accept_transfer,
    "decline-transfer": orders.end_transfer,
    "recall-transfer": orders.end_transfer,
    "request-extension": clocks.request_extension,
    "grant-extension": clocks.grant_extension,
    "refuse-extension": clocks.refuse_extension,
    "suspend": clocks.suspend,
    "resume": clocks.resume,
    "feedback": orders.feedback,
    "inspect": _inspected,
    "rework": orders.rework,
    "close": endings.close,
    "return-call": endings.return_call,
    "evaluate": endings.evaluate,
    "reopen": endings.reopen,
    "urge": orders.urge,
    "supervise": orders.supervise,
    "instruct": orders.instruct,
    "receive-order": orders.receive_order,
    "reply": orders.reply,
    "conclude-order": orders.conclude_order,
    "close-at-source": endings.close,
}
"""What follows from a move beside the stage it leads to. One that is not named has no other consequence."""

UNTOLD = frozenset({"note", "version", "happened_at", "escalation"})
"""Fields that the trace does not keep as detail: it has columns of its own for them, or no use."""
_PENDING = frozenset({Stage.DISPATCHED, Stage.HANDLING, Stage.SUSPENDED})
"""Where an offered transfer and a requested extension stay open."""


def move(
    work: Writing, code: str, action: str, actor: Actor, now: datetime, fields: Mapping[str, Any] | None = None
) -> Outcome:
    """Take a case one step.

    Args:
        fields: what the table asks for (`Move.fields`), and `happened_at` for a late entry, `version` where the actor
            wants to be refused when somebody else was first, `detail` for what the trace shall keep beside it.

    Raises:
        Refused: the case does not exist for this actor, or the move is not in the table.
        Overtaken: the case is not at the given version any more.
    """
    fields = fields or {}
    case = work.locked(code)
    all_orders = orders_of(work.db, case.id) if case is not None else ()
    if case is None or not visible(case, actor, all_orders):
        raise Refused(say("There is no case {code!r}.", code=code), "code")
    if fields.get("version") is not None and fields["version"] != case.version:
        raise Overtaken(code, case.version, work.lines_after(case.id, int(fields["version"])))
    standing = standing_of(work.db, work.rules, case, all_orders, now)
    move, stage = check(action, standing, actor, fields)
    happened_at = _happened_at(case, now, fields)
    if action == "acknowledge":
        return acknowledge(work, case, actor, now, fields)
    doing = Doing(work, case, all_orders, standing, move, actor, now, fields, stage)
    doing.detail |= _told(doing)
    if happened_at != now:
        doing.detail["known_at"] = now.isoformat()  # a late entry: until now nobody knew of it
    if action in CONSEQUENCES:
        CONSEQUENCES[action](doing)
    _settle_stage(doing)
    step = Step(action, doing.stage, actor, happened_at, doing.note, doing.detail)
    outcome = work.apply(case, {"stage": doing.stage, **doing.changes}, step)
    _follow(doing, outcome)
    return outcome


def _happened_at(case: Row[Any], now: datetime, fields: Mapping[str, Any]) -> datetime:
    """When it was done: now, or for a late entry earlier (the trace keeps both times).

    Raises:
        Refused: it lies in the future, or before the case was there.
    """
    given: datetime | None = fields.get("happened_at")
    if given is None:
        return now
    if given > now:
        raise Refused("This has not happened yet: happened_at lies in the future.", "happened_at")
    if given < min(case.happened_at, case.reported_at):
        raise Refused("This cannot have been done before the case was reported.", "happened_at")
    return given


def _told(doing: Doing) -> dict[str, Any]:
    """What the trace keeps of the fields, as plain JSON values."""
    asked = {field.name for field in doing.move.fields} | {"department", "detail"}
    given = {name: value for name, value in doing.fields.items() if name in asked - UNTOLD and value}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in given.items()}


def _settle_stage(doing: Doing) -> None:
    """The clock of the stage it leaves is judged, that of the new one begins; what was pending ends with the stage."""
    case, stage, now = doing.case, doing.stage, doing.now
    if stage != case.stage:
        if case.stage_due_at is not None:
            doing.detail["stage_in_time"] = now <= case.stage_due_at
        category, basis = doing.changes.get("category", case.category), doing.changes.get("due_basis", case.due_basis)
        due_at = stage_due(doing.work.rules, stage, category, basis, now)
        doing.changes |= {"stage_since": now, "stage_due_at": due_at}
    if stage not in _PENDING and case.transfer_to is not None:
        doing.changes["transfer_to"] = None
    if stage not in _PENDING and case.extension_asked_at is not None:
        doing.changes |= {"extension_asked_at": None, "extension_asked_by": None}
    if stage in ENDED and case.stage not in ENDED:
        _end(doing)


def _end(doing: Doing) -> None:
    if doing.case.stage == Stage.SUSPENDED:  # a source system has closed it meanwhile
        doing.set_clock(pauses=clocks.ended_pauses(doing.case, doing.now))
        doing.changes |= {"suspended_from": None, "resume_at": None}
    due_at = doing.changes.get("due_at", doing.case.due_at)
    doing.changes |= endings.closing(SimpleNamespace(due_at=due_at), doing.stage, doing.now)
    doing.changes["stage_due_at"] = endings.call_due(doing.work.rules, doing.case, doing.stage, doing.now)
    orders.end(doing)


def _follow(doing: Doing, outcome: Outcome) -> None:
    """What the change of the row brings about: facts, roll-ups, clocks, other cases."""
    work, before = doing.work, doing.case
    action = doing.move.action
    work.draft(outcome, CaseMoved(**work.place(outcome.case), action=action, from_stage=before.stage))
    for issued in doing.issued:
        fact = OrderIssued(
            **work.place(outcome.case), order=issued.number, order_kind=issued.kind, addressee=issued.department
        )
        work.draft(outcome, fact)
        if issued.kind in SIDE:
            order = (issued.number, issued.kind, issued.department)
            tell_order(work.db, work.rules, outcome.case, order, doing.now, real=work.real, people=work.people)
    if "due_at" in doing.changes and doing.orders:
        orders.follow_clock(work, outcome.case)
    if outcome.case.stage in ENDED and before.stage not in ENDED:
        if outcome.case.stage == Stage.CLOSED:
            endings.count_closed(work, outcome.case)
        merging.end_children(doing, outcome)
    if outcome.case.stage != before.stage and before.stage_due_at is not None and before.stage_due_at <= doing.now:
        settle(work.db, before.id, doing.now, doing.actor.name, (Kind.STAGE, Kind.HIGHER))
    follow(work, outcome.case, action, doing.actor, doing.now)
    if action == "report-directly" or _turned_grave(doing, outcome.case):
        levels.press(doing, outcome)


def _turned_grave(doing: Doing, case: Row[Any]) -> bool:
    """Classified as so grave that it goes straight to the county's screen."""
    direct = doing.work.rules.direct_level
    return bool(case.level <= direct < doing.case.level and case.due_basis != "source")
