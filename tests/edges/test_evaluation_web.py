"""The evaluation over HTTP: who sees what, bad questions named, appeals, and a workbook that equals the page cell by cell."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from conftest import SECRET
from desk_harness import GRID, OWN, HeardNews, add_people, add_token, bearer, browser, problem, web
from flask import Flask, g

from dashboard.api.shapes import EvaluationQuery
from dashboard.evaluation.asking import told
from dashboard.evaluation.grid import Grid, grid
from dashboard.evaluation.workbook import HEAD, plain, workbook
from dashboard.pages.context import PageContext
from models.accounts import Visitor
from models.door import Door, Report
from models.moves import Actor, Role
from models.rules import Rules
from models.store import Store
from models.vault import Vault

OPERATOR, SYSTEM = Actor("operator", Role.OPERATOR), Actor("hotline", Role.SYSTEM)
BEGIN = datetime(2026, 5, 4, 1, tzinfo=UTC)
MAY = "/api/v1/evaluation?period=2026-05"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def handled(door: Door, at: datetime, within: timedelta, department: str = "cg") -> str:
    report = Report(category="010101", description="垃圾成堆", source="hotline", area=GRID)
    code = str(door.report(report, SYSTEM, at).case.code)
    desk = Actor(f"{department}-desk", Role.DEPARTMENT, department=department)
    door.move(code, "dispatch", OPERATOR, at + 10 * MINUTE, {"department": department})
    door.move(code, "receipt", desk, at + 20 * MINUTE)
    door.move(code, "feedback", desk, at + within - 5 * MINUTE, {"note": "已处理"})
    door.move(code, "close", OPERATOR, at + within)
    return code


@pytest.fixture
def late(sqlite_county: Store) -> str:
    """Fourteen cases of one department, one of them late, and three of another."""
    door = Door(sqlite_county, Rules(sqlite_county, ZoneInfo("Asia/Shanghai")), Vault(SECRET))
    for number in range(13):
        handled(door, BEGIN + number * DAY, 2 * HOUR)
    for number in range(3):
        handled(door, BEGIN + number * DAY, HOUR, "zj")
    return handled(door, BEGIN, 20 * DAY)


@pytest.fixture
def app(sqlite_county: Store, tmp_path: Path, late: str) -> Iterator[Flask]:
    add_people(sqlite_county)
    with web(sqlite_county, tmp_path, HeardNews()) as app:
        yield app


def rows(answer: Any) -> Mapping[str, Any]:
    assert answer.status_code == 200, answer.get_data(as_text=True)[:300]
    return {row["code"]: row for row in answer.get_json()["rows"]}


def test_a_leader_sees_areas_departments_and_posts(app: Flask, sqlite_county: Store) -> None:
    leader = browser(app, sqlite_county, "leader")
    assert rows(leader.get(MAY))["990100100"]["sample"] == 17
    found = rows(leader.get(f"{MAY}&by=department"))
    assert (found["cg"]["sample"], found["cg"]["grade"], found["zj"]["small_sample"]) == (14, "A", True)
    assert found["cg"]["shares"]["closing-in-time"] == {"hits": 13, "of": 14, "value": 0.9286}
    assert rows(leader.get(f"{MAY}&by=post"))["dispatcher"]["sample"] == 17
    assert rows(leader.get(f"{MAY}&level=grid&under=990100100"))[GRID]["sample"] == 17
    whole = leader.get("/api/v1/evaluation?period=2026-Q2&by=department").get_json()
    assert whole["whole"]["sample"] == 17 and whole["period"] == "2026-Q2"


def test_a_department_sees_itself_and_nothing_else(app: Flask, sqlite_county: Store) -> None:
    desk = browser(app, sqlite_county, "department")
    answer = desk.get(MAY)
    assert set(rows(answer)) == {"cg"} and answer.get_json()["whole"] is None
    assert problem(desk.get(f"{MAY}&by=area"))["status"] == 403
    token = bearer(add_token(sqlite_county, "department", department="zj"))
    assert set(rows(app.test_client().get(MAY, headers=token))) == {"zj"}
    town = bearer(add_token(sqlite_county, "read", area="990100100"))
    assert set(rows(app.test_client().get(MAY, headers=town))) == {"990100100"}
    assert problem(app.test_client().get(f"{MAY}&by=post", headers=town))["field"] == "by"
    for role in ("grid", "admin", "auditor"):
        assert browser(app, sqlite_county, role).get(MAY).status_code == 403


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("period=2026-13", "period"),
        ("period=" + "9" * 40, "period"),
        ("by=person", "by"),
        ("level=street", "level"),
        ("under=nowhere", "under"),
        ("weights=nothing:3", "weights"),
        ("weights=closing:1e9", "weights"),
        ("weights=closing:nan", "weights"),
        ("colour=red", "colour"),
    ],
)
def test_a_question_that_cannot_be_is_refused_and_names_its_field(
    app: Flask, sqlite_county: Store, query: str, field: str
) -> None:
    answer = problem(browser(app, sqlite_county, "leader").get(f"/api/v1/evaluation?{query}"))
    assert (answer["status"], answer["field"]) == (422, field)


def test_what_if_changes_the_guess_and_not_the_score(app: Flask, sqlite_county: Store) -> None:
    leader = browser(app, sqlite_county, "leader")
    plain_ = rows(leader.get(f"{MAY}&by=department"))["cg"]
    guess = rows(leader.get(f"{MAY}&by=department&weights=closing:100,closing-in-time:0"))["cg"]
    assert plain_["what_if"] is None and guess["score"] == plain_["score"]
    assert guess["what_if"] > plain_["score"]


def test_an_appeal_goes_its_way_over_http(app: Flask, sqlite_county: Store, late: str) -> None:
    desk, leader = browser(app, sqlite_county, "department"), browser(app, sqlite_county, "leader")
    rows(leader.get(f"{MAY}&by=department"))  # the books are there
    body = {"case": late, "month": "2026-05", "indicator": "closing-in-time", "reason": "上级统一停工"}
    base = "/api/v1/evaluation/appeals"
    for change, field in (({"month": "2026"}, "month"), ({"case": "X-1"}, "case"), ({"reason": ""}, "reason"),
                          ({"indicator": "x"}, "indicator")):  # fmt: skip
        assert problem(desk.post(base, json={**body, **change}, headers=OWN))["field"] == field
    made = desk.post(base, json=body, headers=OWN)
    assert made.status_code == 201
    number = made.get_json()["id"]
    assert desk.post(f"{base}/{number}/actions/grant", json={"answer": "同意剔除"}, headers=OWN).status_code == 403
    assert (
        problem(leader.post(f"{base}/{number}/actions/undo", json={"answer": "同意剔除"}, headers=OWN))["status"] == 404
    )
    granted = leader.post(f"{base}/{number}/actions/grant", json={"answer": "情况属实"}, headers=OWN)
    assert granted.get_json() == {"id": number, "decision": "granted"}
    row = rows(leader.get(f"{MAY}&by=department"))["cg"]
    assert row["shares"]["closing-in-time"]["of"] == 13 and row["without_appeals"] < row["score"]
    assert (
        problem(leader.post(f"{base}/{number}/actions/refuse", json={"answer": "改变主意"}, headers=OWN))["status"]
        == 422
    )


# --- the workbook ----------------------------------------------------------------------------------------------------


def table(app: Flask, **query: Any) -> tuple[PageContext, Grid]:
    with app.test_request_context("/"):
        g.language = "zh-CN"
        here = app.extensions["gridcommand"]
        context = PageContext(
            "zh-CN", here.catalogue.texts("zh-CN"), county={"name": "云泽县", "timezone": "Asia/Shanghai"}
        )
        found = told(here, Visitor("leader", Role.LEADER), EvaluationQuery(period="2026-05", **query))
        return context, grid(context, here.directory(), found)


@pytest.mark.parametrize("query", [{}, {"by": "department"}, {"by": "post"}, {"level": "grid", "under": "990100100"}])
def test_the_workbook_equals_the_table_cell_by_cell(app: Flask, query: dict[str, str]) -> None:
    context, whole = table(app, **query)
    sheet = openpyxl.load_workbook(io.BytesIO(workbook(context, whole))).worksheets[0]
    assert [cell.value for cell in sheet[HEAD + 1]] == [column.title for column in whole.columns]
    for number, line in enumerate(whole.lines, HEAD + 2):
        cells = [line.cells[column.key].value for column in whole.columns]
        assert [cell.value for cell in sheet[number]] == cells
    assert sheet.max_row == HEAD + 1 + len(whole.lines)


def test_a_name_that_looks_like_a_formula_stays_a_text(app: Flask, sqlite_county: Store) -> None:
    from models import tables as t

    bad = '=HYPERLINK("http://elsewhere","x")'
    with sqlite_county.write() as connection:
        connection.execute(t.department.update().where(t.department.c.code == "cg").values(name=bad))
    app.extensions["gridcommand"].directory._directory = None
    context, whole = table(app, by="department")
    assert any(line.name == bad for line in whole.lines)
    sheet = openpyxl.load_workbook(io.BytesIO(workbook(context, whole))).worksheets[0]
    values = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert f"'{bad}" in [cell.value for cell in values]
    assert not any(cell.data_type == "f" or cell.hyperlink for cell in values)
    assert [plain(text) for text in ("+1", "-1", "@x", "1", "甲")] == ["'+1", "'-1", "'@x", "1", "甲"]


def test_the_file_comes_with_its_name_and_only_to_those_who_may(app: Flask, sqlite_county: Store) -> None:
    answer = browser(app, sqlite_county, "leader").get("/evaluation/export?period=2026-05&by=department")
    assert answer.status_code == 200 and "evaluation-2026-05-department.xlsx" in answer.headers["Content-Disposition"]
    assert browser(app, sqlite_county, "leader").get("/evaluation/export?period=x").status_code == 422
    desk = browser(app, sqlite_county, "department").get("/evaluation/export?period=2026-05")
    sheet = openpyxl.load_workbook(io.BytesIO(desk.data)).worksheets[0]
    assert sheet.max_row == HEAD + 2  # its own row and no other
