"""How a case's clock reads at a moment: one word for lists, colour, shape and text. Pure; compares instants only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from models.moves import Stage

Face = Literal["none", "on-time", "due-soon", "overdue", "in-time", "late", "paused"]


def face(case: Any, now: datetime) -> Face:
    """The word for a row of `cases`. The same comparisons as `models.filters`, which counts them."""
    if case.closed_at is not None:
        if case.stage == Stage.VOID or case.in_time is None:
            return "none"
        return "in-time" if case.in_time else "late"
    if case.stage == Stage.SUSPENDED:
        return "paused"
    if case.due_at is None:
        return "none"
    if case.due_at < now:
        return "overdue"
    return "due-soon" if case.soon_at is not None and case.soon_at <= now else "on-time"


def span(length: timedelta) -> tuple[int, int, int]:
    """`(days, hours, minutes)` of a length without its sign; a started minute has not passed yet."""
    minutes = int(abs(length).total_seconds() // 60)
    return minutes // 1440, minutes // 60 % 24, minutes % 60
