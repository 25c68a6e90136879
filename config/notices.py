"""The State Council's notice of holidays (国务院办公厅关于…年部分节假日安排的通知), read into the days of a calendar. Pure.

The notice names each holiday with its days off (`1月1日（周四）至3日（周六）放假调休`) and, behind them, the weekend days on
which people work instead (`1月4日（周日）上班`). What cannot be read is said, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from config.sentences import say

NAMES = {
    "元旦": "New Year's Day",
    "春节": "Spring Festival",
    "清明": "Qingming Festival",
    "劳动节": "Labour Day",
    "端午": "Dragon Boat Festival",
    "中秋": "Mid-Autumn Festival",
    "国庆": "National Day",
}
_SECTION = re.compile(
    r"[一二三四五六七八九十]+、([^：:。\n]{2,12})[：:](.*?)(?=[一二三四五六七八九十]+、[^：:。\n]{2,12}[：:]|\Z)", re.S
)
_NOTE = re.compile(r"[（(][^）)]*[）)]")
_DAY = r"(?:(20\d\d)年)?(?:(\d{1,2})月)?(\d{1,2})日"
_OFF = re.compile(rf"{_DAY}(?:至{_DAY})?(?:放假|休息)")
_ON = re.compile(rf"((?:{_DAY}[、和，,]?)+)上班")
_YEAR = re.compile(r"(20\d\d)年")


class NoticeError(Exception):
    """The text is no notice that can be read. One sentence."""


@dataclass(frozen=True)
class NoticeDay:
    """A day that is not what its weekday says."""

    day: date
    kind: str
    name: str


def looks_like(text: str) -> bool:
    """Whether a text is a notice rather than a table."""
    return "放假" in text and "上班" in text and not text.lstrip("\ufeff").startswith("date,")


def days_of(text: str, year: int) -> list[NoticeDay]:
    """The days of a notice, in order.

    Raises:
        NoticeError: it is of another year, or no holiday can be read out of it.
    """
    years = _YEAR.findall(text)
    if years and str(year) not in years:
        raise NoticeError(
            say(
                "Expected the notice of {year}; this one speaks of {expected}.",
                year=year,
                expected=", ".join(sorted(set(years))),
            )
        )
    found: dict[date, NoticeDay] = {}
    for name, body in _SECTION.findall(text):
        for one in _of_section(name.strip(), _NOTE.sub("", body), year):
            found.setdefault(one.day, one)
    if not found:
        raise NoticeError(
            "No holiday can be read out of this text; expected lines such as 一、元旦：1月1日至3日放假，共3天。"
        )
    return [found[day] for day in sorted(found) if day.year == year]


def _of_section(name: str, body: str, year: int) -> Iterator[NoticeDay]:
    month = 0
    for first_year, first_month, first, last_year, last_month, last in _OFF.findall(body):
        month = int(first_month or month)
        begins = _date(int(first_year or year), month, first, name)
        month = int(last_month or month)
        ends = _date(int(last_year or year), month, last, name) if last else begins
        for ahead in range((ends - begins).days + 1):
            yield NoticeDay(begins + timedelta(days=ahead), "holiday", name)
    for listed in _ON.findall(body):
        for on_year, on_month, day in re.findall(_DAY, listed[0]):
            month = int(on_month or month)
            yield NoticeDay(_date(int(on_year or year), month, day, name), "workday", name)


def _date(year: int, month: int, day: str, name: str) -> date:
    try:
        return date(year, month, int(day))
    except ValueError:
        raise NoticeError(
            say("{name}: there is no day {month}-{day} in {year}.", name=name, month=month, day=day, year=year)
        ) from None


def csv_of_notice(text: str, year: int) -> str:
    """The days as a calendar file has them.

    Raises:
        NoticeError: as `days_of`.
    """
    source = f"国务院办公厅关于{year}年部分节假日安排的通知"
    lines = ["date,kind,name,name_en,source"]
    lines += [f"{one.day},{one.kind},{one.name},{_english(one.name)},{source}" for one in days_of(text, year)]
    return "\n".join(lines) + "\n"


def _english(name: str) -> str:
    return " and ".join(english for word, english in NAMES.items() if word in name) or name
