"""The State Council's notice as it is published, read into days; checked against the calendars that are known."""

from __future__ import annotations

import csv
from datetime import date

import pytest

from config.notices import NoticeError, csv_of_notice, days_of, looks_like
from config.settings import HERE

NOTICE_2026 = """国务院办公厅关于2026年部分节假日安排的通知
一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
节假日期间，各地区、各部门要妥善安排好值班和安全、保卫、疫情防控等工作。
"""


def test_the_notice_of_2026_equals_the_calendar_that_is_known() -> None:
    found = {(one.day, one.kind) for one in days_of(NOTICE_2026, 2026)}
    with (HERE / "counties" / "yunze" / "calendar" / "2026.csv").open(encoding="utf-8") as file:
        known = {(date.fromisoformat(row["date"]), row["kind"]) for row in csv.DictReader(file)}
    assert found == known


def test_a_holiday_that_begins_the_year_before_counts_only_in_its_own_year() -> None:
    text = "关于2023年\n一、元旦：2022年12月31日至2023年1月2日放假调休，共3天。\n二、清明节：4月5日放假，共1天。"
    assert [one.day for one in days_of(text, 2023)] == [date(2023, 1, 1), date(2023, 1, 2), date(2023, 4, 5)]


@pytest.mark.parametrize(
    ("text", "word"),
    [(NOTICE_2026.replace("2026", "2025"), "Expected the notice of 2026"), ("放假，上班", "No holiday"),
     ("一、元旦：13月1日放假。1月4日上班。", "no day 13-1")],
)  # fmt: skip
def test_what_is_no_notice_of_the_year_is_refused(text: str, word: str) -> None:
    with pytest.raises(NoticeError, match=word):
        days_of(text, 2026)


def test_a_table_is_no_notice() -> None:
    assert not looks_like(csv_of_notice(NOTICE_2026, 2026))
    assert looks_like(NOTICE_2026)
