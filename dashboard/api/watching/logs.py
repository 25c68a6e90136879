"""The auditor's lists: reads only. Taking one away as a file is itself written down."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, datetime, time, timedelta

from flask import Response, jsonify, request
from flask_openapi3.blueprint import APIBlueprint

from dashboard.api.watching import shapes
from dashboard.api.watching.entries import csv_answer
from dashboard.services import services, visitor
from models import accounts, desk
from models.timebase import real_now
from models.watching import logs

MOST = 50_000
"""Lines of one file; who wants more asks for less time."""
COLUMNS = ("id", "at", "actor", "role", "act", "object", "address", "detail", "hash")


def register(api: APIBlueprint) -> None:
    """Add the routes."""
    api.get("/audit/<log>", summary="Lines of a log, the newest first", responses={200: shapes.AuditPage})(_lines)
    api.get("/audit/<log>/chain", summary="Is the chain unbroken?", responses={200: shapes.ChainAnswer})(_chain)
    api.get("/audit/<log>/lines.csv", summary="The same lines as a file")(_file)


def wanted(query: shapes.AuditQuery) -> logs.Wanted:
    """The query in instants: days are the county's."""
    until = query.until + timedelta(days=1) if query.until else None
    return logs.Wanted(query.who, query.act, query.object, _start(query.since), _start(until))


def _start(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), services().zone) if day else None


def _lines(path: shapes.AuditPath, query: shapes.AuditQuery) -> Response:
    with services().store.read() as connection:
        lines, more = logs.page(connection, path.log, wanted(query), before=query.before, size=query.limit)
    page = shapes.AuditPage(lines=[shapes.AuditLine(**asdict(line)) for line in lines], next=more)
    return jsonify(page.model_dump(mode="json"))


def _chain(path: shapes.AuditPath) -> Response:
    with desk.steady(services().store) as connection:
        count, faults = logs.chain_state(connection, path.log)
    answer = shapes.ChainAnswer(log=path.log, lines=count, faults=faults[:100], checked_at=real_now())
    return jsonify(answer.model_dump(mode="json"))


def _file(path: shapes.AuditPath, query: shapes.AuditQuery) -> Response:
    """At most 50,000 lines. What is read stays as it is; that it was taken away is one more line."""
    who = visitor()
    with services().store.write() as connection:
        lines, _ = logs.page(connection, path.log, wanted(query), before=query.before, size=MOST)
        accounts.audit(
            connection, who.name, who.role, f"{logs.EXPORTS}{path.log}", real_now(), object=path.log,
            address=request.remote_addr or "", detail={"rows": len(lines)},
        )  # fmt: skip
    rows = ([_cell(getattr(line, name)) for name in COLUMNS] for line in lines)
    return csv_answer(f"{path.log}.csv", COLUMNS, rows)


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(services().zone).isoformat()
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
