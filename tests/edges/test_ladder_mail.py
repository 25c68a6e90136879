"""Inbox and messages through the web: one's own and nobody else's, receipt by name, a count that equals its list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import door_of
from desk_harness import DEPARTMENT, GRID, HASH, OWN, HeardNews, add_people, browser, problem, web
from flask import Flask
from sqlalchemy import insert, select

from models import tables as t
from models.door import Report
from models.ladder import inbox, talk
from models.ladder import tables as lt
from models.moves import Actor, Role
from models.store import Store
from models.timebase import real_now

ZONE = ZoneInfo("Asia/Shanghai")
OPERATOR = Actor("operator", Role.OPERATOR)
SOURCE = Actor("hotline", Role.SYSTEM)


@pytest.fixture
def app(county_store: Store, tmp_path: Path) -> Iterator[Flask]:
    add_people(county_store)
    rows = [
        {"name": "cg-head", "role": "department", "password": HASH, "department": DEPARTMENT, "created_at": real_now()},
        {"name": "other", "role": "department", "password": HASH, "department": "zj", "created_at": real_now()},
    ]
    with county_store.write() as connection:
        connection.execute(insert(t.account), rows)
        connection.execute(insert(lt.contact).values(department=DEPARTMENT, role="coordinator", account="cg-head"))
    with web(county_store, tmp_path, HeardNews()) as app:
        yield app


def overdue(store: Store, level: int = 3, area: str = GRID, **more: Any) -> str:
    """A case that its department has received and that has just expired."""
    door, now = door_of(store), real_now()
    due_at = now - timedelta(seconds=1)
    report = Report(
        "010101", "井盖丢失", "hotline", area=area, level=level, due_at=due_at, keeps_own_clock=True, **more
    )
    code = str(door.report(report, SOURCE, now - timedelta(hours=5)).case.code)
    door.move(code, "dispatch", OPERATOR, now - timedelta(hours=4), {"department": DEPARTMENT})
    door.move(code, "receipt", OPERATOR, now - timedelta(hours=4), {})
    door.tick(now)
    return code


def entries(app: Flask, store: Store, name: str, **query: Any) -> dict[str, Any]:
    answer = browser(app, store, name).get("/api/v1/inbox", query_string=query, headers=OWN)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: dict[str, Any] = answer.get_json()
    return found


def test_from_breach_to_an_answer_that_keeps_the_ladder_from_climbing(app: Flask, county_store: Store) -> None:
    overdue(county_store)
    desk = [entry["kind"] for entry in entries(app, county_store, "department")["entries"]]
    assert desk == ["supervise"]  # the contact's own account is called, the desk is supervised
    called = entries(app, county_store, "cg-head")
    assert [entry["kind"] for entry in called["entries"]] == ["contact", "supervise"]
    assert entries(app, county_store, "other")["entries"] == []
    number = called["entries"][0]["id"]
    stranger = browser(app, county_store, "other").post(
        "/api/v1/inbox/actions/receipt", json={"ids": [number]}, headers=OWN
    )
    assert problem(stranger)["status"] == 404
    done = browser(app, county_store, "cg-head").post(
        "/api/v1/inbox/actions/receipt", json={"ids": [number]}, headers=OWN
    )
    assert done.get_json() == {"received": 1, "answered": 1, "unread": 1}
    with county_store.read() as connection:
        row = connection.execute(select(t.escalation)).one()
        assert row.acknowledged_by == "cg-head"
        proof = [line for line in inbox.proof(connection, row.case_id) if line.acknowledged_at is not None]
        assert [(line.recipient, line.step) for line in proof] == [("cg-head", "contact-1")]
    door_of(county_store).tick(real_now() + timedelta(days=9))
    with county_store.read() as connection:
        assert len(connection.execute(select(t.escalation)).all()) == 1
        trace = [row.action for row in connection.execute(select(t.trace).order_by(t.trace.c.id))]
    assert trace.count("escalate") == 1
    assert "supervision-notice" not in trace


def test_the_unread_number_is_the_length_of_the_list_for_everybody(app: Flask, county_store: Store) -> None:
    for _ in range(3):
        overdue(county_store)
    for name in ("department", "cg-head", "duty", "operator", "leader", "other", "auditor"):
        found = entries(app, county_store, name, limit=200)
        assert found["unread"] == found["total"] == len(found["entries"]), name
    page = browser(app, county_store, "duty").get("/api/v1/inbox?limit=2", headers=OWN).get_json()
    rest = browser(app, county_store, "duty").get(f"/api/v1/inbox?limit=2&after={page['next']}", headers=OWN).get_json()
    assert len(page["entries"]) + len(rest["entries"]) == page["total"] == 3


def test_a_case_that_ends_leaves_nothing_to_be_answered(app: Flask, county_store: Store) -> None:
    code = overdue(county_store)
    assert entries(app, county_store, "duty")["unread"] == 1
    door_of(county_store).move(code, "close-at-source", SOURCE, real_now(), {})
    assert entries(app, county_store, "duty")["unread"] == 0
    assert entries(app, county_store, "duty", state="all")["total"] == 1


def test_a_flood_is_received_by_group_but_never_what_is_grave(app: Flask, county_store: Store) -> None:
    for _ in range(12):
        overdue(county_store, level=4)
    grave = overdue(county_store, level=2)
    with county_store.read() as connection:
        found, left = inbox.bundles(connection, "duty", inbox.InboxFilter())
    assert left == 0
    assert [(one.group.level, one.group.count) for one in found] == [(2, 1), (4, 12)]
    client = browser(app, county_store, "duty")
    for one in found:
        query = {name: value for name, value in vars(one.members).items() if value is not None}
        query |= {"since": one.members.since.isoformat(), "until": one.members.until.isoformat()}  # type: ignore[union-attr]
        assert client.get("/api/v1/inbox", query_string=query, headers=OWN).get_json()["total"] == one.group.count
        group = {**query, "count": one.group.count}
        del group["state"]
        answer = client.post("/api/v1/inbox/actions/receipt", json={"group": group}, headers=OWN)
        if one.group.level <= 2:
            assert problem(answer)["status"] == 422
        else:
            stale = client.post("/api/v1/inbox/actions/receipt", json={"group": {**group, "count": 11}}, headers=OWN)
            assert answer.get_json()["answered"] == 12
            assert problem(stale)["status"] == 409
    assert [entry["code"] for entry in entries(app, county_store, "duty")["entries"]] == [grave]


@pytest.mark.parametrize(
    "body",
    [{}, {"ids": []}, {"ids": ["1"]}, {"ids": [1], "group": {}}, {"ids": [2**70]}, {"group": {"level": 9}}, {"ids": 1}],
)
def test_a_receipt_that_cannot_be_is_refused_by_its_field(app: Flask, county_store: Store, body: Any) -> None:
    answer = browser(app, county_store, "duty").post("/api/v1/inbox/actions/receipt", json=body, headers=OWN)
    assert problem(answer)["status"] == 422
    assert problem(answer)["field"]


# --- messages --------------------------------------------------------------------------------------------------------


def sent(app: Flask, store: Store, name: str = "operator", **fields: Any) -> Any:
    body = {"subject": "汛期值守", "body": "请今晚安排值守。", **fields}
    return browser(app, store, name).post("/api/v1/messages", json=body, headers=OWN)


def test_a_message_reaches_a_department_and_a_grid_is_received_and_answered(app: Flask, county_store: Store) -> None:
    answer = sent(app, county_store, departments=[DEPARTMENT], areas=[GRID])
    assert answer.status_code == 201
    number = answer.get_json()["id"]
    assert answer.get_json()["recipients"] == 3
    assert entries(app, county_store, "grid")["entries"][0]["kind"] == "message"
    assert problem(browser(app, county_store, "other").get(f"/api/v1/messages/{number}", headers=OWN))["status"] == 404
    seen = browser(app, county_store, "grid").get(f"/api/v1/messages/{number}", headers=OWN).get_json()
    assert [row["name"] for row in seen["receipt_by"]] == ["grid"]  # who else got it is the centre's to know
    path = f"/api/v1/messages/{number}/actions/receipt"
    assert browser(app, county_store, "grid").post(path, json={}, headers=OWN).get_json()["receipts"] == 1
    assert entries(app, county_store, "grid")["unread"] == 0
    reply = sent(app, county_store, "department", reply_to=number, body="已安排。")
    assert reply.get_json()["recipients"] == 1
    whole = browser(app, county_store, "duty").get(f"/api/v1/messages/{number}", headers=OWN).get_json()
    assert [row["body"] for row in whole["replies"]] == ["已安排。"]
    receipts = {row["name"]: row["receipt_at"] is not None for row in whole["receipt_by"]}
    assert receipts == {"department": True, "cg-head": False, "grid": True}  # an answer is a receipt


def test_who_has_not_received_is_reminded_until_then_and_by_one_of_two_workers(app: Flask, county_store: Store) -> None:
    number = sent(app, county_store, departments=[DEPARTMENT], remind_minutes=30).get_json()["id"]
    browser(app, county_store, "department").post(f"/api/v1/messages/{number}/actions/receipt", json={}, headers=OWN)
    now = real_now()
    for _worker in range(2):
        with county_store.write() as connection:
            talk.remind(connection, now + timedelta(minutes=31), now)
    assert entries(app, county_store, "cg-head")["unread"] == 1  # one message is one open entry
    assert entries(app, county_store, "cg-head")["entries"][0]["kind"] == "reminder"
    assert entries(app, county_store, "department")["unread"] == 0
    browser(app, county_store, "cg-head").post(f"/api/v1/messages/{number}/actions/receipt", json={}, headers=OWN)
    with county_store.write() as connection:
        talk.remind(connection, now + timedelta(days=1), now)
        row = connection.execute(select(lt.message)).one()
    assert (row.reminded, row.next_reminder_at) == (1, None)


@pytest.mark.parametrize(
    ("name", "fields", "field"),
    [
        ("operator", {}, "departments"),
        ("operator", {"departments": ["nobody"]}, "departments"),
        ("operator", {"departments": [DEPARTMENT, "hb"]}, "departments"),
        ("operator", {"areas": ["990100100001002"]}, "areas"),
        ("operator", {"accounts": ["auditor"]}, "accounts"),
        ("operator", {"departments": [DEPARTMENT], "subject": ""}, "subject"),
        ("operator", {"departments": [DEPARTMENT], "body": "x" * 4001}, "body"),
        ("operator", {"departments": [DEPARTMENT], "remind_minutes": 1}, "remind_minutes"),
        ("department", {"departments": ["zj"]}, "reply_to"),
        ("grid", {"reply_to": 99}, "reply_to"),
    ],
)
def test_a_message_that_cannot_be_is_refused_by_its_field(
    app: Flask, county_store: Store, name: str, fields: Any, field: str
) -> None:
    answer = sent(app, county_store, name, **fields)
    assert problem(answer)["status"] == 422
    assert problem(answer)["field"] == field


def test_a_repeated_key_is_the_same_message(app: Flask, county_store: Store) -> None:
    body = {"subject": "a", "body": "b", "departments": [DEPARTMENT]}
    headers = {**OWN, "Idempotency-Key": "k1"}
    client = browser(app, county_store, "leader")
    first = client.post("/api/v1/messages", json=body, headers=headers)
    again = client.post("/api/v1/messages", json=body, headers=headers)
    other = client.post("/api/v1/messages", json={**body, "body": "c"}, headers=headers)
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 422)
    assert first.get_json()["id"] == again.get_json()["id"]
