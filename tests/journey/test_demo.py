"""`gridcommand demo` as a newcomer meets it: alive, in balance, hard to kill, gone with Ctrl-C, back the next day."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bench.harness import ROOT, Product, free_ports, product
from dashboard.cli.client import Api, ApiError
from models.outbox import facts_after
from models.queries import by_external_ids
from models.store import Store

PROCESSES = {"redis", "web", "push", "alerts", "streams", "scenes", "flow"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("demo")
    with product("demo", "--rate", "60", port=free_ports(span=5), data=folder) as running:
        yield running


def secrets_of(demo: Product) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((demo.data / "demo-accounts.json").read_text(encoding="utf-8"))
    return found


def api(demo: Product, token: str = "read") -> Api:
    return Api("127.0.0.1", demo.port, secrets_of(demo)["tokens"][token])


def figures(demo: Product) -> dict[str, Any]:
    found: dict[str, Any] = api(demo).get("/figures")
    return found


def state(demo: Product) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((demo.data / "run" / "processes.json").read_text(encoding="ascii"))["processes"]
    return found


def within(seconds: float, condition: Callable[[], object]) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not within {seconds} s"
        time.sleep(0.1)


def everybody_ready(demo: Product) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return all(process["ready"] for process in state(demo).values())
    return False


def processes_of(folder: Path) -> list[int]:
    """Every living process that was given this data folder, however it was orphaned."""
    mark = f"GRIDCOMMAND_DATA={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                living = (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
                if living and mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
    return found


def test_accounts_and_tokens_are_told_once_and_kept_private(demo: Product) -> None:
    file = demo.data / "demo-accounts.json"
    assert file.stat().st_mode & 0o777 == 0o600
    secrets = secrets_of(demo)
    every = {"duty", "leader", "operator", "department", "grid", "display", "admin", "auditor"}
    assert {account["role"] for account in secrets["accounts"]} == every
    assert {"report", "read"} <= set(secrets["tokens"])
    said = (demo.data / "output.log").read_text(encoding="utf-8")
    assert f"http://127.0.0.1:{demo.port}/wall" in said
    assert all(account["password"] in said for account in secrets["accounts"])
    assert (demo.data / "gridcommand.sqlite").stat().st_mode & 0o077 == 0


def test_it_begins_with_a_believable_county(demo: Product) -> None:
    found = figures(demo)
    county = found["county"]
    assert 250 <= county["open"] <= 380
    assert 5 <= county["overdue"] <= 18
    assert county["due_soon"] >= 8
    assert sum(found["trend"]["reported"]) > 200
    assert len(found["departments"]) >= 12
    within(60, lambda: figures(demo)["cameras_online"] >= 9)


def test_it_lives_and_stays_in_balance(demo: Product) -> None:
    before = figures(demo)["county"]
    within(40, lambda: figures(demo)["county"]["reported_today"] >= before["reported_today"] + 10)
    within(40, lambda: figures(demo)["county"]["closed_today"] >= before["closed_today"] + 3)
    after = figures(demo)["county"]
    assert abs(after["open"] - before["open"]) <= 40
    feed = api(demo).get("/cases", limit=20)["cases"]
    assert len({case["title"] for case in feed}) >= 15


def test_a_second_start_on_the_same_folder_is_refused_in_a_sentence(demo: Product) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dashboard.cli", "up", "--port", str(free_ports(span=5)), "--data", str(demo.data)],
        cwd=ROOT, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"is in use by another gridcommand (process {demo.process.pid})" in done.stderr


def test_every_process_killed_at_once_is_back_within_three_seconds(demo: Product) -> None:
    within(30, lambda: everybody_ready(demo))
    before = demo.pids()
    assert set(before) == PROCESSES
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    within(3, lambda: set(demo.pids()) == PROCESSES and not set(demo.pids().values()) & set(before.values()))
    within(40, lambda: everybody_ready(demo))
    within(20, lambda: figures(demo)["county"]["open"] > 0)


def test_a_stopped_process_is_replaced(demo: Product) -> None:
    within(30, lambda: everybody_ready(demo))
    old = demo.pids()["alerts"]
    os.kill(old, signal.SIGSTOP)
    within(6.5, lambda: demo.pids().get("alerts") not in (None, old))
    within(30, lambda: everybody_ready(demo))


# -- promise 4: web killed in mid-request, the client retries with its key -------------------------------------------


class Reporter(threading.Thread):
    """Sends reports one after the other; each again, under the same key, until it is answered with 2xx."""

    def __init__(self, demo: Product, name: str, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._api, self._name, self._stop_event = api(demo, "report"), name, stop
        self.accepted: dict[str, str] = {}
        self.retries = 0

    def run(self) -> None:
        number = 0
        while not self._stop_event.is_set():
            external_id = f"promise4-{self._name}-{number}"
            number += 1
            body = {"external_id": external_id, "category": "010504", "description": "路灯不亮", "area": "990100100"}
            while True:
                try:
                    self.accepted[external_id] = self._api.post("/reports", body)["code"]
                    break
                except ApiError as error:
                    assert error.status in (0, 429, 500, 502, 503), error
                    self.retries += 1
                    time.sleep(0.1)


def judged(accepted: dict[str, str], stored: dict[str, str], numbers: list[int]) -> dict[str, int]:
    """What a history of keys says: reports lost, cases that two keys share, holes in the sequence of facts."""
    return {
        "lost": sum(stored.get(key) != code for key, code in accepted.items()),
        "doubled": sum(count - 1 for count in Counter(stored.values()).values()),
        "holes": sum(after - before - 1 for before, after in pairwise(numbers)),
    }


def test_no_report_is_lost_or_doubled_though_web_is_killed_in_mid_request(demo: Product) -> None:
    within(30, lambda: everybody_ready(demo))
    stop = threading.Event()
    reporters = [Reporter(demo, str(n), stop) for n in range(4)]
    for reporter in reporters:
        reporter.start()
    for _ in range(4):
        time.sleep(1.5)
        with contextlib.suppress(KeyError, ProcessLookupError):
            os.kill(demo.pids()["web"], signal.SIGKILL)
        within(40, lambda: everybody_ready(demo))
    time.sleep(1.0)
    stop.set()
    for reporter in reporters:
        reporter.join(40)
        assert not reporter.is_alive()
    accepted = {key: code for reporter in reporters for key, code in reporter.accepted.items()}
    assert len(accepted) > 20 and sum(reporter.retries for reporter in reporters) > 0
    stored, numbers = contents(demo, sorted(accepted))
    assert judged(accepted, stored, numbers) == {"lost": 0, "doubled": 0, "holes": 0}


def contents(demo: Product, keys: list[str]) -> tuple[dict[str, str], list[int]]:
    store = Store(f"sqlite:///{demo.data / 'gridcommand.sqlite'}")
    try:
        stored, numbers = {}, []
        with store.read() as connection:
            for first in range(0, len(keys), 400):
                found = by_external_ids(connection, "demo-report", keys[first : first + 400])
                stored |= {key: code for key, (code, _) in found.items()}
            while batch := facts_after(connection, numbers[-1] if numbers else 0, 5_000):
                numbers += [number for number, _ in batch]
        return stored, numbers
    finally:
        store.close()


def test_the_same_judgement_finds_a_lost_a_doubled_and_a_missing_one() -> None:
    accepted = {"a": "1", "b": "2", "c": "3"}
    assert judged(accepted, {"a": "1", "c": "3"}, [1, 2, 3])["lost"] == 1
    assert judged(accepted, {"a": "1", "b": "2", "c": "2"}, [1, 2, 3]) == {"lost": 1, "doubled": 1, "holes": 0}
    assert judged({}, {}, [1, 2, 5])["holes"] == 2


# -- the end, and the next day ---------------------------------------------------------------------------------------


def test_ctrl_c_leaves_no_process_and_a_second_start_finds_its_data(demo: Product) -> None:
    within(30, lambda: everybody_ready(demo))
    secrets = secrets_of(demo)
    total = api(demo).get("/cases", limit=1)["total"]
    assert len(processes_of(demo.data)) >= len(PROCESSES) + 1
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(8) == 0
    assert processes_of(demo.data) == []
    began = time.monotonic()
    with product("demo", "--rate", "0", port=demo.port, data=demo.data) as again:
        assert secrets_of(again) == secrets
        now = api(again).get("/cases", limit=1)["total"]
        assert total <= now <= total + 20
        took = time.monotonic() - began
    assert processes_of(demo.data) == []
    said = (demo.data / "output.log").read_text(encoding="utf-8")
    assert said.count("Telling fourteen months of history") == 1
    print(f"the second start took {took:.1f} s")
