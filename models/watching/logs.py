"""What the auditor reads: viewings, acts of accounts, exports, changes of the register. Reads only; by keyset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, func, select, true

from models import chain
from models import tables as t
from models.queries import MOST_COUNTED
from models.watching import ledger
from models.watching import tables as w

EXPORTS = "export."
"""Begins the act of everything that leaves the product as a file."""
LOGS = ("viewings", "acts", "register", "exports")
_TABLES: Mapping[str, Table] = {
    "viewings": w.viewing, "acts": t.audit, "register": w.camera_change, "exports": t.audit,
}  # fmt: skip
_NOUNS = {"viewings": "Ledger of viewings", "acts": "Audit", "register": "Camera register", "exports": "Audit"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines. Empty means all; `since` and `until` are instants, the second exclusive."""

    who: str = ""
    act: str = ""
    object: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of any log, in the same words."""

    id: int
    at: datetime
    actor: str
    role: str
    act: str
    object: str
    address: str
    hash: str
    detail: Mapping[str, Any] = field(default_factory=dict)


def page(
    connection: Connection, log: str, wanted: Wanted, *, before: int | None = None, size: int = 100
) -> tuple[list[Line], int | None]:
    """Lines, the newest first, and what to hand back as `before` for the next page; None at the end."""
    table = _TABLES[log]
    where = _where(log, wanted)
    if before is not None:
        where = and_(where, table.c.id < before)
    rows = connection.execute(select(table).where(where).order_by(table.c.id.desc()).limit(size + 1)).all()
    over = ledger.ends(connection, [row.id for row in rows[:size]]) if log == "viewings" else {}
    lines = [_line(log, row, over.get(row.id)) for row in rows[:size]]
    return lines, lines[-1].id if len(rows) > size else None


def count(connection: Connection, log: str, wanted: Wanted) -> tuple[int, bool]:
    """How many lines the whole list has, counted no further than `MOST_COUNTED`, and whether that is exact."""
    table = _TABLES[log]
    first = select(table.c.id).where(_where(log, wanted)).limit(MOST_COUNTED + 1).subquery()
    found = int(connection.execute(select(func.count()).select_from(first)).scalar_one())
    return min(found, MOST_COUNTED), found <= MOST_COUNTED


def chain_state(connection: Connection, log: str) -> tuple[int, list[str]]:
    """How many lines were ever written, and every fault of the chain."""
    table = _TABLES[log]
    return chain.written(connection, table), list(chain.faults(connection, table, _NOUNS[log]))


def acts(connection: Connection, log: str) -> Sequence[str]:
    """The acts (or purposes) that occur in the newest `MOST_COUNTED` lines, for a choice."""
    column, table = _columns(log)["act"], _TABLES[log]
    newest = select(column.label("act")).where(_where(log, Wanted())).order_by(table.c.id.desc()).limit(MOST_COUNTED)
    act = newest.subquery().c.act
    return connection.execute(select(act).distinct().order_by(act)).scalars().all()


def _columns(log: str) -> Mapping[str, ColumnElement[Any]]:
    if log == "viewings":
        return {"who": w.viewing.c.viewer, "act": w.viewing.c.purpose, "at": w.viewing.c.at}
    table = _TABLES[log].c
    return {"who": table.actor, "act": table.act, "at": table.at}


def _where(log: str, wanted: Wanted) -> ColumnElement[bool]:
    columns = _columns(log)
    parts: list[ColumnElement[bool]] = [true()]
    if log in ("acts", "exports"):
        parts.append(t.EXPORT if log == "exports" else ~t.EXPORT)
    if wanted.who:
        parts.append(columns["who"] == wanted.who)
    if wanted.act:
        parts.append(columns["act"] == wanted.act)
    if wanted.since:
        parts.append(columns["at"] >= wanted.since)
    if wanted.until:
        parts.append(columns["at"] < wanted.until)
    if wanted.object:
        parts.append(_concerns(log, wanted.object))
    return and_(*parts)


def _concerns(log: str, object: str) -> ColumnElement[bool]:
    """A camera, or the case that a viewing was for; else what the line itself names."""
    if log == "viewings":
        seen = select(w.viewed.c.viewing).where(w.viewed.c.camera == object)
        return (w.viewing.c.reference == object) | w.viewing.c.id.in_(seen)
    if log == "register":
        return w.camera_change.c.camera == object
    return t.audit.c.object == object


def _line(log: str, row: Row[Any], ended: datetime | None = None) -> Line:
    if log == "viewings":
        detail = {"kind": row.kind, "reference": row.reference, "note": row.note, "plan": row.plan,
                  "cameras": row.cameras, "until": row.until.isoformat(),
                  "ended": ended.isoformat() if ended else None}  # fmt: skip
        shown = row.cameras[0] if len(row.cameras) == 1 else f"{len(row.cameras)}"
        return Line(row.id, row.at, row.viewer, row.role, row.purpose, shown, row.address, row.hash, detail)
    if log == "register":
        detail = {"changes": row.changes, "note": row.note}
        return Line(row.id, row.at, row.actor, row.role, row.act, row.camera, "", row.hash, detail)
    return Line(row.id, row.at, row.actor, row.role, row.act, row.object, row.address, row.hash, row.detail)
