"""Opening cameras: the rights are asked, the ledger's line is written, and only then is anything handed out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, request

from config.sentences import say
from dashboard import casefile
from dashboard.problems import Problem
from dashboard.services import services
from models import queries
from models.accounts import Visitor
from models.timebase import real_now
from models.watching import ledger
from models.watching.ledger import Opening
from models.watching.register import subjects
from models.watching.rights import NAMED, Purpose, refusal
from streams.tickets import Ticket, issued


@dataclass(frozen=True)
class Opened:
    """What came of it: the ledger's line, what may be seen until when, and what was refused and why."""

    view: int
    at: datetime
    until: datetime
    cameras: tuple[str, ...]
    refused: Mapping[str, str]
    purpose: str
    """As ticket and watermark say it: `case:CODE`, `inspection`."""


def opened(who: Visitor, wanted: Opening, view: int | None = None) -> Opened:
    """Write the line for those of the wanted cameras that this visitor may open; where his open line `view` covers just
    this already, he goes on under it.

    Raises:
        Problem: 403 where it is none of them, 404 for a case unknown to this visitor, 422 for a purpose without its name.
    """
    _demand_words(who, wanted)
    now = real_now()
    with services().store.write() as connection:
        known = subjects(connection, now.date())
        reasons = {camera: refusal(who.role, who.area, known.get(camera), wanted.purpose) for camera in wanted.cameras}
        allowed = tuple(camera for camera in dict.fromkeys(wanted.cameras) if reasons[camera] is None)
        refused = {camera: why for camera, why in reasons.items() if why and not wanted.plan.startswith("patrol:")}
        if not allowed:
            raise refused_problem(refused)
        line = Opening(wanted.kind, wanted.purpose, allowed, wanted.reference, wanted.note, wanted.plan)
        still = ledger.continued(connection, view, line, who.actor, now) if view is not None else None
        if view is not None and still is not None:
            number, until = view, still
        else:
            number, until = ledger.write(connection, line, who.actor, now, request.remote_addr or "")
    name = f"{wanted.purpose}:{wanted.reference}" if wanted.reference else str(wanted.purpose)
    return Opened(number, now, until, allowed, refused, name)


def refused_problem(refused: Mapping[str, str]) -> Problem:
    """One sentence for a refusal; a single camera's reason is given, several cameras' as a list."""
    first = next(iter(refused.values()), "unknown")
    named = dict(list(refused.items())[:MOST_NAMED])
    return Problem(403, SENTENCES[first], field="cameras", reason=first, refused=named)


MOST_NAMED = 64
SENTENCES = {
    "purpose": "Your role may not open cameras for this purpose.",
    "unknown": "There is no such camera for you.",
    "register": "This camera's register is not complete: nobody may see it.",
    "review": "The review of this camera's masks is overdue: nobody may see it until they are reviewed.",
    "reserved": "This camera is reserved for other roles.",
}


def _demand_words(who: Visitor, wanted: Opening) -> None:
    if wanted.purpose in NAMED and not wanted.reference:
        raise Problem(
            422,
            say("The purpose {purpose} needs the case or emergency it is for.", purpose=wanted.purpose),
            field="reference",
        )
    if wanted.purpose is Purpose.MAINTENANCE and len(wanted.note) < 2:
        raise Problem(422, "The purpose maintenance needs a note that says what is done.", field="note")
    if wanted.purpose is Purpose.CASE:
        with services().store.read() as connection:
            if queries.case(connection, wanted.reference, who.actor) is None:
                raise casefile.no_case(wanted.reference)


def tickets(who: Visitor, done: Opened) -> dict[str, str]:
    """A ticket for each camera, for the live view (`streams.tickets`)."""
    secret = str(current_app.config["SECRET_KEY"])
    now = real_now()
    return {
        camera: issued(
            secret, Ticket.until(now, viewer=who.name, camera=camera, purpose=done.purpose, ledger=done.view)
        )
        for camera in done.cameras
    }


def as_words(done: Opened, who: Visitor, made: Mapping[str, str]) -> dict[str, Any]:
    """The answer of the API."""
    return {
        "view": done.view,
        "at": done.at,
        "until": done.until,
        "viewer": who.name,
        "purpose": done.purpose,
        "cameras": list(done.cameras),
        "refused": dict(done.refused),
        "tickets": dict(made),
    }


def chosen(cameras: Sequence[str]) -> tuple[str, ...]:
    """The cameras of a request, each once."""
    return tuple(dict.fromkeys(cameras))
