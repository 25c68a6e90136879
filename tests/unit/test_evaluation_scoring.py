"""Scores: reporting is never shame, better is never worse, small samples get no grade, formulas that are unfair are refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import evaluation as boston
from config.evaluation import faults
from config.reference import DEFAULT_FORMULAS, default_formulas, formulas_of
from config.tables import Findings, Problem
from models.evaluation.folding import Mark, bits
from models.evaluation.periods import Month, Period, PeriodRefused
from models.evaluation.scoring import By, Excluded, Share, indicators_of, judge, share, with_weights
from models.evaluation.statistics import Cell, at_least, at_most, standing_out

FORMULAS = default_formulas()
VERSION = FORMULAS.versions[-1]
GOOD = int(Mark.DUE | Mark.CLOSED | Mark.CLOSED_IN_TIME | Mark.DISPOSED | Mark.DISPOSED_IN_TIME)
LATE = int(Mark.DUE | Mark.CLOSED | Mark.DISPOSED)
REPORTS = [
    int(Mark.REPORTED),
    int(Mark.REPORTED | Mark.DECIDED),
    int(Mark.REPORTED | Mark.DECIDED | Mark.VALID | Mark.FILED),
    int(Mark.REPORTED | Mark.DECIDED | Mark.HOTLINE),
    int(Mark.REPORTED | Mark.DECIDED | Mark.GRID_REPORT),
]
BYS: tuple[By, ...] = ("area", "department")
tallies = st.dictionaries(st.integers(0, 2 ** len(Mark) - 1), st.integers(1, 60), min_size=1, max_size=12)


def scored(tally: dict[int, int], by: By = "area") -> float:
    found = judge(VERSION, "x", tally, by=by).score
    return -1.0 if found is None else found


def test_a_share_counts_what_it_says() -> None:
    one = share(VERSION.by_code["closing-in-time"], {GOOD: 8, LATE: 2, REPORTS[0]: 99})
    assert (one.hits, one.of, one.value) == (8, 10, 0.8)


def test_the_score_is_the_one_worked_out_by_hand() -> None:
    weights = {"closing": 1.0, "closing-in-time": 3.0}
    found = judge(VERSION, "x", {GOOD: 8, LATE: 2}, by="area", weights=weights).score
    mean = (1 * 1.0 + 3 * 0.8**1.5) / 4
    assert found == pytest.approx(100 * (0.2 + 0.8 * mean) * (0.9 + 0.1 * 0.8))


def test_perfect_work_is_a_hundred_and_no_work_the_base() -> None:
    assert scored({GOOD: 20}) == pytest.approx(100)
    bad = int(Mark.DUE | Mark.REWORKED)
    assert scored({bad: 20}) == pytest.approx(100 * 0.2 * 0.9)


def test_nine_cases_get_no_grade_and_ten_do() -> None:
    nine, ten = (judge(VERSION, "x", {GOOD: n}, by="area") for n in (9, 10))
    assert (nine.small, nine.score, nine.grade) == (True, None, None)
    assert (ten.small, ten.grade) == (False, "A")


@pytest.mark.parametrize(("score", "grade"), [(90, "A"), (89.99, "B"), (75, "B"), (60, "C"), (40, "D"), (39.9, "E")])
def test_grades_begin_at_their_bounds(score: float, grade: str) -> None:
    assert VERSION.grades.of(score) == grade


@settings(max_examples=200, deadline=None)
@given(tallies, st.sampled_from(REPORTS), st.integers(1, 500), st.sampled_from(BYS))
def test_reporting_more_never_lowers_a_score(tally: dict[int, int], marks: int, number: int, by: By) -> None:
    more = {**tally, marks: tally.get(marks, 0) + number}
    assert scored(more, by) >= scored(tally, by)


def test_a_formula_that_makes_reports_a_shame_would_be_noticed() -> None:
    """The planted fault: the share of valid reports weighs in the score of a place."""
    weights = {**VERSION.weights.area, "valid": 20.0}
    bad = with_weights(VERSION, weights)
    before = judge(bad, "x", {GOOD: 20, REPORTS[2]: 5}, by="area").score
    after = judge(bad, "x", {GOOD: 20, REPORTS[2]: 5, REPORTS[1]: 5}, by="area").score
    assert before is not None and after is not None and after < before
    sentences = [sentence for _, sentence in faults(replace(FORMULAS, versions=(bad,)))]
    assert any("one report more could lower the score" in sentence for sentence in sentences)


BETTER = (
    "closed",
    "closed-in-time",
    "disposed",
    "disposed-in-time",
    "dispatched-right",
    "responded-in-time",
    "satisfied",
)


@settings(max_examples=150, deadline=None)
@given(tallies, st.sampled_from(BETTER), st.sampled_from(BYS), st.randoms())
def test_doing_better_never_lowers_a_score(tally: dict[int, int], better: str, by: By, dice: object) -> None:
    mark = bits([better])
    marks = min(tally)
    improved = {key: number for key, number in tally.items() if key != marks}
    improved[marks | mark] = improved.get(marks | mark, 0) + tally[marks]
    whole = judge(VERSION, "x", tally, by=by), judge(VERSION, "x", improved, by=by)
    known = {code for code, one in whole[0].shares.items() if one.of} == {
        c for c, one in whole[1].shares.items() if one.of
    }
    if known and None not in (whole[0].score, whole[1].score):
        assert (whole[1].score or 0) >= (whole[0].score or 0) - 1e-9


def test_an_appeal_takes_a_case_out_of_one_indicator_only() -> None:
    tally = {GOOD: 18, LATE: 2}
    out = [Excluded("closing-in-time", LATE)]
    plain, granted = judge(VERSION, "x", tally, by="area"), judge(VERSION, "x", tally, by="area", excluded=out)
    assert (granted.shares["closing-in-time"].hits, granted.shares["closing-in-time"].of) == (18, 19)
    assert granted.shares["closing"] == plain.shares["closing"]
    assert (granted.score or 0) > (plain.score or 0)


def test_what_if_with_the_same_weights_changes_nothing() -> None:
    tally = {GOOD: 15, LATE: 5}
    weights = dict(VERSION.weights.area)
    assert judge(VERSION, "x", tally, by="area", weights=weights).score == judge(VERSION, "x", tally, by="area").score


def test_a_post_is_judged_by_its_own_step() -> None:
    sent = int(Mark.DISPATCHED | Mark.DISPATCHED_IN_TIME | Mark.DISPATCHED_RIGHT)
    late = int(Mark.DISPATCHED | Mark.HANDED_BACK)
    found = judge(VERSION, "dispatcher", {sent: 15, late: 5}, by="post")
    assert found.sample == 20 and found.score is not None and found.grade in "BCD"
    codes = {indicator.code for indicator in indicators_of(VERSION, "post")}
    assert {"dispatch-in-time", "dispatch-right", "valid-grid"} <= codes


# --- the file of formulas --------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return Path(shutil.copy(DEFAULT_FORMULAS, tmp_path))


def faults_of(file: Path) -> list[Problem]:
    findings = Findings(file.name)
    formulas_of(file, findings)
    return findings.problems


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("closing = 15\n", "valid = 15\n", "reports never may"),
        ('numerator = ["closed-in-time"]', 'numerator = ["closed-on-time"]', "closed-in-time"),
        ('numerator = ["closed"]', 'numerator = ["due"]', "always be 100 %"),
        ('denominator = ["dispatched", "hotline"]', 'denominator = ["hotline"]', "only narrows"),
        ('execution = "closing-in-time"', 'execution = "closing-intime"', "did you mean"),
        ("A = 90", "A = 60", "fall from A to D"),
        ("valid_from = 2024-01-01", "valid_from = 2024-01-15", "first day of a month"),
        ("gap = 1.5", "gap = 0.5", "greater than or equal to 1"),
        ("rework = 15\n", "rewrok = 15\n", "did you mean 'rework'"),
        ('numerator = ["filed"]\ndenominator = ["reported"]\ndirection = "higher"',
         'numerator = ["filed"]\ndenominator = ["reported"]\ndirection = "lower"', "must not be shame"),
    ],
)  # fmt: skip
def test_a_formula_that_cannot_be_is_refused_with_its_line_and_reason(
    file: Path, old: str, new: str, words: str
) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    [problem, *_] = [problem for problem in faults_of(file) if words in problem.message]
    line = text[: text.index(old)].count("\n") + 1
    assert problem.file == "evaluation.toml" and problem.line is not None and line <= problem.line <= line + 2


def test_a_fault_of_a_second_version_is_found_at_its_own_line(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    later = text[text.index("[[versions]]") :].replace("2024-01-01", "2026-11-01")
    wrong = later.replace('["closed"]', '["clozed"]')
    file.write_text(f"{text}\n{wrong}", encoding="utf-8")
    [problem] = faults_of(file)
    assert problem.line is not None and problem.line > text.count("\n") and "versions.1.indicators.0" in problem.field


def test_the_version_in_force_is_that_of_the_month() -> None:
    new = replace(VERSION, valid_from=date(2026, 11, 1), small_sample=20)
    both = replace(FORMULAS, versions=(VERSION, new))
    assert [both.at(date(2026, month, 1)).small_sample for month in (10, 11, 12)] == [10, 20, 20]
    assert both.at(date(2020, 1, 1)) is VERSION


def test_the_countys_own_file_is_sound() -> None:
    assert faults_of(DEFAULT_FORMULAS) == []


# --- periods and chance ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "months", "before", "last_year"),
    [
        ("2026-01", ["2026-01"], "2025-12", "2025-01"),
        ("2026-Q1", ["2026-01", "2026-02", "2026-03"], "2025-Q4", "2025-Q1"),
        ("2026", [f"2026-{n:02d}" for n in range(1, 13)], "2025", "2025"),
    ],
)
def test_a_period_knows_its_months_and_what_it_is_compared_with(
    text: str, months: list[str], before: str, last_year: str
) -> None:
    period = Period.read(text)
    assert str(period) == text and [str(month) for month in period.months] == months
    assert (str(period.before), str(period.last_year)) == (before, last_year)
    assert Period.around(period.kind, Month.read(months[-1])) == period


@pytest.mark.parametrize("text", ["", "2026-13", "2026-Q5", "26-01", "2026-1", "0001", "9999", "2026-10-01", "x" * 400])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(PeriodRefused):
        Period.read(text)


def test_chances_are_those_of_the_negative_binomial() -> None:
    assert at_least(0, 10, 8) == 1.0
    assert at_least(1, 0, 1) == pytest.approx(1 - 0.5**0.5)
    assert at_least(5, 8, 8) + at_most(4, 8, 8) == pytest.approx(1.0)
    assert at_most(4_000, 40_000, 8) < 1e-6  # thousands do not underflow


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60), st.integers(0, 200), st.integers(1, 12))
def test_more_is_never_more_likely(now: int, past: int, spans: int) -> None:
    assert at_least(now + 1, past, spans) <= at_least(now, past, spans) + 1e-12
    assert at_least(now, past + 5, spans) >= at_least(now, past, spans) - 1e-12


def test_a_true_hotspot_stands_out_and_a_quiet_county_has_none() -> None:
    quiet = [Cell((str(n),), 4 + n % 3, 40, 8) for n in range(200)]
    assert standing_out(quiet) == []
    [first, *_] = standing_out([*quiet, Cell(("burst",), 25, 16, 8)])
    assert first.cell.key == ("burst",) and first.direction == "more" and not first.few
    [gone] = standing_out([*quiet, Cell(("gone",), 0, 200, 8)])
    assert gone.direction == "less"


def test_small_numbers_are_said_to_be_small() -> None:
    [one] = standing_out([Cell(("new",), 4, 0, 8)])
    assert one.few


# --- a real city -----------------------------------------------------------------------------------------------------


def test_closed_in_time_is_what_a_real_city_published(tmp_path: Path) -> None:
    """On at least 99.9 % of the closed rows with a deadline; the same count on two rows that stand for the file."""
    file = boston.FILE
    if not file.exists():
        file = tmp_path / "two.csv"
        head = "open_date,close_date,target_close_date,case_status,assigned_department,on_time"
        one = "2026-07-06 06:30:51.879147+00,{},2026-07-07 06:30:51.879147+00,Closed,PWD,{}"
        rows = (one.format("2026-07-06 07:19:07+00", "ONTIME"), one.format("2026-07-08 07:19:07+00", "OVERDUE"))
        file.write_text("\n".join((head, *rows)), encoding="utf-8")
    found = boston.agreement(file)
    assert found["rows"] >= 2 and found["agreement"] >= 0.999


def test_answers_of_people_enter_the_score_and_too_few_of_them_do_not() -> None:
    tally = {GOOD: 20}
    many, few_ = {"third-party": Share(30, 100)}, {"third-party": Share(3, 9)}
    assert judge(VERSION, "x", tally, by="area").score == pytest.approx(100)
    lower = judge(VERSION, "x", tally, by="area", asked=many)
    assert lower.shares["third-party"] == Share(30, 100) and lower.score is not None and lower.score < 95
    assert judge(VERSION, "x", tally, by="area", asked=few_).score == pytest.approx(100)
    assert judge(VERSION, "x", tally, by="area", asked={"return-call": Share(0, 100)}).score == pytest.approx(100)


def test_a_formula_counts_cases_or_people_and_never_both_or_neither() -> None:
    asked = VERSION.by_code["third-party"]
    for wrong in (replace(asked, denominator=("due",)), replace(asked, asked=())):
        version = replace(VERSION, indicators=tuple(wrong if one is asked else one for one in VERSION.indicators))
        assert [place[-1] for place, _ in faults(replace(FORMULAS, versions=(version,)))] != []
    late = replace(VERSION, score=replace(VERSION.score, execution="third-party"))
    assert [place[-1] for place, _ in faults(replace(FORMULAS, versions=(late,)))] == ["execution"]
