"""When a supervised process counts as dead, and when it starts again. Virtual time."""

from __future__ import annotations

from dashboard.cli.pulse import LONGEST_DELAY, PATIENCE, Pulse

READY, BEAT = frozenset({"READY=1"}), frozenset({"WATCHDOG=1"})


def ready_pulse(now: float = 100.0) -> Pulse:
    pulse = Pulse()
    pulse.begin(now)
    pulse.hear(now + 0.5, READY)
    return pulse


def test_a_beating_process_is_fine_and_a_silent_one_is_not() -> None:
    pulse = ready_pulse()
    for second in range(101, 160):
        pulse.hear(float(second), BEAT)
        assert pulse.verdict(second + 0.9) == "fine"
    assert pulse.verdict(162.0) == "fine"
    assert pulse.verdict(162.2) == "silent"


def test_before_ready_silence_is_patience() -> None:
    pulse = Pulse()
    pulse.begin(0.0)
    assert pulse.verdict(PATIENCE - 1) == "fine"
    assert pulse.verdict(PATIENCE + 1) == "never-ready"


def test_a_beat_before_ready_does_not_make_it_ready() -> None:
    pulse = Pulse()
    pulse.begin(0.0)
    pulse.hear(1.0, BEAT)
    assert pulse.ready is None


def test_a_proven_process_starts_again_at_once_however_often_it_is_killed() -> None:
    pulse = Pulse()
    now = 0.0
    for _ in range(20):
        pulse.begin(now)
        pulse.hear(now + 0.3, READY)
        now += 2.0
        pulse.end(now)
        assert pulse.resume - now <= 0.21
        now = pulse.resume


def test_one_that_dies_before_it_works_backs_off_to_five_seconds() -> None:
    pulse = Pulse()
    now, delays = 0.0, []
    for _ in range(8):
        pulse.begin(now)
        pulse.end(now + 0.1)
        delays.append(pulse.resume - now - 0.1)
        now = pulse.resume
    assert [round(delay, 3) for delay in delays] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]
    assert not pulse.may_start(now - 0.01)
    assert pulse.may_start(now)
    assert max(delays) <= LONGEST_DELAY + 1e-9


def test_time_in_which_nobody_could_listen_is_not_held_against_it() -> None:
    pulse = ready_pulse(100.0)
    pulse.excuse(30.0)  # the whole machine slept
    assert pulse.verdict(131.0) == "fine"
    assert pulse.verdict(134.0) == "silent"


def test_a_process_that_is_not_running_is_never_judged() -> None:
    pulse = ready_pulse()
    pulse.end(102.0)
    assert pulse.verdict(10_000.0) == "fine"
