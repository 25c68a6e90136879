"""A save of masks that was answered is in force: no picture under the old masks is sent after it, on any path."""

from __future__ import annotations

import asyncio
import http.client
import time
from pathlib import Path

import pytest
import simplejpeg

from streams.camera import State
from streams.clips import Clip
from streams.inforce import masks_in_force
from streams.relay import Relays
from tests.edges.streams_harness import camera, rtsp, streams, watching
from tests.edges.test_streams_live import MASK, clip, playing, ticket, until, verify

__all__ = ["clip"]


async def told_after_the_save(clip: Clip) -> tuple[list[str], list[str]]:
    """Save masks while the camera is watched by tile, sub and main stream; what was sent after the answer and was not
    taken under them, and what was."""
    wrong, right = [], []
    async with rtsp({"a": clip, "main": clip}) as server:
        spec = camera("a", server.port, main_address=f"rtsp://127.0.0.1:{server.port}/main")
        masked = camera("a", server.port, main_address=spec.main_address, masks=(MASK,))
        async with streams([spec], verify=verify, reread=60.0) as running:
            await running.until("a", State.LIVE, within=10)
            async with (
                watching(running.port, ["a"]) as tiles,
                playing(running, ticket("a"), "main") as main,
                playing(running, ticket("a")) as sub,
            ):
                await until(main, 15, within=15)
                await until(sub, 15, within=15)
                running.cameras[:] = [masked]
                address = f"ws://127.0.0.1:{running.port}/tiles"
                assert await asyncio.to_thread(masks_in_force, address, {}, "a", [MASK])
                answered = time.monotonic() * 1000
                async with playing(running, ticket("a")) as late, asyncio.timeout(20):
                    views = {"main": main, "sub": sub, "late": late}
                    while tiles.count("a", answered / 1000) < 2 or not all(
                        one.heads and one.heads[-1]["part"] == "data" and one.view.get("masked")
                        for one in views.values()
                    ):
                        await asyncio.sleep(0.05)
                for name, one in views.items():
                    begun = False
                    for head in one.heads:
                        begun = begun or bool(head.get("part") == "init" and head["masked"])
                        if head.get("part") == "data" and head["sent"] > answered:
                            (right if begun else wrong).append(name)
                for seen in tiles.pictures["a"]:
                    if seen.header["sent"] > answered:
                        grey = simplejpeg.decode_jpeg(seen.jpeg, "GRAY")[:, 326:]
                        (right if int(grey.max()) - int(grey.min()) <= 6 else wrong).append("tile")
    return wrong, right


def test_no_picture_under_the_old_masks_is_sent_after_the_save_was_answered(clip: Clip) -> None:
    wrong, right = asyncio.run(told_after_the_save(clip))
    assert not wrong and {"main", "sub", "late", "tile"} <= set(right)


def test_a_relay_that_keeps_what_it_has_would_be_noticed(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: the group of pictures that runs, kept for whoever comes next, was taken under the old masks."""
    monkeypatch.setattr(Relays, "renew", lambda self, camera, now: None)
    wrong, _ = asyncio.run(told_after_the_save(clip))
    assert "late" in wrong


def test_what_is_not_known_is_not_called_in_force(clip: Clip) -> None:
    async def scene() -> None:
        async with rtsp({"a": clip}) as server, streams([camera("a", server.port)], reread=60.0) as running:
            address = f"ws://127.0.0.1:{running.port}/tiles"
            asked = await asyncio.to_thread(masks_in_force, address, {}, "a", [MASK])
            other = await asyncio.to_thread(masks_in_force, address, {}, "b", [])
            none = await asyncio.to_thread(masks_in_force, address, {}, "a", [])
            assert (asked, other, none) == (False, False, True)

    asyncio.run(scene())
    assert not masks_in_force("ws://127.0.0.1:9/tiles", {}, "a", [], patience=0.5)


def test_who_may_not_watch_is_not_told_about_masks(clip: Clip, tmp_path: Path) -> None:
    async def nobody(_: object) -> None:
        return None

    async def scene() -> None:
        async with rtsp({"a": clip}) as server, streams([camera("a", server.port)], may_watch=nobody) as running:

            def ask() -> int:
                line = http.client.HTTPConnection("127.0.0.1", running.port, timeout=5)
                line.request("GET", "/masks?camera=a")
                return line.getresponse().status

            assert await asyncio.to_thread(ask) == http.client.UNAUTHORIZED

    asyncio.run(scene())
