"""A screen follows a patrol over the real gateway: its group, the next one's pictures ahead, an emergency in between."""

from __future__ import annotations

import asyncio
import json
import struct
import time
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from streams.camera import State
from streams.clips import clip_from
from streams.patrol import Sight
from streams.rounds import PlanOf
from tests.edges.streams_harness import SHARED_VIDEO, camera, rtsp, socket_to, streams

NAMES = [f"c{number}" for number in range(6)]


def test_a_screen_is_led_round_and_an_emergency_takes_over_and_gives_back(tmp_path: Any) -> None:
    clip = clip_from(SHARED_VIDEO / "car-detection.mp4", tmp_path)
    held: list[str] = []

    def risk() -> tuple[dict[str, Sight], list[str]]:
        return {"c5": Sight("c5", open_cases=3)}, list(held)

    async def scene() -> None:
        async with (
            rtsp({"a": clip}) as server,
            streams(
                [camera(name, server.port) for name in NAMES], plans={"all": PlanOf(dwell=7.0)}, risk=risk
            ) as running,
        ):
            for name in NAMES:
                await running.until(name, State.LIVE, within=15)
            async with socket_to(running.port) as socket:
                await socket.send(json.dumps({"kind": "patrol", "plan": "all", "tiles": 4}))
                groups, ahead, pictured = [], [], dict[str, float]()
                end = time.monotonic() + 8.5
                while time.monotonic() < end:
                    message = await asyncio.wait_for(socket.recv(), 5)
                    if isinstance(message, bytes):
                        (length,) = struct.unpack(">I", message[:4])
                        pictured.setdefault(json.loads(message[4 : 4 + length])["camera"], time.monotonic())
                    elif (said := json.loads(message))["kind"] == "group":
                        groups.append((time.monotonic(), said))
                        ahead.append(said["next"])
                assert groups[0][1]["cameras"] == ["c5", "c0", "c1", "c2"], "open cases come first"
                second = next((at, one) for at, one in groups if one["cameras"] == ["c3", "c4"])
                assert ["c3", "c4"] in ahead
                assert pictured["c3"] < second[0], "the next group's pictures are there before its turn"
                held.append("c1")
                async with asyncio.timeout(8):
                    while not (said := await _group(socket))["held"]:
                        pass
                assert said["cameras"] == ["c1"]
                held.clear()
                async with asyncio.timeout(8):
                    while (said := await _group(socket))["held"]:
                        pass
                assert said["cameras"] in (["c3", "c4"], ["c5", "c0", "c1", "c2"])
            async with socket_to(running.port) as socket:
                await socket.send(json.dumps({"kind": "patrol", "plan": "none", "tiles": 4}))
                with pytest.raises(ConnectionClosed):
                    await asyncio.wait_for(_group(socket), 3)

    asyncio.run(scene())


async def _group(socket: Any) -> dict[str, Any]:
    while True:
        message = await socket.recv()
        if isinstance(message, str) and (said := json.loads(message))["kind"] == "group":
            return dict(said)
