"""The evaluation in a real browser: every figure opens its list, what-if moves scores, the file equals the page, no axe finding."""

# ruff: noqa: F811  (fixtures are imported, and named again where they are asked for)

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from conftest import SECRET
from desk_harness import Served
from desk_pages import Visit, grave
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from models import tables as t
from models.door import Door, Report
from models.moves import Actor, Role
from models.rules import Rules
from models.store import Store
from models.vault import Vault
from tests.journey.desk_pages import chromium  # noqa: F401  (a fixture)
from tests.journey.desk_pages import store as county  # noqa: F401
from tests.journey.desk_pages import web_only as server  # noqa: F401

OPERATOR = Actor("operator", Role.OPERATOR)
BEGIN = datetime(2026, 5, 4, 1, tzinfo=UTC)
NO_GATEWAY = "/events' failed"
"""Only the web process runs here: the gateway that the header listens to is away."""
SIZES = ((1920, 1080), (1366, 768), (1180, 820))


def seed(store: Store) -> None:
    """A month of sixty cases in three departments and several grids, some late, some handed back."""
    dice = Random(5)
    rules = Rules(store, ZoneInfo("Asia/Shanghai"))
    door = Door(store, rules, Vault(SECRET))
    with store.read() as connection:
        found = connection.execute(select(t.area.c.code).where(t.area.c.level == "grid").order_by(t.area.c.code))
        grids = list(found.scalars())[:12]
    with door.transaction() as (deed, _):
        for number in range(60):
            at = BEGIN + timedelta(hours=9 * number)
            department = dice.choice(["cg", "cg", "zj", "hb"])
            report = Report(
                category="010101",
                description="垃圾成堆",
                source="hotline",
                area=dice.choice(grids),
                address="西街 3 号",
            )
            code = deed.report(report, Actor("hotline", Role.SYSTEM), at).case.code
            desk = Actor("desk", Role.DEPARTMENT, department=department)
            deed.move(code, "dispatch", OPERATOR, at + timedelta(minutes=9), {"department": department})
            if dice.random() < 0.1:
                deed.move(code, "hand-back", desk, at + timedelta(minutes=30), {"note": "不属本单位职责"})
                continue
            deed.move(code, "receipt", desk, at + timedelta(minutes=20))
            ends = at + dice.choice([timedelta(hours=2), timedelta(hours=3), timedelta(days=12)])
            deed.move(code, "feedback", desk, ends - timedelta(minutes=9), {"note": "已处理"})
            deed.move(code, "close", OPERATOR, ends)


@pytest.fixture(scope="module")
def store(county: Store) -> Store:
    seed(county)
    return county


@pytest.fixture
def visit(chromium: Browser, server: Served, store: Store) -> Iterator[Any]:
    made: list[Visit] = []

    def new(name: str, **more: Any) -> Visit:
        made.append(Visit(chromium, server, store, name, **more))
        return made[-1]

    yield new
    for one in made:
        one.context.close()
    assert [fault for one in made for fault in one.faults if NO_GATEWAY not in fault] == []


MAY = "/evaluation?period=2026-05"


def shown(page: Page) -> dict[str, str]:
    """Every cell of the table: row|column → its value."""
    pairs: list[list[str]] = page.evaluate(
        "[...document.querySelectorAll('[data-cell]')].map((one) => [one.dataset.cell, one.dataset.value])"
    )
    return dict(pairs)  # type: ignore[arg-type]


def test_every_tab_opens_in_both_languages_and_at_every_size(visit: Any, subtests: pytest.Subtests) -> None:
    for size in SIZES:
        person = visit("leader", viewport={"width": size[0], "height": size[1]})
        for path, language in ((f"{MAY}&by=department", "zh-CN"), (MAY, "en"), (f"{MAY}&by=post", "zh-CN"),
                               ("/evaluation/analysis?kind=month&day=2026-05-20", "en"), ("/evaluation/forecast", "en")):  # fmt: skip
            with subtests.test(f"{size} {path} {language}"):
                page = person.go(path, language=language)
                expect(page.locator("h1")).to_be_visible()
                for prefix in ("evaluation.", "analysis.", "forecast.", "desk."):
                    expect(page.locator("#content")).not_to_contain_text(prefix)
                width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert width <= 0, "the page is wider than the screen"


def test_a_figure_opens_exactly_the_cases_it_counts(visit: Any) -> None:
    page = visit("leader").go(f"{MAY}&by=department")
    cells = shown(page)
    for part in ("closing-in-time.of", "closing-in-time.hits", "hand-back.hits"):
        cell = page.locator(f'[data-cell="cg|{part}"]')
        count = cells[f"cg|{part}"]
        assert int(count) > 0
        cell.click()
        expect(page.locator("[data-figure=list-total]")).to_have_attribute("data-value", count)
        page.go_back()
        page.wait_for_selector("[data-cell]")


def test_what_if_moves_the_guess_and_leaves_the_score(visit: Any) -> None:
    page = visit("leader").go(f"{MAY}&by=department")
    before = shown(page)
    cell = page.locator('[data-what-if="cg"]')
    expect(cell).to_be_hidden()
    page.locator("form.what-if input[name=closing-in-time]").fill("0")
    expect(cell).to_be_visible()
    expect(cell).to_have_attribute("data-way", "up")
    assert shown(page) == before
    page.get_by_role("button", name="恢复原权重").click()
    expect(cell).to_be_hidden()


def test_the_excel_file_equals_the_page(visit: Any) -> None:
    page = visit("leader").go(f"{MAY}&by=department")
    cells = shown(page)
    with page.expect_download() as download:
        page.click("[data-export]")
    sheet = openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes())).worksheets[0]
    codes = page.evaluate("[...document.querySelectorAll('tr[data-code]')].map((row) => row.dataset.code)")
    keys = list(dict.fromkeys(cell.split("|")[1] for cell in cells if cell.startswith("cg|")))
    assert sheet.max_row == 4 + len(codes) and len(keys) == sheet.max_column
    for row, code in enumerate(codes, 5):
        for column, key in enumerate(keys, 1):
            there = sheet.cell(row, column).value
            here = cells[f"{code}|{key}"]
            assert here == ("" if there is None else str(there)) or float(here) == there, (code, key)


def test_charts_are_drawn_from_our_own_server(visit: Any) -> None:
    page = visit("leader").go(f"{MAY}&by=department")
    expect(page.locator(".chart-ranking .main-svg").first).to_be_visible()


def test_an_appeal_is_asked_and_granted_on_the_pages(visit: Any) -> None:
    leader = visit("leader")
    page = leader.go(f"{MAY}&by=department")
    page.locator('[data-cell="cg|closing-in-time"]').click()
    page.wait_for_selector("tr[data-case]")
    code = page.locator("tr[data-case]").first.get_attribute("data-case")
    assert code
    desk = visit("department").go(f"{MAY}")
    desk.fill(".appeal-form input[name=case]", code)
    desk.select_option(".appeal-form select[name=indicator]", "closing-in-time")
    desk.fill(".appeal-form input[name=reason]", "上级统一停工")
    desk.click(".appeal-form button")
    expect(desk.locator("tr[data-decision=open]")).to_contain_text(code)
    page = leader.go(f"{MAY}&by=department")
    before = shown(page)["cg|closing-in-time.of"]
    page.fill("form[data-decide] input", "情况属实，同意剔除")
    page.click("form[data-decide] button[value=grant]")
    expect(page.locator("tr[data-decision=granted]")).to_contain_text(code)
    assert int(shown(page)["cg|closing-in-time.of"]) == int(before) - 1
    page = leader.go(f"/cases/{code}")
    expect(page.locator(".trace")).to_contain_text("申诉裁定")


def test_a_department_sees_its_own_row_only(visit: Any) -> None:
    page = visit("department").go(MAY)
    expect(page.locator("tr[data-code]")).to_have_count(1)
    expect(page.locator("tr[data-code=cg]")).to_be_visible()


def test_an_analysis_cell_opens_its_cases(visit: Any) -> None:
    page = visit("leader").go("/evaluation/analysis?kind=month&day=2026-05-20")
    row = page.locator("tr[data-repeat]").first
    count = row.get_attribute("data-value") or ""
    row.locator("a").click()
    expect(page.locator("[data-figure=list-total]")).to_have_attribute("data-value", count)


def test_the_pages_have_no_serious_accessibility_finding(visit: Any) -> None:
    person = visit("leader")
    for path in (f"{MAY}&by=department", "/evaluation/analysis?kind=month&day=2026-05-20"):
        page = person.go(path)
        assert grave(page) == [], path
