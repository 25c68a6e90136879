"""What comes next: facts in their contiguous order, whatever a lossy, reordering carrier brings. A pure core.

Two sources feed it. The *carrier* (Redis Pub/Sub) is quick and may lose, repeat or swap; the *outbox* is the truth. The
machine hands out 1, 2, 3, … each once, and says when the outbox must be looked at. It reads no clock and does no I/O:
`now` is any monotonic time in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence as Series
from dataclasses import dataclass

HOLD = 0.02
"""Seconds that a gap may last before the outbox is asked: writers in several processes overtake each other."""
POLL = 0.1
"""Seconds between two looks while the carrier is away, or has just come back."""
SAFETY = 0.5
"""Seconds between two looks while the carrier is healthy: it may have lost the last message, which leaves no gap."""
YOUNG = 2.0
"""Seconds after which a carrier that came back is trusted: until then its publishers may still be reconnecting."""
HELD = 10_000
"""Facts kept while a gap is open; what comes on top is left to the outbox."""

Fact = tuple[int, str]
"""A fact's number and its JSON."""


@dataclass(frozen=True)
class Look:
    """One reading of the outbox: the facts behind `after` are wanted."""

    after: int
    suspects: frozenset[int]


@dataclass(frozen=True)
class Filled:
    """What a look brought. `jumped`: some numbers between are lost for ever (trimmed, or the store was restored)."""

    ready: list[Fact]
    jumped: bool = False


class Sequence:
    """The order of facts behind `last`. Not for several threads at once."""

    def __init__(
        self, last: int, now: float, *, hold: float = HOLD, poll: float = POLL, safety: float = SAFETY
    ) -> None:
        self.last = last
        self._hold, self._poll, self._safety = hold, poll, safety
        self._held: dict[int, str] = {}
        self._gap_since: float | None = None
        self._carrier_since: float | None = None
        self._looked = now
        self._nudged = False

    def offer(self, number: int, body: str, now: float) -> list[Fact]:
        """A fact came by the carrier; returns what can be handed on now."""
        if number <= self.last or number in self._held:
            return []
        if number == self.last + 1:
            self.last = number
            return [(number, body), *self._release(now)]
        if len(self._held) < HELD:
            self._held[number] = body
        if self._gap_since is None:
            self._gap_since = now
        return []

    def carrier(self, up: bool, now: float) -> None:
        """The carrier came or went; either way something may have been missed, so the outbox is looked at."""
        self._carrier_since = now if up else None
        self._nudged = True

    def nudge(self) -> None:
        """Somebody knows of facts that did not come: look now."""
        self._nudged = True

    def look_at(self, now: float) -> float:
        """When the outbox must be looked at next; not later than `now` means at once."""
        if self._nudged:
            return now
        trusted = self._carrier_since is not None and now - self._carrier_since >= YOUNG
        moments = [self._looked + (self._safety if trusted else self._poll)]
        if self._gap_since is not None:
            moments.append(self._gap_since + self._hold)
        return min(moments)

    def look(self) -> Look:
        """Begin a look. Facts held now that the outbox does not know afterwards were never committed."""
        self._nudged = False
        return Look(self.last, frozenset(self._held))

    def filled(self, look: Look, rows: Series[Fact], newest: int, now: float, *, more: bool = False) -> Filled:
        """The look has ended.

        Args:
            rows: facts behind `look.after`, in order, contiguous among themselves.
            newest: the newest number of the outbox, read before the rows.
            more: the rows were cut off by a limit.
        """
        self._looked = now
        self._nudged = self._nudged or more
        if newest < look.after:
            return self._rewind(newest)
        for number in look.suspects:
            if number > newest and number > self.last:
                self._held.pop(number, None)
        ready: list[Fact] = []
        jumped = False
        for number, body in rows:
            if number <= self.last:
                continue
            self._held.pop(number, None)
            jumped = jumped or number > self.last + 1
            self.last = number
            ready.append((number, body))
        if not rows and newest > self.last:
            self.last, jumped = newest, True
        if jumped:
            self._held = {number: body for number, body in self._held.items() if number > self.last}
        ready.extend(self._release(now))
        return Filled(ready, jumped)

    def unanswered(self, now: float) -> None:
        """The look failed (the store is away): not again before the usual pause."""
        self._looked = now
        if self._gap_since is not None:
            self._gap_since = now + self._poll

    def _rewind(self, newest: int) -> Filled:
        self.last = newest
        self._held.clear()
        self._gap_since = None
        return Filled([], jumped=True)

    def _release(self, now: float) -> list[Fact]:
        ready = []
        while (body := self._held.pop(self.last + 1, None)) is not None:
            self.last += 1
            ready.append((self.last, body))
        self._gap_since = now if self._held else None
        return ready
