"""Duty and administration in a real browser: a sheet is signed and taken over, a row of reference data is changed."""

# ruff: noqa: F811  (fixtures are imported, and named again where they are asked for)

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import PATIENCE
from desk_harness import Served, session_of
from playwright.sync_api import Browser, Page, expect

from models.store import Store
from tests.journey.desk_pages import chromium, grave, store  # noqa: F401  (fixtures)
from tests.journey.desk_pages import web_only as server  # noqa: F401


@pytest.fixture
def visit(chromium: Browser, server: Served, store: Store) -> Iterator[Any]:
    contexts = []

    def new(name: str, path: str, width: int = 1366, height: int = 768) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        context.set_default_timeout(PATIENCE * 1000)
        context.add_cookies([{"name": "gc_session", "value": session_of(store, name), "url": server.address}])
        page = context.new_page()
        page.goto(server.address + path)
        page.wait_for_load_state("networkidle")
        return page

    yield new
    for context in contexts:
        context.close()


def test_a_sheet_is_signed_by_who_goes_and_by_who_comes(visit: Any) -> None:
    page = visit("duty", "/duty")
    down = page.locator("[data-figure=handover-cameras-down]").get_attribute("data-value")
    page.fill("input[name=outgoing]", "王建国")
    page.click("form[data-sign] button")
    page.click("form[data-sign] button")  # the second press counts
    page.wait_for_url("**/duty/1")
    expect(page.locator("[data-figure=handover-cameras-down]")).to_have_attribute("data-value", down)
    expect(page.locator("[data-list=cameras-down]")).to_have_attribute("data-length", down)
    assert page.locator("[data-list=cameras-down] tr[data-camera]").count() == int(down)
    expect(page.locator("[data-sound=yes]")).to_contain_text("王建国")
    page = visit("operator", "/duty")
    page.fill("input[name=incoming]", "李芳")
    page.click("form[data-sign] button")
    page.click("form[data-sign] button")
    page.wait_for_url("**/duty/1")
    expect(page.locator("[data-sheet='1']")).to_contain_text("李芳")


def test_a_department_is_changed_after_its_fault_was_mended_and_a_rung_is_moved(visit: Any) -> None:
    page = visit("admin", "/admin/reference/departments")
    page.click("tr[data-key=cg] button")
    page.fill(".ref-form input[name=desk]", "")
    page.fill(".ref-form input[name=phone]", "8999")
    page.click(".ref-form button[type=submit]")
    expect(page.locator("[data-field=desk] .ref-fault")).not_to_be_empty()
    page.fill(".ref-form input[name=desk]", "监督指挥科")
    page.click(".ref-form button[type=submit]")
    expect(page.locator(".ref-verdict ins")).to_have_text("8999")
    page.click(".ref-verdict button")
    expect(page.locator(".admin-word")).to_have_attribute("data-state", "good")
    expect(page.locator("tr[data-key=cg]")).to_contain_text("8999")

    page.click(".state-tabs a[href='/admin/reference/ladder']")  # its topmost rung is called first from now on
    page.click("tr[data-key=head] button")
    page.fill(".ref-form input[name=rung]", "1")
    page.click(".ref-form button[type=submit]")
    expect(page.locator(".ref-verdict li")).to_have_count(3)
    page.click(".ref-verdict button")
    expect(page.locator(".admin-word")).to_have_attribute("data-state", "good")
    expect(page.locator("tbody tr").first).to_contain_text("一把手")


@pytest.mark.parametrize(
    ("role", "path", "size"),
    [
        ("duty", "/duty", (1366, 768)),
        ("duty", "/duty/coverage", (1366, 768)),
        ("admin", "/admin/reference/areas", (1366, 768)),
        ("grid", "/grid", (390, 844)),
    ],
)
def test_the_pages_are_free_of_serious_barriers(visit: Any, role: str, path: str, size: tuple[int, int]) -> None:
    page = visit(role, path, *size)
    assert grave(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
