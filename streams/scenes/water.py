"""A drawn river: water that mirrors its bank, a staff gauge, a boat."""

from __future__ import annotations

from math import pi, sin

import cv2
import numpy as np

from streams.scenes import things as t
from streams.scenes.film import Place
from streams.scenes.kit import (
    BIG_HEIGHT,
    BIG_WIDTH,
    Colour,
    Lens,
    Light,
    Spot,
    Stage,
    hills,
    mix,
    rgb,
    shade,
    sky,
    stage,
)
from streams.scenes.moves import Move, finished, together


def river(light: Light, seed: int) -> Place:
    """A river with a staff gauge, a wooded bank, ripples, and a boat that passes."""
    on = stage(Lens(height=6.0, horizon=0.30 * BIG_HEIGHT), light, seed)
    sky(on, 6)
    edge = on.lens.horizon
    hills(on, on.hazed(rgb("#62786B"), 130), 62, seed)
    hills(on, on.hazed(rgb("#56705A"), 90), 34, seed + 2.2)
    _far_bank(on)
    if seed % 2:
        _bridge(on)
    _water(on)
    gauge = BIG_WIDTH * (0.72 + 0.03 * (seed % 3))
    boat = _boat(on, right=bool(seed % 3))

    def fore(scene: Stage) -> None:
        _near_bank(scene)
        _staff(scene, gauge, edge)

    return finished(on, fore, together(boat, _ripples(on, gauge)))


def _far_bank(on: Stage) -> None:
    edge = on.lens.horizon
    on.rect(0, edge - 2, BIG_WIDTH, edge + 9, on.hazed(rgb("#7D7A66"), 70))
    x = -20.0
    while x < BIG_WIDTH + 20:
        wide = on.dice.uniform(20, 44)
        green = on.dice.choice(t.LEAVES)
        for blob in range(7):
            tone = on.hazed(shade(green, 0.75 + 0.06 * blob), 60)
            dx, dy = on.dice.uniform(-0.5, 0.5) * wide, -wide * 0.10 * blob + on.dice.uniform(-3, 3)
            on.ellipse(x + dx, edge - wide * 0.2 + dy, wide * 0.42, wide * 0.33, tone)
        x += wide * on.dice.uniform(0.5, 1.0)
    for _ in range(3):
        x = on.dice.uniform(60, BIG_WIDTH - 120)
        on.rect(x, edge, x + 44, edge - 26, on.hazed(on.dice.choice(t.WALLS), 60))
        on.flat([(x - 5, edge - 26), (x + 22, edge - 40), (x + 49, edge - 26)], on.hazed(on.dice.choice(t.ROOFS), 60))
        if on.light.night:
            on.rect(x + 12, edge - 8, x + 20, edge - 18, shade(t.WARM, 0.8), shine=True)


def _bridge(on: Stage) -> None:
    """A far road bridge of five arches."""
    deck, tone = on.lens.horizon - 34, on.hazed(rgb("#9B9890"), 80)
    x0, x1 = BIG_WIDTH * 0.02, BIG_WIDTH * 0.66
    on.rect(x0 - 60, deck, x1, deck + 12, tone)
    for pier in range(6):
        x = x0 + (x1 - x0) * pier / 5
        on.rect(x - 9, deck + 10, x + 9, on.lens.horizon + 14, shade(tone, 0.9))
    for arch in range(5):
        left, right = x0 + (x1 - x0) * arch / 5 + 9, x0 + (x1 - x0) * (arch + 1) / 5 - 9
        rim = [(left + (right - left) * s / 10, deck + 34 - 24 * sin(pi * s / 10)) for s in range(11)]
        on.flat([(left, deck + 11), *rim, (right, deck + 11)], shade(tone, 0.86))
        if on.light.night:
            on.spots.append(Spot((left + right) / 2, deck - 6, 16, shade(t.WARM, 0.6)))


def _water(on: Stage) -> None:
    """Water down from the bank: the mirrored world above, bluer and darker towards the viewer."""
    edge = int(on.lens.horizon) + 9
    rows = BIG_HEIGHT - edge
    above = on.paint[max(0, edge - 130) : edge][::-1]
    mirrored = cv2.resize(above, (BIG_WIDTH, rows), interpolation=cv2.INTER_LINEAR)
    mirrored = cv2.GaussianBlur(mirrored, (0, 0), sigmaX=14, sigmaY=8)
    depth = np.linspace(0.35, 0.85, rows, dtype=np.float32)[:, None, None]
    tone = np.asarray(mix(rgb("#5E7A80"), on.light.top, 0.25), np.float32)
    on.paint[edge:] = np.clip(mirrored * (1 - depth) + tone * depth, 0, 255).astype(np.uint8)
    if on.light.night:
        glow = cv2.resize(on.shine[max(0, edge - 130) : edge][::-1], (BIG_WIDTH, rows))
        on.shine[edge:] = cv2.convertScaleAbs(cv2.GaussianBlur(glow, (0, 0), sigmaX=4, sigmaY=24), alpha=0.8)


def _ripples(on: Stage, gauge: float) -> Move:
    """Short bright and dark strokes that drift with the stream, wider towards the viewer, and rings at the staff."""
    edge = on.lens.horizon + 12
    strokes = []
    for _ in range(300):
        near = on.dice.random() ** 1.6
        strokes.append((on.dice.random(), near, on.dice.choice((-1, 1)), on.dice.random(), on.dice.randint(1, 2)))

    def move(scene: Stage, phase: float) -> None:
        for column, near, sign, start, laps in strokes:
            y = edge + near * (BIG_HEIGHT - edge)
            drift = 0.05 * laps * ((phase + start) % 1.0)
            x = ((column + drift) % 1.0) * (BIG_WIDTH + 80) - 40
            swell = sin(pi * ((phase + start) % 1.0))
            long = (5 + 34 * near) * swell
            under = scene.paint[min(BIG_HEIGHT - 1, int(y)), min(BIG_WIDTH - 1, max(0, int(x)))]
            colour = shade((float(under[0]), float(under[1]), float(under[2])), 1.0 + sign * 0.13 * swell)
            scene.ellipse(x, y, long, 0.5 + 1.5 * near, colour)
        _rings(scene, gauge, phase)

    return move


def _rings(scene: Stage, gauge: float, phase: float) -> None:
    y = BIG_HEIGHT * 0.80
    for ring in range(3):
        grown = (2 * phase + ring / 3) % 1.0
        tone = shade((150, 150, 145), 0.95 + 0.12 * (1 - grown))
        centre, axes = (round(gauge), round(y)), (round(12 + 62 * grown), round(3 + 13 * grown))
        if grown < 0.85:
            cv2.ellipse(scene.paint, centre, axes, 0, 0, 360, tone, 1, cv2.LINE_AA)


def _staff(on: Stage, x: float, edge: float) -> None:
    """The staff gauge: red and white fields, numbers as ticks, standing in the water."""
    top, foot, half = edge + 26, BIG_HEIGHT * 0.80, 11.0
    fields = 18
    on.rect(x - half - 5, top - 14, x + half + 5, foot, rgb("#6E7477"))
    for part in range(fields):
        y0, y1 = top + (foot - top) * part / fields, top + (foot - top) * (part + 1) / fields
        colour = rgb("#C8423A") if part % 2 else rgb("#E8E8E2")
        on.rect(x - half, y0, x + half, y1, colour)
        reach = 7 if part % 2 else 13
        on.rect(x + half - reach, y0, x + half, y0 + 2, rgb("#2C2F31"))
    if on.light.night:
        on.pools.append((x, (top + foot) / 2, 120, 190, shade(t.COOL, 1.5 / 255)))


def _near_bank(on: Stage) -> None:
    """The concrete slope from which one looks, with its rail."""
    stone = rgb("#9A968C")
    left = [(0.0, BIG_HEIGHT * 0.70), (BIG_WIDTH * 0.30, BIG_HEIGHT * 1.0), (0.0, BIG_HEIGHT * 1.0)]
    on.flat(left, stone)
    for row in range(1, 6):
        share = row / 6
        a = (0.0, BIG_HEIGHT * (0.70 + 0.30 * share))
        b = (BIG_WIDTH * 0.30 * (1 - share) * 1.0, BIG_HEIGHT * 1.0)
        on.line([a, b], shade(stone, 0.88), 2)
    on.line([(0, BIG_HEIGHT * 0.695), (BIG_WIDTH * 0.305, BIG_HEIGHT)], shade(stone, 1.16), 6)
    for share in (0.08, 0.3, 0.52, 0.74):
        x, y = BIG_WIDTH * 0.30 * share, BIG_HEIGHT * (0.70 + 0.30 * share)
        on.line([(x, y), (x, y - 74)], rgb("#C9CDD0"), 5)
    for rise in (74, 40):
        on.line([(0, BIG_HEIGHT * 0.70 - rise), (BIG_WIDTH * 0.30, BIG_HEIGHT - rise)], rgb("#C9CDD0"), 4)


def _boat(on: Stage, *, right: bool) -> Move:
    """A barge with a cabin that crosses once a loop, with its wake."""
    hull = on.dice.choice((rgb("#54606B"), rgb("#7A4A40"), rgb("#4C5F58")))
    y = on.lens.horizon + 74

    def move(scene: Stage, phase: float) -> None:
        along = (phase + 0.15) % 1.0
        x = -190 + (BIG_WIDTH + 380) * (along if right else 1 - along)
        way = 1.0 if right else -1.0
        _wake(scene, x, y, way)
        scene.ellipse(x, y + 24, 108, 6, shade(hull, 0.55))
        _barge(scene, x, y + 1.5 * sin(2 * pi * 3 * phase), way, hull)

    return move


def _wake(scene: Stage, x: float, y: float, way: float) -> None:
    for wave in range(6):
        tone = shade(scene.light.low, 0.93 - 0.02 * wave)
        scene.ellipse(x - way * (95 + 38 * wave), y + 21, 30 - 3 * wave, 2.6 - 0.3 * wave, tone)


def _barge(scene: Stage, x: float, y: float, way: float, hull: Colour) -> None:
    def part(colour: Colour, *corners: tuple[float, float]) -> None:
        scene.flat([(x + way * ahead, y + down) for ahead, down in corners], colour)

    part(hull, (-96, 0), (112, -7), (92, 22), (-88, 22))
    part(shade(hull, 1.45), (-98, -4), (113, -11), (112, -5), (-96, 2))
    part(rgb("#D5D6D2"), (-82, 0), (-82, -30), (-34, -30), (-30, 0))
    part(rgb("#47535E"), (-76, -12), (-76, -23), (-40, -23), (-39, -12))
    part(rgb("#A58B62"), (-16, -6), (-8, -17), (72, -19), (84, -9))
    if scene.light.night:
        scene.spots.append(Spot(x - way * 58, y - 18, 46, shade(t.WARM, 0.8)))
        scene.spots.append(Spot(x + way * 108, y - 12, 14, rgb("#43C676")))
