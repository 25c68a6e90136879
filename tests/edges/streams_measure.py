"""What watching drawn cameras costs: `python -m tests.edges.streams_measure --cameras 24 --seconds 30 [--port 18620]`.

Starts the demonstration's RTSP server and the streams process as processes of their own, watches every camera over one
WebSocket, and prints one JSON line: CPU seconds per second and memory (PSS) of server, workers and gateway.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from streams.scenes import KINDS, scenes_in_turn
from tests.edges.streams_harness import watching, workers

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from ipaddress import ip_network
from streams.addresses import AddressRules
from streams.gateway import Viewer
from streams.process import StreamsConfig, run
from streams.wire import CameraSpec

async def may_watch(credentials):
    return Viewer("v")

port, server, names = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
specs = [CameraSpec(name, "", f"rtsp://127.0.0.1:{server}/{name}", registered=True) for name in names]
run(StreamsConfig(cameras=lambda: specs, host="127.0.0.1", port=port, may_watch=may_watch,
    visible=lambda viewer, camera: True, rules=AddressRules((ip_network("127.0.0.0/8"),)),
    origins=frozenset({"http://wall.example"})))
"""


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pss_mb(pid: int) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1]) / 1024


async def measured(port: int, server: int, main: int, names: list[str], seconds: float) -> dict[str, float]:
    async with watching(port, names) as watcher:
        async with asyncio.timeout(60):
            while len(watcher.pictures) < len(names):
                await asyncio.sleep(0.1)
        await asyncio.sleep(3)
        pids = {"server": [server], "gateway": [main], "workers": workers(main)}
        before = {name: sum(map(cpu_seconds, group)) for name, group in pids.items()}
        began, count = time.monotonic(), sum(map(len, watcher.pictures.values()))
        await asyncio.sleep(seconds)
        passed = time.monotonic() - began
        figures = {
            f"{name}_cpu": (sum(map(cpu_seconds, group)) - before[name]) / passed for name, group in pids.items()
        }
        figures |= {f"{name}_mb": sum(map(pss_mb, group)) for name, group in pids.items()}
        shown = sum(map(len, watcher.pictures.values())) - count
        figures["pictures_per_camera_s"] = shown / passed / len(names)
        figures["worker_cpu_per_camera"] = figures["workers_cpu"] / len(names)
        delays = sorted(seen.got - seen.taken for seen_list in watcher.pictures.values() for seen in seen_list[2:])
        figures["taken_to_viewer_p95_ms"] = 1000 * delays[int(len(delays) * 0.95)]
        return {name: round(value, 4) for name, value in figures.items()} | {"cameras": len(names)}


def until_open(port: int) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise SystemExit("The gateway did not open its port within a minute.")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cameras", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--port", type=int, default=18620)
    asked = parser.parse_args()
    names = [scene.name for scene in scenes_in_turn([*KINDS] * 3)][: asked.cameras]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, "-m", "streams.demo_server", "--folder", folder, "--port", str(asked.port)],
            env=environment, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(asked.port + 1), str(asked.port), *names], env=environment
        )
        try:
            until_open(asked.port + 1)
            print(json.dumps(asyncio.run(measured(asked.port + 1, server.pid, process.pid, names, asked.seconds))))
        finally:
            for child in (server, process):
                child.terminate()
                child.wait()


if __name__ == "__main__":
    main()
