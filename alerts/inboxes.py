"""The topic `inbox`: each account hears how many open entries it has, its own number and nobody else's.

The number is read from the database, once a second for all who listen and at once after a fact, and sent where it has
changed. So the badge is right within a second with or without Redis, and costs one query however many listen.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Protocol

from websockets.exceptions import ConnectionClosed

log = logging.getLogger(__name__)
Unread = Callable[[Collection[str]], Awaitable[Mapping[str, int]]]
"""Account → its number of open entries, for these accounts."""
LOOK = 1.0
SOONEST = 0.2
"""Seconds between two looks, also where facts come thick and fast."""


class Listener(Protocol):
    """A connection that listens to its own inbox."""

    @property
    def account(self) -> str: ...
    @property
    def open(self) -> bool: ...
    @property
    def keeps_up(self) -> bool: ...
    async def send_unread(self, unread: int) -> None: ...


class Inboxes:
    """Who listens, and what each was told last."""

    def __init__(self, unread: Unread) -> None:
        self._unread = unread
        self._told: dict[Listener, int | None] = {}
        self._nudged = asyncio.Event()

    def add(self, listener: Listener) -> None:
        """Tell this one its number soon, and whenever it changes."""
        self._told[listener] = None
        self._nudged.set()

    def discard(self, listener: Listener) -> None:
        """Tell this one nothing more."""
        self._told.pop(listener, None)

    def nudge(self) -> None:
        """Something happened: look at once."""
        if self._told:
            self._nudged.set()

    async def watch(self) -> None:
        """Look and tell, until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._nudged.wait()
            self._nudged.clear()
            try:
                await self._look()
            except Exception as error:  # the store is away: the badge stays as it was, and the page says how old it is
                log.debug("Unread numbers could not be read (%s).", type(error).__name__)
            await asyncio.sleep(SOONEST)

    async def _look(self) -> None:
        for gone in [listener for listener in self._told if not listener.open]:
            self.discard(gone)
        if not self._told:
            return
        unread = await self._unread({listener.account for listener in self._told})
        for listener, told in list(self._told.items()):
            number = unread.get(listener.account)
            if number is None or number == told or not listener.keeps_up:
                continue
            with contextlib.suppress(ConnectionClosed):
                await listener.send_unread(number)
                if listener in self._told:
                    self._told[listener] = number
