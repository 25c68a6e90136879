"""A room as it is stored: its rows read together, what the table of moves must know of it, and how a line is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from config.plans import Plan
from config.sentences import say
from config.tables import adapter
from models import chain
from models import tables as t
from models.door.writing import Conflict, Writing
from models.emergencies import tables as et
from models.emergencies.agenda import Terms, Timers, dues
from models.emergencies.nouns import Progress, RoleNow, Standing, State, TaskNow, TaskState
from models.ladder import tables as lt
from models.masking import masked
from models.moves import Actor, Refused
from models.reference import PLANS, put_document


@dataclass
class Room:
    """The rows of one emergency. Consequences change the database; `reload` reads them anew."""

    row: Row[Any]
    plan: Plan
    parties: Sequence[Row[Any]]
    tasks: Sequence[Row[Any]]
    roles: Sequence[Row[Any]]
    reports: Sequence[Row[Any]]
    told: Mapping[str, datetime]
    """Step → when it was told."""

    def party(self, department: str | None) -> Row[Any]:
        """The department's row."""
        return next(one for one in self.parties if one.department == department)

    def task(self, code: object) -> Row[Any]:
        """The task of this code."""
        return next(one for one in self.tasks if one.code == code)

    def report(self, number: object) -> Row[Any]:
        """The report of this number."""
        return next(one for one in self.reports if one.number == number)


def plan_of(body: Any) -> Plan:
    """A plan from its stored document."""
    return adapter(Plan).validate_python(body)


def plan_body(plan: Plan) -> Any:
    """A plan as the document that is stored of it."""
    return adapter(Plan).dump_python(plan, mode="json")


def plans(connection: Connection) -> Mapping[str, Plan]:
    """The county's plans, without the departments that it does not have; a plan whose lead is missing is led by the
    first that is there, one with nobody left is left out."""
    known = set(connection.execute(select(t.department.c.code)).scalars())
    found = {code: fitted(one, known) for code, one in stored_plans(connection).items()}
    return {code: plan for code, plan in found.items() if plan is not None}


def stored_plans(connection: Connection) -> Mapping[str, Plan]:
    """The county's plans as they were written."""
    body = connection.execute(select(t.rules.c.body).where(t.rules.c.name == PLANS)).scalar() or {}
    return {code: plan_of(one) for code, one in body.items()}


def store_plans(connection: Connection, found: Mapping[str, Plan]) -> None:
    """Keep these plans and no others, in the order of their codes."""
    put_document(connection, PLANS, {code: plan_body(found[code]) for code in sorted(found)})


def fitted(plan: Plan, known: set[str]) -> Plan | None:
    """The plan with those of its departments that there are."""
    if set(plan.departments) <= known:
        return plan
    there = [code for code in plan.departments if code in known]
    if not there:
        return None
    whole = plan_body(plan)
    steps = [step for step in whole["steps"] if step["department"] in known]
    codes = {step["code"] for step in steps}
    whole["steps"] = [{**step, "after": step["after"] if step["after"] in codes else None} for step in steps]
    whole["parties"] = [party for party in whole["parties"] if party["department"] in known] or [
        {"department": there[0]}
    ]
    whole["lead"] = plan.lead if plan.lead in known else there[0]
    return adapter(Plan).validate_python(whole) if steps else None


def read(connection: Connection, row: Row[Any]) -> Room:
    """The whole room of an emergency's row."""
    n = lt.notification.c
    of = {
        name: connection.execute(select(table).where(table.c.emergency_id == row.id).order_by(order)).all()
        for name, table, order in (
            ("parties", et.party, et.party.c.id),
            ("tasks", et.task, et.task.c.id),
            ("roles", et.role, et.role.c.role),
            ("reports", et.report, et.report.c.number),
        )
    }
    told = connection.execute(select(n.step, n.at).where(n.emergency_id == row.id)).all()
    return Room(row=row, plan=plan_of(row.plan_body), told={one.step: one.at for one in told}, **of)


def find(connection: Connection, number: str) -> Row[Any] | None:
    """The row of an emergency."""
    return connection.execute(select(et.emergency).where(et.emergency.c.number == number)).first()


def version_of(connection: Connection, number: str) -> int | None:
    """How often an emergency was changed; None where there is none."""
    e = et.emergency.c
    return connection.execute(select(e.version).where(e.number == number)).scalar()


def locked(work: Writing, number: str) -> Room:
    """The room, its row locked until the transaction ends.

    Raises:
        Refused: there is none (its field is `number`).
    """
    row = work.db.execute(select(et.emergency).where(et.emergency.c.number == number).with_for_update()).first()
    if row is None:
        raise Refused(say("There is no emergency {number!r}.", number=number), "number")
    return read(work.db, row)


def standing_of(room: Room, second: bool, departments: frozenset[str]) -> Standing:
    """What the table of moves must know."""
    row = room.row
    return Standing(
        state=State(row.state),
        starter=row.started_by,
        level=row.level,
        lead=row.lead,
        second=second,
        life=row.life,
        ratified=row.ratified,
        phoned=row.phoned_at is not None or any(report.sent_at is not None for report in room.reports),
        parties={one.department: Progress(one.state) for one in room.parties},
        tasks={one.code: TaskNow(TaskState(one.state), one.department) for one in room.tasks},
        roles={one.role: RoleNow(one.holder, one.offered_to) for one in room.roles},
        questions={one.code: tuple(option.code for option in one.options) for one in room.plan.questions},
        answers=dict(row.answers),
        objectives={one.code: one.code in row.objectives for one in room.plan.objectives},
        reports={one.number: one.sent_at is not None for one in room.reports},
        departments=departments,
    )


def change(work: Writing, room: Room, **values: Any) -> Row[Any]:
    """Compare-and-set of the emergency's row.

    Raises:
        Conflict: it is not as it was read any more.
    """
    e = et.emergency.c
    known = update(et.emergency).where(e.id == room.row.id, e.version == room.row.version)
    row = work.db.execute(known.values(version=room.row.version + 1, **values).returning(*e)).first()
    if row is None:
        raise Conflict(room.row.number)
    room.row = row
    return row


def write(
    work: Writing,
    row: Row[Any],
    actor: Actor,
    now: datetime,
    act: str,
    *,
    department: str | None = None,
    note: str = "",
    **detail: Any,
) -> int:
    """Append a line to the log; returns its number."""
    return chain.append(
        work.db,
        et.log,
        {
            "emergency_id": row.id,
            "at": now,
            "entered_at": work.real,
            "actor": actor.name,
            "role": str(actor.role),
            "act": act,
            "department": department or "",
            "note": masked(note),
            "detail": {name: value for name, value in detail.items() if value not in (None, "")},
        },
    )


def reload(work: Writing, room: Room) -> Room:
    """The room as it stands now in this transaction."""
    row = work.db.execute(select(et.emergency).where(et.emergency.c.id == room.row.id)).one()
    return read(work.db, row)


def set_clock(work: Writing, room: Room, timers: Timers, now: datetime) -> Room:
    """Write down when a clock of this emergency acts next."""
    fresh = reload(work, room)
    coming = agenda_of(work, fresh, timers, now)
    at = coming[0].at if coming else None
    e = et.emergency.c
    if at != fresh.row.next_clock_at:
        statement = update(et.emergency).where(e.id == fresh.row.id).values(next_clock_at=at).returning(*e)
        fresh.row = work.db.execute(statement).one()
    return fresh


def agenda_of(work: Writing, room: Room, timers: Timers, now: datetime) -> Sequence[Any]:
    """Everything that is still to come; see `agenda.dues`."""
    rules = work.rules
    terms = Terms(room.row, room.plan, room.told, rules.ladder, rules.calendar, timers, now)
    return dues(terms, room.parties, room.tasks, room.reports)


def fact_fields(room: Room, at: datetime) -> dict[str, Any]:
    """The fields of every fact about an emergency."""
    row = room.row
    named = ("title", "plan", "level", "state", "drill", "lead", "longitude", "latitude", "radius_m", "version")
    return {
        "at": at,
        "emergency": row.number,
        "departments": [one.department for one in room.parties],
        "started_at": row.started_at,
        **{name: getattr(row, name) for name in named},
    }


def place_of(row: Row[Any]) -> tuple[str | None, str | None]:
    """Grid and town, for whom of the centre is told."""
    return (row.area, row.town)
