"""A flood and a fire drill at once by several people in browsers: wall, room, a department's phone; a department that stays
silent; command handed over; web, push and Redis killed in the middle: nothing lost, nothing twice. One product, started once.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import SECRET, fill
from desk_harness import add_people, session_of
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import insert, select

from bench.harness import Product, free_ports, product
from models import chain
from models import tables as t
from models.door import Door, Report
from models.emergencies import listing
from models.emergencies import tables as et
from models.moves import Actor, Role
from models.rules import Rules
from models.schema import migrate
from models.store import Store
from models.timebase import CountyClock, Timebase, real_now, set_timebase
from models.vault import Vault

CHROMIUM = "/usr/bin/chromium"
SPEED = 20.0
"""County minutes pass in three seconds, so that a silent department's ladder is seen to climb."""
WAIT = 90_000
"""Milliseconds: a busy machine may be slow, and no time is judged here."""


@dataclass
class Stage:
    """The product and the people in it."""

    product: Product
    store: Store
    browser: Browser
    shots: Path

    def visit(self, name: str, path: str, width: int = 1600, height: int = 1000, late: str = "") -> Page:
        """Open a page. What `late` matches comes a second after the page: a button pressed meanwhile must not be lost."""
        context = self.browser.new_context(viewport={"width": width, "height": height})
        address = f"http://127.0.0.1:{self.product.port}"
        context.add_cookies([{"name": "gc_session", "value": session_of(self.store, name), "url": address}])
        page = context.new_page()
        page.set_default_timeout(WAIT)
        if late:
            page.route(late, lambda route: (time.sleep(1), route.continue_()))
        page.goto(address + path)
        return page

    def shot(self, page: Page, name: str) -> None:
        page.screenshot(path=self.shots / f"{name}.png")

    def lines(self, number: str, act: str, department: str = "") -> int:
        with self.store.read() as connection:
            key = connection.execute(select(et.emergency.c.id).where(et.emergency.c.number == number)).scalar_one()
            log = listing.log(connection, key)
        return sum(line.act == act and (not department or line.department == department) for line in log)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    data = tmp_path_factory.mktemp("emergency")
    url = f"sqlite:///{data}/gridcommand.sqlite"
    store = Store(url)
    migrate(store)
    fill(store)
    add_people(store)
    now = real_now()
    people = [
        ("operator2", Role.OPERATOR, None),
        ("sl-desk", Role.DEPARTMENT, "sl"),
        ("xf-desk", Role.DEPARTMENT, "xf"),
    ]
    rows = [
        {"name": name, "role": str(role), "password": "-", "department": department, "created_at": now}
        for name, role, department in people
    ]
    with store.write() as connection:
        connection.execute(insert(t.account), rows)
        set_timebase(connection, Timebase(now, now, SPEED))
    settings = {"GRIDCOMMAND_DATABASE_URL": url, "GRIDCOMMAND_SECRET_KEY": SECRET}
    port = free_ports()
    shots = data / "screens"
    shots.mkdir()
    with (
        product("up", "--port", str(port), "--data", str(data), port=port, data=data, **settings) as running,
        sync_playwright() as play,
    ):
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield Stage(running, store, browser, shots)
        browser.close()
    store.close()


def start(page: Page, plan: str, *, drill: bool = False) -> str:
    """The start form, filled and held; returns the number."""
    page.click("[data-start]")
    page.click(f"[data-plan={plan}]")
    page.click('.level-choice[data-level="2"]')
    page.fill(".start-right textarea", "云水河一号水位超警，堤脚渗水")
    page.click(".start-map svg")  # the middle of the county
    page.check("[name=drill]" if drill else "[name=life]")
    box = page.locator(".hold").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 20)
    page.mouse.down()
    page.wait_for_url("**/emergencies/*", timeout=WAIT)
    page.mouse.up()
    return page.url.rsplit("/", 1)[1]


def storm(stage: Stage, number: int) -> None:
    """So many reports that go straight to the county."""
    rules = Rules(stage.store, ZoneInfo("Asia/Shanghai"))
    door, categories = Door(stage.store, rules, Vault(SECRET)), sorted(rules().categories)
    for one in range(number):
        report = Report(categories[one % len(categories)], "雨大，路面塌陷", "hotline", area="990100", level=1)
        door.report(report, Actor("hotline", Role.SYSTEM), CountyClock(stage.store).now())


def twice(page: Page, selector: str) -> None:
    page.click(selector)
    page.click(f"{selector}[data-sure]")


def say(page: Page, action: str, **fields: str) -> None:
    """A button that opens a dialogue, and what is written in it."""
    page.click(f"[data-act={action}]")
    for name, value in fields.items():
        node = page.locator(f"dialog [name={name}]")
        if node.evaluate("node => node.tagName") == "SELECT":
            node.select_option(value)
        else:
            node.fill(value)
    page.click("dialog .tool-go")
    page.wait_for_selector("dialog.emergency-dialog", state="detached")


def cell(department: str, stage: str) -> str:
    return f"tr[data-department={department}] .cell[data-stage={stage}]"


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.2)


REACHED = ':is([data-clock="in-time"], [data-clock="late"])'


def test_a_flood_and_a_fire_drill_from_the_start_button_to_the_cancelled_mark(stage: Stage) -> None:
    wall = stage.visit("display", "/wall", 1920, 1080)
    wall.wait_for_selector("[data-ready=yes]")
    room = stage.visit("operator", "/emergencies", late="**/emergency/list.js*")
    flood = start(room, "flood")
    room.wait_for_selector(cell("sl", "received"))
    stage.shot(room, "1-room")

    # the wall is taken over, and gives its figure; the drill is told apart and is in no figure
    expect(wall.locator(".wall")).to_have_attribute("data-emergency", flood, timeout=WAIT)
    expect(wall.locator('[data-figure="emergencies"]')).to_have_attribute("data-value", "1", timeout=WAIT)
    other = stage.visit("operator2", "/emergencies")
    fire = start(other, "fire", drill=True)
    assert fire.startswith("D") and flood.startswith("E")
    expect(other.locator(".drill-mark")).to_be_visible()
    expect(wall.locator(f'.em-other[data-emergency="{fire}"] .drill-tag')).to_be_visible(timeout=WAIT)
    expect(wall.locator('[data-figure="emergencies"]')).to_have_attribute("data-value", "1")
    wall.wait_for_selector("#wall-map[data-ready]")
    expect(wall.locator(".em-rings polygon").first).to_be_attached(timeout=WAIT)
    fills = """() => {
      const one = document.querySelector(".em-rings polygon[data-shown]");
      const wide = one ? one.getBBox().width : 0;
      return wide > 100 && wide < 1500;
    }"""
    wall.wait_for_function(fills, timeout=WAIT)  # the perimeter fills the map
    wall.wait_for_timeout(1500)
    stage.shot(wall, "2-wall")

    # a department answers with two taps; a silent one climbs its ladder
    phone = stage.visit("sl-desk", f"/emergencies/{flood}", 390, 844)
    twice(phone, "[data-act=receive]")
    expect(room.locator(cell("sl", "received") + REACHED)).to_be_visible(timeout=WAIT)
    stage.shot(phone, "3-phone")
    room.click('[data-question=trapped] button:has-text("是")')
    expect(room.locator('[data-task=rescue-trapped][data-state="open"]')).to_be_visible(timeout=WAIT)
    until(lambda: stage.lines(flood, "contact-called", "xf") >= 1)
    expect(room.locator("tr[data-department=xf] .matrix-rung")).to_be_visible(timeout=WAIT)
    stage.shot(room, "4-silent")

    # a storm of grave reports stands beside the emergency, in groups that add up, and covers nothing of it
    storm(stage, 40)
    expect(wall.locator('.alarm-groups[data-value="40"]')).to_be_visible(timeout=WAIT)
    expect(wall.locator(".em-band")).to_be_visible()
    assert wall.locator(".alarm-groups li").count() <= 10
    inside = """() => {
      const [alarm, map] = [".alarm", "#wall-map"].map((one) => document.querySelector(one).getBoundingClientRect());
      const groups = [...document.querySelectorAll(".alarm-groups li")].map((one) => one.getBoundingClientRect());
      const held = (one) => one.left >= map.left - 1 && one.right <= map.right + 1 && one.bottom <= map.bottom + 1;
      return alarm.top > map.top && [alarm, ...groups].every(held);
    }"""
    assert wall.evaluate(inside)
    uncovered = """() => [...document.querySelectorAll(".em-band, .em-matrix, .em-cameras, .wall-feed")].every((node) => {
      const box = node.getBoundingClientRect();
      return node.contains(document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)) && !node.closest("[inert]");
    })"""
    assert wall.evaluate(uncovered)
    stage.shot(wall, "4-storm")

    # web, push and Redis are killed while the department sets out: it happens once
    pids = stage.product.pids()
    for name in ("web", "push", "redis"):
        os.kill(pids[name], signal.SIGKILL)
    twice(phone, "[data-act=depart]")
    expect(room.locator(cell("sl", "departed") + REACHED)).to_be_visible(timeout=WAIT)
    expect(phone.locator("[data-act=arrive]")).to_be_visible(timeout=WAIT)
    assert stage.lines(flood, "depart", "sl") == 1
    with stage.store.read() as connection:
        numbers = connection.execute(select(t.outbox.c.number).order_by(t.outbox.c.number)).scalars().all()
        assert numbers == list(range(1, len(numbers) + 1))
        assert not list(chain.faults(connection, et.log, "The log"))

    # command is handed over with consent, and whoever gave it away commands no more
    room.click("[data-role-code=commander] [data-act=offer-role]")
    room.locator("dialog [name=account]").select_option("operator2")
    room.click("dialog .tool-go")
    other.goto(other.url.replace(fire, flood))
    twice(other, "[data-role-code=commander] [data-act=accept-role]")
    expect(room.locator("[data-act=end]")).to_have_count(0, timeout=WAIT)
    stage.shot(other, "5-command")

    # an initial report is drafted, edited by a person and sent
    other.click("[data-act=draft-report]")
    other.wait_for_selector('.report-card[data-kind="initial"]')
    say(other, "edit-report", losses="暂无伤亡")
    expect(other.locator(".report-card dd", has_text="暂无伤亡")).to_be_visible(timeout=WAIT)
    say(other, "send-report", to="县委县政府值班室")
    expect(other.locator('.report-card[data-sent="yes"]')).to_be_visible(timeout=WAIT)
    stage.shot(other, "6-report")

    # it ends by name: the wall is given back, the mark stays until it is ratified and cancelled by name
    say(other, "end", note="险情解除")
    expect(wall.locator(f'.em-mark[data-emergency="{flood}"][data-state="ended"]')).to_be_visible(timeout=WAIT)
    leader = stage.visit("leader", f"/emergencies/{flood}")
    say(leader, "ratify", finding="approved")
    say(other, "cancel", note="现场清理完毕")
    expect(wall.locator(f'[data-emergency="{flood}"].em-mark')).to_have_count(0, timeout=WAIT)
    expect(wall.locator('[data-figure="emergencies"]')).to_have_attribute("data-value", "0", timeout=WAIT)
    review = stage.visit("leader", f"/emergencies/{flood}/review")
    expect(review.locator(".review-score")).to_be_visible()
    expect(review.locator(".emergency-replay tr[data-department=sl]")).to_be_visible()
    stage.shot(review, "7-review")
    drill: Any = stage.visit("operator2", f"/emergencies/{fire}")
    say(drill, "end", note="演练结束")
    expect(wall.locator(".wall[data-emergency]")).to_have_count(0, timeout=WAIT)
    stage.shot(wall, "8-wall-back")
