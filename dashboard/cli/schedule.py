"""What happens when in a replayed file: reports and closings in time order, and county time beside them. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from config.columns import ForeignCase
from models.timebase import Timebase


@dataclass(frozen=True, slots=True)
class Event:
    """A case is reported, or closed. Events of one instant keep the order of the file, reports first."""

    at: datetime
    closing: bool
    row: int
    case: ForeignCase

    @property
    def key(self) -> tuple[datetime, bool, int]:
        return self.at, self.closing, self.row


def events_of(cases: Iterable[tuple[int, ForeignCase]]) -> list[Event]:
    """Every event of these (row number, case) pairs, in order. What has no closing time is never closed."""
    found = []
    for row, case in cases:
        found.append(Event(case.reported_at, False, row, case))
        if case.closed_at is not None:
            found.append(Event(case.closed_at, True, row, case))
    return sorted(found, key=lambda event: event.key)


class Schedule:
    """Hands out events in order, never before county time has reached them."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._times = [event.at for event in events]
        self.position = 0

    def __len__(self) -> int:
        return len(self._events)

    @property
    def finished(self) -> bool:
        return self.position >= len(self._events)

    @property
    def next_at(self) -> datetime | None:
        """When the next event not yet handed out happens: county time must not run past it."""
        return None if self.finished else self._times[self.position]

    @property
    def last_at(self) -> datetime:
        """The instant of the last event of all."""
        return self._times[-1]

    def before(self, moment: datetime) -> int:
        """How many events happen before a moment."""
        return bisect_left(self._times, moment)

    def take(self, until: datetime | None, limit: int) -> Sequence[Event]:
        """The next events, at most `limit`, up to and including `until`; None means whatever comes next."""
        end = min(self.position + limit, len(self._events))
        if until is not None:
            while end > self.position and self._times[end - 1] > until:
                end -= 1
        taken = self._events[self.position : end]
        self.position = end
        return taken


def held(pace: Timebase | None, here: datetime, next_at: datetime | None) -> Timebase:
    """County time at its pace, held at the next event; without a pace or a next event it stands still `here`."""
    if pace is None or next_at is None:
        return Timebase(here, here, 0.0)
    return replace(pace, ceiling=next_at)
