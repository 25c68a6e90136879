"""The grid worker's page: report with place and photo, tasks, rounds, own cases. Plain HTML; reports and rounds work
without any script. With scripts the page keeps itself and what is written on it, and sends later (`assets/phone/`)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from flask import Flask, g, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from dashboard import casefile
from dashboard.api.cases import act, attach
from dashboard.api.duty import tick_round
from dashboard.api.reports import accept
from dashboard.api.shapes import ActionBody, CaseRow, ReportBody
from dashboard.api.shapes_duty import RoundBody
from dashboard.clockface import face
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.problems import Problem
from dashboard.reader import page_context
from dashboard.services import services, visitor
from models import queries
from models.accounts import Visitor
from models.directory import Directory
from models.door import Conflict, standing_of
from models.duty import rounds, ticks
from models.filters import CaseFilter, FilterRefused
from models.messages import iso
from models.moves import Field, Move, Refused, Stage, open_moves

SHOWN = 20
TASKS = 50
DAYS = 7
"""Days of the small picture of one's own rounds, today the last."""
FIELDS = ("category", "description", "area", "address")
WORDS = (
    "here_finding", "here_found", "here_rough", "here_failed", "here_none", "here_clear", "here", "sending", "done", "again",
    "uncovered", "photo_failed", "settled", "round_kept", "move_kept", "offline", "offline_since", "no_keeping",
    "waiting", "being_sent", "refused_word", "login", "mend", "drop", "drop_sure", "queue_left", "photo_one",
    "overtaken", "retry", "settle_failed", "file_choose", "file_none", "full",
)  # fmt: skip
REFUSED = ("needed", "category", "description", "area", "settle_note", "file")
"""Words under a field that the page finds at fault before anything is sent."""
TOLD = "told"
"""What the page after a report says, kept in the form's signed cookie across the redirect."""


@dataclass(frozen=True)
class Note:
    """One line of news for the worker; `kind` is `good` or `bad`."""

    kind: str
    words: str


def register(server: Flask) -> None:
    """Add the routes."""
    server.add_url_rule("/grid", "grid", _show)
    server.add_url_rule("/grid/reports", "grid_report", _report, methods=["POST"])
    server.add_url_rule("/grid/rounds", "grid_round", _round, methods=["POST"])


def _show() -> ResponseReturnValue:
    told = session.pop(TOLD, [])
    return _page([Note(kind, words) for kind, words in told], {})


def _report() -> ResponseReturnValue:
    context = page_context()
    key = request.form.get("key", "")
    try:
        body = ReportBody.model_validate(given(request.form))
        outcome = accept(body, visitor(), by_token=g.by_token, key=key if key.isascii() and key.isalnum() else None)
    except (ValidationError, Refused, FilterRefused) as refusal:
        return _page([Note("bad", _refused(context, _blamed(refusal)))], request.form), 422
    case = outcome.case
    told = [("good", context.text("grid.done" if outcome.created else "grid.again", code=case.code))]
    if case.uncovered:
        told.append(("good", context.text("grid.uncovered")))
    told += _photo(context, case.code) + _settled(context, case.code)
    session[TOLD] = told
    return redirect("/grid", 303)


def _settled(context: PageContext, code: str) -> list[tuple[str, str]]:
    """Handled on the spot: the case is registered and closed at once."""
    note = request.form.get("settle_note", "").strip()
    if not request.form.get("settle"):
        return []
    try:
        act(code, "settle-on-the-spot", visitor(), ActionBody.model_validate({"note": note}))
    except (Problem, Refused, Conflict, ValidationError):
        return [("bad", context.text("grid.settle_failed"))]
    return [("good", context.text("grid.settled", code=code))]


def _round() -> ResponseReturnValue:
    context = page_context()
    given_ = {name: request.form[name] for name in ("slot", "finding") if request.form.get(name)}
    try:
        tick_round(RoundBody.model_validate(given_), visitor())
    except (ValidationError, Refused) as refusal:
        return _page([Note("bad", context.text("grid.round_refused", reason=str(refusal).splitlines()[0]))], {}), 422
    session[TOLD] = [("good", context.text("grid.round_kept"))]
    return redirect("/grid#rounds", 303)


def given(form: Mapping[str, str]) -> dict[str, Any]:
    """The fields of the form as the API would have them; a position goes before a chosen grid. Pure."""
    body: dict[str, Any] = {name: form[name].replace("\r\n", "\n") for name in FIELDS if form.get(name)}
    body.setdefault("description", "")
    point = {name: form[name] for name in ("longitude", "latitude") if form.get(name)}
    return body | {name: _number(value) for name, value in point.items()}


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _blamed(refusal: ValidationError | Refused | FilterRefused) -> str:
    if not isinstance(refusal, ValidationError):
        return refusal.field
    first = refusal.errors()[0]
    return str(first["loc"][0] if first["loc"] else first.get("ctx", {}).get("field", "other"))


def _refused(context: PageContext, field: str) -> str:
    return context.texts.get(f"grid.refused.{field}") or context.text("grid.refused.other")


def _photo(context: PageContext, code: str) -> list[tuple[str, str]]:
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return []
    try:
        attach(code, visitor(), upload.read())
    except (Problem, Refused):
        return [("bad", context.text("grid.photo_failed", reason=context.text("grid.refused.file")))]
    return []


# --- the page --------------------------------------------------------------------------------------------------------


def _page(notes: list[Note], form: Mapping[str, str]) -> str:
    context, directory, who = page_context(), services().directory(), visitor()
    mine = casefile.page(services(), who, CaseFilter(), after=None, size=SHOWN)
    tasks = _tasks(context, directory, who)
    area = directory.areas.get(who.area or "")
    no_photo = context.text("grid.photo_failed", reason=context.text("grid.refused.file"))
    spoken = {name: context.texts[f"grid.{name}"] for name in WORDS} | {"photo_failed": no_photo}
    spoken |= {f"refused_{name}": context.texts[f"grid.refused.{name}"] for name in REFUSED}
    return render_template(
        "grid.html",
        context=context,
        texts=context.texts,
        language=context.language,
        csrf=context.csrf,
        key=secrets.token_hex(16),
        notes=notes,
        spoken=json.dumps(spoken, ensure_ascii=False),
        given={"area": who.area, **form},
        categories=categories(context, directory),
        areas=areas(context, directory),
        grid=parts.name(context, area) if area else "",
        cases=[_case(context, directory, row, mine.as_of) for row in mine.cases],
        total=mine.total,
        tasks=tasks,
        rounds=_rounds(context, who.area, mine.as_of) if area else [],
        days=[f"{day:%d}" for day in _last_days(context, mine.as_of)],
        as_of=f"{mine.as_of.astimezone(parts.zone(context)):%H:%M}",
        as_of_iso=iso(mine.as_of),
    )


CHECKS = (Stage.VERIFYING, Stage.INSPECTING)
"""Stages in which the centre waits for a check on the spot: they stand first."""


def _tasks(context: PageContext, directory: Directory, who: Visitor) -> list[dict[str, Any]]:
    """The open cases that this worker can do something with, checks first; what can be done is the table of moves'."""
    moment, rules = services().moment(), services().rules()
    with services().store.read() as connection:
        found = queries.page(connection, CaseFilter(state="open"), who.actor, moment, size=TASKS)
        able = [(row, open_moves(standing_of(connection, rules, row, (), moment.now), who.actor)) for row in found.rows]
    able.sort(key=lambda one: one[0].stage not in CHECKS)
    return [_task(context, directory, row, moves, moment.now) for row, moves in able if moves]


def _task(context: PageContext, directory: Directory, row: Any, moves: Sequence[Move], now: datetime) -> dict[str, Any]:
    deeds = [
        {
            "name": move.action,
            "label": context.text(f"case.action.{move.action}"),
            "fields": [_field(context, field) for field in move.fields],
        }
        for move in moves
    ]
    shown = {**row._mapping, "clock": face(row, now)}
    about = _case(context, directory, SimpleNamespace(**shown), now)
    return about | {"deeds": deeds, "version": row.version, "check": row.stage in CHECKS}


def _field(context: PageContext, field: Field) -> dict[str, Any]:
    """A field of a move, as the phone's form has it."""
    options = [(code, context.text(f"case.option.{field.name}.{code}")) for code in field.options]
    label = context.text(f"case.field.{field.name}")
    return {"name": field.name, "kind": field.kind, "required": field.required, "label": label, "options": options}


# --- rounds ----------------------------------------------------------------------------------------------------------


def _last_days(context: PageContext, now: datetime) -> list[Any]:
    today = now.astimezone(parts.zone(context)).date()
    return [today - timedelta(days=back) for back in reversed(range(DAYS))]


def _rounds(context: PageContext, area: str | None, now: datetime) -> list[dict[str, Any]]:
    """Each slot of the county with how it stands in one's own grid now, and in the days before."""
    zone, days = parts.zone(context), _last_days(context, now)
    slots = rounds.slots_of(services().directory().county)
    with services().store.read() as connection:
        found = ticks.ticks(connection, ticks.first_day(days[0]), days[-1], [str(area)])
    rows = [[ticks.cells([slot], found, str(area), day, now, zone)[0] for day in days] for slot in slots]
    return [_round_row(context, row, zone) for row in rows]


def _round_row(context: PageContext, row: list[ticks.Cell], zone: Any) -> dict[str, Any]:
    now = row[-1]
    made = now.made.happened_at.astimezone(zone) if now.made else None
    slot = now.slot
    return {
        "slot": slot.code,
        "name": slot.name_en if context.language == "en" else slot.name,
        "hours": context.text(f"grid.every.{slot.every}", starts=f"{slot.starts:%H:%M}", ends=f"{slot.ends:%H:%M}"),
        "state": now.state,
        "state_words": context.text(f"grid.round_state.{now.state}", time=f"{made:%m-%d %H:%M}" if made else ""),
        "finding": now.made.finding if now.made else "",
        "past": [cell.state for cell in row] if slot.every == "day" else [],
    }


def categories(context: PageContext, directory: Directory) -> list[tuple[str, list[tuple[str, str]]]]:
    """The leaves, grouped by what stands right above them."""
    rows = directory.categories
    groups: dict[str, list[tuple[str, str]]] = {}
    for code, row in rows.items():
        if row["leaf"]:
            above = rows.get(row["parent"] or "")
            groups.setdefault(parts.name(context, above), []).append((code, parts.name(context, row)))
    return list(groups.items())


def areas(context: PageContext, directory: Directory) -> list[tuple[str, list[tuple[str, str]]]]:
    """The grids, grouped by town."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for code, area in directory.areas.items():
        if area["level"] == "grid":
            town = directory.areas.get(area["town"] or "")
            groups.setdefault(parts.name(context, town), []).append((code, parts.name(context, area)))
    return list(groups.items())


def _case(context: PageContext, directory: Directory, row: CaseRow | SimpleNamespace, now: Any) -> dict[str, str]:
    left = parts.length(context, row.due_at - now) if row.due_at is not None else ""
    return {
        "code": row.code,
        "title": row.title,
        "stage": row.stage,
        "stage_words": context.text(f"common.stage.{row.stage}"),
        "clock": row.clock,
        "clock_words": context.text(f"cases.clock.{row.clock}", time=left),
        "category": parts.name(context, directory.categories.get(row.category)),
        "reported": parts.when(context, row.reported_at, now),
    }
