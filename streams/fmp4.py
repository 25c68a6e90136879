"""Packets to fragmented MP4, one fragment a picture, without decoding: what a browser's MediaSource takes (PyAV).

A muxer holds a picture back until the next one tells its duration: one picture's time (40 ms at 25 a second) of delay.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av

TICKS = 90_000
_STEP, _LEAP = TICKS // 25, 10 * TICKS
_MOVFLAGS = "frag_every_frame+empty_moov+default_base_moof+omit_tfhd_offset"


class Fmp4Error(Exception):
    """These packets cannot be put into fragments that a browser plays."""


@dataclass(frozen=True, slots=True)
class Part:
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


class Fmp4:
    """One run of a stream as fragments. `init` and `mime` are there from the beginning; `close` it in the end."""

    def __init__(self, stream: av.VideoStream | None = None, *, size: tuple[int, int] | None = None) -> None:
        """Of a stream that is passed through, or (with `size`) of pictures that are encoded here."""
        self._pipe = _Pipe()
        options = {"movflags": _MOVFLAGS, "flush_packets": "1"}
        self._sink = av.open(self._pipe, "w", format="mp4", options=options)
        try:
            self._out = self._encoder(size) if size else self._copy(stream)
            self._out.time_base = Fraction(1, TICKS)
            self._sink.start_encoding()
        except (av.FFmpegError, ValueError) as error:
            self._sink.close()
            raise Fmp4Error("The stream cannot be put into fragments.") from error
        self.init = self._pipe.take()
        self.mime = _mime(self.init)
        self._base: float | None = None
        self._last = -1
        self._waiting: tuple[bool, float] | None = None

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

    def passed(self, packet: av.Packet, time: float | None, taken: float) -> Part | None:
        """One packet in, the fragment before it out. `time`: seconds in the stream's own clock, if it
        has one yet."""
        dts = self._ticks(time)
        copy = av.Packet(bytes(packet))
        shift = 0.0
        if packet.pts is not None and packet.dts is not None and packet.time_base is not None:
            shift = float((packet.pts - packet.dts) * packet.time_base)
        copy.dts, copy.pts = dts, dts + max(0, round(shift * TICKS))
        copy.time_base, copy.stream, copy.is_keyframe = Fraction(1, TICKS), self._out, packet.is_keyframe
        return self._muxed([copy], taken)

    def encoded(self, frame: av.VideoFrame, time: float | None, taken: float) -> Part | None:
        """One picture in, the fragment of the one before it out."""
        frame.pts, frame.time_base = self._ticks(time), Fraction(1, TICKS)
        frame.pict_type = av.video.frame.PictureType.NONE
        return self._muxed(self._out.encode(frame), taken)

    def _ticks(self, time: float | None) -> int:
        """The next decoding time, later than the one before whatever the source says: some begin without times, and a
        clock that is set leaps. A leap becomes one picture's step."""
        ahead = self._last + _STEP if self._last >= 0 else 0
        if time is None:
            self._last = ahead
            return ahead
        ticks = None if self._base is None else round((time - self._base) * TICKS)
        if ticks is None or not self._last < ticks <= self._last + _LEAP:
            ticks = self._last + 1 if ticks is not None and self._last - _STEP < ticks <= self._last else ahead
            self._base = time - ticks / TICKS
        self._last = ticks
        return ticks

    def _muxed(self, packets: list[av.Packet], taken: float) -> Part | None:
        waiting = self._waiting
        for packet in packets:
            self._waiting = (packet.is_keyframe, taken)
            try:
                self._sink.mux(packet)
            except av.FFmpegError as error:
                raise Fmp4Error("A picture cannot be put into a fragment.") from error
        body = self._pipe.take()
        return Part(*waiting, body) if waiting and body else None

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
