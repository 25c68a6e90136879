"""The order of facts: whatever is lost, repeated or swapped on the way, 1, 2, 3, … come out, each once."""

from __future__ import annotations

from collections.abc import Sequence as Series

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.sequence import HOLD, POLL, SAFETY, YOUNG, Fact, Filled, Look, Sequence


def body(number: int) -> str:
    return f'{{"id":"{number}"}}'


class NeverFills(Sequence):
    """A broken twin: it trusts the carrier and never takes anything from the outbox."""

    def filled(self, look: Look, rows: Series[Fact], newest: int, now: float, *, more: bool = False) -> Filled:
        return super().filled(look, [], look.after, now)


class BelievesAll(Sequence):
    """A broken twin: it hands on whatever comes, at once."""

    def offer(self, number: int, body: str, now: float) -> list[Fact]:
        self.last = number
        return [(number, body)]


@st.composite
def journeys(draw: st.DrawFn) -> list[tuple[str, int]]:
    """What happens to facts: committed in order; each delivered late, never or repeatedly; looks in between."""
    count = draw(st.integers(1, 40))
    steps: list[tuple[str, int]] = []
    for number in range(1, count + 1):
        steps.append(("commit", number))
        steps.extend([("deliver", number)] * draw(st.sampled_from([0, 1, 1, 1, 2])))
    moved = list(steps)
    for _ in range(draw(st.integers(0, 30))):  # swap deliveries, but never before their commit
        at = draw(st.integers(0, len(moved) - 1))
        to = min(len(moved) - 1, at + draw(st.integers(0, 12)))
        if moved[at][0] == "deliver":
            moved.insert(to, moved.pop(at))
    for _ in range(draw(st.integers(0, 6))):
        moved.insert(draw(st.integers(0, len(moved))), ("look", 0))
        moved.insert(draw(st.integers(0, len(moved))), ("rubbish", draw(st.integers(50, 10_000))))
    return moved


def played(machine: Sequence, steps: list[tuple[str, int]]) -> list[Fact]:
    """Play the steps, then wait until the machine has looked at the outbox for the last time."""
    now, outbox, came = 0.0, 0, list[Fact]()

    def look() -> None:
        looking = machine.look()
        rows = [(number, body(number)) for number in range(looking.after + 1, outbox + 1)][:7]
        came.extend(machine.filled(looking, rows, outbox, now, more=len(rows) == 7).ready)

    for step, number in steps:
        now += 0.001
        if step == "commit":
            outbox = number
        elif step == "deliver" or (step == "rubbish" and number > outbox + 1):
            came.extend(machine.offer(number, body(number), now))
        if step == "look" or machine.look_at(now) <= now:
            look()
    for _ in range(2 + outbox // 5):
        now = max(now, machine.look_at(now))
        look()
    return came


@given(journeys())
@settings(max_examples=300, deadline=None)
def test_every_fact_comes_out_once_and_in_order_whatever_the_carrier_does(steps: list[tuple[str, int]]) -> None:
    committed = sum(step == "commit" for step, _number in steps)
    assert played(Sequence(0, 0.0), steps) == [(number, body(number)) for number in range(1, committed + 1)]


@pytest.mark.parametrize("twin", [NeverFills, BelievesAll])
def test_the_check_finds_a_machine_that_does_not_fill_or_does_not_order(twin: type[Sequence]) -> None:
    @given(journeys())
    @settings(max_examples=300, deadline=None, database=None, report_multiple_bugs=False)
    def check(steps: list[tuple[str, int]]) -> None:
        committed = sum(step == "commit" for step, _number in steps)
        assert played(twin(0, 0.0), steps) == [(number, body(number)) for number in range(1, committed + 1)]

    with pytest.raises(AssertionError):
        check()


def test_what_follows_is_handed_on_at_once_and_what_overtakes_waits_for_it() -> None:
    machine = Sequence(10, 0.0)
    assert machine.offer(11, "a", 0.0) == [(11, "a")]
    assert machine.offer(13, "c", 0.0) == []
    assert machine.offer(12, "b", 0.0) == [(12, "b"), (13, "c")]
    assert machine.offer(12, "b", 0.0) == []


def trusted(last: int = 0) -> tuple[Sequence, float]:
    """A machine whose carrier has been up for long, and the time."""
    machine = Sequence(last, 0.0)
    machine.carrier(True, 0.0)
    now = YOUNG + 1
    machine.filled(machine.look(), [], last, now)
    return machine, now


def test_a_gap_is_held_for_twenty_milliseconds_and_then_looked_up() -> None:
    machine, now = trusted()
    machine.offer(2, "b", now)
    assert machine.look_at(now) == pytest.approx(now + HOLD)
    machine.offer(1, "a", now + 0.01)
    assert machine.look_at(now) == pytest.approx(now + SAFETY)


def test_a_silent_tail_is_looked_up_within_a_second_of_health_and_sooner_without_the_carrier() -> None:
    machine, now = trusted()
    assert machine.look_at(now) - now <= SAFETY <= 1
    machine.carrier(False, now)
    assert machine.look_at(now) == now
    machine.filled(machine.look(), [], 0, now)
    assert machine.look_at(now) - now <= POLL + 1e-9 <= 0.2


def test_a_carrier_that_just_came_back_is_not_trusted_yet() -> None:
    machine, now = trusted()
    machine.carrier(True, now)
    machine.filled(machine.look(), [], 0, now)
    assert machine.look_at(now) - now == pytest.approx(POLL)


def test_a_store_that_is_away_is_asked_again_only_after_the_usual_pause() -> None:
    machine, now = trusted()
    machine.offer(5, "e", now)
    machine.look()
    machine.unanswered(now)
    assert machine.look_at(now) == pytest.approx(now + POLL + HOLD)


def test_numbers_that_were_trimmed_away_are_told_as_a_jump() -> None:
    machine = Sequence(10, 0.0)
    filled = machine.filled(machine.look(), [(100, "x"), (101, "y")], 101, 1.0)
    assert filled == Filled([(100, "x"), (101, "y")], jumped=True)
    empty = Sequence(10, 0.0)
    assert empty.filled(empty.look(), [], 50, 1.0) == Filled([], jumped=True)
    assert empty.last == 50


def test_a_restored_store_with_smaller_numbers_is_followed_from_there() -> None:
    machine = Sequence(100, 0.0)
    machine.offer(105, "old", 0.5)
    assert machine.filled(machine.look(), [], 40, 1.0) == Filled([], jumped=True)
    assert machine.offer(41, "new", 1.1) == [(41, "new")]


def test_a_number_the_outbox_does_not_know_is_forgotten_and_does_not_keep_us_looking() -> None:
    machine, now = trusted()
    machine.offer(10**9, "rubbish", now)
    machine.filled(machine.look(), [], 0, now)
    assert machine.look_at(now) == pytest.approx(now + SAFETY)


def test_what_a_look_did_not_see_because_it_came_meanwhile_is_kept() -> None:
    machine, now = trusted()
    looking = machine.look()
    machine.offer(2, "b", now)
    assert machine.filled(looking, [(1, "a")], 1, now).ready == [(1, "a"), (2, "b")]
