"""How many cases each source has brought, with the same conditions as the lists behind the numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select

from models import tables as t
from models.filters import Moment, predicate, scope
from models.moves import Actor


def by_source(connection: Connection, moment: Moment, since: datetime, actor: Actor) -> Mapping[str, dict[str, int]]:
    """Of the cases that this actor may know of: source → `today` (reported), `open`, `month` (reported since `since`)."""
    reported = t.cases.c.reported_at
    wanted = {
        "today": predicate("reported-today", moment),
        "open": predicate("open", moment),
        "month": and_(reported >= since, reported <= moment.now),
    }
    found: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(wanted, 0))
    for name, condition in wanted.items():
        for source, number in _counted(connection, and_(scope(actor), condition)):
            found[source][name] = number
    return found


def _counted(connection: Connection, condition: ColumnElement[bool]) -> list[tuple[str, int]]:
    source = t.cases.c.source
    rows = connection.execute(select(source, func.count()).where(condition).group_by(source))
    return [(row[0], int(row[1])) for row in rows]
