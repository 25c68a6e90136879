"""`/admin/data/<kind>`: the table for the page or the file for keeping; `…/preview` and `…/apply` judge and store an edit."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import shapely
from flask import Flask, Response, jsonify, request
from pydantic import Field, ValidationError

from config import ruled, written
from config.county import UNITS
from config.reference import DUTY_ROLES
from config.sentences import say
from dashboard.administration import editing, planning
from dashboard.api.shapes import Shape
from dashboard.problems import Problem, asked_language, in_language, invalid, whole
from dashboard.services import Services, services, visitor
from models import accounts
from models.reference import county_rules
from models.rules import reference_version
from models.timebase import real_now

LONGEST = 10_000_000
"""Characters of a file: the outlines of 7,500 grids are some five million."""
NAMED = 20
"""Rows named in the audit's line."""


class EditBody(Shape):
    """An edit: the whole text of the file, or one row of it (`row` null takes the row with this `key` out)."""

    text: str | None = Field(None, max_length=LONGEST)
    row: dict[str, str] | None = None
    key: list[str] = Field(default_factory=list, max_length=3)
    version: int | None = Field(None, ge=0)


def register(server: Flask) -> None:
    """Add the routes."""
    server.add_url_rule("/admin/data/<kind>", "admin_data", _data)
    server.add_url_rule("/admin/data/<kind>/<action>", "admin_edit", _edit, methods=["POST"])


def _kind(kind: str) -> tuple[str, editing.Part]:
    if kind not in editing.KINDS:
        raise Problem(
            404,
            say("There is no kind {kind!r}; expected one of {expected}.", kind=kind, expected=", ".join(editing.KINDS)),
            field="kind",
        )
    if kind == "plans":
        return kind, request.args.get("plan", "")
    if kind != "calendar":
        return kind, None
    year = request.args.get("year", "")
    if not (year.isdecimal() and 1970 < int(year) < 2200):
        raise Problem(422, say("Expected a year such as 2027; came {year!r}.", year=year), field="year")
    return kind, int(year)


# --- reading ---------------------------------------------------------------------------------------------------------


def _data(kind: str) -> Response:
    """`?as=file` downloads; `?as=faults` (areas) tells where they do not tile; else the table for the page."""
    kind, part = _kind(kind)
    form = request.args.get("as", "table")
    with services().store.read() as connection:
        if form == "faults" and kind == "areas":
            return jsonify(faults=[_fault(fault) for fault in editing.tiling_faults(connection)])
        now = editing.table(connection, kind, part)
        if kind == "plans" and part and not now.text:
            raise Problem(404, say("There is no plan {plan!r}; GET /api/v1/plans lists them.", plan=part), field="plan")
        if form == "table":
            return jsonify(_table(services(), now, county_rules(connection)))
    if form != "file":
        raise Problem(422, say("Expected as=table or as=file; came {form!r}.", form=form), field="as")
    name = editing.file_name(kind, part)
    response = Response(now.text, mimetype="application/geo+json" if kind == "areas" else "text/plain")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response


def _table(parts: Services, now: editing.Table, rules: Any) -> dict[str, Any]:
    text = now.text if now.kind in editing.TEXTS else None
    keys = list(written.KEYS.get(now.kind, ("code",)))
    return {
        "kind": now.kind,
        "version": now.version,
        "columns": list(now.columns),
        "keys": keys,
        "rows": [dict(row) for row in now.rows],
        "text": text,
        "removable": now.kind in editing.WHOLE or (now.kind == "plans" and bool(now.text)),
        "addable": now.kind not in ("areas", "pressing"),
        "fixed": ["code", "level", "parent"] if now.kind == "areas" else [],
        "choices": _choices(parts, now.kind, rules),
        "of_row": ruled.CHOICES if now.kind == "pressing" else {},
    }


def _choices(parts: Services, kind: str, rules: Any) -> dict[str, list[str]]:
    """What a column can say, where that is a short list."""
    directory = parts.directory()
    found: dict[str, dict[str, list[str]]] = {
        "categories": {
            "department": ["", *directory.departments],
            "level": ["", "1", "2", "3", "4"],
            "unit": ["", *UNITS],
            "parent": ["", *(code for code, row in directory.categories.items() if not row["leaf"])],
        },
        "calendar": {"kind": ["holiday", "workday"]},
        "posts": {"post": [title.code for title in rules.post_titles]},
        "duty": {"role": list(DUTY_ROLES), "weekday": [str(day) for day in range(1, 8)]},
        "duty-changes": {"role": list(DUTY_ROLES)},
        "ladder": {"time": ["working", "plain"]},
        "stages": {"category": list(directory.categories)},
    }
    return found.get(kind, {})


def _fault(fault: Any) -> dict[str, Any]:
    piece = shapely.geometry.mapping(fault.piece) if fault.piece is not None else None
    point = fault.piece.representative_point() if fault.piece is not None else None
    return {
        "code": fault.area.code,
        "kind": fault.kind,
        "sentence": fault.sentence,
        "piece": piece,
        "point": [point.x, point.y] if point is not None else None,
    }


# --- editing ---------------------------------------------------------------------------------------------------------


def _edit(kind: str, action: str) -> Response:
    kind, part = _kind(kind)
    if action not in ("preview", "apply"):
        raise Problem(
            404, say("There is no action {action!r}; expected preview or apply.", action=action), field="action"
        )
    try:
        body = EditBody.model_validate(request.get_json())
    except ValidationError as error:
        return invalid(error)
    if action == "preview":
        with services().store.read() as connection:
            now, verdict, line = _verdict(connection, kind, part, body)
        return jsonify(in_language(_told(now, verdict, line), asked_language()))
    return _apply(kind, part, body)


def _verdict(
    connection: Any, kind: str, part: editing.Part, body: EditBody
) -> tuple[editing.Table, editing.Verdict, int]:
    now = editing.table(connection, kind, part)
    text, line = body.text, 0
    if text is None and kind == "plans":
        if body.row is not None or body.key != [part]:
            raise Problem(422, "A plan comes as the whole text of its file.", field="text")
        return now, editing.Verdict((), planning.removed(connection, str(part)), None), 0
    if text is None:
        text, line = editing.with_row(connection, now, body.key, body.row, part)
    verdict = editing.judged(connection, now, text, services().directory(), part)
    return now, editing.excused(connection, now, verdict, line), line


def _told(now: editing.Table, verdict: editing.Verdict, line: int) -> dict[str, Any]:
    """A problem on the edited row's own line stands at its field in the form; all others in the list."""
    problems = [
        {"line": p.line, "field": p.field, "message": whole(p.message), "here": bool(line) and p.line == line}
        for p in verdict.problems
    ]
    changes = [{"what": c.what, "key": c.key, "fields": c.fields} for c in verdict.changes]
    return {"version": now.version, "problems": problems, "changes": changes}


def _apply(kind: str, part: editing.Part, body: EditBody) -> Response:
    """Judged again in the transaction that stores it: what was seen in the preview is what is stored, or nothing is."""
    who = visitor()
    with services().store.write() as connection:
        if body.version is not None and reference_version(connection) != body.version:
            raise Problem(
                409, "Somebody has changed reference data in the meantime; look at it again.", field="version"
            )
        now, verdict, line = _verdict(connection, kind, part, body)
        if verdict.problems:
            first = verdict.problems[0]
            raise Problem(422, str(first), field=first.field or "text", **_told(now, verdict, line))
        if verdict.changes or (kind == "calendar" and verdict.nouns):
            editing.store(connection, now, verdict, services().vault, part)
            counted = {what: sum(c.what == what for c in verdict.changes) for what in ("added", "changed", "removed")}
            detail = counted | {"rows": [change.key for change in verdict.changes[:NAMED]]}
            accounts.audit(
                connection, who.name, who.role, "reference.change", real_now(),
                object=f"{kind} {part}" if part else kind, address=request.remote_addr or "", detail=detail,
            )  # fmt: skip
    moved = _rederive() if kind in editing.CLOCKED and verdict.changes else None
    stored = {"plan": getattr(verdict.nouns, "code", "")} if kind == "plans" else {}
    return jsonify(_told(now, verdict, line) | {"rederived": moved} | stored)


def _rederive() -> int:
    """Deadlines of open cases follow a changed calendar; how many moved."""
    parts = services()
    parts.rules.forget()
    return parts.door.rederive(parts.clock.now(), parts.news.publish).moved
