"""How long a fault must last: properties of the debounce and the hysteresis of camera health."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.health_measures import Colour, Edges, Light, Likeness, Shift, Stillness
from streams.health_rules import DELAYS, Delay, Fault, Look, Measures, Standing, Thresholds, Usual, stood, verdicts

seconds = st.floats(0.1, 120.0, allow_nan=False)
delays = st.builds(Delay, st.floats(1.0, 300.0), st.floats(1.0, 300.0))
bad_or_good = st.lists(st.tuples(st.booleans(), seconds), min_size=1, max_size=60)


def folded(story: Sequence[tuple[bool | None, float]], delay: Delay, start: Standing | None = None) -> list[Standing]:
    """The standing after each verdict of a story of (verdict, seconds since the one before)."""
    standing, at, seen = start or Standing(), 0.0, []
    for verdict, elapsed in story:
        at += elapsed
        standing = stood(standing, verdict, at, elapsed, delay)
        seen.append(standing)
    return seen


def raised(delay: Delay) -> Standing:
    return Standing(delay.raise_after, True, True, 0.0)


@given(bad_or_good, delays)
def test_nothing_is_raised_before_it_has_been_seen_for_its_delay(story: list[tuple[bool, float]], delay: Delay) -> None:
    bad = 0.0
    for (earlier, _), (later, elapsed), standing in zip(story, story[1:], folded(story, delay)[1:], strict=False):
        bad += elapsed if earlier and later else 0.0
        assert not standing.raised or bad >= delay.raise_after - 1e-3
        if standing.raised:
            return


@given(bad_or_good, delays)
def test_three_pictures_raise_nothing_however_far_apart(story: list[tuple[bool, float]], delay: Delay) -> None:
    for number, standing in enumerate(folded(story, delay), start=1):
        assert not standing.raised or number >= 4


@given(st.floats(0.1, 30.0), delays)
def test_a_fault_that_stays_is_raised_within_one_picture_of_its_delay(pace: float, delay: Delay) -> None:
    pace = min(pace, delay.raise_after / 3.0)
    pictures = int(delay.raise_after / pace) + 3
    standings = folded([(True, pace)] * pictures, delay)
    first = next(number for number, standing in enumerate(standings) if standing.raised)
    assert delay.raise_after - 1e-3 <= first * pace <= delay.raise_after + pace + 1e-3
    assert standings[-1].since == pytest.approx(pace)


@given(st.floats(0.1, 30.0), delays)
def test_a_fault_that_has_gone_is_cleared_within_one_picture_of_its_delay(pace: float, delay: Delay) -> None:
    pace = min(pace, delay.clear_after / 3.0)
    pictures = int(delay.clear_after / pace) + 4
    standings = folded([(False, pace)] * pictures, delay, raised(delay))
    first = next(number for number, standing in enumerate(standings) if not standing.raised)
    assert delay.clear_after - pace - 1e-3 <= first * pace <= delay.clear_after + pace + 1e-3
    assert standings[-1] == Standing(0.0, False, False, None)


@given(st.integers(2, 40), seconds, delays)
def test_a_flicker_neither_raises_nor_clears(times: int, pace: float, delay: Delay) -> None:
    story = [(True, pace), (False, pace)] * times
    assert not any(standing.raised for standing in folded(story, delay))
    assert all(standing.raised for standing in folded(story, delay, raised(delay)))


@given(bad_or_good, delays)
def test_a_level_stays_within_its_bounds_and_says_since_when(story: list[tuple[bool, float]], delay: Delay) -> None:
    for standing in folded(story, delay):
        assert 0.0 <= standing.level <= delay.raise_after + 1e-9
        if standing.raised:
            assert standing.level > 0.0 and standing.since is not None
        if standing.since is None:
            assert standing.level == 0.0


@given(bad_or_good, delays, st.floats(0.1, 1e6))
def test_a_picture_that_cannot_say_changes_nothing(story: list[tuple[bool, float]], delay: Delay, blind: float) -> None:
    last = folded(story, delay)[-1]
    assert stood(last, None, 1e9, blind, delay) == last


@given(bad_or_good, delays)
def test_a_fault_changes_at_most_once_in_the_shorter_of_its_delays(
    story: list[tuple[bool, float]], delay: Delay
) -> None:
    at, changes, before = 0.0, [], Standing()
    for (_, elapsed), standing in zip(story, folded(story, delay), strict=True):
        at += elapsed
        if standing.raised != before.raised:
            changes.append(at)
        before = standing
    least = min(delay.raise_after, delay.clear_after)
    assert all(later - earlier >= least * 0.6 for earlier, later in pairwise(changes))


# --- hysteresis ------------------------------------------------------------------------------------------------------

LIMITS = Thresholds()
USUAL = Usual(grain=1.0, acuity=0.9, sharpness=500.0, match=0.9, neutral=3.0, number=100, edged=100, span=600.0)
SOUND = Measures(
    Light(120.0, 50.0, 1.0, 0.0), Edges(500.0, 0.9, 0.8), Stillness(1.2, 1.0, 0.8), Likeness(0.9, 0.0, 0.05), None,
    Colour(0.0, 0.0, 3.0), 0.0,
)  # fmt: skip


def with_value(fault: Fault, severity: float) -> Measures:
    """Sound numbers but for one, which is at its fault's limit at severity 1 and beyond it above that."""
    light, edges, like, colour = SOUND.light, SOUND.edges, SOUND.likeness, SOUND.colour
    assert light and edges and like and colour
    match fault:
        case Fault.BLACK:
            dim = replace(light, brightness=LIMITS.black_below / severity, lit=0.0)
            return replace(SOUND, light=dim, edges=replace(edges, texture=0.0))
        case Fault.DARK:
            return replace(SOUND, light=replace(light, brightness=LIMITS.dark_below / severity, lit=0.0))
        case Fault.BRIGHT:
            return replace(SOUND, light=replace(light, brightness=LIMITS.bright_above * severity))
        case Fault.COVERED:
            return replace(SOUND, likeness=replace(like, lost=LIMITS.lost_above * severity))
        case Fault.BLURRED:
            return replace(SOUND, edges=replace(edges, acuity=LIMITS.acuity_below * 0.9 / severity))
        case Fault.MOVED:
            away = Shift(LIMITS.shift_above * 2.0, 0.0, 0.0)
            return replace(SOUND, shift=away, likeness=replace(like, match=LIMITS.match_below * 0.9 / severity))
        case Fault.CAST:
            return replace(SOUND, colour=replace(colour, neutral=3.0 + LIMITS.cast_above * severity))
        case Fault.FROZEN:
            return replace(SOUND, stillness=Stillness(LIMITS.still_cap / severity, 0.0, 1.0))
    return replace(SOUND, loss=LIMITS.loss_above * severity)


@pytest.mark.parametrize("fault", list(Fault))
@given(severity=st.floats(0.5, 2.0))
def test_between_its_two_limits_a_fault_stays_what_it_is(fault: Fault, severity: float) -> None:
    measures = with_value(fault, severity)
    fresh = verdicts(Look(measures, USUAL, LIMITS))[fault]
    standing = verdicts(Look(measures, USUAL, LIMITS, frozenset({fault})))[fault]
    if severity > 1.001:
        assert fresh and standing
    elif severity < 0.999:
        assert not fresh
    if 0.92 < severity < 0.999:
        assert standing
    if severity < 0.89:
        assert not standing


def test_sound_numbers_show_no_fault() -> None:
    assert not any(verdicts(Look(SOUND, USUAL, LIMITS)).values())


def test_every_fault_has_a_delay_longer_than_three_pictures_of_a_second() -> None:
    assert set(DELAYS) == set(Fault)
    assert all(delay.raise_after >= 9.0 and delay.clear_after >= 3.0 for delay in DELAYS.values())
