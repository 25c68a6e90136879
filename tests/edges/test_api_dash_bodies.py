"""Dash's endpoints behind the guard: nobody without a session, no page for another role, no 5xx whatever is sent."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk_harness import GRID, ORIGIN, HeardNews, add_people, browser, form_token, web
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models.door import Report
from models.moves import Actor, Role
from models.store import Store
from models.timebase import real_now

UPDATE = "/_dash-update-component"
BODIES = 1_500


@pytest.fixture
def app(sqlite_county: Store, tmp_path: Path) -> Iterator[Flask]:
    add_people(sqlite_county)
    with web(sqlite_county, tmp_path, HeardNews()) as app:
        yield app


@pytest.fixture
def code(app: Flask) -> str:
    report = Report(category="010101", description="垃圾成堆", source="hotline", area=GRID)
    outcome = app.extensions["gridcommand"].door.report(report, Actor("x", Role.SYSTEM), real_now())
    return str(outcome.case.code)


def body(pathname: Any, search: Any = "", **changes: Any) -> dict[str, Any]:
    whole = {
        "output": "page.children",
        "outputs": {"id": "page", "property": "children"},
        "inputs": [
            {"id": "location", "property": "pathname", "value": pathname},
            {"id": "location", "property": "search", "value": search},
        ],
        "changedPropIds": ["location.pathname"],
        "state": [],
    }
    return {**whole, **changes}


def ask(client: FlaskClient, sent: Any, **headers: str) -> TestResponse:
    token = form_token(client)
    return client.post(UPDATE, json=sent, headers={"Origin": ORIGIN, "X-CSRFToken": token, **headers})


def found(tree: Any, name: str) -> Iterator[dict[str, Any]]:
    """Every object of a tree that has this property."""
    if isinstance(tree, dict):
        if name in tree:
            yield tree
        for value in tree.values():
            yield from found(value, name)
    elif isinstance(tree, list):
        for value in tree:
            yield from found(value, name)


def said(answer: TestResponse) -> str:
    return json.dumps(answer.get_json(), ensure_ascii=False)


@pytest.mark.parametrize(
    ("role", "path", "words"),
    [
        ("operator", "/cases", "list-total"),
        ("operator", "/cases?", "list-total"),
        ("department", "/cases", "list-total"),
        ("admin", "/admin", "admin-accounts"),
        ("admin", "/cameras", "cameras-online"),
        ("duty", "/cameras", "cameras-online"),
        ("duty", "/wall", "wall-figures"),
        ("display", "/wall", "wall-figures"),
    ],
)
def test_each_role_gets_the_pages_of_its_work(
    app: Flask, sqlite_county: Store, role: str, path: str, words: str
) -> None:
    answer = ask(browser(app, sqlite_county, role), body(path.rstrip("?")))
    assert answer.status_code == 200 and words in said(answer)


@pytest.mark.parametrize(
    ("role", "path"),
    [("operator", "/admin"), ("admin", "/cases"), ("admin", "/wall"), ("grid", "/wall"), ("display", "/cameras")]
    + [("operator", wrong) for wrong in ("/nowhere", "", None, 7, [], {}, "/cases/\x00", "//wall", "/wall/", "wall")],
)
def test_a_page_of_another_role_and_no_page_are_answered_alike(
    app: Flask, sqlite_county: Store, role: str, path: Any
) -> None:
    answer = ask(browser(app, sqlite_county, role), body(path))
    assert answer.status_code == 200 and "desk-nothing" in said(answer)


def test_the_page_of_a_case_obeys_the_readers_scope(app: Flask, sqlite_county: Store, code: str) -> None:
    seen = {}
    for role in ("operator", "duty", "grid", "department", "display", "admin"):
        client = browser(app, sqlite_county, role)
        answer = ask(client, body(f"/cases/{code}"))
        file = client.get(f"/live/files/{code}")
        assert answer.status_code == 200
        seen[role] = "file-room" in said(answer) and "case-trace" in file.get_data(as_text=True)
        assert seen[role] is (file.status_code == 200)
    assert seen == {
        "operator": True, "duty": True, "grid": True, "department": True, "display": False, "admin": False
    }  # fmt: skip
    missing = ask(browser(app, sqlite_county, "operator"), body("/cases/NO-1"))
    assert "没有这个案件" in said(missing)


def test_the_list_of_a_page_equals_the_list_of_the_api(app: Flask, sqlite_county: Store, code: str) -> None:
    client = browser(app, sqlite_county, "operator")
    for query in ("?state=open", "?state=all&level=4", "?state=overdue", "?text=垃圾", "?department=cg&area=" + GRID):
        total = client.get(f"/api/v1/cases{query if 'state' in query else query + '&state=open'}").get_json()["total"]
        figures = found(ask(client, body("/cases", query)).get_json(), "data-figure")
        values = {one["data-figure"]: one["data-value"] for one in figures}
        assert values["list-total"] == str(total), query


@pytest.mark.parametrize(
    "search", ["?level=x", "?state=lost", "?text=" + "a" * 200, "?after=x", "?text=%00", "?a&b=&&="]
)
def test_a_filter_that_cannot_be_is_said_to_be_none(app: Flask, sqlite_county: Store, search: str) -> None:
    answer = ask(browser(app, sqlite_county, "operator"), body("/cases", search))
    assert answer.status_code == 200
    assert "desk-nothing" in said(answer) or "list-total" in said(answer)


def test_callbacks_need_a_session_a_token_and_our_own_page(app: Flask, sqlite_county: Store) -> None:
    nobody = app.test_client()
    for method, path in (("GET", "/_dash-layout"), ("GET", "/_dash-dependencies"), ("POST", UPDATE)):
        assert nobody.open(path, method=method, json=body("/wall") if method == "POST" else None).status_code == 401
    client = browser(app, sqlite_county, "operator")
    assert client.get("/_dash-layout").status_code == 200
    assert client.post(UPDATE, json=body("/cases"), headers={"Origin": ORIGIN}).status_code == 403
    assert ask(client, body("/cases"), Origin="http://evil.example").status_code == 403


def mutated(dice: random.Random, value: Any, depth: int = 0) -> Any:
    """The value with one or more things in it replaced by something else."""
    odd: list[Any] = [None, True, -1, 2**70, 1e308, "", "\x00", "a" * 5_000, [], {}, [[]], {"id": {"index": "ALL"}}]
    if dice.random() < 0.25 or depth > 4:
        return dice.choice(odd)
    if isinstance(value, dict) and value:
        key = dice.choice(list(value))
        rest = {name: one for name, one in value.items() if name != key or dice.random() < 0.7}
        return {**rest, **({key: mutated(dice, value[key], depth + 1)} if dice.random() < 0.8 else {})}
    if isinstance(value, list) and value:
        at = dice.randrange(len(value))
        return [*value[:at], mutated(dice, value[at], depth + 1), *value[at + dice.randrange(2) :]]
    return dice.choice(odd)


def test_no_body_whatever_gives_a_5xx(app: Flask, sqlite_county: Store, code: str) -> None:
    client, dice = browser(app, sqlite_county, "operator"), random.Random(7)
    token = form_token(client)
    headers = {"Origin": ORIGIN, "X-CSRFToken": token}
    statuses = set()
    for number in range(BODIES):
        sent = mutated(dice, body(dice.choice(["/cases", f"/cases/{code}", "/wall", "/nowhere"]), "?state=open"))
        answer = client.post(UPDATE, json=sent, headers=headers)
        statuses.add(answer.status_code)
        assert answer.status_code < 500, (number, sent)
        assert "Traceback" not in answer.get_data(as_text=True)
    for raw in (b"", b"{", b"\xff\xfe", b"[" * 50_000, b"null", b'"x"', b'{"output": NaN}'):
        for kind in ("application/json", "text/plain", ""):
            assert client.post(UPDATE, data=raw, content_type=kind or None, headers=headers).status_code == 400
    assert {200, 400} <= statuses


def test_without_the_check_such_bodies_would_give_a_5xx(
    sqlite_county: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted fault: Dash alone falls over them."""
    add_people(sqlite_county)
    monkeypatch.setattr("dashboard.guard.callback_fault", lambda body, callbacks: None)
    with web(sqlite_county, tmp_path, HeardNews()) as app:
        client = browser(app, sqlite_county, "operator")
        assert ask(client, body("/wall", output="other.children")).status_code == 500


def test_other_addresses_take_no_odd_requests_badly(app: Flask, sqlite_county: Store, code: str) -> None:
    client = browser(app, sqlite_county, "operator")
    odd = [
        "%00",
        "%ff%fe",
        "..%2f..%2fetc%2fpasswd",
        "a" * 3_000,
        "%F0%9F%9A%92",
        "'; DROP TABLE cases; --",
        "{0}",
        "%s",
    ]
    for text in odd:
        for path in ("/cases/", "/assets/", "/attachments/", "/api/v1/cases/", "/_dash-component-suites/dash/"):
            assert client.get(path + text).status_code < 500, path + text
        for query in ("/api/v1/cases?text=", "/api/v1/events?after=", "/map/areas.geojson?level=", "/language?to="):
            assert client.get(query + text).status_code < 500, query + text
        action = client.post(
            f"/api/v1/cases/{code}/actions/{text}", json={}, headers={"Origin": ORIGIN, "X-GC-CSRF": "1"}
        )
        assert action.status_code < 500
