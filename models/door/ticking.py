"""Clocks that are due act: they warn, breach, climb. Called by the alerts worker; several may call it at once."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.exc import DBAPIError

from models import tables as t
from models.casetimes import next_warning
from models.door.clocks import resume_by_itself
from models.door.escalation import CLOCK, climb, set_next_clock
from models.door.writing import Outcome, Step, Writing
from models.messages import ClockBreached, ClockWarned
from models.moves import ENDED, Stage

log = logging.getLogger("gridcommand.door")
PUT_OFF = timedelta(minutes=1)


def tick(work: Writing, now: datetime, limit: int = 200) -> int:
    """Let every clock that is due act: warn, breach, climb. Returns how many cases were looked at.

    Several workers may call it at once: rows are claimed (`SKIP LOCKED`), each change is compare-and-set. A case
    that cannot be judged is put off by a minute and logged: it must not hold up the clocks of all others.
    """
    due = (
        select(t.cases)
        .where(t.cases.c.next_clock_at <= now)
        .order_by(t.cases.c.next_clock_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = work.db.execute(due).all()
    for row in rows:
        mark = work.mark()
        try:
            with work.db.begin_nested():
                tick_one(work, row, now)
        except DBAPIError:
            raise  # the database's own trouble, not the case's
        except Exception:
            work.forget(mark)
            log.exception("The clocks of case %s could not be judged; next try in a minute.", row.code)
            later = update(t.cases).where(t.cases.c.id == row.id)
            work.db.execute(later.values(next_clock_at=now + PUT_OFF))
    return len(rows)


def tick_one(work: Writing, case: Row[Any], now: datetime) -> None:
    """Let one clock of this case act."""
    outcome = Outcome(case)
    stage = Stage(case.stage)
    if stage is Stage.SUSPENDED:
        outcome = resume_by_itself(work, case, now)
    elif stage in ENDED:
        pass  # it only waits for its return call: whether it ended in time was settled when it did
    elif case.due_at is not None and case.due_at <= now and case.breached_at is None:
        changes = {"breached_at": case.due_at, "warned_at": case.warned_at or case.soon_at, "warn_at": None}
        outcome = work.apply(case, changes, Step("breach", stage, CLOCK, case.due_at))
        work.draft(outcome, ClockBreached(**work.place(outcome.case)))
    elif case.warn_at is not None and case.warn_at <= now:
        changes = {"warned_at": case.warn_at, "warn_at": next_warning(work.rules, case)}
        outcome = work.apply(case, changes, Step("warn", stage, CLOCK, case.warn_at))
        work.draft(outcome, ClockWarned(**work.place(outcome.case)))
    step = climb(work, outcome, now)
    set_next_clock(work, outcome.case, step)
