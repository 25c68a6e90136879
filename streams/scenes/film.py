"""Frames from a place: light over paint, rain, noise; and their encoding into a loop that has no seam."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from streams.clips import h264_stream
from streams.scenes.kit import HEIGHT, WIDTH, Image, Spot, Stage, halved, soft_spot, vignette

RATE = 8
"""Pictures a second."""
SECONDS = 8
_MAP_ONE = 110
"""The value of a light map that leaves a colour as it is: room for lights that are 2.3 times as bright."""


@dataclass(frozen=True, slots=True)
class Place:
    """A drawn place: what stands still, what stands before everything that moves, and what moves.

    `move` draws the moving things for a phase in [0, 1) of the loop and must be the same at 0 and 1.
    """

    still: Stage
    fore: tuple[Image, NDArray[np.uint8]] | None
    move: Callable[[Stage, float], None]


def frames(place: Place, count: int) -> Iterator[Image]:
    """The pictures of one loop, BGR, 640 × 360."""
    still, light = place.still, place.still.light
    lit, shining = _light_map(still), _shining(still)
    dice = np.random.default_rng(len(still.spots) + 17)
    grain = [np.abs(dice.normal(0, light.noise, (HEIGHT, WIDTH, 3))).astype(np.uint8) for _ in range(6)]
    drops = _drops(still.dice) if light.rain else None
    for number in range(count):
        phase = number / count
        scene = Stage(still.lens, light, random.Random(5), still.paint.copy(), still.shine)  # noqa: S311
        place.move(scene, phase)
        if place.fore is not None:
            cv2.copyTo(place.fore[0], place.fore[1], scene.paint)
        small = cv2.multiply(halved(scene.paint), lit, scale=1.0 / _MAP_ONE)
        small = cv2.add(small, shining)
        for spot in scene.spots:
            _add_spot(small, spot)
        if drops is not None:
            _rain(small, drops, phase)
        small = cv2.add(small, grain[number % 6])
        yield cv2.subtract(small, grain[(number * 5 + 2) % 6])


def _light_map(still: Stage) -> Image:
    """What each pixel's colour is multiplied by, `_MAP_ONE` = 1."""
    light = np.empty((HEIGHT, WIDTH, 3), np.float32)
    light[:] = still.light.ambient
    light *= vignette()[:, :, None]
    if still.light.night:
        ys, xs = np.mgrid[0 : HEIGHT // 4, 0 : WIDTH // 4].astype(np.float32) * 8
        small = np.zeros((HEIGHT // 4, WIDTH // 4, 3), np.float32)
        for x, y, wide, high, tint in still.pools:
            small += (
                np.exp(-(((xs - x) / wide) ** 2 + ((ys - y) / high) ** 2))[:, :, None]
                * np.asarray(tint, np.float32)
                * 0.6
            )
        small *= 1.0 - np.asarray(still.light.ambient, np.float32)  # a lamp adds little to what is lit already
        light += cv2.resize(np.minimum(small, 0.95), (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(light * _MAP_ONE, 0, 255), np.uint8)


def _shining(still: Stage) -> Image:
    """What gives light by itself and does not move: windows, signs, lamps, with their bloom, and their trails on a
    wet road."""
    small = halved(still.shine).astype(np.float32)
    glow = small * 0.8 + cv2.GaussianBlur(small, (0, 0), 6) * 0.5
    if still.light.rain:
        edge = int(still.lens.horizon / 2)
        mirrored = cv2.resize(glow[:edge][::-1], (WIDTH, HEIGHT - edge))
        glow[edge:] += cv2.GaussianBlur(mirrored, (0, 0), sigmaX=3, sigmaY=26) * 0.5
    bright: Image = np.asarray(np.clip(glow, 0, 255), np.uint8)
    for spot in still.spots:
        _add_spot(bright, spot)
    return bright


def _add_spot(small: Image, spot: Spot) -> None:
    radius = int(min(90, max(1, spot.radius / 2)))
    x, y = round(spot.x / 2) - radius, round(spot.y / 2) - radius
    x0, y0 = max(0, x), max(0, y)
    x1, y1 = min(WIDTH, x + 2 * radius + 1), min(HEIGHT, y + 2 * radius + 1)
    if x0 >= x1 or y0 >= y1:
        return
    shape = soft_spot(radius)[y0 - y : y1 - y, x0 - x : x1 - x, None] * np.asarray(spot.colour, np.float32)
    small[y0:y1, x0:x1] = cv2.add(small[y0:y1, x0:x1], shape.astype(np.uint8))


def wet(still: Stage) -> None:
    """Make the ground of a rainy place mirror what stands above the horizon, softly."""
    edge = int(still.lens.horizon)
    under = still.paint[edge:]
    mirrored = cv2.resize(still.paint[:edge][::-1], (under.shape[1], under.shape[0]))
    mirrored = cv2.GaussianBlur(mirrored, (0, 0), sigmaX=6, sigmaY=30)
    still.paint[edge:] = cv2.addWeighted(under, 0.76, mirrored, 0.26, 0)


def _drops(dice: random.Random) -> list[tuple[float, float, float, int]]:
    """Of each drop: column, row at the loop's start (both 0..1), length in pixels, falls in one loop."""
    return [(dice.random(), dice.random(), dice.uniform(6, 15), dice.randint(9, 14)) for _ in range(260)]


def _rain(small: Image, drops: list[tuple[float, float, float, int]], phase: float) -> None:
    veil: Image = np.zeros_like(small)
    for column, row, length, falls in drops:
        x, y = column * (WIDTH + 40) - 20, ((row + falls * phase) % 1.0) * (HEIGHT + 40) - 20
        bright = 12 + length
        cv2.line(
            veil,
            (round(x), round(y)),
            (round(x - length * 0.16), round(y + length)),
            (bright, bright, bright),
            1,
            cv2.LINE_AA,
        )
    cv2.add(small, veil, dst=small)


def written(pictures: Iterator[Image], target: Path, rate: int = RATE) -> None:
    """Encode a loop as H.264 with a key picture each second; the file appears whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    with av.open(str(part), "w", format="mp4") as sink:
        out = h264_stream(sink, Fraction(rate), (WIDTH, HEIGHT), quality=24)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            sink.mux(out.encode(frame))
        sink.mux(out.encode(None))
    part.replace(target)
