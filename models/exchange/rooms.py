"""Emergencies as other systems may read them: those that a visitor may know of, with their logs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, select

from models.emergencies import listing
from models.emergencies import tables as et
from models.moves import Actor

AT_MOST = 50
e = et.emergency.c


def one(connection: Connection, number: str, actor: Actor) -> tuple[Any, Sequence[Any]] | None:
    """An emergency and its log; None where there is none for this actor."""
    if not number.isprintable():
        return None
    where = and_(listing.scope(actor), e.number == number)
    row = connection.execute(select(et.emergency).where(where)).first()
    return (row, listing.log(connection, row.id)) if row is not None else None


def newest(connection: Connection, actor: Actor) -> list[tuple[Any, Sequence[Any]]]:
    """The newest that have begun, each with its log."""
    where = and_(listing.scope(actor), e.running_at.is_not(None))
    rows = connection.execute(select(et.emergency).where(where).order_by(e.id.desc()).limit(AT_MOST)).all()
    logs = listing.logs(connection, [row.id for row in rows])
    return [(row, logs[row.id]) for row in rows]
