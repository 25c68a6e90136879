"""Keeps the worker processes: starts them, listens to them, ends what is stuck, silent or too big, starts it again."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from streams.addresses import AddressRules
from streams.board import Board, Shot
from streams.camera import Moment, Reason, wait_before
from streams.health_rules import Thresholds
from streams.masks import MaskError, refuse_faulty
from streams.relay import Key, Message
from streams.roster import Roster
from streams.source import Waits
from streams.wire import CameraSpec, Unpacking, packed, spec_to_json

log = logging.getLogger("gridcommand.streams")

_ROOT = Path(__file__).resolve().parents[1]
_FIRST_RESTART_SECONDS = 0.1
_DEATHS_UNTIL_SPLIT = 2
_DEATHS_WINDOW_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """When a worker process is ended. Seconds; bytes.

    Attributes:
        stuck: one camera has been inside one call this long.
        silent: the whole process has not given a sign this long.
        resident: its resident memory, apart from `resident_per_camera` for each camera.
        virtual: the operating system's limit for its private memory: a picture bomb fails inside the process.
    """

    stuck: float = 10.0
    silent: float = 5.0
    resident: int = 300 << 20
    resident_per_camera: int = 16 << 20
    virtual: int = 2 << 30


@dataclass(slots=True)
class _Life:
    """One life of a group's process."""

    process: subprocess.Popen[bytes]
    line: socket.socket
    began: float
    told: str = ""
    live: list[Key] = field(default_factory=list)
    end: Reason = Reason.WORKER_DIED
    suspects: list[str] = field(default_factory=list)


class Supervisor:
    """Runs worker processes for the cameras of the board. Open it with `async with`: on exit no child is left."""

    def __init__(
        self, board: Board, rules: AddressRules, moment: Callable[[], Moment], *, group_size: int = 25,
        waits: Waits | None = None, bounds: Bounds | None = None,
    ) -> None:  # fmt: skip
        self._board, self._rules, self._moment = board, rules, moment
        self._waits, self._bounds = waits or Waits(), bounds or Bounds()
        self._roster = Roster(group_size)
        self._specs: dict[str, CameraSpec] = {}
        self._keepers: dict[int, asyncio.Task[None]] = {}
        self._lives: dict[int, _Life] = {}
        self._deaths: dict[int, deque[float]] = {}
        self._live: set[Key] = set()
        self.on_part: Callable[[Key, Message], None] = lambda key, message: None
        """Called with each message of a live stream that is wanted."""
        self.on_renewed: Callable[[str], None] = lambda camera: None
        """Called with a camera whose entry has changed: whatever there is of it from before must not be shown any more."""
        self.on_judged: Callable[[Shot, dict[str, Any]], None] = lambda shot, health: None
        """Called with each fresh picture and what its worker says of the camera's health."""
        self.restarts = 0
        """How often a process had to be started again."""

    async def __aenter__(self) -> Supervisor:
        return self

    async def __aexit__(self, *_: object) -> None:
        for keeper in self._keepers.values():
            keeper.cancel()
        await asyncio.gather(*self._keepers.values(), return_exceptions=True)

    @property
    def pids(self) -> list[int]:
        return [life.process.pid for life in self._lives.values()]

    async def watch(self, specs: Sequence[CameraSpec]) -> None:
        """Watch exactly these cameras. One whose register is incomplete is on the board, and never opened."""
        now = self._moment()
        wanted = {spec.id: spec for spec in map(_plain, specs)}
        renewed = set(self._specs) - set(wanted)
        for camera in renewed:
            self._board.dismiss(camera)
        for camera, spec in wanted.items():
            old = self._specs.get(camera)
            if old is None or (old.mark, old.registered) != (spec.mark, spec.registered):
                self._board.admit(camera, now)
                if reason := _shut(spec):
                    self._board.failed(camera, reason, now)
                renewed.add(camera)
        self._specs = wanted
        for camera in renewed:
            self.on_renewed(camera)
        self._roster.place(camera for camera, spec in wanted.items() if _shut(spec) is None)
        await self._follow_roster()

    async def want_live(self, key: Key, wanted: bool) -> None:
        """From now on (or no longer) the parts of this stream are wanted: `on_part` is called with them."""
        before = set(self._live)
        (self._live.add if wanted else self._live.discard)(key)
        if self._live != before:
            await self._follow_roster()

    @property
    def cameras(self) -> list[str]:
        """Cameras that may be shown, in the register's order."""
        return [camera for camera, spec in self._specs.items() if spec.registered]

    def takes(self, camera: str) -> CameraSpec | None:
        """What is known of a camera that is watched; None where it is not."""
        return self._specs.get(camera)

    async def _follow_roster(self) -> None:
        for number in set(self._keepers) - set(self._roster.groups):
            self._keepers.pop(number).cancel()
            self._deaths.pop(number, None)
        for number in set(self._roster.groups) - set(self._keepers):
            self._keepers[number] = asyncio.create_task(self._keep(number))
        for number, life in list(self._lives.items()):
            if number in self._roster.groups:
                await self._tell(number, life)

    async def _tell(self, number: int, life: _Life) -> None:
        """Name its cameras to a worker, if they are others than it knows."""
        specs = [self._specs[camera] for camera in self._roster.groups.get(number, ())]
        members = {spec.id for spec in specs}
        live = sorted(key for key in self._live if key[0] in members)
        told = ",".join(f"{spec.id}:{spec.mark}" for spec in specs)
        if (told, live) == (life.told, life.live):
            return
        life.told, life.live = told, live
        message = {
            "live": live,
            "cameras": [spec_to_json(spec) for spec in specs],
            "networks": [str(network) for network in self._rules.networks],
            "clips": str(self._rules.clips) if self._rules.clips else "",
            "waits": [self._waits.connect, self._waits.open, self._waits.read],
        }
        try:
            async with asyncio.timeout(self._bounds.silent):
                await asyncio.get_running_loop().sock_sendall(life.line, packed(message))
        except (OSError, TimeoutError):
            life.process.kill()

    async def _keep(self, number: int) -> None:
        """Keep one group's process alive until cancelled."""
        quick_deaths = 0
        while True:
            life = self._started(number)
            try:
                await self._tell(number, life)
                await self._listened(life)
            finally:
                await asyncio.shield(self._ended(number, life))
            quick_deaths = quick_deaths + 1 if time.monotonic() - life.began < 30.0 else 1
            self._mourn(number, life)
            self.restarts += 1
            await self._follow_roster()
            await asyncio.sleep(
                _FIRST_RESTART_SECONDS if quick_deaths < 3 else wait_before(quick_deaths - 2, None, 0.5)
            )

    def _started(self, number: int) -> _Life:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        command = [sys.executable, "-m", "streams.worker", str(theirs.fileno()), str(os.getpid()),
                   str(self._bounds.virtual), str(number)]  # fmt: skip
        try:
            process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                env=worker_environment(),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        finally:
            theirs.close()
        life = self._lives[number] = _Life(process, ours, time.monotonic())
        return life

    async def _listened(self, life: _Life) -> None:
        """Take what a worker says until it ends or must be ended."""
        loop, unpacking, heard = asyncio.get_running_loop(), Unpacking(), time.monotonic()
        allowance = self._bounds.silent * 2  # a process needs its time to start
        while True:
            try:
                async with asyncio.timeout_at(loop.time() + allowance - (time.monotonic() - heard)):
                    part = await loop.sock_recv(life.line, 1 << 18)
                if not part:
                    return
                for head, body in unpacking.fed(part):
                    if head.get("kind") == "pulse":
                        heard, allowance = time.monotonic(), self._bounds.silent
                        if self._must_end(life, head):
                            return
                    else:
                        self._take(head, body)
            except TimeoutError:
                life.end = Reason.STUCK
                return
            except (OSError, ValueError, KeyError, TypeError):
                return

    def _must_end(self, life: _Life, head: dict[str, Any]) -> bool:
        life.suspects = [camera for camera, seconds in head["busy"].items() if seconds > self._bounds.stuck]
        if life.suspects:
            life.end = Reason.STUCK
            return True
        count = life.told.count(",") + 1
        return _resident(life.process.pid) > self._bounds.resident + count * self._bounds.resident_per_camera

    def _take(self, head: dict[str, Any], body: bytes) -> None:
        camera, kind = str(head["camera"]), head["kind"]
        spec = self._specs.get(camera)
        if spec is None or not spec.registered or spec.mark != head["mark"]:
            return  # of a camera that is gone, or taken under another mask: never shown
        if kind == "picture":
            at = datetime.fromisoformat(head["at"])
            numbers = [float(head[name]) for name in ("brightness", "activity", "behind")]
            shot = Shot(camera, float(head["mono"]), at, body, *numbers)
            self._board.pictured(shot, self._moment())
            self.on_judged(shot, head["health"])
        elif kind == "live":
            key = (camera, str(head["stream"]))
            if key in self._live:
                self.on_part(key, _message(head, body))
        elif kind == "doubted":
            self._board.doubted(camera, Reason(head["reason"]))
        elif kind == "failed":
            self._board.failed(camera, Reason(head["reason"]), self._moment())

    async def _ended(self, number: int, life: _Life) -> None:
        self._lives.pop(number, None)
        life.line.close()
        life.process.kill()
        while life.process.poll() is None:
            await asyncio.sleep(0.01)

    def _mourn(self, number: int, life: _Life) -> None:
        """Tell the board, and keep what killed the process away from the others."""
        members = self._roster.groups.get(number, ())
        log.warning(
            "worker %d (%d cameras) ended: %s, exit %s", number, len(members), life.end, life.process.returncode
        )
        for camera in members:
            self._board.failed(camera, life.end, self._moment())
        if len(members) < 2:
            return
        for camera in life.suspects:
            if camera in members:
                self._roster.isolate(camera)
        deaths = self._deaths.setdefault(number, deque(maxlen=_DEATHS_UNTIL_SPLIT))
        deaths.append(time.monotonic())
        if not life.suspects and len(deaths) == deaths.maxlen and deaths[-1] - deaths[0] < _DEATHS_WINDOW_SECONDS:
            deaths.clear()
            self._roster.split(number)


def _message(head: dict[str, Any], body: bytes) -> Message:
    """A part of a live stream. A part of another name is an error of the worker's, and ends it."""
    part = head["part"]
    if part == "data":
        return Message("data", {}, body, bool(head["key"]), float(head["taken"]))
    names = {"init": ("mime", "width", "height", "masked", "behind"), "mode": ("mode", "why")}[part]
    return Message(part, {name: head[name] for name in names}, body)


def _plain(spec: CameraSpec) -> CameraSpec:
    """The spec with its masks as tuples of numbers; what cannot be read as such stays as it came, to be refused."""
    try:
        masks = tuple(tuple((float(x), float(y)) for x, y in polygon) for polygon in spec.masks)
    except (TypeError, ValueError):
        return spec
    return replace(spec, masks=masks, thresholds=_sound(spec))


def _sound(spec: CameraSpec) -> Mapping[str, Any]:
    """A camera's own thresholds; none of them where one is faulty: a typing error must not take a camera away."""
    try:
        Thresholds().adjusted(spec.thresholds)
    except (ValueError, TypeError, KeyError) as error:
        log.warning("camera %s: %s The usual thresholds are taken.", spec.id, error)
        return {}
    return spec.thresholds


def _shut(spec: CameraSpec) -> Reason | None:
    """Why a camera is not even opened, if so."""
    if not spec.registered:
        return Reason.UNREGISTERED
    try:
        refuse_faulty(spec.masks)
    except (MaskError, TypeError, ValueError):
        return Reason.MASK_FAILED
    return None


def worker_environment() -> dict[str, str]:
    """The environment of a child that decodes what strangers send: none of our settings, which hold secrets."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("GRIDCOMMAND_", "NOTIFY_"))
    }
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH", "")]))
    return environment


def _resident(pid: int) -> int:
    """Resident bytes of a process; 0 where it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0
