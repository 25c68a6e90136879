"""Live views over real RTSP and a real gateway: a ticket first, video that plays, masks in every pixel, never older."""

from __future__ import annotations

import asyncio
import io
import json
import os
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from streams.camera import State
from streams.clips import Clip, clip_from, h264_stream
from streams.relay import LIVE_SUBPROTOCOL
from streams.source import Waits
from streams.tickets import Ticket, TicketRefusedError, issued, verified
from tests.edges.streams_harness import ORIGIN, Streams, camera, rtsp, streams, workers

SECRET = "for tests"
MASK = ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))


def verify(text: str, viewer: str) -> Ticket:
    return verified(SECRET, text, viewer=viewer, now=datetime.now(UTC))


def ticket(name: str, viewer: str = "anybody") -> str:
    return issued(SECRET, Ticket.until(datetime.now(UTC), viewer=viewer, camera=name, purpose="case:1", ledger=1))


RATE = 12


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """Five seconds of something that moves, with a key picture each second."""
    folder = tmp_path_factory.mktemp("clips")
    ground = np.random.default_rng(1).integers(20, 235, (18, 32), np.uint8).repeat(20, 0).repeat(20, 1)
    with av.open(str(folder / "moving.mp4"), "w") as sink:
        out = h264_stream(sink, Fraction(RATE), (640, 360), quality=28)
        for number in range(5 * RATE):
            picture = np.full((540, 640), 128, np.uint8)
            picture[:360] = np.roll(ground, number * 8, 1)
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            sink.mux(out.encode(frame))
        sink.mux(out.encode(None))
    return clip_from(folder / "moving.mp4", folder)


@dataclass
class Player:
    """A browser without a screen: it takes a view's messages down and can play them."""

    texts: list[dict[str, Any]] = field(default_factory=list)
    heads: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    got: list[float] = field(default_factory=list)

    def take(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self.texts.append(json.loads(message))
            return
        (length,) = struct.unpack(">I", message[:4])
        self.heads.append(json.loads(message[4 : 4 + length]))
        self.bodies.append(message[4 + length :])
        self.got.append(time.monotonic())

    @property
    def view(self) -> dict[str, Any]:
        found = [head for head in self.heads if head.get("part") == "init"]
        return found[-1] if found else next(text for text in reversed(self.texts) if text["kind"] == "view")

    def pictures(self) -> list[np.ndarray[Any, Any]]:
        """What the fragments of the last run show, as grey pictures."""
        first = max(index for index, head in enumerate(self.heads) if head.get("part") == "init")
        with av.open(io.BytesIO(b"".join(self.bodies[first:]))) as played:
            return [frame.to_ndarray(format="gray") for frame in played.decode(video=0)]


@asynccontextmanager
async def playing(running: Streams, text: str, stream: str = "sub") -> AsyncIterator[Player]:
    player = Player()
    async with connect(
        f"ws://127.0.0.1:{running.port}/live", subprotocols=[LIVE_SUBPROTOCOL], origin=ORIGIN, compression=None,
        max_size=8 << 20,
    ) as socket:  # fmt: skip
        await socket.send(json.dumps({"kind": "live", "ticket": text, "stream": stream}))

        async def listen() -> None:
            async for message in socket:
                player.take(message)

        listening = asyncio.create_task(listen())
        try:
            yield player
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


async def until(player: Player, number: int, within: float = 8.0) -> None:
    async with asyncio.timeout(within):
        while sum(head.get("part") == "data" for head in player.heads) < number:
            await asyncio.sleep(0.02)


def test_a_live_view_begins_at_once_plays_and_costs_the_camera_no_second_connection(clip: Clip) -> None:
    async def scene() -> None:
        async with rtsp({"a": clip}) as server, streams([camera("a", server.port)], verify=verify) as running:
            await running.until("a", State.LIVE, within=10)
            await asyncio.sleep(1.5)
            opened, began = server.opened, time.monotonic()
            async with playing(running, ticket("a")) as player:
                await until(player, 1)
                assert time.monotonic() - began < 1.0, "a camera that is watched anyway must be shown at once"
                await until(player, 40)
                last = [head["age_ms"] for head in player.heads[-8:]]
                assert min(last) < 1500, "what comes is young: the group that was kept is long past"
                assert player.view["mode"] == "video" and player.view["mime"].startswith("video/mp4")
                assert len(player.pictures()) >= 30
                async with playing(running, ticket("a")) as second:
                    await until(second, 5, within=3.0)
                    assert second.heads[1]["key"], "a viewer who comes later begins with a key picture"
            assert server.opened == opened

    asyncio.run(scene())


def test_a_main_stream_is_opened_for_its_viewers_only(clip: Clip) -> None:
    async def scene() -> None:
        async with rtsp({"a": clip, "main": clip}) as server:
            spec = camera("a", server.port, main_address=f"rtsp://127.0.0.1:{server.port}/main")
            async with streams([spec], verify=verify) as running:
                await running.until("a", State.LIVE, within=10)
                opened = server.opened
                async with playing(running, ticket("a"), "main") as player:
                    await until(player, 10)
                    assert player.view["stream"] == "main" and player.view["why"] is None
                    assert server.opened > opened
                    assert player.view["mode"] == "video"

    asyncio.run(scene())


def test_a_main_stream_that_cannot_be_had_gives_the_sub_stream_and_the_reason(clip: Clip) -> None:
    async def scene() -> None:
        async with rtsp({"a": clip}) as server:
            spec = camera("a", server.port, main_address=f"rtsp://127.0.0.1:{server.port}/nothing")
            async with streams([spec], verify=verify) as running:
                await running.until("a", State.LIVE, within=10)
                async with playing(running, ticket("a"), "main") as player:
                    await until(player, 5)
                    assert (player.view["stream"], player.view["why"]) == ("sub", "no_main")
                assert running.state("a") is State.LIVE

    asyncio.run(scene())


def test_a_main_stream_that_only_trickles_is_given_up_and_harms_nobody(clip: Clip) -> None:
    async def scene() -> None:
        async with rtsp({"a": clip, "main": clip}) as server:
            spec = camera("a", server.port, main_address=f"rtsp://127.0.0.1:{server.port}/main?fault=drip_after=1")
            async with streams([spec], verify=verify, waits=Waits(0.5, 2.0, 1.5)) as running:
                await running.until("a", State.LIVE, within=10)
                before = workers(os.getpid())
                async with playing(running, ticket("a"), "main") as player, asyncio.timeout(20):
                    while not player.heads or player.view["stream"] != "sub" or player.heads[-1]["part"] != "data":
                        await asyncio.sleep(0.05)
                    assert player.view["why"] == "no_main"
                assert workers(os.getpid()) == before and running.state("a") is State.LIVE

    asyncio.run(scene())


def test_masked_pixels_are_constant_in_live_video_and_a_masked_main_stream_is_never_opened(clip: Clip) -> None:
    async def scene() -> None:
        async with rtsp({"a": clip, "main": clip}) as server:
            spec = camera("a", server.port, masks=(MASK,), main_address=f"rtsp://127.0.0.1:{server.port}/main")
            async with streams([spec], verify=verify) as running:
                await running.until("a", State.LIVE, within=10)
                opened = server.opened
                async with playing(running, ticket("a"), "main") as player:
                    await until(player, 30, within=12)
                assert server.opened == opened
                assert (player.view["stream"], player.view["why"], player.view["masked"]) == ("sub", "masked", True)
                pictures = player.pictures()
                assert len(pictures) >= 20
                hidden = np.stack([picture[:, picture.shape[1] // 2 + 2 :] for picture in pictures])
                shown = np.stack([picture[:, : picture.shape[1] // 2 - 12] for picture in pictures])
                assert hidden.max() - hidden.min() <= 4, "a masked pixel changes"
                assert shown.max() - shown.min() > 100

    asyncio.run(scene())


@pytest.mark.parametrize("text", ["", "v1.x.y", ticket("a", "somebody else"), ticket("b")])
def test_without_a_ticket_for_this_viewer_and_camera_nothing_is_sent(clip: Clip, text: str) -> None:
    async def scene() -> None:
        async with rtsp({"a": clip}) as server, streams([camera("a", server.port)], verify=verify) as running:
            await running.until("a", State.LIVE, within=10)
            async with connect(
                f"ws://127.0.0.1:{running.port}/live", subprotocols=[LIVE_SUBPROTOCOL], origin=ORIGIN
            ) as socket:
                await socket.send(json.dumps({"kind": "live", "ticket": text}))
                with pytest.raises(ConnectionClosed) as closed:
                    await asyncio.wait_for(socket.recv(), 3)
                assert closed.value.rcvd is not None and closed.value.rcvd.code == 4403

    asyncio.run(scene())


def test_a_viewer_who_does_not_read_gets_fewer_pictures_and_never_older_ones(clip: Clip) -> None:
    """The relay's queue is unit-tested; here: after a pause the pictures that come are young."""

    async def scene() -> None:
        async with rtsp({"a": clip}) as server, streams([camera("a", server.port)], verify=verify) as running:
            await running.until("a", State.LIVE, within=10)
            async with connect(
                f"ws://127.0.0.1:{running.port}/live", subprotocols=[LIVE_SUBPROTOCOL], origin=ORIGIN,
                compression=None, max_queue=1,
            ) as socket:  # fmt: skip
                await socket.send(json.dumps({"kind": "live", "ticket": ticket("a")}))
                await asyncio.sleep(4.0)
                player, end = Player(), time.monotonic() + 2.0
                while time.monotonic() < end:
                    player.take(await asyncio.wait_for(socket.recv(), 3))
                late = [head["age_ms"] for head in player.heads if head.get("part") == "data"][-10:]
                assert max(late) < 2500

    asyncio.run(scene())


def test_h265_over_rtsp_is_watched_and_given_as_key_pictures_with_a_word_and_masked_as_video(tmp_path: Path) -> None:
    """A browser without H.265 gets the key pictures; what must be masked is decoded and encoded anyway, so it plays."""

    async def scene() -> None:
        hevc = clip_from(_hevc(tmp_path / "hevc.mp4"), tmp_path, ("hevc",))
        assert hevc.codec.name == "H265"
        async with rtsp({"a": hevc}) as server:
            specs = [camera("plain", server.port), camera("masked", server.port, masks=(MASK,))]
            async with streams(specs, verify=verify) as running:
                for spec in specs:
                    await running.until(spec.id, State.LIVE, within=10)
                async with playing(running, ticket("plain")) as player:
                    async with asyncio.timeout(8):
                        while not any("camera" in head and "part" not in head for head in player.heads):
                            await asyncio.sleep(0.05)
                    assert (player.view["mode"], player.view["why"]) == ("pictures", "codec")
                async with playing(running, ticket("masked")) as player:
                    await until(player, 15, within=12)
                assert player.view["mime"].startswith('video/mp4; codecs="avc1.')
                pictures = player.pictures()
                hidden = np.stack([picture[:, picture.shape[1] // 2 + 2 :] for picture in pictures])
                assert hidden.max() - hidden.min() <= 4, "a masked pixel changes"
                assert np.ptp(np.stack(pictures)[:, :, : pictures[0].shape[1] // 2 - 12]) > 100

    asyncio.run(scene())


def _hevc(file: Path) -> Path:
    with av.open(str(file), "w") as sink:
        out = sink.add_stream("libx265", rate=10)
        out.width, out.height, out.pix_fmt = 320, 180, "yuv420p"
        out.options = {"preset": "ultrafast", "x265-params": "keyint=10:bframes=0:log-level=none:pools=none"}
        dice = np.random.default_rng(1)
        for _ in range(60):
            plane = dice.integers(0, 255, (270, 320), np.uint8)
            sink.mux(out.encode(av.VideoFrame.from_ndarray(plane, format="yuv420p")))
        sink.mux(out.encode(None))
    return file


def test_the_broken_twin_of_the_ticket_would_be_noticed() -> None:
    with pytest.raises(TicketRefusedError):
        verify(ticket("a", "somebody else"), "anybody")
