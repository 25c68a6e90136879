"""Which desk hears that something changed: its own, those that are offered or help with a case, and nobody of the whole county."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.desks import concerns, has_desk
from alerts.entrance import Turned, admit
from models.accounts import Visitor
from models.moves import Role


def visitor(role: Role, **more: Any) -> Visitor:
    return Visitor(name=str(role), role=role, **more)


CG = visitor(Role.DEPARTMENT, department="cg")
TOWN = visitor(Role.OPERATOR, area="990100100")
FACT = {"kind": "case.moved", "case": "GC-1", "department": "cg", "area": "990100100001001", "town": "990100100"}


@pytest.mark.parametrize(
    ("fact", "heard"),
    [
        (FACT, True),
        (FACT | {"department": "zj"}, False),
        (FACT | {"department": "zj", "kind": "order.issued", "addressee": "cg"}, True),
        (FACT | {"department": "zj", "action": "transfer"}, True),
        (FACT | {"department": "zj", "action": "file"}, False),
        ({"kind": "camera.changed", "camera": "1"}, False),
        ({"kind": "warning.received", "warning": 1}, False),
    ],
)
def test_a_department_hears_of_its_own_and_of_what_may_be_offered_to_it(fact: dict[str, Any], heard: bool) -> None:
    assert concerns(CG, fact) is heard


def test_a_desk_of_a_town_hears_of_its_town() -> None:
    assert concerns(TOWN, FACT)
    assert not concerns(TOWN, FACT | {"area": "990100101001001", "town": "990100101"})


def test_a_desk_of_the_centre_hears_that_a_warning_came() -> None:
    assert concerns(TOWN, {"kind": "warning.received", "warning": 1})


def test_who_sees_the_whole_county_or_has_no_desk_is_sent_to_another_topic() -> None:
    for one in (CG, TOWN):
        assert has_desk(one)
        admit(one, ["desk"])
    for one in (visitor(Role.OPERATOR), visitor(Role.GRID, area="990100100001001"), visitor(Role.DEPARTMENT)):
        assert not has_desk(one)
        with pytest.raises(Turned, match="no desk"):
            admit(one, ["desk"])
    with pytest.raises(Turned):
        admit(CG, ["desk", "wall"])
