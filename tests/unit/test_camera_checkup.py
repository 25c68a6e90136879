"""The worker's checkup: missing pictures are counted in an even stream and in no other; its memory outlives connections."""

from __future__ import annotations

import random

import numpy as np
import pytest

from streams.checkup import INTERVAL, Checkup, Gaps
from streams.picture import Picture


def missing(times: list[float]) -> int:
    gaps = Gaps()
    return sum(gaps.missing(time) for time in times)


def test_lost_pictures_of_an_even_stream_are_counted() -> None:
    dice = random.Random(1)
    kept = [number / 15 for number in range(1500) if number < 100 or dice.random() > 0.05]
    lost = 1500 - len(kept)
    assert abs(missing(kept) - lost) <= lost * 0.2 and lost > 40


def test_an_even_stream_and_one_with_jitter_lose_nothing() -> None:
    dice = random.Random(2)
    assert missing([number / 25 for number in range(2000)]) == 0
    assert missing([number / 25 + dice.uniform(-0.004, 0.004) for number in range(2000)]) == 0


def test_a_camera_that_varies_its_pace_on_purpose_loses_nothing() -> None:
    dice, now, times = random.Random(3), 0.0, []
    for _ in range(2000):
        now += dice.choice([1 / 25, 1 / 12, 1 / 8, 1 / 5])
        times.append(now)
    assert missing(times) == 0


def test_a_clock_that_leaps_or_is_missing_loses_nothing() -> None:
    gaps = Gaps()
    times: list[float | None] = [number / 25 for number in range(100)]
    times += [None, 500.0, *[500.0 + number / 25 for number in range(1, 50)], 3.0, 3.04]
    assert sum(gaps.missing(time) for time in times) == 0


def picture(level: int, noise: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Picture:
    luma = np.clip(noise.astype(np.int16) // 2 + level, 0, 255).astype(np.uint8)
    grey = np.full((90, 160), 128, np.uint8)
    return Picture(b"", 320, 180, float(luma.mean()), (luma, grey, grey))


def test_a_black_camera_is_found_through_reconnects_and_judged_no_oftener_than_every_two_seconds() -> None:
    dice = np.random.default_rng(1)
    ground = np.repeat(np.repeat(dice.integers(0, 200, (18, 32), np.uint8), 10, 0), 10, 1)
    checkup = Checkup((), {})
    said: dict[str, object] = {}
    for second in range(120):
        if second % 30 == 0:
            checkup.connected()
        noise = dice.integers(0, 6, (180, 320), np.uint8)
        sound = second < 60
        shown = picture(30, ground) if sound else picture(0, np.zeros_like(ground))
        shown = Picture(
            b"",
            320,
            180,
            0.0,
            (np.clip(shown.planes[0] + noise // (1 if sound else 4), 0, 255).astype(np.uint8), *shown.planes[1:]),
        )
        before = said
        said = checkup.judged(shown, float(second))
        assert said is before or second % INTERVAL == 0
    faults = said["faults"]
    assert isinstance(faults, dict) and set(faults) & {"black", "covered"}, faults


def test_a_threshold_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="darkness"):
        Checkup((), {"darkness": 3})
