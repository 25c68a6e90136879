"""`gridcommand bench emergency [ROUNDS]`: from the start button to the room on every screen.

A whole product on SQLite with a plan of 20 departments and 100 tasks. 50 pages hold their sockets, as browsers do; in each
round somebody starts an emergency, and every page that hears of it asks for the room. The time of a page runs from before
the request of the start until it has the whole room in hand. Then one department answers, and the same is measured again.
"""

from __future__ import annotations

import http.client
import json
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import insert
from websockets.sync.client import ClientConnection, connect

from bench.harness import free_ports, product
from config.plans import Plan
from config.reference import load
from config.settings import HERE
from models import accounts
from models import tables as t
from models.reference import PLANS, put_document, store_county
from models.schema import migrate
from models.store import Store
from models.timebase import real_now
from models.vault import Vault

SECRET = "a secret for this benchmark only"
DEPARTMENTS, TASKS, VIEWERS, PER_ACCOUNT = 20, 100, 50, 8
PATIENCE = 20.0


def run(arguments: list[str]) -> int:
    """Measure and print the figures."""
    rounds = int(arguments[0]) if arguments else 8
    with tempfile.TemporaryDirectory(prefix="gc-bench-emergency-") as folder:
        data = Path(folder)
        url = f"sqlite:///{data}/gridcommand.sqlite"
        sessions = _prepare(url)
        settings = {"GRIDCOMMAND_DATABASE_URL": url, "GRIDCOMMAND_SECRET_KEY": SECRET}
        port = free_ports()
        with product("up", "--port", str(port), "--data", str(data), port=port, data=data, **settings):
            started, answered = _measure(port, sessions, rounds)
    print(
        json.dumps(
            {
                "rounds": rounds,
                "viewers": VIEWERS,
                "departments": DEPARTMENTS,
                "tasks": TASKS,
                "samples": len(started),
                "start_p50_ms": _share(started, 0.5),
                "start_p95_ms": _share(started, 0.95),
                "start_max_ms": _share(started, 1.0),
                "answer_p50_ms": _share(answered, 0.5),
                "answer_p95_ms": _share(answered, 0.95),
            }
        )
    )
    return 0


def _share(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return round(1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1) if ordered else -1.0


def _prepare(url: str) -> list[str]:
    """A county with the large plan, and a session for each viewer; the last is whoever starts."""
    store = Store(url)
    migrate(store)
    county = load(HERE / "counties" / "yunze", geometry_checks=False)
    store_county(store, county, Vault(SECRET))
    now = real_now()
    names = [f"screen{n}" for n in range(-(-VIEWERS // PER_ACCOUNT))] + ["operator"]
    with store.write() as connection:
        put_document(connection, PLANS, {"large": _plan(list(county.departments)[:DEPARTMENTS], county.plans["flood"])})
        rows = [{"name": name, "role": "operator", "password": "-", "created_at": now} for name in names]
        connection.execute(insert(t.account), rows)
        given = [accounts.open_session(connection, names[n // PER_ACCOUNT], now) for n in range(VIEWERS)]
        given.append(accounts.open_session(connection, "operator", now))
    store.close()
    return given


def _plan(departments: list[str], like: Plan) -> Any:
    body = TypeAdapter(Plan).dump_python(like, mode="json")
    step = {"when": None, "after": None, "life": False, "minutes": 30, "objective": "people"}
    steps = [
        {
            **step,
            "code": f"step-{n}",
            "department": departments[n % len(departments)],
            "text": f"第 {n + 1} 项任务：到场核查并处置",
            "text_en": f"Task {n + 1}: look and act",
        }
        for n in range(TASKS)
    ]
    parties = [{"department": code, "clocks": None} for code in departments]
    return {**body, "code": "large", "lead": departments[0], "parties": parties, "steps": steps, "questions": []}


class Viewer(threading.Thread):
    """A page: it hears that something changed and asks for the room."""

    def __init__(self, port: int, session: str) -> None:
        super().__init__(daemon=True)
        self._port, self._session = port, session
        self._cookie = {"Cookie": f"gc_session={session}"}
        self.seen: dict[tuple[str, str], float] = {}
        self.ready = threading.Event()

    def run(self) -> None:
        """Listen until the socket is closed."""
        web = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        address = f"ws://127.0.0.1:{self._port + 1}/events"
        with connect(address, subprotocols=["gridcommand.v1"], additional_headers=self._cookie) as socket:  # type: ignore[list-item]
            socket.send('{"kind":"subscribe","topics":["emergencies"],"after":null}')
            self._listen(socket, web)

    def _listen(self, socket: ClientConnection, web: http.client.HTTPConnection) -> None:
        for text in socket:
            message = json.loads(text)
            self.ready.set()
            if message["kind"].startswith("emergency."):
                web.request("GET", f"/live/emergencies/{message['emergency']}", headers=self._cookie)
                body = json.loads(web.getresponse().read())
                what = message.get("action", message["kind"])
                if len(body["room"]["tasks"]) == TASKS:
                    self.seen[message["emergency"], what] = time.perf_counter()


def _measure(port: int, sessions: list[str], rounds: int) -> tuple[list[float], list[float]]:
    viewers = [Viewer(port, session) for session in sessions[:-1]]
    for viewer in viewers:
        viewer.start()
    for viewer in viewers:
        viewer.ready.wait(PATIENCE)
    started: list[float] = []
    answered: list[float] = []
    for number in range(rounds + 1):  # the first warms everything up
        body = {"plan": "large", "level": 2, "note": "bench", "life": True, "longitude": 112.886, "latitude": 30.469}
        began = time.perf_counter()
        emergency = _post(port, sessions[-1], "/api/v1/emergencies", {**body, "origin": "point"})["number"]
        times = _wait(viewers, (emergency, "emergency.started"), began)
        began = time.perf_counter()
        _post(port, sessions[-1], f"/api/v1/emergencies/{emergency}/actions/receive", {"department": "cg"})
        more = _wait(viewers, (emergency, "receive"), began)
        if number:
            started += times
            answered += more
        _post(port, sessions[-1], f"/api/v1/emergencies/{emergency}/actions/end", {"note": "bench"})
        time.sleep(1)
        print(f"round {number}: {_share(times, 0.95):.0f} ms, {_share(more, 0.95):.0f} ms, median {1000 * median(times):.0f}", file=sys.stderr)  # fmt: skip
    return started, answered


def _post(port: int, session: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    web = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    headers = {
        "Cookie": f"gc_session={session}",
        "X-GC-CSRF": "1",
        "Origin": f"http://127.0.0.1:{port}",
        "Content-Type": "application/json",
    }
    web.request("POST", path, json.dumps(body), headers)
    answer = web.getresponse()
    found: dict[str, Any] = json.loads(answer.read())
    if answer.status >= 300:
        raise RuntimeError(f"{path} answered {answer.status}: {found}")
    return found


def _wait(viewers: Sequence[Viewer], key: tuple[str, str], began: float) -> list[float]:
    """The times of all viewers; one that never saw it counts as the whole patience."""
    until = time.perf_counter() + PATIENCE
    while time.perf_counter() < until and not all(key in viewer.seen for viewer in viewers):
        time.sleep(0.005)
    return [viewer.seen.get(key, began + PATIENCE) - began for viewer in viewers]
