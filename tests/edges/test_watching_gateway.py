"""No frame without a line of the ledger: the web application, the real gateway and a real camera on one database."""

from __future__ import annotations

import asyncio
import functools
import io
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import SECRET
from desk_harness import GRID, OWN, add_people, problem, session_of, settings_for, web
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select, update
from websockets.asyncio.client import connect

from dashboard.cli.cameras import _may_watch, _Register
from dashboard.cli.parts import Parts
from models import tables as t
from models.cameras import register as known_cameras
from models.door import Door, Report
from models.moves import Actor, Role
from models.rules import Rules
from models.store import Store
from models.timebase import CountyClock, real_now
from models.vault import Vault
from models.watching import ledger
from models.watching import register as registry
from models.watching import tables as w
from models.watching.ledger import Opening
from models.watching.rights import Purpose
from streams.camera import State
from streams.clips import Clip, clip_from
from streams.gateway import Courtesy
from streams.scenes import rendered, scene_named
from streams.tiles import SUBPROTOCOL
from tests.edges.streams_harness import ORIGIN, Streams, Watcher, ask, rtsp, streams

CAMERA, OTHER = "99010000001320000001", "99010000081320000002"
MASK = [[0.0, 0.0], [0.5, 0.0], [0.5, 0.5], [0.0, 0.5]]
ADMIN = Actor("admin", Role.ADMIN)


@dataclass
class Room:
    """Everything up: the application's browser by account, the store, the gateway's port."""

    app: Flask
    store: Store
    running: Streams

    def browser(self, name: str) -> FlaskClient:
        client = self.app.test_client()
        client.set_cookie("gc_session", session_of(self.store, name))
        return client

    async def post(self, name: str, path: str, body: Any) -> Any:
        client = self.browser(name)
        return await asyncio.to_thread(client.post, f"/api/v1{path}", json=body, headers=OWN)

    @asynccontextmanager
    async def watching(self, name: str, *cameras: str) -> AsyncIterator[Watcher]:
        """Watch as this account, with a session of its own, as a browser's page does."""
        watcher = Watcher()
        headers = {"Cookie": f"gc_session={session_of(self.store, name)}"}
        address = f"ws://127.0.0.1:{self.running.port}/tiles"
        async with connect(address, subprotocols=[SUBPROTOCOL], origin=ORIGIN, additional_headers=headers) as line:  # type: ignore[list-item,arg-type]
            await ask(line, cameras)

            async def hear() -> None:
                async for message in line:
                    watcher.take(message)

            hearing = asyncio.create_task(hear())
            try:
                yield watcher
            finally:
                hearing.cancel()

    def lines(self) -> int:
        with self.store.read() as connection:
            return int(connection.execute(select(func.count()).select_from(w.viewing)).scalar_one())


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    folder = tmp_path_factory.mktemp("loops")
    return clip_from(rendered(scene_named("crossroads-day-1"), folder), folder)


@asynccontextmanager
async def room(store: Store, folder: Path, clip: Clip, again: float = 0.3) -> AsyncIterator[Room]:
    """The register points to a real RTSP camera; gateway and application stand on the same store."""
    add_people(store)
    settings = settings_for(store, folder)
    vault, rules = Vault(SECRET), Rules(store, settings.zone)
    parts = Parts(settings, store, rules, vault, Door(store, rules, vault), CountyClock(store))
    async with rtsp({"a": clip}) as server:
        address = f"rtsp://127.0.0.1:{server.port}/a"
        with store.write() as connection:
            for camera in (CAMERA, OTHER):
                registry.change(connection, camera, {"address": address}, vault=vault, actor=ADMIN, now=real_now())
        known = _Register(parts, None)
        keep = lambda: [spec for spec in known.cameras() if spec.id in (CAMERA, OTHER)]  # noqa: E731
        async with streams(
            [], cameras=keep, may_watch=functools.partial(_may_watch, parts), visible=known.visible,
            courtesy=Courtesy(again=again),
        ) as running:  # fmt: skip
            with web(store, folder, video_port=running.port) as app:
                await running.until(CAMERA, State.LIVE, within=15)
                yield Room(app, store, running)


@pytest.mark.alone
def test_no_frame_without_a_line_and_every_path_is_written_down(
    sqlite_county: Store, tmp_path: Path, clip: Clip
) -> None:
    async def run() -> None:
        async with room(sqlite_county, tmp_path, clip) as here:
            async with here.watching("duty", CAMERA) as watcher:
                await watcher.until(lambda seen: any(text["kind"] == "refused" for text in seen.texts), within=3)
                await asyncio.sleep(1.5)
                assert not watcher.pictures and here.lines() == 0

                answer = await here.post("duty", "/views", {"cameras": [CAMERA], "purpose": "inspection"})
                assert answer.status_code == 201 and answer.get_json()["cameras"] == [CAMERA]
                await watcher.until(lambda seen: seen.count(CAMERA) >= 1, within=5)  # the same connection, asked again
                assert here.lines() == 1

                number = answer.get_json()["view"]
                again = {"cameras": [CAMERA], "purpose": "inspection", "view": number}
                same = await here.post("duty", "/views", again)
                assert same.get_json()["view"] == number and here.lines() == 1, "shown anew is no second viewing"
                other = await here.post("leader", f"/views/{number}/actions/end", {})
                assert other.get_json() == {"view": number, "ended": False}

                with here.store.write() as connection:  # a line that has run out covers nothing
                    connection.execute(update(w.viewing).values(until=real_now()))
                await asyncio.sleep(1.0)
                count = watcher.count(CAMERA)
                await asyncio.sleep(1.5)
                assert watcher.count(CAMERA) == count

            async with here.watching("duty", CAMERA) as watcher:  # nor does one that was ended
                number = (await here.post("duty", "/views", again)).get_json()["view"]
                await watcher.until(lambda seen: seen.count(CAMERA) >= 1, within=5)
                ended = await here.post("duty", f"/views/{number}/actions/end", {})
                assert ended.get_json() == {"view": number, "ended": True}
                await asyncio.sleep(1.0)
                count = watcher.count(CAMERA)
                await asyncio.sleep(1.5)
                assert watcher.count(CAMERA) == count

            async with here.watching("leader", CAMERA) as stranger:  # another's line opens nothing
                await asyncio.sleep(1.0)
                assert not stranger.pictures

            refused = await here.post("auditor", "/views", {"cameras": [CAMERA], "purpose": "inspection"})
            assert refused.status_code == 403
            await pictures_of_a_masked_camera(here)

    asyncio.run(run())


async def pictures_of_a_masked_camera(here: Room) -> None:
    """A new mask shuts the picture until it is burnt in; then stills and snapshots show it masked and watermarked."""
    assert (await here.post("duty", "/views", {"cameras": [CAMERA], "purpose": "inspection"})).status_code == 201
    async with here.watching("duty", CAMERA) as watcher:
        await watcher.until(lambda seen: seen.count(CAMERA) >= 1, within=5)
        with here.store.read() as connection:
            entry = registry.entry(connection, CAMERA)
            assert entry is not None
        saved = await here.post("admin", f"/cameras/{CAMERA}/masks", {"masks": [MASK], "version": entry.version})
        answered = time.monotonic()
        assert saved.status_code == 200 and saved.get_json()["in_force"] is True, saved.get_json()
        later = lambda seen: [one for one in seen.pictures[CAMERA] if one.header["sent"] > answered * 1000]  # noqa: E731
        await watcher.until(lambda seen: len(later(seen)) >= 2, within=8)
        assert all(hidden(seen.jpeg) <= 4 for seen in later(watcher))

    before = here.lines()
    still = await here.post("admin", f"/cameras/{CAMERA}/stills", {"purpose": "maintenance", "note": "复核"})
    assert still.status_code == 200 and here.lines() == before + 1
    assert hidden(still.data) <= 90, "over the mask lies the watermark and nothing else"
    assert foot(still.data) > 20, "the watermark's line is at the foot"
    blind = await here.post("admin", f"/cameras/{CAMERA}/stills", {"purpose": "case", "reference": "X"})
    assert problem(blind)["field"] in ("reference", "code", "cameras")

    code = a_case(here.store)
    snapshot = await here.post("duty", f"/cameras/{CAMERA}/snapshots", {"case": code})
    assert snapshot.status_code == 201, snapshot.get_json()
    with here.store.read() as connection:
        line = connection.execute(select(w.viewing).order_by(w.viewing.c.id.desc()).limit(1)).one()
        kept = connection.execute(select(w.camera_picture)).one()
        photo = connection.execute(select(t.attachment)).one()
    assert (line.kind, line.purpose, line.reference, line.cameras) == ("snapshot", "case", code, [CAMERA])
    assert (kept.case_code, kept.viewing, kept.digest) == (code, line.id, photo.digest)
    shown = await asyncio.to_thread(here.browser("operator").get, snapshot.get_json()["url"])
    assert shown.status_code == 200 and hidden(shown.data) <= 90


def hidden(jpeg: bytes) -> int:
    """The brightest pixel well inside the masked quarter."""
    picture = Image.open(io.BytesIO(jpeg)).convert("L")
    width, height = picture.size
    return int(picture.crop((8, 8, width // 2 - 16, height // 2 - 16)).getextrema()[1])


def foot(jpeg: bytes) -> float:
    picture = Image.open(io.BytesIO(jpeg)).convert("L")
    width, height = picture.size
    low, high = picture.crop((0, height - height // 20, width // 2, height)).getextrema()
    return float(high - low)


def a_case(store: Store) -> str:
    door = Door(store, Rules(store, settings_for(store, Path("/nowhere")).zone), Vault(SECRET))
    report = Report(category="010101", description="垃圾成堆", source="hotline", area=GRID)
    return str(door.report(report, Actor("hotline", Role.SYSTEM), real_now()).case.code)


WAYS: list[tuple[str, Callable[[Any], Any], str]] = [
    ("register", lambda connection: connection.execute(update(t.camera).values(sign="")), "register"),
    ("review", lambda connection: connection.execute(update(t.camera).values(mask_review=real_now().date().replace(year=2024))), "review"),
    ("reserved", lambda connection: connection.execute(update(t.camera).values(shown_to=["leader"])), "reserved"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "spoil", "reason"), WAYS)
def test_what_may_not_be_shown_is_refused_and_leaves_no_line(
    sqlite_county: Store, tmp_path: Path, name: str, spoil: Callable[[Any], Any], reason: str
) -> None:
    add_people(sqlite_county)
    with sqlite_county.write() as connection:
        spoil(connection)
    with web(sqlite_county, tmp_path) as app:
        client = app.test_client()
        client.set_cookie("gc_session", session_of(sqlite_county, "duty"))
        body = {"cameras": [CAMERA, OTHER], "purpose": "inspection"}
        told = problem(client.post("/api/v1/views", json=body, headers=OWN))
    assert (told["status"], told["reason"], set(told["refused"])) == (403, reason, {CAMERA, OTHER})
    with sqlite_county.read() as connection:
        assert connection.execute(select(func.count()).select_from(w.viewing)).scalar_one() == 0


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"cameras": [CAMERA], "purpose": "curiosity"}, 422, "purpose"),
        ({"cameras": [], "purpose": "inspection"}, 422, "cameras"),
        ({"cameras": [CAMERA] * 65, "purpose": "inspection"}, 422, "cameras"),
        ({"cameras": [CAMERA], "purpose": "case"}, 422, "reference"),
        ({"cameras": [CAMERA], "purpose": "case", "reference": "no-such"}, 404, "code"),
        ({"cameras": ["no-such"], "purpose": "inspection"}, 403, "cameras"),
        ({"cameras": [CAMERA], "purpose": "maintenance", "note": "镜头"}, 403, "cameras"),
        ({"cameras": [CAMERA], "purpose": "inspection", "kind": "film"}, 422, "kind"),
        ({"cameras": [CAMERA], "purpose": "inspection", "more": 1}, 422, "more"),
    ],
)
def test_a_wrong_request_is_a_problem_that_names_its_field(
    sqlite_county: Store, tmp_path: Path, body: Any, status: int, field: str
) -> None:
    add_people(sqlite_county)
    with web(sqlite_county, tmp_path) as app:
        client = app.test_client()
        client.set_cookie("gc_session", session_of(sqlite_county, "leader"))
        told = problem(client.post("/api/v1/views", json=body, headers=OWN))
    assert (told["status"], told["field"].split(".")[0]) == (status, field)


@pytest.mark.parametrize(
    "limits", [{"dark_below": -1}, {"darkness": 3}, {"off": ["rain"]}, {"off": 3}, {"raise_after": {"dark": 0}}]
)
def test_a_wrong_limit_of_health_is_refused_and_a_right_one_reaches_the_worker(
    sqlite_county: Store, tmp_path: Path, limits: Any
) -> None:
    add_people(sqlite_county)
    with web(sqlite_county, tmp_path) as app:
        client = app.test_client()
        client.set_cookie("gc_session", session_of(sqlite_county, "admin"))
        place = f"/api/v1/cameras/{CAMERA}/register"
        told = problem(client.post(place, json={"version": 1, "thresholds": limits}, headers=OWN))
        assert (told["status"], told["field"].split(".")[0]) == (422, "thresholds")
        right = {"dark_below": 20, "off": ["moved"], "raise_after": {"dark": 90}}
        assert client.post(place, json={"version": 1, "thresholds": right}, headers=OWN).status_code == 200
    with sqlite_county.read() as connection:
        known = {camera.id: camera for camera in known_cameras(connection, Vault(SECRET))}
    assert known[CAMERA].thresholds == right


def test_a_view_declared_sound_is_learned_anew_and_the_history_says_by_whom(
    sqlite_county: Store, tmp_path: Path
) -> None:
    add_people(sqlite_county)
    with web(sqlite_county, tmp_path) as app:
        client = app.test_client()
        client.set_cookie("gc_session", session_of(sqlite_county, "operator"))
        place = f"/api/v1/cameras/{CAMERA}/actions/relearn"
        assert problem(client.post(place.replace("relearn", "forget"), json={}, headers=OWN))["field"] == "action"
        assert problem(client.post(place.replace(CAMERA, "0" * 20), json={}, headers=OWN))["status"] == 404
        assert client.post(place, json={"note": "turned to the new crossing"}, headers=OWN).status_code == 200
    with sqlite_county.read() as connection:
        known = {camera.id: camera for camera in known_cameras(connection, Vault(SECRET))}
        line = registry.history(connection, CAMERA, 1)[0]
    assert known[CAMERA].learned_at is not None
    assert (line.act, line.role, line.note) == ("relearn", "operator", "turned to the new crossing")


def test_a_live_view_gets_its_ticket_only_after_the_line(sqlite_county: Store, tmp_path: Path) -> None:
    from streams.tickets import verified

    add_people(sqlite_county)
    with web(sqlite_county, tmp_path) as app:
        client = app.test_client()
        client.set_cookie("gc_session", session_of(sqlite_county, "duty"))
        body = {"cameras": [CAMERA], "purpose": "emergency", "reference": "E-1"}
        answer = client.post("/api/v1/views", json=body, headers=OWN).get_json()
    ticket = verified(SECRET, answer["tickets"][CAMERA], viewer="duty", now=real_now())
    assert (ticket.camera, ticket.ledger, ticket.purpose) == (CAMERA, answer["view"], "emergency:E-1")
    with sqlite_county.read() as connection:
        assert ledger.covered(connection, "duty", real_now()) == {CAMERA}


def test_a_bound_account_and_a_wall_are_covered_by_their_own_plan(sqlite_county: Store) -> None:
    with sqlite_county.write() as connection:
        plan = Opening("wall", Purpose.DISPLAY, (CAMERA, OTHER), plan="patrol-1")
        ledger.write(connection, plan, Actor("wall", Role.DISPLAY), real_now())
        rows = connection.execute(select(w.viewed.c.camera)).scalars().all()
    assert sorted(rows) == [CAMERA, OTHER]
