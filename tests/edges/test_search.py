"""Search on both databases: the same cases, by words, by number, within what a reader may see, masked before it is kept."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from models import queries, schema
from models import tables as t
from models.door import Door, Report
from models.filters import CaseFilter, FilterRefused, Moment
from models.moves import Actor, Role
from models.rules import Rules
from models.search import ask, index
from models.search.grams import matches, plain, question
from models.search.tables import case_text
from models.store import Store
from models.timebase import real_now
from models.vault import Vault

ZONE = ZoneInfo("Asia/Shanghai")
OPERATOR = Actor("operator", Role.OPERATOR)
SYSTEM = Actor("load", Role.SYSTEM)
TEXTS = (
    "东门农贸市场南侧垃圾成堆，电话13812345678",
    "建设路路灯连续三盏不亮",
    "实验小学门口井盖缺失",
    "滨湖大道垃圾桶满溢，污水外流",
    "老粮站小区3号楼前电动车堵住消防通道",
    "Litter & Debris near Hancock St",
    "建设路 50%_OFF 广告牌松动",
    "有人落水，正在施救 😀",
)


@pytest.fixture
def door(county_store: Store) -> Door:
    return Door(county_store, Rules(county_store, ZONE), Vault("a secret for tests"))


def file_all(door: Door, county_store: Store) -> list[Any]:
    with county_store.read() as connection:
        area = connection.execute(select(t.area.c.code).where(t.area.c.level == "grid").limit(1)).scalar_one()
    return [
        door.report(
            Report("010101", words, "hotline", area=area, address="人民路18号", client="12345", external_id=f"WO-{n}"),
            SYSTEM,
            real_now(),
        ).case
        for n, words in enumerate(TEXTS)
    ]


def found(store: Store, q: str, actor: Actor = OPERATOR, **more: Any) -> list[str]:
    moment = Moment(real_now(), ZONE)
    with store.read() as connection:
        page = queries.page(connection, CaseFilter(q=q, **more), actor, moment)
        assert page.total == len(page.rows) == queries.count(connection, CaseFilter(q=q, **more), actor, moment)
    return sorted(row.code for row in page.rows)


ASKED = (
    "垃圾",
    "建设路",
    "路灯 建设",
    "3号楼",
    "litter",
    "DEBRIS han",
    "井盖",
    "人民路",
    "50%_off",
    "没有这个词",
    "人民路18",
)


def test_both_databases_find_what_a_plain_reading_finds(
    county_store: Store, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = file_all(door, county_store)
    for common in (ask.COMMON, 0):  # by the index, and by walking the list
        monkeypatch.setattr(ask, "COMMON", common)
        for q in ASKED:
            expected = sorted(case.code for case in cases if matches(question(q), index.body(case)))
            assert found(county_store, q) == expected, (q, common)
    assert len(found(county_store, "垃圾")) == 2
    assert found(county_store, "垃圾", state="closed") == []


def test_a_number_typed_out_finds_its_case(county_store: Store, door: Door) -> None:
    cases = file_all(door, county_store)
    door.move(cases[1].code, "dispatch", OPERATOR, real_now(), {"department": "cg"})
    with county_store.read() as connection:
        order = connection.execute(select(t.orders.c.number)).scalar_one()
    assert found(county_store, cases[3].code.lower()) == [cases[3].code]
    assert found(county_store, order) == [cases[1].code]
    assert found(county_store, "WO-2") == [cases[2].code]


def test_what_was_masked_cannot_be_searched_and_nobody_finds_anothers_case(county_store: Store, door: Door) -> None:
    file_all(door, county_store)
    assert found(county_store, "13812345678") == [] and found(county_store, "1381234") == []
    assert found(county_store, "垃圾", Actor("x", Role.DEPARTMENT, department="jy")) == []
    with county_store.read() as connection:
        assert not any("138123" in body for body in connection.execute(select(case_text.c.body)).scalars())


def test_words_that_cannot_be_looked_up_are_refused_by_name(county_store: Store) -> None:
    with pytest.raises(FilterRefused) as refused:
        found(county_store, "火")
    assert refused.value.field == "q"


def test_a_changed_text_is_found_by_its_new_words_only(county_store: Store, door: Door) -> None:
    case = file_all(door, county_store)[0]
    with county_store.write() as connection:
        new = {"description": "西门积水严重", "title": "西门积水严重"}
        row = connection.execute(t.cases.update().where(t.cases.c.id == case.id).values(**new).returning(t.cases))
        index.change(connection, row.one())
    assert found(county_store, "积水") == [case.code]
    assert case.code not in found(county_store, "农贸市场")


def test_cases_from_before_the_index_are_found_after_the_migration(county_store: Store, door: Door) -> None:
    cases = file_all(door, county_store)
    with county_store.write() as connection:
        for case in cases:
            index.remove(connection, case.id)
    assert found(county_store, "垃圾") == []
    with county_store.write() as connection:
        assert index.fill(connection) == cases[-1].id and index.fill(connection, cases[-1].id) is None
    assert len(found(county_store, "垃圾")) == 2
    with county_store.read() as connection:
        assert schema.drift(connection) == []


def test_every_order_pages_through_the_whole_list_once(county_store: Store, door: Door) -> None:
    cases = file_all(door, county_store)
    with county_store.write() as connection:
        connection.execute(t.cases.update().where(t.cases.c.id.in_([c.id for c in cases[:3]])).values(due_at=None))
    moment = Moment(real_now(), ZONE)
    for sort in queries.SORTS:
        seen, after = [], None
        with county_store.read() as connection:
            while True:
                page = queries.page(connection, CaseFilter(), OPERATOR, moment, after=after, size=2, sort=sort)
                seen += page.rows
                after = page.next
                if after is None:
                    break
        assert sorted(row.id for row in seen) == sorted(case.id for case in cases), sort
        dated = [(getattr(row, queries.SORTS[sort].by.name), row.id) for row in seen]
        known = [pair for pair in dated if pair[0]]
        assert known == sorted(known, reverse=queries.SORTS[sort].descending), sort
        assert [pair[0] for pair in dated[len(known) :]] == [None] * (len(dated) - len(known)), sort


def test_a_list_that_grows_with_the_years_says_that_it_is_longer(
    county_store: Store, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_all(door, county_store)
    monkeypatch.setattr(queries, "MOST_COUNTED", 5)
    moment = Moment(real_now(), ZONE)
    with county_store.read() as connection:
        page = queries.page(connection, CaseFilter(), OPERATOR, moment)
        assert (page.total, page.exact) == (5, False)
        page = queries.page(connection, CaseFilter("open"), OPERATOR, moment)
        assert (page.total, page.exact) == (len(TEXTS), True)


def test_common_words_are_looked_for_stretch_by_stretch_and_every_case_is_found_once(
    county_store: Store, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_all(door, county_store)
    moment, wanted = Moment(real_now(), ZONE), CaseFilter(q="垃圾")
    with county_store.read() as connection:
        expected = [row.id for row in queries.page(connection, wanted, OPERATOR, moment, size=100).rows]
        monkeypatch.setattr(ask, "COMMON", 0)
        for stretch, size in ((2, 1), (3, 100), (1, 1), (1_000, 2)):
            monkeypatch.setattr(queries, "LOOKED_AT", stretch)
            seen, after, pages = [], None, 0
            while True:
                page = queries.page(connection, wanted, OPERATOR, moment, after=after, size=size)
                assert len(page.rows) <= page.total or page.looked_at is None
                seen += [row.id for row in page.rows]
                after, pages = page.next, pages + 1
                if after is None:
                    break
            assert seen == expected and len(expected) > 1, (stretch, size)
            assert page.exact and (pages > 1) == (stretch < len(TEXTS) or size < len(expected))


def test_plain_text_of_a_case_has_no_line_breaks(county_store: Store, door: Door) -> None:
    case = file_all(door, county_store)[5]
    assert index.body(case) == plain(index.body(case))
