"""A past day on the wall and on the overview, in a real browser: marked as past, played, and equal to what was recorded then."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from conftest import door_of
from desk_harness import Served, add_people, served
from desk_pages import CHROMIUM, ZONE, Visit, barriers
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import select

from models import tables as t
from models.directory import read as directory_of
from models.door import Report
from models.emergencies.facade import Emergencies
from models.emergencies.starting import Start
from models.moves import Actor, Role
from models.past import records
from models.past.day import bounds, figures_at
from models.past.lives import micros
from models.past.reading import read
from models.store import Store
from models.timebase import Timebase, real_now, set_timebase

OPERATOR, SYSTEM = Actor("operator", Role.OPERATOR), Actor("hotline", Role.SYSTEM)
BEGAN = datetime(2026, 11, 18, tzinfo=ZONE)
DAY = datetime(2026, 11, 20, tzinfo=ZONE)
LOOK = DAY + timedelta(hours=23, minutes=59, seconds=57)
NOW = datetime(2026, 11, 22, 9, tzinfo=ZONE)
SIZES = {"wall": (1920, 1080), "overview": (1180, 820), "portrait": (820, 1180)}
SHOTS = os.environ.get("GRIDCOMMAND_SHOTS")
"""A folder for pictures, where somebody wants to look at them."""


def seed(store: Store) -> None:
    """Four days of cases; one look at the end of the day that is played."""
    dice, door = Random(4), door_of(store)
    with store.read() as connection:
        found = connection.execute(select(t.area.c.code).where(t.area.c.level == "grid").order_by(t.area.c.code))
        grids = list(found.scalars())
        towns = directory_of(connection).towns
    deeds: list[tuple[datetime, int, str, dict[str, Any]]] = []
    departments = [dice.choice(("cg", "cg", "zj", "hb", "ga", "jt", "sl")) for _ in range(150)]
    for number, department in enumerate(departments):
        at = BEGAN + (NOW - BEGAN) * dice.random()
        deeds += [
            (at, number, "report", {}),
            (at + timedelta(minutes=4), number, "dispatch", {"department": department}),
        ]
        if dice.random() < 0.85:
            ends = at + timedelta(hours=dice.choice((0.6, 1.5, 4, 30)))
            deeds.append((at + timedelta(minutes=dice.uniform(5, 30)), number, "receipt", {}))
            deeds += [
                (ends, number, "feedback", {"note": "已处理"}),
                (ends + timedelta(minutes=8), number, "close", {}),
            ]
    codes: dict[int, str] = {}
    ticked = BEGAN
    with door.transaction() as (deed, _):
        for at, number, action, fields in sorted(deeds, key=lambda one: one[0]):
            if at > NOW:
                break
            if at - ticked > timedelta(hours=2):
                ticked = at
                deed.tick(at)
            if action == "report":
                report = Report(
                    dice.choice(("010101", "010201", "020101")),
                    dice.choice(("占道经营，堵住消防通道", "人行道井盖松动", "河边堆放垃圾", "路灯不亮")),
                    dice.choice(("hotline", "grid")),
                    area=dice.choice(grids[:90]),
                    level=dice.choice((None, None, 2, 3)),
                )
                codes[number] = str(deed.report(report, SYSTEM, at).case.code)
            else:
                own = Actor("desk", Role.DEPARTMENT, department=departments[number])
                deed.move(codes[number], action, own if action in ("receipt", "feedback") else OPERATOR, at, fields)
    coordinate(store)
    before = min((at for at, *_ in deeds if at > LOOK), default=NOW)
    assert before > LOOK
    _look(store, towns)
    with store.write() as connection:
        set_timebase(connection, Timebase(real_now(), NOW, 0.0))


def coordinate(store: Store) -> None:
    """A flood from ten o'clock, graver from noon, over at eight in the evening, its mark gone the next day; and a drill."""
    duty, room = Actor("duty", Role.DUTY), Emergencies(door_of(store))
    at = DAY + timedelta(hours=10)
    flood = room.start(Start("flood", 3, "水位超警", "云水河超警"), OPERATOR, at).room.row.number
    room.act(flood, "confirm", duty, at)
    room.act(flood, "level", OPERATOR, at + timedelta(hours=2), {"level": "2", "note": "水位上涨"})
    room.start(Start("fire", 4, "演练", "老城区灭火演练", drill=True), OPERATOR, at + timedelta(hours=5))
    room.act(flood, "end", OPERATOR, at + timedelta(hours=10), {"note": "险情解除"})
    room.act(flood, "cancel", duty, at + timedelta(hours=23), {"note": "清理完毕"})


def _look(store: Store, towns: Any) -> None:
    """What the county's worker wrote down then: here the fold itself, as the store has moved on (`tests/edges` proves both equal)."""
    with store.read() as connection:
        told = read(connection, bounds(DAY, ZONE), towns)
    body = figures_at(told.lives, told.ground, micros(LOOK))
    with store.write() as connection:
        seen = {"day": DAY.date(), "at": LOOK, "made_at": LOOK, "line": 10**9, "lines": [], "facts": 1, "body": body}
        records.keep(connection, seen)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def store(sqlite_templates: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    file = tmp_path_factory.mktemp("past") / "gridcommand.sqlite"
    shutil.copy(sqlite_templates["county"], file)
    store = Store(f"sqlite:///{file}")
    add_people(store)
    seed(store)
    yield store
    store.close()


@pytest.fixture(scope="module")
def server(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(store, tmp_path_factory.mktemp("web")) as server:
        yield server


@pytest.fixture
def visit(chromium: Browser, server: Served, store: Store) -> Iterator[Any]:
    made: list[Visit] = []

    def new(name: str, size: str, path: str, language: str = "zh-CN", theme: str = "dark", **more: Any) -> Page:
        width, height = SIZES[size]
        person = Visit(chromium, server, store, name, viewport={"width": width, "height": height}, **more)
        made.append(person)
        cookies = [("gc_lang", language), ("gc_theme", theme)]
        person.context.add_cookies([{"name": n, "value": v, "url": server.address} for n, v in cookies])
        person.page.goto(f"{server.address}{path}")
        person.page.wait_for_selector("#wall[data-ready], #overview[data-ready], .wall[data-ready]")
        return person.page

    yield new
    faults = [fault for one in made for fault in one.faults if "422" not in fault]
    for one in made:
        one.context.close()
    assert not faults, faults


def pictured(page: Page, name: str) -> None:
    if SHOTS:
        page.wait_for_timeout(1500)
        page.screenshot(path=f"{SHOTS}/past-{name}.png")


def scrub(page: Page, frame: int) -> None:
    page.locator(".past-slider").evaluate(
        "(one, frame) => { one.value = frame; one.dispatchEvent(new Event('input')); }", frame
    )


def figure(page: Page, name: str) -> int:
    return int(page.locator(f"[data-figure={name}]").first.get_attribute("data-value") or -1)


def test_a_past_day_runs_on_the_wall_to_what_was_recorded_then(visit: Any, store: Store) -> None:
    page = visit("duty", "wall", "/wall?day=2026-11-20")
    expect(page.locator(".past-frame")).to_contain_text("回放 2026-11-20")
    expect(page.locator(".past-bar")).to_contain_text("与当日记录一致")
    expect(page.locator("#wall-cameras")).to_contain_text("不参与回放")
    assert page.locator(".tile, .live, .wall-dialog *").count() == 0, "nothing of the present is shown as if it ran"
    began = page.locator(".past-bar").get_attribute("data-at")
    page.locator(".past-speed").select_option("120")
    page.wait_for_function("(at) => document.querySelector('.past-bar').dataset.at > at", arg=began)
    expect(page.locator("[data-figure=open]").first).to_have_attribute("data-state", "past")
    page.locator(".past-play").click()
    expect(page.locator(".past-play")).to_have_text("播放")
    with store.read() as connection:
        told = read(connection, bounds(DAY, ZONE), directory_of(connection).towns)
    for frame in (0, 611, 1439, 1440):
        scrub(page, frame)
        whole = figures_at(told.lives, told.ground, told.ground.bounds.frames[frame])
        county = whole["county"]
        for name in ("open", "overdue", "due-soon", "reported-today", "closed-today", "unreceipted", "escalated"):
            assert figure(page, name) == county[name.replace("-", "_")], (frame, name)
        for row in whole["departments"][:3]:
            cell = page.locator(f"tr[data-department='{row['code']}']")
            if cell.count():
                expect(cell.first).to_contain_text(str(row["open"]))
        marks = page.locator(".past-emergency:visible:not([data-drill])")
        assert marks.count() == whole["emergencies"] == figure(page, "emergencies"), frame
        said = [f"{one.get_attribute('data-state')} {one.locator('b').inner_text()}" for one in marks.all()]
        assert said == {0: [], 611: ["running Ⅲ"]}.get(frame, ["ended Ⅱ"])
        area, (amount, *_rest) = max(whole["grids"].items(), key=lambda one: one[1][0])
        page.wait_for_function("([code, n]) => window.gridcommand.grid(code)?.[0] === n", arg=[area, amount])
    expect(page.locator(".past-bar")).to_have_attribute("data-ended", "")
    scrub(page, 1000)
    expect(page.locator(".past-emergency:visible")).to_have_count(2)
    expect(page.locator(".past-emergency[data-drill]")).to_contain_text("演练")
    pictured(page, "wall-zh")
    assert barriers(visit("duty", "wall", "/wall?day=2026-11-20", bypass_csp=True)) == []
    assert page.locator(".feed-row").count() >= 3
    page.locator("#wall-figures a[href]").first.click()
    expect(page.locator(".past-note")).to_contain_text("名单只有现在的")
    assert "/wall?day=2026-11-20" in page.url
    page.locator(".past-emergency:visible").first.click()
    expect(page.locator(".emergency-replay")).to_have_attribute("data-at", "2026-11-20T08:40:00.000Z")
    page.go_back()
    page.locator(".past-back").click()
    page.wait_for_url("**/wall")
    expect(page.locator(".tool-past")).to_be_visible()
    assert page.locator(".past-frame").count() == 0
    pictured(page, "live")


def test_the_overview_runs_a_past_day_and_says_what_it_cannot(visit: Any) -> None:
    page = visit("leader", "overview", "/overview?day=2026-11-20", language="en")
    expect(page.locator(".past-frame")).to_contain_text("REPLAY 2026-11-20")
    page.locator(".past-play").click()
    scrub(page, 1440)
    expect(page.locator("#ov-changed")).to_contain_text("Equal to the record at 23:59:57")
    expect(page.locator("[data-figure=closing-in-time]")).to_contain_text("not replayed")
    assert figure(page, "open") > 0
    room = "[document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight]"
    assert max(page.evaluate(room)) <= 0, "the page scrolls"
    scrub(page, 1000)
    assert page.locator(".past-line:visible").count() >= 3
    assert page.locator(".past-emergency:visible:not([data-drill])").count() == 1
    pictured(page, "overview-en")
    assert barriers(visit("leader", "overview", "/overview?day=2026-11-20", bypass_csp=True)) == []
    for name, size, path, language, theme in (
        ("overview-zh", "overview", "/overview?day=2026-11-20", "zh-CN", "dark"),
        ("overview-light", "portrait", "/overview?day=2026-11-20", "zh-CN", "light"),
        ("wall-en", "wall", "/wall?day=2026-11-20", "en", "dark"),
    ):
        if SHOTS:
            other = visit("leader", size, path, language, theme)
            other.locator(".past-play").click()
            scrub(other, 1000)
            pictured(other, name)
    page = visit("leader", "overview", "/overview?day=2026-11-21")
    expect(page.locator(".past-record")).to_contain_text("没有记录")
    for day, words in (
        ("2026-11-22", "今天还没有结束"),
        ("2030-01-01", "还没有到"),
        ("2020-01-01", "第一件在 2026-11-18"),
        ("x", "不是一个日期"),
    ):
        page = visit("leader", "overview", f"/overview?day={day}")
        expect(page.locator(".past-refused")).to_contain_text(words)
    pictured(page, "refused")
    page.locator(".past-back").click()
    page.wait_for_url("**/overview")
