"""The overview's figures on real stores: each equals its list, comparisons are fair, looks are remembered, words arrive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
from conftest import door_of
from desk_harness import DEPARTMENT, GRID, HASH, OWN, HeardNews, add_people, browser, problem, web
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert

from models import queries
from models import tables as t
from models.door import Door, Report
from models.evaluation import books
from models.evaluation.reading import Counties
from models.filters import CaseFilter, FilterRefused, Moment
from models.moves import Actor, Role
from models.overview import comparing, looks
from models.overview.windows import EVENTS, Window, WindowRefused
from models.rules import Rules
from models.store import Store
from models.timebase import Timebase, real_now, set_timebase

ZONE = ZoneInfo("Asia/Shanghai")
OPERATOR, LEADER, SYSTEM = (Actor(str(role), role) for role in (Role.OPERATOR, Role.LEADER, Role.SYSTEM))
DESK = Actor("department", Role.DEPARTMENT, department=DEPARTMENT)
NOW = datetime(2026, 5, 20, 7, 30, 10, 250_000, tzinfo=UTC)  # 15:30 in the county
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def reported(door: Door, at: datetime, department: str = "cg") -> str:
    report = Report(category="010101", description="垃圾成堆", source="hotline", area=GRID)
    code = str(door.report(report, SYSTEM, at).case.code)
    door.move(code, "dispatch", OPERATOR, at + MINUTE, {"department": department})
    return code


def closed(door: Door, at: datetime, within: timedelta, department: str = "cg") -> str:
    code = reported(door, at, department)
    desk = Actor("desk", Role.DEPARTMENT, department=department)
    door.move(code, "receipt", desk, at + 2 * MINUTE)
    door.move(code, "feedback", desk, at + within - MINUTE, {"note": "已处理"})
    door.move(code, "close", OPERATOR, at + within)
    return code


@pytest.fixture
def county(county_store: Store) -> Store:
    """History around `NOW`: this month and the month before, a year ago, today and yesterday, late ones and reopened ones."""
    door = door_of(county_store)
    for back in (0, 1, 1, 5, 9, 30, 33, 365, 366, 370, 400):
        closed(door, NOW - back * DAY - 2 * HOUR, HOUR)
    for back in range(4, 15):
        closed(door, NOW - back * DAY - 3 * HOUR, HOUR)
    closed(door, NOW - 40 * DAY, 30 * DAY, "zj")  # long late
    closed(door, NOW - 12 * DAY, 9 * DAY, "zj")
    for hours in (1, 3, 27, 240):
        reported(door, NOW - hours * HOUR)
    again = closed(door, NOW - 3 * DAY, HOUR)
    door.move(again, "reopen", OPERATOR, NOW - 2 * DAY, {"note": "没有修好"})
    door.tick(NOW)
    with county_store.write() as connection:
        set_timebase(connection, Timebase(real_now(), NOW, 0.0))
    return county_store


def listed(store: Store, wanted: CaseFilter, actor: Actor = LEADER) -> int:
    """How many cases a list really holds, page after page."""
    moment, found, after = Moment(NOW, ZONE), 0, None
    with store.read() as connection:
        while True:
            page = queries.page(connection, wanted, actor, moment, after=after, size=7)
            found += len(page.rows)
            after = page.next
            if after is None:
                assert found == page.total
                return found


def behind(address: str) -> CaseFilter:
    return CaseFilter(**dict(parse_qsl(urlsplit(address).query)))  # type: ignore[arg-type]


def test_compared_counts_and_the_days_of_the_trend_equal_their_lists(county: Store) -> None:
    for event in ("reported", "closed"):
        for kind in ("day", "month"):
            with county.read() as connection:
                one = comparing.compared(connection, event, kind, NOW, ZONE)  # type: ignore[arg-type]
            assert one.now == listed(county, CaseFilter(window=str(one.window))) > 0
            for count, stretch in ((one.before, one.stretches.before), (one.last_year, one.stretches.last_year)):
                window = Window(event, stretch.since, stretch.until)
                assert count == listed(county, CaseFilter(window=str(window))), (event, kind)
    with county.read() as connection:
        days = comparing.trend(connection, NOW, ZONE)
    assert len(days) == 30 and sum(day.reported for day in days) > 5
    for day in days:
        if day.reported or day.closed:
            since, until = comparing.midnight(day.day, ZONE), comparing.midnight(day.day + DAY, ZONE)
            assert day.reported == listed(county, CaseFilter(window=str(Window("reported", since, until))))
            assert day.closed == listed(county, CaseFilter(window=str(Window("closed", since, until))))


def test_a_comparison_without_records_is_unknown_and_not_nothing(sqlite_county: Store) -> None:
    reported(door_of(sqlite_county), NOW - HOUR)
    with sqlite_county.read() as connection:
        one = comparing.compared(connection, "reported", "month", NOW, ZONE)
    assert (one.now, one.before, one.last_year) == (1, None, None)


def test_stretches_end_at_the_same_day_and_time_of_day() -> None:
    found = comparing.stretches("month", datetime(2026, 3, 31, 4, tzinfo=UTC), ZONE)
    assert found.before.until == datetime(2026, 2, 28, 16, tzinfo=UTC), "February has no 31st: all of it"
    assert found.last_year.until == datetime(2025, 3, 31, 4, tzinfo=UTC)
    leap = comparing.stretches("day", datetime(2028, 2, 29, 4, tzinfo=UTC), ZONE)
    assert leap.last_year.since == datetime(2027, 2, 27, 16, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "opened~2026-05-01T00:00Z~2026-05-02T00:00Z", "closed~yesterday~today",
                                  "closed~2026-05-01T00:00~2026-05-02T00:00", "closed~2026-05-01T00:00Z"])  # fmt: skip
def test_a_window_that_cannot_be_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(WindowRefused):
        Window.read(text)
    if text:
        with pytest.raises(FilterRefused):
            CaseFilter(window=text).where(Moment(NOW, ZONE))


def test_a_window_reads_what_it_wrote() -> None:
    for event in EVENTS:
        window = Window(event, comparing.whole_second(NOW - DAY), comparing.whole_second(NOW))
        assert Window.read(str(window)) == window


# --- over HTTP -------------------------------------------------------------------------------------------------------


@pytest.fixture
def app(county: Store, tmp_path: Path) -> Iterator[Flask]:
    add_people(county)
    rows = [{"name": "zj", "role": "department", "password": HASH, "department": "zj", "created_at": real_now()}]
    with county.write() as connection:
        connection.execute(insert(t.account), rows)
    books.keep_up(county, Counties(county, Rules(county, ZONE))(), NOW)
    with web(county, tmp_path, HeardNews()) as app:
        yield app


def picture(client: FlaskClient) -> dict[str, Any]:
    answer = client.get("/live/overview")
    assert answer.status_code == 200, answer.get_data(as_text=True)[:300]
    body: dict[str, Any] = answer.get_json()
    return body


def test_every_figure_and_every_change_since_the_last_look_equals_the_list_it_opens(app: Flask, county: Store) -> None:
    found = picture(browser(app, county, "leader"))
    for one in found["compared"].values():
        assert one["now"] == listed(county, behind(one["list"]))
    for share in found["shares"].values():
        assert share["of"] == listed(county, behind(share["list"]))
    assert found["shares"]["closing-in-time"]["of"] > 0
    places = found["ranking"]["places"]
    assert {place["code"] for place in places} == {"cg", "zj"}
    for place in places:
        assert place["missed"] == listed(county, behind(place["missed_list"]))
    assert [(place["code"], place["rank"], place["small"]) for place in places] == [
        ("cg", 1, False),
        ("zj", None, True),
    ]
    assert places[0]["score"] > 0 and places[1]["score"] is None
    assert found["will_be_late"] == listed(county, CaseFilter(state="will-be-late"))

    assert found["look"]["at"] is None, "nobody has looked before"
    client = browser(app, county, "leader")
    with county.write() as connection:  # the last look was two days ago, and long before this visit
        looks.looked(connection, "leader", {"open": 1}, NOW - 2 * DAY, real_now() - DAY)
    with county.write() as connection:
        looks.looked(connection, "leader", {"open": 1}, NOW - 2 * DAY, real_now() - DAY)
    look = picture(client)["look"]
    assert look["figures"] == {"open": 1} and look["at"].startswith("2026-05-18T07:30:10")
    assert look["changes"]["reported"]["count"] == 6
    for name, change in look["changes"].items():
        assert change["count"] == listed(county, behind(change["list"])), name
    assert picture(client)["look"]["at"] == look["at"], "the same visit is told the same"


def test_an_instruction_on_a_department_comes_back_with_receipt_and_result(app: Flask, county: Store) -> None:
    leader, desk = browser(app, county, "leader"), browser(app, county, "department")
    body = {"about": "department", "code": DEPARTMENT, "text": "请今日办结并报告结果。"}
    given = leader.post("/api/v1/instructions", json=body, headers={**OWN, "Idempotency-Key": "k1"})
    assert given.status_code == 201, given.get_data(as_text=True)
    again = leader.post("/api/v1/instructions", json=body, headers={**OWN, "Idempotency-Key": "k1"})
    assert (again.status_code, again.get_json()) == (200, given.get_json())
    number = given.get_json()["message"]

    def mine() -> dict[str, Any]:
        rows: list[dict[str, Any]] = leader.get("/api/v1/instructions").get_json()["instructions"]
        assert [row["number"] for row in rows] == [given.get_json()["number"]]
        return rows[0]

    assert (mine()["state"], mine()["received"], mine()["addressed"]) == ("waiting", 0, 1)
    assert desk.get("/api/v1/inbox").get_json()["entries"][0]["message"] == number
    desk.post(f"/api/v1/messages/{number}/actions/receipt", json={}, headers=OWN)
    assert (mine()["state"], mine()["received"]) == ("received", 1)
    answer = {"subject": "回复", "body": "已全部办结。", "reply_to": number}
    assert desk.post("/api/v1/messages", json=answer, headers=OWN).status_code == 201
    assert (mine()["state"], mine()["result"]) == ("answered", "已全部办结。")
    done = leader.post(f"/api/v1/instructions/{mine()['number']}/actions/conclude", json={}, headers=OWN)
    assert done.status_code == 200 and mine()["state"] == "concluded"
    assert problem(leader.post(f"/api/v1/instructions/{mine()['number']}/actions/conclude", json={}, headers=OWN))[
        "field"
    ] == "number"  # fmt: skip


REFUSED = [
    ({"code": "nowhere"}, "code"),
    ({"about": "figure", "code": "happiness"}, "code"),
    ({"about": "figure", "code": "overdue", "departments": ["nowhere"]}, "departments"),
    ({"text": "  "}, "text"),
    ({"about": "weather"}, "about"),
    ({"reply_due": "2020-01-01T00:00:00Z"}, "reply_due"),
    ({"code": "mz"}, "departments"),
]


def test_instructions_on_figures_and_cases_reach_those_meant_and_wrong_ones_are_refused(
    app: Flask, county: Store
) -> None:
    leader, desk = browser(app, county, "leader"), browser(app, county, "department")
    figure = {"about": "figure", "code": "overdue", "text": "说明原因。", "value": 7, "as_of": "2026-05-20T07:30:00Z"}
    for departments, reached in (([], {"operator", "duty"}), (["zj"], {"zj"})):
        given = leader.post("/api/v1/instructions", json={**figure, "departments": departments}, headers=OWN)
        message = leader.get(f"/api/v1/messages/{given.get_json()['message']}").get_json()
        assert {row["name"] for row in message["receipt_by"]} == reached
        assert message["subject"] == "批示：超期未结 7（截至 05-20 15:30）"

    with county.read() as connection:
        row = queries.page(connection, CaseFilter(state="open", department=DEPARTMENT), LEADER, Moment(NOW, ZONE)).rows[
            0
        ]
    act = f"/api/v1/cases/{row.code}/actions"
    given = leader.post(f"{act}/instruct", json={"note": "主要负责人过问。"}, headers=OWN)
    assert given.status_code == 200, given.get_data(as_text=True)
    own = leader.get("/api/v1/instructions").get_json()["instructions"][0]
    assert (own["about"], own["code"], own["state"]) == ("case", row.code, "waiting")
    assert desk.post(f"{act}/receive-order", json={}, headers=OWN).status_code == 200
    assert leader.get("/api/v1/instructions").get_json()["instructions"][0]["state"] == "received"
    assert desk.post(f"{act}/reply", json={"note": "已过问。"}, headers=OWN).status_code == 200
    own = leader.get("/api/v1/instructions").get_json()["instructions"][0]
    assert (own["state"], own["result"]) == ("answered", "已过问。")
    for changes, field in REFUSED:
        body = {"about": "department", "code": DEPARTMENT, "text": "请办理。", **changes}
        answer = leader.post("/api/v1/instructions", json=body, headers=OWN)
        assert (problem(answer)["field"], answer.status_code) == (field, 422), changes
    answer = leader.get("/api/v1/cases?window=closed~x~y")
    assert (problem(answer)["field"], answer.status_code) == ("window", 422)


def test_the_overview_is_for_the_whole_county_and_a_leader_lands_on_it(sqlite_county: Store, tmp_path: Path) -> None:
    add_people(sqlite_county)
    with web(sqlite_county, tmp_path, HeardNews()) as app:
        _landed(app, sqlite_county)


def _landed(app: Flask, county: Store) -> None:
    client = browser(app, county, "leader")
    assert client.get("/").headers["Location"] == "/overview"
    page = client.get("/overview")
    assert page.status_code == 200 and 'id="overview"' in page.get_data(as_text=True)
    manifest = client.get("/overview/app.webmanifest").get_json()
    assert manifest["start_url"] == "/overview" and manifest["icons"]
    assert client.get("/overview/worker.js").headers["Service-Worker-Allowed"] == "/overview"
    with county.write() as connection:
        connection.execute(t.account.update().where(t.account.c.name == "leader").values(area="990100100"))
    assert problem(client.get("/live/overview"))["status"] == 403
