"""What moves in a drawn place, each without a seam at the loop's end; and how a place is closed."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin

import numpy as np

from streams.scenes import things as t
from streams.scenes.film import Place, wet
from streams.scenes.kit import BIG_HEIGHT, BIG_WIDTH, Stage, mix, rgb

Move = Callable[[Stage, float], None]


def finished(on: Stage, fore: Callable[[Stage], None] | None, move: Move) -> Place:
    """Close a stage: wet ground where it rains, then what stands before everything that moves."""
    if on.light.rain:
        wet(on)
    if fore is None:
        return Place(on, None, move)
    behind = on.paint.copy()
    fore(on)
    front, on.paint = on.paint, behind
    mask = (np.abs(front.astype(np.int16) - behind).sum(axis=2) > 0).astype(np.uint8) * 255
    return Place(on, (front, mask), move)


def traffic(on: Stage, lanes: list[tuple[float, bool]], cars: int, span: tuple[float, float] = (7.0, 150.0)) -> Move:
    """Cars along the view, on lanes given as (x, drives away); each passes the whole span a whole number of times."""
    near, far = span
    fleet = []
    for number in range(cars):
        x, away = lanes[number % len(lanes)]
        fleet.append(
            (
                x + on.dice.uniform(-0.25, 0.25),
                away,
                (number // len(lanes) + on.dice.uniform(0.1, 0.7)) / max(1, -(-cars // len(lanes))),
                on.dice.choice(t.CARS),
            )
        )

    def move(scene: Stage, phase: float) -> None:
        places = []
        for x, away, start, colour in fleet:
            share = (start + phase) % 1.0
            places.append((near + (far - near) * (share if away else 1.0 - share), x, away, colour))
        for z, x, away, colour in sorted(places, reverse=True):
            t.car(scene, x, z, colour, away=away)

    return move


def walkers(on: Stage, count: int, x: tuple[float, float], z: tuple[float, float], *, both: bool = True) -> Move:
    """Figures that stroll a few metres to and fro, so that the loop has no seam."""
    crowd = [
        (on.dice.uniform(*x) * (on.dice.choice((-1, 1)) if both else 1), on.dice.uniform(*z), on.dice.uniform(0.6, 1.7),
         on.dice.random(), on.dice.choice(t.COATS), on.dice.uniform(1.55, 1.76))
        for _ in range(count)
    ]  # fmt: skip

    def move(scene: Stage, phase: float) -> None:
        placed = [
            (
                at + reach * sin(2 * pi * (phase + start)),
                place + 0.2 * cos(2 * pi * (phase + start)),
                start,
                coat,
                height,
            )
            for place, at, reach, start, coat, height in crowd
        ]
        for at, place, start, coat, height in sorted(placed, reverse=True):
            t.figure(scene, place, at, coat, 2 * pi * (6 * phase + start), height=height)

    return move


def together(*moves: Move) -> Move:
    def move(scene: Stage, phase: float) -> None:
        for one in moves:
            one(scene, phase)

    return move


def leaves(on: Stage, count: int) -> Move:
    """Leaves that drift down across the near picture."""
    falling = [
        (on.dice.random(), on.dice.random(), on.dice.choice(t.LEAVES), on.dice.randint(1, 2)) for _ in range(count)
    ]

    def move(scene: Stage, phase: float) -> None:
        for column, row, green, falls in falling:
            fall = (row + falls * phase) % 1.0
            x = column * BIG_WIDTH + 30 * sin(2 * pi * (fall * 2 + column))
            spin = abs(sin(2 * pi * (fall * 3 + row)))
            scene.ellipse(x, fall * BIG_HEIGHT, 4.5, 1.2 + 3 * spin, mix(green, rgb("#B58B3C"), 0.55))

    return move


def across(on: Stage, lanes: tuple[tuple[float, bool], ...], count: int) -> Move:
    """Cars that cross the view on lanes given as (z, drives right)."""
    fleet = [(*lanes[n % len(lanes)], (n // len(lanes) + on.dice.uniform(0.1, 0.6)) / max(1, count // len(lanes)),
              on.dice.choice(t.CARS)) for n in range(count)]  # fmt: skip

    def move(scene: Stage, phase: float) -> None:
        for z, right, start, colour in sorted(fleet, reverse=True):
            way = ((phase + start) % 1.0 - 0.5) * 90.0
            if abs(way) < 34:
                t.crossing_car(scene, way if right else -way, z, colour, right=right)

    return move
