"""Rounds as slots, the roster with its exceptions, posts against their formula: pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from models.duty import roster, rounds
from models.duty.rounds import Slot
from models.moves import Refused

ZONE = ZoneInfo("Asia/Shanghai")
MORNING = Slot("morning", "上午巡查", "Morning round", "day", time(7), time(12))
ANALYSIS = Slot("analysis", "周分析", "Weekly analysis", "week", time(0), time(23, 59))
SUMMARY = Slot("summary", "月汇总", "Monthly summary", "month", time(0), time(23, 59))


def local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("slot", "day", "first", "last"),
    [
        (MORNING, date(2026, 11, 25), date(2026, 11, 25), date(2026, 11, 25)),
        (ANALYSIS, date(2026, 11, 25), date(2026, 11, 23), date(2026, 11, 29)),
        (ANALYSIS, date(2027, 1, 2), date(2026, 12, 28), date(2027, 1, 3)),
        (SUMMARY, date(2028, 2, 29), date(2028, 2, 1), date(2028, 2, 29)),
        (SUMMARY, date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31)),
    ],
)
def test_a_day_lies_in_its_period(slot: Slot, day: date, first: date, last: date) -> None:
    assert (slot.period(day), slot.last(slot.period(day))) == (first, last)


@pytest.mark.parametrize(
    ("made", "now", "state"),
    [
        (None, local(25, 6, 59), "ahead"),
        (None, local(25, 7), "open"),
        (None, local(25, 12), "open"),
        (None, local(25, 12, 1), "missed"),
        (local(25, 9), local(25, 13), "done"),
        (local(25, 12, 1), local(25, 13), "late"),
    ],
)
def test_a_round_stands_as_its_hours_say(made: datetime | None, now: datetime, state: str) -> None:
    assert MORNING.state(date(2026, 11, 25), made, now, ZONE) == state


def test_a_round_entered_days_later_counts_for_its_own_day() -> None:
    assert rounds.tickable(MORNING, local(20, 11), local(25, 9), ZONE) == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("made", "field"),
    [(local(25, 13), "slot"), (local(25, 6), "slot"), (local(26, 9), "happened_at"), (local(10, 9), "happened_at")],
)
def test_a_round_outside_its_hours_is_refused(made: datetime, field: str) -> None:
    with pytest.raises(Refused) as refused:
        rounds.tickable(MORNING, made, local(25, 14), ZONE)
    assert refused.value.field == field


def test_what_is_still_open_is_neither_done_nor_missed() -> None:
    tally = rounds.tally(["done", "late", "missed", "open", "ahead"])
    assert (tally.due, tally.done) == (3, 2)
    assert rounds.tally(["open"]).share is None


FORMULAS = [{"kind": "village", "name": "3+X", "fixed": 3, "posts": ["chief", "part_time", "liaison"]}]
NEEDED = frozenset({"chief", "part_time"})


def test_posts_are_measured_by_the_formula_of_their_kind() -> None:
    posts = {"chief": (1, 1), "part_time": (1, 0), "liaison": (1, 1), "volunteer": (0, 4)}
    found = rounds.staffing("village", posts, FORMULAS, NEEDED)
    assert (found.formula, found.fixed, found.filled, found.extra, found.short) == ("3+X", 3, 2, 4, 1)
    assert not found.empty


def test_a_grid_whose_needed_posts_are_all_empty_has_nobody_in_it() -> None:
    posts = {"chief": (1, 0), "part_time": (1, 0), "liaison": (1, 1), "volunteer": (0, 4)}
    assert rounds.staffing("village", posts, FORMULAS, NEEDED).empty
    assert not rounds.staffing("village", {}, FORMULAS, NEEDED).empty  # its posts were never registered


def test_a_grid_falls_under_the_formula_of_its_own_kind_or_its_village() -> None:
    areas = {"v": {"kind": "village"}, "u": {"kind": "urban"}, "t": {"kind": "town"}}
    assert rounds.staffing_kind({"kind": "exclusive", "parent": "v"}, areas) == "exclusive"
    assert rounds.staffing_kind({"kind": "basic", "parent": "v"}, areas) == "village"
    assert rounds.staffing_kind({"kind": "basic", "parent": "u"}, areas) == "community"
    assert rounds.staffing_kind({"kind": "basic", "parent": "t", "covers": ["v"]}, areas) == "village"


# --- the roster ------------------------------------------------------------------------------------------------------


def shift(weekday: int, starts: str, ends: str, holder: str, role: str = "chief") -> dict[str, Any]:
    named = {"role": role, "name": "值班长", "name_en": "Chief", "holder": holder, "holder_en": holder, "phone": "1"}
    return {"weekday": weekday, "starts": starts, "ends": ends, **named}


def change(day: str, starts: str, holder: str, ends: str = "08:00", role: str = "chief") -> dict[str, Any]:
    return {**shift(1, starts, ends, holder, role), "day": day, "reason": "请假"}


WEEK = [shift(3, "08:00:00", "20:00:00", "一组"), shift(3, "20:00:00", "08:00:00", "二组")]  # a Wednesday


def on(at: datetime, *changes: dict[str, Any]) -> list[str]:
    return [found.holder for found in roster.on_duty(at, WEEK, changes)]


def test_a_night_shift_runs_into_the_next_day() -> None:
    assert on(local(25, 8)) == ["一组"]
    assert on(local(25, 20)) == ["二组"]
    assert on(local(26, 7, 59)) == ["二组"]
    assert on(local(26, 8)) == []


def test_a_dated_change_replaces_its_shift_only() -> None:
    swapped = change("2026-11-25", "20:00", "三组")
    assert on(local(26, 3), swapped) == ["三组"]
    assert on(local(25, 9), swapped) == ["一组"]
    assert on(local(25, 9) + timedelta(days=7), swapped) == ["一组"]


def test_a_change_without_a_holder_strikes_the_shift_and_one_of_its_own_is_added() -> None:
    assert on(local(25, 21), change("2026-11-25", "20:00", "")) == []
    assert on(local(26, 9), change("2026-11-26", "08:30", "防汛专班", "18:00")) == ["防汛专班"]


def test_the_shift_is_found_from_any_zone() -> None:
    at = local(25, 21).astimezone(UTC).astimezone(ZONE)
    assert on(at) == ["二组"]
