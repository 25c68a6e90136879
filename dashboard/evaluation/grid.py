"""One table for page, API and workbook: columns, and rows of cells that know their value, their words and their list. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from config.evaluation import Indicator
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from models.directory import Directory
from models.evaluation.listing import Listing
from models.evaluation.listing import Part as ListPart
from models.evaluation.reading import COUNTY, Answer, Row
from models.evaluation.scoring import Judged, few, indicators_of

Kind = Literal["text", "score", "delta", "count", "share"]


@dataclass(frozen=True)
class Column:
    """A column. `group`: the indicator it belongs to."""

    key: str
    title: str
    kind: Kind
    group: str = ""


@dataclass(frozen=True)
class Cell:
    """A value and what a person reads. `value` None: unknown, a dash. `href`: the cases behind it."""

    value: str | float | int | None
    text: str
    href: str = ""


@dataclass(frozen=True)
class Line:
    """A row of the table."""

    code: str
    name: str
    cells: Mapping[str, Cell]
    row: Row
    whole: bool = False


@dataclass(frozen=True)
class Grid:
    """The table. `indicators` in the order of their columns."""

    columns: Sequence[Column]
    lines: Sequence[Line]
    indicators: Sequence[Indicator]
    answer: Answer


ASKED = "#evaluation-asked"
"""Where the page lists what people answered: there is no case behind an answer."""


def grid(context: PageContext, directory: Directory, answer: Answer) -> Grid:
    """The table of an answer: the best first, then those without a grade; the whole county above all."""
    indicators = indicators_of(answer.version, answer.question.by)
    lines = [_line(context, directory, answer, row, indicators) for row in answer.rows]
    lines.sort(key=lambda line: (-(line.row.now.score if line.row.now.score is not None else -1), -line.row.now.sample))
    if answer.whole is not None and answer.question.by != "post":
        lines.insert(0, _line(context, directory, answer, answer.whole, indicators, whole=True))
    return Grid(_columns(context, indicators), lines, indicators, answer)


def named(context: PageContext, indicator: Any) -> str:
    """The name of an indicator or a post in the language in force."""
    return str(indicator.name_en if context.language == "en" else indicator.name)


def _columns(context: PageContext, indicators: Sequence[Indicator]) -> list[Column]:
    fixed: list[tuple[str, Kind]] = [
        ("name", "text"), ("score", "score"), ("grade", "text"), ("before", "delta"), ("last_year", "delta"), ("sample", "count"),
    ]  # fmt: skip
    found = [Column(key, context.text(f"evaluation.column.{key}"), kind) for key, kind in fixed]
    for one in indicators:
        name = named(context, one)
        found += [
            Column(one.code, name, "share", one.code),
            Column(f"{one.code}.hits", f"{name} · {context.text('evaluation.column.hits')}", "count", one.code),
            Column(f"{one.code}.of", f"{name} · {context.text('evaluation.column.of')}", "count", one.code),
        ]
    return found


def _line(
    context: PageContext,
    directory: Directory,
    answer: Answer,
    row: Row,
    indicators: Sequence[Indicator],
    *,
    whole: bool = False,
) -> Line:
    name = name_of(context, directory, answer, row.code)
    cells = {
        "name": Cell(name, name),
        "score": _score(context, row.now),
        "grade": _grade(context, row.now),
        "before": _delta(context, row.now, row.before),
        "last_year": _delta(context, row.now, row.last_year),
        "sample": Cell(row.now.sample, f"{row.now.sample:,}"),
    }
    weighing = _weighing(answer, row.code)
    for one in indicators:
        if weighing is not None and one.code not in weighing:
            blank = Cell(None, "")
            cells |= {one.code: blank, f"{one.code}.hits": blank, f"{one.code}.of": blank}
            continue
        share = row.now.shares[one.code]
        value = None if few(answer.version, one, share) else share.value
        text = (
            context.text("desk.unknown" if not share.of else "evaluation.small")
            if value is None
            else f"{100 * value:.1f}%"
        )
        cells[one.code] = Cell(None if value is None else round(value, 4), text, _href(answer, row, one, "miss"))
        cells[f"{one.code}.hits"] = Cell(share.hits, f"{share.hits:,}", _href(answer, row, one, "hits"))
        cells[f"{one.code}.of"] = Cell(share.of, f"{share.of:,}", _href(answer, row, one, "of"))
    return Line(row.code, name, cells, row, whole)


def name_of(context: PageContext, directory: Directory, answer: Answer, code: str) -> str:
    """What a row is called."""
    if answer.question.by == "post":
        return named(context, next(post for post in answer.version.posts if post.code == code))
    if code == COUNTY:
        return context.county_text("name")
    rows = directory.departments if answer.question.by == "department" else directory.areas
    return parts.name(context, rows.get(code))


def _weighing(answer: Answer, code: str) -> Mapping[str, float] | None:
    """What a post is judged by; None for areas and departments, which are all judged alike."""
    if answer.question.by != "post":
        return None
    return next(post for post in answer.version.posts if post.code == code).weights


def _score(context: PageContext, now: Judged) -> Cell:
    if now.score is None:
        return Cell(None, context.text("desk.unknown"))
    return Cell(round(now.score, 1), f"{now.score:.1f}")


def _grade(context: PageContext, now: Judged) -> Cell:
    if now.small:
        word = context.text("evaluation.small")
        return Cell(word, word)
    return Cell(now.grade, now.grade or context.text("desk.unknown"))


def _delta(context: PageContext, now: Judged, then: Judged) -> Cell:
    """Points more or less; unknown where one of the two has no score."""
    if now.score is None or then.score is None:
        return Cell(None, context.text("desk.unknown"))
    points = round(round(now.score, 1) - round(then.score, 1), 1) + 0.0
    arrow = "↑" if points > 0 else ("↓" if points < 0 else "→")
    return Cell(points, f"{arrow} {abs(points):.1f}")


def _href(answer: Answer, row: Row, indicator: Indicator, part: ListPart) -> str:
    if indicator.asked:
        return ASKED
    question = answer.question
    by = {"area": str(question.level), "department": "department", "post": "county"}[question.by]
    code = "" if question.by == "post" else row.code
    if row.code == COUNTY:
        by = "county"
    cell = Listing(question.period, by, code, indicator.code, indicator.denominator, indicator.numerator, part)
    return "/cases?" + urlencode({"state": "all", "evaluation": str(cell)})
