"""Telling every gateway what has just been committed: Redis Pub/Sub, at once, best-effort, never in a writer's way.

A message is written to the socket and its answer is not waited for (it is read at the next message): measured in one
run under two busy threads, that took 0.3 ms one way where waiting for the answer took 2 ms and a queue with a thread of
its own 1,400 ms, because each hop waits for the interpreter's lock. Losing a message loses nothing: the outbox has it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from models.messages import CHANNEL, FIGURES_CHANNEL, Message, Snapshot

log = logging.getLogger(__name__)

TIMEOUT = 0.1
"""Seconds that connecting or writing may take at most; only a Redis that is away or stopped takes that long."""
PAUSE = (0.2, 2.0)
"""Seconds without a try after a failure: doubled from the first to the second while failures go on."""
NUDGE = b"{}"
"""A message without a fact: "some were not told, look at the outbox"."""


class Breaker:
    """Whether to try now. Closed while all is well; after a failure only one caller at a time tries, after a pause."""

    def __init__(self, pause: tuple[float, float] = PAUSE, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause = pause
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._until = 0.0

    @property
    def closed(self) -> bool:
        """All was well at the last try."""
        return not self._failures

    def may_try(self) -> bool:
        """Ask before trying; a yes while open is given to one caller and starts the next pause."""
        if not self._failures:
            return True
        with self._lock:
            if self._clock() < self._until:
                return False
            self._until = self._clock() + self._pause[1]
            return True

    def failed(self) -> bool:
        """The try failed. True for the first failure in a row, which is the one to tell people about."""
        with self._lock:
            self._failures += 1
            pause = min(self._pause[1], self._pause[0] * 2 ** min(self._failures - 1, 10))
            self._until = self._clock() + pause
            return self._failures == 1

    def worked(self) -> bool:
        """The try succeeded. True for the first success after failures."""
        if not self._failures:
            return False
        with self._lock:
            self._failures = 0
            return True


class News:
    """Publishes facts and figures; for any number of threads, and for processes forked after it was made."""

    def __init__(self, redis_url: str, *, timeout: float = TIMEOUT) -> None:
        self._url = redis_url
        self._timeout = timeout
        self._lines = _Lines(redis_url, timeout)

    def publish(self, facts: Sequence[Message]) -> bool:
        """Tell of facts that are committed. False where Redis could not be told; nobody needs to act on that."""
        return not facts or self._send([(CHANNEL, fact.model_dump_json().encode()) for fact in facts])

    def publish_figures(self, snapshot: Snapshot) -> bool:
        """Tell of a newly computed picture. False where Redis could not be told."""
        return self._send([(FIGURES_CHANNEL, snapshot.model_dump_json().encode())])

    def close(self) -> None:
        """Close every idle connection. The next message opens one again."""
        self._lines.close()

    def _send(self, messages: Sequence[tuple[str, bytes]]) -> bool:
        if self._lines.process != os.getpid():
            self._lines = _Lines(self._url, self._timeout)  # the old ones belong to the parent process
        lines = self._lines
        if not lines.breaker.may_try():
            return False
        reused = bool(lines.idle)
        try:
            lines.write(messages)
        except (RedisError, OSError) as error:
            lines.close()
            if reused and lines.written(messages):
                return True  # a kept connection was one to a Redis that has been restarted since
            if lines.breaker.failed():
                log.warning("Redis does not take news (%s); screens are served from the database.", _name(error))
            return False
        if lines.breaker.worked():
            log.warning("Redis takes news again.")
            lines.written([(CHANNEL, NUDGE)])
        return True


class _Lines:
    """The connections of one process: as many as there are threads publishing at the same time."""

    def __init__(self, url: str, timeout: float) -> None:
        self.process = os.getpid()
        self.idle: deque[Any] = deque()
        self.breaker = Breaker()
        self._pool = ConnectionPool.from_url(
            url,
            protocol=2,
            driver_info=None,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
        )

    def close(self) -> None:
        while self.idle:
            with contextlib.suppress(IndexError):
                self.idle.pop().disconnect()

    def written(self, messages: Sequence[tuple[str, bytes]]) -> bool:
        """Whether writing worked."""
        try:
            self.write(messages)
        except (RedisError, OSError):
            return False
        return True

    def write(self, messages: Sequence[tuple[str, bytes]]) -> None:
        with self._connection() as connection:
            connection.send_packed_command(
                connection.pack_commands([("PUBLISH", channel, body) for channel, body in messages]),
                check_health=False,
            )
            while connection.can_read(timeout=0):  # the answers to earlier messages
                connection.read_response()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Any]:
        """An idle connection, or a new one; a broken one is dropped."""
        connection: Any
        try:
            connection = self.idle.pop()
        except IndexError:
            connection = self._pool.make_connection()
            connection.connect()
        try:
            yield connection
        except BaseException:
            connection.disconnect()
            raise
        self.idle.append(connection)


def _name(error: Exception) -> str:
    return type(error).__name__
