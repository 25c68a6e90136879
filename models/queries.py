"""Reading cases: lists by keyset, single cases with their trace, the tail of the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select

from models import tables as t
from models.filters import CaseFilter, FilterRefused, Moment, scope
from models.moves import Actor

PAGE = 50
ORDERS = ("newest", "due")


@dataclass(frozen=True)
class Page:
    """One page of a list; `total` counts the whole list, `next` is the key of the following page."""

    rows: Sequence[Row[Any]]
    total: int
    next: str | None


def page(
    connection: Connection,
    wanted: CaseFilter,
    actor: Actor,
    moment: Moment,
    *,
    after: str | None = None,
    size: int = PAGE,
) -> Page:
    """The newest cases first, by keyset (`after` = the `next` of the page before), so that deep pages cost no more.

    Raises:
        FilterRefused: the key or the filter is not valid.
    """
    c = t.cases.c
    where = and_(scope(actor), wanted.where(moment))
    total = connection.execute(select(func.count()).select_from(t.cases).where(where)).scalar_one()
    query = select(t.cases).where(where)
    if after:
        at, key = _read_key(after)
        query = query.where(or_(c.reported_at < at, and_(c.reported_at == at, c.id < key)))
    rows = connection.execute(query.order_by(c.reported_at.desc(), c.id.desc()).limit(size + 1)).all()
    more = len(rows) > size
    rows = rows[:size]
    return Page(rows, total, _key(rows[-1]) if more else None)


def _key(row: Row[Any]) -> str:
    return f"{row.reported_at.isoformat()}~{row.id}"


def _read_key(text: str) -> tuple[datetime, int]:
    try:
        at, key = text.rsplit("~", 1)
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError(at)
        return moment, int(key)
    except ValueError as error:
        raise FilterRefused("after", f"{text!r} is no page key; expected the `next` of the page before.") from error


def count(connection: Connection, wanted: CaseFilter, actor: Actor, moment: Moment) -> int:
    """How many cases the list would hold."""
    where = and_(scope(actor), wanted.where(moment))
    return int(connection.execute(select(func.count()).select_from(t.cases).where(where)).scalar_one())


def case(connection: Connection, code: str, actor: Actor) -> Row[Any] | None:
    """One case, or None where it does not exist or this actor may not know of it."""
    return connection.execute(select(t.cases).where(t.cases.c.code == code, scope(actor))).first()


def by_external_ids(connection: Connection, client: str, ids: Sequence[str]) -> dict[str, tuple[str, bool]]:
    """External id → (case code, whether it has ended) of those that this client has reported before."""
    c = t.cases.c
    rows = connection.execute(
        select(c.external_id, c.code, c.closed_at).where(c.client == client, c.external_id.in_(ids))
    )
    return {row.external_id: (row.code, row.closed_at is not None) for row in rows}


def trace(connection: Connection, case_id: int) -> Sequence[Row[Any]]:
    """What happened to a case, oldest first."""
    return connection.execute(select(t.trace).where(t.trace.c.case_id == case_id).order_by(t.trace.c.number)).all()


def orders(connection: Connection, case_id: int) -> Sequence[Row[Any]]:
    """The orders of a case, oldest first."""
    return connection.execute(select(t.orders).where(t.orders.c.case_id == case_id).order_by(t.orders.c.id)).all()


def escalations(connection: Connection, case_id: int) -> Sequence[Row[Any]]:
    """The rungs a case has climbed, lowest first."""
    rows = select(t.escalation).where(t.escalation.c.case_id == case_id).order_by(t.escalation.c.rung)
    return connection.execute(rows).all()


def attachments(connection: Connection, case_id: int) -> Sequence[Row[Any]]:
    """The photos of a case, oldest first."""
    rows = select(t.attachment).where(t.attachment.c.case_id == case_id).order_by(t.attachment.c.id)
    return connection.execute(rows).all()


def last_number(connection: Connection) -> int:
    """The number of the newest fact; 0 in an empty county."""
    number = connection.execute(select(t.counter.c.value).where(t.counter.c.name == "outbox")).scalar()
    return int(number or 0)


def facts_after(connection: Connection, number: int, limit: int = 500) -> list[tuple[int, str]]:
    """`(number, JSON)` of the facts behind `number`, in order, at most `limit`."""
    rows = select(t.outbox.c.number, t.outbox.c.body).where(t.outbox.c.number > number).order_by(t.outbox.c.number)
    return [(row.number, row.body) for row in connection.execute(rows.limit(limit))]


def first_kept(connection: Connection) -> int:
    """The number of the oldest fact that is still kept; what is older needs a snapshot. 1 in an empty county."""
    return int(connection.execute(select(func.min(t.outbox.c.number))).scalar() or 1)


def feed(connection: Connection, actor: Actor, size: int = 20) -> Sequence[Row[Any]]:
    """The newest cases, for the wall's feed."""
    c = t.cases.c
    rows = select(t.cases).where(scope(actor)).order_by(c.reported_at.desc(), c.id.desc()).limit(size)
    return connection.execute(rows).all()


def next_clock(connection: Connection) -> datetime | None:
    """When the next clock acts, so that the alerts worker sleeps until then and no longer."""
    clock = t.cases.c.next_clock_at
    return connection.execute(select(func.min(clock)).where(clock.is_not(None))).scalar()
