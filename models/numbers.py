"""Numbers of cases and orders on PostgreSQL: given at once, outside the transaction that uses them.

Counting inside it holds the counter's row until the commit is on disk, so that every writer of the county waits for
every other: side by side on a busy machine, eight writers got 8 to 150 % more reports done this way. A number that is
given and not used leaves a gap, which these numbers may have; the outbox's may not, and stay in the transaction. The commit of a number is not
waited for (`synchronous_commit`): it is on disk before any later commit, so before that of the case that bears it.
"""

from __future__ import annotations

import os
import threading
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam
from sqlalchemy.exc import DBAPIError

from models import tables as t
from models.store import Store, upserting


@cache
def _more(dialect: str) -> Any:
    row = upserting(dialect).insert(t.counter).values(name=bindparam("name"), value=bindparam("amount"))
    value = t.counter.c.value
    more = row.on_conflict_do_update(index_elements=["name"], set_={"value": value + bindparam("amount")})
    return more.returning(value)


def counted(connection: Connection, name: str, amount: int = 1) -> int:
    """Add to a counter row, hold its lock until the transaction ends, and return the new value."""
    return int(connection.execute(_more(connection.dialect.name), {"name": name, "amount": amount}).scalar_one())


class Numbers:
    """Gives numbers on one connection of its own, for any number of threads and for processes forked later."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._process = 0

    def next(self, name: str, amount: int = 1) -> int:
        """The last of the next so many numbers of this counter. A connection that was lost is opened again, once."""
        with self._lock:
            try:
                return self._asked(name, amount)
            except DBAPIError:
                self._drop()
                return self._asked(name, amount)

    def _asked(self, name: str, amount: int) -> int:
        if self._connection is None or self._process != os.getpid():
            self._process = os.getpid()  # a parent's connection is the parent's: it is not closed, only left
            connection = self._store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql("SET synchronous_commit = off")
            connection.detach()
            self._connection = connection
        return counted(self._connection, name, amount)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
