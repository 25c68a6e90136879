"""The county document becomes a calendar: seasons, with or without New Year inside, and the rest of the year."""

from __future__ import annotations

from models.rules import _seasons

REST = {"spans": [["08:00:00", "12:00:00"], ["14:00:00", "18:00:00"]]}
HALF = {"spans": [["09:00:00", "13:00:00"]]}


def test_hours_without_a_season_hold_all_year() -> None:
    assert list(_seasons([REST])) == [("01-01", "12-31", ["08:00-12:00", "14:00-18:00"])]


def test_a_summer_season_splits_the_rest_of_the_year() -> None:
    days = [(first, last) for first, last, _ in _seasons([REST, {**HALF, "season": [[6, 1], [9, 30]]}])]
    assert days == [("01-01", "05-31"), ("06-01", "09-30"), ("10-01", "12-31")]


def test_a_winter_season_runs_over_new_year() -> None:
    found = list(_seasons([REST, {**HALF, "season": [[11, 15], [3, 15]]}]))
    assert [(first, last) for first, last, _ in found] == [("01-01", "03-15"), ("03-16", "11-14"), ("11-15", "12-31")]
    assert found[0][2] == found[2][2] == ["09:00-13:00"]
