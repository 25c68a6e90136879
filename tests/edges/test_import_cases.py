"""Importing cases: idempotent, rejects with their reason, dry runs, flat memory at a million rows."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboard.cli import main
from models.store import Store

ROOT = Path(__file__).parents[2]
MAP = """
kind = "cases"
client = "worksheets"
origin = "made for a test"

[file]
encoding = "utf-8"
timezone = "Asia/Shanghai"
frame = "GCJ-02"

[columns]
external_id = "工单编号"
reported_at = "受理时间"
category = "类别"
description = ["问题描述"]
closing = ["办理结果"]
department = "承办单位"
status = "状态"
closed_at = "办结时间"
due_at = "办理时限"
longitude = "经度"
latitude = "纬度"
address = "地址"
area = "网格"

[values.status]
"已办结" = "closed"
"办理中" = "handling"
"待签收" = "dispatched"

[defaults]
level = 3
source = "hotline"
category = "其他"

[create]
categories = true
departments = true
"""
COLUMNS = ("工单编号", "受理时间", "类别", "问题描述", "办理结果", "承办单位", "状态", "办结时间", "办理时限", "经度",
           "纬度", "地址", "网格")  # fmt: skip
GOOD: dict[str, str] = {
    "受理时间": "2026-03-02 09:30:00", "类别": "道路破损", "问题描述": "路面坑洞，请修复", "办理结果": "",
    "承办单位": "城管局", "状态": "办理中", "办结时间": "",
    "办理时限": "2026-03-05 18:00:00", "经度": "112.8917", "纬度": "30.4667", "地址": "人民路", "网格": "",
}  # fmt: skip
Import = Callable[..., tuple[int, str, str]]


def sheet(folder: Path, rows: list[dict[str, str]], name: str = "工单.csv", encoding: str = "utf-8") -> Path:
    """A work sheet with these rows; what a row does not say is as in a good one."""
    file = folder / name
    with file.open("w", encoding=encoding, newline="") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        for number, row in enumerate(rows):
            writer.writerow({**GOOD, "工单编号": f"W{number}", **row})
    return file


@pytest.fixture
def bring_in(
    sqlite_county: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Import:
    assert sqlite_county.sqlite
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRIDCOMMAND_DATA", str(tmp_path))
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8")

    def run(file: Path, *words: str) -> tuple[int, str, str]:
        umask = os.umask(0o022)
        with pytest.raises(SystemExit) as ended:
            main(["import", "cases", str(file), "--map", "map.toml", *words])
        os.umask(umask)
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def stored(folder: Path, question: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(folder / "gridcommand.sqlite") as connection:
        return connection.execute(question).fetchall()


def rejects_of(folder: Path, name: str = "工单.csv") -> list[dict[str, str]]:
    with (folder / f"{name}.rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_same_file_again_changes_nothing_and_a_longer_one_adds_the_rest(bring_in: Import, tmp_path: Path) -> None:
    closed = {"状态": "已办结", "办结时间": "2026-03-04 10:00:00", "办理结果": "已修复"}
    first = sheet(tmp_path, [{}, closed, {}])
    assert bring_in(first)[1].startswith("3 rows read: 3 new cases, 0 known already, 0 rejected.")
    before = stored(tmp_path, "SELECT code, stage, version FROM cases ORDER BY id")
    assert bring_in(first)[1] == "3 rows read: 0 new cases, 3 known already, 0 rejected.\n"
    assert stored(tmp_path, "SELECT code, stage, version FROM cases ORDER BY id") == before
    assert [stage for _, stage, _ in before] == ["handling", "closed", "handling"]
    assert bring_in(sheet(tmp_path, [{}, closed, {}, {}]))[1].startswith("4 rows read: 1 new cases, 3 known already")
    assert not (tmp_path / "工单.csv.rejects.csv").exists()


def test_a_case_that_was_closed_meanwhile_is_closed_by_the_next_import(bring_in: Import, tmp_path: Path) -> None:
    bring_in(sheet(tmp_path, [{}]))
    bring_in(sheet(tmp_path, [{"状态": "已办结", "办结时间": "2026-03-04 10:00:00"}]))
    assert stored(tmp_path, "SELECT stage, in_time FROM cases") == [("closed", 1)]


def test_times_places_and_deadlines_arrive_as_the_file_means_them(bring_in: Import, tmp_path: Path) -> None:
    bring_in(sheet(tmp_path, [{}]))
    row = stored(tmp_path, "SELECT reported_at, due_at, due_basis, frame, longitude, area, department FROM cases")[0]
    assert row[0] == 1_772_415_000 * 1_000_000  # 2026-03-02 09:30 in Shanghai
    assert row[1] == 1_772_704_800 * 1_000_000  # 2026-03-05 18:00
    assert row[2:4] == ("source", "GCJ-02")
    assert 112.880 < row[4] < 112.889  # taken back by some 500 m
    assert row[5].startswith("990100")
    assert row[6] == "cg"  # our own bureau of that short name


BAD_ROWS: list[tuple[dict[str, str], str]] = [
    ({"受理时间": ""}, "受理时间: expected a value"),
    ({"受理时间": "昨天"}, "受理时间: expected a time"),
    ({"受理时间": "2199-01-01 00:00:00"}, "受理时间: 2198-12-31T16:00:00+00:00 lies in the future"),
    ({"工单编号": ""}, "工单编号: expected a value"),
    ({"工单编号": "9" * 200}, "工单编号: longer than 120 characters"),
    ({"状态": "丢失"}, "状态: expected one of"),
    ({"经度": "东"}, "经度: expected degrees"),
    ({"经度": "999"}, "经度: expected degrees between"),
    ({"状态": "已办结", "办结时间": "2026-03-01 00:00:00"}, "办结时间: closed before it was reported"),
]


def test_every_bad_row_is_rejected_with_number_and_reason_and_the_good_ones_come_in(
    bring_in: Import, tmp_path: Path
) -> None:
    file = sheet(tmp_path, [{}, *(row for row, _ in BAD_ROWS), {}])
    with file.open("a", encoding="utf-8") as out:
        out.write("W99,short row\n")
    code, out_, err = bring_in(file)
    assert code == 0
    assert out_.startswith(
        f"{len(BAD_ROWS) + 3} rows read: 2 new cases, 0 known already, {len(BAD_ROWS) + 1} rejected."
    )
    assert "The rejected rows and their reasons are in" in err
    found = rejects_of(tmp_path)
    assert [int(row["row"]) for row in found] == [*range(3, 3 + len(BAD_ROWS)), len(BAD_ROWS) + 4]
    for row, (_, expected) in zip(found, BAD_ROWS, strict=False):
        assert row["reason"].startswith(expected)
    assert found[-1]["reason"] == "the row has 2 cells, the header has 13"
    assert found[0]["问题描述"] == GOOD["问题描述"]
    assert oct((tmp_path / "工单.csv.rejects.csv").stat().st_mode & 0o777) == "0o600"


def test_rejects_hold_no_formula(bring_in: Import, tmp_path: Path) -> None:
    bring_in(
        sheet(tmp_path, [{"受理时间": "", "问题描述": '=HYPERLINK("http://x")', "经度": "-71.06", "地址": "@cmd"}])
    )
    row = rejects_of(tmp_path)[0]
    assert row["问题描述"].startswith("'=")
    assert row["地址"] == "'@cmd"
    assert row["经度"] == "-71.06"


def test_a_dry_run_says_the_same_counts_and_changes_nothing(bring_in: Import, tmp_path: Path) -> None:
    file = sheet(tmp_path, [{}, {}, {"工单编号": "W0"}, {"受理时间": ""}, {"类别": "新类别"}])
    before = stored(tmp_path, "SELECT (SELECT count(*) FROM cases), (SELECT count(*) FROM category)")
    dry = bring_in(file, "--dry-run")
    assert stored(tmp_path, "SELECT (SELECT count(*) FROM cases), (SELECT count(*) FROM category)") == before
    assert not (tmp_path / "工单.csv.rejects.csv").exists()
    real = bring_in(file)
    assert dry[1].replace("; nothing was changed (dry run)", "") == real[1]
    assert real[1].startswith("5 rows read: 3 new cases, 1 known already, 1 rejected.")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_other_encodings_come_in_as_they_are(bring_in: Import, tmp_path: Path, encoding: str) -> None:
    assert bring_in(sheet(tmp_path, [{}], encoding=encoding))[0] == 0
    assert stored(tmp_path, "SELECT title FROM cases") == [(GOOD["问题描述"],)]


def test_files_that_are_no_such_table_are_refused_in_a_sentence(bring_in: Import, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,name\n1,2\n", encoding="utf-8")
    code, _, err = bring_in(tmp_path / "a.csv")
    assert code == 1 and "lacks the columns 工单编号" in err and "it has id, name" in err
    (tmp_path / "b.csv").write_bytes("id,name\n1,Müller\n".encode("latin-1"))
    code, _, err = bring_in(tmp_path / "b.csv")
    assert code == 1 and "breaks at byte 11 in line 2" in err
    (tmp_path / "c.csv").write_text("工单编号:受理时间\n1:2\n", encoding="utf-8")
    code, _, err = bring_in(tmp_path / "c.csv")
    assert code == 1 and "are the cells separated by a comma" in err


def test_without_a_map_the_nearest_and_what_it_needs_are_named(tmp_path: Path, bring_in: Import) -> None:
    assert bring_in is not None
    (tmp_path / "a.csv").write_text("case_id,open_date\n1,2\n", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["import", "cases", str(tmp_path / "a.csv")])
    assert ended.value.code == 1


def test_operators_can_write_while_a_bulk_import_runs(bring_in: Import, tmp_path: Path) -> None:
    """reliability.md, promise 7, in short: at most 200 rows a transaction, and a pause after each."""
    file = sheet(tmp_path, [{} for _ in range(450)])
    bring_in(file)
    sizes = stored(tmp_path, "SELECT entered_at, count(*) FROM cases GROUP BY entered_at ORDER BY entered_at")
    assert [count for _, count in sizes] == [200, 200, 50]
    ends = stored(tmp_path, "SELECT max(at) FROM outbox GROUP BY at ORDER BY at")
    assert len(ends) == 3


MEASURED = """
import json, os, sys
from dashboard.cli import main
try:
    main(["import", "cases", sys.argv[1], "--map", sys.argv[2], "--dry-run"])
except SystemExit as ended:
    import resource
    print(json.dumps({"code": ended.code or 0, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""
SMALL_MAP = """
kind = "cases"
client = "worksheets"
origin = "made for a test"
[file]
encoding = "utf-8"
timezone = "Asia/Shanghai"
frame = "WGS-84"
[columns]
external_id = "id"
reported_at = "time"
category = "kind"
description = ["text"]
area = "grid"
[values]
[defaults]
level = 4
source = "hotline"
category = "010101"
[create]
categories = false
departments = false
"""


def measured(folder: Path, rows: int) -> dict[str, Any]:
    file = folder / f"{rows}.csv"
    with file.open("w", encoding="utf-8") as out:
        out.write("id,time,kind,text,grid\n")
        out.writelines(
            f"A{n},2026-03-{n % 28 + 1:02} 10:00:00,{'010504' if n % 1000 else '999'},路灯不亮第{n}处,990100100\n"
            for n in range(rows)
        )
    (folder / "small.toml").write_text(SMALL_MAP, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(file), str(folder / "small.toml")],
        env={**os.environ, "PYTHONPATH": str(ROOT), "GRIDCOMMAND_DATA": str(folder)},
        capture_output=True, text=True, timeout=170, check=True,
    )  # fmt: skip
    said, figures = done.stdout.strip().splitlines()
    assert said.startswith(
        f"{rows} rows read: {rows - rows // 1000} new cases, 0 known already, {rows // 1000} rejected"
    )
    found: dict[str, Any] = json.loads(figures)
    assert found["code"] == 0
    return found


def test_a_million_rows_are_read_with_flat_memory(sqlite_county: Store, tmp_path: Path) -> None:
    assert sqlite_county.sqlite
    few, many = measured(tmp_path, 20_000), measured(tmp_path, 1_000_000)
    assert many["mb"] - few["mb"] < 60, (few, many)
