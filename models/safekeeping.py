"""Copies of the database, and the proof that nobody edited what happened: the chains of traces and of the audit."""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from models import chain
from models import tables as t
from models.chain import chained
from models.emergencies import tables as emergencies
from models.store import Store
from models.watching import tables as watching

_TRACE = ("action", "from_stage", "to_stage", "actor", "role", "happened_at", "entered_at", "note", "detail")
CHAINS = (
    (t.audit, "Audit"),
    (watching.viewing, "Ledger of viewings"),
    (watching.viewing_end, "Ends of viewings"),
    (watching.camera_change, "Camera register"),
    (emergencies.log, "Log of emergencies"),
)
"""The logs that nobody may edit, and what a fault calls them."""
_ROWS = 1_000


class CopyRefused(Exception):
    """A copy cannot be made or brought back. The text is a sentence; trying again with the same file cannot help."""


def copy_sqlite(store: Store, file: Path) -> None:
    """A consistent copy of an SQLite database while others write to it; readable by its owner only.

    Raises:
        CopyRefused: the file exists already. OSError: it cannot be written.
    """
    if file.exists():
        raise CopyRefused(f"{file} exists already; choose another name.")
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_WRONLY, 0o600))
    try:
        with closing(sqlite3.connect(str(store.url.database))) as source, closing(sqlite3.connect(part)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def restore_sqlite(store: Store, file: Path) -> None:
    """Put a copy in the place of an SQLite database that nobody has open. The one before is kept beside it.

    Raises:
        CopyRefused: the file is no sound copy of a GridCommand database.
    """
    _refuse_unsound(file)
    database = Path(str(store.url.database))
    database.parent.mkdir(parents=True, exist_ok=True)
    for ending in ("-wal", "-shm"):
        if database.exists():
            with closing(sqlite3.connect(str(database))) as before:
                before.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        Path(f"{database}{ending}").unlink(missing_ok=True)
    if database.exists():
        database.replace(database.with_name(f"{database.name}.before-restore"))
    part = database.with_name(f"{database.name}.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(str(file))) as source, closing(sqlite3.connect(part)) as target:
        source.backup(target)
    part.replace(database)


def _refuse_unsound(file: Path) -> None:
    if not file.is_file():
        raise CopyRefused(f"There is no file {file}.")
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as source:
            names = {row[0] for row in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            state = source.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise CopyRefused(f"{file} is no SQLite database ({error}).") from error
    if not {"alembic_version", "cases", "trace", "outbox"} <= names:
        raise CopyRefused(f"{file} is no copy of a GridCommand database: its tables are others.")
    if state != "ok":
        raise CopyRefused(f"{file} is damaged: {state}")


def broken_chains(connection: Connection, looked: Callable[[int], None] = lambda count: None) -> Iterator[str]:
    """A sentence for every case whose trace, and every line of a log, that was edited, removed or added.

    `looked` is called with the number of cases seen so far. Memory stays flat.
    """
    yield from _broken_traces(connection, looked)
    for table, noun in CHAINS:
        yield from chain.faults(connection, table, noun)


def _broken_traces(connection: Connection, looked: Callable[[int], None]) -> Iterator[str]:
    case_id, last, count = t.cases.c.id, 0, 0
    while True:
        ids = connection.execute(select(case_id).where(case_id > last).order_by(case_id).limit(_ROWS)).scalars().all()
        if not ids:
            return
        for key in _suspects(connection, ids[0], ids[-1]):
            # Where reads are not of one moment (PostgreSQL), a case may have moved on between two of them: look again.
            yield from _suspects(connection, key, key).values()
        last, count = ids[-1], count + len(ids)
        looked(count)


def _suspects(connection: Connection, first: int, last: int) -> dict[int, str]:
    """Case key → what is wrong with its trace, for the cases of this range."""
    c = t.cases.c
    cases = connection.execute(select(c.id, c.code, c.trace_count, c.trace_head).where(c.id.between(first, last))).all()
    lines: dict[int, list[Any]] = defaultdict(list)
    found = select(t.trace).where(t.trace.c.case_id.between(first, last)).order_by(t.trace.c.case_id, t.trace.c.number)
    for line in connection.execute(found):
        lines[line.case_id].append(line)
    faults = {case.id: (case.code, _trace_fault(case, lines[case.id])) for case in cases}
    return {key: f"Case {code}: {fault}." for key, (code, fault) in faults.items() if fault}


def _trace_fault(case: Any, lines: list[Any]) -> str | None:
    head = ""
    for number, line in enumerate(lines, 1):
        if line.number != number:
            return f"line {number} of its trace is missing"
        known = {name: getattr(line, name) for name in _TRACE} | {"case": case.code, "number": number}
        head = chained(head, known)
        if line.hash != head:
            return f"line {number} of its trace was changed"
    if len(lines) != case.trace_count or head != case.trace_head:
        return f"its trace has {len(lines)} lines where {case.trace_count} were written"
    return None
