"""The pure parts of the streams room: RTP, faults, groups, messages, a viewer's backlog, origins."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from datetime import UTC, datetime
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import rtp
from streams.board import Board, Shot
from streams.camera import Limits, Moment, Reason, State
from streams.demo_server import demo_address, demo_loops
from streams.gateway import origin_allowed
from streams.roster import Roster
from streams.rtsp import fault_in, request_in
from streams.tiles import Backlog, WatchRequest, picture_message, state_message
from streams.wire import CameraSpec, Unpacking, packed, spec_from_json, spec_to_json

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


# --- RTP -------------------------------------------------------------------------------------------------------------


@given(st.binary(min_size=2, max_size=9000), st.sampled_from([(rtp.H264, b"\x65"), (rtp.H265, b"\x27\x01")]))
def test_fragments_of_a_nal_unit_join_to_the_unit(body: bytes, kind: tuple[rtp.Codec, bytes]) -> None:
    codec, head = kind
    unit, size = head + body, len(head)
    parts = list(rtp.payloads(unit, codec))
    assert all(len(part) <= rtp.MAX_PAYLOAD for part in parts)
    if len(parts) == 1:
        assert parts[0] == unit
        return
    for part in parts:
        assert codec.type_of(part) == codec.fragment and part[1:size] == head[1:]
    types = {part[size] & 0x3F for part in parts}
    assert types == {codec.type_of(unit)}
    assert (parts[0][0] & ~(codec.mask << codec.shift)) | codec.type_of(unit) << codec.shift == unit[0]
    assert b"".join(part[size + 1 :] for part in parts) == body
    marks = [part[size] & 0xC0 for part in parts]
    assert marks == [0x80, *[0] * (len(parts) - 2), 0x40]


def test_nal_units_are_found_behind_both_kinds_of_start_code() -> None:
    stream = b"\x00\x00\x00\x01\x67\x01\x00\x00\x01\x68\x02\x00\x00\x00\x01\x65\x03"
    assert [rtp.H264.type_of(unit) for unit in rtp.nal_units(stream)] == [7, 8, 5]


def test_a_packet_is_framed_for_the_connection() -> None:
    packet = rtp.interleaved(b"abc", 0x1FFFF, 1 << 33, 7, last=True)
    sign, channel, length = struct.unpack(">cBH", packet[:4])
    assert (sign, channel, length) == (b"$", 0, 15)
    assert packet[5] == 0x80 | rtp.PAYLOAD_TYPE
    assert packet[6:8] == b"\xff\xff"


# --- the test camera's faults ---------------------------------------------------------------------------------------


def test_faults_are_read_from_the_address() -> None:
    fault = fault_in("fault=stall_after=5,loss=0.2&fault=no_data")
    assert (fault.stall_after, fault.loss, fault.no_data, fault.reset_after) == (5.0, 0.2, True, inf)
    assert fault_in("fault=404").status == 404
    assert fault_in("channel=1").stall_after == inf


def test_an_unknown_fault_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="melt"):
        fault_in("fault=melt")


def test_a_request_without_rtsp_is_refused() -> None:
    with pytest.raises(ValueError, match="GET / HTTP"):
        request_in("GET / HTTP/1.1")


def test_a_path_is_read_without_its_track_and_quoting() -> None:
    request = request_in("SETUP rtsp://h:1/%E6%B2%B3/track1?x=1 RTSP/1.0\r\nCSeq: 4")
    assert (request.path, request.headers["cseq"]) == ("河", "4")


# --- groups ----------------------------------------------------------------------------------------------------------


def names(count: int) -> list[str]:
    return [f"c{n}" for n in range(count)]


def test_cameras_fill_groups_and_stay_in_theirs() -> None:
    roster = Roster(size=4)
    roster.place(names(10))
    before = {camera: roster.group_of(camera) for camera in names(10)}
    assert sorted(map(len, roster.groups.values())) == [2, 4, 4]
    roster.place([camera for camera in names(10) if camera != "c1"] + ["new"])
    assert roster.group_of("new") == before["c1"]
    assert all(roster.group_of(camera) == before[camera] for camera in names(10) if camera != "c1")


def test_a_camera_that_brought_its_process_down_lives_alone_from_then_on() -> None:
    roster = Roster(size=4)
    roster.place(names(4))
    roster.isolate("c2")
    assert roster.groups[roster.group_of("c2") or 0] == ("c2",)
    roster.place([*names(4), "c9"])
    assert roster.groups[roster.group_of("c2") or 0] == ("c2",)
    assert roster.group_of("c9") == roster.group_of("c0")


def test_halving_a_group_that_keeps_dying_finds_the_killer() -> None:
    roster = Roster(size=32)
    roster.place(names(32))
    for _ in range(6):
        number = roster.group_of("c21")
        assert number is not None
        roster.split(number)
    assert roster.groups[roster.group_of("c21") or 0] == ("c21",)
    assert "c21" in roster.alone
    assert sorted(camera for members in roster.groups.values() for camera in members) == sorted(names(32))


@given(st.lists(st.sets(st.sampled_from(names(12))), max_size=8), st.integers(1, 5))
def test_every_wanted_camera_is_in_exactly_one_group(rounds: list[set[str]], size: int) -> None:
    roster = Roster(size)
    for wanted in rounds:
        roster.place(sorted(wanted))
        placed = [camera for members in roster.groups.values() for camera in members]
        assert sorted(placed) == sorted(wanted)
        assert all(0 < len(members) <= size for members in roster.groups.values())


# --- worker and supervisor -------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.dictionaries(st.text(), st.integers()), st.binary(max_size=50))), st.integers(1, 40))
def test_messages_survive_any_cutting_of_the_stream(messages: list[tuple[dict[str, int], bytes]], cut: int) -> None:
    stream = b"".join(packed(head, body) for head, body in messages)
    unpacking = Unpacking()
    got = [message for n in range(0, len(stream), cut) for message in unpacking.fed(stream[n : n + cut])]
    assert got == messages


def test_an_impossible_length_ends_the_conversation() -> None:
    with pytest.raises(ValueError, match="at most"):
        list(Unpacking().fed(b"\xff" * 8))


def test_a_spec_survives_the_wire_and_hides_its_address_from_logs() -> None:
    spec = CameraSpec("1", "x", "rtsp://u:hunter2@h/", (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)),), True)
    again = spec_from_json(json.loads(json.dumps(spec_to_json(spec))))
    assert (again.address, again.masks, again.mark) == (spec.address, spec.masks, spec.mark)
    assert "hunter2" not in repr(spec)


def test_a_changed_mask_changes_the_mark() -> None:
    spec = CameraSpec("1", "x", "rtsp://h/")
    assert spec.mark != CameraSpec("1", "x", "rtsp://h/", (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)),)).mark


def test_a_view_declared_sound_begins_its_camera_anew_at_the_worker() -> None:
    """Its thread follows one spec; another one ends it, and with it all that was usual of the picture."""
    spec = CameraSpec("1", "x", "rtsp://h/", registered=True)
    learned = spec_from_json(json.loads(json.dumps(spec_to_json(replace(spec, learned="2026-03-01T04:00:00+00:00")))))
    assert learned.learned and learned.mark != spec.mark and learned != spec_from_json(spec_to_json(spec))


# --- board and viewers ----------------------------------------------------------------------------------------------


def shot(mono: float, camera: str = "a", jpeg: bytes = b"JPEG") -> Shot:
    return Shot(camera, mono, NOON, jpeg, 100.0, 0.01)


def header_of(message: bytes) -> tuple[dict[str, object], bytes]:
    (length,) = struct.unpack(">I", message[:4])
    return json.loads(message[4 : 4 + length]), message[4 + length :]


def board_with(camera: str = "a") -> Board:
    board = Board(Limits())
    board.admit(camera, Moment(100.0, NOON))
    return board


def test_a_picture_message_tells_its_true_age() -> None:
    board = board_with()
    board.pictured(shot(100.0), Moment(100.1, NOON))
    standing = board.standing("a")
    assert standing is not None
    header, jpeg = header_of(picture_message(shot(100.0), standing, 102.5))
    assert header == {"camera": "a", "at": "2026-03-01T04:00:00.000Z", "age_ms": 2500, "state": "live", "sent": 102500}
    assert jpeg == b"JPEG"
    late = replace(shot(100.0), behind=3.4)
    assert header_of(picture_message(late, standing, 102.5))[0] == header | {"behind": 3.4}, "and what its way adds"


@pytest.mark.parametrize(("age", "state"), [(0.1, "live"), (4.9, "live"), (5.1, "stale"), (60.0, "stale")])
def test_an_old_picture_is_never_sent_as_live(age: float, state: str) -> None:
    board = board_with()
    board.pictured(shot(100.0), Moment(100.1, NOON))
    standing = board.standing("a")
    assert standing is not None and standing.state is State.LIVE
    assert header_of(picture_message(shot(100.0), standing, 100.0 + age))[0]["state"] == state


def test_a_picture_of_a_stalled_camera_is_stale_however_young() -> None:
    board = board_with()
    board.pictured(shot(100.0), Moment(100.1, NOON))
    board.failed("a", Reason.CLOSED, Moment(100.2, NOON))
    standing = board.standing("a")
    assert standing is not None
    assert header_of(picture_message(shot(100.0), standing, 100.3))[0]["state"] == "stale"
    assert json.loads(state_message(standing))["reason"] == "closed"


def test_a_camera_that_begins_anew_loses_its_old_picture() -> None:
    board = board_with()
    board.pictured(shot(100.0), Moment(100.1, NOON))
    board.admit("a", Moment(101.0, NOON))
    assert board.shot("a") is None


def test_the_board_throws_away_pictures_of_cameras_it_does_not_know_and_older_ones() -> None:
    board = board_with()
    board.pictured(shot(100.0, camera="b"), Moment(100.1, NOON))
    assert board.shot("b") is None
    board.pictured(shot(100.2, jpeg=b"new"), Moment(100.3, NOON))
    board.pictured(shot(100.1, jpeg=b"old"), Moment(100.4, NOON))
    newest = board.shot("a")
    assert newest is not None and newest.jpeg == b"new"


def test_listeners_hear_of_a_change_and_not_of_its_absence() -> None:
    board = Board(Limits())
    heard: list[str] = []
    board.on_standing.add(heard.append)
    board.admit("a", Moment(100.0, NOON))
    board.pictured(shot(100.5), Moment(100.6, NOON))
    board.pictured(shot(101.5), Moment(101.6, NOON))
    board.ticked(Moment(102.0, NOON))
    assert heard == ["a", "a"]


def test_a_backlog_holds_each_camera_once_and_forgets_what_is_not_watched() -> None:
    backlog = Backlog()
    backlog.watch(frozenset("ab"))
    for _ in range(1000):
        backlog.mark_picture("a")
        backlog.mark_state("b")
        backlog.mark_picture("c")
    assert len(backlog) == 4
    backlog.watch(frozenset("b"))
    assert [backlog.next_state(), backlog.next_state()] == ["b", None]
    assert [backlog.next_picture(), backlog.next_picture()] == ["b", None]


def test_the_camera_that_waited_longest_comes_first() -> None:
    backlog = Backlog()
    backlog.watch(frozenset("abc"))
    assert backlog.next_picture() == "a"
    backlog.mark_picture("a")
    assert [backlog.next_picture() for _ in range(3)] == ["b", "c", "a"]


@given(st.lists(st.tuples(st.sampled_from("wps"), st.sampled_from("abcd")), max_size=200))
def test_a_backlog_never_grows_beyond_two_marks_a_camera(steps: list[tuple[str, str]]) -> None:
    backlog = Backlog()
    for kind, camera in steps:
        if kind == "w":
            backlog.watch(frozenset({camera, "a"}))
        else:
            (backlog.mark_picture if kind == "p" else backlog.mark_state)(camera)
        assert len(backlog) <= 2 * len(backlog.watched)


@pytest.mark.parametrize(
    "text",
    ['{"kind":"watch"}', '{"kind":"subscribe","cameras":[]}', "[]", "", "nonsense", '{"kind":"watch","cameras":"a"}',
     '{"kind":"watch","cameras":["a"],"more":1}', json.dumps({"kind": "watch", "cameras": ["x"] * 65})],
)  # fmt: skip
def test_a_malformed_watch_request_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        WatchRequest.model_validate_json(text)


@pytest.mark.parametrize(
    ("shown", "host", "allowed"),
    [
        (["http://wall.example"], "other:8052", True),
        (["http://10.0.0.5:8050"], "10.0.0.5:8052", True),
        (["https://10.0.0.5:8050"], "10.0.0.5:8052", True),
        (["http://10.0.0.5:8051"], "10.0.0.5:8052", False),
        (["http://evil.example:8050"], "10.0.0.5:8052", False),
        (["http://wall.example.evil"], "10.0.0.5:8052", False),
        (["http://10.0.0.5:8050", "http://wall.example"], "10.0.0.5:8052", False),
        (["null"], "10.0.0.5:8052", False),
        (["http://[::1"], "10.0.0.5:8052", False),
        (["file://10.0.0.5:8050"], "10.0.0.5:8052", False),
        ([], "10.0.0.5:8052", True),
    ],
)
def test_only_pages_of_known_origins_may_connect(shown: list[str], host: str, allowed: bool) -> None:
    assert origin_allowed(shown, host, frozenset({"http://wall.example"}), 8050) is allowed


def test_without_a_web_port_only_exact_origins_count() -> None:
    assert not origin_allowed(["http://10.0.0.5:8050"], "10.0.0.5:8052", frozenset(), None)


# --- the demonstration's cameras ------------------------------------------------------------------------------------


def test_each_camera_of_the_demonstration_gets_a_scene_unlike_the_others() -> None:
    cameras = [
        (str(n), f"demo:{kind}") for n, kind in enumerate(["river", "river", "road_night", "bus_station", "river"])
    ]
    loops = demo_loops([*cameras, ("real", "rtsp://10.0.0.1/x")], None)
    assert list(loops) == ["0", "1", "2", "3", "4"]
    assert len({str(loop) for loop in loops.values()}) == 5
    assert demo_address("127.0.0.1", 8053, "东门 1") == "rtsp://127.0.0.1:8053/%E4%B8%9C%E9%97%A8%201"


def test_a_scene_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="volcano"):
        demo_loops([("1", "demo:volcano")], None)
