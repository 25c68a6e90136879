"""The time machine's core: what a trace says of a past moment, by hand-made lives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts.recording import is_due
from models.past.day import Ground, bounds, differences, figures_at, pictured, series
from models.past.lives import FAR, Case, Life, Line, Turn, joined_calls, micros, turns

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 17, 16, tzinfo=UTC)  # the 18th begins in the county
DAY = bounds(START, ZONE)
GROUND = Ground(DAY, ("T",))
HOUR = 3_600_000_000


def at(hours: float) -> int:
    return DAY.start + int(hours * HOUR)


def written(hours: float) -> str:
    return (START + timedelta(hours=hours)).isoformat()


def case(**more: Any) -> Case:
    plain = {"id": 1, "area": "G", "town": "T", "department": "cg", "level": 3, "stage": "handling", "reported": at(-2), "closed": None, "due": at(10), "soon": at(8)}  # fmt: skip
    return Case(**{**plain, **more})


def line(hours: float, action: str, old: str, new: str, **detail: Any) -> Line:
    return Line(at(hours), action, old, new, detail)


CAME = line(-2, "report", "", "reported")
SENT = line(-1, "dispatch", "reported", "dispatched", department="cg")
TAKEN = line(1, "receipt", "dispatched", "handling")


def figures(life: Life, hours: float, ground: Ground = GROUND) -> dict[str, Any]:
    return figures_at([life], ground, at(hours))


def life_of(row: Case, *lines: Line, calls: tuple[tuple[int, int], ...] = ()) -> Life:
    return Life(row, turns(row, lines), calls)


def test_a_case_counts_by_its_stage_and_clock_at_each_moment() -> None:
    life = life_of(case(), CAME, SENT, TAKEN)
    assert figures(life, 0.5)["county"]["unreceipted"] == 1
    assert figures(life, 2)["county"]["unreceipted"] == 0
    assert [figures(life, h)["county"]["due_soon"] for h in (7.99, 8, 10, 10.01)] == [0, 1, 1, 0]
    assert [figures(life, h)["county"]["overdue"] for h in (10, 10.01)] == [0, 1]
    assert figures(life, 12)["longest_overdue_seconds"] == 7200
    assert figures(life, 12)["grids"] == {"G": [1, 0, 1]}
    assert figures(life, 12)["departments"][0]["overdue"] == 1


def test_an_extension_is_not_known_before_it_was_granted() -> None:
    row = case(due=at(30), soon=at(28))
    before = {"soon_at": written(8)}
    granted = line(
        9, "grant-extension", "handling", "handling", due_before=written(10), due_at=written(30), before=before
    )
    life = life_of(row, CAME, SENT, TAKEN, granted)
    assert figures(life, 8.5)["county"]["due_soon"] == 1
    assert figures(life, 11)["county"] == figures(life, 9)["county"]
    assert figures(life, 11)["county"]["overdue"] == 0


def test_an_old_line_that_moved_a_deadline_keeps_the_distance_of_the_warning() -> None:
    row = case(due=at(30), soon=at(28))
    granted = line(9, "grant-extension", "handling", "handling", due_before=written(10), due_at=written(30))
    assert life_of(row, CAME, SENT, TAKEN, granted).turns[-2][-2:] == (at(10), at(8))


def test_a_suspended_case_is_paused_and_a_merged_one_has_no_clock() -> None:
    paused = life_of(
        case(stage="suspended", due=at(10)), CAME, SENT, TAKEN, line(3, "suspend", "handling", "suspended")
    )
    assert figures(paused, 4)["county"]["paused"] == 1
    merged = life_of(case(stage="merged"), CAME, line(3, "merge", "reported", "merged"))
    assert figures(merged, 12)["county"] | {"open": 1, "overdue": 0} == figures(merged, 12)["county"]
    assert figures(merged, 12)["departments"][0]["next_due_at"] is None


def test_a_case_that_was_closed_and_reopened_counts_as_what_it_was() -> None:
    closed = line(4, "close", "handling", "closed")
    again = line(6, "reopen", "closed", "filed")
    life = life_of(case(stage="filed"), CAME, SENT, TAKEN, closed, again)
    said = {h: figures(life, h) for h in (3, 5, 7)}
    assert [one["county"]["closed_today"] for one in said.values()] == [0, 1, 0]
    assert [one["county"]["open"] for one in said.values()] == [1, 0, 1]
    assert [one["closed_in_time_month"] for one in said.values()] == [0, 1, 0]
    assert [sum(one["trend"]["closed"]) for one in said.values()] == [0, 1, 0]


def test_a_void_case_is_neither_open_nor_closed() -> None:
    life = life_of(case(stage="void", closed=at(3)), CAME, line(3, "void", "reported", "void"))
    assert figures(life, 4)["county"] == dict.fromkeys(figures(life, 4)["county"], 0)


def test_departments_and_levels_are_those_of_the_time() -> None:
    sent = line(2, "dispatch", "reported", "dispatched", department="zj", before={"department": "cg"})
    raised = line(3, "classify", "reported", "reported", before={"level": 3})
    life = life_of(case(department="zj", level=1, stage="dispatched"), CAME, raised._replace(at=at(1)), sent)
    assert [figures(life, h)["departments"][0]["code"] for h in (1.5, 2.5)] == ["cg", "zj"]
    assert [figures(life, h)["levels"]["1"] for h in (0.5, 1.5)] == [0, 1]


def test_of_old_lines_the_orders_name_the_department() -> None:
    back = line(2, "hand-back", "dispatched", "filed")
    other = line(3, "adjudicate", "filed", "dispatched", department="zj")
    offered, taken = (
        line(4, "transfer", "dispatched", "dispatched", department="ga"),
        line(5, "accept-transfer", "dispatched", "handling"),
    )
    life = life_of(case(department="ga"), CAME, SENT, back, other, offered, taken)
    assert [figures(life, h)["departments"][0]["code"] for h in (1, 3.5, 6)] == ["cg", "zj", "ga"]


def test_a_late_entry_ends_a_case_when_it_was_entered() -> None:
    life = life_of(case(stage="closed", closed=at(12)), CAME, SENT, TAKEN, line(9, "close", "handling", "closed"))
    assert figures(life, 11)["county"]["overdue"] == 1 and figures(life, 13)["county"]["closed_today"] == 1
    assert figures(life, 13)["closed_in_time_month"] == 0 and figures(life, 13)["closed_due_month"] == 1


def test_what_was_not_known_then_does_not_count() -> None:
    life = life_of(case(), CAME, SENT, TAKEN._replace(at=FAR))
    assert figures(life, 20)["county"]["unreceipted"] == 1


def test_calls_count_until_answered_and_touching_ones_are_one() -> None:
    life = life_of(case(), CAME, SENT, TAKEN, calls=((at(2), at(5)), (at(4), at(6)), (at(8), FAR)))
    assert [figures(life, h)["county"]["escalated"] for h in (1, 4.5, 5.5, 7, 9)] == [0, 1, 1, 0, 1]
    assert joined_calls([(3, 4), (1, 2), (2, 3)]) == [(1, 4)]


def test_a_case_without_a_trace_is_known_by_its_ends() -> None:
    assert [turn.stage for turn in turns(case(closed=at(3), stage="closed"), [])] == ["reported", "closed"]


def test_the_frames_of_a_day_say_what_each_of_their_moments_says() -> None:
    lives = [
        life_of(case(), CAME, SENT, TAKEN, calls=((at(2), at(5)),)),
        life_of(case(id=2, reported=at(3.3), stage="closed", closed=at(9.7), due=at(9.5), soon=at(9.2), area=None, town=None, department=None), line(3.3, "report", "", "reported"), line(9.7, "close", "reported", "closed")),
    ]  # fmt: skip
    ground = Ground(
        DAY, ("T",), {"due-month": 4, "in-time": 3, f"hr:{DAY.hour(at(-1))}": 5}, (at(-20),), ((at(6), at(7)),)
    )
    told = series(lives, ground)
    for frame, moment in list(enumerate(DAY.frames))[::9]:  # the last one among them
        counted = {key: value_at(points, frame) for key, points in told.items() if not key.startswith("next:")}
        first = {key[5:]: value_at(points, frame) * 1000 for key, points in told.items() if key.startswith("next:")}
        assert pictured(counted, {code: due for code, due in first.items() if due}, ground, moment) == figures_at(lives, ground, moment), moment  # fmt: skip


def value_at(points: list[int], frame: int) -> int:
    found = [points[n + 1] for n in range(0, len(points), 2) if points[n] <= frame]
    return found[-1] if found else 0


@pytest.mark.parametrize(("shift", "frame"), [(-1, 0), (0, 0), (1, 1), (60_000_000, 1), (60_000_001, 2)])
def test_an_instant_counts_from_the_first_frame_at_or_behind_it(shift: int, frame: int) -> None:
    assert running_since(DAY.start + shift) == [frame, 1]


def test_the_last_frame_is_the_days_last_instant() -> None:
    assert len(DAY.frames) == 1441 and DAY.frames[-1] == DAY.end - 1
    assert running_since(DAY.end - 2) == running_since(DAY.end - 1) == [1440, 1]
    assert running_since(DAY.end) == []


def running_since(at: int) -> list[int]:
    """From which frame on an emergency that began then is counted."""
    return series([], Ground(DAY, [], emergencies=[(at, FAR)])).get("emergencies", [])[:2]


def test_days_and_months_are_the_countys() -> None:
    assert (DAY.end - DAY.start, DAY.start - DAY.yesterday) == (24 * HOUR, 24 * HOUR)
    assert DAY.month == micros(datetime(2026, 10, 31, 16, tzinfo=UTC))


def test_differences_name_the_figure_and_both_values() -> None:
    one = {"county": {"open": 3}, "departments": [{"code": "cg", "open": 3}], "cameras_online": 5}
    other = {"county": {"open": 2}, "departments": [{"code": "cg", "open": 3}], "cameras_online": 1}
    assert differences(one, other) == [{"figure": "county.open", "recorded": 3, "folded": 2}]
    assert differences(one, one) == []


def test_a_turn_is_kept_only_where_something_changed() -> None:
    assert [turn.at for turn in turns(case(), [CAME, SENT, line(0, "note", "dispatched", "dispatched"), TAKEN])] == [
        at(-2),
        at(-1),
        at(1),
    ]
    assert isinstance(turns(case(), [CAME])[0], Turn)


def test_the_day_is_looked_at_now_and_then_and_at_its_end() -> None:
    end = START + timedelta(days=1)
    assert is_due(START, end, None)
    assert not is_due(START + timedelta(minutes=9), end, START)
    assert is_due(START + timedelta(minutes=10), end, START)
    assert is_due(end - timedelta(seconds=5), end, end - timedelta(seconds=7))
