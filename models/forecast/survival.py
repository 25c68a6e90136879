"""The chance that an open case misses its deadline, from how its department's cases went before. A pure core.

Time is the share of the limit that is used: 0 when the clock starts, 1 at the deadline. From cases that were closed, and
from open ones as far as they are known, comes the Kaplan-Meier estimate S of still being open at each twentieth of the
limit. Whoever is open at share a is late with the chance S(1) / S(a). A department with few cases says little, so its
own chance is drawn towards the county's: with n cases that were still open at a, its weight is n / (n + m), and m is the
strength under which the departments' past is most likely (empirical Bayes, beta-binomial).

Sources: Kaplan and Meier 1958; Efron and Morris 1973, for the thought of shrinking; Brier 1950, for the score.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEPS = 20
"""Steps of the clock: a twentieth of the limit each."""
RULE = 0.8
"""The simple rule: a case of which less than a fifth of its time is left will be late (domain.md §4: orange)."""
LIKELY = 0.5
"""From this chance on a case counts as one that will be late."""
STRENGTHS = (2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0)
ENOUGH = 30
"""Judgements of a department that a back-test needs before its estimate may replace the rule."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Past:
    """How cases went, as parallel columns.

    Attributes:
        group: the department of each case, as an index into the names given to `fit`.
        used: the share of the limit used when it was closed, or when it was last seen open.
        closed: whether it was closed then.
    """

    group: Ints
    used: Floats
    closed: NDArray[np.bool_]


@dataclass(frozen=True)
class Chance:
    """One answer and the numbers behind it, each between 0 and 1; `cases` were still open at this share."""

    chance: float
    own: float
    county: float
    weight: float
    cases: int


@dataclass(frozen=True)
class Curves:
    """The estimate of every department at each step of the clock. Built by `fit`."""

    names: tuple[str, ...]
    county: tuple[float, ...]
    own: tuple[tuple[float, ...], ...]
    cases: tuple[tuple[int, ...], ...]
    strength: float
    rule: tuple[tuple[float, float], ...]
    """Per department: how often a case was late that had more, and one that had less, than a fifth of its time left."""

    def at(self, name: str, used: float) -> Chance:
        """What is to be expected of a case of this department that has used this share; the county's where unknown."""
        step = step_of(used)
        county = self.county[step]
        if name not in self.names:
            return Chance(county, county, county, 0.0, 0)
        number = self.names.index(name)
        cases, own = self.cases[number][step], self.own[number][step]
        weight = cases / (cases + self.strength)
        return Chance(self.table(name)[step], own, county, weight, cases)

    def table(self, name: str) -> list[float]:
        """The chance at each step; it never falls while time runs out."""
        if name not in self.names:
            return list(self.county)
        number = self.names.index(name)
        found, highest = [], 0.0
        for cases, own, county in zip(self.cases[number], self.own[number], self.county, strict=True):
            weight = cases / (cases + self.strength)
            highest = max(highest, weight * own + (1 - weight) * county)
            found.append(highest)
        return found

    def likely_from(self, name: str) -> float | None:
        """The share of the limit from which on a case of this department will probably be late; None: never."""
        return next((step / STEPS for step, chance in enumerate(self.table(name)) if chance >= LIKELY), None)


def step_of(used: float) -> int:
    """The step of the clock that a share lies in."""
    return min(max(int(used * STEPS + 1e-9), 0), STEPS - 1)


def fit(past: Past, names: Sequence[str]) -> Curves:
    """Learn from the past. Names without cases get the county's estimate."""
    open_at, ended = _tables(past, len(names))
    county = _late_after(open_at.sum(0), ended.sum(0))
    own = np.array([_late_after(here, gone) for here, gone in zip(open_at, ended, strict=True)]).reshape(-1, STEPS)
    known = open_at > 0
    own = np.where(known, own, county)
    strength = _strength(open_at, own, county)
    return Curves(
        names=tuple(names),
        county=tuple(county.tolist()),
        own=tuple(tuple(row) for row in own.tolist()),
        cases=tuple(tuple(int(n) for n in row) for row in open_at.tolist()),
        strength=strength,
        rule=tuple(_rule(past, number, county) for number in range(len(names))),
    )


def _tables(past: Past, groups: int) -> tuple[Floats, Floats]:
    """How many cases of each department came to each step open, and how many of them were closed within it."""
    step = np.clip((past.used * STEPS + 1e-9).astype(np.int64), 0, STEPS)  # STEPS: past the deadline
    inside = past.closed & (past.used <= 1.0)
    step = np.where(inside, np.minimum(step, STEPS - 1), step)
    ended = np.zeros((groups, STEPS))
    np.add.at(ended, (past.group[inside], step[inside]), 1)
    left = np.zeros((groups, STEPS + 1))
    np.add.at(left, (past.group, step), 1)
    seen = left[:, ::-1].cumsum(1)[:, ::-1]  # known to be open when the step began
    # Somebody last seen open within a step is known for half of it (actuarial estimate).
    unknown = np.zeros((groups, STEPS))
    early = ~past.closed & (step < STEPS)
    np.add.at(unknown, (past.group[early], step[early]), 0.5)
    return np.maximum(seen[:, :STEPS] - unknown, 0.0), ended


def _late_after(open_at: Floats, ended: Floats) -> Floats:
    """S(1) / S(a) at the beginning of each step."""
    hazard = np.divide(ended, open_at, out=np.zeros_like(ended), where=open_at > 0)
    staying = np.clip(1.0 - hazard, 0.0, 1.0)
    return staying[::-1].cumprod()[::-1]


def _strength(open_at: Floats, own: Floats, county: Floats) -> float:
    """The m under which the departments' late cases, at the start and at the rule's step, are most likely."""

    def likelihood(strength: float) -> float:
        total = 0.0
        for step in (0, int(RULE * STEPS)):
            mean = min(max(float(county[step]), 1e-3), 1 - 1e-3)
            a, b = strength * mean, strength * (1 - mean)
            for n, share in zip(open_at[:, step], own[:, step], strict=True):
                if n >= 1:
                    late = float(n) * float(share)
                    total += _lbeta(a + late, b + float(n) - late) - _lbeta(a, b)
        return total

    return max(STRENGTHS, key=likelihood)


def _lbeta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _rule(past: Past, number: int, county: Floats) -> tuple[float, float]:
    """How often the department's cases were late that came to the start, and to the last fifth, of their time.

    The rule at its fairest: its own two rates of the past, drawn towards the county's by ten cases.
    """
    mine = past.group == number
    late = (past.used > 1.0) & mine
    settled = mine & (past.closed | (past.used > 1.0))
    deep = settled & (past.used >= RULE)
    first = (late.sum() + 10 * county[0]) / (settled.sum() + 10)
    second = (late.sum() + 10 * county[int(RULE * STEPS)]) / (deep.sum() + 10)
    return float(first), float(second)


# --- judging ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Score:
    """How an estimate and the rule did on the same judgements. Brier scores: 0 is perfect, lower is better.

    Attributes:
        model, rule: of the estimate; of the rule at its fairest, with its own two rates of the past.
        plain: of the rule as a plain yes or no.
    """

    judged: int
    late: int
    model: float
    rule: float
    plain: float

    @property
    def beats_the_rule(self) -> bool:
        """Whether the estimate may be shown: it was better than either form of the rule, on enough judgements."""
        return self.judged >= ENOUGH and self.model < min(self.rule, self.plain)


def score(chance: Floats, rule: Floats, plain: Floats, late: NDArray[np.bool_]) -> Score:
    """The Brier scores of three forecasts of the same outcomes; nan where there are none."""
    truth = late.astype(float)

    def brier(forecast: Floats) -> float:
        return float(np.mean((forecast - truth) ** 2)) if len(truth) else math.nan

    return Score(len(truth), int(late.sum()), brier(chance), brier(rule), brier(plain))


def calibration(chance: Floats, late: NDArray[np.bool_], parts: int = 10) -> list[tuple[float, float, int]]:
    """`(mean forecast, share that was late, judgements)` of each tenth of the forecasts that has any."""
    place = np.minimum((chance * parts).astype(int), parts - 1)
    return [
        (float(chance[place == part].mean()), float(late[place == part].mean()), int((place == part).sum()))
        for part in range(parts)
        if (place == part).any()
    ]


@dataclass(frozen=True)
class Case:
    """What is known of a case. Seconds since 1970; `closed` is None while it is open; `unit` names its clock's face."""

    department: str
    start: int
    due: int
    closed: int | None
    unit: str = ""


Faces = Mapping[str, Callable[[int], int]]
"""What a clock of a unit shows at a second; the unit "" is plain time."""
PLAIN: Faces = {"": lambda second: second}


class Timeline:
    """Cases as columns, in plain seconds and as their own clocks show them, to be looked at from any moment."""

    def __init__(self, cases: Sequence[Case], faces: Faces = PLAIN) -> None:
        cases = [case for case in cases if faces[case.unit](case.due) > faces[case.unit](case.start)]
        self._faces, units = faces, sorted(faces)
        self.names = sorted({case.department for case in cases})
        place = {name: at for at, name in enumerate(self.names)}
        self.group = np.array([place[case.department] for case in cases], dtype=np.int64)
        self.unit = np.array([units.index(case.unit) for case in cases], dtype=np.int64)
        self.start = np.array([case.start for case in cases], dtype=float)
        self.due = np.array([case.due for case in cases], dtype=float)
        self.closed = np.array([math.inf if case.closed is None else case.closed for case in cases], dtype=float)
        self._begun = np.array([faces[case.unit](case.start) for case in cases], dtype=float)
        self._limit = np.array([faces[case.unit](case.due) for case in cases], dtype=float) - self._begun
        ends = [math.nan if case.closed is None else faces[case.unit](case.closed) for case in cases]
        self._ended = np.array(ends, dtype=float)
        self._units = units

    def used(self, now: int) -> Floats:
        """The share of its limit that each case has used at a moment, closed or not."""
        shown = np.array([self._faces[unit](now) for unit in self._units], dtype=float)
        return (shown[self.unit] - self._begun) / self._limit if len(self.group) else np.zeros(0)

    def past(self, now: int) -> Past:
        """What was known at a moment: later cases are not there, later closings have not happened."""
        known, over = self.start <= now, self.closed <= now
        used = np.where(over, (self._ended - self._begun) / self._limit, self.used(now))
        # An open case past its deadline counts as late even where its clock stands still for the night.
        used = np.where(~over & (self.due < now), np.maximum(used, 1.0 + 1e-9), used)
        return Past(self.group[known], np.maximum(used[known], 0.0), over[known])


@dataclass(frozen=True)
class BackTest:
    """What a back-test found: over all, for each department, and how chances and outcomes agree. Seconds since 1970."""

    whole: Score
    departments: Mapping[str, Score]
    calibration: Sequence[tuple[float, float, int]]
    first: int
    last: int
    looks: int


def back_test(line: Timeline, first: int, last: int, looks: int = 9) -> BackTest:
    """Judge at `looks` moments from `first` to before `last` every open case that was not yet due.

    At each moment the estimate is learned anew from what was known then, and no more. Cases whose deadline lies after
    `last` are left out: whether they were late is not known.
    """
    parts = []
    for now in (first + (last - first) * look // looks for look in range(looks)):
        judged = (line.start <= now) & (line.closed > now) & (line.due > now) & (line.due <= last)
        if judged.any():
            late = line.closed[judged] > line.due[judged]
            curves = fit(line.past(now), line.names)
            parts.append(_judge(curves, line.group[judged], line.used(now)[judged], late))
    if not parts:
        nothing = score(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool))
        return BackTest(nothing, {}, [], first, last, looks)
    chance, rule, plain, late, who = (np.concatenate(column) for column in zip(*parts, strict=True))
    departments = {
        name: score(chance[who == number], rule[who == number], plain[who == number], late[who == number])
        for number, name in enumerate(line.names)
        if (who == number).any()
    }
    return BackTest(score(chance, rule, plain, late), departments, calibration(chance, late), first, last, looks)


def _judge(
    curves: Curves, group: Ints, used: Floats, late: NDArray[np.bool_]
) -> tuple[Floats, Floats, Floats, NDArray[np.bool_], Ints]:
    tables = np.array([curves.table(name) for name in curves.names])
    step = np.clip((used * STEPS + 1e-9).astype(np.int64), 0, STEPS - 1)
    deep = (used >= RULE).astype(np.int64)
    rates = np.array(curves.rule)
    return tables[group, step], rates[group, deep], deep.astype(float), late, group
