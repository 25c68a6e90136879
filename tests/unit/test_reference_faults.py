"""Each kind of fault that a county's files can have, planted in a sound small county: it must be found on its line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import reference

YUNZE = Path(reference.__file__).parent / "counties" / "yunze"

DEPARTMENTS = """\
code,name,name_en,short,short_en,desk,desk_en,deputy,deputy_en,phone,coordinator,deputy_head,head
cg,城市管理局,Urban Management Bureau,城管局,Urban,指挥科,Command,办公室,Office,8101,8102,8103,8100
ga,公安局,Public Security Bureau,公安局,Police,指挥中心,Command,办公室,Office,8131,8132,8133,8130
"""
CATEGORIES = """\
code,parent,name,name_en,department,co_departments,level,limit,unit,filing,closing,source
01,,城市管理,Urban management,,,,,,,,
0101,01,市容环境,City appearance,,,,,,,,
010101,0101,暴露垃圾,Exposed rubbish,cg,ga,4,1,work_day,裸露,清除,example
010102,0101,井盖缺失,Missing manhole cover,cg,,2,2,urgent_hour,缺失,补装,example
"""
POSTS = "area,post,required,filled\n990100100001001,chief,1,1\n990100100001001,liaison,1,0\n"
CAMERAS = """\
id,name,name_en,grid,longitude,latitude,scene,address,purpose,purpose_en,legal_basis,legal_basis_en,owner,sign,mask_review,focus
99010000001320000001,路口,Junction,990100100001001,112.81,30.405,crossroads,demo:crossroads,通行,Passage,条例,Regulation,ga,路侧,2026-06-01,1
99010000001310000002,村口,Village,990100100002001,112.81,30.415,,rtsp://gb.example/2,通行,Passage,条例,Regulation,ga,路侧,2026-06-01,0
"""
DUTY = """\
weekday,starts,ends,role,name,name_en,holder,holder_en,phone
1,08:00,08:00,leader,值班领导,Leader on duty,副县长,Deputy county head,8001
"""


def square(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def feature(code: str, level: str, parent: str | None, kind: str, ring: object, covers: Sequence[str] = ()) -> str:
    properties = {
        "code": code, "name": f"名{code}", "name_en": f"Place {code}", "level": level, "parent": parent, "kind": kind,
        "households": 200, "valid_from": "2024-01-01", "valid_to": None, "covers": list(covers),
    }  # fmt: skip
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return json.dumps({"type": "Feature", "properties": properties, "geometry": geometry}, ensure_ascii=False)


WEST_SOUTH, WEST_NORTH = square(112.80, 30.40, 112.82, 30.41), square(112.80, 30.41, 112.82, 30.42)
EAST_SOUTH, EAST_NORTH = square(112.82, 30.40, 112.84, 30.41), square(112.82, 30.41, 112.84, 30.42)
EAST = square(112.82, 30.40, 112.84, 30.42)
# County on line 2, towns on 3 and 4, villages on 5 to 8, grids on 9 to 11; the last one is joint.
FEATURES = [
    feature("990100", "county", None, "county", square(112.80, 30.40, 112.84, 30.42)),
    feature("990100100", "town", "990100", "town", square(112.80, 30.40, 112.82, 30.42)),
    feature("990100101", "town", "990100", "town", EAST),
    feature("990100100001", "community", "990100100", "village", WEST_SOUTH),
    feature("990100100002", "community", "990100100", "village", WEST_NORTH),
    feature("990100101001", "community", "990100101", "village", EAST_SOUTH),
    feature("990100101002", "community", "990100101", "village", EAST_NORTH),
    feature("990100100001001", "grid", "990100100001", "basic", WEST_SOUTH),
    feature("990100100002001", "grid", "990100100002", "exclusive", WEST_NORTH),
    feature("990100101000001", "grid", "990100101", "basic", EAST, ["990100101001", "990100101002"]),
]


def collection(features: Sequence[str]) -> str:
    return '{"type": "FeatureCollection", "features": [\n' + ",\n".join(features) + "\n]}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small county without a fault."""
    texts = {
        "county.toml": (YUNZE / "county.toml").read_text(encoding="utf-8").replace('"02" = {', '"01" = {'),
        "sources.csv": (YUNZE / "sources.csv").read_text(encoding="utf-8"),
        "calendar/2026.csv": (YUNZE / "calendar" / "2026.csv").read_text(encoding="utf-8"),
        "departments.csv": DEPARTMENTS,
        "categories.csv": CATEGORIES,
        "posts.csv": POSTS,
        "cameras.csv": CAMERAS,
        "duty.csv": DUTY,
        "areas.geojson": collection(FEATURES),
    }
    (tmp_path / "calendar").mkdir()
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def replace(folder: Path, file: str, sound: str, faulty: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert sound in text, f"nothing to spoil: {sound!r} is not in {file}"
    (folder / file).write_text(text.replace(sound, faulty, 1), encoding="utf-8")


def faults(folder: Path) -> list[str]:
    return [str(problem) for problem in reference.check(folder)]


def test_sound_county_has_no_fault_and_loads(folder: Path) -> None:
    assert faults(folder) == []
    county = reference.load(folder)
    assert [area.code for area in county.ancestors("990100100001001")][-1] == "990100"
    assert county.categories["010101"].co_departments == ("ga",)
    assert not county.categories["0101"].is_leaf


TABLE_FAULTS = [
    # departments
    ("departments.csv", "code,name,name_en,short,", "code,name,name_en,brief,",
     "1: short: Missing columns: short."),
    ("departments.csv", "deputy_head,head", "deputy_head,heads",
     "1: heads: Unknown column 'heads' (did you mean 'head'?)."),
    ("departments.csv", "phone,coordinator", "phone,phone",
     "1: phone: Expected the column 'phone' once; it stands there 2 times."),
    ("departments.csv", "\nga,", "\ncg,", "3: code: The code cg stands already on line 2."),
    ("departments.csv", "8132,8133,8130", "8132,,8130", "3: deputy_head: Expected a value; the cell is"),
    ("departments.csv", "8132,8133,8130", "8132,8130", "3: Expected 13 cells as in the header; came 12."),
    ("departments.csv", "ga,公安局", 'ga,"公安局', "3: Expected CSV with commas and double quotes;"),
    # categories
    ("categories.csv", "010102,0101", "010102,0109", "5: parent: No category has the code '0109' (did you"),
    ("categories.csv", "0101,01,", "0101,0101,", "3: parent: 0101 is its own ancestor (0101 < 0101);"),
    ("categories.csv", "010102,0101", "010102,010101", "5: parent: Expected at most three levels"),
    ("categories.csv", "cover,cg,", "cover,cgg,", "5: department: No department has the code 'cgg' (did"),
    ("categories.csv", "cover,cg,", "cover,,", "5: department: Expected a value; the cell is empty."),
    ("categories.csv", "cg,ga,4", "cg,gb,4", "4: co_departments: No department has the code 'gb'"),
    ("categories.csv", "cg,ga,4", "cg,cg,4", "4: co_departments: Expected each department once; 'cg'"),
    ("categories.csv", "cg,,2,2", "cg,,5,2", "5: level: Expected a whole number from 1 to 4; came 5."),
    ("categories.csv", "cg,,2,2", "cg,,2,0", "5: limit: Expected a whole number of at least 1; came 0."),
    ("categories.csv", "cg,,2,2", "cg,,2,two", "5: limit: Expected a whole number of at least 1; came 'tw"),
    ("categories.csv", "urgent_hour", "urgent_hours", "5: unit: Expected one of urgent_hour, work_hour, wo"),
    ("categories.csv", "补装", "", "5: closing: Expected a value; the cell is empty."),
    ("categories.csv", "appearance,,,,", "appearance,,,4,", "3: level: Expected it empty, because other"),
    ("categories.csv", "010102,", "010101,", "5: code: The code 010101 stands already on line 4."),
    # sources
    ("sources.csv", "petition,", "petitions,", "4: code: Expected one of grid, hotline, petition,"),
    ("sources.csv", "open311,Open311,Open311\n", "", "code: Expected a row for each of grid, "),
    # posts
    ("posts.csv", "001001,liaison", "001009,liaison", "3: area: No area has the code '990100100001009' (did"),
    ("posts.csv", "liaison", "liaisons", "3: post: Expected one of chief, full_time, part_time, liaison,"),
    ("posts.csv", "liaison,1,0", "liaison,1,-1", "3: filled: Expected a whole number of at least 0; came -1."),
    ("posts.csv", "liaison", "chief", "3: post: chief of 990100100001001 stands already on line 2."),
    # cameras
    ("cameras.csv", "99010000001320000001", "9901000000132000001",
     "2: id: Expected 20 digits (8 digits centre code, 2 industry, 3 type (131 camera, 132 network camera),"),
    ("cameras.csv", "99010000001320000001", "61030500001320000001",
     "2: id: Expected a centre code that begins 990100; came 61030500"),
    ("cameras.csv", "99010000001320000001", "99010000001180000001",
     "2: id: Expected type 131 or 132 in digits 11 to 13; came 118, which is a recorder"),
    ("cameras.csv", "99010000001310000002", "99010000001320000001",
     "3: id: The id 99010000001320000001 stands already on line 2."),
    ("cameras.csv", "112.81,30.405", "112.83,30.405",
     "2: grid: Expected the camera inside 990100100001001 名990100100001001; 112.83, 30.405 lies 960 m outsid"),
    ("cameras.csv", "112.81,30.405", "x,30.405", "2: longitude: Expected WGS-84 degrees between -180 and 180"),
    ("cameras.csv", "112.81,30.405", "112.81,nan", "2: latitude: Expected WGS-84 degrees between -90 and 90;"),
    ("cameras.csv", "990100100001001", "990100100001", "2: grid: Expected a grid; 990100100001 名990100100001"),
    ("cameras.csv", "通行", "", "2: purpose: A camera without purpose cannot be shown; expected it here."),
    ("cameras.csv", "条例", "", "2: legal_basis: A camera without legal basis cannot be shown;"),
    ("cameras.csv", ",ga,", ",,", "2: owner: A camera without owner cannot be shown; expected it here."),
    ("cameras.csv", ",ga,", ",gaa,", "2: owner: No department has the code 'gaa' (did you mean 'ga'?)"),
    ("cameras.csv", "路侧", "", "2: sign: A camera without sign cannot be shown; expected it here."),
    ("cameras.csv", "2026-06-01", "", "2: mask_review: A camera without mask review cannot be shown;"),
    ("cameras.csv", "2026-06-01", "2026-06-31", "2: mask_review: Expected a date such as 2026-10-01; came"),
    ("cameras.csv", "demo:crossroads", "demo:castle", "2: address: Expected demo: with one of crossroads,"),
    ("cameras.csv", "rtsp://gb.example/2", "gb.example/2", "3: address: Expected demo:SCENE or an address"),
    ("cameras.csv", ",crossroads,", ",castle,", "2: scene: Expected one of crossroads, market, river"),
    # duty
    ("duty.csv", "\n1,", "\n8,", "2: weekday: Expected a whole number from 1 to 7; came 8."),
    ("duty.csv", "08:00,08:00", "8 am,08:00", "2: starts: Expected a time such as 08:00; came '8 am'."),
    # calendar
    ("calendar/2026.csv", "2026-01-04", "2026-01-05",
     "5: date: Expected a make-up working day to be a Saturday or Sunday; 2026-01-05 is a Monday."),
    ("calendar/2026.csv", "2026-01-02", "2025-01-02",
     "3: date: Expected a day of 2026, as the file is called; came 2025-01-02."),
    ("calendar/2026.csv", "2026-01-02", "2026-01-03", "4: date: 2026-01-03 stands already on line 3."),
    ("calendar/2026.csv", "2026-10-02,holiday", "2026-10-12,holiday",
     "date: Expected a whole year with its fixed holidays; missing: 2026-10-02."),
    ("calendar/2026.csv", "2026-01-02,holiday", "2026-01-02,vacation",
     "3: kind: Expected one of holiday, workday; came 'vacation'."),
]  # fmt: skip


@pytest.mark.parametrize(("file", "sound", "faulty", "expected"), TABLE_FAULTS)
def test_fault_in_a_table_is_found_on_its_line(folder: Path, file: str, sound: str, faulty: str, expected: str) -> None:
    replace(folder, file, sound, faulty)
    found = faults(folder)
    assert any(fault.startswith((f"{file}:{expected}", f"{file}: {expected}")) for fault in found), found


TOML_FAULTS = [
    (None, 'name = "云泽县"', "", "name: The key is missing; expected it here."),
    (0, "yellow = 0.5", "yelow = 0.5", "clock.yelow: The key is not known here; came 0.5."),
    (0, "yellow = 0.5", "yellow = 1.5", "clock.yellow: Input should be less than 1; came 1.5."),
    (0, "orange = 0.2", "orange = 0.6", "clock.orange: Expected a share below yellow (0.5); came 0.6."),
    (0, 'division_prefix = "990100"', 'division_prefix = "9901"', "division_prefix: String should match pattern"),
    (
        0,
        "direct_level = 1",
        "direct_level = 7",
        "escalation.direct_level: Input should be less than or equal to 4; came 7.",
    ),
    (0, "acknowledge_minutes = 60", "acknowledge_minutes = 0", "escalation.rungs.1.acknowledge_minutes: Input should"),
    (
        -1,
        'role = "head"',
        'role = "coordinator"',
        "escalation.rungs.2: Expected each once; 'coordinator' stands there twice.",
    ),
    (0, 'season = ["06-01"', 'season = ["06-31"', "office_hours.1.season.0: Day"),
    (
        0,
        'season = ["06-01"',
        'season = ["June"',
        "office_hours.1.season.0: Expected month and day such as 06-01; came 'June'",
    ),
    (-8, 'season = ["06-01", "09-30"]', "", "office_hours: Expected exactly one [[office_hours]] without a season;"),
    (0, '["14:30", "18:30"]', '["11:30", "18:30"]', "office_hours.1.spans: Expected spans in order that do not"),
    (0, '["14:30", "18:30"]', '["14:30", "25:00"]', "office_hours.1.spans.1.1: Input should be in a valid time"),
    (0, "centre = [112.8960, 30.4450]", "centre = [112.8960]", "map.centre.1: The key is missing; expected it here."),
    (0, "bounds = [112.60, 30.20,", "bounds = [113.60, 30.20,", "map.bounds: Expected west < east and south < north"),
    (0, "centre = [112.8960,", "centre = [102.8960,", "map.centre: Expected longitude and latitude within the bounds;"),
    (0, "repeat_minutes = 30 ", "repeat_minutes = 'often' ", "urge.repeat_minutes: Input should be a valid integer"),
    (0, "[clock]", "[clock", "Expected TOML; the reader says:"),
]  # fmt: skip
"""The first figure: how far from the spoilt line the fault is reported, None for the file as a whole."""


@pytest.mark.parametrize(("away", "sound", "faulty", "expected"), TOML_FAULTS)
def test_fault_in_county_toml_is_found_on_its_line(
    folder: Path, away: int | None, sound: str, faulty: str, expected: str
) -> None:
    text = (folder / "county.toml").read_text(encoding="utf-8")
    line = text[: text.index(sound)].count("\n") + 1
    replace(folder, "county.toml", sound, faulty)
    place = "county.toml" if away is None else f"county.toml:{line + away}"
    found = faults(folder)
    assert any(fault.startswith(f"{place}: {expected}") for fault in found), (line, found)


def test_overlapping_seasons_are_refused(folder: Path) -> None:
    season = (
        '[[office_hours]]\nname = "秋"\nname_en = "A"\nseason = ["09-15", "03-01"]\nspans = [["09:00", "17:00"]]\n\n'
    )
    replace(folder, "county.toml", "[clock]", season + "[clock]")
    assert any(
        "office_hours.2.season: Expected seasons that do not overlap; 夏季 has 09-15 too." in f for f in faults(folder)
    )


def with_features(folder: Path, features: Sequence[str]) -> list[str]:
    (folder / "areas.geojson").write_text(collection(features), encoding="utf-8")
    return faults(folder)


AREA_FAULTS = [
    ('"990100100002"', '"990100100001"', "6: code: The code 990100100001 stands already on line 5."),
    ('"code": "990100100002001"', '"code": "99010010000200A"', "10: code: Expected digits only; came"),
    ('"code": "990100100002001"', '"code": 9901001', "10: code: Expected text; came 9901001."),
    ('"code": "990100101000001"', '"code": "610305101000001"', "11: code: Expected a code that begins 990100"),
    ('"parent": "990100100002"', '"parent": "990100100009"', "10: parent: No area has the code '990100100009"),
    ('"parent": "990100101", "kind": "basic"', '"parent": null, "kind": "basic"',
     "11: parent: Expected a parent; only the county 990100 has none."),
    ('"level": "county", "parent": null', '"level": "county", "parent": "990100100"',
     "2: parent: Expected the county itself to have none; came '990100100'."),
    ('"level": "town", "parent": "990100"', '"level": "town", "parent": "990100100001"',
     "3: parent: 990100100 is its own ancestor through 990100100001; expected a tree."),
    ('"level": "town", "parent": "990100"', '"level": "town", "parent": "990100101"',
     "3: parent: Expected a parent above the level 'town'; 990100101 is a 'town'."),
    ('"level": "town"', '"level": "city"', "3: level: Expected one of county, town, community, grid; came 'city"),
    ('"kind": "exclusive"', '"kind": "专属"', "10: kind: Expected a grid to be one of basic, exclusive; came"),
    ('"households": 200', '"households": "200"', "2: households: Expected a whole number of at least 0; came"),
    ('"valid_from": "2024-01-01"', '"valid_from": "soon"', "2: valid_from: Expected a date such as 2026-01-01"),
    ('"valid_to": null', '"valid_to": "2023-01-01"', "2: valid_to: Expected a day after valid_from 2024-01-01"),
    ('"name_en"', '"nmae_en"', "2: nmae_en: Unknown property (did you mean 'name_en'?)."),
    ('["990100101001",', '["990100101009",', "11: covers: No area has the code '990100101009'"),
    ('["990100101001",', '["990100100001",', "11: covers: Expected areas of the same parent 990100101;"),
    ('"covers": []', '"covers": "none"', "2: covers: Expected a list of codes, or an empty list; came 'none'."),
    ('"type": "Polygon"', '"type": "Polygone"', "2: geometry: Expected a GeoJSON Polygon or MultiPolygon; it"),
    ("[112.84, 30.42]", "[112.84, 31.42]", "2: geometry: Expected it within the county's bounds 112.6, 30.2,"),
]  # fmt: skip


@pytest.mark.parametrize(("sound", "faulty", "expected"), AREA_FAULTS)
def test_fault_of_an_area_is_found_on_its_line(folder: Path, sound: str, faulty: str, expected: str) -> None:
    replace(folder, "areas.geojson", sound, faulty)
    found = faults(folder)
    assert any(fault.startswith(f"areas.geojson:{expected}") for fault in found), found


def test_covered_village_with_a_grid_of_its_own_is_refused(folder: Path) -> None:
    own = feature("990100101001001", "grid", "990100101001", "basic", EAST_SOUTH)
    found = with_features(folder, [*FEATURES, own])
    assert "areas.geojson:11: covers: 990100101001 has a grid already: 990100101001001 on line 12." in found


GEOMETRY_FAULTS = {
    "a polygon that crosses itself is refused with the place": (
        7,
        feature("990100100001001", "grid", "990100100001", "basic",
                [[112.80, 30.40], [112.82, 30.41], [112.82, 30.40], [112.80, 30.41], [112.80, 30.40]]),
        "9: geometry: 990100100001001 名990100100001001: Expected a valid polygon; Self-intersection[112.81",
    ),
    "a grid that overlaps its neighbour is refused with the size": (
        7,
        feature("990100100001001", "grid", "990100100001", "basic", square(112.80, 30.40, 112.82, 30.4101)),
        "10: geometry: 990100100002001 名990100100002001 overlaps 990100100001001 名990100100001001 by 21,",
    ),
    "a grid that leaves a gap is refused with the size": (
        7,
        feature("990100100001001", "grid", "990100100001", "basic", square(112.80, 30.40, 112.82, 30.4099)),
        "3: geometry: 990100100 名990100100 is not covered by its areas of level 'grid': 21,",
    ),
    "a grid that reaches out of its parent is refused with the size": (
        7,
        feature("990100100001001", "grid", "990100100001", "basic", square(112.7999, 30.40, 112.82, 30.41)),
        "9: geometry: 990100100001001 名990100100001001 reaches out of 990100100001 名990100100001 by 10,",
    ),
    "a village that leaves a gap is refused too": (
        4,
        feature("990100100002", "community", "990100100", "village", square(112.80, 30.411, 112.82, 30.42)),
        "3: geometry: 990100100 名990100100 is not covered by its areas of level 'community': 213,",
    ),
    "a joint grid unlike the villages it covers is refused": (
        9,
        feature("990100101000001", "grid", "990100101", "basic", EAST, ["990100101001"]),
        "11: geometry: 990100101000001 名990100101000001 says it covers 990100101001 名990100101001 but",
    ),
    "a line is no area": (
        7,
        FEATURES[7].replace('"Polygon"', '"LineString"').replace("[[[", "[[").replace("]]]", "]]"),
        "9: geometry: 990100100001001 名990100100001001: Expected a Polygon or MultiPolygon; came a LineStri",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", GEOMETRY_FAULTS)
def test_geometry(folder: Path, name: str) -> None:
    place, faulty, expected = GEOMETRY_FAULTS[name]
    found = with_features(folder, [*FEATURES[:place], faulty, *FEATURES[place + 1 :]])
    assert any(fault.startswith(f"areas.geojson:{expected}") for fault in found), found
    assert reference.load(folder, geometry_checks=False).areas, (
        "a start-up without geometry checks must still be possible"
    )


def test_village_without_any_grid_is_refused_unless_the_level_is_optional(folder: Path) -> None:
    expected = "areas.geojson:7: geometry: 990100101001 名990100101001 has no area of level 'grid'; expected some that"
    assert any(fault.startswith(expected) for fault in with_features(folder, FEATURES[:-1]))
    replace(folder, "county.toml", "optional_levels = []", 'optional_levels = ["grid"]')
    assert with_features(folder, FEATURES[:-1]) == []


def test_noise_below_the_tolerance_is_no_fault(folder: Path) -> None:
    slim = feature("990100100001001", "grid", "990100100001", "basic", square(112.80, 30.40, 112.82, 30.4100003))
    assert with_features(folder, [*FEATURES[:7], slim, *FEATURES[8:]]) == []
    replace(folder, "county.toml", "tolerance_m2 = 100.0", "tolerance_m2 = 10.0")
    assert len(faults(folder)) > 0


def test_grid_no_longer_in_force_may_lie_under_its_successors(folder: Path) -> None:
    past = feature("990100100000009", "grid", "990100100", "basic", square(112.80, 30.40, 112.82, 30.42))
    ended = past.replace('"valid_to": null', '"valid_to": "2025-01-01"')
    assert with_features(folder, [*FEATURES, ended]) == []
    assert with_features(folder, [*FEATURES, past]) != []


def test_projected_coordinates_are_refused_once_with_what_they_look_like(folder: Path) -> None:
    feet = feature("990100", "county", None, "county", square(787723.7, 2965812.6, 789000.1, 2966900.2))
    found = [fault for fault in with_features(folder, [feet, feet]) if fault.startswith("areas.geojson")]
    assert found[0].startswith(
        "areas.geojson:2: geometry: Expected WGS-84 degrees (longitude -180 to 180, latitude -90"
    )
    assert "look like a projected frame, such as EPSG:2249 in feet" in found[0]
    assert sum("projected" in fault for fault in found) == 1


def test_exchanged_latitude_and_longitude_are_named(folder: Path) -> None:
    exchanged = [[y, x] for x, y in EAST]
    found = with_features(folder, [feature("990100", "county", None, "county", exchanged)])
    assert any("look exchanged, with latitude first" in fault for fault in found)


def test_foreign_frame_named_in_the_file_is_refused(folder: Path) -> None:
    crs = '"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2249"}}, "features"'
    replace(folder, "areas.geojson", '"features"', crs)
    assert faults(folder)[0].startswith(
        "areas.geojson:1: crs: Expected WGS-84 (urn:ogc:def:crs:OGC:1.3:CRS84); the file"
    )


def test_frame_that_cannot_be_read_is_refused(folder: Path) -> None:
    replace(folder, "areas.geojson", '"features"', '"crs": {"type": "link", "properties": null}, "features"')
    assert faults(folder)[0].startswith("areas.geojson:1: crs: Expected WGS-84")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "areas.geojson:1: Expected JSON; the reader says:"),
        (
            '{"type": "FeatureCollection",\n "features": [\n{"a": 1} {"b": 2}]}',
            "areas.geojson:3: Expected JSON; the reader",
        ),
        ('{"type": "Feature"}', "areas.geojson:1: type: Expected a GeoJSON FeatureCollection; came type 'Feature'."),
        (
            '{"type": "FeatureCollection", "features": []}',
            "areas.geojson: code: Expected an area with the county's code 990100",
        ),
        ('{"type": "FeatureCollection", "features": [3]}', "areas.geojson:1: geometry: Expected a GeoJSON Polygon or"),
    ],
)
def test_geojson_that_is_none_is_refused(folder: Path, text: str, expected: str) -> None:
    (folder / "areas.geojson").write_text(text, encoding="utf-8")
    assert any(fault.startswith(expected) for fault in faults(folder)), faults(folder)


def test_byte_order_mark_and_windows_line_ends_are_accepted(folder: Path) -> None:
    for name in ("categories.csv", "county.toml", "areas.geojson", "cameras.csv"):
        text = (folder / name).read_text(encoding="utf-8").replace("\n", "\r\n")
        (folder / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert faults(folder) == []


def test_gb18030_is_named_and_what_to_do_about_it(folder: Path) -> None:
    (folder / "categories.csv").write_bytes(CATEGORIES.encode("gb18030"))
    expected = "categories.csv:2: Expected UTF-8; this looks like GB18030, as Excel saves Chinese CSV. Save it again as"
    assert any(fault.startswith(expected) for fault in faults(folder))


def test_bytes_of_no_encoding_are_refused_with_their_line(folder: Path) -> None:
    (folder / "sources.csv").write_bytes(b"code,name,name_en\ngrid,\xff\xff,x\n")
    expected = "sources.csv:2: Expected UTF-8; byte 0xFF on this line belongs to no encoding known here."
    assert expected in faults(folder)


def test_quoted_cell_over_two_lines_keeps_the_line_numbers_right(folder: Path) -> None:
    replace(folder, "categories.csv", "裸露,", '"裸\n露",')
    replace(folder, "categories.csv", "urgent_hour", "hour")
    assert any(fault.startswith("categories.csv:6: unit:") for fault in faults(folder))


@pytest.mark.parametrize("name", ["county.toml", "areas.geojson", "departments.csv", "categories.csv", "sources.csv"])
def test_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert f"{name}: The file is missing; expected it here." in faults(folder)


def test_county_without_cameras_posts_and_roster_is_sound(folder: Path) -> None:
    for name in ("cameras.csv", "posts.csv", "duty.csv"):
        (folder / name).unlink()
    assert faults(folder) == []


def test_table_without_rows_is_refused(folder: Path) -> None:
    (folder / "departments.csv").write_text(DEPARTMENTS.splitlines()[0] + "\n", encoding="utf-8")
    assert "departments.csv: Expected at least one row under the header; there is none." in faults(folder)


def test_county_without_any_calendar_is_refused(folder: Path) -> None:
    (folder / "calendar" / "2026.csv").unlink()
    assert "calendar: Expected at least one year such as calendar/2026.csv; there is none." in faults(folder)


def test_break_between_calendar_years_is_refused(folder: Path) -> None:
    text = (YUNZE / "calendar" / "2024.csv").read_text(encoding="utf-8")
    (folder / "calendar" / "2024.csv").write_text(text, encoding="utf-8")
    assert "calendar: Expected the years from 2024 to 2026 without a break; missing: 2025." in faults(folder)


def test_calendar_that_stops_before_the_year_ends_is_refused(folder: Path) -> None:
    lines = (folder / "calendar" / "2026.csv").read_text(encoding="utf-8").splitlines()
    fixed = [line for line in lines if line.startswith(("date", "2026-01-01", "2026-05-01", "2026-10-0"))]
    (folder / "calendar" / "2026.csv").write_text("\n".join(fixed[:7]), encoding="utf-8")
    expected = "calendar/2026.csv: date: Expected at least 11 holidays in a whole year; there are"
    assert any(fault.startswith(expected) for fault in faults(folder)), faults(folder)


def test_calendar_file_must_be_called_after_its_year(folder: Path) -> None:
    (folder / "calendar" / "2026.csv").rename(folder / "calendar" / "this-year.csv")
    assert any(f.startswith("calendar/this-year.csv: Expected a file called after its year") for f in faults(folder))


JUNK = ("", '"', ",", "\n", "x", "-1", "0", "99999999", "null", "[]", "{}", "nan", "1e999", "é", "\x00", "[[", "true")
FILES = (
    "county.toml",
    "areas.geojson",
    "departments.csv",
    "categories.csv",
    "cameras.csv",
    "calendar/2026.csv",
    "posts.csv",
)
SPOIL = (st.floats(0, 1, exclude_max=True), st.sampled_from((0, 1, 3, 60)), st.sampled_from(JUNK))
"""Where to cut (a share of the file), how many characters, and what to put there."""


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(file=st.sampled_from(FILES), spoils=st.lists(st.tuples(*SPOIL), min_size=1, max_size=3))
def test_spoilt_file_is_refused_in_sentences_or_read_but_never_crashes(
    folder: Path, file: str, spoils: list[tuple[float, int, str]]
) -> None:
    sound = text = (folder / file).read_text(encoding="utf-8")
    for where, length, junk in spoils:
        at = int(where * len(text))
        text = text[:at] + junk + text[at + length :]
    (folder / file).write_text(text, encoding="utf-8")
    try:
        assert all(problem.message.endswith(".") for problem in reference.check(folder))
    finally:
        (folder / file).write_text(sound, encoding="utf-8")


def test_load_refuses_with_every_fault_at_once(folder: Path) -> None:
    replace(folder, "categories.csv", "cg,,2,2", "cg,,9,0")
    replace(folder, "duty.csv", "\n1,", "\n8,")
    with pytest.raises(reference.ReferenceError) as refused:
        reference.load(folder)
    assert {(p.file, p.line, p.field) for p in refused.value.problems} == {
        ("categories.csv", 5, "level"),
        ("categories.csv", 5, "limit"),
        ("duty.csv", 2, "weekday"),
    }
    assert "categories.csv:5: level:" in str(refused.value)
