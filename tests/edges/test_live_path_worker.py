"""The alerts worker as a process: clocks act once and in time, one worker draws, leases fall free, ends are prompt."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import redis
from conftest import RedisServer
from sqlalchemy import func, select, text
from walls import ROOT, Process, Site, site

from models import outbox
from models import tables as t
from models.door import Door, Report
from models.lease import Lease
from models.messages import FIGURES_CHANNEL
from models.moves import Actor, Role
from models.retention import BITE, KEPT, trim_outbox
from models.rules import Rules
from models.store import Store
from models.timebase import Timebase, real_now
from models.vault import Vault

SOURCE = Actor("hotline", Role.SYSTEM)
SECOND = timedelta(seconds=1)


def address(store: Store) -> str:
    return str(store.url.render_as_string(hide_password=False))


def door_of(store: Store) -> Door:
    return Door(store, Rules(store, ZoneInfo("Asia/Shanghai")), Vault("a secret for tests"))


def due_at(store: Store, moments: list[datetime], now: datetime) -> list[str]:
    """Cases whose source system has set these deadlines; returns their codes."""
    door = door_of(store)
    category = min(Rules(store, ZoneInfo("Asia/Shanghai"))().categories)
    codes = []
    for moment in moments:
        report = Report(category, "井盖丢失", "hotline", area="990100", level=3, due_at=moment, keeps_own_clock=True)
        codes.append(door.report(report, SOURCE, now).case.code)
    return codes


def breaches(store: Store) -> dict[str, list[datetime]]:
    """When each case was told to be overdue."""
    told: dict[str, list[datetime]] = {}
    with store.read() as connection:
        for _number, body in outbox.facts_after(connection, 0, 5000):
            fact = json.loads(body)
            if fact["kind"] == "clock.breached":
                told.setdefault(fact["case"], []).append(datetime.fromisoformat(fact["at"]))
    return told


def until(check: object, seconds: float) -> None:
    """Wait until `check()` is true."""
    assert callable(check)
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, f"not within {seconds:g} s"
        time.sleep(0.05)


@contextlib.contextmanager
def a_site(store: Store, redis_server: RedisServer, folder: Path) -> Iterator[Site]:
    with site(address(store), redis_server.url, folder) as here:
        yield here


def test_deadlines_fire_once_and_in_time_and_figures_stay_fresh_when_one_of_two_workers_is_killed(
    county_store: Store, redis_server: RedisServer, tmp_path: Path
) -> None:
    redis_server.start()
    with a_site(county_store, redis_server, tmp_path) as here:
        first = here.run("alerts")
        until(lambda: pictured(county_store), 15)
        second = here.run("alerts")
        until(lambda: "Redis carries news" in second.errors, 15)
        begun = real_now()
        moments = [begun + (1.5 + turn / 10) * SECOND for turn in range(25)]
        codes = due_at(county_store, moments, begun)
        until(lambda: len(breaches(county_store)) > 5, 10)
        first.kill()
        killed = real_now()
        until(lambda: len(breaches(county_store)) == 25, 10)
        until(lambda: (pictured(county_store) or killed) > killed, 2.5)
    told = breaches(county_store)
    late = [(told[code][0] - moment).total_seconds() for code, moment in zip(codes, moments, strict=True)]
    assert all(len(times) == 1 for times in told.values())
    assert min(late) >= -0.001  # written times are cut to milliseconds
    assert max(late) <= 2
    with county_store.read() as connection:
        assert connection.execute(select(func.count()).select_from(t.escalation)).scalar_one() == 25


def test_a_deadline_in_a_replay_fires_when_county_time_gets_there(
    sqlite_county: Store, redis_server: RedisServer, tmp_path: Path
) -> None:
    county_now = real_now() - timedelta(days=1000)
    codes = due_at(sqlite_county, [county_now + timedelta(hours=1), county_now + timedelta(days=9)], county_now)
    door_of(sqlite_county).set_time(Timebase(real_now(), county_now, speed=0.0))
    with a_site(sqlite_county, redis_server, tmp_path) as here:
        here.run("alerts")
        until(lambda: pictured(sqlite_county), 15)
        time.sleep(1.2)
        assert breaches(sqlite_county) == {}  # county time stands still, whatever real time says
        door_of(sqlite_county).set_time(
            Timebase(real_now(), county_now, speed=3600.0, ceiling=county_now + timedelta(hours=2))
        )
        until(lambda: breaches(sqlite_county), 4)
        time.sleep(1.0)
    assert list(breaches(sqlite_county)) == codes[:1]


def heard_pictures(redis_server: RedisServer, seconds: float) -> list[float]:
    """When pictures came over Redis."""
    wire: Any = redis.Redis.from_url(redis_server.url).pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    wire.subscribe(FIGURES_CHANNEL)
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        if wire.get_message(timeout=0.1):
            times.append(time.monotonic())
    wire.close()
    return times


def test_one_of_two_workers_draws_and_the_other_does_not(
    sqlite_county: Store, redis_server: RedisServer, tmp_path: Path
) -> None:
    redis_server.start()
    with a_site(sqlite_county, redis_server, tmp_path) as here:
        here.run("alerts")
        until(lambda: pictured(sqlite_county), 15)
        waiting = here.run("alerts")
        until(lambda: "Redis carries news" in waiting.errors, 15)
        times = heard_pictures(redis_server, 3.2)
        assert 2 <= len(times) <= 3  # every 1.5 s while nothing happens, from one of them


def pictured(store: Store) -> datetime | None:
    with store.read() as connection:
        at: datetime | None = connection.execute(select(t.snapshot.c.at)).scalar()
        return at


HOLDER = """
import sys, time
from models.lease import Lease
from models.store import Store
lease = Lease(Store(sys.argv[1]), "test")
print(lease.held(), flush=True)
time.sleep(60)
"""


def test_a_lease_has_one_holder_and_falls_free_with_its_process(county_store: Store) -> None:
    command = [sys.executable, "-c", HOLDER, address(county_store)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        assert child.stdout.readline() == "True\n"
        mine, other = Lease(county_store, "test"), Lease(county_store, "other")
        assert not mine.held()
        assert other.held()
        child.kill()
    until(mine.held, 3)
    assert mine.held()
    another = Lease(county_store, "test")
    assert not another.held()
    mine.release()
    until(another.held, 1)
    another.release()
    other.release()


def test_the_outbox_is_trimmed_in_bites_and_never_below_what_a_screen_may_ask_for(store: Store) -> None:
    now = real_now()
    ages = [timedelta(days=20)] * 450 + [timedelta(days=1)] * KEPT
    rows = [{"number": number, "kind": "x", "at": now - age, "body": "{}"} for number, age in enumerate(ages, 1)]
    with store.write() as connection:
        connection.execute(t.outbox.insert(), rows)
    bites = []
    while bite := trim_outbox(store, now, timedelta(days=14)):
        bites.append(bite)
    assert max(bites) <= BITE
    with store.read() as connection:
        first = outbox.first_kept(connection)
    assert 400 < first <= 451
    with pytest.raises(ValueError, match="7 days"):
        trim_outbox(store, now, timedelta(days=6))
    assert trim_outbox(store, now + timedelta(days=365), timedelta(days=14)) <= BITE
    with store.read() as connection:
        assert outbox.facts_after(connection, 0, 10_000)[-1][0] - outbox.first_kept(connection) + 1 >= KEPT


@contextlib.contextmanager
def supervised(here: Site, folder: Path) -> Iterator[list[tuple[Process, socket.socket]]]:
    """Both processes and the ends at which their hearts are heard, once both have said that they are ready."""
    with contextlib.ExitStack() as stack:
        both = []
        for name in ("push", "alerts"):
            ear = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            ear.bind(str(folder / name))
            ear.settimeout(15)
            both.append((here.run(name, NOTIFY_SOCKET=str(folder / name)), ear))
        for process, ear in both:
            assert ear.recv(100) == b"READY=1", process.errors
        yield both


def test_processes_say_that_they_are_ready_beat_and_end_within_two_seconds(
    sqlite_county: Store, redis_server: RedisServer, tmp_path: Path
) -> None:
    with (
        a_site(sqlite_county, redis_server, tmp_path) as here,
        supervised(here, redis_server.folder) as both,
    ):
        for process, ear in both:
            begun = time.monotonic()
            assert [ear.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
            assert time.monotonic() - begun < 4
            code, took = process.end()
            assert (code, "Traceback" in process.errors) == (0, False)
            assert took < 2


def test_processes_end_within_two_seconds_while_their_database_does_not_answer(
    postgres_store: Store, redis_server: RedisServer, tmp_path: Path
) -> None:
    with (
        a_site(postgres_store, redis_server, tmp_path) as here,
        supervised(here, redis_server.folder) as both,
        postgres_store.engine.connect() as connection,
    ):
        for table in ("counter", "outbox", "cases", "snapshot", "rules"):
            connection.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        time.sleep(1.0)
        for process, _ear in both:
            code, took = process.end()
            assert code == 0
            assert took < 2.5


def test_a_process_without_a_database_waits_for_it_and_says_so_in_one_line(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    with site(f"sqlite:///{tmp_path}/nothing.sqlite", redis_server.url, tmp_path) as here:
        process = here.run("alerts")
        until(lambda: "cannot be read" in process.errors, 15)
        assert process.child
        assert process.child.poll() is None
        code, _took = process.end()
    assert code == 0
    lines = process.errors.splitlines()
    assert all(line.startswith("alerts: ") for line in lines)


def test_news_reach_a_subscriber_from_a_process_that_was_forked_after_they_were_made(redis_server: RedisServer) -> None:
    redis_server.start()
    code = f"""
import os
from datetime import UTC, datetime
from alerts.news import News
from models.messages import TimeChanged
news = News({redis_server.url!r})
now = datetime.now(UTC)
fact = TimeChanged(id="1", at=now, county_at=now, speed=1.0)
assert news.publish([fact])
for _ in range(2):
    if os.fork() == 0:
        assert news.publish([fact, fact])
        os._exit(0)
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
assert news.publish([fact])
"""
    wire: Any = redis.Redis.from_url(redis_server.url).pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    wire.subscribe("gridcommand:facts")
    wire.get_message(timeout=1)
    process = Process(code, dict(os.environ))
    process.start()
    assert process.child
    assert process.child.wait(15) == 0, process.end()
    heard = [message for _ in range(20) if (message := wire.get_message(timeout=0.1))]
    wire.close()
    assert len(heard) == 6
