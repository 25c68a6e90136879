"""The board: of each camera its state and its newest picture, and who wants to hear of changes. No socket, no clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from streams import camera as eye
from streams.camera import Limits, Moment, Reason, State, Watch


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture as it left the worker. `mono`: monotonic time at which it was seen; `at`: the instant it was taken, as far as
    can be known: the same, or earlier by `behind` seconds at least where its way takes that long (a playlist).
    `brightness` 0..255; `activity` in bits per pixel (see `streams.worker.Eye.activity`)."""

    camera: str
    mono: float
    at: datetime
    jpeg: bytes
    brightness: float
    activity: float
    behind: float = 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """A camera's state as others are told it."""

    camera: str
    state: State
    reason: Reason | None
    since: datetime


Listener = Callable[[str], None]


class Board:
    """Knows the cameras that exist. `on_picture` and `on_standing` are called with a camera's id after each change."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._watches: dict[str, Watch] = {}
        self._shots: dict[str, Shot] = {}
        self.on_picture: set[Listener] = set()
        self.on_standing: set[Listener] = set()

    @property
    def cameras(self) -> frozenset[str]:
        return frozenset(self._watches)

    def admit(self, camera: str, now: Moment) -> None:
        """A camera exists from now on, or begins anew: without a picture, connecting."""
        self._shots.pop(camera, None)
        self._watches[camera] = eye.begun(now)
        self._tell(self.on_standing, camera)

    def dismiss(self, camera: str) -> None:
        self._shots.pop(camera, None)
        self._watches.pop(camera, None)

    def pictured(self, shot: Shot, now: Moment) -> None:
        """A fresh picture has come. One of a camera that is not on the board is thrown away."""
        watch = self._watches.get(shot.camera)
        if watch is None:
            return
        newest = self._shots.get(shot.camera)
        if newest is None or shot.mono > newest.mono:
            self._shots[shot.camera] = shot
            self._move(shot.camera, eye.pictured(watch, shot.mono, now, self._limits))
            self._tell(self.on_picture, shot.camera)

    def doubted(self, camera: str, reason: Reason) -> None:
        if watch := self._watches.get(camera):
            self._watches[camera] = eye.doubted(watch, reason)

    def failed(self, camera: str, reason: Reason, now: Moment) -> None:
        if watch := self._watches.get(camera):
            self._move(camera, eye.failed(watch, reason, now))

    def ticked(self, now: Moment) -> None:
        for camera, watch in list(self._watches.items()):
            self._move(camera, eye.ticked(watch, now, self._limits))

    def standing(self, camera: str) -> Standing | None:
        watch = self._watches.get(camera)
        return None if watch is None else Standing(camera, watch.state, watch.reason, watch.since)

    def shot(self, camera: str) -> Shot | None:
        """The newest picture, however old: its reader must say its age."""
        return self._shots.get(camera)

    def _move(self, camera: str, watch: Watch) -> None:
        before = self._watches[camera]
        self._watches[camera] = watch
        if (before.state, before.reason) != (watch.state, watch.reason):
            self._tell(self.on_standing, camera)

    def _tell(self, listeners: set[Listener], camera: str) -> None:
        for listener in tuple(listeners):
            listener(camera)
