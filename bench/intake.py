"""Intake: how many reports per second the API takes, durably; every 2xx is looked for afterwards.

The whole product runs (`gridcommand up`), the loaders are processes of their own with kept connections. SQLite writes
with `synchronous=FULL`, PostgreSQL with `fsync` and `synchronous_commit` on: a 2xx means on disk.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from bench.harness import free_ports, postgres, postgres_binaries, product
from config.settings import Settings
from models.outbox import facts_after
from models.queries import by_external_ids
from models.store import Store

CLIENT = "bench"
LOADERS = 2
"""Processes that send. More would take the product's own cores on a small machine."""
_BODY = {"description": "压力测试：路面有积水，影响通行", "source": "hotline", "frame": "WGS-84"}
_CATEGORIES = ("010101", "010503", "010504", "010401", "060104")
_BOUNDS = (112.70, 30.32, 113.05, 30.60)


@dataclass(frozen=True)
class Load:
    """What the loaders saw. Times in seconds."""

    seconds: float
    accepted: list[str]
    times: list[float]
    refused: int


def run(arguments: Sequence[str]) -> int:
    """Measure each database; the last line is one JSON object."""
    parser = argparse.ArgumentParser(prog="gridcommand bench intake", description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0, help="how long to send to each database")
    parser.add_argument("--clients", type=int, default=16, help="connections that send at the same time")
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    asked = parser.parse_args(list(arguments))
    figures: dict[str, Any] = {"cores": os.cpu_count(), "seconds": asked.seconds, "clients": asked.clients}
    lost = doubled = gaps = 0
    for name in ("sqlite", "postgres"):
        if asked.database not in (name, "both"):
            continue
        found = _measured(name, asked.seconds, asked.clients)
        if found is None:
            print(f"{name}: its server programs are not installed; not measured.", file=sys.stderr)
            continue
        load, checks = found
        figures |= _figures(name, load)
        lost, doubled, gaps = lost + checks[0], doubled + checks[1], gaps + checks[2]
        print(f"{name}: {figures[f'{name}_reports_per_s']} reports/s, {checks[0]} lost", file=sys.stderr)
    figures |= {"lost": lost, "doubled": doubled, "outbox_gaps": gaps}
    print(json.dumps(figures))
    return 1 if lost or doubled or gaps else 0


def _figures(name: str, load: Load) -> dict[str, Any]:
    times = sorted(load.times)

    def at(share: float) -> float:
        return round(times[min(int(len(times) * share), len(times) - 1)] * 1000, 1) if times else float("nan")

    return {
        f"{name}_reports_per_s": round(len(load.accepted) / load.seconds, 1),
        f"{name}_accepted": len(load.accepted),
        f"{name}_refused": load.refused,
        f"{name}_p50_ms": at(0.50),
        f"{name}_p95_ms": at(0.95),
        f"{name}_p99_ms": at(0.99),
    }


def _measured(name: str, seconds: float, clients: int) -> tuple[Load, tuple[int, int, int]] | None:
    with contextlib.ExitStack() as stack:
        settings = {}
        if name == "postgres":
            binaries = postgres_binaries()
            if binaries is None:
                return None
            settings["GRIDCOMMAND_DATABASE_URL"] = stack.enter_context(postgres(binaries))
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gc-bench-")))
        running = stack.enter_context(product("up", port=free_ports(), data=data, **settings))
        token = running.command("token", "create", CLIENT, "--scope", "report")
        _send((running.port, token, min(2.0, seconds), clients, "warm"))
        load = _loaded(running.port, token, seconds, clients)
        database = settings.get("GRIDCOMMAND_DATABASE_URL") or f"sqlite:///{data / 'gridcommand.sqlite'}"
        return load, _checked(Settings(database_url=database).database, load.accepted)


def _loaded(port: int, token: str, seconds: float, clients: int) -> Load:
    share = max(clients // LOADERS, 1)
    context = multiprocessing.get_context("spawn")
    with context.Pool(LOADERS) as pool:
        parts = pool.map(_send, [(port, token, seconds, share, f"load{n}") for n in range(LOADERS)])
    return Load(
        seconds=max(part.seconds for part in parts),
        accepted=[external_id for part in parts for external_id in part.accepted],
        times=[spent for part in parts for spent in part.times],
        refused=sum(part.refused for part in parts),
    )


def _send(order: tuple[int, str, float, int, str]) -> Load:
    """One process: threads with a connection each, sending as fast as the answers come."""
    port, token, seconds, clients, name = order
    accepted: list[str] = []
    times: list[float] = []
    refused: list[int] = []
    began = time.perf_counter()
    until = began + seconds
    threads = [
        threading.Thread(target=_client, args=(port, token, until, f"{name}-{n}", accepted, times, refused))
        for n in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load(time.perf_counter() - began, accepted, times, len(refused))


def _client(
    port: int, token: str, until: float, name: str, accepted: list[str], times: list[float], refused: list[int]
) -> None:
    dice = Random(name)
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    number = 0
    while (start := time.perf_counter()) < until:
        external_id = f"{name}-{number}"
        number += 1
        body: dict[str, object] = {**_BODY, "category": dice.choice(_CATEGORIES), "external_id": external_id}
        body["longitude"] = round(dice.uniform(_BOUNDS[0], _BOUNDS[2]), 6)
        body["latitude"] = round(dice.uniform(_BOUNDS[1], _BOUNDS[3]), 6)
        try:
            line.request("POST", "/api/v1/reports", json.dumps(body).encode(), headers)
            answer = line.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            line.close()
            refused.append(0)
            continue
        if 200 <= answer.status < 300:
            accepted.append(external_id)
            times.append(time.perf_counter() - start)
        else:
            refused.append(answer.status)
    line.close()


def _checked(database: str, accepted: list[str]) -> tuple[int, int, int]:
    """Of what was accepted: how many are not in the database, how many share a case, how many facts are missing."""
    store = Store(database)
    found: dict[str, tuple[str, bool]] = {}
    try:
        for first in range(0, len(accepted), 500):
            with store.read() as connection:
                found |= by_external_ids(connection, CLIENT, accepted[first : first + 500])
        numbers, last = [], 0
        while True:
            with store.read() as connection:
                facts = facts_after(connection, last, 5_000)
            if not facts:
                break
            numbers += [number for number, _ in facts]
            last = numbers[-1]
    finally:
        store.close()
    doubled = len(found) - len({code for code, _ in found.values()})
    gaps = (numbers[-1] - numbers[0] + 1 - len(numbers)) if numbers else 0
    return len(set(accepted)) - len(found), doubled, gaps
