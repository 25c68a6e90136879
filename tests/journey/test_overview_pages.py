"""The leader's overview in a real browser: one screen in both orientations, live, offline, touch, and words that arrive."""

# ruff: noqa: F811  (fixtures are imported, and named again where they are asked for)

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from conftest import door_of
from desk_harness import Served, add_people, free_port, served
from desk_pages import ZONE, Visit, beside, grave
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from models import tables as t
from models.door import Report
from models.evaluation import books
from models.evaluation.reading import Counties
from models.moves import Actor, Role
from models.overview import looks
from models.rules import Rules
from models.store import Store
from models.timebase import real_now
from tests.journey.desk_pages import chromium  # noqa: F401  (a fixture)

OPERATOR, SYSTEM = Actor("operator", Role.OPERATOR), Actor("hotline", Role.SYSTEM)
SIZES = {"landscape": (1180, 820), "small": (1024, 768), "portrait": (820, 1180)}
NO_NETWORK = ("ERR_INTERNET_DISCONNECTED", "Failed to load resource", "trying again")


def seed(store: Store, cases: int = 110) -> None:
    """Two months of cases in eight departments, some late, some still open; the books of the months kept."""
    dice, door, now = Random(7), door_of(store), real_now()
    with store.read() as connection:
        found = connection.execute(select(t.area.c.code).where(t.area.c.level == "grid").order_by(t.area.c.code))
        grids = list(found.scalars())
    departments = ["cg", "cg", "cg", "zj", "zj", "hb", "hb", "ga", "ga", "jt", "sl", "mz"]
    with door.transaction() as (deed, _):
        for number in range(cases):
            at = now - timedelta(days=45) * (1 - number / cases) ** 1.3 - timedelta(minutes=9)
            department = dice.choice(departments)
            report = Report(
                category=dice.choice(["010101", "010101", "010201"]),
                description=dice.choice(["占道经营，堵住消防通道", "人行道井盖松动", "河边堆放垃圾"]),
                source="hotline",
                area=dice.choice(grids[:70]),
            )
            code = deed.report(report, SYSTEM, at).case.code
            desk = Actor("desk", Role.DEPARTMENT, department=department)
            deed.move(code, "dispatch", OPERATOR, at + timedelta(minutes=2), {"department": department})
            ends = at + dice.choice([timedelta(hours=1), timedelta(hours=2), timedelta(days=9)])
            if ends > now or dice.random() < 0.1:
                continue
            deed.move(code, "receipt", desk, at + timedelta(minutes=5))
            deed.move(code, "feedback", desk, ends - timedelta(minutes=5), {"note": "已处理"})
            deed.move(code, "close", OPERATOR, ends)
            deed.move(code, "return-call", OPERATOR, ends, {"satisfaction": dice.choice(["satisfied", "dissatisfied"])})
    for _ in range(20):
        if not door.tick(now)[0]:
            break
    books.keep_up(store, Counties(store, Rules(store, ZONE))(), now)
    for _ in range(2):
        with store.write() as connection:
            looks.looked(
                connection, "leader", {"open": 20, "overdue": 3}, now - timedelta(hours=19), now - timedelta(1)
            )


@pytest.fixture(scope="module")
def store(sqlite_templates: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    file = tmp_path_factory.mktemp("overview") / "gridcommand.sqlite"
    shutil.copy(sqlite_templates["county"], file)
    store = Store(f"sqlite:///{file}")
    add_people(store)
    seed(store)
    yield store
    store.close()


@pytest.fixture(scope="module")
def server(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The web process, the push gateway and the worker that draws the figures."""
    folder, port = tmp_path_factory.mktemp("web"), str(free_port())
    with (
        served(store, folder, GRIDCOMMAND_PUSH_PORT=port) as server,
        beside(server, store, folder, port, "push", "alerts"),
    ):
        yield server


@pytest.fixture
def visit(chromium: Browser, server: Served, store: Store) -> Iterator[Any]:
    made: list[Visit] = []

    def new(name: str, size: str = "landscape", **more: Any) -> Visit:
        width, height = SIZES[size]
        made.append(
            Visit(chromium, server, store, name, viewport={"width": width, "height": height}, has_touch=True, **more)
        )
        return made[-1]

    yield new
    for one in made:
        one.context.close()
    faults = [fault for one in made for fault in one.faults if not any(word in fault for word in NO_NETWORK)]
    assert not faults, faults


def opened(person: Visit, *, language: str = "zh-CN", theme: str = "dark") -> Page:
    cookies = [("gc_lang", language), ("gc_theme", theme)]
    person.context.add_cookies(
        [{"name": name, "value": value, "url": person.server.address} for name, value in cookies]
    )
    person.page.goto(f"{person.server.address}/overview")
    person.page.wait_for_selector("#overview[data-ready]")
    expect(person.page.locator(".ov-heat path").first).to_be_attached()
    expect(person.page.locator("[data-figure=open]")).to_have_attribute("data-state", "live")
    return person.page


SMALL = """() => [...document.querySelectorAll('a, button, summary, textarea')].filter((one) => one.checkVisibility() && !one.closest('.ov-skip'))
  .map((one) => [one.getBoundingClientRect(), one.className || one.textContent])
  .filter(([box]) => box.width > 0 && (box.width < 43.5 || box.height < 43.5)).map(([box, name]) => `${name} ${box.width}×${box.height}`)"""
CUT = """() => [...document.querySelectorAll('.ov-value, .ov-label, .ov-who-row:not([hidden]) *, .ov-change *, .ov-tile *, h2')]
  .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0).map((one) => one.textContent)"""


def test_five_questions_are_on_one_screen_in_every_form(visit: Any, subtests: pytest.Subtests) -> None:
    forms = [("landscape", "zh-CN", "dark"), ("landscape", "en", "light"), ("small", "zh-CN", "light"),
             ("small", "en", "dark"), ("portrait", "zh-CN", "light"), ("portrait", "en", "dark")]  # fmt: skip
    for size, language, theme in forms:
        with subtests.test(f"{size} {language} {theme}"):
            page = opened(visit("leader", size), language=language, theme=theme)
            room = page.evaluate(
                "[document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight]"
            )
            assert max(room) <= 0, "the page scrolls"
            for name in ("open", "overdue", "will-be-late", "closing-in-time", "emergencies", "cameras-online"):
                expect(page.locator(f".ov-main [data-figure={name}]").first).to_be_in_viewport()
            assert page.locator("button.ov-who-row:visible").count() >= 4
            assert page.locator(".ov-change:visible").count() >= 4
            expect(page.locator(".ov-main")).not_to_contain_text("overview.")
            assert page.evaluate(SMALL) == [], "too small for a finger"
            assert page.evaluate(CUT) == [], "cut words"


def test_a_figure_opens_its_definition_and_a_list_of_just_as_many(visit: Any) -> None:
    page = opened(visit("leader"))
    page.locator("[data-figure=overdue]").tap()
    expect(page.locator("#ov-sheet")).to_contain_text("办理时限早于现在")
    value = page.locator(".ov-main [data-figure=overdue]").get_attribute("data-value")
    expect(page.locator(".ov-cases li").first).to_be_visible()
    page.locator("#ov-sheet .ov-go", has_text="打开列表").click()
    expect(page.locator("[data-figure=list-total]")).to_have_attribute("data-value", value or "")
    page = opened(visit("leader"))
    page.locator(".ov-trend-chart").tap()
    cell = page.locator("[data-figure=day-reported]:not([data-value='0'])").first
    count = cell.get_attribute("data-value") or ""
    cell.click()
    expect(page.locator("[data-figure=list-total]")).to_have_attribute("data-value", count)


def test_a_town_and_a_department_tell_their_numbers_to_a_finger(visit: Any) -> None:
    page = opened(visit("leader", "portrait"))
    page.locator(".ov-town").nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#ov-sheet [data-figure=town-open]")).to_be_visible()
    page.locator(".ov-close").tap()
    page.locator("button.ov-who-row").first.tap()
    expect(page.locator("#ov-sheet")).to_contain_text("从不按上报数量排名")


def test_an_instruction_goes_out_is_received_and_its_result_comes_back(visit: Any) -> None:
    page = opened(visit("leader"))
    page.locator("button.ov-who-row[data-department=cg]").tap()
    page.locator("#ov-sheet .ov-primary[data-instruct=department]").tap()
    page.locator(".ov-pick", has_text="请今日办结").tap()
    page.locator("#ov-sheet textarea").press("End")
    page.locator("#ov-sheet textarea").type("重点是东门市场。")
    page.locator("#ov-sheet button[type=submit]").tap()
    expect(page.locator(".ov-sent")).to_contain_text("已发出")
    page.locator(".ov-close").tap()
    row = page.locator(".ov-order").first
    expect(row).to_have_attribute("data-state", "waiting")
    desk = visit("department")
    mail = desk.go("/messages?box=received")
    mail.locator(".mail-title", has_text="批示").click()
    mail.locator("[data-receive-message]").click()
    expect(mail.locator(".mail-text .good")).to_be_visible()
    mail.fill("form[data-form=reply] textarea", "已办结，现场已清理。")
    mail.click("form[data-form=reply] button")
    expect(mail.locator(".mail-replies .mail-row")).to_contain_text("现场已清理")
    page.reload()
    expect(row).to_have_attribute("data-state", "answered")
    row.tap()
    expect(page.locator(".ov-result")).to_contain_text("现场已清理")


def test_what_happens_is_on_the_screen_and_without_a_network_it_says_what_it_last_knew(
    visit: Any, store: Store
) -> None:
    person = visit("leader")
    page = opened(person)
    before = int(page.locator("[data-figure=open]").get_attribute("data-value") or 0)
    report = Report(category="010101", description="路灯不亮", source="hotline", area="990100100001001")
    door_of(store).report(report, SYSTEM, real_now())
    expect(page.locator("[data-figure=open]")).to_have_attribute("data-value", str(before + 1))
    page.wait_for_function("navigator.serviceWorker.controller || navigator.serviceWorker.ready.then(() => false)")
    page.reload()  # now through the service worker, which keeps what it hands out
    page.wait_for_selector("#overview[data-ready]")
    page.wait_for_function("caches.open('gridcommand-overview').then(c => c.match('/live/overview')).then(Boolean)")
    person.context.set_offline(True)
    page.reload()
    page.wait_for_selector("#overview[data-ready]")
    expect(page.locator(".ov-link")).to_have_attribute("data-state", "lost")
    expect(page.locator("[data-figure=open]")).to_have_attribute("data-value", str(before + 1))
    expect(page.locator("[data-figure=open]")).to_have_attribute("data-state", "stale")
    expect(page.locator(".ov-offline")).to_contain_text("与中心失去联系")
    person.context.set_offline(False)
    expect(page.locator("[data-figure=open]")).to_have_attribute("data-state", "live")


def test_the_overview_has_no_serious_accessibility_finding(visit: Any) -> None:
    for theme, language in (("dark", "zh-CN"), ("light", "en")):
        page = opened(visit("leader"), theme=theme, language=language)
        for sheet in ("", "button.ov-who-row", "[data-figure=overdue]"):
            if sheet:
                page.locator(sheet).first.click()
                expect(page.locator("#ov-sheet")).to_be_visible()
            assert grave(page) == [], (theme, sheet)
            if sheet:
                page.locator(".ov-close").click()
