"""Drawn places: the same seed draws the same, no two alike, no seam at the loop's end, light that fits the hour."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from streams.scenes import KINDS, LIGHTS, SceneSpec, scene_named, scenes_in_turn
from streams.scenes.film import frames
from streams.scenes.kit import Image


def drawn(name: str, count: int = 2) -> list[Image]:
    spec = scene_named(name)
    return list(frames(KINDS[spec.kind](LIGHTS[spec.light], spec.seed), count))


def test_the_same_name_draws_the_same_pictures() -> None:
    assert all(np.array_equal(a, b) for a, b in zip(drawn("market-rain-4", 8), drawn("market-rain-4", 8), strict=True))


def test_another_seed_draws_another_place() -> None:
    assert not np.array_equal(drawn("square-day-1")[0], drawn("square-day-2")[0])


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_moves_and_its_loop_has_no_seam(kind: str) -> None:
    pictures = [picture.astype(np.int16) for picture in drawn(f"{kind}-day-5", 40)]
    steps = [float(np.abs(a - b).mean()) for a, b in zip(pictures[1:], pictures, strict=False)]
    seam = float(np.abs(pictures[0] - pictures[-1]).mean())
    assert min(steps) > 0.3, "a picture equals the one before: nothing moves"
    assert seam <= max(steps) * 1.25
    assert pictures[0].shape == (360, 640, 3)


def test_night_is_darker_than_day_and_neither_is_black_or_white() -> None:
    day, night = np.mean(drawn("street-day-3")[0]), np.mean(drawn("street-night-3")[0])
    assert 30 < night < day - 20 < 180


def test_the_demonstrations_scenes_are_all_different() -> None:
    kinds = ["crossroads", "market", "road_night", "river", "school", "village", "square", "bus_station"] * 3
    specs = scenes_in_turn(kinds)
    assert len({spec.name for spec in specs}) == 24
    first = [hashlib.sha256(drawn(spec.name)[0].tobytes()).hexdigest() for spec in specs[:9]]
    assert len(set(first)) == 9


@pytest.mark.parametrize("name", ["river", "river-day", "river-day-x", "lake-day-1", "river-noon-1"])
def test_a_name_that_is_no_scene_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"expected"):
        scene_named(name)


def test_a_spec_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="lake"):
        SceneSpec("lake", "day", 1)
