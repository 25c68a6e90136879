"""Cameras in a real browser: nothing is shown before a purpose is said; masks are drawn by pointer and keyboard; the
auditor reads and checks. The gateway is not up here: what it sends is proved in tests/edges/test_watching_gateway.py."""

# ruff: noqa: F811  (fixtures are imported, and named again where they are asked for)

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from conftest import PATIENCE, door_of
from desk_harness import GRID, Served, session_of
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select, update

from models import tables
from models.camera_health import events
from models.camera_health.events import Fault
from models.door import Report
from models.moves import Actor, Role
from models.store import Store
from models.timebase import real_now
from models.watching import logs, register
from models.watching import tables as w
from tests.journey.desk_pages import chromium, store  # noqa: F401  (fixtures)
from tests.journey.desk_pages import web_only as server  # noqa: F401

CAMERA = "99010000001320000001"
OPERATOR = Actor("operator", Role.OPERATOR)
EMPTY = {"status": 409, "json": {"detail": "no picture here"}}


@pytest.fixture
def visit(chromium: Browser, server: Served, store: Store) -> Iterator[Any]:
    contexts = []

    def go(name: str, path: str, language: str = "zh-CN") -> Page:
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        contexts.append(context)
        context.set_default_timeout(PATIENCE * 1000)
        for key, value in (("gc_session", session_of(store, name)), ("gc_lang", language)):
            context.add_cookies([{"name": key, "value": value, "url": server.address}])
        page = context.new_page()
        page.route("**/stills", lambda route: route.fulfill(**EMPTY))
        page.goto(server.address + path)
        page.wait_for_load_state("networkidle")
        return page

    yield go
    for context in contexts:
        context.close()


def lines(store: Store) -> int:
    with store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(w.viewing)).scalar_one())


def owned(store: Store, owner: str | None) -> str | None:
    """Give the camera to an owner; returns whose it was."""
    with store.write() as connection:
        row = register.entry(connection, CAMERA)
        connection.execute(update(tables.camera).where(tables.camera.c.id == CAMERA).values(owner=owner))
    assert row is not None
    return row.owner


def test_a_camera_is_shut_until_a_purpose_is_said_and_written_down(visit: Any, store: Store) -> None:
    page, before = visit("duty", f"/cameras/{CAMERA}"), lines(store)
    stage = page.locator(".camera-stage")
    expect(stage).to_have_attribute("data-state", "shut")
    page.select_option("select[name=purpose]", "case")
    page.fill("[name=reference]", "NO-SUCH-CASE")
    page.click("form[data-form=open] button[type=submit]")
    expect(page.locator(".open-form .form-word")).to_have_attribute("data-state", "bad")
    expect(stage).to_have_attribute("data-state", "shut")
    assert lines(store) == before
    page.select_option("select[name=purpose]", "inspection")
    page.click("form[data-form=open] button[type=submit]")
    expect(stage).not_to_have_attribute("data-state", "shut")
    expect(page.locator(".watermark text").first).to_contain_text("duty · 20")
    assert lines(store) == before + 1
    page.click("[data-act=full]")  # another stream, another ticket, the same viewing
    page.wait_for_timeout(300)
    page.goto(f"{page.url.partition('/cameras')[0]}/cameras")  # who leaves the page has looked so long
    for _ in range(600):
        with store.read() as connection:
            (line, *_), _ = logs.page(connection, "viewings", logs.Wanted())
        if line.detail["ended"]:
            break
        page.wait_for_timeout(100)
    assert line.detail["ended"] and lines(store) == before + 1


def test_masks_are_drawn_by_pointer_and_keyboard_undone_and_saved_with_their_review(visit: Any, store: Store) -> None:
    page = visit("admin", f"/cameras/{CAMERA}/masks")
    box = page.locator(".mask-stage").bounding_box()
    for x, y in ((0.1, 0.1), (0.4, 0.1), (0.4, 0.5), (0.1, 0.5)):
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.mouse.click(box["x"] + 0.1 * box["width"], box["y"] + 0.1 * box["height"])  # on the first corner: closed
    expect(page.locator(".mask-shape")).to_have_count(1)
    for moves in (("ArrowRight", 8), ("ArrowDown", 4), ("ArrowLeft", 4)):
        for _ in range(moves[1]):
            page.keyboard.press(f"Shift+{moves[0]}")
        page.keyboard.press("Enter")
    page.keyboard.press("c")
    expect(page.locator(".mask-shape")).to_have_count(2)
    page.keyboard.press("Control+z")
    expect(page.locator(".mask-shape")).to_have_count(1)
    page.keyboard.press("c")
    page.click("[data-act=save]")
    expect(page.locator(".mask-side .form-word")).to_have_attribute("data-state", "bad")  # the review is not confirmed
    page.check("[name=confirm]")
    page.click("[data-act=save]")
    expect(page.locator(".mask-side .form-word")).to_contain_text(
        "没有确认生效"
    )  # no gateway is up here, and it is said
    with store.read() as connection:
        row = register.entry(connection, CAMERA)
        history = register.history(connection, CAMERA)
    assert row is not None and len(row.masks) == 2 and row.mask_reviewer == "admin"
    assert row.masks[0][0] == pytest.approx([0.1, 0.1], abs=0.01) and history[0].act == "masks"


def test_the_register_is_edited_secrets_are_never_on_the_page_and_an_owner_that_is_gone_stays(
    visit: Any, store: Store
) -> None:
    before = owned(store, "gone-unit")
    page = visit("admin", f"/cameras/{CAMERA}/register")
    page.fill("[name=credentials]", "root:verysecret")
    page.fill("[name=sign]", "新立牌")
    page.click(".entry-form button[type=submit]")
    expect(page.locator(".entry-form .form-word")).to_have_attribute("data-state", "good")
    page = visit("admin", f"/cameras/{CAMERA}/register")
    assert "verysecret" not in page.content() and page.input_value("[name=sign]") == "新立牌"
    assert owned(store, before) == "gone-unit"


def test_a_cameras_own_limits_of_health_are_set_on_the_page_and_a_wrong_one_is_refused(
    visit: Any, store: Store
) -> None:
    page = visit("admin", f"/cameras/{CAMERA}/register")
    page.fill("[name='limit:dark_below']", "-3")
    page.click(".entry-form button[type=submit]")
    expect(page.locator(".entry-form .form-word")).to_have_attribute("data-state", "bad")
    page.fill("[name='limit:dark_below']", "22.5")
    page.check("[name='off:moved']")
    page.click(".entry-form button[type=submit]")
    expect(page.locator(".entry-form .form-word")).to_have_attribute("data-state", "good")
    with store.read() as connection:
        row = register.entry(connection, CAMERA)
    assert row is not None and row.thresholds == {"dark_below": 22.5, "off": ["moved"]}


def test_a_repair_whose_camera_has_recovered_is_offered_for_closing_with_its_reason_filled_in(
    visit: Any, store: Store
) -> None:
    code = (
        door_of(store)
        .report(Report(category="010510", description="黑屏", source="camera", area=GRID), OPERATOR, real_now())
        .case.code
    )
    now = real_now()
    with store.write() as connection:
        fault = Fault(CAMERA, "black", None, now - timedelta(hours=2))
        events.raise_fault(connection, fault, now - timedelta(hours=2))
        events.in_repair(connection, CAMERA, code)
        events.clear_fault(connection, CAMERA, "black", now)
        events.offer_closings(connection, now)
    page = visit("operator", "/cameras/health")
    assert page.locator("[data-figure=repairs-offered]").get_attribute("data-value") == "1"
    assert page.locator(".panel.repairs-offered tbody tr").count() == 1
    page.click(f".repairs-offered a[href='/cases/{code}']")
    page.click("[data-end=void]")
    expect(page.locator(".move-form textarea[name=note], .move-form [name=note]").first).to_have_value(
        re.compile("恢复正常（系统检测）")
    )


def test_the_auditor_lands_on_the_logs_filters_them_and_checks_the_chain(visit: Any, store: Store) -> None:
    page = visit("auditor", "/")
    assert page.url.endswith("/audit")
    page.click("[data-act=chain]")
    expect(page.locator(".chain-state")).to_have_attribute("data-state", "good")
    count = int(page.locator("[data-figure=audit-viewings]").get_attribute("data-value") or "0")
    assert count == lines(store) == page.locator("tr[data-line]").count()
    page.goto(page.url + "?log=register&act=masks")
    expect(page.locator("tr[data-line]")).to_have_count(1)


@pytest.mark.parametrize(
    ("name", "path"),
    [("duty", "/cameras"), ("duty", "/cameras/health"), ("duty", "/cameras/patrol"), ("admin", "/cameras/register")],
)
def test_every_page_stands_in_english_without_a_foreign_word(visit: Any, name: str, path: str) -> None:
    page = visit(name, path, "en")
    expect(page.locator("h1")).to_be_visible()
    words = page.locator(".desk-main").inner_text()
    assert "watching." not in words and "audit." not in words
