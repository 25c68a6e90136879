"""Who holds a bearer token, remembered for a moment: a client that sends many reports a second is asked for once a second."""

from __future__ import annotations

import time
from collections.abc import Callable

from models import accounts
from models.accounts import Visitor
from models.store import Store

MOMENT = 1.0
"""Seconds for which an answer holds. A token that is revoked opens nothing after them."""
AT_MOST = 1_000
"""Tokens remembered. They are forgotten all at once: a county has a few dozen."""


class Holders:
    """Finds the holders of tokens in the store. Only valid ones are remembered, under the hash of their secret."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, tuple[Visitor, float]] = {}

    def find(self, secret: str) -> Visitor | None:
        """Who holds this token; None where it is unknown or was revoked."""
        mark = accounts.digest(secret)
        known = self._known.get(mark)
        if known is not None and self._clock() < known[1]:
            return known[0]
        with self._store.read() as connection:
            found = accounts.visitor_of_token(connection, secret)
        if found is None:
            self._known.pop(mark, None)
            return None
        if len(self._known) >= AT_MOST:
            self._known.clear()
        self._known[mark] = found, self._clock() + MOMENT
        return found
