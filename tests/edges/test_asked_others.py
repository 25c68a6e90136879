"""Imported satisfaction beside the evaluation: summed by who was asked about, in its own month, for who may see it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard.pages.context import PageContext
from dashboard.pages.evaluation.asked import panel
from models.directory import read
from models.duty.surveys import Asked, asked, put_surveys
from models.moves import Actor, Role
from models.store import Store

MAY, JUNE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
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


@pytest.fixture
def filled(county_store: Store) -> Store:
    rows = [answer(n, department="cg", answer="satisfied" if n else "unreached") for n in range(4)]
    rows += [answer(9, department="cg", answer="dissatisfied"), answer(10, department="zj", answer="fairly")]
    rows += [answer(11, kind="third-party", area="990100100", reached=120, satisfied=101, score=86.5)]
    rows += [answer(12, kind="third-party", area="990100100", reached=80, satisfied=40, score=70.0, at=JUNE)]
    with county_store.write() as connection:
        put_surveys(connection, rows)
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
