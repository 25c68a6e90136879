"""A past day's figures from the lives of its cases: at one instant, and as series by the minute. Pure.

The figures are those of `models.figures` and mean the same (`models.filters`); here each is a span of time in which a case
counts. A span is `[since, until)` in microseconds; "overdue" begins one microsecond behind the deadline, because a case is
overdue when its deadline is before now. Keys of counters are short, because a day of them travels to the browser:

    open, overdue, soon, unreceipted, paused, adjudication, escalated, reported, closed, new, due-month, in-time, yesterday
    t:TOWN:…  d:DEPARTMENT:…  l:LEVEL  g:GRID:0|1|2 (open, due soon, overdue)
    hr:N hc:N (reported and closed in the Nth hour)  s:N o:N (deadlines in the Nth hour ahead and behind)
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from models.figures import HOURS, SPARK
from models.messages import iso
from models.moves import ENDED, Stage
from models.past.lives import FAR, Life, Turn, instant, joined_calls, micros

MINUTE = 60_000_000
HOUR = 60 * MINUTE
Span = tuple[str, int, int]
"""Which counter, from when, until when."""
Due = tuple[str, int, int, int]
"""Of which department ("" for none), from when, until when, the deadline."""
STAGES: Mapping[str, str] = {
    Stage.DISPATCHED: "unreceipted",
    Stage.SUSPENDED: "paused",
    Stage.ADJUDICATION: "adjudication",
}
COUNTS = {
    "open": "open",
    "reported": "reported_today",
    "closed": "closed_today",
    "overdue": "overdue",
    "soon": "due_soon",
    "unreceipted": "unreceipted",
    "escalated": "escalated",
    "paused": "paused",
    "adjudication": "adjudication",
}
"""Counter → field of `Counts`."""
HELD = {"open": "open", "soon": "due_soon", "overdue": "overdue", "unreceipted": "unreceipted"}
"""Counter → field of `DepartmentRow`."""
GRID = {"open": "0", "soon": "1", "overdue": "2"}
"""Counter → its place in a grid's three numbers."""
TREND = {"reported": "hr", "closed": "hc"}
"""Row of the trend → counter of the hours."""


@dataclass(frozen=True)
class Bounds:
    """A local day: its first instant, the first one behind it, and the starts of the day before and of the month."""

    start: int
    end: int
    yesterday: int
    month: int

    @property
    def frames(self) -> list[int]:
        """The instants of the frames: every minute, and the last instant of the day."""
        return [*range(self.start, self.end, MINUTE), self.end - 1]

    def hour(self, at: int) -> int:
        """Which of the day's hours an instant lies in, counted from `HOURS` before its start."""
        return (at - self.start) // HOUR + HOURS


def bounds(start: datetime, zone: ZoneInfo) -> Bounds:
    """The bounds of the local day that begins at `start`."""
    local = start.astimezone(zone)
    after = (local + timedelta(days=1)).replace(hour=0)
    before = (local - timedelta(days=1)).replace(hour=0)
    return Bounds(*(micros(at) for at in (start, after, before, local.replace(day=1))))


@dataclass(frozen=True)
class Ground:
    """What of a day does not come from the lives of its cases.

    Args:
        base: counters that stand all day: the month's closings before the day (`due-month`, `in-time`), the hours before it.
        yesterday: when the cases of the day before were reported. emergencies: when each ran.
    """

    bounds: Bounds
    towns: Sequence[str]
    base: Mapping[str, int] = field(default_factory=dict)
    yesterday: Sequence[int] = ()
    emergencies: Sequence[tuple[int, int]] = ()


# --- spans -----------------------------------------------------------------------------------------------------------


def spans(life: Life, day: Bounds) -> Iterator[Span]:
    """When a case counts in what, within the day and the hours before it."""
    case = life.case
    calls = joined_calls(life.calls)
    if case.reported >= day.start:
        yield from _placed("reported", case.town, case.reported, FAR)
        yield f"hr:{day.hour(case.reported)}", case.reported, FAR
    for turn, until in _between(life.turns):
        if until <= day.start or turn.at >= day.end:
            if turn.stage == Stage.CLOSED and turn.at < day.start < until:
                yield from _closed(case.town, turn, until, day)
            continue
        if turn.stage == Stage.CLOSED:
            yield from _closed(case.town, turn, until, day)
        elif turn.stage not in ENDED:
            yield from _open(life, turn, until, day, calls)


def dues(life: Life) -> Iterator[Due]:
    """When which deadline burns, and for whom."""
    for turn, until in _between(life.turns):
        if turn.due is not None and turn.stage not in ENDED and turn.stage != Stage.MERGED:
            yield turn.department or "", turn.at, until, turn.due


def _between(turns: Sequence[Turn]) -> Iterator[tuple[Turn, int]]:
    for turn, following in pairwise(turns):
        yield turn, following.at
    yield turns[-1], FAR


def _placed(name: str, town: str | None, since: int, until: int) -> Iterator[Span]:
    if since < until:
        yield name, since, until
        if town is not None:
            yield f"t:{town}:{name}", since, until


def _closed(town: str | None, turn: Turn, until: int, day: Bounds) -> Iterator[Span]:
    """It is closed, until it is reopened."""
    if turn.at >= day.start:
        yield from _placed("closed", town, turn.at, until)
    if turn.at >= day.start - (HOURS - 1) * HOUR:
        yield f"hc:{day.hour(turn.at)}", turn.at, until
    if turn.due is not None and turn.at >= day.month:
        yield "due-month", turn.at, until
        if turn.at <= turn.due:
            yield "in-time", turn.at, until


def _open(life: Life, turn: Turn, until: int, day: Bounds, calls: Sequence[tuple[int, int]]) -> Iterator[Span]:
    case, since = life.case, turn.at
    grid = f"g:{case.area}:" if case.area else None
    holder = f"d:{turn.department}:" if turn.department else None
    named = [("open", since, until)]
    if turn.stage in STAGES:
        named.append((STAGES[turn.stage], since, until))
    if turn.stage != Stage.MERGED:
        if turn.due is not None:
            named.append(("overdue", max(since, turn.due + 1), until))
            if turn.soon is not None:
                named.append(("soon", max(since, turn.soon), min(until, turn.due + 1)))
            yield from _hours(turn.due, since, until, day)
        named += [("escalated", max(since, one[0]), min(until, one[1])) for one in calls]
    yield f"l:{turn.level}", since, until
    if case.reported >= day.start:
        yield "new", since, until
    for name, one, other in named:
        if one >= other or other <= day.start or one >= day.end:
            continue
        yield from _placed(name, case.town, one, other)
        if holder is not None and name in HELD:
            yield holder + name, one, other
        if grid is not None and name in GRID:
            yield grid + GRID[name], one, other


def _hours(due: int, since: int, until: int, day: Bounds) -> Iterator[Span]:
    """Its deadline falls into the Nth hour ahead, or did into the Nth behind."""
    low, high = max(since, day.start), min(until, day.end)
    if not low - SPARK * HOUR < due < high + SPARK * HOUR:
        return
    for hour in range(SPARK):
        for name, begins in (("s", due - (hour + 1) * HOUR + 1), ("o", due + hour * HOUR)):
            begins = due + 1 if begins == due and name == "o" else begins
            ends = due + (hour + 1) * HOUR if name == "o" else due - hour * HOUR + 1
            one, other = max(low, begins), min(high, ends)
            if one < other:
                yield f"{name}:{hour}", one, other


# --- at one instant --------------------------------------------------------------------------------------------------


def figures_at(lives: Sequence[Life], ground: Ground, at: int) -> dict[str, Any]:
    """The figures at one instant of the day, as `Figures` and `GridMap` write them; cameras are not among them."""
    counted = Counter(dict(ground.base))
    first: dict[str, int] = {}
    for life in lives:
        for key, since, until in spans(life, ground.bounds):
            if since <= at < until:
                counted[key] += 1
        for code, since, until, due in dues(life):
            if since <= at < until:
                first[code] = min(due, first.get(code, FAR))
    for key, since, until in _beside(ground):
        if since <= at < until:
            counted[key] += 1
    return pictured(counted, first, ground, at)


def _beside(ground: Ground) -> Iterator[Span]:
    later = ground.bounds.start - ground.bounds.yesterday
    for reported in ground.yesterday:
        yield "yesterday", reported + later, FAR
    for since, until in ground.emergencies:
        yield "emergencies", since, until


def pictured(counted: Mapping[str, int], first: Mapping[str, int], ground: Ground, at: int) -> dict[str, Any]:
    """Counters as figures: what `assets/past/picture.js` does in the browser."""
    day = ground.bounds
    running = day.start + (at - day.start) // HOUR * HOUR
    hours = [running - (HOURS - 1 - n) * HOUR for n in range(HOURS)]
    codes = sorted({key[2:].rsplit(":", 1)[0] for key, n in counted.items() if key.startswith("d:") and n})
    earliest = min(first.values(), default=None)
    trend = {name: [counted.get(f"{key}:{day.hour(hour)}", 0) for hour in hours] for name, key in TREND.items()}
    grids: dict[str, list[int]] = {}
    for key, n in counted.items():
        if key.startswith("g:") and n:
            _, area, which = key.split(":")
            grids.setdefault(area, [0, 0, 0])[int(which)] = n
    return {
        "county": {told: counted.get(key, 0) for key, told in COUNTS.items()},
        "emergencies": counted.get("emergencies", 0),
        "reported_yesterday": counted.get("yesterday", 0),
        "closed_due_month": counted.get("due-month", 0) + counted.get("overdue", 0),
        "closed_in_time_month": counted.get("in-time", 0),
        "longest_overdue_seconds": (at - earliest) // 1_000_000 if earliest is not None and earliest < at else None,
        "new_today_open": counted.get("new", 0),
        "levels": {str(level): counted.get(f"l:{level}", 0) for level in range(1, 5)},
        "towns": {
            town: {told: counted.get(f"t:{town}:{key}", 0) for key, told in COUNTS.items()} for town in ground.towns
        },
        "departments": _departments(counted, first, codes),
        "trend": {"hours": [iso(instant(hour)) for hour in hours], **trend},
        "spark": _spark(counted, trend),
        "grids": grids,
    }


def _departments(counted: Mapping[str, int], first: Mapping[str, int], codes: Sequence[str]) -> list[dict[str, Any]]:
    """Most overdue first, then most due soon, then the earliest deadline."""
    rows: list[dict[str, Any]] = [
        {"code": code}
        | {told: counted.get(f"d:{code}:{key}", 0) for key, told in HELD.items()}
        | {"next_due_at": iso(instant(first[code])) if code in first else None}
        for code in codes
    ]
    return sorted(rows, key=lambda row: (-row["overdue"], -row["due_soon"], row["next_due_at"] or "9", row["code"]))


def _spark(counted: Mapping[str, int], trend: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
    came, went = list(trend["reported"][-SPARK:]), list(trend["closed"][-SPARK:])
    standing = [counted.get("open", 0)]
    for one, other in zip(reversed(came[1:]), reversed(went[1:]), strict=True):
        standing.append(max(0, standing[-1] - one + other))
    ahead, behind = ([counted.get(f"{key}:{hour}", 0) for hour in range(SPARK)] for key in ("s", "o"))
    return {
        "reported": came,
        "closed": went,
        "open": list(reversed(standing)),
        "due_soon": ahead,
        "overdue": list(reversed(behind)),
    }


# --- by the minute ---------------------------------------------------------------------------------------------------


def series(lives: Sequence[Life], ground: Ground) -> dict[str, list[int]]:
    """Every counter of the day as `[frame, value, frame, value …]`: what it is from a frame on, where that changed.

    `next:DEPARTMENT` is the earliest deadline that burns there ("" for the cases of none), as milliseconds since 1970; 0
    where there is none.
    """
    frames = ground.bounds.frames
    steps: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    burning: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for key, amount in ground.base.items():
        steps[key][0] += amount
    day = ground.bounds
    start, last, after = day.start, len(frames) - 1, day.end

    def counted(key: str, since: int, until: int) -> None:
        """From the first frame at or behind `since`; `last + 1` is none. Done some hundred thousand times a day, so written out."""
        one = 0 if since <= start else -((start - since) // MINUTE)
        other = 0 if until <= start else -((start - until) // MINUTE)
        one = one if one < last else last if since < after else last + 1
        other = other if other < last else last if until < after else last + 1
        if one < other:
            changes = steps[key]
            changes[one] += 1
            changes[other] -= 1

    for key, since, until in _beside(ground):
        counted(key, since, until)
    for life in lives:
        for key, since, until in spans(life, day):
            counted(key, since, until)
        for code, since, until, due in dues(life):
            if until > ground.bounds.start and since < ground.bounds.end:
                burning[code].append((since, until, due))
    told = {key: _summed(changes) for key, changes in steps.items()}
    told |= {f"next:{code}": _earliest(found, frames) for code, found in burning.items()}
    return {key: points for key, points in told.items() if points}


def _summed(changes: Mapping[int, int]) -> list[int]:
    points: list[int] = []
    value = 0
    for frame in sorted(changes):
        if changes[frame]:
            value += changes[frame]
            points += (frame, value)
    return points


def _earliest(found: list[tuple[int, int, int]], frames: Sequence[int]) -> list[int]:
    """The earliest deadline at each frame, where it changes."""
    found.sort()
    heap: list[tuple[int, int]] = []
    points: list[int] = []
    place, last = 0, -1
    for number, at in enumerate(frames):
        while place < len(found) and found[place][0] <= at:
            heapq.heappush(heap, (found[place][2], found[place][1]))
            place += 1
        while heap and heap[0][1] <= at:
            heapq.heappop(heap)
        value = heap[0][0] // 1000 if heap else 0
        if value != last:
            points += (number, value)
            last = value
    return points


# --- the comparison --------------------------------------------------------------------------------------------------

TOLD = (
    "county",
    "reported_yesterday",
    "closed_due_month",
    "closed_in_time_month",
    "longest_overdue_seconds",
    "new_today_open",
    "levels",
    "towns",
    "departments",
    "trend",
    "grids",
)
"""What of a recorded picture the trace can tell. Cameras, alarms and pins belong to their moment."""


def differences(recorded: Mapping[str, Any], folded: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where a recorded picture and the trace say something else: `{figure, recorded, folded}`; empty where they agree."""
    one, other = (
        {path: value for name in TOLD for path, value in _flat(name, side.get(name))} for side in (recorded, folded)
    )
    return [
        {"figure": path, "recorded": one.get(path), "folded": other.get(path)}
        for path in sorted(one.keys() | other.keys())
        if one.get(path) != other.get(path)
    ]


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}", inner)
    elif isinstance(value, (list, tuple)):
        for place, inner in enumerate(value):
            name = inner.get("code", place) if isinstance(inner, Mapping) else place
            yield from _flat(f"{path}.{name}", inner)
    else:
        yield path, value
