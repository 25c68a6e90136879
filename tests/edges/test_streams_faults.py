"""Cameras that die in many ways, over real RTSP: each ends in its reason, and the living notice nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from streams.addresses import AddressRules
from streams.camera import Reason, State
from streams.checkup import Checkup
from streams.clips import Clip, clip_from
from streams.scenes import rendered, scene_named
from streams.source import SourceError, Waits, opened
from streams.supervisor import Bounds
from streams.tap import Tap
from streams.wire import CameraSpec
from streams.worker import Watch, seen_pictures
from tests.conftest import missing
from tests.edges.streams_harness import (
    LOOPBACK,
    SHARED_VIDEO,
    Streams,
    Watcher,
    camera,
    clip_camera,
    rtsp,
    streams,
    watching,
    workers,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("loops")


@pytest.fixture(scope="module")
def clip(folder: Path) -> Clip:
    return clip_from(rendered(scene_named("river-day-1"), folder), folder)


def bad_files() -> list[Path]:
    folder = SHARED_VIDEO / "bad"
    if not folder.is_dir():
        missing("The folder of bad video files (shared/data/video/bad)")
    return sorted(folder.iterdir())


def free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


WAYS_TO_DIE = {
    "404": {Reason.NOT_FOUND},
    "401": {Reason.UNAUTHORISED},
    "silent": {Reason.TIMEOUT},
    "garbage": {Reason.BAD_ANSWER},
    "no_data": {Reason.NO_DATA, Reason.TIMEOUT},
    "stall_after=2": {Reason.NO_DATA},
    "freeze_after=2": {Reason.FROZEN},
    "repeat_after=2": {Reason.REPEATED},
    "noise=0.05": {Reason.CORRUPT, Reason.BAD_ANSWER},
    "redirect=127.0.0.1:9/a": {Reason.REDIRECTED},
    "dribble": {Reason.TIMEOUT},
    "dead-port": {Reason.REFUSED},
}
LIVING = [f"living{n}" for n in range(4)]


@dataclass
class Drama:
    """Fourteen seconds in which twelve of seventeen cameras die, one loses its power and gets it back, and files are
    played that are none; what was said and seen of it."""

    running: Streams
    watcher: Watcher
    cut_at: float
    returned_at: float
    ended_at: float

    def changes(self, name: str) -> list[tuple[float, State, Reason | None]]:
        return [(change[0], change[2], change[3]) for change in self.running.changes if change[1] == name]

    def first(self, name: str, state: State, since: float) -> float:
        return next((at for at, got, _ in self.changes(name) if got is state and at >= since), float("inf"))


async def played(clip: Clip) -> Drama:
    port, power = free_port(), AsyncExitStack()
    await power.enter_async_context(rtsp({"a": clip}, port))
    async with rtsp({"a": clip}) as server:
        dying = [camera(fault, server.port, fault=fault) for fault in WAYS_TO_DIE if fault != "dead-port"]
        dying.append(CameraSpec("dead-port", "", f"rtsp://127.0.0.1:{free_port()}/a", registered=True))
        living = [camera(name, server.port) for name in LIVING]
        files = [clip_camera(file.name, f"bad/{file.name}") for file in bad_files()]
        everything = [*dying, *living, camera("returns", port), *files]
        names = [*LIVING, *WAYS_TO_DIE, "returns"]
        async with streams(everything, SHARED_VIDEO) as running, watching(running.port, names) as watcher:
            for name in (*LIVING, "returns"):
                await running.until(name, State.LIVE, within=8)
            await watcher.until(lambda seen: bool(seen.count("returns")), within=2)
            cut_at = time.monotonic()
            await power.aclose()
            await running.until("returns", State.OFFLINE, within=11)
            async with rtsp({"a": clip}, port):
                returned_at = time.monotonic()
                await running.until("returns", State.LIVE, within=20)
                await asyncio.sleep(max(1.5, cut_at + 12 - time.monotonic()))
                return Drama(running, watcher, cut_at, returned_at, time.monotonic())


@pytest.fixture(scope="module")
def drama(clip: Clip) -> Drama:
    return asyncio.run(played(clip))


def lost_share(cameras: list[list[float]], until: float) -> float:
    """The share of pictures that did not come, from the times of those that came; one a second is due."""
    came = sum(map(len, cameras))
    lost = sum(max(0, round(b - a) - 1) for times in cameras for a, b in pairwise([*times, until]))
    return lost / (came + lost)


def test_the_living_lose_nothing_while_others_die_in_twelve_ways(drama: Drama) -> None:
    # without the first of each: of a connection's first picture nothing tells how old it was when it came
    times = [[seen.taken for seen in drama.watcher.pictures[name]][1:] for name in LIVING]
    assert lost_share(times, drama.ended_at) <= 0.05
    assert all(drama.running.state(name) is State.LIVE for name in LIVING)
    assert all(len(one) >= (drama.ended_at - one[0]) * 0.9 for one in times), "a picture each second"


def test_that_check_finds_a_planted_loss() -> None:
    whole = [float(n) for n in range(15)]
    assert lost_share([whole, whole], 15.0) == 0.0
    assert lost_share([whole, [n for n in whole if n not in (5.0, 9.0)]], 15.0) > 0.05
    assert lost_share([whole, whole[:10]], 15.0) > 0.05


@pytest.mark.parametrize("fault", sorted(WAYS_TO_DIE))
def test_each_way_of_dying_ends_in_its_reason(drama: Drama, fault: str) -> None:
    told = {reason for _, _, reason in drama.changes(fault)}
    assert told & WAYS_TO_DIE[fault], told
    if fault != "stall_after=2":
        assert drama.running.state(fault) is not State.LIVE


@pytest.mark.parametrize("fault", ["freeze_after=2", "repeat_after=2", "stall_after=2"])
def test_a_picture_that_no_longer_changes_is_noticed_and_never_sent_as_live(drama: Drama, fault: str) -> None:
    pictures = drama.watcher.pictures[fault]
    assert not [seen for seen in pictures if seen.header["age_ms"] > 5000 and seen.header["state"] == "live"]
    last = max(seen.taken for seen in pictures if seen.taken < drama.first(fault, State.STALLED, 0))
    assert drama.first(fault, State.STALLED, last) - last <= 3 + 1.0


def test_a_stalled_stream_is_opened_anew_and_lives(drama: Drama) -> None:
    states = [state for _, state, _ in drama.changes("stall_after=2")]
    assert states[1:4] == [State.LIVE, State.STALLED, State.LIVE], "each new connection plays for two seconds"


def test_a_camera_without_power_is_offline_within_ten_seconds_and_back_within_fifteen(drama: Drama) -> None:
    assert drama.first("returns", State.STALLED, drama.cut_at) - drama.cut_at <= 0.5, "a reset is seen at once"
    assert drama.first("returns", State.OFFLINE, drama.cut_at) - drama.cut_at <= 10.0
    assert drama.first("returns", State.LIVE, drama.returned_at) - drama.returned_at <= 15.0
    between = [seen for seen in drama.watcher.pictures["returns"] if drama.cut_at < seen.taken < drama.returned_at]
    assert not between, "a picture came from a dead source"
    assert drama.watcher.count("returns", drama.returned_at) >= 1


def test_every_bad_file_beside_them_ends_in_a_reason(drama: Drama) -> None:
    for file in bad_files():
        assert {reason for _, _, reason in drama.changes(file.name)} - {None}, file.name


def reason_of(file: Path, bound: float) -> tuple[Reason, int]:
    """Play a file once, as a worker does; how it ended, and how many pictures it gave."""
    spec = CameraSpec(file.name, "", file.name, registered=True)
    pictures, began = 0, time.monotonic()
    tap = Tap((), lambda head, body: None)
    tap.wanted = True
    watch = Watch(Checkup((), {}), tap, lambda: None, lambda reason: None)
    there = opened(file.name, AddressRules((), file.parent), threading.Event(), loop=False)
    with pytest.raises(SourceError) as ended, there as source:
        for _ in seen_pictures(source, spec, watch):
            pictures += 1
    assert time.monotonic() - began < bound
    return ended.value.reason, pictures


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Path:
    bad, whole = tmp_path_factory.mktemp("spoiled"), rendered(scene_named("river-day-1"), folder).read_bytes()
    (bad / "empty.mp4").touch()
    (bad / "text.mp4").write_text("这不是录像\n" * 500, encoding="utf-8")
    (bad / "half.mp4").write_bytes(whole[: len(whole) // 2])
    (bad / "noise.avi").write_bytes(os.urandom(100_000))
    return bad


@pytest.fixture(scope="module", autouse=True)
def played_once() -> Iterator[tuple[list[threading.Thread], dict[str, tuple[Reason, int]]]]:
    """Every bad file, played to its end beside the other tests of this module: the longest takes eleven seconds."""
    ends: dict[str, tuple[Reason, int]] = {}

    def play(file: Path) -> None:
        ends[file.name] = reason_of(file, 20.0)

    threads = [threading.Thread(target=play, args=(file,), name=file.name) for file in bad_files()]
    for thread in threads:
        thread.start()
    yield threads, ends


@pytest.mark.parametrize(
    ("name", "reason"),
    [("empty.mp4", Reason.BROKEN), ("text.mp4", Reason.BROKEN), ("half.mp4", Reason.BROKEN),
     ("noise.avi", Reason.BROKEN), ("absent.mp4", Reason.MISSING)],
)  # fmt: skip
def test_a_file_that_is_no_video_ends_in_a_reason_at_once(spoiled: Path, name: str, reason: Reason) -> None:
    assert reason_of(spoiled / name, 3.0) == (reason, 0)


def test_a_killed_worker_is_started_again_and_its_cameras_live(clip: Clip) -> None:
    async def run() -> None:
        async with rtsp({"a": clip}) as server:
            cameras = [camera(f"x{n}", server.port) for n in range(4)]
            async with streams(cameras, group_size=2) as running, watching(running.port, ["x0", "x2"]) as watcher:
                for spec in cameras:
                    await running.until(spec.id, State.LIVE, within=5)
                first, second = workers(os.getpid())
                killed = time.monotonic()
                os.kill(first, signal.SIGKILL)
                await asyncio.sleep(0.5)
                hit = next(spec.id for spec in cameras if State.STALLED in running.since(killed, spec.id))
                spared = "x2" if hit in ("x0", "x1") else "x0"
                await running.until(hit, State.LIVE, within=5)
                assert time.monotonic() - killed <= 5
                assert not running.since(killed, spared), "the other group noticed"
                await watcher.until(lambda seen: seen.count(spared, killed) >= 2, within=4)
                assert second in workers(os.getpid())

    asyncio.run(run())


def test_a_stopped_worker_is_ended_and_started_again(clip: Clip) -> None:
    async def run() -> None:
        async with (
            rtsp({"a": clip}) as server,
            streams([camera("x", server.port)], bounds=Bounds(silent=2.0)) as running,
        ):
            await running.until("x", State.LIVE, within=5)
            (worker,) = workers(os.getpid())
            stopped = time.monotonic()
            os.kill(worker, signal.SIGSTOP)
            while State.LIVE not in running.since(stopped, "x"):
                assert time.monotonic() - stopped < 8
                await asyncio.sleep(0.05)
            assert worker not in workers(os.getpid())

    asyncio.run(run())


def test_a_camera_that_hangs_in_a_call_is_moved_to_a_process_of_its_own(clip: Clip) -> None:
    async def run() -> None:
        async with rtsp({"a": clip}) as server:
            cameras = [camera("hangs", server.port, fault="drip_after=0.5"), camera("well", server.port)]
            async with streams(cameras, bounds=Bounds(stuck=2.0)) as running:
                await running.until("well", State.LIVE, within=5)
                began = time.monotonic()
                while len(workers(os.getpid())) < 2:
                    assert time.monotonic() - began < 10, "the hanging camera still shares a process"
                    await asyncio.sleep(0.05)
                await running.until("well", State.LIVE, within=3)
                alone = time.monotonic()
                assert Reason.STUCK in {change[3] for change in running.changes if change[1] == "hangs"}
                await asyncio.sleep(3.0)
                assert not running.since(alone, "well"), "it was disturbed again"

    asyncio.run(run())


def test_a_connection_that_only_trickles_is_given_up_and_its_camera_gets_another(clip: Clip) -> None:
    async def run() -> None:
        async with rtsp({"a": clip}) as server:
            cameras = [camera("trickles", server.port, fault="drip_after=2.5"), camera("well", server.port)]
            async with (
                streams(cameras, waits=Waits(2.0, 4.0, 1.0)) as running,
                watching(running.port, ["well"]) as watcher,
            ):
                await running.until("well", State.LIVE, within=8)
                await running.until("trickles", State.LIVE, within=8)
                began, (worker,) = time.monotonic(), workers(os.getpid())
                await running.until("trickles", State.STALLED, within=8)
                again = time.monotonic()
                await running.until("trickles", State.LIVE, within=8)
                assert Reason.NO_DATA in {change[3] for change in running.changes if change[1] == "trickles"}
                await watcher.until(lambda seen: seen.count("well", again) >= 2, within=8)
                assert not running.since(began, "well") and workers(os.getpid()) == [worker], "nobody else noticed"

    asyncio.run(run())


def test_cameras_come_and_go_with_the_register_and_an_incomplete_entry_is_never_contacted(clip: Clip) -> None:
    async def run() -> None:
        async with rtsp({"a": clip}) as server, rtsp({"a": clip}) as private:
            bare = CameraSpec("bare", "", f"rtsp://127.0.0.1:{private.port}/a", registered=False)
            async with streams([camera("x", server.port), bare]) as running:
                await running.until("x", State.LIVE, within=5)
                assert (running.state("bare"), running.reason("bare")) == (State.OFFLINE, Reason.UNREGISTERED)
                async with watching(running.port, ["bare", "x"]) as watcher:
                    await watcher.until(lambda seen: seen.count("x") >= 2, within=4)
                    assert not watcher.pictures.get("bare")
                assert private.opened == 0
                running.cameras = [camera("y", server.port)]
                await running.until("y", State.LIVE, within=5)
                async with watching(running.port, ["x"]) as watcher:
                    await watcher.until(lambda seen: bool(seen.texts), within=3)
                    assert watcher.texts[0] == {"kind": "refused", "cameras": ["x"]}

    asyncio.run(run())


@pytest.mark.parametrize(
    ("address", "reason"),
    [("rtsp://127.0.0.1:{port}/a", Reason.ADDRESS_REFUSED), ("rtsp://localhost:{port}/a", Reason.ADDRESS_REFUSED),
     ("http://[::ffff:127.0.0.1]:{port}/", Reason.ADDRESS_REFUSED), ("/etc/hostname", Reason.ADDRESS_REFUSED),
     ("rtsp://no-such-host.invalid/a", Reason.NAME_UNKNOWN)],
)  # fmt: skip
def test_addresses_that_may_not_be_opened_are_never_contacted(clip: Clip, address: str, reason: Reason) -> None:
    async def run() -> None:
        async with rtsp({"a": clip}) as server:

            def open_it() -> None:
                there = opened(address.format(port=server.port), AddressRules(), threading.Event())
                with pytest.raises(SourceError) as refusal, there:
                    pass
                assert refusal.value.reason is reason

            await asyncio.to_thread(open_it)
            assert server.opened == 0

    asyncio.run(run())


def test_a_twin_that_judges_nothing_is_found_by_that_test(clip: Clip) -> None:
    """The broken twin of promise 21: the same address under rules that let it pass is contacted, and counted."""

    async def run() -> None:
        async with rtsp({"a": clip}) as server:

            def open_it() -> None:
                address = f"rtsp://127.0.0.1:{server.port}/a"
                with opened(address, AddressRules((LOOPBACK,)), threading.Event()):
                    pass

            await asyncio.to_thread(open_it)
            assert server.opened > 0

    asyncio.run(run())


def test_a_redirection_is_not_followed(clip: Clip) -> None:
    async def run() -> None:
        async with rtsp({"a": clip}) as server, rtsp({"a": clip}) as elsewhere:

            def open_it() -> None:
                address = f"rtsp://127.0.0.1:{server.port}/a?fault=redirect=127.0.0.1:{elsewhere.port}/a"
                there = opened(address, AddressRules((LOOPBACK,)), threading.Event())
                with pytest.raises(SourceError) as refusal, there:
                    pass
                assert refusal.value.reason is Reason.REDIRECTED

            await asyncio.to_thread(open_it)
            assert elsewhere.opened == 0

    asyncio.run(run())


def test_a_password_opens_what_asks_for_it_and_never_leaves_in_an_error(clip: Clip) -> None:
    async def run() -> None:
        async with rtsp({"a": clip}) as server:

            def open_it(user: str) -> None:
                address = f"rtsp://{user}127.0.0.1:{server.port}/a?fault=auth=viewer:hunter2"
                with opened(address, AddressRules((LOOPBACK,)), threading.Event()) as source:
                    assert next(source.packets()).packet.size > 0

            await asyncio.to_thread(open_it, "viewer:hunter2@")
            for wrong in ("", "viewer:hunter3@"):
                with pytest.raises(SourceError) as refusal:
                    await asyncio.to_thread(open_it, wrong)
                assert refusal.value.reason is Reason.UNAUTHORISED
                assert "hunter" not in repr(refusal.value) and refusal.value.__cause__ is None

    asyncio.run(run())


def test_every_bad_file_played_once_ends_in_a_reason_within_its_length(
    played_once: tuple[list[threading.Thread], dict[str, tuple[Reason, int]]],
) -> None:
    threads, ends = played_once
    for thread in threads:
        thread.join(20)
    assert not (never := [thread.name for thread in threads if thread.name not in ends]), never
    assert ends["empty.mp4"] == ends["text_named.mp4"] == (Reason.BROKEN, 0)
    assert ends["zero_empty_stsc.mp4"] == (Reason.TRUNCATED, 0)
    assert ends["vtest_truncated_200k.avi"][0] is ends["car_truncated_no_moov.mp4"][0] is Reason.TRUNCATED
    assert ends["video_rotation_90.mp4"][0] is ends["tiny_av1.mp4"][0] is Reason.ENDED
