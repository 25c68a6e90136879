"""What the desk's browser tests share: a browser, one county on a real server with its push gateway, one person's visit."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import PATIENCE, SECRET, door_of
from desk_harness import DEPARTMENT, GRID, Served, add_people, free_port, served, session_of, url_of, wait_until
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from models.door import Report
from models.moves import Actor, Role
from models.store import Store
from models.timebase import real_now

ZONE = ZoneInfo("Asia/Shanghai")
CHROMIUM = "/usr/bin/chromium"
AXE = Path(__file__).resolve().parents[2] / "dashboard" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
NO_CAMERAS = "/tiles' failed"
"""No video gateway runs here; its tiles say so, and the browser does in its console."""
READY = "[data-module]:is([data-ready], :not([data-module=work], [data-module=case], [data-module=cases])), .desk-nothing, body.plain"
"""The page's own module has done its first work, where it has one that says so."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def store(sqlite_templates: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One county for all tests of this file: each works on a case of its own."""
    file = tmp_path_factory.mktemp("desk") / "gridcommand.sqlite"
    shutil.copy(sqlite_templates["county"], file)
    store = Store(f"sqlite:///{file}")
    add_people(store)
    yield store
    store.close()


@pytest.fixture(scope="module")
def server(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The web process, and the push gateway that its pages connect to."""
    folder, port = tmp_path_factory.mktemp("web"), str(free_port())
    with served(store, folder, GRIDCOMMAND_PUSH_PORT=port) as server, beside(server, store, folder, port, "push"):
        yield server


@contextmanager
def beside(server: Served, store: Store, folder: Path, port: str, *names: str) -> Iterator[None]:
    """Further processes of the product beside its web process; on leaving they have ended. `port`: the push gateway's."""
    named = {
        "GRIDCOMMAND_DATABASE_URL": url_of(store),
        "GRIDCOMMAND_REDIS_URL": f"unix://{folder}/no-redis.sock",
        "GRIDCOMMAND_SECRET_KEY": SECRET,
        "GRIDCOMMAND_DATA": str(folder / "data"),
        "GRIDCOMMAND_PORT": server.address.rsplit(":", 1)[1],
        "GRIDCOMMAND_PUSH_PORT": port,
    }
    started = []
    for name in names:
        with (folder / f"{name}.log").open("wb") as log:
            command = [sys.executable, "-m", "dashboard.cli", "run", name]
            started.append(subprocess.Popen(command, env={**os.environ, **named}, stdout=log, stderr=log))
    try:
        wait_until(lambda: listens(int(port)), 90)
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(15)


@pytest.fixture(scope="module")
def web_only(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The web process alone, for pages that need no news. A module imports it as its `server`."""
    with served(store, tmp_path_factory.mktemp("web")) as server:
        yield server


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def code(store: Store) -> str:
    """A grave case that is with the department, and has escalated."""
    door = door_of(store)
    report = Report(
        category="010101",
        description="垃圾成堆，联系 13812345678",
        source="hotline",
        area=GRID,
        level=1,
        reporter_name="王秀英",
        reporter_phone="13812345678",
    )
    case = door.report(report, Actor("hotline", Role.SYSTEM), real_now()).case
    door.move(case.code, "dispatch", Actor("operator", Role.OPERATOR), real_now(), {"department": DEPARTMENT})
    return str(case.code)


class Visit:
    """A browser of one person, which remembers what went wrong and never leaves the machine."""

    def __init__(self, chromium: Browser, server: Served, store: Store, name: str | None, **more: Any) -> None:
        self.faults: list[str] = []
        self.server = server
        self.context: BrowserContext = chromium.new_context(**more)
        if name:
            cookie = {"name": "gc_session", "value": session_of(store, name), "url": server.address}
            self.context.add_cookies([cookie])
        self.context.set_default_timeout(PATIENCE * 1000)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("request", self._asked)

    def _heard(self, message: Any) -> None:
        badge = message.text.startswith("WebSocket connection to")  # these tests run the web alone, without its gateway
        if message.type in ("error", "warning") and NO_CAMERAS not in message.text and not badge:
            self.faults.append(f"{message.type}: {message.text}")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.server.address, "data:", "blob:")):
            self.faults.append(f"left the machine: {request.url}")

    def go(self, path: str, *, language: str = "zh-CN") -> Page:
        self.context.add_cookies([{"name": "gc_lang", "value": language, "url": self.server.address}])
        self.page.goto(self.server.address + path)
        self.page.wait_for_selector(READY, state="attached")
        self.page.wait_for_load_state("networkidle")
        return self.page


@pytest.fixture
def visit(chromium: Browser, server: Served, store: Store) -> Iterator[Any]:
    made: list[Visit] = []

    def new(name: str | None, **more: Any) -> Visit:
        made.append(Visit(chromium, server, store, name, **more))
        return made[-1]

    yield new
    for one in made:
        one.context.close()
    faults = [fault for one in made for fault in one.faults]
    assert not faults, faults


def barriers(page: Page) -> list[str]:
    """What axe finds serious or critical; gradients are flattened, so that contrast can be judged."""
    page.add_style_tag(content=".panel, .desk, .desk-table-box { background: #0b1628 !important }")
    return grave(page)


def grave(page: Page) -> list[str]:
    """What axe finds serious or critical in the page as it is."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    rules = "['wcag2a','wcag2aa','wcag21aa','wcag22aa']"
    watermark = "{exclude: ['.drill-mark']}"  # pure decoration: each screen also says in words that it is a drill
    found = page.evaluate(f"axe.run({watermark}, {{runOnly: {rules}}})")
    bad = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in bad]
