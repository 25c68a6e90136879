"""`gridcommand bench cameras`: what a camera costs, beside the naive way and the floor; and glass to glass in a browser.

    gridcommand bench cameras [--cameras N] [--seconds S] [--no-browser] [--clip FILE]

One road scene as sub stream (640 × 360, 15 a second) and as main stream (1080p, 25 a second), served over real RTSP by
a process of its own. Each way is a process, measured by its own CPU time (user + system) and memory (PSS):

- `watch`: our worker as it runs: state, masked picture every two seconds, health.
- `pass`: our live tap on every stream, as for a viewer each: packets to fragments, nothing decoded; on one core, like our worker.
- `demux`: PyAV reads packets and drops them: the floor. `settled`: the same on one core.
- `naive`: `cv2.VideoCapture.read()` of every frame and a JPEG of it each second, a thread each.

Glass to glass: a picture says in black and white bars when it was drawn; Chromium reads the bars back from what it
shows, and both use this machine's clock. Sending, gateway, browser and its screen are all in it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import av
import cv2
from rich.console import Console
from rich.table import Table

from bench.cameras_glass import glass_table, glass_to_glass
from bench.harness import ROOT, free_ports
from streams.addresses import AddressRules
from streams.clips import clip_from, h264_stream
from streams.rtsp import RtspServer
from streams.source import opened
from streams.supervisor import worker_environment
from streams.tap import Tap
from streams.wire import CameraSpec, Unpacking, packed, spec_to_json
from streams.worker import settle_on_one_core

CLIPS = ROOT.parent / "shared" / "data" / "video"
SIZES = {"sub": ((640, 360), 15, 390_000), "main": ((1920, 1080), 25, 2_100_000)}
WAYS = ("demux", "settled", "watch", "pass", "naive")
LOOPBACK = "127.0.0.0/8"
_SETTLE, _STEADY_PICTURES, _PATIENCE = 4.0, 4, 90.0
"""Seconds before measuring. A worker learns first how often key pictures come, so its steady cost is measured once each of
its cameras has shown so many pictures, and what the start cost is told apart; seconds to wait for that."""


# -- streams to measure on --------------------------------------------------------------------------------------------


def stream_file(source: Path, kind: str, folder: Path, seconds: float = 10.0) -> Path:
    """The scene as a camera sends it: this size and pace, about this bit rate, a key picture every two seconds."""
    (width, height), rate, bits = SIZES[kind]
    target = folder / f"{kind}.mp4"
    with av.open(str(source)) as scene, av.open(str(target), "w", format="mp4") as sink:
        out = h264_stream(sink, Fraction(rate), (width, height), quality=28)
        out.codec_context.gop_size = 2 * rate
        out.codec_context.bit_rate = bits
        out.options = {"preset": "veryfast", "tune": "zerolatency", "sc_threshold": "0", "maxrate": str(bits),
                       "bufsize": str(bits)}  # fmt: skip
        pictures: list[av.VideoFrame] = []
        for frame in scene.decode(video=0):
            pictures.append(frame.reformat(width, height, "yuv420p"))
            if len(pictures) >= 75:
                break
        for count in range(int(seconds * rate)):
            frame = pictures[count % len(pictures)]
            frame.pts, frame.time_base, frame.pict_type = count, Fraction(1, rate), av.video.frame.PictureType.NONE
            sink.mux(out.encode(frame))
        sink.mux(out.encode(None))
    return target


def serve(arguments: Sequence[str]) -> int:
    """The cameras, as a process: `serve PORT FILE…`."""
    port, files = int(arguments[0]), [Path(name) for name in arguments[1:]]

    async def for_ever() -> None:
        server = RtspServer()
        for file in files:
            server.add(file.stem, clip_from(file, file.parent))
        async with server.listening("127.0.0.1", port):
            await asyncio.Event().wait()

    asyncio.run(for_ever())
    return 0


# -- the ways ---------------------------------------------------------------------------------------------------------


def way(arguments: Sequence[str]) -> int:
    """One of the simple ways, as a process: `way NAME URL NUMBER`; ends with its standard input."""
    name, url, number = arguments[0], arguments[1], int(arguments[2])
    work = {"demux": _demux, "settled": _demux, "pass": _pass, "naive": _naive}[name]
    if name in ("settled", "pass"):
        settle_on_one_core(0)
    for _ in range(number):
        threading.Thread(target=work, args=(url,), daemon=True).start()
    sys.stdin.read()
    os._exit(0)


def _demux(url: str) -> None:
    with av.open(url, options={"rtsp_transport": "tcp"}) as container:
        for _ in container.demux(video=0):
            pass


def _pass(url: str) -> None:
    tap = Tap((), lambda head, body: None)
    tap.wanted = True
    with opened(url, AddressRules((ip_network(LOOPBACK),)), threading.Event()) as source:
        for seen in source.packets():
            tap.take(source, seen)


def _naive(url: str) -> None:
    capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG)
    shown = 0.0
    while True:
        good, picture = capture.read()
        if not good:
            time.sleep(0.1)
        elif time.monotonic() - shown >= 1.0:
            shown = time.monotonic()
            cv2.imencode(".jpg", cv2.resize(picture, (640, 360)))


@contextmanager
def simple(name: str, url: str, number: int) -> Iterator[tuple[int, dict[str, int]]]:
    command = [sys.executable, "-m", "bench.cameras", "way", name, url, str(number)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT)
    try:
        yield process.pid, {}
    finally:
        process.kill()
        process.wait()


@contextmanager
def worker(url: str, number: int) -> Iterator[tuple[int, dict[str, int]]]:
    """Our worker with so many cameras, and a counter of the messages that come out of it."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "streams.worker", str(theirs.fileno()), str(os.getpid()), str(4 << 30), "0"]
    process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=worker_environment(), cwd=ROOT)
    theirs.close()
    specs = [CameraSpec(f"c{index}", "", url, registered=True) for index in range(number)]
    ours.sendall(packed({
        "live": [], "cameras": [spec_to_json(spec) for spec in specs],
        "networks": [LOOPBACK], "clips": "", "waits": [10.0, 20.0, 5.0],
    }))  # fmt: skip
    counts = {"picture": 0, "live": 0, "failed": 0, "fewest": 0}
    shown = dict.fromkeys((spec.id for spec in specs), 0)

    def listen() -> None:
        unpacking = Unpacking()
        with suppress(OSError):
            while part := ours.recv(1 << 20):
                for head, _ in unpacking.fed(part):
                    counts[head["kind"]] = counts.get(head["kind"], 0) + 1
                    if head["kind"] == "picture":
                        shown[head["camera"]] += 1
                        counts["fewest"] = min(shown.values())

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield process.pid, counts
    finally:
        process.kill()
        process.wait()
        ours.close()


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pss_mb(pid: int) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1]) / 1024


@dataclass(frozen=True)
class Cost:
    """What one camera costs: CPU seconds a second, megabytes beyond an empty process; `per_core`: how many one core
    carries; `pictures`: pictures a second and camera, where the way makes any; `start`: CPU seconds that a camera's opening and
    first pictures cost, once, beside those of a process with a single camera."""

    way: str
    kind: str
    cpu: float
    mb: float
    pictures: float = 0.0
    start: float = 0.0

    @property
    def per_core(self) -> int:
        return int(1.0 / self.cpu) if self.cpu > 0 else 0


def measured(name: str, kind: str, url: str, number: int, seconds: float) -> Cost:
    """Settle, then measure. Memory is counted beside a run with a single camera, so that libraries cost nothing twice."""
    with _running(name, url, 1) as (pid, _):
        time.sleep(_SETTLE)
        alone, one = pss_mb(pid), cpu_seconds(pid)
    with _running(name, url, number) as (pid, counts):
        _until_steady(name, counts)
        before, pictures, began = cpu_seconds(pid), counts.get("picture", 0), time.monotonic()
        start = max(0.0, before - one) / max(1, number - 1)
        time.sleep(seconds)
        passed = time.monotonic() - began
        cpu = (cpu_seconds(pid) - before) / passed / number
        shown = (counts.get("picture", 0) - pictures) / passed / number
        return Cost(name, kind, cpu, (pss_mb(pid) - alone) / max(1, number - 1), shown, start)


def _until_steady(name: str, counts: dict[str, int]) -> None:
    time.sleep(_SETTLE)
    end = time.monotonic() + _PATIENCE
    while name == "watch" and counts["fewest"] < _STEADY_PICTURES:
        if time.monotonic() > end:
            raise TimeoutError(f"Not every camera has shown {_STEADY_PICTURES} pictures within {_PATIENCE:.0f} s.")
        time.sleep(0.2)


def _running(name: str, url: str, number: int) -> Any:
    return worker(url, number) if name == "watch" else simple(name, url, number)


def cost_table(costs: Sequence[Cost]) -> Table:
    table = Table("way", "stream", "CPU s per camera-second", "cameras per core", "MB each", "pictures/s", "÷ demux",
                  "start, CPU s each")  # fmt: skip
    for cost in costs:
        ratio = to_floor(cost, costs)
        table.add_row(
            cost.way, cost.kind, f"{cost.cpu:.4f}", str(cost.per_core), f"{cost.mb:.1f}", f"{cost.pictures:.2f}",
            "" if ratio is None else f"{ratio:.2f}", f"{cost.start:.3f}",
        )  # fmt: skip
    return table


def to_floor(cost: Cost, costs: Sequence[Cost]) -> float | None:
    """How many times the CPU of mere demuxing a way takes; None where that was not measured."""
    floor = next((one.cpu for one in costs if (one.way, one.kind) == ("demux", cost.kind)), 0.0)
    return cost.cpu / floor if floor else None


# -- the whole --------------------------------------------------------------------------------------------------------


@contextmanager
def serving(files: Sequence[Path]) -> Iterator[int]:
    port = free_ports()
    command = [sys.executable, "-m", "bench.cameras", "serve", str(port), *map(str, files)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        until_open(port)
        yield port
    finally:
        process.kill()
        process.wait()


def until_open(port: int) -> None:
    """Wait until somebody listens at a port.

    Raises:
        TimeoutError: nobody does within a minute.
    """
    for _ in range(600):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"Nobody listens at port {port}.")


def costs_of(folder: Path, clip: Path, numbers: dict[str, int], seconds: float) -> list[Cost]:
    files = [stream_file(clip, kind, folder) for kind in SIZES]
    costs = []
    with serving(files) as port:
        for kind in SIZES:
            for name in WAYS:
                few = name == "naive"
                number = max(1, numbers[kind] // (8 if few else 1))
                costs.append(measured(name, kind, f"rtsp://127.0.0.1:{port}/{kind}", number, seconds))
    return costs


def figures(costs: Sequence[Cost], glass: dict[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for cost in costs:
        name = f"{cost.way}_{cost.kind}"
        found |= {f"{name}_cpu": round(cost.cpu, 5), f"{name}_per_core": cost.per_core, f"{name}_mb": round(cost.mb, 2)}
        ratio = to_floor(cost, costs)
        if ratio is not None:
            found[f"{name}_to_floor"] = round(ratio, 2)
        if cost.pictures:
            found[f"{name}_start"] = round(cost.start, 3)
            found[f"{name}_pictures"] = round(cost.pictures, 2)
    return found | glass


def run(argv: Sequence[str]) -> int:
    """Measure; the last line is one JSON object of figures."""
    parser = argparse.ArgumentParser(prog="gridcommand bench cameras", description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=100, help="sub streams at a time (a quarter of it main streams)")
    parser.add_argument("--seconds", type=float, default=8.0, help="seconds each way is measured")
    parser.add_argument("--clip", type=Path, default=CLIPS / "car-detection.mp4", help="the scene")
    parser.add_argument("--no-browser", action="store_true", help="leave out glass to glass")
    parser.add_argument("--no-costs", action="store_true", help="glass to glass only")
    parser.add_argument(
        "--drift", type=float, help="one full-screen view alone for so many minutes: is it shown later at the end?"
    )
    chosen = parser.parse_args(argv)
    if not chosen.clip.is_file():
        print(f"There is no clip {chosen.clip}; name one with --clip.", file=sys.stderr)
        return 1
    console = Console(width=130)
    with tempfile.TemporaryDirectory() as folder:
        numbers = {"sub": chosen.cameras, "main": max(2, chosen.cameras // 4)}
        costs = [] if chosen.no_costs else costs_of(Path(folder), chosen.clip, numbers, chosen.seconds)
        if costs:
            console.print(cost_table(costs))
        glass: dict[str, float] = {}
        if not chosen.no_browser:
            results = (
                glass_to_glass(Path(folder), 60 * chosen.drift, ["full"])
                if chosen.drift
                else glass_to_glass(Path(folder), chosen.seconds)
            )
            console.print(glass_table(results))
            glass = {f"glass_{name}_{what}": value for name, one in results.items() for what, value in one.items()}
    print(json.dumps(figures(costs, glass)))
    return 0


if __name__ == "__main__":
    inner = {"serve": serve, "way": way}
    words = sys.argv[1:]
    sys.exit(inner[words[0]](words[1:]) if words and words[0] in inner else run(words))
