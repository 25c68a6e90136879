"""Opening a camera's source with bounded waits, and its packets: every failure is a `SourceError` with a reason.

The library is PyAV. What it does not bound or tell is added here: opening ends after its time even where a byte trickles
in now and then, and reading says that it waits; a picture that the library held back until its time ran out is not taken for a new one; the host is
resolved and judged first and then connected to by its number; a first DESCRIBE on a socket of our own names causes and
refuses redirections, which FFmpeg would follow to any host; formats and codecs are listed, everything else is refused
(FFmpeg plays a text file as video).
No text of an error ever leaves this module: FFmpeg's texts repeat the address with its password.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer

from streams.addresses import AddressRefusedError, AddressRules, PlaylistRefusedError, RemoteAddress, parsed
from streams.camera import Reason, Transit
from streams.judging import SourceError, judged
from streams.segments import Segments, Turn

__all__ = ["Seen", "Source", "SourceError", "Waits", "opened"]

FORMATS = "rtsp,sdp,flv,mpegts,mpjpeg,mov,matroska,avi,h264,hevc,mjpeg,mpeg,rtp"
"""FFmpeg demuxers that a camera may need. No playlists: what they name is fetched by `segments.py`, which judges it."""
_SEGMENT_FORMATS = "mpegts,mov"
CODECS = frozenset({"h264", "hevc", "mjpeg", "mpeg4", "msmpeg4", "msmpeg4v2", "msmpeg4v3", "mpeg2video", "vp8", "vp9",
                    "av1", "libdav1d"})  # fmt: skip
MAX_PIXELS = 7680 * 4320
_ANALYSE_MICROSECONDS = 100_000
_WHOLE = 0.9
"""A file whose pictures end before this share of its stated duration is truncated."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds: for a connection and its first answers, for opening altogether, and for the next packet.

    Silence for `read` ends a connection. A packet that only trickles in does not: to look at the clock with every read of
    the socket asks for the interpreter's lock each time, half of what passing a main stream on costs. So whoever reads is
    watched by somebody else, who looks at `Source.reading`.
    """

    connect: float = 3.0
    open: float = 6.0
    read: float = 3.0


@dataclass(slots=True)
class Seen:
    """One packet.

    Attributes:
        at: when it arrived, monotonic seconds.
        taken: when its picture was taken as far as can be known (see `Transit`), monotonic seconds.
        key: it is a key picture.
        time: in the source's own clock, which runs on where a file begins anew; seconds, None where it has none.
        lag: by how much later the picture is shown than decoded, in seconds.
        behind: by how much at least its picture is older than `taken` tells, where the way itself takes that long: a
            playlist's segments are whole before they are named. Seconds.
        joined: two segments meet here. Their counters of packets need not follow each other, which is no damage.
    """

    packet: av.Packet
    at: float
    taken: float
    key: bool
    time: float | None
    lag: float = 0.0
    behind: float = 0.0
    joined: bool = False


class Source:
    """An opened source. Its packets end with a `SourceError` or when `stop` is set; leaving `opened` closes it."""

    def __init__(
        self, container: InputContainer, stop: threading.Event, *, file: bool, loop: bool, silence: float,
        segments: Segments | None = None,
    ) -> None:  # fmt: skip
        self._container, self._stop, self._segments = container, stop, segments
        self._file, self._loop, self._silence = file, loop, silence
        self.reading = False
        """It waits for a packet now, or for the rest of one."""
        self.stream = container.streams.video[0]
        self.decoder = self.stream.codec_context
        self.decoder.thread_count = 1
        self.decoder.options = {"max_pixels": str(MAX_PIXELS)}

    def packets(self) -> Iterator[Seen]:
        """Packets as they arrive; those of a file at the pace of its own clock, from the beginning again at its end.

        Raises:
            SourceError: the stream ended, fell silent or cannot be read.
        """
        if self._segments is not None:
            return self._listed_packets(self._segments)
        return self._file_packets() if self._file else self._live_packets()

    def _live_packets(self) -> Iterator[Seen]:
        before, transit, unit = time.monotonic(), Transit(), float(self.stream.time_base or 0)
        self.reading = True
        try:
            for packet in self._container.demux(self.stream):
                self.reading = False
                now = time.monotonic()
                if now - before >= 0.95 * self._silence:
                    raise SourceError(Reason.NO_DATA)  # the parser's last picture, given up when the time ran out
                before = now
                if self._stop.is_set():
                    return
                if packet.size:
                    pts, dts = packet.pts, packet.dts
                    sent = None if pts is None else pts * unit
                    lag = 0.0 if pts is None or dts is None else (pts - dts) * unit
                    yield Seen(packet, now, now - transit.late_by(sent, now), packet.is_keyframe, sent, lag)
                self.reading = True
        except av.FFmpegError as error:
            raise SourceError(_reading_reason(error)) from None
        finally:
            self.reading = False
        raise SourceError(Reason.CLOSED)

    def _listed_packets(self, segments: Segments) -> Iterator[Seen]:
        """Packets of a rolling playlist at the pace of their own clock, as a segment comes all at once. What comes late
        moves the pace; what was left out, or a clock that leaps, begins it anew."""
        base: float | None = None
        turn: Turn | None = None
        behind, anew = 0.0, 0
        for packet in self._demuxed(segments):
            ticks = packet.pts if packet.dts is None else packet.dts
            if ticks is None:
                continue
            sent, shown = float(ticks * packet.time_base), float((packet.pts or ticks) * packet.time_base)
            joined = segments.turn is not turn
            if joined and segments.turn is not None and not segments.turn.follows:
                anew = 2  # this one may be the last of the segment before, pushed out by the first of this one
            base = _paced(None if anew else base, sent, time.monotonic())
            anew = max(0, anew - 1)
            if self._stop.wait(max(0.0, base + sent - time.monotonic())):
                return
            now = time.monotonic()
            if joined:
                turn, behind = segments.turn, segments.behind(now)
            yield Seen(packet, now, now, packet.is_keyframe, shown, max(0.0, shown - sent), behind, joined)

    def _demuxed(self, segments: Segments) -> Iterator[av.Packet]:
        """
        Raises:
            SourceError: the segments ended.
        """
        try:
            for packet in self._container.demux(self.stream):
                if self._stop.is_set():
                    return
                if packet.size:
                    yield packet
        except av.FFmpegError:
            raise SourceError(segments.reason or Reason.BROKEN) from None
        if not self._stop.is_set():
            raise SourceError(segments.reason or Reason.CLOSED)

    def _file_packets(self) -> Iterator[Seen]:
        stated = float(self._container.duration or 0) / av.time_base
        before = 0.0
        while not self._stop.is_set():
            reached = yield from self._lap(before)
            before += reached
            if self._stop.is_set():
                return
            if reached < _WHOLE * stated - 0.5:
                raise SourceError(Reason.TRUNCATED)
            if not self._loop:
                raise SourceError(Reason.ENDED)
            try:
                self._container.seek(0)
            except av.FFmpegError:
                raise SourceError(Reason.ENDED) from None

    def _lap(self, before: float) -> Generator[Seen, None, float]:
        """One pass through a file. Returns the seconds of it that were reached."""
        start, origin, reached, count = time.monotonic(), None, 0.0, 0
        step = float(1 / (self.stream.average_rate or 10))
        try:
            for packet in self._container.demux(self.stream):
                if not packet.size or (packet.dts is None and packet.pts is None):
                    continue
                ticks = packet.pts if packet.dts is None else packet.dts
                sent = float((ticks or 0) * packet.time_base)
                origin = sent if origin is None else origin
                count, reached = count + 1, max(reached, sent - origin + step)
                if self._stop.wait(max(0.0, min(start + sent - origin - time.monotonic(), 60.0))):
                    return reached
                now = time.monotonic()
                lag = float(((packet.pts or 0) - packet.dts) * packet.time_base) if packet.dts is not None else 0.0
                lag = max(0.0, lag)
                yield Seen(packet, now, now, packet.is_keyframe, before + sent - origin + lag, lag)
        except av.FFmpegError:
            raise SourceError(Reason.BROKEN) from None
        if not count:
            raise SourceError(Reason.BROKEN)
        self._stop.wait(max(0.0, start + reached - time.monotonic()))
        return reached


_LATE, _AHEAD = 0.25, 5.0


def _paced(base: float | None, sent: float, now: float) -> float:
    """The monotonic second of a stream's own zero, by which its packets are due: as before, unless this one is late by it
    or lies far ahead."""
    if base is None or not now - _LATE <= base + sent <= now + _AHEAD:
        return now - sent
    return base


@contextmanager
def opened(
    address: str, rules: AddressRules, stop: threading.Event, *, waits: Waits = Waits(), loop: bool = True,
    step: Callable[[], None] = lambda: None,
) -> Iterator[Source]:  # fmt: skip
    """Open a source within `waits.connect` + `waits.open` seconds, a playlist as soon as it has named a new segment; it is
    closed when the block is left.

    Args:
        address: `rtsp://`, `http(s)://`, or a file of the clips folder.
        rules: what may be opened.
        stop: set from outside, it ends the packets.
        loop: a file begins anew at its end; otherwise it ends with `Reason.ENDED`.
        step: called whenever a playlist's server is asked and has answered, in the thread that opens or reads.

    Raises:
        SourceError: it cannot be opened.
    """
    try:
        target = parsed(address, rules)
        file, segments = isinstance(target, Path), None
        if isinstance(target, Path):
            container = _open_file(target)
        elif target.playlist:
            segments = Segments(target, rules, stop, answer=waits.open, silence=waits.read, step=step)
            container = _open_segments(segments)
        else:
            container = _open_remote(target, rules, waits)
    except PlaylistRefusedError:
        raise SourceError(Reason.PLAYLIST) from None
    except AddressRefusedError:
        raise SourceError(Reason.ADDRESS_REFUSED) from None
    try:
        _refuse_unfit(container)
        yield Source(container, stop, file=file, loop=loop, silence=waits.read, segments=segments)
    finally:
        container.close()


def _open_file(file: Path) -> InputContainer:
    if not file.is_file():
        raise SourceError(Reason.MISSING)
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    try:
        container: InputContainer = av.open(str(file), options=options, metadata_errors="ignore")
    except av.FFmpegError:
        raise SourceError(Reason.BROKEN) from None
    return container


def _open_segments(segments: Segments) -> InputContainer:
    options = {"format_whitelist": _SEGMENT_FORMATS, "protocol_whitelist": "", "fpsprobesize": "0",
               "analyzeduration": str(_ANALYSE_MICROSECONDS), "probesize": "500000"}  # fmt: skip
    try:
        container: InputContainer = av.open(segments, options=options, metadata_errors="ignore")
    except av.FFmpegError:
        raise SourceError(segments.reason or Reason.UNSUPPORTED) from None
    return container


def _refuse_unfit(container: InputContainer) -> None:
    """Refuse what holds no picture of a listed codec in a bearable size."""
    if not container.streams.video:
        raise SourceError(Reason.NO_VIDEO)
    decoder = container.streams.video[0].codec_context
    if decoder is None or decoder.name not in CODECS:
        raise SourceError(Reason.UNSUPPORTED)
    if decoder.width * decoder.height > MAX_PIXELS:
        raise SourceError(Reason.TOO_LARGE)


def _open_remote(target: RemoteAddress, rules: AddressRules, waits: Waits) -> InputContainer:
    address = judged(target, rules, waits.connect)
    with _connection(str(address), target.port, waits.connect) as line:
        if target.scheme == "rtsp":
            _ask(line, target.at(address), waits.connect)
    bound = str(int(waits.read * 1e6))
    options = {"format_whitelist": FORMATS, "analyzeduration": str(_ANALYSE_MICROSECONDS), "fpsprobesize": "0"}
    if target.scheme == "rtsp":
        options |= {"rtsp_transport": "tcp", "timeout": bound, "protocol_whitelist": "rtsp,rtp,tcp",
                    "allowed_media_types": "video"}  # fmt: skip
    else:
        options |= {"timeout": bound, "rw_timeout": bound, "max_redirects": "0", "probesize": "500000",
                    "protocol_whitelist": "http,https,tcp,tls"}  # fmt: skip
        options["headers"] = f"Host: {target.host}:{target.port}\r\n"
    try:
        container: InputContainer = av.open(
            target.at(address),
            options=options,
            timeout=(waits.open, None),
            metadata_errors="ignore",
        )
    except av.FFmpegError as error:
        raise SourceError(_opening_reason(error)) from None
    return container


@contextmanager
def _connection(host: str, port: int, wait: float) -> Iterator[socket.socket]:
    try:
        line = socket.create_connection((host, port), timeout=wait)
    except TimeoutError:
        raise SourceError(Reason.TIMEOUT) from None
    except ConnectionRefusedError:
        raise SourceError(Reason.REFUSED) from None
    except OSError:
        raise SourceError(Reason.UNREACHABLE) from None
    with line:
        yield line


def _ask(line: socket.socket, url: str, wait: float) -> None:
    """Ask the camera to describe itself, on a connection of our own, and refuse what FFmpeg would hide or follow."""
    user, _, place = url.removeprefix("rtsp://").rpartition("@")
    question = (
        f"DESCRIBE rtsp://{place} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\nUser-Agent: GridCommand\r\n\r\n"
    )
    status = _status(line, question.encode(), time.monotonic() + wait)
    if 300 <= status < 400:
        raise SourceError(Reason.REDIRECTED)
    if status == 404:
        raise SourceError(Reason.NOT_FOUND)
    if status == 403 or (status == 401 and not user):
        raise SourceError(Reason.UNAUTHORISED)
    if status >= 500:
        raise SourceError(Reason.UNAVAILABLE)


def _status(line: socket.socket, question: bytes, deadline: float) -> int:
    answer = b""
    try:
        line.sendall(question)
        while b"\r\n" not in answer and len(answer) < 1024:
            line.settimeout(max(0.01, deadline - time.monotonic()))
            part = line.recv(1024)
            if not part:
                raise SourceError(Reason.CLOSED)
            answer += part
            if time.monotonic() > deadline:
                raise SourceError(Reason.TIMEOUT)
    except TimeoutError:
        raise SourceError(Reason.TIMEOUT) from None
    except OSError:
        raise SourceError(Reason.CLOSED) from None
    found = re.match(rb"RTSP/1\.\d (\d{3}) ", answer)
    if not found:
        raise SourceError(Reason.BAD_ANSWER)
    return int(found[1])


def _opening_reason(error: Exception) -> Reason:
    """The typed reason behind an error on opening. PyAV's classes tell more than FFmpeg's texts."""
    kinds: list[tuple[type[Exception], Reason]] = [
        (av.error.HTTPUnauthorizedError, Reason.UNAUTHORISED), (av.error.HTTPForbiddenError, Reason.UNAUTHORISED),
        (av.error.HTTPNotFoundError, Reason.NOT_FOUND), (av.error.HTTPServerError, Reason.UNAVAILABLE),
        (av.error.ConnectionRefusedError, Reason.REFUSED), (av.error.ConnectionResetError, Reason.CLOSED),
        (av.error.TimeoutError, Reason.TIMEOUT), (av.error.ExitError, Reason.TIMEOUT),
        (av.error.EOFError, Reason.CLOSED), (av.error.DemuxerNotFoundError, Reason.UNSUPPORTED),
    ]  # fmt: skip
    return next((reason for kind, reason in kinds if isinstance(error, kind)), Reason.BAD_ANSWER)


def _reading_reason(error: Exception) -> Reason:
    silent = isinstance(error, av.error.TimeoutError | av.error.ExitError)
    if silent:
        return Reason.NO_DATA
    return Reason.CLOSED if isinstance(error, av.error.EOFError | OSError) else Reason.BAD_ANSWER
