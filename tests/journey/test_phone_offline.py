"""The grid worker's phone in a real browser: without a network it keeps what is written, and sends it exactly once."""

# ruff: noqa: F811  (fixtures are imported, and named again where they are asked for)

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import PATIENCE, SECRET
from desk_harness import GRID, Served, session_of
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from sqlalchemy import func, select

from models import tables as t
from models.door import Door
from models.duty.tables import round_tick
from models.moves import Actor, Role
from models.rules import Rules
from models.store import Store
from models.timebase import real_now
from models.vault import Vault
from tests.journey.desk_pages import chromium  # noqa: F401  (a fixture)
from tests.journey.desk_pages import store as county  # noqa: F401
from tests.journey.desk_pages import web_only as server  # noqa: F401

CHROMIUM = "/usr/bin/chromium"
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.fixture(scope="module")
def store(county: Store) -> Store:
    with county.write() as connection:  # slots that are open at any hour at which this test may run
        body = connection.execute(select(t.rules.c.body).where(t.rules.c.name == "county")).scalar_one()
        rounds = [{**slot, "starts": "00:00:00", "ends": "23:59:59"} for slot in body["rounds"]]
        connection.execute(t.rules.update().where(t.rules.c.name == "county").values(body={**body, "rounds": rounds}))
    return county


@pytest.fixture
def phone(chromium: Browser, server: Served, store: Store) -> Iterator[Page]:
    context: BrowserContext = chromium.new_context(**PHONE)
    context.set_default_timeout(PATIENCE * 1000)
    context.add_cookies([{"name": "gc_session", "value": session_of(store, "grid"), "url": server.address}])
    page = context.new_page()
    page.goto(f"{server.address}/grid")
    page.wait_for_selector("#phone[data-kept=yes]")
    yield page
    context.close()


def photo(colour: str) -> dict[str, Any]:
    out = io.BytesIO()
    Image.new("RGB", (320, 240), colour).save(out, "JPEG")
    return {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def write(page: Page, words: str, colour: str, *, settle: str = "") -> None:
    page.select_option("select[name=category]", "010101")
    page.fill("textarea[name=description]", words)
    page.set_input_files("#report input[name=file]", photo(colour))
    if settle:
        page.check("input[name=settle]")
        page.fill("input[name=settle_note]", settle)
    page.click("#report button.go")
    expect(page.locator("#report textarea[name=description]")).to_have_value("")


def rows(store: Store, words: str) -> list[Any]:
    with store.read() as connection:
        found = connection.execute(select(t.cases).where(t.cases.c.description.like(f"{words}%"))).all()
        pictures = select(t.attachment.c.case_id, func.count()).group_by(t.attachment.c.case_id)
        counted = {row[0]: row[1] for row in connection.execute(pictures)}
    return [(case.stage, case.area, counted.get(case.id, 0)) for case in found]


def test_three_reports_without_a_network_become_three_cases_with_it(phone: Page, store: Store) -> None:
    phone.context.set_offline(True)
    for n, colour in enumerate(("teal", "maroon", "navy")):
        write(phone, f"断网 {n}", colour, settle="当场清走" if n == 2 else "")
    expect(phone.locator(".queue li")).to_have_count(3)
    expect(phone.locator(".queue li[data-state=waiting]")).to_have_count(3)
    phone.reload()  # the page itself opens without a network, and the queue is still there
    expect(phone.locator(".queue li")).to_have_count(3)
    expect(phone.locator(".offline")).to_be_visible()
    expect(phone.locator("[data-figure=list-total]")).to_have_attribute("data-state", "stale")
    phone.context.set_offline(False)
    expect(phone.locator(".queue")).to_be_hidden()
    assert sorted(rows(store, "断网")) == [("closed", GRID, 1), ("reported", GRID, 1), ("reported", GRID, 1)]
    phone.click("[data-tab=mine-tab]")
    expect(phone.locator("#mine-tab li[data-case]", has_text="断网")).to_have_count(3)
    expect(phone.locator(".offline")).to_be_hidden()


def test_an_answer_that_is_lost_makes_no_second_case(phone: Page, store: Store) -> None:
    """The planted fault: the server takes the report, and its answer never arrives."""
    lost: list[str] = []

    def lose_first(route: Route) -> None:
        if not lost:
            lost.append(route.request.post_data or "")
            route.fetch()
            route.abort()
        else:
            assert json.loads(route.request.post_data or "") == json.loads(lost[0])
            route.continue_()

    phone.route("**/api/v1/reports", lose_first)
    with phone.expect_event("requestfailed"):
        write(phone, "丢了回执", "olive")
    expect(phone.locator(".queue li[data-state=waiting]")).to_have_count(1)
    assert len(rows(store, "丢了回执")) == 1
    phone.evaluate("dispatchEvent(new Event('online'))")
    expect(phone.locator(".queue")).to_be_hidden()
    assert rows(store, "丢了回执") == [("reported", GRID, 1)]
    assert lost


def test_what_the_server_refuses_says_why_and_goes_back_into_the_form(phone: Page) -> None:
    phone.route("**/api/v1/reports", lambda route: route.fulfill(
        status=422, content_type="application/problem+json", body='{"detail": "没有这个类别", "field": "category"}'
    ))  # fmt: skip
    phone.fill(".find", "垃圾")  # a list that was narrowed is whole again for the next report
    write(phone, "要改的", "gray", settle="当场扫净")
    expect(phone.locator("#report select[name=category] option[value='020201']")).to_have_count(1)
    expect(phone.locator("[data-task][data-waiting], .round[data-waiting]")).to_have_count(0)  # it is none of these
    entry = phone.locator(".queue li[data-state=refused]")
    expect(entry).to_contain_text("没有这个类别")
    entry.locator("button").first.click()
    expect(phone.locator("#report textarea[name=description]")).to_have_value("要改的")
    expect(phone.locator("#report input[name=settle_note]")).to_have_value("当场扫净")
    assert phone.evaluate("document.querySelector('#report input[name=file]').files.length") == 1
    expect(phone.locator(".queue")).to_be_hidden()


def test_what_is_missing_is_said_under_its_field_before_anything_is_sent(phone: Page, store: Store) -> None:
    phone.fill("#report textarea[name=description]", "   ")
    phone.select_option("#report select[name=area]", "")
    phone.click("#report button.go")
    faults = phone.locator("#report .fault")
    expect(faults).to_have_text(["请选择类别。", "请写明情况，不超过 4000 字。", "请选择网格，或用现在的位置。"])
    expect(phone.locator("#report select[name=category]")).to_be_focused()
    phone.select_option("#report select[name=area]", GRID)
    phone.fill("#report textarea[name=description]", "长" * 4001)
    phone.locator("#report textarea[name=description]").blur()
    expect(faults).to_have_text(["请选择类别。", "最多 4000 字，多出的没有写进来。"])
    text = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture at all"}
    phone.set_input_files("#report input[name=file]", text)
    expect(faults.last).to_contain_text("当不了照片")
    assert phone.evaluate("document.querySelector('#report input[name=file]').files.length") == 0
    expect(phone.locator(".queue")).to_be_hidden()


def test_rounds_are_ticked_without_a_network_and_kept_once(phone: Page, store: Store) -> None:
    phone.click("[data-tab=rounds-tab]")
    phone.context.set_offline(True)
    phone.fill(".round[data-slot=morning] input[name=finding]", "路灯不亮")
    phone.click(".round[data-slot=morning] button.go")
    expect(phone.locator(".round[data-slot=morning] input[name=finding]")).to_have_value("")
    phone.click(".round[data-slot=morning] button.go")
    expect(phone.locator(".round[data-slot=morning]")).to_have_attribute("data-waiting", "")
    phone.context.set_offline(False)
    expect(phone.locator(".round[data-slot=morning]")).to_have_attribute("data-state", "done")
    with store.read() as connection:
        kept = connection.execute(select(round_tick.c.slot, round_tick.c.finding)).all()
    assert kept == [("morning", "路灯不亮")]


def test_a_check_that_the_centre_asks_for_stands_first_and_is_answered_on_the_phone(phone: Page, store: Store) -> None:
    write(phone, "请去看看", "white")
    expect(phone.locator(".queue")).to_be_hidden()
    with store.read() as connection:
        code = connection.execute(select(t.cases.c.code).where(t.cases.c.description == "请去看看")).scalar_one()
    door = Door(store, Rules(store, ZoneInfo("Asia/Shanghai")), Vault(SECRET))
    door.move(code, "request-verification", Actor("operator", Role.OPERATOR), real_now(), {})
    phone.reload()
    phone.click("[data-tab=tasks-tab]")
    task = phone.locator("#tasks-tab li").first
    expect(task).to_have_attribute("data-task", code)
    deed = task.locator("details", has=phone.locator("form[data-action=verify]"))
    deed.locator("summary").click()
    deed.locator("select[name=finding]").select_option("confirmed")
    deed.locator("textarea").fill("确有其事")
    phone.context.set_offline(True)
    deed.locator("button.go").click()
    expect(phone.locator(".queue li")).to_have_count(1)
    phone.context.set_offline(False)
    expect(phone.locator(".queue")).to_be_hidden()
    with store.read() as connection:
        assert connection.execute(select(t.cases.c.stage).where(t.cases.c.code == code)).scalar() == "accepted"


def test_a_task_is_done_on_the_phone(phone: Page, store: Store) -> None:
    write(phone, "任务一件", "black")
    expect(phone.locator(".queue")).to_be_hidden()
    phone.click("[data-tab=tasks-tab]")
    task = phone.locator("#tasks-tab li", has_text="任务一件")
    deed = task.locator("details", has=phone.locator("form[data-action=settle-on-the-spot]"))
    deed.locator("summary").click()
    deed.locator("textarea").fill("已劝离")
    deed.locator("button.go").click()
    expect(phone.locator(".word.good").first).to_contain_text("已办")
    assert rows(store, "任务一件") == [("closed", GRID, 1)]
