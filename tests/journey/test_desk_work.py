"""The desk at work in a real browser: three actions from report to order, the loop between department and operator, two
people at once, many cases at once, the keyboard alone, and the sheet that is printed.
"""

# ruff: noqa: F811  (fixtures are imported, and named again where they are asked for)

from __future__ import annotations

import io
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from conftest import door_of
from desk_harness import DEPARTMENT, GRID
from PIL import Image
from playwright.sync_api import Page, expect

from models.door import Report
from models.moves import Actor, Role
from models.store import Store
from models.timebase import real_now
from tests.journey.desk_pages import barriers, chromium, code, server, store, visit  # noqa: F401  (fixtures)

OPERATOR = Actor("operator", Role.OPERATOR)
SIZES = ((1366, 768), (1920, 1080))
PHONE = {"viewport": {"width": 390, "height": 844}}


def reported(store: Store, words: str = "河堤路垃圾桶满溢", **more: Any) -> str:
    """A new case that nobody has touched."""
    report = Report(**{"category": "010101", "description": words, "source": "hotline", "area": GRID, **more})
    return str(door_of(store).report(report, Actor("hotline", Role.SYSTEM), real_now()).case.code)


def dispatched(store: Store, words: str = "河堤路垃圾桶满溢") -> str:
    """A case with an order to the department that waits for its receipt."""
    new = reported(store, words)
    door_of(store).move(new, "dispatch", OPERATOR, real_now(), {"department": DEPARTMENT})
    return new


def picture() -> bytes:
    """A small photo."""
    out = io.BytesIO()
    Image.new("RGB", (320, 240), "teal").save(out, "JPEG")
    return out.getvalue()


def choose(page: Page, case: str) -> None:
    """Take a case of the inbox in hand."""
    page.click(f".inbox-row[data-case='{case}']")
    expect(page.locator(".file")).to_have_attribute("data-case", case)


def test_a_new_case_is_dispatched_in_three_actions(visit: Any, store: Store) -> None:
    new = reported(store, "人民路口垃圾三天没有清运")
    reported(store)
    page = visit("operator").go("/desk")
    choose(page, new)  # one
    page.keyboard.press("d")  # two: the form comes with the category's own department
    expect(page.locator("form[data-action=dispatch] select[name=department]")).to_have_value(DEPARTMENT)
    page.keyboard.press("Enter")  # three
    row = page.locator(f".inbox-row[data-case='{new}']")
    expect(row).to_have_attribute("data-stage", "dispatched")
    expect(row).to_have_attribute("data-reason", "unreceipted")
    expect(page.locator(".file")).not_to_have_attribute("data-case", new)  # the desk goes on to the next one


def test_a_letter_pressed_too_early_waits_for_the_case_that_was_chosen(visit: Any, store: Store) -> None:
    other, wanted = reported(store, "消防通道", category="020201"), reported(store, "垃圾")
    page = visit("operator").go("/desk")
    choose(page, other)
    page.route("**/live/files/**", lambda route: (time.sleep(0.4), route.continue_()))
    page.click(f".inbox-row[data-case='{wanted}']")
    page.keyboard.press("d")  # the file of the other case is still on the screen
    form = page.locator("form[data-action=dispatch]")
    expect(form.locator("select[name=department]")).to_have_value(DEPARTMENT)
    expect(page.locator(".file")).to_have_attribute("data-case", wanted)
    expect(form).to_have_count(1)


def test_a_department_receives_and_answers_and_the_operator_closes(visit: Any, code: str) -> None:
    page = visit("department", **PHONE).go("/desk")
    choose(page, code)
    page.click("[data-do=receipt]")
    expect(page.locator(".file")).to_have_attribute("data-stage", "handling")
    page.click("[data-do=feedback]")
    page.click("form[data-action=feedback] [type=submit]")
    expect(page.locator("form[data-action=feedback] .field[data-field=note] .field-fault")).not_to_be_empty()
    page.fill("form[data-action=feedback] textarea", "已清运，现场整洁")
    photo = {"name": "after.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    page.set_input_files("form[data-action=feedback] [type=file]", photo)
    page.click("form[data-action=feedback] [type=submit]")
    expect(page.locator(".file")).to_have_attribute("data-stage", "feedback")
    expect(page.locator(".photos img")).to_have_count(1)

    page = visit("operator").go(f"/cases/{code}")
    expect(page.locator(".case-trace .trace")).to_contain_text("已清运")
    page.click("form[data-action=acknowledge] button")
    expect(page.locator(".escalation[data-open=yes]")).to_have_count(0)
    page.click("[data-do=close]")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".file")).to_have_attribute("data-stage", "closed")
    expect(page.locator(".case-title .due-clock")).to_have_attribute("data-clock", "in-time")


def test_who_was_overtaken_keeps_every_word_and_is_told_what_changed(visit: Any, store: Store) -> None:
    case = dispatched(store)
    person = visit("department")
    page = person.go(f"/cases/{case}")
    page.click("[data-do=hand-back]")
    page.fill("form[data-action=hand-back] textarea", "不属我局职责：该处由街道办管理")
    door_of(store).move(case, "hand-back", OPERATOR, real_now(), {"note": "改派住建"})
    page.click("form[data-action=hand-back] [type=submit]")
    changed = page.locator(".file-changed")
    expect(changed).to_contain_text("改派住建")
    expect(changed).to_contain_text("operator")
    expect(page.locator("form[data-action=hand-back] textarea")).to_have_value("不属我局职责：该处由街道办管理")
    expect(page.locator("form[data-action=hand-back] [type=submit]")).to_be_disabled()
    person.faults.clear()  # the browser itself writes the 409 into its console


def test_what_is_still_possible_is_sent_again_with_one_click(visit: Any, store: Store) -> None:
    case = dispatched(store)
    person = visit("department")
    page = person.go(f"/cases/{case}")
    page.click("[data-do=hand-back]")
    page.fill("form[data-action=hand-back] textarea", "不属我局职责")
    door_of(store).move(case, "urge", OPERATOR, real_now(), {"note": "请尽快签收"})
    page.click("form[data-action=hand-back] [type=submit]")
    expect(page.locator(".file-changed")).to_contain_text("请尽快签收")
    page.click("form[data-action=hand-back] [type=submit]")
    expect(page.locator(".trace li[data-action=hand-back]")).to_contain_text("不属我局职责")
    person.faults.clear()  # the browser itself writes the 409 into its console


def test_a_word_that_was_typed_survives_leaving_the_page(visit: Any, store: Store) -> None:
    case = dispatched(store)
    page = visit("department").go(f"/cases/{case}")
    page.click("[data-do=hand-back]")
    page.fill("form[data-action=hand-back] textarea", "写到一半")
    page.reload()
    page.wait_for_selector("[data-module=case][data-ready]")
    page.click("[data-do=hand-back]")
    expect(page.locator("form[data-action=hand-back] textarea")).to_have_value("写到一半")


def test_one_action_on_many_cases_tells_each_result_and_loses_none(visit: Any, store: Store) -> None:
    first, second, third = (reported(store, f"批量 {n}") for n in range(3))
    person = visit("operator")
    page = person.go("/cases?state=to-accept&q=%E6%89%B9%E9%87%8F")
    for case in (first, second, third):
        page.check(f"tr[data-case='{case}'] input")
    expect(page.locator(".bulk-head b")).to_contain_text("3")
    door_of(store).move(second, "void", OPERATOR, real_now(), {"note": "重复上报"})
    page.click(".bulk [data-do=dispatch]")
    page.select_option(".bulk select[name=department]", DEPARTMENT)
    page.click(".bulk [type=submit]")
    expect(page.locator(".bulk-sum")).to_have_attribute("data-refused", "1")
    expect(page.locator(f".bulk-results li[data-case='{second}']")).to_have_attribute("data-ok", "false")
    for case in (first, third):
        expect(page.locator(f".bulk-results li[data-case='{case}']")).to_have_attribute("data-ok", "true")
        expect(page.locator(f"tr[data-case='{case}'] .stage")).to_have_attribute("data-stage", "dispatched")
    expect(page.locator("tr[data-chosen]")).to_have_count(1)
    person.faults.clear()  # the 409 of the one that was gone


def test_the_desk_is_worked_by_the_keyboard_alone(visit: Any, store: Store) -> None:
    case = reported(store, "只用键盘办理的一件")
    page = visit("operator").go("/desk", language="en")
    for _ in range(60):
        if page.locator(".inbox-row[aria-selected=true]").get_attribute("data-case") == case:
            break
        page.keyboard.press("j")
    expect(page.locator(".file")).to_have_attribute("data-case", case)
    page.keyboard.press("?")
    expect(page.locator("dialog.key-sheet")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("v")
    page.keyboard.type("Reported twice")
    page.keyboard.press("Control+Enter")
    expect(page.locator(f".inbox-row[data-case='{case}']")).to_have_count(0)


def test_news_reach_an_open_desk_and_mark_what_is_new(visit: Any, store: Store) -> None:
    page = visit("duty").go("/desk")
    expect(page.locator(".inbox-live")).to_have_attribute("data-state", "live")
    case = reported(store, "刚刚上报的一件")
    row = page.locator(f".inbox-row[data-case='{case}']")
    expect(row).to_have_attribute("data-fresh", "new")
    door_of(store).move(case, "file", OPERATOR, real_now())
    expect(row).to_have_attribute("data-stage", "filed")


def test_every_count_of_the_inbox_equals_its_list(visit: Any, code: str, store: Store) -> None:
    reported(store)
    page = visit("operator").go("/desk")
    for tab in page.locator(".inbox-tab[data-figure]").all():
        tab.click()
        expect(tab).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".inbox-row")).to_have_count(int(tab.get_attribute("data-value") or ""))


def test_a_report_by_hand_keeps_both_times_and_is_shown_what_is_alike(visit: Any, store: Store) -> None:
    known = reported(store, "东门农贸市场南侧垃圾成堆")
    page = visit("operator").go("/desk")
    page.keyboard.press("n")
    form = page.locator("form[data-action=report]")
    form.locator("[name=source]").select_option("petition")
    form.locator("[name=category]").select_option("010101")
    form.locator("[name=description]").fill("东门农贸市场南侧垃圾成堆")
    form.locator("[name=area]").select_option(GRID)
    expect(page.locator(f".report-likes [data-alike='{known}']")).to_be_visible()
    form.locator("[name=happened_at]").fill(f"{real_now() - timedelta(days=1):%Y-%m-%dT08:30}")
    form.locator("[type=submit]").click()
    expect(page.locator("dialog.report-sheet")).to_be_hidden()
    file = page.locator(".file")
    expect(file).not_to_have_attribute("data-case", known)
    expect(file.locator(".trace li[data-action=report]")).to_contain_text("08:30")
    expect(file.locator(".trace li[data-action=report]")).to_contain_text("录入")
    expect(file.locator(f"[data-alike='{known}']")).to_be_visible()


def test_a_department_sees_only_its_own(visit: Any, store: Store) -> None:
    other = reported(store, "别的部门的一件", category="020201")
    own = dispatched(store)
    person = visit("department")
    page = person.go("/desk")
    expect(page.locator(f".inbox-row[data-case='{own}']")).to_be_visible()
    expect(page.locator(f".inbox-row[data-case='{other}']")).to_have_count(0)
    person.go(f"/cases/{other}")
    expect(page.locator(".desk-nothing")).to_be_visible()
    assert page.request.get(f"{person.server.address}/live/files/{other}").status == 404


def test_a_filter_is_kept_under_a_name_and_removed_again(visit: Any, code: str) -> None:
    page = visit("operator").go("/cases?state=escalated&level=1&sort=due")
    page.fill(".kept-new input", "特急已升级")
    page.click(".kept-new button")
    link = page.locator(".kept-link", has_text="特急已升级")
    expect(link).to_have_attribute("href", re.compile("state=escalated.*level=1|level=1.*state=escalated"))
    page.click(".kept-remove")
    expect(link).to_have_count(0)
    page.reload()
    expect(page.locator(".filters")).to_be_visible()
    expect(link).to_have_count(0)


def test_an_order_prints_with_every_field_as_page_and_as_pdf(visit: Any, store: Store) -> None:
    case = dispatched(store, "道路塌陷，联系 13812345678")
    person = visit("department")
    page = person.go(f"/cases/{case}")
    number = page.locator(".order-number").inner_text()
    page.goto(f"{person.server.address}/orders/{number}")
    sheet = page.locator("main.sheet")
    for words in (number, case, "批办单", "城市管理局", "时限依据", "监督指挥科", "签字", "核查意见"):
        expect(sheet).to_contain_text(words)
    pdf = page.request.get(f"{person.server.address}/orders/{number}/pdf")
    assert pdf.status == 200 and pdf.body().startswith(b"%PDF-")
    duty = visit("duty")
    duty.page.goto(f"{duty.server.address}/orders/{number}")
    expect(duty.page.locator("main.sheet")).not_to_contain_text("13812345678")


def test_the_desk_has_no_serious_barrier_and_fits_its_screens(visit: Any, code: str, subtests: pytest.Subtests) -> None:
    for role, path, sizes in (
        ("operator", "/desk", SIZES),
        ("department", "/desk", ((390, 844),)),
        ("operator", "/cases", SIZES[:1]),
        ("operator", f"/cases/{code}", SIZES[:1]),
    ):
        for width, height in sizes:
            with subtests.test(f"{role} {path} {width}"):
                page = visit(role, viewport={"width": width, "height": height}, bypass_csp=True).go(path)
                assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
                assert barriers(page) == []
