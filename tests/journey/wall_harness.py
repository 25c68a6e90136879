"""A county that is only played: the wall's real page, modules and style over a faked server, to look at and to test.

`python -m tests.journey.wall_harness --port 18700 [--role duty] [--cases 330] [--grids 236] [--speed N]` and open
`http://127.0.0.1:18700/wall`. The three addresses are those of the product: web P, push P+1, video P+2. Messages are
built by `models/messages.py`, so that a change of the contract breaks the harness and not only the wall.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import csv
import io
import json
import math
import random
import struct
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import dash
import flask
from PIL import Image, ImageDraw
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from werkzeug.serving import WSGIRequestHandler, make_server

from dashboard.pages import wall
from dashboard.pages.context import PageContext
from models import messages as m

ROOT = Path(__file__).resolve().parents[2]
COUNTY = ROOT / "config" / "counties" / "yunze"
TEXTS = ROOT / "config" / "texts"
ASSETS = ROOT / "dashboard" / "assets"

F = TypeVar("F", bound=m.CaseFact)

TITLES = (
    ("滨河大道三段路面积水约 20 厘米", "20 cm of water on Riverside Avenue"),
    ("石桥村三组路灯不亮共 4 盏", "Four street lamps out, Shiqiao group 3"),
    ("采石场边坡出现裂缝并有落石", "Slope crack and rockfall at the quarry"),
    ("幸福里小区电梯停运，住户投诉", "Lift out of service, residents complain"),
    ("夜宵店油烟扰民", "Restaurant fumes disturb neighbours"),
    ("人民路井盖松动", "Loose manhole cover, Renmin Road"),
    ("东门农贸市场占道经营，阻塞消防通道", "Stalls block the fire lane, East Gate Market"),
    (
        "二组灌溉渠垮塌约 6 米，影响下游 40 亩稻田灌溉",
        "Irrigation ditch collapsed over 6 m, 40 mu of rice without water",
    ),
    ("养老金认证网点排队时间过长", "Long queue at the pension desk"),
    ("学校门口放学时段交通拥堵", "Traffic jam at the school gate"),
    ("建筑垃圾夜间倾倒", "Rubble dumped at night"),
    ("高压线下树木过高", "Trees too tall under the power line"),
)
STAGES = ("reported", "filed", "dispatched", "handling", "handling", "handling", "feedback")


# --- the county -----------------------------------------------------------------------------------------------------


def texts(language: str) -> dict[str, str]:
    """The merged catalogue in one language."""
    found: dict[str, str] = {}
    for file in sorted(TEXTS.glob(f"*.{language}.toml")):
        found.update(_flat(tomllib.loads(file.read_text("utf-8")), ""))
    return found


def _flat(table: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _rows(name: str) -> list[dict[str, str]]:
    with (COUNTY / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@dataclass
class Reference:
    """What does not change: places with their shapes, departments, categories, cameras."""

    areas: dict[str, dict[str, Any]] = field(default_factory=dict)
    shapes: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"county": [], "town": [], "grid": []})
    middles: dict[str, tuple[float, float]] = field(default_factory=dict)
    town_of: dict[str, str | None] = field(default_factory=dict)
    departments: list[dict[str, str]] = field(default_factory=list)
    categories: dict[str, dict[str, Any]] = field(default_factory=dict)
    cameras: list[dict[str, Any]] = field(default_factory=list)

    @property
    def grids(self) -> list[str]:
        return [feature["properties"]["code"] for feature in self.shapes["grid"]]

    @property
    def towns(self) -> list[str]:
        return [feature["properties"]["code"] for feature in self.shapes["town"]]


def yunze() -> Reference:
    """The demonstration county out of its reference files."""
    known = Reference()
    features = json.loads((COUNTY / "areas.geojson").read_text("utf-8"))["features"]
    by_code = {feature["properties"]["code"]: feature["properties"] for feature in features}
    for feature in features:
        told = feature["properties"]
        if told["level"] in known.shapes:
            _place(known, told, feature["geometry"], _town(told, by_code))
    known.departments = [
        {key: row[key] for key in ("code", "name", "name_en", "short", "short_en")} for row in _rows("departments.csv")
    ]
    known.categories = {
        row["code"]: {"name": row["name"], "name_en": row["name_en"], "department": row["department"]}
        for row in _rows("categories.csv")
        if row["level"]
    }
    known.cameras = [
        {
            "id": row["id"], "name": row["name"], "name_en": row["name_en"], "area": row["grid"], "registered": True,
            "longitude": float(row["longitude"]), "latitude": float(row["latitude"]), "focus": row["focus"] == "1",
        }
        for row in _rows("cameras.csv")
    ]  # fmt: skip
    return known


def _town(told: dict[str, Any], by_code: dict[str, dict[str, Any]]) -> str | None:
    """The town that an area is or lies in, up the tree however deep it is."""
    while told["level"] != "town":
        if told["parent"] not in by_code:
            return None
        told = by_code[told["parent"]]
    return str(told["code"])


def _place(known: Reference, told: dict[str, Any], geometry: dict[str, Any], town: str | None = None) -> None:
    level, code = told["level"], told["code"]
    kept = {key: told[key] for key in ("code", "name", "name_en", "level", "parent") if key in told}
    shapes = known.shapes[level]
    properties = {**{key: value for key, value in kept.items() if key != "level"}, "town": town}
    shapes.append({"type": "Feature", "id": len(shapes) + 1, "geometry": geometry, "properties": properties})
    known.town_of[code] = town
    known.middles[code] = tuple(told["label"])
    if level != "county":
        known.areas[code] = kept


def many(count: int) -> Reference:
    """The same departments over `count` square-ish grids in twelve towns: a county as large as any (domain.md §2)."""
    known = yunze()
    known.shapes, known.areas, known.middles = {"county": [], "town": [], "grid": []}, {}, {}
    side = math.ceil(math.sqrt(count / 12))
    width, height = 0.14, 0.13
    for number in range(12):
        west, south = 112.6 + number % 4 * width, 30.2 + number // 4 * height
        town = f"9901001{number:02d}"
        name = {
            "code": town,
            "name": f"第{number + 1}镇",
            "name_en": f"Town {number + 1}",
            "level": "town",
            "parent": "990100",
        }
        _place(known, {**name, "label": (west + width / 2, south + height / 2)}, _box(west, south, width, height), town)
        for cell in range(side * side):
            if len(known.shapes["grid"]) >= count:
                break
            x, y = west + cell % side * width / side, south + cell // side * height / side
            code = f"{town}{cell:06d}"
            told = {
                "code": code,
                "name": f"第{cell:03d}网格",
                "name_en": f"G{cell:03d}",
                "level": "grid",
                "parent": town,
            }
            label = (x + width / side / 2, y + height / side / 2)
            _place(known, {**told, "label": label}, _box(x, y, width / side, height / side), town)
    county = {"code": "990100", "name": "云泽县", "name_en": "Yunze County", "level": "county", "label": (112.88, 30.4)}
    _place(known, county, _box(112.6, 30.2, 4 * width, 3 * height))
    return known


def _box(x: float, y: float, width: float, height: float) -> dict[str, Any]:
    """A cell with 16 corners, as many as a drawn grid has."""
    steps = [i / 4 for i in range(4)]
    ring = [(x + width * s, y) for s in steps] + [(x + width, y + height * s) for s in steps]
    ring += [(x + width * (1 - s), y + height) for s in steps] + [(x, y + height * (1 - s)) for s in steps]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


@dataclass
class Case:
    """A played case."""

    code: str
    title: str
    category: str
    level: int
    source: str
    area: str
    department: str
    stage: str
    reported_at: datetime
    due_at: datetime
    soon_at: datetime
    longitude: float
    latitude: float


class Play:
    """A county at work: cases come, move, become late, climb the ladder. One lock; real time or the line of a replay."""

    def __init__(self, reference: Reference, *, cases: int = 330, seed: int = 7, english: bool = False) -> None:
        self.reference = reference
        self.dice = random.Random(seed)
        self.english = english
        self.lock = threading.RLock()
        self.cases: dict[str, Case] = {}
        self.number = 1000
        self.side = 0
        self.serial = 0
        self.reported_today = 0
        self.closed_today = 0
        self.feed: list[m.CaseFact] = []
        self.escalations: dict[int, m.CaseEscalated] = {}
        self.cameras_down: set[str] = set()
        self.speed = 1.0
        self.county_from: tuple[datetime, datetime] | None = None
        self._weights = self._draw_weights()
        now = self.now()
        for _ in range(cases):
            self._open(now - timedelta(minutes=self.dice.expovariate(1 / 900)))
        self.reported_today = round(cases * 3.6) if cases else 0
        self.closed_today = round(cases * 3.3) if cases else 0
        for case in sorted(self.cases.values(), key=lambda one: one.reported_at)[-20:]:
            self.feed.insert(0, self._fact(m.CaseReported, case, str(self.number)))

    def _draw_weights(self) -> list[float]:
        """Some grids are busy and most are not, as in a real county."""
        return [min(9.0, self.dice.paretovariate(1.3)) for _ in self.reference.grids]

    @staticmethod
    def now() -> datetime:
        return datetime.now(UTC)

    def county_now(self) -> datetime:
        """County time: real, or on the line of a replay."""
        if not self.county_from:
            return self.now()
        at, county_at = self.county_from
        return county_at + (self.now() - at) * self.speed

    def _open(self, reported_at: datetime, level: int | None = None) -> Case:
        dice = self.dice
        self.serial += 1
        area = dice.choices(self.reference.grids, self._weights)[0]
        category = dice.choice(list(self.reference.categories))
        level = level or dice.choices((1, 2, 3, 4), (1, 4, 12, 40))[0]
        x, y = self.reference.middles[area]
        limit = timedelta(hours=dice.choice((2, 4, 8, 24, 24, 72, 72)) * dice.uniform(0.8, 1.2))
        due = reported_at + limit
        if due < self.county_now() and dice.random() < 0.93:
            due = self.county_now() + timedelta(minutes=dice.uniform(5, 1900))
        case = Case(
            code=f"YZ{self.county_now():%Y%m%d}{self.serial:05d}",
            title=dice.choice(TITLES)[1 if self.english else 0],
            category=category,
            level=level,
            source=dice.choice(("grid", "grid", "grid", "hotline", "petition", "mailbox", "hall", "camera")),
            area=area,
            department=self.reference.categories[category]["department"] or self.reference.departments[0]["code"],
            stage=dice.choice(STAGES),
            reported_at=reported_at,
            due_at=due,
            soon_at=due - limit * 0.1,
            longitude=x + dice.uniform(-0.002, 0.002),
            latitude=y + dice.uniform(-0.002, 0.002),
        )
        self.cases[case.code] = case
        return case

    def _fact(self, kind: type[F], case: Case, number: str, **more: Any) -> F:
        return kind(
            id=number, at=self.now(), case=case.code, title=case.title, category=case.category, level=case.level,
            source=case.source, area=case.area, town=self.reference.town_of[case.area],
            department=None if case.stage == "reported" else case.department, stage=case.stage, due_at=case.due_at,
            reported_at=case.reported_at, longitude=case.longitude, latitude=case.latitude, **more,
        )  # fmt: skip

    def _next(self) -> str:
        self.number += 1
        return str(self.number)

    def _remember(self, fact: F) -> F:
        self.feed = [fact, *self.feed][:20]
        return fact

    # deeds; each returns the fact that tells of it

    def report(self, level: int | None = None) -> m.CaseReported:
        with self.lock:
            case = self._open(self.county_now(), level)
            case.stage = "reported"
            self.reported_today += 1
            return self._remember(self._fact(m.CaseReported, case, self._next()))

    def move(self) -> m.CaseMoved | None:
        """Some case goes one stage on; a case after its inspection is closed."""
        with self.lock:
            if not self.cases:
                return None
            case = self.dice.choice(list(self.cases.values())[-60:])
            order = ["reported", "filed", "dispatched", "handling", "feedback", "closed"]
            before = case.stage
            case.stage = order[order.index(before) + 1]
            if case.stage == "closed":
                del self.cases[case.code]
                self.closed_today += 1
            return self._fact(m.CaseMoved, case, self._next(), action="move", from_stage=before)

    def breach(self) -> m.ClockBreached:
        with self.lock:
            case = self.dice.choice([one for one in self.cases.values() if one.due_at > self.county_now()])
            case.due_at = self.county_now() - timedelta(seconds=1)
            return self._remember(self._fact(m.ClockBreached, case, self._next()))

    def escalate(self, level: int = 1, rung: int = 1, minutes: float = 4.5, reason: str = "direct") -> m.CaseEscalated:
        with self.lock:
            case = self._open(self.county_now() - timedelta(minutes=23), level)
            case.title = TITLES[2][1 if self.english else 0]
            case.stage = "dispatched"
            case.due_at = self.county_now() + timedelta(minutes=-6 if reason != "direct" else 57)
            fact = self._fact(
                m.CaseEscalated, case, self._next(), escalation=self.number, rung=rung, reason=reason, takeover=True,
                ack_due_at=self.county_now() + timedelta(minutes=minutes),
            )  # fmt: skip
            self.escalations[fact.escalation] = fact
            return self._remember(fact)

    def acknowledge(self, escalation: int, name: str) -> m.CaseEscalated | None:
        with self.lock:
            fact = self.escalations.pop(escalation, None)
            if fact is None:
                return None
            values = {
                "id": self._next(),
                "at": self.now(),
                "acknowledged_at": self.county_now(),
                "acknowledged_by": name,
            }
            return fact.model_copy(update=values)

    # pictures

    def figures(self) -> m.Figures:
        with self.lock:
            now = self.county_now()
            cases = list(self.cases.values())
            waiting = sorted(self.escalations.values(), key=lambda one: (one.level, one.escalation))
            late = [case for case in cases if case.due_at < now]
            down = len(self.cameras_down)
            self.side += 1
            return m.Figures(
                id=f"{self.number}.{self.side}", at=self.now(), county=self._counts(cases, now), emergencies=0,
                cameras_online=len(self.reference.cameras) - down, cameras_total=len(self.reference.cameras),
                reported_yesterday=round(self.reported_today * 0.89),
                closed_due_month=len(self.cases) * 19 + len(late), closed_in_time_month=round(len(self.cases) * 18.4),
                longest_overdue_seconds=max((int((now - case.due_at).total_seconds()) for case in late), default=None),
                new_today_open=sum(case.reported_at > now - timedelta(hours=9) for case in cases),
                levels={str(n): sum(case.level == n for case in cases) for n in range(1, 5)},
                towns=self._towns(cases, now), departments=self._departments(cases, now), trend=self._trend(now),
                spark=self._spark(cases, now), pins=self._pins(cases, now), escalations=waiting[:5],
                escalations_total=len(waiting),
            )  # fmt: skip

    def _counts(self, cases: list[Case], now: datetime, share: float = 1.0) -> m.Counts:
        return m.Counts(
            open=len(cases), reported_today=round(self.reported_today * share),
            closed_today=round(self.closed_today * share), overdue=sum(case.due_at < now for case in cases),
            due_soon=sum(case.soon_at <= now <= case.due_at for case in cases),
            unreceipted=sum(case.stage == "dispatched" for case in cases),
            paused=sum(case.stage == "suspended" for case in cases),
            adjudication=sum(case.stage == "adjudication" for case in cases),
            escalated=min(len(cases), len(self.escalations)),
        )  # fmt: skip

    def _towns(self, cases: list[Case], now: datetime) -> dict[str, m.Counts]:
        by_town: dict[str, list[Case]] = {town: [] for town in self.reference.towns}
        for case in cases:
            by_town[self.reference.town_of[case.area] or ""].append(case)
        whole = max(1, len(cases))
        return {town: self._counts(held, now, len(held) / whole) for town, held in by_town.items()}

    def _departments(self, cases: list[Case], now: datetime) -> list[m.DepartmentRow]:
        by_code: dict[str, list[Case]] = {}
        for case in cases:
            by_code.setdefault(case.department, []).append(case)
        return [
            m.DepartmentRow(
                code=code, open=len(held), due_soon=sum(case.soon_at <= now <= case.due_at for case in held),
                overdue=sum(case.due_at < now for case in held),
                unreceipted=sum(case.stage == "dispatched" for case in held),
                next_due_at=min(case.due_at for case in held),
            )
            for code, held in by_code.items()
        ]  # fmt: skip

    def _trend(self, now: datetime) -> m.Trend:
        last = now.replace(minute=0, second=0, microsecond=0)
        hours = [last - timedelta(hours=back) for back in reversed(range(24))]
        scale = len(self.cases) / 330
        wave = [max(0.08, math.sin((hour.hour + 8 - 5) / 24 * 2 * math.pi) * 0.7 + 0.45) for hour in hours]
        came = [round(70 * w * scale * (0.9 + 0.2 * ((i * 7) % 5) / 5)) for i, w in enumerate(wave)]
        went = [round(value * (0.8 + 0.3 * ((i * 3) % 4) / 4)) for i, value in enumerate(came)]
        part = (now - last).total_seconds() / 3600
        came[-1], went[-1] = round(came[-1] * part), round(went[-1] * part)
        return m.Trend(hours=hours, reported=came, closed=went)

    def _spark(self, cases: list[Case], now: datetime) -> dict[str, list[int]]:
        trend = self._trend(now)
        standing, series = len(cases), []
        for came, went in zip(reversed(trend.reported[-12:]), reversed(trend.closed[-12:]), strict=True):
            series.append(standing)
            standing = max(0, standing - came + went)
        ahead = Counter(int((case.due_at - now).total_seconds() // 3600) for case in cases)
        return {
            "reported": trend.reported[-12:], "closed": trend.closed[-12:], "open": series[::-1],
            "due_soon": [ahead[hour] for hour in range(12)],
            "overdue": [ahead[-1 - hour] for hour in reversed(range(12))],
        }  # fmt: skip

    def _pins(self, cases: list[Case], now: datetime) -> list[m.Pin]:
        burning = [case for case in cases if case.soon_at <= now]
        burning.sort(key=lambda case: (case.due_at >= now, case.level, -case.due_at.timestamp()))
        late = [case for case in burning if case.due_at < now][:2]
        soon = [case for case in burning if case.due_at >= now][: 3 - len(late)]
        return [
            m.Pin(
                case=case.code, title=case.title, category=case.category, level=case.level, area=case.area,
                due_at=case.due_at, state="overdue" if case.due_at < now else "due-soon",
                longitude=case.longitude, latitude=case.latitude,
            )
            for case in late + soon
        ]  # fmt: skip

    def grid_counts(self) -> dict[str, tuple[int, int, int]]:
        with self.lock:
            now = self.county_now()
            counts: dict[str, list[int]] = {}
            for case in self.cases.values():
                three = counts.setdefault(case.area, [0, 0, 0])
                three[0] += 1
                three[1] += case.soon_at <= now <= case.due_at
                three[2] += case.due_at < now
            return {area: (three[0], three[1], three[2]) for area, three in counts.items()}

    def map(self) -> m.GridMap:
        with self.lock:
            self.side += 1
            return m.GridMap(id=f"{self.number}.{self.side}", at=self.now(), whole=True, grids=self.grid_counts())


TILES = """// stands in for the video room's module while that is away
export function watchTiles({ url, tiles }) {
  const socket = new WebSocket(url, "gridcommand.tiles.v1");
  const by = new Map(tiles.map((tile) => [tile.dataset.camera, tile]));
  socket.binaryType = "arraybuffer";
  socket.onopen = () => socket.send(JSON.stringify({ kind: "watch", cameras: [...by.keys()] }));
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") {
      const told = JSON.parse(data);
      const tile = by.get(told.camera);
      if (tile && told.kind === "state") Object.assign(tile.dataset, { state: told.state, reason: told.reason ?? "" });
      return;
    }
    const length = new DataView(data).getUint32(0);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
    const room = by.get(head.camera)?.querySelector(".tile-picture");
    if (!room) return;
    const image = room.firstElementChild ?? room.appendChild(new Image());
    URL.revokeObjectURL(image.src);
    image.alt = "";
    image.src = URL.createObjectURL(new Blob([new Uint8Array(data, 4 + length)], { type: "image/jpeg" }));
  };
  return () => socket.close();
}
"""


# --- the servers ------------------------------------------------------------------------------------------------------


class _Page(dash.Dash):  # type: ignore[misc]
    """Dash with an index page in the visitor's language."""

    language: Callable[[], str]

    def interpolate_index(self, **kwargs: Any) -> str:
        page: str = super().interpolate_index(**kwargs)
        return page.replace("<html>", f'<html lang="{self.language()}">', 1)


class _Quiet(WSGIRequestHandler):
    """Serves without telling the log of every request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class Harness:
    """Web, push and video on three ports. Faults are fields and methods, so that a test reads as a story."""

    def __init__(
        self, port: int, play: Play, *, role: str = "duty", user: str = "周明", language: str = "zh-CN"
    ) -> None:
        self.port, self.play, self.role, self.user, self.language = port, play, role, user, language
        self.refuse_push = False
        self.refuse_snapshot = False
        self.beat = True
        self.publish_figures = True
        self.snapshots = 0
        self.subscribed: list[str | None] = []
        self.acknowledged: list[tuple[str, int]] = []
        self.csrf_seen: list[str | None] = []
        self.refuse_acknowledge: str | None = None
        self.living = 0.0
        self._sockets: set[ServerConnection] = set()
        self._map: dict[str, tuple[int, int, int]] = {}
        self._pictures: dict[str, list[bytes]] = {}
        self._loop = asyncio.new_event_loop()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._web = make_server("127.0.0.1", port, self._flask(), threaded=True, request_handler=_Quiet)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/wall"

    def start(self) -> Harness:
        """All three answer when this returns."""
        ready = threading.Event()
        self._pictures = scenes(self.play.reference.cameras)
        self._thread(self._web.serve_forever)
        self._thread(lambda: self._loop.run_until_complete(self._sockets_open(ready)))
        self._thread(self._publish)
        ready.wait(10)
        return self

    def stop(self) -> None:
        """Every port is free when this returns."""
        self._stop.set()
        self._web.shutdown()
        for thread in self._threads:
            thread.join(5)

    def _thread(self, target: Any) -> None:
        thread = threading.Thread(target=target, daemon=True)
        self._threads.append(thread)
        thread.start()

    # web

    def _flask(self) -> flask.Flask:
        server = flask.Flask("wall_harness", static_folder=None)
        app = _Page(
            "wall_harness", server=server, assets_folder=str(ASSETS), assets_ignore=r"^(?!boot\.mjs$).*\.m?js$",
            title="网格指挥台", update_title=None,
        )  # fmt: skip
        app.language = self._language
        app.layout = lambda: wall.layout(self._context())
        server.add_url_rule("/live/reference", "reference", self._reference)
        server.add_url_rule("/live/snapshot", "snapshot", self._snapshot)
        server.add_url_rule("/map/areas.geojson", "areas", self._areas)
        server.add_url_rule("/login", "login", lambda: "login")
        server.add_url_rule("/cases", "cases", lambda: "cases")
        if not (ASSETS / "tiles.js").exists():
            server.add_url_rule("/assets/tiles.js", "tiles", lambda: flask.Response(TILES, mimetype="text/javascript"))
        server.add_url_rule("/api/v1/views", "views", self._views, methods=["POST"])
        path = "/api/v1/cases/<code>/actions/acknowledge"
        server.add_url_rule(path, "acknowledge", self._acknowledge, methods=["POST"])
        with server.test_client() as client:
            client.get("/wall")
        return server

    def _language(self) -> str:
        cookie = flask.request.cookies.get("gc_lang") if flask.has_request_context() else None
        return cookie if cookie in ("zh-CN", "en") else self.language

    def _card(self) -> dict[str, str]:
        told = tomllib.loads((COUNTY / "county.toml").read_text("utf-8"))
        return {
            "code": told["code"], "name": told["name"], "name_en": told["name_en"], "title": told["centre"],
            "title_en": told["centre_en"], "subtitle": told["subtitle"], "subtitle_en": told["subtitle_en"],
            "timezone": "Asia/Shanghai",
        }  # fmt: skip

    def _context(self) -> PageContext:
        language = self._language()
        return PageContext(language, texts(language), self.user, self.role, self._card())

    def _reference(self) -> Any:
        known, language, now = self.play.reference, self._language(), self.play.now()
        return flask.jsonify({
            "county": self._card(), "language": language, "texts": texts(language), "role": self.role,
            "user": self.user, "departments": known.departments, "categories": known.categories,
            "areas": known.areas, "cameras": known.cameras, "ramp": [1, 3, 5, 7],
            "sources": {row["code"]: row for row in _rows("sources.csv")},
            "push_url": f"ws://127.0.0.1:{self.port + 1}/events", "video_url": f"ws://127.0.0.1:{self.port + 2}/tiles",
            "time": {"at": m.iso(now), "county_at": m.iso(self.play.county_now()), "speed": self.play.speed},
        })  # fmt: skip

    def _snapshot(self) -> Any:
        if self.refuse_snapshot:
            return flask.Response("no", 503)
        self.snapshots += 1
        with self.play.lock:
            return flask.jsonify({
                "id": str(self.play.number),
                "figures": self.play.figures().model_dump(mode="json"),
                "map": self.play.map().model_dump(mode="json"),
                "feed": [fact.model_dump(mode="json") for fact in self.play.feed],
            })  # fmt: skip

    def _areas(self) -> Any:
        level = flask.request.args["level"]
        return flask.jsonify({"type": "FeatureCollection", "features": self.play.reference.shapes[level]})

    def _views(self) -> Any:
        asked = flask.request.get_json()
        now = datetime.now(UTC)
        return flask.jsonify({
            "view": 1, "at": m.iso(now), "until": m.iso(now + timedelta(hours=8)), "viewer": self.user,
            "purpose": asked["purpose"], "cameras": asked["cameras"], "refused": {}, "tickets": {},
        }), 201  # fmt: skip

    def _acknowledge(self, code: str) -> Any:
        self.csrf_seen.append(flask.request.headers.get("X-GC-CSRF"))
        if self.refuse_acknowledge:
            return flask.Response(
                json.dumps({"detail": self.refuse_acknowledge}), 409, mimetype="application/problem+json"
            )
        number = int(flask.request.get_json()["escalation"])
        self.acknowledged.append((code, number))
        fact = self.play.acknowledge(number, self.user)
        if fact:
            self.send(fact)
        return flask.jsonify({})

    # push

    async def _sockets_open(self, ready: threading.Event) -> None:
        events = serve(self._events, "127.0.0.1", self.port + 1, subprotocols=["gridcommand.v1"], compression=None)  # type: ignore[list-item]
        tiles = serve(self._tiles, "127.0.0.1", self.port + 2, subprotocols=["gridcommand.tiles.v1"], compression=None)  # type: ignore[list-item]
        async with events, tiles:
            ready.set()
            while not self._stop.is_set():
                await asyncio.sleep(0.05)

    async def _events(self, socket: ServerConnection) -> None:
        if self.refuse_push:
            await socket.close(1012)
            return
        try:
            told = json.loads(await socket.recv())
        except ConnectionClosed:
            return
        self.subscribed.append(told["after"])
        self._sockets.add(socket)
        with contextlib.suppress(ConnectionClosed):
            await self._welcome(socket)
        await socket.wait_closed()
        self._sockets.discard(socket)

    async def _welcome(self, socket: ServerConnection) -> None:
        for message in (self.play.figures(), self.play.map(), self._heartbeat()):
            await socket.send(message.model_dump_json())

    def _heartbeat(self) -> m.Heartbeat:
        with self.play.lock:
            self.play.side += 1
            return m.Heartbeat(id=f"{self.play.number}.{self.play.side}", at=self.play.now())

    def send(self, message: m.Message | None) -> None:
        """To every connected wall, at once and in order."""
        if message is not None:
            self.send_text(message.model_dump_json())

    def send_text(self, text: str) -> None:
        async def deliver() -> None:
            for socket in list(self._sockets):
                with contextlib.suppress(Exception):
                    await socket.send(text)

        asyncio.run_coroutine_threadsafe(deliver(), self._loop).result(5)

    def drop(self, code: int = 1012) -> None:
        """Close every wall's connection, as a restarting gateway does."""

        async def close() -> None:
            for socket in list(self._sockets):
                await socket.close(code)

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(5)

    @property
    def connected(self) -> int:
        return len(self._sockets)

    def _publish(self) -> None:
        """Figures and map at ≤ 4 Hz after changes and every 2 s, a heartbeat every 2 s; a living flow where wanted."""
        last_figures = last_beat = last_deed = 0.0
        shown = -1
        while not self._stop.wait(0.05):
            now = time.monotonic()
            if self.living and now - last_deed > 1 / self.living:
                last_deed = now
                self.send(self.play.report() if self.play.dice.random() < 0.4 else self.play.move())
            if self.beat and now - last_beat > 2:
                last_beat = now
                self.send(self._heartbeat())
            due = now - last_figures > (0.25 if self.play.number != shown else 2)
            if self.publish_figures and due:
                last_figures, shown = now, self.play.number
                self._send_pictures()

    def _send_pictures(self) -> None:
        counts = self.play.grid_counts()
        changed = {code: counts.get(code, (0, 0, 0)) for code in counts.keys() | self._map.keys()}
        changed = {code: value for code, value in changed.items() if self._map.get(code) != value}
        self._map = counts
        figures = self.play.figures()
        self.send(figures)
        if changed:
            self.send(m.GridMap(id=figures.id, at=figures.at, whole=False, grids=changed))

    # video

    async def _tiles(self, socket: ServerConnection) -> None:
        watched: list[str] = []

        async def listen() -> None:
            nonlocal watched
            async for text in socket:
                watched = json.loads(text)["cameras"]
                for camera in watched:
                    await socket.send(json.dumps(self._standing(camera)))

        listening = asyncio.ensure_future(listen())
        turn = 0
        with contextlib.suppress(Exception):
            while not self._stop.is_set() and not listening.done():
                for camera in watched:
                    if camera not in self.play.cameras_down and camera in self._pictures:
                        await socket.send(self._picture(camera, turn))
                turn += 1
                await asyncio.sleep(1)
        listening.cancel()

    def _standing(self, camera: str) -> dict[str, Any]:
        down = camera in self.play.cameras_down
        state, reason = ("offline", "timeout") if down else ("live", None)
        return {"kind": "state", "camera": camera, "state": state, "reason": reason, "since": m.iso(self.play.now())}

    def _picture(self, camera: str, turn: int) -> bytes:
        head = {
            "camera": camera,
            "at": m.iso(self.play.now()),
            "age_ms": 20,
            "state": "live",
            "sent": int(time.monotonic() * 1000),
        }
        text = json.dumps(head).encode()
        frames = self._pictures[camera]
        return struct.pack(">I", len(text)) + text + frames[turn % len(frames)]


def scenes(cameras: list[dict[str, Any]]) -> dict[str, list[bytes]]:
    """A drawn picture per camera: the product's own scenes where they can be drawn, else a plain one."""
    return {camera["id"]: [_scene(number)] for number, camera in enumerate(cameras[:16])}


LOOKS = (
    "crossroads-day", "market-overcast", "street-night", "river-day", "school-day", "village-day", "village-dusk",
    "square-dusk", "station-rain", "crossroads-wet-night", "market-rain", "street-fog", "river-fog", "school-rain",
    "square-day", "station-night",
)  # fmt: skip
_DRAWN: dict[int, bytes] = {}


def _scene(number: int) -> bytes:
    if number not in _DRAWN:
        try:
            kind, _, light = LOOKS[number % len(LOOKS)].partition("-")
            _DRAWN[number] = _drawn(kind, light, number + 1)
        except Exception:  # the streams room may be in the middle of a change; the wall can be looked at all the same
            _DRAWN[number] = _plain(number)
    return _DRAWN[number]


def _drawn(kind: str, light: str, seed: int) -> bytes:
    import cv2

    from streams.scenes import KINDS
    from streams.scenes.film import frames
    from streams.scenes.kit import LIGHTS

    picture = next(iter(frames(KINDS[kind](LIGHTS[light], seed), 8)))
    done, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80])
    assert done
    return bytes(jpeg)


def _plain(number: int) -> bytes:
    picture = Image.new("RGB", (640, 360), (60 + number * 5 % 80, 90, 110))
    ImageDraw.Draw(picture).polygon([(260, 150), (380, 150), (640, 360), (0, 360)], fill=(80, 84, 90))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=18700)
    parser.add_argument("--role", default="duty")
    parser.add_argument("--cases", type=int, default=330)
    parser.add_argument("--grids", type=int, default=0)
    parser.add_argument("--rate", type=float, default=1.0)
    asked = parser.parse_args()
    play = Play(many(asked.grids) if asked.grids else yunze(), cases=asked.cases)
    harness = Harness(asked.port, play, role=asked.role).start()
    harness.living = asked.rate
    print(harness.url, flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
    harness.stop()


if __name__ == "__main__":
    main()
