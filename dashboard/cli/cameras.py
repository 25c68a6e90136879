"""The processes `streams` (cameras watched and shown) and `scenes` (the demonstration's cameras, as RTSP streams)."""

from __future__ import annotations

import asyncio
import functools
import logging
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from alerts.entrance import SESSION_COOKIE, WATCHERS
from alerts.news import News
from config.cameras import CameraRules, CamerasError, camera_rules
from config.settings import Settings
from config.texts import load as load_texts
from dashboard.cli.camera_care import Care
from dashboard.cli.parts import Parts, open_parts
from dashboard.cli.plan import DemoPlan, read_plan
from dashboard.cli.terminal import Refusal
from models import accounts
from models.accounts import Visitor
from models.camera_health import risk
from models.cameras import RegisteredCamera, register
from models.moves import Role
from models.notify import Notifier
from models.rules import reference_version
from models.timebase import real_now
from models.watching.ledger import covered
from models.watching.register import subjects
from models.watching.rights import Subject, may_see
from streams.addresses import AddressRules, Network, listed, networks
from streams.camera import Reason, State
from streams.condition import FAULTS
from streams.demo_server import demo_address, demo_loops, serve_demo
from streams.gateway import Credentials, Viewer
from streams.leases import Shares
from streams.patrol import Sight
from streams.process import StreamsConfig, run
from streams.rounds import PlanOf
from streams.shares import STEP_SECONDS
from streams.tickets import verified
from streams.wire import CameraSpec

SCENES_HOST = "127.0.0.1"
DEMO = "demo:"
"""An address `demo:NAME` is a stream of the demonstration's own server: a drawn scene, or a clip by its file's stem."""
WATCHING_SCOPES = frozenset({"operate", "display", "read"})


# -- streams ----------------------------------------------------------------------------------------------------------


def run_streams(settings: Settings) -> int:
    """Watch the registered cameras and show them to those who may watch, until SIGTERM."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    plan = read_plan(settings.data)
    with open_parts(settings) as parts:
        news = News(settings.redis)
        notifier = Notifier.from_environment()
        shares = Shares.at(settings.redis, f"{socket.gethostname()}-{settings.video_port}", gateway_address(settings))
        register_ = _Register(parts, plan, shares)
        try:
            rules = camera_rules(settings.county)
        except CamerasError as error:
            raise Refusal(str(error)) from error
        care = Care(parts, news, rules, settings.data.resolve(), _fault_words(settings))
        run(
            StreamsConfig(
                cameras=register_.cameras,
                host=settings.host,
                port=settings.video_port,
                origins=origins(settings),
                may_watch=functools.partial(_may_watch, parts),
                visible=register_.visible,
                rules=AddressRules(_networks(settings, plan), settings.clips),
                on_state=functools.partial(_told, parts, news),
                beat=notifier.beat,
                ready=lambda _port: notifier.ready(),
                reread=STEP_SECONDS,
                elsewhere=shares.elsewhere,
                plans=_plans(rules),
                risk=functools.partial(_risk, parts),
                verify=lambda text, viewer: verified(settings.secret(), text, viewer=viewer, now=real_now()),
                standing=care.standing,
                on_events=care.on_events,
                on_minute=care.on_minute,
            )
        )
        notifier.stopping()
        shares.leave()
        news.close()
    return 0


@dataclass(frozen=True, slots=True)
class Grant:
    """What a viewer may see: who he is, and the cameras for which he has an open line in the ledger."""

    visitor: Visitor
    opened: frozenset[str]


class _Register:
    """The cameras as the database has them, with the demonstration's streams at the port they have this time."""

    def __init__(self, parts: Parts, plan: DemoPlan | None, shares: Shares | None = None) -> None:
        self._parts, self._plan, self._shares = parts, plan, shares
        self._mark: tuple[int, date] | None = None
        self._specs: list[CameraSpec] = []
        self._subjects: Mapping[str, Subject] = {}

    def cameras(self) -> list[CameraSpec]:
        """The cameras that are this host's; called once a second, in a thread. They are read anew only where the register
        has changed, or the day, on which a review of masks runs out: a new mask is with its worker within that second."""
        with self._parts.store.read() as connection:
            mark = (reference_version(connection), real_now().date())
            if mark != self._mark:
                self._read(connection, mark)
        if self._shares is None:
            return self._specs
        mine = self._shares.step([spec.id for spec in self._specs], time.monotonic())
        return [spec for spec in self._specs if spec.id in mine]

    def _read(self, connection: Any, mark: tuple[int, date]) -> None:
        known = register(connection, self._parts.vault, mark[1])
        self._subjects = subjects(connection, mark[1])
        self._specs = [
            CameraSpec(
                camera.id, camera.name, self._address(camera, camera.address), tuple(camera.masks), camera.registered,
                self._address(camera, camera.main_address), camera.thresholds,
                camera.learned_at.isoformat() if camera.learned_at else "",
            )
            for camera in known
        ]  # fmt: skip
        self._mark = mark

    def _address(self, camera: RegisteredCamera, address: str) -> str:
        if self._plan is None or not address.startswith(DEMO):
            return address
        return demo_address(SCENES_HOST, self._plan.scenes_port, camera.id)

    def visible(self, viewer: Viewer, camera: str) -> bool:
        """Only with an open line in the ledger, a complete register, and a role and area that may (domain.md §9)."""
        assert isinstance(viewer.grant, Grant)
        who = viewer.grant.visitor
        return camera in viewer.grant.opened and may_see(who.role, who.area, self._subjects.get(camera))


def _plans(rules: CameraRules) -> Mapping[str, PlanOf]:
    """The county's patrols; `all` is always there: every camera, by risk."""
    known = {
        name: PlanOf(plan.cameras, plan.dwell, by_risk=plan.order == "risk") for name, plan in rules.patrol.items()
    }
    return {"all": PlanOf(), **known}


def _risk(parts: Parts) -> tuple[Mapping[str, Sight], Sequence[str]]:
    with parts.store.read() as connection:
        found = risk.risks(connection, parts.clock.now())
        held = risk.taken_over(connection)
    sights = [Sight(one.camera, one.open_cases, one.urgent_cases, one.faulty, one.focus) for one in found]
    return {sight.camera: sight for sight in sights}, held


def _fault_words(settings: Settings) -> Mapping[str, str]:
    """What faults are called in the county's language: a case is written in it."""
    texts = load_texts().texts(settings.language)
    return {fault: texts[f"health.fault.{fault}"] for fault in FAULTS}


async def _may_watch(parts: Parts, shown: Credentials) -> Viewer | None:
    return await asyncio.to_thread(_viewer, parts, shown)


def _viewer(parts: Parts, shown: Credentials) -> Viewer | None:
    with parts.store.read() as connection:
        visitor = _visitor(connection, shown)
        if visitor is None or not _watches(visitor):
            return None
        return Viewer(visitor.name, Grant(visitor, covered(connection, visitor.name, real_now())))


def _watches(visitor: Visitor) -> bool:
    by_token = visitor.role is Role.SYSTEM and bool(visitor.scopes & WATCHING_SCOPES)
    return visitor.role in WATCHERS or visitor.role is Role.ADMIN or by_token


def _visitor(connection: Any, shown: Credentials) -> Visitor | None:
    if shown.bearer:
        return accounts.visitor_of_token(connection, shown.bearer)
    secret = shown.cookies.get(SESSION_COOKIE)
    found = accounts.visitor_of_session(connection, secret, real_now()) if secret else None
    return found[0] if found else None


def _told(parts: Parts, news: News, camera: str, state: State, reason: Reason | None, since: datetime) -> None:
    facts = parts.door.camera_changed(camera, str(state), str(reason) if reason else None, since)
    news.publish(facts)


def _networks(settings: Settings, plan: DemoPlan | None) -> tuple[Network, ...]:
    known = networks(listed(settings.camera_networks))
    return (*known, ip_network("127.0.0.0/8")) if plan else known


def gateway_address(settings: Settings) -> str:
    """Where browsers find this host's gateway; empty where they find it only beside the page (one host)."""
    if settings.public_url or settings.host in ("0.0.0.0", "::"):
        return f"ws://{socket.gethostname()}:{settings.video_port}/tiles"
    return f"ws://{settings.host}:{settings.video_port}/tiles"


def origins(settings: Settings) -> frozenset[str]:
    """The exact origins of our own pages: the public name, or the names of the address we listen at."""
    if settings.public_url:
        parts = urlsplit(settings.public_url)
        return frozenset({f"{parts.scheme}://{parts.netloc}"})
    names = {settings.host}
    if settings.host in ("127.0.0.1", "::1", "localhost"):
        names |= {"127.0.0.1", "localhost"}
    elif settings.host in ("0.0.0.0", "::"):
        names |= {"127.0.0.1", "localhost", socket.gethostname(), *_own_addresses()}
    return frozenset(f"http://{f'[{name}]' if ':' in name else name}:{settings.port}" for name in names)


def _own_addresses() -> set[str]:
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(socket.gethostname(), None)}
    except OSError:
        return set()


# -- scenes -----------------------------------------------------------------------------------------------------------


def run_scenes(settings: Settings) -> int:
    """Serve the demonstration's streams until SIGTERM. Each is drawn (or its clip read) once and kept in the folder."""
    plan = read_plan(settings.data)
    if plan is None:
        raise Refusal(f"{settings.data} holds no demonstration; start one with `gridcommand demo`.")
    with open_parts(settings) as parts, parts.store.read() as connection:
        cameras = [(camera.id, camera.address) for camera in register(connection, parts.vault)]
    asyncio.run(_serve(plan, cameras, settings.data.resolve() / "scenes"))
    return 0


async def _serve(plan: DemoPlan, cameras: Sequence[tuple[str, str]], folder: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    notifier = Notifier.from_environment()
    await serve_demo(
        demo_loops(cameras, Path(plan.clips) if plan.clips else None),
        host=SCENES_HOST,
        port=plan.scenes_port,
        folder=folder,
        stop=stop,
        ready=lambda _port: notifier.ready(),
        beat=notifier.beat,
    )
