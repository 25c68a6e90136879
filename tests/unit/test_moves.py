"""The table of moves: rows that hold together, and refusals in a sentence. What it must say is in `test_moves_expected`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from models.moves import ENDED, LIVING, MOVES, Actor, Field, Refused, Role, Stage, Standing, check, possible

VALUES = {
    "text": "说明",
    "department": "D1",
    "departments": ["D2"],
    "case": "C-1",
    "category": "0101",
    "instant": datetime(2026, 1, 1, tzinfo=UTC),
    "count": 1,
}
PART = frozenset({"D1"})
WHOLE = Standing(
    Stage.REPORTED,
    department="D1",
    unreceipted=PART,
    undone=PART,
    to_receive=PART,
    to_answer=PART,
    to_conclude=1,
    below_county=True,
)
"""A case of which everything that can wait for somebody waits."""


def value(field: Field) -> object:
    return field.options[0] if field.kind == "choice" else VALUES[field.kind]


def standing(action: str, stage: Stage) -> Standing:
    offered = action in ("accept-transfer", "decline-transfer", "recall-transfer")
    asked = action in ("grant-extension", "refuse-extension")
    values = {"stage": stage, "transfer_to": "D1" if offered else None, "extension_asked": asked}
    return Standing(**{**WHOLE.__dict__, **values})


def fields(action: str) -> dict[str, object]:
    return {field.name: value(field) for field in MOVES[action].fields}


@pytest.mark.parametrize("action", MOVES)
def test_what_a_move_requires_must_be_given(action: str) -> None:
    move = MOVES[action]
    stage, role = sorted(move.start)[0], sorted(move.roles)[0]
    actor, here = Actor("a", role, department="D1"), standing(action, stage)
    check(action, here, actor, fields(action))
    for missing in move.requires:
        with pytest.raises(Refused) as refusal:
            check(action, here, actor, {**fields(action), missing: ""})
        assert refusal.value.field == missing


@pytest.mark.parametrize("action", MOVES)
def test_a_choice_is_one_of_its_options_and_a_count_is_a_whole_number(action: str) -> None:
    move = MOVES[action]
    actor, here = Actor("a", sorted(move.roles)[0], department="D1"), standing(action, sorted(move.start)[0])
    for field in move.fields:
        wrong = {"choice": "no-such-option", "count": -1}.get(field.kind)
        if wrong is not None:
            with pytest.raises(Refused) as refusal:
                check(action, here, actor, {**fields(action), field.name: wrong})
            assert refusal.value.field == field.name


@pytest.mark.parametrize("action", [name for name, move in MOVES.items() if move.own != "anybody"])
def test_a_department_moves_only_what_is_its_own(action: str) -> None:
    stranger = Actor("a", Role.DEPARTMENT, department="D9")
    if Role.DEPARTMENT not in MOVES[action].roles:
        return
    with pytest.raises(Refused, match=r"^Only the department"):
        check(action, standing(action, sorted(MOVES[action].start)[0]), stranger, fields(action))


def test_an_unknown_action_is_refused_with_those_that_exist() -> None:
    with pytest.raises(Refused, match="acknowledge"):
        check("explode", Standing(Stage.FILED), Actor("a", Role.OPERATOR), {})


def test_a_refusal_says_what_is_possible_instead() -> None:
    with pytest.raises(Refused, match=r"possible now for operator: acknowledge or .*return-call"):
        check("dispatch", Standing(Stage.CLOSED), Actor("a", Role.OPERATOR), {})


def test_only_reopening_leaves_an_ended_stage() -> None:
    leaving = {move.action for move in MOVES.values() if move.to and move.start & ENDED}
    assert leaving == {"reopen"}
    assert not [move for move in MOVES.values() if Stage.VOID in move.start and move.action != "acknowledge"]


def test_every_living_stage_can_reach_the_end() -> None:
    for stage in LIVING:
        seen = {stage}
        for _ in Stage:
            seen |= {to for move in MOVES.values() for here in move.start & seen for to in move.leads_to(here)}
        assert Stage.CLOSED in seen


def test_every_move_has_a_role_and_a_stage_and_is_offered_there() -> None:
    for move in MOVES.values():
        assert move.start and move.roles, move.action
        assert all(move.action in possible(stage, role) for stage in move.start for role in move.roles)


def test_field_names_mean_one_kind_throughout() -> None:
    kinds: dict[str, set[str]] = {}
    for move in MOVES.values():
        for field in move.fields:
            kinds.setdefault(field.name, set()).add(field.kind)
    assert {name: found for name, found in kinds.items() if len(found) > 1} == {}
