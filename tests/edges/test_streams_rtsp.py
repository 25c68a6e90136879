"""The RTSP server as real clients see it: FFmpeg through PyAV and OpenCV, and a hand-written one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from streams.clips import Clip, ClipError, clip_from, playable
from streams.demo_server import demo_address, serve_demo
from streams.scenes import rendered, scene_named
from tests.edges.streams_harness import rtsp

OPTIONS = {"rtsp_transport": "tcp", "timeout": "3000000", "analyzeduration": "100000"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("loops")


@pytest.fixture(scope="module")
def clip(folder: Path) -> Clip:
    return clip_from(rendered(scene_named("market-day-1"), folder), folder)


def test_a_loop_plays_for_pyav_without_a_break_beyond_its_end(clip: Clip) -> None:
    short = Clip(clip.units[:16], 2.0, clip.codec, clip.sets, clip.size)

    def play(address: str) -> list[float]:
        times = []
        with av.open(address, options=OPTIONS, timeout=(5, 5)) as container:
            for frame in container.decode(video=0):
                assert not frame.is_corrupt and (frame.width, frame.height) == (640, 360)
                times.append(frame.time or 0.0)
                if len(times) == 20:
                    return times
        return times

    async def run() -> None:
        async with rtsp({"a": short}) as server:
            times = await asyncio.to_thread(play, f"rtsp://127.0.0.1:{server.port}/a")
        steps = np.diff(times[1:])
        assert steps.min() > 0.05 and steps.max() < 0.3, "the loop's seam can be seen in its times"

    asyncio.run(run())


def test_opencv_plays_it_too(clip: Clip) -> None:
    def play(address: str) -> int:
        capture = cv2.VideoCapture(address, cv2.CAP_FFMPEG)
        try:
            return sum(capture.read()[0] for _ in range(10))
        finally:
            capture.release()

    async def run() -> None:
        async with rtsp({"a": clip}) as server:
            assert await asyncio.to_thread(play, f"rtsp://127.0.0.1:{server.port}/a") == 10

    asyncio.run(run())


async def conversation(port: int, *requests: str) -> str:
    """What a server answers to requests on one connection, heads only."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = ""
    for number, request in enumerate(requests, start=1):
        writer.write(f"{request} RTSP/1.0\r\nCSeq: {number}\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n".encode())
        async with asyncio.timeout(2):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if found := re.search(r"Content-Length: (\d+)", head):
            await reader.readexactly(int(found[1]))
        answers += head
    writer.close()
    return answers


def test_it_answers_every_request_of_the_protocol_it_speaks(clip: Clip) -> None:
    async def run() -> None:
        async with rtsp({"河/一": clip}) as server:
            server.announce("soon")
            url = demo_address("127.0.0.1", server.port, "河/一")
            said = await conversation(
                server.port, f"OPTIONS {url}", f"DESCRIBE {url}", f"SETUP {url}/track1", f"GET_PARAMETER {url}",
                f"RECORD {url}", f"TEARDOWN {url}",
            )  # fmt: skip
            assert re.findall(r"RTSP/1.0 (\d+)", said) == ["200", "200", "200", "200", "501", "200"]
            assert re.findall(r"CSeq: (\d)", said) == list("123456")
            for path, status in (("soon", "503"), ("never", "404"), ("never?fault=503", "503")):
                said = await conversation(server.port, f"DESCRIBE rtsp://127.0.0.1:{server.port}/{path}")
                assert re.findall(r"RTSP/1.0 (\d+)", said) == [status]
            said = await conversation(server.port, f"PLAY {url}")
            assert "454" in said

    asyncio.run(run())


def test_garbage_ends_the_conversation_and_not_the_server(clip: Clip) -> None:
    async def run() -> None:
        async with rtsp({"a": clip}) as server:
            for rubbish in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(4000), b"$\x00\xff\xff", b"\r\n\r\n", b"X" * 200_000):
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
                writer.write(rubbish)
                writer.write_eof()
                with contextlib.suppress(ConnectionResetError):
                    async with asyncio.timeout(2):
                        assert await reader.read() == b""
                writer.close()
            said = await conversation(server.port, f"OPTIONS rtsp://127.0.0.1:{server.port}/a")
            assert "200 OK" in said

    asyncio.run(run())


def test_a_client_that_does_not_read_is_not_sent_to_without_bound(clip: Clip) -> None:
    heavy = Clip(
        tuple(unit.__class__(unit.at / 20, unit.timestamp, unit.key, unit.payloads * 20) for unit in clip.units),
        clip.duration / 20, clip.codec, clip.sets, clip.size,
    )  # fmt: skip

    async def run() -> None:
        async with rtsp({"a": heavy}) as server:
            url = f"rtsp://127.0.0.1:{server.port}/a"
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
            for number, request in enumerate((f"DESCRIBE {url}", f"SETUP {url}/track1", f"PLAY {url}")):
                text = f"{request} RTSP/1.0\r\nCSeq: {number}\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n"
                writer.write(text.encode())
            await asyncio.sleep(2.5)
            assert server.unsent_bytes() < 3 << 20
            writer.close()
            assert reader is not None

    asyncio.run(run())


def test_a_clip_of_another_codec_is_transcoded_once_and_a_broken_one_refused(tmp_path: Path, clip: Clip) -> None:
    whole = rendered(scene_named("market-day-1"), tmp_path)
    with av.open(str(whole)) as source, av.open(str(tmp_path / "old.avi"), "w") as sink:
        out = sink.add_stream("mpeg4", rate=8)
        out.width, out.height, out.pix_fmt = 640, 360, "yuv420p"
        for number, frame in enumerate(source.decode(video=0)):
            if number == 24:
                break
            frame.pts, frame.time_base = number, Fraction(1, 8)
            sink.mux(out.encode(frame))
        sink.mux(out.encode(None))
    cache = tmp_path / "cache"
    loop = clip_from(tmp_path / "old.avi", cache)
    assert len(loop.units) == 24 and len(loop.keys) == 3
    (kept,) = cache.iterdir()
    stamp = kept.stat().st_mtime_ns
    clip_from(tmp_path / "old.avi", cache)
    assert kept.stat().st_mtime_ns == stamp
    (tmp_path / "text.mp4").write_text("x" * 5000)
    with pytest.raises(ClipError, match=r"text\.mp4"):
        clip_from(tmp_path / "text.mp4", cache)
    assert {file.name for file in playable(tmp_path)} == {"old.avi", "text.mp4", whole.name}


def test_the_demonstration_appears_camera_by_camera_and_its_second_start_finds_the_drawings(tmp_path: Path) -> None:
    scenes = {"河道": scene_named("river-day-1"), "market": scene_named("market-day-2")}
    said: list[str] = []

    async def start() -> float:
        stop, ports, began = asyncio.Event(), [], time.monotonic()
        settings = {"host": "127.0.0.1", "port": 0, "folder": tmp_path, "stop": stop, "say": said.append}
        serving = asyncio.create_task(serve_demo(scenes, ready=ports.append, **settings))
        while len(said) < 2:
            assert time.monotonic() - began < 15 and not serving.done()
            await asyncio.sleep(0.02)
        took = time.monotonic() - began
        said_of_river = await conversation(ports[0], f"DESCRIBE {demo_address('127.0.0.1', ports[0], '河道')}")
        assert "200 OK" in said_of_river
        stop.set()
        async with asyncio.timeout(2):
            await serving
        return took

    asyncio.run(start())
    assert said == ["河道: scene-1-river-day-1.mp4", "market: scene-1-market-day-2.mp4"]
    said.clear()
    drawn = {file.name: file.stat().st_mtime_ns for file in tmp_path.glob("*.mp4")}
    asyncio.run(start())
    assert drawn == {file.name: file.stat().st_mtime_ns for file in tmp_path.glob("*.mp4")}
