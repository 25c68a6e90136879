"""Emergencies over HTTP: started once by a key, seen by whom it concerns, refused in sentences, reports as PDF and Word."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from desk_harness import OWN, HeardNews, add_people, add_token, bearer, browser, problem, web
from docx import Document
from flask import Flask
from sqlalchemy import insert, select, update

from alerts.rooms import emergencies_in, heard_by, may_listen
from models import tables as t
from models.accounts import Visitor
from models.emergencies import tables as et
from models.emergencies.facade import Emergencies
from models.moves import Role
from models.store import Store
from models.timebase import real_now

BODY = {
    "plan": "flood", "level": 2, "note": "水位超警，联系 13812345678", "origin": "point", "longitude": 112.886,
    "latitude": 30.469, "life": True,
}  # fmt: skip


@pytest.fixture
def news() -> HeardNews:
    return HeardNews()


@pytest.fixture
def app(sqlite_county: Store, tmp_path: Path, news: HeardNews) -> Iterator[Flask]:
    add_people(sqlite_county)
    row = {"name": "sl-desk", "role": "department", "password": "-", "department": "sl", "created_at": real_now()}
    with sqlite_county.write() as connection:
        connection.execute(insert(t.account), row)
    with web(sqlite_county, tmp_path, news) as app:
        yield app


def post(client: Any, path: str, body: Any = None, **headers: str) -> Any:
    return client.post(path, json=body or {}, headers={**OWN, **headers})


def test_a_start_happens_once_and_is_seen_by_whom_it_concerns(
    app: Flask, sqlite_county: Store, news: HeardNews
) -> None:
    operator = browser(app, sqlite_county, "operator")
    first = post(operator, "/api/v1/emergencies", BODY, **{"Idempotency-Key": "k1"})
    again = post(operator, "/api/v1/emergencies", BODY, **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 200)
    number = first.get_json()["number"]
    assert again.get_json()["number"] == number and again.get_json()["events"] == []
    assert [fact.kind for fact in news.facts] == ["emergency.started"]  # type: ignore[attr-defined]
    room = operator.get(f"/live/emergencies/{number}").get_json()
    assert "138" not in str(room) and len(room["room"]["parties"]) == 11
    assert all(len(party["contacts"]) == 3 for party in room["room"]["parties"])
    desk = browser(app, sqlite_county, "sl-desk")
    assert desk.get(f"/live/emergencies/{number}").get_json()["mine"]["department"] == "sl"
    stranger = browser(app, sqlite_county, "department")  # 城管 is not in the plan
    assert stranger.get(f"/live/emergencies/{number}").status_code == 404
    assert stranger.get("/api/v1/emergencies").get_json()["total"] == 0
    assert post(stranger, f"/api/v1/emergencies/{number}/actions/receive").status_code == 404
    shown = browser(app, sqlite_county, "display").get("/live/emergencies").get_json()["emergencies"]
    assert [one["number"] for one in shown] == [number]


def test_what_cannot_be_is_refused_with_its_field(app: Flask, sqlite_county: Store) -> None:
    operator = browser(app, sqlite_county, "operator")
    for change, status, field in (
        ({"plan": "nothing"}, 422, "plan"),
        ({"level": 9}, 422, "level"),
        ({"note": ""}, 422, "note"),
        ({"longitude": None}, 422, "longitude"),
        ({"origin": "case", "reference": "X-1"}, 422, "reference"),
        ({"departments": ["zzz"]}, 422, "departments"),
        ({"answers": {"trapped": "perhaps"}}, 422, "answers"),
        ({"wrong": 1}, 422, "wrong"),
    ):
        answer = post(operator, "/api/v1/emergencies", BODY | change)
        assert (answer.status_code, answer.get_json()["field"]) == (status, field), change
        assert answer.mimetype == "application/problem+json"
    number = post(operator, "/api/v1/emergencies", BODY).get_json()["number"]
    path = f"/api/v1/emergencies/{number}/actions"
    for action, body, status in (
        ("dance", {}, 404),
        ("confirm", {}, 409),
        ("end", {}, 422),
        ("receive", {"department": "cg"}, 422),
        ("cancel", {"note": "x"}, 409),
    ):
        assert post(operator, f"{path}/{action}", body).status_code == status, action
    assert post(browser(app, sqlite_county, "duty"), f"{path}/end", {"note": "x"}).status_code == 403
    read = app.test_client().post("/api/v1/emergencies", json=BODY, headers=bearer(add_token(sqlite_county, "read")))
    assert read.status_code == 403


def test_a_report_is_drafted_edited_sent_and_printed_and_the_second_says_only_news(
    app: Flask, sqlite_county: Store
) -> None:
    operator = browser(app, sqlite_county, "operator")
    number = post(operator, "/api/v1/emergencies", BODY | {"life": False, "drill": True}).get_json()["number"]
    path = f"/api/v1/emergencies/{number}/actions"
    post(operator, f"{path}/tell", {"note": "堤脚渗水", "element": "situation"})
    assert post(operator, f"{path}/draft-report").status_code == 200
    assert post(operator, f"{path}/draft-report").status_code == 409
    assert post(operator, f"{path}/edit-report", {"report": 1, "elements": {"losses": "无伤亡"}}).status_code == 200
    assert post(operator, f"{path}/send-report", {"report": 1, "to": "县政府"}).status_code == 200
    assert post(operator, f"{path}/edit-report", {"report": 1, "elements": {"losses": "x"}}).status_code == 409
    post(operator, f"{path}/receive", {"department": "sl"})
    post(operator, f"{path}/draft-report")
    reports = operator.get(f"/live/emergencies/{number}").get_json()["room"]["reports"]
    assert [report["kind"] for report in reports] == ["initial", "follow-up"]
    second = {one["key"]: one["text"] for one in reports[1]["elements"]}
    assert "接令" in second["measures"] and "堤脚渗水" not in str(second)
    page = f"/emergencies/{number}/reports/1"
    shown = operator.get(page).get_data(as_text=True)
    assert "无伤亡" in shown and "演 练" in shown
    assert operator.get(f"{page}/pdf").data.startswith(b"%PDF-")
    paper = Document(io.BytesIO(operator.get(f"{page}/docx").data))
    assert any("无伤亡" in line.text for line in paper.paragraphs)
    assert "演 练" in paper.sections[0].header.paragraphs[0].text
    assert operator.get(f"/emergencies/{number}/review.xlsx").data.startswith(b"PK")


def test_a_department_hears_only_of_emergencies_that_concern_it() -> None:
    facts = emergencies_in(
        [
            '{"kind":"emergency.moved","departments":["sl"]}',
            '{"kind":"case.moved"}',
            '{"kind":"emergency.started","departments":["xf"]}',
        ]
    )
    water = Visitor(name="a", role=Role.DEPARTMENT, department="sl")
    assert len(list(heard_by(water, facts))) == 1
    assert len(list(heard_by(Visitor(name="b", role=Role.DUTY), facts))) == 2
    assert not may_listen(Visitor(name="c", role=Role.GRID)) and may_listen(water)


def test_where_the_county_wants_a_second_person_nothing_begins_until_another_confirms(
    app: Flask, sqlite_county: Store, news: HeardNews
) -> None:
    with sqlite_county.write() as connection:
        county = connection.execute(select(t.rules.c.body).where(t.rules.c.name == "county")).scalar_one()
        own = {**county, "emergency": {**county.get("emergency", {}), "confirmation": "second"}}
        connection.execute(update(t.rules).where(t.rules.c.name == "county").values(body=own))
    operator, duty = browser(app, sqlite_county, "operator"), browser(app, sqlite_county, "duty")
    one = post(operator, "/api/v1/emergencies", BODY | {"life": False}).get_json()
    address = f"/api/v1/emergencies/{one['number']}"
    assert (one["state"], one["confirm_due_at"]) == ("pending", None)  # no window: it does not begin by itself
    parts = app.extensions["gridcommand"]
    assert Emergencies(parts.door).tick(real_now() + timedelta(days=1))[0] == 0
    alone = post(operator, f"{address}/actions/confirm")
    assert alone.status_code == 409 and "second person" in problem(alone)["detail"]
    assert operator.get(address).get_json()["room"]["parties"] == []  # nobody was called
    assert "confirm" not in operator.get(address).get_json()["actions"]
    assert "confirm" in duty.get(address).get_json()["actions"]
    begun = post(duty, f"{address}/actions/confirm", {"note": "已核实"})
    assert begun.status_code == 200 and begun.get_json()["state"] == "running"
    room = operator.get(address).get_json()["room"]
    assert len(room["parties"]) == 11
    with sqlite_county.read() as connection:
        lines = connection.execute(select(et.log.c.act, et.log.c.actor).order_by(et.log.c.id)).all()
    assert [tuple(line) for line in lines] == [("start", "operator"), ("begin", "duty")]
    assert post(duty, f"{address}/actions/confirm").status_code == 409
    other = post(operator, "/api/v1/emergencies", BODY | {"life": False}).get_json()["number"]
    taken = post(operator, f"/api/v1/emergencies/{other}/actions/withdraw", {"note": "误报"})
    assert taken.get_json()["state"] == "withdrawn"
    # lives at stake wait for nobody; the second person ratifies, and only another than who started it
    saved = post(operator, "/api/v1/emergencies", BODY).get_json()
    assert saved["state"] == "running"
    own_word = post(operator, f"/api/v1/emergencies/{saved['number']}/actions/ratify", {"finding": "approved"})
    assert own_word.status_code == 409
    leader = browser(app, sqlite_county, "leader")
    word = post(leader, f"/api/v1/emergencies/{saved['number']}/actions/ratify", {"finding": "approved"})
    assert word.status_code == 200
