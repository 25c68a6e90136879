"""`live/player.js` in a real browser: it plays, says how old its picture is, greys what has stopped, asks for tickets."""

from __future__ import annotations

import asyncio
import shutil
import time
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, async_playwright

from bench.cameras_glass import PAGE, SECRET, site
from streams.camera import State
from streams.clips import Clip, clip_from
from streams.tickets import Ticket, verified
from tests.conftest import missing
from tests.edges.streams_harness import SHARED_VIDEO, camera, rtsp, streams


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return clip_from(SHARED_VIDEO / "car-detection.mp4", tmp_path_factory.mktemp("clips"))


def verify(text: str, viewer: str) -> Ticket:

    return verified(SECRET, text, viewer="bench", now=datetime.now(UTC))


async def until(page: Page, state: str, within: float) -> float:
    began = time.monotonic()
    while (shown := await page.evaluate("document.querySelector('.live-view').dataset.state")) != state:
        assert time.monotonic() - began < within, f"the view is {shown}, not {state}"
        await asyncio.sleep(0.05)
    return time.monotonic() - began


async def picture(page: Page) -> list[int]:
    """A few pixels of what the video shows."""
    return list(
        await page.evaluate(
            """() => { const video = document.querySelector("video");
            const brush = new OffscreenCanvas(8, 8).getContext("2d");
            brush.drawImage(video, 0, 0, 8, 8); return [...brush.getImageData(0, 0, 8, 8).data]; }"""
        )
    )


def test_a_live_view_plays_tells_its_delay_greys_when_it_stops_and_plays_again(clip: Clip) -> None:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        missing("Chromium (Debian: chromium)")

    async def scene() -> None:
        pages: dict[str, str] = {}
        with site(pages) as web:
            async with (
                rtsp({"a": clip}) as server,
                streams(
                    [camera("c0", server.port)], verify=verify, origins=frozenset({f"http://127.0.0.1:{web}"})
                ) as running,
            ):
                await running.until("c0", State.LIVE, within=10)
                pages["/page"] = PAGE % {"kind": "live", "number": 1, "columns": 1, "stream": "sub", "bits": 8,
                                         "port": running.port}  # fmt: skip
                async with async_playwright() as playwright:
                    browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
                    page = await browser.new_page()
                    errors: list[str] = []
                    page.on("pageerror", lambda error: errors.append(str(error)))
                    await page.goto(f"http://127.0.0.1:{web}/page")
                    await until(page, "live", within=10)
                    await _plays(page)
                    clip_gone = server.clip_at("a")
                    server.remove("a")
                    server.hang_up()
                    await until(page, "stalled", within=4)
                    note = await page.evaluate("document.querySelector('.live-note').textContent")
                    assert note == "live.stalled"
                    assert clip_gone is not None
                    server.add("a", clip_gone)
                    await until(page, "live", within=20)
                    await _no_drift(page)
                    assert not errors, errors
                    await browser.close()

    asyncio.run(scene())


async def _plays(page: Page) -> None:
    before = await picture(page)
    await asyncio.sleep(1.5)
    assert await picture(page) != before, "the picture moves"
    facts = await page.evaluate("({...document.querySelector('.live-view').dataset})")
    assert facts["mode"] == "video" and 0 <= int(facts["latency"]) < 2500
    mark = await page.evaluate("document.querySelector('.live-mark').textContent")
    assert mark == "live.watermark"


async def _no_drift(page: Page) -> None:
    """A tab that was held up for two seconds does not stay two seconds behind."""
    await page.evaluate("const until = performance.now() + 2000; while (performance.now() < until);")
    await asyncio.sleep(2.5)
    assert int(await page.evaluate("document.querySelector('.live-view').dataset.latency")) < 2000
