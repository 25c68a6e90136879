"""Promises 9 and 10: deadlines fire at most 2 s late with exactly one escalation each, whoever is killed and however the
computer's clock is set; each with a broken twin that fails the same judgement.

Short profile here; `GRIDCOMMAND_LONG=1` runs the whole of promise 9 (2,000 deadlines, 50 kills).
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import SECRET
from sqlalchemy import func, insert, select, update

import alerts.worker
import models.door.facade
import models.timebase
from alerts.worker import County, Worker
from models import tables as t
from models.directory import Directories
from models.door import Conflict, Door, Report
from models.messages import ClockBreached, Message
from models.moves import Actor, Role
from models.rules import RuleBook, Rules
from models.store import Store
from models.timebase import CountyClock, Timebase
from models.vault import Vault

ZONE = ZoneInfo("Asia/Shanghai")
SOURCE = Actor("hotline", Role.SYSTEM)
SECOND = timedelta(seconds=1)
LATEST = 2.0
"""Seconds of real time that a deadline may fire late."""
DEADLINES, KILLS, SECONDS = (2000, 50, 100.0) if os.environ.get("GRIDCOMMAND_LONG") else (60, 4, 9.0)
SPEED = 600.0
"""County seconds in one real second."""


class Silent:
    """News without Redis: the truth is in the database, which is what is judged."""

    def publish(self, facts: Sequence[Message]) -> bool:
        return False


@cache
def book_of(url: str) -> RuleBook:
    """The county's rules with a ladder that nobody climbs during the test. Read once: forked workers have it already."""
    store = Store(url)
    book = Rules(store, ZONE)()
    store.close()
    rung = replace(book.ladder.rungs[0], wait=timedelta(days=900), working=False, again=0)
    return replace(book, ladder=replace(book.ladder, rungs=(rung,), shares=(), notice=False))


def address(store: Store) -> str:
    return str(store.url.render_as_string(hide_password=False))


def worker_of(store: Store, news: Any = None) -> Worker:
    book = book_of(address(store))
    county = County(
        store=store,
        rules=lambda: book,  # type: ignore[arg-type]
        door=Door(store, lambda: book, Vault(SECRET)),
        clock=CountyClock(store),
        directories=Directories(store),
    )
    return Worker(county, news or Silent(), "unix:///nowhere", ThreadPoolExecutor(1))  # type: ignore[arg-type]


# --- promise 9 -------------------------------------------------------------------------------------------------------


def careful(url: str, ready: Any) -> None:
    """A process that lets the clocks act until it is killed."""
    worker = worker_of(Store(url))
    while True:
        try:
            pause = worker.tick()
            ready.set()
            time.sleep(min(0.2, pause))
        except Conflict:
            continue


def careless(url: str, ready: Any) -> None:
    """The broken twin: it looks, acts, and marks what it did afterwards, without claiming and one by one."""
    store = Store(url)
    clock = CountyClock(store)
    ready.set()
    while True:
        now, c = clock.now(), t.cases.c
        with store.read() as connection:
            rows = connection.execute(select(t.cases).where(c.due_at <= now, c.breached_at.is_(None)).limit(50)).all()
        for row in rows:
            with store.write() as connection:
                highest = select(func.coalesce(func.max(t.escalation.c.rung), 0)).where(
                    t.escalation.c.case_id == row.id
                )
                values = {"case_id": row.id, "rung": connection.execute(highest).scalar_one() + 1, "reason": "breach"}
                connection.execute(insert(t.escalation).values(**values, takeover=False, at=now))
        for row in rows:
            with store.write() as connection:
                connection.execute(update(t.cases).where(c.id == row.id).values(breached_at=now))
        time.sleep(0.05)


def deadlines(store: Store, start: datetime) -> None:
    """Cases under a rule of our own whose deadlines are spread over the run: they were reported one limit before."""
    book = book_of(address(store))
    leaf = next(leaf for _, leaf in sorted(book.categories.items()) if leaf.limit_unit == "urgent_hour")
    limit = timedelta(hours=leaf.limit_amount or 0)
    first, spread = 2.0 * SPEED, (SECONDS - 3.5) * SPEED
    with Door(store, lambda: book, Vault(SECRET)).transaction() as (deed, _facts):
        for number in range(DEADLINES):
            at = start - limit + timedelta(seconds=first + spread * number / DEADLINES)
            deed.report(Report(leaf.code, "井盖丢失", "hotline", area="990100", level=2), SOURCE, at)


class Crew:
    """Two workers at once; one that was killed is replaced, and killed again only when the other is at work."""

    def __init__(self, url: str, work: Callable[[str, Any], None]) -> None:
        self._context = multiprocessing.get_context("fork")  # a new worker is there at once, with the rule book in mind
        self._call = (url, work)
        self._crew = [self._begun(), self._begun()]
        self.kills = 0

    def _begun(self) -> tuple[Any, Any]:
        url, work = self._call
        ready = self._context.Event()
        process = self._context.Process(target=work, args=(url, ready), daemon=True)
        process.start()
        return process, ready

    def at_work(self) -> bool:
        return all(ready.is_set() for _, ready in self._crew)

    def kill_one(self) -> None:
        """SIGKILL, in turn."""
        self._end(self._crew[self.kills % 2][0])
        self._crew[self.kills % 2] = self._begun()
        self.kills += 1

    def end(self) -> None:
        for process, _ in self._crew:
            self._end(process)

    @staticmethod
    def _end(process: Any) -> None:
        process.kill()
        process.join()


def run(store: Store, work: Callable[[str, Any], None]) -> None:
    """Deadlines fall due at `SPEED` while one worker after the other is killed."""
    county = datetime(2026, 11, 18, 2, 30, tzinfo=UTC)
    deadlines(store, county)
    set_pace(store, county, 0.0)  # the county's time stands still until both are at work
    store.engine.dispose()
    crew = Crew(address(store), work)
    try:
        until(crew.at_work, 30)
        set_pace(store, county, SPEED)
        begun = time.monotonic()
        while (waiting(store) or crew.kills < KILLS) and time.monotonic() - begun < SECONDS * 4:
            if (
                crew.kills < KILLS
                and time.monotonic() - begun > 0.75 * SECONDS / KILLS * (crew.kills + 0.5)
                and crew.at_work()
            ):
                crew.kill_one()
            time.sleep(0.1)
    finally:
        crew.end()
    assert crew.kills == KILLS


def waiting(store: Store) -> bool:
    """Whether a deadline has not fired yet."""
    with store.read() as connection:
        left = select(func.count()).select_from(t.cases).where(t.cases.c.breached_at.is_(None))
        return bool(connection.execute(left).scalar_one())


def set_pace(store: Store, county: datetime, speed: float) -> None:
    with store.write() as connection:
        models.timebase.set_timebase(connection, Timebase(datetime.now(UTC), county, speed))


def until(check: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, f"not within {seconds:g} s"
        time.sleep(0.02)


def faults(store: Store) -> list[str]:
    """What is wrong afterwards; empty when each deadline has fired once and in time."""
    e, c = t.escalation.c, t.cases.c
    with store.read() as connection:
        counts = select(c.code, c.due_at, func.count(e.id), func.min(e.at)).select_from(
            t.cases.outerjoin(t.escalation, e.case_id == c.id)
        )
        rows = connection.execute(counts.group_by(c.code, c.due_at)).all()
        lines = connection.execute(
            select(func.count()).select_from(t.trace).where(t.trace.c.action == "breach")
        ).scalar_one()
    found = [f"{code} has {count} escalations" for code, _, count, _ in rows if count != 1]
    late = [(at - due).total_seconds() / SPEED for _, due, _, at in rows if at is not None]
    found += [f"one fired {seconds:.2f} s late" for seconds in late if not 0 <= seconds <= LATEST]
    if len(rows) != DEADLINES or lines != DEADLINES:
        found.append(f"{len(rows)} deadlines and {lines} breaches in the traces")
    return found


@pytest.mark.timeout(300)
def test_deadlines_fire_once_and_in_time_while_workers_are_killed(county_store: Store) -> None:
    run(county_store, careful)
    assert faults(county_store) == []


@pytest.mark.timeout(300)
def test_the_careless_twin_fails_the_same_judgement(county_store: Store) -> None:
    run(county_store, careless)
    assert faults(county_store)


# --- promise 10 ------------------------------------------------------------------------------------------------------


class SteppedClock:
    """The computer's clock, set back and forth by somebody."""

    def __init__(self) -> None:
        self.offset = timedelta()
        self.begun = datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def after(self, seconds: float) -> datetime:
        return self.begun + timedelta(seconds=seconds)


STEPS = ((1.2, -600), (3.4, 0), (4.6, 600), (5.8, 0))
"""Real seconds after the start, and what the clock is off by from then on."""
DUE = (0.6, 2.0, 4.0, 300.0, 650.0)
"""The deadlines, in seconds after the start by the right clock."""
FIRED_AT = {0.6: 0.6, 2.0: 3.4, 4.0: 4.0, 300.0: 4.6}
"""When the clock first shows each of them: the second while it is set right again, the fourth while it is ahead."""


class Heard(Silent):
    """Writes down when each breach was told, in real seconds after the start."""

    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.told: list[tuple[str, float]] = []

    def publish(self, facts: Sequence[Message]) -> bool:
        told = time.monotonic() - self.begun
        self.told += [(fact.case, told) for fact in facts if isinstance(fact, ClockBreached)]
        return True


def ticking(worker: Worker, _store: Store, _clock: SteppedClock, stop: threading.Event) -> None:
    """As the process does: look, act, sleep at most so long as the worker says."""
    while not stop.is_set():
        stop.wait(worker.tick())


def trusting(worker: Worker, store: Store, clock: SteppedClock, stop: threading.Event) -> None:
    """The broken twin: it works out once how long each deadline takes, sleeps it out, and believes in it."""
    with store.read() as connection:
        dues = connection.execute(select(t.cases.c.code, t.cases.c.due_at).order_by(t.cases.c.due_at)).all()
    begun, real = clock.now(), time.monotonic()
    for code, due_at in dues:
        if stop.wait(max(0.0, (due_at - begun).total_seconds() - (time.monotonic() - real))):
            return
        worker._news.told.append((code, time.monotonic() - worker._news.begun))  # type: ignore[attr-defined]


def stepped(store: Store, monkeypatch: pytest.MonkeyPatch, work: Callable[..., None]) -> list[str]:
    """Run it while the clock is stepped; what is wrong afterwards."""
    book = book_of(address(store))
    clock = SteppedClock()
    for module in (alerts.worker, models.door.facade, models.timebase):
        monkeypatch.setattr(module, "real_now", clock.now)
    door = Door(store, lambda: book, Vault(SECRET))
    codes = {}
    clock.begun = datetime.now(UTC) + 3 * SECOND  # filing takes a while
    for seconds in DUE:
        report = Report(
            min(book.categories),
            "井盖丢失",
            "hotline",
            area="990100",
            level=2,
            due_at=clock.after(seconds),
            keeps_own_clock=True,
        )
        codes[door.report(report, SOURCE, clock.after(-3600)).case.code] = seconds
    worker = worker_of(store)
    time.sleep(max(0.0, (clock.begun - datetime.now(UTC)).total_seconds()))
    worker._news = heard = Heard()  # its seconds begin now
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(worker, store, clock, stop))
    thread.start()
    for at, offset in STEPS:
        time.sleep(max(0.0, at - (time.monotonic() - heard.begun)))
        clock.offset = timedelta(seconds=offset)
    time.sleep(1.2)
    stop.set()
    thread.join(10)
    return _misfired([(codes[code], at) for code, at in heard.told])


def _misfired(told: Sequence[tuple[float, float]]) -> list[str]:
    found = []
    for due, shown in FIRED_AT.items():
        times = [at for seconds, at in told if seconds == due]
        if len(times) != 1:
            found.append(f"the deadline after {due} s fired {len(times)} times")
        elif not shown - 0.1 <= times[0] <= shown + LATEST:
            found.append(
                f"the deadline after {due} s fired after {times[0]:.2f} s, the clock showed it after {shown} s"
            )
    found += [f"the deadline after {due} s fired at all" for due, _ in told if due not in FIRED_AT]
    return found


def test_a_stepped_clock_makes_nothing_early_late_or_twice(
    county_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stepped(county_store, monkeypatch, ticking) == []


def test_the_trusting_twin_fails_the_same_judgement(sqlite_county: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stepped(sqlite_county, monkeypatch, trusting)
