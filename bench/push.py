"""`gridcommand bench push`: from an accepted report to pixels on the wall, with many screens connected.

Everything is real and runs on this machine: `gridcommand up` on an embedded store, reports through the HTTP API, one
wall in Chromium, the other screens as sockets. In the same run and on the same reports: a Dash page that polls with
`dcc.Interval` once a second, and a bare Redis → websockets relay without certainty, authorisation or bounds.

*Painted* is two animation frames after an element with the fact's `data-event-id` appeared. The feed has a handful of rows:
a fact that fell out of it before it was painted counts as painted when a later one was. Times count from the moment at
which the reporter's client had its 201.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import http.client
import json
import multiprocessing
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from models import accounts
from models.directory import Directories
from models.messages import CHANNEL
from models.outbox import facts_after, last_number
from models.rules import Rules
from models.store import Store
from models.timebase import real_now

LISTENING = 5
"""Sockets whose times are kept; the others only count what they miss or get twice."""
RELAYED = 20
"""Sockets on the bare relay: enough to be one, few enough not to disturb."""
WATCH = """
window.painted = {};
new MutationObserver((records) => {
  for (const record of records) {
    const nodes = record.type === "attributes" ? [record.target] : [...record.addedNodes];
    for (const node of nodes) {
      if (node.nodeType !== 1) continue;
      for (const one of [node, ...node.querySelectorAll("[data-event-id]")]) {
        const id = one.getAttribute("data-event-id");
        if (!id || id in window.painted) continue;
        window.painted[id] = 0;
        requestAnimationFrame(() => requestAnimationFrame(() => {
          window.painted[id] = (performance.timeOrigin + performance.now()) / 1000;
        }));
      }
    }
  }
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-event-id"] });
"""


@dataclass
class Accepted:
    """Every report that was answered 2xx: number of its fact, when it was sent, when the answer was there."""

    reports: list[tuple[int, float, float]] = field(default_factory=list)
    refused: int = 0


@dataclass
class Heard:
    """What a group of sockets heard: for some, when each fact came; for all, what was wrong."""

    at: dict[int, list[float]] = field(default_factory=dict)
    first: int = 0
    lasts: list[int] = field(default_factory=list)
    gaps: int = 0
    twice: int = 0
    connected: int = 0


# --- screens: as little Python as possible, so that two hundred of them leave the machine to what is measured ---------

_ID = re.compile(rb'^\{"id":"(\d+)"')


class Screen(asyncio.Protocol):
    """A websocket client that reads numbers, answers pings, and nothing else."""

    def __init__(self, hello: bytes, first: bytes, heard: Heard, keeps: bool) -> None:
        self._hello, self._first, self._heard, self._keeps = hello, first, heard, keeps
        self._rest = b""
        self._open = False
        self.last: int | None = None
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.transport.write(self._hello)

    def data_received(self, data: bytes) -> None:
        rest = self._rest + data
        if not self._open:
            head, found, rest = rest.partition(b"\r\n\r\n")
            if not found:
                self._rest = head
                return
            if b" 101 " not in head:
                raise RuntimeError(f"a screen was refused: {head[:200]!r}")
            self._open = True
            self._heard.connected += 1
            if self._first:
                self.transport.write(_frame(1, self._first))
        self._rest = self._frames(rest)

    def _frames(self, rest: bytes) -> bytes:
        while len(rest) >= 2:
            size, at = rest[1] & 127, 2
            if size > 125:
                at += 2 if size == 126 else 8
                if len(rest) < at:
                    return rest
                size = int.from_bytes(rest[2:at], "big")
            if len(rest) < at + size:
                return rest
            if rest[0] & 15 == 9:
                self.transport.write(_frame(10, rest[at : at + size]))
            elif rest[0] & 15 == 1:
                self._message(rest[at : at + min(size, 40)])
            rest = rest[at + size :]
        return rest

    def _message(self, begin: bytes) -> None:
        found = _ID.match(begin)
        if not found:
            return
        number = int(found[1])
        if self.last is not None and number != self.last + 1:
            self._heard.gaps += number > self.last
            self._heard.twice += number <= self.last
        self.last = max(number, self.last or 0)
        if self._keeps:
            self._heard.at.setdefault(number, []).append(time.time())

    def connection_lost(self, exc: Exception | None) -> None:
        self._heard.connected -= self._open


def _frame(opcode: int, payload: bytes) -> bytes:
    """A client's frame, masked with zeros."""
    size = bytes([128 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    return bytes([128 | opcode]) + size + b"\0\0\0\0" + payload


def screens(port: int, token: str, count: int, subscribes: bool, pipe: Connection) -> None:
    """A process: `count` sockets on a port; says when they stand, and what they heard when it is asked."""
    asyncio.run(_screens(port, token, count, subscribes, pipe))


async def _screens(port: int, token: str, count: int, subscribes: bool, pipe: Connection) -> None:
    heard = Heard()
    key = base64.b64encode(os.urandom(16)).decode()
    hello = (
        f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: gridcommand.v1\r\n"
        f"Authorization: Bearer {token}\r\n\r\n"
    ).encode()
    first = b'{"kind":"subscribe","topics":["wall"],"after":null}' if subscribes else b""
    loop = asyncio.get_running_loop()
    made: list[Screen] = []
    for number in range(count):
        keeps = number < LISTENING
        _, one = await loop.create_connection(lambda k=keeps: Screen(hello, first, heard, k), "127.0.0.1", port)  # type: ignore[misc]
        made.append(one)
        await asyncio.sleep(0.005)
    while heard.connected < count:
        await asyncio.sleep(0.05)
    pipe.send("ready")
    while not pipe.poll():
        await asyncio.sleep(0.05)
    heard.lasts = [one.last or 0 for one in made]
    pipe.send(heard)


# --- the two others: a bare relay and a page that polls --------------------------------------------------------------


def relay(redis_url: str, port: int, _pipe: Connection) -> None:
    """A process: Redis Pub/Sub → every websocket, and nothing else."""
    from redis.asyncio import Redis
    from websockets.asyncio.server import ServerConnection, broadcast, serve

    async def work() -> None:
        wires: set[ServerConnection] = set()

        async def attend(wire: ServerConnection) -> None:
            wires.add(wire)
            await wire.wait_closed()
            wires.discard(wire)

        async with serve(attend, "127.0.0.1", port, compression=None, select_subprotocol=lambda *_: None):
            subscription: Any = Redis.from_url(redis_url).pubsub(ignore_subscribe_messages=True)
            await subscription.subscribe(CHANNEL)
            async for message in subscription.listen():
                broadcast(wires, message["data"].decode())

    asyncio.run(work())


def polling(database: str, port: int, _pipe: Connection) -> None:
    """A process: a Dash page that asks for the newest reports once a second."""
    import logging

    from dash import Dash, Input, Output, dcc, html

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    store = Store(database)
    app = Dash(__name__)
    app.layout = html.Div([html.Ol(id="feed"), dcc.Interval(id="tick", interval=1000)])

    @app.callback(Output("feed", "children"), Input("tick", "n_intervals"))  # type: ignore[untyped-decorator]
    def feed(_turn: int | None) -> list[Any]:
        with store.read() as connection:
            rows = facts_after(connection, max(0, last_number(connection) - 100), 100)
        facts = [(str(number), json.loads(body)) for number, body in rows]
        return [html.Li(fact["title"], **{"data-event-id": number}) for number, fact in facts if "title" in fact]

    app.run(host="127.0.0.1", port=port, debug=False)


# --- reports ---------------------------------------------------------------------------------------------------------


def loader(port: int, token: str, rate: float, seconds: float, bodies: Sequence[bytes], pipe: Connection) -> None:
    """A process: reports at a fixed rate, whatever the answers take; says what was accepted."""
    accepted, lock = Accepted(), threading.Lock()
    begin = time.monotonic() + 0.2
    turns = iter(range(int(rate * seconds)))

    def report() -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        while True:
            with lock:
                turn = next(turns, None)
            if turn is None:
                return
            time.sleep(max(0.0, begin + turn / rate - time.monotonic()))
            sent = time.time()
            try:
                line.request("POST", "/api/v1/reports", bodies[turn % len(bodies)], headers)
                answer = line.getresponse()
                body = answer.read()
            except OSError:
                line.close()
                with lock:
                    accepted.refused += 1
                continue
            with lock:
                if answer.status in (200, 201):
                    accepted.reports.append((int(json.loads(body)["event_id"]), sent, time.time()))
                else:
                    accepted.refused += 1

    threads = [threading.Thread(target=report) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send(accepted)


def bodies_for(store: Store) -> list[bytes]:
    """Plausible reports all over the county, none so grave that it takes over the wall."""
    dice = Random(7)  # a repeatable spread, nothing secret
    rules = Rules(store, ZoneInfo("Asia/Shanghai"))()
    leaves = [leaf for leaf in rules.categories.values() if leaf.level > rules.direct_level]
    grids = [code for code, area in Directories(store)().areas.items() if area["level"] == "grid"]
    return [
        json.dumps(
            {
                "category": (leaf := dice.choice(leaves)).code,
                "description": f"{leaf.name}，请尽快处理",
                "area": dice.choice(grids),
            }
        ).encode()
        for _ in range(500)
    ]


# --- the product, as a user starts it --------------------------------------------------------------------------------


@contextlib.contextmanager
def product(folder: Path, port: int) -> Iterator[None]:
    """`gridcommand up` in a folder of its own, ready when the block begins."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GRIDCOMMAND_")}
    command = [sys.executable, "-m", "dashboard.cli", "up", "--port", str(port), "--data", str(folder)]
    with (folder / "up.log").open("wb") as out:
        child = subprocess.Popen(command, env=environment, stdout=out, stderr=out, start_new_session=True)
        try:
            _wait_ready(child, port, folder / "up.log")
            yield
        finally:
            child.send_signal(signal.SIGINT)
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)


def _wait_ready(child: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and child.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
            return
        time.sleep(0.2)
    raise RuntimeError(f"The product was not ready within 60 s: {log.read_text(errors='replace')[-800:]}")


def three_ports() -> int:
    """The first of five neighbouring free ports."""
    for first in range(18_400, 60_000, 7):
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for offset in range(5):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", first + offset))
            return first
    raise RuntimeError("There are no five neighbouring free ports.")


def tokens_of(store: Store) -> dict[str, str]:
    """One token for each part that a client plays here."""
    scopes = {"report": ["report"], "events": ["events"], "display": ["display"]}
    with store.write() as connection:
        return {
            name: accounts.create_token(connection, f"bench-{name}", scope, real_now())
            for name, scope in scopes.items()
        }


# --- the run ---------------------------------------------------------------------------------------------------------


def part() -> None:
    """What a helper process runs: the function of this module that comes through the pipe."""
    pipe = Connection(int(sys.argv[1]))
    name, arguments = pipe.recv()
    globals()[name](*arguments, pipe)


class Helper:
    """A process of ours that runs one function of this module and answers through a pipe."""

    def __init__(self, target: Callable[..., None], *arguments: Any) -> None:
        self._mine, theirs = multiprocessing.Pipe()
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        command = [sys.executable, "-c", "from bench.push import part; part()", str(theirs.fileno())]
        self._process = subprocess.Popen(
            command, env=environment, pass_fds=[theirs.fileno()], stdout=sys.stderr.fileno()
        )
        theirs.close()
        self._mine.send((target.__name__, arguments))

    def answer(self, seconds: float) -> Any:
        """What it says next."""
        if not self._mine.poll(seconds):
            raise RuntimeError(f"A part of the benchmark said nothing for {seconds:g} s.")
        return self._mine.recv()

    def ask(self) -> Any:
        """Ask for the result."""
        self._mine.send("stop")
        return self.answer(20)

    @property
    def done(self) -> bool:
        """It has said something that nobody has read yet."""
        return self._mine.poll(0)

    def end(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()


def run(argv: Sequence[str]) -> int:
    """Run the benchmark; the last line on stdout is one JSON object."""
    parser = argparse.ArgumentParser(prog="gridcommand bench push", description=__doc__)
    parser.add_argument("--walls", type=int, default=200, help="connected screens, the one in the browser included")
    parser.add_argument("--rate", type=float, default=50.0, help="reports per second")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--warm", type=float, default=3.0, help="seconds before what counts")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "", help="the browser's program")
    options = parser.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="gc-bench-"))
    try:
        figures = measured(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(figures))
    return 0


def measured(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Start everything, load it, and sum up."""
    port = three_ports()
    database = f"sqlite:///{folder.resolve() / 'gridcommand.sqlite'}"
    redis_url = f"unix://{folder.resolve() / 'run' / 'redis.sock'}"
    with product(folder, port), contextlib.ExitStack() as stack:
        store = Store(database)
        token = tokens_of(store)
        for process in (Helper(relay, redis_url, port + 3), Helper(polling, database, port + 4)):
            stack.callback(process.end)
        _wait_open(port + 3)
        _wait_open(port + 4)
        walls = Helper(screens, port + 1, token["events"], options.walls - 1, True)
        relayed = Helper(screens, port + 3, "", RELAYED, False)
        for helper in (walls, relayed):
            stack.callback(helper.end)
            helper.answer(60)
        with browser(options.chromium) as open_page:
            wall = open_page(f"http://127.0.0.1:{port}/display?token={token['display']}")
            poll = open_page(f"http://127.0.0.1:{port + 4}/")
            time.sleep(3)
            seconds = options.warm + options.seconds
            say(f"{options.walls} screens connected; {options.rate:g} reports/s for {seconds:g} s …")
            load = Helper(loader, port, token["report"], options.rate, seconds, bodies_for(store))
            stack.callback(load.end)
            _until(load, wall, seconds + 60)
            accepted: Accepted = load.answer(1)
            time.sleep(2.5)
            painted, polled = (page.evaluate("window.painted") for page in (wall, poll))
            shown = wall.evaluate("document.querySelector('[data-figure=\"latency-p95\"]')?.dataset.value ?? null")
        heard, bare = walls.ask(), relayed.ask()
        store.close()
    return summed(options, accepted, heard, bare, _times(painted), _times(polled), shown)


def _until(load: Helper, page: Any, seconds: float) -> None:
    """Let the browser live while the reports go in."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not load.done:
        page.wait_for_timeout(250)


def _wait_open(port: int) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"Nobody listens on port {port}.")


@contextlib.contextmanager
def browser(program: str) -> Iterator[Callable[[str], Any]]:
    """A browser whose pages note what they paint."""
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program or None, args=flags)

        def open_page(address: str) -> Any:
            page = chromium.new_context(viewport={"width": 1920, "height": 1080}).new_page()
            page.add_init_script(WATCH)
            page.goto(address)
            return page

        yield open_page
        chromium.close()


def _times(painted: dict[str, float]) -> dict[int, float]:
    return {int(number): at for number, at in painted.items() if at and number.isdigit()}


def _shown(painted: dict[int, float], numbers: Collection[int]) -> dict[int, float]:
    """When the screen showed each fact or one behind it, whichever came first."""
    shown: dict[int, float] = {}
    soonest = float("inf")
    for number in sorted({*numbers, *painted}, reverse=True):
        soonest = min(soonest, painted.get(number, soonest))
        shown[number] = soonest
    return {number: at for number, at in shown.items() if at < float("inf")}


# --- summing up ------------------------------------------------------------------------------------------------------


def percentiles(name: str, delays: Sequence[float]) -> dict[str, float | None]:
    """p50, p95 and p99 in milliseconds, under names; None where there is nothing."""
    ordered = sorted(delays)
    found: dict[str, float | None] = {}
    for share in (50, 95, 99):
        value = ordered[min(len(ordered) - 1, len(ordered) * share // 100)] if ordered else None
        found[f"{name}p{share}_ms"] = None if value is None else round(value * 1000, 1)
    return found


def summed(
    options: argparse.Namespace,
    accepted: Accepted,
    heard: Heard,
    bare: Heard,
    painted: dict[int, float],
    polled: dict[int, float],
    shown: str | None,
) -> dict[str, Any]:
    """One object of figures. What was accepted while it all warmed up counts for loss, not for time."""
    reports = sorted(accepted.reports, key=lambda report: report[1])
    begin = reports[0][1] + options.warm if reports else 0.0
    timed = [report for report in reports if report[1] >= begin]
    numbers = {number for number, _sent, _accepted in reports}

    def delays(times: dict[int, float], since: int = 2) -> list[float]:
        return [times[report[0]] - report[since] for report in timed if report[0] in times]

    def first(group: Heard) -> dict[int, float]:
        return {number: min(times) for number, times in group.at.items()}

    span = timed[-1][1] - timed[0][1] if len(timed) > 1 else 0.0
    missing = sum(number not in heard.at or len(heard.at[number]) < LISTENING for number in numbers)
    short = sum(last < max(numbers, default=0) for last in heard.lasts)
    return {
        "bench": "push",
        **percentiles("", delays(_shown(painted, numbers))),
        **percentiles("request_to_paint_", delays(_shown(painted, numbers), 1)),
        **percentiles("socket_", delays(first(heard))),
        **percentiles("relay_", delays(first(bare))),
        **percentiles("polling_", delays(_shown(polled, numbers))),
        "wall_shows_latency_p95_ms": shown,
        "connected": heard.connected + 1,
        "reports_per_s": round((len(timed) - 1) / span, 1) if span else 0.0,
        "accepted": len(reports),
        "refused": accepted.refused,
        "lost": missing + heard.gaps + short,
        "duplicated": heard.twice,
        "relay_lost": sum(number not in bare.at for number in numbers),
        "not_painted": sum(number not in painted for number in numbers),
        "polling_not_painted": sum(number not in polled for number in numbers),
        "cores": os.cpu_count(),
    }


def say(sentence: str) -> None:
    """Progress, for a person."""
    print(sentence, file=sys.stderr, flush=True)
