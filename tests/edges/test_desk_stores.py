"""What the desk reads and keeps, on both databases: the inbox, cases that are alike, kept filters, sheets, exports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import door_of
from desk_harness import DEPARTMENT, GRID, OWN, HeardNews, add_people, browser, problem, web
from flask import Flask
from sqlalchemy import event, select

from models import tables as t
from models.deskwork import orders, saved
from models.deskwork.candidates import alike, facts
from models.deskwork.inbox import inbox, reasons
from models.deskwork.related import related
from models.door import Report
from models.filters import FilterRefused, Moment
from models.moves import Actor, Refused, Role
from models.store import Store
from models.timebase import real_now

ZONE = ZoneInfo("Asia/Shanghai")
OPERATOR = Actor("operator", Role.OPERATOR)
OWN_DEPARTMENT = Actor("department", Role.DEPARTMENT, None, DEPARTMENT)
OTHER_DEPARTMENT = Actor("other", Role.DEPARTMENT, None, "ga")
HOTLINE = Actor("hotline", Role.SYSTEM)


def report(store: Store, ago: timedelta = timedelta(), **changes: Any) -> Any:
    body = {
        "category": "010101",
        "description": "东门农贸市场南侧垃圾成堆",
        "source": "hotline",
        "area": GRID,
        **changes,
    }
    return door_of(store).report(Report(**body), HOTLINE, real_now() - ago).case


def dispatch(store: Store, code: str, **more: Any) -> None:
    door_of(store).move(code, "dispatch", OPERATOR, real_now(), {"department": DEPARTMENT, **more})


def look(store: Store, actor: Actor, reason: str | None = None) -> Any:
    with store.read() as connection:
        return inbox(connection, actor, Moment(real_now(), ZONE), reason=reason)


def test_the_inbox_is_ordered_by_urgency_and_every_count_equals_its_list(county_store: Store) -> None:
    calm = report(county_store)
    late = report(county_store, timedelta(days=30))
    grave = report(county_store, level=1)
    sent = report(county_store)
    dispatch(county_store, sent.code)
    whole = look(county_store, OPERATOR)
    assert [row.code for row in whole.rows] == [grave.code, late.code, calm.code, sent.code]
    assert [row.reason for row in whole.rows] == ["escalated", "overdue", "to-accept", "unreceipted"]
    assert whole.counts["any"] == len(whole.rows)
    for reason in reasons(Role.OPERATOR):
        assert whole.counts[reason] == len(look(county_store, OPERATOR, reason).rows)
    with pytest.raises(FilterRefused, match="unreceipted"):
        look(county_store, OPERATOR, "everything")


def test_the_inbox_of_a_department_holds_its_own_orders_also_as_a_co_handler(county_store: Store) -> None:
    report(county_store)  # nobody has sent it to anybody yet
    shared = report(county_store)
    dispatch(county_store, shared.code, co_departments=["ga"])
    for actor in (OWN_DEPARTMENT, OTHER_DEPARTMENT):
        assert [(row.code, row.reason) for row in look(county_store, actor).rows] == [(shared.code, "to-receive")]
    door_of(county_store).move(shared.code, "receipt", OTHER_DEPARTMENT, real_now())
    assert [row.reason for row in look(county_store, OTHER_DEPARTMENT).rows] == ["to-answer"]
    assert [row.reason for row in look(county_store, OWN_DEPARTMENT).rows] == ["to-receive"]


def test_what_was_merged_leaves_the_inbox_and_is_found_with_its_case(county_store: Store) -> None:
    first, again = report(county_store), report(county_store)
    door_of(county_store).move(again.code, "merge", OPERATOR, real_now(), {"into": first.code})
    assert [row.code for row in look(county_store, OPERATOR).rows] == [first.code]
    with county_store.read() as connection:
        beside = related(connection, first.code, None, [], OPERATOR)
        assert [(how, row.code) for how, row in beside] == [("child", again.code)]
        back = related(connection, again.code, first.code, [first.code], OPERATOR)
        assert [(how, row.code) for how, row in back] == [("into", first.code)]
        assert related(connection, first.code, None, [], OTHER_DEPARTMENT) == []


def test_alike_cases_are_found_by_place_and_time_and_only_one_s_own(county_store: Store) -> None:
    point = {"longitude": 112.8863, "latitude": 30.4692, "frame": "WGS-84"}
    here = report(county_store, **point)
    near = report(county_store, timedelta(hours=3), **{**point, "longitude": 112.8867})
    report(county_store, timedelta(hours=1), **{**point, "longitude": 112.93})  # far away
    report(county_store, timedelta(days=40), **point)  # long ago
    report(county_store, **point, category="020201", description="楼道里有人吵架")  # another matter
    with county_store.read() as connection:
        case = connection.execute(select(t.cases).where(t.cases.c.code == here.code)).one()
        found = alike(connection, facts(case), OPERATOR)
        assert [row.code for _, row in found] == [near.code]
        assert found[0][0].metres == pytest.approx(38, abs=3)
        assert alike(connection, facts(case), OTHER_DEPARTMENT) == []


def test_the_search_for_alike_cases_never_reads_the_whole_store(sqlite_county: Store) -> None:
    case = report(sqlite_county)
    seen: list[str] = []
    with sqlite_county.read() as connection:
        event.listen(connection.engine, "before_cursor_execute", lambda *args: seen.append(str(args[2])))
        alike(connection, facts(case), OPERATOR)
        plan = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {next(one for one in seen if 'FROM cases' in one).replace('?', '1')}"
        ).all()
    assert "SEARCH cases USING INDEX" in str(plan)
    assert "SCAN cases" not in str(plan)


def test_a_person_keeps_a_few_filters_and_sees_nobody_else_s(county_store: Store) -> None:
    now = real_now()
    with county_store.write() as connection:
        saved.keep(connection, "operator", "特急", "state=open&level=1", now)
        saved.keep(connection, "operator", "特急", "state=open&level=2", now)
        saved.keep(connection, "duty", "别人的", "state=all", now)
    with county_store.write() as connection:
        assert [(row.name, row.query) for row in saved.kept(connection, "operator")] == [("特急", "state=open&level=2")]
        for number in range(saved.MOST - 1):
            saved.keep(connection, "operator", f"f{number}", "state=all", now)
        with pytest.raises(Refused, match="at most"):
            saved.keep(connection, "operator", "one more", "state=all", now)
        assert saved.forget(connection, "operator", "特急") and not saved.forget(connection, "operator", "特急")


def test_a_sheet_is_for_those_who_may_know_of_the_order(county_store: Store) -> None:
    case = report(county_store)
    dispatch(county_store, case.code, co_departments=["ga"])
    with county_store.read() as connection:
        numbers = {row.department: row.number for row in connection.execute(select(t.orders))}
        lead = orders.sheet(connection, numbers[DEPARTMENT], OPERATOR)
        assert lead is not None and lead.case.code == case.code
        assert [row.department for row in lead.beside] == ["ga"]
        assert orders.sheet(connection, numbers["ga"], OTHER_DEPARTMENT) is not None
        assert orders.sheet(connection, numbers["ga"], Actor("x", Role.DEPARTMENT, None, "mz")) is None
        assert orders.sheet(connection, "PB-0", OPERATOR) is None


# --- over HTTP -------------------------------------------------------------------------------------------------------


@pytest.fixture
def app(sqlite_county: Store, tmp_path: Path) -> Iterator[Flask]:
    add_people(sqlite_county)
    with web(sqlite_county, tmp_path, HeardNews()) as app:
        yield app


def test_an_export_equals_the_list_neutralises_cells_and_is_written_down(app: Flask, sqlite_county: Store) -> None:
    report(sqlite_county, description="=HYPERLINK(1)", address="@somewhere")
    report(sqlite_county, timedelta(days=30))
    client = browser(app, sqlite_county, "operator")
    answer = client.get("/cases.csv?state=open")
    lines = answer.get_data(as_text=True).removeprefix("\ufeff").splitlines()
    total = client.get("/api/v1/cases?state=open").get_json()["total"]
    assert answer.mimetype == "text/csv" and len(lines) == total + 2 == 4  # the last line says that this is all
    assert "'=HYPERLINK(1)" in lines[1] and "'@somewhere" in lines[1] and ",=" not in "".join(lines)
    with sqlite_county.read() as connection:
        line = connection.execute(select(t.audit).order_by(t.audit.c.id.desc()).limit(1)).one()
    assert (line.actor, line.act, line.detail["rows"]) == ("operator", "export.cases-end", 2)


def test_a_filter_that_is_no_filter_is_not_kept(app: Flask, sqlite_county: Store) -> None:
    client = browser(app, sqlite_county, "operator")
    for query in ("state=nowhere", "level=9", "x=1"):
        refused = client.post("/api/v1/filters", json={"name": "a", "query": query}, headers=OWN)
        assert problem(refused)["field"] == "query"
    kept = client.post("/api/v1/filters", json={"name": "a", "query": "?state=open&after=x"}, headers=OWN)
    assert kept.get_json() == {"filters": [{"name": "a", "query": "state=open"}]}


def test_an_order_without_pango_says_so_and_still_prints(
    app: Flask, sqlite_county: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = report(sqlite_county)
    dispatch(sqlite_county, case.code)
    with sqlite_county.read() as connection:
        number = connection.execute(select(t.orders.c.number)).scalar_one()
    client = browser(app, sqlite_county, "operator")
    monkeypatch.setattr("builtins.__import__", _without_pango(__import__))
    answer = client.get(f"/orders/{number}/pdf")
    assert answer.status_code == 501
    page = answer.get_data(as_text=True)
    assert "libpango" in page and number in page


def _without_pango(real: Any) -> Any:
    def importing(name: str, *args: Any, **more: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *args, **more)

    return importing
