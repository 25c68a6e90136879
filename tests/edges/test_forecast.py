"""Forecasts on both databases: learned from the store, watched, counted and listed by the same predicate, told honestly."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from desk_harness import ORIGIN, OWN, add_people, browser, form_token, problem, report, web
from flask import Flask
from sqlalchemy import select

from models import queries
from models import tables as t
from models.directory import Directories
from models.door import Door, Report
from models.filters import CaseFilter, Moment
from models.forecast import late, learning
from models.forecast.tables import late_watch
from models.moves import Actor, Role
from models.rules import Rules
from models.store import Store
from models.timebase import real_now
from models.vault import Vault

ZONE = ZoneInfo("Asia/Shanghai")
SYSTEM = Actor("12345", Role.SYSTEM)
OPERATOR = Actor("operator", Role.OPERATOR)
SLOW, QUICK = "cg", "sl"


@pytest.fixture
def app(county_store: Store, tmp_path: Path) -> Iterator[Flask]:
    add_people(county_store)
    with web(county_store, tmp_path) as app:
        yield app


def filed(store: Store) -> None:
    """A past of 60 days: one department mostly late, the other never; and two open cases of each, a third of the way."""
    now, door = real_now(), Door(store, Rules(store, ZONE), Vault("a secret for tests"))
    with store.read() as connection:
        area = connection.execute(select(t.area.c.code).where(t.area.c.level == "grid").limit(1)).scalar_one()
    with door.transaction() as (deed, _):
        for number in range(240):
            for department, hours in ((SLOW, 60 if number % 5 else 20), (QUICK, 12)):
                start = now - timedelta(hours=70 + number * 5)
                text = "垃圾成堆无人清运" if department == SLOW else "渠道渗水需要检修"
                category = "010101" if department == SLOW else "020205"
                told = Report(
                    category, f"{text}{number}", "hotline", area=area, department=department,
                    due_at=start + timedelta(hours=48), keeps_own_clock=True, level=3,
                )  # fmt: skip
                case = deed.report(told, SYSTEM, start).case
                end = start + timedelta(hours=hours)
                if end < now:
                    deed.move(case.code, "close-at-source", SYSTEM, end)
        for department in (SLOW, QUICK):
            for _ in range(2):
                told = Report(
                    "010101", "路面积水", "hotline", area=area, department=department, level=3,
                    due_at=now + timedelta(hours=30), keeps_own_clock=True,
                )  # fmt: skip
                deed.report(told, SYSTEM, now - timedelta(hours=18))


def learned(store: Store) -> late.LateModel:
    book = Rules(store, ZONE)()
    now = real_now()
    assert learning.is_due(store, now, now)
    model = learning.learn(store, book, Directories(store)(), now, now)
    assert not learning.is_due(store, now, now) and learning.is_due(store, now, now + timedelta(hours=7))
    while learning.watch(store, book):
        pass
    return model


def listed(store: Store) -> list[Any]:
    moment = Moment(real_now(), ZONE)
    with store.read() as connection:
        page = queries.page(connection, CaseFilter("will-be-late"), OPERATOR, moment)
        assert page.total == len(page.rows) == queries.count(connection, CaseFilter("will-be-late"), OPERATOR, moment)
    return list(page.rows)


def test_a_slow_departments_cases_will_be_late_and_a_quick_ones_not(
    app: Flask, county_store: Store, subtests: pytest.Subtests
) -> None:
    filed(county_store)
    model = learned(county_store)
    assert model.by_history(SLOW) and model.score(SLOW).beats_the_rule  # type: ignore[union-attr]
    found = listed(county_store)
    assert {row.department for row in found} == {SLOW} and len(found) >= 2
    client = browser(app, county_store, "operator")
    with subtests.test("the list says it of each row"):
        rows = client.get("/api/v1/cases?state=open").get_json()["cases"]
        assert {row["code"] for row in rows if row["will_be_late"]} == {row.code for row in found}
        assert all(row["late_chance"] >= 0.5 for row in rows if row["will_be_late"])
    with subtests.test("the case says the numbers behind it, and how they did before"):
        told = client.get(f"/api/v1/cases/{found[0].code}").get_json()["forecast"]
        assert told["basis"] == "history" and told["likely"] and told["cases"] > 50
        mixed = told["weight"] * told["own"] + (1 - told["weight"]) * told["county"]
        assert told["chance"] == pytest.approx(mixed, abs=0.001)
        assert told["score"]["history"] < told["score"]["rule"] and told["score"]["used"] == "history"
    with subtests.test("the back-test is told as a whole"):
        test = client.get("/api/v1/forecast").get_json()
        assert test["whole"]["judged"] == sum(row["judged"] for row in test["departments"])
        assert test["calibration"] and test["first"] < test["last"]
    with subtests.test("and its page says the same numbers"):
        path = {"id": "location", "property": "pathname", "value": "/evaluation/forecast"}
        asked = {"output": "page.children", "outputs": {"id": "page", "property": "children"}, "state": [],
                 "inputs": [path, path | {"property": "search", "value": ""}], "changedPropIds": ["location.pathname"]}  # fmt: skip
        headers = {"Origin": ORIGIN, "X-CSRFToken": form_token(client)}
        text = client.post("/_dash-update-component", json=asked, headers=headers).get_data(as_text=True)
        figures = re.findall(r'\{[^{}]*"data-figure":"back-test"[^{}]*\}', text)
        assert [json.loads(one)["data-value"] for one in figures] == [
            str(row["judged"]) for row in [test["whole"], *test["departments"]]
        ]
        assert text.count('"data-calibration"') == len(test["calibration"]) and '"customdata"' in text
    with subtests.test("another deadline makes the judgement void until it is made anew"):
        with county_store.write() as connection:
            later = t.cases.update().where(t.cases.c.id == found[0].id)
            connection.execute(later.values(due_at=found[0].due_at + timedelta(days=30)))
        assert found[0].code not in {row.code for row in listed(county_store)}
        while learning.watch(county_store, Rules(county_store, ZONE)()):
            pass
        assert found[0].code in {row.code for row in listed(county_store)}  # this department is slow from the start
    with subtests.test("the screen"):
        page = client.get("/cases?state=will-be-late")
        assert page.status_code == 200


def test_before_anything_was_learned_the_rule_holds(app: Flask, county_store: Store) -> None:
    filed(county_store)
    while learning.watch(county_store, Rules(county_store, ZONE)()):
        pass
    assert {row.department for row in listed(county_store)} <= {SLOW}  # those with less than a fifth left
    client = browser(app, county_store, "operator")
    case = client.get("/api/v1/cases?state=open&department=" + QUICK).get_json()["cases"][0]
    assert case["late_basis"] == "rule" and case["late_chance"] is None
    assert client.get(f"/api/v1/cases/{case['code']}").get_json()["forecast"]["basis"] == "rule"


def test_the_watch_forgets_what_is_over(county_store: Store) -> None:
    filed(county_store)
    learned(county_store)
    with county_store.read() as connection:
        open_ids = set(connection.execute(select(t.cases.c.id).where(t.OPEN)).scalars())
        assert set(connection.execute(select(late_watch.c.case_id)).scalars()) == open_ids
    with county_store.write() as connection:
        connection.execute(t.cases.update().where(t.cases.c.id.in_(open_ids)).values(closed_at=real_now()))
    while learning.watch(county_store, Rules(county_store, ZONE)()):
        pass
    with county_store.read() as connection:
        assert connection.execute(select(late_watch.c.case_id)).all() == []


def test_suggestions_come_from_names_first_and_from_cases_later(app: Flask, county_store: Store) -> None:
    client = browser(app, county_store, "operator")
    body = {"description": "东门市场旁暴露垃圾"}
    cold = client.post("/api/v1/suggestions", json=body, headers=OWN).get_json()
    assert cold["categories"][0]["code"] == "010101" and cold["departments"][0]["code"] == "cg"
    assert cold["category_measured"] is None and cold["learned_from"] == 0
    filed(county_store)
    learned(county_store)
    app.extensions["gridcommand"].shelf.forget()
    warm = client.post("/api/v1/suggestions", json={"description": "渠道渗水"}, headers=OWN).get_json()
    assert warm["categories"][0]["code"] == "020205" and warm["departments"][0]["code"] == QUICK
    assert warm["category_measured"]["rows"] >= 50 and warm["category_measured"]["top1"] > 0.9
    code = client.post("/api/v1/reports", json=report(description="垃圾成堆无人清运"), headers=OWN).get_json()["code"]
    of_case = client.get(f"/api/v1/cases/{code}/suggestion").get_json()
    assert of_case["categories"][0]["code"] == "010101" and of_case["departments"][0]["code"] == SLOW
    assert client.get(f"/api/v1/cases/{code}").get_json()["stage"] == "reported"  # nothing is set by it


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "description"), ({"description": " "}, "description"), ({"description": "垃圾", "colour": 1}, "colour")],
)
def test_a_question_without_a_text_is_refused_by_name(
    app: Flask, county_store: Store, body: dict[str, Any], field: str
) -> None:
    answer = browser(app, county_store, "operator").post("/api/v1/suggestions", json=body, headers=OWN)
    assert answer.status_code == 422 and problem(answer)["field"] == field
    missing = browser(app, county_store, "operator").get("/api/v1/cases/X-1/suggestion")
    assert missing.status_code == 404 and problem(missing)["field"] == "code"
