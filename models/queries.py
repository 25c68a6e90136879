"""Reading cases: lists by keyset, single cases with their trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, literal, select, tuple_
from sqlalchemy import case as when

from config.sentences import say
from models import tables as t
from models.emergencies.listing import next_clock as emergencies_clock
from models.filters import BY_FIELD, CLOSED_TOO, ENDLESS, CaseFilter, FilterRefused, Moment, predicate, scope
from models.moves import Actor

PAGE = 50
MOST_COUNTED = 10_000
"""Rows of a list that grows with the years that are counted; a longer one is said to have more than so many."""
MOST_FOUND = 1_000
"""The same for words that are in very many texts."""
LOOKED_AT = 10_000
"""Cases of a list among which such words are looked for at once; the following page looks on behind them."""


@dataclass(frozen=True)
class Page:
    """One page of a list, and the length of the whole list: `total`, or more than that where it is not `exact`.
    `next` is the key of the following page.

    Attributes:
        looked_at: where common words were looked for in so many cases only: `total` counts what was found among those,
            and the following page looks on, even when this one is not full.
    """

    rows: Sequence[Row[Any]]
    total: int
    next: str | None
    exact: bool = True
    looked_at: int | None = None


@dataclass(frozen=True)
class Sort:
    """An order of a list: by an instant, then by id, so that a key names one place in it. None comes last."""

    by: ColumnElement[datetime]
    descending: bool = False
    optional: bool = False

    def order(self, *columns: ColumnElement[Any]) -> list[ColumnElement[Any]]:
        """ORDER BY these columns in this direction."""
        return [column.desc() if self.descending else column.asc() for column in columns]

    def behind(self, at: datetime, key: int) -> ColumnElement[bool]:
        """What comes after a place."""
        here, there = tuple_(self.by, t.cases.c.id), tuple_(literal(at, t.Utc()), literal(key))
        return here < there if self.descending else here > there

    def until(self, at: datetime, key: int) -> ColumnElement[bool]:
        """What comes up to a place, itself too."""
        here, there = tuple_(self.by, t.cases.c.id), tuple_(literal(at, t.Utc()), literal(key))
        return here >= there if self.descending else here <= there


SORTS = {
    "newest": Sort(t.cases.c.reported_at, descending=True),
    "oldest": Sort(t.cases.c.reported_at),
    "due": Sort(t.cases.c.due_at, optional=True),
    "due-last": Sort(t.cases.c.due_at, descending=True, optional=True),
}
"""What a list may be sorted by."""


def page(
    connection: Connection,
    wanted: CaseFilter,
    actor: Actor,
    moment: Moment,
    *,
    after: str | None = None,
    size: int = PAGE,
    sort: str = "newest",
) -> Page:
    """A page by keyset (`after` = the `next` of the page before), so that deep pages cost no more.

    Raises:
        FilterRefused: the key, the order or the filter is not valid.
    """
    if sort not in SORTS:
        raise FilterRefused(
            "sort", say("There is no order {sort!r}; expected one of {expected}.", sort=sort, expected=", ".join(SORTS))
        )
    order, place = SORTS[sort], read_key(after) if after else None
    wanted = _placed(connection, wanted)
    where, common = _condition(connection, wanted, actor, moment)
    edge = _edge(connection, wanted, moment, order, place) if common and wanted.state in ENDLESS else None
    if edge is not None:
        where = and_(where, order.until(*edge), *([order.behind(place[0], place[1])] if place and place[0] else []))
    total, exact = _counted(connection, where, _bound(wanted, common))
    rows = _rows(connection, where, order, place, size + 1)
    more = len(rows) > size
    rows = rows[:size]
    following = _key(rows[-1], order) if more else (f"{edge[0].isoformat()}~{edge[1]}" if edge else None)
    return Page(rows, total, following, exact and edge is None, None if edge is None else LOOKED_AT)


def _edge(
    connection: Connection, wanted: CaseFilter, moment: Moment, order: Sort, place: tuple[datetime | None, int] | None
) -> tuple[datetime, int] | None:
    """How far common words are looked for: the place that `LOOKED_AT` cases of the same filter lead to, found in an index
    alone. None where there are fewer, or the order is another one than that of the reports."""
    if order.optional:
        return None
    wider = replace(wanted, q=None, state="all", stage=None, address=None, evaluation=None)
    key = t.cases.c.id
    query = select(order.by, key).where(wider.where(moment))
    if place is not None and place[0] is not None:
        query = query.where(order.behind(place[0], place[1]))
    found = connection.execute(query.order_by(*order.order(order.by, key)).offset(LOOKED_AT - 1).limit(1)).first()
    return (found[0], int(found[1])) if found else None


def _placed(connection: Connection, wanted: CaseFilter) -> CaseFilter:
    """The filter that knows whether its area is a town."""
    if wanted.area is None:
        return wanted
    level = connection.execute(select(t.area.c.level).where(t.area.c.code == wanted.area)).scalar()
    return replace(wanted, is_town=level == "town")


def _condition(
    connection: Connection, wanted: CaseFilter, actor: Actor, moment: Moment
) -> tuple[ColumnElement[bool], bool]:
    """The whole condition of a list, and whether its words are common."""
    asked = wanted.search
    found, common = asked.condition(connection) if asked else (None, False)
    return and_(scope(actor, among_open=wanted.state not in BY_FIELD), wanted.where(moment, found)), common


def _bound(wanted: CaseFilter, common: bool) -> int | None:
    """How far a list is counted; None: to its end, as it holds open cases or those of a day only."""
    if wanted.state not in ENDLESS:
        return None
    return MOST_FOUND if common else MOST_COUNTED


def _counted(connection: Connection, where: ColumnElement[bool], bound: int | None) -> tuple[int, bool]:
    """The length of a list, and whether it is exact and not just the bound."""
    if bound is None:
        rows: Any = select(func.count()).select_from(t.cases).where(where)
        return int(connection.execute(rows).scalar_one()), True
    first = select(literal(1)).select_from(t.cases).where(where).limit(bound + 1).subquery()
    found = int(connection.execute(select(func.count()).select_from(first)).scalar_one())
    return min(found, bound), found <= bound


def _rows(
    connection: Connection,
    where: ColumnElement[bool],
    sort: Sort,
    after: tuple[datetime | None, int] | None,
    size: int,
) -> list[Row[Any]]:
    """So many rows behind a place. Those without an instant come after all that have one: a part of its own, because
    neither database can go on in the middle of both by an index."""
    key = t.cases.c.id
    query = select(t.cases).where(where)
    found: list[Row[Any]] = []
    if after is None or after[0] is not None:
        dated = query.where(sort.by.is_not(None)) if sort.optional else query
        if after is not None and after[0] is not None:
            dated = dated.where(sort.behind(after[0], after[1]))
        found = list(connection.execute(dated.order_by(*sort.order(sort.by, key)).limit(size)))
    if sort.optional and len(found) < size:
        undated = query.where(sort.by.is_(None))
        if after is not None and after[0] is None:
            undated = undated.where(key < after[1] if sort.descending else key > after[1])
        found += connection.execute(undated.order_by(*sort.order(key)).limit(size - len(found)))
    return found


def _key(row: Row[Any], sort: Sort) -> str:
    at = row._mapping[sort.by]
    return f"{at.isoformat() if at else '-'}~{row.id}"


def read_key(text: str) -> tuple[datetime | None, int]:
    """The place in a list that a page key names.

    Raises:
        FilterRefused: it is none.
    """
    try:
        at, key = text.rsplit("~", 1)
        moment = datetime.fromisoformat(at) if at != "-" else None
        if moment is not None and moment.tzinfo is None:
            raise ValueError(at)
        if not 0 <= int(key) < 2**63:
            raise ValueError(key)
        return moment, int(key)
    except ValueError as error:
        raise FilterRefused(
            "after", say("{text!r} is no page key; expected the `next` of the page before.", text=text)
        ) from error


def count(connection: Connection, wanted: CaseFilter, actor: Actor, moment: Moment) -> int:
    """How many cases the list holds; for a list that grows with the years, no more than its bound (see `page`)."""
    wanted = _placed(connection, wanted)
    where, common = _condition(connection, wanted, actor, moment)
    return _counted(connection, where, _bound(wanted, common))[0]


def counts(
    connection: Connection, wanted: CaseFilter, actor: Actor, moment: Moment, states: Sequence[str]
) -> dict[str, int]:
    """How many cases each of these states holds under the same filter: those of open cases in one look at them.

    Raises:
        FilterRefused: the filter is not valid.
    """
    standing = [state for state in states if state not in CLOSED_TOO]
    wanted = _placed(connection, wanted)
    where, _ = _condition(connection, replace(wanted, state="open"), actor, moment)
    sums = [func.coalesce(func.sum(when((predicate(state, moment), 1), else_=0)), 0) for state in standing]
    found = connection.execute(select(*sums).select_from(t.cases).where(where)).one() if standing else ()
    known = {state: int(number) for state, number in zip(standing, found, strict=True)}
    others = {
        state: count(connection, replace(wanted, state=state), actor, moment) for state in states if state in CLOSED_TOO
    }
    return {state: (known | others)[state] for state in states}


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


def feed(connection: Connection, actor: Actor, size: int = 20) -> Sequence[Row[Any]]:
    """The newest cases, for the wall's feed."""
    c = t.cases.c
    rows = select(t.cases).where(scope(actor)).order_by(c.reported_at.desc(), c.id.desc()).limit(size)
    return connection.execute(rows).all()


def next_clocks(connection: Connection) -> tuple[datetime | None, datetime | None]:
    """When the next clock of a case and the next one of an emergency act."""
    clock = t.cases.c.next_clock_at
    of_cases = connection.execute(select(func.min(clock)).where(clock.is_not(None))).scalar()
    return of_cases, emergencies_clock(connection)


def next_clock(connection: Connection) -> datetime | None:
    """When the next clock of all acts, so that the alerts worker sleeps until then and no longer."""
    return soonest(*next_clocks(connection))


def soonest(*moments: datetime | None) -> datetime | None:
    """The first of these moments; None where there is none."""
    return min((at for at in moments if at is not None), default=None)
