"""A room as JSON: the same for everybody in a language, made once per version, and what this reader may do in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Flask, Response, g, jsonify

from config.plans import Plan
from config.sentences import say
from dashboard.emergencies.wording import title_of, words
from dashboard.problems import Problem
from dashboard.services import Services, services, visitor
from models import desk
from models.accounts import Visitor
from models.deskwork.nearby import nearest
from models.directory import Directory
from models.emergencies import listing, nearby, rooms
from models.emergencies.acting import may_see
from models.emergencies.agenda import report_timers
from models.emergencies.drafting import Words, sentence
from models.emergencies.facade import rules_of
from models.emergencies.moves import open_moves
from models.emergencies.nouns import TaskState
from models.emergencies.rooms import Room, standing_of
from models.messages import iso
from models.moves import Role

CAMERAS, FURTHEST = 6, 3_000.0
LINES = 300
TIMES = (
    "happened_at", "started_at", "confirm_due_at", "running_at", "phoned_at", "ended_at", "cancelled_at",
)  # fmt: skip
PARTY_TIMES = tuple(
    f"{stage}{end}" for stage in ("received", "departed", "arrived", "done") for end in ("_at", "_due_at")
)


def register(server: Flask) -> None:
    """Add the routes."""
    server.add_url_rule("/live/emergencies", "live_emergencies", lambda: jsonify(**overview(services(), visitor())))
    server.add_url_rule("/live/emergencies/<number>", "live_emergency", _room)


def _room(number: str) -> Response:
    parts, who = services(), visitor()
    room = _standing(parts, who, number)
    _, confirmation = rules_of(parts.directory().county)
    mine = {
        "actions": open_moves(standing_of(room, confirmation.second, parts.rules().departments), who.actor),
        "role": str(who.role),
        "department": who.department,
        "name": who.name,
        "roles": [one.role for one in room.roles if one.offered_to == who.name],
    }
    county = parts.clock.now()
    line = parts.clock.line()
    body = {"mine": mine, "county_at": iso(county), "speed": line.speed if line else 1.0, "id": str(room.row.version)}
    key = number, room.row.version, g.language
    whole = parts.shelves.rooms_told.of(key, lambda: json.dumps(told(parts, room, g.language), ensure_ascii=False))
    return Response(f'{json.dumps(body, ensure_ascii=False)[:-1]},"room":{whole}}}', mimetype="application/json")


def _standing(parts: Services, who: Visitor, number: str) -> Room:
    """The room, read whole only where its version has moved on: fifty screens that ask after one change cost one room.

    Raises:
        Problem: 404 where there is none for this visitor.
    """
    _demand_number(number)
    with parts.store.read() as connection:
        version = rooms.version_of(connection, number)
    room = parts.shelves.rooms.of((number, version), lambda: known(parts, who, number))
    if not may_see(room, who.actor):
        raise no_emergency(number)
    return room


def _demand_number(number: str) -> None:
    if not number.isprintable() or len(number) > 32:
        raise no_emergency(number)


def known(parts: Services, who: Visitor, number: str) -> Room:
    """The room, read now.

    Raises:
        Problem: 404 where there is none for this visitor.
    """
    _demand_number(number)
    with desk.steady(parts.store) as connection:
        row = rooms.find(connection, number)
        room = rooms.read(connection, row) if row is not None else None
    if room is None or not may_see(room, who.actor):
        raise no_emergency(number)
    return room


def no_emergency(number: str) -> Problem:
    """The same words whether it does not exist or may not be known."""
    return Problem(404, say("There is no emergency {number!r}.", number=number[:32]), field="number")


# --- what a room says ------------------------------------------------------------------------------------------------


def told(parts: Services, room: Room, language: str) -> dict[str, Any]:
    """The whole room in one language."""
    directory = parts.directory()
    say = words(parts.catalogue.texts(language), language, directory, parts.zone, room.plan)
    row, plan = room.row, room.plan
    timers, confirmation = rules_of(directory.county)
    with parts.store.read() as connection:
        lines = listing.log(connection, row.id)
        contacts = {one.code: one for one in listing.contacts(connection, [one.department for one in room.parties])}
        people = nearby.accounts(connection)
        near = nearby.Around((), (), {})
        if row.longitude is not None:
            near = nearby.around(connection, row.longitude, row.latitude, row.radius_m)
    rungs = directory.county.get("escalation", {}).get("rungs", ())
    return {
        **brief(row, say),
        "note": row.note,
        "origin": row.origin,
        "reference": row.reference,
        "started_by": row.started_by,
        "confirmed_by": row.confirmed_by,
        "ended_by": row.ended_by,
        "cancelled_by": row.cancelled_by,
        "life": row.life,
        "ratified": row.ratified,
        "second": confirmation.second,
        **{name: _at(getattr(row, name)) for name in TIMES},
        "plan_name": say.plan(plan),
        "questions": _questions(plan, row.answers, say),
        "objectives": [
            {"code": one.code, "text": say.named("objective", one.code), "met_at": row.objectives.get(one.code)}
            for one in plan.objectives
        ],
        "roles": [
            {
                "code": one.role,
                "name": say.named("role", one.role),
                "holder": one.holder,
                "since": _at(one.since),
                "offered_to": one.offered_to,
            }
            for one in sorted(room.roles, key=lambda one: [role.code for role in plan.roles].index(one.role))
        ],
        "people": [{"name": one.name, "role": say.text(f"common.role.{one.role}")} for one in people],
        "parties": [_party(one, room, say, contacts.get(one.department), rungs, lines) for one in room.parties],
        "tasks": [_task(one, plan, say) for one in room.tasks],
        "log": [
            {"id": line.id, "at": iso(line.at), "act": line.act, "actor": line.actor, "department": line.department,
             "text": sentence(line, say)}
            for line in lines[-LINES:]
        ],
        "reports": [_report(one, room, say) for one in room.reports],
        "timers": [
            {"kind": one.kind, "due_at": iso(one.due_at), "done_at": _at(one.done_at)}
            for one in report_timers(row, room.reports, plan, timers)
        ],
        "departments": [
            {"code": code, "name": say.department(code)}
            for code in directory.departments
            if code not in {one.department for one in room.parties if one.state != "released"}
        ],
        "conference": directory.county.get("emergency", {}).get("conference", ""),
        "cameras": _cameras(directory, row, say),
        "cases": [
            {"code": one.code, "title": one.title, "level": one.level, "stage": one.stage, "metres": round(metres),
             "longitude": one.longitude, "latitude": one.latitude, "department": say.department(one.department or "")}
            for one, metres in near.cases
        ],
        "grids": [_grid(one, metres, near.posts, directory, say) for one, metres in near.grids],
    }  # fmt: skip


def _at(moment: datetime | None) -> str | None:
    return iso(moment) if moment is not None else None


def brief(row: Any, say: Words) -> dict[str, Any]:
    """What a list and the wall show of an emergency."""
    named = (
        "number",
        "version",
        "drill",
        "state",
        "level",
        "lead",
        "longitude",
        "latitude",
        "radius_m",
        "perimeter",
        "plan",
    )
    return {
        **{name: getattr(row, name) for name in named},
        "title": title_of(row, say.language),
        "area": row.area,
        "place": say.place(row),
        "lead_name": say.department(row.lead),
        "started_at": iso(row.started_at),
        "running_at": _at(row.running_at),
        "ended_at": _at(row.ended_at),
    }


def _questions(plan: Plan, answers: Mapping[str, str], say: Words) -> list[dict[str, Any]]:
    return [
        {
            "code": one.code,
            "text": say.named("question", one.code),
            "answer": answers.get(one.code),
            "options": [
                {"code": option.code, "text": say.named(f"option:{one.code}", option.code)} for option in one.options
            ],
        }
        for one in plan.questions
    ]


def _party(
    party: Any, room: Room, say: Words, contact: Any, rungs: Sequence[Mapping[str, Any]], lines: Sequence[Any]
) -> dict[str, Any]:
    tasks = [one for one in room.tasks if one.department == party.department]
    counted = [one for one in tasks if one.state in (TaskState.OPEN, TaskState.DONE, TaskState.SKIPPED)]
    calls = [
        line for line in lines
        if line.department == party.department and line.act == "contact-called" and line.at >= party.called_at
    ]  # fmt: skip
    english = say.language == "en"
    desk_name = ((contact.desk_en if english else "") or contact.desk) if contact else ""
    names = {rung["role"]: (rung.get("name_en") if english else "") or rung.get("name", "") for rung in rungs}
    return {
        "department": party.department,
        "name": say.department(party.department),
        "state": party.state,
        "lead": party.department == room.row.lead,
        "called_at": iso(party.called_at),
        **{name: _at(getattr(party, name)) for name in PARTY_TIMES},
        "result": party.result,
        "rung": calls[-1].detail.get("rung") if calls and party.state == "called" else None,
        "rung_name": names.get(calls[-1].detail.get("contact", ""), "") if calls else "",
        "desk": desk_name,
        "phone": contact.phone if contact else "",
        "contacts": [
            {"name": names.get(one["role"], one["role"]), "phone": one["phone"]}
            for one in (contact.contacts if contact else ())
        ],
        "tasks_done": sum(one.state in (TaskState.DONE, TaskState.SKIPPED) for one in counted),
        "tasks_all": len(counted),
    }


def _task(task: Any, plan: Plan, say: Words) -> dict[str, Any]:
    step = next((one for one in plan.steps if one.code == task.code), None)
    waits = ""
    if task.state == TaskState.WAITING and step is not None:
        if step.when is not None:
            answer = say.named(f"option:{step.when.question}", step.when.answer)
            waits = f"{say.named('question', step.when.question)} {answer}"
        elif step.after is not None:
            before = next(one for one in plan.steps if one.code == step.after)
            waits = before.text_en if say.language == "en" else before.text
    return {
        "code": task.code,
        "department": task.department,
        "name": say.department(task.department),
        "text": (task.text_en if say.language == "en" else "") or task.text,
        "objective": task.objective,
        "life": task.life,
        "state": task.state,
        "minutes": task.minutes,
        "waits": waits,
        "opened_at": _at(task.opened_at),
        "due_at": _at(task.due_at),
        "ended_at": _at(task.ended_at),
        "ended_by": task.ended_by,
        "result": task.result,
    }


def report_name(report: Any, reports: Sequence[Any], say: Words) -> str:
    """初报, 续报 n, 终报."""
    if report.kind != "follow-up":
        return say.text(f"emergency.report.{report.kind}")
    before = [one for one in reports if one.kind == "follow-up" and one.number <= report.number]
    return say.text("emergency.report.follow_up_title", n=len(before))


def _report(report: Any, room: Room, say: Words) -> dict[str, Any]:
    return {
        "number": report.number,
        "kind": report.kind,
        "name": report_name(report, room.reports, say),
        "elements": [
            {"key": key, "label": say.text(f"emergency.element.{key}"), "text": text} for key, text in report.elements
        ],
        "drafted_by": report.drafted_by,
        "drafted_at": iso(report.drafted_at),
        "edited_by": report.edited_by,
        "sent_at": _at(report.sent_at),
        "sent_by": report.sent_by,
        "sent_to": report.sent_to,
    }


def _cameras(directory: Directory, row: Any, say: Words) -> list[dict[str, Any]]:
    """The nearest cameras whose register is complete, within twice the perimeter and three kilometres at the least."""
    reach = max(FURTHEST, 2.0 * row.radius_m)
    found = nearest(directory.cameras, row.longitude, row.latitude, row.area, CAMERAS, reach)
    shown = [(directory.cameras[one.camera], one.metres) for one in found]
    return [
        {
            "id": camera["id"],
            "name": (camera["name_en"] if say.language == "en" else "") or camera["name"],
            "metres": round(metres) if metres is not None else None,
            "longitude": camera["longitude"],
            "latitude": camera["latitude"],
        }
        for camera, metres in shown
    ]


def _grid(
    grid: Any, metres: float, posts: Mapping[str, Sequence[Any]], directory: Directory, say: Words
) -> dict[str, Any]:
    titles = {one["code"]: one for one in directory.county.get("post_titles", ())}
    name = "name_en" if say.language == "en" else "name"
    return {
        "code": grid.code,
        "name": (grid.name_en if say.language == "en" else "") or grid.name,
        "metres": round(metres),
        "longitude": grid.label[0],
        "latitude": grid.label[1],
        "posts": [
            {"name": titles.get(one.post, {}).get(name, one.post), "filled": one.filled, "required": one.required}
            for one in posts.get(grid.code, ())
            if one.filled
        ],
    }


# --- lists -----------------------------------------------------------------------------------------------------------


def overview(parts: Services, who: Visitor) -> dict[str, Any]:
    """Everything with a mark on the screens, with its matrix: what the wall paints."""
    directory = parts.directory()
    say = words(parts.catalogue.texts(g.language), g.language, directory, parts.zone, None)
    with desk.steady(parts.store) as connection:
        rows = listing.active(connection, who.actor)
        parties = listing.parties(connection, [row.id for row in rows]) if rows else []
    shown = [
        {
            **brief(row, say),
            "confirm_due_at": _at(row.confirm_due_at),
            "parties": [
                {
                    "department": one.department,
                    "name": say.department(one.department),
                    "state": one.state,
                    "lead": one.department == row.lead,
                    **{name: _at(getattr(one, name)) for name in PARTY_TIMES},
                }
                for one in parties
                if one.emergency_id == row.id
            ],
            "cameras": _cameras(directory, row, say) if who.role is not Role.DEPARTMENT else [],
        }
        for row in rows
    ]
    return {"county_at": iso(parts.clock.now()), "emergencies": shown}
