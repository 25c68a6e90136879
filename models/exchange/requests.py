"""Cases as Open311 GeoReport v2 asks for them: by service, status and time, a page after another, within a client's sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select, true

from models import tables as t
from models.accounts import Visitor
from models.filters import is_open, scope

c = t.cases.c
LONGEST = 32
"""Signs of a case's number."""


@dataclass(frozen=True)
class Asked:
    """What requests are asked for. `statuses` of `open` and `closed`; empty means any."""

    since: datetime
    until: datetime
    services: tuple[str, ...] = ()
    statuses: frozenset[str] = frozenset()
    page: int = 1
    size: int = 1_000


def sight(who: Visitor) -> ColumnElement[bool]:
    """What a client may know of: with the scope `read` what its token is bound to, else what it has reported itself."""
    whole = scope(who.actor)
    return whole if who.scopes & {"read", "operate"} else and_(whole, c.client == who.name)


def listed(connection: Connection, who: Visitor, asked: Asked) -> Sequence[Row[Any]]:
    """The newest first."""
    status = {"open": is_open(), "closed": c.closed_at.is_not(None)}
    where = [sight(who), c.reported_at >= asked.since, c.reported_at <= asked.until]
    where.append(c.category.in_(asked.services) if asked.services else true())
    where.append(or_(*(status[name] for name in sorted(asked.statuses))) if asked.statuses else true())
    rows = select(t.cases).where(*where).order_by(c.reported_at.desc(), c.id.desc())
    return connection.execute(rows.limit(asked.size).offset((asked.page - 1) * asked.size)).all()


def named(connection: Connection, who: Visitor, codes: Sequence[str]) -> Sequence[Row[Any]]:
    """Those of these numbers that the client may know of."""
    known = [code for code in codes if code.isprintable() and len(code) <= LONGEST]
    rows = select(t.cases).where(sight(who), c.code.in_(known)).order_by(c.reported_at.desc(), c.id.desc())
    return connection.execute(rows).all()
