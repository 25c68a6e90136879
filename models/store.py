"""The store: one engine, short reads, exclusive writes; the same for SQLite and PostgreSQL.

Why the write lock: reliability.md §1.1–1.4. On SQLite every write transaction holds an inter-process `flock` and begins
with `BEGIN IMMEDIATE`, which closes the WAL-reset hole of older libraries and makes waiting fair.
"""

from __future__ import annotations

import fcntl
import os
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=5000",
    "foreign_keys=ON",
    "secure_delete=ON",
    "trusted_schema=OFF",
)
RETRYABLE = {"40001", "40P01"}
"""PostgreSQL: serialisation failure, deadlock. The whole transaction may be run again."""


class StoreUnavailable(Exception):
    """The database did not take or answer. `retry` says whether trying again later can help."""

    def __init__(self, sentence: str, *, full: bool = False) -> None:
        super().__init__(sentence)
        self.full = full


class Store:
    """Opens connections for reading and for writing; closes them on exit, rolls back on an exception."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._lock = threading.Lock()
        self._lock_file: int | None = None
        self.engine = self._engine(pool_size)
        self._reading = self.engine if self.sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")

    def _engine(self, pool_size: int) -> Engine:
        if not self.sqlite:
            options = "-c statement_timeout=5000 -c idle_in_transaction_session_timeout=30000"
            engine = create_engine(self.url, pool_size=pool_size, max_overflow=10, connect_args={"options": options})
            event.listen(engine, "checkout", _refuse_hung_up)
            return engine
        Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            self.url, pool_size=pool_size, max_overflow=10, connect_args={"check_same_thread": False}
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading. Keep it short: an open snapshot lets the WAL grow.

        On PostgreSQL each statement is a transaction of its own, as READ COMMITTED gives each its own snapshot anyway:
        that spares two round trips.
        """
        with _plain_errors(), self._reading.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One exclusive write transaction: committed (and on disk) when the block ends, undone when it raises."""
        with _plain_errors():
            if not self.sqlite:
                with self.engine.begin() as connection:
                    yield connection
                return
            writing = self.engine.execution_options(gc_write=True)
            with self._sqlite_lock(), writing.connect() as connection, connection.begin():
                yield connection

    def run(self, work: Callable[[Connection], Any], *, tries: int = 5) -> Any:
        """Run `work` in one write transaction, again from the start where PostgreSQL reports a deadlock."""
        for left in reversed(range(tries)):
            try:
                with self.write() as connection:
                    return work(connection)
            except DBAPIError as error:
                if not left or getattr(error.orig, "sqlstate", None) not in RETRYABLE:
                    raise
        raise AssertionError("unreachable")

    @contextmanager
    def _sqlite_lock(self) -> Iterator[None]:
        with self._lock:
            if self._lock_file is None:
                self._lock_file = os.open(f"{self.url.database}.lock", os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self._lock_file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give every connection back. The store can be used again afterwards."""
        self.engine.dispose()
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    def after_fork(self) -> None:
        """Forget inherited connections and the inherited lock: both belong to the parent process."""
        self.engine.dispose(close=False)
        self._lock = threading.Lock()
        self._lock_file = None


def upserting(dialect: str) -> Any:
    """The dialect's module (by its name), for its `INSERT … ON CONFLICT`."""
    return postgresql if dialect == "postgresql" else sqlite


def _refuse_hung_up(connection: Any, _record: Any, _proxy: Any) -> None:
    """A kept connection on which the server has said goodbye is replaced. Asking the socket costs no round trip, as asking
    the server (`pool_pre_ping`) would; an idle server says nothing, so that anything to read is the end."""
    poll = select.poll()  # not `select`, which knows 1,024 files at most: a gateway has more
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise DisconnectionError("The database server has closed this connection.")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("gc_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) in RETRYABLE:
            raise
        words = str(error.orig)
        full = "disk is full" in words or "No space left" in words
        raise StoreUnavailable(f"The database does not answer: {words.splitlines()[0]}", full=full) from error
