"""Drawn places for cameras of a demonstration: eight kinds in the light of many hours, each a loop without a seam.

Everything is invented and drawn by code: no picture of a real place, no person, no face, no number plate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from streams.scenes import grounds, roads, village, water
from streams.scenes.film import RATE, SECONDS, Place, frames, written
from streams.scenes.kit import LIGHTS, Light

VERSION = 1
"""Part of a loop's file name: a change of the drawings is a change of this number."""

KINDS: dict[str, Callable[[Light, int], Place]] = {
    "crossroads": roads.crossroads,
    "street": roads.street,
    "school": roads.school,
    "market": grounds.market,
    "square": grounds.square,
    "station": grounds.station,
    "village": village.village,
    "river": water.river,
}


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """One drawn camera: a kind of place (`KINDS`), a light (`LIGHTS`), and a seed that varies the place."""

    kind: str
    light: str
    seed: int

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no scene is called {self.kind!r}; expected one of {', '.join(KINDS)}")
        if self.light not in LIGHTS:
            raise ValueError(f"no light is called {self.light!r}; expected one of {', '.join(LIGHTS)}")

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.light}-{self.seed}"


def scene_named(name: str) -> SceneSpec:
    """`kind-light-seed`, such as `river-fog-3`, as a spec.

    Raises:
        ValueError: naming what was expected.
    """
    kind, _, rest = name.partition("-")
    light, _, seed = rest.rpartition("-")
    if not seed.isdigit():
        raise ValueError(f"expected KIND-LIGHT-SEED such as river-fog-3, got {name!r}")
    return SceneSpec(kind, light, int(seed))


def rendered(spec: SceneSpec, folder: Path) -> Path:
    """The loop as an MP4 in `folder`: drawn now, or found there from an earlier time. About a second of one core."""
    target = folder / f"scene-{VERSION}-{spec.name}.mp4"
    if not target.exists():
        place = KINDS[spec.kind](LIGHTS[spec.light], spec.seed)
        written(frames(place, RATE * SECONDS), target)
    return target


_LIGHTS_OF = {
    "crossroads": ("day", "rain", "dusk", "wet-night", "overcast", "fog"),
    "market": ("overcast", "day", "dusk", "rain"),
    "street": ("night", "wet-night"),
    "river": ("day", "fog", "dusk", "overcast"),
    "school": ("day", "rain", "overcast"),
    "village": ("day", "overcast", "dusk"),
    "square": ("dusk", "day", "night"),
    "station": ("rain", "day", "night"),
}
"""The hours and weathers in which a kind of place is drawn, in turn."""
_ALIASES = {"road_night": "street", "bus_station": "station"}
"""Names that a county's list of cameras uses for kinds of places."""


def scenes_in_turn(kinds: Sequence[str]) -> list[SceneSpec]:
    """One scene for each named kind (`KINDS`, or `road_night`, `bus_station`), no two alike.

    Raises:
        ValueError: a kind does not exist.
    """
    seen: Counter[str] = Counter()
    specs = []
    for seed, name in enumerate(kinds, start=1):
        kind = _ALIASES.get(name, name)
        lights = _LIGHTS_OF.get(kind, ("day",))
        specs.append(SceneSpec(kind, lights[seen[kind] % len(lights)], seed))
        seen[kind] += 1
    return specs
