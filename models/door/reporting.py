"""Filing new cases, or finding those that were filed under the same keys before: as many as come at the same moment, with
the same few statements, because asking the database cost more than everything else about a report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, select

from config.sentences import say
from models import tables as t
from models.casetimes import STAGE_CLOCKS, stage_due
from models.chain import chained
from models.door.chain import trace_line
from models.door.escalation import escalate
from models.door.levels import holder
from models.door.writing import NEW_LINE, Conflict, Outcome, Writing
from models.masking import title
from models.messages import CaseReported
from models.moves import Actor, Refused, Stage
from models.rules import CaseClock
from models.search import index
from models.store import upserting


@dataclass(frozen=True)
class Report:
    """What somebody saw, already checked for shape. A place by point (WGS-84) or by area. Instants are aware."""

    category: str
    description: str
    source: str
    longitude: float | None = None
    latitude: float | None = None
    frame: str | None = None
    area: str | None = None
    address: str = ""
    level: int | None = None
    client: str | None = None
    external_id: str | None = None
    idempotency_key: str | None = None
    request_hash: str | None = None
    happened_at: datetime | None = None
    reporter_name: str | None = None
    reporter_phone: str | None = None
    due_at: datetime | None = None
    """The source system's own deadline; it is kept as given and no clock of ours is derived."""
    department: str | None = None
    """The source system's own assignment; None takes the category's department."""
    keeps_own_clock: bool = False
    """True: the source keeps its own deadlines, so that no `due_at` means that there is none."""


class Reported(NamedTuple):
    """A report, by whom, and when it came in."""

    report: Report
    actor: Actor
    now: datetime


KEYS = ("external_id", "idempotency_key")
"""By which of its keys a client's report is known again."""
_KNOWN = {
    name: select(t.cases).where(
        t.cases.c.client.in_(bindparam("clients", expanding=True)),
        t.cases.c[name].in_(bindparam("keys", expanding=True)),
    )
    for name in KEYS
}


@cache
def _new_cases(dialect: str) -> Any:
    return upserting(dialect).insert(t.cases).on_conflict_do_nothing().returning(*t.cases.c)


def report_all(work: Writing, reported: Sequence[Reported]) -> list[Outcome | Refused]:
    """File new cases, or find those that a client has already reported under the same key; an answer for each, in order.

    A refused one (the category or area is unknown, or a key was used before for something else) has written nothing.
    """
    answers = _known(work, reported)
    values: dict[int, dict[str, Any]] = {}
    seen: set[tuple[str, str, str]] = set()
    for place, one in enumerate(reported):
        marks = _marks(one.report)
        repeated = not seen.isdisjoint(marks)
        seen |= marks
        if place not in answers and not repeated:
            try:
                values[place] = _values(work, *one)
            except Refused as refused:
                answers[place] = refused
    answers |= _filed(work, reported, values)
    missing = [place for place in range(len(reported)) if place not in answers]
    if missing:  # somebody was first with the same key, in this transaction or in one at the same moment
        found = _known(work, [reported[place] for place in missing])
        if len(found) < len(missing):
            raise Conflict("with this key")
        answers |= {missing[number]: answer for number, answer in found.items()}
    return [answers[place] for place in range(len(reported))]


def _marks(report: Report) -> set[tuple[str, str, str]]:
    """The keys by which this report may be known already."""
    if report.client is None:
        return set()
    named = ((name, getattr(report, name)) for name in KEYS)
    return {(name, report.client, key) for name, key in named if key is not None}


def _filed(
    work: Writing, reported: Sequence[Reported], values: Mapping[int, dict[str, Any]]
) -> dict[int, Outcome | Refused]:
    """Write the new cases, each with its first trace line; those whose key was taken meanwhile are left out."""
    if not values:
        return {}
    lines: dict[str, tuple[int, dict[str, Any]]] = {}
    numbers = work.next_numbers("case", [reported[place].now for place in values])
    for number, (place, new) in zip(numbers, values.items(), strict=True):
        code = f"{work.rules.case_prefix}-{number}"
        actor = reported[place].actor
        line = trace_line("report", "", Stage.REPORTED, actor, new["happened_at"], work.real, "", {})
        head = chained("", {**line, "case": code, "number": 1})
        new |= {"code": code, "trace_count": 1, "trace_head": head}
        lines[code] = place, line
    cases = work.db.execute(_new_cases(work.db.dialect.name), list(values.values())).all()
    cases = sorted(cases, key=lambda case: lines[case.code][0])
    if not cases:
        return {}
    work.db.execute(
        NEW_LINE,
        [{**lines[case.code][1], "case_id": case.id, "number": 1, "hash": case.trace_head} for case in cases],
    )
    index.add_all(work.db, cases)
    places = [lines[case.code][0] for case in cases]
    return {place: _told(work, reported[place], case) for place, case in zip(places, cases, strict=True)}


def _told(work: Writing, reported: Reported, case: Row[Any]) -> Outcome:
    """Count the new case and tell of it; one of the gravest calls the first contact at once."""
    work.add(reported.now, case.town, case.department, "reported")
    outcome = Outcome(case)
    work.draft(outcome, CaseReported(**work.place(case), uncovered=case.uncovered))
    if case.level <= work.rules.direct_level and not reported.report.keeps_own_clock:
        escalate(work, outcome, "direct", reported.now)
    return outcome


def _known(work: Writing, reported: Sequence[Reported]) -> dict[int, Outcome | Refused]:
    """Of these, those that are known by a key: with their cases, or refused where the key was another report's."""
    marks = {place: _marks(one.report) for place, one in enumerate(reported)}
    cases: dict[tuple[str, str, str], Row[Any]] = {}
    for name in KEYS:
        wanted = {mark for found in marks.values() for mark in found if mark[0] == name}
        if wanted:
            clients, keys = sorted({mark[1] for mark in wanted}), sorted({mark[2] for mark in wanted})
            rows = work.db.execute(_KNOWN[name], {"clients": clients, "keys": keys})
            cases |= {(name, row.client, getattr(row, name)): row for row in rows}
    known = {
        place: next((cases[mark] for mark in sorted(found) if mark in cases), None) for place, found in marks.items()
    }
    return {place: _again(case, reported[place].report) for place, case in known.items() if case is not None}


def _again(case: Row[Any], report: Report) -> Outcome | Refused:
    same_key = report.idempotency_key is not None and case.idempotency_key == report.idempotency_key
    if same_key and case.request_hash != report.request_hash:
        return Refused(
            "This Idempotency-Key was used before for another report; expected a new key.",
            "Idempotency-Key",
        )
    return Outcome(case, created=False)


def _values(work: Writing, report: Report, actor: Actor, now: datetime) -> dict[str, Any]:
    """The new case's row, but for its number.

    Raises:
        Refused: the category, source, area or department is unknown.
    """
    rules = work.rules
    category = rules.category(report.category)
    if report.source not in rules.sources:
        raise Refused(
            say(
                "There is no source {source!r}; expected one of {expected}.",
                source=report.source,
                expected=", ".join(rules.sources),
            ),
            "source",
        )
    place, uncovered = rules.place(report.longitude, report.latitude, report.area)
    department = report.department or category.department
    if department is not None and department not in rules.departments:
        raise Refused(say("There is no department {department!r}.", department=department), "department")
    if report.keeps_own_clock:
        soon_at = rules.soon_of_given(now, report.due_at)
        clock = CaseClock(report.due_at, soon_at, (soon_at,) if soon_at else (), "source")
    else:
        clock = rules.clock(category.limit_amount, category.limit_unit, now)
    level = report.level or category.level
    direct = level <= rules.direct_level and not report.keeps_own_clock
    warn_at = clock.warns[0] if clock.warns else None
    stage_at = stage_due(rules, Stage.REPORTED, category.code, clock.basis, now)
    alarm_at = stage_at if STAGE_CLOCKS[Stage.REPORTED] in rules.ladder.stages else None
    moments = [at for at in (warn_at or clock.due_at, alarm_at) if at is not None]
    return {
        "category": category.code,
        "description": report.description,
        "title": title(report.description),
        "level": level,
        "source": report.source,
        "client": report.client,
        "external_id": report.external_id,
        "idempotency_key": report.idempotency_key,
        "request_hash": report.request_hash,
        "area": place.code if place else None,
        "town": place.town if place else None,
        "uncovered": uncovered,
        "address": report.address,
        "longitude": report.longitude,
        "latitude": report.latitude,
        "frame": report.frame,
        "reporter_name": work.vault.seal(report.reporter_name),
        "reporter_phone": work.vault.seal(report.reporter_phone),
        "reported_by": actor.name,
        "stage": Stage.REPORTED,
        **holder(rules, place, actor, direct),
        "department": department,
        "happened_at": report.happened_at or now,
        "reported_at": now,
        "entered_at": work.real,
        "clock_from": now,
        "limit_amount": None if report.keeps_own_clock else category.limit_amount,
        "limit_unit": None if report.keeps_own_clock else category.limit_unit,
        "due_at": clock.due_at,
        "soon_at": clock.soon_at,
        "due_basis": clock.basis,
        "warn_at": warn_at,
        "next_clock_at": min(moments, default=None),
        "stage_since": now,
        "stage_due_at": stage_at,
    }
