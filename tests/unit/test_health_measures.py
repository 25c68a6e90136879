"""Measures of a picture: each follows what it is named after, and leaves the rest alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from streams import health_measures as hm

Image = NDArray[np.uint8]
ALL = hm.seen_blocks(())


def place(seed: int = 1) -> Image:
    """A place of boxes and lines, as sharp as a picture can be, 320 × 180."""
    dice = np.random.default_rng(seed)
    picture = np.full((180, 320), 120, np.uint8)
    for x, y, w, h, grey in zip(*dice.integers((0, 0, 8, 8, 20), (310, 170, 60, 50, 235), (90, 5)).T, strict=True):
        cv2.rectangle(picture, (int(x), int(y)), (int(x + w), int(y + h)), int(grey), -1)
    return picture


def grainy(picture: NDArray[np.generic], sigma: float, seed: int = 5) -> Image:
    noise = np.random.default_rng(seed).normal(0.0, sigma, picture.shape)
    return np.asarray(np.clip(picture.astype(float) + noise, 0, 255), np.uint8)


def acuity(picture: Image, grain: float = 0.0) -> float:
    found = hm.edges(hm.framed(picture, ALL), grain).acuity
    assert found is not None
    return found


def test_brightness_and_contrast_are_those_of_the_pixels() -> None:
    picture = place()
    light = hm.light(hm.framed(picture, ALL))
    assert light.brightness == pytest.approx(picture.mean(), abs=0.6)
    assert light.contrast == pytest.approx(picture.std(), rel=0.05)


def test_any_size_is_brought_to_the_measuring_size() -> None:
    large = cv2.resize(place(), (1280, 720), interpolation=cv2.INTER_NEAREST)
    one, other = (hm.light(hm.framed(picture, ALL)) for picture in (place(), large))
    assert one.brightness == pytest.approx(other.brightness, abs=0.5)


@pytest.mark.parametrize("wrong", [np.zeros((180, 320, 3), np.uint8), np.zeros((180, 320)), np.zeros((9, 9), np.uint8)])
def test_what_is_no_picture_is_refused_with_its_shape(wrong: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="8-bit plane") as refusal:
        hm.framed(wrong, ALL)
    assert str(wrong.shape) in str(refusal.value)


def test_white_pixels_are_counted_as_blown() -> None:
    picture = np.full((180, 320), 100, np.uint8)
    picture[:90] = 255
    assert hm.light(hm.framed(picture, ALL)).blown == pytest.approx(0.5, abs=0.01)


def test_acuity_falls_with_blur_and_sharpness_with_it() -> None:
    pictures = [place(), *(cv2.GaussianBlur(place(), (0, 0), sigma) for sigma in (1.0, 2.0, 4.0))]
    acuities = [acuity(picture) for picture in pictures]
    variances = [hm.edges(hm.framed(picture, ALL), 0.0).sharpness for picture in pictures]
    assert acuities == sorted(acuities, reverse=True) and acuities[1] < 0.82 * acuities[0]
    assert variances == sorted(variances, reverse=True)


@pytest.mark.parametrize("gain", [0.3, 0.5, 0.8])
def test_acuity_does_not_follow_dusk_but_the_variance_of_the_laplacian_does(gain: float) -> None:
    dim = np.asarray(place() * gain, np.uint8)
    assert acuity(dim) == pytest.approx(acuity(place()), rel=0.06)
    assert hm.edges(hm.framed(dim, ALL), 0.0).sharpness < gain * hm.edges(hm.framed(place(), ALL), 0.0).sharpness


def test_noise_does_not_make_a_blurred_picture_sharp() -> None:
    soft = grainy(cv2.GaussianBlur(place(), (0, 0), 2.0), 4.0)
    assert acuity(soft, grain=4.5) < 0.82 * acuity(place())


def test_a_plain_picture_has_no_acuity_and_no_texture() -> None:
    edges = hm.edges(hm.framed(grainy(np.full((180, 320), 90), 2.0), ALL), 2.2)
    assert edges.acuity is None and edges.texture == 0.0


def test_grain_is_the_noise_of_two_pictures_and_stir_leaves_out_what_moves() -> None:
    one, other = (hm.samples(hm.framed(grainy(place(), 2.0, seed), ALL)) for seed in (1, 2))
    still = hm.stillness(one, other, ALL)
    assert still.grain == pytest.approx(2.0 * 2**0.5 * 0.8, rel=0.25)
    moving = other.copy()
    moving[:4] = 255 - moving[:4]  # a running clock: 9 % of the samples
    assert hm.stillness(one, moving, ALL).stir < 1.4 * still.stir
    assert hm.stillness(one, one, ALL) == hm.Stillness(0.0, 0.0, 1.0)


def test_a_view_matches_itself_in_another_light_and_with_noise() -> None:
    view = hm.framed(place(), ALL).small
    dusk = hm.likeness(hm.framed(grainy(place() * 0.4 + 30, 2.0), ALL), view, 2.0)
    assert dusk is not None and dusk.match > 0.9 and dusk.lost < 0.05 and dusk.foreign < 0.05


def test_a_patch_takes_structure_away_and_another_place_brings_its_own() -> None:
    view = hm.framed(place(), ALL).small
    patched = place()
    patched[:, :192] = 80
    lost = hm.likeness(hm.framed(patched, ALL), view, 0.0)
    assert lost is not None and lost.lost == pytest.approx(0.6, abs=0.08) and lost.foreign < 0.1
    other = hm.likeness(hm.framed(place(2), ALL), view, 0.0)
    assert other is not None and other.foreign > 0.5 > other.lost


def test_a_view_without_structure_is_compared_with_nothing() -> None:
    plain = hm.framed(np.full((180, 320), 90, np.uint8), ALL)
    assert hm.likeness(plain, plain.small, 0.0) is None


@pytest.mark.parametrize(("x", "y"), [(16, 0), (-32, 0), (0, 14), (12, -9)])
def test_a_shift_is_measured_in_shares_of_the_width(x: int, y: int) -> None:
    moved = cv2.warpAffine(place(), np.array([[1, 0, x], [0, 1, y]], float), (320, 180), borderMode=cv2.BORDER_REFLECT)
    shift = hm.shift(hm.framed(moved, ALL), hm.framed(place(), ALL).small)
    assert (shift.x, shift.y) == pytest.approx((x / 320, y / 320), abs=0.004)
    assert shift.apart == pytest.approx(shift.length, abs=0.01)


def test_a_turn_moves_the_quarters_apart_and_a_view_that_stays_does_not() -> None:
    turn = cv2.getRotationMatrix2D((160, 90), 3.0, 1.0)
    turned = cv2.warpAffine(place(), turn, (320, 180), borderMode=cv2.BORDER_REFLECT)
    view = hm.framed(place(), ALL).small
    assert hm.shift(hm.framed(turned, ALL), view).apart > 0.008
    assert hm.shift(hm.framed(grainy(place(), 3.0), ALL), view).apart < 0.004


def test_a_place_that_is_not_found_again_has_not_moved() -> None:
    shift = hm.shift(hm.framed(grainy(np.full((180, 320), 100), 20.0), ALL), hm.framed(place(), ALL).small)
    assert shift.length == shift.apart == 0.0


def test_a_colour_on_everything_is_a_cast_and_a_coloured_thing_is_none() -> None:
    neutral = np.full((90, 160), 128, np.uint8)
    lawn = neutral.copy()
    lawn[:60] = 90
    assert hm.colour(lawn, neutral, ALL).neutral < 1.0
    assert hm.colour(lawn, neutral, ALL).blue == pytest.approx(-38.0)
    pink = hm.colour(neutral + np.uint8(10), neutral + np.uint8(20), ALL)
    assert pink.neutral == pytest.approx(22.4, abs=0.1)


def test_masked_blocks_take_no_part_in_any_number() -> None:
    corner = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5), (0.0, 0.5))
    seen = hm.seen_blocks([corner])
    picture, masked = place(), place()
    masked[:90, :160] = 16
    assert 0 < np.count_nonzero(~seen) < 60
    one, other = (hm.framed(plane, seen) for plane in (picture, masked))
    assert hm.light(one) == hm.light(other)
    assert hm.edges(one, 0.0) == hm.edges(other, 0.0)
    assert hm.likeness(one, one.small, 0.0) == hm.likeness(other, other.small, 0.0)
    assert hm.stillness(hm.samples(one), hm.samples(other), seen).stir == 0.0
    assert hm.light(hm.framed(masked, ALL)) != hm.light(hm.framed(picture, ALL))


def test_a_small_mask_hides_every_block_that_it_touches() -> None:
    seen = hm.seen_blocks([((0.49, 0.49), (0.51, 0.49), (0.51, 0.51), (0.49, 0.51))])
    assert 1 <= np.count_nonzero(~seen) <= 4 and not seen[4, 8]
