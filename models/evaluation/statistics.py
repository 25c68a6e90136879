"""Is this more than chance? One simple, explained statistic for hotspots. Pure.

A count is compared with its own past: with `k` reports in `m` equal spans before, the chance of at least `x` in the next
one, if nothing has changed, is the tail of a negative binomial (a Poisson count whose rate is known only from that past:
Gamma(k + ½, m)). Many cells are looked at, so that some would stand out by chance; the Benjamini–Hochberg rule keeps
the expected share of false alarms among those shown at 5 %. Fewer than five reports are said to be few.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

FALSE_SHARE = 0.05
FEW = 5
PRIOR = 0.5


@dataclass(frozen=True)
class Cell:
    """A count and its past. `key` says of what it is; `spans` how many equal spans `past` sums up.

    `tide`: how many times as much as usual the whole county reports, where that is to be taken out: a place stands out
    when it rises more than all others do.
    """

    key: tuple[str, ...]
    now: int
    past: int
    spans: int
    tide: float = 1.0

    @property
    def usual(self) -> float:
        """The mean of its past, risen or fallen with the whole county."""
        return self.past / self.spans * self.tide if self.spans else 0.0

    @property
    def exposure(self) -> float:
        """The past in spans of today's size."""
        return self.spans / self.tide


@dataclass(frozen=True)
class Standing:
    """A cell that stands out. `chance`: of a count this far off if nothing had changed. `few`: small numbers."""

    cell: Cell
    direction: Literal["more", "less"]
    chance: float
    few: bool


def at_least(now: int, past: int, spans: float) -> float:
    """The chance of `now` or more in the next span."""
    return 1.0 if now <= 0 else max(0.0, 1.0 - _below(now, past, spans))


def at_most(now: int, past: int, spans: float) -> float:
    """The chance of `now` or fewer in the next span."""
    return min(1.0, _below(now + 1, past, spans))


def _below(now: int, past: int, spans: float) -> float:
    """P(X < now) of the negative binomial with r = past + ½ and p = spans ÷ (spans + 1); by logarithms, as counts of
    thousands would underflow."""
    r, p = past + PRIOR, spans / (spans + 1)
    fixed = r * math.log(p) - math.lgamma(r)
    rest = math.log(1 - p)
    return math.fsum(math.exp(fixed + math.lgamma(r + k) - math.lgamma(k + 1) + k * rest) for k in range(now))


def standing_out(cells: Sequence[Cell], *, false_share: float = FALSE_SHARE) -> list[Standing]:
    """The cells that stand out, the least likely first; with no past at all nothing does."""
    tested = [one for cell in cells if cell.spans for one in _tests(cell)]
    tested.sort(key=lambda one: (one.chance, -one.cell.now, one.cell.key))
    kept = 0
    for rank, one in enumerate(tested, 1):
        if one.chance <= false_share * rank / len(tested):
            kept = rank
    return tested[:kept]


def _tests(cell: Cell) -> list[Standing]:
    """What can be asked of a cell: more, where something came; less, where much used to come."""
    few = max(cell.now, round(cell.usual)) < FEW
    found = []
    if cell.now > cell.usual:
        found.append(Standing(cell, "more", at_least(cell.now, cell.past, cell.exposure), few))
    elif cell.usual >= FEW:
        found.append(Standing(cell, "less", at_most(cell.now, cell.past, cell.exposure), few))
    return found
