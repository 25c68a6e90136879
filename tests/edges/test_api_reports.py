"""`POST /api/v1/reports` on both databases: the contract's answer, durable before 2xx, idempotent, each bad input."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from desk_harness import GRID, OWN, HeardNews, add_people, add_token, bearer, browser, problem, report, web
from flask import Flask
from sqlalchemy import func, select

from models import outbox
from models import tables as t
from models.geodesy import gcj02
from models.messages import iso
from models.store import Store, StoreUnavailable
from models.timebase import real_now

REPORTS = "/api/v1/reports"
INSIDE = (112.886264, 30.46921)


@pytest.fixture
def news() -> HeardNews:
    return HeardNews()


@pytest.fixture
def app(county_store: Store, tmp_path: Path, news: HeardNews) -> Iterator[Flask]:
    with web(county_store, tmp_path, news) as app:
        yield app


@pytest.fixture
def token(county_store: Store) -> str:
    return add_token(county_store, "report")


def cases_in(store: Store) -> int:
    with store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(t.cases)).scalar_one())


def test_a_report_is_answered_as_the_contract_says(app: Flask, token: str) -> None:
    answer = app.test_client().post(REPORTS, json=report(), headers=bearer(token))
    assert answer.status_code == 201
    body = answer.get_json()
    assert set(body) >= {"code", "stage", "area", "department", "due_at", "reported_at", "event_id"}
    assert body["stage"] == "reported" and body["area"] == GRID and body["department"] == "cg"
    assert body["due_at"].endswith("Z") and body["reported_at"].endswith("Z") and body["event_id"] == "1"


def test_news_goes_out_only_after_the_case_is_on_disk(
    app: Flask, token: str, news: HeardNews, county_store: Store
) -> None:
    seen: list[int] = []
    news.look = lambda facts: seen.append(cases_in(county_store))
    answer = app.test_client().post(REPORTS, json=report(), headers=bearer(token))
    assert answer.status_code == 201 and seen == [1]
    assert [fact.id for fact in news.facts] == [answer.get_json()["event_id"]]


def test_a_repeated_external_id_is_the_same_case_and_the_same_event(
    app: Flask, token: str, county_store: Store
) -> None:
    client = app.test_client()
    first = client.post(REPORTS, json=report(external_id="A-1"), headers=bearer(token))
    again = client.post(REPORTS, json=report(external_id="A-1"), headers=bearer(token))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json() == again.get_json() and cases_in(county_store) == 1


def test_an_external_id_belongs_to_its_client(app: Flask, token: str, county_store: Store) -> None:
    other = add_token(county_store, "report", name="another system")
    client = app.test_client()
    for secret in (token, other):
        assert client.post(REPORTS, json=report(external_id="A-1"), headers=bearer(secret)).status_code == 201
    assert cases_in(county_store) == 2


def test_an_idempotency_key_is_one_report_and_never_another(app: Flask, token: str, county_store: Store) -> None:
    client, headers = app.test_client(), {**bearer(token), "Idempotency-Key": "k-1"}
    first = client.post(REPORTS, json=report(), headers=headers)
    again = client.post(REPORTS, json=report(), headers=headers)
    other = client.post(REPORTS, json=report(description="别的事"), headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert problem(other)["field"] == "Idempotency-Key" and other.status_code == 422
    assert cases_in(county_store) == 1


@pytest.mark.parametrize("frame", ["WGS-84", "CGCS2000", "GCJ-02", None])
def test_a_point_of_any_frame_is_found_and_stored_as_wgs84(
    app: Flask, token: str, county_store: Store, frame: str | None
) -> None:
    x, y = gcj02(*INSIDE) if frame == "GCJ-02" else INSIDE
    answer = app.test_client().post(
        REPORTS, json=report(area=None, longitude=x, latitude=y, frame=frame), headers=bearer(token)
    )
    assert answer.get_json()["area"] == GRID
    with county_store.read() as connection:
        case = connection.execute(select(t.cases)).one()
    assert (case.longitude, case.latitude) == pytest.approx(INSIDE, abs=1e-6)
    assert case.frame == (frame or "WGS-84")


def test_a_point_outside_every_grid_is_kept_and_marked(app: Flask, token: str) -> None:
    answer = app.test_client().post(
        REPORTS, json=report(area=None, longitude=100.0, latitude=30.0), headers=bearer(token)
    )
    assert answer.status_code == 201 and answer.get_json()["uncovered"] is True


def test_reporter_contacts_are_stored_sealed(app: Flask, token: str, county_store: Store) -> None:
    body = report(reporter={"name": "王秀英", "phone": "13812345678"})
    assert app.test_client().post(REPORTS, json=body, headers=bearer(token)).status_code == 201
    with county_store.read() as connection:
        case = connection.execute(select(t.cases)).one()
    assert "王秀英" not in str(case) and "13812345678" not in str(case)


def test_a_grid_worker_reports_as_the_source_grid_and_no_other(app: Flask, county_store: Store) -> None:
    add_people(county_store)
    worker = browser(app, county_store, "grid")
    assert worker.post(REPORTS, json=report(source=None), headers=OWN).status_code == 201
    refused = worker.post(REPORTS, json=report(source="leader"), headers=OWN)
    assert problem(refused)["field"] == "source"


SOON = iso(real_now() + timedelta(hours=1))
BAD: list[tuple[str, dict[str, Any], str]] = [
    ("no category", {"category": None}, "category"),
    ("an unknown category", {"category": "999999"}, "category"),
    ("a category that is no leaf", {"category": "01"}, "category"),
    ("no description", {"description": None}, "description"),
    ("an empty description", {"description": " \n "}, "description"),
    ("20 kB of text", {"description": "字" * 7_000}, "description"),
    ("4,001 characters", {"description": "a" * 4_001}, "description"),
    ("control characters", {"description": "a\u0000b"}, "description"),
    ("a terminal's escape", {"description": "a\u001b[31m"}, "description"),
    ("a description that is no text", {"description": 7}, "description"),
    ("a longitude of 181", {"longitude": 181.0, "latitude": 30.0}, "longitude"),
    ("a latitude of -91", {"longitude": 112.0, "latitude": -91.0}, "latitude"),
    ("a longitude without latitude", {"longitude": 112.0}, "latitude"),
    ("a latitude without longitude", {"latitude": 30.0}, "longitude"),
    ("a longitude in quotes", {"longitude": "112", "latitude": 30.0}, "longitude"),
    ("a longitude that is true", {"longitude": True, "latitude": 30.0}, "longitude"),
    ("an unknown frame", {"longitude": 112.0, "latitude": 30.0, "frame": "BD-09"}, "frame"),
    ("a frame without a point", {"frame": "WGS-84"}, "frame"),
    ("no place at all", {"area": None}, "area"),
    ("an unknown area", {"area": "000"}, "area"),
    ("an unknown source", {"source": "rumour"}, "source"),
    ("level 0", {"level": 0}, "level"),
    ("level 5", {"level": 5}, "level"),
    ("a level in quotes", {"level": "2"}, "level"),
    ("a date in the future", {"happened_at": SOON}, "happened_at"),
    ("a naive date", {"happened_at": "2026-01-05T08:00:00"}, "happened_at"),
    ("a date that is no date", {"happened_at": "yesterday"}, "happened_at"),
    ("a date as a number", {"happened_at": 1_700_000_000}, "happened_at"),
    ("a date as digits", {"happened_at": "1700000000"}, "happened_at"),
    ("a date before every calendar", {"happened_at": "0001-01-01T00:00:00+14:00"}, "happened_at"),
    ("a date after every calendar", {"happened_at": "9999-12-31T23:59:59-14:00"}, "happened_at"),
    ("a field that there is not", {"longtitude": 1.0}, "longtitude"),
    ("a reporter that is no object", {"reporter": "王"}, "reporter"),
    ("a telephone of 41 characters", {"reporter": {"phone": "1" * 41}}, "reporter.phone"),
    ("an address of 201 characters", {"address": "a" * 201}, "address"),
    ("an external id of 121 characters", {"external_id": "a" * 121}, "external_id"),
]


def test_what_is_wrong_is_refused_with_its_field(
    app: Flask, token: str, county_store: Store, subtests: pytest.Subtests
) -> None:
    client = app.test_client()
    for what, changes, field in BAD:
        with subtests.test(what):
            answer = client.post(REPORTS, json=report(**changes), headers=bearer(token))
            assert answer.status_code == 422
            assert problem(answer)["field"] == field
    assert cases_in(county_store) == 0


JSON = "application/json"
BROKEN: list[tuple[str, bytes, str, int]] = [
    ("broken JSON", b'{"category": ', JSON, 400),
    ("no JSON at all", b"\xff\xfe\x00", JSON, 400),
    ("an empty body", b"", JSON, 400),
    ("NaN", b'{"category": "010101", "description": "a", "longitude": NaN, "latitude": 30}', JSON, 400),
    ("Infinity", b'{"category": "010101", "description": "a", "longitude": Infinity, "latitude": 30}', JSON, 400),
    ("a lone surrogate", b'{"category": "010101", "description": "\\ud800", "area": "1"}', JSON, 400),
    ("a hundred thousand brackets", b"[" * 100_000, JSON, 400),
    ("a number of 5,000 digits", b'{"level": ' + b"9" * 5_000 + b"}", JSON, 400),
    ("an array", b"[]", JSON, 422),
    ("a text", b'"{}"', JSON, 422),
    ("null", b"null", JSON, 422),
    ("a form", b"category=010101", "application/x-www-form-urlencoded", 415),
    ("no media type", b"{}", "", 415),
    ("more than a megabyte", b'{"description": "' + b"a" * 1_100_000 + b'"}', JSON, 413),
]


def test_a_body_that_cannot_be_read_is_refused_in_plain_words(
    app: Flask, token: str, subtests: pytest.Subtests
) -> None:
    client = app.test_client()
    for what, body, kind, status in BROKEN:
        with subtests.test(what):
            answer = client.post(REPORTS, data=body, content_type=kind or None, headers=bearer(token))
            assert answer.status_code == status
            problem(answer)


def test_the_wrong_method_the_wrong_token_and_a_missing_scope_are_told_apart(app: Flask, county_store: Store) -> None:
    client = app.test_client()
    wrong_method = client.put(REPORTS, json=report())
    assert wrong_method.status_code == 405 and "POST" in wrong_method.headers["Allow"]
    problem(wrong_method)
    for header in ("Bearer gc_wrong", "Bearer", "Basic YTpi", "gc_wrong"):
        wrong = client.post(REPORTS, json=report(), headers={"Authorization": header})
        assert wrong.status_code == 401 and "Bearer" in wrong.headers["WWW-Authenticate"]
        assert problem(wrong)["field"] == "Authorization"
    reader = client.post(REPORTS, json=report(), headers=bearer(add_token(county_store, "read")))
    assert reader.status_code == 403 and "report" in problem(reader)["detail"]
    assert client.post(REPORTS, json=report()).status_code == 401
    assert cases_in(county_store) == 0


def test_a_key_that_is_no_key_is_refused(app: Flask, token: str, subtests: pytest.Subtests) -> None:
    client = app.test_client()
    for key in ("", " ", "a b", "ключ", "x" * 121, "a\tb"):
        with subtests.test(repr(key)):
            answer = client.post(REPORTS, json=report(), headers={**bearer(token), "Idempotency-Key": key})
            assert answer.status_code == 422 and problem(answer)["field"] == "Idempotency-Key"


@pytest.mark.parametrize(("full", "status"), [(False, 503), (True, 507)])
def test_without_a_store_nothing_is_acknowledged(
    app: Flask, token: str, monkeypatch: pytest.MonkeyPatch, full: bool, status: int
) -> None:
    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("The database does not answer.", full=full)

    monkeypatch.setattr(app.extensions["gridcommand"].store, "run", away)
    answer = app.test_client().post(REPORTS, json=report(), headers=bearer(token))
    assert answer.status_code == status
    assert ("Retry-After" in answer.headers) is (status == 503)
    problem(answer)


def test_texts_of_every_script_come_back_as_they_went(app: Flask, token: str, county_store: Store) -> None:
    text = "汉字 العربية ' \" ; DROP TABLE cases -- <script>alert(1)</script> 🚒 {0} %s\n第二行"
    code = app.test_client().post(REPORTS, json=report(description=text), headers=bearer(token)).get_json()["code"]
    operator = bearer(add_token(county_store, "operate"))
    whole = app.test_client().get(f"/api/v1/cases/{code}", headers=operator).get_json()
    assert whole["description"] == text


def test_the_description_says_what_the_routes_do(app: Flask, token: str) -> None:
    document = app.test_client().get("/api/v1/openapi.json", headers=bearer(token)).get_json()
    assert document["openapi"].startswith("3.1")
    reports = document["paths"]["/api/v1/reports"]["post"]
    assert set(reports["responses"]) >= {"200", "201", "422"}
    assert "application/problem+json" in reports["responses"]["422"]["content"]
    assert "Idempotency-Key" in json.dumps(reports["parameters"])


def test_a_replayed_county_judges_the_future_by_its_own_time(app: Flask, token: str, county_store: Store) -> None:
    from models.timebase import Timebase, set_timebase

    line = Timebase(real_now(), real_now() - timedelta(days=100), 0.0)
    with county_store.write() as connection:
        set_timebase(connection, line)
    app.extensions["gridcommand"].clock.forget()
    yesterday = iso(real_now() - timedelta(days=1))
    answer = app.test_client().post(REPORTS, json=report(happened_at=yesterday), headers=bearer(token))
    assert problem(answer)["field"] == "happened_at"
    with county_store.read() as connection:
        assert outbox.last_number(connection) == 0
