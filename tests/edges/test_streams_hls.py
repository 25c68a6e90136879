"""HLS: promise 21 for every address that a playlist names, its bounds, and that nothing old is shown as new."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from itertools import pairwise
from pathlib import Path

import pytest

from streams import playlist, segments
from streams.addresses import Address, AddressRules, RemoteAddress, parsed
from streams.camera import Reason
from streams.fetching import LateError, fetched
from streams.segments import Segments
from streams.source import SourceError, Waits, opened
from tests.edges.hls_server import SECONDS, Platform, platform

HERE = AddressRules((ip_network("127.0.0.1/32"),))
PATIENT = Waits(connect=3.0, open=4.0, read=0.2)


def address(server: Platform, path: str = "rtp/live.m3u8") -> str:
    return f"http://127.0.0.1:{server.port}/{path}"


def refusal(server: Platform, path: str = "rtp/live.m3u8", waits: Waits = PATIENT) -> Reason:
    """Why a playlist cannot be played: on opening, or when it ends."""
    with (
        pytest.raises(SourceError) as error,
        opened(address(server, path), HERE, threading.Event(), waits=waits) as source,
    ):
        for _ in source.packets():
            pass
    return error.value.reason


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@contextmanager
def elsewhere() -> Iterator[Platform]:
    """A server at an address that cameras may not be at: 127.0.0.2, as a service inside is."""
    with platform(host="127.0.0.2") as server:
        yield server


@pytest.mark.parametrize("kind", ["mpegts", "mp4"])
def test_a_rolling_playlist_plays_at_its_own_pace_and_says_how_far_it_is_behind(kind: str) -> None:
    files = open_files()
    with platform(kind=kind) as server:
        stop, times, arrivals, told = threading.Event(), [], [], []
        with opened(address(server), HERE, stop, waits=PATIENT) as source:
            for seen in source.packets():
                times.append(seen.time or 0.0)
                arrivals.append(seen.at)
                told.append(seen.behind)
                assert seen.joined or not seen.packet.is_corrupt, "where two segments meet, no packet was lost"
                if len(times) >= 20:
                    stop.set()
        assert [round(b - a, 1) for a, b in pairwise(times)] == [0.1] * 19, "each picture once, in order"
        assert sorted(b - a for a, b in pairwise(arrivals))[9] > 0.05, "not a segment at once"
        assert server.asked.count("/rtp/0.seg") == 0, "what is named at the first look may be of any age"
    assert min(told) >= 0.9 * SECONDS, "a segment is whole before it is named"
    assert open_files() <= files, "a connection was left open"


NAMES = {
    "metadata": "http://169.254.169.254/latest/",
    "private": "http://10.0.0.8/",
    "mapped": "http://[::ffff:10.0.0.8]/",
    "other port's host": "http://127.0.0.2:9/",
    "file": "file:///etc/passwd?",
    "scheme": "ftp://127.0.0.1/",
    "rtsp": "rtsp://127.0.0.1/",
    "concat": "concat:/etc/passwd|",
    "data": "data:video/mp2t;base64,AA",
    "crypto": "crypto+http://127.0.0.1/",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_segment_at_an_address_that_cameras_may_not_have_is_refused(name: str) -> None:
    with platform(prefix=NAMES[name], eager=True) as server:
        assert refusal(server) is Reason.ADDRESS_REFUSED


def test_no_address_that_a_playlist_names_is_connected_to_before_it_was_judged() -> None:
    """Segments, headers, lists in lists, redirections: the service inside hears nothing of any of them."""
    with elsewhere() as inside:
        there = f"http://127.0.0.2:{inside.port}/rtp/"
        master = f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{there}live.m3u8\n".encode()
        redirect = (302, {"Location": there + "live.m3u8"}, b"")
        with platform(prefix=there, eager=True) as server:
            assert refusal(server) is Reason.ADDRESS_REFUSED
        with platform(kind="mp4", header=there + "init.mp4", eager=True) as server:
            assert refusal(server) is Reason.ADDRESS_REFUSED
        with platform(answers={"/a.m3u8": (200, {}, master), "/b.m3u8": redirect}) as server:
            assert refusal(server, "a.m3u8") is Reason.ADDRESS_REFUSED
            assert refusal(server, "b.m3u8") is Reason.REDIRECTED
        with platform(redirects=there, eager=True) as server:
            assert refusal(server) is Reason.REDIRECTED
        assert inside.asked == []


def test_a_twin_that_judges_nothing_is_found_by_that_test() -> None:
    """The broken twin of promise 21: its segments come from the service inside, and are counted."""

    def unjudged(place: RemoteAddress, _: AddressRules, __: float) -> Address:
        return ip_address(place.host)

    with elsewhere() as inside, platform(prefix=f"http://127.0.0.2:{inside.port}/rtp/", eager=True) as server:
        place = parsed(address(server), HERE)
        assert isinstance(place, RemoteAddress)
        twin = Segments(place, HERE, threading.Event(), answer=4.0, silence=1.0, step=lambda: None, judge=unjudged)
        assert twin.read(1 << 20)
        assert inside.asked


def test_a_list_of_lists_is_followed_once_and_no_further() -> None:
    master, loop = (
        b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nrtp/live.m3u8\n",
        b"#EXTM3U\n#EXT-X-STREAM-INF:B=1\nb.m3u8\n",
    )
    with platform(answers={"/a.m3u8": (200, {}, master), "/b.m3u8": (200, {}, loop)}) as server:
        with opened(address(server, "a.m3u8"), HERE, threading.Event(), waits=PATIENT) as source:
            assert next(iter(source.packets())).key
        assert refusal(server, "b.m3u8") is Reason.BAD_ANSWER


def test_a_list_to_which_nothing_is_added_shows_nothing_old_however_often_it_is_opened() -> None:
    with platform(stops=0.0) as server:
        assert refusal(server) is Reason.NO_DATA
        assert refusal(server) is Reason.NO_DATA
        assert not [path for path in server.asked if path.endswith(".seg")]
    with platform(ends=True) as server:
        assert refusal(server) is Reason.ENDED


def test_what_is_too_much_or_no_playlist_is_refused_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "LARGEST_SEGMENT", 1000)
    many = b"#EXTM3U\n" + b"# a remark that goes on and on\n" * (playlist.LARGEST // 30 + 1)
    answers = {"/many.m3u8": (200, {}, many), "/none.m3u8": (200, {}, b"<html>"), "/shut.m3u8": (401, {}, b"")}
    with platform(answers=answers, eager=True) as server:
        assert refusal(server) is Reason.TOO_LARGE
        assert refusal(server, "many.m3u8") is Reason.TOO_LARGE
        assert refusal(server, "none.m3u8") is Reason.BAD_ANSWER
        assert refusal(server, "shut.m3u8") is Reason.UNAUTHORISED
        assert refusal(server, "away.m3u8") is Reason.NOT_FOUND


@pytest.mark.parametrize("drip", ["head", "body", "silent"])
def test_an_answer_that_only_drips_in_ends_in_its_time(drip: str) -> None:
    with platform(drips=drip) as server:
        place = parsed(address(server, "drip"), HERE)
        assert isinstance(place, RemoteAddress)
        began = time.monotonic()
        with pytest.raises(LateError):
            fetched(place, ip_address("127.0.0.1"), began + 0.4, 1 << 20)
        assert time.monotonic() - began < 3.0


def test_stopping_ends_a_wait_for_the_next_segment_at_once() -> None:
    with platform(stops=0.0) as server:
        stop, ended = threading.Event(), threading.Event()

        def follow() -> None:
            with pytest.raises(SourceError), opened(address(server), HERE, stop, waits=Waits(read=30.0)):
                pass
            ended.set()

        threading.Thread(target=follow, daemon=True).start()
        time.sleep(0.3)
        stop.set()
        assert ended.wait(2.0)
