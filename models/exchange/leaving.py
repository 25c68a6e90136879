"""What leaves as a file: cases, traces, orders, places of a period, row by row from the database, masked.

Reporters never leave: their names and telephones stay sealed, and an export only says whether there was one. Free text has
its numbers and addresses masked, as everywhere outside the case's own owner. A million rows pass in constant memory: pages by
key, each its own short read, so that nobody's writes wait and no snapshot grows (reliability.md §2).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, func, select

from models import tables as t
from models.masking import masked
from models.messages import iso
from models.store import Store

BITE = 1_000
Row = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """What of a table leaves. `at`: the instant that a period is about; None: the whole table."""

    table: Table
    columns: tuple[str, ...]
    at: str | None = None
    masked: tuple[str, ...] = ()
    of_case: bool = False
    """Whether each row names its case."""


_CASE = (
    "code", "category", "description", "title", "level", "source", "client", "external_id", "area", "town", "uncovered",
    "address", "longitude", "latitude", "reported_by", "stage", "owner_kind", "owner", "department", "happened_at",
    "reported_at", "entered_at", "due_at", "due_basis", "breached_at", "receipt_at", "closed_at", "in_time", "handed_back",
    "reworked", "reopened", "urged", "verification", "inspection", "merged_into", "satisfaction", "score",
    "trace_count", "trace_head",
)  # fmt: skip
_TRACE = (
    "number",
    "action",
    "from_stage",
    "to_stage",
    "actor",
    "role",
    "happened_at",
    "entered_at",
    "note",
    "detail",
    "hash",
)
_ORDER = (
    "number", "kind", "part", "department", "issued_at", "issued_by", "due_at", "receipt_at", "receipt_by", "done_at",
    "done_by", "withdrawn_at", "text", "result", "degree", "reworked", "concluded_at", "concluded_by",
)  # fmt: skip
KINDS: Mapping[str, Kind] = {
    "cases": Kind(t.cases, _CASE, "reported_at", ("description", "address")),
    "trace": Kind(t.trace, _TRACE, "entered_at", ("note",), of_case=True),
    "orders": Kind(t.orders, _ORDER, "issued_at", ("text", "result"), of_case=True),
    "places": Kind(t.area, ("code", "name", "name_en", "level", "parent", "town", "geometry")),
}


def columns(kind: Kind) -> tuple[str, ...]:
    """The names of the columns of a file."""
    more = ("reporter",) if kind.table is t.cases else ()
    return (*(("case",) if kind.of_case else ()), *kind.columns, *more)


def count(connection: Connection, kind: Kind, since: datetime | None, until: datetime | None) -> int:
    """How many rows leave."""
    where = _where(kind, since, until)
    return int(connection.execute(select(func.count()).select_from(kind.table).where(*where)).scalar_one())


def rows(store: Store, kind: Kind, since: datetime | None, until: datetime | None) -> Iterator[Row]:
    """The rows in the order of their keys, plain values and already masked."""
    (key,) = kind.table.primary_key.columns
    last: Any = None
    while True:
        query = _selected(kind).where(*_where(kind, since, until)).order_by(key).limit(BITE)
        with store.read() as connection:
            found = connection.execute(query if last is None else query.where(key > last)).all()
        for row in found:
            yield _plain(kind, row._mapping)
        if len(found) < BITE:
            return
        last = found[-1]._mapping["key"]


def _selected(kind: Kind) -> Select[Any]:
    (key,) = kind.table.primary_key.columns
    names = [kind.table.c[name] for name in kind.columns]
    if kind.of_case:
        joined = kind.table.join(t.cases, t.cases.c.id == kind.table.c.case_id)
        return select(key.label("key"), t.cases.c.code.label("case"), *names).select_from(joined)
    if kind.table is t.cases:
        c = t.cases.c
        known = (c.reporter_name.is_not(None) | c.reporter_phone.is_not(None)).label("reporter")
        return select(key.label("key"), *names, known)
    return select(key.label("key"), *names)


def _where(kind: Kind, since: datetime | None, until: datetime | None) -> list[Any]:
    if kind.at is None:
        return []
    at = kind.table.c[kind.at]
    return [
        bound for bound in (at >= since if since else None, at < until if until else None) if bound is not None
    ] or [and_(True)]


def _plain(kind: Kind, row: Mapping[Any, Any]) -> Row:
    found = {name: _value(row[name]) for name in columns(kind)}
    for name in kind.masked:
        found[name] = masked(found[name] or "")
    if "detail" in found:
        found["detail"] = json.loads(masked(json.dumps(found["detail"], ensure_ascii=False)))
    if "reporter" in found:
        found["reporter"] = "***" if found["reporter"] else ""
    return found


def _value(value: Any) -> Any:
    return iso(value) if isinstance(value, datetime) else value
