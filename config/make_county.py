"""Makes the demonstration county's drawn and counted files: `python -m config.make_county [--seed N] [--into FOLDER]`.

Run by hand when the drawing or a table below changes; the result is committed. Same seed, same files to the byte.
It writes `areas.geojson`, `posts.csv`, `cameras.csv` and `calendar/*.csv`; what people decide (`county.toml`,
departments, categories, sources, roster) is kept by hand beside them. Every place here is invented.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from random import Random

import chinese_calendar
import shapely
from shapely.geometry import Point as Dot
from shapely.geometry import Polygon

from config import make_outlines as draw
from config.make_outlines import OUTSIDE, Arc, Point

SEED = 20
HERE = Path(__file__).resolve().parent / "counties" / "yunze"
PREFIX = "990100"
WEST, SOUTH = 112.61, 30.235
KM_PER_DEGREE_EAST, KM_PER_DEGREE_NORTH = 95.97, 110.86
"""At 30.45° N; the invented place only needs shapes that look right, not survey accuracy."""

SIZE = (59.0, 50.0)
SEAT: Point = (25.0, 25.5)
CELLS, URBAN_GRIDS, JOINT_GRIDS = 249, 16, 13
"""233 villages and 16 urban grids; 26 villages share 13 joint grids, so 207 + 13 + 16 = 236 grids."""

OUTLINE: list[Point] = [
    (3.5, 27), (5, 33), (9, 37.5), (13, 41.5), (16.5, 46), (21, 46.5), (25, 44), (29.5, 44.8), (34, 42), (38.5, 42.8),
    (43, 40), (46.5, 35.5), (51.5, 33), (54.5, 27.5), (55.5, 21), (52.5, 15.5), (47, 14.5), (43.5, 10.5), (38, 9),
    (33.5, 10), (29, 6), (24, 3), (19.5, 3.8), (16, 8.5), (12.5, 12), (9.5, 14), (7.5, 19), (4, 22),
]  # fmt: skip
"""The county by a few strokes of the hand, in km; noise makes it a border."""


@dataclass(frozen=True)
class Town:
    code: str
    name: str
    name_en: str
    kind: str
    seat: Point
    pace: float
    """How fast it grows over the map: its size among the others."""
    hills: bool


TOWNS = (
    Town("990100100", "城关镇", "Chengguan Town", "town", (24.0, 24.2), 0.95, False),
    Town("990100001", "东湖街道", "Donghu Subdistrict", "subdistrict", (28.3, 27.8), 0.85, False),
    Town("990100101", "龙门镇", "Longmen Town", "town", (19.5, 32.0), 0.9, True),
    Town("990100102", "青山镇", "Qingshan Town", "town", (38.0, 16.0), 1.12, True),
    Town("990100103", "柳林镇", "Liulin Town", "town", (42.0, 35.0), 1.08, False),
    Town("990100104", "清溪镇", "Qingxi Town", "town", (49.0, 24.0), 1.2, False),
    Town("990100105", "白沙镇", "Baisha Town", "town", (37.5, 27.0), 0.9, False),
    Town("990100106", "石桥镇", "Shiqiao Town", "town", (23.0, 12.0), 1.1, False),
    Town("990100107", "双河镇", "Shuanghe Town", "town", (13.0, 19.0), 1.0, False),
    Town("990100108", "太平镇", "Taiping Town", "town", (9.5, 30.0), 1.1, False),
    Town("990100200", "红星乡", "Hongxing Township", "township", (21.0, 41.0), 0.95, True),
    Town("990100201", "云岭乡", "Yunling Township", "township", (32.0, 38.0), 0.92, True),
)
URBAN = (
    ("城关镇", (("文昌社区", "Wenchang Community"), ("东门社区", "Dongmen Community"))),
    ("东湖街道", (("滨湖社区", "Binhu Community"), ("建设社区", "Jianshe Community"))),
)
"""The four urban communities, two in each of the two towns of the county seat, four grids each."""

EXCLUSIVE_URBAN = (
    ("第二实验小学网格", "Second Experimental School Grid"),
    ("东门农贸市场网格", "East Gate Market Grid"),
    ("县人民医院网格", "County Hospital Grid"),
    ("客运中心网格", "Coach Station Grid"),
)
"""One exclusive grid (专属网格) in each urban community, in the order of `URBAN`."""
EXCLUSIVE_RURAL = (
    ("白沙镇", "白沙工业园网格", "Baisha Industrial Park Grid"),
    ("龙门镇", "云泽一中网格", "Yunze No. 1 High School Grid"),
    ("石桥镇", "石桥粮食市场网格", "Shiqiao Grain Market Grid"),
    ("清溪镇", "清溪水产市场网格", "Qingxi Fish Market Grid"),
)

SURNAMES = """
张Zhang 王Wang 李Li 刘Liu 陈Chen 杨Yang 黄Huang 赵Zhao 周Zhou 吴Wu 徐Xu 孙Sun 胡Hu 朱Zhu 高Gao 林Lin 何He
郭Guo 马Ma 罗Luo 梁Liang 宋Song 郑Zheng 谢Xie 韩Han 唐Tang 冯Feng 董Dong 程Cheng 曹Cao 袁Yuan 邓Deng 傅Fu
沈Shen 曾Zeng 彭Peng 吕Lyu 苏Su 卢Lu 蒋Jiang 蔡Cai 贾Jia 丁Ding 魏Wei 薛Xue 叶Ye 余Yu 潘Pan 杜Du 戴Dai 夏Xia
钟Zhong 田Tian 任Ren 范Fan 方Fang 石Shi 姚Yao 谭Tan 廖Liao 邹Zou 熊Xiong 金Jin 孔Kong 崔Cui 康Kang 毛Mao
邱Qiu 秦Qin 顾Gu 侯Hou 邵Shao 孟Meng 万Wan 段Duan 雷Lei 钱Qian 尹Yin 常Chang 乔Qiao 龚Gong 文Wen
"""
PLAIN = """
家湾jiawan 家台jiatai 家垸jiayuan 家河jiahe 家咀jiazui 家桥jiaqiao 家铺jiapu 家集jiaji 家店jiadian
家潭jiatan
"""
HILLS = """
家岭jialing 家冲jiachong 家坪jiaping 家坡jiapo 家坳jia'ao 家畈jiafan 家庙jiamiao 家寨jiazhai
"""
"""Endings of village names by landscape: bends, terraces, polders and ferries; ridges, valleys and forts."""
OLD_NAMES = """
青龙Qinglong 白鹤Baihe 双龙Shuanglong 杏花Xinghua 桃园Taoyuan 竹林Zhulin 莲花Lianhua 荷塘Hetang 新河Xinhe
月亮Yueliang 凤凰Fenghuang 梅林Meilin 古井Gujing 老街Laojie 三桥Sanqiao 五星Wuxing 前进Qianjin 新建Xinjian
红旗Hongqi 团结Tuanjie 和平Heping 幸福Xingfu 永安Yong'an 长堤Changdi 官渡Guandu 渔场Yuchang 沙洲Shazhou
芦花Luhua 枣林Zaolin 松柏Songbai 茶园Chayuan 高峰Gaofeng 石门Shimen 泉水Quanshui 黄土Huangtu 马鞍Ma'an
仙桥Xianqiao 铁炉Tielu 横堤Hengdi 大兴Daxing 同心Tongxin 联合Lianhe 东风Dongfeng 群力Qunli 胜利Shengli
向阳Xiangyang 金星Jinxing 合兴Hexing 兴隆Xinglong 观音Guanyin 关庙Guanmiao 龙王Longwang 柳沟Liugou
清水Qingshui 桂花Guihua 樟树Zhangshu 枫树Fengshu 乌桥Wuqiao 麻塘Matang 砖桥Zhuanqiao
"""


@dataclass(frozen=True)
class Area:
    """One feature to be: `cells` are the numbers of the drawn cells it is made of."""

    code: str
    name: str
    name_en: str
    level: str
    parent: str | None
    kind: str
    cells: frozenset[int]
    households: int = 0
    covers: tuple[str, ...] = ()
    valid_from: str = "2024-01-01"


@dataclass(frozen=True)
class Plan:
    """The drawing: arcs in degrees, and which town each cell belongs to."""

    arcs: list[Arc]
    cells: list[Polygon]
    beside: dict[int, dict[int, float]]
    town: dict[int, int]


# ---------------------------------------------------------------------------------------------- the drawing


def spacing_of(chance: Random) -> Callable[[Point], float]:
    """The distance between small cells, km: narrow at the county seat and at the town seats, wide between them."""
    lumps = draw.waves(chance, 6, 3)

    def spacing(point: Point) -> float:
        away = min(1.0, math.dist(point, SEAT) / 11)
        near = min(math.dist(point, town.seat) for town in TOWNS)
        wide: float = 0.225 + 0.36 * away**1.25
        return wide * (1 - 0.22 * math.exp(-((near / 1.8) ** 2))) * (1 + 0.25 * lumps(point))

    return spacing


def drawn_plan(chance: Random) -> Plan:
    """Draw the county: cells, their borders and the towns they belong to."""
    spacing = spacing_of(chance)
    net = draw.mesh(draw.scatter(chance, *SIZE, spacing))
    owner = _grown_cells(net, spacing, chance)
    arcs = _lined(draw.arcs(net, lambda node: owner.get(node, OUTSIDE)), spacing, chance)
    cells = [draw.polygon(arcs, {number}) for number in range(CELLS)]
    beside = _beside(arcs, cells, chance)
    return Plan(arcs, cells, beside, _towns(cells, beside))


def _grown_cells(net: draw.Mesh, spacing: Callable[[Point], float], chance: Random) -> dict[int, int]:
    """Which of the `CELLS` each small cell inside the outline belongs to."""
    warp = draw.waves(chance, 14), draw.waves(chance, 14)
    shape = Polygon(OUTLINE)
    shapely.prepare(shape)
    inside = {n for n, (x, y) in enumerate(net.seeds)
              if shape.contains(Dot(x + 1.5 * warp[0]((x, y)), y + 1.5 * warp[1]((x, y))))}  # fmt: skip

    def cost(a: int, b: int) -> float:
        return math.dist(net.seeds[a], net.seeds[b]) / spacing(net.seeds[a]) * chance.uniform(0.7, 1.4)

    graph = draw.neighbours((pair for pair in net.edges if inside.issuperset(pair)), cost)
    first = min(graph, key=lambda node: math.dist(net.seeds[node], SEAT))
    centres = draw.spread(graph, first, CELLS, chance)
    pace = {number: chance.uniform(0.75, 1.3) for number in range(CELLS)}
    owner = draw.grow(graph, {node: number for number, node in enumerate(centres)}, pace)
    for _ in range(2):
        centres = _middles(owner, net.seeds)
        owner = draw.grow(graph, {node: number for number, node in enumerate(centres)}, pace)
    return owner


def _middles(owner: dict[int, int], seeds: Sequence[Point]) -> list[int]:
    """The node nearest to the mean of each region's seeds, by region."""
    members: dict[int, list[int]] = {number: [] for number in range(CELLS)}
    for node in sorted(owner):
        members[owner[node]].append(node)
    middles = []
    for nodes in members.values():
        mean = tuple(math.fsum(seeds[n][axis] for n in nodes) / len(nodes) for axis in (0, 1))
        middles.append(min(nodes, key=lambda n: math.dist(seeds[n], mean)))
    return middles


def _lined(arcs: Sequence[Arc], spacing: Callable[[Point], float], chance: Random) -> list[Arc]:
    """Flowing, rough lines in rounded degrees; a line that would cross another is drawn calmer.

    Raises:
        ValueError: when even straight-drawn lines cross: choose another seed.
    """
    field = draw.waves(chance, 0.9, 3)
    sway = dict.fromkeys(range(len(arcs)), 0.42)
    for _ in range(6):
        lines = []
        for number, arc in enumerate(arcs):
            step = max(0.06, 0.36 * spacing(arc.line[len(arc.line) // 2]))
            lines.append(_degrees(draw.roughen(draw.soften(arc.line), step, sway[number], field)))
        crossing = draw.crossings(lines)
        if not crossing:
            return [replace(arc, line=line) for arc, line in zip(arcs, lines, strict=True)]
        sway |= {number: sway[number] / 2 for number in crossing}
    raise ValueError("borders still cross when drawn calmly; choose another seed")


def _degrees(line: Iterable[Point]) -> tuple[Point, ...]:
    return tuple((round(WEST + x / KM_PER_DEGREE_EAST, 6), round(SOUTH + y / KM_PER_DEGREE_NORTH, 6)) for x, y in line)


def _kilometres(degrees: Point) -> Point:
    return (degrees[0] - WEST) * KM_PER_DEGREE_EAST, (degrees[1] - SOUTH) * KM_PER_DEGREE_NORTH


def _middle(cell: Polygon) -> Point:
    return _kilometres((cell.centroid.x, cell.centroid.y))


def _beside(arcs: Sequence[Arc], cells: Sequence[Polygon], chance: Random) -> dict[int, dict[int, float]]:
    """Which cells share a border, with the distance of their middles, bent a little by chance."""
    middles = [_middle(cell) for cell in cells]
    pairs = sorted({(arc.left, arc.right) for arc in arcs if arc.right != OUTSIDE})
    return draw.neighbours(pairs, lambda a, b: math.dist(middles[a], middles[b]) * chance.uniform(0.85, 1.2))


def _towns(cells: Sequence[Polygon], beside: dict[int, dict[int, float]]) -> dict[int, int]:
    middles = [_middle(cell) for cell in cells]
    seats = {}
    for number, town in enumerate(TOWNS):
        seats[min(range(len(cells)), key=lambda c: math.dist(middles[c], town.seat))] = number
    return draw.grow(beside, seats, {number: town.pace for number, town in enumerate(TOWNS)})


# ---------------------------------------------------------------------------------------------- the areas


def areas_of(plan: Plan, chance: Random) -> list[Area]:
    """County, towns, communities and grids, parents before children."""
    names = _village_names(chance)
    communities: list[Area] = []
    grids: list[Area] = []
    urban = dict(_urban_cells(plan))
    joint = _joint_pairs(plan, frozenset().union(*(cells for quads in urban.values() for cells in quads)), chance)
    for number, town in enumerate(TOWNS):
        quads = urban.get(number, [])
        for quad in quads:
            community, four = _urban_community(town, quad, len(communities), quads.index(quad), plan, chance)
            communities.append(community)
            grids += four
        taken = frozenset().union(*quads) if quads else frozenset()
        villages = _villages(town, [c for c in plan.town if plan.town[c] == number and c not in taken], plan, names)
        mine, theirs = _village_grids(
            town, villages, [pair for pair in joint if plan.town[min(pair)] == number], chance
        )
        communities += mine
        grids += theirs
    return _with_totals(communities, _with_exclusive(grids, plan))


def _village_names(chance: Random) -> dict[bool, list[tuple[str, str]]]:
    """Village names for the plain (False) and the hills (True), no name or romanisation twice."""
    surnames = [(word[0], word[1:]) for word in SURNAMES.split()]
    old = [(word[:2], word[2:]) for word in OLD_NAMES.split()]
    chance.shuffle(surnames)
    chance.shuffle(old)
    lists = {}
    for hills, endings, share in ((False, PLAIN.split(), slice(0, 40)), (True, HILLS.split(), slice(40, 60))):
        made = [(s + e[:2], p + e[2:]) for s, p in surnames for e in chance.sample(endings, 3)] + 2 * old[share]
        chance.shuffle(made)
        lists[hills] = list({romanised: (name, romanised) for name, romanised in made}.values())
    return lists


def _urban_cells(plan: Plan) -> list[tuple[int, list[frozenset[int]]]]:
    """For each town of the county seat, two sets of four cells: the built-up area nearest the centre."""
    built = []
    for town, _ in URBAN:
        number = next(i for i, t in enumerate(TOWNS) if t.name == town)
        mine = [c for c, t in plan.town.items() if t == number]
        taken = {min(mine, key=lambda c: math.dist(_middle(plan.cells[c]), SEAT))}
        while len(taken) < 8:
            edge = [c for c in mine if c not in taken and taken & plan.beside[c].keys()]
            taken.add(min(edge, key=lambda c: math.dist(_middle(plan.cells[c]), SEAT)))
        built.append((number, _halves(taken, plan)))
    return built


def _halves(eight: set[int], plan: Plan) -> list[frozenset[int]]:
    """Split eight neighbouring cells into two compact sets of four, each in one piece."""
    splits = []
    for four in combinations(sorted(eight), 4):
        halves = [frozenset(four), frozenset(eight.difference(four))]
        if four[0] == min(eight) and all(_in_one_piece(half, plan) for half in halves):
            splits.append((sum(_sprawl(half, plan) for half in halves), [sorted(h) for h in halves], halves))
    return min(splits)[2]


def _in_one_piece(cells: frozenset[int], plan: Plan) -> bool:
    try:
        return bool(draw.polygon(plan.arcs, cells).is_valid)
    except (ValueError, StopIteration):
        return False


def _sprawl(cells: frozenset[int], plan: Plan) -> float:
    return math.fsum(
        math.dist(_middle(plan.cells[a]), _middle(plan.cells[b])) for a, b in combinations(sorted(cells), 2)
    )


def _joint_pairs(plan: Plan, urban: frozenset[int], chance: Random) -> list[frozenset[int]]:
    """Pairs of neighbouring villages of one town that share a grid: remote ones first, at most two pairs a town."""
    seats = {_seat_cell(town, list(plan.town), plan) for town in TOWNS}
    far = [c for c in plan.town if c not in urban | seats and math.dist(_middle(plan.cells[c]), SEAT) > 9]
    chance.shuffle(far)
    pairs: list[frozenset[int]] = []
    for a in sorted(far, key=lambda c: plan.cells[c].area):
        options = [b for b in sorted(plan.beside[a]) if b in far and plan.town[a] == plan.town[b]]
        for b in sorted(options, key=lambda c: plan.cells[c].area):
            here = [pair for pair in pairs if plan.town[min(pair)] == plan.town[a]]
            used = frozenset().union(*pairs) if pairs else frozenset()
            if (
                len(pairs) < JOINT_GRIDS
                and len(here) < 2
                and not used & {a, b}
                and _in_one_piece(frozenset((a, b)), plan)
            ):
                pairs.append(frozenset((a, b)))
    return pairs


def _urban_community(
    town: Town, quad: frozenset[int], number: int, place: int, plan: Plan, chance: Random
) -> tuple[Area, list[Area]]:
    name, name_en = next(names for t, names in URBAN if t == town.name)[place]
    code = f"{town.code}{place + 1:03d}"
    which = 2 * [t for t, _ in URBAN].index(town.name) + place
    cells = sorted(quad, key=lambda c: (-round(_middle(plan.cells[c])[1], 1), c))
    grids = []
    for i, cell in enumerate(cells[1:] + cells[:1]):
        label, kind, homes = (
            (f"{name}第{'一二三'[i % 3]}网格", f"{name_en} Grid {i + 1}"),
            "basic",
            chance.randint(260, 500),
        )
        if i == 3:
            label, kind, homes = EXCLUSIVE_URBAN[which], "exclusive", chance.randint(60, 160)
        grids.append(Area(f"{code}{i + 1:03d}", *label, "grid", code, kind, frozenset({cell}), homes))
    return Area(code, name, name_en, "community", town.code, "urban", quad, sum(g.households for g in grids)), grids


def _seat_cell(town: Town, cells: Iterable[int], plan: Plan) -> int:
    return min(cells, key=lambda c: math.dist(_middle(plan.cells[c]), town.seat))


def _villages(town: Town, cells: list[int], plan: Plan, names: dict[bool, list[tuple[str, str]]]) -> list[Area]:
    """The town's villages, numbered from north to south in bands of 2 km; the seat's own is called after the town."""

    def band(cell: int) -> tuple[int, float]:
        x, y = _middle(plan.cells[cell])
        return -int(y / 2), x

    seat = _seat_cell(town, cells, plan)
    villages = []
    for i, cell in enumerate(sorted(cells, key=band)):
        name, name_en = (town.name[:2], town.name_en.split()[0]) if cell == seat else names[town.hills].pop()
        code = f"{town.code}{201 + i:03d}"
        villages.append(
            Area(code, f"{name}村", f"{name_en} Village", "community", town.code, "village", frozenset({cell}))
        )
    return villages


def _village_grids(
    town: Town, villages: list[Area], pairs: list[frozenset[int]], chance: Random
) -> tuple[list[Area], list[Area]]:
    """The villages with their households, and a grid each, or one that hangs under the town for a joint pair."""
    homed, grids = [], []
    for village in villages:
        shared = any(village.cells <= pair for pair in pairs)
        homes = chance.randint(62, 148) if shared else round(chance.triangular(100, 300, 210))
        homed.append(replace(village, households=homes))
        if not shared:
            adjusted = "2025-07-01" if chance.random() < 0.05 else "2024-01-01"
            grid = Area(f"{village.code}001", f"{village.name}网格", f"{village.name_en} Grid", "grid", village.code,
                        "basic", village.cells, homes, valid_from=adjusted)  # fmt: skip
            grids.append(grid)
    for i, pair in enumerate(pairs):
        a, b = (v for v in homed if v.cells <= pair)
        name = f"{a.name[:-1]}·{b.name[:-1]}联合网格"
        name_en = f"{a.name_en.removesuffix(' Village')}–{b.name_en.removesuffix(' Village')} Joint Grid"
        grids.append(Area(f"{town.code}000{i + 1:03d}", name, name_en, "grid", town.code, "basic", pair,
                          a.households + b.households, (a.code, b.code), "2025-07-01"))  # fmt: skip
    return homed, grids


def _with_exclusive(grids: list[Area], plan: Plan) -> list[Area]:
    """Make one rural grid of each named town an exclusive one: the smallest of those around the town's seat."""
    renamed = {}
    for town_name, name, name_en in EXCLUSIVE_RURAL:
        town = next(t for t in TOWNS if t.name == town_name)
        around = _by_distance(grids, town, plan)[1:5]
        chosen = min(around, key=lambda grid: _outline(grid, plan).area)
        renamed[chosen.code] = replace(chosen, name=name, name_en=name_en, kind="exclusive")
    return [renamed.get(grid.code, grid) for grid in grids]


def _by_distance(grids: Iterable[Area], town: Town, plan: Plan) -> list[Area]:
    """The town's single-village grids, nearest to its seat first."""
    cell = TOWNS.index(town)
    single = [g for g in grids if plan.town[min(g.cells)] == cell and not g.covers]
    return sorted(single, key=lambda grid: math.dist(_middle(_outline(grid, plan)), town.seat))


def _outline(area: Area, plan: Plan) -> Polygon:
    return draw.polygon(plan.arcs, area.cells)


def _with_totals(communities: list[Area], grids: list[Area]) -> list[Area]:
    towns = []
    for town in TOWNS:
        mine = [c for c in communities if c.parent == town.code]
        cells = frozenset().union(*(c.cells for c in mine))
        homes = sum(c.households for c in mine)
        towns.append(Area(town.code, town.name, town.name_en, "town", PREFIX, town.kind, cells, homes))
    whole = frozenset().union(*(t.cells for t in towns))
    total = sum(t.households for t in towns)
    county = Area(PREFIX, "云泽县", "Yunze County", "county", None, "county", whole, total)
    order = {town.code: i for i, town in enumerate(TOWNS)}
    communities.sort(key=lambda c: (order[str(c.parent)], c.code))
    return [county, *towns, *communities, *grids]


def feature(area: Area, plan: Plan) -> str:
    """One line of the file. `label` is the point deepest inside, where a name can stand."""
    shape = _outline(area, plan)
    if not shape.is_valid:
        raise ValueError(f"{area.code} {area.name} is no valid polygon; choose another seed")
    deep = shapely.maximum_inscribed_circle(shape, tolerance=1e-4).coords[0]
    properties = {
        "code": area.code, "name": area.name, "name_en": area.name_en, "level": area.level, "parent": area.parent,
        "kind": area.kind, "households": area.households, "valid_from": area.valid_from, "valid_to": None,
        "covers": list(area.covers), "label": [round(deep[0], 6), round(deep[1], 6)],
    }  # fmt: skip
    geometry = {"type": "Polygon", "coordinates": [[list(point) for point in shape.exterior.coords]]}
    whole = {"type": "Feature", "properties": properties, "geometry": geometry}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


def write_areas(folder: Path, areas: Sequence[Area], plan: Plan) -> None:
    lines = ",\n".join(feature(area, plan) for area in areas)
    text = '{"type":"FeatureCollection","name":"yunze","features":[\n' + lines + "\n]}\n"
    (folder / "areas.geojson").write_text(text, encoding="utf-8", newline="\n")


# ------------------------------------------------------------------------------------------ posts and cameras

STAFFING = {
    "urban": (("chief", 1), ("full_time", 2), ("liaison", 1), ("informant", 2), ("volunteer", 0)),
    "village": (("chief", 1), ("part_time", 1), ("liaison", 1), ("volunteer", 0)),
    "exclusive": (("chief", 1), ("liaison", 1), ("volunteer", 0)),
}
"""4+X in a community, 3+X in a village, 2+X on an exclusive grid; X are the volunteers, of whom none is required."""


def write_posts(folder: Path, areas: Sequence[Area], chance: Random) -> None:
    """Posts of every grid; one village grid in twenty has nobody (有格无人), here and there one post is empty."""
    urban = {area.code for area in areas if area.kind == "urban"}
    rows = []
    for grid in (area for area in areas if area.level == "grid"):
        kind = "exclusive" if grid.kind == "exclusive" else "urban" if grid.parent in urban else "village"
        empty = kind == "village" and chance.random() < 0.05
        for post, required in STAFFING[kind]:
            filled = chance.randint(0, 6) if not required else required - (chance.random() < 0.03)
            rows.append([grid.code, post, required, 0 if empty else filled])
    _write_table(folder / "posts.csv", ["area", "post", "required", "filled"], rows)


@dataclass(frozen=True)
class View:
    """A camera to be. `place`: a grid's name, or a town's for the grid of its seat (`town+N`: the N-th next to it)."""

    name: str
    name_en: str
    scene: str
    place: str
    focus: bool = False


VIEWS = (
    View("人民路与文化街口", "Renmin Road at Wenhua Street", "crossroads", "文昌社区第一网格", True),
    View("东门农贸市场", "East Gate Market", "market", "东门农贸市场网格", True),
    View("滨河大道三段", "Riverside Avenue, section 3", "road_night", "滨湖社区第二网格", True),
    View("云水河一号水位", "Yunshui River gauge 1", "river", "双河镇", True),
    View("第二实验小学", "Second Experimental School", "school", "第二实验小学网格", True),
    View("柳林镇高点", "Liulin lookout", "village", "柳林镇", True),
    View("石桥村村口", "Shiqiao village entrance", "village", "石桥镇", True),
    View("人民广场", "People's Square", "square", "文昌社区第三网格", True),
    View("客运中心", "Coach station", "bus_station", "客运中心网格", True),
    View("建设大道西段", "Jianshe Avenue west", "crossroads", "建设社区第一网格"),
    View("东湖公园广场", "Donghu Park square", "square", "滨湖社区第一网格"),
    View("县人民医院门前", "County Hospital forecourt", "crossroads", "县人民医院网格"),
    View("环城路夜间段", "Ring Road by night", "road_night", "东门社区第三网格"),
    View("城南公交枢纽", "South bus hub", "bus_station", "城关镇+1"),
    View("龙门镇集市", "Longmen market", "market", "龙门镇"),
    View("云泽一中校门", "No. 1 High School gate", "school", "云泽一中网格"),
    View("青山镇矿区路口", "Qingshan quarry junction", "crossroads", "青山镇+2"),
    View("青山镇公交站", "Qingshan bus stop", "bus_station", "青山镇"),
    View("清溪水产市场", "Qingxi Fish Market", "market", "清溪水产市场网格"),
    View("清溪河二号水位", "Qingxi River gauge 2", "river", "清溪镇"),
    View("白沙工业园大门", "Baisha Industrial Park gate", "crossroads", "白沙工业园网格"),
    View("白沙渡口", "Baisha ferry landing", "river", "白沙镇"),
    View("双河桥头", "Shuanghe bridgehead", "river", "双河镇+1"),
    View("太平镇中心小学", "Taiping Central School", "school", "太平镇+1"),
    View("太平镇广场", "Taiping square", "square", "太平镇"),
    View("石桥粮食市场", "Shiqiao Grain Market", "market", "石桥粮食市场网格"),
    View("红星乡政府路口", "Hongxing township office", "village", "红星乡"),
    View("云岭乡山口", "Yunling pass", "village", "云岭乡"),
)
PURPOSES = {
    "crossroads": ("ga", "道路通行与突发事件处置", "Road passage and response to incidents"),
    "road_night": ("ga", "夜间道路照明与通行安全", "Road lighting and safe passage at night"),
    "bus_station": ("jt", "客运场站秩序与疏散", "Order and evacuation at stations"),
    "market": ("cg", "市场周边秩序与消防通道", "Order around the market and clear fire lanes"),
    "river": ("sl", "水位与河道安全观察", "Water level and safety of the river"),
    "school": ("jy", "上下学时段校门外交通安全", "Traffic safety outside the school gate"),
    "village": ("ga", "村口道路与森林防火瞭望", "Village road and forest-fire lookout"),
    "square": ("cg", "公共场所秩序与设施完好", "Order and sound facilities in public places"),
}
"""By scene: owner (a department's code) and the public-security purpose in both languages."""
LEGAL_BASIS = (
    "公共安全视频图像信息系统管理条例（国务院令第799号）",
    "Regulation on Public Security Video Image Information Systems (State Council Order 799)",
)
SIGNS = {"river": "岸边立牌", "school": "校门两侧立牌", "market": "市场入口立牌", "village": "村口立牌"}
CAMERA_COLUMNS = """
id name name_en grid longitude latitude scene address purpose purpose_en legal_basis legal_basis_en owner sign
mask_review focus
"""


def write_cameras(folder: Path, areas: Sequence[Area], plan: Plan, chance: Random) -> None:
    rows = []
    for serial, view in enumerate(VIEWS, 1):
        grid = _place_of(view, areas, plan)
        deep = shapely.maximum_inscribed_circle(_outline(grid, plan), tolerance=1e-4)
        turn, away = chance.uniform(0, math.tau), 0.6 * chance.random() * deep.length
        (x, y), owner_purpose = deep.coords[0], PURPOSES[view.scene]
        reviewed = date(2026, 1, 5) + timedelta(days=chance.randint(0, 160))
        rows.append([
            camera_id(serial, owner_purpose[0]), view.name, view.name_en, grid.code,
            f"{x + away * math.cos(turn):.6f}", f"{y + away * math.sin(turn):.6f}", view.scene, f"demo:{view.scene}",
            *owner_purpose[1:], *LEGAL_BASIS, owner_purpose[0], SIGNS.get(view.scene, "路侧立杆标志牌"),
            reviewed.isoformat(), int(view.focus),
        ])  # fmt: skip
    _write_table(folder / "cameras.csv", CAMERA_COLUMNS.split(), rows)


def camera_id(serial: int, owner: str) -> str:
    """20 digits: 8 centre code, 2 industry (00 public order, 08 city management), 3 type, 1 network, 6 serial."""
    return f"{PREFIX}00{'00' if owner == 'ga' else '08'}{'131' if serial % 4 == 0 else '132'}0{serial:06d}"


def _place_of(view: View, areas: Sequence[Area], plan: Plan) -> Area:
    grids = [area for area in areas if area.level == "grid"]
    named = [grid for grid in grids if grid.name == view.place]
    if named:
        return named[0]
    town, _, rank = view.place.partition("+")
    return _by_distance(grids, next(t for t in TOWNS if t.name == town), plan)[int(rank or 0)]


# ------------------------------------------------------------------------------------------------- calendar

YEARS = (2024, 2025, 2026)
"""2027 is absent on purpose: nobody has announced it, and a guessed calendar would give false deadlines."""


def write_calendar(folder: Path, year: int) -> None:
    """Holidays and make-up working days of one year as the package `chinesecalendar` has them."""
    origin = f"chinesecalendar {chinese_calendar.__version__}"
    chinese = {holiday.value: holiday.chinese for holiday in chinese_calendar.Holiday}
    rows = []
    for kind, days in (("holiday", chinese_calendar.holidays), ("workday", chinese_calendar.workdays)):
        rows += [[day.isoformat(), kind, chinese[name], name, origin] for day, name in days.items() if day.year == year]
    _write_table(folder / "calendar" / f"{year}.csv", ["date", "kind", "name", "name_en", "source"], sorted(rows))


# ----------------------------------------------------------------------------------------------------- whole


def _write_table(file: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(columns)
        table.writerows(rows)


def make(folder: Path, seed: int = SEED) -> None:
    """Write every generated file of the county into `folder`."""
    chance = Random(seed)  # noqa: S311 - a drawing, not a secret
    plan = drawn_plan(chance)
    areas = areas_of(plan, chance)
    folder.mkdir(parents=True, exist_ok=True)
    write_areas(folder, areas, plan)
    write_posts(folder, areas, chance)
    write_cameras(folder, areas, plan, chance)
    for year in YEARS:
        write_calendar(folder, year)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the generated files of the demonstration county.")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--into", type=Path, default=HERE)
    chosen = parser.parse_args()
    make(chosen.into, chosen.seed)


if __name__ == "__main__":
    main()
