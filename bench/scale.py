"""`gridcommand bench scale`: does anything get slower with the years? Every list, search, figure and page, on both databases.

Two stores are made in bulk (see `bench.bulk`), one of 10 thousand and one of 1 million cases with the same open cases and
the same days behind them; then the real web application answers, with its guard, its shapes and its JSON. Times are of
whole requests inside one process. `--sizes 10000,1000000,10000000 --database postgres` is the long profile.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Any
from urllib.parse import quote

from flask.testing import FlaskClient
from sqlalchemy import insert

from bench.bulk import make
from bench.harness import postgres, postgres_binaries
from config.settings import Settings
from dashboard.app import create_app
from dashboard.routes import TABLE
from models import accounts
from models import tables as t
from models.directory import Directories
from models.forecast import learning
from models.moves import Role
from models.retention import trim_outbox
from models.rules import Rules
from models.store import Store
from models.timebase import real_now

TARGET_MS, TARGET_RATIO = 300.0, 1.5
FIGURES = "api figures"
Asking = Callable[[], Any]


def run(arguments: Sequence[str]) -> int:
    """Measure; the last line is one JSON object. Returns 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="gridcommand bench scale", description=__doc__)
    parser.add_argument("--sizes", default="10000,1000000", help="cases in each store, smallest first")
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--times", type=int, default=25, help="requests of each kind")
    parser.add_argument(
        "--keep", type=Path, default=None, help="folder for the SQLite stores, which are kept and used again"
    )
    asked = parser.parse_args(list(arguments))
    sizes = [int(size) for size in asked.sizes.split(",")]
    figures: dict[str, Any] = {"cores": os.cpu_count(), "sizes": sizes, "times": asked.times}
    for name in ("sqlite", "postgres"):
        if asked.database not in (name, "both"):
            continue
        if name == "postgres" and postgres_binaries() is None:
            print("postgres: its server programs are not installed; not measured.", file=sys.stderr)
            continue
        with contextlib.ExitStack() as stack:
            places = {size: _place(name, size, asked.keep, stack) for size in sizes}
            found = {size: _measured(name, place, size, asked.times) for size, place in places.items()}
            ratio = _ratio(places[sizes[0]], places[sizes[-1]], asked.times)
        figures[name] = _figures(found, sizes, ratio)
    print(json.dumps(figures))
    return 0 if all(_sound(figures[name]) for name in ("sqlite", "postgres") if name in figures) else 1


def _sound(figures: Mapping[str, Any]) -> bool:
    return bool(figures["figures_ratio"] <= TARGET_RATIO and figures["worst_p95_ms"] <= TARGET_MS)


def _figures(
    found: Mapping[int, Mapping[str, tuple[float, float]]], sizes: Sequence[int], ratio: float
) -> dict[str, Any]:
    """The answers of the largest store, and its figures beside those of the smallest."""
    last = found[sizes[-1]]
    timed = {name: pair for name, pair in last.items() if not name.startswith("_")}
    worst = max(timed, key=lambda name: timed[name][1])
    return {
        "figures_ratio": round(ratio, 2),
        "figures_p50_ms": [round(found[size][FIGURES][0], 1) for size in sizes],
        "worst": worst,
        "worst_p95_ms": round(timed[worst][1], 1),
        "p95_ms": {name: [round(found[size][name][1], 1) for size in sizes if name in found[size]] for name in timed},
        "made_s": [round(found[size]["_made"][0], 1) for size in sizes],
        "trim_rows_per_s": round(last["_trim"][0]),
    }


@dataclass(frozen=True)
class Place:
    """Where a store is, and a folder for what belongs to it."""

    url: str
    folder: Path
    fresh: bool


def _place(name: str, size: int, keep: Path | None, stack: contextlib.ExitStack) -> Place:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gc-scale-")))
    if name == "postgres":
        binaries = postgres_binaries()
        assert binaries is not None
        url = stack.enter_context(postgres(binaries)).replace("postgresql://", "postgresql+psycopg://")
        return Place(url, folder, fresh=True)
    file = (keep or folder) / f"scale-{size}.sqlite"
    return Place(f"sqlite:///{file}", folder, fresh=not file.exists())


def _measured(name: str, place: Place, size: int, times: int) -> dict[str, tuple[float, float]]:
    made = _made(place.url, size, fresh=place.fresh)
    print(f"{name}, {size:,} cases: made in {made:.0f} s", file=sys.stderr)
    found = dict(_answers(place, size, times))
    found["_made"] = (made, made)
    return found


def _ratio(small: Place, large: Place, times: int) -> float:
    """How much longer figures take in the large store: both asked in turn, so that other load weighs on both alike."""
    with _client(small) as first, _client(large) as second:
        spent: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(times + 2):
            for big, (client, _parts) in ((False, first), (True, second)):
                began = time.perf_counter()
                client.get("/api/v1/figures")
                spent[big].append(time.perf_counter() - began)
        return median(spent[True][2:]) / median(spent[False][2:])


@contextlib.contextmanager
def _client(place: Place) -> Iterator[tuple[FlaskClient, Any]]:
    """The real application on a store, and an operator's browser."""
    settings = Settings(_env_file=None, database_url=place.url, secret_key="bench", data=place.folder / "data")
    app = create_app(settings, news=_Quiet())
    parts = app.extensions["gridcommand"]
    client = app.test_client()
    with parts.store.write() as connection:
        client.set_cookie("gc_session", accounts.open_session(connection, "operator", real_now()))
    yield client, parts
    parts.store.close()


def _made(url: str, size: int, *, fresh: bool) -> float:
    began = time.monotonic()
    store = Store(url)
    if fresh:
        make(store, size, datetime.now(UTC), show=_shown)
        with store.write() as connection:
            for role in ("operator", "duty"):
                person = {"name": role, "role": role, "password": "", "disabled": False, "created_at": real_now()}
                connection.execute(insert(t.account), [person])
    store.close()
    return time.monotonic() - began


def _shown(done: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done:,} cases", end="", file=sys.stderr, flush=True)


class _Quiet:
    """Nobody to tell."""

    def publish(self, facts: Sequence[Any]) -> None: ...


def _answers(place: Place, size: int, times: int) -> Iterator[tuple[str, tuple[float, float]]]:
    with _client(place) as (client, parts):
        _learn(parts.store, parts)
        for name, ask in _questions(client, parts, size, Random(5)).items():
            yield name, _timed(name, ask, times)
        yield "_trim", (_trimmed(parts.store), 0.0)


def _learn(store: Store, parts: Any) -> None:
    """What the alerts worker does every few hours: its cost is bounded, whatever the size."""
    now, book = real_now(), Rules(store, parts.zone)()
    began = time.monotonic()
    learning.learn(store, book, Directories(store)(), now, now)
    while learning.watch(store, book):
        pass
    print(f"learned in {time.monotonic() - began:.1f} s", file=sys.stderr)


def _questions(client: FlaskClient, parts: Any, size: int, dice: Random) -> dict[str, Asking]:
    """Name → a request of this kind, each time another one."""
    directory = parts.directory()
    departments, towns = sorted(directory.departments), directory.towns
    grids = sorted(code for code, area in directory.areas.items() if area["level"] == "grid")
    leaves = sorted(code for code, row in directory.categories.items() if row["leaf"])
    cases = "/api/v1/cases"
    month = (datetime.now(UTC) - timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def code() -> str:
        return f"B{dice.randint(1, size):09d}"

    deep = quote(client.get(f"{cases}?limit=200").get_json()["next"] or "")
    lists = {state: f"{cases}?state={state}" for state in _STATES}
    paths: dict[str, Callable[[], str]] = {
        **{f"list {state}": (lambda path=path: path) for state, path in lists.items()},  # type: ignore[misc]
        "list all, by due": lambda: f"{cases}?sort=due",
        "list all, oldest": lambda: f"{cases}?sort=oldest",
        "list open, by due": lambda: f"{cases}?state=open&sort=due",
        "list deep page": lambda: f"{cases}?after={deep}",
        "list department": lambda: f"{cases}?department={dice.choice(departments)}",
        "list town": lambda: f"{cases}?area={dice.choice(towns)}",
        "list grid": lambda: f"{cases}?area={dice.choice(grids)}",
        "list category": lambda: f"{cases}?category={dice.choice(leaves)}",
        "list grid and category": lambda: f"{cases}?area={dice.choice(grids)}&category={dice.choice(leaves)}",
        "list department and level": lambda: f"{cases}?department={dice.choice(departments)}&level={dice.randint(1, 4)}",
        "list since a month, closed": lambda: f"{cases}?state=closed&since={month}",
        "search common word": lambda: f"{cases}?q={dice.choice(('垃圾', '路灯', '积水', '社区', '占道'))}",
        "search rare words": lambda: f"{cases}?q={dice.choice(('信号灯倒计时 医院', '凸面镜', '彩钢房 码头', '健身器材 小学'))}",
        "search in open": lambda: f"{cases}?state=open&q={dice.choice(('垃圾', '路灯', '井盖'))}",
        "search in a department": lambda: f"{cases}?department={dice.choice(departments)}&q=垃圾",
        "search nothing there": lambda: f"{cases}?q=火星基地",
        "search number": lambda: f"{cases}?q=PB{dice.randint(1, size):09d}",
        "one case": lambda: f"{cases}/{code()}",
        "suggestion": lambda: f"{cases}/{code()}/suggestion",
        FIGURES: lambda: "/api/v1/figures",
        "wall snapshot": lambda: "/live/snapshot",
        "events": lambda: f"/api/v1/events?after={dice.randint(0, max(size - 1000, 1))}&limit=200",
        "forecast": lambda: "/api/v1/forecast",
    }  # fmt: skip
    token = _csrf(client)
    pages = {
        "page /cases": lambda: ("/cases", ""),
        "page /cases all": lambda: ("/cases", "?state=all"),
        "page /cases search": lambda: ("/cases", "?state=all&q=%E5%9E%83%E5%9C%BE"),
        "page /cases department": lambda: ("/cases", f"?department={dice.choice(departments)}"),
        "page /cases/<code>": lambda: (f"/cases/{code()}", ""),
    }
    for path in _plain("/api/v1/"):
        if client.get(path).status_code == 200:  # others need to be asked for something
            paths.setdefault(f"api {path.removeprefix('/api/v1/')}", lambda path=path: path)  # type: ignore[misc]
    for path in _plain("/"):
        pages.setdefault(f"page {path}", lambda path=path: (path, ""))  # type: ignore[misc]
    asked: dict[str, Asking] = {name: (lambda path=path: client.get(path())) for name, path in paths.items()}  # type: ignore[misc]
    asked |= {name: (lambda page=page: _page(client, token, *page())) for name, page in pages.items()}  # type: ignore[misc]
    return asked


_STATES = ("open", "overdue", "due-soon", "will-be-late", "unreceipted", "escalated", "reported-today", "closed-today",
           "closed", "void", "uncovered", "no-deadline", "all")  # fmt: skip


def _plain(start: str) -> list[str]:
    """Every page, or everything of the API, that an operator may open without saying which one."""
    mine = [route for route in TABLE if Role.OPERATOR in route.roles and "GET" in route.methods]
    found = [route.pattern for route in mine if "<" not in route.pattern and route.pattern.startswith(start)]
    pages = {route.pattern for route in mine if route.page}
    return [path for path in found if start != "/" or path in pages]


def _csrf(client: FlaskClient) -> str:
    page = client.get("/login").get_data(as_text=True)
    return page.split('name="csrf_token" value="')[1].split('"')[0]


def _page(client: FlaskClient, token: str, path: str, search: str) -> Any:
    body = {
        "output": "page.children", "outputs": {"id": "page", "property": "children"}, "state": [],
        "inputs": [
            {"id": "location", "property": "pathname", "value": path},
            {"id": "location", "property": "search", "value": search},
        ],
        "changedPropIds": ["location.pathname"],
    }  # fmt: skip
    headers = {"Origin": "http://localhost", "X-CSRFToken": token}
    return client.post("/_dash-update-component", json=body, headers=headers)


def _timed(name: str, ask: Asking, times: int) -> tuple[float, float]:
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
    print(f"{name:32} p50 {pair[0]:7.1f} ms   p95 {pair[1]:7.1f} ms", file=sys.stderr)
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
