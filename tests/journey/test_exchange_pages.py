"""The page of warnings in a real browser: a new warning appears by itself, and an emergency is started from it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import door_of
from desk_pages import chromium, server, store, visit
from playwright.sync_api import expect

from models.exchange import cap, feeds, incoming
from models.exchange.cap import Alert, Area, Info
from models.store import Store
from models.timebase import real_now

__all__ = ["chromium", "server", "store", "visit"]
PICTURES = os.environ.get("GRIDCOMMAND_PICTURES")
SQUARE = ((30.44, 112.86), (30.44, 112.92), (30.48, 112.92), (30.48, 112.86), (30.44, 112.86))


def warning(number: int, severity: str, headline: str, event: str, **more: Any) -> Alert:
    now = real_now().replace(microsecond=0)
    info = Info(
        ("Met",), event, "Expected", severity, "Likely", language="zh-CN", headline=headline, expires=now + timedelta(hours=6),
        areas=(Area("云泽县城关镇、东河镇", (SQUARE,)),),
    )  # fmt: skip
    alert = Alert(f"421000-2026-{number:04d}", "met@yunze.example", now, "Actual", "Alert", "Public", infos=(info,))
    return replace(alert, **more)


def take(store: Store, raw: bytes) -> None:
    door_of(store).deed(lambda deed: incoming.take(deed, "气象局", raw))


@pytest.fixture(scope="module")
def warned(store: Store) -> Store:
    with store.write() as connection:
        feeds.add(connection, "气象局", "https://met.example/cap.atom", 60, real_now())
        feeds.add(connection, "应急厅", "https://emergency.example/feed", 120, real_now())
        feeds.looked(connection, "气象局", real_now(), "")
        feeds.looked(connection, "应急厅", real_now(), "no answer in time")
    first = warning(1, "Severe", "云泽县气象台发布暴雨橙色预警信号", "暴雨")
    for alert in (
        first,
        warning(2, "Extreme", "云水河流域发布洪水红色预警", "洪水"),
        warning(3, "Moderate", "大风黄色预警（防汛演练）", "大风", status="Exercise"),
        warning(4, "Minor", "高温蓝色预警", "高温"),
        replace(warning(5, "Moderate", "暴雨预警降为黄色", "暴雨", kind="Update"), references=(first.reference,)),
    ):
        take(store, cap.build(alert))
    take(store, b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><alert>&x;</alert>')
    take(store, b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.1"/>')
    return store


def picture(page: Any, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_page_shows_what_is_in_force_and_what_was_refused(visit: Any, warned: Store, language: str) -> None:
    here = visit("operator", viewport={"width": 1440, "height": 900})
    page = here.go("/warnings", language=language)
    expect(page.locator(".warning-card")).to_have_count(4)
    assert page.locator("[data-figure=warnings-in-force]").get_attribute("data-value") == "4"
    colours = [one.get_attribute("data-colour") for one in page.locator(".warning-plate").all()]
    assert colours == ["yellow", "blue", "yellow", "red"]
    expect(page.locator("[data-status=Exercise] .warning-mark")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    picture(page, f"warnings-{language}")
    page = here.go("/warnings?state=refused", language=language)
    expect(page.locator(".warning-card")).to_have_count(2)
    picture(page, f"warnings-refused-{language}")
    page = here.go("/warnings?state=all", language=language)
    picture(page, f"warnings-all-{language}")
    assert here.faults == []


def test_a_narrow_screen_needs_no_sideways_scrolling(visit: Any, warned: Store) -> None:
    here = visit("duty", viewport={"width": 820, "height": 1180})
    page = here.go("/warnings")
    assert page.evaluate("document.documentElement.scrollWidth") <= 820
    picture(page, "warnings-narrow")


def test_a_new_warning_appears_by_itself_and_starts_an_emergency(visit: Any, warned: Store) -> None:
    here = visit("operator", viewport={"width": 1440, "height": 900})
    page = here.go("/warnings")
    before = page.locator(".warning-card").count()
    take(warned, cap.build(warning(9, "Extreme", "东河镇山洪红色预警", "山洪")))
    expect(page.locator(".warning-card")).to_have_count(before + 1)
    page.locator(".warning-card").first.get_by_role("link").click()
    expect(page.locator(".start-form")).to_be_visible()
    expect(page.locator(".start-form")).to_contain_text("421000-2026-0009")
    expect(page.locator(".start-map .room-perimeter")).to_have_count(1)
    assert page.locator(".start-map path.room-perimeter").count() == 1  # the warning's own shape, not a circle
    picture(page, "warnings-start")
    page.click(".start-map svg")
    expect(page.locator(".start-map .room-perimeter")).to_have_count(0)  # a point instead


def test_warnings_stand_on_the_wall_and_the_desk_and_push_nothing_aside(visit: Any, warned: Store) -> None:
    size = {"width": 1920, "height": 1080}
    wall = visit("display", viewport=size).go("/wall")
    desk = visit("operator", viewport={"width": 1440, "height": 900}).go("/desk")
    strips = [page.locator(".warning-strip") for page in (wall, desk)]
    with warned.read() as connection:
        before = incoming.count(connection, "in-force", real_now())
    for strip in strips:
        expect(strip.locator("[data-figure=warnings-in-force]")).to_have_attribute("data-value", str(before))
    expect(strips[0].locator(".warning-sign").first).to_have_attribute("data-colour", "red")
    assert strips[0].get_attribute("href") is None and strips[1].get_attribute("href") == "/warnings"
    where = """() => [...document.querySelectorAll(".wall-name, .wall-main > *, .clock, .desk-header, .inbox, .file-room")]
      .filter((node) => node.offsetParent).map((node) => { const box = node.getBoundingClientRect(); return [node.className, box.left, box.top]; })"""
    for page in (wall, desk):
        with_strip = page.evaluate(where)
        page.evaluate("document.querySelector('.warning-strip').style.display = 'none'")
        assert len(with_strip) >= 3 and page.evaluate(where) == with_strip
    take(warned, cap.build(warning(10, "Extreme", "西河镇山洪红色预警", "山洪")))
    for strip in strips:
        expect(strip.locator("[data-figure=warnings-in-force]")).to_have_attribute("data-value", str(before + 1))
    for page, name in ((wall, "wall"), (desk, "desk")):
        page.evaluate("document.querySelector('.warning-strip').style.display = ''")
        picture(page, f"warnings-on-the-{name}")
