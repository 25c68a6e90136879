"""Forms come from the table of moves: every move of a role has one, and no letter means two things."""

from __future__ import annotations

import pytest

from dashboard.deskwork.forms import APART, forms
from models.moves import MOVES, Role, Stage

KINDS = {"text", "line", "department", "departments", "area", "case", "category", "instant", "choice", "count"}


@pytest.mark.parametrize("role", list(Role))
def test_every_move_of_a_role_has_its_form(role: Role) -> None:
    made = {form["action"]: form for form in forms(role, {})}
    assert set(made) == {move.action for move in MOVES.values() if role in move.roles} - APART
    for action, form in made.items():
        needed = [field["name"] for field in form["fields"] if field["required"]]
        assert needed == list(MOVES[action].requires)
        assert {field["kind"] for field in form["fields"]} <= KINDS


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.DUTY, Role.DEPARTMENT, Role.LEADER])
@pytest.mark.parametrize("stage", list(Stage))
def test_a_letter_means_one_move_where_both_could_be_made(role: Role, stage: Stage) -> None:
    letters = [form["key"] for form in forms(role, {}) if form["key"] and str(stage) in form["start"]]
    doubled = {letter for letter in letters if letters.count(letter) > 1}
    # An extension is decided and a transfer answered by the same letters; a case has rarely both, and the bar shows all.
    assert doubled <= {"y", "z"}
