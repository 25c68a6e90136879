"""The web process as it runs in earnest: cold start under load, dead and stopped workers, beats, durable answers."""

from __future__ import annotations

import json
import os
import signal
import socket
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from desk_harness import Served, add_token, bearer, report, served, wait_until
from sqlalchemy import func, select

from models import tables as t
from models.store import Store


def status_of(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def post_report(server: Served, token: str, number: int) -> int:
    request = urllib.request.Request(
        f"{server.address}/api/v1/reports",
        data=json.dumps(report(external_id=f"n-{number}")).encode(),
        headers={**bearer(token), "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except (urllib.error.HTTPError, OSError) as error:
        return getattr(error, "code", 0)


def test_the_first_requests_at_the_same_time_are_all_answered(sqlite_county: Store, tmp_path: Path) -> None:
    with served(sqlite_county, tmp_path) as server:
        paths = ["/login", "/assets/00_tokens.css", "/healthz", "/wall"] * 6
        with ThreadPoolExecutor(12) as pool:
            found = list(pool.map(lambda path: status_of(server.address + path), paths))
        assert set(found) == {200}
        with urllib.request.urlopen(f"{server.address}/login") as answer:
            assert "gunicorn" not in str(answer.headers).lower() and "werkzeug" not in str(answer.headers).lower()
        assert "Traceback" not in server.log.read_text()


@pytest.mark.timeout(90)
def test_a_dead_and_a_stopped_worker_are_replaced_and_nobody_waits_for_them(
    sqlite_county: Store, tmp_path: Path
) -> None:
    with served(sqlite_county, tmp_path) as server:
        wait_until(lambda: len(server.workers()) == 2, 10)
        dead, *_ = sorted(server.workers())
        os.kill(dead, signal.SIGKILL)
        assert wait_until(lambda: dead not in server.workers() and len(server.workers()) == 2, 5) < 3
        stopped, *_ = sorted(server.workers())
        os.kill(stopped, signal.SIGSTOP)
        assert all(status_of(server.address + "/login") == 200 for _ in range(20))
        wait_until(lambda: stopped not in server.workers() and len(server.workers()) == 2, 15)
        assert status_of(server.address + "/login") == 200


@pytest.mark.timeout(90)
def test_every_2xx_is_on_disk_though_workers_are_killed_in_mid_request(sqlite_county: Store, tmp_path: Path) -> None:
    """Promise 4, in short: the client tries again with its own id until it is told 2xx."""
    token = add_token(sqlite_county, "report")
    with served(sqlite_county, tmp_path) as server:

        def until_taken(number: int) -> int:
            if number % 20 == 10:
                os.kill(sorted(server.workers())[0], signal.SIGKILL)
            for _ in range(60):
                if post_report(server, token, number) in (200, 201):
                    return number
            return -1

        with ThreadPoolExecutor(4) as pool:
            taken = list(pool.map(until_taken, range(80)))
        assert taken == list(range(80))
    with sqlite_county.read() as connection:
        keys = list(connection.execute(select(t.cases.c.external_id)).scalars())
        facts = connection.execute(select(func.count()).select_from(t.outbox)).scalar_one()
    assert sorted(keys) == sorted(f"n-{number}" for number in range(80)) and facts == 80


@pytest.mark.timeout(60)
def test_the_arbiter_beats_for_its_supervisor(sqlite_county: Store, tmp_path: Path) -> None:
    path = tmp_path / "n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(path))
        ear.settimeout(20)
        with served(sqlite_county, tmp_path, NOTIFY_SOCKET=str(path)):
            heard: list[str] = []
            while heard.count("WATCHDOG=1") < 3:
                heard += ear.recv(4096).decode().splitlines()
    assert "READY=1" in heard and heard.index("READY=1") < heard.index("WATCHDOG=1")


def test_a_database_of_another_program_is_refused_in_a_sentence(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    with pytest.raises(AssertionError), served(store, tmp_path):
        pass
    assert "gridcommand migrate" in (tmp_path / "web.log").read_text()
