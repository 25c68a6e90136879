"""The streams process as a whole: masks end to end, its end, and that nothing outlives it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from streams.camera import Reason, State
from streams.clips import Clip, clip_from
from streams.scenes import rendered, scene_named
from streams.wire import CameraSpec
from tests.edges.streams_harness import camera, clip_camera, rtsp, streams, watching, workers

ROOT = Path(__file__).resolve().parents[2]
MASK = ((0.1, 0.2), (0.6, 0.2), (0.6, 0.8), (0.1, 0.8))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loops")
    rendered(scene_named("crossroads-day-1"), folder).rename(folder / "loop.mp4")
    return folder


@pytest.fixture(scope="module")
def clip(folder: Path) -> Clip:
    return clip_from(folder / "loop.mp4", folder)


def test_masked_pixels_are_constant_in_every_picture_a_viewer_gets(folder: Path, clip: Clip) -> None:
    async def run() -> None:
        async with rtsp({"a": clip}) as server:
            specs = [
                camera("masked", server.port, masks=(MASK,)),
                clip_camera("masked-file", "loop.mp4", masks=(MASK,)),
                camera("faulty", server.port, masks=(((0.1, 0.1), (2.0, 0.1), (0.5, 0.5)),)),
                camera("unreadable", server.port, masks="nonsense"),
                camera("as-lists", server.port, masks=[[list(corner) for corner in MASK]]),
            ]
            async with (
                streams(specs, folder) as running,
                watching(running.port, [spec.id for spec in specs]) as watcher,
            ):
                await watcher.until(lambda seen: min(seen.count("masked"), seen.count("masked-file")) >= 4, within=12)
                assert (running.state("faulty"), running.reason("faulty")) == (State.OFFLINE, Reason.MASK_FAILED)
                assert (running.state("unreadable"), running.reason("unreadable")) == (
                    State.OFFLINE,
                    Reason.MASK_FAILED,
                )
                assert set(watcher.pictures) == {"masked", "masked-file", "as-lists"}
                for name in watcher.pictures:
                    for seen in watcher.pictures[name]:
                        check(seen.jpeg)

    def check(jpeg: bytes) -> None:
        decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        height, width = decoded.shape[:2]
        hidden = decoded[int(0.2 * height) + 16 : int(0.8 * height) - 16, int(0.1 * width) + 16 : int(0.6 * width) - 16]
        assert np.unique(hidden.reshape(-1, 3), axis=0).shape[0] == 1
        assert decoded[: int(0.15 * height)].std() > 5, "the rest is a picture"

    asyncio.run(run())


def test_a_new_mask_is_never_preceded_by_a_picture_without_it(clip: Clip) -> None:
    async def run() -> None:
        async with (
            rtsp({"a": clip}) as server,
            streams([camera("x", server.port)]) as running,
            watching(running.port, ["x"]) as watcher,
        ):
            await watcher.until(lambda seen: seen.count("x") >= 2, within=6)
            running.cameras = [camera("x", server.port, masks=(MASK,))]
            changed = time.monotonic()
            while State.CONNECTING not in running.since(changed, "x"):
                await asyncio.sleep(0.01)
            masked_from = time.monotonic()
            await watcher.until(lambda seen: seen.count("x", masked_from) >= 2, within=6)
            for seen in watcher.pictures["x"]:
                if seen.got >= masked_from:
                    decoded = cv2.imdecode(np.frombuffer(seen.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
                    assert int(decoded[180, 200]) <= 2

    asyncio.run(run())


def test_a_report_of_states_that_fails_is_made_again_with_the_newest_state(clip: Clip) -> None:
    told: list[tuple[str, State]] = []
    broken = [True]

    def on_state(camera: str, state: State, reason: Reason | None, since: datetime) -> None:
        if broken[0]:
            raise RuntimeError("the database is away")
        told.append((camera, state))

    async def run() -> None:
        async with rtsp({"a": clip}) as server, streams([camera("x", server.port)], on_state=on_state):
            await asyncio.sleep(1.5)
            broken[0] = False
            async with asyncio.timeout(6):
                while ("x", State.LIVE) not in told:
                    await asyncio.sleep(0.02)

    asyncio.run(run())


def test_a_register_that_cannot_be_read_leaves_the_cameras_as_they_are(clip: Clip) -> None:
    async def run() -> None:
        async with rtsp({"a": clip}) as server:
            reads = [0]

            def register() -> list[CameraSpec]:
                reads[0] += 1
                if reads[0] > 1:
                    raise RuntimeError("the database is away")
                return [camera("x", server.port)]

            async with streams([], cameras=register) as running, watching(running.port, []) as _:
                await running.until("x", State.LIVE, within=6)
                await asyncio.sleep(1.0)
                assert reads[0] > 2 and running.state("x") is State.LIVE

    asyncio.run(run())


PROGRAM = textwrap.dedent(
    """
    import asyncio, json, sys
    from pathlib import Path
    from streams.addresses import AddressRules
    from streams.gateway import Viewer
    from streams.process import StreamsConfig, run
    from streams.wire import CameraSpec

    async def may_watch(credentials):
        return Viewer("v")

    beats = [0]

    def say(**line):
        print(json.dumps(line), flush=True)

    def beat():
        beats[0] += 1
        say(beat=beats[0])

    run(StreamsConfig(
        cameras=lambda: [CameraSpec("x", "", "loop.mp4", registered=True)], host="127.0.0.1", port=0,
        may_watch=may_watch, visible=lambda viewer, camera: True, rules=AddressRules((), Path(sys.argv[1])),
        ready=lambda port: say(port=port), beat=beat, on_state=lambda c, s, r, at: say(state=s),
    ))
    say(ended=True)
    """
)


@pytest.fixture
def process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    yield child
    child.kill()
    child.wait()


def lines_until(child: subprocess.Popen[str], key: str, value: object = None) -> list[dict[str, object]]:
    assert child.stdout is not None
    said = []
    for line in child.stdout:
        said.append(json.loads(line))
        if key in said[-1] and value in (None, said[-1][key]):
            return said
    raise AssertionError(f"the process ended without saying {key}: {said}")


def gone_within(pids: list[int], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(
        Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2] for pid in pids
    ):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_it_is_ready_beats_and_ends_on_sigterm_within_two_seconds_without_a_child(
    process: subprocess.Popen[str],
) -> None:
    said = lines_until(process, "state", "live")
    assert any("port" in line for line in said) and any("beat" in line for line in said)
    children = workers(process.pid)
    assert children
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    lines_until(process, "ended")
    assert process.wait(2) == 0
    assert time.monotonic() - began < 2
    assert gone_within(children, 0.2)


def test_killed_outright_it_leaves_no_worker_behind(process: subprocess.Popen[str]) -> None:
    lines_until(process, "state", "live")
    children = workers(process.pid)
    assert children
    process.kill()
    assert gone_within(children, 2.0)


def test_a_worker_knows_no_setting_and_no_address_can_be_read_from_its_arguments(
    process: subprocess.Popen[str],
) -> None:
    lines_until(process, "state", "live")
    (worker,) = workers(process.pid)
    arguments = Path(f"/proc/{worker}/cmdline").read_bytes()
    assert b"loop.mp4" not in arguments
    assert b"GRIDCOMMAND_" not in Path(f"/proc/{worker}/environ").read_bytes()


def test_a_worker_and_its_camera_stay_on_one_core(process: subprocess.Popen[str]) -> None:
    lines_until(process, "state", "live")
    (worker,) = workers(process.pid)
    newest = max(int(task.name) for task in Path(f"/proc/{worker}/task").iterdir())  # the camera's: it began last
    assert newest != worker
    assert os.sched_getaffinity(newest) == os.sched_getaffinity(worker) and len(os.sched_getaffinity(worker)) == 1
    assert os.sched_getscheduler(newest) == os.sched_getscheduler(worker) == os.SCHED_BATCH
