"""Importing places, departments, categories, cameras and calendars: twice is once, and faults come with their lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.directory import read
from models.store import Store

ROOT = Path(__file__).parents[2]
YUNZE = ROOT / "config" / "counties" / "yunze"
Import = Callable[..., tuple[int, str, str]]
SQUARE = [[[112.80, 30.40], [112.81, 30.40], [112.81, 30.41], [112.80, 30.41], [112.80, 30.40]]]


def wards(folder: Path, features: list[dict[str, Any]] | None = None, **members: Any) -> Path:
    """A GeoJSON file such as a city publishes: areas called by a number."""
    if features is None:
        features = [
            {"type": "Feature", "properties": {"WARD": str(number)}, "geometry": moved(number)} for number in (1, 2, 3)
        ]
    file = folder / "Wards.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", **members, "features": features}), encoding="utf-8")
    return file


def moved(number: int) -> dict[str, Any]:
    ring = [[x + number * 0.02, y] for x, y in SQUARE[0]]
    return {"type": "Polygon", "coordinates": [ring]}


def test_areas_of_a_foreign_file_find_their_map_by_themselves(
    bring_in: Import, tmp_path: Path, sqlite_county: Store
) -> None:
    file = wards(tmp_path)
    assert bring_in("areas", str(file), "--dry-run")[1].startswith("3 areas read: 3 new, 0 known already; nothing")
    with sqlite_county.read() as connection:
        assert "2" not in read(connection).areas
    assert bring_in("areas", str(file)) == (0, "3 areas read: 3 new, 0 known already.\n", "")
    assert bring_in("areas", str(file)) == (0, "3 areas read: 0 new, 3 known already.\n", "")
    with sqlite_county.read() as connection:
        area = read(connection).areas["2"]
    assert (area["name_en"], area["level"], area["parent"]) == ("Ward 2", "grid", "990100")


def test_areas_in_feet_are_refused_and_the_sentence_says_what_they_look_like(bring_in: Import, tmp_path: Path) -> None:
    feet = {"type": "Polygon", "coordinates": [[[787723.7, 2965812.6], [787745.7, 2965820.5], [787852.2, 2965597.1],
                                                [787723.7, 2965812.6]]]}  # fmt: skip
    file = wards(tmp_path, [{"type": "Feature", "properties": {"WARD": "1"}, "geometry": feet}])
    code, _, err = bring_in("areas", str(file))
    assert code == 1
    assert "Expected WGS-84 degrees" in err and "EPSG:2249" in err


def test_areas_whose_properties_no_map_knows_are_refused_with_what_is_there(bring_in: Import, tmp_path: Path) -> None:
    file = wards(tmp_path, [{"type": "Feature", "properties": {"DISTRICT": "9"}, "geometry": moved(1)}])
    code, _, err = bring_in("areas", str(file))
    assert code == 1
    assert "Expected a property 'WARD'" in err and "DISTRICT" in err


@pytest.mark.parametrize("kind", ["areas", "departments", "categories", "cameras"])
def test_our_own_files_come_in_again_and_change_nothing(bring_in: Import, kind: str) -> None:
    ending = "geojson" if kind == "areas" else "csv"
    code, out, err = bring_in(kind, str(YUNZE / f"{kind}.{ending}"))
    assert (code, err) == (0, "")
    assert f"{kind} read: 0 new, " in out


def test_a_new_department_and_its_category_come_in(bring_in: Import, tmp_path: Path, sqlite_county: Store) -> None:
    lines = (YUNZE / "departments.csv").read_text(encoding="utf-8").splitlines()
    columns = len(lines[0].split(","))
    row = [
        "wl",
        "文化和旅游局",
        "Culture and Tourism Bureau",
        "文旅局",
        "Culture",
        "市场科",
        "Market",
        "办公室",
        "Office",
    ]
    row += ["8500"] * (columns - len(row))
    (tmp_path / "more.csv").write_text(f"{lines[0]}\n{','.join(row)}\n", encoding="utf-8")
    assert bring_in("departments", str(tmp_path / "more.csv"))[1] == "1 departments read: 1 new, 0 known already.\n"
    head = (YUNZE / "categories.csv").read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "leaf.csv").write_text(
        f"{head}\n090101,,景区秩序,Scenic spot order,wl,,4,4,work_hour,现场属实,恢复秩序,本地\n", encoding="utf-8"
    )
    assert bring_in("categories", str(tmp_path / "leaf.csv"))[0] == 0
    with sqlite_county.read() as connection:
        directory = read(connection)
    assert directory.departments["wl"]["short"] == "文旅局"
    assert directory.categories["090101"]["department"] == "wl"


def test_a_category_of_an_unknown_department_is_refused_whole_with_its_line(bring_in: Import, tmp_path: Path) -> None:
    lines = (YUNZE / "categories.csv").read_text(encoding="utf-8").splitlines()
    number = next(index for index, line in enumerate(lines) if line.startswith("010501"))
    lines[number] = lines[number].replace(",zj,", ",nobody,")
    (tmp_path / "categories.csv").write_text("\n".join(lines), encoding="utf-8")
    code, _, err = bring_in("categories", str(tmp_path / "categories.csv"))
    assert code == 1
    assert err.startswith(f"categories.csv:{number + 1}: department: ")


def test_a_calendar_must_be_a_whole_year(bring_in: Import, tmp_path: Path) -> None:
    code, out, _ = bring_in("calendar", str(YUNZE / "calendar" / "2026.csv"))
    assert code == 0 and "0 open cases looked at: 0 deadlines worked out anew." in out
    text = (YUNZE / "calendar" / "2026.csv").read_text(encoding="utf-8").replace("2026-", "2027-")
    half = [line for line in text.splitlines() if not line.startswith("2027-10")]
    (tmp_path / "2027.csv").write_text("\n".join(half), encoding="utf-8")
    code, _, err = bring_in("calendar", str(tmp_path / "2027.csv"))
    assert code == 1
    assert "2027.csv" in err


def test_a_file_in_gb18030_is_named_as_such(bring_in: Import, tmp_path: Path) -> None:
    text = (YUNZE / "departments.csv").read_text(encoding="utf-8")
    (tmp_path / "departments.csv").write_bytes(text.encode("gb18030"))
    code, _, err = bring_in("departments", str(tmp_path / "departments.csv"))
    assert code == 1
    assert "this looks like GB18030" in err
