"""A lease: one holder among all processes on a store, given up by the system itself when the holder dies.

No time stands in it (reliability.md §2: a clock step must not leave a county without a worker). On SQLite it is a
`flock` on a file beside the database, which the kernel releases; on PostgreSQL an advisory lock of a session, which the
server releases with the connection.
"""

from __future__ import annotations

import fcntl
import os
import zlib

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from models.store import Store


class Lease:
    """Asked again and again by everybody who wants it. For one thread at a time."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name
        self._file: int | None = None
        self._connection: Connection | None = None

    def held(self) -> bool:
        """Take it if it is free; whether it is ours now. On PostgreSQL this costs a round trip."""
        return self._flock() if self._store.sqlite else self._advisory()

    def release(self) -> None:
        """Give it up; giving up what is not held is fine."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._connection is not None:
            self._connection.invalidate()  # not back into the pool: the lock would go with it
            self._connection.close()
            self._connection = None

    def _flock(self) -> bool:
        if self._file is not None:
            return True
        file = os.open(f"{self._store.url.database}.{self._name}", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    def _advisory(self) -> bool:
        try:
            if self._connection is not None:
                self._connection.execute(text("SELECT 1"))
                return True
            connection = self._store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            number = zlib.crc32(f"gridcommand:{self._name}".encode())
            if connection.execute(text("SELECT pg_try_advisory_lock(:number)"), {"number": number}).scalar():
                self._connection = connection
                return True
            connection.close()
        except DBAPIError:
            self.release()
        return False
