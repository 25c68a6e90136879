"""Packets to fragmented MP4, one fragment a picture, without decoding: what a browser's MediaSource takes.

How to play a stream (`init`) is written by PyAV's muxer; the fragments are our own few boxes (`streams.boxes`): a muxer
holds each picture back until the next one has come, 40 to 67 ms, and costs more than reading the stream does.
"""

from __future__ import annotations

import io
from collections import deque
from fractions import Fraction
from typing import Any, NamedTuple

import av

from streams.boxes import fragment, prefixed

TICKS = 90_000
_STEP, _LEAP = TICKS // 25, 10 * TICKS
_LONGEST = TICKS
_LATE = 1.9
"""A player takes a picture that comes later than twice the length of the one before for a break, and waits for the next
key picture. So no picture is said to come later than this times the length foretold."""
_MOVFLAGS = "frag_every_frame+empty_moov+default_base_moof+omit_tfhd_offset"


class Fmp4Error(Exception):
    """These packets cannot be put into fragments that a browser plays."""


class Part(NamedTuple):
    """A fragment: `moof` and `mdat` of one picture. `taken`: when the picture was taken, monotonic seconds."""

    key: bool
    taken: float
    body: bytes


class _Pipe(io.RawIOBase):
    """Collects what the muxer writes; it cannot seek, so the muxer writes nothing twice."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, part: Any) -> int:
        self.written.append(bytes(part))
        return len(part)

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def take(self) -> bytes:
        whole = b"".join(self.written)
        self.written.clear()
        return whole


class Times:
    """Decoding times in ticks that always rise, whatever the source says: some begin without times, and a clock that is
    set leaps. `length` is what a picture is foretold to last: the longest of the last few, since too long does no harm."""

    def __init__(self) -> None:
        self._base: float | None = None
        self._last = -1
        self._lengths: deque[int] = deque(maxlen=8)
        self._said: float | None = None
        self.length = _STEP

    def next(self, time: float | None) -> int:
        """The next picture's time. `time`: seconds in the stream's own clock, if it has one yet."""
        if self._last < 0:
            self._base, self._last, self._said = time, 0, time
            return 0
        latest = self._last + round(_LATE * self.length)
        self._learn(time)
        if time is None:
            self._last += _STEP
            return self._last
        ticks = None if self._base is None else round((time - self._base) * TICKS)
        if ticks is None or not self._last - _STEP < ticks <= self._last + _LEAP:
            ticks = self._last + _STEP  # a leap becomes one picture's step
        ticks = min(max(ticks, self._last + 1), latest)
        self._base, self._last = time - ticks / TICKS, ticks
        return ticks

    def _learn(self, time: float | None) -> None:
        before, self._said = self._said, time
        if time is None or before is None:
            return
        step = round((time - before) * TICKS)
        if 0 < step <= _LEAP:
            self._lengths.append(min(step, _LONGEST))
            self.length = max(self._lengths)


class Fmp4:
    """One run of a stream as fragments. `init` and `mime` are there from the beginning; `close` it in the end."""

    def __init__(self, stream: av.VideoStream | None = None, *, size: tuple[int, int] | None = None) -> None:
        """Of a stream that is passed through, or (with `size`) of pictures that are encoded here."""
        pipe = _Pipe()
        self._sink = av.open(pipe, "w", format="mp4", options={"movflags": _MOVFLAGS, "flush_packets": "1"})
        try:
            self._out = self._encoder(size) if size else self._copy(stream)
            self._out.time_base = Fraction(1, TICKS)
            self._sink.start_encoding()
        except (av.FFmpegError, ValueError) as error:
            self._sink.close()
            raise Fmp4Error("The stream cannot be put into fragments.") from error
        self.init = pipe.take()
        self.mime = _mime(self.init)
        self._prefixed = bool(stream and bytes(stream.codec_context.extradata or b"")[:1] == b"\x01")
        self._times = Times()
        self._number = 0

    def _copy(self, stream: av.VideoStream | None) -> Any:
        if stream is None or stream.codec_context.name != "h264" or not stream.codec_context.extradata:
            raise ValueError("only H.264 with its parameter sets passes through")
        return self._sink.add_stream_from_template(stream)

    def _encoder(self, size: tuple[int, int]) -> Any:
        out = self._sink.add_stream("libx264", rate=25)
        out.width, out.height = size
        out.pix_fmt = "yuv420p"
        out.codec_context.time_base = Fraction(1, TICKS)
        out.codec_context.gop_size = 30
        out.codec_context.max_b_frames = 0
        out.codec_context.thread_count = 1
        out.codec_context.flags |= av.codec.context.Flags.global_header.value
        out.options = {"preset": "ultrafast", "crf": "27", "tune": "zerolatency", "sc_threshold": "0"}
        return out

    def passed(self, packet: av.Packet, time: float | None, shift: float, taken: float, *, key: bool) -> Part:
        """One packet in, its fragment out.

        Args:
            time: decoding time, seconds in the stream's own clock, if it has one yet.
            shift: seconds by which the picture is shown later than it is decoded.

        Raises:
            Fmp4Error: there is no picture in it.
        """
        units = bytes(packet) if self._prefixed else prefixed(bytes(packet))
        if not units:
            raise Fmp4Error("A packet holds no picture.")
        later = round(shift * TICKS) if shift > 0.0 else 0
        return self._boxed(units, self._times.next(time), later, taken, key=key)

    def encoded(self, frame: av.VideoFrame, time: float | None, taken: float) -> Part | None:
        """One picture in, its fragment out; None where the encoder gave nothing yet."""
        ticks = self._times.next(time)
        frame.pts, frame.time_base = ticks, Fraction(1, TICKS)
        frame.pict_type = av.video.frame.PictureType.NONE
        packets = self._out.encode(frame)
        if not packets:
            return None
        units = prefixed(b"".join(map(bytes, packets)))
        return self._boxed(units, ticks, 0, taken, key=any(packet.is_keyframe for packet in packets))

    def _boxed(self, units: bytes, ticks: int, shift: int, taken: float, *, key: bool) -> Part:
        self._number += 1
        body = fragment(self._number, ticks, self._times.length, shift, key=key, picture=units)
        return Part(key, taken, body)

    def close(self) -> None:
        self._sink.close()


def _mime(init: bytes) -> str:
    """The media type with the codec's own string, out of the `avcC` box.

    Raises:
        Fmp4Error: there is none.
    """
    at = init.find(b"avcC")
    if at < 0:
        raise Fmp4Error("The stream is no H.264.")
    return f'video/mp4; codecs="avc1.{init[at + 5 : at + 8].hex()}"'
