"""Filing a new case, or finding the one that was filed under the same key before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, bindparam, or_, select

from models import tables as t
from models.casetimes import stage_due
from models.door.chain import chained, trace_line
from models.door.escalation import escalate
from models.door.levels import holder
from models.door.writing import NEW_LINE, Conflict, Outcome, Writing, upserting
from models.masking import title
from models.messages import CaseReported
from models.moves import Actor, Refused, Stage
from models.rules import CaseClock
from models.search import index


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


@cache
def _new_case(dialect: str) -> Any:
    return upserting(dialect).insert(t.cases).on_conflict_do_nothing().returning(*t.cases.c)


@cache
def _known_case(keys: tuple[str, ...]) -> Any:
    """A client's case by any of these keys. Built once, as building it for every report cost more than asking it."""
    same = or_(*(t.cases.c[name] == bindparam(f"of_{name}") for name in keys))
    return select(t.cases).where(t.cases.c.client == bindparam("of_client"), same)


def report(work: Writing, report: Report, actor: Actor, now: datetime) -> Outcome:
    """File a new case, or find the one that this client has already reported under the same key.

    Raises:
        Refused: the category or area is unknown, or a key was used before for something else.
    """
    known = _already(work, report)
    if known:
        return Outcome(known, created=False)
    values = _values(work, report, actor, now)
    line = trace_line("report", "", Stage.REPORTED, actor, values["happened_at"], work.real, "", {})
    values |= {"trace_count": 1, "trace_head": chained("", {**line, "case": values["code"], "number": 1})}
    case = work.db.execute(_new_case(work.db.dialect.name), values).first()
    if case is None:  # another process was first with the same key
        return Outcome(_expected(_already(work, report)), created=False)
    work.db.execute(NEW_LINE, {**line, "case_id": case.id, "number": 1, "hash": case.trace_head})
    index.add(work.db, case)
    work.add(now, values["town"], values["department"], "reported")
    outcome = Outcome(case)
    work.draft(outcome, CaseReported(**work.place(outcome.case), uncovered=values["uncovered"]))
    if values["level"] <= work.rules.direct_level and not report.keeps_own_clock:
        escalate(work, outcome, "direct", now)
    return outcome


def _expected(case: Row[Any] | None) -> Row[Any]:
    if case is None:
        raise Conflict("with this key")
    return case


def _already(work: Writing, report: Report) -> Row[Any] | None:
    keys = tuple(name for name in ("external_id", "idempotency_key") if getattr(report, name) is not None)
    if not keys or report.client is None:
        return None
    named = {f"of_{name}": getattr(report, name) for name in keys}
    found = work.db.execute(_known_case(keys), {"of_client": report.client, **named}).first()
    if found is None:
        return None
    same_key = report.idempotency_key is not None and found.idempotency_key == report.idempotency_key
    if same_key and found.request_hash != report.request_hash:
        raise Refused(
            "This Idempotency-Key was used before for another report; expected a new key.",
            "Idempotency-Key",
        )
    return found


def _values(work: Writing, report: Report, actor: Actor, now: datetime) -> dict[str, Any]:
    rules = work.rules
    category = rules.category(report.category)
    if report.source not in rules.sources:
        raise Refused(f"There is no source {report.source!r}; expected one of {', '.join(rules.sources)}.", "source")
    place, uncovered = rules.place(report.longitude, report.latitude, report.area)
    department = report.department or category.department
    if department is not None and department not in rules.departments:
        raise Refused(f"There is no department {department!r}.", "department")
    if report.keeps_own_clock:
        soon_at = rules.soon_of_given(now, report.due_at)
        clock = CaseClock(report.due_at, soon_at, (soon_at,) if soon_at else (), "source")
    else:
        clock = rules.clock(category.limit_amount, category.limit_unit, now)
    level = report.level or category.level
    direct = level <= rules.direct_level and not report.keeps_own_clock
    warn_at = clock.warns[0] if clock.warns else None
    return {
        "code": f"{rules.case_prefix}-{work.next_number('case', now)}",
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
        "next_clock_at": warn_at or clock.due_at,
        "stage_since": now,
        "stage_due_at": stage_due(rules, Stage.REPORTED, category.code, clock.basis, now),
    }
