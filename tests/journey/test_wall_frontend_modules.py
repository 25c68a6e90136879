"""The wall's pure modules, run in the browser they are written for: folding, ranking, clocks, scales."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.journey.wall_pages import launched, played


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        chromium = launched(playwright, gl=False)
        with played(chromium) as visit:
            visit.page.goto(f"http://127.0.0.1:{visit.harness.port}/cases")
            yield visit.page
        chromium.close()


def run(page: Page, module: str, body: str) -> Any:
    """Runs `body` with everything that the module exports as `it`."""
    return page.evaluate(f"async () => {{ const it = await import('/assets/{module}'); {body} }}")


# --- live -----------------------------------------------------------------------------------------------------------


def test_back_off_grows_from_a_fifth_of_a_second_to_five_and_is_spread(page: Page) -> None:
    lowest, highest = run(
        page,
        "ui/live.js",
        "return [0, 0.999].map(dice => [0, 1, 3, 5, 40].map(n => Math.round(it.backOff(n, () => dice))))",
    )
    assert lowest == [100, 200, 800, 2500, 2500]
    assert highest == [200, 400, 1599, 4998, 4998]


def test_ids_of_pictures_name_the_last_fact(page: Page) -> None:
    assert run(page, "ui/live.js", "return ['123', '123.7', '', 'x'].map(it.factNumber)") == [123, 123, None, None]


# --- clocks ---------------------------------------------------------------------------------------------------------


def test_the_least_late_message_tells_the_servers_time(page: Page) -> None:
    body = """
      let now = 0;
      const clock = it.makeClock(() => now);
      clock.hear(1000);            // arrived at once
      now = 2000; clock.hear(1900); // 1.1 s under way: says nothing new
      now = 3000;
      return clock.server();"""
    assert run(page, "ui/clock.js", body) == 4000


def test_a_server_clock_that_was_set_back_is_followed(page: Page) -> None:
    body = """
      let now = 0;
      const clock = it.makeClock(() => now);
      for (; now < 60_000; now += 2000) clock.hear(1e9 + now);
      for (let i = 0; i < 20; i += 1, now += 2000) clock.hear(1e9 - 600_000 + now);
      return clock.server() - (1e9 - 600_000 + now);"""
    assert run(page, "ui/clock.js", body) == 0


def test_county_time_runs_on_its_own_line(page: Page) -> None:
    body = """
      let now = 0;
      const clock = it.makeClock(() => now);
      clock.hear(0);
      clock.set({county_at: "2026-03-14T00:00:00Z", at: "1970-01-01T00:00:00Z", speed: 3600});
      now = 1000;
      return [new Date(clock.county()).toISOString(), clock.mode()];"""
    assert run(page, "ui/clock.js", body) == ["2026-03-14T01:00:00.000Z", {"kind": "replay", "speed": 3600}]


def test_delay_takes_away_only_what_the_observations_force(page: Page) -> None:
    body = """
      const same = it.makeLatency();          // one machine: a message 3 ms old, an answer within 10 ms
      same.arrived(1000, 1003); same.answered(995, 1001);
      const behind = it.makeLatency();        // our clock is an hour behind theirs
      behind.arrived(3_600_000, 5); behind.answered(0, 3_600_002);
      behind.painted(3_600_100, 140);
      return [same.offset(), Math.round(behind.offset() / 1000), Math.round(behind.p95())];"""
    same, behind, p95 = run(page, "ui/latency.js", body)
    assert same == 0
    assert behind == -3600
    assert 35 <= p95 <= 45


# --- the feed ---------------------------------------------------------------------------------------------------------

FACT = """const fact = (id, code, kind = "case.reported", more = {}) =>
  ({id: String(id), case: code, kind, stage: "handling", due_at: null, ...more});"""


def test_news_go_to_the_top_and_moves_change_their_row_in_place(page: Page) -> None:
    body = f"""{FACT}
      const list = [];
      for (const one of [fact(1, "a"), fact(2, "b"), fact(3, "a", "case.moved", {{stage: "closed"}}), fact(4, "z", "case.moved")])
        it.fold(list, one);
      it.fold(list, fact(5, "a", "clock.breached"));
      return list.map(entry => [entry.case, entry.fact.id]);"""
    assert run(page, "wall/feed.js", body) == [["a", "5"], ["b", "2"]]


def test_the_feed_keeps_fifty(page: Page) -> None:
    body = (
        f"{FACT} const list = []; for (let i = 0; i < 5000; i += 1) it.fold(list, fact(i, 'c' + i)); return list.length"
    )
    assert run(page, "wall/feed.js", body) == 50


def test_a_snapshot_of_mere_moves_still_fills_the_feed(page: Page) -> None:
    body = f"""{FACT}
      return it.foldAll([fact(9, "c", "case.moved"), fact(8, "b"), fact(7, "c", "order.issued"), fact(6, "a", "case.moved")])
        .map(entry => [entry.case, entry.fact.id]);"""
    assert run(page, "wall/feed.js", body) == [["b", "8"], ["c", "9"], ["a", "6"]]


def test_a_deadline_that_passes_turns_the_row_late_without_a_message(page: Page) -> None:
    body = f"""{FACT}
      const entry = {{fact: fact(1, "a", "case.reported", {{due_at: "2026-01-01T00:00:00Z"}}), state: ""}};
      const due = Date.parse("2026-01-01T00:00:00Z");
      return [it.stateNow(entry, due - 1).kind, it.stateNow(entry, due + 1).kind];"""
    assert run(page, "wall/feed.js", body) == ["stage", "overdue"]


# --- escalations ---------------------------------------------------------------------------------------------------------


def test_the_gravest_waits_first_and_the_one_shown_keeps_its_place_among_equals(page: Page) -> None:
    body = """
      const waiting = new it.Waiting();
      const one = (escalation, level, more = {}) => ({id: String(escalation), escalation, level, case: "c" + escalation, takeover: true, ...more});
      waiting.take(one(5, 2)); waiting.take(one(6, 2));
      const equal = waiting.first(6).escalation;
      waiting.take(one(7, 1));
      const grave = waiting.first(6).escalation;
      waiting.take(one(7, 1, {acknowledged_at: "x"}));
      return [equal, grave, waiting.first(null).escalation, waiting.size];"""
    assert run(page, "wall/escalation.js", body) == [6, 7, 5, 2]


def test_figures_rule_over_older_facts_and_not_over_newer_ones(page: Page) -> None:
    body = """
      const waiting = new it.Waiting();
      const one = (id, escalation) => ({id: String(id), escalation, level: 1, case: "c" + escalation, takeover: true});
      waiting.take(one(10, 1)); waiting.take(one(12, 2));
      waiting.replace([], 0, 11);
      return [waiting.has(1), waiting.has(2), waiting.size];"""
    assert run(page, "wall/escalation.js", body) == [False, True, 1]


def test_the_nearest_camera_that_may_be_shown(page: Page) -> None:
    body = """
      const cameras = [
        {id: "near", longitude: 112.001, latitude: 30, registered: false},
        {id: "far", longitude: 112.02, latitude: 30, registered: true},
        {id: "beyond", longitude: 113, latitude: 30, registered: true}];
      const found = it.nearest(cameras, 112, 30);
      return [found.camera.id, Math.round(found.metres / 100), it.nearest(cameras, 120, 30), it.nearest(cameras, null, null)];"""
    assert run(page, "wall/escalation.js", body) == ["far", 19, None, None]


# --- the map ----------------------------------------------------------------------------------------------------------------


def test_classes_follow_the_breaks_and_widen_in_a_busy_county(page: Page) -> None:
    body = """
      const usual = it.breaksFor([1, 3, 5, 7], 10), busy = it.breaksFor([1, 3, 5, 7], 500);
      return [usual, [0, 1, 2, 3, 7, 90].map(n => it.classOf(n, usual)), it.labelsFor(usual), busy];"""
    usual, classes, labels, busy = run(page, "wall/map/scale.js", body)
    assert usual == [1, 3, 5, 7]
    assert classes == [0, 1, 1, 2, 4, 4]
    assert labels == ["0", "1–2", "3–4", "5–6", "≥ 7"]
    assert busy == [1, 150, 250, 350]


def test_the_scale_does_not_flutter(page: Page) -> None:
    assert run(page, "wall/map/scale.js", "return [it.topFor(12, 10), it.topFor(9, 20), it.topFor(7, 20)]") == [
        20,
        20,
        10,
    ]


def test_the_county_fills_its_panel_and_keeps_clear_of_the_corners(page: Page) -> None:
    body = """
      const outline = Array.from({length: 60}, (_, i) => [112.9 + 0.3 * Math.cos(i / 9.55), 30.45 + 0.22 * Math.sin(i / 9.55)]);
      const size = {width: 875, height: 740}, corner = {left: 0, right: 270, top: 620, bottom: 740};
      const project = it.projector(it.homeView(outline, 40, size, [corner], 16), size);
      const seen = outline.map(place => project(place));
      const xs = seen.map(([x]) => x), ys = seen.map(([, y]) => y);
      const inCorner = seen.some(([x, y]) => x < corner.right && y > corner.top);
      return [Math.min(...xs), 875 - Math.max(...xs), Math.min(...ys), Math.max(...ys), inCorner];"""
    left, right, top, bottom, in_corner = run(page, "wall/map/camera.js", body)
    assert abs(left - 24) < 1.5
    assert abs(right - 24) < 1.5
    assert top > 40
    assert bottom < 740
    assert not in_corner


def test_a_place_of_any_size_fills_its_panel_under_a_tilted_camera_too(page: Page) -> None:
    body = """
      return [0.1, 1, 50].flatMap((km) => [0, 50].map((pitch) => {
        const places = Array.from({length: 64}, (_, i) => [112.9 + km / 96 * Math.cos(i / 10.2), 30.4 + km / 111 * Math.sin(i / 10.2)]);
        const size = {width: 900, height: 700};
        const project = it.projector(it.fitted(places, pitch, size, {top: 20, right: 20, bottom: 20, left: 20}), size);
        const seen = places.map((place) => project(place));
        const spans = [0, 1].map((i) => Math.max(...seen.map((at) => at[i])) - Math.min(...seen.map((at) => at[i])));
        return Math.max(spans[0] / 860, spans[1] / 660);
      }));"""
    assert run(page, "wall/map/camera.js", body) == pytest.approx([1.0] * 6, abs=0.02)


def test_columns_stand_back_from_their_borders(page: Page) -> None:
    body = """
      const square = {type: "Feature", geometry: {type: "Polygon", coordinates: [[[0, 0], [0.1, 0], [0.1, 0.1], [0, 0.1], [0, 0]]]}};
      return it.shrunk({features: [square]}, 300).features[0].geometry.coordinates[0].map(([x, y]) => [x * 111.32, y * 110.574]);"""
    ring = run(page, "wall/map/geometry.js", body)
    assert all(0.25 < x < 10.9 and 0.25 < y < 10.8 for x, y in ring)


def test_tiles_keep_near_sixteen_to_nine(page: Page) -> None:
    assert run(
        page,
        "wall/mosaic.js",
        "return [it.columnsFor(9, 490, 290), it.columnsFor(24, 880, 900), it.columnsFor(6, 380, 180)]",
    ) == [3, 4, 3]


def test_unregistered_cameras_are_never_chosen(page: Page) -> None:
    body = (
        "return it.chosen([{id: 1}, {id: 2, focus: true}, {id: 3, registered: false, focus: true}], 9).map(c => c.id)"
    )
    assert run(page, "wall/mosaic.js", body) == [2, 1]


# --- words ------------------------------------------------------------------------------------------------------------------


def test_numbers_and_times_as_people_read_them(page: Page) -> None:
    body = """
      const words = it.makeWords({texts: {"common.unknown": "—", "common.days": "{d} 天", "common.weekdays": "日一二三四五六",
        "common.weekday": "星期{w}"}, language: "zh-CN", zone: "Asia/Shanghai"});
      const at = Date.parse("2026-11-21T16:30:05Z");
      return [words.number(12345), words.number(undefined), words.percent(57, 100), words.percent(999_999, 1_000_000),
        words.percent(0, 0), words.duration(95 * 60_000), words.duration(26 * 3_600_000 + 600_000), words.duration(-127 * 864e5),
        words.clock(at), words.date(at), words.weekday(at), words.countdown(266_000), words.moment(at - 864e5, at)];"""
    assert run(page, "ui/words.js", body) == [
        "12,345", "—", "57.0", "99.9", "—", "1:35", "26:10", "127 天", "00:30:05", "2026-11-22", "星期日", "4:26", "11-21 00:30",
    ]  # fmt: skip


def test_the_axis_has_round_tops(page: Page) -> None:
    assert run(page, "wall/trend.js", "return [0, 4, 5, 13, 82, 121, 1500].map(it.roundTop)") == [
        4,
        4,
        8,
        20,
        120,
        200,
        2000,
    ]
