"""`gridcommand bench forecast FILE`: how will-be-late and the suggestions do on real cases, as the product learns them.

FILE is a table of cases that `config/maps` knows (see `--map`). Will-be-late is back-tested on the last 61 days against the
simple rule, learning anew at every look from what was known then. Suggestions are examined on the newest fifth of the
rows, learning anew as time goes on, and once more with a model that never learns again.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from models.calendars import seconds_of
from models.forecast.suggesting import UNSEEN, Accuracy, Lesson, examined, learn, measured
from models.forecast.survival import BackTest, Case, Timeline, back_test

DAYS = 61
PARTS = 12
Row = Mapping[str, str]


def run(arguments: Sequence[str]) -> int:
    """Measure; the last line is one JSON object."""
    parser = argparse.ArgumentParser(prog="gridcommand bench forecast", description=__doc__)
    parser.add_argument("file", type=Path, help="boston_2026.csv, or a file with the same columns")
    parser.add_argument("--looks", type=int, default=DAYS, help="moments of the back-test")
    parser.add_argument("--rows", type=int, default=0, help="only the newest so many rows; 0: all")
    asked = parser.parse_args(list(arguments))
    with asked.file.open(encoding="utf-8-sig", newline="") as file:
        rows = sorted((row for row in csv.DictReader(file) if row["open_date"]), key=lambda row: row["open_date"])
    rows = rows[-asked.rows :]
    test = _late(rows, asked.looks)
    _print(test)
    print(json.dumps({"rows": len(rows), "late": _scores(test), "suggestions": _suggestions(rows)}))
    return 0


def _late(rows: Sequence[Row], looks: int) -> BackTest:
    cases = [
        Case(row["assigned_department"], start, due, _second(row["close_date"]))
        for row in rows
        if row["assigned_department"]
        and (due := _second(row["target_close_date"]))
        and (start := _second(row["open_date"]))
    ]
    ends = [second for row in rows for name in ("open_date", "close_date") if (second := _second(row[name]))]
    last = max(ends)
    return back_test(Timeline(cases), last - DAYS * 86_400, last, looks)


def _second(text: str) -> int | None:
    return seconds_of(datetime.fromisoformat(text)) if text else None


def _print(test: BackTest) -> None:
    print(f"{'department':42} judged   late  estimate    rule  yes/no  used")
    for name, score in [*sorted(test.departments.items()), ("all", test.whole)]:
        used = "history" if score.beats_the_rule else "rule"
        print(
            f"{name:42} {score.judged:6} {score.late:6}  {score.model:8.3f} {score.rule:7.3f} {score.plain:7.3f}  {used}"
        )
    print("forecast  was late  judged")
    for forecast, late, count in test.calibration:
        print(f"{forecast:8.2f}  {late:8.2f}  {count:6}  {'#' * round(late * 40)}")


def _scores(test: BackTest) -> dict[str, Any]:
    whole = test.whole
    return {
        "looks": test.looks, "judged": whole.judged, "late": whole.late, "brier": round(whole.model, 4),
        "brier_rule": round(whole.rule, 4), "brier_rule_yes_no": round(whole.plain, 4),
        "departments": len(test.departments), "by_history": sum(s.beats_the_rule for s in test.departments.values()),
        "calibration": [[round(forecast, 3), round(late, 3), count] for forecast, late, count in test.calibration],
    }  # fmt: skip


def _suggestions(rows: Sequence[Row]) -> dict[str, Any]:
    known = [row for row in rows if row["assigned_department"] and row["service_name"]]
    departments = [
        Lesson(
            row["service_name"], row["assigned_department"], (("town", row["ward"]), ("source", row["report_source"]))
        )
        for row in known
    ]
    categories = [Lesson(row["service_name"], row["case_topic"]) for row in known]
    cut = int(len(known) * (1 - UNSEEN))
    return {
        "department": _told(measured(departments, parts=PARTS)),
        "department_never_again": _told(examined(learn(departments[:cut]), departments[cut:]) if cut else None),
        "category": _told(measured(categories, parts=PARTS)),
    }


def _told(found: Accuracy | None) -> dict[str, float] | None:
    return None if found is None else {"rows": found.rows, "top1": round(found.top1, 4), "top3": round(found.top3, 4)}
