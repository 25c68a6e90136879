"""Refusals in the reader's language: the English one stays what it was, and the Chinese one has no English word in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import pytest
import test_emergency_moves as emergencies
from test_moves import fields, standing

from config import texts
from config.sentences import ROLES, Sentence, say, term, terms
from models.emergencies import moves as emergency_table
from models.moves import MOVES, Actor, Refused, Role, Stage, check

CATALOGUE = texts.load()
LATIN = re.compile(r"[A-Za-z]{3,}")


def told(said: str) -> str:
    return CATALOGUE.told(said, "zh-CN")


def refusals_of_cases() -> Iterator[str]:
    for stage, action, role in product(Stage, MOVES, Role):
        for given in (fields(action), {}):
            try:
                check(action, standing(action, stage), Actor("甲", role, department="D1"), given)
            except Refused as refusal:
                yield str(refusal)


def refusals_of_emergencies() -> Iterator[str]:
    for state, action, role in product(emergency_table.State, emergency_table.MOVES, Role):
        for given in (emergencies.said(action), {}):
            actor = Actor("甲", role, department="D1" if role is Role.DEPARTMENT else None)
            try:
                emergency_table.check(action, emergencies.whole(action, state), actor, given)
            except Refused as refusal:
                yield str(refusal)


@pytest.mark.parametrize("refusals", [refusals_of_cases, refusals_of_emergencies])
def test_every_refusal_of_a_table_of_moves_has_no_english_word_in_chinese(refusals: object) -> None:
    said = set(refusals())  # type: ignore[operator]
    assert len(said) > 100
    assert [(one, told(one)) for one in said if LATIN.search(told(one)) or not isinstance(one, Sentence)] == []


def test_a_refusal_is_the_same_english_as_before_for_machines() -> None:
    with pytest.raises(Refused) as refusal:
        check("close", standing("close", Stage.REPORTED), Actor("甲", Role.OPERATOR), {})
    english = CATALOGUE.told(str(refusal.value), "en")
    assert english.startswith("A case in stage reported cannot close; possible now for operator: accept or ")
    assert told(str(refusal.value)).startswith("案件处于“待受理”，不能进行“结案”。坐席现在可以：受理、")


def test_an_error_keeps_the_template_of_its_sentence() -> None:
    error = ValueError(say("There is no case {code!r}.", code="X-1"))
    assert str(error) == "There is no case 'X-1'."
    assert told(str(error)) == "没有案件“X-1”，或您无权查看。"


def test_what_somebody_typed_is_told_as_it_is() -> None:
    said = say("There is no department {department!r}.", department="{0.__class__} It was not taken")
    assert told(said) == "没有部门“{0.__class__} It was not taken”。"


def test_codes_without_a_name_and_sentences_without_a_form_stay_as_they_are() -> None:
    assert told("Nobody has told this in Chinese.") == "Nobody has told this in Chinese."
    assert str(terms([], "case.action")) == "nothing" and str(terms(["b", "a"])) == "a or b"
    known = say("The role {role} may not {action}.", role=term("nobody", *ROLES), action=term("accept", "case.action"))
    assert told(known) == "nobody不能进行“受理”。"
