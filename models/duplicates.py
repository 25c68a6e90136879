"""Whether two reports may be the same matter: a score of place, category, time and words. A pure core.

Each part is a number from 0 (says nothing) to 1 (as alike as can be). A person always decides; the score only orders
what is offered, and its parts are shown, so that nobody has to believe it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.geodesy import distance

RADIUS = 500.0
"""Metres beyond which two points say nothing about each other."""
WINDOW = timedelta(days=14)
"""Apart by more than this, two reports are two matters even where everything else is alike."""
OFFERED = 0.6
"""From this score a case is offered: the same category in the same grid within a day is just enough."""
SAME_GRID = 0.6
"""What the same grid is worth where one of the two has no point: a grid is some hundred metres wide."""
WEIGHTS = {"place": 0.4, "category": 0.25, "time": 0.15, "words": 0.2}


@dataclass(frozen=True)
class Facts:
    """What of a case the score looks at. Degrees in WGS-84, aware instants."""

    code: str
    category: str
    happened_at: datetime
    area: str | None = None
    longitude: float | None = None
    latitude: float | None = None
    words: str = ""


@dataclass(frozen=True)
class Likeness:
    """How alike another case is: the whole score, its parts, and the distance in metres where both have a point."""

    code: str
    score: float
    parts: dict[str, float]
    metres: float | None


def likeness(one: Facts, other: Facts) -> Likeness:
    """The score of a pair; 0 where place or time rule it out."""
    metres = _apart(one, other)
    parts = {
        "place": _place(one, other, metres),
        "category": _category(one.category, other.category),
        "time": max(0.0, 1 - abs(one.happened_at - other.happened_at) / WINDOW),
        "words": common(one.words, other.words),
    }
    possible = parts["place"] > 0 and parts["time"] > 0
    score = sum(WEIGHTS[name] * value for name, value in parts.items()) if possible else 0.0
    return Likeness(other.code, round(score, 3), {name: round(value, 2) for name, value in parts.items()}, metres)


def offered(one: Facts, others: Iterable[Facts], most: int = 5) -> Sequence[Likeness]:
    """The cases to offer, most alike first."""
    found = [likeness(one, other) for other in others if other.code != one.code]
    return sorted((pair for pair in found if pair.score >= OFFERED), key=lambda pair: (-pair.score, pair.code))[:most]


def _apart(one: Facts, other: Facts) -> float | None:
    if one.longitude is None or one.latitude is None or other.longitude is None or other.latitude is None:
        return None
    return distance(one.longitude, one.latitude, other.longitude, other.latitude)


def _place(one: Facts, other: Facts, metres: float | None) -> float:
    if metres is not None:
        return max(0.0, 1 - metres / RADIUS)
    return SAME_GRID if one.area is not None and one.area == other.area else 0.0


def _category(one: str, other: str) -> float:
    """The same leaf 1; a neighbour half. Codes are not parsed: neighbours share all but their own last two characters."""
    if one == other:
        return 1.0
    return 0.5 if len(one) == len(other) > 2 and one[:-2] == other[:-2] else 0.0


def common(one: str, other: str) -> float:
    """The share of pairs of characters that two texts have in common (Dice); works for Chinese without a dictionary."""
    left, right = _pairs(one), _pairs(other)
    if not left or not right:
        return 0.0
    return 2 * len(left & right) / (len(left) + len(right))


def _pairs(text: str) -> set[str]:
    letters = [char for char in text.lower() if char.isalnum()]
    return {"".join(pair) for pair in itertools.pairwise(letters)}
