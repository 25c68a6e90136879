"""Every route × everybody who may come: what is allowed equals the matrix written here, line by line (promise 18)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import desk_harness
import pytest
from desk_harness import OWN, ROLES, HeardNews, add_people, add_token, bearer, browser, form_token, web
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import NotFound
from werkzeug.test import TestResponse

from dashboard.routes import TABLE, Routes
from models import tables as t
from models.moves import Role
from models.store import Store
from models.timebase import real_now

EVERYBODY = " ".join(ROLES)
WATCH = "display duty leader operator"
DESK = "duty leader operator department grid"
OFFICE = "duty operator department"
ALL_TOKENS = "report read operate part events"
D = "a" * 64
EVERYBODY_BUT_DISPLAY = EVERYBODY.replace("display", "")

# method and path | accounts that may | tokens that may (`part` is a department's). `anyone` needs no login.
MATRIX = f"""
GET  /                                   | {EVERYBODY}                    |
GET  /login                              | anyone                         | anyone
POST /login                              | anyone                         | anyone
POST /logout                             | {EVERYBODY}                    |
GET  /language?to=en                     | anyone                         | anyone
GET  /display?token=DEVICE               | anyone                         | anyone
GET  /wall                               | {WATCH}                        |
GET  /overview                           | duty leader operator           |
GET  /overview/app.webmanifest           | anyone                         | anyone
GET  /overview/worker.js                 | anyone                         | anyone
GET  /desk                               | {OFFICE}                       |
GET  /cases.csv                          | {OFFICE} leader                |
GET  /orders/X-1                         | {OFFICE} leader                |
GET  /orders/X-1/pdf                     | {OFFICE} leader                |
GET  /cases                              | {DESK} display                 |
GET  /cases/X-1                          | {DESK}                         |
GET  /cameras                            | duty leader operator admin     |
GET  /cameras/health                     | duty leader operator admin     |
GET  /cameras/patrol                     | duty leader operator           |
GET  /cameras/register                   | duty leader operator admin     |
GET  /cameras/1                          | duty leader operator admin     |
GET  /cameras/1/masks                    | admin                          |
GET  /cameras/1/register                 | admin                          |
GET  /cameras/evidence/{D}               | duty leader operator admin     |
GET  /audit                              | auditor                        |
GET  /admin                              | admin                          |
GET  /admin/reference/departments        | admin                          |
GET  /admin/webhooks                     | admin                          |
GET  /admin/data/departments             | admin                          |
POST /admin/data/departments/preview     | admin                          |
GET  /grid                               | grid                           |
POST /grid/reports                       | grid                           |
POST /grid/rounds                        | grid                           |
GET  /grid/worker.js                     | anyone                         | anyone
GET  /briefs                             | duty leader operator           |
GET  /briefs/1                           | duty leader operator           |
GET  /briefs/1/pdf                       | duty leader operator           |
GET  /briefs/1/docx                      | duty leader operator           |
GET  /briefs/1/txt                       | duty leader operator           |
GET  /duty                               | duty leader operator           |
GET  /duty/coverage                      | duty leader operator           |
GET  /duty/7                             | duty leader operator           |
GET  /evaluation                         | duty leader operator department |
GET  /evaluation/export                  | duty leader operator department |
GET  /evaluation/analysis                | duty leader operator           |
GET  /evaluation/forecast                | duty leader operator           |
GET  /attachments/{D}                    | {DESK}                         | read operate part
GET  /assets/00_tokens.css               | anyone                         | anyone
GET  /_favicon.ico                       | anyone                         | anyone
GET  /_dash-component-suites/dash/x.js   | {EVERYBODY}                    |
GET  /_dash-layout                       | {EVERYBODY}                    |
GET  /_dash-dependencies                 | {EVERYBODY}                    |
POST /_dash-update-component             | {EVERYBODY}                    |
GET  /live/desk                          | {DESK}                         |
GET  /live/inbox                         | {OFFICE}                       |
GET  /live/files/X-1                     | {DESK}                         |
GET  /live/reference                     | {WATCH}                        |
GET  /live/snapshot                      | {WATCH}                        |
GET  /live/duty                          | {WATCH}                        |
GET  /live/overview                      | duty leader operator           |
GET  /live/past                          | {WATCH}                        |
GET  /map/areas.geojson                  | display {DESK} admin           |
GET  /healthz                            | anyone                         | anyone
GET  /readyz                             | anyone                         | anyone
GET  /metrics                            | admin duty operator            | read
GET  /api/v1/openapi.json                | {EVERYBODY}                    | {ALL_TOKENS} display
POST /api/v1/reports                     | grid operator duty             | report
GET  /api/v1/cases                       | {DESK} display                 | read operate part
GET  /api/v1/cases/X-1                   | {DESK}                         | read operate part
GET  /api/v1/cases/X-1/suggestion        | {DESK}                         | read operate part
POST /api/v1/suggestions                 | grid operator duty             | report operate
GET  /api/v1/forecast                    | {DESK}                         | read operate part
POST /api/v1/cases/X-1/actions/urge      | duty leader operator department grid | operate part
POST /api/v1/cases/X-1/attachments       | duty operator department grid  | report operate part
GET  /api/v1/cases/X-1/duplicates        | {OFFICE}                       | operate
GET  /api/v1/duplicates?category=010101  | {OFFICE}                       | operate
GET  /api/v1/filters                     | {DESK}                         |
POST /api/v1/filters                     | {DESK}                         |
POST /api/v1/filters/x/actions/remove    | {DESK}                         |
GET  /api/v1/orders                      | {DESK}                         | read operate part
GET  /api/v1/figures                     | {WATCH}                        | read operate
GET  /api/v1/evaluation                  | duty leader operator department | read operate part
POST /api/v1/evaluation/appeals          | operator department            |
POST /api/v1/evaluation/appeals/1/actions/grant | leader                  |
GET  /api/v1/events                      | {WATCH}                        | events
GET  /api/v1/cameras                     | {WATCH} admin                  | read operate
POST /api/v1/views                       | {WATCH} admin                  | read operate display
POST /api/v1/views/1/actions/end         | {WATCH} admin                  | read operate display
POST /api/v1/cameras/1/stills            | duty leader operator admin     |
POST /api/v1/cameras/1/snapshots         | duty leader operator           |
POST /api/v1/cameras/1/actions/relearn   | operator admin                 |
POST /api/v1/cameras/1/masks             | admin                          |
POST /api/v1/cameras/1/register          | admin                          |
GET  /api/v1/cameras/catalogue.csv       | admin                          |
POST /api/v1/holds                       | admin                          |
POST /api/v1/holds/1/actions/lift        | admin                          |
GET  /api/v1/audit/viewings              | auditor                        |
GET  /api/v1/audit/viewings/chain        | auditor                        |
GET  /api/v1/audit/viewings/lines.csv    | auditor                        |
GET  /warnings                           | duty leader operator           |
GET  /api/v1/warnings                    | duty leader operator           | read operate
GET  /api/v1/emergencies/X/cap.xml       | duty leader operator           | read operate
GET  /cap/emergencies.atom               | duty leader operator           | read operate
POST /cap/warnings                       | duty operator                  | report operate
GET  /open311/v2/discovery.json          | anyone                         | anyone
GET  /open311/v2/services.json           |                                | report read operate
GET  /open311/v2/services/010101.json    |                                | report read operate
GET  /open311/v2/requests.json           |                                | report read operate
POST /open311/v2/requests.json           |                                | report
GET  /open311/v2/requests/X-1.json       |                                | report read operate
GET  /open311/v2/tokens/X-1.json         |                                | report read operate
GET  /api/v1/departments                 | {EVERYBODY}                    | {ALL_TOKENS}
GET  /api/v1/areas                       | {EVERYBODY}                    | {ALL_TOKENS}
GET  /api/v1/categories                  | {EVERYBODY}                    | {ALL_TOKENS}
GET  /api/v1/sources                     | {EVERYBODY}                    | {ALL_TOKENS}
POST /api/v1/rounds                      | grid                           |
POST /api/v1/handovers                   | duty operator                  |
POST /api/v1/handovers/7/actions/receive | duty operator                  |
GET  /emergencies                        | duty leader operator department |
GET  /emergencies/E-1                    | duty leader operator department |
GET  /emergencies/E-1/review             | duty leader operator           |
GET  /emergencies/E-1/review.xlsx        | duty leader operator           |
GET  /emergencies/E-1/reports/1          | duty leader operator           |
GET  /emergencies/E-1/reports/1/pdf      | duty leader operator           |
GET  /emergencies/E-1/reports/1/docx     | duty leader operator           |
GET  /live/warnings                      | {WATCH}                        |
GET  /live/emergencies                   | display duty leader operator department |
GET  /live/emergencies/E-1               | duty leader operator department |
GET  /api/v1/plans                       | duty leader operator department | read operate
GET  /api/v1/emergencies                 | duty leader operator department | read operate
POST /api/v1/emergencies                 | duty leader operator           | operate
GET  /api/v1/emergencies/E-1             | duty leader operator department | read operate
POST /api/v1/emergencies/E-1/actions/end | duty leader operator department | operate
GET  /inbox                              | {EVERYBODY_BUT_DISPLAY}        |
GET  /messages                           | duty leader operator department grid |
GET  /messages/1                         | duty leader operator department grid |
GET  /api/v1/inbox                       | {EVERYBODY_BUT_DISPLAY}        |
POST /api/v1/inbox/actions/receipt       | {EVERYBODY_BUT_DISPLAY}        |
GET  /api/v1/messages                    | duty leader operator department grid |
POST /api/v1/messages                    | duty leader operator department grid |
GET  /api/v1/messages/1                  | duty leader operator department grid |
POST /api/v1/messages/1/actions/receipt  | duty leader operator department grid |
GET  /api/v1/instructions                | leader                         |
POST /api/v1/instructions                | leader                         |
POST /api/v1/instructions/x/actions/conclude | leader                     |
GET  /api/v1/webhooks                    | admin                          |
POST /api/v1/webhooks                    | admin                          |
POST /api/v1/webhooks/x/actions/pause    | admin                          |
GET  /api/v1/accounts                    | admin                          |
POST /api/v1/accounts                    | admin                          |
POST /api/v1/accounts/x/actions/reset    | admin                          |
GET  /api/v1/tokens                      | admin                          |
POST /api/v1/tokens/x/actions/revoke     | admin                          |
"""
SHUT = {"/_reload-hash", "/<path:path>"}
"""Rules of Flask or Dash that the guard never lets through, or that only listed pages reach."""


@pytest.fixture
def app(sqlite_county: Store, tmp_path: Path) -> Iterator[Flask]:
    add_people(sqlite_county)
    with web(sqlite_county, tmp_path, HeardNews()) as app:
        yield app


@pytest.fixture
def askers(app: Flask, sqlite_county: Store) -> Mapping[str, tuple[FlaskClient, dict[str, str]]]:
    """Name → a browser and the headers it sends."""
    found = {str(role): (browser(app, sqlite_county, str(role)), OWN) for role in ROLES}
    for scope in ("report", "read", "operate", "events", "display"):
        found[f"{scope} token"] = (app.test_client(), OWN | bearer(add_token(sqlite_county, scope)))
    part = add_token(sqlite_county, "department", department="cg")
    found["part token"] = (app.test_client(), OWN | bearer(part))
    found["nobody"] = (app.test_client(), OWN)
    stranger = app.test_client()
    stranger.set_cookie("gc_session", "s_not-a-session")
    found["a forged session"] = (stranger, OWN)
    return found


@pytest.fixture
def device(sqlite_county: Store) -> str:
    return add_token(sqlite_county, "display", name="a wall")


def lines() -> Iterator[tuple[str, str, frozenset[str]]]:
    for line in MATRIX.strip().splitlines():
        ask, accounts, tokens = (part.strip() for part in line.split("|"))
        method, path = ask.split()
        yield method, path, frozenset(accounts.split()) | {f"{name} token" for name in tokens.split()}


def ask(client: FlaskClient, method: str, path: str, headers: Mapping[str, str]) -> TestResponse:
    """Send it as our own pages do: forms with their hidden token, callbacks with theirs."""
    if method == "GET" or path.startswith(("/api/", "/admin/data/", "/cap/")):
        return client.open(path, method=method, headers=headers)
    token = form_token(client)
    return client.post(path, data={"csrf_token": token}, headers={**headers, "X-CSRFToken": token})


def let_in(answer: TestResponse) -> bool:
    """Whether a view answered: the guard's refusals are 401, a way to the login, and 403 with the field it blames."""
    if answer.status_code == 401 or answer.headers.get("Location", "").startswith("/login?"):
        return False
    refused = answer.get_json(silent=True) or {}
    if isinstance(refused, list):  # Open311's errors
        return answer.status_code != 403
    return not (answer.status_code == 403 and (refused.get("field") in ("Authorization", None)))


@pytest.mark.parametrize(("method", "path", "allowed"), list(lines()), ids=lambda value: str(value)[:40])
def test_who_may_come_in_equals_the_matrix(
    askers: Mapping[str, tuple[FlaskClient, dict[str, str]]],
    device: str,
    method: str,
    path: str,
    allowed: frozenset[str],
) -> None:
    path = path.replace("DEVICE", device)
    found = set()
    for name, (client, headers) in askers.items():
        answer = ask(client, method, path, headers)
        assert answer.status_code < 500 or path == "/readyz", (name, path)
        if let_in(answer):
            found.add(name)
    wanted = set(askers) if "anyone" in allowed else {name for name in allowed if name in askers}
    assert found == wanted


def test_the_matrix_has_every_route_of_the_table() -> None:
    written = {(method, path.split("?")[0]) for method, path, _ in lines()}
    table = {(method, route.pattern) for route in TABLE for method in route.methods}
    assert len(written) == len(table)


def test_every_route_of_the_server_is_in_the_table_or_shut(app: Flask) -> None:
    patterns = {plain(route.pattern) for route in TABLE}
    served = {plain(rule.rule) for rule in app.url_map.iter_rules()}
    assert served - patterns == {plain(rule) for rule in SHUT}
    pages = {plain(route.pattern) for route in TABLE if route.page}
    assert patterns - served == pages  # the catch-all of Dash serves them


def plain(rule: str) -> str:
    """A rule without the names and kinds of its variables."""
    return re.sub(r"<[^>]*>", "<>", rule) if rule != "/<path:path>" else rule


@pytest.mark.parametrize("path", ["/_reload-hash", "/nowhere", "/desks", "/overviews", "/cases/", "/Cases"])
def test_what_is_not_in_the_table_is_not_there(app: Flask, sqlite_county: Store, path: str) -> None:
    for name in (None, "operator", "admin"):
        assert browser(app, sqlite_county, name).get(path).status_code == 404


@pytest.mark.parametrize("path", ["//cases", "/cases//x", "//healthz", "/assets//x"])
def test_a_path_that_could_be_read_in_two_ways_is_not_there(path: str) -> None:
    with pytest.raises(NotFound):
        Routes().find(path, "GET")


def test_a_disabled_account_and_an_old_session_are_nobody(app: Flask, sqlite_county: Store) -> None:
    client = browser(app, sqlite_county, "operator")
    assert client.get("/api/v1/cases").status_code == 200
    with sqlite_county.write() as connection:
        connection.execute(t.session.update().values(seen_at=real_now() - timedelta(minutes=31)))
    assert client.get("/api/v1/cases").status_code == 401
    client = browser(app, sqlite_county, "operator")
    with sqlite_county.write() as connection:
        connection.execute(t.session.update().values(expires_at=real_now()))
    assert client.get("/api/v1/cases").status_code == 401
    client = browser(app, sqlite_county, "operator")
    with sqlite_county.write() as connection:
        connection.execute(t.account.update().where(t.account.c.name == "operator").values(disabled=True))
    assert client.get("/api/v1/cases").status_code == 401


def test_a_guard_that_forgets_a_role_is_noticed(sqlite_county: Store, tmp_path: Path, monkeypatch: Any) -> None:
    """The planted fault: a table that lets duty officers into the administration."""
    add_people(sqlite_county)
    route = next(route for route in TABLE if route.pattern == "/admin")
    table = [one for one in TABLE if one is not route] + [replace(route, roles=route.roles | {Role.DUTY})]
    monkeypatch.setattr("dashboard.app.Routes", lambda: Routes(table))
    monkeypatch.setattr(desk_harness, "WAITING", {})  # an application of its own, assembled with this table
    with web(sqlite_county, tmp_path, HeardNews()) as app:
        assert let_in(browser(app, sqlite_county, "duty").get("/admin", headers=OWN))
