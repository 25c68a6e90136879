"""A small RTSP server: endless loops as cameras, with every way of dying chosen by the address.

It stands behind the demo and in the tests, so that both use a camera's real road: RTSP 1.0 over TCP with interleaved
RTP (RFC 2326, RFC 6184). Any number of clients watch a loop on one shared time line, as they would watch one camera;
each begins with the running group of pictures at once. An address may ask for faults, several by comma:
`rtsp://…/market?fault=stall_after=5`; `Fault` names them all.
"""

from __future__ import annotations

import asyncio
import base64
import random
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from math import inf
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from streams import rtp
from streams.clips import Clip, Unit

_BACKLOG_BYTES = 1 << 20
"""A client with more than this unsent gets no further pictures until it has read: a camera never waits."""
_SESSION_SECONDS = 60
_STATUS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
           302: "Moved Temporarily", 454: "Session Not Found", 461: "Unsupported Transport",
           500: "Internal Server Error", 501: "Not Implemented", 503: "Service Unavailable"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """How a stream misbehaves. Times in seconds after PLAY; by default it does not.

    Attributes:
        status: DESCRIBE is answered with this RTSP status (a bare `fault=404` means the same).
        silent: the connection is accepted and never answered.
        dribble: the answer to DESCRIBE comes one byte a second.
        garbage: the answer to DESCRIBE is no RTSP.
        redirect: DESCRIBE answers 302 to `rtsp://` + this address.
        auth: `user:password` that must be given (Basic).
        no_data: PLAY succeeds and nothing follows.
        stall_after: nothing more is sent, the connection stays.
        reset_after, close_after: the connection ends by RST, by FIN.
        freeze_after: the same picture again and again, with running times.
        repeat_after: the last second again and again, with its *old* times.
        drip_after: a packet begins and then comes one byte every half second: no idle limit ever notices.
        truncate: the share of each picture's packets that is sent.
        loss: the share of packets lost.
        noise: the share of bytes overwritten within pictures.
        behind: no fault: this camera is so many seconds behind the others on the shared time line, as cameras are that were
            not switched on in one moment.
    """

    status: int = 0
    silent: bool = False
    dribble: bool = False
    garbage: bool = False
    redirect: str = ""
    auth: str = ""
    no_data: bool = False
    stall_after: float = inf
    reset_after: float = inf
    close_after: float = inf
    freeze_after: float = inf
    repeat_after: float = inf
    drip_after: float = inf
    truncate: float = 1.0
    loss: float = 0.0
    noise: float = 0.0
    behind: float = 0.0


NO_FAULT = Fault()


def fault_in(query: str) -> Fault:
    """The fault an address asks for by `fault=NAME` or `fault=NAME=VALUE`, several by comma or repetition.

    Raises:
        ValueError: naming a fault that does not exist or a value that does not fit.
    """
    fault = NO_FAULT
    kinds = {field.name: type(getattr(NO_FAULT, field.name)) for field in fields(Fault)}
    for item in ",".join(parse_qs(query).get("fault", [])).split(","):
        name, _, value = item.partition("=")
        if name.isdigit():
            name, value = "status", name
        if not name:
            continue
        if name not in kinds:
            raise ValueError(f"no fault is called {name!r}; expected one of {', '.join(kinds)}")
        kind = kinds[name]
        asked: dict[str, Any] = {name: True if kind is bool else kind(value or 0)}
        fault = replace(fault, **asked)
    return fault


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    url: str
    headers: dict[str, str]

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.url).path).strip("/").removesuffix("/track1")


def request_in(head: str) -> Request:
    """Parse the head of one RTSP request.

    Raises:
        ValueError: it is not one.
    """
    first, *rest = head.split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or not parts[2].startswith("RTSP/1."):
        raise ValueError(f"expected an RTSP/1.0 request line, got {first[:80]!r}")
    pairs = (line.partition(":") for line in rest if ":" in line)
    return Request(parts[0], parts[1], {name.strip().lower(): value.strip() for name, _, value in pairs})


def description(clip: Clip, control: str) -> str:
    """The SDP of a loop, with its parameter sets, so that a player can decode from the first key picture."""
    sets = [base64.b64encode(unit).decode() for unit in clip.sets]
    if clip.codec is rtp.H265:
        form = ";".join(f"sprop-{name}={each}" for name, each in zip(("vps", "sps", "pps"), sets, strict=True))
    else:
        level = clip.sets[0][1:4].hex()
        form = f"packetization-mode=1;profile-level-id={level};sprop-parameter-sets={','.join(sets)}"
    rate = len(clip.units) / clip.duration
    lines = [
        "v=0", "o=- 0 0 IN IP4 0.0.0.0", "s=GridCommand", "c=IN IP4 0.0.0.0", "t=0 0", "a=control:*",
        f"m=video 0 RTP/AVP {rtp.PAYLOAD_TYPE}",
        f"a=rtpmap:{rtp.PAYLOAD_TYPE} {clip.codec.name}/{rtp.CLOCK_HZ}",
        f"a=fmtp:{rtp.PAYLOAD_TYPE} {form}",
        f"a=framerate:{rate:.2f}", f"a=control:{control}",
    ]  # fmt: skip
    return "\r\n".join(lines) + "\r\n"


class RtspServer:
    """Serves loops by path. Open it with `listening`; loops may come and go while it runs."""

    def __init__(self) -> None:
        self._clips: dict[str, Clip | None] = {}
        self._origin = 0.0
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.opened = 0
        """Connections accepted so far: a test counts by it who was contacted."""
        self.port = 0

    def announce(self, path: str) -> None:
        """This path will have a loop soon: until then it answers 503, "try again", and not 404."""
        self._clips.setdefault(path.strip("/"), None)

    def add(self, path: str, clip: Clip) -> None:
        self._clips[path.strip("/")] = clip

    def remove(self, path: str) -> None:
        self._clips.pop(path.strip("/"), None)

    def clip_at(self, path: str) -> Clip | None:
        return self._clips.get(path)

    def knows(self, path: str) -> bool:
        return path in self._clips

    def unsent_bytes(self) -> int:
        """What waits for clients that do not read, all together."""
        return sum(writer.transport.get_write_buffer_size() for writer in self._open)

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[RtspServer]:
        """Listen until the block is left; then every connection is closed and every task has ended."""
        self._origin = asyncio.get_running_loop().time()
        server = await asyncio.start_server(self._serve, host, port, limit=1 << 16)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.hang_up()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def hang_up(self) -> None:
        """Drop every client at once, as a camera does that loses its power."""
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.opened += 1
        self._tasks.add(task)
        self._open.add(writer)
        try:
            await _Connection(self, self._origin, reader, writer).converse()
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(writer)
            self._tasks.discard(task)
            writer.transport.abort()


class _Connection:
    """One client: its requests, and the loop it plays."""

    def __init__(
        self, server: RtspServer, origin: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server, self._origin = server, origin
        self._reader, self._writer = reader, writer
        self._clip: Clip | None = None
        self._fault = NO_FAULT
        self._playing: asyncio.Task[None] | None = None
        self._session = f"{random.getrandbits(32):08x}"

    async def converse(self) -> None:
        try:
            while request := await self._next_request():
                if not await self._reply(request):
                    return
        finally:
            if self._playing:
                self._playing.cancel()

    async def _next_request(self) -> Request | None:
        while (first := await self._reader.read(1)) == b"$":
            _, length = struct.unpack(">BH", await self._reader.readexactly(3))
            await self._reader.readexactly(length)  # a receiver's report: nothing here depends on it
        if not first:
            return None
        head = first + await self._reader.readuntil(b"\r\n\r\n")
        request = request_in(head.decode("utf-8", "replace").strip("\r\n"))
        await self._reader.readexactly(min(int(request.headers.get("content-length", "0")), 1 << 16))
        return request

    async def _reply(self, request: Request) -> bool:
        """Answer one request; false ends the conversation."""
        answers = {"OPTIONS": self._options, "DESCRIBE": self._describe, "SETUP": self._set_up, "PLAY": self._play,
                   "GET_PARAMETER": self._keep_alive, "SET_PARAMETER": self._keep_alive}  # fmt: skip
        if request.method == "TEARDOWN":
            self._answer(request, 200)
            await self._writer.drain()
            return False
        answer = answers.get(request.method)
        if answer is None:
            self._answer(request, 501)
        else:
            await answer(request)
        return True

    def _answer(self, request: Request, status: int, headers: dict[str, str] | None = None, body: str = "") -> None:
        lines = [f"RTSP/1.0 {status} {_STATUS.get(status, 'Error')}", f"CSeq: {request.headers.get('cseq', '0')}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if body:
            lines.append(f"Content-Length: {len(body.encode())}")
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())

    async def _options(self, request: Request) -> None:
        if fault_in(urlsplit(request.url).query).silent:
            await asyncio.sleep(3600)
        self._answer(request, 200, {"Public": "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"})

    async def _keep_alive(self, request: Request) -> None:
        self._answer(request, 200, {"Session": self._session})

    async def _describe(self, request: Request) -> None:
        fault = self._fault = fault_in(urlsplit(request.url).query)
        if fault.silent:
            await asyncio.sleep(3600)
        if fault.garbage:
            self._writer.write(random.Random(1).randbytes(4096))  # noqa: S311
            return
        status = self._refusal(request, fault)
        if status:
            challenge = {"WWW-Authenticate": 'Basic realm="camera"'} if status == 401 else {}
            place = {"Location": f"rtsp://{fault.redirect}"} if status == 302 else {}
            self._answer(request, status, challenge | place)
            return
        self._clip = self._server.clip_at(request.path)
        assert self._clip is not None
        base = request.url.partition("?")[0].rstrip("/")
        body = description(self._clip, f"{base}/track1")
        if fault.dribble:
            await self._dribble(body)
        else:
            self._answer(request, 200, {"Content-Type": "application/sdp", "Content-Base": f"{base}/"}, body)

    def _refusal(self, request: Request, fault: Fault) -> int:
        wanted = "Basic " + base64.b64encode(fault.auth.encode()).decode()
        if fault.status:
            return fault.status
        if fault.redirect:
            return 302
        if fault.auth and request.headers.get("authorization") != wanted:
            return 401
        if not self._server.knows(request.path):
            return 404
        return 0 if self._server.clip_at(request.path) else 503

    async def _dribble(self, body: str) -> None:
        for byte in f"RTSP/1.0 200 OK\r\nContent-Length: 99\r\n\r\n{body}".encode():
            self._writer.write(bytes((byte,)))
            await self._writer.drain()
            await asyncio.sleep(1.0)

    async def _set_up(self, request: Request) -> None:
        if "tcp" not in request.headers.get("transport", "").lower():
            self._answer(request, 461)
            return
        self._clip = self._clip or self._server.clip_at(request.path)
        session = f"{self._session};timeout={_SESSION_SECONDS}"
        transport = "RTP/AVP/TCP;unicast;interleaved=0-1"
        self._answer(request, 200 if self._clip else 404, {"Session": session, "Transport": transport})

    async def _play(self, request: Request) -> None:
        if self._clip is None:
            self._answer(request, 454)
            return
        self._answer(request, 200, {"Session": self._session, "Range": "npt=0.000-"})
        if self._playing is None:
            self._playing = asyncio.create_task(self._send(self._clip, self._fault))

    async def _send(self, clip: Clip, fault: Fault) -> None:
        try:
            await _Player(clip, fault, self._origin, self._writer).play()
        except (OSError, asyncio.CancelledError):
            self._writer.transport.abort()


class _Player:
    """Sends a loop's packets at the times of its shared time line."""

    def __init__(self, clip: Clip, fault: Fault, origin: float, writer: asyncio.StreamWriter) -> None:
        self._clip, self._fault, self._writer = clip, fault, writer
        self._loop = asyncio.get_running_loop()
        self._origin, self._start = origin + fault.behind, self._loop.time()
        self._sequence = random.getrandbits(16)
        self._ssrc = random.getrandbits(32)
        self._dice = random.Random(7)  # noqa: S311
        self._shift = 0
        self._skipping = False

    async def play(self) -> None:
        if self._fault.no_data:
            return
        clip, lap_ticks = self._clip, round(self._clip.duration * rtp.CLOCK_HZ)
        lap, within = divmod(self._start - self._origin, clip.duration)
        index = max(key for key in clip.keys if clip.units[key].at <= within)
        while True:
            unit = clip.units[index]
            due = self._origin + lap * clip.duration + unit.at
            if (wait := due - self._loop.time()) > 0:
                await asyncio.sleep(wait)
            elapsed = self._loop.time() - self._start
            if self._ended(elapsed):
                return
            if elapsed >= self._fault.drip_after:
                await self._drip()
            if elapsed >= min(self._fault.freeze_after, self._fault.repeat_after):
                await self._stand_still(clip.units[max(key for key in clip.keys if key <= index)], lap, lap_ticks)
                return
            self._send(unit, int(lap) * lap_ticks + unit.timestamp)
            index += 1
            if index == len(clip.units):
                index, lap = 0, lap + 1

    def _ended(self, elapsed: float) -> bool:
        """Carry out the faults that end a stream."""
        if elapsed >= self._fault.reset_after:
            raw: socket.socket = self._writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._writer.transport.abort()
        elif elapsed >= self._fault.close_after:
            self._writer.close()
        return elapsed >= min(self._fault.reset_after, self._fault.close_after, self._fault.stall_after)

    async def _stand_still(self, unit: Unit, lap: float, lap_ticks: int) -> None:
        """Send one key picture again and again: with running times (frozen) or with its own (repeated)."""
        ticks = int(lap) * lap_ticks + unit.timestamp
        while True:
            await asyncio.sleep(0.2)
            ticks += 0 if self._fault.repeat_after < inf else rtp.CLOCK_HZ // 5
            self._send(unit, ticks)

    async def _drip(self) -> None:
        self._writer.write(struct.pack(">cBH", b"$", 0, 0xFFFF))
        while True:
            self._writer.write(b"\x80")
            await asyncio.sleep(0.5)

    def _send(self, unit: Unit, timestamp: int) -> None:
        if self._writer.transport.get_write_buffer_size() > _BACKLOG_BYTES:
            self._skipping = True
        elif unit.key:
            self._skipping = False
        if self._skipping:
            return
        parts = self._spoiled(unit)
        packets = []
        for number, part in enumerate(parts, start=1):
            self._sequence += 1
            if self._fault.loss and self._dice.random() < self._fault.loss:
                continue
            packets.append(rtp.interleaved(part, self._sequence, timestamp, self._ssrc, last=number == len(parts)))
        self._writer.write(b"".join(packets))

    def _spoiled(self, unit: Unit) -> tuple[bytes, ...]:
        parts = unit.payloads
        if self._fault.truncate < 1.0:
            parts = parts[: max(1, round(len(parts) * self._fault.truncate))]
        if self._fault.noise:
            parts = tuple(self._noisy(part) for part in parts)
        return parts

    def _noisy(self, part: bytes) -> bytes:
        spoiled = bytearray(part)
        for _ in range(int(len(part) * self._fault.noise)):
            spoiled[self._dice.randrange(2, len(part)) if len(part) > 2 else 0] = self._dice.getrandbits(8)
        return bytes(spoiled)
