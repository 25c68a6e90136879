"""`gridcommand doctor`: is every part alive, and how far behind?"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from config.settings import Settings, from_environment
from dashboard.cli.embedded import answers
from dashboard.cli.parts import shown
from dashboard.cli.terminal import Refusal, answer
from dashboard.health import accepts
from models import outbox, queries
from models.ladder import deliveries
from models.outbox import kept_picture
from models.reference import is_empty
from models.schema import is_current
from models.store import Store, StoreUnavailable
from models.timebase import CountyClock, real_now

SAFE_SQLITE = (3, 51, 3)
"""Older libraries have the WAL-reset fault (reliability.md §1.3); our write lock closes it for our own processes."""
LARGE_WAL = 64 << 20
OLD_FIGURES, LATE_CLOCK, LATE_NOTIFIER = 10.0, 5.0, 60.0


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, whether it is well, and what was seen."""

    part: str
    well: bool
    seen: str


@click.command()
def doctor() -> int:
    """Look at every part and say what is wrong. Exit code 1 where something is."""
    findings = list(_findings(from_environment()))
    width = max(len(finding.part) for finding in findings)
    for finding in findings:
        answer(f"{'ok  ' if finding.well else 'BAD '} {finding.part:<{width}}  {finding.seen}")
    bad = sum(not finding.well for finding in findings)
    if bad:
        raise Refusal(f"{bad} of {len(findings)} parts need attention.")
    return 0


def _findings(settings: Settings) -> Iterator[Finding]:
    yield from _processes(settings.data / "run" / "processes.json")
    store = Store(settings.database)
    try:
        yield from _database(store)
    finally:
        store.close()
    if settings.embedded_redis:
        alive = answers(settings.data.resolve() / "run" / "redis.sock")
    else:
        alive = accepts(settings.redis) == "ok"
    yield Finding("redis", alive, "answers" if alive else "away; screens are served from the database")
    for name, port in (("web", settings.port), ("push", settings.push_port), ("video", settings.video_port)):
        state = accepts(f"tcp://{settings.host}:{port}")
        yield Finding(f"port {name}", state == "ok", f"{settings.host}:{port} {state}")


def _processes(file: Path) -> Iterator[Finding]:
    """What the supervisor of this data folder says; nothing where another one (systemd) runs the processes."""
    try:
        state = json.loads(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return
    for name, process in state["processes"].items():
        running = process["pid"] is not None and Path(f"/proc/{process['pid']}").exists()
        again = process["starts"] - 1
        words = f"process {process['pid']}" + (f", started again {again} times" if again > 0 else "")
        yield Finding(name, running and process["ready"], words if running else "not running")


def _database(store: Store) -> Iterator[Finding]:
    try:
        current = is_current(store)
        yield Finding("database", current, f"{shown(store)}{'' if current else ': run `gridcommand migrate`'}")
        if current:
            yield from _contents(store)
    except StoreUnavailable as error:
        yield Finding("database", False, str(error))
    if store.sqlite:
        yield from _sqlite(Path(str(store.url.database)))


def _contents(store: Store) -> Iterator[Finding]:
    now = CountyClock(store).now()
    with store.read() as connection:
        empty = is_empty(connection)
        number, clock, picture = (
            outbox.last_number(connection),
            queries.next_clock(connection),
            kept_picture(connection),
        )
    yield Finding("county", not empty, "stored" if not empty else "none stored: run `gridcommand migrate`")
    late = (now - clock).total_seconds() if clock else 0.0
    yield Finding("clocks", late <= LATE_CLOCK, "none is late" if late <= LATE_CLOCK else f"{late:.0f} s late")
    with store.read() as connection:
        backlog = deliveries.backlog(connection, now, real_now())
    waits = backlog.oldest.total_seconds()
    words = f"{backlog.waiting} waiting, the longest {waits:.0f} s" if backlog.waiting else "nothing waits"
    failed = f"; {backlog.failed} failed for good since a day" if backlog.failed else ""
    yield Finding("notifier", waits <= LATE_NOTIFIER, words + failed)
    if picture is None:
        yield Finding("figures", False, "never computed: is `alerts` running?")
        return
    age = (real_now() - picture.figures.at).total_seconds()
    behind = number - int(picture.figures.id.split(".")[0])
    yield Finding("figures", age <= OLD_FIGURES, f"{age:.1f} s old, {behind} facts behind number {number}")


def _sqlite(file: Path) -> Iterator[Finding]:
    version = sqlite3.sqlite_version_info
    known = "" if version >= SAFE_SQLITE else "; older than 3.51.3: PostgreSQL is recommended for production"
    yield Finding("sqlite", True, f"library {sqlite3.sqlite_version}{known}")
    wal = Path(f"{file}-wal")
    size = wal.stat().st_size if wal.exists() else 0
    yield Finding("wal", size <= LARGE_WAL, f"{size / (1 << 20):.1f} MiB")
    room = os.statvfs(file.parent if file.parent.exists() else Path())
    free = room.f_bavail * room.f_frsize
    yield Finding("disk", free > (1 << 30), f"{free / (1 << 30):.1f} GiB free")
