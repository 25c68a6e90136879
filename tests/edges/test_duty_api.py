"""Rounds and hand-over sheets through the API: once is once, numbers equal their lists, and signatures hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from desk_harness import GRID, OWN, add_people, browser, problem, report, web
from flask import Flask

from models import tables as t
from models.door import Door, Report
from models.duty import counts, handover
from models.duty.tables import round_tick
from models.filters import Moment
from models.moves import Actor, Role
from models.store import Store

NOON = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
"""11:30 in Shanghai: the morning's round is open."""


@pytest.fixture
def app(county_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    add_people(county_store)
    with web(county_store, tmp_path) as app:
        parts = app.extensions["gridcommand"]
        monkeypatch.setattr(parts.clock, "now", lambda: NOON)
        yield app


def door_of(app: Flask) -> Door:
    door: Door = app.extensions["gridcommand"].door
    return door


def case(app: Flask, number: int, **more: Any) -> str:
    found = Report(category="010101", description=f"垃圾 {number}", source="hotline", area=GRID, **more)
    return str(door_of(app).report(found, Actor("hotline", Role.SYSTEM), NOON - timedelta(minutes=5)).case.code)


def test_a_round_sent_twice_is_one_round_and_keeps_no_position(app: Flask, county_store: Store) -> None:
    worker = browser(app, county_store, "grid")
    body = {"slot": "morning", "finding": "电话 13812345678", "happened_at": "2026-11-25T01:00:00Z"}
    answers = [worker.post("/api/v1/rounds", json=body, headers=OWN).status_code for _ in range(3)]
    assert answers == [201, 200, 200]
    with county_store.read() as connection:
        row = connection.execute(round_tick.select()).one()
    assert (row.area, row.slot, str(row.period), row.finding) == (GRID, "morning", "2026-11-25", "电话 ***")
    assert not {"longitude", "latitude", "track"} & set(round_tick.c.keys())


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"slot": "midnight"}, "slot"),
        ({"slot": "afternoon"}, "slot"),
        ({"slot": "morning", "area": "990100100001002"}, "area"),
        ({"slot": "morning", "happened_at": "2026-11-26T01:00:00Z"}, "happened_at"),
        ({"slot": "morning", "longitude": 112.8}, "longitude"),
        ({"slot": "morning", "finding": "长" * 501}, "finding"),
    ],
)
def test_a_round_that_cannot_be_is_refused_with_its_field(
    app: Flask, county_store: Store, body: dict[str, Any], field: str
) -> None:
    answer = browser(app, county_store, "grid").post("/api/v1/rounds", json=body, headers=OWN)
    assert answer.status_code == 422
    assert problem(answer)["field"] == field


def test_a_sheets_numbers_equal_its_lists_for_good(app: Flask, county_store: Store) -> None:
    codes = {case(app, n) for n in range(3)}
    duty, operator = browser(app, county_store, "duty"), browser(app, county_store, "operator")
    made = duty.post("/api/v1/handovers", json={"outgoing": "王建国", "note": "东门垃圾盯紧"}, headers=OWN)
    assert made.status_code == 201, made.get_data(as_text=True)
    number, figures = made.get_json()["number"], made.get_json()["figures"]
    assert figures["new"] == 3
    for code in codes:
        door_of(app).move(code, "void", Actor("operator", Role.OPERATOR), NOON, {"note": "误报"})
    with county_store.read() as connection:
        sheet = handover.one(connection, number)
        assert sheet is not None
        assert {row["code"] for row in sheet.body["new"]} == codes
        assert {name: len(rows) for name, rows in sheet.body.items()} == figures
        assert handover.unbroken(sheet)
    taken = operator.post(f"/api/v1/handovers/{number}/actions/receive", json={"incoming": "李芳"}, headers=OWN)
    assert taken.status_code == 200 and taken.get_json()["incoming"] == "李芳"
    with county_store.read() as connection:
        acts = [row.act for row in connection.execute(t.audit.select().order_by(t.audit.c.id))]
        assert acts[-2:] == ["handover.sign", "handover.receive"]
        assert handover.last_cut(connection, NOON) == NOON


def test_a_sheet_is_signed_once_by_each_and_not_by_the_same_person(app: Flask, county_store: Store) -> None:
    duty = browser(app, county_store, "duty")
    number = duty.post("/api/v1/handovers", json={"outgoing": "王建国"}, headers=OWN).get_json()["number"]
    again = duty.post("/api/v1/handovers", json={"outgoing": "王建国"}, headers=OWN)
    assert again.status_code == 422 and "waits" in problem(again)["detail"]
    address = f"/api/v1/handovers/{number}/actions/receive"
    same = duty.post(address, json={"incoming": "王建国"}, headers=OWN)
    assert same.status_code == 422 and problem(same)["field"] == "incoming"
    assert duty.post(address, json={"incoming": "李芳"}, headers=OWN).status_code == 200
    late = duty.post(address, json={"incoming": "赵强"}, headers=OWN)
    assert late.status_code == 422 and "李芳" in problem(late)["detail"]
    assert duty.post("/api/v1/handovers/999/actions/receive", json={"incoming": "赵强"}, headers=OWN).status_code == 404


def test_a_sheet_that_was_changed_in_the_database_is_noticed(app: Flask, county_store: Store) -> None:
    """The planted fault: somebody makes a number smaller afterwards."""
    case(app, 1)
    duty = browser(app, county_store, "duty")
    number = duty.post("/api/v1/handovers", json={"outgoing": "王建国"}, headers=OWN).get_json()["number"]
    with county_store.write() as connection:
        sheet = handover.one(connection, number)
        assert sheet is not None
        connection.execute(handover.handover.update().values(body={**sheet.body, "new": []}))
    with county_store.read() as connection:
        changed = handover.one(connection, number)
        assert changed is not None and not handover.unbroken(changed)


def test_each_source_is_counted_as_its_list(app: Flask, county_store: Store) -> None:
    operator = browser(app, county_store, "operator")
    for source in ("hotline", "hotline", "mailbox", "petition"):
        operator.post("/api/v1/reports", json=report(source=source), headers=OWN)

    moment: Moment = app.extensions["gridcommand"].moment()
    with county_store.read() as connection:
        found = counts.by_source(connection, moment, NOON - timedelta(days=29), Actor("duty", Role.DUTY))
    assert {source: row["today"] for source, row in found.items()} == {"hotline": 2, "mailbox": 1, "petition": 1}
    for source, row in found.items():
        listed = operator.get(f"/api/v1/cases?source={source}&state=reported-today").get_json()
        assert listed["total"] == row["today"] == len(listed["cases"])
