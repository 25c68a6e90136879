"""The table of moves: every stage × action × role is either allowed by the table or refused in a sentence."""

from __future__ import annotations

from itertools import product

import pytest

from models.moves import ENDED, LIVING, MOVES, Actor, Refused, Role, Stage, check, possible

FIELDS = {"note": "说明", "department": "D1", "escalation": 1}


@pytest.mark.parametrize(("stage", "action", "role"), list(product(Stage, MOVES, Role)))
def test_every_combination_follows_the_table(stage: Stage, action: str, role: Role) -> None:
    move = MOVES[action]
    actor = Actor("somebody", role, department="D1")
    if stage in move.start and role in move.roles:
        assert check(action, stage, actor, "D1", FIELDS)[1] == (move.to or stage)
        assert action in possible(stage, role)
    else:
        with pytest.raises(Refused) as refusal:
            check(action, stage, actor, "D1", FIELDS)
        assert str(refusal.value).endswith(".")


@pytest.mark.parametrize("action", MOVES)
def test_what_a_move_requires_must_be_given(action: str) -> None:
    move = MOVES[action]
    for missing in move.requires:
        fields = {name: value for name, value in FIELDS.items() if name != missing}
        with pytest.raises(Refused) as refusal:
            check(action, next(iter(move.start)), Actor("a", next(iter(move.roles)), department="D1"), "D1", fields)
        assert refusal.value.field == missing


def test_a_department_moves_only_its_own_order() -> None:
    with pytest.raises(Refused, match="holds the order"):
        check("receipt", Stage.DISPATCHED, Actor("a", Role.DEPARTMENT, department="D2"), "D1", {})


def test_an_unknown_action_is_refused_with_those_that_exist() -> None:
    with pytest.raises(Refused, match="acknowledge"):
        check("explode", Stage.FILED, Actor("a", Role.OPERATOR), None, {})


def test_nothing_leaves_an_ended_stage() -> None:
    assert not [move for move in MOVES.values() if move.to and move.start & ENDED]


def test_every_living_stage_can_reach_the_end() -> None:
    reached = {Stage.REPORTED}
    for _ in Stage:
        reached |= {move.to for move in MOVES.values() if move.to and move.start & reached}
    for stage in LIVING & reached:
        seen = {stage}
        for _ in Stage:
            seen |= {move.to for move in MOVES.values() if move.to and move.start & seen}
        assert Stage.CLOSED in seen
