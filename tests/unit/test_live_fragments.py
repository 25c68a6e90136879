"""Fragments play whatever times a source gives: none at first, leaps, the same twice; and none waits for the next one."""

from __future__ import annotations

import io
import itertools
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from streams.boxes import fragment, prefixed
from streams.fmp4 import TICKS, Fmp4, Fmp4Error, Times


def played(times: Sequence[float | None]) -> tuple[list[float], list[bool]]:
    """Seconds of the pictures that a player finds in fragments made with these times, and which were key parts."""
    mp4 = Fmp4(size=(64, 48))
    whole, keys = bytearray(mp4.init), []
    for number, time in enumerate(times):
        picture = np.full((72, 64), 40 + number, np.uint8)
        part = mp4.encoded(av.VideoFrame.from_ndarray(picture, format="yuv420p"), time, float(number))
        assert part is not None, "a picture must not wait for the next one"
        whole += part.body
        keys.append(part.key)
    mp4.close()
    with av.open(io.BytesIO(bytes(whole))) as file:
        return [float(frame.pts * frame.time_base) for frame in file.decode(video=0)], keys


@pytest.mark.parametrize(
    "times",
    [
        [None, 0.0, 0.04, 0.08],
        [5.0, 5.04, 5.08, 1.0, 1.04],
        [5.0, 5.04, 5.04, 5.08],
        [1.0, 1.04, 900.0, 900.04],
        [None, None, None],
    ],
)
def test_times_rise_by_about_a_picture_whatever_the_source_says(times: list[float | None]) -> None:
    seconds, keys = played(times)
    steps = np.diff(seconds)
    assert len(seconds) == len(times) and keys[0] and not any(keys[1:])
    assert (steps > 0).all() and (steps <= 0.081).all()


def test_an_honest_pace_is_kept_as_it_is() -> None:
    seconds, _ = played([10.0 + number / 15 for number in range(20)])
    assert np.allclose(np.diff(seconds), 1 / 15, atol=1e-4)


@pytest.mark.parametrize("rate", [1, 5, 12.5, 25, 50])
def test_no_picture_comes_later_than_a_player_waits_for_it(rate: float) -> None:
    """A player takes more than twice the length of the last picture for a break, and shows nothing until the next key."""
    dice, times, now, spans = np.random.default_rng(7), Times(), 100.0, []
    for _ in range(400):
        spans.append((times.next(now), times.length))
        now += (1 + int(dice.integers(0, 8) if dice.random() < 0.1 else 0)) / rate
    assert all(0 < later - at <= 2 * length for (at, length), (later, _) in itertools.pairwise(spans))


def test_packets_pass_as_they_are_with_their_order_of_showing(tmp_path: Path) -> None:
    """Pictures that are shown in another order than they are decoded in (B pictures), from a file's length-prefixed units."""
    source = tmp_path / "b.mp4"
    with av.open(str(source), "w") as sink:
        out = sink.add_stream("libx264", rate=10)
        out.width, out.height, out.pix_fmt = 64, 48, "yuv420p"
        out.codec_context.max_b_frames = 2
        for number in range(20):
            picture = np.full((72, 64), 20 + 10 * number, np.uint8)
            sink.mux(out.encode(av.VideoFrame.from_ndarray(picture, format="yuv420p")))
        sink.mux(out.encode(None))
    with av.open(str(source)) as file:
        stream = file.streams.video[0]
        mp4, unit = Fmp4(stream), float(stream.time_base)
        whole = bytearray(mp4.init)
        for packet in file.demux(stream):
            if packet.size:
                lag = (packet.pts - packet.dts) * unit
                whole += mp4.passed(packet, packet.dts * unit, lag, 0.0, key=packet.is_keyframe).body
        mp4.close()
    with av.open(io.BytesIO(bytes(whole))) as file:
        shown = [int(frame.to_ndarray()[:48].mean()) for frame in file.decode(video=0)]
    assert len(shown) == 20 and shown == sorted(shown)


def test_start_codes_become_lengths() -> None:
    assert prefixed(b"\0\0\0\1\x67ab\0\0\1\x65cd\0\0\0\1\x41") == b"\0\0\0\3\x67ab\0\0\0\3\x65cd\0\0\0\1\x41"
    assert prefixed(b"no start code") == b""


def test_a_fragment_names_its_own_bytes() -> None:
    body = fragment(7, 3 * TICKS, TICKS // 25, 0, key=True, picture=b"x" * 50)
    moof = int.from_bytes(body[:4], "big")
    assert body[4:8] == b"moof" and body[moof + 4 : moof + 8] == b"mdat"
    assert int.from_bytes(body[moof : moof + 4], "big") == 58 and len(body) == moof + 58


def test_a_stream_that_browsers_cannot_play_is_refused() -> None:
    with pytest.raises(Fmp4Error):
        Fmp4()
