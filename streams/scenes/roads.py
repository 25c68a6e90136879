"""Drawn roads: a junction, a street, a school's gate."""

from __future__ import annotations

import numpy as np

from streams.scenes import things as t
from streams.scenes.film import Place
from streams.scenes.kit import BIG_HEIGHT, BIG_WIDTH, Colour, Lens, Light, Stage, hills, mix, rgb, shade, sky, stage
from streams.scenes.moves import Move, across, finished, leaves, together, traffic, walkers


def rows_of_houses(on: Stage, edge: float, first: float, last: float, heights: tuple[float, float]) -> None:
    """Houses along both sides of a street, the farthest first; `edge`: metres from the middle to their walls."""
    blocks: list[tuple[float, float, float, Colour, float]] = []
    for side in (-1.0, 1.0):
        z = first
        while z < last:
            deep = on.dice.uniform(13, 24)
            blocks.append((z, side, deep, on.dice.choice(t.WALLS), on.dice.uniform(*heights)))
            z += deep + on.dice.choice((0.0, 0.0, 3.5))
    for z, side, deep, wall, height in sorted(blocks, reverse=True):
        out = edge + on.dice.uniform(0.0, 1.2)
        span = (out, out + 16.0) if side > 0 else (-out - 16.0, -out)
        t.house(on, span, (z, z + deep), height, wall)


def _street_floor(on: Stage, half: float, walk: float, far: float = 240.0) -> None:
    """Road, kerbs and pavements along the view."""
    on.ground(-90, 90, 4, far, rgb("#8D8F87"))
    on.ground(-half - walk, half + walk, 4, far, t.PATH)
    on.ground(-half - 0.3, half + 0.3, 4, far, t.KERB)
    on.ground(-half, half, 4, far, t.ROAD)


def _dashes(on: Stage, x: float, first: float, last: float, step: float = 6.0, colour: Colour = t.PAINT) -> None:
    z = first
    while z < last:
        on.slab(x - 0.08, x + 0.08, z, z + step * 0.5, colour)
        z += step


def _solid(on: Stage, x: float, first: float, last: float, colour: Colour = t.PAINT) -> None:
    on.ground(x - 0.07, x + 0.07, first, last, colour)


def _zebra(on: Stage, half: float, z: float, deep: float = 3.2) -> None:
    x = -half + 0.4
    while x < half - 0.4:
        on.slab(x, x + 0.55, z, z + deep, t.PAINT)
        x += 1.15


def crossroads(light: Light, seed: int) -> Place:
    """A junction seen along one of its roads: zebra crossings, signals, cars on both roads."""
    on = stage(
        Lens(height=7.5, horizon=0.27 * BIG_HEIGHT, centre=BIG_WIDTH * (0.5 + 0.02 * (seed % 5 - 2))), light, seed
    )
    sky(on)
    hills(on, on.hazed(rgb("#6E7F78"), 150), 26, seed)
    _street_floor(on, 7.0, 4.0)
    rows_of_houses(on, 12.0, 42, 210, (10, 26))
    on.ground(-90, 90, 19, 39, t.PATH)
    on.ground(-90, 90, 21.6, 36.4, t.ROAD)
    on.ground(-7, 7, 4, 60, t.ROAD)
    _zebra(on, 7, 16.2)
    _zebra(on, 7, 38.5, 3.6)
    for z in (14.8, 43.2):
        on.slab(-6.9, 6.9, z, z + 0.4, t.PAINT)
    _solid(on, 0.0, 44, 150, rgb("#C9A646"))
    for x in (-3.5, 3.5):
        _dashes(on, x, 46, 130)
    for x in (-20.0, -13.5, -10.6, 10.6, 13.5, 20.0):
        _dashes_across(on, x)
    for z in (96.0, 78.0, 64.0, 52.0):
        t.tree(on, -9.6, z)
        t.tree(on, 9.6, z + 4)
    for x, z in ((-9.2, 46.0), (9.2, 46.0)):
        t.lamp(on, x, z)
    _signal(on, 8.4, 40.5, green=True)
    _signal(on, -8.4, 40.5, green=False)
    along = _junction_traffic(on)

    def fore(scene: Stage) -> None:
        t.tree(scene, -9.7, 18.6, 6.3, 2.4)
        t.tree(scene, 10.2, 19.0, 6.0, 2.3)
        t.lamp(scene, 8.0, 16.4, 9.0, 2.6)

    return finished(on, fore, together(along, walkers(on, 7, (8.2, 10.6), (40, 60))))


def _dashes_across(on: Stage, x: float) -> None:
    on.slab(x - 1.1, x + 1.1, 28.9, 29.1, t.PAINT)


def _signal(on: Stage, x: float, z: float, *, green: bool) -> None:
    wide = max(1.0, on.lens.span(0.14, z))
    arm = x - (3.5 if x > 0 else -3.5)
    on.line([on.lens.seen(x, 0, z), on.lens.seen(x, 6, z), on.lens.seen(arm, 6, z)], on.hazed(rgb("#565C61"), z), wide)
    sx, sy = on.lens.seen(arm, 5.9, z)
    unit = on.lens.span(0.32, z)
    on.rect(sx - unit, sy - 0.4 * unit, sx + unit, sy + 3.6 * unit, rgb("#2A2E31"))
    colours = (rgb("#E0483C"), rgb("#E2B13A"), rgb("#43C676"))
    for row, colour in enumerate(colours):
        lit = row == (2 if green else 0)
        on.ellipse(sx, sy + (0.4 + 1.15 * row) * unit, unit * 0.5, unit * 0.5, colour if lit else shade(colour, 0.25))
        if lit:
            on.spot(arm, 5.9 - 0.32 * (0.4 + 1.15 * row), z, 0.9, shade(colour, 0.5))


def _junction_traffic(on: Stage) -> Move:
    """Cars on both roads, timed so that the two never meet in the middle (phase 0.25 and 0.75)."""
    lanes = ((1.8, True), (-1.8, False), (5.1, True), (-5.1, False))
    along = [(x, away, 0.70 + 0.05 * number, on.dice.choice(t.CARS)) for number, (x, away) in enumerate(lanes)]
    across = [(24.0, True, 0.20, on.dice.choice(t.CARS)), (33.0, False, 0.27, on.dice.choice(t.CARS)),
              (27.2, True, 0.31, on.dice.choice(t.CARS))]  # fmt: skip

    def move(scene: Stage, phase: float) -> None:
        drawn = []
        for x, away, meets, colour in along:
            way = ((phase - meets + 0.5) % 1.0 - 0.5) * 130.0
            z = 28.0 + (way if away else -way)
            drawn.append((z, x, away, colour, True))
        for z, right, meets, colour in across:
            way = ((phase - meets + 0.5) % 1.0 - 0.5) * 96.0
            drawn.append((z, way if right else -way, right, colour, False))
        for z, x, flag, colour, lengthwise in sorted(drawn, reverse=True):
            if lengthwise:
                t.car(scene, x, z, colour, away=flag)
            elif abs(x) < 45:
                t.crossing_car(scene, x, z, colour, right=flag)

    return move


def street(light: Light, seed: int) -> Place:
    """A road between houses with trees and lamps: the one that is best by night."""
    on = stage(Lens(height=6.5, horizon=0.33 * BIG_HEIGHT, centre=BIG_WIDTH * (0.44 + 0.03 * (seed % 5))), light, seed)
    sky(on)
    _street_floor(on, 6.2, 4.5)
    rows_of_houses(on, 11.5, 9, 230, (9, 28))
    _solid(on, 0.0, 6, 170, rgb("#C9A646"))
    for x in (-3.1, 3.1):
        _dashes(on, x, 6, 120)
    for x in (-5.9, 5.9):
        _solid(on, x, 6, 170)
    for z in (130.0, 108.0, 88.0, 70.0, 54.0, 40.0, 29.0):
        for x in (-8.6, 8.6):
            t.tree(on, x, z + (4 if x > 0 else 0), 5.6, 1.9)
    for z in (140.0, 110.0, 82.0, 58.0, 36.0):
        for x in (-6.9, 6.9):
            t.lamp(on, x, z)

    def fore(scene: Stage) -> None:
        t.lamp(scene, -7.0, 18)
        t.lamp(scene, 7.0, 18)
        t.tree(scene, -9.0, 15, 5.6, 2.0)
        t.tree(scene, 9.4, 16, 5.8, 2.1)

    cars = traffic(on, [(1.6, True), (-1.6, False), (4.6, True), (-4.6, False)], 10)
    return finished(on, fore, together(walkers(on, 6, (7.2, 10.2), (20, 60)), cars))


def school(light: Light, seed: int) -> Place:
    """A school's gate across the road: wall, sliding gate, flag, bollards, zebra crossing, passing cars and leaves."""
    on = stage(Lens(height=5.4, horizon=0.34 * BIG_HEIGHT, focal=1020), light, seed)
    sky(on)
    on.ground(-80, 80, 4, 140, rgb("#8B8C84"))
    on.ground(-80, 80, 28, 90, rgb("#8E8B80"))
    _school_house(on, 52.0)
    for x in (-33.0, -25.0, 25.0, 33.0):
        t.tree(on, x, 42, 7, 2.8)
    _school_wall(on, 29.0)
    on.ground(-80, 80, 21.5, 28.2, t.PATH)
    on.ground(-80, 80, 21.2, 21.6, t.KERB)
    on.ground(-80, 80, 8.6, 21.2, t.ROAD)
    on.ground(-80, 80, 3.5, 8.3, t.PATH)
    on.ground(-80, 80, 8.3, 8.6, t.KERB)
    _zebra_across(on, (8.8, 21.0))
    for x in range(-40, 41, 5):
        if abs(x) > 4:
            on.slab(x - 1.2, x + 1.2, 14.8, 15.0, rgb("#C9A646"))
    for x in np.arange(-6.5, 6.6, 1.6):
        on.box((x - 0.09, x + 0.09), (0, 0.8), (22.2, 22.4), rgb("#C9A646"))
    for x in (-14.5, 14.5):
        t.lamp(on, x, 24, 7.0, 1.6)
    passing = across(on, ((11.2, True), (17.6, False)), 4)

    def fore(scene: Stage) -> None:
        t.tree(scene, -8.4, 11.5 - 4.4, 6.4, 1.9)
        t.bush(scene, 5.6, 7.2, 0.9)
        t.bush(scene, 7.0, 7.4, 0.8)

    def flags(scene: Stage, phase: float) -> None:
        t.flag(scene, 9.0, 36, 11.5, phase)

    moves = [flags, walkers(on, 9, (0.6, 12), (22.8, 27.5)), passing]
    return finished(on, fore, together(*moves, *([] if light.rain or light.night else [leaves(on, 9)])))


def _school_house(on: Stage, z: float) -> None:
    wall, trim = rgb("#C6A083"), rgb("#E2DDD2")
    on.box((-24, 24), (0, 15.5), (z, z + 14), wall)
    for floor in range(4):
        low = 1.0 + floor * 3.7
        on.wall(-23.5, 23.5, low + 2.7, low + 3.1, z, trim)
        for x in np.arange(-22.4, 21.5, 3.0):
            corners = [(x, low + 0.6, z), (x, low + 2.3, z), (x + 2.1, low + 2.3, z), (x + 2.1, low + 0.6, z)]
            on.facet(corners, mix(t.GLASS, wall, 0.2 * on.dice.random()))
            if on.light.night and on.dice.random() > 0.7:
                on.facet(corners, shade(t.COOL, 0.5), shine=True)
    on.box((-4.5, 4.5), (0, 18.5), (z - 1.2, z), mix(wall, trim, 0.5))
    on.wall(-2.2, 2.2, 13.2, 16.6, z - 1.3, trim)
    sx, sy = on.lens.seen(0, 14.9, z - 1.3)
    on.ellipse(sx, sy, on.lens.span(1.2, z), on.lens.span(1.2, z), rgb("#F0EFEA"))
    on.line([(sx, sy), (sx, sy - on.lens.span(0.9, z))], rgb("#3A3F44"), 2)
    on.line([(sx, sy), (sx + on.lens.span(0.6, z), sy)], rgb("#3A3F44"), 2)


def _school_wall(on: Stage, z: float) -> None:
    brick = rgb("#A98C74")
    for span in ((-60.0, -8.0), (8.0, 60.0)):
        on.box(span, (0, 1.1), (z, z + 0.4), brick)
        for x in np.arange(span[0], span[1], 0.5):
            on.wall(x, x + 0.1, 1.1, 2.5, z, rgb("#5B6469"))
        on.wall(span[0], span[1], 2.4, 2.5, z, rgb("#5B6469"))
    for x in (-8.0, 6.6):
        on.box((x, x + 1.4), (0, 3.8), (z - 0.3, z + 1.0), rgb("#C9C2B4"))
        on.box((x - 0.15, x + 1.55), (3.8, 4.1), (z - 0.4, z + 1.1), rgb("#8F8A80"))
    on.box((8.4, 12.0), (0, 3.2), (z - 0.2, z + 2.5), rgb("#D3CDBF"))
    on.wall(8.9, 11.4, 1.2, 2.4, z - 0.25, t.GLASS)
    on.wall(-6.4, 6.4, 4.2, 5.3, z, rgb("#A3342C"))
    for x in np.arange(-5.2, 5.3, 1.5):
        on.wall(x, x + 0.8, 4.5, 5.0, z - 0.05, rgb("#E5C66B"))
    for x in np.arange(-6.5, 0.4, 0.45):
        on.wall(x, x + 0.3, 0.1, 1.6, z, rgb("#B8BEC2"))
        on.wall(x + 0.3, x + 0.45, 0.1, 1.6, z, rgb("#868D92"))


def _zebra_across(on: Stage, z: tuple[float, float]) -> None:
    at = z[0]
    while at < z[1]:
        on.slab(-2.4, 2.4, at, at + 0.6, t.PAINT)
        at += 1.25
