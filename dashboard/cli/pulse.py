"""Whether one supervised process lives: started, ready, silent, dead, when to start it again. Pure; `now` is monotonic.

Why silence counts as death: a stopped or deadlocked process is as gone for the wall as a dead one (reliability.md,
promise 11), and only its missing heartbeat shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SILENCE = 3.0
"""Seconds without a heartbeat after which a process that was ready is replaced."""
PATIENCE = 60.0
"""Seconds a process may take from its start to READY=1."""
FIRST_DELAY, LONGEST_DELAY = 0.2, 5.0
PROVEN = 1.0
"""A process that lived this long after READY works: its end is an accident, and it starts again without back-off."""

Verdict = Literal["fine", "silent", "never-ready"]


@dataclass
class Pulse:
    """The life signs of one process over all its lives."""

    started: float | None = None
    """When the present life began; None while it is not running."""
    ready: float | None = None
    heard: float | None = None
    resume: float = 0.0
    """Do not start it again before this instant."""
    delay: float = 0.0
    lives: int = 0

    def begin(self, now: float) -> None:
        """It was started."""
        self.started, self.ready, self.heard = now, None, None
        self.lives += 1

    def hear(self, now: float, words: frozenset[str]) -> None:
        """It said something: the lines of an sd_notify datagram."""
        if self.started is None:
            return
        if "READY=1" in words and self.ready is None:
            self.ready = now
        if words & {"READY=1", "WATCHDOG=1"}:
            self.heard = now

    def end(self, now: float) -> None:
        """It is dead. Sets `resume`: at once after a proven life, else after a delay that doubles."""
        proven = self.ready is not None and now - self.ready >= PROVEN
        self.delay = FIRST_DELAY if proven or not self.delay else min(self.delay * 2, LONGEST_DELAY)
        self.resume = now + self.delay
        self.started, self.ready, self.heard = None, None, None

    def excuse(self, seconds: float) -> None:
        """The listener itself was away that long: what could not be heard is not held against it."""
        if self.started is not None:
            self.started += seconds
        if self.heard is not None:
            self.heard += seconds

    def verdict(self, now: float) -> Verdict:
        """What its signs say. A process that is not running is fine: nobody waits for it to speak."""
        if self.started is None:
            return "fine"
        if self.ready is None or self.heard is None:
            return "never-ready" if now - self.started > PATIENCE else "fine"
        return "silent" if now - self.heard > SILENCE else "fine"

    def may_start(self, now: float) -> bool:
        """Whether it is not running and its delay is over."""
        return self.started is None and now >= self.resume
