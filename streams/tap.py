"""A tap on a camera's packets: what a live view is given, made in the worker so that masks are burnt in before it leaves.

Without masks H.264 packets pass through as they are. With masks every picture is decoded, painted over and encoded
again; what cannot be masked is not sent. Other codecs (H.265) are no video here: the viewer gets key pictures instead,
and a word why. The packets since the last key picture are kept, so that a view begins at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Any

import av

from streams.fmp4 import Fmp4, Fmp4Error, Part
from streams.masks import Polygon
from streams.picture import Darkroom, size_within
from streams.source import Seen, Source

_MOST_PACKETS, _MOST_BYTES = 600, 4 << 20
"""What is kept of a group of pictures; a longer one is not kept, and a view of it begins with the next."""


class Mode(StrEnum):
    """How a live view is given. `PICTURES`: by key pictures only, with the reason in `Why`."""

    VIDEO = "video"
    PICTURES = "pictures"


class Why(StrEnum):
    """Why a view is what it is. Each has a text under `cameras.live.why.<value>`."""

    CODEC = "codec"
    MASKED = "masked"
    BUSY = "busy"
    NO_MAIN = "no_main"


Send = Callable[[dict[str, Any], bytes], None]


class Group:
    """The packets since the last key picture."""

    def __init__(self) -> None:
        self._packets: list[Seen] = []
        self._bytes = 0
        self._whole = False

    def take(self, seen: Seen) -> None:
        if seen.key:
            self._packets, self._bytes, self._whole = [], 0, True
        if not self._whole:
            return
        self._packets.append(seen)
        self._bytes += seen.packet.size
        if len(self._packets) > _MOST_PACKETS or self._bytes > _MOST_BYTES:
            self._packets, self._whole = [], False

    def __iter__(self) -> Iterator[Seen]:
        return iter(list(self._packets))


class Passing:
    """Packets as they are."""

    def __init__(self, source: Source) -> None:
        self._mp4 = Fmp4(source.stream)
        self.init, self.mime = self._mp4.init, self._mp4.mime
        self.size = (source.decoder.width, source.decoder.height)

    def parts(self, seen: Seen) -> tuple[Part]:
        return (self._mp4.passed(seen.packet, _time(seen), seen.lag, seen.taken, key=seen.key),)

    def close(self) -> None:
        self._mp4.close()


class Transcoding:
    """Every picture decoded, masked, encoded again; at most 640 pixels wide."""

    def __init__(self, source: Source, masks: Sequence[Polygon]) -> None:
        self._darkroom = Darkroom(masks)
        self.size = size_within(source.decoder.width, source.decoder.height)
        self._decoder = _decoder_like(source)
        self._mp4 = Fmp4(size=self.size)
        self.init, self.mime = self._mp4.init, self._mp4.mime

    def parts(self, seen: Seen) -> list[Part]:
        """Raises:
        MaskError: a mask could not be applied; nothing of this picture is sent.
        """
        try:
            frames = self._decoder.decode(seen.packet)
        except av.FFmpegError:
            return []
        width, height = self.size
        small = [self._darkroom.small(frame, width, height, "yuv420p") for frame in frames]
        parts = [self._mp4.encoded(frame, _time(seen), seen.taken) for frame in small]
        return [part for part in parts if part]

    def close(self) -> None:
        self._mp4.close()


def _decoder_like(source: Source) -> Any:
    decoder = av.CodecContext.create(source.decoder.name, "r")
    decoder.extradata = source.decoder.extradata
    decoder.thread_count = 1
    return decoder


def _time(seen: Seen) -> float | None:
    """The decoding time in the stream's own clock; None where it has none (yet)."""
    return None if seen.time is None else seen.time - seen.lag


class Tap:
    """One stream's tap: closed at first; `wanted` opens and closes it from another thread, `take` does the work in the
    thread that reads the packets. `send` gets the head of a message and its bytes."""

    def __init__(self, masks: Sequence[Polygon], send: Send) -> None:
        self._masks, self._send = masks, send
        self.wanted = False
        self.group = Group()
        """What of its running group of pictures is kept."""
        self._run: Passing | Transcoding | None = None
        self._refused = False

    def take(self, source: Source, seen: Seen) -> None:
        """One more packet.

        Raises:
            MaskError: a mask could not be applied.
        """
        self.group.take(seen)
        if not self.wanted:
            self.close()
        elif self._run is not None:
            self._forward([seen])
        elif not self._refused:
            self._begin(source, seen.behind)

    def close(self) -> None:
        """End a run; the next one begins with a new `init`."""
        if self._run is not None:
            self._run.close()
        self._run, self._refused = None, False

    def ended(self) -> None:
        """The connection has ended: what was kept of it belongs to no later one."""
        self.close()
        self.group = Group()

    def _begin(self, source: Source, behind: float) -> None:
        try:
            self._run = Transcoding(source, self._masks) if self._masks else Passing(source)
        except (Fmp4Error, av.FFmpegError):
            self._refused = True
            self._send({"part": "mode", "mode": Mode.PICTURES.value, "why": Why.CODEC.value}, b"")
            return
        width, height = self._run.size
        head = {"part": "init", "mime": self._run.mime, "width": width, "height": height, "masked": bool(self._masks),
                "behind": round(behind, 1)}  # fmt: skip
        self._send(head, self._run.init)
        self._forward(list(self.group))

    def _forward(self, packets: Sequence[Seen]) -> None:
        assert self._run is not None
        try:
            for seen in packets:
                for key, taken, body in self._run.parts(seen):
                    self._send({"part": "data", "key": key, "taken": taken}, body)
        except (Fmp4Error, ValueError):
            self.close()  # it begins anew with the next packet
