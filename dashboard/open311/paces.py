"""How fast one client may report: so many at once, then so many a second. In this process only; a flood is bounded, not billed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

AT_ONCE = 120.0
A_SECOND = 10.0
AT_MOST = 1_000
"""Clients remembered."""


class Paces:
    """A bucket for each client that fills up again with time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def allows(self, client: str) -> bool:
        """Whether one more may be sent now; it is then counted."""
        with self._lock:  # the threads of a web process ask side by side
            now = self._clock()
            left, at = self._left.get(client, (AT_ONCE, now))
            left = min(AT_ONCE, left + (now - at) * A_SECOND)
            if len(self._left) >= AT_MOST:
                self._left.clear()
            self._left[client] = max(left - 1, 0.0) if left >= 1 else left, now
            return left >= 1
