"""Costly work in turns, so that a flood of it cannot take the machine."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from dashboard.problems import Problem

AT_ONCE = 2
WAIT = 5.0
"""Seconds that a piece of work waits for its turn before the client is asked to come again."""


class Turns:
    """Lets so many pieces of work run at once in this process."""

    def __init__(self, number: int = AT_ONCE) -> None:
        self._free = threading.BoundedSemaphore(number)

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn.

        Raises:
            Problem: 503 when it did not come in time.
        """
        if not self._free.acquire(timeout=WAIT):
            problem = Problem(503, "Too much of this at once; try again.")
            problem.headers["Retry-After"] = "5"
            raise problem
        try:
            yield
        finally:
            self._free.release()
