"""How long an emergency is kept: never less than it lasts. Its log goes as a whole, after the county's time and unless a
legal hold keeps it; what it was, who came when and its reports stay. Pictures of the case that it was started from wait for its end."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from models import chain
from models.emergencies import tables as et
from models.emergencies.nouns import State

OVER = (State.CANCELLED, State.WITHDRAWN)
"""Over is what nobody can do anything in any more: cancelled by name, or taken back before it began."""
e, lg = et.emergency.c, et.log.c


def cut_log(connection: Connection, before: datetime, held: Mapping[str, Collection[str]], limit: int) -> int:
    """Delete a bite of the log's oldest lines, those of emergencies whose last line was written before; how many went.

    The chain is one for all emergencies, so that the first that must stay keeps whatever was written after it.
    """
    first = connection.execute(select(func.min(lg.id))).scalar()
    if first is None:
        return 0
    last = select(lg.emergency_id).group_by(lg.emergency_id).having(func.max(lg.entered_at) >= before)
    stays = select(e.id).where(or_(_lives(), _is_held(held), e.id.in_(last)))
    until = connection.execute(select(func.min(lg.id)).where(lg.emergency_id.in_(stays))).scalar()
    if until is None:
        until = connection.execute(select(func.max(lg.id))).scalar_one() + 1
    return chain.cut(connection, et.log, min(until, first + limit) - 1)


def needed(connection: Connection, held: Mapping[str, Collection[str]]) -> frozenset[str]:
    """The cases whose pictures stay, because an emergency that was started from them lasts or is held."""
    wanted = select(e.reference).where(e.origin == "case", or_(_lives(), _is_held(held)))
    return frozenset(connection.execute(wanted).scalars())


def _lives() -> ColumnElement[bool]:
    return e.state.not_in(OVER)


def _is_held(held: Mapping[str, Collection[str]]) -> ColumnElement[Any]:
    by_case = and_(e.origin == "case", e.reference.in_(list(held["case"])))
    return or_(e.number.in_(list(held["emergency"])), by_case)
