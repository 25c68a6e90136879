"""What of a case's rows decides which moves are open: rows in, the plain value that the table of moves asks for out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from models import tables as t
from models.moves import Stage, Standing
from models.rules import RuleBook

SIDE = ("urge", "supervise", "instruction")
"""Orders beside the disposal itself."""
_MERGEABLE = frozenset({Stage.REPORTED, Stage.ACCEPTED, Stage.FILED})
_OF_CASE = select(t.orders).order_by(t.orders.c.id)


def orders_of(connection: Connection, case_id: int) -> Sequence[Row[Any]]:
    """Every order of a case, oldest first."""
    return connection.execute(_OF_CASE.where(t.orders.c.case_id == case_id)).all()


def living(orders: Sequence[Row[Any]], kind: str = "dispatch") -> list[Row[Any]]:
    """The orders of a kind that are in force: neither withdrawn nor, for a case that was reopened, of its life before."""
    return [o for o in orders if o.kind == kind and o.withdrawn_at is None and o.concluded_at is None]


def open_side(orders: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Urges that were not answered, and supervisions and instructions that nobody has concluded or withdrawn."""
    over = [o for o in orders if o.kind == "urge" and o.done_at is not None]
    return [o for o in orders if o.kind in SIDE and not (o.withdrawn_at or o.concluded_at) and o not in over]


def standing_of(
    connection: Connection, rules: RuleBook, case: Row[Any], orders: Sequence[Row[Any]], now: datetime
) -> Standing:
    """What decides the moves of this case now."""
    parts, side = living(orders), open_side(orders)
    granted = len(case.extensions or ())
    return Standing(
        stage=Stage(case.stage),
        department=case.department,
        co=frozenset(order.department for order in parts if order.part == "co"),
        unreceipted=frozenset(order.department for order in parts if order.receipt_at is None),
        undone=frozenset(o.department for o in parts if o.receipt_at is not None and o.done_at is None),
        transfer_to=case.transfer_to,
        adjudicated=case.adjudicated_at is not None,
        below_county=case.held_level is not None and case.held_level != rules.levels[0],
        deadline=_deadline(case),
        expired=case.due_at is not None and case.due_at <= now,
        extension_asked=case.extension_asked_at is not None,
        extensions_left=max(0, rules.extension_times - granted),
        leader_decides=granted + 1 >= rules.leader_from,
        inspection_failed=case.inspection == "failed",
        children=_children(connection, case),
        to_receive=frozenset(order.department for order in side if order.receipt_at is None),
        to_answer=frozenset(order.department for order in side if order.done_at is None),
        to_conclude=len(side),
    )


def _deadline(case: Row[Any]) -> Any:
    if case.due_basis == "source":
        return "source"
    return "ours" if case.due_basis == "rule" else "none"


def _children(connection: Connection, case: Row[Any]) -> int:
    if case.stage not in _MERGEABLE:
        return 0
    c = t.cases.c
    merged = select(func.count()).select_from(t.cases).where(c.merged_into == case.code, c.stage == Stage.MERGED)
    return int(connection.execute(merged).scalar_one())
