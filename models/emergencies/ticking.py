"""Clocks of emergencies that are due act. Called by the alerts worker; several may call it at once."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from models.door.writing import Writing
from models.emergencies import tables as et
from models.emergencies import telling
from models.emergencies.agenda import Due, Timers
from models.emergencies.rooms import Room, agenda_of, change, fact_fields, read, reload, set_clock, write
from models.emergencies.starting import begin
from models.ladder.plan import Kind
from models.messages import EmergencyMoved
from models.moves import Actor, Role

log = logging.getLogger("gridcommand.door")
CLOCK = Actor("clock", Role.SYSTEM)
AT_ONCE = 60
"""Dues of one emergency in one transaction; what is left is taken in the next, at once."""
PUT_OFF = timedelta(minutes=1)
_ACTS = {Kind.URGE: "urged", Kind.RECEIPT: "urged", Kind.SUPERVISE: "supervised", Kind.CONTACT: "contact-called"}


def tick(work: Writing, now: datetime, timers: Timers, limit: int = 5) -> int:
    """Let every emergency whose clock is due act; returns how many were looked at."""
    e = et.emergency.c
    due = select(et.emergency).where(e.next_clock_at <= now).order_by(e.next_clock_at).limit(limit)
    rows = work.db.execute(due.with_for_update(skip_locked=True)).all()
    for row in rows:
        mark = work.mark()
        try:
            with work.db.begin_nested():
                _tick_one(work, read(work.db, row), now, timers)
        except DBAPIError:
            raise  # the database's own trouble, not the emergency's
        except Exception:
            work.forget(mark)
            log.exception("The clocks of emergency %s could not be judged; next try in a minute.", row.number)
            work.db.execute(update(et.emergency).where(e.id == row.id).values(next_clock_at=now + PUT_OFF))
    return len(rows)


def _tick_one(work: Writing, room: Room, now: datetime, timers: Timers) -> None:
    taken = 0
    while taken < AT_ONCE:
        due = next(iter(agenda_of(work, room, timers, now)), None)
        if due is None or due.at > now:
            break
        if due.what == "begin":
            begin(work, room, CLOCK, now, timers)
            return
        _take(work, room, due, now)
        taken += 1
        room = reload(work, room)
    if taken:
        change(work, room)
    room = set_clock(work, room, timers, now)
    if taken:
        work.draft(None, EmergencyMoved(**fact_fields(room, work.real), action="clock", by=CLOCK.name))


def _take(work: Writing, room: Room, due: Due, now: datetime) -> None:
    """Tell it, under its name, and write it down: both or neither."""
    if due.step is not None and due.department is not None:
        telling.tell_step(work, room, due.department, due.key, due.step, now)
        act = _ACTS.get(due.step.kind, "contact-called")
        rung = due.step.number if due.step.kind in (Kind.CONTACT, Kind.AGAIN) else None
        role = work.rules.ladder.rungs[due.step.number - 1].role if rung else None
        write(work, room.row, CLOCK, now, act, department=due.department, rung=rung, contact=role)
    elif due.what == "late":
        telling.tell_centre(work, room, due.key, "late", now, due.department)
        write(work, room.row, CLOCK, now, "late", department=due.department, stage=due.detail)
    elif due.what == "task-late":
        task = room.task(due.detail)
        telling.tell_department(work, room, task.department, due.key, "task-late", now)
        write(
            work, room.row, CLOCK, now, "task-late", department=task.department, task=task.code, text=task.text,
            text_en=task.text_en,
        )  # fmt: skip
    else:
        telling.tell_centre(work, room, due.key, "report-due", now)
        write(work, room.row, CLOCK, now, "report-due", kind=due.detail)
