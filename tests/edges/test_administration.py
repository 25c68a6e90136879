"""Reference data through the administrator's pages: the same validator as `gridcommand check`, a preview, one audit row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from desk_harness import GRID, OWN, add_people, browser, problem, web
from flask.testing import FlaskClient
from sqlalchemy import select

from config.settings import HERE
from dashboard.administration import editing
from models import reference, stored
from models import tables as t
from models.door import Door, Report
from models.emergencies import rooms
from models.moves import Actor, Role
from models.store import Store

YUNZE = HERE / "counties" / "yunze"
HOLIDAYS = (
    "01-01",
    "02-06",
    "02-07",
    "02-08",
    "02-09",
    "02-10",
    "04-05",
    "05-01",
    "05-02",
    "06-09",
    "10-01",
    "10-02",
    "10-03",
)


@pytest.fixture
def admin(sqlite_county: Store, tmp_path: Path) -> Iterator[FlaskClient]:
    add_people(sqlite_county)
    with web(sqlite_county, tmp_path) as app:
        yield browser(app, sqlite_county, "admin")


@pytest.fixture
def both(county_store: Store, tmp_path: Path) -> Iterator[FlaskClient]:
    """The same on either kind of database, for what is stored by SQL of its own."""
    add_people(county_store)
    with web(county_store, tmp_path) as app:
        yield browser(app, county_store, "admin")


def at(kind: str) -> tuple[str, str]:
    return f"/admin/data/{kind}", {"calendar": "?year=2026", "plans": "?plan=flood"}.get(kind, "")


def table(admin: FlaskClient, kind: str) -> dict[str, Any]:
    path, query = at(kind)
    return dict(admin.get(path + query).get_json())


def send(admin: FlaskClient, kind: str, action: str, query: str = "", **body: Any) -> Any:
    return admin.post(f"/admin/data/{kind}/{action}{query or at(kind)[1]}", json=body, headers=OWN)


@pytest.mark.parametrize("kind", editing.KINDS)
def test_what_is_exported_comes_in_again_and_changes_nothing(admin: FlaskClient, kind: str) -> None:
    path, query = at(kind)
    text = admin.get(f"{path}{query}{'&' if query else '?'}as=file").get_data(as_text=True)
    if kind == "duty-changes":
        assert text.splitlines()[0].startswith("day,starts") and len(text.splitlines()) == 1
    judged = send(admin, kind, "preview", text=text).get_json()
    assert (judged["problems"], judged["changes"]) == ([], [])


def test_an_export_says_what_the_countys_own_file_says(admin: FlaskClient) -> None:
    for kind in ("departments", "posts", "sources"):
        mine = csv.DictReader(io.StringIO(admin.get(f"/admin/data/{kind}?as=file").get_data(as_text=True)))
        with (YUNZE / f"{kind}.csv").open(encoding="utf-8") as file:
            assert sorted(map(str, mine)) == sorted(map(str, csv.DictReader(file)))


def test_a_row_is_judged_shown_stored_and_audited(both: FlaskClient, county_store: Store) -> None:
    now = table(both, "departments")
    row = next(row for row in now["rows"] if row["code"] == "cg") | {"phone": "8999"}
    seen = send(both, "departments", "preview", row=row, key=["cg"]).get_json()
    assert seen["changes"] == [{"what": "changed", "key": "cg", "fields": {"phone": ["8101", "8999"]}}]
    assert next(r for r in table(both, "departments")["rows"] if r["code"] == "cg")["phone"] != "8999"
    done = send(both, "departments", "apply", row=row, key=["cg"], version=now["version"])
    assert done.status_code == 200
    assert next(r for r in table(both, "departments")["rows"] if r["code"] == "cg")["phone"] == "8999"
    with county_store.read() as connection:
        line = connection.execute(t.audit.select().order_by(t.audit.c.id.desc())).first()
    assert line is not None and (line.actor, line.act, line.object) == ("admin", "reference.change", "departments")
    assert line.detail["rows"] == ["cg"]
    late = send(both, "departments", "apply", row=row | {"phone": "1"}, key=["cg"], version=now["version"])
    assert late.status_code == 409 and problem(late)["field"] == "version"


def test_a_fault_is_told_at_its_field_and_nothing_is_stored(admin: FlaskClient) -> None:
    row = next(row for row in table(admin, "categories")["rows"] if row["code"] == "010101")
    wrong = row | {"department": "nobody", "limit": "soon", "unit": "week"}
    judged = send(admin, "categories", "preview", row=wrong, key=["010101"]).get_json()
    assert {p["field"] for p in judged["problems"] if p["here"]} == {"department", "limit", "unit"}
    refused = send(admin, "categories", "apply", row=wrong, key=["010101"])
    assert refused.status_code == 422 and problem(refused)["field"] in ("department", "limit", "unit")
    assert row in table(admin, "categories")["rows"]


def test_a_plan_is_judged_stored_copied_and_taken_out_but_the_last_one_stays(
    admin: FlaskClient, sqlite_county: Store
) -> None:
    whole = admin.get("/admin/data/plans?plan=flood&as=file").get_data(as_text=True)
    wrong = whole.replace('objective = "people"', 'objective = "poeple"').replace("arrived = 40", "arrived = 4", 1)
    judged = send(admin, "plans", "preview", text=wrong).get_json()
    assert judged["changes"] == [] and all(one["line"] for one in judged["problems"])
    assert {one["field"].split(".")[0] for one in judged["problems"]} >= {"clocks", "steps"}
    assert send(admin, "plans", "apply", text=wrong).status_code == 422
    assert send(admin, "plans", "preview", text="not = [a plan").get_json()["problems"][0]["line"] == 1

    with sqlite_county.read() as connection:
        steps = len(rooms.plans(connection)["flood"].steps)
    more = whole.replace("silent_minutes = 3", "silent_minutes = 5")
    seen = send(admin, "plans", "preview", text=more).get_json()
    assert seen["changes"] == [{"what": "changed", "key": "flood", "fields": {"silent_minutes": ["3", "5"]}}]
    assert send(admin, "plans", "apply", text=more, version=seen["version"]).get_json()["plan"] == "flood"
    other = more.replace('code = "flood"', 'code = "storm"', 1)
    assert send(admin, "plans", "apply", text=other).get_json()["changes"][0]["what"] == "added"
    with sqlite_county.read() as connection:
        found = rooms.plans(connection)
        line = connection.execute(t.audit.select().order_by(t.audit.c.id.desc())).first()
    assert {found[code].silent_minutes for code in ("flood", "storm")} == {5} and len(found["storm"].steps) == steps
    assert line is not None and (line.act, line.object) == ("reference.change", "plans flood")
    assert (
        send(admin, "plans", "apply", "?plan=storm", row=None, key=["storm"]).get_json()["changes"][0]["what"]
        == "removed"
    )
    assert admin.get("/admin/data/plans?plan=storm").status_code == 404
    for code in sorted(set(found) - {"storm", "flood"}):
        assert send(admin, "plans", "apply", f"?plan={code}", row=None, key=[code]).status_code == 200
    last = send(admin, "plans", "apply", row=None, key=["flood"])
    assert last.status_code == 422 and problem(last)["field"] == "key"
    assert problem(send(admin, "plans", "apply", row={"code": "flood"}, key=["flood"]))["field"] == "text"
    assert problem(send(admin, "plans", "apply"))["field"] == "text"


def test_a_planted_overlap_is_found_on_the_map_and_refused(admin: FlaskClient, sqlite_county: Store) -> None:
    assert admin.get("/admin/data/areas?as=faults").get_json() == {"faults": []}
    text = admin.get("/admin/data/areas?as=file").get_data(as_text=True)
    collection = json.loads(text)
    grids = [f for f in collection["features"] if f["properties"]["level"] == "grid"]
    grids[0]["geometry"] = grids[1]["geometry"]
    judged = send(admin, "areas", "preview", text=json.dumps(collection)).get_json()
    words = " ".join(p["message"] for p in judged["problems"])
    assert "overlaps" in words and "is not covered" in words
    with sqlite_county.write() as connection:  # as if it had come in by another way: the page shows it
        code, outline = grids[0]["properties"]["code"], grids[1]["geometry"]
        connection.execute(t.area.update().where(t.area.c.code == code).values(geometry=outline))
    found = admin.get("/admin/data/areas?as=faults").get_json()["faults"]
    assert {fault["kind"] for fault in found} >= {"overlap", "gap"}
    assert all(fault["point"] and fault["piece"] for fault in found)
    row = next(row for row in table(admin, "areas")["rows"] if row["code"] == grids[5]["properties"]["code"])
    renamed = send(admin, "areas", "apply", row=row | {"name": "新名"}, key=[row["code"]])
    assert renamed.status_code == 200, renamed.get_data(
        as_text=True
    )  # an old fault does not stand in the way of a name


def test_a_year_comes_in_whole_or_not_at_all(both: FlaskClient, county_store: Store) -> None:
    head = "date,kind,name,name_en,source\n"
    rows = [f"2027-{day},holiday,节,Holiday,国务院办公厅通知\n" for day in HOLIDAYS]
    part = send(both, "calendar", "preview", "?year=2027", text=head + rows[0]).get_json()
    assert "whole year" in part["problems"][0]["message"]
    done = send(both, "calendar", "apply", "?year=2027", text=head + "".join(rows))
    assert done.status_code == 200 and len(done.get_json()["changes"]) == len(rows)
    less = send(both, "calendar", "apply", "?year=2027", text=head + "".join(rows[:6] + rows[7:])).get_json()
    assert [(c["what"], c["key"]) for c in less["changes"]] == [("removed", "2027-04-05")]
    with county_store.read() as connection:
        assert len(stored.nouns(connection, "calendar", 2027)) == len(rows) - 1
    assert problem(send(both, "calendar", "preview", "?year=soon", text="x"))["field"] == "year"


def test_rules_are_judged_with_their_lines(admin: FlaskClient) -> None:
    text = table(admin, "county")["text"]
    wrong = send(admin, "county", "preview", text=text.replace("orange = 0.2", "orange = 0.9")).get_json()["problems"]
    assert [(p["field"], text.splitlines()[p["line"] - 1]) for p in wrong] == [("clock.orange", "orange = 0.2")]
    right = send(admin, "county", "apply", text=text.replace("accept = 15", "accept = 20"))
    assert right.status_code == 200
    assert right.get_json()["changes"][0]["fields"]["stages.accept"] == ["15", "20"]
    assert "accept = 20" in table(admin, "county")["text"]


def test_a_change_of_duty_comes_and_goes(admin: FlaskClient) -> None:
    row = {"day": "2026-11-25", "starts": "20:00", "ends": "08:00", "role": "chief", "name": "值班长",
           "name_en": "Duty chief", "holder": "三组组长", "holder_en": "Head of Team Three", "phone": "8002",
           "reason": "请假"}  # fmt: skip
    assert send(admin, "duty-changes", "apply", row=row).status_code == 200
    key = [table(admin, "duty-changes")["rows"][0][name] for name in ("day", "starts", "role")]
    assert key == ["2026-11-25", "20:00", "chief"]
    assert send(admin, "duty-changes", "apply", row=None, key=key).status_code == 200
    assert table(admin, "duty-changes")["rows"] == []


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("nothing", {"text": "x"}, 404),
        ("departments", {"text": "\x00"}, 200),
        ("departments", {"text": ""}, 200),
        ("departments", {"unknown": 1}, 422),
        ("departments", {"row": None, "key": ["cg"]}, 422),
        ("areas", {"row": {"name": "新"}, "key": ["none"]}, 422),
        ("areas", {"text": "{"}, 200),
        ("county", {"text": "= = ="}, 200),
        ("categories", {"text": "a,b\n1,2\n"}, 200),
    ],
)
def test_bad_input_is_refused_in_words(admin: FlaskClient, kind: str, body: dict[str, Any], status: int) -> None:
    answer = send(admin, kind, "preview", **body)
    assert answer.status_code == status, answer.get_data(as_text=True)
    if status == 200:
        assert answer.get_json()["problems"]
    else:
        assert problem(answer)["field"]


def test_a_changed_calendar_moves_the_deadlines_of_open_cases_with_a_trace(
    admin: FlaskClient, sqlite_county: Store
) -> None:
    door: Door = admin.application.extensions["gridcommand"].door
    at = datetime(2026, 11, 24, 2, tzinfo=UTC)  # a Tuesday, 10:00 in Shanghai
    report = Report(category="010101", description="垃圾", source="hotline", area=GRID)
    case = door.report(report, Actor("hotline", Role.SYSTEM), at).case
    text = admin.get("/admin/data/calendar?year=2026&as=file").get_data(as_text=True)
    done = send(admin, "calendar", "apply", text=f"{text}2026-11-25,holiday,临时放假,Extra holiday,通知\n")
    assert done.get_json()["rederived"] == 1
    with sqlite_county.read() as connection:
        now = connection.execute(t.cases.select().where(t.cases.c.code == case.code)).one()
        acts = connection.execute(select(t.trace.c.action).where(t.trace.c.case_id == now.id)).scalars().all()
    assert now.due_at - case.due_at == timedelta(days=1)
    assert "rederive" in acts


def test_the_ladder_its_rules_and_the_stages_are_rows_of_the_countys_file(
    both: FlaskClient, county_store: Store
) -> None:
    new = {"rung": "2", "role": "duty_desk", "name": "值班室", "name_en": "duty desk", "acknowledge_minutes": "15",
           "time": "plain", "again": "1"}  # fmt: skip
    wrong = send(both, "ladder", "preview", row=new | {"acknowledge_minutes": "soon", "rung": "0"}).get_json()
    assert {p["field"] for p in wrong["problems"] if p["here"]} == {"acknowledge_minutes", "rung"}
    done = send(both, "ladder", "apply", row=new).get_json()
    assert [(c["what"], c["key"]) for c in done["changes"]] == [
        ("added", "duty_desk"), ("changed", "deputy_head"), ("changed", "head"),
    ]  # fmt: skip
    assert [row["role"] for row in table(both, "ladder")["rows"]] == ["coordinator", "duty_desk", "deputy_head", "head"]
    assert "duty_desk" in table(both, "county")["text"]
    cg = next(row for row in table(both, "departments")["rows"] if row["code"] == "cg")
    filled = send(both, "departments", "apply", row=cg | {"duty_desk": "8110"}, key=["cg"])
    assert filled.status_code == 200, "departments that have no telephone for it yet stood in the way"
    assert send(both, "departments", "apply", row=cg, key=["cg"]).status_code == 422  # its own empty cell
    gone = send(both, "ladder", "apply", row=None, key=["duty_desk"]).get_json()["changes"]
    assert ("removed", "duty_desk") in {(c["what"], c["key"]) for c in gone}

    limits = {"category": "0102", "accept": "7"}
    assert send(both, "stages", "apply", row=limits).get_json()["rederived"] is not None
    assert send(both, "stages", "preview", row=limits | {"category": "77"}).get_json()["problems"][0]["here"]
    assert send(both, "stages", "preview", row=None, key=["*"]).get_json()["problems"]

    quiet = {"rule": "escalation.quiet_hours", "value": "23:00; 06:30"}
    assert send(both, "pressing", "apply", row=quiet, key=[quiet["rule"]]).status_code == 200
    bad = send(both, "pressing", "preview", row=quiet | {"value": "23:00"}, key=[quiet["rule"]]).get_json()
    assert [(p["field"], p["here"]) for p in bad["problems"]] == [("value", True)]
    orange = {"rule": "clock.orange", "value": "0.9"}  # only wrong beside another one
    assert send(both, "pressing", "apply", row=orange, key=["clock.orange"]).status_code == 422
    assert problem(send(both, "pressing", "apply", row=None, key=["clock.orange"]))["field"] == "row"
    with county_store.read() as connection:
        rules = reference.county_rules(connection)
    assert rules.stages.categories["0102"] == {"accept": 7} and f"{rules.escalation.quiet_hours[1]:%H:%M}" == "06:30"
    assert [rung.role for rung in rules.escalation.rungs] == ["coordinator", "deputy_head", "head"]
