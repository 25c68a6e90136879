"""Orders (批办单): numbered, to a lead department and co-handlers, each with receipt, clock and feedback of its own;
urges (催办), supervisions (督办) and instructions (批示) with receipt and reply. The case is done when all its parts are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from config.sentences import DEPARTMENT, say, term
from models import tables as t
from models.casetimes import pauses_of
from models.door.doing import Doing, Issued
from models.door.standing import SIDE, living, open_side, orders_of
from models.door.writing import Writing
from models.ladder import steps
from models.moves import Refused, Stage

_NEW_ORDER = insert(t.orders)
_PREFIX = {"dispatch": "PB", "urge": "CB", "supervise": "DB", "instruction": "PS"}
"""批办, 催办, 督办, 批示."""
CLOCK = "clock"
"""Who issues an order that no person gave; such an order ends with what it presses."""


# -- dispatch ---------------------------------------------------------------------------------------------------------


def dispatch(doing: Doing) -> None:
    """Orders to a lead department and to co-handlers; the lead becomes the owner."""
    fields = doing.fields
    lead, co = _known(doing, fields["department"]), _co_handlers(doing)
    limit = _own_limit(doing)
    doing.changes |= {"department": lead, "owner_kind": "department", "owner": lead, "receipt_at": None}
    _issue(doing, lead, "lead", doing.case.due_at)
    for department in co:
        if limit is None:
            _issue(doing, department, "co", doing.case.due_at)
        else:
            due_at = doing.work.rules.clock(*limit, doing.now).due_at
            own = {"clock_from": doing.now, "limit_amount": limit[0], "limit_unit": limit[1]}
            _issue(doing, department, "co", due_at, **own)


def adjudicate(doing: Doing) -> None:
    """A dispatch that binds: it cannot be handed back."""
    doing.changes["adjudicated_at"] = doing.now
    dispatch(doing)


def _known(doing: Doing, department: Any, field: str = "department") -> str:
    if department not in doing.work.rules.departments:
        raise Refused(say("There is no department {department!r}.", department=department), field)
    return str(department)


def _co_handlers(doing: Doing) -> list[str]:
    named = doing.fields.get("co_departments") or ()
    co = list(dict.fromkeys(_known(doing, code, "co_departments") for code in named))
    if doing.fields["department"] in co:
        raise Refused("The lead department cannot be its own co-handler.", "co_departments")
    return co


def _own_limit(doing: Doing) -> tuple[int, str] | None:
    amount, unit = doing.fields.get("co_limit"), doing.fields.get("co_unit")
    if amount is None and unit is None:
        return None
    if not amount or not unit:
        raise Refused("A limit of the co-handlers takes an amount above 0 and a unit.", "co_limit")
    if amount > 1000:
        raise Refused(say("A limit of the co-handlers is at most 1000, not {amount}.", amount=amount), "co_limit")
    return int(amount), str(unit)


def _issue(doing: Doing, department: str, part: str, due_at: datetime | None, **more: Any) -> str:
    """Write a numbered order; returns its number."""
    more = {"issued_by": doing.actor.name, "text": doing.note, **more}
    issued = write(doing.work, doing.case, doing.now, department, part, due_at, **more)
    doing.issued.append(issued)
    doing.detail.setdefault("orders", []).append(issued.number)
    return issued.number


def write(
    work: Writing, case: Row[Any], now: datetime, department: str, part: str, due_at: datetime | None, **more: Any
) -> Issued:
    """The row of a new numbered order. An urge has no clock of its receipt: it presses one that has."""
    kind = more.get("kind", "dispatch")
    number = f"{_PREFIX[kind]}-{work.next_number('order', now)}"
    within = work.rules.stage_limit("receipt", case.category) if kind != "urge" else None
    order = {
        "number": number,
        "case_id": case.id,
        "department": department,
        "part": part,
        "kind": kind,
        "issued_at": now,
        "issued_by": CLOCK,
        "due_at": due_at,
        "receipt_due_at": now + within if within else None,
        "text": "",
    }
    work.db.execute(_NEW_ORDER, order | more)
    return Issued(number, kind, department)


# -- receipt, feedback, hand-back, rework -----------------------------------------------------------------------------


def receipt(doing: Doing) -> None:
    """One department has its order; the case is handled from the lead's receipt on."""
    order = _part(doing, [o for o in living(doing.orders) if o.receipt_at is None])
    doing.set_order(order, receipt_at=doing.now, receipt_by=doing.actor.name)
    doing.detail["order"] = order.number
    _answer_urges(doing, order.department)
    if order.part == "lead":
        doing.changes["receipt_at"] = doing.now
    elif doing.standing.stage is Stage.DISPATCHED:
        doing.stage = Stage.DISPATCHED


def feedback(doing: Doing) -> None:
    """One part is done; the case goes on to inspection when all are."""
    waiting = [o for o in living(doing.orders) if o.receipt_at is not None and o.done_at is None]
    order = _part(doing, waiting)
    doing.set_order(order, done_at=doing.now, done_by=doing.actor.name, result=doing.note)
    doing.detail["order"] = order.number
    _answer_urges(doing, order.department)
    doing.changes["inspection"] = None
    if not _all_done(doing.orders, but=order):
        doing.stage = Stage.HANDLING


def hand_back(doing: Doing) -> None:
    """The lead's refusal withdraws every order and is counted; after the configured number only adjudication is left.

    A co-handler's withdraws its own order; the case stays with the lead.
    """
    order = _part(doing, [o for o in living(doing.orders) if o.done_at is None])
    doing.detail["order"] = order.number
    _let_off(doing, None if order.part == "lead" else order.department)
    if order.part == "co":
        doing.set_order(order, withdrawn_at=doing.now, result=doing.note)
        done = doing.standing.stage is Stage.HANDLING and _all_done(doing.orders, but=order)
        doing.stage = Stage.FEEDBACK if done else doing.standing.stage
        return
    count = doing.case.handed_back + 1
    doing.changes |= {"handed_back": count, "receipt_at": None}
    doing.give_to_centre()
    withdraw(doing)
    if count >= doing.work.rules.adjudicate_after:
        doing.stage = Stage.ADJUDICATION


def rework(doing: Doing) -> None:
    """Some parts, or all, are to be done again. Their clocks go on."""
    parts = living(doing.orders)
    named = doing.fields.get("departments") or [order.department for order in parts]
    strangers = sorted(set(named) - {order.department for order in parts})
    if strangers:
        raise Refused(
            say("{strangers!r} has no part in this case.", strangers=term(strangers[0], DEPARTMENT)), "departments"
        )
    for order in parts:
        if order.department in named:
            doing.set_order(order, done_at=None, done_by=None, reworked=order.reworked + 1)
    doing.changes |= {"reworked": doing.case.reworked + 1, "inspection": None}


def withdraw(doing: Doing) -> None:
    """Withdraw every order of the disposal that is still in force."""
    for order in living(doing.orders):
        doing.set_order(order, withdrawn_at=doing.now)


def _part(doing: Doing, candidates: Sequence[Row[Any]]) -> Row[Any]:
    """The order meant: of the department that acts or is named; else the lead's, else the oldest."""
    department = doing.department
    if department is not None:
        candidates = [order for order in candidates if order.department == department]
    if not candidates:
        raise Refused(
            say("No order of {department!r} in this case waits for that.", department=term(department, DEPARTMENT)),
            "department",
        )
    return min(candidates, key=lambda order: (order.part != "lead", order.id))


def _all_done(orders: Sequence[Row[Any]], but: Row[Any]) -> bool:
    return all(order.done_at is not None for order in living(orders) if order.id != but.id)


# -- transfer ---------------------------------------------------------------------------------------------------------


def transfer(doing: Doing) -> None:
    """Offer the case to another department. The first stays its owner until the other accepts (首问负责)."""
    to = _known(doing, doing.fields["department"])
    if to == doing.case.department:
        raise Refused(say("{to!r} holds the case already.", to=term(to, DEPARTMENT)), "department")
    doing.changes["transfer_to"] = to


def accept_transfer(doing: Doing) -> None:
    """The other department takes it over: from this moment it owns the case, with an order that it has received."""
    to = str(doing.case.transfer_to)
    for order in living(doing.orders):
        if order.part == "lead" or order.department == to:
            doing.set_order(order, withdrawn_at=doing.now)
            _let_off(doing, order.department)
    doing.changes |= {"transfer_to": None, "department": to, "owner_kind": "department", "owner": to}
    doing.changes["receipt_at"] = doing.now
    doing.detail["from"] = doing.case.department
    _issue(doing, to, "lead", doing.case.due_at, receipt_at=doing.now, receipt_by=doing.actor.name)


def end_transfer(doing: Doing) -> None:
    """It was declined, or recalled."""
    doing.changes["transfer_to"] = None


# -- urges, supervisions and instructions -----------------------------------------------------------------------------


def urge(doing: Doing) -> None:
    """催办: a numbered order to every department whose part is not done, or to the one named. Where no department has a
    part it is a word to the centre, counted and traced."""
    doing.changes["urged"] = doing.case.urged + 1
    waiting = [order for order in living(doing.orders) if order.done_at is None]
    named = doing.fields.get("department")
    if named:
        waiting = [order for order in waiting if order.department == _known(doing, named)]
        if not waiting:
            raise Refused(
                say("{named!r} has no part in this case that waits to be done.", named=term(named, DEPARTMENT)),
                "department",
            )
    for order in waiting:
        _issue(doing, order.department, order.part, order.due_at, kind="urge")


def press(work: Writing, case: Row[Any], kind: str, now: datetime) -> Issued | None:
    """The order of an urge or a supervision that the clock gives to the department that has the case in hand; None where
    the centre has, or where one of the clock's urges waits for its receipt (that one is told again)."""
    department = steps.holder(case)
    if department is None:
        return None
    if kind == "supervise":
        rules = work.rules
        more = {"kind": kind, "degree": rules.ladder.degree}
        return write(work, case, now, department, "lead", rules.reply_due(now, case.level), **more)
    if clocks_urge(work, case) is not None:
        return None
    return write(work, case, now, department, "lead", case.due_at, kind=kind)


def clocks_urge(work: Writing, case: Row[Any]) -> str | None:
    """The number of the clock's urge that the department in hand has not received yet."""
    o = t.orders.c
    own = (o.case_id == case.id, o.kind == "urge", o.issued_by == CLOCK, o.department == steps.holder(case))
    waits = (o.receipt_at.is_(None), o.done_at.is_(None), o.withdrawn_at.is_(None), o.concluded_at.is_(None))
    found: str | None = work.db.execute(select(o.number).where(*own, *waits).order_by(o.id.desc()).limit(1)).scalar()
    return found


def _answer_urges(doing: Doing, department: str) -> None:
    """What was urged is done: the order was received, or its result is there."""
    for order in open_side(doing.orders):
        if order.kind == "urge" and order.department == department:
            received = {} if order.receipt_at else {"receipt_at": doing.now, "receipt_by": doing.actor.name}
            doing.set_order(order, done_at=doing.now, done_by=doing.actor.name, **received)
            _settle(doing, order)


def _let_off(doing: Doing, department: str | None) -> None:
    """A department without a part any more (None: all of them) is neither urged nor supervised by the clock."""
    for order in open_side(doing.orders):
        if _presses(order) and department in (None, order.department):
            doing.set_order(order, withdrawn_at=doing.now)
            _settle(doing, order)


def _presses(order: Row[Any]) -> bool:
    """Whether an order ends with what it presses, without anybody's word: each urge, and the clock's supervisions."""
    return bool(order.kind == "urge" or order.issued_by == CLOCK)


def _settle(doing: Doing, order: Row[Any]) -> None:
    steps.settle_order(doing.work.db, doing.case.id, order.number, doing.now, doing.actor.name)


def supervise(doing: Doing) -> None:
    """督办: with a degree and a reply due."""
    _side(doing, "supervise", degree=doing.fields["degree"])


def instruct(doing: Doing) -> None:
    """批示: a leader's words to the department that holds the case, or another."""
    _side(doing, "instruction")


def _side(doing: Doing, kind: str, **more: Any) -> None:
    department = doing.fields.get("department") or doing.case.department
    if department is None:
        raise Refused("No department holds this case; name the one that is meant.", "department")
    reply_due = doing.fields.get("reply_due")
    if reply_due is not None and reply_due <= doing.now:
        raise Refused("A reply can be due only in the future.", "reply_due")
    part = "lead" if department == doing.case.department else "co"
    _issue(doing, _known(doing, department), part, reply_due, kind=kind, **more)


def receive_order(doing: Doing) -> None:
    """The department has the urge, the supervision or the instruction."""
    order = _side_order(doing, [o for o in open_side(doing.orders) if o.receipt_at is None])
    doing.set_order(order, receipt_at=doing.now, receipt_by=doing.actor.name)
    _settle(doing, order)


def reply(doing: Doing) -> None:
    """The result; who replies has received."""
    order = _side_order(doing, [o for o in open_side(doing.orders) if o.done_at is None])
    received = {} if order.receipt_at else {"receipt_at": doing.now, "receipt_by": doing.actor.name}
    doing.set_order(order, done_at=doing.now, done_by=doing.actor.name, result=doing.note, **received)
    _settle(doing, order)


def conclude_order(doing: Doing) -> None:
    """销号: whoever gave it is content, or lets it be."""
    order = _side_order(doing, open_side(doing.orders))
    doing.set_order(order, concluded_at=doing.now, concluded_by=doing.actor.name)
    _settle(doing, order)


def _side_order(doing: Doing, candidates: Sequence[Row[Any]]) -> Row[Any]:
    """The order named, else the oldest that waits."""
    number, department = doing.fields.get("order"), doing.department
    if department is not None:
        candidates = [order for order in candidates if order.department == department]
    if number:
        candidates = [order for order in candidates if order.number == number]
    if not candidates:
        raise Refused(_no_order(number), "order")
    doing.detail["order"] = candidates[0].number
    return candidates[0]


def _no_order(number: object) -> str:
    if number:
        return say("No order {number} of this case waits for that.", number=number)
    return "No order of this case waits for that."


# -- what follows from other changes ----------------------------------------------------------------------------------


def end(doing: Doing) -> None:
    """The case is closed or void: nothing of the disposal is open any more."""
    void = doing.stage is Stage.VOID
    for order in doing.orders:
        over = order.withdrawn_at is not None or order.concluded_at is not None
        if void and not over:
            doing.set_order(order, withdrawn_at=doing.now)
            continue
        ended = {} if order.done_at else {"done_at": doing.now, "done_by": doing.actor.name}
        if order.kind in SIDE:
            ended |= {"concluded_at": doing.now, "concluded_by": doing.actor.name}
        if not over and ended and (order.kind not in SIDE or _presses(order)):
            doing.set_order(order, **ended)


def follow_clock(work: Writing, case: Row[Any]) -> None:
    """Orders are due when the case is; those with a limit of their own leave out the pauses of the case."""
    o = t.orders.c
    of_case = (o.case_id == case.id, o.kind == "dispatch", o.withdrawn_at.is_(None), o.done_at.is_(None))
    work.db.execute(update(t.orders).where(*of_case, o.limit_amount.is_(None)).values(due_at=case.due_at))
    for order in living(orders_of(work.db, case.id)):
        if order.limit_amount is not None and order.done_at is None:
            clock = work.rules.clock(order.limit_amount, order.limit_unit, order.clock_from, pauses_of(case))
            work.db.execute(update(t.orders).where(o.id == order.id).values(due_at=clock.due_at))
