"""Shares, scores and grades from counted marks, by the formulas in force. Pure: what-if is the same with other weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from config.evaluation import Indicator, Post, Version
from models.evaluation.folding import bits

By = Literal["area", "department", "post"]
Tally = Mapping[int, int]
"""Marks → how many cases carry exactly these."""


@dataclass(frozen=True)
class Excluded:
    """A case that a granted appeal takes out of one indicator: its marks, in the row that is judged."""

    indicator: str
    marks: int


@dataclass(frozen=True)
class Share:
    """The value of an indicator: `hits` of `of`; None where there is no case."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """From 0 to 1."""
        return self.hits / self.of if self.of else None


@dataclass(frozen=True)
class Judged:
    """What one area, department or post comes to."""

    code: str
    shares: Mapping[str, Share]
    sample: int
    score: float | None
    """0 to 100; None where no weighted indicator has a case, or the sample is too small."""
    grade: str | None
    small: bool
    """Fewer cases than a grade takes: 样本不足."""
    excluded: int = 0
    """Cases that appeals took out of some indicator."""


def counted(tally: Tally, names: Iterable[str]) -> int:
    """How many cases carry all these marks."""
    wanted = bits(names)
    return sum(number for marks, number in tally.items() if marks & wanted == wanted)


NOBODY = Share(0, 0)


def share(
    indicator: Indicator, tally: Tally, excluded: Sequence[Excluded] = (), asked: Mapping[str, Share] | None = None
) -> Share:
    """The share of an indicator, without the cases that appeals took out of it; of answers, those of its kinds."""
    if indicator.asked:
        answers = [(asked or {}).get(kind, NOBODY) for kind in indicator.asked]
        return Share(sum(one.hits for one in answers), sum(one.of for one in answers))
    below = bits(indicator.denominator)
    above = below | bits(indicator.numerator)
    out = [one.marks for one in excluded if one.indicator == indicator.code]
    of = sum(number for marks, number in tally.items() if marks & below == below)
    hits = sum(number for marks, number in tally.items() if marks & above == above)
    return Share(
        hits - sum(marks & above == above for marks in out),
        of - sum(marks & below == below for marks in out),
    )


def quality(indicator: Indicator, one: Share) -> float | None:
    """The share turned so that more is better; None without a case."""
    value = one.value
    if value is None:
        return None
    return value if indicator.direction == "higher" else 1 - value


def few(version: Version, indicator: Indicator, one: Share) -> bool:
    """Whether so few people were asked that their answers judge nobody; of cases the whole row's sample decides."""
    return bool(indicator.asked) and 0 < one.of < version.small_sample


def score(version: Version, weights: Mapping[str, float], shares: Mapping[str, Share]) -> float | None:
    """保证基数、执行系数、适当拉大差距: see the head of evaluation.toml. None where nothing that weighs has a case."""
    model = version.score
    weighed = [
        (weight, value)
        for code, weight in weights.items()
        if weight > 0
        and not few(version, version.by_code[code], shares[code])
        and (value := quality(version.by_code[code], shares[code])) is not None
    ]
    total = sum(weight for weight, _ in weighed)
    if not total:
        return None
    mean = sum(weight * float(value**model.gap) for weight, value in weighed) / total
    done = quality(version.by_code[model.execution], shares[model.execution])
    coefficient = model.floor + (1 - model.floor) * (1.0 if done is None else done)
    return 100 * (model.base + (1 - model.base) * mean) * coefficient


def judge(
    version: Version,
    code: str,
    tally: Tally,
    *,
    by: By,
    excluded: Sequence[Excluded] = (),
    weights: Mapping[str, float] | None = None,
    asked: Mapping[str, Share] | None = None,
) -> Judged:
    """Everything about one row.

    Args:
        code: of the area or department; of a post, its code in the formulas.
        weights: other ones than those of the formulas (what-if).
        asked: kind of asking → what people answered about this row.

    Raises:
        KeyError: there is no such post.
    """
    shares = {indicator.code: share(indicator, tally, excluded, asked) for indicator in version.indicators}
    post = post_of(version, code) if by == "post" else None
    own = post.weights if post else (version.weights.area if by == "area" else version.weights.department)
    sample = counted(tally, post.sample if post else ["due"])
    small = sample < version.small_sample
    found = None if small else score(version, own if weights is None or post else weights, shares)
    return Judged(
        code=code,
        shares=shares,
        sample=sample,
        score=found,
        grade=None if found is None else version.grades.of(found),
        small=small,
        excluded=len(excluded),
    )


def post_of(version: Version, code: str) -> Post:
    """A post by its code.

    Raises:
        KeyError: there is none.
    """
    return {post.code: post for post in version.posts}[code]


def indicators_of(version: Version, by: By) -> list[Indicator]:
    """The columns of a table: what weighs in it, in the order of the formulas; then nothing else."""
    if by == "post":
        weighing = {code for post in version.posts for code in post.weights}
    else:
        weights = version.weights.area if by == "area" else version.weights.department
        weighing = {code for code, weight in weights.items() if weight > 0}
    return [indicator for indicator in version.indicators if indicator.code in weighing]


def merged(tallies: Iterable[Tally]) -> dict[int, int]:
    """Several tallies as one."""
    whole: dict[int, int] = {}
    for tally in tallies:
        for marks, number in tally.items():
            whole[marks] = whole.get(marks, 0) + number
    return whole


def with_weights(version: Version, weights: Mapping[str, float]) -> Version:
    """The version with other weights for areas and departments, for a what-if."""
    return replace(version, weights=replace(version.weights, area=dict(weights), department=dict(weights)))
