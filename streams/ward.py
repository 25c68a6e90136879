"""The ward: of each camera its condition and its minute, and who is told of faults. No socket, no clock, no store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from streams import condition as fold
from streams.board import Board, Shot
from streams.camera import Moment, Reason, State
from streams.condition import Condition, Seen


@dataclass(frozen=True, slots=True)
class Raised:
    """A fault has lasted long enough. `shot`: the newest masked picture there is, with its own instant: the evidence."""

    camera: str
    fault: str
    reason: Reason | None
    since: datetime
    at: datetime
    shot: Shot | None
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Cleared:
    camera: str
    fault: str
    at: datetime


Event = Raised | Cleared


@dataclass(frozen=True, slots=True)
class MinuteOf:
    """Of a camera since the last time this was asked: seconds watched, live, and live without a fault; pictures, with
    the means of their activity (bits per pixel) and brightness."""

    camera: str
    watched: float
    online: float
    sound: float
    pictures: int
    activity: float
    brightness: float


@dataclass(slots=True)
class _Patient:
    condition: Condition = field(default_factory=Condition)
    told: set[str] = field(default_factory=set)
    figures: Mapping[str, float] = field(default_factory=dict)
    watched: float = 0.0
    online: float = 0.0
    sound: float = 0.0
    pictures: int = 0
    activity: float = 0.0
    brightness: float = 0.0


class Ward:
    """Follows the cameras of a board. `standing`: faults that are known to stand from before, by camera."""

    def __init__(self, board: Board, standing: Mapping[str, frozenset[str]] | None = None) -> None:
        self._board = board
        self._before = dict(standing or {})
        self._patients: dict[str, _Patient] = {}
        self._at: float | None = None

    def faults(self, camera: str) -> frozenset[str]:
        """What stands of a camera now."""
        patient = self._patients.get(camera)
        return frozenset(patient.told) if patient else frozenset()

    def seen(self, camera: str, seen: Seen, figures: Mapping[str, float], shot: Shot, now: Moment) -> None:
        """A fresh picture has come, judged by its worker."""
        patient = self._of(camera, now)
        patient.condition = fold.pictured(patient.condition, seen, now)
        patient.figures = figures
        patient.pictures += 1
        patient.activity += shot.activity
        patient.brightness += shot.brightness

    def ticked(self, now: Moment) -> Iterator[Event]:
        """Time has passed: what is to be told now. Cameras that left the board are forgotten untold: who removes a
        camera removes its faults."""
        elapsed = 0.0 if self._at is None else max(0.0, now.mono - self._at)
        self._at = now.mono
        for camera in set(self._patients) - self._board.cameras:
            del self._patients[camera]
        for camera in sorted(self._board.cameras):
            standing = self._board.standing(camera)
            if standing is None or standing.reason is Reason.UNREGISTERED:
                continue
            patient = self._of(camera, now)
            patient.condition = fold.ticked(patient.condition, standing.state, standing.reason, now)
            live = standing.state is State.LIVE
            patient.watched += elapsed
            patient.online += elapsed * live
            patient.sound += elapsed * (live and not patient.condition.faults)
            yield from self._told(camera, patient, standing.reason, standing.since, now)

    def minute(self) -> list[MinuteOf]:
        """What has come together since this was last asked; asking begins anew."""
        minutes = []
        for camera, one in self._patients.items():
            number = max(1, one.pictures)
            minutes.append(
                MinuteOf(camera, one.watched, one.online, one.sound, one.pictures,
                         one.activity / number, one.brightness / number)
            )  # fmt: skip
            one.watched = one.online = one.sound = one.activity = one.brightness = 0.0
            one.pictures = 0
        return [one for one in minutes if one.watched]

    def _of(self, camera: str, now: Moment) -> _Patient:
        if camera not in self._patients:
            known = self._before.pop(camera, frozenset())
            self._patients[camera] = _Patient(fold.restored(known, now.at), set(known))
        return self._patients[camera]

    def _told(
        self, camera: str, patient: _Patient, reason: Reason | None, since: datetime, now: Moment
    ) -> Iterator[Event]:
        faults = set(patient.condition.faults)
        for fault in sorted(faults - patient.told):
            why = reason if fault in fold.LINK_FAULTS else None
            shot = self._board.shot(camera)
            begun = fold.began(patient.condition, fault, since, now)
            yield Raised(camera, fault, why, begun, now.at, shot, patient.figures)
        for fault in sorted(patient.told - faults):
            yield Cleared(camera, fault, now.at)
        patient.told = faults
