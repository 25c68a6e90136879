"""The demonstration county as it is committed: whole, sound, tiled to the square metre, and made again to the byte."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import date, datetime
from itertools import combinations
from pathlib import Path
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
import shapely

from config import make_county, reference, tiling
from config.county import Area, County, TreeRules
from config.settings import HERE

FOLDER = HERE / "counties" / "yunze"
CHINESE_DAYS = HERE.parent.parent / "shared" / "data" / "calendar" / "chinese-days-1.5.7.json"
"""A second source of the calendar, kept beside the repository where it is developed."""
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def county() -> County:
    return reference.load(FOLDER)


def test_county_has_no_fault() -> None:
    assert [str(problem) for problem in reference.check(FOLDER)] == []


def test_county_has_12_towns_4_communities_233_villages_and_236_grids(county: County) -> None:
    kinds = Counter((area.level, area.kind) for area in county.areas.values())
    levels = Counter(area.level for area in county.areas.values())
    assert levels == {"county": 1, "town": 12, "community": 237, "grid": 236}
    assert kinds["community", "urban"] == 4
    assert kinds["community", "village"] == 233
    assert kinds["grid", "exclusive"] == 8


def test_13_joint_grids_hang_under_their_town_and_cover_two_villages_each(county: County) -> None:
    joint = [area for area in county.at_level("grid") if area.covers]
    assert len(joint) == 13
    assert all(county.areas[str(grid.parent)].level == "town" and len(grid.covers) == 2 for grid in joint)
    single = [grid for grid in county.at_level("grid") if not grid.covers]
    per_community = Counter(grid.parent for grid in single)
    urban = {area.code for area in county.at_level("community") if area.kind == "urban"}
    assert Counter(per_community[code] for code in urban) == {4: 4}
    assert Counter(count for code, count in per_community.items() if code not in urban) == {1: 207}


def test_grids_have_the_households_that_the_field_states(county: County) -> None:
    urban = {area.code for area in county.at_level("community") if area.kind == "urban"}
    for grid in county.at_level("grid"):
        if grid.kind == "basic":
            low, high = (200, 500) if grid.parent in urban else (100, 300)
            assert low <= grid.households <= high, grid
    towns = sum(town.households for town in county.at_level("town"))
    assert sum(grid.households for grid in county.at_level("grid")) == towns == county.root.households


def test_no_two_areas_share_a_name_in_either_language(county: County) -> None:
    for names in ([a.name for a in county.areas.values()], [a.name_en for a in county.areas.values()]):
        assert [name for name, count in Counter(names).items() if count > 1] == []


@pytest.mark.parametrize("level", ["town", "community", "grid"])
def test_each_level_tiles_the_county_without_gap_or_overlap(county: County, level: str) -> None:
    shapes = [area.shape for area in county.at_level(level)]
    assert all(shape.is_valid for shape in shapes)
    square_metre = 1 / (111_320 * 95_970)
    whole = shapely.union_all(shapes)
    assert abs(whole.area - county.root.shape.area) < square_metre
    assert shapely.symmetric_difference(whole, county.root.shape).area < square_metre
    assert abs(sum(shape.area for shape in shapes) - county.root.shape.area) < square_metre
    tree = shapely.STRtree(shapes)
    pairs = [(a, b) for a, b in tree.query(shapes, predicate="intersects").T.tolist() if a < b]
    assert len(pairs) > len(shapes), "neighbours must touch"
    assert max(shapes[a].intersection(shapes[b]).area for a, b in pairs) < square_metre


def test_neighbours_share_identical_vertices(county: County) -> None:
    shapes = [area.shape for area in county.at_level("grid")]
    vertices = [set(shape.exterior.coords) for shape in shapes]
    for a, b in combinations(range(len(shapes)), 2):
        if shapes[a].touches(shapes[b]):
            border = shapes[a].intersection(shapes[b])
            assert set(map(tuple, shapely.get_coordinates(border).tolist())) <= vertices[a] & vertices[b]


def test_coordinates_have_six_decimals_and_one_feature_stands_on_a_line() -> None:
    lines = (FOLDER / "areas.geojson").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 486 + 2
    coordinates = shapely.get_coordinates(shapely.from_geojson("\n".join(lines)))
    assert coordinates.round(6).tolist() == coordinates.tolist()
    assert (FOLDER / "areas.geojson").stat().st_size <= 1_500_000


def test_generator_makes_the_committed_files_to_the_byte(tmp_path: Path) -> None:
    make_county.make(tmp_path)
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.*"))
    assert len(made) == 6
    for path in made:
        assert (tmp_path / path).read_bytes() == (FOLDER / path).read_bytes(), f"{path} differs; run the generator"


def test_another_seed_makes_another_county_that_tiles_as_well(tmp_path: Path) -> None:
    make_county.make(tmp_path, seed=4)
    assert (tmp_path / "areas.geojson").read_bytes() != (FOLDER / "areas.geojson").read_bytes()
    for name in ("county.toml", "departments.csv", "categories.csv", "sources.csv"):
        (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    assert reference.check(tmp_path) == []


def test_every_camera_is_accountable_and_nine_come_first(county: County) -> None:
    assert len(county.cameras) >= 24
    assert sum(camera.focus for camera in county.cameras.values()) == 9
    assert {camera.scene for camera in county.cameras.values()} == set(reference.SCENES)
    for camera in county.cameras.values():
        assert camera.id.startswith("99010000") and len(camera.id) == 20
        assert (
            all((camera.purpose, camera.legal_basis, camera.sign, camera.address))
            and camera.owner in county.departments
        )
        assert county.areas[camera.grid].shape.contains(shapely.Point(camera.longitude, camera.latitude))


def test_categories_are_at_least_60_leaves_with_the_limits_the_field_uses(county: County) -> None:
    leaves = {c.name: (c.limit, c.unit, c.level) for c in county.categories.values() if c.is_leaf}
    assert len(leaves) >= 60
    assert leaves["井盖缺失"] == (2, "urgent_hour", 2)
    assert leaves["井盖破损"][:2] == (4, "work_hour")
    assert leaves["暴露垃圾"][:2] == (1, "work_day")
    assert leaves["积存垃圾渣土"][:2] == (4, "work_day")
    assert leaves["违法建设"][:2] == (15, "work_day")
    sudden = [c for c in county.categories.values() if c.is_leaf and c.code.startswith("02")]
    assert all(c.unit == "urgent_hour" for c in sudden) and {1, 2} <= {c.level for c in sudden}
    assert {unit for _, unit, _ in leaves.values()} == set(reference.UNITS)


def test_some_grids_have_nobody_and_are_named(county: County) -> None:
    unstaffed = county.unstaffed_grids()
    assert 1 <= len(unstaffed) <= 24
    assert all(county.areas[code].level == "grid" for code in unstaffed)


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_calendar_agrees_with_the_package_on_every_day(county: County, year: int) -> None:
    for ordinal in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()):
        day = date.fromordinal(ordinal)
        entry = county.calendar.get(day)
        works = entry.kind == "workday" if entry else day.isoweekday() < 6
        assert works == chinese_calendar.is_workday(day), day


def test_calendar_agrees_with_a_second_source_where_that_is_at_hand(county: County) -> None:
    if not CHINESE_DAYS.exists():
        assert chinese_calendar.is_workday(date(2026, 2, 28)), "the package alone is the source here"
        return
    other = json.loads(CHINESE_DAYS.read_text(encoding="utf-8"))
    for kind, key in (("holiday", "holidays"), ("workday", "workdays")):
        ours = {day.isoformat() for day, entry in county.calendar.items() if entry.kind == kind}
        assert ours == {day for day in other[key] if day[:4] in ("2024", "2025", "2026")}


def test_year_without_official_calendar_is_absent(county: County) -> None:
    assert county.calendar_years == {2024, 2025, 2026}


def test_office_hours_follow_the_season(county: County) -> None:
    names = {
        day: county.office_hours_on(date.fromisoformat(f"2026-{day}")).name
        for day in ("05-31", "06-01", "09-30", "10-01")
    }
    assert names == {"05-31": "常规", "06-01": "夏季", "09-30": "夏季", "10-01": "常规"}


def test_season_may_run_over_new_year() -> None:
    winter = reference.OfficeHours("冬季", "Winter", (), ((11, 1), (2, 28)))
    assert [winter.applies_on(date(2026, month, 1)) for month in (1, 3, 10, 11, 12)] == [True, False, False, True, True]


def test_roster_names_one_leader_and_one_chief_at_any_minute_of_the_week(county: County) -> None:
    for day in range(1, 8):
        for hour, minute in ((0, 0), (7, 59), (8, 0), (19, 59), (20, 0), (23, 59)):
            now = datetime(2026, 6, day, hour, minute, tzinfo=SHANGHAI)
            assert sorted(shift.role for shift in county.on_duty(now)) == ["chief", "leader"], now


def test_night_shift_of_sunday_ends_on_monday_morning(county: County) -> None:
    night = {shift.weekday for shift in county.on_duty(datetime(2026, 6, 8, 7, 59, tzinfo=SHANGHAI))}
    morning = {shift.weekday for shift in county.on_duty(datetime(2026, 6, 8, 8, 0, tzinfo=SHANGHAI))}
    assert (night, morning) == ({7}, {1})


def test_loading_at_start_up_takes_less_than_half_a_second_of_processor_time() -> None:
    spent = []
    for _ in range(3):  # another process on the same core may spoil one
        begun = time.process_time()
        reference.load(FOLDER, geometry_checks=False)
        spent.append(time.process_time() - begun)
    assert min(spent) < 0.5


def test_checking_7514_grids_takes_seconds() -> None:
    rules = TreeRules(levels=("county", "grid"), tolerance_m2=100.0, optional_levels=())
    areas = {area.code: area for area in _many(87, 7514)}
    begun = time.process_time()
    assert list(tiling.faults(areas, rules)) == []
    assert time.process_time() - begun < 20


def _many(columns: int, count: int) -> list[Area]:
    """A county of `count` small squares with sixty vertices each, in rows of `columns`."""
    step = 0.005
    squares = []
    for i in range(count):
        x, y = 112 + step * (i % columns), 30 + step * (i // columns)
        box = shapely.segmentize(shapely.box(x, y, x + step, y + step), step / 15)
        squares.append(_area(f"9{i}", "grid", "9", shapely.set_precision(box, 1e-7)))
    whole = shapely.union_all([square.shape for square in squares])
    return [_area("9", "county", None, whole), *squares]


def _area(code: str, level: str, parent: str | None, shape: object) -> Area:
    return Area(code, code, code, level, parent, "basic", 0, date(2024, 1, 1), None, (), (0, 0), shape, 1)
