"""Things that stand or move in a drawn place: houses, trees, cars, stalls, lamps, figures without faces."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sin

from streams.scenes.kit import BIG_HEIGHT, Colour, Point, Stage, mix, rgb, shade

WALLS = tuple(map(rgb, ("#B9B0A2", "#A79B8B", "#C3BBAF", "#9A8F84", "#B5A78F", "#A8AEB2", "#8E949B", "#BFA58A")))
ROOFS = tuple(map(rgb, ("#6B7682", "#7E5A50", "#5B6570", "#86705F", "#4F5F74")))
SIGNS = tuple(map(rgb, ("#2F6DA8", "#B0382F", "#2E7D5B", "#C79A2B", "#7A4A8C", "#37808A")))
CARS = tuple(map(rgb, ("#E4E6E8", "#B9BEC3", "#3A4048", "#A63A34", "#3E5F8A", "#6F7A82", "#D8D2C4", "#54605A")))
COATS = tuple(map(rgb, ("#3C4654", "#6B4A45", "#50604E", "#75695A", "#4B5C77", "#8A7F6C", "#5A4A63")))
LEAVES = tuple(map(rgb, ("#4C6B3C", "#587845", "#3F5D37", "#64824E", "#476644")))
GLASS = rgb("#4A5763")
WARM, COOL = rgb("#FFD38A"), rgb("#DDE8F5")
ROAD, PATH, KERB, PAINT = rgb("#55595E"), rgb("#97948D"), rgb("#B3B0A8"), rgb("#D6D6D0")


def house(
    on: Stage, x: tuple[float, float], z: tuple[float, float], height: float, wall: Colour, *, shops: bool = True
) -> None:
    """A block of flats with its rows of windows on the sides that are seen; shop signs over the ground floor."""
    on.box(x, (0.0, height), z, wall)
    inner = x[1] if x[1] < 0 else x[0]
    tone = shade(wall, 0.84 if x[1] < 0 else 0.93)
    _side_windows(on, inner, z, height, tone)
    if abs(inner) < 40:
        _front_windows(on, x, z[0], height, wall)
    if shops:
        _shops(on, inner, z)


def _side_windows(on: Stage, x: float, z: tuple[float, float], height: float, tone: Colour) -> None:
    step = 3.2 if z[0] < 70 else 6.4
    for floor in range(1, int(height / 3.1)):
        low = floor * 3.1 + 0.9
        at = z[0] + 1.0
        while at + step * 0.55 < z[1]:
            _window(
                on, [(x, low, at), (x, low + 1.6, at), (x, low + 1.6, at + step * 0.5), (x, low, at + step * 0.5)], tone
            )
            at += step


def _front_windows(on: Stage, x: tuple[float, float], z: float, height: float, tone: Colour) -> None:
    step = 3.2 if z < 70 else 6.4
    for floor in range(1, int(height / 3.1)):
        low = floor * 3.1 + 0.9
        at = x[0] + 1.0
        while at + 1.6 < x[1]:
            _window(on, [(at, low, z), (at, low + 1.6, z), (at + 1.6, low + 1.6, z), (at + 1.6, low, z)], tone)
            at += step


def _window(on: Stage, corners: Sequence[Point], tone: Colour) -> None:
    dice = on.dice.random()
    on.facet(corners, mix(GLASS, tone, 0.25 + 0.25 * dice))
    if on.light.night and dice > 0.62:
        warm = mix(WARM, COOL, on.dice.random() * 0.5)
        on.facet(corners, shade(warm, 0.2 + 0.4 * on.dice.random()), shine=True)


def _shops(on: Stage, x: float, z: tuple[float, float]) -> None:
    at = z[0] + 0.4
    while at + 3.0 < z[1]:
        wide = min(on.dice.uniform(4.0, 7.0), z[1] - at - 0.3)
        sign, front = on.dice.choice(SIGNS), mix(GLASS, on.dice.choice(WALLS), 0.35)
        on.side(x, 0.2, 2.6, at, at + wide - 0.5, front)
        board: list[Point] = [(x, 2.8, at), (x, 3.7, at), (x, 3.7, at + wide - 0.4), (x, 2.8, at + wide - 0.4)]
        on.facet(board, mix(sign, (150, 150, 150), 0.15))
        if on.light.night and on.dice.random() > 0.35:
            on.facet(board, shade(sign, 0.6), shine=True)
            glow: list[Point] = [(x, 0.4, at), (x, 2.5, at), (x, 2.5, at + wide - 0.5), (x, 0.4, at + wide - 0.5)]
            on.facet(glow, shade(WARM, 0.34), shine=True)
            _pool(on, x * 0.92, at + wide / 2, 3.0, 0.4, WARM)
        at += wide


def tree(on: Stage, x: float, z: float, height: float = 6.0, wide: float = 2.1) -> None:
    """A street tree: trunk, and a crown of overlapping leaves, lighter towards the sky."""
    on.shadow(x + 0.6, z + 0.2, wide * 0.95, wide * 0.5, 0.3)
    trunk = on.hazed(rgb("#5C4B3C"), z)
    (sx, top), (_, foot) = on.lens.seen(x, height * 0.55, z), on.lens.seen(x, 0.0, z)
    half = max(0.8, on.lens.span(0.14, z))
    on.flat([(sx - half, foot), (sx - half * 0.7, top), (sx + half * 0.7, top), (sx + half, foot)], trunk)
    crown(on, x, height * 0.72, z, wide)


def crown(on: Stage, x: float, y: float, z: float, wide: float) -> None:
    sx, sy = on.lens.seen(x, y, z)
    radius = on.lens.span(wide, z)
    green = on.dice.choice(LEAVES)
    blobs = 16 if radius > 14 else 7
    for blob in range(blobs):
        rise = blob / blobs
        dx, dy = on.dice.uniform(-0.72, 0.72) * (1 - 0.35 * rise), 0.45 - 1.05 * rise + on.dice.uniform(-0.18, 0.18)
        tone = shade(green, 0.78 + 0.42 * rise + on.dice.uniform(-0.05, 0.05))
        on.ellipse(sx + dx * radius, sy + dy * radius * 0.9, radius * 0.47, radius * 0.40, on.hazed(tone, z))


def bush(on: Stage, x: float, z: float, wide: float = 1.0) -> None:
    crown(on, x, wide * 0.45, z, wide)


def lamp(on: Stage, x: float, z: float, height: float = 8.0, arm: float = 2.0) -> None:
    """A street lamp whose arm reaches over the road; by night it lights the ground below."""
    colour = on.hazed(rgb("#6D7378"), z)
    wide = max(1.0, on.lens.span(0.13, z))
    reach = -arm if x > 0 else arm
    foot, top, end = (on.lens.seen(x, 0, z), on.lens.seen(x, height, z), on.lens.seen(x + reach, height + 0.4, z))
    on.line([foot, top, end], colour, wide)
    on.ellipse(*end, on.lens.span(0.35, z), on.lens.span(0.13, z), on.hazed(rgb("#C9CED2"), z))
    if on.light.night:
        on.ellipse(*end, on.lens.span(0.4, z), on.lens.span(0.18, z), (215, 240, 255), shine=True)
        on.spot(x + reach, height + 0.3, z, 2.6, shade(WARM, 0.9))
        _pool(on, x + reach, z, 7.0, 1.5, WARM)


def _pool(on: Stage, x: float, z: float, radius: float, strength: float, colour: Colour) -> None:
    """Light falling on the ground around a place."""
    if z < 3:
        return
    sx, sy = on.lens.seen(x, 0.0, z)
    flat = min(abs(on.lens.seen(x, 0, max(2.0, z - radius))[1] - sy), BIG_HEIGHT * 0.3)
    tint = shade(colour, strength / 255.0)
    on.pools.append((sx, sy - on.lens.span(1.0, z), on.lens.span(radius, z), max(flat, on.lens.span(2.2, z)), tint))


def car(on: Stage, x: float, z: float, colour: Colour, *, away: bool) -> None:
    """A car driving along the view, seen from behind or from the front, `z` its near end."""
    if z < 3.0:
        return
    on.shadow(x, z + 2.2, 1.25, 2.6, 0.45)
    rubber = rgb("#24272B")
    for side in (-0.78, 0.58):
        on.box((x + side, x + side + 0.22), (0.0, 0.55), (z + 0.3, z + 0.9), rubber)
    on.box((x - 0.9, x + 0.9), (0.28, 0.92), (z, z + 4.3), colour)
    on.box((x - 0.78, x + 0.78), (0.92, 1.45), (z + (0.5 if away else 1.2), z + 3.4), mix(colour, GLASS, 0.75))
    near = z + (0.5 if away else 1.2)
    roof: list[Point] = [
        (x - 0.7, 1.46, near + 0.2),
        (x + 0.7, 1.46, near + 0.2),
        (x + 0.7, 1.46, z + 3.1),
        (x - 0.7, 1.46, z + 3.1),
    ]
    on.facet(roof, shade(colour, 1.08))
    _car_lights(on, x, z, away=away)


def _car_lights(on: Stage, x: float, z: float, *, away: bool) -> None:
    colour = rgb("#B8302A") if away else rgb("#F2F0E2")
    for side in (-0.72, 0.72):
        sx, sy = on.lens.seen(x + side, 0.68, z)
        on.ellipse(sx, sy, on.lens.span(0.17, z), on.lens.span(0.09, z), on.hazed(colour, z))
        if on.light.night:
            on.spot(x + side, 0.68, z, 0.6 if away else 1.05, shade(colour, 0.75 if away else 0.95))
    if on.light.night and not away:
        on.spot(x, 0.1, z - 2.5, 2.2, shade(WARM, 0.2))


def crossing_car(on: Stage, x: float, z: float, colour: Colour, *, right: bool, length: float = 4.4) -> None:
    """A car driving across the view, seen from its side; `x` its middle."""
    half, front = length / 2, (1 if right else -1)
    on.shadow(x, z + 0.8, half * 1.08, 1.3, 0.45)
    on.box((x - half, x + half), (0.3, 0.95), (z, z + 1.8), colour)
    on.box((x - half * 0.52, x + half * 0.46), (0.95, 1.46), (z + 0.12, z + 1.66), mix(colour, GLASS, 0.75))
    on.slab(x - half * 0.46, x + half * 0.4, z + 0.2, z + 1.6, shade(colour, 1.08), y=1.47)
    for wheel in (-0.62, 0.6):
        sx, sy = on.lens.seen(x + wheel * half, 0.34, z - 0.01)
        on.ellipse(sx, sy, on.lens.span(0.34, z), on.lens.span(0.34, z), on.hazed(rgb("#24272B"), z))
        on.ellipse(sx, sy, on.lens.span(0.15, z), on.lens.span(0.15, z), on.hazed(rgb("#9AA0A5"), z))
    if on.light.night:
        on.spot(x + front * (half + 0.1), 0.66, z + 0.5, 1.1, shade(COOL, 0.8))
        on.spot(x + front * (half + 2.5), 0.1, z + 0.5, 2.4, shade(WARM, 0.3))
        on.spot(x - front * half, 0.7, z + 0.5, 0.7, shade(rgb("#B8302A"), 0.8))


def bus(on: Stage, x: float, z: float, colour: Colour, *, length: float = 10.5) -> None:
    """A bus standing or driving across the view; `x` its middle."""
    half = length / 2
    on.shadow(x, z + 1.2, half * 1.04, 1.6, 0.45)
    on.box((x - half, x + half), (0.35, 3.0), (z, z + 2.5), colour)
    on.wall(x - half + 0.25, x + half - 0.25, 1.35, 2.5, z, rgb("#36424D"))
    on.wall(x - half, x + half, 0.75, 0.98, z, mix(colour, (235, 235, 235), 0.7))
    panes = int(length / 1.5)
    for pane in range(1, panes):
        at = x - half + length * pane / panes
        on.wall(at - 0.05, at + 0.05, 1.35, 2.5, z, colour)
    for wheel in (-0.64, 0.6):
        sx, sy = on.lens.seen(x + wheel * half, 0.48, z - 0.01)
        on.ellipse(sx, sy, on.lens.span(0.48, z), on.lens.span(0.48, z), on.hazed(rgb("#24272B"), z))
        on.ellipse(sx, sy, on.lens.span(0.2, z), on.lens.span(0.2, z), on.hazed(rgb("#9AA0A5"), z))
    if on.light.night:
        lit: list[Point] = [
            (x - half + 0.3, 1.4, z),
            (x + half - 0.3, 1.4, z),
            (x + half - 0.3, 2.45, z),
            (x - half + 0.3, 2.45, z),
        ]
        sx0, sy0 = on.lens.seen(*lit[0])
        sx1, sy1 = on.lens.seen(*lit[2])
        on.rect(sx0, sy0, sx1, sy1, mix(rgb("#36424D"), (255, 255, 255), 0.7))


def figure(on: Stage, x: float, z: float, coat: Colour, stride: float, *, height: float = 1.68) -> None:
    """Somebody on foot, as a plain shape without a face; under an umbrella where it rains."""
    on.shadow(x + 0.15, z, 0.34, 0.3, 0.35)
    sx, foot = on.lens.seen(x, 0.0, z)
    unit = on.lens.span(height, z)
    swing = 0.07 * unit * sin(stride)
    dark, tone = on.hazed(shade(coat, 0.55), z), on.hazed(coat, z)
    hip, neck = foot - 0.47 * unit, foot - 0.83 * unit
    for leg in (-swing, swing):
        on.line([(sx, hip), (sx + leg, foot)], dark, max(1.0, 0.11 * unit))
    on.flat(
        [
            (sx - 0.11 * unit, hip),
            (sx - 0.13 * unit, neck + 0.04 * unit),
            (sx, neck),
            (sx + 0.13 * unit, neck + 0.04 * unit),
            (sx + 0.11 * unit, hip),
        ],
        tone,
    )
    on.ellipse(sx, foot - 0.91 * unit, 0.066 * unit, 0.08 * unit, on.hazed(rgb("#4A4038"), z))
    if on.light.rain:
        _umbrella(on, sx, foot - 1.0 * unit, unit, on.hazed(coat, z))


def _umbrella(on: Stage, x: float, y: float, unit: float, colour: Colour) -> None:
    points = [
        (x + unit * 0.36 * share, y - unit * 0.2 * sin(pi * (share + 1) / 2))
        for share in (-1, -0.7, -0.35, 0, 0.35, 0.7, 1)
    ]
    on.flat(points, shade(colour, 1.5))


def stall(on: Stage, x: float, z: float, awning: Colour, *, wide: float = 3.0, deep: float = 2.0) -> None:
    """A market stall: posts, a table with goods in crates, a striped awning falling towards the lane."""
    inward = 1.0 if x < 0 else -1.0
    near, far = z, z + wide
    edge, back = x + inward * deep / 2, x - inward * deep / 2
    low, high = min(edge, back), max(edge, back)
    on.shadow(x, z + wide / 2, deep * 0.8, wide * 0.6, 0.4)
    on.box((low, high), (0.0, 0.8), (near + 0.2, far - 0.2), rgb("#7C6A55"))
    _goods(on, low, high, near + 0.2, far - 0.2)
    for at in (near, far):
        on.line(
            [on.lens.seen(edge, 0, at), on.lens.seen(edge, 2.1, at)],
            on.hazed(rgb("#80868A"), at),
            on.lens.span(0.07, at),
        )
    stripes = 6
    for stripe in range(stripes, 0, -1):
        a, b = near + (far - near) * (stripe - 1) / stripes, near + (far - near) * stripe / stripes
        colour = awning if stripe % 2 else mix(awning, (235, 235, 235), 0.75)
        rim = edge + inward * 0.5
        on.facet([(back, 2.9, a), (back, 2.9, b), (rim, 2.25, b), (rim, 2.25, a)], colour)
        on.side(rim, 2.25, 1.98, a, b, shade(colour, 0.82))
    if on.light.night:
        on.spot(edge, 1.9, near + wide / 2, 1.3, shade(WARM, 0.42))
        _pool(on, edge, near + wide / 2, 3.0, 1.0, WARM)


def _goods(on: Stage, x0: float, x1: float, z0: float, z1: float) -> None:
    kinds = tuple(map(rgb, ("#B5482F", "#6F9440", "#D3A13B", "#C97B34", "#8A9F52", "#A33C4A", "#D8D0B4")))
    rows, columns = 3, max(2, int((z1 - z0) / 0.8))
    for column in range(columns - 1, -1, -1):
        colour = on.dice.choice(kinds)
        for row in range(rows):
            a, b = z0 + (z1 - z0) * column / columns, z0 + (z1 - z0) * (column + 0.86) / columns
            left = x0 + (x1 - x0) * (row + 0.08) / rows
            right = x0 + (x1 - x0) * (row + 0.92) / rows
            on.slab(left, right, a, b, shade(colour, on.dice.uniform(0.9, 1.1)), y=0.9)


def flag(on: Stage, x: float, z: float, height: float, phase: float) -> None:
    """A red flag on a pole, waving twice a loop."""
    wide = max(1.0, on.lens.span(0.1, z))
    on.line([on.lens.seen(x, 0, z), on.lens.seen(x, height, z)], on.hazed(rgb("#C9CDD0"), z), wide)
    sx, sy = on.lens.seen(x, height, z)
    long, high = on.lens.span(2.1, z), on.lens.span(1.35, z)
    upper, lower = [], []
    for part in range(9):
        along = part / 8
        wave = sin(2 * pi * (2 * phase - 1.1 * along)) * high * 0.12 * along
        upper.append((sx + long * along, sy + wave + along * high * 0.06))
        lower.append((sx + long * along, sy + high + wave + along * high * 0.06))
    on.flat([*upper, *reversed(lower)], on.hazed(rgb("#C0322B"), z))
