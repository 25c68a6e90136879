"""One case as of the end of a month: what the trace says up to the cut counts, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.evaluation import MARKS, Limits
from models.evaluation.folding import Case, Line, Mark, Window, bits, found

START, END = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
WINDOW = Window(START, END, END)
LIMITS = Limits(verify=30, dispatch=15, inspect=30, respond_hours=24)
ENTERED = datetime(2026, 11, 3, tzinfo=UTC)


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A moment counted from the first of October."""
    return START + timedelta(days=day, hours=hour, minutes=minute)


def line(action: str, when: datetime, **detail: Any) -> Line:
    return Line(action, when, when, detail=detail)


def story(*more: Line) -> list[Line]:
    return [line("report", at(1)), line("dispatch", at(1, 0, 20), department="cg"), line("receipt", at(1, 1)), *more]


CASE = Case(reported_at=at(1), source="hotline", due_at=at(5))


def names(marks: int) -> set[str]:
    return {name for bit, name in enumerate(MARKS) if marks & 1 << bit}


def test_the_bits_are_the_names_in_their_order() -> None:
    assert [mark.name.replace("_", "-").lower() for mark in Mark if mark.name] == list(MARKS)
    assert bits(["due", "closed"]) == Mark.DUE | Mark.CLOSED


def test_a_case_handled_in_time_has_every_good_mark() -> None:
    lines = story(line("feedback", at(3)), line("close", at(3, 0, 20)))
    marks = found(replace(CASE, closed_at=at(3, 0, 20)), lines, WINDOW, LIMITS)
    assert names(marks.case) == {
        "reported", "decided", "valid", "filed", "due", "closed", "closed-in-time", "disposed", "disposed-in-time",
        "dispatched", "dispatched-in-time", "dispatched-right", "responded", "responded-in-time", "inspected",
        "inspected-in-time", "hotline",
    }  # fmt: skip
    assert set(marks.departments) == {"cg"}
    assert {"due", "closed-in-time", "dispatched"} <= names(marks.departments["cg"])
    assert "reported" not in names(marks.departments["cg"])


def test_closing_after_the_cut_is_not_yet_closed_whatever_the_row_says() -> None:
    lines = story(line("feedback", at(32)), line("close", at(33)))
    marks = names(found(replace(CASE, closed_at=at(33)), lines, WINDOW, LIMITS).case)
    assert "due" in marks and not marks & {"closed", "disposed", "inspected"}


def test_a_deadline_moved_after_the_cut_is_the_old_one() -> None:
    moved = line("extend", at(40), due_before=at(5).isoformat(), due_at=at(50).isoformat())
    marks = names(found(replace(CASE, due_at=at(50)), [*story(), moved], WINDOW, LIMITS).case)
    assert "due" in marks


def test_a_deadline_moved_before_the_cut_is_the_new_one() -> None:
    moved = line("extend", at(4), due_before=at(5).isoformat(), due_at=at(50).isoformat())
    assert "due" not in names(found(replace(CASE, due_at=at(50)), [*story(), moved], WINDOW, LIMITS).case)


def test_a_suspended_case_without_a_deadline_is_not_due() -> None:
    moved = line("suspend", at(4), due_before=at(5).isoformat(), due_at=None)
    assert "due" not in names(found(replace(CASE, due_at=None), [*story(), moved], WINDOW, LIMITS).case)


def test_a_void_case_is_never_due_and_voiding_it_later_changes_nothing() -> None:
    early, late = line("void", at(2)), line("void", at(35))
    assert names(found(CASE, [line("report", at(1)), early], WINDOW, LIMITS).case) == {"reported", "decided", "hotline"}
    assert "due" in names(found(CASE, [line("report", at(1)), late], WINDOW, LIMITS).case)


def test_a_hand_back_is_held_against_the_department_that_refused() -> None:
    lines = [*story(line("hand-back", at(2))), line("dispatch", at(2, 1), department="zj")]
    marks = found(CASE, lines, WINDOW, LIMITS)
    assert "handed-back" in names(marks.case) and "dispatched-right" not in names(marks.case)
    assert "handed-back" in names(marks.departments["cg"]) and "due" not in names(marks.departments["cg"])
    assert "handed-back" not in names(marks.departments["zj"]) and "due" in names(marks.departments["zj"])


def test_rework_undoes_the_disposal_until_the_next_feedback() -> None:
    lines = story(line("feedback", at(3)), line("rework", at(3, 1)))
    marks = names(found(CASE, lines, WINDOW, LIMITS).case)
    assert "reworked" in marks and "disposed" not in marks and "inspected-in-time" not in marks
    assert "disposed" in names(found(CASE, [*lines, line("feedback", at(4))], WINDOW, LIMITS).case)


@pytest.mark.parametrize(("said", "expected"), [
    ({"satisfaction": "satisfied"}, {"called", "satisfied", "resolved"}),
    ({"satisfaction": "fairly"}, {"called", "satisfied", "resolved"}),
    ({"satisfaction": "dissatisfied"}, {"called"}),
    ({"satisfaction": "unreached"}, set()),
    ({"satisfaction": "dissatisfied", "resolved": "yes"}, {"called", "resolved"}),
])  # fmt: skip
def test_a_return_call_says_what_people_think(said: dict[str, str], expected: set[str]) -> None:
    marks = names(found(CASE, story(line("return-call", at(6), **said)), WINDOW, LIMITS).case)
    assert marks & {"called", "satisfied", "resolved"} == expected


def test_a_verification_is_timed_from_its_request() -> None:
    lines = [line("report", at(1)), line("request-verification", at(1, 1)), line("verify", at(1, 1, 20))]
    assert {"verified", "verified-in-time"} <= names(found(CASE, lines, WINDOW, LIMITS).case)


def test_a_helper_and_a_new_lead_are_judged_by_their_own_orders() -> None:
    lines = [
        line("report", at(1)),
        line("dispatch", at(1), department="cg", co_departments=["zj"]),
        line("transfer", at(2), department="hb"),
        line("accept-transfer", at(2, 1)),
    ]
    marks = found(CASE, lines, WINDOW, LIMITS).departments
    assert {code for code, own in marks.items() if "dispatched" in names(own)} == {"cg", "zj", "hb"}
    assert {code for code, own in marks.items() if "due" in names(own)} == {"hb"}


def test_a_merged_case_is_not_due_and_a_reopened_one_is_not_closed() -> None:
    merged = [line("report", at(1)), line("merge", at(2))]
    assert "due" not in names(found(CASE, merged, WINDOW, LIMITS).case)
    again = story(line("feedback", at(2)), line("close", at(3)), line("reopen", at(4)))
    assert not names(found(CASE, again, WINDOW, LIMITS).case) & {"closed", "disposed"}


def test_what_was_entered_after_the_books_were_closed_came_too_late() -> None:
    late = Line("close", at(4), entered_at=ENTERED + timedelta(days=1))
    closed = replace(WINDOW, entered=ENTERED)
    assert "closed" in names(found(CASE, story(line("feedback", at(3)), late), WINDOW, LIMITS).case)
    assert "closed" not in names(found(CASE, story(line("feedback", at(3)), late), closed, LIMITS).case)
    imported = [Line("report", at(1), ENTERED + timedelta(days=1))]
    assert found(CASE, imported, closed, LIMITS).case == 0


def test_a_source_with_its_own_loop_is_held_by_its_department() -> None:
    case = replace(CASE, keeper="PWD", closed_at=at(4))
    marks = found(case, [line("report", at(1)), line("close-at-source", at(4))], WINDOW, LIMITS)
    assert names(marks.departments["PWD"]) >= {"due", "closed", "closed-in-time"}


def test_a_case_of_another_month_has_no_marks() -> None:
    case = Case(reported_at=at(-20), source="grid", due_at=at(-10), closed_at=at(-12))
    assert found(case, [line("report", at(-20)), line("close", at(-12))], WINDOW, LIMITS).case == 0


ACTIONS = ("file", "dispatch", "receipt", "feedback", "rework", "hand-back", "close", "void", "return-call", "extend")


@st.composite
def traces(draw: st.DrawFn) -> Sequence[Line]:
    when, lines = at(0), [line("report", at(0))]
    for action in draw(st.lists(st.sampled_from(ACTIONS), max_size=8)):
        when += timedelta(hours=draw(st.integers(1, 400)))
        detail: dict[str, Any] = {"department": draw(st.sampled_from(["cg", "zj"]))} if action == "dispatch" else {}
        if action == "extend":
            detail = {"due_before": at(5).isoformat(), "due_at": at(draw(st.integers(6, 60))).isoformat()}
        lines.append(line(action, when, **detail))
    return lines


@settings(max_examples=300, deadline=None)
@given(traces(), traces())
def test_whatever_happens_after_the_cut_changes_no_mark(before: Sequence[Line], after: Sequence[Line]) -> None:
    told = [one for one in before if one.at < END]
    moved = any(one.action == "extend" for one in told)
    later = [
        replace(one, at=END + (one.at - START) + timedelta(minutes=1), detail=one.detail)
        for one in after[1:]
        if not (one.action == "extend" and moved)
    ]
    due = at(5)
    rows = [replace(CASE, due_at=due), replace(CASE, due_at=at(80), closed_at=END + timedelta(days=3))]
    extended = any(one.action == "extend" for one in [*told, *later])
    now = found(rows[0], told, WINDOW, LIMITS)
    then = found(rows[1] if extended else replace(rows[1], due_at=due), [*told, *later], WINDOW, LIMITS)
    assert now == then
