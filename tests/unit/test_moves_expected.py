"""Every stage × every action × every role against a table written by hand from the field's rules (`expected_moves.txt`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import pytest
from test_moves import fields, standing

from models.moves import MOVES, Actor, Refused, Role, Stage, check, open_moves

EXPECTED = Path(__file__).with_name("expected_moves.txt")


@dataclass(frozen=True)
class Expected:
    start: frozenset[str]
    roles: frozenset[str]
    to: frozenset[str]
    needs: frozenset[str]


def expectations(text: str) -> Mapping[str, Expected]:
    rows = [line.split("|") for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {row[0].strip(): Expected(*(frozenset(cell.split()) for cell in row[1:])) for row in rows}


TABLE = expectations(EXPECTED.read_text(encoding="utf-8"))


def outcome(action: str, stage: Stage, role: Role) -> str:
    """Where the move leads, or "refused"; everything a case can wait for waits, so that only the table decides."""
    actor = Actor("somebody", role, department="D1")
    try:
        return str(check(action, standing(action, stage), actor, fields(action))[1])
    except Refused as refusal:
        assert str(refusal).endswith(".") and len(str(refusal)) > 20
        return "refused"


def fault(action: str, stage: Stage, role: Role, table: Mapping[str, Expected] = TABLE) -> str | None:
    """How the code differs from what is expected of this combination; None where it does not."""
    wanted, came = table[action], outcome(action, stage, role)
    if stage in wanted.start and role in wanted.roles:
        leads_to = {str(stage)} if wanted.to == {"="} else wanted.to
        return None if came in leads_to else f"{role} {action} from {stage}: {came}, expected {sorted(leads_to)}"
    return None if came == "refused" else f"{role} {action} from {stage}: {came}, expected a refusal"


def test_the_table_and_the_expectation_name_the_same_moves() -> None:
    assert set(TABLE) == set(MOVES)


def test_every_stage_action_and_role_is_as_the_field_says() -> None:
    found = [fault(action, stage, role) for stage, action, role in product(Stage, TABLE, Role)]
    assert len(found) == len(Stage) * len(MOVES) * len(Role) == 13 * len(MOVES) * 9
    assert [sentence for sentence in found if sentence] == []


@pytest.mark.parametrize("action", TABLE)
def test_what_must_be_said_is_as_the_field_says(action: str) -> None:
    assert set(MOVES[action].requires) == TABLE[action].needs


@pytest.mark.parametrize("action", TABLE)
def test_every_end_of_a_move_is_one_the_field_knows(action: str) -> None:
    wanted, move = TABLE[action], MOVES[action]
    for stage in move.start:
        leads_to = {str(to) for to in move.leads_to(stage)}
        assert leads_to == ({str(stage)} if wanted.to == {"="} else wanted.to)


def test_what_is_offered_is_what_would_be_taken() -> None:
    for stage, action, role in product(Stage, TABLE, Role):
        actor = Actor("somebody", role, department="D1")
        offered = action in {move.action for move in open_moves(standing(action, stage), actor)}
        assert offered == (outcome(action, stage, role) != "refused"), (stage, action, role)


def test_a_move_allowed_too_much_or_too_little_would_be_noticed() -> None:
    more = {**TABLE, "close": replace(TABLE["close"], roles=frozenset({"operator"}))}
    less = {**TABLE, "void": replace(TABLE["void"], start=TABLE["void"].start | {"handling"})}
    assert fault("close", Stage.FEEDBACK, Role.SYSTEM, more)
    assert fault("void", Stage.HANDLING, Role.OPERATOR, less)
