"""Who may come in, from where, and to what: whatever is not allowed is refused."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.entrance import (
    MALFORMED,
    NOT_ALLOWED,
    Credential,
    Turned,
    admit,
    credential,
    fact_before,
    origin_allowed,
    subscription,
)
from models.accounts import SCOPES, Visitor
from models.moves import Role

LISTED = frozenset({"https://county.example"})
WATCHING = {Role.DUTY, Role.OPERATOR, Role.LEADER, Role.DISPLAY}


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        (None, "10.1.1.5:8051", True),
        ("http://10.1.1.5:8050", "10.1.1.5:8051", True),
        ("http://10.1.1.5:8051", "10.1.1.5:8051", True),
        ("http://[fd00::5]:8050", "[fd00::5]:8051", True),
        ("http://LOCALHOST:8050", "localhost:8051", True),
        ("https://county.example", "push.internal:8051", True),
        ("https://wall.example", "wall.example", True),
        ("http://10.1.1.5:8049", "10.1.1.5:8051", False),
        ("http://10.1.1.6:8050", "10.1.1.5:8051", False),
        ("http://10.1.1.5", "10.1.1.5:8051", False),
        ("https://county.example.evil.example", "push.internal:8051", False),
        ("https://county.example:444", "push.internal:8051", False),
        ("null", "10.1.1.5:8051", False),
        ("", "10.1.1.5:8051", False),
        ("file://10.1.1.5:8050", "10.1.1.5:8051", False),
        ("http://10.1.1.5:port", "10.1.1.5:8051", False),
        ("http://10.1.1.5:8050", "", False),
    ],
)
def test_a_page_may_connect_only_from_the_list_or_from_the_same_host(
    origin: str | None, host: str, allowed: bool
) -> None:
    assert origin_allowed(origin, host, LISTED, 8050) is allowed


@given(st.text(max_size=60), st.text(max_size=40))
def test_no_origin_and_no_host_raises(origin: str, host: str) -> None:
    origin_allowed(origin, host, LISTED, 8050)


def test_a_bearer_token_goes_before_a_session_and_neither_is_none() -> None:
    cookies = ["gc_lang=en; gc_session=abc; other=1"]
    assert credential([], cookies) == Credential("session", "abc")
    assert credential(["bearer  xyz "], cookies) == Credential("token", "xyz")
    assert credential(["Basic eHl6"], ["gc_sessions=abc; gc_session="]) is None
    assert "xyz" not in repr(credential(["Bearer xyz"], []))


@pytest.mark.parametrize(("role", "scope"), list(itertools.product(Role, [None, *SCOPES])))
def test_the_wall_is_for_watchers_and_reading_systems_only(role: Role, scope: str | None) -> None:
    visitor = Visitor("someone", role, scopes=frozenset({scope} if scope else ()))
    allowed = role in WATCHING or (role is Role.SYSTEM and scope in ("read", "events"))
    if allowed:
        admit(visitor, ["wall"])
        return
    with pytest.raises(Turned) as turned:
        admit(visitor, ["wall"])
    assert turned.value.code == NOT_ALLOWED


@pytest.mark.parametrize("topics", [["walls"], ["wall", "desk"], [""]])
def test_no_other_topic_is_given_to_anybody(topics: list[str]) -> None:
    with pytest.raises(Turned) as turned:
        admit(Visitor("someone", Role.OPERATOR), topics)
    assert turned.value.code == NOT_ALLOWED


def test_somebody_bound_to_one_area_does_not_hear_the_whole_county() -> None:
    with pytest.raises(Turned, match="one area"):
        admit(Visitor("someone", Role.DUTY, area="990100001"), ["wall"])


@pytest.mark.parametrize("after", [None, "0", "123", "123.7", "123.1795327794363"])
def test_a_subscription_names_topics_and_the_last_message_it_has(after: str | None) -> None:
    text = '{"kind":"subscribe","topics":["wall"],"after":' + (f'"{after}"' if after else "null") + "}"
    assert subscription(text).after == after


@pytest.mark.parametrize(
    "message",
    [
        b"\x00\x01",
        "",
        "hello",
        "[]",
        "null",
        '{"kind":"subscribe"}',
        '{"kind":"subscribe","topics":[]}',
        '{"kind":"subscribe","topics":"wall"}',
        '{"kind":"unsubscribe","topics":["wall"]}',
        '{"kind":"subscribe","topics":["wall"],"after":"1 or 1"}',
        '{"kind":"subscribe","topics":["wall"],"after":"-1"}',
        '{"kind":"subscribe","topics":["wall"],"after":12}',
        '{"kind":"subscribe","topics":["wall"],"more":1}',
        '{"kind":"subscribe","topics":["wall"],"after":"9999999999999999999999"}',
        "[" * 5000,
    ],
)
def test_anything_else_is_turned_away_with_a_code(message: str | bytes) -> None:
    with pytest.raises(Turned) as turned:
        subscription(message)
    assert turned.value.code == MALFORMED
    assert len(turned.value.reason.encode()) <= 123


@given(st.one_of(st.text(), st.binary()))
def test_a_first_message_never_raises_anything_but_turned(message: str | bytes) -> None:
    with pytest.raises(Turned):
        subscription(message)


def test_any_id_names_the_fact_it_continues() -> None:
    assert [fact_before(after) for after in (None, "7", "7.0", "0.5", "123.17953")] == [None, 7, 7, 0, 123]


def test_a_reason_fits_into_a_close_frame_in_any_script() -> None:
    assert len(Turned(4400, "网" * 200).reason.encode()) <= 123
