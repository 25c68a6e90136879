"""The main moves as their people make them, in a real browser: transfer, extension, suspension, merging, adjudication,
supervision with reply, the ladder to its three contacts, messages with receipt, a department's desk that hears by itself.
"""

# ruff: noqa: F811  (fixtures are imported, and named again where they are asked for)

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from conftest import door_of
from desk_harness import DEPARTMENT, GRID, HASH
from playwright.sync_api import Page, expect
from sqlalchemy import insert, select

from models import tables as t
from models.door import Report
from models.ladder import tables as lt
from models.moves import Actor, Role
from models.store import Store
from models.timebase import real_now
from tests.journey.desk_pages import barriers, chromium, server, visit  # noqa: F401  (fixtures)
from tests.journey.desk_pages import store as county  # noqa: F401

OPERATOR, HOTLINE = Actor("operator", Role.OPERATOR), Actor("hotline", Role.SYSTEM)
CONTACTS = ("coordinator", "deputy_head", "head")
PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture(scope="module")
def store(county: Store) -> Iterator[Store]:
    """With a second department, and an account for each contact of the first."""
    named = [(role, DEPARTMENT) for role in CONTACTS] + [("zj", "zj")]
    rows = [
        {"name": name, "role": "department", "password": HASH, "department": code, "created_at": real_now()}
        for name, code in named
    ]
    with county.write() as connection:
        connection.execute(insert(t.account), rows)
        contacts = [{"department": DEPARTMENT, "role": role, "account": role} for role in CONTACTS]
        connection.execute(insert(lt.contact), contacts)
    yield county


def reported(store: Store, words: str, **more: Any) -> str:
    report = Report(**{"category": "010101", "description": words, "source": "hotline", "area": GRID, **more})
    return str(door_of(store).report(report, HOTLINE, real_now()).case.code)


def at_work(store: Store, words: str) -> str:
    """A case that the department has received."""
    code = reported(store, words)
    door_of(store).move(code, "dispatch", OPERATOR, real_now(), {"department": DEPARTMENT})
    door_of(store).move(code, "receipt", OPERATOR, real_now(), {})
    return code


def make(page: Page, action: str, **fields: str) -> None:
    """Make a move on the open file with its form."""
    page.click(f"[data-do={action}]")
    form = page.locator(f"form[data-action={action}]")
    for name, value in fields.items():
        control = form.locator(f"[name={name}]")
        if control.evaluate("node => node.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
    form.locator("[type=submit]").click()
    expect(page.locator(f".trace li[data-action={action}]").first).to_be_visible()


def row(store: Store, code: str) -> Any:
    with store.read() as connection:
        return connection.execute(select(t.cases).where(t.cases.c.code == code)).one()


def test_a_transfer_has_an_owner_at_every_second_and_asks_the_other_department(visit: Any, store: Store) -> None:
    code = at_work(store, "路面破损，疑为住建管理")
    page = visit("department").go(f"/cases/{code}")
    make(page, "transfer", department="zj", note="属道路设施")
    assert row(store, code).owner == DEPARTMENT
    other = visit("zj").go("/desk")
    other.click(f".inbox-row[data-case='{code}'][data-reason=transfer-offered]")
    expect(other.locator(".file")).to_have_attribute("data-case", code)
    make(other, "accept-transfer", note="我局接收")
    found = row(store, code)
    assert (found.owner, found.department, found.transfer_to) == ("zj", "zj", None)
    expect(other.locator(".order[data-state=handling]")).to_contain_text("PB-")


def test_a_deadline_is_extended_stands_still_and_goes_on(visit: Any, store: Store) -> None:
    code = at_work(store, "需调用大型车辆的垃圾堆")
    due_at = row(store, code).due_at
    make(visit("department").go(f"/cases/{code}"), "request-extension", note="需调用大型车辆")
    page = visit("operator").go(f"/cases/{code}")
    make(page, "grant-extension")
    extended = row(store, code).due_at
    assert extended > due_at
    make(page, "suspend", note="等待产权单位确认", until=f"{real_now() + timedelta(days=2):%Y-%m-%dT09:00}")
    expect(page.locator(".file")).to_have_attribute("data-stage", "suspended")
    page.goto(page.url.partition("/cases")[0] + "/cases?state=paused")
    expect(page.locator(f"tr[data-case='{code}']")).to_be_visible()
    page = visit("operator").go(f"/cases/{code}")
    make(page, "resume")
    expect(page.locator(".file")).to_have_attribute("data-stage", "handling")
    assert row(store, code).due_at >= extended


def test_a_duplicate_is_offered_merged_with_one_press_and_said_on_both(visit: Any, store: Store) -> None:
    first = reported(store, "东门农贸市场南侧垃圾成堆没有清运")
    second = reported(store, "东门农贸市场南侧垃圾成堆没有清运")
    page = visit("operator").go(f"/cases/{second}")
    page.click(f"[data-alike='{first}'] [data-merge]")
    page.click("form[data-action=merge] [type=submit]")
    expect(page.locator(".file")).to_have_attribute("data-stage", "merged")
    page = visit("operator").go(f"/cases/{first}")
    expect(page.locator(f".file a[href='/cases/{second}']").first).to_be_visible()


def test_who_refuses_twice_is_judged_by_the_leader_and_cannot_refuse_again(visit: Any, store: Store) -> None:
    code, door = reported(store, "权属不清的绿地"), door_of(store)
    door.move(code, "dispatch", OPERATOR, real_now(), {"department": DEPARTMENT})
    page = visit("department").go(f"/cases/{code}")
    make(page, "hand-back", note="不属我局职责")
    door.move(code, "dispatch", OPERATOR, real_now(), {"department": DEPARTMENT})
    person = visit("department")
    make(person.go(f"/cases/{code}"), "hand-back", note="仍不属我局职责")
    leader = visit("leader").go(f"/cases/{code}")
    expect(leader.locator(".file")).to_have_attribute("data-stage", "adjudication")
    make(leader, "adjudicate", department=DEPARTMENT, note="由城管牵头")
    page = person.go(f"/cases/{code}")
    expect(page.locator("[data-do=receipt]")).to_be_visible()
    expect(page.locator("[data-do=hand-back]")).to_have_count(0)


def test_what_fails_its_inspection_is_done_again_and_an_unhappy_reporter_opens_the_case_anew(
    visit: Any, store: Store
) -> None:
    code, door = at_work(store, "返工一次的垃圾堆"), door_of(store)
    door.move(code, "feedback", OPERATOR, real_now(), {"note": "已清"})
    page = visit("operator").go(f"/cases/{code}")
    make(page, "request-inspection")
    make(page, "inspect", finding="failed", note="仍有余堆")
    expect(page.locator("[data-do=close]")).to_have_count(0)
    make(page, "rework", note="清理到位")
    door.move(code, "feedback", OPERATOR, real_now(), {"note": "已再次清理"})
    page = visit("operator").go(f"/cases/{code}")
    make(page, "close")
    make(page, "return-call", satisfaction="dissatisfied", note="又有人倒")
    leader = visit("leader").go(f"/cases/{code}")
    make(leader, "evaluate", score="60")
    make(leader, "reopen", note="群众不满意")
    expect(leader.locator(".file")).to_have_attribute("data-stage", "filed")
    assert row(store, code).reworked == 1


def test_a_grids_own_matter_is_raised_settled_at_its_level_or_goes_straight_to_the_county(
    visit: Any, store: Store
) -> None:
    worker = Actor("grid", Role.GRID, area=GRID)
    codes = []
    for words in ("网格能办的小事", "突发塌方"):
        report = Report("010101", words, "grid", area=GRID)
        codes.append(str(door_of(store).report(report, worker, real_now()).case.code))
    small, sudden = codes
    make(visit("grid", **PHONE).go(f"/cases/{small}"), "raise", note="请社区协助")
    page = visit("operator").go(f"/cases/{small}")
    make(page, "settle-at-level", note="社区已协调")
    found = row(store, small)
    assert (found.stage, found.resolved_level) == ("closed", "community")
    make(visit("duty").go(f"/cases/{sudden}"), "report-directly", note="需多部门处置")
    assert row(store, sudden).held_level == "county"


def test_a_supervision_is_received_answered_and_concluded(visit: Any, store: Store) -> None:
    code = at_work(store, "反复投诉的流动摊贩")
    operator = visit("operator").go(f"/cases/{code}")
    reply_due = f"{real_now() + timedelta(days=1):%Y-%m-%dT18:00}"
    make(operator, "supervise", degree="key", reply_due=reply_due, note="限明日答复")
    desk = visit("department")
    page = desk.go("/inbox")
    entry = page.locator(".mail-row", has_text="人工督办").filter(has_text=code)
    entry.locator("[data-receive]").click()
    expect(entry).to_have_count(0)
    page = desk.go(f"/cases/{code}")
    make(page, "reply", note="已取缔，安排每日巡查")
    number = page.locator(".order", has_text="DB-").locator(".order-number").inner_text()
    page.goto(f"{desk.server.address}/orders/{number}")
    for words in ("督办单", "限明日答复", "重点督办", "已取缔，安排每日巡查", "department"):
        expect(page.locator("main.sheet")).to_contain_text(words)
    operator = visit("operator").go(f"/cases/{code}")
    make(operator, "conclude-order")
    expect(operator.locator(".order", has_text="DB-")).to_have_attribute("data-state", "concluded")


def test_an_urge_is_a_numbered_order_on_the_departments_desk(visit: Any, store: Store) -> None:
    code = reported(store, "无人签收的井盖", level=3)
    door_of(store).move(code, "dispatch", OPERATOR, real_now(), {"department": DEPARTMENT})
    make(visit("operator").go(f"/cases/{code}"), "urge", note="市民再次来电")
    page = visit("department").go(f"/cases/{code}")
    urge = page.locator(".order", has_text="CB-")
    expect(urge).to_contain_text("市民再次来电")
    page.click("[data-do=receipt]")
    expect(urge).to_have_attribute("data-state", "done")


def test_the_ladder_calls_three_contacts_in_turn_and_an_answer_in_the_inbox_ends_it(visit: Any, store: Store) -> None:
    door, now = door_of(store), real_now()
    report = Report(
        "010101", "塌方", "hotline", area=GRID, level=2, due_at=now - timedelta(seconds=1), keeps_own_clock=True
    )
    code = str(door.report(report, HOTLINE, now - timedelta(hours=3)).case.code)
    door.move(code, "dispatch", OPERATOR, now - timedelta(hours=2), {"department": DEPARTMENT})
    door.move(code, "receipt", OPERATOR, now - timedelta(hours=2), {})
    for minutes, role, name in (
        (0, "coordinator", "综治专干"),
        (31, "deputy_head", "分管领导"),
        (92, "head", "一把手"),
    ):
        door.tick(now + timedelta(minutes=minutes))
        page = visit(role).go("/inbox")
        called = page.locator(".mail-row", has_text="塌方").filter(has_text=name)
        expect(called.locator("[data-receive]")).to_be_visible()
    called.locator("[data-receive]").click()
    expect(called).to_have_count(0)
    with store.read() as connection:
        e = t.escalation.c
        rows = connection.execute(select(e.rung, e.acknowledged_by).join(t.cases).where(t.cases.c.code == code)).all()
    assert sorted(tuple(one) for one in rows) == [(1, "head"), (2, "head"), (3, "head")]
    door.tick(now + timedelta(days=3))
    page = visit("operator").go(f"/cases/{code}")
    expect(page.locator(".trace li[data-action=escalate]")).to_have_count(3)
    expect(page.locator(".order", has_text="DB-")).to_contain_text("督办")


def test_a_message_is_written_counted_on_the_badge_received_and_seen_by_its_sender(visit: Any, store: Store) -> None:
    desk = visit("zj").go("/desk")
    badge = desk.locator(".desk-nav .badge")
    before = int(badge.get_attribute("data-value") or 0)
    page = visit("operator").go("/messages")
    page.click("[data-picks=departments] [data-pick=zj]")
    page.fill("[name=subject]", "汛期值守")
    page.fill("[name=body]", "请今晚安排专人值守。")
    page.click("form[data-form=message] [type=submit]")
    page.wait_for_url("**/messages/*")
    expect(badge).to_have_attribute("data-value", str(before + 1))  # pushed: nobody reloaded the desk
    desk.goto(page.url)
    desk.click("[data-receive-message]")
    expect(desk.locator("[data-receive-message]")).to_have_count(0)
    page.reload()
    expect(page.locator("main")).to_contain_text("1/1")


def test_a_departments_desk_hears_of_a_new_order_by_itself(visit: Any, store: Store) -> None:
    page = visit("department").go("/desk")
    expect(page.locator(".inbox-live")).to_have_attribute("data-state", "live")
    code = reported(store, "推送到部门工作台的一件")
    door_of(store).move(code, "dispatch", OPERATOR, real_now(), {"department": DEPARTMENT})
    found = page.locator(f".inbox-row[data-case='{code}']")
    expect(found).to_have_attribute("data-reason", "to-receive")
    door_of(store).move(code, "receipt", OPERATOR, real_now(), {})
    expect(found).to_have_attribute("data-reason", "to-answer")


def test_on_a_phone_every_page_is_one_press_away_and_a_grid_worker_finds_the_inbox(visit: Any, store: Store) -> None:
    page = visit("operator", **PHONE).go("/cases")
    page.click(".desk-menu summary")
    links = page.locator(".desk-menu nav a")
    assert links.count() == page.locator(".desk-nav a").count() >= 7
    for link in links.all():
        box = link.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390
        assert box["height"] >= 44
    page = visit("grid", **PHONE).go("/grid")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.click(".mailbox")
    page.wait_for_url("**/inbox")


def test_dialogues_and_forms_have_no_serious_barrier(visit: Any, store: Store, subtests: pytest.Subtests) -> None:
    code = at_work(store, "无障碍检查用的一件")
    for language in ("zh-CN", "en"):
        page = visit("operator", bypass_csp=True).go("/desk", language=language)
        page.keyboard.press("?")
        with subtests.test(f"keys {language}"):
            expect(page.locator("dialog.key-sheet")).to_be_visible()
            assert barriers(page) == []
        page.keyboard.press("Escape")
        page.keyboard.press("n")
        with subtests.test(f"report {language}"):
            expect(page.locator("dialog.report-sheet")).to_be_visible()
            assert barriers(page) == []
        page = visit("operator", bypass_csp=True, **PHONE).go(f"/cases/{code}", language=language)
        page.click("[data-do=supervise]")
        with subtests.test(f"supervise {language}"):
            expect(page.locator("form[data-action=supervise]")).to_be_visible()
            assert barriers(page) == []
        page.click(".desk-menu summary")
        with subtests.test(f"menu {language}"):
            assert barriers(page) == []
