"""Starting: one action builds the whole room, in the door's one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, insert, select

from config.plans import Step
from config.sentences import ROLES, say, term, terms
from models import tables as t
from models.door.writing import Writing
from models.emergencies import tables as et
from models.emergencies import telling
from models.emergencies.agenda import Timers, minutes, opened
from models.emergencies.moves import STARTERS
from models.emergencies.nouns import Progress, State, TaskState
from models.emergencies.rooms import Room, change, fact_fields, plan_body, plans, read, set_clock, write
from models.masking import masked
from models.messages import EmergencyMoved, EmergencyStarted
from models.moves import Actor, Refused, Role

ORIGINS = ("case", "camera", "point", "cap", "none")


@dataclass(frozen=True)
class Start:
    """What somebody wants to start. `life`: lives are at stake, so that it begins at once and is ratified after."""

    plan: str
    level: int
    note: str
    title: str = ""
    origin: str = "none"
    reference: str = ""
    longitude: float | None = None
    latitude: float | None = None
    area: str | None = None
    address: str = ""
    radius_m: int | None = None
    perimeter: tuple[tuple[tuple[float, float], ...], ...] = ()
    """The shape of the area, latitude before longitude, where it is no circle."""
    drill: bool = False
    speed: float = 1.0
    """Of a drill: how much quicker its clocks run."""
    life: bool = False
    departments: tuple[str, ...] = ()
    """Called beside those of the plan."""
    answers: Mapping[str, str] | None = None
    """What is known already: question → answer."""
    happened_at: datetime | None = None
    commander: str | None = None
    """Who commands; whoever starts it where nobody is named."""


@dataclass(frozen=True)
class Confirmation:
    """How the county confirms a start."""

    second: bool = False
    window: timedelta = timedelta(seconds=60)


def start(
    work: Writing, wanted: Start, actor: Actor, now: datetime, timers: Timers, confirmation: Confirmation
) -> Room:
    """Build the room. It runs at once where lives are at stake or it is a drill, else it waits for its confirmation.

    Raises:
        Refused: not this role; no such plan, level, department, case, camera; a reason or a place is missing.
    """
    if actor.role not in STARTERS:
        raise Refused(
            say(
                "The role {role} may not start an emergency; this takes {expected}.",
                role=term(actor.role, *ROLES),
                expected=terms(STARTERS, *ROLES),
            ),
            "action",
        )
    if actor.area is not None or actor.department is not None:
        raise Refused("This account is bound to a part of the county and may not start an emergency.", "action")
    plan = plans(work.db).get(wanted.plan)
    if plan is None:
        raise Refused(say("There is no plan {plan!r}; GET /api/v1/plans lists them.", plan=wanted.plan), "plan")
    if wanted.level not in [level.level for level in plan.levels]:
        known = ", ".join(str(level.level) for level in plan.levels)
        raise Refused(
            say(
                "The plan {code} knows the levels {known}, not {level!r}.",
                code=plan.code,
                known=known,
                level=wanted.level,
            ),
            "level",
        )
    if not wanted.note.strip():
        raise Refused("A reason must be given.", "note")
    strangers = set(wanted.departments) - work.rules.departments
    if strangers:
        raise Refused(say("There is no department {strangers!r}.", strangers=min(strangers)), "departments")
    answers = _known_answers(plan, wanted.answers or {})
    place = _place(work, wanted)
    begins = wanted.life or wanted.drill or actor.role is Role.SYSTEM
    prefix = "D" if wanted.drill else "E"
    title = masked(wanted.title.strip()) or place["title"] or plan.name
    row = work.db.execute(
        insert(et.emergency).returning(*et.emergency.c),
        {
            "number": prefix + work.next_number(f"emergency:{prefix}", now),
            "version": 1,
            "drill": wanted.drill,
            "speed": min(240.0, max(1.0, wanted.speed)) if wanted.drill else 1.0,
            "state": State.PENDING,
            "plan": plan.code,
            "plan_body": plan_body(plan),
            "level": wanted.level,
            "title": title[:120],
            "note": masked(wanted.note.strip()),
            "origin": wanted.origin,
            "reference": wanted.reference,
            "area": place["area"],
            "town": place["town"],
            "address": masked(place["address"])[:200],
            "longitude": place["longitude"],
            "latitude": place["latitude"],
            "radius_m": wanted.radius_m or plan.radius_m,
            "perimeter": wanted.perimeter,
            "lead": plan.lead,
            "answers": answers,
            "objectives": {},
            "life": wanted.life and not wanted.drill,
            "happened_at": min(wanted.happened_at or now, now),
            "started_at": now,
            "started_by": actor.name,
            "confirm_due_at": None if begins or confirmation.second else now + confirmation.window,
        },
    ).one()
    room = read(work.db, row)
    extra = [code for code in wanted.departments if code not in plan.called_at(wanted.level)]
    write(
        work, row, actor, now, "start", note=row.note, plan=plan.code, level=wanted.level, drill=wanted.drill or None,
        life=row.life or None, origin=wanted.origin, reference=wanted.reference, departments=extra or None,
    )  # fmt: skip
    _put_roles(work, room, wanted.commander or actor.name, now)
    put_tasks(work, room, {*plan.called_at(wanted.level), *extra})
    if begins:
        return begin(work, room, actor, now, timers)
    # Those who come beside the plan's are called when it begins; the log keeps who they are.
    telling.tell_centre(work, room, "pending", "pending", now)
    room = set_clock(work, room, timers, now)
    work.draft(None, EmergencyMoved(**fact_fields(room, work.real), action="start", by=actor.name))
    return room


def begin(work: Writing, room: Room, actor: Actor, now: datetime, timers: Timers, note: str = "") -> Room:
    """It runs: departments are called, tasks open, the screens are told."""
    row = change(work, room, state=State.RUNNING, running_at=now, confirmed_by=actor.name, confirm_due_at=None)
    write(work, row, actor, now, "begin", note=note)
    for department in dict.fromkeys((*room.plan.called_at(row.level), *_extra(work, room))):
        call(work, room, department, now)
    open_tasks(work, room, now)
    if row.life:
        telling.tell_centre(work, room, "ratify", "ratify", now)
    room = set_clock(work, room, timers, now)
    work.draft(None, EmergencyStarted(**fact_fields(room, work.real)))
    return room


def _extra(work: Writing, room: Room) -> list[str]:
    """The departments that the start named beside the plan's."""
    lg = et.log.c
    first = select(lg.detail).where(lg.emergency_id == room.row.id, lg.act == "start")
    return list((work.db.execute(first).scalar() or {}).get("departments", ()))


def call(work: Writing, room: Room, department: str, now: datetime) -> None:
    """Call a department: its clocks begin, and its desk is told. One that was sent home is called again."""
    clocks = room.plan.clocks_of(department)
    due = {
        f"{stage}_due_at": now + minutes(getattr(clocks, stage), room.row)
        for stage in ("received", "departed", "arrived", "done")
    }
    p = et.party.c
    known = next((one for one in room.parties if one.department == department), None)
    values = {"state": Progress.CALLED, "called_at": now, "received_at": None, **due}
    if known is None:
        row = {"emergency_id": room.row.id, "department": department, **values}
        work.db.execute(insert(et.party), row)
    else:
        again = values | {"departed_at": None, "arrived_at": None, "done_at": None, "received_by": None}
        work.db.execute(et.party.update().where(p.id == known.id).values(**again))
    key = telling.named(f"call:{department}")
    if known is not None or room.told:
        key = telling.fresh_key(work, room, key)
    telling.tell_department(work, room, department, key, "called", now)


def open_tasks(work: Writing, room: Room, now: datetime) -> dict[str, TaskState]:
    """Open what can be done now, set aside what an answer made needless; returns what changed. What a department that was
    sent home had to do stays aside."""
    k = et.task.c
    rows = work.db.execute(select(et.task).where(k.emergency_id == room.row.id)).all()
    states = {one.code: TaskState(one.state) for one in rows}
    limits = {one.code: one.minutes for one in rows}
    keys = {one.code: one.id for one in rows}
    moved: list[dict[str, Any]] = []
    p = et.party.c
    home = select(p.department).where(p.emergency_id == room.row.id, p.state == Progress.RELEASED)
    away = set(work.db.execute(home).scalars())
    steps = [step for step in room.plan.steps if step.department not in away]
    changed = opened(steps, dict(room.row.answers), states)
    for code, state in changed.items():
        is_open = state is TaskState.OPEN
        due_at = now + minutes(limits[code], room.row) if is_open else None
        moved.append({"of": keys[code], "to": state, "opened": now if is_open else None, "due": due_at})
    if moved:
        values: dict[str, Any] = {
            "state": bindparam("to"),
            "opened_at": bindparam("opened"),
            "due_at": bindparam("due"),
        }
        work.db.execute(et.task.update().where(k.id == bindparam("of")).values(**values), moved)
    return changed


def _put_roles(work: Writing, room: Room, commander: str, now: datetime) -> None:
    rows = [
        {
            "emergency_id": room.row.id,
            "role": role.code,
            "holder": commander if role.code == "commander" else None,
            "since": now if role.code == "commander" else None,
        }
        for role in room.plan.roles
    ]
    work.db.execute(insert(et.role), rows)


def put_tasks(work: Writing, room: Room, departments: Collection[str]) -> list[Step]:
    """Write down what the plan wants of these departments at the level in force and is not there yet; returns it. The
    tasks wait; `open_tasks` opens them."""
    k = et.task.c
    there = set(work.db.execute(select(k.code).where(k.emergency_id == room.row.id)).scalars())
    steps = [step for step in room.plan.steps_of(departments, room.row.level) if step.code not in there]
    names = ("code", "department", "text", "text_en", "objective", "life", "minutes")
    rows = [
        {"emergency_id": room.row.id, "state": TaskState.WAITING, **{name: getattr(step, name) for name in names}}
        for step in steps
    ]
    if rows:
        work.db.execute(insert(et.task), rows)
    return steps


def _known_answers(plan: Any, answers: Mapping[str, str]) -> dict[str, str]:
    options = {question.code: [option.code for option in question.options] for question in plan.questions}
    for question, answer in answers.items():
        if answer not in options.get(question, ()):
            raise Refused(
                say(
                    "The plan {code} does not know the answer {answer!r} to {question!r}.",
                    code=plan.code,
                    answer=answer,
                    question=question,
                ),
                "answers",
            )
    return dict(answers)


def _place(work: Writing, wanted: Start) -> dict[str, Any]:
    """Where it is: a case's place, a camera's, a point, an area, or nowhere yet."""
    place: dict[str, Any] = {
        "longitude": wanted.longitude,
        "latitude": wanted.latitude,
        "area": wanted.area,
        "town": None,
        "address": wanted.address,
        "title": "",
    }
    if wanted.origin not in ORIGINS:
        raise Refused(
            say(
                "'origin' must be {expected}, not {origin!r}.",
                expected=terms(ORIGINS, "emergency.origin"),
                origin=wanted.origin,
            ),
            "origin",
        )
    if wanted.origin == "case":
        place |= _of_case(work, wanted.reference)
    elif wanted.origin == "camera":
        place |= _of_camera(work, wanted.reference)
    if (place["longitude"] is None) != (place["latitude"] is None):
        raise Refused("A point has a longitude and a latitude.", "longitude")
    if place["longitude"] is None and place["area"] is None:
        if wanted.origin == "point":
            raise Refused("A point has a longitude and a latitude.", "longitude")
        return place
    found, _ = work.rules.place(place["longitude"], place["latitude"], place["area"])
    if found is not None:
        place |= {"area": found.code, "town": found.town}
    if place["longitude"] is None and place["area"] is not None:
        label = work.db.execute(select(t.area.c.label).where(t.area.c.code == place["area"])).scalar()
        if label:
            place |= {"longitude": label[0], "latitude": label[1]}
    return place


def _of_case(work: Writing, code: str) -> dict[str, Any]:
    case = work.db.execute(select(t.cases).where(t.cases.c.code == code)).first()
    if case is None:
        raise Refused(say("There is no case {code!r}.", code=code), "reference")
    names = ("longitude", "latitude", "area", "address", "title")
    return {name: getattr(case, name) for name in names}


def _of_camera(work: Writing, camera: str) -> dict[str, Any]:
    c = t.camera.c
    row = work.db.execute(select(c.longitude, c.latitude, c.area, c.name).where(c.id == camera)).first()
    if row is None:
        raise Refused(say("There is no camera {camera!r}.", camera=camera), "reference")
    return {"longitude": row.longitude, "latitude": row.latitude, "area": row.area, "address": row.name}
