"""One case's life as it was known at each moment: the turns that its row took, read from its trace. Pure.

A row says how a case stands now. Going back through its lines undoes what they did: each says from which stage to which it
went, and, since there is a time machine, what department, level and due-soon mark were before it. Of lines that are older than
that, the department is taken from the orders that name one. Instants are microseconds since 1970, UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from models.moves import ENDED, Stage
from models.tables import EPOCH, MICROSECOND

FAR = 1 << 62
"""After everything."""
ORDERING = frozenset({"dispatch", "adjudicate"})
"""What hands a case to the department that its line names."""


def micros(at: datetime) -> int:
    """An instant as microseconds since 1970."""
    return (at - EPOCH) // MICROSECOND


def instant(at: int) -> datetime:
    """The other way round."""
    return EPOCH + at * MICROSECOND


@dataclass(frozen=True, slots=True)
class Case:
    """What of a row of `cases` decides the figures, as it stands now."""

    id: int
    area: str | None
    town: str | None
    department: str | None
    level: int
    stage: str
    reported: int
    closed: int | None
    due: int | None
    soon: int | None


class Line(NamedTuple):
    """A line of a trace, in order; `at` is when it was known."""

    at: int
    action: str
    from_stage: str
    to_stage: str
    detail: Mapping[str, Any]


class Turn(NamedTuple):
    """How a case stood from `at` until the next turn."""

    at: int
    stage: str
    department: str | None
    level: int
    due: int | None
    soon: int | None


@dataclass(frozen=True, slots=True)
class Life:
    """A case with its turns, oldest first, and when somebody was called to it and had not answered (`[since, until)`)."""

    case: Case
    turns: Sequence[Turn]
    calls: Sequence[tuple[int, int]] = field(default=())


def known_at(happened_at: int, detail: Mapping[str, Any]) -> int:
    """When a line was known: a late entry says so itself."""
    written = detail.get("known_at")
    return _micros(written) if written else happened_at


def _micros(written: object) -> int:
    return micros(datetime.fromisoformat(str(written)))


def _instant(written: object) -> int | None:
    return _micros(written) if written else None


def turns(case: Case, lines: Sequence[Line]) -> list[Turn]:
    """How a case stood and since when: one turn for every change of what counts, oldest first."""
    if not lines:
        return _untold(case)
    found = _back(case, lines)
    _name_departments(found, lines)
    return _joined(case, found)


def _untold(case: Case) -> list[Turn]:
    """A case without a trace: all that is known is when it came and when it ended."""
    rest = (case.department, case.level, case.due, case.soon)
    if case.closed is None:
        return [Turn(case.reported, case.stage, *rest)]
    return [Turn(case.reported, Stage.REPORTED, *rest), Turn(case.closed, case.stage, *rest)]


def _back(case: Case, lines: Sequence[Line]) -> list[Turn]:
    """From the row back to the report, each line undone."""
    found: list[Turn] = []
    department, level, due, soon = case.department, case.level, case.due, case.soon
    last_end = True
    for line in reversed(lines):
        at = line.at
        if line.to_stage in ENDED and line.from_stage not in ENDED:
            if last_end and case.closed is not None:
                at = case.closed  # as the door judged it: a late entry ends a case when it is entered
            last_end = False
        found.append(Turn(at, line.to_stage, department, level, due, soon))
        detail = line.detail
        if not detail:
            continue
        before = detail.get("before") or {}
        if "due_before" in detail:
            lead = due - soon if due is not None and soon is not None else None
            due = _instant(detail["due_before"])
            soon = due - lead if due is not None and lead is not None else None  # of old lines, which say no more
        if "soon_at" in before:
            soon = _instant(before["soon_at"])
        department = before.get("department", department)
        level = before.get("level", level)
    found.reverse()
    return found


def _name_departments(found: list[Turn], lines: Sequence[Line]) -> None:
    """Of lines that do not say what was before them: the department that an order names holds the case from there on."""
    named: str | None = None
    offered: str | None = None
    for place, line in enumerate(lines):
        detail = line.detail
        if "department" in (detail.get("before") or {}):
            named = None
        elif line.action in ORDERING and detail.get("department"):
            named = str(detail["department"])
        elif line.action == "accept-transfer" and offered is not None:
            named = offered
        if line.action == "transfer":
            offered = str(detail["department"]) if detail.get("department") else None
        if named is not None:
            found[place] = found[place]._replace(department=named)


def _joined(case: Case, found: Sequence[Turn]) -> list[Turn]:
    """Only the turns at which something changed; never earlier than the one before."""
    told = [found[0]._replace(at=case.reported)]
    for turn in found[1:]:
        if turn[1:] != told[-1][1:]:
            told.append(turn._replace(at=max(turn.at, told[-1].at)))
    return told


def joined_calls(calls: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that overlap or touch as one."""
    told: list[tuple[int, int]] = []
    for since, until in sorted(calls):
        if told and since <= told[-1][1]:
            told[-1] = (told[-1][0], max(until, told[-1][1]))
        else:
            told.append((since, until))
    return told
