"""The web's pure rules: same origin, callback bodies, ways that stay here, clock faces, what concerns whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.api.reference import concerns
from dashboard.casefile import handles
from dashboard.clockface import face, span
from dashboard.entrance import local_path
from dashboard.guard import callback_fault, language_of, same_origin
from dashboard.phone.page import given as form_given
from dashboard.services import Addresses
from models.accounts import Visitor
from models.moves import Role

NOW = datetime(2026, 11, 18, 2, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
OWN = frozenset({"https://grid.example"})


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"Origin": "https://grid.example"}, True),
        ({"Origin": "https://grid.example", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://grid.example"}, False),
        ({"Origin": "https://grid.example:8443"}, False),
        ({"Origin": "https://grid.example.evil.example"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://grid.example"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
    ],
)
def test_only_our_own_pages_may_change_something(headers: dict[str, str], own: bool) -> None:
    assert same_origin(headers, OWN) is own


CALLBACKS = {
    "page.children": {
        "inputs": [{"id": "location", "property": "pathname"}, {"id": "location", "property": "search"}],
        "state": [],
    }
}


def body(**changes: Any) -> dict[str, Any]:
    whole = {
        "output": "page.children",
        "outputs": {"id": "page", "property": "children"},
        "inputs": [
            {"id": "location", "property": "pathname", "value": "/wall"},
            {"id": "location", "property": "search", "value": ""},
        ],
        "changedPropIds": ["location.pathname"],
        "state": [],
    }
    return {**whole, **changes}


def test_the_body_that_a_page_sends_is_let_through() -> None:
    assert callback_fault(body(), CALLBACKS) is None


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        "page.children",
        {},
        body(output="other.children"),
        body(output=["page.children"]),
        body(output={"id": 1}),
        body(inputs=None),
        body(inputs=[]),
        body(inputs=[1, 2]),
        body(inputs=[{"id": "location", "property": "search"}, {"id": "location", "property": "pathname"}]),
        body(inputs=[[{"id": "location", "property": "pathname"}], {"id": "location", "property": "search"}]),
        body(state=[{"id": "x", "property": "y"}]),
        body(outputs=None),
        body(outputs={"id": "page", "property": "style"}),
        body(outputs=[{"id": "page", "property": "children"}]),
        body(changedPropIds="location.pathname"),
        body(changedPropIds=["page.children"]),
        body(changedPropIds=[{}]),
    ],
)
def test_a_body_of_any_other_shape_is_a_fault(wrong: object) -> None:
    assert callback_fault(wrong, CALLBACKS)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["output", "outputs", "inputs", "state", "id", "property", "changedPropIds"]), inner
            )
        ),
    )
)
@settings(max_examples=300)
def test_no_body_makes_the_check_itself_fall_over(anything: object) -> None:
    assert callback_fault(anything, CALLBACKS) is not None


@given(st.text())
def test_a_way_on_never_leaves_this_server(text: str) -> None:
    path = local_path(text)
    assert path in ("", text) and (not path or (path[0] == "/" and path[1:2] not in ("/", "\\")))


def case(**changes: Any) -> Any:
    plain = {"closed_at": None, "stage": "handling", "in_time": None, "due_at": NOW + HOUR, "soon_at": NOW + HOUR / 2}
    return SimpleNamespace(**{**plain, **changes})


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "on-time"),
        ({"soon_at": NOW}, "due-soon"),
        ({"soon_at": None}, "on-time"),
        ({"due_at": NOW}, "on-time"),
        ({"due_at": NOW, "soon_at": NOW - HOUR}, "due-soon"),
        ({"due_at": NOW - timedelta(microseconds=1), "soon_at": NOW - HOUR}, "overdue"),
        ({"due_at": None, "soon_at": None}, "none"),
        ({"closed_at": NOW, "stage": "closed", "in_time": True}, "in-time"),
        ({"closed_at": NOW, "stage": "closed", "in_time": False}, "late"),
        ({"closed_at": NOW, "stage": "closed"}, "none"),
        ({"closed_at": NOW, "stage": "void", "in_time": True}, "none"),
    ],
)
def test_a_clock_reads_as_its_list_says(changes: dict[str, Any], word: str) -> None:
    assert face(case(**changes), NOW) == word


def test_lengths_are_rounded_down_and_have_no_sign() -> None:
    assert span(timedelta(hours=26, minutes=5, seconds=59)) == (1, 2, 5)
    assert span(-timedelta(minutes=61)) == (0, 1, 1)


FACT = {"case": "A", "area": "G", "town": "T", "department": "cg"}


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        (Visitor("a", Role.DUTY), True),
        (Visitor("a", Role.SYSTEM, area="G"), True),
        (Visitor("a", Role.SYSTEM, area="T"), True),
        (Visitor("a", Role.SYSTEM, area="X"), False),
        (Visitor("a", Role.DEPARTMENT, department="cg"), True),
        (Visitor("a", Role.SYSTEM, department="ga"), False),
    ],
)
def test_a_fact_concerns_whom_its_case_concerns(who: Visitor, seen: bool) -> None:
    assert concerns(FACT, who) is seen


@pytest.mark.parametrize(
    ("who", "department", "may"),
    [
        (Visitor("a", Role.OPERATOR), None, True),
        (Visitor("a", Role.DEPARTMENT, department="cg"), "cg", True),
        (Visitor("a", Role.DEPARTMENT, department="cg"), "ga", False),
        (Visitor("a", Role.DEPARTMENT), None, False),
        (Visitor("a", Role.DUTY), "cg", False),
        (Visitor("a", Role.ADMIN), None, False),
        (Visitor("a", Role.GRID), None, False),
        (Visitor("a", Role.SYSTEM), None, False),
    ],
)
def test_only_who_handles_a_case_reads_what_the_reporter_entrusted(
    who: Visitor, department: str | None, may: bool
) -> None:
    assert handles(who, department) is may


def test_gateways_are_found_beside_the_page_or_behind_the_public_name() -> None:
    beside = Addresses("", 8051, 8052)
    assert beside.push("http", "10.0.0.5") == "ws://10.0.0.5:8051/events"
    assert beside.video("https", "[::1]") == "wss://[::1]:8052/tiles"
    behind = Addresses("https://grid.example", 8051, 8052)
    assert behind.push("http", "127.0.0.1") == "wss://grid.example/events"
    assert behind.public_origin == "https://grid.example"


def test_an_unknown_language_is_the_countys() -> None:
    assert language_of("en", "zh-CN") == "en"
    assert language_of("xx", "zh-CN") == language_of(None, "zh-CN") == "zh-CN"


def test_a_position_of_the_form_becomes_numbers_and_what_is_none_stays_for_the_shape_to_refuse() -> None:
    form = {"category": "1", "description": "a\r\nb", "longitude": "112.9", "latitude": "north", "area": ""}
    assert form_given(form) == {"category": "1", "description": "a\nb", "longitude": 112.9, "latitude": "north"}
