"""The inbox: open cases in the order in which they burn, each under the first reason that holds for it.

Most reasons are figures of `models.filters`, so that each count is also the length of that list on `/cases`. A return call
is the only thing that is asked of a case that has ended; it comes last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, exists, func, literal, or_, select

from config.sentences import say
from models import tables as t
from models.filters import FilterRefused, Moment, predicate, scope
from models.moves import Actor, Role, Stage

MOST = 120
"""Rows of one look: more than this nobody works off from a list; the whole list is on `/cases`."""

CENTRE = (
    "escalated",
    "overdue",
    "adjudication",
    "extension-asked",
    "handed-back",
    "to-accept",
    "to-dispatch",
    "to-inspect",
    "stage-late",
    "due-soon",
    "unreceipted",
    "to-call",
)
CALL = "to-call"
DEPARTMENT = ("overdue", "transfer-offered", "to-receive", "to-reply", "due-soon", "to-answer")
"""What lies with one department: its own orders, also where it is a co-handler, and what is offered to it."""


@dataclass(frozen=True)
class Inbox:
    """One look: `rows` carry `reason` beside the columns of the case; `counts` are whole, however many rows there are."""

    rows: Sequence[Row[Any]]
    counts: Mapping[str, int]


def reasons(role: Role) -> tuple[str, ...]:
    """Why a case lies in the inbox of this role, most urgent first."""
    return DEPARTMENT if role is Role.DEPARTMENT else CENTRE


def inbox(
    connection: Connection, actor: Actor, moment: Moment, *, reason: str | None = None, size: int = MOST
) -> Inbox:
    """The inbox of somebody; `reason` narrows it to one.

    Raises:
        FilterRefused: there is no such reason in this inbox.
    """
    known = reasons(actor.role)
    if reason is not None and reason not in known:
        raise FilterRefused(
            "reason",
            say(
                "There is no reason {reason!r} here; expected one of {expected}.",
                reason=reason,
                expected=", ".join(known),
            ),
        )
    conditions = {name: _condition(name, actor, moment) for name in known}
    return Inbox(_rows(connection, actor, conditions, reason, size), _counts(connection, actor, conditions))


def _condition(name: str, actor: Actor, moment: Moment) -> ColumnElement[bool]:
    o = t.orders.c
    if actor.role is Role.DEPARTMENT and name in ("overdue", "due-soon"):
        return and_(predicate(name, moment), _order(actor, o.done_at.is_(None)))
    own = {
        "transfer-offered": lambda: t.cases.c.transfer_to == actor.department,
        "to-receive": lambda: _order(actor, o.kind == "dispatch", o.receipt_at.is_(None), o.done_at.is_(None)),
        "to-answer": lambda: _order(actor, o.kind == "dispatch", o.receipt_at.is_not(None), o.done_at.is_(None)),
        "to-reply": lambda: _order(actor, o.kind != "dispatch", o.done_at.is_(None), o.concluded_at.is_(None)),
    }
    return own[name]() if name in own else predicate(name, moment)


def _order(actor: Actor, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """The case has a living order to this actor's department of which this holds."""
    o = t.orders.c
    living = (o.case_id == t.cases.c.id, o.department == actor.department, o.withdrawn_at.is_(None))
    return exists(select(1).where(*living, *conditions))


def _rows(
    connection: Connection, actor: Actor, conditions: Mapping[str, Any], reason: str | None, size: int
) -> Sequence[Row[Any]]:
    c = t.cases.c
    calls = CALL in conditions and reason in (None, CALL)
    wanted = [name for name in ([reason] if reason is not None else conditions) if name != CALL]
    found = _open_rows(connection, actor, conditions, wanted, size) if wanted else []
    if calls and len(found) < size:
        rows = select(*c, literal(CALL).label("reason")).where(scope(actor), conditions[CALL])
        found += connection.execute(rows.order_by(c.stage_due_at, c.id).limit(size - len(found)))
    return found


def _open_rows(
    connection: Connection, actor: Actor, conditions: Mapping[str, Any], wanted: Sequence[str], size: int
) -> list[Row[Any]]:
    c = t.cases.c
    rank = case(*((conditions[name], number) for number, name in enumerate(wanted)), else_=len(wanted))
    why = case(*((conditions[name], literal(name)) for name in wanted), else_=literal(""))
    rows = select(*c, why.label("reason")).where(
        and_(
            t.OPEN, c.stage != Stage.MERGED, scope(actor, among_open=True), or_(*(conditions[name] for name in wanted))
        )
    )
    order = (rank, c.due_at.is_(None), c.due_at, c.level, c.reported_at, c.id)
    ordered: Any = rows.order_by(*order).limit(size)
    return list(connection.execute(ordered))


def _counts(connection: Connection, actor: Actor, conditions: Mapping[str, Any]) -> dict[str, int]:
    open_ = {name: what for name, what in conditions.items() if name != CALL}
    sums = [func.coalesce(func.sum(case((what, 1), else_=0)), 0).label(name) for name, what in open_.items()]
    either = or_(*open_.values())
    counted = select(*sums, func.count().label("any")).where(
        and_(t.OPEN, t.cases.c.stage != Stage.MERGED, scope(actor, among_open=True), either)
    )
    row = connection.execute(counted).one()
    counts = {name: int(row._mapping[name]) for name in (*open_, "any")}
    if CALL in conditions:
        calls = select(func.count()).select_from(t.cases).where(scope(actor), conditions[CALL])
        counts[CALL] = int(connection.execute(calls).scalar_one())
        counts["any"] += counts[CALL]
    return counts
