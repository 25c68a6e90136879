"""`gridcommand screenshots`: the pictures of the README, taken in a real browser from a demonstration of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bench.harness import Product, free_ports, product
from dashboard.cli.client import Api
from dashboard.cli.plan import ACCOUNTS
from dashboard.cli.terminal import Refusal, answer, say

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
CHROMIUM = Path("/usr/bin/chromium")
WALLS = {
    "wall": (1920, 1080, "zh-CN"),
    "wall-en": (1920, 1080, "en"),
    "wall-ultrawide": (3840, 1080, "zh-CN"),
    "wall-4k": (3840, 2160, "zh-CN"),
}
PAGES = {
    "desk": ("operator", "/desk", 1920, 1080),
    "cases": ("operator", "/cases", 1440, 900),
    "department": ("department", "/desk", 1366, 768),
    "overview": ("leader", "/overview", 1180, 820),
    "overview-portrait": ("leader", "/overview", 820, 1180),
    "evaluation": ("leader", "/evaluation", 1920, 1080),
    "analysis": ("leader", "/evaluation/analysis", 1366, 768),
    "duty": ("duty", "/duty", 1366, 768),
    "cameras": ("duty", "/cameras", 1366, 768),
    "audit": ("auditor", "/audit", 1366, 768),
    "admin": ("admin", "/admin", 1366, 768),
    "phone": ("grid", "/grid", 390, 844),
}
"""Name → role, path, width and height."""
SETTLE = 6.0
"""Seconds for pictures to arrive and rows to settle."""
_GRAVE = {
    "external_id": "screenshot-1",
    "category": "020201",
    "description": "东门农贸市场旁店铺冒浓烟，已见明火",
    "address": "东门农贸市场北侧",
    "source": "hotline",
    "longitude": 112.850756,
    "latitude": 30.469451,
    "frame": "WGS-84",
}


@click.command()
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), default=PICTURES, help="Folder of the pictures."
)
@click.option("--seed", type=int, default=20, help="The same seed tells the same story.")
def screenshots(into: Path, seed: int) -> int:
    """Take the pictures of the README: start a demonstration, look at it in a browser, end it."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise Refusal("Playwright is not installed; say `make screenshots`, which installs it.") from error
    if not CHROMIUM.exists():
        raise Refusal(f"There is no browser at {CHROMIUM}; install Debian's chromium.")
    into.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whoever ends this ends its demonstration, too
    with tempfile.TemporaryDirectory(prefix="gc-shots-") as folder:
        say("Starting a demonstration …")
        words = ("demo", "--rate", "0", "--seed", str(seed))
        with product(*words, port=free_ports(), data=Path(folder)) as running, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
            for name in _Photographer(running, browser, into).all():
                answer(str(into / f"{name}.png"))
            browser.close()
    return 0


class _Photographer:
    """Takes one picture after the other of a running demonstration."""

    def __init__(self, running: Product, browser: Any, into: Path) -> None:
        self._running, self._browser, self._into = running, browser, into
        self._secrets = json.loads((running.data / ACCOUNTS).read_text(encoding="utf-8"))
        self._base = f"http://127.0.0.1:{running.port}"

    def all(self) -> Iterator[str]:
        """Every picture; yields its name when it is there."""
        for name, (width, height, language) in WALLS.items():
            with self._page("display", width, height, language) as page:
                self._open_wall(page)
                yield self._shot(page, name)
        for name, (role, path, width, height) in PAGES.items():
            with self._page(role, width, height, "zh-CN") as page:
                page.goto(self._base + path)
                page.wait_for_timeout(SETTLE * 500)
                yield self._shot(page, name)
        with self._page("display", 1920, 1080, "zh-CN") as page:
            self._open_wall(page)
            with self._feed_stopped():
                page.wait_for_timeout(12_000)
                yield self._shot(page, "wall-stopped")
        with self._page("display", 1920, 1080, "zh-CN") as page:
            self._open_wall(page)
            Api("127.0.0.1", self._running.port, self._secrets["tokens"]["report"]).post("/reports", _GRAVE)
            page.wait_for_timeout(SETTLE * 500)
            yield self._shot(page, "wall-escalation")

    def _open_wall(self, page: Any) -> None:
        page.goto(self._base + "/wall")
        page.wait_for_selector('[data-figure="open"][data-state="live"]', timeout=30_000)
        page.wait_for_selector("#wall-map[data-ready]", timeout=30_000)
        with contextlib.suppress(Exception):  # a picture without every camera is still a picture
            page.wait_for_function("document.querySelectorAll('[data-camera][data-state=\"live\"]').length >= 6")
        page.wait_for_timeout(SETTLE * 1000)

    @contextlib.contextmanager
    def _page(self, role: str, width: int, height: int, language: str) -> Iterator[Any]:
        context = self._browser.new_context(viewport={"width": width, "height": height})
        context.add_cookies([{"name": "gc_lang", "value": language, "url": self._base}])
        page = context.new_page()
        account = next(account for account in self._secrets["accounts"] if account["role"] == role)
        page.goto(self._base + "/login")
        page.fill('input[name="name"]', account["name"])
        page.fill('input[name="password"]', account["password"])
        page.click('button[type="submit"]')
        page.wait_for_load_state()
        yield page
        context.close()

    @contextlib.contextmanager
    def _feed_stopped(self) -> Iterator[None]:
        """The gateway stands still, and so does the supervisor, which would replace it within three seconds."""
        stopped = [self._running.process.pid, self._running.pids()["push"]]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
            time.sleep(1.0)

    def _shot(self, page: Any, name: str) -> str:
        file = self._into / f"{name}.png"
        page.screenshot(path=str(file), timeout=180_000)
        file.chmod(0o644)
        return name
