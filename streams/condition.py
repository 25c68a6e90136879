"""A camera's condition as a pure fold: which faults stand, from its state and from what its worker sees in pictures.

Two kinds of faults meet here. Those of the connection (`offline`, `no_frame`, and `frozen` or `loss` where the stream
itself says so) are debounced here; those of the picture come debounced from `streams.health`. What cannot be judged
now (a covered camera that is offline) stands until it can be judged again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from streams.camera import Moment, Reason, State
from streams.health_rules import Delay, Fault, Standing, stood

OFFLINE, NO_FRAME = "offline", "no_frame"
LINK_FAULTS = (OFFLINE, NO_FRAME, Fault.FROZEN.value, Fault.LOSS.value)
FAULTS = (OFFLINE, NO_FRAME, *(fault.value for fault in Fault))
"""Every fault there is; each has a text in the catalogue under `health.fault.<value>`."""
LINK_DELAY = Delay(raise_after=20.0, clear_after=10.0)
_STILL = frozenset({Reason.FROZEN, Reason.REPEATED})
_SILENT = frozenset({Reason.NO_DATA, Reason.NO_PICTURE, Reason.STUCK})


@dataclass(frozen=True, slots=True)
class Seen:
    """What a worker says of a picture: the faults it shows, each since a monotonic second, and whether the camera is
    known long enough for their absence to mean something."""

    since: Mapping[str, float]
    known: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """What stands of a camera. `link`: faults of the connection, being debounced; `picture`: faults of the picture."""

    link: Mapping[str, Standing] = field(default_factory=dict)
    picture: Mapping[str, datetime] = field(default_factory=dict)
    at: float | None = None

    @property
    def faults(self) -> Mapping[str, datetime | None]:
        """What stands, and since when (None: longer than this process runs)."""
        raised: dict[str, datetime | None] = {name: None for name, one in self.link.items() if one.raised}
        return raised | dict(self.picture)


def restored(faults: frozenset[str], since: datetime) -> Condition:
    """The condition of a camera of which these faults are known to stand: a process that starts again forgets none."""
    link = {name: Standing(LINK_DELAY.raise_after, True, True, 0.0) for name in faults if name in (OFFLINE, NO_FRAME)}
    return Condition(link, {name: since for name in faults if name not in link})


def link_fault(state: State, reason: Reason | None) -> str | None:
    """The fault of the connection that a state shows; None where it shows none."""
    if state in (State.LIVE, State.CONNECTING) or reason is Reason.UNREGISTERED:
        return None
    if reason in _STILL:
        return Fault.FROZEN.value
    if reason is Reason.CORRUPT:
        return Fault.LOSS.value
    return NO_FRAME if reason in _SILENT else OFFLINE


def ticked(condition: Condition, state: State, reason: Reason | None, now: Moment) -> Condition:
    """Time has passed in this state. Call it about once a second."""
    shown = link_fault(state, reason)
    elapsed = 0.0 if condition.at is None else now.mono - condition.at

    def verdict(name: str) -> bool | None:
        if shown == name:
            return True
        return False if state is State.LIVE else None

    link = {
        name: stood(condition.link.get(name, Standing()), verdict(name), now.mono, elapsed, LINK_DELAY)
        for name in LINK_FAULTS
    }
    return Condition(link, condition.picture, now.mono)


def pictured(condition: Condition, seen: Seen, now: Moment) -> Condition:
    """A fresh picture was judged. A worker that is still learning clears nothing."""
    found = {name: condition.picture.get(name) or now.back_at(since) for name, since in seen.since.items()}
    kept = {} if seen.known else dict(condition.picture)
    return Condition(condition.link, kept | found, condition.at)


def began(condition: Condition, fault: str, state_since: datetime, now: Moment) -> datetime:
    """When a standing fault began: a fault of the picture when it was first seen, one of the connection with the last
    fresh picture before it."""
    return condition.picture.get(fault) or min(state_since, now.at)
