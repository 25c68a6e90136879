"""Following the outbox: contiguous facts for a gateway or a worker, as quick as Redis and as sure as the database."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic_core import from_json

from alerts.carrier import Carrier
from alerts.sequence import Fact, Sequence
from models.messages import CHANNEL, FIGURES_CHANNEL
from models.outbox import facts_after, last_number
from models.store import Store, StoreUnavailable

log = logging.getLogger(__name__)
T = TypeVar("T")

BATCH = 500
"""Facts read from the outbox at once."""
BACK_OFF = (0.2, 3.0)
"""Seconds between two tries to reach the database at the start."""


def _nothing(_: object) -> None:
    return


@dataclass(frozen=True)
class Ears:
    """Whom to tell. All are called in the event loop and must return at once."""

    facts: Callable[[list[Fact]], None]
    """Contiguous facts, each once, as (number, JSON)."""
    jumped: Callable[[int], None]
    """Numbers up to the one named are lost for ever, or the store was restored to an older one."""
    figures: Callable[[bytes], None] = field(default=_nothing)
    """A `Snapshot` as JSON, as it came over Redis."""


class Follower:
    """Brings every fact behind the end of the outbox at the time of `begin`, in order, each once.

    Redis is listened to in a side task that nobody waits for. `executor` runs the readings of the outbox.
    """

    def __init__(
        self,
        store: Store,
        redis_url: str,
        ears: Ears,
        executor: Executor,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._ears = ears
        self._executor = executor
        self._clock = clock
        self._sequence: Sequence | None = None
        self._wake = asyncio.Event()
        self.database = False
        """Whether the last reading of the outbox worked."""
        self._carrier = Carrier(redis_url, (CHANNEL, FIGURES_CHANNEL), self._heard, self._carrier_changed)

    @property
    def redis(self) -> bool:
        """Whether the subscription stands."""
        return self._carrier.up

    @property
    def last(self) -> int | None:
        """The number of the last fact handed on; None before `begin`."""
        return self._sequence.last if self._sequence else None

    async def begin(self, keep: int = 0) -> tuple[int, list[Fact]]:
        """Wait for the database; returns the end of the outbox and the last `keep` facts before it."""
        pause = BACK_OFF[0]
        while True:
            try:
                last, facts = await self._in_thread(lambda: self._end(keep))
                break
            except Exception as error:  # not there, not migrated yet, starting up …
                log.warning("The outbox cannot be read (%s); trying again in %.1f s.", _reason(error), pause)
                await asyncio.sleep(pause)
                pause = min(BACK_OFF[1], pause * 2)
        self.database = True
        self._sequence = Sequence(last, self._clock())
        return last, facts

    async def run(self) -> None:
        """Follow until cancelled; `begin` must have been awaited."""
        if self._sequence is None:
            raise RuntimeError("begin() must be awaited before run().")
        carrier = asyncio.create_task(self._carrier.run(), name="carrier")
        try:
            await self._fill_for_ever(self._sequence)
        finally:
            carrier.cancel()
            await asyncio.gather(carrier, return_exceptions=True)

    def nudge(self) -> None:
        """Look at the outbox at once."""
        if self._sequence:
            self._sequence.nudge()
            self._wake.set()

    # -- the quick way ------------------------------------------------------------------------------------------------

    def _heard(self, channel: str, body: bytes) -> None:
        if channel == FIGURES_CHANNEL:
            self._ears.figures(body)
            return
        fact = _fact(body)
        if fact is None or self._sequence is None:
            self.nudge()
            return
        before = self._sequence.look_at(self._clock())
        ready = self._sequence.offer(*fact, self._clock())
        if ready:
            self._ears.facts(ready)
        if self._sequence.look_at(self._clock()) < before:
            self._wake.set()

    def _carrier_changed(self, up: bool) -> None:
        log.warning("Redis carries news." if up else "Redis is away; reading the outbox instead.")
        if self._sequence:
            self._sequence.carrier(up, self._clock())
            self._wake.set()

    # -- the sure way -------------------------------------------------------------------------------------------------

    async def _fill_for_ever(self, sequence: Sequence) -> None:
        while True:
            now = self._clock()
            wait = sequence.look_at(now) - now
            if wait > 0:
                await _wait(self._wake, wait)
                continue
            await self._fill(sequence)

    async def _fill(self, sequence: Sequence) -> None:
        look = sequence.look()
        try:
            newest, rows = await self._in_thread(lambda: self._behind(look.after))
        except Exception as error:  # whatever it is: a follower that ends would silence every screen
            if self.database:
                log.warning("The outbox cannot be read (%s); screens keep what they have.", _reason(error))
            self.database = False
            sequence.unanswered(self._clock())
            return
        if not self.database:
            log.warning("The database answers again.")
        self.database = True
        filled = sequence.filled(look, rows, newest, self._clock(), more=len(rows) == BATCH)
        if filled.jumped:
            log.warning("Facts were skipped; the sequence goes on at %s.", sequence.last)
            first = filled.ready[0][0] - 1 if filled.ready else sequence.last
            self._ears.jumped(first)
        if filled.ready:
            self._ears.facts(filled.ready)

    def _behind(self, after: int) -> tuple[int, list[Fact]]:
        with self._store.read() as connection:
            newest = last_number(connection)  # first: whatever it counts, the rows below contain
            return newest, facts_after(connection, after, BATCH) if newest > after else []

    def _end(self, keep: int) -> tuple[int, list[Fact]]:
        with self._store.read() as connection:
            last = last_number(connection)
            rows = facts_after(connection, max(0, last - keep), keep) if keep else []
        return last, [row for row in rows if row[0] <= last]

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    event.clear()
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, StoreUnavailable) else type(error).__name__


def _fact(body: bytes) -> Fact | None:
    """The number and text of a fact; None for what is no fact (a nudge, or rubbish)."""
    try:
        fact = from_json(body)
        return int(fact["id"]), body.decode()
    except (ValueError, KeyError, TypeError):
        return None
