"""A kept brief as rows of words and links: what page, PDF and Word all show. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from models.briefs import words
from models.briefs.content import listed
from models.briefs.words import Tongue


@dataclass(frozen=True)
class Cell:
    """A word or a number; a number that stands for a list says which."""

    text: str
    figure: str = ""
    value: int | None = None
    link: str = ""


@dataclass(frozen=True)
class Sheet:
    """A table of a brief: heading, columns, rows."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


@dataclass(frozen=True)
class View:
    """Everything that a brief shows, in the order of reading."""

    number: int
    centre: str
    title: str
    cut: str
    made: str
    sentences: Sequence[str]
    sheets: Sequence[Sheet]
    chart_title: str
    days: Sequence[dict[str, Any]]
    as_of: str


def view(number: int, body: Mapping[str, Any], tongue: Tongue, made_at: str) -> View:
    """The brief in a language."""
    links = {name: "/cases?" + urlencode(query) for name, _, query in listed(body)}

    def counted(name: str, value: int) -> Cell:
        return Cell(f"{value:,}", f"brief-{name}", value, links[name])

    return View(
        number=number,
        centre=tongue.name(body["title"]),
        title=words.title(body, tongue),
        cut=tongue.text("brief.cut", time=tongue.moment(body["cut_at"])),
        made=tongue.text("brief.made", time=tongue.moment(made_at)),
        sentences=words.sentences(body, tongue),
        sheets=[sheet for sheet in _sheets(body, tongue, counted) if sheet.rows],
        chart_title=tongue.text("brief.chart"),
        days=body["days"],
        as_of=body["cut_at"],
    )


def _sheets(body: Mapping[str, Any], tongue: Tongue, counted: Any) -> list[Sheet]:
    text = tongue.text
    kind = body["kind"]
    flow = Sheet(
        text("brief.section.flows"),
        [text(f"brief.column.{name}") for name in ("what", "now")]
        + [
            text(f"brief.before.{kind}"),
            text("brief.column.moved"),
            text("brief.column.year"),
            text("brief.column.moved"),
        ],
        [
            [
                Cell(text(f"brief.flow.{row['name']}")),
                counted(f"flow.{row['name']}", row["count"]),
                *_past(row["count"], row["before"], tongue),
                *_past(row["count"], row["last_year"], tongue),
            ]
            for row in body["flows"]
        ],
        text("brief.note.flows"),
    )
    stock = Sheet(
        text("brief.section.stocks"),
        [text("brief.column.what"), text("brief.column.count")],
        [
            *([Cell(text(f"brief.stock.{row['name']}")), counted(f"stock.{row['name']}", row["count"])]
              for row in body["stocks"]),
            *([Cell(text("brief.level", level=text(f"common.level.{row['level']}"))),
               counted(f"level.{row['level']}", row["count"])] for row in body["levels"]),
        ],
        text("brief.note.stocks"),
    )  # fmt: skip
    return [
        flow,
        stock,
        _places(body, tongue, counted, "departments", "department"),
        _places(body, tongue, counted, "towns", "area"),
        Sheet(
            text("brief.section.categories"),
            [text("brief.column.category"), text("brief.flow.reported")],
            [[Cell(tongue.name(row["name"])), counted(f"category.{row['code']}", row["count"])]
             for row in body["categories"]],
        ),
        _ranking(body, tongue),
        _gravest(body, tongue),
    ]  # fmt: skip


def _past(now: int, before: int | None, tongue: Tongue) -> list[Cell]:
    shown = tongue.text("common.unknown") if before is None else f"{before:,}"
    return [Cell(shown), Cell(words.moved(now, before, tongue))]


def _places(body: Mapping[str, Any], tongue: Tongue, counted: Any, name: str, key: str) -> Sheet:
    columns = ("overdue", "open", "reported", "closed", "in_time")
    return Sheet(
        tongue.text(f"brief.section.{name}"),
        [tongue.text(f"brief.column.{name}"), *(tongue.text(f"brief.column.{column}") for column in columns)],
        [
            [Cell(tongue.name(row["name"])), *(counted(f"{key}.{row['code']}.{one}", row[one]) for one in columns)]
            for row in body[name]
        ],
        tongue.text(f"brief.note.{name}"),
    )


def _ranking(body: Mapping[str, Any], tongue: Tongue) -> Sheet:
    found = body["ranking"] or {"places": [], "period": ""}
    few = tongue.text("brief.few")
    return Sheet(
        tongue.text("brief.section.ranking", period=found["period"]),
        [tongue.text(f"brief.column.{name}") for name in ("departments", "rank", "score", "grade", "due")],
        [
            [
                Cell(tongue.name(row["name"])),
                Cell("—" if row["rank"] is None else str(row["rank"])),
                Cell(few if row["score"] is None else f"{row['score']:.1f}"),
                Cell(row["grade"] or "—"),
                Cell(f"{row['sample']:,}"),
            ]
            for row in found["places"]
        ],
        tongue.text("brief.note.ranking"),
    )


def _gravest(body: Mapping[str, Any], tongue: Tongue) -> Sheet:
    return Sheet(
        tongue.text("brief.section.gravest"),
        [tongue.text(f"brief.column.{name}") for name in ("case", "level", "departments", "towns", "late")],
        [
            [
                Cell(row["title"], link=f"/cases/{row['code']}"),
                Cell(tongue.text(f"common.level.{row['level']}")),
                Cell(tongue.name(row["department"])),
                Cell(tongue.name(row["town"])),
                Cell(words.late_words(row["late_seconds"], tongue)),
            ]
            for row in body["gravest"]
        ],
    )
