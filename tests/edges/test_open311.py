"""Open311 GeoReport v2, sentence by sentence of the published specification (wiki.open311.org/GeoReport_v2)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from desk_harness import HeardNews, add_token, web
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from dashboard.open311.paces import AT_ONCE, Paces
from models import tables as t
from models.accounts import Visitor
from models.exchange import requests
from models.exchange.requests import Asked
from models.messages import iso
from models.moves import Role
from models.store import Store
from models.timebase import real_now
from models.vault import Vault
from tests.conftest import SECRET

BASE = "/open311/v2"
PLACE = {"lat": "30.46921", "long": "112.886264"}
REQUEST_FIELDS = {
    "service_request_id",
    "status",
    "status_notes",
    "service_name",
    "service_code",
    "description",
    "agency_responsible",
    "service_notice",
    "requested_datetime",
    "updated_datetime",
    "expected_datetime",
    "address",
    "address_id",
    "zipcode",
    "lat",
    "long",
    "media_url",
}


@pytest.fixture
def app(sqlite_county: Store, tmp_path: Path) -> Iterator[Flask]:
    with web(sqlite_county, tmp_path, HeardNews()) as app:
        yield app


@pytest.fixture
def key(sqlite_county: Store) -> str:
    return add_token(sqlite_county, "report", "read", name="city app")


@pytest.fixture(scope="module")
def standing(
    sqlite_templates: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Flask, str]]:
    """One server for all tests that ask and are refused: nothing in it changes what another of them sees."""
    folder = tmp_path_factory.mktemp("open311")
    shutil.copy(sqlite_templates["county"], folder / "gridcommand.sqlite")
    store = Store(f"sqlite:///{folder / 'gridcommand.sqlite'}")
    key = add_token(store, "report", "read", name="city app")
    with web(store, folder, HeardNews()) as app:
        yield app, key
    store.close()


@pytest.fixture
def server(standing: tuple[Flask, str]) -> Flask:
    return standing[0]


@pytest.fixture
def token(standing: tuple[Flask, str]) -> str:
    return standing[1]


def get(app: Flask, path: str, key: str | None, **query: Any) -> TestResponse:
    return app.test_client().get(f"{BASE}/{path}", query_string={"api_key": key, **query} if key else query)


def post(app: Flask, key: str | None, form: str = "json", headers: Any = None, **more: Any) -> TestResponse:
    whole = {"api_key": key, "service_code": "010101", "description": "垃圾成堆", **PLACE, **more}
    whole = {name: value for name, value in whole.items() if value is not None}
    return app.test_client().post(f"{BASE}/requests.{form}", data=whole, headers=headers)


def number(answer: TestResponse) -> str:
    assert answer.status_code in (200, 201), answer.get_data(as_text=True)
    return str(answer.get_json()[0]["service_request_id"])


def xml(answer: TestResponse) -> Element:
    """A document: UTF-8, with its declaration, as text/xml."""
    assert answer.content_type == "text/xml; charset=utf-8"
    assert answer.data.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    return fromstring(answer.data)


def texts(element: Element) -> dict[str, str]:
    return {child.tag: child.text or "" for child in element}


def errors(answer: TestResponse) -> tuple[int, str]:
    """The one error of an answer, whose code is the status, in either form."""
    if answer.mimetype == "text/xml":
        root = xml(answer)
        assert root.tag == "errors" and [child.tag for child in root] == ["error"]
        found = texts(root[0])
    else:
        assert answer.mimetype == "application/json"
        (found,) = answer.get_json()
    assert set(found) == {"code", "description"}
    assert int(found["code"]) == answer.status_code
    return answer.status_code, found["description"]


# --- GET service list ------------------------------------------------------------------------------------------------


def test_the_service_list_names_each_service_in_json(server: Flask, token: str) -> None:
    answer = get(server, "services.json", token)
    assert answer.status_code == 200 and answer.content_type == "application/json; charset=utf-8"
    found = {one["service_code"]: one for one in answer.get_json()}
    assert set(found["010101"]) == {
        "service_code",
        "service_name",
        "description",
        "metadata",
        "type",
        "keywords",
        "group",
    }
    assert found["010101"]["service_name"] == "暴露垃圾" and found["010101"]["group"] == "市容环境"
    assert found["010101"]["metadata"] is True and found["010101"]["type"] == "realtime"
    assert "01" not in found  # only what can be reported


def test_the_service_list_is_the_same_in_xml(server: Flask, token: str) -> None:
    root = xml(get(server, "services.xml", token))
    assert root.tag == "services" and {child.tag for child in root} == {"service"}
    plain = [{**one, "metadata": "true"} for one in get(server, "services.json", token).get_json()]
    assert [texts(child) for child in root] == plain


def test_the_service_list_speaks_english_where_it_is_asked_to(server: Flask, token: str) -> None:
    names = {one["service_name"] for one in get(server, "services.json", token, locale="en").get_json()}
    assert "Exposed rubbish" in names


# --- GET service definition ------------------------------------------------------------------------------------------


def test_a_service_definition_has_its_attributes(server: Flask, token: str) -> None:
    body = get(server, "services/010101.json", token).get_json()
    assert body["service_code"] == "010101"
    level = body["attributes"][0]
    assert level["datatype"] == "singlevaluelist" and level["code"] == "level" and level["variable"] is True
    assert [value["key"] for value in level["values"]] == ["1", "2", "3", "4"]
    kinds = {"string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"}
    for order, one in enumerate(body["attributes"], 1):
        assert one["order"] == order and one["datatype"] in kinds and one["description"]
        assert {"variable", "code", "datatype", "required", "datatype_description", "order", "description"} <= set(one)


def test_a_service_definition_in_xml_nests_attributes_and_values(server: Flask, token: str) -> None:
    root = xml(get(server, "services/010101.xml", token))
    assert root.tag == "service_definition" and root.findtext("service_code") == "010101"
    assert root.findtext("attributes/attribute/variable") == "true"
    assert [one.findtext("key") for one in root.findall("attributes/attribute/values/value")] == ["1", "2", "3", "4"]


def test_an_unknown_service_code_is_404(server: Flask, token: str) -> None:
    assert errors(get(server, "services/999.xml", token))[0] == 404
    assert errors(get(server, "services/01.json", token))[0] == 404
    assert errors(get(server, "requests.json", token, service_code="999"))[0] == 404
    assert errors(post(server, token, service_code="999"))[0] == 404


# --- POST service request --------------------------------------------------------------------------------------------


def test_a_request_is_created_and_its_number_given_at_once(app: Flask, key: str, sqlite_county: Store) -> None:
    answer = post(app, key, address_string="东门农贸市场", **{"attribute[level]": "2"})
    assert answer.status_code == 201
    (told,) = answer.get_json()
    assert set(told) == {"service_request_id", "service_notice", "account_id"}
    with sqlite_county.read() as connection:
        case = connection.execute(select(t.cases).where(t.cases.c.code == told["service_request_id"])).one()
    assert (case.source, case.client, case.level, case.stage) == ("open311", "city app", 2, "reported")
    assert (case.latitude, case.longitude, case.address) == (30.46921, 112.886264, "东门农贸市场")


def test_a_created_request_in_xml(app: Flask, key: str) -> None:
    root = xml(post(app, key, "xml"))
    assert root.tag == "service_requests"
    assert [child.tag for child in root] == ["request"] and root.findtext("request/service_request_id")


def test_the_same_number_of_the_client_is_the_same_request(app: Flask, key: str) -> None:
    first = post(app, key, **{"attribute[external_id]": "A-7"})
    again = post(app, key, **{"attribute[external_id]": "A-7"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert number(first) == number(again)
    once = {"Idempotency-Key": "k-1"}
    assert number(post(app, key, headers=once)) == number(post(app, key, headers=once)) != number(first)


def test_who_reported_is_sealed_and_never_given_out(app: Flask, key: str, sqlite_county: Store) -> None:
    code = number(
        post(
            app,
            key,
            first_name="小明",
            last_name="王",
            phone="13900001234",
            email="ming@example.org",
            description="路灯不亮，电话 13800138000",
            device_id="a-phone",
        )
    )
    with sqlite_county.read() as connection:
        case = connection.execute(select(t.cases).where(t.cases.c.code == code)).one()
    assert Vault(SECRET).open(case.reporter_phone) == "13900001234"
    assert Vault(SECRET).open(case.reporter_name) == "小明 王"
    for path in (f"requests/{code}.json", f"requests/{code}.xml", "requests.json", "requests.xml"):
        said = get(app, path, key).get_data(as_text=True)
        assert "路灯不亮" in said
        assert not any(secret in said for secret in ("1390000", "13800138000", "小明", "ming@", "a-phone"))


def test_a_pictures_address_is_kept_as_text_and_not_fetched(app: Flask, key: str) -> None:
    code = number(post(app, key, media_url="https://example.org/a.jpg"))
    assert get(app, f"requests/{code}.json", key).get_json()[0]["description"].endswith("https://example.org/a.jpg")
    assert errors(post(app, key, media_url="javascript:alert(1)"))[0] == 400


@pytest.mark.parametrize(
    ("fault", "names"),
    [
        ({"service_code": None}, "service_code"),
        ({"lat": None}, "lat"),
        ({"long": None, "lat": None, "address_string": "x"}, "lat and long"),
        ({"lat": "north"}, "lat"),
        ({"lat": "nan"}, "lat"),
        ({"lat": "91"}, "lat"),
        ({"long": "1e999"}, "long"),
        ({"description": ""}, "description"),
        ({"description": "x" * 5_000}, "description"),
        ({"description": "a\x00b"}, "description"),
        ({"attribute[level]": "9"}, "attribute[level]"),
        ({"attribute[level]": "high"}, "attribute[level]"),
        ({"attribute[happened_at]": "yesterday"}, "attribute[happened_at]"),
        ({"attribute[happened_at]": "2999-01-01T00:00:00Z"}, "happened_at"),
        ({"attribute[external_id]": "x" * 200}, "attribute[external_id]"),
        ({"phone": "1" * 50}, "phone"),
        ({"first_name": "x" * 70}, "first_name"),
        ({"address_id": "7"}, "address_id"),
        ({"address_string": "x" * 300}, "address_string"),
    ],
)
@pytest.mark.parametrize("form", ["json", "xml"])
def test_what_is_wrong_is_400_and_named(
    server: Flask, token: str, fault: dict[str, Any], names: str, form: str
) -> None:
    code, description = errors(post(server, token, form, **fault))
    assert code == 400
    assert names in description


# --- api_key and jurisdiction_id -------------------------------------------------------------------------------------


def test_a_missing_or_invalid_key_is_403(app: Flask, sqlite_county: Store) -> None:
    reads = add_token(sqlite_county, "read")
    for answer in (
        post(app, None),
        post(app, "gc_nonsense", "xml"),
        post(app, reads),
        get(app, "requests.xml", None),
        get(app, "services.json", "x"),
    ):
        assert errors(answer)[0] == 403


def test_the_key_may_also_come_as_a_bearer_token(server: Flask, token: str) -> None:
    answer = server.test_client().get(f"{BASE}/services.json", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200


def test_another_jurisdiction_is_404_and_our_own_need_not_be_named(server: Flask, token: str) -> None:
    assert get(server, "services.json", token, jurisdiction_id="990100").status_code == 200
    assert errors(get(server, "services.xml", token, jurisdiction_id="city.gov"))[0] == 404
    assert errors(post(server, token, jurisdiction_id="city.gov"))[0] == 404


def test_other_formats_and_methods_are_refused_in_the_standards_form(server: Flask, token: str) -> None:
    assert errors(get(server, "services.csv", token))[0] == 404
    assert errors(server.test_client().delete(f"{BASE}/requests.json"))[0] == 405
    assert errors(get(server, "nothing.json", token))[0] == 404
    assert errors(post(server, token, description="x" * 70_000))[0] == 413


# --- GET service requests --------------------------------------------------------------------------------------------


def test_a_request_is_told_with_every_field(app: Flask, key: str, sqlite_county: Store) -> None:
    code = number(post(app, key))
    (told,) = get(app, f"requests/{code}.json", key).get_json()
    assert set(told) == REQUEST_FIELDS
    assert told["status"] == "open" and told["status_notes"] and told["agency_responsible"] == "城市管理局"
    with sqlite_county.read() as connection:
        due = connection.execute(select(t.cases.c.due_at).where(t.cases.c.code == code)).scalar_one()
    expected = datetime.fromisoformat(told["expected_datetime"])
    assert expected == due.replace(microsecond=0) and told["expected_datetime"].endswith("+08:00")
    root = xml(get(app, f"requests/{code}.xml", key))
    assert root.tag == "service_requests" and set(texts(root[0])) == REQUEST_FIELDS


def test_a_number_with_signs_that_no_number_has_is_404(county_store: Store) -> None:
    who = Visitor("x", Role.SYSTEM, scopes=frozenset({"read"}))
    with county_store.read() as connection:
        assert list(requests.named(connection, who, ["a\x00b", "x" * 5_000, "\ud800"])) == []


def test_an_unknown_request_is_404(server: Flask, token: str) -> None:
    assert errors(get(server, "requests/none.xml", token))[0] == 404
    assert errors(get(server, "tokens/none.json", token))[0] == 404


def test_a_token_leads_to_its_request(app: Flask, key: str) -> None:
    code = number(post(app, key))
    assert get(app, f"tokens/{code}.json", key).get_json() == [{"service_request_id": code, "token": code}]


def test_a_closed_and_a_void_case_are_closed_and_all_others_open(app: Flask, key: str, sqlite_county: Store) -> None:
    codes = [number(post(app, key)) for _ in range(4)]
    for code, stage, ended in zip(codes, ("closed", "void", "handling", "reported"), (1, 1, 0, 0), strict=True):
        change = t.cases.update().where(t.cases.c.code == code)
        with sqlite_county.write() as connection:
            connection.execute(change.values(stage=stage, closed_at=real_now() if ended else None))
    closed = {one["service_request_id"] for one in get(app, "requests.json", key, status="closed").get_json()}
    opened = {one["service_request_id"] for one in get(app, "requests.json", key, status="open").get_json()}
    assert closed == set(codes[:2]) and opened == set(codes[2:])
    assert len(get(app, "requests.json", key, status="open,closed").get_json()) == 4
    assert errors(get(app, "requests.json", key, status="done"))[0] == 400


def test_requests_are_chosen_by_number_service_and_time(app: Flask, key: str) -> None:
    first, second = number(post(app, key)), number(post(app, key, service_code="010102"))

    def found(**query: str) -> list[str]:
        return [one["service_request_id"] for one in get(app, "requests.json", key, **query).get_json()]

    assert found() == [second, first]
    assert found(service_request_id=f"{first},none") == [first]
    assert found(service_code="010101") == [first]
    assert found(service_code="010101,010102") == [second, first]
    hour = timedelta(hours=1)
    assert found(start_date=iso(real_now() + hour - timedelta(minutes=59)), end_date=iso(real_now() + hour)) == []
    assert found(start_date=iso(real_now() - hour)) == [second, first]
    assert found(page="2", page_size="1") == [first]


@pytest.mark.parametrize(
    "query",
    [
        {"start_date": "2026-01-01"},
        {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"},
        {"start_date": "2026-06-01T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"},
        {"page": "0"},
        {"page": "x"},
        {"page": "5000"},
        {"page_size": "-1"},
    ],
)
def test_a_list_that_cannot_be_is_400(server: Flask, token: str, query: dict[str, str]) -> None:
    assert errors(get(server, "requests.json", token, **query))[0] == 400


def test_a_client_that_only_reports_sees_its_own_requests_only(app: Flask, key: str, sqlite_county: Store) -> None:
    own = add_token(sqlite_county, "report", name="small app")
    others, mine = number(post(app, key)), number(post(app, own))
    assert [one["service_request_id"] for one in get(app, "requests.json", own).get_json()] == [mine]
    assert errors(get(app, f"requests/{others}.json", own))[0] == 404
    assert len(get(app, "requests.json", key).get_json()) == 2


def test_the_list_is_the_same_on_both_databases(county_store: Store) -> None:
    who = Visitor("x", Role.SYSTEM, scopes=frozenset({"read"}))
    now = real_now()
    asked = Asked(now - timedelta(days=1), now, ("010101",), frozenset({"open", "closed"}))
    with county_store.read() as connection:
        assert list(requests.listed(connection, who, asked)) == []
        assert list(requests.named(connection, who, ["x"])) == []


# --- discovery, bounds -----------------------------------------------------------------------------------------------


def test_the_discovery_file_says_where_and_in_which_formats(server: Flask) -> None:
    endpoint = get(server, "discovery.json", None).get_json()["endpoints"][0]
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert endpoint["url"].endswith("/open311/v2") and endpoint["formats"] == ["text/xml", "application/json"]
    root = xml(get(server, "discovery.xml", None))
    assert [one.text for one in root.findall("endpoints/endpoint/formats/format")] == endpoint["formats"]


def test_a_client_that_floods_is_slowed_down_and_others_are_not() -> None:
    now = [0.0]
    paces = Paces(lambda: now[0])
    assert sum(paces.allows("a") for _ in range(500)) == AT_ONCE
    assert paces.allows("b")
    now[0] += 1
    assert sum(paces.allows("a") for _ in range(500)) == 10


def test_a_flood_is_answered_429_with_when_to_try_again(app: Flask, key: str) -> None:
    app.extensions["gridcommand"].paces._left["city app"] = (0.0, float("inf"))
    answer = post(app, key)
    assert errors(answer)[0] == 429 and answer.headers["Retry-After"]
