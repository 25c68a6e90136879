"""Orders and the loop's fields over the API: lists by state, what a department sees, versions, bad input."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from test_api_cases import CASES, DEPARTMENT, OWN, app, browser, door, filed, problem, read

from models.door import Door
from models.store import Store
from models.timebase import real_now

__all__ = ["app", "door"]
ORDERS = "/api/v1/orders"


@pytest.fixture
def code(door: Door) -> Iterator[str]:
    yield filed(door)


def post(client: Any, code: str, action: str, **body: Any) -> Any:
    return client.post(f"{CASES}/{code}/actions/{action}", json=body, headers=OWN)


def test_orders_are_listed_by_state_and_a_department_sees_its_own(app: Flask, county_store: Store, code: str) -> None:
    operator, department = browser(app, county_store, "operator"), browser(app, county_store, "department")
    answer = post(operator, code, "dispatch", department="ga", co_departments=[DEPARTMENT], note="请办")
    assert answer.status_code == 200
    everything = operator.get(ORDERS).get_json()
    assert everything["total"] == 2 and {order["part"] for order in everything["orders"]} == {"lead", "co"}
    own = department.get(ORDERS).get_json()
    assert [(order["department"], order["case"], order["text"]) for order in own["orders"]] == [
        (DEPARTMENT, code, "请办")
    ]
    assert department.get(f"{CASES}/{code}").status_code == 200  # a co-handler knows of the case
    assert post(department, code, "receipt").status_code == 200
    assert operator.get(f"{ORDERS}?state=unreceipted").get_json()["total"] == 1
    page = operator.get(f"{ORDERS}?limit=1").get_json()
    rest = operator.get(ORDERS, query_string={"limit": 1, "after": page["next"]}).get_json()
    assert page["orders"][0]["number"] != rest["orders"][0]["number"] and rest["next"] is None
    for query, field in (
        ("state=lost", "state"),
        ("after=x", "after"),
        ("kind=letter", "kind"),
        ("colour=red", "colour"),
    ):
        refused = operator.get(f"{ORDERS}?{query}")
        assert (refused.status_code, problem(refused)["field"]) == (422, field)


def test_whoever_comes_second_gets_their_own_words_back(app: Flask, county_store: Store, code: str) -> None:
    client = browser(app, county_store, "operator")
    seen = client.get(f"{CASES}/{code}").get_json()["version"]
    assert post(client, code, "accept", version=seen).status_code == 200
    late = post(client, code, "void", version=seen, note="重复上报，作废")
    told = problem(late)
    assert late.status_code == 409 and told["field"] == "version" and told["version"] == seen + 1
    assert [(line["action"], line["actor"]) for line in told["since"]] == [("accept", "operator")]
    assert told["yours"]["note"] == "重复上报，作废"


def test_a_suspended_case_is_paused_and_its_derivation_says_since_when(
    app: Flask, county_store: Store, code: str
) -> None:
    client = browser(app, county_store, "operator")
    until = (real_now() + timedelta(days=2)).isoformat()
    post(client, code, "file")
    suspended = post(client, code, "suspend", until=until, note="等材料")
    assert suspended.status_code == 200 and suspended.get_json()["due_at"] is None
    whole = client.get(f"{CASES}/{code}").get_json()
    assert (whole["clock"], whole["stage"], whole["stage_label"]) == ("paused", "suspended", "事件办理（挂账）")
    assert whole["derivation"]["pauses"][0]["ended_at"] is None and whole["derivation"]["due_at"] is None
    assert whole["pauses"][0]["ended_at"] is None and whole["suspended_from"] == "filed"
    assert client.get(f"{CASES}?state=paused").get_json()["total"] == 1
    assert post(client, code, "resume").get_json()["due_at"] is not None


def test_bad_fields_of_a_move_are_named(app: Flask, county_store: Store, code: str) -> None:
    client = browser(app, county_store, "operator")
    for action, body, status, field in (
        ("merge", {"into": code}, 422, "into"),
        ("merge", {"into": "X-1"}, 422, "into"),
        ("merge", {}, 422, "into"),
        ("dispatch", {"department": "cg", "co_departments": ["nobody"]}, 422, "co_departments"),
        ("dispatch", {"department": "cg", "co_departments": "cg"}, 422, "co_departments"),
        ("dispatch", {"department": "cg", "co_limit": 0}, 422, "co_limit"),
        ("classify", {"category": "no-such"}, 422, "category"),
        ("accept", {"level": "9"}, 422, "level"),
        ("supervise", {"degree": "mild", "reply_due": "2099-01-01T00:00:00Z", "note": "x"}, 422, "degree"),
        ("supervise", {"degree": "key", "reply_due": "2020-01-01T00:00:00Z", "note": "x"}, 422, "reply_due"),
        ("supervise", {"degree": "key", "reply_due": 5, "note": "x"}, 422, "reply_due"),
        ("file", {"version": "1"}, 422, "version"),
        ("file", {"version": 2**70}, 422, "version"),
        ("file", {"happened_at": "2000-01-01T00:00:00Z"}, 422, "happened_at"),
        ("instruct", {"note": "x"}, 403, "action"),
        ("evaluate", {"score": 101}, 422, "score"),
        ("return-call", {"satisfaction": "satisfied"}, 409, "action"),
    ):
        answer = post(client, code, action, **body)
        assert (answer.status_code, problem(answer)["field"].split(".")[0]) == (status, field), (action, body)
    assert client.get(f"{CASES}/{code}").get_json()["stage"] == "reported"


def test_a_leaders_instruction_becomes_an_order_and_the_leader_sees_the_reply(
    app: Flask, county_store: Store, code: str
) -> None:
    leader, department = browser(app, county_store, "leader"), browser(app, county_store, "department")
    assert post(leader, code, "instruct", note="请重视", department=DEPARTMENT).status_code == 200
    assert post(department, code, "reply", note="已落实").status_code == 200
    (order,) = read(app, county_store, "leader", f"{CASES}/{code}").get_json()["orders"]
    assert (order["kind"], order["text"], order["result"]) == ("instruction", "请重视", "已落实")
