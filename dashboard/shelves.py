"""What a process keeps made, so that many who ask for the same cost one making."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from models.emergencies.rooms import Room

T = TypeVar("T")


class Shelf(Generic[T]):
    """What was asked for last, by a key that names everything it was made from."""

    def __init__(self, most: int, seconds: float = math.inf, clock: Callable[[], float] = time.monotonic) -> None:
        """
        Args:
            most: how many are kept; who was not asked for the longest goes.
            seconds: how long one holds; for ever where its key changes with everything that it says.
        """
        self._most, self._seconds, self._clock = most, seconds, clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[float, T]] = OrderedDict()

    def of(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept under the key, or made now, by one while the others wait for it. What `make` raises is not kept."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or self._clock() - kept[0] >= self._seconds:
                made = make()
                kept = self._kept[key] = self._clock(), made
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return kept[1]


@dataclass(frozen=True)
class Shelves:
    """All shelves of a process. They belong to its store: routes keep nothing."""

    outlines: Shelf[tuple[bytes, str]] = field(default_factory=lambda: Shelf(3))
    """Outlines and their entity tag by version of the reference data and level, of which there are three."""
    picture: Shelf[dict[str, Any]] = field(default_factory=lambda: Shelf(1, 5.0))
    """The county's part of the leader's overview."""
    past: Shelf[bytes] = field(default_factory=lambda: Shelf(6))
    """Past days, whole."""
    rooms: Shelf[Room] = field(default_factory=lambda: Shelf(64))
    """Emergencies by number and version."""
    rooms_told: Shelf[str] = field(default_factory=lambda: Shelf(64, 2.0))
    """Rooms as text by number, version and language. What is around a place (open cases) may be so old."""
