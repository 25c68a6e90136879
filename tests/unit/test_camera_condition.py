"""A camera's condition: which faults stand, whatever order states and pictures come in; and what its minutes add up to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from streams.board import Board, Shot
from streams.camera import Limits, Moment, Reason, State
from streams.condition import Condition, Seen, pictured, restored, ticked
from streams.ward import Cleared, Event, Raised, Ward

T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def at(seconds: float) -> Moment:
    return Moment(seconds, T0 + timedelta(seconds=seconds))


def shot(seconds: float) -> Shot:
    return Shot("a", seconds, at(seconds).at, b"jpeg", 100.0, 0.05)


def after(condition: Condition, state: State, reason: Reason | None, start: int, seconds: int) -> Condition:
    for second in range(start, start + seconds):
        condition = ticked(condition, state, reason, at(second))
    return condition


def test_a_short_gap_is_no_fault_and_a_lasting_one_is() -> None:
    short = after(Condition(), State.OFFLINE, Reason.REFUSED, 0, 19)
    assert not short.faults
    assert set(after(short, State.OFFLINE, Reason.REFUSED, 19, 4).faults) == {"offline"}


def test_the_reason_names_the_fault() -> None:
    cases = {
        Reason.REFUSED: "offline", Reason.NO_DATA: "no_frame", Reason.FROZEN: "frozen", Reason.REPEATED: "frozen",
        Reason.CORRUPT: "loss",
    }  # fmt: skip
    for reason, fault in cases.items():
        assert set(after(Condition(), State.STALLED, reason, 0, 25).faults) == {fault}
    assert not after(Condition(), State.OFFLINE, Reason.UNREGISTERED, 0, 60).faults


def test_it_ends_only_with_ten_seconds_of_live_pictures() -> None:
    down = after(Condition(), State.OFFLINE, Reason.REFUSED, 0, 30)
    flicker = after(down, State.LIVE, None, 30, 5)
    assert set(flicker.faults) == {"offline"}
    assert set(after(flicker, State.CONNECTING, None, 35, 60).faults) == {"offline"}
    assert not after(flicker, State.LIVE, None, 35, 12).faults


def test_a_covered_camera_that_goes_offline_stays_covered_until_it_is_seen_sound() -> None:
    condition = pictured(Condition(), Seen({"covered": 5.0}, True), at(70))
    condition = after(condition, State.OFFLINE, Reason.REFUSED, 70, 40)
    assert set(condition.faults) == {"covered", "offline"}
    condition = after(condition, State.LIVE, None, 110, 15)
    condition = pictured(condition, Seen({}, False), at(125))
    assert set(condition.faults) == {"covered"}, "a worker that is still learning clears nothing"
    assert not pictured(condition, Seen({}, True), at(200)).faults


def test_a_process_that_starts_again_forgets_no_fault_and_tells_none_twice() -> None:
    assert set(restored(frozenset({"offline", "moved"}), T0).faults) == {"offline", "moved"}
    board = Board(Limits())
    board.admit("a", at(0))
    ward = Ward(board, {"a": frozenset({"offline", "moved"})})
    events: list[Event] = [event for second in range(60) for event in ward.ticked(at(second))]
    assert events == []
    assert ward.faults("a") == {"offline", "moved"}


def run(board: Board, ward: Ward, start: int, seconds: int, *, live: bool, seen: Seen | None = None) -> list[Event]:
    events: list[Event] = []
    for second in range(start, start + seconds):
        now = at(second)
        if live:
            board.pictured(shot(second), now)
            ward.seen("a", seen or Seen({}, True), {"brightness": 100.0}, shot(second), now)
        board.ticked(now)
        events += ward.ticked(now)
    return events


def test_the_ward_tells_each_fault_once_with_its_evidence_and_adds_up_the_minute() -> None:
    board = Board(Limits())
    board.admit("a", at(0))
    ward = Ward(board)
    assert run(board, ward, 0, 60, live=True) == []
    (minute,) = ward.minute()
    assert (round(minute.watched), round(minute.online), round(minute.sound), minute.pictures) == (59, 59, 59, 60)
    assert abs(minute.activity - 0.05) < 1e-9
    (raised,) = run(board, ward, 60, 60, live=True, seen=Seen({"covered": 55.0}, True))
    assert isinstance(raised, Raised)
    assert (raised.fault, raised.since, raised.figures["brightness"]) == ("covered", at(55).at, 100.0)
    assert raised.shot is not None and raised.shot.jpeg == b"jpeg"
    (minute,) = ward.minute()
    assert minute.online > 58 and minute.sound < 2
    (offline,) = run(board, ward, 120, 60, live=False)
    assert isinstance(offline, Raised) and offline.fault == "no_frame" and offline.since == at(119).at
    events = run(board, ward, 180, 30, live=True)
    assert {(type(event), event.fault) for event in events} == {(Cleared, "covered"), (Cleared, "no_frame")}
    board.dismiss("a")
    assert list(ward.ticked(at(211))) == [] and ward.minute() == []
