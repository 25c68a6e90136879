"""The video gateway over real sockets: who may watch what, true ages, and viewers who do not read."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from streams.board import Board, Shot
from streams.camera import Limits, Moment, Reason
from streams.gateway import Courtesy, Credentials, Gateway, Viewer
from streams.process import moment
from tests.edges.streams_harness import ORIGIN, Watcher, anybody, ask, socket_to, watching

CAMERAS = ("a", "b", "secret")


def shot(camera: str, mono: float | None = None, size: int = 20_000) -> Shot:
    now = time.monotonic() if mono is None else mono
    return Shot(camera, now, datetime.now(UTC), os.urandom(size), 100.0, 0.01)


@asynccontextmanager
async def gateway(courtesy: Courtesy | None = None, **changes: Any) -> AsyncIterator[tuple[Gateway, Board]]:
    """A gateway over a board of three live cameras, one of which nobody may see."""
    board = Board(Limits())
    for camera in CAMERAS:
        board.admit(camera, moment())
        board.pictured(shot(camera), moment())
    settings: dict[str, Any] = {
        "origins": frozenset({ORIGIN}), "web_port": 8050, "may_watch": anybody,
        "visible": lambda viewer, camera: camera != "secret", "courtesy": courtesy,
    }  # fmt: skip
    async with Gateway(board, moment, **(settings | changes)).listening("127.0.0.1", 0) as serving:
        yield serving, board


async def refusal(port: int, **more: Any) -> int:
    """The status with which a handshake is refused."""
    with pytest.raises(InvalidStatus) as refused:
        async with socket_to(port, **more):
            pass
    return refused.value.response.status_code


def test_a_viewer_gets_states_and_the_newest_pictures_at_once_with_their_true_age() -> None:
    async def run() -> None:
        async with gateway() as (serving, board):
            board.pictured(replace(shot("a"), mono=time.monotonic() - 0.1), moment())
            board.ticked(moment())
            await asyncio.sleep(1.0)
            async with watching(serving.port, ["a", "b"]) as watcher:
                await watcher.until(lambda seen: set(seen.pictures) == {"a", "b"}, within=1)
                assert {text["camera"] for text in watcher.texts if text["kind"] == "state"} == {"a", "b"}
                header = watcher.pictures["b"][0].header
                assert 1000 <= header["age_ms"] <= 1900
                assert header["state"] == "live"
                newest = board.shot("b")
                assert newest is not None and watcher.pictures["b"][0].jpeg == newest.jpeg

    asyncio.run(run())


def test_a_stalled_camera_is_told_at_once_and_its_last_picture_is_stale() -> None:
    async def run() -> None:
        async with gateway() as (serving, board), watching(serving.port, ["a"]) as watcher:
            await watcher.until(lambda seen: seen.count("a") == 1, within=1)
            board.failed("a", Reason.CLOSED, moment())
            await watcher.until(lambda seen: seen.texts[-1].get("state") == "stalled", within=0.5)
            assert watcher.texts[-1]["reason"] == "closed"
            async with watching(serving.port, ["a"]) as later:
                await later.until(lambda seen: seen.count("a") == 1, within=1)
                assert later.pictures["a"][0].header["state"] == "stale"

    asyncio.run(run())


def test_the_cameras_watched_can_be_changed() -> None:
    async def run() -> None:
        async with gateway() as (serving, board), socket_to(serving.port) as connection:
            watcher = Watcher()
            for wanted in ("a", "b"):
                await ask(connection, [wanted])
                async with asyncio.timeout(2):
                    while not watcher.count(wanted):
                        watcher.take(await connection.recv())
            before = watcher.count("a")
            board.pictured(shot("a"), moment())
            board.pictured(shot("b"), moment())
            async with asyncio.timeout(2):
                while watcher.count("b") < 2:
                    watcher.take(await connection.recv())
            assert watcher.count("a") == before

    asyncio.run(run())


def test_whoever_may_not_watch_is_refused_before_the_handshake() -> None:
    async def nobody(credentials: Credentials) -> Viewer | None:
        return None

    async def breaks(credentials: Credentials) -> Viewer | None:
        raise RuntimeError("the database is away")

    async def run() -> None:
        for judge in (nobody, breaks):
            async with gateway(may_watch=judge) as (serving, _):
                assert await refusal(serving.port) == 401
        async with gateway() as (serving, _):
            assert await refusal(serving.port, origin="http://evil.example") == 403
            assert await refusal(serving.port, origin="http://evil.example:8050") == 403
            async with socket_to(serving.port, origin="http://127.0.0.1:8050"):
                pass
            assert serving.viewers <= 1

    asyncio.run(run())


def test_the_judge_sees_cookies_and_token_and_where_they_come_from() -> None:
    shown: list[Credentials] = []

    async def judge(credentials: Credentials) -> Viewer | None:
        shown.append(credentials)
        return Viewer("v")

    async def run() -> None:
        async with gateway(may_watch=judge) as (serving, _):
            headers = {"Cookie": "gc_session=abc; gc_lang=en", "Authorization": "Bearer xyz"}
            async with socket_to(serving.port, additional_headers=headers):
                pass
        assert shown == [Credentials({"gc_session": "abc", "gc_lang": "en"}, "xyz", "127.0.0.1")]

    asyncio.run(run())


def test_a_camera_that_is_not_for_this_viewer_looks_like_one_that_does_not_exist() -> None:
    async def run() -> None:
        async with gateway() as (serving, board), watching(serving.port, ["a", "secret", "absent"]) as watcher:
            await watcher.until(lambda seen: seen.count("a") == 1 and bool(seen.texts), within=1)
            board.pictured(shot("secret"), moment())
            board.pictured(shot("a"), moment())
            await watcher.until(lambda seen: seen.count("a") == 2, within=1)
            assert set(watcher.pictures) == {"a"}
            assert {"kind": "refused", "cameras": ["absent", "secret"]} in watcher.texts
            assert not [text for text in watcher.texts if text.get("camera") not in ("a", None)]

    asyncio.run(run())


def test_a_judge_of_cameras_that_breaks_shows_nothing() -> None:
    def breaks(viewer: Viewer, camera: str) -> bool:
        raise RuntimeError("no answer")

    async def run() -> None:
        async with gateway(visible=breaks) as (serving, _), watching(serving.port, ["a"]) as watcher:
            await watcher.until(lambda seen: bool(seen.texts), within=1)
            assert watcher.texts == [{"kind": "refused", "cameras": ["a"]}]

    asyncio.run(run())


def test_a_camera_asked_for_before_it_is_on_the_register_appears_when_it_is() -> None:
    async def run() -> None:
        async with gateway() as (serving, board), watching(serving.port, ["a", "new", "secret2"]) as watcher:
            await watcher.until(lambda seen: seen.count("a") == 1, within=1)
            assert {"kind": "refused", "cameras": ["new", "secret2"]} in watcher.texts
            board.admit("new", moment())
            board.pictured(shot("new"), moment())
            await watcher.until(lambda seen: seen.count("new") == 1, within=1)

    asyncio.run(run())


def test_a_revoked_viewer_is_shut_out_and_a_withdrawn_camera_disappears() -> None:
    allowed, cameras = [True], {"a", "b"}

    async def judge(credentials: Credentials) -> Viewer | None:
        return Viewer("v") if allowed[0] else None

    async def run() -> None:
        changes = {"may_watch": judge, "visible": lambda viewer, camera: camera in cameras}
        async with gateway(Courtesy(again=0.2), **changes) as (serving, _), socket_to(serving.port) as connection:
            await ask(connection, ["a", "b"])
            await asyncio.sleep(0.1)
            cameras.discard("b")
            watcher = Watcher()
            async with asyncio.timeout(2):
                while {"kind": "refused", "cameras": ["b"]} not in watcher.texts:
                    watcher.take(await connection.recv())
            allowed[0] = False
            with pytest.raises(ConnectionClosed) as closed:
                async with asyncio.timeout(2):
                    while True:
                        await connection.recv()
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401

    asyncio.run(run())


@pytest.mark.parametrize(
    "message", ["nonsense", '{"kind":"watch"}', json.dumps({"kind": "watch", "cameras": ["x"] * 99})]
)
def test_a_malformed_message_closes_the_connection_with_a_policy_code(message: str) -> None:
    async def run() -> None:
        async with gateway() as (serving, _), socket_to(serving.port) as connection:
            await connection.send(message)
            with pytest.raises(ConnectionClosed) as closed:
                await connection.recv()
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008

    asyncio.run(run())


def test_connections_of_one_viewer_and_messages_of_one_connection_are_bounded() -> None:
    async def run() -> None:
        async with gateway(Courtesy(per_viewer=2, requests=5)) as (serving, _):
            async with socket_to(serving.port) as one, socket_to(serving.port):
                assert await refusal(serving.port) == 429
                for _ in range(7):
                    await ask(one, ["a"])
                with pytest.raises(ConnectionClosed):
                    async with asyncio.timeout(2):
                        while True:
                            await one.recv()
            async with socket_to(serving.port):
                pass

    asyncio.run(run())


def test_who_never_says_what_he_watches_is_let_go() -> None:
    async def run() -> None:
        async with gateway(Courtesy(first=0.3)) as (serving, _), socket_to(serving.port) as connection:
            with pytest.raises(ConnectionClosed):
                async with asyncio.timeout(3):
                    while True:
                        await connection.recv()
            assert serving.viewers == 0

    asyncio.run(run())


def test_there_is_a_sign_of_life_while_nothing_happens() -> None:
    async def run() -> None:
        async with gateway(Courtesy(beat=0.1)) as (serving, _), watching(serving.port, []) as watcher:
            await watcher.until(lambda seen: len(seen.texts) >= 3, within=2)
            assert {text["kind"] for text in watcher.texts} == {"beat"}

    asyncio.run(run())


class DoesNotRead:
    """A viewer that opens, watches, and never reads again."""

    def __init__(self, port: int) -> None:
        self.line = socket.create_connection(("127.0.0.1", port))
        self.line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        request = (
            f"GET /tiles HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: {ORIGIN}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: gridcommand.tiles.v1\r\n\r\n"
        )
        self.line.sendall(request.encode())
        text = json.dumps({"kind": "watch", "cameras": ["a", "b"]}).encode()
        frame = bytes((0x81, 0x80 | len(text))) + b"\0\0\0\0" + text
        self.line.sendall(frame)


def test_viewers_who_do_not_read_are_dropped_cost_no_memory_and_delay_nobody() -> None:
    async def run() -> None:
        async with (
            gateway(Courtesy(patience=1.0, per_viewer=99)) as (serving, board),
            watching(serving.port, ["a", "b"]) as watcher,
        ):
            bad = [DoesNotRead(serving.port) for _ in range(15)]
            await asyncio.sleep(0.3)
            assert serving.viewers == 16
            tracemalloc.start()
            before, _ = tracemalloc.get_traced_memory()
            sent: dict[int, float] = {}
            for number in range(120):
                board.pictured(shot("a", size=40_000), moment())
                board.pictured(shot("b", size=40_000), moment())
                sent[number] = time.monotonic()
                await asyncio.sleep(0.03)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert peak - before < 15 << 20, f"{(peak - before) >> 20} MiB for pictures that nobody reads"
            assert serving.viewers == 1 and serving.evicted == 15
            assert watcher.count("a") >= 100
            delays = sorted(seen.got - seen.taken for seen in watcher.pictures["a"][1:])
            assert delays[int(len(delays) * 0.99)] < 0.25
            for one in bad:
                one.line.close()

    asyncio.run(run())


def test_a_viewer_who_reads_slowly_gets_fewer_pictures_and_not_older_ones() -> None:
    async def run() -> None:
        async with gateway() as (serving, board), socket_to(serving.port, max_queue=1) as connection:
            connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
            await ask(connection, ["a"])
            feeding = asyncio.create_task(feed(board))
            watcher = Watcher()
            began = time.monotonic()
            while time.monotonic() - began < 4:
                watcher.take(await connection.recv())
                await asyncio.sleep(0.25)
            feeding.cancel()
            ages = [seen.got - seen.taken for seen in watcher.pictures["a"][3:]]
            connection.transport.abort()
            assert max(ages) < 2.5, f"pictures were queued and grew old: {ages}"

    async def feed(board: Board) -> None:
        while True:
            board.pictured(shot("a", size=60_000), moment())
            await asyncio.sleep(0.05)

    asyncio.run(run())


def test_a_clock_that_stands_still_for_the_gateway_alone_makes_its_pictures_stale() -> None:
    """Stopped and continued, the gateway must not send what waited as if it were of now."""
    readings = [time.monotonic()]

    def late() -> Moment:
        return Moment(readings[0], datetime.now(UTC))

    async def run() -> None:
        board = Board(Limits())
        board.admit("a", late())
        board.pictured(shot("a", mono=readings[0]), late())
        serving = Gateway(
            board, late, origins=frozenset({ORIGIN}), web_port=None, may_watch=anybody, visible=lambda v, c: True
        )
        async with serving.listening("127.0.0.1", 0):
            readings[0] += 30.0
            async with watching(serving.port, ["a"]) as watcher:
                await watcher.until(lambda seen: seen.count("a") == 1, within=1)
                header = watcher.pictures["a"][0].header
                assert (header["state"], header["age_ms"]) == ("stale", 30_000)

    asyncio.run(run())
