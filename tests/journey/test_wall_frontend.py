"""The wall against a played server: what it shows, what it says when something is missing, what it asks of a person."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from models import messages as m
from tests.journey.wall_harness import ROOT, Play, yunze
from tests.journey.wall_pages import SIZES, Visit, launched, played

FIGURES = (
    "open", "reported-today", "closed-today", "overdue", "due-soon", "unreceipted", "escalated", "emergencies",
    "cameras-online", "cameras-total", "on-time-rate", "latency-p95", "level-1", "level-2", "level-3", "level-4",
)  # fmt: skip
MANY = 100_000 if os.environ.get("GRIDCOMMAND_LONG") else 3000
"""Messages through a wall whose memory must not grow; the long profile is more than a busy county has in a week."""
AXE = ROOT / "dashboard" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launched(playwright, gl=False)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    with played(browser) as shown:
        yield shown.open()


# --- what it shows ---------------------------------------------------------------------------------------------------


def test_every_figure_says_name_value_age_and_state(visit: Visit) -> None:
    visit.harness.living = 2  # a delay is measured on news only
    visit.wait("() => document.querySelector('[data-figure=latency-p95]').dataset.value !== ''")
    visit.harness.living = 0
    for name in FIGURES:
        box = visit.page.locator(f"[data-figure='{name}']")
        assert box.count() == 1, name
        assert float(box.get_attribute("data-value") or "nothing") >= 0, name
        assert (box.get_attribute("data-as-of") or "").endswith("Z"), name
        assert box.get_attribute("data-state") == "live", name


def test_figures_are_those_of_the_message(visit: Visit) -> None:
    play = visit.harness.play
    assert visit.figure("open") == str(len(play.cases))
    assert visit.figure("reported-today") == str(play.reported_today)
    fact = play.report()
    visit.harness.send(fact)
    visit.wait("n => document.querySelector('[data-figure=open]').dataset.value === n", str(len(play.cases)))
    row = visit.page.locator(f"[data-case='{fact.case}']")
    assert row.get_attribute("data-event-id") == fact.id
    assert fact.title in row.inner_text()
    assert visit.page.evaluate("code => window.gridcommand.grid(code)", fact.area) == list(
        play.grid_counts()[str(fact.area)]
    )


def test_departments_stand_by_urgency_and_the_rest_is_summed(visit: Visit) -> None:
    rows = visit.page.locator("tr[data-department]")
    overdue = [int(row.get_attribute("data-overdue") or -1) for row in rows.all()]
    assert overdue == sorted(overdue, reverse=True)
    shown = sum(int(row.get_attribute("data-open") or 0) for row in rows.all())
    rest = int(visit.text("#wall-departments .rest").split()[-1])
    assert shown + rest == len(visit.harness.play.cases)


def test_each_count_leads_to_its_list(visit: Visit) -> None:
    links = {
        "open": "/cases?state=open", "overdue": "/cases?state=overdue", "due-soon": "/cases?state=due-soon",
        "reported-today": "/cases?state=reported-today", "closed-today": "/cases?state=closed-today",
    }  # fmt: skip
    for name, href in links.items():
        assert visit.page.locator(f"[data-figure='{name}'] a.card-link").get_attribute("href") == href
    for name in ("unreceipted", "escalated"):
        assert visit.figure(name, "href") == f"/cases?state={name}"
    row = visit.page.locator("tr[data-department]").first
    code = row.get_attribute("data-department")
    assert row.locator(".c-overdue a").get_attribute("href") == f"/cases?state=overdue&department={code}"


def test_hover_tells_definition_source_and_age(visit: Visit) -> None:
    visit.page.hover("[data-figure='overdue']")
    popover = visit.page.locator("#wall-popover")
    told = popover.inner_text()
    assert "办理时限早于现在" in told
    assert "案件库" in told
    assert popover.locator("a").get_attribute("href") == "/cases?state=overdue"
    visit.page.keyboard.press("Escape")
    assert popover.is_hidden()


def test_feed_reuses_its_rows(visit: Visit) -> None:
    visit.page.evaluate("document.querySelectorAll('.feed-row').forEach((row, i) => (row.mine = i))")
    before = visit.page.locator(".feed-row").count()
    for _ in range(30):
        visit.harness.send(visit.harness.play.report())
    last = visit.harness.play.number
    visit.wait("id => document.querySelector(`.feed-row[data-event-id='${id}']`)", last)
    rows = visit.page.evaluate(
        "[...document.querySelectorAll('.feed-row')].filter(row => row.mine === undefined).length"
    )
    assert visit.page.locator(".feed-row").count() == before
    assert rows == 0


def test_empty_county_shows_zeros_and_unknown_shows_a_dash(browser: Browser) -> None:
    with played(browser, play=Play(yunze(), cases=0)) as empty:
        empty.open()
        assert empty.figure("open") == "0"
        assert empty.figure("on-time-rate") == ""
        assert "—" in empty.text("[data-figure='on-time-rate']")
        assert "今天还没有上报" in empty.text("#wall-feed")
        assert empty.errors == []


def test_contradicting_figures_are_shown_as_such(visit: Visit) -> None:
    visit.harness.publish_figures = False
    figures = visit.harness.play.figures()
    wrong = figures.model_copy(
        update={"county": figures.county.model_copy(update={"overdue": figures.county.open + 1})}
    )
    visit.harness.send(wrong)
    visit.wait("() => document.querySelector('[data-figure=overdue]').dataset.state === 'broken'")
    assert visit.figure("open", "data-state") == "broken"
    assert visit.figure("unreceipted", "data-state") == "live"
    assert visit.page.locator("[data-figure='overdue'] .card-quarrel").is_visible()


# --- clean, in every size and language -------------------------------------------------------------------------------

OVERFLOWS = Path(__file__).with_name("overflows.js").read_text("utf-8")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_nothing_is_cut_overlapped_or_scrolled(browser: Browser, size: tuple[int, int], language: str) -> None:
    with played(browser, size=size, language=language) as wall:
        wall.open()
        assert wall.page.evaluate(OVERFLOWS) == []
        assert wall.errors == []
        assert wall.strangers == []


def test_the_check_for_cut_words_can_fail(visit: Visit) -> None:
    visit.page.evaluate("document.querySelector('.card-label').append('一二三四五六七八九十一二三四五六七八九十')")
    assert visit.page.evaluate(OVERFLOWS) != []


def test_no_word_of_the_other_language_is_left(browser: Browser) -> None:
    with played(browser, language="en", play=Play(yunze(), cases=120, english=True)) as wall:
        wall.open()
        assert wall.page.evaluate("document.documentElement.lang") == "en"
        left = wall.page.evaluate("document.body.innerText.match(/[\\u4e00-\\u9fff]+/g)")
        assert left == ["中"]  # the switch to the other language


def test_switch_changes_the_language_and_keeps_it(visit: Visit) -> None:
    visit.page.click(".tool-language")
    visit.page.wait_for_selector("html[lang=en] #wall-map[data-ready]", timeout=60_000, state="attached")
    assert "Open cases by grid" in visit.text("#wall-map")
    assert {cookie["name"]: cookie["value"] for cookie in visit.context.cookies()}["gc_lang"] == "en"


def test_no_serious_finding_for_people_with_aids(visit: Visit) -> None:
    flat = ".wall,.panel,.card,.rows tr{background-image:none!important;background-color:#0b1628!important}"
    visit.page.add_style_tag(content=flat)  # axe cannot judge contrast on a gradient
    visit.page.add_script_tag(path=str(AXE))
    for _ in range(2):
        found = visit.page.evaluate(
            """async () => (await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}))
                 .violations.filter(one => ["serious", "critical"].includes(one.impact))
                 .map(one => [one.id, one.nodes.slice(0, 3).map(node => node.html.slice(0, 120))])"""
        )
        assert found == []
        visit.harness.send(visit.harness.play.escalate())
        visit.page.wait_for_selector("[role=alertdialog]")


def test_clock_states_differ_without_colour(visit: Visit) -> None:
    visit.harness.send(visit.harness.play.breach())
    visit.wait("() => document.querySelector('tr[data-urgency=overdue]')")
    assert visit.page.locator("[data-figure='overdue'] svg.mark-overdue").count() == 1
    assert visit.page.locator("[data-figure='due-soon'] svg.mark-soon").count() == 1
    filled = "n => getComputedStyle(document.querySelector(n)).backgroundColor !== 'rgba(0, 0, 0, 0)'"
    assert visit.page.evaluate(filled, "tr .c-overdue:not([data-zero]) .num")
    assert not visit.page.evaluate(filled, "tr .c-soon:not([data-zero]) .num")
    assert "超期" in visit.text("tr[data-urgency=overdue] .c-next >> nth=0")
    visit.rest(1)
    drawn = Image.open(io.BytesIO(visit.page.locator(".map-room").screenshot())).convert("RGB")
    colours = {colour: count for count, colour in drawn.getcolors(drawn.width * drawn.height) or []}
    assert (
        colours.get((0xFF, 0x5A, 0x5F), 0) > 50 and colours.get((0xB8, 0x26, 0x2F), 0) > 50
    )  # stripes, not one colour


# --- when something is missing ---------------------------------------------------------------------------------------


def test_gap_is_noticed_and_filled_from_a_snapshot(visit: Visit) -> None:
    before = visit.harness.snapshots
    visit.harness.play.report()  # a fact that never arrives
    visit.harness.send(visit.harness.play.report())
    visit.until(lambda: visit.harness.snapshots > before)
    visit.wait("n => window.gridcommand.last() === n", str(visit.harness.play.number))
    visit.wait(
        "n => document.querySelector('[data-figure=open]').dataset.value === n", str(len(visit.harness.play.cases))
    )


def test_a_tail_that_never_arrives_is_noticed_by_the_heartbeat(visit: Visit) -> None:
    before = visit.harness.snapshots
    visit.harness.play.report()
    visit.until(lambda: visit.harness.snapshots > before, 15)


def test_nothing_is_shown_twice(visit: Visit) -> None:
    before = visit.harness.snapshots
    fact = visit.harness.play.report()
    for _ in range(3):
        visit.harness.send(fact)
    visit.wait("code => document.querySelectorAll(`[data-case='${code}']`).length === 1", fact.case)
    visit.rest(0.5)
    assert visit.page.locator(f"[data-case='{fact.case}']").count() == 1
    assert visit.harness.snapshots == before


def test_a_snapshot_that_is_demanded_is_fetched(visit: Visit) -> None:
    before = visit.harness.snapshots
    visit.harness.send(m.SnapshotRequired(id="", at=Play.now()))
    visit.until(lambda: visit.harness.snapshots > before)
    visit.wait("() => document.querySelector('.live').dataset.link === 'live'")


def test_lost_gateway_is_said_within_five_seconds_and_forgotten_on_return(visit: Visit) -> None:
    visit.harness.refuse_push = True
    visit.harness.drop()
    began = time.monotonic()
    visit.wait("() => !document.querySelector('.band').hidden", timeout=5_000)
    visit.wait("() => document.querySelector('[data-figure=open]').dataset.state === 'stale'", timeout=6_000)
    assert time.monotonic() - began < 6.5  # figures every 2 s: their age counts from the last of them
    assert "与网关失去联系" in visit.text(".band")
    assert "数据中断" in visit.text("[data-figure='open']")
    assert (
        visit.page.evaluate("getComputedStyle(document.querySelector('[data-figure=open]')).borderTopStyle") == "dashed"
    )
    missed = visit.harness.play.report()
    visit.harness.refuse_push = False
    visit.wait("() => document.querySelector('[data-figure=open]').dataset.state === 'live'")
    visit.wait("code => document.querySelector(`[data-case='${code}']`)", missed.case)
    assert visit.page.locator(".band").is_hidden()
    assert visit.harness.subscribed[-1] == str(int(missed.id) - 1)


def test_figures_turn_stale_when_their_worker_stops_though_heartbeats_go_on(visit: Visit) -> None:
    visit.harness.publish_figures = False
    visit.wait("() => document.querySelector('[data-figure=overdue]').dataset.state === 'stale'", timeout=7_500)
    assert visit.page.locator("#wall-feed").get_attribute("data-state") == "live"
    assert visit.page.locator(".band").is_hidden()
    assert visit.page.locator("#wall-departments").get_attribute("data-state") == "stale"
    visit.harness.publish_figures = True
    visit.wait("() => document.querySelector('[data-figure=overdue]').dataset.state === 'live'")


def test_a_wall_opened_before_its_server_waits_for_it(browser: Browser) -> None:
    with played(browser) as wall:
        wall.harness.refuse_snapshot = wall.harness.refuse_push = True
        wall.page.goto(wall.harness.url)
        wall.page.wait_for_selector(".wall[data-ready]")
        wall.rest(1)
        assert wall.figure("open", "data-state") == "stale"
        assert wall.figure("open") == ""
        assert "—" in wall.text("[data-figure='open']")
        assert "等待数据" in wall.text("[data-figure='open']")
        wall.harness.refuse_snapshot = wall.harness.refuse_push = False
        wall.wait("() => document.querySelector('[data-figure=open]').dataset.state === 'live'", timeout=30_000)


def test_an_ended_login_leads_to_the_entrance(visit: Visit) -> None:
    visit.harness.drop(4401)
    visit.page.wait_for_url("**/login")


def test_replay_shows_its_own_clock_and_says_so(browser: Browser) -> None:
    play = Play(yunze(), cases=60)
    play.speed, play.county_from = 3600.0, (play.now(), datetime(2026, 3, 14, 1, 41, tzinfo=UTC))
    with played(browser, play=play) as wall:
        wall.open()
        assert "快进 ×3600" in wall.text(".wall-header")
        assert wall.text(".date-day").startswith("2026-03")
        now = play.now()
        wall.harness.send(m.TimeChanged(id=str(play.number + 1), at=now, county_at=now, speed=1.0))
        play.number += 1
        wall.wait("() => document.querySelector('.chip-replay').hidden")


# --- escalation ------------------------------------------------------------------------------------------------------


def test_escalation_takes_the_screen_until_it_is_acknowledged_by_name(visit: Visit) -> None:
    fact = visit.harness.play.escalate(level=1, rung=2)
    visit.harness.send(fact)
    dialog = visit.page.locator("[role=alertdialog]")
    dialog.wait_for()
    assert dialog.get_attribute("data-case") == fact.case
    assert fact.title in dialog.inner_text()
    assert visit.page.locator("#wall-main").evaluate("node => node.inert")
    assert visit.page.evaluate("document.activeElement.className") == "act act-first"
    visit.page.keyboard.press("Escape")
    visit.rest(3)  # figures have come since
    assert dialog.is_visible()
    visit.page.reload()
    dialog.wait_for(timeout=60_000)
    visit.page.click(".act-first")
    visit.wait("() => document.querySelector('.alarm-farewell') && !document.querySelector('.alarm-farewell').hidden")
    assert "周明" in visit.text(".alarm-farewell")
    dialog.wait_for(state="hidden")
    assert visit.harness.acknowledged == [(fact.case, fact.escalation)]
    assert visit.harness.csrf_seen == ["1"]
    assert not visit.page.locator("#wall-main").evaluate("node => node.inert")


def test_the_gravest_comes_first_and_the_others_are_counted(visit: Visit) -> None:
    urgent = visit.harness.play.escalate(level=2, reason="breach")
    visit.harness.send(urgent)
    dialog = visit.page.locator("[role=alertdialog]")
    dialog.wait_for()
    grave = visit.harness.play.escalate(level=1)
    visit.harness.send(grave)
    visit.wait("code => document.querySelector('[role=alertdialog]').dataset.case === code", grave.case)
    assert "另有 1 件" in dialog.inner_text()
    assert visit.page.locator(".act-first").is_disabled()  # nobody acknowledges what he has not read
    visit.page.locator(".act-first:enabled").click()
    visit.wait("code => document.querySelector('[role=alertdialog]').dataset.case === code", urgent.case)


def test_acknowledged_elsewhere_ends_on_this_wall_too(visit: Visit) -> None:
    fact = visit.harness.play.escalate()
    visit.harness.send(fact)
    dialog = visit.page.locator("[role=alertdialog]")
    dialog.wait_for()
    visit.harness.send(visit.harness.play.acknowledge(fact.escalation, "李秀兰"))
    visit.wait("() => document.querySelector('.alarm-farewell').innerText.includes('李秀兰')")
    dialog.wait_for(state="hidden")


def test_refused_acknowledgement_says_why_and_stays(visit: Visit) -> None:
    visit.harness.refuse_acknowledge = "此升级已由他人确认。"
    visit.harness.send(visit.harness.play.escalate())
    visit.page.click(".act-first")
    visit.wait("() => document.querySelector('.alarm-failed').innerText.includes('此升级已由他人确认')")
    assert visit.page.locator(".act-first").is_enabled()


def test_a_display_has_no_button_but_says_who_must_act_and_where(browser: Browser) -> None:
    with played(browser, role="display", user="大屏一") as wall:
        wall.open()
        fact = wall.harness.play.escalate()
        wall.harness.send(fact)
        wall.page.wait_for_selector("[role=alertdialog]")
        assert wall.page.locator(".act").count() == 0
        told = wall.text(".alarm-who")
        assert "值班员" in told
        assert f"/cases/{fact.case}" in told


# --- for days --------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(3600)
def test_heap_and_page_stay_flat_over_thousands_of_messages(visit: Visit) -> None:
    tools = visit.context.new_cdp_session(visit.page)

    def measured() -> dict[str, float]:
        tools.send("HeapProfiler.collectGarbage")
        told = tools.send("Performance.getMetrics")["metrics"]
        return {one["name"]: one["value"] for one in told}

    def flood(count: int) -> None:
        for number in range(1, count + 1):
            visit.harness.send(visit.harness.play.report() if number % 3 else visit.harness.play.move())
            if number % 1000 == 0 or number == count:
                visit.wait("n => window.gridcommand.last() === n", str(visit.harness.play.number), timeout=60_000)
        visit.rest(1)

    tools.send("Performance.enable")
    flood(800)
    before = measured()
    flood(MANY)
    after = measured()
    grown = (after["JSHeapUsedSize"] - before["JSHeapUsedSize"]) / 1e6
    print(
        f"{MANY} messages: heap {before['JSHeapUsedSize'] / 1e6:.1f} → {after['JSHeapUsedSize'] / 1e6:.1f} MB, nodes {after['Nodes']:.0f}"
    )
    assert grown < 1.5
    assert after["Nodes"] < before["Nodes"] + 150
    assert after["JSEventListeners"] <= before["JSEventListeners"] + 5


def test_main_thread_at_four_changes_a_second(visit: Visit) -> None:
    tools = visit.context.new_cdp_session(visit.page)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> float:
        told: Any = tools.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in told if one["name"] == "TaskDuration"))

    visit.rest(2)
    visit.harness.living = 4
    visit.rest(1)
    before, began = busy(), time.monotonic()
    visit.rest(8)
    share = (busy() - before) / (time.monotonic() - began)
    print(f"main thread at 4 changes/s: {share * 100:.1f} %")
    assert share < 0.25
