"""Names, figures and facts: what a client system reads besides cases."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint

from dashboard.api import shapes
from dashboard.problems import Problem, demand_whole_county
from dashboard.services import services, visitor
from models import desk, figures, outbox
from models.accounts import Visitor
from models.directory import Names
from models.messages import Figures
from models.moves import Role
from models.timebase import real_now

_AREA = ("code", "name", "name_en", "level", "parent", "town")
_DEPARTMENT = ("code", "name", "name_en", "short", "short_en")
_CATEGORY = ("code", "parent", "name", "name_en", "department", "level", "limit_amount", "limit_unit", "leaf")
_SOURCE = ("code", "name", "name_en")


def register(api: APIBlueprint) -> None:
    """Add the routes."""
    api.get("/figures", summary="The county's figures now", responses={200: Figures})(_figures)
    api.get("/events", summary="Facts behind an id, in order", responses={200: shapes.EventPage})(_events)
    api.get("/cameras", summary="Cameras and their state", responses={200: shapes.CameraList})(_cameras)
    api.get("/departments", summary="Departments")(_departments)
    api.get("/areas", summary="Areas: towns, communities, grids")(_areas)
    api.get("/categories", summary="The category tree; reports take its leaves")(_categories)
    api.get("/sources", summary="Sources of reports")(_sources)


def _figures() -> Response:
    """Computed at this moment; every count is the length of a list of `GET /cases`."""
    demand_whole_county(visitor())
    parts = services()
    moment, towns = parts.moment(), parts.directory().towns
    with desk.steady(parts.store) as connection:
        number = outbox.last_number(connection)
        picture = figures.snapshot(connection, moment, number, real_now(), towns)
    return jsonify(picture.figures.model_dump(mode="json"))


def _events(query: shapes.EventQuery) -> Response:
    """All between `after` and `next` but what this visitor may not see; 410 once it is no longer kept."""
    with desk.steady(services().store) as connection:
        last = outbox.last_number(connection)
        first = outbox.first_kept(connection)
        found = outbox.facts_after(connection, query.after, query.limit)
    if query.after + 1 < first and last:
        raise Problem(
            410,
            "Facts this old are no longer kept: read the figures and go on from `last`.",
            field="after",
            last=str(last),
        )
    facts = [json.loads(body) for _, body in found]
    seen = shapes.EventPage(
        events=[fact for fact in facts if concerns(fact, visitor())],
        next=str(found[-1][0] if found else max(query.after, 0)),
        last=str(last),
    )
    return jsonify(seen.model_dump(mode="json"))


def concerns(fact: dict[str, Any], who: Visitor) -> bool:
    """Whether a visitor bound to an area or a department may see this fact. Pure; the same rule as `filters.scope`."""
    if "case" not in fact:
        return who.role is not Role.DEPARTMENT
    if who.area is not None and who.area not in (fact["area"], fact["town"]):
        return False
    return who.department is None or who.department == fact["department"]


def _cameras() -> Response:
    parts = services()
    with parts.store.read() as connection:
        states = desk.camera_states(connection)
    rows = [_camera(camera, states[code]) for code, camera in parts.directory().cameras.items() if code in states]
    return jsonify(shapes.CameraList(cameras=rows).model_dump(mode="json"))


def _camera(camera: Any, state: Any) -> shapes.CameraRow:
    names = ("id", "name", "name_en", "area", "longitude", "latitude", "registered")
    return shapes.CameraRow(
        **{name: camera[name] for name in names}, state=state.state, reason=state.reason, since=state.since
    )


def _departments() -> Response:
    return _listed("departments", services().directory().departments, _DEPARTMENT)


def _areas() -> Response:
    return _listed("areas", services().directory().areas, _AREA)


def _categories() -> Response:
    return _listed("categories", services().directory().categories, _CATEGORY)


def _sources() -> Response:
    return _listed("sources", services().directory().sources, _SOURCE)


def _listed(kind: str, rows: Names, columns: tuple[str, ...]) -> Response:
    return jsonify({kind: [{name: row[name] for name in columns} for row in rows.values()]})
