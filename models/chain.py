"""Append-only tables whose lines are chained by hashes: appending one, cutting off what is old enough, finding any edit.

A chained table has `id` (contiguous, from a counter row that is locked by adding to it), its own columns, and `hash`,
the SHA-256 over the hash before and the line. What is deleted by retention leaves a cut: the number and hash of the last
line that went, from which the check goes on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select

from models import tables as t
from models.numbers import counted
from models.store import upserting

_ROWS = 1_000


def chained(head: str, line: Mapping[str, Any]) -> str:
    """The hash of a log line: SHA-256 over the hash before it and the line as canonical JSON."""
    text = json.dumps(line, sort_keys=True, ensure_ascii=False, default=_plain)
    return hashlib.sha256(f"{head}\n{text}".encode()).hexdigest()


def _plain(value: Any) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def append(connection: Connection, table: Table, line: Mapping[str, Any]) -> int:
    """Append a line in the act's own transaction; returns its number. `line` names every column but `id` and `hash`."""
    number = counted(connection, table.name)
    whole = {"id": number, **line}
    connection.execute(insert(table).values(**whole, hash=chained(_head(connection, table, number), whole)))
    return number


def _head(connection: Connection, table: Table, number: int) -> str:
    """The hash before this number."""
    known = connection.execute(select(table.c.hash).where(table.c.id == number - 1)).scalar()
    return known if known is not None else _cut(connection, table)[1]


def _cut(connection: Connection, table: Table) -> tuple[int, str]:
    """Number and hash of the last line that retention has deleted; 0 and nothing where none was."""
    row = connection.execute(select(t.chain_cut).where(t.chain_cut.c.name == table.name)).first()
    return (row.number, row.hash) if row else (0, "")


def written(connection: Connection, table: Table) -> int:
    """How many lines were ever appended."""
    return int(connection.execute(select(t.counter.c.value).where(t.counter.c.name == table.name)).scalar() or 0)


def faults(connection: Connection, table: Table, noun: str) -> Iterator[str]:
    """A sentence for every line that was edited, removed or added. Memory stays flat; readable while others append."""
    expected = written(connection, table)
    number, head = _cut(connection, table)
    names = [column.name for column in table.c if column.name != "hash"]
    for line in connection.execute(select(table).order_by(table.c.id)).yield_per(_ROWS):
        number += 1
        if line.id != number:
            yield f"{noun}: line {number} is missing."
            number = line.id
        if line.hash != chained(head, {name: getattr(line, name) for name in names}):
            yield f"{noun}: line {line.id} was changed."
        head = line.hash
    if not expected <= number <= written(connection, table):
        yield f"{noun}: it has {number} lines where {expected} were written."


def cut(connection: Connection, table: Table, until: int) -> int:
    """Delete the lines up to this number and remember where the chain goes on; returns how many went.

    The newest line always stays, so that the next one has its head.
    """
    newest = connection.execute(select(func.max(table.c.id))).scalar() or 0
    last = min(until, newest - 1)
    row = connection.execute(select(table.c.id, table.c.hash).where(table.c.id == last)).first()
    if row is None:
        return 0
    dialect = upserting(connection.dialect.name)
    kept = {"number": row.id, "hash": row.hash}
    statement = dialect.insert(t.chain_cut).values(name=table.name, **kept)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=kept))
    return int(connection.execute(delete(table).where(table.c.id <= last)).rowcount)
