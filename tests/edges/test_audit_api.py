"""The auditor's lists: filtered, paged without a gap, exported with a line about itself; nobody else reads them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from desk_harness import OWN, add_people, problem, session_of, web
from flask.testing import FlaskClient
from sqlalchemy import update

from models import tables as t
from models.accounts import add_account
from models.moves import Actor, Role
from models.store import Store
from models.timebase import real_now
from models.watching import ledger
from models.watching import tables as w
from models.watching.ledger import Opening
from models.watching.rights import Purpose

CAMERAS = ("99010000001320000001", "99010000081320000002")


@pytest.fixture
def ask(sqlite_county: Store, tmp_path: Path) -> Iterator[Any]:
    add_people(sqlite_county)
    now = real_now()
    with sqlite_county.write() as connection:
        for number in range(25):
            who = Actor("duty" if number % 2 else "=leader", Role.DUTY)
            opening = Opening("live", Purpose.INSPECTION, (CAMERAS[number % 2],), note=f"=cmd {number}")
            ledger.write(connection, opening, who, now - timedelta(days=number))
    with web(sqlite_county, tmp_path) as app:

        def call(path: str, name: str = "auditor") -> Any:
            client: FlaskClient = app.test_client()
            client.set_cookie("gc_session", session_of(sqlite_county, name))
            return client.get(f"/api/v1/audit/{path}", headers=OWN)

        yield call


def test_pages_join_without_a_gap_and_filters_hold(ask: Any) -> None:
    seen: list[int] = []
    more: Any = ""
    while more is not None:
        page = ask(f"viewings?limit=10{f'&before={more}' if more else ''}").get_json()
        seen += [line["id"] for line in page["lines"]]
        more = page["next"]
    assert seen == list(range(25, 0, -1))
    assert len(ask("viewings?who=duty").get_json()["lines"]) == 12
    of_camera = ask(f"viewings?object={CAMERAS[0]}").get_json()["lines"]
    assert len(of_camera) == 13 and all(line["detail"]["cameras"] == [CAMERAS[0]] for line in of_camera)
    assert ask("viewings?act=case").get_json()["lines"] == []


def test_an_export_is_written_down_and_runs_no_formula(ask: Any) -> None:
    rows = list(csv.DictReader(io.StringIO(ask("viewings/lines.csv").data.decode("utf-8-sig"))))
    assert len(rows) == 25 and {row["actor"] for row in rows} == {"duty", "'=leader"}
    told = ask("exports").get_json()["lines"]
    assert [(line["act"], line["actor"], line["detail"]["rows"]) for line in told] == [
        ("export.viewings", "auditor", 25)
    ]
    assert all(not line["act"].startswith("export.") for line in ask("acts").get_json()["lines"])


def test_an_edited_line_is_found_by_the_check(ask: Any, sqlite_county: Store) -> None:
    assert ask("viewings/chain").get_json()["faults"] == []
    with sqlite_county.write() as connection:
        connection.execute(update(w.viewing).where(w.viewing.c.id == 7).values(note="nothing"))
    assert ask("viewings/chain").get_json()["faults"] == ["Ledger of viewings: line 7 was changed."]


@pytest.mark.parametrize("name", [str(role) for role in Role if role not in (Role.AUDITOR, Role.SYSTEM)])
def test_nobody_else_reads_the_audit(ask: Any, name: str) -> None:
    assert ask("viewings", name).status_code == 403


@pytest.mark.parametrize("query", ["limit=0", "before=x", "since=yesterday", "more=1", f"who={'x' * 65}"])
def test_a_wrong_query_is_a_problem(ask: Any, query: str) -> None:
    assert problem(ask(f"viewings?{query}"))["status"] == 422


def test_an_account_has_one_role_so_that_administrator_and_auditor_exclude_each_other(sqlite_county: Store) -> None:
    with sqlite_county.write() as connection:
        add_account(connection, "a", "auditor", "long enough one", real_now())
        with pytest.raises(ValueError, match="already"):
            add_account(connection, "a", "admin", "long enough two", real_now())
        columns = {column.name for column in t.account.c}
    assert "role" in columns and "roles" not in columns


def test_no_route_lets_both_administrator_and_auditor_in_but_what_is_everybodys() -> None:
    from dashboard.routes import EVERYBODY, PERSONS, TABLE

    own = (EVERYBODY, PERSONS)  # everybody's, and each person's own inbox
    both = [route.pattern for route in TABLE if {Role.ADMIN, Role.AUDITOR} <= route.roles and route.roles not in own]
    assert both == []
