"""How many cases each source has brought, with the same conditions as the lists behind the numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select

from models import tables as t
from models.filters import Moment, predicate, scope
from models.indexing import plain, values_of
from models.moves import Actor


def by_source(connection: Connection, moment: Moment, since: datetime, actor: Actor) -> Mapping[str, dict[str, int]]:
    """Of the cases that this actor may know of: source → `today` (reported), `open`, `month` (reported since `since`)."""
    reported = t.cases.c.reported_at
    month = and_(scope(actor), reported >= since, reported <= moment.now)
    found: dict[str, dict[str, int]] = defaultdict(lambda: {"today": 0, "open": 0, "month": 0})
    for source, number in _of_each(connection, and_(scope(actor), predicate("reported-today", moment))):
        found[source]["today"] = number
    for source, number in _in_one_look(connection, and_(scope(actor, among_open=True), predicate("open", moment))):
        found[source]["open"] = number
    for source, number in _of_each(connection, month):
        found[source]["month"] = number
    return found


def _of_each(connection: Connection, condition: ColumnElement[bool]) -> list[tuple[str, int]]:
    """Counted for each source by its own order of time; those that have none are left out."""
    source = values_of(t.cases.c.source, "sources")
    number = select(func.count()).where(t.cases.c.source == source.c.value, condition).scalar_subquery()
    rows = connection.execute(select(source.c.value, number).where(source.c.value.is_not(None)))
    return [(row[0], int(row[1])) for row in rows if row[1]]


def _in_one_look(connection: Connection, condition: ColumnElement[bool]) -> list[tuple[str, int]]:
    source = plain(t.cases.c.source)
    rows = connection.execute(select(source, func.count()).where(condition).group_by(source))
    return [(row[0], int(row[1])) for row in rows]
