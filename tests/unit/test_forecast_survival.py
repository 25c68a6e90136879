"""The chance to be late: exact on small pasts, drawn to the county's where a department says little, judged fairly."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.forecast.survival import (
    RULE,
    STEPS,
    Case,
    Past,
    Timeline,
    back_test,
    fit,
    score,
    step_of,
)

HOUR = 3_600


def past(*cases: tuple[int, float, bool]) -> Past:
    group, used, closed = zip(*cases, strict=True)
    return Past(np.array(group), np.array(used, dtype=float), np.array(closed))


def test_without_open_cases_it_is_the_plain_share_of_those_that_came_so_far() -> None:
    curves = fit(past((0, 0.1, True), (0, 0.5, True), (0, 0.9, True), (0, 1.7, True)), ["cg"])
    at_start, later = curves.at("cg", 0.0), curves.at("cg", 0.6)
    assert at_start.own == pytest.approx(1 / 4) and at_start.cases == 4
    assert later.own == pytest.approx(1 / 2) and later.cases == 2


def test_what_is_still_open_counts_as_far_as_it_is_known() -> None:
    known = fit(past((0, 0.5, True), (0, 1.5, True)), ["cg"]).at("cg", 0.0).own
    more = fit(past((0, 0.5, True), (0, 1.5, True), (0, 0.3, False)), ["cg"]).at("cg", 0.0).own
    assert known == more == pytest.approx(1 / 2)  # seen open at 0.3 and no further: says nothing about what came later
    assert fit(past((0, 0.5, True), (0, 3.0, False)), ["cg"]).at("cg", 0.0).own == pytest.approx(1 / 2)


def test_closed_at_the_last_second_is_in_time_and_one_after_is_late() -> None:
    assert fit(past((0, 1.0, True)), ["cg"]).at("cg", 0.0).own == 0.0
    assert fit(past((0, 1.0 + 1e-9, True)), ["cg"]).at("cg", 0.0).own == 1.0


def test_the_three_numbers_make_the_chance() -> None:
    dice = Random(1)
    rows = [(group, dice.expovariate(1.5 - group), True) for group in (0, 1) for _ in range(40 + 400 * group)]
    curves = fit(past(*rows), ["a", "b"])
    found = curves.at("a", 0.0)
    assert found.chance == pytest.approx(found.weight * found.own + (1 - found.weight) * found.county)
    assert found.weight == pytest.approx(40 / (40 + curves.strength))


def test_a_department_of_few_cases_is_drawn_to_the_county_and_one_of_many_is_not() -> None:
    rows = [(0, 2.0, True)] * 2 + [(1, 0.2, True)] * 500 + [(2, 0.3, True)] * 450 + [(2, 1.5, True)] * 50
    curves = fit(past(*rows), ["two", "many", "more"])
    assert curves.at("two", 0.0).own == 1.0 and curves.at("two", 0.0).chance < 0.9
    assert curves.at("many", 0.0).chance < 0.02
    assert curves.at("unknown", 0.0).chance == curves.county[0]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0, 3), st.booleans()), min_size=1, max_size=60))
def test_chances_stay_chances_and_never_fall_while_time_runs_out(rows: list[tuple[int, float, bool]]) -> None:
    curves = fit(past(*rows), ["a", "b", "c"])
    for name in ("a", "b", "c", "nobody"):
        table = curves.table(name)
        assert len(table) == STEPS and all(0 <= chance <= 1 + 1e-9 for chance in table)
        assert all(one <= two + 1e-12 for one, two in pairwise(table))
        start = curves.likely_from(name)
        if start is not None:
            assert curves.table(name)[step_of(start)] >= 0.5


def cases(late_share: float, name: str, dice: Random, n: int = 400) -> list[Case]:
    """A department whose cases either end at once or take until after their deadline."""
    found = []
    for _ in range(n):
        start = dice.randrange(0, 1_000 * HOUR)
        long = dice.random() < late_share
        found.append(Case(name, start, start + 100 * HOUR, start + (150 if long else dice.randrange(1, 20)) * HOUR))
    return found


def test_the_back_test_finds_what_the_rule_cannot_know() -> None:
    dice = Random(7)
    line = Timeline(cases(0.5, "slow", dice) + cases(0.02, "quick", dice))
    test = back_test(line, 500 * HOUR, 1_000 * HOUR, 20)
    assert test.departments["slow"].beats_the_rule
    assert test.departments["slow"].model < 0.1 < test.departments["slow"].plain
    assert (
        sum(row[2] for row in test.calibration) == test.whole.judged == sum(s.judged for s in test.departments.values())
    )


def test_a_back_test_never_looks_into_the_future() -> None:
    """The planted fault: outcomes that change after `last` must not change a judgement."""
    dice = Random(3)
    known = cases(0.3, "a", dice)
    test = back_test(Timeline(known), 300 * HOUR, 600 * HOUR)
    other = [case if case.start <= 600 * HOUR else Case("a", case.start, case.due, case.start + HOUR) for case in known]
    assert back_test(Timeline(other), 300 * HOUR, 600 * HOUR) == test


def test_where_the_estimate_is_no_better_the_rule_stays() -> None:
    late = np.array([True, False] * 20)
    same = score(late.astype(float), late.astype(float), late.astype(float), late)
    assert same.model == same.rule == 0 and not same.beats_the_rule
    few = score(np.array([0.9]), np.array([0.1]), np.array([0.0]), np.array([True]))
    assert few.model < few.rule and not few.beats_the_rule
    assert RULE == 0.8
