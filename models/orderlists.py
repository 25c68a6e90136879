"""Lists of orders: what each state means, who may see which, pages by keyset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, literal, select, true, tuple_

from config.sentences import say
from models import tables as t
from models.filters import FilterRefused, scope
from models.indexing import plain
from models.moves import Actor, Role
from models.queries import MOST_COUNTED, read_key

o = t.orders.c

STATES = ("open", "unreceipted", "receipt-late", "late", "answered", "done", "withdrawn", "all")
"""What may be asked for."""

STANDING = frozenset({"open", "unreceipted", "receipt-late", "late"})
"""States of the few orders of which nothing came yet; they have an index of their own."""


def in_force() -> ColumnElement[bool]:
    """Neither withdrawn nor concluded."""
    return and_(o.withdrawn_at.is_(None), o.concluded_at.is_(None))


def is_open() -> ColumnElement[bool]:
    """In force, and nothing came of it yet."""
    return t.WANTED


_PREDICATES: dict[str, Callable[[datetime], ColumnElement[bool]]] = {
    "open": lambda now: is_open(),
    "unreceipted": lambda now: and_(is_open(), o.receipt_at.is_(None)),
    "receipt-late": lambda now: and_(is_open(), o.receipt_at.is_(None), o.receipt_due_at < now),
    "late": lambda now: and_(is_open(), o.due_at < now),
    "answered": lambda now: and_(in_force(), t.ASKED, o.done_at.is_not(None)),
    "done": lambda now: o.done_at.is_not(None),
    "withdrawn": lambda now: o.withdrawn_at.is_not(None),
    "all": lambda now: true(),
}


@dataclass(frozen=True)
class OrderFilter:
    """What a list of orders shows. Empty means everything; codes are exact."""

    state: str = "all"
    kind: str | None = None
    department: str | None = None
    case: str | None = None

    def where(self, now: datetime) -> ColumnElement[bool]:
        """The whole condition.

        Raises:
            FilterRefused: there is no such state.
        """
        if self.state not in _PREDICATES:
            raise FilterRefused(
                "state",
                say(
                    "There is no state {state!r}; expected one of {expected}.",
                    state=self.state,
                    expected=", ".join(STATES),
                ),
            )
        parts = [_PREDICATES[self.state](now)]
        if self.kind not in (None, "dispatch"):
            parts.append(t.ASKED)  # said once more: few orders, with an index of their own
        department = plain(o.department) if self.state in STANDING else o.department
        for column, value in ((o.kind, self.kind), (department, self.department), (t.cases.c.code, self.case)):
            if value is not None:
                parts.append(column == value)
        return and_(*parts)


@dataclass(frozen=True)
class OrderPage:
    """One page; `total` is the length of the whole list, or a bound that it is over where it is not `exact`; `next` is
    the key of the following page."""

    rows: Sequence[Row[Any]]
    total: int
    next: str | None
    exact: bool = True


def page(
    connection: Connection,
    wanted: OrderFilter,
    actor: Actor,
    now: datetime,
    *,
    after: str | None = None,
    size: int = 50,
) -> OrderPage:
    """The newest orders first, by keyset, each with the code, title, stage and level of its case.

    Raises:
        FilterRefused: the key or the filter is not valid.
    """
    joined = t.orders.join(t.cases, o.case_id == t.cases.c.id)
    where = and_(_scope(actor, among_open=wanted.state in STANDING), wanted.where(now))
    first = select(o.id).select_from(joined).where(where).limit(MOST_COUNTED + 1).subquery()
    found = int(connection.execute(select(func.count()).select_from(first)).scalar_one())
    case = t.cases.c
    columns = (*o, case.code.label("case"), case.title, case.stage, case.level)
    query = select(*columns).select_from(joined).where(where)
    if after:
        at, key = read_key(after)
        if at is None:
            raise FilterRefused(
                "after", say("{after!r} is no page key; expected the `next` of the page before.", after=after)
            )
        query = query.where(tuple_(o.issued_at, o.id) < tuple_(literal(at, t.Utc()), literal(key)))
    rows = connection.execute(query.order_by(o.issued_at.desc(), o.id.desc()).limit(size + 1)).all()
    more, rows = len(rows) > size, rows[:size]
    following = f"{rows[-1].issued_at.isoformat()}~{rows[-1].id}" if more else None
    return OrderPage(rows, min(found, MOST_COUNTED), following, found <= MOST_COUNTED)


def _scope(actor: Actor, *, among_open: bool) -> ColumnElement[bool]:
    """A department sees its own orders; others those of the cases that they may know of."""
    mine = scope(actor, among_open=True)  # each order brings its case along: no index of cases is looked for
    if actor.role is Role.DEPARTMENT:
        own = plain(o.department) if among_open else o.department
        return and_(own == (actor.department or ""), mine)
    return mine
