"""The formulas of the evaluation (绩效评价) as versioned data: the nouns of `evaluation.toml`, and what makes one wrong.

A formula is a share: of the cases that carry all marks of `denominator`, how many carry those of `numerator` too. The
marks are facts of one case as of the end of a month (`models.evaluation.folding` says what each means). A version holds
from the first day of a month until the next one begins, so that a past month is always judged by the rules of its time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, PositiveInt

from config.tables import likely

STRICT = ConfigDict(extra="forbid")

MARKS = (
    "reported", "decided", "valid", "filed", "due", "closed", "closed-in-time", "disposed", "disposed-in-time",
    "reworked", "dispatched", "dispatched-in-time", "dispatched-right", "handed-back", "verified", "verified-in-time",
    "inspected", "inspected-in-time", "called", "resolved", "satisfied", "responded", "responded-in-time", "hotline",
    "grid-report",
)  # fmt: skip
"""What can be said of one case in one month, in the order of their bits: never change it, only add at the end."""
REPORT_COUNTS = frozenset({"reported", "decided", "valid", "filed"})
"""Marks that a report brings by its mere coming: a share *of* them falls with every report that was not a good one."""
ATTRIBUTES = frozenset({"hotline", "grid-report"})
"""Marks that only narrow others down."""

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=100)]


@dataclass(frozen=True)
class Indicator:
    """One formula. `direction`: whether a larger share is good (`higher`) or bad (`lower`)."""

    __pydantic_config__ = STRICT
    code: Code
    name: str
    name_en: str
    direction: Literal["higher", "lower"]
    definition: str
    """口径: what is counted, in a sentence a person reads on hover."""
    definition_en: str
    source: str
    """Where the formula comes from."""
    numerator: tuple[str, ...] = ()
    denominator: tuple[str, ...] = ()
    asked: tuple[Literal["return-call", "third-party"], ...] = ()
    """Not a share of cases but of people: the content among those whom others have asked (imported answers)."""


@dataclass(frozen=True)
class Limits:
    """What the centre's own steps may take, in minutes of continuous time; `respond` in hours."""

    __pydantic_config__ = STRICT
    verify: PositiveInt
    dispatch: PositiveInt
    inspect: PositiveInt
    respond_hours: PositiveInt


@dataclass(frozen=True)
class Grades:
    """The lowest score of each grade; E is below D."""

    __pydantic_config__ = STRICT
    A: Annotated[float, Field(gt=0, le=100)]
    B: Annotated[float, Field(gt=0, le=100)]
    C: Annotated[float, Field(gt=0, le=100)]
    D: Annotated[float, Field(gt=0, le=100)]

    def of(self, score: float) -> str:
        """The grade of a score from 0 to 100."""
        return next((name for name in ("A", "B", "C", "D") if score >= getattr(self, name)), "E")


@dataclass(frozen=True)
class ScoreModel:
    """保证基数 (`base`), 执行系数 (`execution` from `floor` to 1), 适当拉大差距 (`gap`, an exponent: 1 leaves it)."""

    __pydantic_config__ = STRICT
    base: Annotated[float, Field(ge=0, le=0.8)]
    gap: Annotated[float, Field(ge=1, le=4)]
    execution: Code
    """The indicator whose value is the coefficient."""
    floor: Share


@dataclass(frozen=True)
class Post:
    """A post (岗位), never a person: the step of the flow it answers for, and what it is judged by."""

    __pydantic_config__ = STRICT
    code: Code
    name: str
    name_en: str
    sample: Annotated[tuple[str, ...], Field(min_length=1)]
    """The marks whose cases are its sample."""
    weights: Annotated[dict[str, Weight], Field(min_length=1)]


@dataclass(frozen=True)
class Weights:
    """How much each indicator weighs in the score of an area and of a department; what is not named weighs nothing."""

    __pydantic_config__ = STRICT
    area: Annotated[dict[str, Weight], Field(min_length=1)]
    department: Annotated[dict[str, Weight], Field(min_length=1)]


@dataclass(frozen=True)
class Version:
    """Everything that judges a month."""

    __pydantic_config__ = STRICT
    valid_from: date
    small_sample: PositiveInt
    """Fewer cases than this get no grade: 样本不足."""
    limits: Limits
    grades: Grades
    score: ScoreModel
    weights: Weights
    indicators: Annotated[tuple[Indicator, ...], Field(min_length=1)]
    posts: Annotated[tuple[Post, ...], Field(min_length=1)]

    @cached_property
    def by_code(self) -> Mapping[str, Indicator]:
        """The indicators by their codes."""
        return {indicator.code: indicator for indicator in self.indicators}


@dataclass(frozen=True)
class Formulas:
    """All versions, the oldest first. `grace_days`: when the books of a month close after its end (封账)."""

    __pydantic_config__ = STRICT
    grace_days: Annotated[int, Field(ge=0, le=20)]
    versions: Annotated[tuple[Version, ...], Field(min_length=1)]

    def at(self, day: date) -> Version:
        """The version in force on the first day of a month; the oldest one before all of them."""
        return next((v for v in reversed(self.versions) if v.valid_from <= day), self.versions[0])


Placed = tuple[list[int | str], str]


def faults(formulas: Formulas) -> Iterator[Placed]:
    """What the types alone cannot say: the place in the file, and a sentence with the reason."""
    for number, version in enumerate(formulas.versions):
        here: list[int | str] = ["versions", number]
        if version.valid_from.day != 1:
            yield [*here, "valid_from"], f"Expected the first day of a month; came {version.valid_from}."
        if number and version.valid_from <= formulas.versions[number - 1].valid_from:
            yield (
                [*here, "valid_from"],
                f"Expected versions in order of time; {version.valid_from} is not after the one before.",
            )
        yield from _version_faults(version, here)


def _version_faults(version: Version, here: list[int | str]) -> Iterator[Placed]:
    for number, indicator in enumerate(version.indicators):
        yield from _formula_faults(indicator, [*here, "indicators", number])
    codes = [indicator.code for indicator in version.indicators]
    for number, code in enumerate(codes):
        if code in codes[:number]:
            yield [*here, "indicators", number, "code"], f"Expected each code once; {code!r} stands there twice."
    grades = version.grades
    if not grades.A > grades.B > grades.C > grades.D:
        yield [*here, "grades", "A"], "Expected bounds that fall from A to D."
    if version.score.execution not in codes:
        code = version.score.execution
        yield [*here, "score", "execution"], f"No indicator has the code {code!r}{likely(code, codes)}."
    elif version.by_code[version.score.execution].asked:
        yield [*here, "score", "execution"], "Expected a share of cases; answers of people come late and may be few."
    elif counts_reports(version.by_code[version.score.execution]):
        yield [*here, "score", "execution"], _shame(version.by_code[version.score.execution])
    for who in ("area", "department"):
        yield from _weight_faults(version, getattr(version.weights, who), [*here, "weights", who], shame=True)
    for number, post in enumerate(version.posts):
        place = [*here, "posts", number]
        for mark in post.sample:
            if mark not in MARKS:
                yield [*place, "sample"], f"There is no mark {mark!r}{likely(mark, MARKS)}."
        yield from _weight_faults(version, post.weights, [*place, "weights"], shame=False)


def _formula_faults(indicator: Indicator, here: list[int | str]) -> Iterator[Placed]:
    if indicator.asked:
        if indicator.numerator or indicator.denominator:
            yield [*here, "asked"], "Expected either marks of cases or the answers of people, not both."
        return
    for part in ("numerator", "denominator"):
        if not getattr(indicator, part):
            yield [*here, part], "Expected at least one mark, or `asked` with a kind of answers."
            return
    for part in ("numerator", "denominator"):
        for mark in getattr(indicator, part):
            if mark not in MARKS:
                yield [*here, part], f"There is no mark {mark!r}{likely(mark, MARKS)}; expected of {', '.join(MARKS)}."
    if set(indicator.denominator) <= ATTRIBUTES:
        came = ", ".join(indicator.denominator)
        yield [*here, "denominator"], f"Expected something that is counted; {came} alone only narrows others down."
    if set(indicator.numerator) <= set(indicator.denominator):
        yield (
            [*here, "numerator"],
            "Expected a mark that is not in the denominator too: this share would always be 100 %.",
        )
    if indicator.direction == "lower" and set(indicator.numerator) & REPORT_COUNTS:
        yield [*here, "direction"], f"{_name(indicator)} would fall with every report: reporting must not be shame."


def counts_reports(indicator: Indicator) -> bool:
    """Whether the share can fall because something was reported, however well it was handled."""
    return (
        bool(set(indicator.denominator) & REPORT_COUNTS) and not set(indicator.denominator) - REPORT_COUNTS - ATTRIBUTES
    )


def _shame(indicator: Indicator) -> str:
    below = " and ".join(indicator.denominator)
    return (
        f"{_name(indicator)} divides by {below!r}, which grows with every report: one report more could lower the score "
        "of its place, and the number of reports never may. Take it out here; a post may be judged by it."
    )


def _name(indicator: Indicator) -> str:
    return f"The formula {indicator.code!r} ({indicator.name})"


def _weight_faults(
    version: Version, weights: Mapping[str, float], here: list[int | str], *, shame: bool
) -> Iterator[Placed]:
    known = version.by_code
    for code, weight in weights.items():
        if code not in known:
            yield [*here, code], f"No indicator has the code {code!r}{likely(code, list(known))}."
        elif shame and weight > 0 and counts_reports(known[code]):
            yield [*here, code], _shame(known[code])
    if not sum(weights.values()) > 0:
        yield here, "Expected at least one weight above 0."
