"""Invented reports for the demonstration: what, where, through which source. Pure: same dice, same story."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import shapely

from config.county import Category, County

PHRASES = Path(__file__).with_name("phrases.toml")
GRAVEST = 1
"""Cases of this level take the wall at once; the flow sends them apart from the others, one at a time."""
INDOORS = ("04", "0501", "0503", "07")
"""Disputes, hardship and questions: they are of a community, not of a spot in the street."""
SEEN_BY_CAMERA = ("0101", "0103", "0104", "0105", "0106", "020202", "060101")
_TRIES = 12


@dataclass(frozen=True, slots=True)
class Ground:
    """A grid where something can happen. `speaks`: the name people use for the place."""

    code: str
    speaks: str
    urban: bool
    households: int
    label: tuple[float, float]
    shape: Any


@dataclass(frozen=True, slots=True)
class Invented:
    """One report."""

    category: str
    level: int
    description: str
    address: str
    source: str
    longitude: float
    latitude: float


class Inventor:
    """Makes reports about one county."""

    def __init__(self, county: County, dice: Random, phrases: Mapping[str, Any] | None = None) -> None:
        self._dice = dice
        self._words = phrases or tomllib.loads(PHRASES.read_text(encoding="utf-8"))
        self.grounds = grounds_of(county)
        self._households = [ground.households for ground in self.grounds]
        self.leaves = [
            leaf for leaf in county.categories.values() if leaf.is_leaf and leaf.code in self._words["phrases"]
        ]
        self._weights = [self._weight(leaf) for leaf in self.leaves]

    def _weight(self, leaf: Category) -> float:
        """Its group's weight shared among its leaves; grave matters are rare."""
        group = str(leaf.parent)
        siblings = sum(other.parent == leaf.parent for other in self.leaves)
        rare = {1: 0.1, 2: 0.45}.get(leaf.level or 4, 1.0)
        return float(self._words["weights"].get(group, 1.0)) / siblings * rare

    def report(self, leaf: Category | None = None, ground: Ground | None = None, spot: str | None = None) -> Invented:
        """A report of this category, grid and spot, or of any."""
        leaf = leaf or self._dice.choices(self.leaves, self._weights)[0]
        ground = ground or self._dice.choices(self.grounds, self._households)[0]
        spot = spot or self._dice.choice(self._words["places"]["urban" if ground.urban else "village"])
        phrase = self._dice.choice(self._words["phrases"][leaf.code])
        where = ground.speaks if leaf.code.startswith(INDOORS) else ground.speaks + spot
        longitude, latitude = self._point(ground)
        return Invented(
            category=leaf.code,
            level=leaf.level or 4,
            description=phrase.format(place=where, n=self._dice.randint(2, 6)),
            address=where,
            source=self._source(leaf.code),
            longitude=round(longitude, 6),
            latitude=round(latitude, 6),
        )

    def _source(self, category: str) -> str:
        """A camera sees streets and water, no hardship and no dispute."""
        sources = {
            name: weight
            for name, weight in self._words["sources"].items()
            if name != "camera" or category.startswith(SEEN_BY_CAMERA)
        }
        return str(self._dice.choices(list(sources), list(sources.values()))[0])

    def grave(self) -> Invented:
        """A report that takes the wall."""
        return self.report(self._dice.choice([leaf for leaf in self.leaves if leaf.level == GRAVEST]))

    def note(self, kind: str) -> str:
        """What somebody writes at a step: `feedback`, `hand_back`, `rework`, `void` or `on_the_spot`."""
        return str(self._dice.choice(self._words["notes"][kind]))

    def _point(self, ground: Ground) -> tuple[float, float]:
        west, south, east, north = ground.shape.bounds
        for _ in range(_TRIES):
            point = shapely.Point(self._dice.uniform(west, east), self._dice.uniform(south, north))
            if ground.shape.contains(point):
                return point.x, point.y
        return ground.label


def grounds_of(county: County) -> Sequence[Ground]:
    """Every grid of a county, spoken of by the name of its community or village."""
    found = []
    for grid in county.at_level("grid"):
        above = county.areas.get(grid.parent or "")
        named = above.name if above is not None and above.level == "community" else grid.name.removesuffix("网格")
        shapely.prepare(grid.shape)
        found.append(Ground(grid.code, named, _is_urban(named), max(grid.households, 1), grid.label, grid.shape))
    return found


def _is_urban(name: str) -> bool:
    return "社区" in name


ROUND_FINDINGS = (
    "楼道堆放电动车，已劝离",
    "路灯不亮，已上报",
    "独居老人家中平安",
    "树枝压电线，已上报",
    "井盖松动，已围护",
)
"""What rounds of the demonstration found."""
