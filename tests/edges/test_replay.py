"""A replay: county time driven by the file, counts equal to an independent count, going on where it stopped."""

from __future__ import annotations

import csv
import json
import sqlite3
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from dashboard.cli.parts import Parts, open_parts
from dashboard.cli.plan import DemoPlan, keep_plan
from dashboard.cli.prepare import run_prepare
from dashboard.cli.replay import Replay, Tally
from dashboard.cli.terminal import Refusal
from models import figures
from models.filters import Moment
from models.store import Store
from models.timebase import Timebase, real_now, stored

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
REAL = SHARED / "cases" / "boston_2026.csv"
COLUMNS = ("case_id", "open_date", "case_topic", "service_name", "assigned_department", "case_status", "closure_reason",
           "closure_comments", "close_date", "target_close_date", "report_source", "full_address", "ward", "longitude",
           "latitude")  # fmt: skip
START = datetime(2026, 3, 2, 12, tzinfo=UTC)


def row(number: int, minute: int, *, closes: int | None = None, due: int | None = None, **more: str) -> dict[str, str]:
    """A row of the file; times in minutes after the start."""

    def at(value: int | None) -> str:
        return "" if value is None else (START + timedelta(minutes=value)).strftime("%Y-%m-%d %H:%M:%S+00")

    known = {
        "case_id": f"C{number}",
        "open_date": at(minute),
        "case_topic": f"Topic {number % 3}",
        "service_name": "Pothole",
        "assigned_department": f"Department {number % 2}",
        "case_status": "Open" if closes is None else "Closed",
        "close_date": at(closes),
        "target_close_date": at(due),
        "report_source": "Call",
        "ward": "1",
        "longitude": "-71.05",
        "latitude": "42.35",
    }
    return {**dict.fromkeys(COLUMNS, ""), **known, **more}


def written(folder: Path, rows: list[dict[str, str]]) -> Path:
    """The file of cases, and beside it the ward that they are in."""
    file = folder / "cases" / "file.csv"
    file.parent.mkdir(exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    ring = [[-71.2, 42.2], [-71.0, 42.2], [-71.0, 42.4], [-71.2, 42.4], [-71.2, 42.2]]
    ward = {"type": "Feature", "properties": {"WARD": "1"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    (folder / "geo").mkdir(exist_ok=True)
    (folder / "geo" / "Wards.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [ward]}))
    return file


def prepared(folder: Path, file: Path) -> Settings:
    """A data folder with the county that the map makes of the file."""
    settings = Settings(data=folder / "data", secret_key="s", database_url="")
    settings.data.mkdir(exist_ok=True)
    keep_plan(settings.data, DemoPlan(began=real_now(), cases=str(file)))
    assert run_prepare(settings) == 0
    return settings


def fed(parts: Parts, file: Path, speed: float = 0.0, stop: threading.Event | None = None) -> Tally:
    run = Replay(parts, file, "", speed, None)
    run.until(stop or threading.Event(), lambda: None)
    return run.tally


def line_of(parts: Parts) -> Timebase:
    with parts.store.read() as connection:
        line = stored(connection)
    assert line is not None
    return line


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


ROWS = [
    row(0, 0, closes=30, due=60),
    row(1, 1, closes=90, due=60),
    row(2, 2, due=40),
    row(3, 3, due=600),
    row(4, 100, closes=110),
    row(5, 120, due=140, assigned_department=""),
    row(6, 0, open_date=""),
]


def test_at_the_end_the_counts_are_those_of_the_file_and_time_stands_still(tmp_path: Path) -> None:
    file = written(tmp_path, ROWS)
    with open_parts(prepared(tmp_path, file)) as parts:
        tally = fed(parts, file)
        assert (tally.read, tally.reported, tally.closed, tally.rejected) == (7, 6, 3, 1)
        line = line_of(parts)
        last = START + timedelta(minutes=120)
        assert line.county(real_now() + timedelta(days=30)) == last
        with parts.store.read() as connection:
            found = figures.snapshot(connection, Moment(last, parts.rules().zone), 0, real_now(), []).figures
    assert (found.county.open, found.county.overdue) == (3, 1)
    assert {row.code: (row.open, row.overdue) for row in found.departments} == {
        "Department 0": (1, 1),
        "Department 1": (1, 0),
    }


def test_a_second_run_finds_everything_known(tmp_path: Path) -> None:
    file = written(tmp_path, ROWS)
    with open_parts(prepared(tmp_path, file)) as parts:
        fed(parts, file)
        again = fed(parts, file)
        assert (again.reported, again.closed, again.known) == (0, 0, 6)


def test_it_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    rows = [row(n, n, closes=n + 5) for n in range(900)]
    file = written(tmp_path, rows)
    with open_parts(prepared(tmp_path, file)) as parts:
        stop = threading.Event()
        run = Replay(parts, file, "", 0.0, None)
        run.until(stop, lambda: stop.set() if run.schedule.position >= 400 else None)
        assert 400 <= run.schedule.position < 1000
        reached = line_of(parts).county(real_now())
        assert reached < START + timedelta(minutes=905)
        rest = fed(parts, file)
        assert run.tally.reported + rest.reported == 900
        assert run.tally.closed + rest.closed == 900
        assert line_of(parts).county(real_now()) == START + timedelta(minutes=904)


def test_county_time_runs_at_the_given_speed_and_never_past_what_was_fed(tmp_path: Path) -> None:
    rows = [row(n, n * 10) for n in range(13)]  # two hours
    file = written(tmp_path, rows)
    with open_parts(prepared(tmp_path, file)) as parts:
        began = time.monotonic()
        thread = threading.Thread(target=fed, args=(parts, file, 3600.0))
        thread.start()
        looks = []
        while thread.is_alive():
            with parts.store.read() as connection:
                line = stored(connection)
                if line is not None:
                    looks.append((line.county(real_now()), _newest(parts), len(looks)))
            time.sleep(0.02)
        thread.join()
        assert 1.8 <= time.monotonic() - began <= 12
    times = [look[0] for look in looks]
    assert times == sorted(times)
    for county_now, newest, _ in looks:
        assert newest is None or county_now <= newest + timedelta(minutes=10)


def _newest(parts: Parts) -> datetime | None:
    with sqlite3.connect(parts.settings.data / "gridcommand.sqlite") as connection:
        value = connection.execute("SELECT max(reported_at) FROM cases").fetchone()[0]
    return datetime.fromtimestamp(value / 1e6, UTC) if value else None


def test_an_open_case_stands_where_the_file_says_and_one_without_a_place_is_kept(tmp_path: Path) -> None:
    rows = [
        row(0, 0, case_status="In progress"),
        row(1, 1, case_status="Open"),
        row(2, 2, case_status="Create"),
        row(3, 3, longitude="", latitude="", ward=""),
        row(4, 4, longitude="-60.0", latitude="10.0"),
        row(5, 5, case_status="Closed"),
    ]
    file = written(tmp_path, rows)
    with open_parts(prepared(tmp_path, file)) as parts:
        tally = fed(parts, file)
        assert tally.closed_without_time == 1
        with sqlite3.connect(parts.settings.data / "gridcommand.sqlite") as connection:
            found = connection.execute("SELECT stage, area, uncovered FROM cases ORDER BY external_id").fetchall()
    assert found == [
        ("handling", "1", 0),
        ("dispatched", "1", 0),
        ("reported", "1", 0),
        ("dispatched", "BOS", 0),
        ("dispatched", "1", 1),
        ("reported", "1", 0),
    ]


def test_a_county_that_lives_in_real_time_is_never_set_back(tmp_path: Path, sqlite_county: Store) -> None:
    assert sqlite_county.sqlite
    file = written(tmp_path, ROWS)
    settings = Settings(data=tmp_path, secret_key="s", database_url="")
    with open_parts(settings) as parts:
        fed(parts, file)  # an empty county may become a replay
        with parts.door.transaction() as (deed, _):
            deed.set_time(None)
        with pytest.raises(Refusal, match="lives in real time and has 6 cases"):
            fed(parts, file)


# -- the real file ----------------------------------------------------------------------------------------------------


def instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def independent() -> dict[str, Any]:
    """The counts of the file by nothing but csv and datetime."""
    with REAL.open(encoding="utf-8-sig", newline="") as file:
        rows = [line for line in csv.DictReader(file) if line["open_date"]]
    moments = [moment for line in rows for name in ("open_date", "close_date") if (moment := instant(line[name]))]
    last = max(moments)
    still = [line for line in rows if not line["close_date"]]
    late = [line for line in still if line["target_close_date"] and _before(line["target_close_date"], last)]
    return {
        "opened": len(rows),
        "closed": sum(bool(line["close_date"]) for line in rows),
        "open": Counter(line["assigned_department"] for line in still),
        "overdue": Counter(line["assigned_department"] for line in late),
        "last": last,
        "wards": {line["case_id"]: line["ward"] for line in rows if line["ward"] and line["longitude"]},
    }


def _before(text: str, moment: datetime) -> bool:
    at = instant(text)
    return at is not None and at < moment


@pytest.mark.skipif(not REAL.exists(), reason="the shared data is not beside the project")
@pytest.mark.timeout(1800)
def test_the_real_file_gives_the_counts_of_an_independent_count(tmp_path: Path) -> None:
    expected = independent()
    settings = prepared(tmp_path, REAL)
    began = time.monotonic()
    with open_parts(settings) as parts:
        run = Replay(parts, REAL, "", 0.0, None)
        run.until(threading.Event(), lambda: None)
        took = time.monotonic() - began
        print(f"{len(run.schedule)} events in {took:.0f} s: {run.tally.sentence()}")
        assert run.tally.rejected == 233
        assert run.tally.reported == expected["opened"]
        assert run.tally.closed == expected["closed"]
        now = line_of(parts).county(real_now())
        assert now == expected["last"]
        with parts.store.read() as connection:
            found = figures.snapshot(connection, Moment(now, parts.rules().zone), 0, real_now(), []).figures
    assert found.county.open == sum(expected["open"].values())
    assert found.county.overdue == sum(expected["overdue"].values())
    departments = {line.code: (line.open, line.overdue) for line in found.departments}
    for name, count in expected["open"].items():
        assert name == "" or departments.pop(name) == (count, expected["overdue"][name])
    assert not departments
    with sqlite3.connect(settings.data / "gridcommand.sqlite") as connection:
        areas = dict(connection.execute("SELECT external_id, area FROM cases WHERE NOT uncovered"))
    named = expected["wards"]
    agreed = sum(areas.get(case) == ward for case, ward in named.items())
    assert agreed / len(named) >= 0.99
    with (tmp_path / "boston_2026.csv.rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        rejects = list(csv.DictReader(file))
    assert len(rejects) == 233
    assert {line["reason"] for line in rejects} == {"open_date: expected a value; the cell is empty"}
    assert all(int(line["row"]) > 1 and line["case_id"] for line in rejects)
