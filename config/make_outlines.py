"""Draws the outlines of an invented county: one planar partition into cells whose neighbours share identical vertices.

The way: scatter many small cells (denser where people live), let regions grow over them on the graph of neighbours
(so each region is in one piece), keep the edges between different regions as arcs from junction to junction, then round
and roughen every arc *once*. Whatever is built from the arcs afterwards tiles without gap or overlap by construction.

All lengths are kilometres on a plane whose origin is the county's south-west corner, x eastwards, y northwards.
Same seed, same figure: the only chance is the `random.Random` handed in.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

import shapely
from shapely import STRtree
from shapely.geometry import LineString, MultiPoint, Polygon

Point = tuple[float, float]
Graph = Mapping[int, Mapping[int, float]]
"""Neighbours of each node with the cost of the step."""

OUTSIDE = -1


@dataclass(frozen=True)
class Mesh:
    """The small cells: their seeds, and for each pair of neighbours the one edge between them."""

    seeds: list[Point]
    edges: dict[tuple[int, int], tuple[Point, Point]]


@dataclass(frozen=True)
class Arc:
    """A border between two regions (`right` may be `OUTSIDE`), from junction to junction."""

    left: int
    right: int
    line: tuple[Point, ...]


def waves(chance: Random, longest: float, octaves: int = 4) -> Callable[[Point], float]:
    """A smooth random field in about [-1, 1] with features of `longest` km and finer."""
    parts = []
    for octave in range(octaves):
        for _ in range(5):
            turn, phase = chance.uniform(0, math.tau), chance.uniform(0, math.tau)
            pitch = math.tau / longest * 2**octave * chance.uniform(0.7, 1.4)
            parts.append((pitch * math.cos(turn), pitch * math.sin(turn), phase, 0.5 ** (octave + 1)))

    def field(point: Point) -> float:
        return 0.6 * math.fsum(size * math.sin(point[0] * a + point[1] * b + phase) for a, b, phase, size in parts)

    return field


def scatter(chance: Random, width: float, height: float, spacing: Callable[[Point], float]) -> list[Point]:
    """Points over the rectangle, no two nearer than the local spacing (dart throwing, hashed in 1 km squares)."""
    squares: dict[tuple[int, int], list[Point]] = defaultdict(list)
    points: list[Point] = []
    misses = 0
    while misses < 4000:
        dart = (chance.uniform(0, width), chance.uniform(0, height))
        if _is_free(dart, spacing(dart), squares):
            squares[int(dart[0]), int(dart[1])].append(dart)
            points.append(dart)
            misses = 0
        else:
            misses += 1
    return points


def _is_free(dart: Point, reach: float, squares: Mapping[tuple[int, int], list[Point]]) -> bool:
    column, row = int(dart[0]), int(dart[1])
    around = ((column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1))
    return all(math.dist(dart, other) >= reach for square in around for other in squares.get(square, ()))


def mesh(seeds: Sequence[Point]) -> Mesh:
    """The Voronoi cells of the seeds, reduced to the edges that two cells share."""
    cells = shapely.voronoi_polygons(MultiPoint(list(seeds)), ordered=True)
    sides: dict[tuple[Point, Point], list[int]] = defaultdict(list)
    for number, cell in enumerate(cells.geoms):
        ring = [(round(x, 9), round(y, 9)) for x, y in cell.exterior.coords]
        for a, b in pairwise(ring):
            if a != b:
                sides[min(a, b), max(a, b)].append(number)
    edges = {(min(two), max(two)): side for side, two in sides.items() if len(two) == 2}
    return Mesh(list(seeds), edges)


def neighbours(pairs: Iterable[tuple[int, int]], cost: Callable[[int, int], float]) -> dict[int, dict[int, float]]:
    """An undirected graph from pairs and the cost of stepping between the two."""
    graph: dict[int, dict[int, float]] = defaultdict(dict)
    for a, b in pairs:
        graph[a][b] = graph[b][a] = cost(a, b)
    return graph


def grow(graph: Graph, seeds: Mapping[int, int], pace: Mapping[int, float]) -> dict[int, int]:
    """Each node's region: the one whose seed reaches it first (`seeds`: node to region; `pace`: speed of a region).

    Regions are in one piece by construction.
    """
    owner: dict[int, int] = {}
    queue = [(0.0, node, region) for node, region in sorted(seeds.items())]
    heapq.heapify(queue)
    while queue:
        reached, node, region = heapq.heappop(queue)
        if node in owner:
            continue
        owner[node] = region
        for other, step in graph[node].items():
            if other not in owner:
                heapq.heappush(queue, (reached + step / pace[region], other, region))
    return owner


def spread(graph: Graph, first: int, count: int, chance: Random) -> list[int]:
    """`count` nodes far from each other: each next one is about the farthest from those already taken."""
    away = _steps_from(graph, first, {})
    taken = [first]
    while len(taken) < count:
        pick = max(sorted(away), key=lambda node: away[node] * chance.uniform(0.8, 1.0))
        taken.append(pick)
        away = _steps_from(graph, pick, away)
    return taken


def _steps_from(graph: Graph, start: int, best: dict[int, float]) -> dict[int, float]:
    """Lower `best` by the distances from `start`, walking only where that improves something."""
    best[start] = 0.0
    queue = [(0.0, start)]
    while queue:
        reached, node = heapq.heappop(queue)
        if reached > best[node]:
            continue
        for other, step in graph[node].items():
            if reached + step < best.get(other, math.inf):
                best[other] = reached + step
                heapq.heappush(queue, (reached + step, other))
    return best


def arcs(net: Mesh, region: Callable[[int], int]) -> list[Arc]:
    """The borders between regions, chained from junction to junction (a vertex where three regions meet)."""
    borders: dict[tuple[int, int], list[tuple[Point, Point]]] = defaultdict(list)
    for (a, b), side in net.edges.items():
        here, there = region(a), region(b)
        if here != there:
            borders[max(here, there), min(here, there)].append(side)
    chained = []
    for (left, right), sides in sorted(borders.items()):
        chained += [Arc(left, right, line) for line in _chains(sides)]
    return chained


def _chains(sides: Sequence[tuple[Point, Point]]) -> list[tuple[Point, ...]]:
    """Join sides end to end; ends are vertices met once (junctions), closed rings have none."""
    ways: dict[Point, list[Point]] = defaultdict(list)
    for a, b in sides:
        ways[a].append(b)
        ways[b].append(a)
    lines = [_walk(ways, start) for start in sorted(ways) if len(ways[start]) == 1]
    lines += [_walk(ways, start) for start in sorted(ways) if ways[start]]
    return lines


def _walk(ways: dict[Point, list[Point]], start: Point) -> tuple[Point, ...]:
    line = [start]
    while ways[line[-1]]:
        after = ways[line[-1]].pop()
        ways[after].remove(line[-1])
        line.append(after)
    return tuple(line)


def soften(line: Sequence[Point], rounds: int = 3) -> tuple[Point, ...]:
    """Cut corners (Chaikin), ends kept: what was a row of cell edges becomes a flowing line."""
    for _ in range(rounds):
        cut = [line[0]]
        for (ax, ay), (bx, by) in pairwise(line):
            cut += [(0.75 * ax + 0.25 * bx, 0.75 * ay + 0.25 * by), (0.25 * ax + 0.75 * bx, 0.25 * ay + 0.75 * by)]
        line = [*cut, line[-1]]
    return tuple(line)


def roughen(line: Sequence[Point], step: float, sway: float, field: Callable[[Point], float]) -> tuple[Point, ...]:
    """Resample to about `step` km and push each point sideways by up to `sway` steps, nothing at the two ends."""
    string = LineString(line)
    count = max(2, round(string.length / step))
    even = [(p.x, p.y) for p in (string.interpolate(i / count, normalized=True) for i in range(count + 1))]
    rough = [even[0]]
    for i in range(1, count):
        (ax, ay), (x, y), (bx, by) = even[i - 1], even[i], even[i + 1]
        along = math.hypot(bx - ax, by - ay) or 1.0
        push = sway * step * field((x, y)) * min(1.0, i / 2.5, (count - i) / 2.5)
        rough.append((x - push * (by - ay) / along, y + push * (bx - ax) / along))
    return (*rough, even[-1])


def crossings(lines: Sequence[Sequence[Point]]) -> set[int]:
    """Numbers of lines that cross themselves or meet another elsewhere than in a common end."""
    strings = [LineString(line) for line in lines]
    bad = {number for number, string in enumerate(strings) if not (string.is_simple or string.is_closed)}
    tree = STRtree(strings)
    for a, b in tree.query(strings, predicate="intersects").T.tolist():
        if a < b and not _meet_in_ends(strings[a], strings[b]):
            bad |= {a, b}
    return bad


def _meet_in_ends(one: LineString, other: LineString) -> bool:
    ends = {one.coords[0], one.coords[-1]} & {other.coords[0], other.coords[-1]}
    common = shapely.get_coordinates(shapely.intersection(one, other))
    return all(tuple(point) in ends for point in common.tolist())


def polygon(borders: Sequence[Arc], members: frozenset[int] | set[int]) -> Polygon:
    """The outline of a set of regions, put together from the arcs that have exactly one side among them.

    Raises:
        ValueError: when the set is not in one piece without holes.
    """
    open_arcs = [arc.line for arc in borders if (arc.left in members) != (arc.right in members)]
    starts: dict[Point, list[tuple[int, tuple[Point, ...]]]] = defaultdict(list)
    for number, line in enumerate(open_arcs):
        starts[line[0]].append((number, line))
        starts[line[-1]].append((number, line[::-1]))
    ring, used = [*open_arcs[0]], {0}
    while ring[-1] != ring[0]:
        number, line = next((n, line) for n, line in starts[ring[-1]] if n not in used)
        used.add(number)
        ring += line[1:]
    if len(used) != len(open_arcs):
        raise ValueError(f"the regions {sorted(members)[:5]}… are not in one piece without holes")
    return shapely.geometry.polygon.orient(Polygon(ring))
