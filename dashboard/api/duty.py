"""Duty: rounds that grid workers tick, and the sheet by which one shift hands over to the next."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request
from flask_openapi3.blueprint import APIBlueprint

from config.sentences import say
from dashboard.api import shapes_duty as shapes
from dashboard.problems import Problem, demand_whole_county
from dashboard.services import Services, services, visitor
from models import accounts, desk
from models.accounts import Visitor
from models.duty import handover, rounds, ticks
from models.moves import Refused
from models.reference import county_rules
from models.timebase import real_now


def register(api: APIBlueprint) -> None:
    """Add the routes."""
    api.post("/rounds", summary="A round was made", responses={200: shapes.RoundAnswer, 201: shapes.RoundAnswer})(
        _round
    )
    api.post("/handovers", summary="Sign a hand-over sheet", responses={201: shapes.SheetAnswer})(_hand_over)
    api.post("/handovers/<number>/actions/receive", summary="Take a shift over", responses={200: shapes.SheetAnswer})(
        _receive
    )


# --- rounds ----------------------------------------------------------------------------------------------------------


def _round(body: shapes.RoundBody) -> tuple[Response, int]:
    """201 for a new one; 200 where this round was ticked before, which changes nothing."""
    row, made = tick_round(body, visitor())
    told = shapes.RoundAnswer(area=row.area, slot=row.slot, period=row.period.isoformat(), happened_at=row.happened_at)
    return jsonify(told.model_dump(mode="json")), 201 if made else 200


def tick_round(body: shapes.RoundBody, who: Visitor) -> tuple[Any, bool]:
    """Note a round of the visitor's own grid.

    Raises:
        Refused: another grid, no such slot, or a time outside its hours.
    """
    parts, now = services(), services().clock.now()
    area = body.area or who.area
    if area is None or area != who.area:
        raise Refused("A round is ticked for the account's own grid.", "area")
    found = parts.directory().areas.get(area)
    if found is None or found["level"] != "grid":
        raise Refused(say("There is no grid {area!r}.", area=area), "area")
    slot = rounds.slot_of(rounds.slots_of(parts.directory().county), body.slot)
    happened_at = body.happened_at or now
    period = rounds.tickable(slot, happened_at, now, parts.zone)
    with parts.store.write() as connection:
        return ticks.tick(
            connection, area, slot.code, period,
            happened_at=happened_at, real=real_now(), account=who.name, finding=body.finding,
        )  # fmt: skip


# --- hand-over -------------------------------------------------------------------------------------------------------


def current(parts: Services) -> tuple[dict[str, list[Any]], Any, Any]:
    """The lists as they stand now, from when on something is new, and the moment."""
    moment = parts.moment()
    with desk.steady(parts.store) as connection:
        since = handover.last_cut(connection, moment.now)
        return handover.lists(connection, moment, since, _adjudicate_after(connection), visitor().actor), since, moment


def heads(parts: Services, size: int) -> tuple[dict[str, handover.Part], Any, Any]:
    """The beginnings of the lists as they stand now with their lengths, from when on something is new, and the moment."""
    moment = parts.moment()
    with desk.steady(parts.store) as connection:
        since = handover.last_cut(connection, moment.now)
        after = _adjudicate_after(connection)
        return handover.heads(connection, moment, since, after, visitor().actor, size), since, moment


def part(parts: Services, name: str, first: int, size: int) -> tuple[handover.Part, Any]:
    """A page of one list as it stands now, and the moment."""
    moment = parts.moment()
    with desk.steady(parts.store) as connection:
        since, after = handover.last_cut(connection, moment.now), _adjudicate_after(connection)
        found = handover.part(connection, name, moment, since, after, visitor().actor, first=first, size=size)
    return found, moment


def _adjudicate_after(connection: Any) -> int:
    return county_rules(connection).hand_back.adjudicate_after


def _hand_over(body: shapes.HandoverBody) -> tuple[Response, int]:
    """The cut is now: the lists are read as of one moment and kept with the sheet."""
    who = visitor()
    demand_whole_county(who)
    lists, since, moment = current(services())
    with services().store.write() as connection:
        number = handover.make(
            connection, lists,
            since=since, cut_at=moment.now, real=real_now(), outgoing=body.outgoing, account=who.name, note=body.note,
        )  # fmt: skip
        _audit(connection, "handover.sign", number, body.outgoing)
        sheet = handover.one(connection, number)
    return jsonify(answer(sheet).model_dump(mode="json")), 201


def _receive(path: shapes.SheetPath, body: shapes.ReceiveBody) -> Response:
    """Who comes signs with a name of their own; afterwards the sheet is closed for good."""
    who = visitor()
    demand_whole_county(who)
    with services().store.write() as connection:
        if handover.one(connection, path.number) is None:
            raise Problem(404, say("There is no hand-over sheet {number}.", number=path.number), field="number")
        handover.receive(
            connection, path.number, real=real_now(), incoming=body.incoming, account=who.name, note=body.note
        )
        _audit(connection, "handover.receive", path.number, body.incoming)
        sheet = handover.one(connection, path.number)
    return jsonify(answer(sheet).model_dump(mode="json"))


def answer(sheet: Any) -> shapes.SheetAnswer:
    """A sheet, as the API tells it."""
    return shapes.SheetAnswer(
        number=sheet.id,
        cut_at=sheet.cut_at,
        figures={name: len(rows) for name, rows in sheet.body.items()},
        outgoing=sheet.outgoing,
        incoming=sheet.incoming,
        received_at=sheet.received_at,
    )


def _audit(connection: Any, act: str, number: int, name: str) -> None:
    who = visitor()
    accounts.audit(
        connection, who.name, who.role, act, real_now(),
        object=str(number), address=request.remote_addr or "", detail={"signed": name},
    )  # fmt: skip
