"""`gridcommand export`: masked, whole or not at all, re-importable, in constant memory."""

from __future__ import annotations

import csv
import json
import tracemalloc
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from conftest import SECRET
from sqlalchemy import func, insert, select
from test_import_catalogue import Run, run

from dashboard.cli import leaving as cli
from models import tables as t
from models.door import Door, Report
from models.exchange import leaving
from models.moves import Actor, Role
from models.rules import Rules
from models.store import Store
from models.timebase import real_now
from models.vault import Vault

__all__ = ["run"]
ZONE = ZoneInfo("Asia/Shanghai")


def report(store: Store, description: str, **more: str) -> str:
    door = Door(store, Rules(store, ZONE), Vault(SECRET))
    made = Report("010101", description, "hotline", longitude=112.886264, latitude=30.46921, **more)
    return str(door.report(made, Actor("x", Role.OPERATOR), real_now()).case.code)


def lines(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig") as text:
        return list(csv.DictReader(text))


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_cases_leave_masked_and_without_who_reported(run: Run, sqlite_county: Store, tmp_path: Path, form: str) -> None:
    secret = {"reporter_name": "王小明", "reporter_phone": "13900001234"}
    code = report(sqlite_county, "路灯不亮，电话 13800138000", **secret)
    file = tmp_path / f"cases.{form}"
    assert run("export", "cases", str(file))[:2] == (0, f"1 rows were written to {file}.\n")
    text = file.read_text(encoding="utf-8-sig")
    assert code in text and "***" in text and "路灯不亮" in text
    assert not any(word in text for word in ("王小明", "13900001234", "13800138000"))
    with sqlite_county.read() as connection:
        acts = connection.execute(select(t.audit.c.act)).scalars().all()
    assert "export.cases" in acts


def test_a_cell_that_a_spreadsheet_would_run_is_harmless(run: Run, sqlite_county: Store, tmp_path: Path) -> None:
    report(sqlite_county, "=HYPERLINK(1)")
    run("export", "cases", str(tmp_path / "c.csv"))
    assert lines(tmp_path / "c.csv")[0]["description"] == "'=HYPERLINK(1)"


def test_traces_and_orders_name_their_case_and_places_have_their_outline(
    run: Run, sqlite_county: Store, tmp_path: Path
) -> None:
    code = report(sqlite_county, "垃圾")
    for kind in ("trace", "orders", "places"):
        assert run("export", kind, str(tmp_path / f"{kind}.jsonl"))[0] == 0
    trace = [json.loads(line) for line in (tmp_path / "trace.jsonl").read_text().splitlines()]
    assert [(line["case"], line["action"], line["number"]) for line in trace] == [(code, "report", 1)]
    places = [json.loads(line) for line in (tmp_path / "places.jsonl").read_text().splitlines()]
    with sqlite_county.read() as connection:
        assert len(places) == connection.execute(select(func.count()).select_from(t.area)).scalar_one()
    assert any(place["geometry"] for place in places)


def test_only_the_days_asked_for_leave(run: Run, sqlite_county: Store, tmp_path: Path) -> None:
    report(sqlite_county, "垃圾")
    today = real_now().astimezone(ZONE).date()
    for name, since, until, wanted in (
        ("a", today, today, 1),
        ("b", today - timedelta(days=9), today - timedelta(days=1), 0),
        ("c", today + timedelta(days=1), today + timedelta(days=2), 0),
    ):
        file = tmp_path / f"{name}.csv"
        assert run("export", "cases", str(file), "--from", str(since), "--until", str(until))[0] == 0
        assert len(lines(file)) == wanted
    assert run("export", "cases", str(tmp_path / "d.csv"), "--from", str(today), "--until", "2020-01-01")[0] == 1


def test_what_leaves_comes_in_again_once(run: Run, sqlite_county: Store, tmp_path: Path) -> None:
    report(sqlite_county, "垃圾成堆")
    run("export", "cases", str(tmp_path / "c.csv"))
    code, out, err = run("import", "cases", str(tmp_path / "c.csv"), "--map", "export")
    assert code == 0, err
    assert "1 new" in out
    assert "0 new" in run("import", "cases", str(tmp_path / "c.csv"), "--map", "export")[1]


def test_a_file_is_whole_or_not_there(run: Run, sqlite_county: Store, tmp_path: Path) -> None:
    file = tmp_path / "c.csv"

    def broken() -> object:
        yield {"a": 1}
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        cli._written(file, ("a",), broken(), lambda done: None)  # type: ignore[arg-type]
    assert list(tmp_path.glob("*c.csv*")) == []
    file.write_text("mine")
    assert run("export", "cases", str(file))[0] == 1 and file.read_text() == "mine"
    assert run("export", "cases", str(tmp_path / "none" / "c.csv"))[0] == 1
    assert run("export", "cases", str(tmp_path / "c.xlsx"))[0] == 1


def test_the_evaluation_of_a_month_leaves_by_town_and_by_department(
    run: Run, sqlite_county: Store, tmp_path: Path
) -> None:
    for by in ("area", "department"):
        file = tmp_path / f"{by}.csv"
        code, _, err = run("export", "evaluation", str(file), "--period", "2026-10", "--by", by)
        assert code == 0, err
        assert lines(file) and {"period", "code", "score", "grade", "cases"} <= set(lines(file)[0])
    assert run("export", "evaluation", str(tmp_path / "x.csv"))[0] == 2
    assert run("export", "evaluation", str(tmp_path / "y.csv"), "--period", "x")[0] == 1


def test_many_rows_pass_in_constant_memory(county_store: Store) -> None:
    report(county_store, "垃圾")
    with county_store.write() as connection:
        row = dict(connection.execute(select(t.trace)).one()._mapping)
        del row["id"]
        connection.execute(insert(t.trace), [row | {"number": number} for number in range(2, 20_002)])
    kind = leaving.KINDS["trace"]
    tracemalloc.start()
    numbers = [one["number"] for one in leaving.rows(county_store, kind, None, None)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert numbers == list(range(1, 20_002))
    assert peak < 12_000_000
