"""Which map file reads a foreign file: the one that was named, or the only one of `config/maps` whose columns fit."""

from __future__ import annotations

from pathlib import Path

from config.columns import AreaMap, CaseMap, load_map
from config.county import Area
from config.reference import area_features
from config.tabular import Table
from dashboard.cli.terminal import Refusal

MAPS = Path(__file__).resolve().parents[2] / "config" / "maps"


def named_map(name: str) -> CaseMap | AreaMap:
    """A map by its path, or by its name in `config/maps`.

    Raises:
        Refusal: there is none.
        ReferenceError: it has faults, each with its line.
    """
    for candidate in (Path(name), MAPS / name, MAPS / f"{name}.toml"):
        if candidate.is_file():
            return load_map(candidate)
    raise Refusal(
        f"There is no map {name!r}; config/maps has {', '.join(sorted(p.stem for p in MAPS.glob('*.toml')))}."
    )


def case_map_for(table: Table, named: str) -> CaseMap:
    """The map of cases for a table: the named one, or the only one whose columns it has.

    Raises:
        Refusal: the named map is no map of cases, or none or several fit.
        TableError: the table lacks columns that the named map reads.
    """
    columns, file = table.columns, table.name
    if named:
        found = named_map(named)
        if not isinstance(found, CaseMap):
            raise Refusal(f"The map {named} reads areas, not cases.")
        table.require(found.needed_columns())
        return found
    known = {file_.stem: load_map(file_) for file_ in sorted(MAPS.glob("*.toml"))}
    cases = {name: map_ for name, map_ in known.items() if isinstance(map_, CaseMap)}
    fitting = [name for name, map_ in cases.items() if set(map_.needed_columns()) <= set(columns)]
    if len(fitting) == 1:
        return cases[fitting[0]]
    if fitting:
        raise Refusal(f"Several maps fit {file}: {', '.join(fitting)}; choose one with --map.")
    nearest = min(cases, key=lambda name: len(set(cases[name].needed_columns()) - set(columns)))
    missing = [column for column in cases[nearest].needed_columns() if column not in columns]
    raise Refusal(
        f"No map of config/maps fits the columns of {file}. The nearest is {nearest}; it also needs the "
        f"column{'s' if len(missing) > 1 else ''} {', '.join(missing)}. Write a map and name it with --map."
    )


def areas_of(file: Path, named: str) -> list[Area]:
    """The areas of a GeoJSON file, read by the named map or by the only one that fits.

    Raises:
        Refusal: no map fits, or the file has faults: all of them, with their lines.
    """
    if named:
        map_ = named_map(named)
        if not isinstance(map_, AreaMap):
            raise Refusal(f"The map {named} reads cases, not areas.")
        return _sound(file, map_)
    maps = {path.stem: load_map(path) for path in sorted(MAPS.glob("*.toml"))}
    faults = []
    for name, map_ in maps.items():
        if isinstance(map_, AreaMap):
            areas, problems = area_features(file, map_)
            if areas and not problems:
                return areas
            faults.append((name, problems))
    nearest, problems = min(faults, key=lambda fault: len(fault[1]))
    first = "; ".join(map(str, problems[:3])) or "it has no areas"
    raise Refusal(f"{file} cannot be read as areas (nearest map: {nearest}): {first}")


def _sound(file: Path, map_: AreaMap) -> list[Area]:
    areas, problems = area_features(file, map_)
    if problems:
        raise Refusal("\n".join(map(str, problems)))
    if not areas:
        raise Refusal(f"{file} has no areas.")
    return areas
