"""A flood is told in at most ten groups; nothing is lost, and nothing grave hides in a lesser group (promise 24)."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.ladder.floods import MOST, Counted, Group, grouped

NOW = datetime(2026, 11, 18, 2, 30, tzinfo=UTC)


def alarm(number: int, reason: str, level: int, department: str | None, town: str | None) -> Counted:
    moment = NOW + timedelta(milliseconds=30 * number)
    return Counted(reason, level, department, town, 1, moment, moment)


def flood(size: int, seed: int = 1) -> list[Counted]:
    """So many alarms within a minute: ten departments, twelve towns, all reasons and levels."""
    chance = random.Random(seed)
    return [
        alarm(
            number,
            chance.choice(["breach", "direct", "unacknowledged"]),
            chance.choices([1, 2, 3, 4], [1, 4, 45, 50])[0],
            chance.choice([None, *(f"d{one}" for one in range(9))]),
            chance.choice([None, *(f"t{one}" for one in range(11))]),
        )
        for number in range(size)
    ]


def test_two_thousand_alarms_of_a_minute_are_ten_groups_at_most_and_each_is_in_one() -> None:
    alarms = flood(2000)
    groups = grouped(alarms)
    assert len(groups) <= MOST
    assert sum(group.count for group in groups) == 2000
    for group in groups:
        assert group.count == sum(group.has(one) for one in alarms)


def test_no_grave_alarm_hides_in_a_lesser_group_and_the_gravest_comes_first() -> None:
    alarms = flood(2000)
    groups = grouped(alarms)
    by_level = Counter(one.level for one in alarms)
    for level in (1, 2, 3, 4):
        assert sum(group.count for group in groups if group.level == level) == by_level[level]
    assert [group.level for group in groups] == sorted(group.level for group in groups)


def test_few_alarms_are_told_one_by_one_with_department_and_town() -> None:
    alarms = [alarm(number, "breach", 3, f"d{number}", "t1") for number in range(MOST)]
    assert {(group.department, group.town, group.count) for group in grouped(alarms)} == {
        (f"d{number}", "t1", 1) for number in range(MOST)
    }


def test_the_least_grave_are_told_more_coarsely_first() -> None:
    alarms = [alarm(number, "breach", 1, f"d{number}", "t") for number in range(5)]
    alarms += [alarm(number, "breach", 4, f"d{number}", "t") for number in range(40)]
    groups = grouped(alarms)
    assert [group.department for group in groups if group.level == 1] == ["d4", "d3", "d2", "d1", "d0"]
    assert [(group.department, group.count) for group in groups if group.level == 4] == [(None, 40)]


def test_what_an_emergency_says_is_in_no_group_of_ordinary_alarms_and_is_coarsened_last() -> None:
    alarms = [alarm(number, "direct", 1, f"d{number % 20}", f"t{number % 9}") for number in range(300)]
    alarms += [replace(alarm(300 + number, "called", 1, f"d{number}", "t"), emergency="E1") for number in range(7)]
    alarms += [replace(alarm(400, "report-due", 1, None, None), emergency="D2")]
    groups = grouped(alarms)
    assert [(one.emergency, one.department, one.count) for one in groups[:2]] == [("D2", "", 1), ("E1", "d6", 1)]
    assert [(one.emergency, one.count) for one in groups if not one.emergency] == [("", 300)]
    assert sum(one.count for one in groups if one.emergency == "E1") == 7
    for one in alarms:
        assert [group.emergency for group in groups if group.has(one)] == [one.emergency]


def test_what_has_no_department_is_a_group_of_its_own_and_not_all_departments() -> None:
    alarms = [alarm(1, "breach", 3, None, "t"), alarm(2, "breach", 3, "d1", "t")]
    assert {group.department for group in grouped(alarms)} == {"", "d1"}


alarms_ = st.lists(
    st.builds(
        Counted,
        reason=st.sampled_from(["breach", "direct", "unacknowledged", "urge", "message"]),
        level=st.integers(1, 4),
        department=st.one_of(st.none(), st.sampled_from([f"d{one}" for one in range(20)])),
        town=st.one_of(st.none(), st.sampled_from([f"t{one}" for one in range(20)])),
        count=st.integers(1, 50),
        first_at=st.just(NOW),
        last_at=st.just(NOW),
        emergency=st.sampled_from(["", "", "E1"]),
    ),
    max_size=120,
)


@given(alarms_, st.integers(8, 20))
def test_whatever_comes_is_counted_once_and_levels_are_never_mixed(alarms: list[Counted], most: int) -> None:
    groups = grouped(alarms, most)
    assert len(groups) <= most
    assert sum(group.count for group in groups) == sum(one.count for one in alarms)
    for one in alarms:
        assert [(group.level, group.emergency) for group in groups if group.has(one)] == [(one.level, one.emergency)]


def forgetful(alarms: list[Counted]) -> list[Group]:
    """A broken twin: it shows the ten largest groups and lets the rest fall."""
    return sorted(grouped(alarms, 10_000), key=lambda group: -group.count)[:MOST]


def mixing(alarms: list[Counted]) -> list[Group]:
    """A broken twin: it groups by department and calls each group by its commonest level."""
    found = []
    for department in {one.department for one in alarms}:
        members = [one for one in alarms if one.department == department]
        level = Counter(one.level for one in members).most_common(1)[0][0]
        found.append(Group(level, None, department or "", None, len(members), NOW, NOW))
    return found


@pytest.mark.parametrize("twin", [forgetful, mixing])
def test_a_broken_twin_is_caught(twin: object) -> None:
    assert callable(twin)
    alarms = flood(2000)
    groups = twin(alarms)
    by_level = Counter(one.level for one in alarms)
    lost = sum(group.count for group in groups) != 2000
    hidden = sum(group.count for group in groups if group.level == 1) != by_level[1]
    assert lost or hidden
