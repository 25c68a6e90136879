"""`tiles.js` in a real browser against the real gateway: what a tile says is true, also when everything goes away."""

from __future__ import annotations

import asyncio
import functools
import http.server
import json
import shutil
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg
from playwright.async_api import Page, async_playwright

from config.texts import load
from streams.board import Board, Shot
from streams.camera import Limits, Moment, Reason
from streams.gateway import Gateway
from streams.process import moment
from tests.conftest import missing
from tests.edges.streams_harness import anybody

ASSETS = Path(__file__).resolve().parents[2] / "dashboard" / "assets"
TILE = """<figure class="tile" data-camera="{0}" data-state="connecting"><canvas></canvas>
<figcaption>{0}</figcaption><span class="tile-note"></span></figure>"""
PAGE = """<!doctype html><meta charset="utf-8"><body>%s<script type="module">
import {{ watchTiles, Transit, reconnectWait, ageText }} from "./tiles.js";
const texts = {texts};
const t = (key, values = {{}}) => (texts[key] ?? key).replace(/\\{{(\\w+)\\}}/g, (_, name) => values[name] ?? "");
Object.assign(window, {{ Transit, reconnectWait, ageText }});
window.watching = watchTiles({{ url: "ws://127.0.0.1:{port}/tiles", tiles: document.querySelectorAll(".tile"), t }});
</script>"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A folder with `tiles.js`, served over HTTP; and the port."""
    shutil.copy(ASSETS / "tiles.js", tmp_path / "tiles.js")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield tmp_path, server.server_port
    server.shutdown()
    server.server_close()


def solid(colour: tuple[int, int, int]) -> bytes:
    return simplejpeg.encode_jpeg(np.full((90, 160, 3), colour, np.uint8), quality=95)


def shot(camera: str, colour: tuple[int, int, int], age: float = 0.0) -> Shot:
    return Shot(camera, time.monotonic() - age, datetime.now(UTC), solid(colour), 100.0, 0.0)


@asynccontextmanager
async def opened_page(site: tuple[Path, int], port: int, cameras: list[str]) -> AsyncIterator[Page]:
    folder, web = site
    tiles = "".join(TILE.format(camera) for camera in cameras)
    page_text = (PAGE % tiles).replace("{{", "{").replace("}}", "}")
    texts = json.dumps(dict(load().texts("zh-CN")), ensure_ascii=False)
    (folder / "page.html").write_text(
        page_text.replace("{texts}", texts).replace("{port}", str(port)), encoding="utf-8"
    )
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        missing("Chromium (Debian: chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = await browser.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(f"http://127.0.0.1:{web}/page.html")
        yield page
        await browser.close()
        assert not errors, errors


async def tile(page: Page, camera: str) -> tuple[str, str, list[int]]:
    """State, words and middle pixel of a tile."""
    state, words, pixel = await page.evaluate(
        """camera => { const node = document.querySelector(`[data-camera="${camera}"]`);
        const canvas = node.querySelector("canvas");
        const data = canvas.getContext("2d").getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
        return [node.dataset.state, node.querySelector(".tile-note").textContent, [...data].slice(0, 3)]; }""",
        camera,
    )
    return state, words, pixel


async def until(page: Page, camera: str, state: str, within: float) -> float:
    began = time.monotonic()
    while (shown := (await tile(page, camera))[0]) != state:
        assert time.monotonic() - began < within, f"{camera} shows {shown}, not {state}"
        await asyncio.sleep(0.03)
    return time.monotonic() - began


def near(pixel: list[int], colour: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 8 for a, b in zip(pixel, colour, strict=True))


def test_tiles_tell_the_truth_through_the_death_of_a_camera_and_of_the_gateway(site: tuple[Path, int]) -> None:
    red, green = (200, 40, 40), (40, 180, 60)

    async def run() -> None:
        board = Board(Limits())
        for camera in ("a", "gone", "secret"):
            board.admit(camera, moment())
        board.failed("gone", Reason.REFUSED, moment())

        def gateway() -> Gateway:
            return Gateway(
                board, moment, origins=frozenset(), web_port=site[1], may_watch=anybody,
                visible=lambda viewer, camera: camera != "secret",
            )  # fmt: skip

        power = AsyncExitStack()
        port = (await power.enter_async_context(gateway().listening("127.0.0.1", 0))).port
        async with power, opened_page(site, port, ["a", "gone", "secret"]) as page:
            await until(page, "gone", "offline", 3)
            assert "连接被拒绝" in (await tile(page, "gone"))[1]
            await until(page, "secret", "offline", 3)
            assert "无权调看" in (await tile(page, "secret"))[1]
            assert (await tile(page, "a"))[0] == "connecting"
            board.pictured(shot("a", red), moment())
            assert await until(page, "a", "live", 2) < 1.0
            assert near((await tile(page, "a"))[2], red)
            board.pictured(shot("a", green), moment())
            await asyncio.sleep(0.4)
            assert near((await tile(page, "a"))[2], green)
            took = await until(page, "a", "stale", 8)
            assert 3.5 <= took <= 6.0, "a picture of five seconds is no longer live, whatever the gateway says"
            assert "画面停在" in (await tile(page, "a"))[1]
            board.pictured(shot("a", red), moment())
            await until(page, "a", "live", 1)
            await power.aclose()
            await until(page, "a", "stale", 1.0)
            assert "失去联系" in (await tile(page, "a"))[1]
            assert near((await tile(page, "a"))[2], red), "the last picture stays to be seen"
            await renewed(page, board, port, gateway)

    async def renewed(page: Page, board: Board, port: int, gateway: Any) -> None:
        await asyncio.sleep(1.0)
        async with gateway().listening("127.0.0.1", port):
            board.pictured(shot("a", (40, 40, 200)), moment())
            began = time.monotonic()
            while not near((await tile(page, "a"))[2], (40, 40, 200)):
                assert time.monotonic() - began < 6, "the page did not come back to the gateway"
                await asyncio.sleep(0.05)
            await until(page, "a", "live", 1)

    asyncio.run(run())


def test_a_picture_that_was_old_when_sent_or_held_up_on_the_way_is_never_painted_as_live(
    site: tuple[Path, int],
) -> None:
    shift = [0.0]

    def clock() -> Moment:
        return Moment(time.monotonic() + shift[0], datetime.now(UTC))

    async def run() -> None:
        board = Board(Limits())
        board.admit("a", clock())
        board.pictured(shot("a", (200, 40, 40)), clock())
        shift[0] = 30.0
        serving = Gateway(
            board, clock, origins=frozenset(), web_port=site[1], may_watch=anybody, visible=lambda viewer, camera: True
        )
        async with serving.listening("127.0.0.1", 0), opened_page(site, serving.port, ["a"]) as page:
            await until(page, "a", "stale", 3)
            state, words, pixel = await tile(page, "a")
            assert near(pixel, (200, 40, 40)) and "0:3" in words
            assert state == "stale"
            await check_the_arithmetic(page)

    async def check_the_arithmetic(page: Page) -> None:
        """Messages that waited on the way are older than their headers say; drifting clocks make nothing old."""
        extra = await page.evaluate(
            """() => { const transit = new Transit();
            return [[0, 100], [1000, 1105], [2000, 9000], [3000, 9001], [10000, 10101]]
                .map(([sent, now]) => transit.extra(sent, now)); }"""
        )
        assert extra == [0, 5, 6900, 5901, 1]
        drift = await page.evaluate(
            """() => { const transit = new Transit(); let worst = 0;
            for (let n = 0; n < 86400; n++) worst = Math.max(worst, transit.extra(n * 1000, n * 1000.1));
            return worst; }"""
        )
        assert drift < 10, "a clock that runs 0.01 % fast makes nothing old in a day"
        waits = await page.evaluate("() => [0, 1, 2, 3, 4, 5, 50].map((n) => reconnectWait(n, 0.9999))")
        assert [round(wait) for wait in waits] == [200, 400, 800, 1600, 3200, 5000, 5000]
        assert await page.evaluate("() => [ageText(5200), ageText(192000), ageText(3792000)]") == [
            "0:05", "3:12", "1:03:12",
        ]  # fmt: skip

    asyncio.run(run())
