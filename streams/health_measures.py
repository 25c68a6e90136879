"""What a key picture says about its camera's condition, as numbers: light, sharpness, structure, colour, stillness.

Every picture is scaled to 320 × 180 and divided into 16 × 9 blocks of 20 × 20 pixels; blocks touched by a mask or by
the camera's own lettering (`unseen`) take no part in any number. Nothing here decides, remembers or reads a clock.
Numbers describe the scene as a whole: no thing and no person in it is looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
Numbers = NDArray[np.float32]
Flags = NDArray[np.bool_]
Polygon = tuple[tuple[float, float], ...]
"""Corners as shares of width and height, 0..1."""

WIDTH, HEIGHT = 320, 180
ACROSS, DOWN = 16, 9
BLOCK = 20
VIEW_WIDTH, VIEW_HEIGHT = WIDTH // 2, HEIGHT // 2
SAMPLE_STEP = 4
FEWEST_BLOCKS = 12
"""Fewer blocks than this in sight are no picture to judge: the rest of it is masked."""

_LIT = 64
_BLOWN = 250
_SHARP_RANGE = 16.0
"""Grey levels between the darkest and the brightest pixel of a block from which its edges can be judged."""
_FEWEST_EDGES = 4
_SHARP_QUANTILE = 0.75
_TEXTURE = 2.0
"""Standard deviation of a block's 4 × 4 means, in grey levels, from which it holds structure."""
_STRUCTURE = 1.5
"""The same of a block of the reference view, which holds next to no noise."""
_FEWEST_STRUCTURED = 8
_RECOGNISED = 0.35
"""Correlation with the reference view below which a block shows something else, or nothing."""
_CALM, _CALMER = 0.90, 0.50
_GRAIN = 2.4
"""The mean of all normal deviates without sign, over that of the smaller half of them."""
_NEUTRAL = 0.10
_BOUND = 24.0
_CLEAR = 0.12
"""Height of the peak of a phase correlation: two views of one place have 0.4 and more, of different places 0.06."""


@dataclass(frozen=True, slots=True)
class Light:
    """Brightness and contrast: mean and standard deviation of the luminance, 0..255. `lit`: share of blocks with a
    pixel ≥ 64. `blown`: share of pixels ≥ 250."""

    brightness: float
    contrast: float
    lit: float
    blown: float


@dataclass(frozen=True, slots=True)
class Edges:
    """`sharpness`: variance of the Laplacian. `acuity`: how much of the range from dark to bright a block's steepest
    edge crosses within two pixels, 0..1 (a quartile over blocks); None where too few blocks have a range to judge.
    `texture`: share of blocks with structure beyond noise."""

    sharpness: float
    acuity: float | None
    texture: float


@dataclass(frozen=True, slots=True)
class Stillness:
    """Two pictures' samples compared. `stir`: mean difference of the calmest 90 %, in grey levels (the rest may be
    what moves, or a running clock). `grain`: the sensor's noise, from the calmest half, on the same scale.
    `alike`: share that differs by at most two levels."""

    stir: float
    grain: float
    alike: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """A picture beside the reference view. `match`: mean correlation of the blocks that hold structure, -1..1.
    `lost`: share of these blocks where nothing of the structure is left and nothing else has come in its place.
    `foreign`: share of them that now show another structure."""

    match: float
    lost: float
    foreign: float


@dataclass(frozen=True, slots=True)
class Shift:
    """How far the picture has moved against the reference view, in shares of its width: `x`, `y` as a whole, and
    `apart`: what three of its four quarters have moved at least, which a turn about the middle shows as well. A
    part in which the view is not clearly found again has not moved, but vanished: 0."""

    x: float
    y: float
    apart: float

    @property
    def length(self) -> float:
        return hypot(self.x, self.y)


@dataclass(frozen=True, slots=True)
class Colour:
    """Chroma about neutral grey, -128..127: the median block's blue and red; `neutral`: the chroma's length in the
    greyest tenth of the blocks, which is near 0 in light of any usual kind."""

    blue: float
    red: float
    neutral: float


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture brought to the measuring sizes: 320 × 180 luminance, the brightest pixel of each of its blocks, its half and
    quarter, and the blocks in sight."""

    luma: Plane
    highest: Plane
    small: Plane
    grey: Numbers
    means: Numbers
    spreads: Numbers
    seen: Flags

    @property
    def in_sight(self) -> int:
        return int(np.count_nonzero(self.seen))


def framed(luma: Plane, seen: Flags) -> Frame:
    """Bring a luminance plane of any size (full range, black 0, white 255) to the measuring sizes.

    Raises:
        ValueError: the plane is not two-dimensional 8-bit, or smaller than 32 × 18.
    """
    if luma.ndim != 2 or luma.dtype != np.uint8 or luma.shape[0] < 18 or luma.shape[1] < 32:
        raise ValueError(f"Expected an 8-bit plane of at least 32 × 18 pixels, got {luma.dtype} {luma.shape}.")
    plane = luma if luma.shape == (HEIGHT, WIDTH) else _scaled(luma, (WIDTH, HEIGHT))
    small = _scaled(plane, (VIEW_WIDTH, VIEW_HEIGHT))
    grey = small.astype(np.float32)
    means = block_means(grey)
    return Frame(plane, _highest(plane), small, grey, means, _spreads(grey, means), seen)


def _scaled(plane: Plane, size: tuple[int, int]) -> Plane:
    scaled: Plane = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    return scaled


def seen_blocks(unseen: Sequence[Polygon]) -> Flags:
    """Which of the 9 × 16 blocks no polygon touches, with a margin of 2 pixels for its edge."""
    if not unseen:
        return np.ones((DOWN, ACROSS), np.bool_)
    raster = np.zeros((HEIGHT, WIDTH), np.uint8)
    for polygon in unseen:
        corners = np.rint(np.asarray(polygon, np.float64) * (WIDTH, HEIGHT)).astype(np.int32)
        cv2.fillPoly(raster, [corners], 255)
        cv2.polylines(raster, [corners], True, 255, 5)
    return np.equal(_highest(raster), 0)


def _highest(plane: Plane) -> Plane:
    columns = plane.reshape(DOWN, BLOCK, WIDTH).max(axis=1)
    return np.asarray(columns.reshape(DOWN, ACROSS, BLOCK).max(axis=2), np.uint8)


def _lowest(plane: Plane) -> Plane:
    columns = plane.reshape(DOWN, BLOCK, WIDTH).min(axis=1)
    return np.asarray(columns.reshape(DOWN, ACROSS, BLOCK).min(axis=2), np.uint8)


def block_means(values: Numbers) -> Numbers:
    """The mean of each of the 9 × 16 blocks."""
    means: Numbers = cv2.resize(values, (ACROSS, DOWN), interpolation=cv2.INTER_AREA)
    return means


def _spreads(values: Numbers, means: Numbers) -> Numbers:
    """The variance of each block."""
    return np.maximum(block_means(values * values) - means * means, np.float32(0.0))


def light(frame: Frame) -> Light:
    means, spreads = frame.means[frame.seen], frame.spreads[frame.seen]
    contrast = float(spreads.mean() + means.var()) ** 0.5
    lit = float((frame.highest[frame.seen] >= _LIT).mean())
    return Light(float(means.mean()), contrast, lit, _blown(frame))


def _blown(frame: Frame) -> float:
    white = cv2.compare(frame.luma, _BLOWN, cv2.CMP_GE)
    if frame.seen.all():
        return int(cv2.countNonZero(white)) / int(white.size)
    return float(_scaled(white, (ACROSS, DOWN))[frame.seen].mean()) / 255.0


def edges(frame: Frame, grain: float) -> Edges:
    return Edges(_sharpness(frame), _acuity(frame, grain), _texture(frame, grain))


def _sharpness(frame: Frame) -> float:
    laplacian = cv2.Laplacian(frame.luma, cv2.CV_16S)
    if frame.seen.all():
        return float(cv2.norm(laplacian, cv2.NORM_L2SQR)) / float(laplacian.size)
    square = np.square(laplacian, dtype=np.float32)
    return float(block_means(square)[frame.seen].mean())


def _acuity(frame: Frame, grain: float) -> float | None:
    """The share of a block's range that its steepest edge crosses in two pixels: independent of contrast, so that fog
    and dusk leave it alone, and nearly so of noise, which adds little to a range of many levels."""
    luma = frame.luma
    steep = np.zeros_like(luma)
    across = cv2.absdiff(luma[1:-1, 2:], luma[1:-1, :-2])
    down = cv2.absdiff(luma[2:, 1:-1], luma[:-2, 1:-1])
    steep[1:-1, 1:-1] = cv2.max(across, down)
    spans = (frame.highest.astype(np.float32) - _lowest(luma))[frame.seen]
    wide = spans >= max(_SHARP_RANGE, 8.0 * grain)
    if np.count_nonzero(wide) < _FEWEST_EDGES:
        return None
    crossed = np.sort(_highest(steep)[frame.seen][wide] / spans[wide])
    return float(crossed[int(_SHARP_QUANTILE * (len(crossed) - 1))])


def _texture(frame: Frame, grain: float) -> float:
    cells = _scaled(frame.small, (VIEW_WIDTH // 2, VIEW_HEIGHT // 2)).astype(np.float32)
    spreads = _spreads(cells, block_means(cells))[frame.seen]
    return float((spreads > max(_TEXTURE, 0.75 * grain) ** 2).mean())


def samples(frame: Frame) -> Plane:
    """Every fourth pixel of every fourth row, 45 × 80: not averaged, so that the sensor's noise is still in them."""
    return np.ascontiguousarray(frame.luma[1::SAMPLE_STEP, 2::SAMPLE_STEP])


def stillness(now: Plane, before: Plane, seen: Flags) -> Stillness:
    """Compare the samples of two pictures in the blocks in sight."""
    difference = cv2.absdiff(now, before)
    if not seen.all():
        difference = difference[_enlarged(seen, BLOCK // SAMPLE_STEP)]
    counts = np.bincount(difference.ravel(), minlength=256)
    total = int(counts.sum())
    return Stillness(
        _calm_mean(counts, _CALM * total), _GRAIN * _calm_mean(counts, _CALMER * total), float(counts[:3].sum()) / total
    )


def _calm_mean(counts: NDArray[np.intp], number: float) -> float:
    """The mean of the `number` smallest differences, from how often each difference occurs."""
    below = np.cumsum(counts) - counts
    taken = np.clip(number - below, 0.0, counts)
    return float(taken @ np.arange(256.0)) / number


def _enlarged(flags: Flags, each: int) -> Flags:
    larger: Flags = np.repeat(np.repeat(flags, each, axis=0), each, axis=1)
    return larger


def likeness(frame: Frame, view: Plane, grain: float) -> Likeness | None:
    """The picture beside the reference view (90 × 160); None where the view holds too little structure to compare."""
    now, then = _relief(frame.grey), _relief(view.astype(np.float32))
    spreads = _spreads(then, block_means(then))
    structured = (spreads > _STRUCTURE**2) & _within(frame.seen)
    if np.count_nonzero(structured) < _FEWEST_STRUCTURED:
        return None
    means_now, means_then = block_means(now), block_means(then)
    both = (block_means(now * then) - means_now * means_then)[structured]
    now_, before = _spreads(now, means_now)[structured], spreads[structured]
    match = both / np.sqrt((now_ + 0.25) * before)
    unknown, empty = match < _RECOGNISED, now_ < 0.25 * before + 0.5 * grain * grain
    return Likeness(float(match.mean()), float((unknown & empty).mean()), float((unknown & ~empty).mean()))


def _within(seen: Flags) -> Flags:
    """The blocks in sight that do not touch one that is not: the edge of a mask would stand out in their relief."""
    if seen.all():
        return seen
    inner: Plane = cv2.erode(seen.astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.equal(inner, 1)


def shift(frame: Frame, view: Plane) -> Shift:
    """By phase correlation of the local contrast of both pictures, as a whole and in quarters."""
    now, then = _bounded(frame.grey, frame.seen), _bounded(view.astype(np.float32), frame.seen)
    x, y = _displaced(then, now, _window(VIEW_WIDTH, VIEW_HEIGHT))
    halves = (slice(0, VIEW_HEIGHT // 2), slice(VIEW_HEIGHT // 2, None))
    sides = (slice(0, VIEW_WIDTH // 2), slice(VIEW_WIDTH // 2, None))
    window = _window(VIEW_WIDTH // 2, VIEW_HEIGHT // 2)
    parts = sorted(hypot(*_displaced(then[half, side], now[half, side], window)) for half in halves for side in sides)
    return Shift(x / VIEW_WIDTH, y / VIEW_WIDTH, parts[1] / VIEW_WIDTH)


def _window(width: int, height: int) -> Numbers:
    window: Numbers = cv2.createHanningWindow((width, height), cv2.CV_32F)
    return window


def _displaced(then: Numbers, now: Numbers, window: Numbers) -> tuple[float, float]:
    """Pixels by which `now` has moved against `then`; none where they have nothing clearly in common."""
    (x, y), clarity = cv2.phaseCorrelate(np.ascontiguousarray(then), np.ascontiguousarray(now), window)
    return (float(x), float(y)) if clarity >= _CLEAR else (0.0, 0.0)


def _relief(values: Numbers) -> Numbers:
    """What stands out from its surroundings: without the soft shapes that a lamp, a shadow or a cloud makes."""
    relief: Numbers = values - cv2.blur(values, (15, 15))
    return relief


def _bounded(values: Numbers, seen: Flags) -> Numbers:
    """The relief in the blocks in sight, bounded so that no lamp outweighs the rest."""
    relief = np.clip(_relief(values), -_BOUND, _BOUND)
    return relief if seen.all() else np.where(_enlarged(seen, VIEW_WIDTH // ACROSS), relief, np.float32(0.0))


def colour(blue: Plane, red: Plane, seen: Flags) -> Colour:
    """From the two chroma planes (Cb, Cr; neutral is 128) of any size, at least 16 × 9."""
    blues, reds = (_scaled(plane, (ACROSS, DOWN)).astype(np.float32)[seen] - 128.0 for plane in (blue, red))
    lengths = np.sort(np.hypot(blues, reds))
    return Colour(_median(blues), _median(reds), float(lengths[int(_NEUTRAL * len(lengths))]))


def _median(values: Numbers) -> float:
    """Of so few numbers sorting finds it in a tenth of the time that `numpy.median` takes."""
    ranked = np.sort(values)
    return (float(ranked[(len(ranked) - 1) // 2]) + float(ranked[len(ranked) // 2])) / 2.0
