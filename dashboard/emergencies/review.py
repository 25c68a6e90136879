"""After the event: time line, times against the plan, who knew what when, the score; as a value and as an Excel file."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from flask import Flask, Response, g

from dashboard.emergencies.reading import known
from dashboard.emergencies.wording import words
from dashboard.evaluation.workbook import MEDIA_TYPE, plain
from dashboard.services import Services, services, visitor
from models import accounts, chain
from models.accounts import Visitor
from models.emergencies import listing, nearby
from models.emergencies import tables as et
from models.emergencies.drafting import Took, Words, sentence, times_of
from models.emergencies.rooms import Room
from models.emergencies.scoring import Score, score
from models.timebase import real_now


@dataclass(frozen=True)
class Review:
    """Everything that a review shows."""

    room: Room
    say: Words
    lines: list[tuple[Any, str]]
    times: list[tuple[str, list[Took]]]
    told: list[Any]
    score: Score
    whole: bool
    """Whether the chain of the log is unbroken."""


def register(server: Flask) -> None:
    """Add the route."""
    server.add_url_rule("/emergencies/<number>/review.xlsx", "emergency_review", _xlsx)


def review(parts: Services, who: Visitor, number: str, language: str) -> Review:
    """The review of an emergency.

    Raises:
        Problem: 404 where there is none for this visitor.
    """
    room = known(parts, who, number)
    say = words(parts.catalogue.texts(language), language, parts.directory(), parts.zone, room.plan)
    with parts.store.read() as connection:
        lines = listing.log(connection, room.row.id)
        told = list(nearby.told(connection, room.row.id))
        whole = not any(chain.faults(connection, et.log, "Log"))
    until = room.row.ended_at or parts.clock.now()
    return Review(
        room=room,
        say=say,
        lines=[(line, sentence(line, say)) for line in lines],
        times=[(say.department(one.department), times_of(one)) for one in room.parties],
        told=told,
        score=score(room.parties, room.tasks, until),
        whole=whole,
    )


def _xlsx(number: str) -> Response:
    parts, who = services(), visitor()
    found = review(parts, who, number, g.language)
    with parts.store.write() as connection:
        accounts.audit(connection, who.name, who.role, "export.emergency", real_now(), object=number)
    response = Response(workbook(found), mimetype=MEDIA_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{number}.xlsx"'
    return response


def workbook(found: Review) -> bytes:
    """Three sheets: the time line, the times against the plan, who knew what when."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    say = found.say
    with xlsxwriter.Workbook(out, options) as book:
        rows = [[say.time(line.at), line.actor, text] for line, text in found.lines]
        head = [say.text("emergency.started_at"), say.text("emergency.review.who"), say.text("emergency.review.what")]
        _sheet(book, say.text("emergency.review.timeline"), head, rows)
        times = [_took(say, name, one) for name, took in found.times for one in took]
        head = [
            say.text(f"emergency.{key}")
            for key in ("matrix.department", "panel.matrix", "review.planned", "review.took", "matrix.in_time")
        ]
        _sheet(book, say.text("emergency.review.times"), head, times)
        told = [
            [
                say.time(one.at),
                say.text(f"ladder.reason.{one.reason}"),
                one.recipient or say.text("emergency.nobody"),
                one.channel,
                say.time(one.opened_at) if one.opened_at else "—",
                say.time(one.acknowledged_at) if one.acknowledged_at else "—",
            ]
            for one in found.told
        ]
        keys = ("started_at", "review.what", "review.who", "review.told", "review.opened", "review.answered")
        _sheet(book, say.text("emergency.review.known"), [say.text(f"emergency.{key}") for key in keys], told)
    return out.getvalue()


def _took(say: Words, name: str, one: Took) -> list[str]:
    reached = one.seconds is not None
    judged = say.text("emergency.matrix.not_in_time" if one.late else "emergency.matrix.in_time")
    stage = say.text(f"emergency.progress.{one.stage}")
    took = say.length(one.seconds) if one.seconds is not None else "—"
    return [name, stage, say.length(one.planned), took, judged if reached else "—"]


def _sheet(book: Any, name: str, head: list[str], rows: list[list[str]]) -> None:
    sheet = book.add_worksheet(name[:31])
    bold = book.add_format({"bold": True, "bottom": 1, "bg_color": "#DCE9F7"})
    for column, text in enumerate(head):
        sheet.write_string(0, column, plain(text), bold)
    for row, cells in enumerate(rows, 1):
        for column, text in enumerate(cells):
            sheet.write_string(row, column, plain(str(text)))
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(head) - 1, 22)
    sheet.set_column(len(head) - 1, len(head) - 1, 60 if len(head) == 3 else 22)
