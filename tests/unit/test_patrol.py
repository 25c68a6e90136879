"""Patrol: every camera comes once a round, risk first, faults last; emergencies take over and give back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.patrol import (
    AHEAD_SECONDS,
    SIZES,
    Patrol,
    Plan,
    Sight,
    ahead,
    begun,
    ordered,
    overridden,
    shown,
    ticked,
)

NAMES = tuple(f"c{number:02}" for number in range(40))


def rounds(plan: Plan, sights: dict[str, Sight], groups: int) -> Iterator[tuple[str, ...]]:
    patrol = begun(plan, sights, 0.0)
    for number in range(groups):
        yield shown(patrol, plan)
        patrol = ticked(patrol, plan, sights, (number + 1) * plan.dwell)


@given(st.integers(1, 40), st.sampled_from(SIZES), st.booleans())
def test_every_camera_is_shown_exactly_once_a_round(number: int, tiles: int, by_risk: bool) -> None:
    plan = Plan(NAMES[:number], tiles, by_risk=by_risk)
    groups = -(-number // tiles)
    seen = [camera for group in rounds(plan, {}, groups) for camera in group]
    assert sorted(seen) == list(plan.cameras)


def test_open_cases_come_first_and_faults_last() -> None:
    sights = {
        "a": Sight("a", faulty=True, open_cases=9, urgent_cases=2),
        "b": Sight("b"),
        "c": Sight("c", open_cases=3),
        "d": Sight("d", open_cases=1, urgent_cases=1),
        "e": Sight("e", focus=True),
    }
    assert ordered("abcde", sights) == ("d", "c", "e", "b", "a")


def test_a_group_stays_for_its_dwell_and_a_late_tick_moves_one_group_only() -> None:
    plan = Plan(NAMES, 9, 20.0, by_risk=False)
    patrol = begun(plan, {}, 0.0)
    assert ticked(patrol, plan, {}, 19.9) is patrol
    assert shown(ticked(patrol, plan, {}, 500.0), plan) == NAMES[9:18]


def test_an_emergency_takes_the_screen_and_gives_it_back_where_it_was() -> None:
    plan = Plan(NAMES, 4, 20.0, by_risk=False)
    patrol = ticked(begun(plan, {}, 0.0), plan, {}, 20.0)
    held = overridden(patrol, ["x", "y", "x"], plan, 25.0)
    assert shown(held, plan) == ("x", "y")
    assert ticked(held, plan, {}, 900.0) == held
    more = overridden(held, ["z"], plan, 50.0)
    back = overridden(more, [], plan, 1000.0)
    assert shown(back, plan) == NAMES[4:8]
    assert back.until == pytest.approx(1015.0), "what was left of its dwell is still to be shown"
    assert overridden(back, [], plan, 1001.0) is back


def test_a_camera_that_has_gone_is_not_shown_again() -> None:
    plan = Plan(NAMES[:9], 4, by_risk=False)
    patrol = ticked(begun(plan, {}, 0.0), Plan(NAMES[1:9], 4, by_risk=False), {}, 1.0)
    assert NAMES[0] not in patrol.round


def test_the_next_group_starts_ahead_and_not_before() -> None:
    plan = Plan(NAMES[:8], 4, 20.0, by_risk=False)
    patrol = begun(plan, {}, 0.0)
    assert ahead(patrol, plan, 20.0 - AHEAD_SECONDS - 0.1) == ()
    assert ahead(patrol, plan, 20.0 - AHEAD_SECONDS) == NAMES[4:8]
    last = ticked(patrol, plan, {}, 20.0)
    assert ahead(last, plan, 39.0) == NAMES[:4]
    assert ahead(begun(Plan(NAMES[:4], 4), {}, 0.0), Plan(NAMES[:4], 4), 19.0) == ()
    assert ahead(overridden(patrol, ["x"], plan, 1.0), plan, 19.9) == ()


def test_an_empty_plan_shows_nothing() -> None:
    plan = Plan(())
    assert shown(ticked(begun(plan, {}, 0.0), plan, {}, 100.0), plan) == ()
    assert shown(Patrol(), plan) == ()
