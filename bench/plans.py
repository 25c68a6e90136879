"""Bench only: how a request is answered, told by the database itself: which indexes its statements use, which of them read
a whole table, and how much work SQLite did. Nothing here measures time, so that a busy machine changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event

from models.store import Store
from models.tables import metadata

GROWING = frozenset({"cases", "trace", "orders", "outbox", "case_text", "audit", "viewing", "notification", "delivery",
                     "evaluation_case", "evaluation_order"})  # fmt: skip
"""Tables that grow with the years."""
EVERY = 100
"""Instructions of SQLite's machine per unit of work."""
_SQLITE = re.compile(
    r"^(SCAN|SEARCH) (\w+)(?: AS \w+)?(?: USING (?:COVERING )?INDEX (\w+)| USING INTEGER PRIMARY KEY)?"
)
GATHERING = frozenset({"Hash Join", "Merge Join", "Hash", "Sort"})
"""Steps of PostgreSQL that may read all that is below them before, or whatever, they give."""
Statement = tuple[str, Any]


@dataclass(frozen=True)
class Step:
    """One table in a plan. `index` empty: its key, or none; `whole`: every row of it may be read."""

    table: str
    index: str
    whole: bool


@contextmanager
def heard(store: Store) -> Iterator[list[Statement]]:
    """The questions that are asked of a store meanwhile."""
    found: list[Statement] = []

    def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if not many and statement.lstrip().upper().startswith(("SELECT", "WITH")):
            found.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", listen)
    try:
        yield found
    finally:
        event.remove(store.engine, "before_cursor_execute", listen)


def joined(store: Store, asked: Statement) -> set[str]:
    """The growing tables that PostgreSQL, left to itself, reads as a whole to join or sort them: a limit ends none of that
    early. As a large store's plans are, where what is asked for is as small a part of this one."""
    statement, parameters = asked
    with store.engine.connect() as connection:
        found = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
    plan = json.loads(found) if isinstance(found, str) else found
    return set(_joined(plan[0]["Plan"], False))


def _joined(node: Any, inside: bool) -> Iterator[str]:
    inside = inside or node["Node Type"] in GATHERING
    for below in node.get("Plans", ()):
        yield from _joined(below, inside)
    if inside and node["Node Type"] == "Seq Scan" and node["Relation Name"] in GROWING:
        yield node["Relation Name"]


def steps(store: Store, asked: Statement) -> list[Step]:
    """The plan of a question. PostgreSQL is told to read no whole table where there is any other way, because it rightly
    does so while a table is small."""
    statement, parameters = asked
    with store.engine.connect() as connection:
        if store.sqlite:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return [step for row in rows if (step := _of_sqlite(str(row[3]), statement))]
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        found = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
        plan = json.loads(found) if isinstance(found, str) else found
        return list(_of_postgres(plan[0]["Plan"], statement))


def _of_sqlite(detail: str, statement: str) -> Step | None:
    told = _SQLITE.match(detail)
    if told is None:
        return None
    how, table, index = told[1], told[2], told[3] or ""
    return Step(table, index, how == "SCAN" and _reads_all(table, index, statement))


def _of_postgres(node: Any, statement: str) -> Iterator[Step]:
    for below in node.get("Plans", ()):
        yield from _of_postgres(below, statement)
    table, index = node.get("Relation Name", ""), node.get("Index Name", "")
    if node["Node Type"] == "Seq Scan":
        yield Step(table, "", _reads_all(table, "", statement))
    elif index:
        free = "Index Cond" not in node and node["Node Type"] != "Bitmap Index Scan"
        yield Step(table, index, free and _reads_all(table, index, statement))


def _reads_all(table: str, index: str, statement: str) -> bool:
    """Whether walking so through a table reads all of it: not by the index of a part, nor where it ends at a limit (what
    is rare and yet looked for like that is found by `counted`)."""
    if table not in GROWING or index in PARTS:
        return False
    return not re.search(r"\bLIMIT\b", statement, re.IGNORECASE)


def _is_part(index: Any) -> bool:
    return index.dialect_options["sqlite"].get("where") is not None


PARTS = frozenset(index.name for table in metadata.tables.values() for index in table.indexes if _is_part(index))
"""Indexes of a part of their table: of what is open, of what is rare."""


@contextmanager
def counted(store: Store) -> Iterator[Callable[[], int]]:
    """How much SQLite has worked since, in units of `EVERY` instructions: the same at any load of the machine."""
    done = 0

    def more() -> int:
        nonlocal done
        done += 1
        return 0

    def watch(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.set_progress_handler(more, EVERY)

    event.listen(store.engine, "checkout", watch)
    try:
        yield lambda: done
    finally:
        event.remove(store.engine, "checkout", watch)
