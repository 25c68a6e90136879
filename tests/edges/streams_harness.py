"""For tests of cameras: a real RTSP server on loopback, the streams process's loop, and a viewer that writes down."""

from __future__ import annotations

import asyncio
import json
import os
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from streams.addresses import AddressRules
from streams.camera import Reason, State
from streams.clips import Clip
from streams.gateway import Credentials, Viewer
from streams.process import StreamsConfig, serve
from streams.rtsp import RtspServer
from streams.tiles import SUBPROTOCOL
from streams.wire import CameraSpec

LOOPBACK = ip_network("127.0.0.0/8")
SHARED_VIDEO = Path(__file__).resolve().parents[3] / "shared" / "data" / "video"
ORIGIN = "http://wall.example"


@asynccontextmanager
async def rtsp(clips: dict[str, Clip], port: int = 0) -> AsyncIterator[RtspServer]:
    """A camera's server with these loops."""
    server = RtspServer()
    for path, clip in clips.items():
        server.add(path, clip)
    async with server.listening("127.0.0.1", port):
        yield server


def camera(name: str, port: int, path: str = "a", fault: str = "", **more: Any) -> CameraSpec:
    """A registered camera of the loopback server."""
    query = f"?fault={fault}" if fault else ""
    return CameraSpec(name, name, f"rtsp://127.0.0.1:{port}/{path}{query}", registered=True, **more)


def clip_camera(name: str, file: str, **more: Any) -> CameraSpec:
    return CameraSpec(name, name, file, registered=True, **more)


async def anybody(_: Credentials) -> Viewer | None:
    return Viewer("anybody")


@dataclass
class Streams:
    """A running streams process, and what it said of its cameras."""

    port: int = 0
    changes: list[tuple[float, str, State, Reason | None, datetime]] = field(default_factory=list)
    cameras: list[CameraSpec] = field(default_factory=list)

    def state(self, camera: str) -> State | None:
        return next((change[2] for change in reversed(self.changes) if change[1] == camera), None)

    def reason(self, camera: str) -> Reason | None:
        return next((change[3] for change in reversed(self.changes) if change[1] == camera), None)

    def since(self, moment: float, camera: str) -> list[State]:
        return [change[2] for change in self.changes if change[1] == camera and change[0] >= moment]

    async def until(self, camera: str, *states: State, within: float) -> float:
        """Wait until a camera is in one of the states; the seconds it took."""
        began = time.monotonic()
        while self.state(camera) not in states:
            waited = time.monotonic() - began
            assert waited <= within, f"{camera} is {self.state(camera)} ({self.reason(camera)}) after {waited:.1f} s"
            await asyncio.sleep(0.02)
        return time.monotonic() - began


@asynccontextmanager
async def streams(specs: Iterable[CameraSpec], clips: Path | None = None, **changes: Any) -> AsyncIterator[Streams]:
    """The loop of the streams process with these cameras; on leaving it has ended and no child is left."""
    running = Streams(cameras=list(specs))
    ready, stop = asyncio.Event(), asyncio.Event()

    def listening(port: int) -> None:
        running.port = port
        ready.set()

    def on_state(camera: str, state: State, reason: Reason | None, since: datetime) -> None:
        running.changes.append((time.monotonic(), camera, state, reason, since))

    settings: dict[str, Any] = {
        "cameras": lambda: list(running.cameras), "host": "127.0.0.1", "port": 0, "may_watch": anybody,
        "visible": lambda viewer, camera: True, "origins": frozenset({ORIGIN}), "on_state": on_state,
        "rules": AddressRules((LOOPBACK,), clips), "ready": listening, "reread": 0.3,
    }  # fmt: skip
    task = asyncio.create_task(serve(StreamsConfig(**(settings | changes)), stop))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    try:
        yield running
    finally:
        stop.set()
        async with asyncio.timeout(3):
            await task
    assert not workers(os.getpid()), "a worker outlived its supervisor"


def workers(parent: int) -> list[int]:
    """Process ids of the worker processes below a process."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            line = (folder / "cmdline").read_bytes().split(b"\0") if folder.name.isdigit() else []
            above = int((folder / "stat").read_text().rpartition(")")[2].split()[1]) if line else 0
        except OSError:
            continue
        if b"streams.worker" in line and above == parent:
            found.append(int(folder.name))
    return found


@dataclass
class Seen:
    """A picture as a viewer got it. `got`: monotonic time of its arrival."""

    got: float
    header: dict[str, Any]
    jpeg: bytes

    @property
    def taken(self) -> float:
        """When it was seen by the camera's worker, on our own monotonic clock."""
        return (self.header["sent"] - self.header["age_ms"]) / 1000


@dataclass
class Watcher:
    """A viewer that writes everything down."""

    pictures: dict[str, list[Seen]] = field(default_factory=dict)
    texts: list[dict[str, Any]] = field(default_factory=list)

    def count(self, camera: str, since: float = 0.0) -> int:
        return sum(seen.got >= since for seen in self.pictures.get(camera, []))

    async def until(self, enough: Callable[[Watcher], bool], within: float) -> None:
        async with asyncio.timeout(within):
            while not enough(self):
                await asyncio.sleep(0.02)

    def take(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self.texts.append(json.loads(message))
            return
        (length,) = struct.unpack(">I", message[:4])
        header = json.loads(message[4 : 4 + length])
        seen = Seen(time.monotonic(), header, message[4 + length :])
        self.pictures.setdefault(header["camera"], []).append(seen)


def socket_to(port: int, **more: Any) -> Any:
    """A client's connection to the gateway, as a page of the right origin opens it."""
    settings: dict[str, Any] = {"subprotocols": [SUBPROTOCOL], "origin": ORIGIN, "compression": None}
    return connect(f"ws://127.0.0.1:{port}/tiles", **(settings | more))


async def ask(connection: ClientConnection, cameras: Iterable[str]) -> None:
    await connection.send(json.dumps({"kind": "watch", "cameras": list(cameras)}))


@asynccontextmanager
async def watching(port: int, cameras: Iterable[str], **more: Any) -> AsyncIterator[Watcher]:
    """Watch cameras; what comes is written down until the block is left."""
    watcher = Watcher()
    async with socket_to(port, **more) as connection:
        await ask(connection, cameras)

        async def listen() -> None:
            async for message in connection:
                watcher.take(message)

        listening = asyncio.create_task(listen())
        try:
            yield watcher
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
