"""`gridcommand bench evaluation [FILE]`: is "closed in time" by our formulas what a real city published?

Every closed row with a deadline of the City of Boston's open data is judged by the evaluation's own core (the same that
writes the books), in the month of its deadline, and compared with the flag in the file.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from config.reference import default_formulas
from models.evaluation.folding import Case, Line, Mark, Window, found
from models.evaluation.periods import Month

FILE = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "cases" / "boston_2026.csv"
ZONE = ZoneInfo("America/New_York")
LIMITS = default_formulas().versions[0].limits
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""Everything in the file has happened by then: the published flag knows no cut."""


def run(arguments: list[str]) -> int:
    """Judge the file and print the figures."""
    file = Path(arguments[0]) if arguments else FILE
    if not file.exists():
        print(f"{file} is not there; name the file of city service requests.", file=sys.stderr)
        return 1
    print(json.dumps(agreement(file)))
    return 0


def agreement(file: Path) -> dict[str, float | int]:
    """How many closed rows with a deadline there are, and on how many both say the same."""
    told = Counter((judged(case, lines), flag) for case, lines, flag in rows(file))
    whole = sum(told.values())
    same = told[True, "ONTIME"] + told[False, "OVERDUE"]
    return {
        "rows": whole,
        "same": same,
        "agreement": round(same / whole, 6) if whole else 0.0,
        "in_time": told[True, "ONTIME"],
    }


def judged(case: Case, lines: Sequence[Line]) -> bool:
    """Whether the books say that it was closed in time."""
    assert case.due_at is not None
    month = Month.of(case.due_at, ZONE)
    window = Window(month.start(ZONE), LATEST, LATEST)
    return bool(found(case, lines, window, LIMITS).case & Mark.CLOSED_IN_TIME)


def rows(file: Path) -> Iterator[tuple[Case, Sequence[Line], str]]:
    """Each closed row with a deadline as a case with its trace, and the flag that the city published."""
    with file.open(encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            if (
                not (row["open_date"] and row["close_date"] and row["target_close_date"])
                or row["case_status"] != "Closed"
            ):
                continue
            reported, closed, due = (
                datetime.fromisoformat(row[name]) for name in ("open_date", "close_date", "target_close_date")
            )
            case = Case(reported, "system", due, closed, row["assigned_department"] or None)
            lines = [Line("report", reported, reported), Line("close-at-source", closed, closed)]
            yield case, lines, row["on_time"]
