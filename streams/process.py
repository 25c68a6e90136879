"""The `streams` process: board, supervisor and gateway in one event loop, the cameras in processes below it."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from streams.addresses import AddressRules
from streams.board import Board, Shot
from streams.camera import Limits, Moment, Reason, State
from streams.condition import Seen
from streams.gateway import Courtesy, Gateway, MayWatch, Visible
from streams.live import LiveDesk, Verify, no_ticket
from streams.masks import mark_of
from streams.patrol import Sight
from streams.relay import Key, Relays
from streams.rounds import PlanOf, Rounds
from streams.source import Waits
from streams.supervisor import Bounds, Supervisor
from streams.ward import Event, MinuteOf, Ward
from streams.wire import CameraSpec

log = logging.getLogger("gridcommand.streams")

OnState = Callable[[str, State, Reason | None, datetime], None]
_TICK_SECONDS = 0.25
_NURSE_SECONDS = 1.0
_ASSESS_SECONDS = 5.0
_MOST_UNTOLD = 10_000


def moment() -> Moment:
    """Now, on both clocks."""
    return Moment(time.monotonic(), datetime.now(UTC))


def no_call() -> None:
    """Stands where nobody wants to be called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamsConfig:
    """Everything the process is told.

    Attributes:
        cameras: the register, asked every `reread` seconds in a thread (it may read a database). Where it raises, the
            cameras stay as they are.
        host, port: where the gateway listens. Port 0: any free one.
        origins: exact origins of the pages, where they are known (`https://wall.example`).
        web_port: pages of the gateway's own host on this port may open it, too.
        rules: networks that may be opened although private, and the clips folder.
        may_watch, visible: who may watch, and what; see `streams.gateway`.
        on_state: told every change of a camera's state, in a thread, one at a time, in order per camera; where it
            raises it is told again a second later, the newest state only.
        beat: called once a second while the loop runs: the process's heartbeat.
        ready: called with the gateway's port once it listens.
        group_size: cameras per worker process.
        verify: judges tickets for live views; by default nobody watches live.
        elsewhere: of a camera that another host watches the address of that host's gateway.
        plans: patrols, by name.
        risk: what counts for a camera's place in a patrol, and the cameras that an emergency puts before it, the
            nearest first; asked every five seconds, in a thread.
        standing: the faults known to stand when the process begins, by camera.
        on_events: told the faults raised and cleared, in a thread, in order; where it raises it is told again.
        on_minute: told each minute what the cameras did in it, in a thread. One that raises has lost its minute.
    """

    cameras: Callable[[], Sequence[CameraSpec]]
    host: str
    port: int
    may_watch: MayWatch
    visible: Visible
    origins: frozenset[str] = frozenset()
    web_port: int | None = None
    rules: AddressRules = field(default_factory=AddressRules)
    on_state: OnState = lambda camera, state, reason, since: None
    beat: Callable[[], None] = no_call
    ready: Callable[[int], None] = lambda port: None
    group_size: int = 25
    verify: Verify = no_ticket
    elsewhere: Callable[[str], str | None] = lambda camera: None
    plans: Mapping[str, PlanOf] = field(default_factory=dict)
    risk: Callable[[], tuple[Mapping[str, Sight], Sequence[str]]] = lambda: ({}, ())
    standing: Callable[[], Mapping[str, frozenset[str]]] = dict
    on_events: Callable[[Sequence[Event]], None] = lambda events: None
    on_minute: Callable[[Sequence[MinuteOf]], None] = lambda minutes: None
    minute: float = 60.0
    reread: float = 5.0
    limits: Limits = field(default_factory=Limits)
    waits: Waits = field(default_factory=Waits)
    bounds: Bounds = field(default_factory=Bounds)
    courtesy: Courtesy = field(default_factory=Courtesy)


def run(config: StreamsConfig) -> None:
    """Run until SIGTERM or SIGINT; returns within two seconds of it, with no child left and every socket closed.

    Raises:
        OSError: the gateway's port is taken.
    """
    asyncio.run(_until_signal(config))


async def _until_signal(config: StreamsConfig) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    await serve(config, stop)


async def serve(config: StreamsConfig, stop: asyncio.Event) -> None:
    """The same without signals: until `stop` is set."""
    board = Board(config.limits)
    supervisor = Supervisor(
        board, config.rules, moment, group_size=config.group_size, waits=config.waits, bounds=config.bounds
    )
    wanting, reading = _Wanting(supervisor), _Reading(config.cameras, supervisor)
    ward = Ward(board, await asyncio.to_thread(config.standing))
    live = LiveDesk(board, moment, supervisor.takes, Relays(wanting.want), config.verify, faults=ward.faults)
    rounds = Rounds(config.plans, lambda: [camera for camera in supervisor.cameras if board.standing(camera)])
    gateway = Gateway(
        board, moment, origins=config.origins, web_port=config.web_port, may_watch=config.may_watch,
        visible=config.visible, courtesy=config.courtesy, live=live, elsewhere=config.elsewhere,
        rounds=rounds, in_force=reading.in_force, faults=ward.faults,
    )  # fmt: skip
    supervisor.on_part = live.take
    supervisor.on_renewed = live.renewed
    herald = Herald(board, config.on_state)
    supervisor.on_judged = lambda shot, health: _judged(ward, shot, health)
    async with gateway.listening(config.host, config.port), supervisor:
        config.ready(gateway.port)
        works = [
            _tick(board, live, gateway), _assess(config, rounds), _beat(config.beat), _reread(config, reading), herald.run(), wanting.run(),
            _nurse(config, ward, gateway.judged), _each_minute(config, ward),
        ]  # fmt: skip
        tasks = [asyncio.create_task(work) for work in works]
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*tasks, stopping):
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
    for end in ends:
        if isinstance(end, Exception):
            raise end


async def _tick(board: Board, live: LiveDesk, gateway: Gateway) -> None:
    while True:
        now = moment()
        board.ticked(now)
        live.relays.ticked(now.mono)
        gateway.ticked(now.mono)
        await asyncio.sleep(_TICK_SECONDS)


async def _beat(beat: Callable[[], None]) -> None:
    while True:
        beat()
        await asyncio.sleep(1.0)


class _Reading:
    """Reads the register, one reading at a time, and has its cameras watched."""

    def __init__(self, cameras: Callable[[], Sequence[CameraSpec]], supervisor: Supervisor) -> None:
        self._cameras, self._supervisor = cameras, supervisor
        self._one = asyncio.Lock()

    async def read(self) -> None:
        async with self._one:
            await self._supervisor.watch(await asyncio.to_thread(self._cameras))

    async def in_force(self, camera: str) -> str | None:
        """Read now; the mark of the masks without which nothing of this camera is shown from this moment on."""
        await self.read()
        spec = self._supervisor.takes(camera)
        return mark_of(spec.masks) if spec else None


async def _reread(config: StreamsConfig, reading: _Reading) -> None:
    while True:
        try:
            await reading.read()
        except Exception:
            log.exception("the register of cameras could not be read: the cameras stay as they are")
        await asyncio.sleep(config.reread)


async def _assess(config: StreamsConfig, rounds: Rounds) -> None:
    while config.plans:
        try:
            rounds.sights, rounds.held = await asyncio.to_thread(config.risk)
        except Exception:
            log.exception("what cameras are near could not be found out: the patrol keeps its order")
        await asyncio.sleep(_ASSESS_SECONDS)
    await asyncio.Event().wait()


class _Wanting:
    """Carries the wish for live streams to the supervisor, in order."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._wishes: asyncio.Queue[tuple[Key, bool]] = asyncio.Queue()

    def want(self, key: Key, wanted: bool) -> None:
        self._wishes.put_nowait((key, wanted))

    async def run(self) -> None:
        while True:
            await self._supervisor.want_live(*await self._wishes.get())


def _judged(ward: Ward, shot: Shot, health: Mapping[str, Any]) -> None:
    since = {str(fault): float(mono) for fault, mono in health["faults"].items()}
    ward.seen(shot.camera, Seen(since, bool(health["known"])), health["figures"], shot, moment())


async def _nurse(config: StreamsConfig, ward: Ward, judged: Callable[[str], None]) -> None:
    """Tell of faults: viewers at once, the store until it has heard."""
    waiting: list[Event] = []
    while True:
        await asyncio.sleep(_NURSE_SECONDS)
        fresh = list(ward.ticked(moment()))
        waiting.extend(fresh)
        for event in fresh:
            judged(event.camera)
        if not waiting:
            continue
        try:
            await asyncio.to_thread(config.on_events, list(waiting))
            waiting.clear()
        except Exception:
            log.exception("faults of cameras could not be told; they will be told again")
            del waiting[:-_MOST_UNTOLD]


async def _each_minute(config: StreamsConfig, ward: Ward) -> None:
    while True:
        await asyncio.sleep(config.minute)
        try:
            await asyncio.to_thread(config.on_minute, ward.minute())
        except Exception:
            log.exception("a minute of the cameras could not be kept")


class Herald:
    """Carries state changes to `on_state` without ever holding up the loop. A change that could not be told is told
    again; of a camera that has changed since, only its newest state."""

    def __init__(self, board: Board, on_state: OnState) -> None:
        self._board, self._on_state = board, on_state
        self._changed: dict[str, None] = {}
        self._wake = asyncio.Event()
        board.on_standing.add(self._mark)

    def _mark(self, camera: str) -> None:
        self._changed[camera] = None
        self._wake.set()

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._changed:
                camera = next(iter(self._changed))
                del self._changed[camera]
                await self._told(camera)

    async def _told(self, camera: str) -> None:
        standing = self._board.standing(camera)
        if standing is None:
            return
        try:
            await asyncio.to_thread(self._on_state, camera, standing.state, standing.reason, standing.since)
        except Exception:
            log.exception("the state of camera %s could not be told; it will be told again", camera)
            self._changed.setdefault(camera)
            with suppress(asyncio.TimeoutError):
                await asyncio.sleep(1.0)
