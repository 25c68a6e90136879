"""Sheets of the analysis that were just made: a page that many look at is worked out once in half a minute."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import date, datetime

from models.evaluation.analysis import Kind, Sheet, Span, behind, keep_up, sheet
from models.rules import Rules
from models.store import Store

AT_ONCE = 5_000
"""New cases that a page counts while it waits; more is left to the worker."""
FRESH = 30.0
MOST = 32


class Sheets:
    """Makes sheets and keeps them for `FRESH` seconds; `as_of` in each says when it was made."""

    def __init__(self, store: Store, rules: Rules) -> None:
        self._store, self._rules = store, rules
        self._lock = threading.Lock()
        self._sheets: dict[tuple[Span, str | None], tuple[float, Sheet]] = {}

    def __call__(self, kind: Kind, day: date, now: datetime, area: str | None = None) -> Sheet:
        """The sheet of the span that holds a day, made now or a moment ago."""
        key = Span.around(kind, day), area
        with self._lock:
            made, found = self._sheets.get(key, (0.0, None))
        if found is not None and time.monotonic() - made < FRESH:
            return found
        zone = self._rules().zone
        keep_up(self._store, zone, limit=AT_ONCE)
        with self._store.read() as connection:
            fresh = replace(sheet(connection, zone, kind, day, now, area), waiting=behind(connection) > AT_ONCE)
        with self._lock:
            if len(self._sheets) >= MOST:
                self._sheets.clear()
            self._sheets[key] = (time.monotonic(), fresh)
        return fresh
