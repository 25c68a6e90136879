"""Imported satisfaction beside the evaluation: summed by who was asked about, in its own month, for who may see it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from config.reference import default_formulas
from dashboard.pages.context import PageContext
from dashboard.pages.evaluation.asked import panel
from models.directory import read
from models.duty.surveys import Asked, Closing, asked, put_surveys
from models.evaluation.asked import answered
from models.evaluation.periods import Month
from models.evaluation.scoring import Share
from models.moves import Actor, Role
from models.store import Store

ZONE = ZoneInfo("Asia/Shanghai")
MAY, JUNE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
MAY_MONTH = Month(2026, 5)
LEADER, CG = Actor("leader", Role.LEADER), Actor("cg-desk", Role.DEPARTMENT, department="cg")


def answer(number: int, **more: Any) -> dict[str, Any]:
    plain = {
        "client": "survey",
        "external_id": str(number),
        "kind": "return-call",
        "at": datetime(2026, 5, 6, tzinfo=UTC),
    }
    empty = {"case_code": None, "area": None, "department": None, "answer": "", "reached": None, "satisfied": None}
    return {**plain, **empty, "score": None, "note": "", **more}


def closing(now: datetime) -> Closing:
    return Closing(now, ZONE, grace_days=3)


@pytest.fixture
def filled(county_store: Store) -> Store:
    rows = [answer(n, department="cg", answer="satisfied" if n else "unreached") for n in range(4)]
    rows += [answer(9, department="cg", answer="dissatisfied"), answer(10, department="zj", answer="fairly")]
    rows += [answer(11, kind="third-party", area="990100100", reached=120, satisfied=101, score=86.5)]
    rows += [answer(12, kind="third-party", area="990100100", reached=80, satisfied=40, score=70.0, at=JUNE)]
    with county_store.write() as connection:
        put_surveys(connection, rows, closing(datetime(2026, 5, 20, tzinfo=UTC)))
    return county_store


def test_answers_are_summed_for_the_month_and_for_who_may_see_them(filled: Store) -> None:
    with filled.read() as connection:
        assert asked(connection, MAY, JUNE, LEADER) == [
            Asked("return-call", None, "cg", 4, 3, None),
            Asked("return-call", None, "zj", 1, 1, None),
            Asked("third-party", "990100100", None, 120, 101, 86.5),
        ]
        assert [row.department for row in asked(connection, MAY, JUNE, CG)] == ["cg"]
        here = Actor("operator", Role.OPERATOR, area="990100100")
        assert [row.area for row in asked(connection, MAY, JUNE, here)] == ["990100100"]


def test_the_page_lists_them_and_says_no_share_of_few(sqlite_county: Store) -> None:
    with sqlite_county.read() as connection:
        directory = read(connection)
    texts = {"evaluation.small": "样本不足"}
    context = PageContext(
        language="zh-CN", texts=texts, user_name="l", role="leader", county={}, paths=frozenset(), csrf=""
    )
    rows = [Asked("return-call", None, "cg", 4, 3, None), Asked("third-party", "990100100", None, 120, 101, 86.5)]
    shown = str(panel(context, directory, rows, MAY))
    assert "样本不足" in shown and "84.2%" in shown and "城市管理局" in shown
    assert panel(context, directory, [], MAY) == []


def told(store: Store, by: str, *codes: str, month: Month = MAY_MONTH) -> dict[str, Any]:
    with store.read() as connection:
        found = answered(connection, default_formulas().versions[-1], [month], ZONE, by, codes)
    return {code: kinds.get("third-party") for code, kinds in found.items()}


def test_answers_are_shares_of_the_town_the_department_and_the_whole_county(filled: Store) -> None:
    with filled.write() as connection:
        more = {"kind": "third-party", "reached": 20, "satisfied": 5}
        put_surveys(connection, [answer(20, area="990100100001001", **more)], closing(MAY))
        put_surveys(connection, [answer(21, department="cg", **more)], closing(MAY))
    assert told(filled, "town", "990100100", "990100101") == {"990100100": Share(106, 140)}
    assert told(filled, "grid", "990100100001001") == {"990100100001001": Share(5, 20)}
    assert told(filled, "community", "990100100001") == {"990100100001": Share(5, 20)}
    assert told(filled, "department", "cg") == {"cg": Share(5, 20)}
    assert told(filled, "county", "") == {"": Share(111, 160)}


def test_what_comes_after_the_books_are_closed_counts_when_it_came_and_changes_no_past_month(filled: Store) -> None:
    before = told(filled, "county", "")
    late = answer(30, kind="third-party", area="990100100", reached=50, satisfied=0)
    july = datetime(2026, 7, 9, tzinfo=UTC)
    with filled.write() as connection:
        assert put_surveys(connection, [late], closing(july)) == (1, 0)
        corrected = answer(11, kind="third-party", area="990100100", reached=120, satisfied=0, score=86.5)
        assert put_surveys(connection, [corrected], closing(july)) == (0, 0)
    assert told(filled, "county", "") == before
    assert told(filled, "county", "", month=Month(2026, 7)) == {"": Share(0, 50)}
    with filled.write() as connection:
        soon = answer(12, kind="third-party", area="990100100", reached=80, satisfied=80, at=JUNE)
        assert put_surveys(connection, [soon], closing(datetime(2026, 7, 2, tzinfo=UTC))) == (0, 1)
