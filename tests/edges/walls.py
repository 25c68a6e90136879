"""Walls for tests: real websocket clients that keep a history, and the processes they look at."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

ROOT = Path(__file__).resolve().parents[2]
_MODULES = {"push": "push", "alerts": "alarms"}
"""In which module of `alerts` each process is wired."""
TOKEN = {"Authorization": "Bearer wall"}


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def dial(port: int, headers: dict[str, str] | None = None, **more: Any) -> connect:
    """A connection to `/events`, as a client system makes it unless `headers` say otherwise."""
    more = {
        "compression": None,
        "subprotocols": [Subprotocol("gridcommand.v1")],
        "max_size": None,
        "close_timeout": 1,
        **more,
    }
    address = f"ws://127.0.0.1:{port}/events"
    return connect(address, additional_headers=TOKEN if headers is None else headers, **more)


async def subscribe(wire: ClientConnection, after: str | None = None) -> None:
    """The first message."""
    await wire.send(json.dumps({"kind": "subscribe", "topics": ["wall"], "after": after}))


async def hear(wire: ClientConnection, seconds: float = 3.0) -> dict[str, Any]:
    """The next message."""
    async with asyncio.timeout(seconds):
        message: dict[str, Any] = json.loads(await wire.recv())
        return message


async def hear_kind(wire: ClientConnection, *kinds: str, seconds: float = 3.0) -> dict[str, Any]:
    """The next message of one of these kinds."""
    async with asyncio.timeout(seconds):
        while (message := await hear(wire, seconds))["kind"] not in kinds:
            pass
    return message


async def hear_news(wire: ClientConnection, seconds: float = 3.0) -> dict[str, Any]:
    """The next message that is no heartbeat."""
    async with asyncio.timeout(seconds):
        while (message := await hear(wire, seconds))["kind"] == "heartbeat":
            pass
    return message


@dataclass
class Wall:
    """A screen that comes back for ever, as the pages do: with the last message it has; repeats are known by number."""

    port: int
    headers: dict[str, str] = field(default_factory=lambda: dict(TOKEN))
    after: str | None = None
    last: int | None = None
    got: list[tuple[int, float]] = field(default_factory=list)
    """Facts shown: number and the monotonic time."""
    twice: list[int] = field(default_factory=list)
    """Facts that came again within one connection."""
    gaps: list[tuple[int, int]] = field(default_factory=list)
    snapshots_required: int = 0
    beats: list[float] = field(default_factory=list)
    pictures: list[dict[str, Any]] = field(default_factory=list)
    connected: list[float] = field(default_factory=list)

    async def watch(self) -> None:
        """Connect, listen, begin again; until cancelled."""
        while True:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                async with dial(self.port, self.headers, open_timeout=2) as wire:
                    await subscribe(wire, self.after)
                    self.connected.append(time.monotonic())
                    seen: set[int] = set()
                    async for message in wire:
                        self._take(json.loads(message), seen)
            await asyncio.sleep(0.1)

    def _take(self, message: dict[str, Any], seen: set[int]) -> None:
        self.after = message["id"]
        kind = message["kind"]
        if kind == "heartbeat":
            self.beats.append(time.monotonic())
        elif kind == "figures":
            self.pictures.append(message)
        elif kind == "snapshot.required":
            self.snapshots_required += 1
            self.last = int(message["id"].partition(".")[0])
        elif kind != "map":
            self._show(int(message["id"]), seen)

    def _show(self, number: int, seen: set[int]) -> None:
        if number in seen:
            self.twice.append(number)
        seen.add(number)
        if self.last is not None and number <= self.last:
            return
        if self.last is not None and number > self.last + 1:
            self.gaps.append((self.last, number))
        self.last = number
        self.got.append((number, time.monotonic()))


@contextlib.asynccontextmanager
async def watching(walls: Sequence[Wall]) -> AsyncIterator[None]:
    """Walls that watch while the block runs, connected when it begins."""
    tasks = [asyncio.create_task(wall.watch()) for wall in walls]
    try:
        async with asyncio.timeout(15):
            while not all(wall.connected for wall in walls):
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Process:
    """One of our processes, to be killed by a test. `before` is Python that runs first: a planted fault."""

    def __init__(self, code: str, environment: dict[str, str], *, before: str = "") -> None:
        self._code = f"{before}\n{code}"
        self._environment = {**os.environ, **environment}
        self._environment.pop("NOTIFY_SOCKET", None)
        self._environment |= {name: environment[name] for name in environment if name == "NOTIFY_SOCKET"}
        self.child: subprocess.Popen[bytes] | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as we do

    @property
    def errors(self) -> str:
        """Everything that was written to stderr so far."""
        self._log.seek(0)
        return self._log.read().decode()

    def start(self) -> None:
        """Begin; does not wait until it is ready."""
        command = [sys.executable, "-c", self._code]
        self.child = subprocess.Popen(command, cwd=ROOT, env=self._environment, stderr=self._log)

    def kill(self) -> None:
        """SIGKILL."""
        self.end(signal.SIGKILL)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Signal it and wait; returns the exit code and the seconds it took."""
        if self.child is None:
            return 0, 0.0
        begun = time.monotonic()
        self.child.send_signal(signal.SIGCONT)
        self.child.send_signal(number)
        code = self.child.wait(15)
        self.child = None
        return code, time.monotonic() - begun


@dataclass
class Site:
    """The processes of one county, on one store and one Redis."""

    database: str
    redis: str
    folder: Path
    port: int = field(default_factory=free_port)
    processes: list[Process] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "GRIDCOMMAND_DATABASE_URL": self.database,
            "GRIDCOMMAND_REDIS_URL": self.redis,
            "GRIDCOMMAND_SECRET_KEY": "a secret for tests",
            "GRIDCOMMAND_DATA": str(self.folder),
            "GRIDCOMMAND_PUSH_PORT": str(self.port),
        }

    def run(self, name: str, *, before: str = "", **more: str) -> Process:
        """Start `push` or `alerts`."""
        code = (
            f"import sys; from alerts.{_MODULES[name]} import run_{name}; from config.settings import from_environment\n"
            f"sys.exit(run_{name}(from_environment()))"
        )
        process = Process(code, {**self.environment, **more}, before=before)
        self.processes.append(process)
        process.start()
        return process

    def health(self) -> dict[str, Any]:
        """What the gateway says of itself; empty while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                health: dict[str, Any] = json.load(answer)
                return health
        except OSError:
            return {}

    def wait_ready(self, seconds: float = 15.0) -> None:
        """Wait until the gateway lets clients in."""
        until = time.monotonic() + seconds
        while not self.health().get("ready"):
            if time.monotonic() > until:
                raise TimeoutError(f"The gateway was not ready within {seconds:g} s.")
            time.sleep(0.05)

    def close(self) -> None:
        for process in self.processes:
            process.kill()


@contextlib.contextmanager
def site(database: str, redis: str, folder: Path) -> Iterator[Site]:
    """A site whose processes are gone when the block ends."""
    here = Site(database, redis, folder)
    try:
        yield here
    finally:
        here.close()


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
