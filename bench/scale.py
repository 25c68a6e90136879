"""`gridcommand bench scale`: does anything get slower with the years? Every list, search, figure and page, on both databases.

Two stores are made in bulk (see `bench.bulk`), one of 10 thousand and one of 1 million cases with the same open cases and
the same days behind them; the worker's books, sums and estimates are brought up to date; then the real web application
answers people of every role, with its guard, its shapes and its JSON. Times are of whole requests inside one process.
`--data FOLDER` keeps the stores and uses them again. `--sizes 10000,1000000,10000000 --database postgres` is the long
profile.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from bench import around
from bench.asking import DEPARTMENT, GRID, Asking, Browsers, browsers, questions
from bench.bulk import make
from bench.harness import postgres, postgres_binaries
from config.settings import Settings
from dashboard.app import create_app
from models import tables as t
from models.directory import Directories
from models.evaluation import analysis, books
from models.evaluation.reading import Counties
from models.filters import Moment
from models.forecast import learning
from models.moves import Role
from models.retention import trim_outbox
from models.rules import Rules
from models.schema import migrate
from models.store import Store
from models.timebase import Timebase, real_now, set_timebase

TARGET_MS, TARGET_RATIO = 300.0, 1.5
FIGURES = "api figures"
ZONE = ZoneInfo("Asia/Shanghai")
RECIPE = 3
"""Changes with what `bench.bulk` makes: a kept store of another recipe is made anew."""


def run(arguments: Sequence[str]) -> int:
    """Measure; the last line is one JSON object. Returns 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="gridcommand bench scale", description=__doc__)
    parser.add_argument("--sizes", default="10000,1000000", help="cases in each store, smallest first")
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--times", type=int, default=25, help="requests of each kind")
    parser.add_argument("--data", type=Path, default=None, help="folder in which the stores are kept and used again")
    parser.add_argument("--only", default="", help="ask only what has this in its name (nothing is judged then)")
    asked = parser.parse_args(list(arguments))
    sizes = [int(size) for size in asked.sizes.split(",")]
    began = time.monotonic()
    figures: dict[str, Any] = {
        "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1), "sizes": sizes, "times": asked.times,
    }  # fmt: skip
    for name in ("sqlite", "postgres"):
        if asked.database not in (name, "both"):
            continue
        if name == "postgres" and postgres_binaries() is None:
            print("postgres: its server programs are not installed; not measured.", file=sys.stderr)
            continue
        with contextlib.ExitStack() as stack:
            places = {size: _place(name, size, asked.data, stack) for size in sizes}
            found = {size: _measured(name, place, size, asked.times, asked.only) for size, place in places.items()}
            ratio = _ratio(places[sizes[0]], places[sizes[-1]], asked.times)
        figures[name] = _figures(found, sizes, ratio)
    print(json.dumps(figures | {"took_s": round(time.monotonic() - began)}))
    return 0 if asked.only or all(_sound(figures[name]) for name in ("sqlite", "postgres") if name in figures) else 1


def _sound(figures: Mapping[str, Any]) -> bool:
    return bool(figures["figures_ratio"] <= TARGET_RATIO and figures["worst_p95_ms"] <= TARGET_MS)


@dataclass(frozen=True)
class Found:
    """What was measured of one store: name → p50 and p95 in ms; seconds of making it and of the worker's first work."""

    times: Mapping[str, tuple[float, float]]
    made: float
    books: float
    trimmed: float


def _figures(found: Mapping[int, Found], sizes: Sequence[int], ratio: float) -> dict[str, Any]:
    """The answers of the largest store, and its figures beside those of the smallest."""
    last = found[sizes[-1]]
    worst = max(last.times, key=lambda name: last.times[name][1])
    return {
        "figures_ratio": round(ratio, 2),
        "figures_p50_ms": [round(one.times[FIGURES][0], 1) for one in found.values() if FIGURES in one.times],
        "worst": worst,
        "worst_p95_ms": round(last.times[worst][1], 1),
        "over": sorted(name for name, (_, p95) in last.times.items() if p95 > TARGET_MS),
        "p95_ms": {
            name: [round(one.times[name][1], 1) for one in found.values() if name in one.times] for name in last.times
        },
        "made_s": [round(one.made, 1) for one in found.values()],
        "books_s": [round(one.books, 1) for one in found.values()],
        "trim_rows_per_s": round(last.trimmed),
    }


# --- stores ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where a store is, a folder for what belongs to it, and a file that says when it was made; without: not yet."""

    url: str
    folder: Path
    marker: Path


def _place(name: str, size: int, data: Path | None, stack: contextlib.ExitStack) -> Place:
    own = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gc-scale-")))
    folder = (data.resolve() if data else own) / f"{name}-{size}"
    folder.mkdir(parents=True, exist_ok=True)
    marker = folder / "made.json"
    if name == "postgres":
        binaries = postgres_binaries()
        assert binaries is not None
        folder.chmod(0o755)  # as root, the server runs under another name
        if _made_at(marker) is None:
            shutil.rmtree(folder / "cluster", ignore_errors=True)
        cluster = stack.enter_context(postgres(binaries, folder / "cluster" if data else None))
        return Place(cluster.replace("postgresql://", "postgresql+psycopg://"), own, marker)
    file = folder / "scale.sqlite"
    if _made_at(marker) is None:
        for old in folder.glob("scale.sqlite*"):
            old.unlink()
    return Place(f"sqlite:///{file}", own, marker)


def _made_at(marker: Path) -> datetime | None:
    """When a kept store was made, where it is of this recipe."""
    if not marker.exists():
        return None
    known = json.loads(marker.read_text(encoding="ascii"))
    return datetime.fromisoformat(known["at"]) if known["recipe"] == RECIPE else None


def _made(place: Place, size: int) -> float:
    """Seconds that making the store took; it lives on from the moment it was made, however long it was kept."""
    began = time.monotonic()
    store = Store(place.url)
    at = _made_at(place.marker)
    if at is None:
        at = datetime.now(UTC)
        make(store, size, at, show=_shown)
        with store.write() as connection:
            connection.execute(insert(t.account), people())
            around.sign(connection, Moment(at, ZONE))
        place.marker.write_text(json.dumps({"at": at.isoformat(), "recipe": RECIPE}), encoding="ascii")
    else:
        migrate(store)
    with store.write() as connection:
        set_timebase(connection, Timebase(real_now(), at, 1.0))
    store.close()
    return time.monotonic() - began


def people() -> list[dict[str, Any]]:
    """One account of each role, named like it; the grid worker and the department bound to theirs."""
    bound = {Role.GRID: {"area": GRID}, Role.DEPARTMENT: {"department": DEPARTMENT}}
    return [
        {"name": str(role), "role": str(role), "password": "", "disabled": False, "created_at": real_now(),
         "area": None, "department": None} | bound.get(role, {})
        for role in Role if role is not Role.SYSTEM
    ]  # fmt: skip


def _shown(done: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done:,} cases", end="", file=sys.stderr, flush=True)


# --- measuring -------------------------------------------------------------------------------------------------------


def _measured(name: str, place: Place, size: int, times: int, only: str) -> Found:
    made = _made(place, size)
    print(f"{name}, {size:,} cases: made in {made:.0f} s", file=sys.stderr)
    with opened(place.url, place.folder) as (people, parts):
        spent = worked(parts)
        asked = questions(people, parts, size)
        found = {name: timed(name, ask, times) for name, ask in asked.items() if only in name}
        return Found(found, made, spent, _trimmed(parts.store))


def _ratio(small: Place, large: Place, times: int) -> float:
    """How much longer figures take in the large store: both asked in turn, so that other load weighs on both alike."""
    with opened(small.url, small.folder) as (first, _), opened(large.url, large.folder) as (second, _):
        spent: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(times + 2):
            for big, people in ((False, first), (True, second)):
                began = time.perf_counter()
                people[Role.OPERATOR].get("/api/v1/figures")
                spent[big].append(time.perf_counter() - began)
        return median(spent[True][2:]) / median(spent[False][2:])


@contextlib.contextmanager
def opened(url: str, folder: Path) -> Iterator[tuple[Browsers, Any]]:
    """The real application on a store, and a browser for each role."""
    settings = Settings(_env_file=None, database_url=url, secret_key="bench", data=folder / "data")
    app = create_app(settings, news=_Quiet())
    parts = app.extensions["gridcommand"]
    gc.collect()
    gc.freeze()  # as the web server does (`dashboard/gunicorn_conf.py`)
    try:
        yield browsers(app, parts.store), parts
    finally:
        parts.store.close()


class _Quiet:
    """Nobody to tell."""

    def publish(self, facts: Sequence[Any]) -> None: ...


def worked(parts: Any) -> float:
    """What the alerts worker does by and by: estimates, books of the evaluation, daily sums. Seconds of the books."""
    store, now = parts.store, parts.clock.now()
    book = Rules(store, parts.zone)()
    began = time.monotonic()
    learning.learn(store, book, Directories(store)(), now, now)
    while learning.watch(store, book):
        pass
    print(f"learned in {time.monotonic() - began:.1f} s", file=sys.stderr)
    began = time.monotonic()
    county = Counties(store, parts.rules)()
    days, cases = analysis.keep_up(store, county.zone), books.keep_up(store, county, now)
    spent = time.monotonic() - began
    print(f"books of {cases:,} cases and sums of {days:,} days kept up in {spent:.1f} s", file=sys.stderr)
    return spent


def timed(name: str, ask: Asking, times: int) -> tuple[float, float]:
    """p50 and p95 in ms, after two requests that warm up.

    Raises:
        RuntimeError: an answer was no 200.
    """
    spent = []
    for number in range(times + 2):
        began = time.perf_counter()
        answer = ask()
        took = (time.perf_counter() - began) * 1000
        if answer.status_code != 200:
            raise RuntimeError(f"{name}: {answer.status_code} {answer.get_data(as_text=True)[:300]}")
        if number >= 2:
            spent.append(took)
    spent.sort()
    pair = median(spent), spent[min(int(len(spent) * 0.95), len(spent) - 1)]
    print(f"{name:36} p50 {pair[0]:7.1f} ms   p95 {pair[1]:7.1f} ms", file=sys.stderr)
    return pair


def _trimmed(store: Store) -> float:
    """Facts that leave the outbox per second, in the worker's bites."""
    began, gone = time.perf_counter(), 0
    while time.perf_counter() - began < 2.0:
        here = trim_outbox(store, real_now(), timedelta(days=7))
        if not here:
            break
        gone += here
    return gone / max(time.perf_counter() - began, 1e-3)
