"""Webhooks over the administrator's API and page: the secret once, addresses judged, every change in the audit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from desk_harness import OWN, HeardNews, add_people, browser, problem, web
from flask import Flask
from sqlalchemy import insert, select

from config.networks import networks
from dashboard.services import KEY
from models import tables as t
from models.exchange import tables as xt
from models.store import Store
from models.timebase import real_now

URL = "https://127.0.0.1/hook"


@pytest.fixture
def app(sqlite_county: Store, tmp_path: Path) -> Iterator[Flask]:
    add_people(sqlite_county)
    with web(sqlite_county, tmp_path, HeardNews()) as app:
        app.extensions[KEY] = replace(app.extensions[KEY], exchange_networks=networks(["127.0.0.0/8"]))
        yield app


def test_a_webhook_is_added_paused_sent_again_and_removed_and_its_secret_is_said_once(
    app: Flask, sqlite_county: Store
) -> None:
    admin = browser(app, sqlite_county, "admin")
    made = admin.post("/api/v1/webhooks", json={"name": "crm", "url": URL, "kinds": ["case.reported"]}, headers=OWN)
    secret = made.get_json()["secret"]
    assert made.status_code == 201 and secret.startswith("whsec_")
    now = real_now()
    with sqlite_county.write() as connection:
        row = {"webhook": "crm", "kind": "case.reported", "body": "张三家漏水", "state": "failed", "next_try_at": now}
        connection.execute(insert(xt.delivery), [{**row, "number": number} for number in (1, 2)])
    listed = admin.get("/api/v1/webhooks")
    assert secret not in listed.text and "漏水" not in listed.text
    (hook,) = listed.get_json()["webhooks"]
    assert (hook["enabled"], hook["failed"], [one["number"] for one in hook["recent"]]) == (True, 2, [2, 1])

    def act(action: str, body: object = None) -> int:
        return admin.post(f"/api/v1/webhooks/crm/actions/{action}", json=body or {}, headers=OWN).status_code

    assert act("pause") == 200
    (hook,) = admin.get("/api/v1/webhooks").get_json()["webhooks"]
    assert (hook["enabled"], hook["paused"]) == (False, True)
    assert act("retry", {"number": 1}) == 200 and act("retry") == 200 and act("retry") == 422
    (hook,) = admin.get("/api/v1/webhooks").get_json()["webhooks"]
    assert (hook["waiting"], hook["failed"]) == (2, 0)
    assert act("enable") == 200 and act("remove") == 200 and act("remove") == 422 and act("explode") == 404
    assert admin.get("/api/v1/webhooks").get_json()["webhooks"] == []
    with sqlite_county.read() as connection:
        lines = connection.execute(select(t.audit).where(t.audit.c.object == "crm").order_by(t.audit.c.id)).all()
    assert [line.act.split(".")[1] for line in lines] == ["add", "pause", "retry", "retry", "enable", "remove"]
    assert secret not in str(lines)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "a", "url": "http://10.1.2.3/x"}, "url"),
        ({"name": "a", "url": "file:///etc/passwd"}, "url"),
        ({"name": "two words", "url": URL}, "name"),
        ({"name": "a", "url": URL, "kinds": ["case.deleted"]}, "kinds"),
        ({"name": "a"}, "url"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(
    app: Flask, sqlite_county: Store, body: dict[str, object], field: str
) -> None:
    answer = browser(app, sqlite_county, "admin").post("/api/v1/webhooks", json=body, headers=OWN)
    assert answer.status_code == 422 and str(problem(answer)["field"]).startswith(field)
    with sqlite_county.read() as connection:
        assert connection.execute(select(xt.webhook)).first() is None


def test_only_an_administrator_keeps_webhooks(app: Flask, sqlite_county: Store) -> None:
    for role in ("operator", "leader", "auditor"):
        assert browser(app, sqlite_county, role).get("/api/v1/webhooks").status_code == 403
