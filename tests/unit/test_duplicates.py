"""Whether two reports may be the same matter: place, category, time and words, and what rules it out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.duplicates import OFFERED, WINDOW, Facts, common, likeness, offered

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HERE = (112.8863, 30.4692)


def facts(code: str = "B", **changes: object) -> Facts:
    whole = {
        "category": "010101",
        "happened_at": NOW,
        "area": "990100100001001",
        "longitude": HERE[0],
        "latitude": HERE[1],
        "words": "东门农贸市场南侧垃圾成堆",
    }
    return Facts(code=code, **{**whole, **changes})  # type: ignore[arg-type]


ONE = facts("A")


def test_the_same_report_again_scores_one() -> None:
    assert likeness(ONE, facts()).score == 1.0


def test_another_matter_at_the_same_corner_is_not_offered() -> None:
    other = facts(category="050201", words="楼道堆放电动车充电", happened_at=NOW - timedelta(days=6))
    assert likeness(ONE, other).score < OFFERED


def test_the_same_matter_two_streets_on_is_not_offered() -> None:
    assert likeness(ONE, facts(longitude=HERE[0] + 0.006, words="垃圾成堆")).score == 0.0


def test_a_neighbouring_category_in_other_words_is_still_offered_when_it_is_near_and_fresh() -> None:
    near = facts(
        category="010102", longitude=HERE[0] + 0.0002, happened_at=NOW - timedelta(hours=3), words="市场南侧垃圾"
    )
    assert likeness(ONE, near).score >= OFFERED


def test_the_same_grid_without_a_point_is_just_enough_for_the_same_category_and_words() -> None:
    other = facts(longitude=None, latitude=None, happened_at=NOW - timedelta(days=1))
    pair = likeness(ONE, other)
    assert pair.metres is None and pair.score >= OFFERED


def test_what_lies_further_back_than_the_window_is_another_matter() -> None:
    assert likeness(ONE, facts(happened_at=NOW - WINDOW)).score == 0.0


def test_a_case_is_never_offered_to_itself_and_the_best_comes_first() -> None:
    others = [facts("A"), facts("C", happened_at=NOW - timedelta(days=5)), facts("B")]
    assert [pair.code for pair in offered(ONE, others)] == ["B", "C"]


def test_no_more_than_asked_for_are_offered() -> None:
    assert len(offered(ONE, [facts(f"X{n}") for n in range(9)], most=3)) == 3


def test_words_are_compared_without_signs_and_spaces() -> None:
    assert common("垃圾 成堆，未清运", "垃圾成堆未清运。") == 1.0
    assert common("", "垃圾成堆") == 0.0


@given(st.floats(-0.01, 0.01), st.floats(-0.01, 0.01), st.integers(-400, 400), st.text(max_size=20))
def test_a_score_is_the_same_both_ways_and_between_zero_and_one(x: float, y: float, hours: int, words: str) -> None:
    other = facts(longitude=HERE[0] + x, latitude=HERE[1] + y, happened_at=NOW + timedelta(hours=hours), words=words)
    there, back = likeness(ONE, other), likeness(other, ONE)
    assert 0.0 <= there.score <= 1.0 and there.score == back.score
