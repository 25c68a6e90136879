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
    parser.add_argument("--plot", type=Path, default=None, help="write the calibration plot here, as SVG")
    parser.add_argument("--rows", type=int, default=0, help="only the newest so many rows; 0: all")
    asked = parser.parse_args(list(arguments))
    with asked.file.open(encoding="utf-8-sig", newline="") as file:
        rows = sorted((row for row in csv.DictReader(file) if row["open_date"]), key=lambda row: row["open_date"])
    rows = rows[-asked.rows :]
    test = _late(rows, asked.looks)
    _print(test)
    if asked.plot:
        asked.plot.write_text(_plot(test), encoding="utf-8")
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


SIZE, EDGE = 400, 52


def _plot(test: BackTest) -> str:
    """The calibration as SVG: each tenth a dot as large as its judgements are many; on the dashed line both agree."""
    most = max((count for _, _, count in test.calibration), default=1)
    dots = [
        f'<circle cx="{_x(said):.1f}" cy="{_y(late):.1f}" r="{3 + 9 * (count / most) ** 0.5:.1f}">'
        f"<title>{said:.2f} → {late:.2f} ({count:,})</title></circle>"
        for said, late, count in test.calibration
    ]
    line = " ".join(f"{_x(said):.1f},{_y(late):.1f}" for said, late, _ in test.calibration)
    ticks = [
        f'<text x="{_x(share):.0f}" y="{_y(0) + 20:.0f}" text-anchor="middle">{share:.0%}</text>'
        f'<text x="{_x(0) - 8:.0f}" y="{_y(share) + 4:.0f}" text-anchor="end">{share:.0%}</text>'
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" font-family="sans-serif" font-size="12">',
        f'<rect width="{SIZE}" height="{SIZE}" fill="#fff"/>',
        f'<rect x="{_x(0):.0f}" y="{_y(1):.0f}" width="{_x(1) - _x(0):.0f}" height="{_y(0) - _y(1):.0f}" fill="none" stroke="#999"/>',
        f'<path d="M{_x(0):.0f} {_y(0):.0f}L{_x(1):.0f} {_y(1):.0f}" stroke="#999" stroke-dasharray="5 4"/>',
        f'<polyline points="{line}" fill="none" stroke="#1d5c8e"/>',
        f'<g fill="#1d5c8e">{"".join(dots)}</g>',
        *ticks,
        f'<text x="{SIZE / 2:.0f}" y="{SIZE - 10}" text-anchor="middle">chance said</text>',
        f'<text transform="translate(14 {SIZE / 2:.0f}) rotate(-90)" text-anchor="middle">share that was late</text>',
        "</svg>\n",
    ])  # fmt: skip


def _x(share: float) -> float:
    return EDGE + share * (SIZE - EDGE - 16)


def _y(share: float) -> float:
    return SIZE - EDGE - share * (SIZE - EDGE - 16)


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
