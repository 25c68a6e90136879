"""How a response went, against its plan: stages and tasks reached in time. Pure; for the review and for drills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.emergencies.drafting import times_of
from models.emergencies.nouns import Progress, TaskState


@dataclass(frozen=True)
class Score:
    """In time, late, and never reached though due; what was sent home, skipped with a reason or made needless counts not."""

    in_time: int
    late: int
    missed: int

    @property
    def total(self) -> int:
        """What was to be reached."""
        return self.in_time + self.late + self.missed

    @property
    def percent(self) -> float | None:
        """The share in time, 0 to 100; None of nothing."""
        return round(100 * self.in_time / self.total, 1) if self.total else None


def score(parties: Sequence[Any], tasks: Sequence[Any], until: datetime) -> Score:
    """Judge everything that was due by `until` or reached before."""
    in_time = late = missed = 0
    for party in parties:
        if party.state == Progress.RELEASED:
            continue
        for one in times_of(party):
            if one.seconds is not None:
                late += one.late
                in_time += not one.late
            elif one.stage in _skipped_over(party):
                continue
            elif getattr(party, f"{one.stage}_due_at") < until:
                missed += 1
    for task in tasks:
        if task.state == TaskState.DONE:
            was_late = task.due_at is not None and task.ended_at > task.due_at
            late += was_late
            in_time += not was_late
        elif task.state == TaskState.OPEN and task.due_at is not None and task.due_at < until:
            missed += 1
    return Score(in_time, late, missed)


def _skipped_over(party: Any) -> set[Progress]:
    """Columns that a department passed over: it was done without setting out, as a company may from its own desk."""
    order = (Progress.RECEIVED, Progress.DEPARTED, Progress.ARRIVED, Progress.DONE)
    reached = [stage for stage in order if getattr(party, f"{stage}_at") is not None]
    last = order.index(reached[-1]) if reached else 0
    return {stage for stage in order[:last] if getattr(party, f"{stage}_at") is None}
