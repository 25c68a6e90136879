"""One case as of the end of a month: which marks it carries there, and for which departments. Pure.

Only what the trace says up to the cut counts. The row of a case may have moved on since; what is read of it here never
changes afterwards (when and where it was reported, through which source), or is undone by the trace (its deadline).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntFlag
from typing import Any

from config.evaluation import MARKS, Limits


class Mark(IntFlag):
    """The marks of `config.evaluation.MARKS` as bits, in their order: a case in a month is one number."""

    REPORTED = 1 << 0
    DECIDED = 1 << 1
    VALID = 1 << 2
    FILED = 1 << 3
    DUE = 1 << 4
    CLOSED = 1 << 5
    CLOSED_IN_TIME = 1 << 6
    DISPOSED = 1 << 7
    DISPOSED_IN_TIME = 1 << 8
    REWORKED = 1 << 9
    DISPATCHED = 1 << 10
    DISPATCHED_IN_TIME = 1 << 11
    DISPATCHED_RIGHT = 1 << 12
    HANDED_BACK = 1 << 13
    VERIFIED = 1 << 14
    VERIFIED_IN_TIME = 1 << 15
    INSPECTED = 1 << 16
    INSPECTED_IN_TIME = 1 << 17
    CALLED = 1 << 18
    RESOLVED = 1 << 19
    SATISFIED = 1 << 20
    RESPONDED = 1 << 21
    RESPONDED_IN_TIME = 1 << 22
    HOTLINE = 1 << 23
    GRID_REPORT = 1 << 24


CLOSING = frozenset({"close", "settle-on-the-spot", "settle-at-level", "close-at-source", "close-with"})
ORDERING = frozenset({"dispatch", "adjudicate"})
"""What hands a case to departments: the detail names the lead, and those that help."""
ACCEPTING = frozenset({"accept", "file", "classify"})
CONTENT = frozenset({"satisfied", "fairly"})
"""满意 and 基本满意, as the table of moves calls them."""
UNREACHED = "unreached"
NOISE = ("warn", "escalate", "urge", "acknowledge", "supervise", "instruct", "reply", "receive-order", "conclude-order")
"""Actions whose lines are not read: they change no mark and no deadline."""


def bits(names: Iterable[str]) -> int:
    """The marks of these names as one number."""
    return sum(1 << MARKS.index(name) for name in set(names))


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a trace."""

    action: str
    at: datetime
    entered_at: datetime
    to_stage: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """What a row of `cases` says for ever; `due_at` and `closed_at` are checked against the trace.

    `keeper`: the department of a case whose source keeps its own clock and orders; None for all others.
    """

    reported_at: datetime
    source: str
    due_at: datetime | None = None
    closed_at: datetime | None = None
    keeper: str | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A month, and how far it is told: `cut` is its end, or now while it runs. Lines that were entered after `entered`
    (the closing of its books) came too late for it."""

    start: datetime
    end: datetime
    cut: datetime
    entered: datetime | None = None

    def has(self, at: datetime | None) -> bool:
        """Whether it happened in this month, as far as it is told."""
        return at is not None and self.start <= at < self.end and at <= self.cut

    def knows(self, line: Line) -> bool:
        """Whether a line is to be read."""
        if line.at > self.cut or line.at >= self.end:
            return False
        return self.entered is None or line.entered_at <= self.entered

    def told(self, at: datetime | None) -> bool:
        """Whether it had happened by the cut."""
        return at is not None and at < self.end and at <= self.cut


@dataclass(frozen=True, slots=True)
class Found:
    """The marks of the case as a whole, and of each department that had it."""

    case: int
    departments: Mapping[str, int]


@dataclass(slots=True)
class _Story:
    """What has happened by the cut."""

    due_at: datetime | None
    filed_at: datetime | None = None
    asked_at: datetime | None = None
    verified: tuple[datetime, datetime] | None = None
    ordered_at: datetime | None = None
    holder: str | None = None
    receipt_at: datetime | None = None
    fed_back_at: datetime | None = None
    disposed_at: datetime | None = None
    inspected: tuple[datetime, datetime] | None = None
    reworked: bool = False
    returned: bool = False
    closed_at: datetime | None = None
    void_at: datetime | None = None
    offered_to: str | None = None
    merged: bool = False
    accepted: bool = False
    call: tuple[datetime, Mapping[str, Any]] | None = None
    orders: dict[str, datetime] = field(default_factory=dict)
    receipts: dict[str, datetime] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)


def found(case: Case, lines: Sequence[Line], window: Window, limits: Limits) -> Found:
    """The marks of one case in one month, from its whole trace in order; nothing at all: it is not of this month."""
    if lines and lines[0].action == "report" and window.entered is not None and lines[0].entered_at > window.entered:
        return Found(0, {})
    story = _told(case, lines, window)
    common = _due(story, window) | _called(story, window)
    whole = common | _reported(case, story, window) | _centre(case, story, window, limits)
    departments = {}
    for code in _holders(case, story):
        own = _of_department(code, story, window, limits)
        departments[code] = own | common if code == (case.keeper or story.holder) else own
    more = {"hotline": bits(["hotline"]), "grid": bits(["grid-report"])}.get(case.source, 0)
    return Found(
        whole | more if whole else 0,
        {code: own | more for code, own in departments.items() if own},
    )


def _told(case: Case, lines: Sequence[Line], window: Window) -> _Story:
    story = _Story(due_at=_due_at(case, lines, window))
    for line in lines:
        if window.knows(line):
            _tell(story, line)
    if story.closed_at is not None and window.told(case.closed_at):
        story.closed_at = case.closed_at  # as the door judged it: a late entry closes when it is entered
    return story


def _due_at(case: Case, lines: Sequence[Line], window: Window) -> datetime | None:
    """The deadline as it stood at the cut: every line that moved it says what it was and what it became."""
    moved = [line for line in lines if "due_before" in line.detail]
    known = [line for line in moved if window.knows(line)]
    if known:
        return _instant(known[-1].detail.get("due_at"))
    return _instant(moved[0].detail["due_before"]) if moved else case.due_at


def _instant(written: object) -> datetime | None:
    return datetime.fromisoformat(str(written)) if written else None


def _tell(story: _Story, line: Line) -> None:
    """Add one line to the story."""
    at, action, named = line.at, line.action, line.detail.get("department")
    if action in ACCEPTING:
        story.accepted = True
        story.filed_at = story.filed_at or (at if action == "file" else None)
    elif action == "void":
        story.void_at = at
    elif action in ("merge", "separate"):
        story.merged = action == "merge"
    elif action in ORDERING and named:
        _order(story, str(named), at)
        for helper in line.detail.get("co_departments") or ():
            story.orders.setdefault(str(helper), at)
    elif action == "transfer":
        story.offered_to = str(named)
    elif action == "accept-transfer" and story.offered_to:
        _order(story, story.offered_to, at)
    elif action == "receipt":
        story.receipt_at = story.receipt_at or at
        if named or story.holder:
            story.receipts.setdefault(str(named or story.holder), at)
    elif action == "hand-back":
        _refuse(story, str(named or story.holder))
    elif action == "request-verification":
        story.asked_at = story.asked_at or at
    elif action == "verify":
        story.verified = story.verified or (story.asked_at or at, at)
    elif action == "return-call" and line.detail.get("satisfaction") != UNREACHED:
        story.call = (at, line.detail)
    else:
        _dispose(story, action, at)


def _dispose(story: _Story, action: str, at: datetime) -> None:
    """Feedback, inspection, rework, the end, and its undoing."""
    if action == "feedback":
        story.fed_back_at = story.disposed_at = at
    elif action == "rework":
        story.reworked, story.disposed_at = True, None
        _inspect(story, at)
    elif action == "inspect":
        _inspect(story, at)
    elif action == "reopen":
        story.closed_at = story.disposed_at = None
        story.reworked = True
    elif action in CLOSING:
        story.closed_at = at
        story.disposed_at = story.disposed_at or at
        _inspect(story, at)


def _order(story: _Story, department: str, at: datetime) -> None:
    story.holder = department
    story.ordered_at = story.ordered_at or at
    story.orders.setdefault(department, at)


def _refuse(story: _Story, department: str) -> None:
    story.refused.add(department)
    if department == story.holder:  # a co-handler that steps back leaves the case where it is
        story.returned = True
        story.holder = None


def _inspect(story: _Story, at: datetime) -> None:
    if story.fed_back_at is not None and story.inspected is None:
        story.inspected = (story.fed_back_at, at)


# --- what it comes to ------------------------------------------------------------------------------------------------


def _when(condition: bool, mark: Mark) -> int:
    return int(mark) if condition else 0


def _reported(case: Case, story: _Story, window: Window) -> int:
    if not window.has(case.reported_at):
        return 0
    filed = any((story.filed_at, story.ordered_at, story.closed_at))
    accepted = filed or story.accepted
    decided = accepted or story.void_at is not None
    return (
        int(Mark.REPORTED)
        | _when(decided, Mark.DECIDED)
        | _when(decided and story.void_at is None, Mark.VALID)
        | _when(filed, Mark.FILED)
    )


def _due(story: _Story, window: Window) -> int:
    due = story.due_at
    if due is None or story.void_at is not None or story.merged or not window.has(due):
        return 0
    closed, disposed = story.closed_at, story.disposed_at
    return (
        int(Mark.DUE)
        | _when(closed is not None, Mark.CLOSED)
        | _when(closed is not None and closed <= due, Mark.CLOSED_IN_TIME)
        | _when(disposed is not None, Mark.DISPOSED)
        | _when(disposed is not None and disposed <= due, Mark.DISPOSED_IN_TIME)
        | _when(story.reworked, Mark.REWORKED)
    )


def _centre(case: Case, story: _Story, window: Window, limits: Limits) -> int:
    """What the centre's own posts did in this month."""
    marks = 0
    if window.has(story.ordered_at) and story.ordered_at is not None:
        begun, minutes = (
            (story.filed_at, limits.dispatch) if story.filed_at else (case.reported_at, 2 * limits.dispatch)
        )
        marks |= int(Mark.DISPATCHED)
        marks |= _when(story.ordered_at - begun <= timedelta(minutes=minutes), Mark.DISPATCHED_IN_TIME)
        marks |= int(Mark.HANDED_BACK if story.returned else Mark.DISPATCHED_RIGHT)
        marks |= _answered(story.ordered_at, story.receipt_at, limits)
    for step, mark, in_time, minutes in (
        (story.verified, Mark.VERIFIED, Mark.VERIFIED_IN_TIME, limits.verify),
        (story.inspected, Mark.INSPECTED, Mark.INSPECTED_IN_TIME, limits.inspect),
    ):
        if step is not None and window.has(step[1]):
            marks |= int(mark) | _when(step[1] - step[0] <= timedelta(minutes=minutes), in_time)
    return marks


def _answered(ordered_at: datetime, receipt_at: datetime | None, limits: Limits) -> int:
    if receipt_at is None:
        return 0
    soon = receipt_at - ordered_at <= timedelta(hours=limits.respond_hours)
    return int(Mark.RESPONDED) | _when(soon, Mark.RESPONDED_IN_TIME)


def _called(story: _Story, window: Window) -> int:
    if story.call is None or not window.has(story.call[0]):
        return 0
    detail = story.call[1]
    content = str(detail.get("satisfaction", "")) in CONTENT
    resolved = detail.get("resolved")
    return (
        int(Mark.CALLED)
        | _when(content, Mark.SATISFIED)
        | _when(content if resolved in (None, "") else str(resolved).lower() in ("true", "yes", "1"), Mark.RESOLVED)
    )


def _holders(case: Case, story: _Story) -> set[str]:
    return {*story.orders, *([case.keeper] if case.keeper else [])}


def _of_department(code: str, story: _Story, window: Window, limits: Limits) -> int:
    """What an order of this month says about the department that got it."""
    ordered_at = story.orders.get(code)
    if ordered_at is None or not window.has(ordered_at):
        return 0
    back = Mark.HANDED_BACK if code in story.refused else Mark.DISPATCHED_RIGHT
    return int(Mark.DISPATCHED) | int(back) | _answered(ordered_at, story.receipts.get(code), limits)
