"""The demonstration's history: believable, made to measure at any hour, the same for the same seed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from shapely import Point

from config.county import County
from config.reference import load
from dashboard.cli.invention import Inventor
from dashboard.cli.past import BEGINS
from dashboard.cli.seen import Seen
from dashboard.cli.story import AGAIN, DAYS, LATELY, PILED_UP, RUBBISH, SITE, Life, lives, steps_of
from models.moves import Actor, Role, Stage, Standing, check

SHANGHAI = ZoneInfo("Asia/Shanghai")
YUNZE = Path(__file__).parents[2] / "config" / "counties" / "yunze"
HOURS = [
    datetime(2026, 11, 22, 4, tzinfo=UTC),  # Sunday noon in the county
    datetime(2026, 11, 19, 19, tzinfo=UTC),  # Friday, three in the morning
    datetime(2026, 11, 20, 8, 30, tzinfo=UTC),  # Friday afternoon
]
LIMITS = {"work_day": 26.0, "work_hour": 1.6, "urgent_hour": 1.0, "calendar_day": 24.0}
"""Hours of a unit, roughly: the story does not depend on the calendar."""


@cache
def county() -> County:
    return load(YUNZE, geometry_checks=False)


def told(now: datetime, seed: int) -> tuple[list[Life], Inventor, Random]:
    dice = Random(seed)
    inventor = Inventor(county(), dice)

    def deadline(category: str, start: datetime) -> tuple[datetime, datetime]:
        leaf = county().categories[category]
        lasts = timedelta(hours=(leaf.limit or 1) * LIMITS[str(leaf.unit)])
        return start + lasts, start + lasts * 0.8

    urgent = frozenset(leaf.code for leaf in inventor.leaves if leaf.unit == "urgent_hour")
    return lives(now, SHANGHAI, inventor, deadline, urgent, dice), inventor, dice


@pytest.mark.parametrize("now", HOURS)
def test_what_is_left_open_is_made_to_measure_at_any_hour(now: datetime) -> None:
    planned, _, _ = told(now, 20)
    left = [life for life in planned if life.closes_at > now]
    clocks = Counter(life.clock(now) for life in left)
    assert 270 <= len(left) <= 340
    assert 7 <= clocks["overdue"] <= 12
    assert 15 <= clocks["soon"] <= 26
    assert all(life.report.level > 1 for life in left if now - life.reported_at > timedelta(minutes=40))
    assert sum(life.urgent and life.clock(now) != "fine" for life in left) >= 3


def test_thirty_days_with_more_by_day_than_by_night() -> None:
    now = HOURS[0]
    planned, _, _ = told(now, 20)
    long_ago = [life for life in planned if life.reported_at < now - timedelta(days=DAYS)]
    assert 1_900 <= len(planned) - len(long_ago) <= 2_900
    assert 300 <= len(long_ago) <= 700
    assert now - timedelta(days=BEGINS + 2) <= planned[0].reported_at < now - timedelta(days=395)
    assert all(life.closes_at <= now for life in long_ago if life.reported_at < now - timedelta(days=120))
    assert all(life.reported_at <= now for life in planned)
    hours = Counter(life.reported_at.astimezone(SHANGHAI).hour for life in planned)
    assert sum(hours[hour] for hour in range(8, 18)) > 5 * sum(hours[hour] for hour in range(0, 6))


def test_two_troubles_of_late_are_no_chance() -> None:
    now = HOURS[0]
    planned, _, _ = told(now, 20)
    lately = [life.report for life in planned if life.reported_at >= now - LATELY]
    spots = Counter((report.category, report.address) for report in lately)
    assert spots.most_common(1)[0][0][1].endswith(SITE) and spots.most_common(1)[0][1] >= AGAIN
    shapes = [ground.shape for ground in Inventor(county(), Random(1)).grounds]
    rubbish = [Point(report.longitude, report.latitude) for report in lately if report.category == RUBBISH]
    assert max(sum(shape.covers(point) for point in rubbish) for shape in shapes) >= PILED_UP


def test_the_same_seed_tells_the_same_story_and_another_seed_another() -> None:
    first, second, other = (told(HOURS[2], seed)[0] for seed in (7, 7, 8))
    assert first == second
    assert first != other


def test_every_step_is_a_legal_move_in_order() -> None:
    now = HOURS[2]
    planned, inventor, dice = told(now, 20)
    stages: Counter[str] = Counter()
    for life in planned:
        department = str(county().categories[life.report.category].department)
        stage, at = Stage.REPORTED, life.reported_at
        waits: frozenset[str] = frozenset()
        for step in steps_of(life, department, now, inventor, dice)[1:]:
            assert at <= step.at <= now
            at = step.at
            role = {"operator": Role.OPERATOR, "grid": Role.GRID}.get(step.actor, Role.DEPARTMENT)
            actor = Actor(step.actor, role, department=step.actor if role is Role.DEPARTMENT else None)
            working = frozenset({department}) if stage is Stage.HANDLING else frozenset()
            standing = Standing(stage, department, unreceipted=waits, undone=working)
            _, stage = check(step.action, standing, actor, step.fields)
            waits = frozenset({department}) if stage is Stage.DISPATCHED else frozenset()
        stages[stage] += 1
    assert {Stage.REPORTED, Stage.HANDLING, Stage.FEEDBACK, Stage.CLOSED, Stage.VOID, Stage.DISPATCHED} <= set(stages)


def test_reports_are_varied_filled_in_and_placed_in_their_grid() -> None:
    _, inventor, _ = told(HOURS[0], 20)
    for leaf in inventor.leaves:
        texts = {inventor.report(leaf).description for _ in range(40)}
        assert len(texts) >= 3, leaf.name
        assert not any("{" in text or "}" in text for text in texts)
        assert all(len(text) <= 60 for text in texts)
    west, south, east, north = county().map.bounds
    for _ in range(50):
        report = inventor.report()
        assert west <= report.longitude <= east and south <= report.latitude <= north
        assert report.source in county().sources


def test_a_set_of_digests_answers_as_a_set_does() -> None:
    dice, seen, known = Random(1), Seen(slots=4), set()
    for _ in range(20_000):
        text = str(dice.randrange(8_000))
        assert seen.add(text) == (text not in known)
        known.add(text)
    assert len(seen) == len(known)
