"""Cases, moves, facts, figures over the API on both databases: what is counted is listed, what is private stays so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from desk_harness import (
    DEPARTMENT,
    GRID,
    OWN,
    HeardNews,
    add_people,
    add_token,
    bearer,
    browser,
    problem,
    report,
    web,
)
from flask import Flask
from sqlalchemy import select

from models import tables as t
from models.door import Door, Report
from models.filters import STATES
from models.moves import Actor, Role
from models.rules import Rules
from models.store import Store
from models.timebase import real_now

CASES = "/api/v1/cases"
OPERATOR = Actor("operator", Role.OPERATOR)
PHONE = "13812345678"


@pytest.fixture
def app(county_store: Store, tmp_path: Path) -> Iterator[Flask]:
    add_people(county_store)
    with web(county_store, tmp_path, HeardNews()) as app:
        yield app


@pytest.fixture
def door(app: Flask) -> Door:
    found: Door = app.extensions["gridcommand"].door
    return found


def filed(door: Door, age: timedelta = timedelta(), **more: Any) -> str:
    """A case that was reported so long ago."""
    values: dict[str, Any] = {"category": "010101", "description": f"垃圾成堆，联系 {PHONE}", "source": "hotline"}
    case = door.report(Report(**{**values, "area": GRID, **more}), Actor("hotline", Role.SYSTEM), real_now() - age).case
    return str(case.code)


def handled(door: Door, code: str, *actions: str, department: str = DEPARTMENT) -> None:
    for action in actions:
        door.move(code, action, OPERATOR, real_now(), {"department": department, "note": f"电话 {PHONE}"})


def read(app: Flask, store: Store, who: str, path: str) -> Any:
    return browser(app, store, who).get(path)


@pytest.fixture
def many(door: Door) -> None:
    """Cases in every state that can be had at once."""
    for hours in range(12):
        filed(door, timedelta(hours=hours * 9), level=1 + hours % 4)
    codes = [filed(door) for _ in range(4)]
    handled(door, codes[0], "file", "dispatch")
    handled(door, codes[1], "dispatch", "receipt", "feedback", "close")
    handled(door, codes[2], "void")
    filed(door, area=None, longitude=100.0, latitude=30.0)
    for _ in range(5):
        door.tick(real_now())


@pytest.mark.usefixtures("many")
def test_every_figure_equals_the_list_of_its_name(app: Flask, county_store: Store, subtests: pytest.Subtests) -> None:
    client = browser(app, county_store, "duty")
    counts = client.get("/api/v1/figures").get_json()["county"]
    found = {}
    for state in STATES:
        with subtests.test(state):
            page = client.get(f"{CASES}?state={state}&limit=200").get_json()
            assert page["total"] == len(page["cases"])
            found[state] = page["total"]
            assert counts.get(state.replace("-", "_"), page["total"]) == page["total"]
    assert found["overdue"] and found["unreceipted"] and found["escalated"] and found["void"] and found["uncovered"]


@pytest.mark.usefixtures("many")
def test_pages_by_key_hold_every_case_once(app: Flask, county_store: Store) -> None:
    client = browser(app, county_store, "operator")
    codes: list[str] = []
    after = ""
    while True:
        page = client.get(f"{CASES}?limit=5&after={after}" if after else f"{CASES}?limit=5").get_json()
        codes += [case["code"] for case in page["cases"]]
        if page["next"] is None:
            break
        after = page["next"].replace("+", "%2B")
    assert len(codes) == len(set(codes)) == page["total"]


def test_a_filter_that_cannot_be_is_refused_with_its_field(
    app: Flask, county_store: Store, subtests: pytest.Subtests
) -> None:
    client = browser(app, county_store, "operator")
    bad = {
        "state=lost": "state",
        "level=9": "level",
        "limit=0": "limit",
        "limit=1000": "limit",
        "after=nonsense": "after",
        "since=2026-01-05": "since",
        "stage=somewhere": "stage",
        "colour=red": "colour",
        "text=a%00b": "text",
        "department=a%00b": "department",
        f"text={'a' * 101}": "text",
        "q=火": "q",
        "sort=level": "sort",
    }
    for query, field in bad.items():
        with subtests.test(query[:30]):
            answer = client.get(f"{CASES}?{query}")
            assert answer.status_code == 422 and problem(answer)["field"] == field


def test_a_case_tells_everything_that_happened_to_it(app: Flask, county_store: Store, door: Door) -> None:
    code = filed(door)
    handled(door, code, "file", "dispatch", "receipt")
    whole = read(app, county_store, "operator", f"{CASES}/{code}").get_json()
    assert [line["action"] for line in whole["trace"]] == ["report", "file", "dispatch", "receipt"]
    assert [line["number"] for line in whole["trace"]] == [1, 2, 3, 4]
    assert len(whole["orders"]) == 1 and whole["orders"][0]["receipt_by"] == "operator"
    assert whole["derivation"]["due_at"] and whole["stage"] == "handling" and whole["clock"] == "on-time"
    handling = ["link", "hand-back", "transfer", "request-extension", "suspend", "feedback", "urge", "supervise"]
    assert whole["actions"] == handling
    assert [move["action"] for move in whole["moves"]] == handling
    assert whole["version"] == 4


def test_what_a_reporter_entrusts_reaches_only_those_who_handle_the_case(
    app: Flask, county_store: Store, door: Door
) -> None:
    code = filed(door, reporter_name="王秀英", reporter_phone=PHONE)
    handled(door, code, "dispatch")
    with county_store.write() as connection:
        connection.execute(t.account.update().where(t.account.c.name == "grid").values(area=GRID))
    seen = {}
    for who in ("operator", "department", "duty", "leader", "grid"):
        answer = read(app, county_store, who, f"{CASES}/{code}")
        assert answer.status_code == 200, who
        seen[who] = PHONE in answer.get_data(as_text=True) or "王秀英" in answer.get_data(as_text=True)
    assert seen == {"operator": True, "department": True, "duty": False, "leader": False, "grid": False}
    reader = bearer(add_token(county_store, "read"))
    assert PHONE not in app.test_client().get(f"{CASES}/{code}", headers=reader).get_data(as_text=True)
    lists = read(app, county_store, "operator", CASES).get_data(as_text=True)
    assert PHONE not in lists and "王秀英" not in lists


def test_another_departments_case_does_not_exist_for_it(app: Flask, county_store: Store, door: Door) -> None:
    code = filed(door)
    handled(door, code, "dispatch", department="ga")
    client = browser(app, county_store, "department")
    assert client.get(f"{CASES}/{code}").status_code == 404
    refused = client.post(f"{CASES}/{code}/actions/receipt", json={}, headers=OWN)
    assert refused.status_code == 404 and problem(refused)["field"] == "code"
    assert client.get(CASES).get_json()["total"] == 0


def test_a_token_bound_to_an_area_or_a_department_reaches_nothing_else(
    app: Flask, county_store: Store, door: Door
) -> None:
    here, there = filed(door), filed(door, area="990100201000001")
    handled(door, there, "dispatch", department="ga")
    client = app.test_client()
    for bound in ({"area": GRID}, {"area": "990100100"}, {"department": DEPARTMENT}):
        headers = bearer(add_token(county_store, "operate", name=str(bound), **bound))
        assert [case["code"] for case in client.get(CASES, headers=headers).get_json()["cases"]] == [here], bound
        assert client.get("/api/v1/figures", headers=headers).status_code == 403
        for method, path in (("GET", there), ("POST", f"{there}/actions/urge")):
            answer = client.open(f"{CASES}/{path}", method=method, json={}, headers=headers)
            assert answer.status_code == 404, bound


def test_a_move_by_the_api_is_the_doors_move(app: Flask, county_store: Store, door: Door) -> None:
    news: HeardNews = app.extensions["gridcommand"].news
    code, client = filed(door), browser(app, county_store, "operator")
    moved = client.post(f"{CASES}/{code}/actions/dispatch", json={"department": DEPARTMENT}, headers=OWN)
    assert moved.status_code == 200 and moved.get_json()["stage"] == "dispatched"
    assert [fact.id for fact in news.facts] == moved.get_json()["events"] and len(news.facts) == 2
    receipt = browser(app, county_store, "department").post(
        f"{CASES}/{code}/actions/receipt", json={"note": "已到"}, headers=OWN
    )
    assert receipt.get_json()["stage"] == "handling"


def test_what_a_token_moves_is_written_down(app: Flask, county_store: Store, door: Door) -> None:
    code, headers = filed(door), bearer(add_token(county_store, "operate", name="urban system"))
    assert app.test_client().post(f"{CASES}/{code}/actions/file", json={}, headers=headers).status_code == 200
    with county_store.read() as connection:
        line = connection.execute(select(t.audit)).one()
    assert (line.actor, line.act, line.object, line.address) == ("urban system", "token.file", code, "127.0.0.1")


def test_moves_that_cannot_be_are_told_apart(app: Flask, county_store: Store, door: Door) -> None:
    code, client = filed(door), browser(app, county_store, "operator")
    for action, body, status, field in (
        ("close", {}, 409, "action"),
        ("fly", {}, 404, "action"),
        ("close-at-source", {}, 403, "action"),
        ("dispatch", {}, 422, "department"),
        ("dispatch", {"department": "nobody"}, 422, "department"),
        ("void", {}, 422, "note"),
        ("void", {"note": "a" * 2_001}, 422, "note"),
        ("acknowledge", {"escalation": 999}, 422, "escalation"),
        ("acknowledge", {"escalation": 2**70}, 422, "escalation"),
        ("file", {"happened_at": "2090-01-01T00:00:00Z"}, 422, "happened_at"),
        ("file", {"colour": "red"}, 422, "colour"),
    ):
        answer = client.post(f"{CASES}/{code}/actions/{action}", json=body, headers=OWN)
        assert (answer.status_code, problem(answer)["field"]) == (status, field), action
    nowhere = client.post(f"{CASES}/NO-1/actions/file", json={}, headers=OWN)
    assert nowhere.status_code == 404 and problem(nowhere)["field"] == "code"
    assert client.get(f"{CASES}/{code}").get_json()["stage"] == "reported"


def test_an_escalation_is_acknowledged_by_name(app: Flask, county_store: Store, door: Door) -> None:
    code, client = filed(door, level=1), browser(app, county_store, "duty")
    rung = client.get(f"{CASES}/{code}").get_json()["escalations"][0]
    answer = client.post(f"{CASES}/{code}/actions/acknowledge", json={"escalation": rung["id"]}, headers=OWN)
    assert answer.status_code == 200
    after = client.get(f"{CASES}/{code}").get_json()
    assert after["escalations"][0]["acknowledged_by"] == "duty" and "acknowledge" not in after["actions"]


def test_a_change_by_a_session_needs_the_page_it_came_from(app: Flask, county_store: Store, door: Door) -> None:
    code, client = filed(door), browser(app, county_store, "operator")
    address = f"{CASES}/{code}/actions/file"
    for headers in (
        {},
        {"X-GC-CSRF": "1"},
        {"Origin": "http://localhost"},
        {"Origin": "http://evil.example", "X-GC-CSRF": "1"},
        {"Origin": "null", "X-GC-CSRF": "1"},
        {"Origin": "http://localhost:81", "X-GC-CSRF": "1"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost", "X-GC-CSRF": "1"},
        {"Sec-Fetch-Site": "cross-site", "X-GC-CSRF": "1"},
    ):
        refused = client.post(address, json={}, headers=headers)
        assert refused.status_code == 403, headers
    assert client.get(f"{CASES}/{code}").get_json()["stage"] == "reported"


def test_facts_come_in_order_and_only_those_that_concern_the_reader(
    app: Flask, county_store: Store, door: Door
) -> None:
    ours, theirs = filed(door), filed(door)
    handled(door, ours, "dispatch")
    handled(door, theirs, "dispatch", department="ga")
    whole = bearer(add_token(county_store, "events"))
    part = bearer(add_token(county_store, "events", name="cg", department=DEPARTMENT))
    client = app.test_client()
    everything = client.get("/api/v1/events", headers=whole).get_json()
    assert [fact["id"] for fact in everything["events"]] == [str(number) for number in range(1, 7)]
    assert everything["next"] == everything["last"] == "6"
    rest = client.get("/api/v1/events?after=4&limit=1", headers=whole).get_json()
    assert [fact["id"] for fact in rest["events"]] == ["5"] and rest["next"] == "5"
    own = client.get("/api/v1/events", headers=part).get_json()
    assert {fact["case"] for fact in own["events"] if fact["department"] != DEPARTMENT} == set()
    assert own["events"] and own["next"] == "6"


def test_facts_that_are_no_longer_kept_are_said_to_be_gone(app: Flask, county_store: Store, door: Door) -> None:
    for _ in range(3):
        filed(door)
    with county_store.write() as connection:
        connection.execute(t.outbox.delete().where(t.outbox.c.number < 3))
    client, headers = app.test_client(), bearer(add_token(county_store, "events"))
    gone = client.get("/api/v1/events?after=0", headers=headers)
    assert gone.status_code == 410 and problem(gone)["last"] == "3"
    assert client.get("/api/v1/events?after=2", headers=headers).get_json()["next"] == "3"
    for after in ("-1", "x", str(2**63)):
        assert client.get(f"/api/v1/events?after={after}", headers=headers).status_code == 422


def test_the_walls_picture_is_of_one_moment(app: Flask, county_store: Store, door: Door) -> None:
    codes = [filed(door) for _ in range(3)]
    picture = read(app, county_store, "display", "/live/snapshot").get_json()
    assert picture["id"] == "3" and picture["figures"]["county"]["open"] == 3
    assert picture["map"]["whole"] is True and picture["map"]["grids"] == {GRID: [3, 0, 0]}
    assert [fact["case"] for fact in picture["feed"]] == list(reversed(codes))
    assert [fact["id"] for fact in picture["feed"]] == ["3", "2", "1"]


def test_the_walls_names_and_outlines_are_whole(app: Flask, county_store: Store) -> None:
    client = browser(app, county_store, "display")
    names = client.get("/live/reference").get_json()
    assert names["push_url"] == "ws://localhost:8051/events" and names["video_url"] == "ws://localhost:8052/tiles"
    assert names["county"]["timezone"] == "Asia/Shanghai" and names["role"] == "display"
    assert {area["level"] for area in names["areas"].values()} == {"town", "grid"}
    assert all("address" not in camera for camera in names["cameras"]) and len(names["cameras"]) == 28
    outlines = client.get("/map/areas.geojson?level=grid")
    features = outlines.get_json()["features"]
    assert [feature["id"] for feature in features] == list(range(1, len(features) + 1))
    packed = client.get("/map/areas.geojson?level=grid", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and len(packed.data) < len(outlines.data) / 3
    again = client.get("/map/areas.geojson?level=grid", headers={"If-None-Match": outlines.headers["ETag"]})
    assert again.status_code == 304
    assert client.get("/map/areas.geojson?level=street").status_code == 422


def test_an_administrator_adds_and_shuts_out_people_and_it_is_written_down(app: Flask, county_store: Store) -> None:
    client = browser(app, county_store, "admin")
    new = client.post("/api/v1/accounts", json={"name": "新人", "role": "operator"}, headers=OWN)
    assert new.status_code == 201 and len(new.get_json()["password"]) >= 12
    theirs = browser(app, county_store, "新人")
    assert theirs.get(CASES).status_code == 200
    assert client.post("/api/v1/accounts/新人/actions/disable", json={}, headers=OWN).status_code == 200
    assert theirs.get(CASES).status_code == 401
    own = client.post("/api/v1/accounts/admin/actions/disable", json={}, headers=OWN)
    assert own.status_code == 409
    assert client.post("/api/v1/accounts/nobody/actions/reset", json={}, headers=OWN).status_code == 422
    assert client.post("/api/v1/accounts/新人/actions/promote", json={}, headers=OWN).status_code == 404
    assert client.post("/api/v1/accounts", json={"name": "x", "role": "king"}, headers=OWN).status_code == 422
    secret = add_token(county_store, "read", name="外部系统")
    assert client.post("/api/v1/tokens/外部系统/actions/revoke", json={}, headers=OWN).status_code == 200
    assert app.test_client().get(CASES, headers=bearer(secret)).status_code == 401
    with county_store.read() as connection:
        acts = connection.execute(select(t.audit.c.act, t.audit.c.object).order_by(t.audit.c.id)).all()
    assert [tuple(row) for row in acts] == [
        ("account.add", "新人"),
        ("account.disable", "新人"),
        ("token.revoke", "外部系统"),
    ]


def test_rules_are_read_anew_when_reference_data_changes(app: Flask, county_store: Store) -> None:
    from models.reference import touched

    with county_store.write() as connection:
        connection.execute(t.department.update().where(t.department.c.code == DEPARTMENT).values(name="城市管理新局"))
        touched(connection)
    parts = app.extensions["gridcommand"]
    parts.directory._looked = -10.0
    names = read(app, county_store, "operator", "/api/v1/departments").get_data(as_text=True)
    assert "城市管理新局" in names
    assert isinstance(parts.rules, Rules)


def test_metrics_count_what_was_answered(app: Flask, county_store: Store) -> None:
    app.test_client().post("/api/v1/reports", json=report(), headers=bearer(add_token(county_store, "report")))
    text = read(app, county_store, "duty", "/metrics").get_data(as_text=True)
    assert 'gridcommand_reports_total{result="created"} 1.0' in text
    assert "gridcommand_last_fact_number 1.0" in text
    assert 'route="/api/v1/reports",status="201"' in text


def test_readiness_names_the_part_that_is_missing(app: Flask) -> None:
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["parts"]["database"] == "ok" and answer.get_json()["parts"]["alerts"] == "never seen"
