"""Screens that stop reading: they cost little memory, the others do not notice, and they are cut off in ten seconds."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from walls import ROOT, dial, free_port, hear_kind, percentile, subscribe

GOOD, BAD = 20, 15
SIZE, RATE = 4_000, 300
"""Bytes of a fact and facts a second: far more than a county has, so that seconds are enough."""


@dataclass
class Seen:
    """What the good readers and the process looked like."""

    memory: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    bad_left: int = BAD
    alone: int = 0


@contextlib.contextmanager
def flooded(kind: str) -> Iterator[tuple[int, int]]:
    port = free_port()
    script = str(Path(__file__).with_name("flooded.py"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    child = subprocess.Popen(
        [sys.executable, script, str(port), str(RATE), str(SIZE), "1.5", kind], cwd=ROOT, env=environment
    )
    try:
        until = time.monotonic() + 15
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        yield port, child.pid
    finally:
        child.kill()
        child.wait()


def resident(process: int) -> float:
    """Megabytes of memory of a process."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def read_on(port: int, seen: Seen) -> None:
    async with dial(port) as wire:
        await subscribe(wire)
        async for message in wire:
            fact = json.loads(message)
            if fact["kind"] == "x":
                seen.delays.append((datetime.now(UTC) - datetime.fromisoformat(fact["at"])).total_seconds())


async def stop_reading(port: int) -> Any:
    """A client that subscribes and then reads nothing any more, as a stopped browser does."""
    wire = await dial(port, ping_interval=None)
    await subscribe(wire)
    await hear_kind(wire, "heartbeat")
    wire.transport.pause_reading()
    return wire


async def drain(wire: Any) -> None:
    """Read what is left, to see whether the connection still stands."""
    wire.transport.resume_reading()
    with contextlib.suppress(Exception):
        async with asyncio.timeout(1):
            while True:
                await wire.recv()


async def judged(kind: str, seconds: float) -> Seen:
    seen = Seen()
    with flooded(kind) as (port, process):
        readers = [asyncio.create_task(read_on(port, seen)) for _ in range(GOOD)]
        bad = [await stop_reading(port) for _ in range(BAD)]
        await asyncio.sleep(0.3)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            seen.memory.append(resident(process))
            await asyncio.sleep(0.25)
        await asyncio.gather(*(drain(wire) for wire in bad))
        seen.bad_left = sum(wire.close_code is None for wire in bad)
        seen.alone = sum(reader.done() for reader in readers)
        for task in readers:
            task.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        for wire in bad:
            wire.transport.abort()
    return seen


def check(seen: Seen) -> None:
    """Promise 12."""
    assert max(seen.memory) - seen.memory[0] <= 30, f"memory grew by {max(seen.memory) - seen.memory[0]:.0f} MB"
    assert seen.bad_left == 0, f"{seen.bad_left} of {BAD} were not cut off"
    assert seen.alone == 0, f"{seen.alone} good readers lost their connection"
    assert percentile(seen.delays, 0.99) <= 0.3


def test_fifteen_stopped_readers_cost_little_and_are_cut_off_within_ten_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen = asyncio.run(judged("bound", 10.0))
    with capsys.disabled():
        print(
            f"\n{BAD} stopped of {GOOD + BAD} readers at {RATE * SIZE / 1e6:.1f} MB/s: memory + "
            f"{max(seen.memory) - seen.memory[0]:.1f} MB, others p99 {percentile(seen.delays, 0.99) * 1000:.0f} ms"
        )
    check(seen)


def test_the_same_check_finds_a_gateway_without_the_bound() -> None:
    seen = asyncio.run(judged("boundless", 3.5))
    with pytest.raises(AssertionError, match="memory grew"):
        check(seen)


def test_a_slow_reader_gets_the_newest_state_when_it_reads_again() -> None:
    async def check() -> None:
        with flooded("bound") as (port, _process):
            async with dial(port, ping_interval=None, max_queue=10_000) as wire:
                await subscribe(wire)
                await hear_kind(wire, "x", seconds=8)
                wire.transport.pause_reading()
                await asyncio.sleep(2.5)
                wire.transport.resume_reading()
                numbers = []
                until = time.monotonic() + 1.5
                while time.monotonic() < until:
                    message = await hear_kind(wire, "x", "snapshot.required")
                    numbers.append(int(message["id"].partition(".")[0]))
                assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "a gap, or twice"
                assert (datetime.now(UTC) - datetime.fromisoformat(message["at"])).total_seconds() < 0.5

    asyncio.run(check())
