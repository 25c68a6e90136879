"""Rounds: all screens of a plan and size show the same group; each is told of its group, of the next, of an emergency."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from streams.patrol import AHEAD_SECONDS, Sight
from streams.rounds import PatrolRequest, PlanOf, Rounds

CAMERAS = [f"c{number}" for number in range(10)]
KEY = ("all", 4)


def rounds() -> Rounds:
    return Rounds({"all": PlanOf(dwell=20.0, by_risk=True)}, lambda: CAMERAS)


def told(one: Rounds, now: float) -> dict[str, object]:
    return dict(json.loads(one.message(KEY, lambda camera: camera != "c1", now)))


def test_a_screen_is_told_its_group_the_next_one_ahead_and_the_change() -> None:
    one = rounds()
    assert one.ticked(frozenset({KEY}), 0.0) == {KEY}
    assert told(one, 5.0) == {
        "kind": "group", "plan": "all", "tiles": 4, "cameras": ["c0", "c2", "c3"], "next": [], "held": False,
        "left_ms": 15000,
    }  # fmt: skip
    assert one.ticked(frozenset({KEY}), 1.0) == frozenset()
    assert one.ticked(frozenset({KEY}), 20.0 - AHEAD_SECONDS) == {KEY}
    assert told(one, 14.0)["next"] == ["c4", "c5", "c6", "c7"]
    assert one.ticked(frozenset({KEY}), 20.0) == {KEY}
    assert told(one, 20.0)["cameras"] == ["c4", "c5", "c6", "c7"]


def test_an_emergency_holds_the_screen_and_a_camera_that_is_not_watched_here_is_not_shown() -> None:
    one = rounds()
    one.ticked(frozenset({KEY}), 0.0)
    one.held = ["c9", "unknown"]
    assert one.ticked(frozenset({KEY}), 1.0) == {KEY}
    assert (told(one, 1.0)["cameras"], told(one, 1.0)["held"]) == (["c9"], True)
    one.held = ()
    assert one.ticked(frozenset({KEY}), 100.0) == {KEY}
    assert told(one, 100.0)["cameras"] == ["c0", "c2", "c3"]


def test_risk_orders_the_round_that_begins_next() -> None:
    one = rounds()
    one.sights = {"c8": Sight("c8", open_cases=2), "c0": Sight("c0", faulty=True)}
    one.ticked(frozenset({KEY}), 0.0)
    assert one.group(KEY, 0.0)[0] == ("c8", "c1", "c2", "c3")


def test_a_patrol_that_nobody_follows_is_forgotten() -> None:
    one = rounds()
    one.ticked(frozenset({KEY}), 0.0)
    one.ticked(frozenset({KEY}), 20.0)
    one.ticked(frozenset(), 30.0)
    one.ticked(frozenset({KEY}), 31.0)
    assert one.group(KEY, 31.0)[0][0] == "c0"


@pytest.mark.parametrize("text", ['{"kind":"patrol","plan":"all","tiles":5}', '{"kind":"patrol"}', '{"kind":"x"}'])
def test_other_sizes_and_kinds_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        PatrolRequest.model_validate_json(text)
