"""The grid worker's page: report with place and photo, and one's own cases. Plain HTML; it works without any script."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, g, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from pydantic import ValidationError

from dashboard import casefile
from dashboard.api.cases import attach
from dashboard.api.reports import accept
from dashboard.api.shapes import CaseRow, ReportBody
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.problems import Problem
from dashboard.reader import page_context
from dashboard.services import services, visitor
from models.directory import Directory
from models.filters import CaseFilter, FilterRefused
from models.messages import iso
from models.moves import Refused

SHOWN = 20
FIELDS = ("category", "description", "area", "address")
WORDS = ("here_finding", "here_found", "here_failed", "here_none", "here_clear", "here", "sending")
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
    told += _photo(context, case.code)
    session[TOLD] = told
    return redirect("/grid", 303)


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
    return render_template(
        "grid.html",
        context=context,
        texts=context.texts,
        language=context.language,
        csrf=context.csrf,
        key=secrets.token_hex(16),
        notes=notes,
        spoken=json.dumps({name: context.texts[f"grid.{name}"] for name in WORDS}, ensure_ascii=False),
        given={"area": who.area, **form},
        categories=categories(context, directory),
        areas=areas(context, directory),
        cases=[_case(context, directory, row, mine.as_of) for row in mine.cases],
        total=mine.total,
        as_of=f"{mine.as_of.astimezone(parts.zone(context)):%H:%M}",
        as_of_iso=iso(mine.as_of),
    )


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


def _case(context: PageContext, directory: Directory, row: CaseRow, now: Any) -> dict[str, str]:
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
