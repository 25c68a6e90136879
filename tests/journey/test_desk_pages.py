"""The desk in a real browser: every page of every role in both languages, and the work that is done on them."""

# ruff: noqa: F811  (fixtures are imported, and named again where they are asked for)

from __future__ import annotations

import io
from typing import Any

import pytest
from desk_harness import PASSWORD
from PIL import Image
from playwright.sync_api import expect

from tests.journey.desk_pages import chromium, code, server, store, visit  # noqa: F401  (fixtures)

PAGES = (
    ("operator", "/desk"),
    ("department", "/desk"),
    ("operator", "/cases"),
    ("operator", "/cases?state=all"),
    ("operator", "/cases/{code}"),
    ("department", "/cases/{code}"),
    ("duty", "/cases/{code}"),
    ("duty", "/cameras"),
    ("duty", "/duty"),
    ("duty", "/duty/coverage"),
    ("admin", "/admin"),
    ("admin", "/admin/reference/departments"),
    ("admin", "/admin/reference/calendar"),
    ("grid", "/grid"),
    ("auditor", "/"),
)


def test_every_page_opens_in_both_languages_without_a_word_in_the_console(
    visit: Any, code: str, subtests: pytest.Subtests
) -> None:
    people = {role: visit(role) for role, _ in PAGES}  # one browser each: a new one would fetch every script again
    for role, path in PAGES:
        person = people[role]
        for language in ("zh-CN", "en"):
            with subtests.test(f"{role} {path} {language}"):
                page = person.go(path.format(code=code), language=language)
                expect(page.locator("html")).to_have_attribute("lang", language)
                for prefix in ("desk.", "work.", "case."):
                    expect(page.locator("body")).not_to_contain_text(prefix)
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
    page.wait_for_load_state("networkidle")  # a question that is still on its way would be answered 401
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
    page.wait_for_url("**q=**")
    expect(total).to_have_attribute("data-value", str(count))


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
