"""What lists and figures of emergencies mean: one predicate each, used by both. Drills are in no figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, false, func, or_, select, true

from config.sentences import say
from models import tables as t
from models.emergencies import tables as et
from models.emergencies.moves import STARTERS
from models.emergencies.nouns import State
from models.filters import FilterRefused
from models.moves import Actor, Role

e = et.emergency.c
STATES = ("running", "pending", "past", "all")
PAGE = 50


def predicate(state: str) -> ColumnElement[bool]:
    """What a state of the list means; `running` is the figure: begun, and not yet cancelled by name.

    Raises:
        FilterRefused: there is no such state.
    """
    known = {
        "running": e.state.in_((State.RUNNING, State.ENDED)),
        "pending": e.state == State.PENDING,
        "past": e.state.in_((State.CANCELLED, State.WITHDRAWN)),
        "all": true(),
    }
    if state not in known:
        raise FilterRefused(
            "state",
            say("There is no state {state!r}; expected one of {expected}.", state=state, expected=", ".join(STATES)),
        )
    return known[state]


def scope(actor: Actor) -> ColumnElement[bool]:
    """Which emergencies a role may know of: the centre all, a department those that it was called to."""
    if actor.role in STARTERS | {Role.DISPLAY} and actor.area is None and actor.department is None:
        return true()
    if actor.role is Role.DEPARTMENT and actor.department:
        p = et.party.c
        return e.id.in_(select(p.emergency_id).where(p.department == actor.department))
    return false()


def running(connection: Connection) -> Sequence[Row[Any]]:
    """The running emergencies, drills left out, the gravest first: the list behind the figure `emergencies`."""
    where = and_(predicate("running"), e.drill.is_(False))
    return connection.execute(select(et.emergency).where(where).order_by(e.level, e.started_at)).all()


def count_running(connection: Connection) -> int:
    """How many there are."""
    where = and_(predicate("running"), e.drill.is_(False))
    return int(connection.execute(select(func.count()).select_from(et.emergency).where(where)).scalar_one())


def active(connection: Connection, actor: Actor) -> Sequence[Row[Any]]:
    """Whatever has or is about to have a mark on the screens, drills too: gravest first, drills last."""
    where = and_(or_(predicate("running"), predicate("pending")), scope(actor))
    order = (e.drill, e.level, e.started_at)
    return connection.execute(select(et.emergency).where(where).order_by(*order)).all()


@dataclass(frozen=True)
class Page:
    """One page of emergencies, newest first; `total` counts the whole list."""

    rows: Sequence[Row[Any]]
    total: int
    next: str | None


def page(
    connection: Connection,
    actor: Actor,
    state: str = "all",
    drill: bool | None = None,
    after: str | None = None,
    size: int = PAGE,
) -> Page:
    """A list by keyset.

    Raises:
        FilterRefused: no such state, or the key is none.
    """
    where = and_(predicate(state), scope(actor), true() if drill is None else e.drill.is_(drill))
    total = connection.execute(select(func.count()).select_from(et.emergency).where(where)).scalar_one()
    query = select(et.emergency).where(where)
    if after is not None:
        if not after.isascii() or not after.isdigit() or len(after) > 18:
            raise FilterRefused(
                "after", say("{after!r} is no page key; expected the `next` of the page before.", after=after)
            )
        query = query.where(e.id < int(after))
    rows = connection.execute(query.order_by(e.id.desc()).limit(size + 1)).all()
    return Page(rows[:size], int(total), str(rows[size - 1].id) if len(rows) > size else None)


def parties(connection: Connection, ids: Sequence[int]) -> Sequence[Row[Any]]:
    """The departments of these emergencies."""
    return connection.execute(select(et.party).where(et.party.c.emergency_id.in_(ids)).order_by(et.party.c.id)).all()


def log(connection: Connection, emergency: int, after: int = 0) -> Sequence[Row[Any]]:
    """The log of an emergency, oldest first."""
    lg = et.log.c
    return connection.execute(select(et.log).where(lg.emergency_id == emergency, lg.id > after).order_by(lg.id)).all()


def logs(connection: Connection, emergencies: Sequence[int]) -> Mapping[int, Sequence[Row[Any]]]:
    """The logs of several, each oldest first, in one question."""
    lg = et.log.c
    found: dict[int, list[Row[Any]]] = {number: [] for number in emergencies}
    for row in connection.execute(select(et.log).where(lg.emergency_id.in_(emergencies)).order_by(lg.id)):
        found[row.emergency_id].append(row)
    return found


def next_clock(connection: Connection) -> Any:
    """When the next clock of an emergency acts."""
    return connection.execute(select(func.min(e.next_clock_at)).where(et.CLOCKED)).scalar()


def contacts(connection: Connection, departments: Sequence[str]) -> Sequence[Any]:
    """Desk, telephone and the three contacts of departments, as the reference data have them."""
    d = t.department.c
    columns = (d.code, d.desk, d.desk_en, d.deputy, d.deputy_en, d.phone, d.contacts)
    return connection.execute(select(*columns).where(d.code.in_(list(departments)))).all()
