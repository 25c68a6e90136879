"""Fragments play whatever times a source gives: none at first, leaps, the same twice."""

from __future__ import annotations

import io
from collections.abc import Sequence

import av
import numpy as np
import pytest

from streams.fmp4 import Fmp4, Fmp4Error


def played(times: Sequence[float | None]) -> tuple[list[float], list[bool]]:
    """Seconds of the pictures that a player finds in fragments made with these times, and which were key parts."""
    mp4 = Fmp4(size=(64, 48))
    whole, keys = bytearray(mp4.init), []
    for number, time in enumerate([*times, None]):
        picture = np.full((72, 64), 40 + number, np.uint8)
        part = mp4.encoded(av.VideoFrame.from_ndarray(picture, format="yuv420p"), time, float(number))
        if part:
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


def test_a_stream_that_browsers_cannot_play_is_refused() -> None:
    with pytest.raises(Fmp4Error):
        Fmp4()
