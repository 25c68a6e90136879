"""Video files as endless loops of RTP payloads: demuxed once into memory, transcoded to H.264 once where needed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext

from streams import rtp

PLAYABLE = (".mp4", ".avi", ".mkv", ".mov", ".ts", ".m4v", ".webm")
"""Endings of files that `playable` offers as clips."""
_LONGEST_SECONDS = 600.0


class ClipError(Exception):
    """A file cannot be played as a camera. The text is a sentence that names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One coded picture: when it is sent (seconds from the loop's start), its RTP time and its RTP payloads."""

    at: float
    timestamp: int
    key: bool
    payloads: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Clip:
    """A loop in memory. `units` begin with a key picture; after `duration` seconds the loop starts again."""

    units: tuple[Unit, ...]
    duration: float
    codec: rtp.Codec
    sets: tuple[bytes, ...]
    size: tuple[int, int]

    @property
    def keys(self) -> list[int]:
        return [index for index, unit in enumerate(self.units) if unit.key]


def playable(folder: Path) -> list[Path]:
    """The video files directly in a folder, by name. Says nothing about whether they can be decoded."""
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in PLAYABLE and file.is_file())


def clip_from(file: Path, cache: Path, codecs: Collection[str] = ("h264",)) -> Clip:
    """Load a file as a loop; what is of none of these codecs (of `h264`, `hevc`) is transcoded to H.264 into `cache` first,
    once per content of the file. (Browsers play H.264.)

    Raises:
        ClipError: the file has no picture that can be decoded.
    """
    try:
        with av.open(str(file)) as container:
            if not container.streams.video:
                raise ClipError(f"{file.name} holds no video stream.")
            codec = container.streams.video[0].codec_context.name
        return _demuxed(file if codec in codecs else _transcoded(file, cache))
    except (av.FFmpegError, OSError, ValueError) as error:
        raise ClipError(f"{file.name} cannot be played: {getattr(error, 'strerror', None) or error}.") from error


def _demuxed(file: Path) -> Clip:
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        name = stream.codec_context.name
        annexb = BitStreamFilterContext(f"{name}_mp4toannexb", stream)
        packets = [packet for packet in container.demux(stream) if packet.size and packet.dts is not None]
        coded = [out for packet in packets for out in annexb.filter(packet)]
        units, sets = _units(coded, rtp.CODECS[name], file.name)
        size = (stream.codec_context.width, stream.codec_context.height)
        step = float(1 / (stream.average_rate or Fraction(10)))
    return Clip(units, units[-1].at + step, rtp.CODECS[name], sets, size)


def _units(packets: Iterable[av.Packet], codec: rtp.Codec, name: str) -> tuple[tuple[Unit, ...], tuple[bytes, ...]]:
    units: list[Unit] = []
    sets: dict[int, bytes] = {}
    origin: float | None = None
    for packet in packets:
        nals = rtp.carried(rtp.nal_units(bytes(packet)), codec)
        sets.update((codec.type_of(nal), nal) for nal in nals if codec.type_of(nal) in codec.sets)
        slices = [nal for nal in nals if codec.type_of(nal) not in codec.sets]
        key = any(codec.type_of(nal) in codec.keys for nal in slices)
        if not slices or (origin is None and not (key and len(sets) == len(codec.sets))):
            continue
        sent = float(packet.dts * packet.time_base)
        origin = sent if origin is None else origin
        if sent - origin > _LONGEST_SECONDS:
            break
        nals = [*(sets[kind] for kind in codec.sets), *slices] if key else slices
        shown = packet.dts if packet.pts is None else packet.pts
        timestamp = round((float(shown * packet.time_base) - origin) * rtp.CLOCK_HZ)
        parts = tuple(part for nal in nals for part in rtp.payloads(nal, codec))
        units.append(Unit(sent - origin, timestamp, key, parts))
    if not units:
        raise ClipError(f"{name} holds no key picture from which playing could begin.")
    return tuple(units), tuple(sets[kind] for kind in codec.sets)


def _transcoded(file: Path, cache: Path) -> Path:
    stat = file.stat()
    mark = hashlib.sha256(f"{file.resolve()}|{stat.st_size}|{stat.st_mtime_ns}".encode()).hexdigest()[:16]
    target = cache / f"clip-{mark}.mp4"
    if not target.exists():
        cache.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.{os.getpid()}.part")
        _transcode(file, part)
        part.replace(target)
    return target


def _transcode(file: Path, target: Path) -> None:
    with av.open(str(file)) as source, av.open(str(target), "w", format="mp4") as sink:
        stream = source.streams.video[0]
        rate = stream.average_rate or Fraction(10)
        width, height = stream.codec_context.width & ~1, stream.codec_context.height & ~1
        out = h264_stream(sink, rate, (width, height), quality=25)
        for count, frame in enumerate(source.decode(stream)):
            if count / rate > _LONGEST_SECONDS:
                break
            frame = frame.reformat(width, height, "yuv420p")
            frame.pts, frame.time_base, frame.pict_type = count, 1 / rate, av.video.frame.PictureType.NONE
            sink.mux(out.encode(frame))
        sink.mux(out.encode(None))


def h264_stream(
    sink: av.container.OutputContainer, rate: Fraction, size: tuple[int, int], quality: int
) -> av.VideoStream:
    """An H.264 track as a small camera sends it: a key picture each second, no reordering. `quality`: x264's crf."""
    out = sink.add_stream("libx264", rate=rate)
    out.width, out.height = size
    out.pix_fmt = "yuv420p"
    out.codec_context.time_base = 1 / rate
    out.codec_context.gop_size = max(1, round(rate))
    out.codec_context.max_b_frames = 0
    out.codec_context.thread_count = 1
    out.options = {"preset": "veryfast", "crf": str(quality), "sc_threshold": "0", "tune": "zerolatency"}
    return out
