"""Camera health as a fold: what is raised and cleared over minutes, what is remembered; and nothing else happens."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError, replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from streams.health import (
    Delay,
    Fault,
    Health,
    Memory,
    Observation,
    Packets,
    Thresholds,
    observation_of_bgr,
    observe,
    relearning,
)

Image = NDArray[np.uint8]
LIMITS = Thresholds()
LEARNED = 240
GRAIN = np.random.default_rng(3).normal(0.0, 1.5, (9, 180, 320))


def place(seed: int = 1) -> Image:
    """A place of boxes, as sharp as a picture can be, 320 × 180."""
    dice = np.random.default_rng(seed)
    picture = np.full((180, 320), 120, np.uint8)
    for x, y, w, h, grey in zip(*dice.integers((0, 0, 8, 8, 20), (310, 170, 60, 50, 235), (90, 5)).T, strict=True):
        cv2.rectangle(picture, (int(x), int(y)), (int(x + w), int(y + h)), int(grey), -1)
    return picture


PLACE = place()
NEUTRAL = np.full((90, 160), 128, np.uint8)


def grainy(picture: NDArray[np.generic], second: float) -> Image:
    return np.asarray(np.clip(picture + GRAIN[int(second) % 9], 0, 255), np.uint8)


def sound(second: float) -> Observation:
    return Observation(second, grainy(PLACE, second), NEUTRAL, NEUTRAL, Packets(25, 0))


def watched(
    memory: Memory, seconds: range, look: Callable[[float], Observation] = sound, limits: Thresholds = LIMITS
) -> Iterator[tuple[Memory, Health]]:
    for second in seconds:
        memory, health = observe(memory, look(float(second)), limits)
        yield memory, health


def last(
    memory: Memory, seconds: range, look: Callable[[float], Observation] = sound, limits: Thresholds = LIMITS
) -> tuple[Memory, Health]:
    return list(watched(memory, seconds, look, limits))[-1]


@pytest.fixture(scope="module")
def learned() -> Memory:
    """Four sound minutes, a picture a second."""
    story = list(watched(Memory(), range(LEARNED)))
    assert not any(health.raised for _, health in story)
    return story[-1][0]


def picture(luma: Callable[[float], NDArray[np.generic]]) -> Callable[[float], Observation]:
    return lambda second: Observation(second, grainy(luma(second), second), NEUTRAL, NEUTRAL, Packets(25, 0))


TURN = cv2.getRotationMatrix2D((160, 90), 6.0, 1.0)
PATCHED = np.hstack([np.full((180, 220), 90, np.uint8), PLACE[:, 220:]])
WRONG: dict[Fault, Callable[[float], Observation]] = {
    Fault.BLACK: picture(lambda second: PLACE * 0.0 + 5.0),
    Fault.DARK: picture(lambda second: PLACE * 0.15),
    Fault.BRIGHT: picture(lambda second: PLACE * 3.0),
    Fault.COVERED: picture(lambda second: PATCHED),
    Fault.BLURRED: picture(lambda second: cv2.GaussianBlur(PLACE, (0, 0), 1.5)),
    Fault.MOVED: picture(lambda second: cv2.warpAffine(PLACE, TURN, (320, 180), borderMode=cv2.BORDER_REFLECT)),
    Fault.CAST: lambda second: replace(sound(second), blue=NEUTRAL + np.uint8(18), red=NEUTRAL + np.uint8(22)),
    Fault.FROZEN: lambda second: replace(sound(second), luma=grainy(PLACE, 0.0)),
    Fault.LOSS: lambda second: replace(sound(second), packets=Packets(25, 3)),
}


@pytest.mark.parametrize("fault", list(Fault))
def test_each_fault_is_raised_alone_after_its_delay_and_cleared_after_it(learned: Memory, fault: Fault) -> None:
    delay, begun = LIMITS.delays[fault], LEARNED
    story = list(watched(learned, range(begun, begun + int(delay.raise_after) + 15), WRONG[fault]))
    raised = [(health.at - begun, health.raised) for _, health in story if health.raised]
    assert [faults for _, faults in raised] == [{fault}]
    assert delay.raise_after <= raised[0][0] <= delay.raise_after + 10
    memory, health = story[-1]
    assert health.faults == {fault} and dict(health.since)[fault] <= begun + 6
    after = list(watched(memory, range(int(health.at) + 1, int(health.at) + 181)))
    assert [health.cleared for _, health in after if health.cleared] == [{fault}]
    assert after[-1][1].faults == frozenset() and not any(health.raised for _, health in after)


@pytest.mark.parametrize("fault", sorted(set(Fault) - {Fault.LOSS}))
def test_what_passes_in_seconds_raises_nothing(learned: Memory, fault: Fault) -> None:
    seconds = int(LIMITS.delays[fault].raise_after * 0.6)
    memory, _ = last(learned, range(LEARNED, LEARNED + seconds), WRONG[fault])
    story = list(watched(memory, range(LEARNED + seconds, LEARNED + 200)))
    assert memory.raised == frozenset() and not any(health.raised for _, health in story)


def test_a_single_burst_of_loss_raises_nothing_but_a_small_lasting_loss_does(learned: Memory) -> None:
    def burst(second: float) -> Observation:
        return replace(sound(second), packets=Packets(25, 8 if second == LEARNED + 5 else 0))

    def lasting(second: float) -> Observation:
        return replace(sound(second), packets=Packets(25, 1))

    assert not any(health.raised for _, health in watched(learned, range(LEARNED, LEARNED + 60), burst))
    assert last(learned, range(LEARNED, LEARNED + 60), lasting)[1].faults == {Fault.LOSS}


def test_without_the_delay_a_flash_would_be_an_alarm(learned: Memory) -> None:
    hasty = replace(LIMITS, delays=dict.fromkeys(Fault, Delay(0.001, 0.001)))
    flash = range(LEARNED, LEARNED + 4)
    assert last(learned, flash, WRONG[Fault.BRIGHT], hasty)[1].faults == {Fault.BRIGHT}
    assert last(learned, flash, WRONG[Fault.BRIGHT])[1].faults == frozenset()


def test_a_slow_dusk_and_a_passing_crowd_raise_nothing() -> None:
    crowd = [place(seed) for seed in range(2, 8)]

    def evening(second: float) -> Observation:
        scene = PLACE * (1.0 - 0.6 * min(1.0, second / 1800.0))
        if int(second) % 40 < 12:
            scene[60:, 40:200] = crowd[int(second) % 6][60:, 40:200]
        return Observation(second, grainy(scene, second), NEUTRAL, NEUTRAL)

    assert not any(health.raised for _, health in watched(Memory(), range(0, 2400, 2), evening))


def test_the_fold_is_pure(learned: Memory) -> None:
    observation = sound(LEARNED)
    assert observation.luma is not None and learned.view is not None
    before, view = observation.luma.copy(), learned.view.copy()
    one, two = (observe(learned, observation, LIMITS) for _ in range(2))
    assert one[1] == two[1]
    assert pickle.dumps(one[0]) == pickle.dumps(two[0])
    assert np.array_equal(before, observation.luma) and np.array_equal(view, learned.view)


def test_a_memory_is_small_and_cannot_be_changed(learned: Memory) -> None:
    assert learned.size <= 18_000 and len(pickle.dumps(learned)) < 20_000
    assert learned.view is not None and learned.still is not None
    for plane in (learned.view, learned.still):
        with pytest.raises(ValueError, match="read-only"):
            plane[0, 0] = 1
    with pytest.raises(FrozenInstanceError):
        learned.at = 0.0  # type: ignore[misc]


def test_a_memory_that_was_kept_goes_on_where_it_was(learned: Memory) -> None:
    kept: Memory = pickle.loads(pickle.dumps(learned))
    assert last(kept, range(LEARNED, LEARNED + 70), WRONG[Fault.MOVED])[1].faults == {Fault.MOVED}


def test_an_observation_from_before_is_refused(learned: Memory) -> None:
    with pytest.raises(ValueError, match="in order of time"):
        observe(learned, sound(3.0), LIMITS)


def test_packets_without_a_picture_leave_the_picture_as_it_stood(learned: Memory) -> None:
    memory, _ = last(learned, range(LEARNED, LEARNED + 30), WRONG[Fault.BLACK])
    assert memory.raised == {Fault.BLACK}
    later, health = observe(memory, Observation(LEARNED + 90.0, packets=Packets(900, 0)), LIMITS)
    assert health.faults == {Fault.BLACK}
    assert health.measures.light is None and health.measures.loss == 0.0
    assert later.standings == memory.standings


def test_packets_between_the_pictures_do_not_delay_a_fault(learned: Memory) -> None:
    def both(half: float) -> Observation:
        second = half / 2.0
        return WRONG[Fault.BLACK](second) if half % 2 == 0 else Observation(second, packets=Packets(25, 0))

    story = watched(learned, range(2 * LEARNED, 2 * LEARNED + 60), both)
    raised = [health.at - LEARNED for _, health in story if Fault.BLACK in health.raised]
    assert raised == [pytest.approx(20.0, abs=2.0)]


def test_a_grey_picture_has_no_colour_and_a_bgr_picture_has() -> None:
    grey = observe(Memory(), observation_of_bgr(0.0, PLACE), LIMITS)[1]
    tinted = np.dstack([PLACE // 2, PLACE, PLACE])
    coloured = observe(Memory(), observation_of_bgr(0.0, cv2.resize(tinted, (640, 360))), LIMITS)[1]
    assert grey.measures.colour is None and Fault.CAST not in grey.suspected
    assert coloured.measures.colour is not None and coloured.measures.colour.blue < -20.0


def test_a_view_that_a_person_accepts_is_learned_anew(learned: Memory) -> None:
    memory, health = last(learned, range(LEARNED, LEARNED + 80), WRONG[Fault.MOVED])
    assert health.faults == {Fault.MOVED}
    story = list(watched(relearning(memory), range(LEARNED + 80, LEARNED + 280), WRONG[Fault.MOVED]))
    assert not any(health.faults for _, health in story)
    assert last(story[-1][0], range(LEARNED + 280, LEARNED + 360))[1].faults == {Fault.MOVED}


def test_a_camera_that_was_long_away_is_learned_anew_unless_a_fault_stands(learned: Memory) -> None:
    away = LEARNED + int(LIMITS.forget_after) + 60
    assert observe(learned, sound(away), LIMITS)[0].usual.number == 1
    faulty, _ = last(learned, range(LEARNED, LEARNED + 80), WRONG[Fault.MOVED])
    later, health = last(faulty, range(away, away + 20), WRONG[Fault.MOVED])
    assert health.faults == {Fault.MOVED} and later.usual.number > 100


def test_a_fault_teaches_nothing(learned: Memory) -> None:
    memory, _ = last(learned, range(LEARNED, LEARNED + 300), WRONG[Fault.BLURRED])
    first, _ = last(learned, range(LEARNED, LEARNED + 1), WRONG[Fault.BLURRED])
    assert memory.usual == first.usual == learned.usual
    assert np.array_equal(memory.view, learned.view)  # type: ignore[arg-type]


def test_what_is_masked_can_neither_raise_nor_hide_a_fault(learned: Memory) -> None:
    left = ((0.0, 0.0), (0.55, 0.0), (0.55, 1.0), (0.0, 1.0))
    limits = replace(LIMITS, unseen=(left,))

    def masked(look: Callable[[float], Observation]) -> Callable[[float], Observation]:
        def burnt(second: float) -> Observation:
            observation = look(second)
            assert observation.luma is not None
            plane = observation.luma.copy()
            plane[:, :176] = 0
            return replace(observation, luma=plane)

        return burnt

    story = list(watched(Memory(), range(LEARNED), masked(sound), limits))
    assert not any(health.raised for _, health in story)
    memory = story[-1][0]
    assert last(memory, range(LEARNED, LEARNED + 80), masked(WRONG[Fault.MOVED]), limits)[1].faults == {Fault.MOVED}
    frozen = last(memory, range(LEARNED, LEARNED + 60), masked(WRONG[Fault.FROZEN]), limits)[1]
    assert frozen.faults == {Fault.FROZEN}


def test_a_picture_that_is_masked_throughout_is_not_judged() -> None:
    limits = replace(LIMITS, unseen=(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),))
    story = list(watched(Memory(), range(100), WRONG[Fault.BLACK], limits))
    assert not any(health.suspected or health.faults for _, health in story)
    assert story[-1][1].measures.light is None


def test_a_fault_that_is_switched_off_ends(learned: Memory) -> None:
    memory, health = last(learned, range(LEARNED, LEARNED + 80), WRONG[Fault.MOVED])
    assert health.faults == {Fault.MOVED}
    off = LIMITS.adjusted({"off": ["moved"]})
    health = last(memory, range(LEARNED + 80, LEARNED + 81), WRONG[Fault.MOVED], off)[1]
    assert health.faults == frozenset() and health.cleared == {Fault.MOVED}


def test_a_camera_that_is_black_from_the_first_picture_is_found() -> None:
    assert last(Memory(), range(40), WRONG[Fault.BLACK])[1].faults == {Fault.BLACK}
    grey = picture(lambda second: PLACE * 0.0 + 128.0)
    assert last(Memory(), range(80), grey)[1].faults == {Fault.COVERED}


def test_the_figures_can_be_sent_as_they_are(learned: Memory) -> None:
    _, health = observe(learned, sound(LEARNED), LIMITS)
    sent = json.loads(json.dumps(health.measures.figures()))
    assert {"brightness", "acuity", "match", "loss"} <= sent.keys()
