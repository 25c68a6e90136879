"""What the wall's browser tests share: a browser, a played county on free ports, a page that notes what goes wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Playwright, Route

from bench.harness import free_ports
from tests.conftest import missing
from tests.journey.wall_harness import Harness, Play, yunze

CHROMIUM = Path("/usr/bin/chromium")
COMMON = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run")
WITH_GL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
WITHOUT_GL = ("--disable-gpu", "--disable-3d-apis")
SIZES = ((1920, 1080), (3840, 1080), (1180, 820))
PATIENCE = 90_000
"""Milliseconds: a machine without a graphics card that does other things besides."""


def launched(playwright: Playwright, *, gl: bool) -> Browser:
    """Debian's Chromium, drawing WebGL by the processor or not at all."""
    if not CHROMIUM.exists():
        missing("chromium")
    flags = [*COMMON, *(WITH_GL if gl else WITHOUT_GL)]
    return playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)


class Visit:
    """A wall on a screen."""

    def __init__(self, browser: Browser, harness: Harness, size: tuple[int, int] = (1920, 1080)) -> None:
        self.harness = harness
        self.errors: list[str] = []
        self.strangers: list[str] = []
        viewport: Any = {"width": size[0], "height": size[1]}
        self.context = browser.new_context(viewport=viewport, locale="zh-CN")
        self.context.route("**/*", self._only_local)
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _only_local(self, route: Route) -> None:
        if route.request.url.startswith((f"http://127.0.0.1:{self.harness.port}/", "data:", "blob:")):
            route.continue_()
        else:
            self.strangers.append(route.request.url)
            route.abort()

    def open(self, *, ready: str = "[data-figure=open][data-state=live]", query: str = "") -> Visit:
        self.page.goto(self.harness.url + query)
        self.page.wait_for_selector("#wall-map[data-ready]", timeout=PATIENCE, state="attached")
        self.page.wait_for_selector(ready, timeout=PATIENCE, state="attached")
        return self

    def figure(self, name: str, attribute: str = "data-value") -> str | None:
        return self.page.locator(f"[data-figure='{name}']").get_attribute(attribute)

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    def until(self, true: Callable[[], object], seconds: float = 20) -> None:
        """Wait for something on this side of the browser, whose requests go on meanwhile (a bare sleep would hold them)."""
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                raise AssertionError(f"still not so after {seconds} s")
            self.page.wait_for_timeout(30)

    def rest(self, seconds: float) -> None:
        self.page.wait_for_timeout(seconds * 1000)

    def wait(self, script: str, argument: Any = None, timeout: float = 20_000) -> None:
        self.page.wait_for_function(script, arg=argument, timeout=timeout)


@contextmanager
def played(
    browser: Browser, *, size: tuple[int, int] = (1920, 1080), play: Play | None = None, **how: Any
) -> Iterator[Visit]:
    """A county, its servers and a wall that shows it; all of it gone afterwards."""
    harness = Harness(free_ports(span=3), play or Play(yunze(), cases=120), **how).start()
    visit = Visit(browser, harness, size)
    try:
        yield visit
    finally:
        visit.context.close()
        harness.stop()
