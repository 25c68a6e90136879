"""Masks are burnt in before anything else: no hidden pixel takes part in a picture."""

from __future__ import annotations

import av
import cv2
import numpy as np
import pytest

from streams.masks import MaskError, Polygon, burn, refuse_faulty
from streams.picture import WIDEST, Darkroom, picture_of, planes_of, size_within, widened

MASK: Polygon = ((0.2, 0.25), (0.55, 0.2), (0.6, 0.7), (0.25, 0.8))


def noise(width: int, height: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height * 3 // 2, width), dtype=np.uint8)


def frame(whole: np.ndarray, form: str = "yuv420p") -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(whole, format=form)


def hidden(width: int, height: int) -> np.ndarray:
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.rint(np.array(MASK) * (width, height)).astype(np.int32)], 255)
    return mask


def differing_under_the_mask(width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Two pictures that differ in every hidden pixel and in no other."""
    one, other = noise(width, height, 1), noise(width, height, 1)
    strange = noise(width, height, 2)
    mask = hidden(width, height)
    half = cv2.erode(cv2.resize(mask, (width // 2, height // 2), interpolation=cv2.INTER_NEAREST), np.ones((3, 3)))
    other[:height][mask > 0] = strange[:height][mask > 0]
    flat, alien = (
        other[height:].reshape(2, height // 2, width // 2),
        strange[height:].reshape(2, height // 2, width // 2),
    )
    for plane, foreign in zip(flat, alien, strict=True):
        plane[half > 0] = foreign[half > 0]
    return one, other


@pytest.mark.parametrize(("width", "height"), [(640, 360), (1280, 720), (768, 432), (1920, 1080)])
def test_pictures_that_differ_only_under_the_mask_become_the_same_bytes(width: int, height: int) -> None:
    one, other = differing_under_the_mask(width, height)
    assert not np.array_equal(one, other)
    assert picture_of(frame(one), [MASK]).jpeg == picture_of(frame(other), [MASK]).jpeg


def test_without_the_mask_they_would_differ() -> None:
    one, other = differing_under_the_mask(640, 360)
    assert picture_of(frame(one)).jpeg != picture_of(frame(other)).jpeg


def test_hidden_pixels_are_one_colour_in_the_jpeg() -> None:
    picture = picture_of(frame(noise(1280, 720, 3)), [MASK])
    decoded = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    block = 16  # a block of the JPEG that the edge crosses holds both sides of it
    inside = cv2.erode(hidden(picture.width, picture.height), np.ones((2 * block + 3, 2 * block + 3))) > 0
    assert inside.sum() > 10_000
    assert np.unique(decoded[inside].reshape(-1, 3), axis=0).shape[0] == 1


def test_masking_leaves_the_decoders_own_picture_alone() -> None:
    whole = noise(640, 360, 4)
    decoded = frame(whole)
    picture_of(decoded, [MASK])
    assert np.array_equal(decoded.to_ndarray(), whole)


@pytest.mark.parametrize("size", [(640, 360), (352, 288), (322, 182)])
def test_a_picture_that_needs_no_scaling_is_what_the_scaler_would_make_of_it(size: tuple[int, int]) -> None:
    source = frame(noise(*size, 6))
    scaler = planes_of(Darkroom().small(source, *size, "yuvj420p"))
    for ours, theirs in zip(widened(source), scaler, strict=True):
        assert ours.shape == theirs.shape
        assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1


@pytest.mark.parametrize("form", ["yuv422p", "yuvj420p", "gray", "rgb24", "yuv420p10le"])
def test_other_pixel_formats_are_masked_too(form: str) -> None:
    source = frame(noise(640, 360, 5)).reformat(format=form)
    picture = picture_of(source, [MASK])
    decoded = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    inside = cv2.erode(hidden(640, 360), np.ones((17, 17))) > 0
    assert int(decoded[inside].max()) <= 8


@pytest.mark.parametrize(
    "faulty",
    [
        ((0.1, 0.1), (0.2, 0.2)),
        ((0.1, 0.1), (0.2, 0.2), (0.3, 0.3)),
        ((0.1, 0.1), (1.2, 0.2), (0.3, 0.9)),
        ((0.1, 0.1), (float("nan"), 0.2), (0.3, 0.9)),
        ((-0.1, 0.1), (0.5, 0.2), (0.3, 0.9)),
        (),
    ],
)
def test_a_mask_that_cannot_be_applied_gives_no_picture(faulty: Polygon) -> None:
    with pytest.raises(MaskError):
        refuse_faulty([faulty])
    with pytest.raises(MaskError):
        picture_of(frame(noise(64, 48, 1)), [faulty])


def test_planes_of_another_shape_are_refused_and_not_half_masked() -> None:
    read_only = np.zeros((8, 8), np.uint8)
    read_only.setflags(write=False)
    with pytest.raises(MaskError):
        burn((read_only, read_only, read_only), [MASK])


@pytest.mark.parametrize(
    ("size", "wanted"),
    [((1920, 1080), (640, 360)), ((640, 360), (640, 360)), ((7680, 4320), (640, 360)), ((101, 61), (100, 60)),
     ((3, 3), (4, 4)), ((400, 4000), (400, 4000))],
)  # fmt: skip
def test_pictures_are_at_most_640_wide_and_even(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    got = size_within(*size)
    assert got[0] <= WIDEST and got[0] % 2 == 0 and got[1] % 2 == 0
    assert abs(got[0] - wanted[0]) <= 2 and abs(got[1] - wanted[1]) <= 2


def test_brightness_is_the_mean_luminance() -> None:
    dark, light = np.full((540, 640), 128, np.uint8), np.full((540, 640), 128, np.uint8)
    dark[:360], light[:360] = 16, 235
    assert picture_of(frame(dark)).brightness == pytest.approx(0, abs=1)
    assert picture_of(frame(light)).brightness == pytest.approx(255, abs=1)
