"""Bench only: a county with a long past, written straight into the tables, because the door would take hours for it.

One week of 10,000 invented cases is made, and copied week by week inside the database, the oldest first, before the indexes
are there. The newest week has the open cases, so that the past grows and the county's present does not: that is what
"figures do not cost more with history" means. Around them lies what else a county keeps: rounds, an inbox, an audit, a
signed hand-over sheet. The lines of the trace and of the audit carry no valid hashes; `gridcommand verify` would rightly
refuse such a store.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, Table, bindparam, create_engine, event, insert, text, update
from sqlalchemy.pool import StaticPool

from bench import around
from config.reference import load
from config.settings import HERE
from dashboard.cli.invention import Inventor
from models import tables as t
from models.masking import title
from models.moves import Role, Stage
from models.reference import store_county
from models.schema import migrate
from models.search import index
from models.search.grams import grams
from models.search.tables import CREATE_POSTGRES_INDEX, POSTGRES_INDEX, SQLITE_INDEX, case_text
from models.store import Store
from models.tables import Utc
from models.vault import Vault

BLOCK = 10_000
WEEK = timedelta(days=7)
OPEN_SHARE = 0.3
OPEN_STAGES = (Stage.REPORTED, Stage.DISPATCHED, Stage.HANDLING, Stage.HANDLING, Stage.FEEDBACK)
LINES = (
    ("report", "", "reported"),
    ("dispatch", "reported", "dispatched"),
    ("close-at-source", "dispatched", "closed"),
)
COPIED = (t.cases, t.trace, t.orders, t.outbox, case_text)
"""In this order: what others point to comes first."""
KEY = {"cases": "id", "trace": "id", "orders": "id", "outbox": "number", "case_text": "case_id"}
Rows = list[dict[str, Any]]


def make(
    store: Store, size: int, now: datetime, seed: int = 1, show: Callable[[int], None] = lambda done: None
) -> None:
    """A migrated store with the demonstration county and `size` cases, the newest up to `now`.

    Raises:
        ValueError: the size is no multiple of a block, unless it is smaller than one.
    """
    block = min(size, BLOCK)
    if size % block:
        raise ValueError(f"Expected a multiple of {BLOCK} cases, not {size}.")
    migrate(store)
    store_county(store, load(HERE / "counties" / "yunze", geometry_checks=False), Vault("bench"))
    week = _week(block, size - block, now, _towns(store), Random(seed))
    weeks = size // block
    with bulk(store) as step:
        with step() as connection:
            _strip(connection)
            _put(connection, week)
            _take_apart(connection)
        for number in range(weeks):
            with step() as connection:
                _copy(connection, weeks - 1 - number, block)
            show(block * (number + 1))
        with step() as connection:
            _open(connection, week["cases"], now, Random(seed + 1))
            _roll_up(connection, now)
            around.make(connection, size, now, Random(seed + 2))
            _finish(connection, size)
        with step() as connection:
            _dress(connection)
    if not store.sqlite:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("VACUUM ANALYZE"))


Step = Callable[[], AbstractContextManager[Connection]]


@contextmanager
def bulk(store: Store) -> Iterator[Step]:
    """Transactions in which durability costs nothing, because a store that breaks can be made again."""
    if not store.sqlite:
        yield lambda: _quick(store)
        return
    engine = create_engine(store.url, poolclass=StaticPool, connect_args={"isolation_level": None})
    event.listen(engine, "connect", _hurry)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        yield engine.begin
    finally:
        engine.dispose()


def _hurry(connection: Any, _record: Any) -> None:
    for pragma in ("synchronous=OFF", "cache_size=-400000", "temp_store=MEMORY", "wal_autocheckpoint=20000"):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def _quick(store: Store) -> Iterator[Connection]:
    with store.write() as connection:
        settings = (
            "statement_timeout = 0",
            "idle_in_transaction_session_timeout = 0",
            "synchronous_commit = off",
            "maintenance_work_mem = '512MB'",
        )
        for setting in (*settings, "session_replication_role = replica"):  # the last: no foreign keys are looked up
            connection.execute(text(f"SET LOCAL {setting}"))
        yield connection


def _strip(connection: Connection) -> None:
    """Without their indexes tables fill several times as fast; sorted afterwards, an index is also smaller."""
    for table in COPIED:
        for one in sorted(table.indexes, key=str):
            one.drop(connection)
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"DROP INDEX {POSTGRES_INDEX}"))
    else:  # one segment of the index of words takes more before it is written, so that fewer must be merged
        connection.execute(text(f"INSERT INTO {SQLITE_INDEX}({SQLITE_INDEX}, rank) VALUES ('hashsize', 200000000)"))


def _dress(connection: Connection) -> None:
    for table in COPIED:
        for one in sorted(table.indexes, key=str):
            one.create(connection)
    if connection.dialect.name == "postgresql":
        connection.execute(text(CREATE_POSTGRES_INDEX))
    else:
        connection.execute(text(f"INSERT INTO {SQLITE_INDEX}({SQLITE_INDEX}, rank) VALUES ('hashsize', 1048576)"))


def _towns(store: Store) -> dict[str, tuple[str, str]]:
    """Grid → itself and its town."""
    with store.read() as connection:
        rows = connection.execute(t.area.select().where(t.area.c.level == "grid"))
        return {row.code: (row.code, row.town) for row in rows}


def _week(block: int, first: int, now: datetime, grids: dict[str, tuple[str, str]], dice: Random) -> dict[str, Rows]:
    """The newest week, all closed; ids from `first` + 1."""
    inventor = Inventor(load(HERE / "counties" / "yunze", geometry_checks=False), dice)
    places = sorted(grids)
    cases: Rows = []
    for number in range(1, block + 1):
        told = inventor.report()
        leaf = next(leaf for leaf in inventor.leaves if leaf.code == told.category)
        at = now - WEEK + WEEK * number / (block + 1)
        due = at + timedelta(hours=dice.choice((4, 8, 24, 72)))
        closed = min(at + timedelta(hours=dice.expovariate(1 / 20)), now)
        area, town = grids[dice.choice(places)]
        cases.append(
            {
                "id": first + number, "code": f"B{first + number:09d}", "category": told.category,
                "description": told.description, "title": title(told.description), "level": told.level,
                "source": told.source, "client": "bench", "external_id": f"W{first + number}", "area": area, "town": town,
                "address": told.address, "longitude": told.longitude, "latitude": told.latitude, "frame": "WGS-84",
                "reported_by": "bench", "stage": "closed", "owner_kind": "department", "owner": str(leaf.department),
                "department": leaf.department, "happened_at": at, "reported_at": at, "entered_at": at, "clock_from": at,
                "due_at": due, "soon_at": at + (due - at) * 0.8, "due_basis": "source", "receipt_at": at,
                "closed_at": closed, "in_time": closed <= due, "trace_count": 3, "version": 3,
            }
        )  # fmt: skip
    return {
        "cases": cases,
        "trace": [line for case in cases for line in _lines(case)],
        "orders": [_order(case) for case in cases],
        "outbox": [_fact(case) for case in cases],
    }


def _lines(case: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for number, (action, before, after) in enumerate(LINES, 1):
        at = case["closed_at"] if number == len(LINES) else case["reported_at"]
        yield {
            "id": (case["id"] - 1) * len(LINES) + number, "case_id": case["id"], "number": number, "action": action,
            "from_stage": before, "to_stage": after, "actor": "bench", "role": str(Role.SYSTEM), "happened_at": at,
            "entered_at": at, "note": "", "detail": {}, "hash": "bench",
        }  # fmt: skip


def _order(case: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": case["id"], "number": f"PB{case['id']:09d}", "case_id": case["id"], "department": case["department"],
        "part": "lead", "issued_at": case["reported_at"], "issued_by": "bench", "due_at": case["due_at"],
        "receipt_at": case["reported_at"], "done_at": case["closed_at"],
    }  # fmt: skip


def _fact(case: dict[str, Any]) -> dict[str, Any]:
    known = {
        "id": str(case["id"]), "kind": "case.reported", "at": case["entered_at"].isoformat(), "case": case["code"],
        **{name: case[name] for name in ("title", "category", "level", "source", "area", "town", "department", "stage")},
    }  # fmt: skip
    body = json.dumps(known, ensure_ascii=False)
    return {"number": case["id"], "kind": "case.reported", "at": case["entered_at"], "body": body}


# --- writing ---------------------------------------------------------------------------------------------------------


def _put(connection: Connection, week: dict[str, Rows]) -> None:
    for name in ("cases", "trace", "orders", "outbox"):
        connection.execute(insert(t.metadata.tables[name]), week[name])
    bodies = [(case["id"], index.body(_Named(case))) for case in week["cases"]]
    if connection.dialect.name == "sqlite":
        connection.execute(insert(case_text), [{"case_id": key, "body": body} for key, body in bodies])
        connection.execute(text("CREATE TABLE bench_tokens (case_id INTEGER PRIMARY KEY, tokens TEXT)"))
        cut = [{"key": key, "tokens": index.tokens(grams(body))} for key, body in bodies]
        connection.execute(text("INSERT INTO bench_tokens VALUES (:key, :tokens)"), cut)
    else:
        connection.execute(insert(case_text), [{"case_id": k, "body": b, "grams": grams(b)} for k, b in bodies])


def _take_apart(connection: Connection) -> None:
    """The week as tables of its own: what is copied goes in with rising keys, the oldest first."""
    for table in reversed(COPIED):
        connection.execute(text(f"CREATE TABLE bench_{table.name} AS SELECT * FROM {table.name}"))
        connection.execute(text(f"DELETE FROM {table.name}"))


class _Named:
    """A row as an object."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.__dict__.update(row)


def _copy(connection: Connection, back: int, block: int) -> None:
    """The newest week once more, `back` weeks earlier, with ids so much lower."""
    moved = {"shift": -back * block, "time": -back * WEEK.total_seconds()}
    for table in COPIED:
        values = [_moved(connection, table, column) for column in table.columns]
        names = ", ".join(column.name for column in table.columns)
        copied = f"INSERT INTO {table.name} ({names}) SELECT {', '.join(values)} FROM bench_{table.name} ORDER BY {KEY[table.name]}"
        connection.execute(text(copied), moved)
    if connection.dialect.name == "sqlite":
        words = f"INSERT INTO {SQLITE_INDEX}(rowid, grams) SELECT case_id + :shift, tokens FROM bench_tokens"
        connection.execute(text(words), moved)


def _moved(connection: Connection, table: Table, column: Any) -> str:
    """How a column's value looks in the copy."""
    name = column.name
    if isinstance(column.type, Utc):
        if connection.dialect.name == "sqlite":
            return f"{name} + CAST(:time * 1000000 AS INTEGER)"
        return f"{name} + make_interval(secs => :time)"
    if table is t.trace and name == "id":
        return f"id + :shift * {len(LINES)}"
    if name in ("id", "case_id") or (table is t.outbox and name == "number"):
        return f"{name} + :shift"
    prefix = {("cases", "code"): "B", ("cases", "external_id"): "W", ("orders", "number"): "PB"}.get((table.name, name))
    if prefix is None:
        return str(name)
    number = "id + CAST(:shift AS INTEGER)"
    padded = f"printf('%09d', {number})" if connection.dialect.name == "sqlite" else f"lpad(({number})::text, 9, '0')"
    return f"'{prefix}' || {padded}"


def _roll_up(connection: Connection, now: datetime) -> None:
    """Sums by local day and hour, town and department, as the door keeps them; hours for the last two days."""
    for table, unit, since in (
        (t.daily, "day", now - timedelta(days=36_000)),
        (t.hourly, "hour", now - timedelta(days=2)),
    ):
        sums = {"reported": ("reported_at", "1, 0, 0, 0"), "closed": ("closed_at", "0, 1, 1, in_time")}
        for at, values in sums.values():
            names = "reported, closed, closed_with_due, closed_in_time"
            parts = [f"sum(CAST({value} AS INTEGER))" for value in values.split(", ")]
            more = ", ".join(f"{name} = {table.name}.{name} + excluded.{name}" for name in names.split(", "))
            statement = (
                f"INSERT INTO {table.name} (bucket, town, department, {names}) "
                f"SELECT {_bucket(connection, at, unit)}, town, department, {', '.join(parts)} FROM cases "
                f"WHERE {at} >= :since GROUP BY 1, 2, 3 "
                f"ON CONFLICT (bucket, town, department) DO UPDATE SET {more}"
            )
            connection.execute(text(statement).bindparams(bindparam("since", since, Utc())))


def _bucket(connection: Connection, at: str, unit: str) -> str:
    """The start of the local day or hour (UTC+8) of an instant."""
    if connection.dialect.name == "postgresql":
        return f"date_trunc('{unit}', {at} AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai'"
    size, ahead = (86_400 if unit == "day" else 3_600) * 1_000_000, 8 * 3_600 * 1_000_000
    return f"({at} + {ahead}) / {size} * {size} - {ahead}"


def _open(connection: Connection, cases: Sequence[dict[str, Any]], now: datetime, dice: Random) -> None:
    """Some cases of the newest week are still open, at every stage, with deadlines before and after now."""
    rows = []
    for case in dice.sample(list(cases), int(len(cases) * OPEN_SHARE)):
        due = now + timedelta(hours=dice.uniform(-30, 120))
        rows.append(
            {
                "of_case": case["id"], "stage": str(dice.choice(OPEN_STAGES)), "due_at": due, "closed_at": None,
                "in_time": None, "soon_at": case["reported_at"] + (due - case["reported_at"]) * 0.8, "next_clock_at": due,
            }
        )  # fmt: skip
    connection.execute(update(t.cases).where(t.cases.c.id == bindparam("of_case")), rows)


def _finish(connection: Connection, size: int) -> None:
    connection.execute(insert(t.counter), [{"name": "outbox", "value": size}])
    for table in COPIED:
        connection.execute(text(f"DROP TABLE bench_{table.name}"))
    if connection.dialect.name == "sqlite":
        connection.execute(text("DROP TABLE bench_tokens"))
        return
    for name in ("cases", "trace", "orders"):
        connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"))
