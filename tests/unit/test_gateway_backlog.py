"""What a screen missed, and what changed on the map: pure values."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from alerts.backlog import Grid, Picture, Ring, difference
from models.messages import Counts, Figures, GridMap, Snapshot, Trend

NOW = datetime(2026, 11, 18, 2, 30, tzinfo=UTC)
NOTHING = Counts(open=0, reported_today=0, closed_today=0, overdue=0, due_soon=0, unreceipted=0, escalated=0)
grids = st.dictionaries(
    st.sampled_from("abcdefgh"), st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), max_size=8
)


def a_snapshot(number: int, **map_: Grid) -> Snapshot:
    figures = Figures(
        id=f"{number}.0",
        at=NOW,
        county=NOTHING,
        emergencies=0,
        cameras_online=0,
        cameras_total=0,
        reported_yesterday=0,
        closed_due_month=0,
        closed_in_time_month=0,
        longest_overdue_seconds=None,
        new_today_open=0,
        levels={},
        towns={},
        departments=[],
        trend=Trend(hours=[], reported=[], closed=[]),
        spark={},
        pins=[],
        escalations=[],
        escalations_total=0,
    )
    return Snapshot(figures=figures, map=GridMap(id=f"{number}.1", at=NOW, whole=True, grids=map_))


@given(st.lists(grids, min_size=1, max_size=6))
def test_differences_added_up_are_the_whole_map(maps: list[dict[str, Grid]]) -> None:
    shown: dict[str, Grid] = dict(maps[0])
    for before, after in itertools.pairwise(maps):
        change = difference(before, after)
        shown |= change
        assert all(before.get(code, (0, 0, 0)) != counts or code not in before for code, counts in change.items())
    lit = {code: counts for code, counts in maps[-1].items() if counts != (0, 0, 0)}
    assert {code: counts for code, counts in shown.items() if counts != (0, 0, 0)} == lit


def test_a_grid_without_open_cases_is_told_with_zeros() -> None:
    assert difference({"a": (1, 0, 0), "b": (2, 1, 0)}, {"b": (2, 1, 0)}) == {"a": (0, 0, 0)}


def messages(parts: list[bytes]) -> list[dict[str, object]]:
    return [json.loads(part) for part in parts]


def test_the_first_picture_is_whole_and_the_next_ones_name_only_what_changed() -> None:
    picture = Picture()
    assert picture.whole(("0.1", "0.2")) == []
    picture.renew(a_snapshot(7, a=(1, 0, 0), b=(1, 1, 1)))
    figures, map_ = messages(picture.change(("7.1", "7.2")))
    assert (figures["id"], figures["kind"], map_["id"], map_["whole"]) == ("7.1", "figures", "7.2", True)
    picture.renew(a_snapshot(8, a=(2, 0, 0), b=(1, 1, 1)))
    _figures, map_ = messages(picture.change(("8.1", "8.2")))
    assert (map_["whole"], map_["grids"]) == (False, {"a": [2, 0, 0]})
    assert messages(picture.whole(("8.3", "8.4")))[1]["grids"] == {"a": [2, 0, 0], "b": [1, 1, 1]}
    picture.renew(a_snapshot(9, a=(2, 0, 0), b=(1, 1, 1)))
    assert len(picture.change(("9.1", "9.2"))) == 1
    assert picture.number == 9


def test_a_ring_gives_what_is_behind_a_number_or_says_that_it_cannot() -> None:
    ring = Ring(4, last=10)
    ring.extend([(11, b"k"), (12, b"l"), (13, b"m")])
    assert ring.behind(10, 9) == [b"k", b"l", b"m"]
    assert ring.behind(11, 1) == [b"l"]
    assert ring.behind(13, 9) == []
    assert ring.behind(9, 9) is None
    assert ring.behind(14, 9) is None
    ring.extend([(14, b"n"), (15, b"o")])
    assert ring.behind(10, 9) is None
    assert ring.behind(11, 9) == [b"l", b"m", b"n", b"o"]


def test_a_ring_never_holds_numbers_that_do_not_follow_each_other() -> None:
    ring = Ring(4, last=10)
    ring.extend([(11, b"k"), (20, b"t"), (21, b"u")])
    assert ring.behind(19, 9) == [b"t", b"u"]
    assert ring.behind(10, 9) is None
    ring.restart(3)
    assert (ring.behind(3, 9), ring.behind(20, 9)) == ([], None)
