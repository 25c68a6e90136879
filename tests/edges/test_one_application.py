"""An assembled application serves one store after another (`desk_harness.web`) and remembers nothing of those before."""

from __future__ import annotations

import functools
import re
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import desk_harness
import pytest
from conftest import door_of
from desk_harness import OWN, ROLES, add_people, browser, web
from flask import Flask
from sqlalchemy import update

from dashboard.routes import TABLE
from models import tables as t
from models.door import Report
from models.moves import Actor, Role
from models.store import Store
from models.timebase import Timebase, real_now, set_timebase

FLOOD = {"plan": "flood", "level": 2, "note": "水位超警", "origin": "point", "longitude": 112.886, "latitude": 30.469}
KEPT = {"/map/areas.geojson", "/live/overview", "/live/past", "/live/emergencies/<number>"}
"""What is kept made (`dashboard/shelves.py`)."""
NEVER_TWICE = {"/readyz", "/metrics", "/evaluation/export", "/grid"}
"""Answers with times and sizes of the process in them, with the instant of a workbook, with a form's random key."""
PATHS = {route.pattern for route in TABLE if "GET" in route.methods and "<" not in route.pattern} - NEVER_TWICE | KEPT

Answers = Mapping[str, str]
Counties = tuple[Store, ...]


@pytest.fixture
def counties(sqlite_templates: dict[str, Path], tmp_path: Path) -> Iterator[Counties]:
    """A county, another, and the other's twin; in all of them the county's time stands still at the same moment."""
    now = real_now()
    still = Timebase(now, now, 0.0)
    stores = tuple(
        county(tmp_path / folder, sqlite_templates["county"], name, reports, still)
        for folder, name, reports in (("one", "甲县", 3), ("other", "乙县", 1), ("twin", "乙县", 1))
    )
    yield stores
    for store in stores:
        store.close()


def county(folder: Path, template: Path, name: str, reports: int, still: Timebase) -> Store:
    """A county where everything has this name, with so many reports of the day before yesterday."""
    folder.mkdir()
    store = Store(f"sqlite:///{shutil.copy(template, folder / 'gridcommand.sqlite')}")
    add_people(store)
    with store.write() as connection:
        set_timebase(connection, still)
        for table in (t.department, t.area):
            connection.execute(update(table).values(name=name))
    for number in range(reports):
        report = Report(category="010101", description=f"{name}{number}", source="hotline", area=desk_harness.GRID)
        door_of(store).report(report, Actor("hotline", Role.SYSTEM), still.county_anchor - timedelta(days=2))
    return store


def answers(
    store: Store, folder: Path, paths: Collection[str], plant: Callable[[Flask], None] | None = None
) -> Answers:
    """Path → what the first role that may is told there while a flood is under way, without the instants of the telling."""
    with web(store, folder) as app:
        if plant:
            plant(app)
        begun = browser(app, store, "operator").post("/api/v1/emergencies", json=FLOOD, headers=OWN)
        number = begun.get_json()["number"]
        told = {}
        for path in sorted(paths):
            answer = browser(app, store, asking(path)).get(path.replace("<number>", number), headers=OWN)
            told[path] = f"{answer.status_code} {plain(answer.data)}"
    return told


def asking(path: str) -> str | None:
    allowed = next(route.roles for route in TABLE if route.pattern == path)
    return next((role for role in ROLES if role in allowed), None)


def plain(body: bytes) -> str:
    text = body.decode(errors="replace")
    return re.sub(r'\d{4}-\d\d-\d\dT[\d:.]+Z|(?<=name="csrf_token" value=)"[^"]+"', "", text)


def differing(some: Answers, others: Answers) -> set[str]:
    return {path for path in some if some[path] != others[path]}


def test_an_application_that_served_another_store_answers_as_one_that_served_none(
    counties: Counties, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, twin = counties
    monkeypatch.setattr(desk_harness, "WAITING", {})
    expected = answers(twin, tmp_path, PATHS)
    monkeypatch.setattr(desk_harness, "WAITING", {})
    before, after = answers(one, tmp_path, PATHS), answers(other, tmp_path, PATHS)
    assert differing(before, expected) >= KEPT
    assert differing(after, expected) == set()


def test_a_route_that_keeps_its_answer_for_the_next_store_is_noticed(
    counties: Counties, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted fault: every path of a shelf keeps what it said first."""
    one, other, twin = counties
    expected = answers(twin, tmp_path, KEPT)
    monkeypatch.setattr(desk_harness, "WAITING", {})
    before, after = answers(one, tmp_path, KEPT, forgetful), answers(other, tmp_path, KEPT)
    assert differing(after, expected) == KEPT and differing(after, before) == set()


def forgetful(app: Flask) -> None:
    for endpoint in ("map_areas", "live_overview", "live_past", "live_emergency"):
        app.view_functions[endpoint] = functools.cache(app.view_functions[endpoint])
