"""Map files: how a foreign file's columns become our cases and areas, and what is refused in a map itself."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import shapely

from config.columns import AreaMap, CaseMap, RowRefused, load_map
from config.reference import ReferenceError, area_features
from config.settings import HERE

MAPS = HERE / "maps"
REAL = HERE.parent.parent / "shared" / "data"
"""Real files, kept beside the repository where it is developed; where they are not, the rows below stand for them."""

ROW = {
    "case_id": "BCS-00245057",
    "open_date": "2026-07-06 06:30:51.879147+00",
    "case_topic": "Litter & Debris",
    "service_name": "Litter & Debris",
    "assigned_department": "Public Works Department (PWD)",
    "case_status": "Closed",
    "closure_reason": "Resolved",
    "closure_comments": "Property has been cited",
    "close_date": "2026-07-06 07:19:07+00",
    "target_close_date": "2026-07-07 06:30:51.879147+00",
    "report_source": "BOS311",
    "full_address": "33-37 Hancock St, Boston, MA 02125",
    "ward": "15",
    "longitude": "-71.06581785",
    "latitude": "42.31433003",
}


@pytest.fixture(scope="module")
def cases() -> CaseMap:
    loaded = load_map(MAPS / "boston_2026.toml")
    assert isinstance(loaded, CaseMap)
    return loaded


@pytest.fixture(scope="module")
def wards() -> AreaMap:
    loaded = load_map(MAPS / "wards.toml")
    assert isinstance(loaded, AreaMap)
    return loaded


def test_row_becomes_a_case_in_our_terms(cases: CaseMap) -> None:
    case = cases.case(ROW)
    assert case.external_id == "BCS-00245057"
    assert case.reported_at == datetime(2026, 7, 6, 6, 30, 51, 879147, tzinfo=UTC)
    assert case.closed_at == datetime(2026, 7, 6, 7, 19, 7, tzinfo=UTC)
    assert (case.category, case.department) == ("Litter & Debris", "Public Works Department (PWD)")
    assert (case.stage, case.source, case.area, case.level) == ("closed", "hall", "15", 3)
    assert (case.longitude, case.latitude) == (-71.06581785, 42.31433003)


def test_what_was_said_at_closing_is_kept_apart_from_what_was_reported(cases: CaseMap) -> None:
    case = cases.case(ROW)
    assert case.description == "Litter & Debris"
    assert case.closing == "Resolved: Property has been cited"


def test_empty_cells_are_unknown_not_zero(cases: CaseMap) -> None:
    blank = dict.fromkeys(
        ("close_date", "target_close_date", "longitude", "latitude", "assigned_department", "case_topic"), ""
    )
    case = cases.case(ROW | blank | {"ward": "0", "case_status": "Open", "report_source": ""})
    assert (case.closed_at, case.due_at, case.longitude, case.latitude) == (None, None, None, None)
    assert (case.department, case.area, case.category, case.source) == (None, None, "Other", "system")


def test_half_a_point_is_no_point(cases: CaseMap) -> None:
    case = cases.case(ROW | {"latitude": ""})
    assert (case.longitude, case.latitude) == (None, None)


@pytest.mark.parametrize(
    ("cell", "value", "reason"),
    [
        ("open_date", "", "open_date: expected a value; the cell is empty"),
        ("open_date", "yesterday", "open_date: expected a time such as 2026-07-06 06:30:51+00; came 'yesterday'"),
        ("case_id", " ", "case_id: expected a value; the cell is empty"),
        ("case_status", "Lost", "case_status: expected one of Closed, In progress, Open, Apply"),
        ("longitude", "x", "longitude: expected degrees; came 'x'"),
        ("longitude", "775000", "longitude: expected degrees between -180 and 180; came '775000'"),
        ("latitude", "nan", "latitude: expected degrees between -90 and 90; came 'nan'"),
    ],
)
def test_unreadable_row_is_refused_with_its_reason(cases: CaseMap, cell: str, value: str, reason: str) -> None:
    with pytest.raises(RowRefused) as refused:
        cases.case(ROW | {cell: value})
    assert str(refused.value).startswith(reason)


def test_time_without_offset_is_read_in_the_zone_of_the_map(tmp_path: Path) -> None:
    text = (MAPS / "boston_2026.toml").read_text(encoding="utf-8")
    (tmp_path / "local.toml").write_text(text.replace('"UTC"', '"Asia/Shanghai"'), encoding="utf-8")
    local = load_map(tmp_path / "local.toml")
    assert isinstance(local, CaseMap)
    reported_at = local.case(ROW | {"open_date": "2026-07-06 08:00:00"}).reported_at
    assert (reported_at, reported_at.tzinfo) == (datetime(2026, 7, 6, 0, 0, tzinfo=UTC), UTC)


def test_map_reads_the_columns_that_it_says_it_needs(cases: CaseMap) -> None:
    assert sorted(cases.needed_columns()) == sorted(ROW)


def test_real_file_gives_a_case_for_every_row_that_has_a_beginning(cases: CaseMap) -> None:
    file = REAL / "cases" / "boston_2026.csv"
    if not file.exists():
        assert cases.case(ROW).external_id, "the row above stands for the file"
        return
    refused: dict[str, int] = {}
    read = 0
    with file.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            try:
                read += bool(cases.case(row))
            except RowRefused as reason:
                refused[str(reason)] = refused.get(str(reason), 0) + 1
    assert read == 38_971 - 233
    assert refused == {"open_date: expected a value; the cell is empty": 233}


MAP_FAULTS = [
    ("boston_2026.toml", 'kind = "cases"', 'kind = "case"', "kind: Input should be 'cases' or 'areas'; came 'case'."),
    ("boston_2026.toml", 'external_id = "case_id"', 'external = "case_id"', "columns.external: The key is not known"),
    ("boston_2026.toml", 'description = ["service_name"]', "description = []", "columns.description: Tuple should"),
    ("boston_2026.toml", '"Open" = "dispatched"', '"Open" = "opened"', "values.status.Open: Input should be 'repo"),
    ("boston_2026.toml", '"Email" = "mailbox"', '"Email" = "e-mail"', "values.source.Email: Expected one of grid"),
    ("boston_2026.toml", "level = 3", "level = 5", "defaults.level: Input should be less than or equal to 4; came 5."),
    ("boston_2026.toml", 'source = "system"', 'source = "file"', "defaults.source: Expected one of grid, hotline,"),
    ("boston_2026.toml", '"UTC"', '"Mars"', "file.timezone: Expected a zone such as Asia/Shanghai; came 'Mars'."),
    ("boston_2026.toml", 'encoding = "utf-8"', 'encoding = "big5"', "file.encoding: Input should be 'utf-8'"),
    ("wards.toml", 'code = "{WARD}"', 'kode = "{WARD}"', "fields.kode: The key is not known here; came '{WARD}'."),
    ("wards.toml", 'code = "{WARD}"', 'code = "{WARD"', "fields.code: Expected text with names of properties"),
    ("wards.toml", 'code = "{WARD}"', 'code = "{WARD.real}"', "fields.code: Expected text with names of properties in"),
    ("wards.toml", 'frame = "WGS-84"', 'frame = "EPSG:2249"', "frame: Input should be 'WGS-84' or 'CGCS2000'; came"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "sound", "faulty", "expected"), MAP_FAULTS)
def test_fault_in_a_map_is_refused_with_file_line_and_key(
    tmp_path: Path, file: str, sound: str, faulty: str, expected: str
) -> None:
    text = (MAPS / file).read_text(encoding="utf-8")
    line = text[: text.index("\n" + sound if "\n" + sound in text else sound)].count("\n") + 1
    line += "\n" + sound in text
    (tmp_path / file).write_text(text.replace("\n" + sound, "\n" + faulty).replace(sound, faulty), encoding="utf-8")
    with pytest.raises(ReferenceError) as refused:
        load_map(tmp_path / file)
    said = [str(problem) for problem in refused.value.problems]
    assert any(sentence.startswith(f"{file}:{line}: {expected}") for sentence in said), (line, said)


def test_status_column_without_meanings_is_refused(tmp_path: Path) -> None:
    text = (MAPS / "boston_2026.toml").read_text(encoding="utf-8")
    start, end = text.index("[values.status]\n"), text.index("[values.source]\n")
    (tmp_path / "a.toml").write_text(text[:start] + text[end:], encoding="utf-8")
    with pytest.raises(ReferenceError, match=r"values\.status: Expected what each status of the file means"):
        load_map(tmp_path / "a.toml")


def test_missing_map_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReferenceError, match=r"none\.toml: The file is missing; expected it here\."):
        load_map(tmp_path / "none.toml")


def write_wards(path: Path, *features: tuple[dict[str, object], object]) -> Path:
    collected = [
        {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for properties, ring in features
    ]
    text = json.dumps({"type": "FeatureCollection", "features": collected}, indent=1)
    path.write_text(text, encoding="utf-8")
    return path


SQUARE = [[-71.1, 42.3], [-71.0, 42.3], [-71.0, 42.4], [-71.1, 42.4], [-71.1, 42.3]]
BOW_TIE = [[-71.1, 42.3], [-71.0, 42.4], [-71.0, 42.3], [-71.1, 42.4], [-71.1, 42.3]]
TOUCHING = [[0, 0], [4, 0], [4, 2], [2, 2], [3, 1], [1, 1], [2, 2], [0, 2], [0, 0]]


def test_ward_becomes_a_grid_directly_under_the_county(wards: AreaMap, tmp_path: Path) -> None:
    areas, problems = area_features(write_wards(tmp_path / "w.geojson", ({"WARD": 15}, SQUARE)), wards)
    assert problems == []
    assert [(a.code, a.name, a.name_en, a.level, a.parent, a.kind) for a in areas] == [
        ("15", "第15选区", "Ward 15", "grid", None, "basic")
    ]
    assert areas[0].shape.contains(shapely.Point(areas[0].label))
    assert areas[0].geometry["type"] == "Polygon"


def test_feature_without_the_property_is_left_out_and_named(wards: AreaMap, tmp_path: Path) -> None:
    file = write_wards(tmp_path / "w.geojson", ({"WARD": 1}, SQUARE), ({"PRECINCT": 2}, SQUARE))
    areas, problems = area_features(file, wards)
    assert [area.code for area in areas] == ["1"]
    line = file.read_text().split('"PRECINCT"')[0].rsplit('"Feature"', 1)[0].count("\n")
    assert str(problems[0]) == (
        f"w.geojson:{line}: code: Expected a property 'WARD' to make '{{WARD}}'; there are PRECINCT."
    )


def test_two_features_with_the_same_code_are_named(wards: AreaMap, tmp_path: Path) -> None:
    file = write_wards(tmp_path / "w.geojson", ({"WARD": 1}, SQUARE), ({"WARD": 1}, SQUARE))
    areas, problems = area_features(file, wards)
    assert len(areas) == 1
    assert "The code 1 stands already on line" in problems[0].message


def test_ring_that_touches_itself_is_mended_and_one_that_cannot_be_is_refused(wards: AreaMap, tmp_path: Path) -> None:
    file = write_wards(tmp_path / "w.geojson", ({"WARD": 1}, TOUCHING), ({"WARD": 2}, BOW_TIE))
    areas, problems = area_features(file, wards)
    assert [(area.code, area.shape.is_valid, area.shape.area) for area in areas] == [("1", True, 7.0)]
    assert [problem.message[:24] for problem in problems] == ["Expected a valid polygon"]


def test_unmended_ring_is_refused_where_the_map_does_not_ask_for_mending(tmp_path: Path) -> None:
    text = (MAPS / "wards.toml").read_text(encoding="utf-8").replace("\nmend = true", "\nmend = false")
    (tmp_path / "strict.toml").write_text(text, encoding="utf-8")
    strict = load_map(tmp_path / "strict.toml")
    assert isinstance(strict, AreaMap)
    areas, problems = area_features(write_wards(tmp_path / "w.geojson", ({"WARD": 1}, TOUCHING)), strict)
    assert areas == []
    assert "Ring Self-intersection" in problems[0].message


def test_precincts_in_feet_are_refused_with_what_they_look_like(wards: AreaMap, tmp_path: Path) -> None:
    feet = [[787723.73, 2965812.64], [787745.70, 2965820.50], [787852.20, 2965597.10], [787723.73, 2965812.64]]
    real = REAL / "geo" / "Precincts.geojson"
    file = real if real.exists() else write_wards(tmp_path / "Precincts.geojson", ({"WARD": 1}, feet))
    areas, problems = area_features(file, wards)
    assert areas == []
    assert len(problems) == 1
    assert "they look like a projected frame, such as EPSG:2249 in feet" in str(problems[0])
    assert "Transform the file to EPSG:4326" in str(problems[0])


def test_real_wards_are_22_and_valid(wards: AreaMap, tmp_path: Path) -> None:
    real = REAL / "geo" / "Wards.geojson"
    rings = [({"WARD": number}, SQUARE) for number in range(1, 23)]
    file = real if real.exists() else write_wards(tmp_path / "Wards.geojson", *rings)
    areas, problems = area_features(file, wards)
    assert problems == []
    assert sorted(int(area.code) for area in areas) == list(range(1, 23))
    assert all(area.shape.is_valid for area in areas)
