"""Promise 15, short: hundreds of reconnects keep a worker's memory, and thousands of mutated inputs end no supervisor.

The long profile: `GRIDCOMMAND_LONG=1` (300 reconnects, 10,000 inputs)."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import av
import pytest

from streams.addresses import AddressRules
from streams.camera import Reason
from streams.checkup import Checkup
from streams.source import SourceError, Waits, opened
from streams.supervisor import worker_environment
from streams.tap import Tap
from streams.wire import CameraSpec
from streams.worker import CameraThread, Outbox, Watch, seen_pictures
from tests.edges.streams_harness import SHARED_VIDEO

LONG = bool(os.environ.get("GRIDCOMMAND_LONG"))
RECONNECTS, INPUTS = (300, 10_000) if LONG else (30, 100)
MOST_GROWTH = 5 << 20
PROGRAM = """
import sys
from tests.edges.test_streams_endurance import reconnect
leak = []
for number in range(10):
    reconnect(sys.argv[1])
before = resident = 0
def rss():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
before = rss()
for number in range(int(sys.argv[2])):
    reconnect(sys.argv[1])
    if sys.argv[3] == "broken":
        leak.append(bytearray(b"x") * (300 << 10))
print(rss() - before)
"""


def reconnect(file: str) -> None:
    """What a camera's thread does with one connection, up to its third picture."""
    spec = CameraSpec("a", "", file, registered=True, masks=(((0.1, 0.1), (0.4, 0.1), (0.4, 0.4)),))
    stop, tap = threading.Event(), Tap((), lambda head, body: None)
    tap.wanted = True
    watch = Watch(Checkup(spec.masks, {}), tap, lambda: None, lambda reason: None)
    rules = AddressRules((ip_network("127.0.0.0/8"),), Path(file).parent)
    with suppress(SourceError), opened(Path(file).name, rules, stop) as source:
        for _ in seen_pictures(source, spec, watch):
            break
    tap.ended()


def grown(file: Path, mode: str) -> int:
    """Bytes of memory a process has more after so many reconnects."""
    command = [sys.executable, "-c", PROGRAM, str(file), str(RECONNECTS), mode]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, env=worker_environment(), cwd=root, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    return int(done.stdout)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a second of real video."""
    target = tmp_path_factory.mktemp("short") / "short.mp4"
    with av.open(str(SHARED_VIDEO / "bottle-detection.mp4")) as source, av.open(str(target), "w") as sink:
        out = sink.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(video=0)):
            if number > 30 or packet.dts is None:
                break
            packet.stream = out
            sink.mux(packet)
    return target


def test_reconnects_keep_a_workers_memory(file: Path) -> None:
    assert grown(file, "sound") <= MOST_GROWTH


def test_a_twin_that_keeps_something_of_each_connection_fails_that_test(file: Path) -> None:
    assert grown(file, "broken") > MOST_GROWTH


def mutated(original: bytes, dice: random.Random) -> bytes:
    data = bytearray(original)
    for _ in range(dice.randrange(1, 40)):
        place = dice.randrange(len(data))
        kind = dice.randrange(4)
        if kind == 0:
            data[place] = dice.randrange(256)
        elif kind == 1:
            del data[place : place + dice.randrange(1, 200)]
        elif kind == 2:
            data[place:place] = dice.randbytes(dice.randrange(1, 200))
        else:
            data[place : place + 4] = dice.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"moof", b"mdat", b"stsz"])
        if len(data) < 64:
            break
    return bytes(data)


class Told(Outbox):
    """What a worker would say: its camera leaves with its first picture, or with its first failure."""

    def __init__(self) -> None:
        super().__init__(socket.socket())
        self.reasons: set[str] = set()
        self.leave: Callable[[], None] = lambda: None

    def put(self, **fact: Any) -> None:
        self.reasons.add(fact["reason"])
        if fact["kind"] == "failed":
            self.leave()

    def put_picture(self, camera: str, head: dict[str, Any], jpeg: bytes) -> None:
        self.leave()

    def put_part(self, head: dict[str, Any], body: bytes) -> bool:
        return True


class Unguarded(CameraThread):
    """The broken twin: it decodes what comes, as the worker does, and takes no failure for an answer."""

    def _watched_until_it_failed(self) -> Reason:
        with av.open(self.spec.address) as container:
            for _ in container.decode(video=0):
                self.leave()
                break
        return Reason.ENDED


def escaped(kind: type[CameraThread], original: bytes, target: Path, inputs: int) -> tuple[set[str], set[type]]:
    """Play mutated inputs one after the other in a camera's thread of this kind: the reasons it told, and what errors it
    let escape. In this process on purpose: a crash of a decoder would end the test run. (In the product it ends a worker.)
    """
    dice, told, errors = random.Random(20260302), Told(), set()
    for _ in range(inputs):
        target.write_bytes(mutated(original, dice))
        spec = CameraSpec("a", "", str(target) if kind is Unguarded else target.name, registered=True)
        thread = kind(spec, AddressRules(clips=target.parent), Waits(), told)
        thread.tap.wanted = True
        told.leave = thread.leave
        timer = threading.Timer(0.4, thread.leave)
        timer.start()
        try:
            thread.run()
        except Exception as error:
            errors.add(type(error))
        finally:
            timer.cancel()
    return told.reasons, errors


def test_mutated_inputs_end_in_a_reason_or_a_picture_and_no_error_escapes(file: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    reasons, errors = escaped(CameraThread, file.read_bytes(), tmp_path / "mutated.mp4", INPUTS)
    assert not errors
    assert Reason.BROKEN in reasons or Reason.TRUNCATED in reasons
    assert time.monotonic() - began < INPUTS * 1.5


def test_a_twin_without_the_workers_guard_lets_errors_escape(file: Path, tmp_path: Path) -> None:
    _, errors = escaped(Unguarded, file.read_bytes(), tmp_path / "mutated.mp4", 10)
    assert errors
