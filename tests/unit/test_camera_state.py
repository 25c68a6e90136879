"""A camera's state: alive is a fresh picture, whatever a library says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import camera as eye
from streams.camera import LASTING, Freshness, Limits, Moment, Pace, Reason, State, Transit, Watch, wait_before

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
LIMITS = Limits()


def at(seconds: float) -> Moment:
    return Moment(1000.0 + seconds, NOON + timedelta(seconds=seconds))


def seen(watch: Watch, seconds: float, *, arrived: float | None = None) -> Watch:
    return eye.pictured(watch, 1000.0 + seconds, at(seconds if arrived is None else arrived), LIMITS)


def test_a_new_camera_is_connecting_and_has_no_age() -> None:
    watch = eye.begun(at(0))
    assert (watch.state, watch.reason, watch.since) == (State.CONNECTING, None, NOON)
    assert eye.age(watch, at(5)) is None


def test_the_first_fresh_picture_makes_it_live_since_that_picture() -> None:
    watch = seen(eye.begun(at(0)), 1.0, arrived=1.2)
    assert watch.state is State.LIVE
    assert watch.since == NOON + timedelta(seconds=1)
    assert eye.age(watch, at(2.0)) == pytest.approx(1.0)


def test_three_seconds_without_a_picture_stall_it_and_eight_take_it_offline() -> None:
    live = seen(eye.begun(at(0)), 1.0)
    assert eye.ticked(live, at(3.9), LIMITS).state is State.LIVE
    stalled = eye.ticked(live, at(4.1), LIMITS)
    assert (stalled.state, stalled.reason) == (State.STALLED, Reason.NO_DATA)
    assert stalled.since == NOON + timedelta(seconds=1), "stalled since its last picture, not since it was noticed"
    assert eye.ticked(stalled, at(8.9), LIMITS).state is State.STALLED
    gone = eye.ticked(stalled, at(9.1), LIMITS)
    assert (gone.state, gone.reason, gone.since) == (State.OFFLINE, Reason.NO_DATA, stalled.since)


def test_a_fresh_picture_brings_every_state_back_to_live() -> None:
    live = seen(eye.begun(at(0)), 1.0)
    stalled = eye.ticked(live, at(5), LIMITS)
    offline = eye.ticked(stalled, at(20), LIMITS)
    for watch in (stalled, offline, eye.failed(offline, Reason.REFUSED, at(21))):
        again = seen(watch, 30.0)
        assert (again.state, again.reason) == (State.LIVE, None)
        assert again.since == NOON + timedelta(seconds=30)


def test_a_failure_of_a_live_camera_stalls_it_at_once_with_the_reason() -> None:
    watch = eye.failed(seen(eye.begun(at(0)), 1.0), Reason.CLOSED, at(1.1))
    assert (watch.state, watch.reason) == (State.STALLED, Reason.CLOSED)
    assert eye.ticked(watch, at(9.5), LIMITS).reason is Reason.CLOSED


@pytest.mark.parametrize("reason", sorted(LASTING))
def test_what_needs_a_person_takes_a_camera_offline_at_once(reason: Reason) -> None:
    assert eye.failed(seen(eye.begun(at(0)), 1.0), reason, at(1.1)).state is State.OFFLINE


def test_a_camera_that_cannot_be_opened_is_offline_with_the_reason_and_not_for_ever_connecting() -> None:
    assert eye.failed(eye.begun(at(0)), Reason.REFUSED, at(0.1)).state is State.OFFLINE
    silent = eye.ticked(eye.begun(at(0)), at(8.1), LIMITS)
    assert (silent.state, silent.reason) == (State.OFFLINE, Reason.TIMEOUT)


def test_a_second_failure_changes_the_reason_and_not_the_time() -> None:
    first = eye.failed(eye.begun(at(0)), Reason.REFUSED, at(1))
    second = eye.failed(first, Reason.NOT_FOUND, at(60))
    assert (second.reason, second.since) == (Reason.NOT_FOUND, first.since)


def test_doubt_becomes_the_reason_when_the_camera_stalls_and_a_fresh_picture_clears_it() -> None:
    live = seen(eye.begun(at(0)), 1.0)
    doubted = eye.doubted(live, Reason.FROZEN)
    assert doubted.state is State.LIVE
    assert eye.ticked(doubted, at(5), LIMITS).reason is Reason.FROZEN
    assert eye.ticked(seen(doubted, 2.0), at(6), LIMITS).reason is Reason.NO_DATA


def test_a_picture_that_was_long_under_way_makes_nothing_live() -> None:
    stalled = eye.ticked(seen(eye.begun(at(0)), 1.0), at(6), LIMITS)
    assert seen(stalled, 2.0, arrived=6.0) is stalled


def test_a_picture_older_than_the_newest_changes_nothing() -> None:
    live = seen(eye.begun(at(0)), 2.0)
    assert seen(live, 1.0, arrived=2.1) is live


def test_a_picture_from_the_future_is_refused() -> None:
    start = eye.begun(at(0))
    assert seen(start, 5.0, arrived=1.0) is start


def test_a_step_of_the_wall_clock_makes_nothing_stale_or_fresh() -> None:
    live = seen(eye.begun(at(0)), 1.0)
    hour_later = Moment(1002.0, NOON + timedelta(hours=1))
    assert eye.ticked(live, hour_later, LIMITS).state is State.LIVE
    hour_back = Moment(1009.5, NOON - timedelta(hours=1))
    assert eye.ticked(eye.ticked(live, hour_back, LIMITS), hour_back, LIMITS).state is State.OFFLINE


STEPS = st.lists(
    st.tuples(
        st.floats(0.01, 6.0),
        st.one_of(st.none(), st.floats(0.0, 5.0), st.sampled_from(list(Reason))),
    ),
    max_size=40,
)


@given(STEPS)
def test_live_always_means_a_picture_no_older_than_the_limit(steps: list[tuple[float, float | Reason | None]]) -> None:
    watch, now = eye.begun(at(0)), 0.0
    for passed, event in steps:
        now += passed
        if isinstance(event, Reason):
            watch = eye.failed(watch, event, at(now))
        elif event is not None:
            watch = eye.pictured(watch, 1000.0 + now - event, at(now), LIMITS)
        watch = eye.ticked(watch, at(now), LIMITS)
        age = eye.age(watch, at(now))
        if watch.state is State.LIVE:
            assert age is not None and age <= LIMITS.stalled_after
            assert watch.reason is None
        else:
            assert watch.state is State.CONNECTING or watch.reason is not None
        assert watch.since <= at(now).at


# --- fresh pictures --------------------------------------------------------------------------------------------------

Judge = Callable[[float | None, int], Reason | None]


class BelievesTheLibrary:
    """The broken twin: whatever the library returns without an error is a fresh picture."""

    def doubt(self, time: float | None, fingerprint: int, *, corrupt: bool) -> Reason | None:
        return None


def shown_live_after_the_stall(judge: Freshness | BelievesTheLibrary, stream: list[tuple[float | None, int]]) -> bool:
    """Play a stream at one picture a second through a judge and the state machine; does it stay live to the end?"""
    watch = eye.begun(at(0))
    for second, (time, fingerprint) in enumerate(stream, start=1):
        if judge.doubt(time, fingerprint, corrupt=False) is None:
            watch = seen(watch, float(second))
        watch = eye.ticked(watch, at(float(second)), LIMITS)
    return watch.state is State.LIVE


FRESH = [(float(n), n) for n in range(10)]
FROZEN = FRESH[:5] + [(float(n), 4) for n in range(5, 20)]
REPEATED = FRESH[:5] + [(float(n % 3 + 2), n % 3 + 2) for n in range(15)]
STUCK = FRESH[:5] + [(4.0, 4)] * 15


@pytest.mark.parametrize("stream", [FROZEN, REPEATED, STUCK])
def test_old_pictures_that_come_again_are_not_shown_as_live(stream: list[tuple[float | None, int]]) -> None:
    assert not shown_live_after_the_stall(Freshness(), stream)


@pytest.mark.parametrize("stream", [FROZEN, REPEATED, STUCK])
def test_a_twin_that_believes_the_library_fails_that_test(stream: list[tuple[float | None, int]]) -> None:
    assert shown_live_after_the_stall(BelievesTheLibrary(), stream)


def test_fresh_pictures_stay_live() -> None:
    assert shown_live_after_the_stall(Freshness(), FRESH)


def test_a_clip_that_begins_anew_with_running_time_is_fresh() -> None:
    loop = [(float(n), n % 8) for n in range(40)]
    assert shown_live_after_the_stall(Freshness(), loop)


def test_a_camera_whose_clock_was_set_back_is_fresh() -> None:
    stream = FRESH + [(float(n) - 5000.0, 100 + n) for n in range(10)]
    assert shown_live_after_the_stall(Freshness(), stream)


def test_a_stream_without_times_is_judged_by_its_bytes() -> None:
    judge = Freshness()
    assert judge.doubt(None, 1, corrupt=False) is None
    assert judge.doubt(None, 2, corrupt=False) is None
    assert judge.doubt(None, 2, corrupt=False) is Reason.FROZEN


def test_a_corrupt_picture_is_never_fresh() -> None:
    assert Freshness().doubt(1.0, 1, corrupt=True) is Reason.CORRUPT


# --- how long a packet was under way --------------------------------------------------------------------------------


def test_a_packet_that_was_held_up_is_older_than_its_arrival() -> None:
    transit = Transit()
    assert [transit.late_by(n, 500.0 + n) for n in range(5)] == [0.0] * 5
    assert transit.late_by(5.0, 508.0) == pytest.approx(3.0)
    assert transit.late_by(6.0, 506.2) == pytest.approx(0.2)


def test_clocks_that_drift_apart_make_nothing_old() -> None:
    transit = Transit()
    assert max(transit.late_by(n, 500.0 + n * 1.001) for n in range(3600)) < 0.05


def test_a_source_whose_clock_was_set_back_is_not_late_for_ever() -> None:
    transit = Transit()
    assert transit.late_by(1000.0, 1.0) == 0.0
    assert transit.late_by(10.0, 2.0) == 0.0
    assert transit.late_by(11.0, 3.5) == pytest.approx(0.5)


def test_a_packet_without_a_time_counts_as_just_sent() -> None:
    assert Transit().late_by(None, 7.0) == 0.0


# --- waiting before the next try ------------------------------------------------------------------------------------


def test_waits_double_from_two_seconds_to_sixty_where_a_person_must_act() -> None:
    waits = [wait_before(n, Reason.UNAUTHORISED, 0.999999) for n in range(1, 9)]
    assert [round(wait) for wait in waits] == [2, 4, 8, 16, 32, 60, 60, 60]


def test_what_may_pass_by_itself_is_tried_again_within_ten_seconds() -> None:
    assert round(wait_before(50, Reason.REFUSED, 0.999999)) == 10


@given(st.integers(0, 10**6), st.sampled_from([None, *Reason]), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_never_below_a_second_nor_above_sixty(attempt: int, reason: Reason | None, dice: float) -> None:
    assert 1.0 <= wait_before(attempt, reason, dice) <= 60.0


def test_cameras_that_fell_together_come_back_spread_over_half_the_wait() -> None:
    assert wait_before(3, None, 0.0) == 4.0
    assert wait_before(3, None, 0.999) == pytest.approx(8.0, abs=0.01)


# --- what to decode -------------------------------------------------------------------------------------------------


def watched(gap: float, rate: float, seconds: float, interval: float = 1.0) -> tuple[list[float], int, int]:
    """Times of pictures shown, packets decoded, packets in all, for a stream with a key picture each `gap` seconds."""
    pace, shown, decoded, broken, left = Pace(interval), [], 0, False, 0
    count, per_gap = int(seconds * rate), max(1, round(gap * rate))
    for n in range(count):
        now, key = n / rate, n % per_gap == 0
        broken, left = broken and not key, 0 if key else left
        if not pace.wants(key, now):
            broken, left = True, left + 1
            continue
        if pace.owed:
            pace.caught_up(whole=True)
            broken, decoded = False, decoded + left
        assert key or not broken, "a picture was decoded whose predecessor was not"
        decoded += 1
        if pace.due(key, now):
            pace.shown(now)
            shown.append(now)
    return shown, decoded, count


@pytest.mark.parametrize("gap", [0.04, 0.5, 1.0, 1.2, 2.0, 4.8, 10.0])
def test_there_is_a_picture_at_least_about_each_second_however_rare_key_pictures_are(gap: float) -> None:
    shown, _, _ = watched(gap, 25, 60)
    gaps = [later - earlier for earlier, later in pairwise(shown)]
    assert max(gaps) <= 1.25
    assert len(shown) >= 58


@pytest.mark.parametrize("gap", [0.04, 0.5, 1.0, 1.08])
def test_frequent_key_pictures_are_all_that_is_decoded(gap: float) -> None:
    _, decoded, count = watched(gap, 25, 60)
    assert decoded <= 60 / max(gap, 0.44) + 26, "the first group is decoded whole, since its length is unknown"
    assert count == 1500


def test_of_a_two_second_group_only_its_first_half_is_decoded() -> None:
    _, decoded, count = watched(2.0, 25, 60)
    assert decoded < 0.6 * count


def test_a_picture_each_two_seconds_needs_key_pictures_only_where_groups_are_that_long() -> None:
    shown, decoded, _ = watched(2.0, 25, 60, interval=2.0)
    assert decoded <= 30 + 50
    assert len(shown) >= 29


def test_a_new_connection_decodes_nothing_in_vain_before_it_knows_how_often_key_pictures_come() -> None:
    shown, decoded, _ = watched(2.0, 15, 3.9, interval=2.0)
    assert (shown, decoded) == ([0.0, 2.0], 2)


def test_where_the_next_key_picture_does_not_come_in_time_what_was_left_alone_is_decoded_after_all() -> None:
    shown, decoded, count = watched(60.0, 15, 30, interval=2.0)
    assert max(later - earlier for earlier, later in pairwise(shown)) <= 2.3
    assert decoded == count


def test_where_it_is_not_kept_any_more_nothing_is_decoded_up_to_the_next_key_picture() -> None:
    pace = Pace(2.0)
    assert pace.wants(True, 0.0)
    pace.shown(0.0)
    assert not pace.wants(False, 1.0)
    assert pace.wants(False, 2.3) and pace.owed
    pace.caught_up(whole=False)
    assert not pace.wants(False, 2.4) and not pace.owed
    assert pace.wants(True, 9.0)


def test_packets_that_come_late_now_and_then_are_not_paid_for_with_more_decoding() -> None:
    """A busy machine or network delays every third group by 0.4 s; the source's own clock keeps its two seconds."""

    def decoded(*, told: bool) -> int:
        pace, number, shown = Pace(2.0), 0, 0
        for n in range(900):
            key, sent = n % 30 == 0, n / 15
            at = sent + (0.4 if n // 30 % 3 == 0 else 0.0)
            if pace.wants(key, at, sent if told else None):
                number += 1
                if pace.due(key, at):
                    pace.shown(at)
                    shown += 1
        assert shown >= 29
        return number

    assert decoded(told=True) <= 30 + 30
    assert decoded(told=False) > 300, "the test must show what it guards against"


def test_a_clock_that_leaps_is_not_believed() -> None:
    pace = Pace(2.0)
    for number in range(6):
        pace.wants(True, 4.0 * number, 1e6 - number)
    assert not pace.keys_suffice


def test_very_frequent_key_pictures_do_not_all_become_pictures() -> None:
    shown, _, _ = watched(0.04, 25, 10)
    assert len(shown) <= 10 / 0.44 + 1
