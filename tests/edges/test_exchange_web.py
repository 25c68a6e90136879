"""CAP over HTTP: emergencies out as messages and as a feed, warnings in; and the page that shows them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import SECRET
from desk_harness import OWN, HeardNews, add_people, add_token, bearer, browser, problem, web
from flask import Flask
from test_emergencies import NOW, later
from test_emergencies import flood as dike
from test_exchange_stored import fresh

from models.door import Door
from models.emergencies.facade import Done, Emergencies
from models.exchange import cap, feeds
from models.moves import Actor, Role
from models.rules import Rules
from models.store import Store
from models.timebase import real_now
from models.vault import Vault
from tests.unit.test_exchange_cap import SQUARE, sample, valid


@pytest.fixture
def news() -> HeardNews:
    return HeardNews()


@pytest.fixture
def app(sqlite_county: Store, tmp_path: Path, news: HeardNews) -> Iterator[Flask]:
    add_people(sqlite_county)
    with web(sqlite_county, tmp_path, news) as app:
        yield app


@pytest.fixture
def emergencies(sqlite_county: Store, app: Flask) -> Emergencies:
    return Emergencies(Door(sqlite_county, Rules(sqlite_county, ZoneInfo("Asia/Shanghai")), Vault(SECRET)))


def said(app: Flask, store: Store, done: Done) -> cap.Alert:
    """The newest message of an emergency, valid by the standard's schema."""
    answer = browser(app, store, "operator").get(f"/api/v1/emergencies/{done.room.row.number}/cap.xml")
    assert answer.status_code == 200 and answer.mimetype == "application/cap+xml"
    assert valid(answer.data)
    return cap.parse(answer.data)


def act(emergencies: Emergencies, done: Done, action: str, minutes: float, **fields: Any) -> Done:
    who = Actor("operator", Role.OPERATOR)
    return emergencies.act(done.room.row.number, action, who, later(minutes), fields)


def test_an_emergency_is_told_as_alert_update_and_cancel(
    app: Flask, sqlite_county: Store, emergencies: Emergencies
) -> None:
    done = emergencies.start(dike(), Actor("operator", Role.OPERATOR), NOW)
    alert = said(app, sqlite_county, done)
    info = alert.info("zh-CN")
    assert info is not None and info.event == "防汛抗洪" and info.colour == "orange" and info.severity == "Severe"
    assert (alert.kind, alert.status, alert.references) == ("Alert", "Actual", ())
    assert info.areas[0].circles[0].radius == 1.5 and "138" not in str(alert)
    english = alert.info("en")
    assert english is not None and english.event == "Flood"
    act(emergencies, done, "level", 5, level="1", note="水位上涨")
    raised = said(app, sqlite_county, done)
    assert (raised.kind, raised.infos[0].colour) == ("Update", "red")
    assert [ref.identifier for ref in raised.references] == [alert.identifier]
    act(emergencies, done, "end", 60, note="险情解除")
    over = said(app, sqlite_county, done)
    assert over.infos[0].responses == ("AllClear",) and over.infos[0].urgency == "Past"
    assert len({alert.identifier, raised.identifier, over.identifier}) == 3


def test_an_emergency_from_a_warning_has_the_warnings_area_and_tells_it_on(
    app: Flask, sqlite_county: Store, emergencies: Emergencies
) -> None:
    operator = browser(app, sqlite_county, "operator")
    assert operator.post("/cap/warnings", data=cap.build(fresh()), headers=OWN).status_code == 201
    body = {"plan": "flood", "level": 2, "note": "暴雨", "life": True, "origin": "cap", "reference": "gc-20260703-1"}
    one = operator.post("/api/v1/emergencies", json=body, headers=OWN).get_json()
    room = operator.get(f"/live/emergencies/{one['number']}").get_json()["room"]
    square, circle = room["perimeter"]  # the warning names both
    assert square == [list(point) for point in SQUARE] and len(circle) > 20 and one["radius_m"] > 5_000
    told = cap.parse(operator.get(f"/api/v1/emergencies/{one['number']}/cap.xml").data).infos[0].areas[0]
    assert told.polygons[0] == SQUARE and len(told.polygons) == 2 and told.circles == ()
    changed = operator.post(
        f"/api/v1/emergencies/{one['number']}/actions/perimeter", json={"radius_m": 900}, headers=OWN
    )
    assert changed.get_json()["radius_m"] == 900
    assert operator.get(f"/live/emergencies/{one['number']}").get_json()["room"]["perimeter"] == []
    point = body | {"longitude": 112.886, "latitude": 30.469}
    other = operator.post("/api/v1/emergencies", json=point, headers=OWN).get_json()
    assert (other["longitude"], other["radius_m"]) == (112.886, 1500)  # whoever names a place means it
    unknown = operator.post("/api/v1/emergencies", json=body | {"reference": "of somebody else"}, headers=OWN)
    assert unknown.status_code == 201 and unknown.get_json()["longitude"] is None


def test_a_drill_is_an_exercise(app: Flask, sqlite_county: Store, emergencies: Emergencies) -> None:
    done = emergencies.start(dike(drill=True), Actor("operator", Role.OPERATOR), NOW)
    assert said(app, sqlite_county, done).status == "Exercise"


def test_the_feed_holds_every_message_whole_and_our_own_watch_can_read_it(
    app: Flask, sqlite_county: Store, emergencies: Emergencies
) -> None:
    done = emergencies.start(dike(), Actor("operator", Role.OPERATOR), NOW)
    act(emergencies, done, "level", 5, level="1", note="水位上涨")
    token = add_token(sqlite_county, "read")
    answer = app.test_client().get("/cap/emergencies.atom", headers=bearer(token))
    assert answer.status_code == 200 and answer.mimetype == "application/atom+xml"
    cut = feeds.cut(answer.data, "http://localhost/")
    kinds = [cap.parse(raw).kind for raw in cut.messages]
    assert kinds == ["Update", "Alert"] and all(valid(raw) for raw in cut.messages)


def test_an_emergency_that_never_began_or_is_unknown_has_no_message(
    app: Flask, sqlite_county: Store, emergencies: Emergencies
) -> None:
    pending = emergencies.start(dike(life=False), Actor("operator", Role.OPERATOR), NOW)
    for number, status in ((pending.room.row.number, 404), ("E-none", 404), ("x" * 300, 422)):
        answer = browser(app, sqlite_county, "operator").get(f"/api/v1/emergencies/{number}/cap.xml")
        assert problem(answer)["field"] == "number" and answer.status_code == status


def test_a_warning_is_taken_over_http_told_and_listed(app: Flask, sqlite_county: Store, news: HeardNews) -> None:
    token = add_token(sqlite_county, "report", "read", name="met office")
    client, raw = app.test_client(), cap.build(fresh())
    assert client.post("/cap/warnings", data=raw, headers=bearer(token)).status_code == 201
    assert client.post("/cap/warnings", data=raw, headers=bearer(token)).status_code == 200
    assert [fact.kind for fact in news.facts] == ["warning.received"]  # type: ignore[attr-defined]
    body = client.get("/api/v1/warnings?state=in-force", headers=bearer(token)).get_json()
    assert (
        body["total"] == 1
        and body["warnings"][0]["colour"] == "orange"
        and body["warnings"][0]["feed"] == "@met office"
    )


def test_a_hostile_message_is_answered_with_the_reason_and_listed(app: Flask, sqlite_county: Store) -> None:
    client = browser(app, sqlite_county, "operator")
    for raw, code in ((sample("xee"), "forbidden-xml"), (b"", "not-xml"), (b"\xff" * 100, "not-xml")):
        answer = client.post("/cap/warnings", data=raw, headers=OWN)
        assert answer.status_code == 422 and problem(answer)["code"] == code
    assert client.post("/cap/warnings", data=b"x" * 1_100_000, headers=OWN).status_code == 413
    listed = client.get("/api/v1/warnings?state=refused").get_json()
    assert listed["total"] == 3 and all(row["reason"] for row in listed["warnings"])


@pytest.mark.parametrize("query", ["state=x", "before=0", "before=x", "limit=999", "y=1"])
def test_a_list_that_cannot_be_is_a_problem(app: Flask, sqlite_county: Store, query: str) -> None:
    assert problem(browser(app, sqlite_county, "duty").get(f"/api/v1/warnings?{query}"))["status"] == 422


def test_metrics_tell_backlogs_cameras_breaches_and_deliveries(app: Flask, sqlite_county: Store) -> None:
    text = browser(app, sqlite_county, "duty").get("/metrics").get_data(as_text=True)
    told = {line.split()[0] for line in text.splitlines() if line and not line.startswith("#")}
    wanted = {
        "last_fact_number", "outbox_first_fact_number", "cases_open", "cases_overdue", "cases_escalated", "clocks_waiting",
        "clocks_oldest_seconds", "cameras_live", "cameras_offline", "emergencies_running", "warnings_in_force",
        "webhook_lag_facts", "webhook_deliveries_failed", "deliveries_inbox_waiting", "notifier_waiting", "figures_age_seconds",
    }  # fmt: skip
    assert {f"gridcommand_{name}" for name in wanted - {"figures_age_seconds"}} <= told


def test_a_figure_of_the_metrics_equals_its_list(app: Flask, sqlite_county: Store, emergencies: Emergencies) -> None:
    emergencies.start(dike(), Actor("operator", Role.OPERATOR), real_now())
    text = browser(app, sqlite_county, "duty").get("/metrics").get_data(as_text=True)
    assert "gridcommand_emergencies_running 1.0" in text
