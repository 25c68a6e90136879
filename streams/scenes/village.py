"""A drawn village from a height: fields, a winding road, roofs among trees."""

from __future__ import annotations

from math import atan2, cos, pi, sin

import cv2
import numpy as np

from streams.scenes import things as t
from streams.scenes.film import Place
from streams.scenes.kit import BIG_HEIGHT, BIG_WIDTH, Colour, Lens, Light, Spot, Stage, mix, rgb, shade, stage
from streams.scenes.moves import Move, finished, together


def village(light: Light, seed: int) -> Place:
    """A village from a height: fields in patches, a winding road, roofs among trees, the shadow of a cloud."""
    on = stage(Lens(), light, seed)
    on.paint[:] = np.asarray(rgb("#75874F"), np.uint8)
    _fields(on)
    road = _winding(on, seed)
    lane = [(x * 0.55 + BIG_WIDTH * 0.22, y) for x, y in _winding_across(seed)]
    for wide, colour in ((27, rgb("#A9A189")), (19, rgb("#BDB6A2"))):
        on.line(road, colour, wide)
        on.line(lane, colour, wide * 0.62)
    if seed % 2:
        _pond(on)
    _roofs(on, road)
    drive = _road_cars(on, road)
    _settle_haze(on)
    return finished(on, None, together(drive, _cloud_shadow(on), _herons(on)))


def _seen_from_above(x: float, y: float) -> tuple[float, float]:
    """A place on the land (0..1 each) in the picture: farther rows closer together."""
    far = 1.0 - y
    depth = 0.62 + 0.38 * (1 - far)
    return BIG_WIDTH * (0.5 + (x - 0.5) * 1.35 * depth), BIG_HEIGHT * (1.0 - far * (1.22 - 0.26 * far))


def _fields(on: Stage) -> None:
    tones = tuple(map(rgb, ("#7F9152", "#93995A", "#6C8147", "#A39A5C", "#5F7A45", "#8A8A50", "#748F58", "#B0A468")))
    columns, rows = 9, 8
    jitter = {
        (c, r): (on.dice.uniform(-0.022, 0.022), on.dice.uniform(-0.022, 0.022))
        for c in range(columns + 1)
        for r in range(rows + 1)
    }

    def corner(c: int, r: int) -> tuple[float, float]:
        dx, dy = jitter[c, r]
        return _seen_from_above(c / columns + dx + 0.02 * sin(r * 1.3), r / rows + dy)

    for r in range(rows):
        for c in range(columns):
            tone = shade(on.dice.choice(tones), on.dice.uniform(0.92, 1.06))
            points = [corner(c, r), corner(c + 1, r), corner(c + 1, r + 1), corner(c, r + 1)]
            on.flat(points, tone)
            _furrows(on, points, shade(tone, 0.93), on.dice.randint(5, 9))
            on.line([points[0], points[1]], shade(tone, 0.78), 2)
            on.line([points[0], points[3]], shade(tone, 0.78), 2)


def _furrows(on: Stage, points: list[tuple[float, float]], tone: Colour, count: int) -> None:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
    for n in range(1, count):
        s = n / count
        on.line([(ax + (bx - ax) * s, ay + (by - ay) * s), (dx + (cx - dx) * s, dy + (cy - dy) * s)], tone, 1.6)


def _winding(on: Stage, seed: int) -> list[tuple[float, float]]:
    return [
        _seen_from_above(-0.05 + 1.1 * s / 40, 0.42 + 0.13 * sin(3.4 * s / 40 + seed) + 0.20 * s / 40)
        for s in range(41)
    ]


def _winding_across(seed: int) -> list[tuple[float, float]]:
    return [_seen_from_above(0.5 + 0.10 * sin(4.2 * s / 40 + 1.7 * seed), -0.1 + 1.25 * s / 40) for s in range(41)]


def _pond(on: Stage) -> None:
    x, y = _seen_from_above(0.23, 0.70)
    water = mix(rgb("#5F8590"), on.light.top, 0.3)
    on.ellipse(x, y, 118, 46, rgb("#8E8C62"))
    on.ellipse(x, y, 110, 41, water)
    on.ellipse(x - 22, y - 9, 70, 21, shade(water, 1.08))


def _roofs(on: Stage, road: list[tuple[float, float]]) -> None:
    """Houses with gable roofs and trees, drawn from the far edge to the near one."""
    things: list[tuple[float, float, str]] = []
    for _ in range(44):
        x, y = on.dice.choice(road[6:36])
        depth = 0.55 + 0.6 * y / BIG_HEIGHT
        off = on.dice.choice((-1, 1)) * on.dice.uniform(34, 120) * depth
        place = (x + on.dice.uniform(-40, 40), y + off)
        if all(abs(place[0] - a) > 48 * depth or abs(place[1] - b) > 36 * depth for a, b, _ in things):
            things.append((*place, "house"))
    clear = [(a, b) for a, b, _ in things]
    for _ in range(150):
        x, y = on.dice.uniform(-20, BIG_WIDTH + 20), on.dice.uniform(0, BIG_HEIGHT + 20)
        if min(abs(x - a) + abs(y - b) * 1.5 for a, b in [*clear, *road]) > 38:
            things.append((x, y, "tree"))
    for x, y, kind in sorted(things, key=lambda thing: thing[1]):
        scale = 0.55 + 0.6 * max(0.0, y) / BIG_HEIGHT
        (_roof if kind == "house" else _small_tree)(on, x, y, scale)


def _roof(on: Stage, x: float, y: float, s: float) -> None:
    wide, deep, high = on.dice.uniform(25, 36) * s, on.dice.uniform(13, 18) * s, on.dice.uniform(15, 22) * s
    colour, wall = on.dice.choice((*t.ROOFS, rgb("#98604A"), rgb("#5C7896"))), on.dice.choice(t.WALLS)
    skew = 0.35 * deep
    on.flat(
        [
            (x - wide + 8 * s, y + 3 * s),
            (x + wide + 20 * s, y + 3 * s),
            (x + wide + 20 * s, y - deep),
            (x - wide, y - deep),
        ],
        rgb("#5E6B42"),
    )
    on.rect(x - wide, y, x + wide, y - high, wall)
    on.flat(
        [(x + wide, y), (x + wide + skew, y - deep), (x + wide + skew, y - deep - high), (x + wide, y - high)],
        shade(wall, 0.78),
    )
    ridge = y - high - deep * 0.95
    on.flat(
        [
            (x - wide - 3, y - high + 2),
            (x + wide + 3, y - high + 2),
            (x + wide + skew * 0.5, ridge),
            (x - wide + skew * 0.5, ridge),
        ],
        colour,
    )
    on.flat(
        [(x + wide + 3, y - high + 2), (x + wide + skew + 2, y - deep - high + 1), (x + wide + skew * 0.5, ridge)],
        shade(wall, 0.86),
    )
    for n in range(1, 6):
        a, b = -wide + 2 * wide * n / 6, -wide + 2 * wide * n / 6 + skew * 0.5
        on.line([(x + a, y - high + 1), (x + b, ridge + 1)], shade(colour, 0.9), 1)
    _panes(on, x, y - high * 0.5, wide, s)


def _panes(on: Stage, x: float, y: float, wide: float, s: float) -> None:
    for share in (-0.5, 0.0, 0.5):
        middle = x + share * wide
        on.rect(middle - 3 * s, y - 3.6 * s, middle + 3 * s, y + 3.6 * s, t.GLASS)
        if on.light.night and on.dice.random() > 0.4:
            on.rect(middle - 3 * s, y - 3.6 * s, middle + 3 * s, y + 3.6 * s, t.WARM, shine=True)
            on.spots.append(Spot(middle, y, 20 * s, shade(t.WARM, 0.35)))


def _small_tree(on: Stage, x: float, y: float, s: float) -> None:
    size = on.dice.uniform(9, 17) * s
    green = on.dice.choice(t.LEAVES)
    on.ellipse(x + size * 0.5, y + size * 0.25, size * 1.1, size * 0.5, rgb("#566539"))
    for n in range(5):
        on.ellipse(
            x + on.dice.uniform(-0.4, 0.4) * size,
            y - n * size * 0.22,
            size * 0.75,
            size * 0.6,
            shade(green, 0.8 + 0.09 * n),
        )


def _settle_haze(on: Stage) -> None:
    """The farther rows fade a little."""
    share = np.linspace(0.42, 0.0, BIG_HEIGHT // 2, dtype=np.float32)[:, None, None] ** 1.3
    top = on.paint[: BIG_HEIGHT // 2].astype(np.float32)
    on.paint[: BIG_HEIGHT // 2] = (top * (1 - share) + np.asarray(on.light.low, np.float32) * share).astype(np.uint8)


def _road_cars(on: Stage, road: list[tuple[float, float]]) -> Move:
    path = np.asarray(road)
    fleet = [(on.dice.random(), on.dice.choice((1, -1)), on.dice.choice(t.CARS)) for _ in range(4)]

    def move(scene: Stage, phase: float) -> None:
        for start, way, colour in fleet:
            share = (start + way * phase) % 1.0
            at = share * (len(path) - 1)
            low = min(int(at), len(path) - 2)
            (ax, ay), (bx, by) = path[low], path[low + 1]
            x, y = ax + (bx - ax) * (at - low), ay + (by - ay) * (at - low)
            s = 0.55 + 0.6 * y / BIG_HEIGHT
            _small_car(scene, (x, y + 4 * s * way), s, atan2(by - ay, bx - ax), way, colour)

    return move


def _small_car(scene: Stage, place: tuple[float, float], s: float, turn: float, way: int, colour: Colour) -> None:
    """A car seen from a height, its long side along `turn`."""
    x, y = place

    def turned(half_long: float, half_wide: float, lift: float) -> list[tuple[float, float]]:
        corners = ((-half_long, -half_wide), (half_long, -half_wide), (half_long, half_wide), (-half_long, half_wide))
        return [
            (x + s * (a * cos(turn) - b * sin(turn)), y + s * (a * sin(turn) + b * cos(turn) - lift))
            for a, b in corners
        ]

    scene.ellipse(x + 2, y + 3 * s, 11 * s, 5 * s, rgb("#77725F"))
    scene.flat(turned(9, 4, 0), colour)
    scene.flat(turned(4.5, 2.8, 3), mix(colour, t.GLASS, 0.6))
    if scene.light.night:
        ahead = 14.4 * s * way
        scene.spots.append(Spot(x + ahead * cos(turn), y + ahead * sin(turn), 26 * s, shade(t.WARM, 0.8)))


def _cloud_shadow(on: Stage) -> Move:
    """The shadow of one cloud that crosses the land by day."""
    if on.light.night or on.light.rain:
        return lambda scene, phase: None
    soft = np.zeros((BIG_HEIGHT // 8, BIG_WIDTH // 8), np.float32)
    for dx, dy, size in ((0, 0, 17), (16, -4, 13), (-17, 3, 12), (4, 7, 14)):
        cv2.ellipse(soft, (BIG_WIDTH // 16 + dx, BIG_HEIGHT // 16 + dy), (size * 2, size), 0, 0, 360, 1.0, -1)
    soft = cv2.GaussianBlur(soft, (0, 0), 5)

    def move(scene: Stage, phase: float) -> None:
        shift = np.array([[1, 0, (phase - 0.5) * BIG_WIDTH / 8 * 2.3], [0, 1, (phase - 0.5) * 22]], np.float32)
        dark = cv2.warpAffine(soft, shift, (soft.shape[1], soft.shape[0]))
        factor = (255 - 62 * dark).astype(np.uint8)
        whole = cv2.cvtColor(cv2.resize(factor, (BIG_WIDTH, BIG_HEIGHT)), cv2.COLOR_GRAY2BGR)
        cv2.multiply(scene.paint, whole, dst=scene.paint, scale=1 / 255)

    return move


def _herons(on: Stage) -> Move:
    """Three white birds over the fields, by day."""

    def move(scene: Stage, phase: float) -> None:
        if scene.light.night:
            return
        for n in range(3):
            along = (phase + 0.03 * n + 0.4) % 1.0
            x = BIG_WIDTH * (along * 1.2 - 0.1)
            y = BIG_HEIGHT * (0.55 - 0.25 * along) + 26 * n
            beat = 5 * sin(2 * pi * (16 * phase + 0.2 * n))
            scene.line([(x - 11, y - beat), (x, y), (x + 11, y - beat)], rgb("#F2F2EE"), 3)

    return move
