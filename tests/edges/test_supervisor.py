"""The supervisor with real processes: what dies or is stopped comes back, and nothing is left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CHILD = """
import os, signal, subprocess, sys, time
from models.notify import Notifier
mode = sys.argv[1]
notifier = Notifier.from_environment()
if mode == "family":  # a grandchild in a session of its own, as a careless library would start it
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
if mode == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if mode == "brief":
    sys.exit(3)
if mode == "once":
    print("done", flush=True)
    sys.exit(0)
notifier.ready()
print("hello from", os.getpid(), flush=True)
while True:
    time.sleep(0.5)
    notifier.beat()
"""
SUPERVISED = """
import os, sys
from pathlib import Path
from dashboard.cli.supervisor import Supervisor, prefixed
folder, child, modes = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
programs = {mode: [sys.executable, child, mode] for mode in modes}
speak = prefixed(modes, sys.stdout)
Supervisor(programs, dict(os.environ), folder, speak, lambda: speak("test", "all ready"), frozenset({"once"})).run()
speak("test", "the end")
"""


class Running:
    """A supervisor in a process of its own, as in life."""

    def __init__(self, folder: Path, modes: list[str]) -> None:
        self.folder = folder
        self.mark = f"GC_TEST={folder}"
        child, script = folder / "child.py", folder / "supervised.py"
        child.write_text(textwrap.dedent(CHILD))
        script.write_text(textwrap.dedent(SUPERVISED))
        self.log = folder / "log"
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "GC_TEST": str(folder)}
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, str(script), str(folder), str(child), *modes],
                env=environment, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def state(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            processes: dict[str, Any] = json.loads((self.folder / "processes.json").read_text())["processes"]
            return processes
        return {}

    def pid(self, name: str) -> int:
        return int(self.state()[name]["pid"])

    def left(self) -> list[int]:
        """Every living process that carries our mark in its environment, however it was orphaned."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    living = (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
                    if living and self.mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                        found.append(int(entry.name))
        return found


def within(seconds: float, condition: Callable[[], object]) -> float:
    """Wait for a condition; how long it took.

    Raises:
        AssertionError: it did not come true in time.
    """
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - began


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(*modes: str) -> Running:
        started.append(Running(tmp_path, list(modes)))
        return started[-1]

    yield begin
    for running in started:
        running.process.kill()
        running.process.wait()
        for pid in running.left():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_a_killed_process_runs_again_within_three_seconds_time_after_time(start: Callable[..., Running]) -> None:
    running = start("plain", "family")
    within(15, lambda: "all ready" in running.said())
    for _ in range(4):
        before = running.pid("plain")
        time.sleep(1.1)
        os.kill(before, signal.SIGKILL)
        took = within(3.5, lambda old=before: _replaced(running, "plain", old))
        assert took <= 3.0
    assert running.state()["family"]["starts"] == 1  # its neighbour did not notice


def _replaced(running: Running, name: str, old: int) -> bool:
    process = running.state().get(name, {})
    return bool(process and process["pid"] not in (None, old) and process["ready"])


def test_a_stopped_process_is_replaced(start: Callable[..., Running]) -> None:
    running = start("plain")
    within(15, lambda: "all ready" in running.said())
    before = running.pid("plain")
    os.kill(before, signal.SIGSTOP)
    within(6, lambda: _replaced(running, "plain", before))
    assert "plain has been silent for 3 s; replacing it" in running.said()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_and_leaves_none(start: Callable[..., Running], number: signal.Signals) -> None:
    running = start("plain", "family")
    within(15, lambda: "all ready" in running.said())
    assert len(running.left()) == 4  # the supervisor, two children, a grandchild in a session of its own
    running.process.send_signal(number)
    assert running.process.wait(5) == 0
    assert running.left() == []
    assert "the end" in running.said()


def test_what_does_not_listen_is_killed_after_three_seconds(start: Callable[..., Running]) -> None:
    running = start("deaf")
    within(15, lambda: "all ready" in running.said())
    began = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    running.process.wait(8)
    assert 2.5 <= time.monotonic() - began <= 6
    assert running.left() == []


def test_a_second_ctrl_c_does_not_wait(start: Callable[..., Running]) -> None:
    running = start("deaf")
    within(15, lambda: "all ready" in running.said())
    running.process.send_signal(signal.SIGINT)
    time.sleep(0.4)
    running.process.send_signal(signal.SIGINT)
    running.process.wait(2)
    assert running.left() == []


def test_children_end_where_the_supervisor_itself_is_killed(start: Callable[..., Running]) -> None:
    running = start("plain")
    within(15, lambda: "all ready" in running.said())
    running.process.kill()
    running.process.wait()
    within(3, lambda: running.left() == [])


def test_a_grandchild_dies_with_the_process_that_left_it(start: Callable[..., Running]) -> None:
    running = start("family")
    within(15, lambda: "all ready" in running.said())
    grandchild = next(pid for pid in running.left() if pid not in (running.process.pid, running.pid("family")))
    os.kill(running.pid("family"), signal.SIGKILL)
    within(3, lambda: grandchild not in running.left())


def test_what_never_works_is_tried_more_and_more_rarely(start: Callable[..., Running]) -> None:
    running = start("brief", "plain")
    within(20, lambda: running.state().get("brief", {}).get("starts", 0) >= 4)
    assert "brief ended with exit code 3; starting it again" in running.said()
    assert running.state()["brief"]["starts"] < 10
    assert "all ready" not in running.said()


def test_what_may_end_well_ends_once_and_is_not_waited_for(start: Callable[..., Running]) -> None:
    running = start("once", "plain")
    within(15, lambda: "all ready" in running.said() and "done" in running.said())
    time.sleep(1.0)
    assert running.state()["once"]["starts"] == 1
    assert running.state()["once"]["pid"] is None
    assert running.said().count("done") == 1
