"""The worker's checkup of one camera: counts packets, judges a picture every few seconds, keeps the memory of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from streams.health import Memory, Observation, Packets, observe
from streams.health_rules import Thresholds
from streams.masks import Polygon
from streams.picture import Picture
from streams.source import Seen

INTERVAL = 2.0
"""Seconds between two judged pictures at least: every delay of health allows for three (bench/health.py)."""


class Gaps:
    """How many pictures are missing in a stream of even pace, from the times in its own clock. A camera that varies its
    pace on purpose tells nothing by it, so only a pace kept by nine in ten pictures is held against it."""

    _FEWEST = 30

    def __init__(self) -> None:
        self._steps: deque[float] = deque(maxlen=120)
        self._before: float | None = None
        self._usual = 0.0
        self._countdown = 0

    def missing(self, time: float | None) -> int:
        """Pictures missing before this one."""
        before, self._before = self._before, time
        if time is None or before is None or not 0.0 < time - before < 10.0:
            return 0
        step = time - before
        self._steps.append(step)
        self._learn()
        if not self._usual or step < 1.6 * self._usual:
            return 0
        return round(step / self._usual) - 1

    def _learn(self) -> None:
        """The usual step; looked at anew every thirty pictures. Lost ones come in addition, never before their time."""
        self._countdown -= 1
        if self._countdown > 0 or len(self._steps) < self._FEWEST:
            return
        self._countdown = self._FEWEST
        middle = sorted(self._steps)[len(self._steps) // 2]
        near = sum(abs(step - middle) < 0.15 * middle for step in self._steps)
        self._usual = (
            middle if near >= 0.9 * len(self._steps) else self._usual and middle * (near >= 0.6 * len(self._steps))
        )


class Checkup:
    """Of one camera, over all its connections.

    Raises (when made):
        ValueError: a threshold is none.
    """

    def __init__(self, masks: tuple[Polygon, ...], own: Mapping[str, Any]) -> None:
        limits = Thresholds(unseen=masks)
        self._limits = limits.adjusted(own) if own else limits
        self._memory = Memory()
        self._said: dict[str, Any] = {"faults": {}, "known": False, "figures": {}}
        self.connected()

    def connected(self) -> None:
        """A new connection: its pace is its own."""
        self._gaps, self._received, self._damaged = Gaps(), 0, 0

    def packet(self, seen: Seen) -> None:
        """Count a packet that has come, and those that have not."""
        self._received += 1
        decoded = None if seen.time is None else seen.time - seen.lag
        self._damaged += self._gaps.missing(decoded) + bool(seen.packet.is_corrupt and not seen.joined)

    def spoiled(self) -> None:
        """A picture could not be decoded whole."""
        self._damaged += 1

    def judged(self, picture: Picture, at: float) -> dict[str, Any]:
        """What is to be said of the camera with this picture: standing faults with the monotonic second each was first
        seen at, whether it is known well enough to call it sound, and its numbers."""
        if self._memory.at is not None and at - self._memory.at < INTERVAL:
            return self._said
        packets = Packets(self._received, self._damaged)
        self._received = self._damaged = 0
        luma, blue, red = picture.planes
        self._memory, health = observe(self._memory, Observation(at, luma, blue, red, packets), self._limits)
        self._said = {
            "faults": {fault.value: round(since, 1) for fault, since in health.since},
            "known": health.usual.known(self._limits),
            "figures": health.measures.figures(),
        }
        return self._said
