"""What video gateway and browser say to each other (`gridcommand.tiles.v1`), and what waits for one viewer. Pure."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.messages import iso
from streams.board import Shot, Standing
from streams.camera import State

SUBPROTOCOL = "gridcommand.tiles.v1"
MOST_CAMERAS = 64
"""Cameras one connection may watch: more tiles than a wall shows."""
STALE_AFTER = 5.0
"""Seconds: a picture older than this is never sent as live (look.md: stale looks stale)."""


class WatchRequest(BaseModel):
    """The client's message: these cameras, in place of whatever it watched before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["watch"]
    cameras: list[str] = Field(max_length=MOST_CAMERAS)


def picture_message(shot: Shot, standing: Standing, mono: float) -> bytes:
    """A picture as sent at this monotonic time: 4 bytes of header length (big-endian), the header as JSON, the JPEG.

    The header says `camera`; `at`, when the picture was seen; `age_ms`, its true age now; `state`, "live" only where
    the camera is live *and* the picture is young, else "stale"; and `sent`, the gateway's own clock in ms, from which a
    browser tells how long the message was under way compared with others. `behind`, where there is any: by how many
    seconds at least its source's own way delays it, on top of that age.
    """
    age = max(0.0, mono - shot.mono)
    live = standing.state is State.LIVE and age <= STALE_AFTER
    header: dict[str, Any] = {
        "camera": shot.camera, "at": iso(shot.at), "age_ms": round(age * 1000), "state": "live" if live else "stale",
        "sent": round(mono * 1000),
    }  # fmt: skip
    if shot.behind >= 1.0:
        header["behind"] = round(shot.behind, 1)
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack(">I", len(text)) + text + shot.jpeg


def state_message(standing: Standing, faults: Iterable[str] = ()) -> str:
    """`faults`: what stands of the camera's health, however live it is."""
    return _text(
        kind="state",
        camera=standing.camera,
        state=standing.state.value,
        reason=standing.reason.value if standing.reason else None,
        since=iso(standing.since),
        faults=sorted(faults),
    )


def refused_message(cameras: list[str]) -> str:
    """These cameras are not shown to this viewer. Whether they exist is not said."""
    return _text(kind="refused", cameras=cameras)


def elsewhere_message(gateways: Mapping[str, str]) -> str:
    """These cameras are watched by other hosts: ask their gateways."""
    return _text(kind="elsewhere", cameras=dict(gateways))


def beat_message(now: datetime, mono: float) -> str:
    return _text(kind="beat", at=iso(now.astimezone(UTC)), sent=round(mono * 1000))


def _text(**fields: Any) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


class Backlog:
    """What one viewer has not been sent yet: at most one mark per camera for its state and one for its picture.

    What is marked is read from the board when it is sent, so a slow viewer gets fewer pictures and never older ones,
    and its backlog cannot grow.
    """

    def __init__(self) -> None:
        self._watched: frozenset[str] = frozenset()
        self._states: dict[str, None] = {}
        self._pictures: dict[str, None] = {}

    @property
    def watched(self) -> frozenset[str]:
        return self._watched

    def watch(self, cameras: frozenset[str]) -> None:
        """Watch these from now on; of each, state and newest picture are to be sent at once."""
        self._watched = cameras
        self._states = dict.fromkeys(sorted(cameras))
        self._pictures = dict.fromkeys(sorted(cameras))

    def watch_also(self, camera: str) -> None:
        """Watch one more; its state and newest picture are to be sent."""
        self._watched |= {camera}
        self._states[camera] = self._pictures[camera] = None

    def mark_state(self, camera: str) -> bool:
        """Returns whether there is something to send now that was not before."""
        return self._mark(self._states, camera)

    def mark_picture(self, camera: str) -> bool:
        return self._mark(self._pictures, camera)

    def next_state(self) -> str | None:
        return self._taken(self._states)

    def next_picture(self) -> str | None:
        """The camera whose picture has been waiting longest."""
        return self._taken(self._pictures)

    def __len__(self) -> int:
        return len(self._states) + len(self._pictures)

    def _mark(self, marks: dict[str, None], camera: str) -> bool:
        if camera not in self._watched or camera in marks:
            return False
        marks[camera] = None
        return True

    @staticmethod
    def _taken(marks: dict[str, None]) -> str | None:
        camera = next(iter(marks), None)
        if camera is not None:
            del marks[camera]
        return camera
