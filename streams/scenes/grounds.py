"""Drawn open places: a market lane, a square, a bus station, a village from above."""

from __future__ import annotations

from math import cos, pi, sin

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
    Stage,
    hills,
    mix,
    rgb,
    shade,
    sky,
    stage,
)
from streams.scenes.moves import Move, finished, together, walkers
from streams.scenes.roads import rows_of_houses


def market(light: Light, seed: int) -> Place:
    """A lane of stalls with striped awnings under strings of small flags."""
    on = stage(
        Lens(height=5.2, horizon=0.30 * BIG_HEIGHT, centre=BIG_WIDTH * (0.5 + 0.025 * (seed % 5 - 2)), focal=1000),
        light,
        seed,
    )
    sky(on, 3)
    on.ground(-60, 60, 3, 120, rgb("#8F8B83"))
    on.ground(-3.6, 3.6, 3, 120, rgb("#A29C91"))
    paving(on, 3.6, 3, 60)
    rows_of_houses(on, 10.5, 14, 110, (7, 13))
    awnings = [on.dice.choice(t.SIGNS) for _ in range(24)]
    for number, z in enumerate((52.0, 47.6, 43.2, 38.8, 34.4, 30.0, 25.6, 21.2, 16.8, 12.4)):
        t.stall(on, -5.4, z, awnings[number], wide=3.4, deep=2.4)
        t.stall(on, 5.4, z + 0.8, awnings[number + 10], wide=3.4, deep=2.4)
    crowd = walkers(on, 17, (0.3, 3.1), (13, 52))

    def fore(scene: Stage) -> None:
        t.stall(scene, -5.6, 7.6, awnings[21], wide=3.6, deep=2.4)
        t.stall(scene, 5.8, 8.2, awnings[22], wide=3.6, deep=2.4)

    return finished(on, fore, together(crowd, _carts(on), _bunting(on)))


def paving(on: Stage, half: float, first: float, last: float) -> None:
    joint = rgb("#8E887E")
    z = first
    while z < last:
        on.slab(-half, half, z, z + 0.07, joint)
        z += 1.6 if z < 25 else 3.2
    for x in np.arange(-half, half + 0.1, 1.2):
        on.slab(x - 0.03, x + 0.03, first, last, joint)


def _carts(on: Stage) -> Move:
    """A small electric tricycle that comes down the lane once a loop."""
    colour = on.dice.choice(t.CARS)

    def move(scene: Stage, phase: float) -> None:
        z = 5.0 + 70.0 * (1.0 - (phase + 0.35) % 1.0)
        x = -0.9 + 0.3 * sin(2 * pi * phase)
        scene.shadow(x, z + 1.2, 0.8, 1.5, 0.4)
        scene.box((x - 0.6, x + 0.6), (0.45, 1.0), (z + 0.8, z + 2.3), colour)
        scene.box((x - 0.22, x + 0.22), (0.3, 0.9), (z, z + 0.8), shade(colour, 0.7))
        for side in (-0.5, 0.5):
            sx, sy = scene.lens.seen(x + side, 0.28, z + 0.8)
            scene.ellipse(sx, sy, scene.lens.span(0.07, z + 0.8), scene.lens.span(0.28, z + 0.8), rgb("#24272B"))
        sx, sy = scene.lens.seen(x, 1.25, z + 0.7)
        scene.ellipse(sx, sy, scene.lens.span(0.24, z), scene.lens.span(0.34, z), t.COATS[0])
        scene.ellipse(
            sx, sy - scene.lens.span(0.48, z), scene.lens.span(0.13, z), scene.lens.span(0.15, z), rgb("#C9A646")
        )

    return move


def _bunting(on: Stage) -> Move:
    """Small flags on strings across the lane, swaying a little."""
    strings = [(z, [on.dice.choice(t.SIGNS) for _ in range(13)]) for z in (40.0, 26.0, 16.0)]

    def move(scene: Stage, phase: float) -> None:
        for z, colours in strings:
            sway = 0.12 * sin(2 * pi * (2 * phase + z))
            for number, colour in enumerate(colours):
                share = number / 12
                x, y = -6.5 + 13 * share, 4.6 - 1.1 * sin(pi * share) + 0.1 * sway
                scene.facet([(x - 0.22, y, z), (x + 0.22, y, z), (x + 0.6 * sway, y - 0.5, z)], colour)

    return move


def square(light: Light, seed: int) -> Place:
    """A paved square with a fountain, planters and lamps before a civic building."""
    on = stage(
        Lens(height=8.5, horizon=0.29 * BIG_HEIGHT, centre=BIG_WIDTH * (0.5 + 0.02 * (seed % 5 - 2))), light, seed
    )
    sky(on)
    hills(on, on.hazed(rgb("#6E7F78"), 120), 36, seed)
    on.ground(-120, 120, 4, 160, rgb("#A39D93"))
    _tiles(on)
    for x in (-46.0, 30.0):
        t.house(on, (x, x + 16), (74, 88), on.dice.uniform(12, 22), on.dice.choice(t.WALLS), shops=False)
    _civic(on, 70.0)
    for z in (62.0, 54.0, 46.0, 38.0, 31.0):
        for x in (-17.5, 17.5):
            t.tree(on, x, z, 5.4, 2.0)
    for x, z in ((-11.5, 44.0), (11.5, 44.0), (-13.0, 26.0), (13.0, 26.0)):
        t.lamp(on, x, z, 4.6, 0.0)
    for x in (-9.0, 9.0):
        _planter(on, x, 30.0)
    _basin(on, 34.0)
    crowd = walkers(on, 13, (3.5, 13), (18, 56))

    def fore(scene: Stage) -> None:
        _planter(scene, -9.5, 15.0)
        _planter(scene, 9.8, 15.5)

    def flags(scene: Stage, phase: float) -> None:
        for x in (-7.0, 7.0):
            t.flag(scene, x, 62, 9.5, (phase + 0.1 * x) % 1.0)

    return finished(on, fore, together(flags, _fountain(on, 34.0), crowd, _doves(on)))


def _tiles(on: Stage) -> None:
    joint, light = rgb("#968F84"), rgb("#B4AEA3")
    for z in np.arange(8.0, 64.0, 4.0):
        on.slab(-60, 60, z, z + 0.10, joint)
    for x in np.arange(-40.0, 40.1, 4.0):
        on.slab(x - 0.05, x + 0.05, 6, 66, joint)
    for x in (-4.0, 3.0):
        on.ground(x, x + 1.0, 6, 66, light)


def _civic(on: Stage, z: float) -> None:
    """A broad building with columns and steps."""
    stone = rgb("#C9C3B6")
    for step in range(4):
        on.box(
            (-24 - step, 24 + step), (0, 1.6 - 0.4 * step), (z - 2 - 1.2 * step, z), shade(stone, 0.94 + 0.02 * step)
        )
    on.box((-23, 23), (1.6, 14.0), (z, z + 16), stone)
    on.box((-24, 24), (14.0, 15.6), (z - 0.8, z + 16), shade(stone, 1.05))
    on.facet([(-9, 15.6, z - 0.8), (9, 15.6, z - 0.8), (0, 19.6, z - 0.8)], shade(stone, 0.97))
    for x in np.arange(-21.0, 20.0, 3.0):
        if abs(x + 0.9) > 8:
            for low in (3.0, 8.4):
                corners = [
                    (x, low, z - 0.02),
                    (x, low + 3.2, z - 0.02),
                    (x + 1.8, low + 3.2, z - 0.02),
                    (x + 1.8, low, z - 0.02),
                ]
                on.facet(corners, mix(t.GLASS, stone, 0.15))
                if on.light.night and on.dice.random() > 0.45:
                    on.facet(corners, shade(t.WARM, 0.6), shine=True)
    on.wall(-8, 8, 1.6, 12.6, z - 0.02, shade(t.GLASS, 0.9))
    for x in np.arange(-8.4, 8.5, 2.8):
        on.box((x - 0.5, x + 0.5), (1.6, 13.6), (z - 0.9, z), shade(stone, 1.04))
    if on.light.night:
        sx, sy = on.lens.seen(0, 6, z)
        on.pools.append((sx, sy, on.lens.span(26, z), on.lens.span(9, z), shade(t.WARM, 1.3 / 255)))


def _planter(on: Stage, x: float, z: float) -> None:
    on.shadow(x, z + 1.0, 2.4, 1.6, 0.35)
    on.box((x - 2.0, x + 2.0), (0, 0.6), (z, z + 2.0), rgb("#B3ABA0"))
    for dx in (-1.3, -0.4, 0.5, 1.3):
        t.crown(on, x + dx, 0.95, z + 0.9, 0.75)
    blooms = tuple(map(rgb, ("#C8546A", "#D9A441", "#D7D3E4")))
    for _ in range(16):
        sx, sy = on.lens.seen(x + on.dice.uniform(-1.8, 1.8), on.dice.uniform(0.7, 1.25), z + 0.3)
        size = max(1.0, on.lens.span(0.08, z))
        on.ellipse(sx, sy, size, size, on.hazed(on.dice.choice(blooms), z))


def _basin(on: Stage, z: float) -> None:
    for radius, height, colour in ((6.0, 0.0, rgb("#A9A297")), (5.9, 0.55, rgb("#C4BDB1")), (5.4, 0.5, rgb("#6F93A0"))):
        sx, sy = on.lens.seen(0, height, z)
        deep = (on.lens.seen(0, height, z - radius)[1] - on.lens.seen(0, height, z + radius)[1]) / 2
        on.ellipse(sx, sy, on.lens.span(radius, z), deep, on.hazed(colour, z))
    if on.light.night:
        sx, sy = on.lens.seen(0, 1.5, z)
        on.pools.append((sx, sy, on.lens.span(8, z), on.lens.span(4, z), shade(t.COOL, 1.6 / 255)))


def _fountain(on: Stage, z: float) -> Move:
    """Jets that rise and fall, and rings where they come down."""
    jets = [(0.0, 0.0, 4.2)] + [(3.2 * cos(2 * pi * n / 8), 3.2 * sin(2 * pi * n / 8), 1.9) for n in range(8)]

    def move(scene: Stage, phase: float) -> None:
        for x, deep, height in sorted(jets, key=lambda jet: -jet[1]):
            top = height * (0.86 + 0.14 * sin(2 * pi * (3 * phase + 0.1 * x)))
            for drop in range(14):
                share = ((drop + 14 * 6 * phase) % 14) / 14
                fall = 4 * share * (1 - share)
                sx, sy = scene.lens.seen(x + 0.45 * (share - 0.5) * (1 if x >= 0 else -1), 0.5 + top * fall, z + deep)
                size = scene.lens.span(0.10 + 0.10 * share, z)
                scene.ellipse(sx, sy, size, size * 1.7, mix(scene.light.low, (235, 235, 235), 0.45))
        _basin_rings(scene, z, phase)

    return move


def _basin_rings(scene: Stage, z: float, phase: float) -> None:
    for n in range(8):
        grown = (4 * phase + n / 8) % 1.0
        sx, sy = scene.lens.seen(3.6 * cos(2 * pi * n / 8), 0.5, z + 3.2 * sin(2 * pi * n / 8))
        axes = (round(scene.lens.span(0.2 + 0.8 * grown, z)), max(1, round(scene.lens.span(0.05 + 0.2 * grown, z))))
        cv2.ellipse(
            scene.paint,
            (round(sx), round(sy)),
            axes,
            0,
            0,
            360,
            shade((190, 180, 165), 1.15 - 0.2 * grown),
            1,
            cv2.LINE_AA,
        )


def _doves(on: Stage) -> Move:
    """A few birds that circle once a loop, out of sight at night."""
    flock = [(on.dice.uniform(0, 0.08), on.dice.uniform(-20, 20), on.dice.uniform(-9, 9)) for _ in range(7)]

    def move(scene: Stage, phase: float) -> None:
        if scene.light.night or scene.light.rain:
            return
        for start, dx, dy in flock:
            turn = 2 * pi * (phase + start)
            x, y = BIG_WIDTH * (0.5 + 0.36 * cos(turn)) + dx, BIG_HEIGHT * (0.20 + 0.11 * sin(turn)) + dy
            beat = 5 * sin(2 * pi * (24 * phase + 9 * start))
            scene.line([(x - 8, y - beat), (x, y), (x + 8, y - beat)], rgb("#4C525A"), 2)

    return move


def station(light: Light, seed: int) -> Place:
    """A bus station's forecourt: terminal, shelters, marked bays, standing buses and one that comes and goes."""
    on = stage(
        Lens(height=6.6, horizon=0.29 * BIG_HEIGHT, centre=BIG_WIDTH * (0.5 + 0.03 * (seed % 3 - 1))), light, seed
    )
    sky(on)
    hills(on, on.hazed(rgb("#6E7F78"), 130), 30, seed)
    on.ground(-120, 120, 4, 140, rgb("#6A6E72"))
    for x, deep in ((-52.0, 16.0), (34.0, 18.0)):
        t.house(on, (x, x + deep), (72, 88), on.dice.uniform(15, 30), on.dice.choice(t.WALLS), shops=False)
    _terminal(on, 56.0)
    on.ground(-60, 60, 49.5, 56, t.PATH)
    colours = [on.dice.choice(t.SIGNS) for _ in range(8)]
    for number, x in enumerate((-19.0, -6.5, 19.5)):
        t.bus(on, x, 42.5, mix(colours[number], (225, 225, 225), 0.25))
    _shelter(on, 33.0)
    _bays(on)
    for x in (-17.0, 17.0):
        t.lamp(on, x, 31, 9.0, 2.4)
    buses = _buses(on, [(25.2, True, 0.10, colours[4]), (18.2, False, 0.55, colours[5])])
    crowd = walkers(on, 9, (1.0, 13), (32.0, 35.5))

    def fore(scene: Stage) -> None:
        scene.ground(-60, 60, 4.0, 16.3, t.PATH)
        scene.ground(-60, 60, 16.2, 16.5, t.KERB)
        t.lamp(scene, -9.4, 15.6, 8.0, 2.2)
        t.bush(scene, 3.6, 15.4, 0.7)
        t.bush(scene, 4.7, 15.3, 0.8)
        t.tree(scene, 7.4, 15.4, 5.6, 1.7)

    return finished(on, fore, together(crowd, buses))


def _terminal(on: Stage, z: float) -> None:
    wall = rgb("#B7BCC0")
    on.box((-27, 27), (0, 9.5), (z, z + 14), wall)
    on.wall(-26, 26, 1.0, 6.6, z - 0.02, rgb("#516371"))
    for x in np.arange(-26.0, 26.1, 2.6):
        on.wall(x - 0.09, x + 0.09, 1, 6.6, z - 0.05, shade(wall, 1.06))
        if on.light.night and x < 25:
            pane = [
                (x + 0.1, 1.1, z - 0.03),
                (x + 2.5, 1.1, z - 0.03),
                (x + 2.5, 6.5, z - 0.03),
                (x + 0.1, 6.5, z - 0.03),
            ]
            on.facet(pane, shade(t.COOL, on.dice.uniform(0.2, 0.4)), shine=True)
    on.box((-29, 29), (9.5, 10.4), (z - 2.5, z + 15), rgb("#8F969B"))
    on.box((-3.2, 3.2), (10.4, 16.5), (z, z + 5), shade(wall, 1.04))
    sx, sy = on.lens.seen(0, 13.8, z - 0.05)
    on.ellipse(sx, sy, on.lens.span(1.7, z), on.lens.span(1.7, z), rgb("#F1F1EC"))
    on.line([(sx, sy), (sx, sy - on.lens.span(1.3, z))], rgb("#33383C"), 2)
    on.line([(sx, sy), (sx + on.lens.span(0.7, z), sy + on.lens.span(0.5, z))], rgb("#33383C"), 2)
    on.wall(-20, -6, 7.3, 8.9, z - 0.05, rgb("#A3342C"))
    on.wall(7, 20, 7.3, 8.9, z - 0.05, rgb("#2F6DA8"))


def _shelter(on: Stage, z: float) -> None:
    on.ground(-16, 16, z - 1.5, z + 3.2, rgb("#A9A59C"), y=0.18)
    on.wall(-16, 16, 0, 0.18, z - 1.5, t.KERB)
    for x in np.arange(-14.0, 14.1, 7.0):
        on.box((x - 0.12, x + 0.12), (0.18, 3.0), (z + 1.6, z + 1.8), rgb("#7C858B"))
    on.box((-15, 15), (3.0, 3.3), (z - 0.4, z + 2.8), rgb("#4E7291"))
    for x in (-10.5, -3.5, 3.5, 10.5):
        on.box((x - 1.6, x + 1.6), (0.5, 0.62), (z + 1.2, z + 1.7), rgb("#8A6F52"))
        on.wall(x - 1.3, x + 1.3, 1.2, 2.5, z + 1.9, rgb("#AFC0CA"))
    if on.light.night:
        for x in (-10.5, -3.5, 3.5, 10.5):
            on.spot(x, 2.9, z, 2.2, shade(t.COOL, 0.6))
            sx, sy = on.lens.seen(x, 0.5, z)
            on.pools.append((sx, sy, on.lens.span(4.5, z), on.lens.span(2.4, z), shade(t.COOL, 1.3 / 255)))


def _bays(on: Stage) -> None:
    for x in range(-40, 41, 5):
        on.slab(x - 1.3, x + 1.3, 22.6, 22.8, t.PAINT)
    on.ground(-60, 60, 17.0, 17.15, rgb("#C9A646"))
    for x in range(-36, 37, 12):
        on.facet([(x, 0, 28.2), (x + 0.18, 0, 28.2), (x + 3.0, 0, 31.2), (x + 2.8, 0, 31.2)], rgb("#C9A646"))


def _buses(on: Stage, lines: list[tuple[float, bool, float, Colour]]) -> Move:
    def move(scene: Stage, phase: float) -> None:
        for z, right, start, colour in sorted(lines, reverse=True):
            way = ((phase + start) % 1.0 - 0.5) * 92.0
            if abs(way) < 34:
                t.bus(scene, way if right else -way, z, mix(colour, (225, 225, 225), 0.2))

    return move
