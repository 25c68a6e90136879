"""A small stage for drawn places: a lens over a flat ground, light and haze, boxes, and moving light spots.

Everything is drawn twice as large as it is shown and then halved, which smooths all edges at little cost. Colours are
what things have by themselves; light comes afterwards as one multiplication and one addition for a whole frame, so that
the same street serves day, rain and night. Lengths on the ground are metres: x to the right, y up, z away.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 640, 360
BIG_WIDTH, BIG_HEIGHT = 2 * WIDTH, 2 * HEIGHT
_SHIFT = 3

Image = NDArray[np.uint8]
Colour = tuple[float, float, float]
"""Blue, green, red, each 0..255: OpenCV's order."""
Point = tuple[float, float, float]


def rgb(text: str) -> Colour:
    """`rgb("#C8B79A")` as a `Colour`."""
    red, green, blue = (int(text[i : i + 2], 16) for i in (1, 3, 5))
    return float(blue), float(green), float(red)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`one` with a share (0..1) of `other`."""
    return (
        one[0] + (other[0] - one[0]) * share,
        one[1] + (other[1] - one[1]) * share,
        one[2] + (other[2] - one[2]) * share,
    )


def shade(colour: Colour, factor: float) -> Colour:
    """Brighter or darker by a factor."""
    return min(255.0, colour[0] * factor), min(255.0, colour[1] * factor), min(255.0, colour[2] * factor)


@dataclass(frozen=True, slots=True)
class Light:
    """The light of an hour and weather.

    Attributes:
        top, low: the sky's colours, above and at the horizon.
        ambient: what every colour is multiplied by, 1.0 = as painted.
        haze: metres after which half of a colour has become sky.
        night: lamps and windows shine.
        rain: streaks and wet ground.
    """

    top: Colour
    low: Colour
    ambient: Colour
    haze: float
    night: bool = False
    rain: bool = False
    noise: float = 2.0


LIGHTS = {
    "day": Light(rgb("#7F9FC0"), rgb("#C4D2DC"), (0.97, 0.97, 0.96), 190.0),
    "overcast": Light(rgb("#98A3AC"), rgb("#BDC4C8"), (0.86, 0.85, 0.83), 130.0),
    "dusk": Light(rgb("#586A96"), rgb("#DDAE8C"), (0.63, 0.58, 0.62), 130.0, night=True),
    "night": Light(rgb("#5A6880"), rgb("#7C8798"), (0.30, 0.25, 0.22), 150.0, night=True, noise=3.0),
    "rain": Light(rgb("#8D979F"), rgb("#B0B9BE"), (0.88, 0.86, 0.83), 105.0, rain=True),
    "fog": Light(rgb("#B3BABD"), rgb("#C3C8CA"), (0.92, 0.91, 0.90), 36.0),
    "wet-night": Light(rgb("#56647A"), rgb("#747F90"), (0.29, 0.25, 0.22), 110.0, night=True, rain=True, noise=3.0),
}
"""The hours and weathers that a place can have."""


@dataclass(frozen=True, slots=True)
class Lens:
    """A camera on a pole: focal length and centre in (doubled) pixels, height in metres; the horizon is level."""

    height: float = 7.0
    focal: float = 1080.0
    centre: float = BIG_WIDTH / 2
    horizon: float = 0.30 * BIG_HEIGHT

    def seen(self, x: float, y: float, z: float) -> tuple[float, float]:
        return self.centre + self.focal * x / z, self.horizon + self.focal * (self.height - y) / z

    def span(self, metres: float, z: float) -> float:
        """The length in pixels of something `metres` long, `z` metres away."""
        return self.focal * metres / z


@dataclass(slots=True)
class Spot:
    """A light in the picture: place and radius in doubled pixels, colour as it adds."""

    x: float
    y: float
    radius: float
    colour: Colour


@dataclass(slots=True)
class Stage:
    """What is drawn on. `paint`: colours; `shine`: what gives light by itself; `spots`: soft lights."""

    lens: Lens
    light: Light
    dice: random.Random
    paint: Image
    shine: Image
    spots: list[Spot] = field(default_factory=list)
    pools: list[tuple[float, float, float, float, Colour]] = field(default_factory=list)
    """Light on the ground: centre, half width and half height in doubled pixels, and its strength."""

    def flat(self, points: Sequence[tuple[float, float]], colour: Colour, *, shine: bool = False) -> None:
        """A polygon in (doubled) pixels."""
        corners = np.rint(np.asarray(points, np.float64) * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(self.shine if shine else self.paint, [corners], colour, cv2.LINE_AA, _SHIFT)

    def ellipse(self, x: float, y: float, wide: float, high: float, colour: Colour, *, shine: bool = False) -> None:
        """A filled ellipse in (doubled) pixels, by its half axes."""
        centre, axes = _fixed(x, y), _fixed(max(wide, 0.3), max(high, 0.3))
        image = self.shine if shine else self.paint
        cv2.ellipse(image, centre, axes, 0, 0, 360, colour, -1, cv2.LINE_AA, _SHIFT)

    def line(self, points: Sequence[tuple[float, float]], colour: Colour, wide: float) -> None:
        corners = np.rint(np.asarray(points, np.float64) * (1 << _SHIFT)).astype(np.int32)
        cv2.polylines(self.paint, [corners], False, colour, max(1, round(wide)), cv2.LINE_AA, _SHIFT)

    def hazed(self, colour: Colour, z: float) -> Colour:
        """A colour as it looks `z` metres away."""
        return mix(colour, self.light.low, 1.0 - 0.5 ** (z / self.light.haze))

    def facet(self, points: Sequence[Point], colour: Colour, *, shine: bool = False) -> None:
        """A polygon in space; what is nearer than one metre is cut off."""
        kept = _cut(points, 1.0)
        if len(kept) < 3:
            return
        far = sum(point[2] for point in kept) / len(kept)
        self.flat([self.lens.seen(*point) for point in kept], self.hazed(colour, far), shine=shine)

    def rect(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, *, shine: bool = False) -> None:
        """An upright rectangle in (doubled) pixels."""
        self.flat([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour, shine=shine)

    def wall(
        self, x0: float, x1: float, y0: float, y1: float, z: float, colour: Colour, *, shine: bool = False
    ) -> None:
        """An upright rectangle that faces the lens."""
        self.facet([(x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)], colour, shine=shine)

    def side(
        self, x: float, y0: float, y1: float, z0: float, z1: float, colour: Colour, *, shine: bool = False
    ) -> None:
        """An upright rectangle along the view."""
        self.facet([(x, y0, z0), (x, y1, z0), (x, y1, z1), (x, y0, z1)], colour, shine=shine)

    def slab(self, x0: float, x1: float, z0: float, z1: float, colour: Colour, *, y: float = 0.0) -> None:
        """A level rectangle; `ground` is the one for long ones."""
        self.facet([(x0, y, z0), (x1, y, z0), (x1, y, z1), (x0, y, z1)], colour)

    def ground(self, x0: float, x1: float, z0: float, z1: float, colour: Colour, y: float = 0.0) -> None:
        """A rectangle on the ground, in slices where it is long, so that it fades into the haze."""
        steps = max(1, min(12, int((z1 - z0) / 15)))
        for step in range(steps - 1, -1, -1):
            near, far = z0 + (z1 - z0) * step / steps, z0 + (z1 - z0) * (step + 1) / steps
            self.slab(x0, x1, near, far, colour, y=y)

    def box(self, x: tuple[float, float], y: tuple[float, float], z: tuple[float, float], colour: Colour) -> None:
        """A box by its spans: the sides that the lens sees, the one away from the light darker."""
        (x0, x1), (y0, y1), (z0, z1) = x, y, z
        if y1 < self.lens.height:
            self.slab(x0, x1, z0, z1, shade(colour, 1.12), y=y1)
        if x1 < 0:
            self.side(x1, y0, y1, z0, z1, shade(colour, 0.84))
        if x0 > 0:
            self.side(x0, y0, y1, z0, z1, shade(colour, 0.93))
        self.wall(x0, x1, y0, y1, z0, colour)

    def shadow(self, x: float, z: float, wide: float, deep: float, strength: float = 0.35) -> None:
        """A soft dark ellipse on the ground (in metres)."""
        if z - deep < 2.0:
            return
        sx, sy = self.lens.seen(x, 0.0, z)
        wide_px = self.lens.span(wide, z)
        high_px = abs(self.lens.seen(x, 0, z - deep)[1] - self.lens.seen(x, 0, z + deep)[1]) / 2
        x0, x1 = int(max(0, sx - wide_px)), int(min(BIG_WIDTH, sx + wide_px + 1))
        y0, y1 = int(max(0, sy - high_px)), int(min(BIG_HEIGHT, sy + high_px + 1))
        if x1 - x0 < 2 or y1 - y0 < 2:
            return
        under = self.paint[y0:y1, x0:x1]
        mask = np.zeros(under.shape[:2], np.uint8)
        centre = (round(sx) - x0, round(sy) - y0)
        cv2.ellipse(mask, centre, (max(1, round(wide_px)), max(1, round(high_px))), 0, 0, 360, 255, -1, cv2.LINE_AA)
        dark = cv2.convertScaleAbs(under, alpha=1.0 - strength)
        cv2.copyTo(dark, mask, under)

    def spot(self, x: float, y: float, z: float, radius: float, colour: Colour) -> None:
        """A soft light at a place in space; `radius` in metres."""
        if z > 1.5:
            self.spots.append(Spot(*self.lens.seen(x, y, z), self.lens.span(radius, z), colour))


def stage(lens: Lens, light: Light, seed: int) -> Stage:
    """An empty stage: nothing painted, nothing shining."""
    paint: Image = np.zeros((BIG_HEIGHT, BIG_WIDTH, 3), np.uint8)
    return Stage(lens, light, random.Random(seed), paint, np.zeros_like(paint))  # noqa: S311


def sky(on: Stage, clouds: int = 5) -> None:
    """The sky down to the horizon, with a few flat clouds by day; below it the colour of the haze."""
    edge = int(on.lens.horizon) + 2
    share = np.linspace(0.0, 1.0, edge, dtype=np.float32)[:, None] ** 1.2
    top, low = np.asarray(on.light.top, np.float32), np.asarray(on.light.low, np.float32)
    on.paint[:edge] = (top + (low - top) * share)[:, None, :].astype(np.uint8)
    on.paint[edge:] = np.asarray(on.light.low, np.uint8)
    if on.light.night:
        return
    for _ in range(clouds):
        x, y = on.dice.uniform(0, BIG_WIDTH), on.dice.uniform(0.05, 0.75) * edge
        wide = on.dice.uniform(70, 190)
        for _ in range(5):
            dx, dy = on.dice.uniform(-0.7, 0.7) * wide, on.dice.uniform(-5, 5)
            under = mix(on.light.top, on.light.low, min(1.0, y / edge + 0.25))
            on.ellipse(x + dx, y + dy, wide * on.dice.uniform(0.3, 0.6), wide * 0.09, mix(under, (240, 240, 240), 0.25))


def hills(on: Stage, colour: Colour, height: float = 40.0, seed: float = 0.0) -> None:
    """A distant ridge along the horizon, `height` in doubled pixels."""
    xs = np.arange(0, BIG_WIDTH + 16, 16)
    rough = np.sin(xs / 173 + seed) + 0.6 * np.sin(xs / 71 + 2.3 * seed) + 0.3 * np.sin(xs / 29 + 5 * seed)
    ys = on.lens.horizon - height * (0.62 + 0.2 * rough)
    ridge = [(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]
    on.flat([(0, on.lens.horizon + 2), *ridge, (BIG_WIDTH, on.lens.horizon + 2)], colour)


def _fixed(x: float, y: float) -> tuple[int, int]:
    return round(x * (1 << _SHIFT)), round(y * (1 << _SHIFT))


def _cut(points: Sequence[Point], near: float) -> list[Point]:
    """A polygon without its part nearer than `near` (Sutherland–Hodgman against one plane)."""
    kept: list[Point] = []
    for (ax, ay, az), (bx, by, bz) in zip(points, [*points[1:], points[0]], strict=True):
        if az >= near:
            kept.append((ax, ay, az))
        if (az >= near) != (bz >= near):
            t = (near - az) / (bz - az)
            kept.append((ax + (bx - ax) * t, ay + (by - ay) * t, near))
    return kept


def soft_spot(radius: int) -> NDArray[np.float32]:
    """A round light of this radius in pixels: 1 in the middle, 0 at the edge, (2r+1)² in size."""
    axis = np.linspace(-1.0, 1.0, 2 * radius + 1, dtype=np.float32)
    far = np.sqrt(axis[:, None] ** 2 + axis[None, :] ** 2)
    return np.asarray(np.clip(1.0 - far, 0.0, 1.0) ** 2.2, np.float32)


def vignette() -> NDArray[np.float32]:
    """How a small lens darkens its corners: 1 in the middle, 0.78 in the corners."""
    x = np.linspace(-1, 1, WIDTH, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, HEIGHT, dtype=np.float32)[:, None]
    return (1.0 - 0.11 * (x**2 + y**2)).astype(np.float32)


def halved(image: Image) -> Image:
    small: Any = cv2.resize(image, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return small  # type: ignore[no-any-return]
