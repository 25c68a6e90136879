"""Acting: one move of the table and what follows from it, in the door's one transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from config.sentences import say
from models import tables as t
from models.door.writing import Writing
from models.emergencies import tables as et
from models.emergencies import telling
from models.emergencies.agenda import Timers, kind_of_next, minutes
from models.emergencies.drafting import compose
from models.emergencies.moves import CENTRE, check, own
from models.emergencies.nouns import MATRIX, Move, Progress, State, TaskState
from models.emergencies.rooms import Room, change, fact_fields, locked, set_clock, standing_of, write
from models.emergencies.starting import Confirmation, begin, call, open_tasks, put_tasks
from models.masking import masked
from models.messages import EmergencyCancelled, EmergencyMoved
from models.moves import Actor, Refused, Role

UNTOLD = frozenset({"note", "department", "elements", "words", "happened_at"})
"""Fields that the log keeps in columns of its own, or not at all."""
STAGES = {
    "receive": Progress.RECEIVED,
    "depart": Progress.DEPARTED,
    "arrive": Progress.ARRIVED,
    "finish": Progress.DONE,
}


@dataclass
class Acting:
    """One move in the making."""

    work: Writing
    room: Room
    move: Move
    actor: Actor
    now: datetime
    fields: Mapping[str, Any]
    changes: dict[str, Any] = field(default_factory=dict)
    detail: dict[str, Any] = field(default_factory=dict)
    department: str | None = None

    @property
    def note(self) -> str:
        """The words that came with it."""
        return str(self.fields.get("note") or "").strip()


def act(
    work: Writing,
    number: str,
    action: str,
    actor: Actor,
    now: datetime,
    fields: Mapping[str, Any],
    timers: Timers,
    confirmation: Confirmation,
) -> Room:
    """Do one thing in a room.

    Raises:
        Refused: no such emergency for this actor, or the table says no.
    """
    room = locked(work, number)
    if not may_see(room, actor):
        raise Refused(say("There is no emergency {number!r}.", number=number), "number")
    standing = standing_of(room, confirmation.second, work.rules.departments)
    move = check(action, standing, actor, fields)
    doing = Acting(work, room, move, actor, now, fields, department=own(actor, fields))
    doing.detail |= {
        one.name: fields[one.name]
        for one in move.fields
        if one.name not in UNTOLD and fields.get(one.name) not in (None, "")
    }
    if action == "confirm":
        return begin(work, room, actor, now, timers, doing.note)
    if action in CONSEQUENCES:
        CONSEQUENCES[action](doing)
    values = dict(doing.changes)
    if move.to is not None:
        values["state"] = move.to
    change(work, room, **values)
    write(work, room.row, actor, now, action, department=doing.department, note=doing.note, **doing.detail)
    if action in AFTERWARDS:
        AFTERWARDS[action](doing)
    room = set_clock(work, doing.room, timers, now)
    fields_ = fact_fields(room, work.real)
    if move.to is State.CANCELLED:
        work.draft(None, EmergencyCancelled(**fields_, by=actor.name))
    else:
        told = doing.department or None
        work.draft(None, EmergencyMoved(**fields_, action=action, by=actor.name, department=told))
    return room


def may_see(room: Room, actor: Actor) -> bool:
    """The centre sees every room, a department those that it was called to."""
    if actor.role is Role.DEPARTMENT:
        return any(one.department == actor.department for one in room.parties)
    return actor.role in CENTRE | {Role.SYSTEM} and actor.area is None


# --- consequences ----------------------------------------------------------------------------------------------------


def _party(doing: Acting) -> None:
    """A column of the matrix is reached; what was passed over is reached with it."""
    stage = STAGES[doing.move.action]
    row = doing.room.party(doing.department)
    values: dict[str, Any] = {"state": stage}
    for before in MATRIX:
        if getattr(row, f"{before}_at") is None and (before is stage or before is Progress.RECEIVED):
            values[f"{before}_at"] = doing.now
        if before is stage:
            break
    if row.received_at is None:
        values["received_by"] = doing.actor.name
        telling.settle(doing.work, doing.room, doing.now, doing.actor.name, doing.department)
    if stage is Progress.DONE:
        values["result"] = masked(doing.note)
    _update(doing, et.party, row.id, values)
    doing.detail["in_time"] = doing.now <= getattr(row, f"{stage}_due_at")


def _update(doing: Acting, table: Any, key: int, values: Mapping[str, Any]) -> None:
    doing.work.db.execute(update(table).where(table.c.id == key).values(**values))


def _called(doing: Acting) -> None:
    call(doing.work, doing.room, str(doing.department), doing.now)


def _released(doing: Acting) -> None:
    row = doing.room.party(doing.department)
    _update(doing, et.party, row.id, {"state": Progress.RELEASED})
    k = et.task.c
    mine = (k.emergency_id == doing.room.row.id, k.department == doing.department)
    living = k.state.in_((TaskState.OPEN, TaskState.WAITING))
    ended = {"state": TaskState.NEEDLESS, "ended_at": doing.now, "ended_by": doing.actor.name, "due_at": None}
    doing.work.db.execute(update(et.task).where(*mine, living).values(**ended))
    telling.settle(doing.work, doing.room, doing.now, doing.actor.name, doing.department)


def _task_ended(state: TaskState) -> Callable[[Acting], None]:
    def end(doing: Acting) -> None:
        row = doing.room.task(doing.fields["task"])
        doing.department = row.department
        values = {"state": state, "ended_at": doing.now, "ended_by": doing.actor.name, "result": masked(doing.note)}
        _update(doing, et.task, row.id, values)
        doing.detail |= {"text": row.text, "text_en": row.text_en}
        if row.due_at is not None:
            doing.detail["in_time"] = doing.now <= row.due_at

    return end


def _after_task(doing: Acting) -> None:
    open_tasks(doing.work, doing.room, doing.now)
    if doing.move.action == "skip":
        commander = next((one.holder for one in doing.room.roles if one.role == "commander"), None)
        key = telling.fresh_key(doing.work, doing.room, telling.named(f"skip:{doing.fields['task']}"))
        if commander is not None and commander != doing.actor.name:
            telling.tell_accounts(doing.work, doing.room, [commander], key, "skipped", doing.now)
        else:  # whoever commands skipped it: the others of the centre are told
            telling.tell_centre(doing.work, doing.room, key, "skipped", doing.now, doing.department)


def _answered(doing: Acting) -> None:
    doing.changes["answers"] = {**doing.room.row.answers, doing.fields["question"]: doing.fields["answer"]}


def _reopen(doing: Acting) -> None:
    open_tasks(doing.work, doing.room, doing.now)


def _called_after(doing: Acting) -> None:
    """Whoever is called by name has what the plan wants of it at this level."""
    put_tasks(doing.work, doing.room, {str(doing.department)})
    _reopen(doing)


def _levelled(doing: Acting) -> None:
    """A graver level calls whom the plan wants from there on, and gives those that are here what it wants besides. Nobody
    who was sent home is called by it, and a milder level sends nobody home: that is the commander's own word."""
    work, room, now = doing.work, doing.room, doing.now
    here = {one.department for one in room.parties if one.state != Progress.RELEASED}
    known = {one.department for one in room.parties}
    called = [code for code in room.plan.called_at(room.row.level) if code not in known]
    for department in called:
        call(work, room, department, now)
        write(work, room.row, doing.actor, now, "call", department=department)
    added = {step.code: step for step in put_tasks(work, room, {*here, *called})}
    opened = open_tasks(work, room, now)
    for code, step in added.items():
        if step.department in here:  # whoever was called now sees its tasks with its call
            about = {"task": code, "text": step.text, "text_en": step.text_en}
            write(work, room.row, doing.actor, now, "plan-task", department=step.department, **about)
            if opened.get(code) is TaskState.OPEN:
                key = telling.fresh_key(work, room, telling.named(f"task:{code}"))
                telling.tell_department(work, room, step.department, key, "task", now)


def _task_added(doing: Acting) -> None:
    k = et.task.c
    count = doing.work.db.execute(
        select(func.count()).select_from(et.task).where(k.emergency_id == doing.room.row.id)
    ).scalar_one()
    limit = int(doing.fields["minutes"])
    values = {
        "emergency_id": doing.room.row.id,
        "code": f"added-{count + 1}",
        "department": doing.department,
        "text": masked(doing.note),
        "minutes": limit,
        "state": TaskState.OPEN,
        "opened_at": doing.now,
        "due_at": doing.now + minutes(limit, doing.room.row),
    }
    doing.work.db.execute(insert(et.task), values)
    key = telling.fresh_key(doing.work, doing.room, f"task:{count + 1}")
    telling.tell_department(doing.work, doing.room, str(doing.department), key, "task", doing.now)


def _perimeter(doing: Acting) -> None:
    longitude, latitude = doing.fields.get("longitude"), doing.fields.get("latitude")
    if (longitude is None) != (latitude is None):
        raise Refused("A point has a longitude and a latitude.", "longitude")
    doing.changes |= {"radius_m": doing.fields["radius_m"], "perimeter": []}  # the circle is what holds from now on
    if longitude is not None and latitude is not None:
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
            raise Refused("The point must be in degrees of WGS-84.", "longitude")
        place, _ = doing.work.rules.place(longitude, latitude, None)
        doing.changes |= {"longitude": longitude, "latitude": latitude}
        doing.changes |= {"area": place.code if place else None, "town": place.town if place else None}


def _objective(doing: Acting) -> None:
    met = {**doing.room.row.objectives, doing.fields["objective"]: doing.now.isoformat()}
    doing.changes["objectives"] = met


def _ratified(doing: Acting) -> None:
    finding = doing.fields["finding"]
    doing.changes |= {"ratified": finding, "ratified_by": doing.actor.name}
    if finding == "rejected":
        commander = next((one.holder for one in doing.room.roles if one.role == "commander"), None)
        if commander:
            telling.tell_accounts(doing.work, doing.room, [commander], "ratified", "rejected", doing.now)


def _ended(doing: Acting) -> None:
    doing.changes |= {"ended_at": doing.now, "ended_by": doing.actor.name}
    k = et.task.c
    living = (k.emergency_id == doing.room.row.id, k.state.in_((TaskState.OPEN, TaskState.WAITING)))
    ended = {"state": TaskState.NEEDLESS, "ended_at": doing.now, "ended_by": doing.actor.name}
    left = doing.work.db.execute(update(et.task).where(*living).values(**ended)).rowcount
    doing.detail["left"] = left or None
    telling.settle(doing.work, doing.room, doing.now, doing.actor.name)


def _after_end(doing: Acting) -> None:
    for one in doing.room.parties:
        if one.state != Progress.RELEASED:
            key = telling.named(f"ended:{one.department}")
            telling.tell_department(doing.work, doing.room, one.department, key, "ended", doing.now)


def _cancelled(doing: Acting) -> None:
    doing.changes |= {"cancelled_at": doing.now, "cancelled_by": doing.actor.name, "next_clock_at": None}
    telling.settle(doing.work, doing.room, doing.now, doing.actor.name)


def _withdrawn(doing: Acting) -> None:
    doing.changes |= {"cancelled_at": doing.now, "cancelled_by": doing.actor.name, "confirm_due_at": None}
    telling.settle(doing.work, doing.room, doing.now, doing.actor.name)


def _set_role(doing: Acting, **values: Any) -> None:
    r = et.role.c
    which = update(et.role).where(r.emergency_id == doing.room.row.id, r.role == doing.fields["role"])
    doing.work.db.execute(which.values(**values))


def _offered(doing: Acting) -> None:
    account = str(doing.fields["account"])
    a = t.account.c
    known = doing.work.db.execute(select(a.role).where(a.name == account, a.disabled.is_(False))).scalar()
    if known is None or Role(known) not in CENTRE:
        raise Refused(say("There is no active account {account!r} of the centre.", account=account), "account")
    _set_role(doing, offered_to=account, offered_by=doing.actor.name, offered_at=doing.now)
    key = telling.fresh_key(doing.work, doing.room, telling.named(f"role:{doing.fields['role']}"))
    telling.tell_accounts(doing.work, doing.room, [account], key, "role", doing.now)


_NO_OFFER: dict[str, Any] = {"offered_to": None, "offered_by": None, "offered_at": None}


def _accepted(doing: Acting) -> None:
    before = next(one.holder for one in doing.room.roles if one.role == doing.fields["role"])
    doing.detail["before"] = before
    _set_role(doing, holder=doing.actor.name, since=doing.now, **_NO_OFFER)


def _unoffered(doing: Acting) -> None:
    _set_role(doing, **_NO_OFFER)


def _phoned(doing: Acting) -> None:
    doing.changes["phoned_at"] = doing.now


def _drafted(doing: Acting) -> None:
    lg = et.log.c
    lines = doing.work.db.execute(select(et.log).where(lg.emergency_id == doing.room.row.id).order_by(lg.id)).all()
    kind = kind_of_next(doing.room.row, doing.room.reports)
    upto = max((one.upto for one in doing.room.reports if one.sent_at is not None), default=0)
    words = doing.fields["words"]
    number = max((one.number for one in doing.room.reports), default=0) + 1
    doing.work.db.execute(
        insert(et.report),
        {
            "emergency_id": doing.room.row.id,
            "number": number,
            "kind": kind,
            "elements": compose(kind, doing.room, lines, upto, words, doing.now),
            "upto": lines[-1].id,
            "language": words.language,
            "drafted_at": doing.now,
            "drafted_by": doing.actor.name,
        },
    )
    doing.detail |= {"report": number, "kind": kind}


def _edited(doing: Acting) -> None:
    row = doing.room.report(doing.fields["report"])
    given = doing.fields["elements"]
    known = [key for key, _text in row.elements]
    if not isinstance(given, Mapping) or set(given) - set(known):
        raise Refused(
            say("'elements' must be an object with texts for {expected}.", expected=", ".join(known)), "elements"
        )
    texts = {key: masked(str(text))[:4000] for key, text in given.items()}
    elements = [[key, texts.get(key, text)] for key, text in row.elements]
    values = {"elements": elements, "edited_at": doing.now, "edited_by": doing.actor.name}
    _update(doing, et.report, row.id, values)
    before = dict(row.elements)
    doing.detail["changed"] = [key for key, text in elements if before[key] != text]


def _discarded(doing: Acting) -> None:
    row = doing.room.report(doing.fields["report"])
    doing.work.db.execute(et.report.delete().where(et.report.c.id == row.id))


def _sent(doing: Acting) -> None:
    row = doing.room.report(doing.fields["report"])
    values = {"sent_at": doing.now, "sent_by": doing.actor.name, "sent_to": masked(str(doing.fields["to"]))}
    _update(doing, et.report, row.id, values)
    text = json.dumps(row.elements, ensure_ascii=False)
    doing.detail |= {"kind": row.kind, "digest": hashlib.sha256(text.encode()).hexdigest()}


CONSEQUENCES: Mapping[str, Callable[[Acting], None]] = {
    "receive": _party,
    "depart": _party,
    "arrive": _party,
    "finish": _party,
    "call": _called,
    "release": _released,
    "lead": lambda doing: doing.changes.update(lead=doing.department),
    "level": lambda doing: doing.changes.update(level=int(doing.fields["level"])),
    "perimeter": _perimeter,
    "answer": _answered,
    "do": _task_ended(TaskState.DONE),
    "skip": _task_ended(TaskState.SKIPPED),
    "add-task": _task_added,
    "objective": _objective,
    "ratify": _ratified,
    "end": _ended,
    "cancel": _cancelled,
    "withdraw": _withdrawn,
    "offer-role": _offered,
    "accept-role": _accepted,
    "decline-role": _unoffered,
    "recall-role": _unoffered,
    "phone": _phoned,
    "draft-report": _drafted,
    "edit-report": _edited,
    "discard-report": _discarded,
    "send-report": _sent,
}
"""What follows from a move before its line is written."""
AFTERWARDS: Mapping[str, Callable[[Acting], None]] = {
    "do": _after_task,
    "skip": _after_task,
    "answer": _reopen,
    "call": _called_after,
    "level": _levelled,
    "release": _reopen,
    "end": _after_end,
}
"""What follows once the row stands as it shall."""
