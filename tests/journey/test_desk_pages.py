"""The desk in a real browser: every page of every role in both languages, and the work that is done on them."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import SECRET
from desk_harness import DEPARTMENT, GRID, PASSWORD, Served, add_people, served, session_of
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from models.door import Door, Report
from models.moves import Actor, Role
from models.rules import Rules
from models.store import Store
from models.timebase import real_now
from models.vault import Vault

ZONE = ZoneInfo("Asia/Shanghai")
CHROMIUM = "/usr/bin/chromium"
PAGES = (
    ("operator", "/cases"),
    ("operator", "/cases?state=all"),
    ("operator", "/cases/{code}"),
    ("department", "/cases/{code}"),
    ("duty", "/cases/{code}"),
    ("duty", "/cameras"),
    ("admin", "/admin"),
    ("grid", "/grid"),
    ("auditor", "/"),
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def store(sqlite_templates: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One county for all tests of this file: each works on a case of its own."""
    file = tmp_path_factory.mktemp("desk") / "gridcommand.sqlite"
    shutil.copy(sqlite_templates["county"], file)
    store = Store(f"sqlite:///{file}")
    add_people(store)
    yield store
    store.close()


@pytest.fixture(scope="module")
def server(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(store, tmp_path_factory.mktemp("web")) as server:
        yield server


@pytest.fixture
def code(store: Store) -> str:
    """A grave case that is with the department, and has escalated."""
    door = Door(store, Rules(store, ZONE), Vault(SECRET))
    report = Report(
        category="010101",
        description="垃圾成堆，联系 13812345678",
        source="hotline",
        area=GRID,
        level=1,
        reporter_name="王秀英",
        reporter_phone="13812345678",
    )
    case = door.report(report, Actor("hotline", Role.SYSTEM), real_now()).case
    door.move(case.code, "dispatch", Actor("operator", Role.OPERATOR), real_now(), {"department": DEPARTMENT})
    return str(case.code)


class Visit:
    """A browser of one person, which remembers what went wrong and never leaves the machine."""

    def __init__(self, chromium: Browser, server: Served, store: Store, name: str | None, **more: Any) -> None:
        self.faults: list[str] = []
        self.server = server
        self.context: BrowserContext = chromium.new_context(**more)
        if name:
            cookie = {"name": "gc_session", "value": session_of(store, name), "url": server.address}
            self.context.add_cookies([cookie])
        self.page: Page = self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("request", self._asked)

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"{message.type}: {message.text}")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.server.address, "data:", "blob:")):
            self.faults.append(f"left the machine: {request.url}")

    def go(self, path: str, *, language: str = "zh-CN") -> Page:
        self.context.add_cookies([{"name": "gc_lang", "value": language, "url": self.server.address}])
        self.page.goto(self.server.address + path)
        self.page.wait_for_load_state("networkidle")
        return self.page


@pytest.fixture
def visit(chromium: Browser, server: Served, store: Store) -> Iterator[Any]:
    made: list[Visit] = []

    def new(name: str | None, **more: Any) -> Visit:
        made.append(Visit(chromium, server, store, name, **more))
        return made[-1]

    yield new
    for one in made:
        one.context.close()
    assert [fault for one in made for fault in one.faults] == []


@pytest.mark.timeout(240)
def test_every_page_opens_in_both_languages_without_a_word_in_the_console(
    visit: Any, code: str, subtests: pytest.Subtests
) -> None:
    for role, path in PAGES:
        person = visit(role)
        for language in ("zh-CN", "en"):
            with subtests.test(f"{role} {path} {language}"):
                page = person.go(path.format(code=code), language=language)
                expect(page.locator("html")).to_have_attribute("lang", language)
                expect(page.locator("body")).not_to_contain_text("desk.")
                width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert width <= 0, "the page is wider than the screen"


def test_a_person_logs_in_by_the_form_and_out_by_the_button(visit: Any) -> None:
    person = visit(None)
    page = person.go("/cases")
    page.fill("input[name=name]", "operator")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/cases")
    expect(page.locator("[data-figure=list-total]")).to_be_visible()
    page.click("text=English")
    expect(page.locator("h1")).to_have_text("Cases")
    page.click("text=Log out")
    page.wait_for_url("**/login")


def test_a_list_is_narrowed_by_its_form_and_equals_its_count(visit: Any, code: str) -> None:
    page = visit("operator").go("/cases")
    total = page.locator("[data-figure=list-total]")
    count = int(total.get_attribute("data-value") or "")
    assert count >= 1
    expect(page.locator("tr[data-case]")).to_have_count(count)
    page.select_option("select[name=department]", "ga")
    expect(total).to_have_attribute("data-value", "0")
    expect(page.locator(".empty")).to_be_visible()
    assert "department=ga" in page.url and "area=" not in page.url
    page.click("text=清除")
    page.fill("input[name=q]", "垃圾")
    page.keyboard.press("Enter")
    page.wait_for_url("**text=**")
    expect(total).to_have_attribute("data-value", str(count))


def test_an_operator_and_a_department_take_a_case_to_its_end_on_their_pages(
    visit: Any, code: str, store: Store
) -> None:
    department, operator = visit("department"), visit("operator")
    page = department.go(f"/cases/{code}")
    page.click("summary:has-text('签收')")
    page.click("form[data-action=receipt] button")
    expect(page.locator(".case-title .stage")).to_have_attribute("data-stage", "handling")
    page.click("summary:has-text('反馈')")
    page.fill("form[data-action=feedback] textarea", "已清运，现场整洁")
    page.click("form[data-action=feedback] button")
    expect(page.locator(".case-title .stage")).to_have_attribute("data-stage", "feedback")
    page = operator.go(f"/cases/{code}")
    expect(page.locator(".trace")).to_contain_text("已清运")
    page.click("form[data-action=acknowledge] button")
    expect(page.locator(".escalation[data-open=yes]")).to_have_count(0)
    page.click("summary:has-text('结案')")
    page.click("form[data-action=close] button")
    expect(page.locator(".case-title .stage")).to_have_attribute("data-stage", "closed")
    expect(page.locator(".case-title .due-clock")).to_have_attribute("data-clock", "in-time")


def test_somebody_who_was_quicker_is_said_so(visit: Any, code: str, store: Store) -> None:
    person = visit("department")
    page = person.go(f"/cases/{code}")
    door = Door(store, Rules(store, ZONE), Vault(SECRET))
    door.move(code, "receipt", Actor("operator", Role.OPERATOR), real_now())
    page.click("summary:has-text('签收')")
    page.click("form[data-action=receipt] button")
    expect(page.locator("form[data-action=receipt] .form-word")).to_contain_text("刚被别人办过")
    person.faults.clear()  # the browser itself writes the 409 into its console


def test_a_deadline_shows_how_it_comes_about(visit: Any, code: str) -> None:
    page = visit("duty").go(f"/cases/{code}")
    page.click("text=时限是怎样算出来的")
    assert page.locator(".proof li").count() >= 3
    expect(page.locator("body")).not_to_contain_text("13812345678")


def test_a_photo_is_added_on_the_page_of_the_case(visit: Any, code: str) -> None:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "teal").save(out, "JPEG")
    page = visit("operator").go(f"/cases/{code}")
    page.set_input_files(".photo-form input", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()})
    page.click(".photo-form button")
    expect(page.locator(".photos img")).to_have_count(1)
    page.wait_for_function("document.querySelector('.photos img').naturalWidth === 640")


def test_an_administrator_adds_a_person_and_sees_the_password_once(visit: Any) -> None:
    page = visit("admin").go("/admin")
    page.fill(".admin-add input", "newcomer")
    page.select_option(".admin-add select[name=role]", "duty")
    page.click(".admin-add button")
    word = page.locator(".admin-word code")
    expect(word).to_be_visible()
    password = word.inner_text()
    page.reload()
    page.wait_for_load_state("networkidle")
    expect(page.locator("tr[data-account=newcomer]")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text(password)
    button = page.locator("tr[data-account=newcomer] button[data-act=disable]")
    button.click()
    expect(button).to_have_text("再按一次确认")
    button.click()
    expect(page.locator("tr[data-account=newcomer] button[data-act=enable]")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_grid_worker_reports_on_a_phone_also_without_scripts(visit: Any, scripts: bool) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "java_script_enabled": scripts}
    person = visit(
        "grid", **phone, permissions=["geolocation"], geolocation={"longitude": 112.8863, "latitude": 30.4692}
    )
    page = person.go("/grid")
    if scripts:
        page.fill(".find", "垃圾")
        page.click(".here")
        expect(page.locator(".here-word")).to_contain_text("已定位")
        expect(page.locator(".area")).to_be_hidden()
    page.select_option("select[name=category]", "010101")
    page.fill("textarea", "巷口垃圾没有清运")
    page.click("button.go")
    expect(page.locator(".word.good")).to_contain_text("已上报")
    expect(page.locator("li[data-case]").first).to_contain_text("巷口垃圾没有清运")


def test_a_list_that_is_left_open_says_that_it_is_old(visit: Any, code: str) -> None:
    person = visit("operator")
    person.page.clock.install()
    page = person.go("/cases")
    total = page.locator("[data-figure=list-total]")
    expect(total).to_have_attribute("data-state", "live")
    page.clock.fast_forward(70_000)
    expect(total).to_have_attribute("data-state", "stale")
    expect(page.locator(".age")).to_contain_text("1 分钟")
