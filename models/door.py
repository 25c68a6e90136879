"""The one door for change: checks the move, writes row, trace and outbox in ONE transaction, returns what happened.

Facts get their contiguous numbers at the very end of the transaction from one locked row, so that numbers follow the
order of commits (reliability.md §1.7). Whoever calls publishes the returned facts *after* the commit; losing that
message loses nothing, because every reader notices the gap and reads the outbox.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Table, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from models import tables as t
from models.masking import title
from models.messages import (
    CameraChanged,
    CaseEscalated,
    CaseMoved,
    CaseReported,
    ClockBreached,
    ClockWarned,
    Message,
    OrderIssued,
    TimeChanged,
)
from models.moves import ENDED, Actor, Refused, Role, Stage, check
from models.numbers import Numbers
from models.rules import RuleBook
from models.store import Store
from models.timebase import Timebase, real_now, set_timebase
from models.vault import Vault


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


@dataclass
class Outcome:
    """What came of one deed: the case as it stands, and the facts, numbered once the transaction is committed."""

    case: Row[Any]
    created: bool = True
    facts: list[Message] = field(default_factory=list)


@dataclass
class _Draft:
    outcome: Outcome | None
    fact: Message


log = logging.getLogger("gridcommand.door")
PUT_OFF = timedelta(minutes=1)
ROLLUP = ("reported", "closed", "closed_with_due", "closed_in_time")


# Statements of the hot path, built once: SQLAlchemy compiles each once and afterwards only binds values. Building them
# anew for every deed took a third of its time.
_CHANGED_CASE = (
    update(t.cases)
    .where(t.cases.c.id == bindparam("of_case"), t.cases.c.version == bindparam("of_version"))
    .returning(*t.cases.c)
)
_LOCKED_CASE = select(t.cases).where(t.cases.c.code == bindparam("of_code")).with_for_update()
_NEW_LINE = insert(t.trace)
_NEW_ORDER = insert(t.orders)
_LIVING_ORDERS = update(t.orders).where(
    t.orders.c.case_id == bindparam("of_case"), t.orders.c.withdrawn_at.is_(None), t.orders.c.done_at.is_(None)
)


def _upserting(dialect: str) -> Any:
    return postgresql if dialect == "postgresql" else sqlite


@cache
def _new_case(dialect: str) -> Any:
    return _upserting(dialect).insert(t.cases).on_conflict_do_nothing().returning(*t.cases.c)


@cache
def _counted(dialect: str) -> Any:
    more = {"value": t.counter.c.value + bindparam("by")}
    row = _upserting(dialect).insert(t.counter).on_conflict_do_update(index_elements=["name"], set_=more)
    return row.returning(t.counter.c.value)


@cache
def _added(dialect: str, table: Table) -> Any:
    row = _upserting(dialect).insert(table)
    more = {name: table.c[name] + row.excluded[name] for name in ROLLUP}
    return row.on_conflict_do_update(index_elements=["bucket", "town", "department"], set_=more)


class Deed:
    """One write transaction in the making. Made by `Door`, never kept."""

    def __init__(
        self,
        connection: Connection,
        rules: RuleBook,
        vault: Vault,
        real: datetime,
        numbers: Callable[[str], int] | None = None,
    ) -> None:
        """`numbers` gives the numbers of cases and orders; None counts them in this transaction (SQLite)."""
        self._db = connection
        self._next = numbers or self._count
        self._rules = rules
        self._vault = vault
        self._real = real
        self._drafts: list[_Draft] = []
        self._rollups: list[tuple[datetime, str, str, str]] = []

    # -- reporting ----------------------------------------------------------------------------------------------------

    def report(self, report: Report, actor: Actor, now: datetime) -> Outcome:
        """File a new case, or find the one that this client has already reported under the same key.

        Raises:
            Refused: the category or area is unknown, or a key was used before for something else.
        """
        known = self._already(report)
        if known:
            return Outcome(known, created=False)
        values = self._new_case(report, actor, now)
        line = _line("report", "", Stage.REPORTED, actor, values["happened_at"], self._real, "", {})
        values |= {"trace_count": 1, "trace_head": chained("", {**line, "case": values["code"], "number": 1})}
        case = self._db.execute(_new_case(self._db.dialect.name), values).first()
        if case is None:  # another process was first with the same key
            return Outcome(self._expected(self._already(report)), created=False)
        self._db.execute(_NEW_LINE, {**line, "case_id": case.id, "number": 1, "hash": case.trace_head})
        self._add(now, values["town"], values["department"], "reported")
        outcome = Outcome(case)
        self._draft(outcome, CaseReported(**self._place(outcome.case), uncovered=values["uncovered"]))
        if values["level"] <= self._rules.direct_level and not report.keeps_own_clock:
            self._escalate(outcome, "direct", now)
        return outcome

    @staticmethod
    def _expected(case: Row[Any] | None) -> Row[Any]:
        if case is None:
            raise Conflict("with this key")
        return case

    def _already(self, report: Report) -> Row[Any] | None:
        keys = []
        if report.external_id is not None:
            keys.append(t.cases.c.external_id == report.external_id)
        if report.idempotency_key is not None:
            keys.append(t.cases.c.idempotency_key == report.idempotency_key)
        if not keys or report.client is None:
            return None
        found = self._db.execute(select(t.cases).where(t.cases.c.client == report.client, or_(*keys))).first()
        if found is None:
            return None
        same_key = report.idempotency_key is not None and found.idempotency_key == report.idempotency_key
        if same_key and found.request_hash != report.request_hash:
            raise Refused(
                "This Idempotency-Key was used before for another report; expected a new key.",
                "Idempotency-Key",
            )
        return found

    def _new_case(self, report: Report, actor: Actor, now: datetime) -> dict[str, Any]:
        rules = self._rules
        category = rules.category(report.category)
        if report.source not in rules.sources:
            raise Refused(
                f"There is no source {report.source!r}; expected one of {', '.join(rules.sources)}.", "source"
            )
        place, uncovered = rules.place(report.longitude, report.latitude, report.area)
        department = report.department or category.department
        if department is not None and department not in rules.departments:
            raise Refused(f"There is no department {department!r}.", "department")
        if report.keeps_own_clock:
            due_at, soon_at, basis = report.due_at, rules.soon_of_given(now, report.due_at), "source"
        else:
            due_at, soon_at, basis = rules.deadline(category, now)
        return {
            "code": self._next_code(now),
            "category": category.code,
            "description": report.description,
            "title": title(report.description),
            "level": report.level or category.level,
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
            "reporter_name": self._vault.seal(report.reporter_name),
            "reporter_phone": self._vault.seal(report.reporter_phone),
            "reported_by": actor.name,
            "stage": Stage.REPORTED,
            "owner_kind": "centre",
            "owner": rules.county,
            "department": department,
            "happened_at": report.happened_at or now,
            "reported_at": now,
            "entered_at": self._real,
            "clock_from": now,
            "limit_amount": None if report.keeps_own_clock else category.limit_amount,
            "limit_unit": None if report.keeps_own_clock else category.limit_unit,
            "due_at": due_at,
            "soon_at": soon_at,
            "due_basis": basis,
            "next_clock_at": soon_at or due_at,
        }

    def _next_code(self, now: datetime) -> str:
        day = now.astimezone(self._rules.zone).strftime("%Y%m%d")
        return f"{self._rules.case_prefix}-{day}-{self._next(f'case:{day}'):04d}"

    # -- moving -------------------------------------------------------------------------------------------------------

    def move(
        self, code: str, action: str, actor: Actor, now: datetime, fields: Mapping[str, Any] | None = None
    ) -> Outcome:
        """Take a case one step. `fields` may hold `note`, `department`, `escalation`, `happened_at` and `detail`.

        Raises:
            Refused: the case does not exist for this actor, or the move is not in the table.
        """
        fields = fields or {}
        case = self._locked(code)
        if case is None or not visible(case, actor):
            raise Refused(f"There is no case {code!r}.", "code")
        move, stage = check(action, Stage(case.stage), actor, case.department, fields)
        if action == "acknowledge":
            return self._acknowledge(case, actor, now, fields)
        changes = self._consequences(case, action, stage, actor, now, fields)
        happened_at = fields.get("happened_at") or now
        detail = {name: fields[name] for name in ("department", "detail") if fields.get(name)}
        outcome = self._apply(case, changes, (action, stage, actor, happened_at, str(fields.get("note") or ""), detail))
        self._draft(outcome, CaseMoved(**self._place(outcome.case), action=action, from_stage=case.stage))
        if action == "dispatch":
            self._draft(outcome, OrderIssued(**self._place(outcome.case), order=changes["order"]))
        if move.to in ENDED:
            self._end(outcome.case, case, now)
        return outcome

    def _consequences(
        self,
        case: Row[Any],
        action: str,
        stage: Stage,
        actor: Actor,
        now: datetime,
        fields: Mapping[str, Any],
    ) -> dict[str, Any]:
        changes: dict[str, Any] = {"stage": stage}
        if action == "dispatch":
            department = fields["department"]
            if department not in self._rules.departments:
                raise Refused(f"There is no department {department!r}.", "department")
            changes |= {"department": department, "owner_kind": "department", "owner": department}
            changes["order"] = self._issue(case, department, actor, now)
        elif action == "receipt":
            changes["receipt_at"] = now
            self._order(case, receipt_at=now, receipt_by=actor.name)
        elif action == "hand-back":
            changes |= {
                "handed_back": case.handed_back + 1,
                "owner_kind": "centre",
                "owner": self._rules.county,
            }
            self._order(case, withdrawn_at=now)
        elif action == "rework":
            changes["reworked"] = case.reworked + 1
        elif action == "feedback":
            self._order(case, done_at=now)
        if stage in ENDED:
            closed_at = now
            in_time = None if case.due_at is None else closed_at <= case.due_at
            changes |= {"closed_at": closed_at, "in_time": in_time, "next_clock_at": None}
            self._order(case, done_at=now)
        return changes

    def _issue(self, case: Row[Any], department: str, actor: Actor, now: datetime) -> str:
        day = now.astimezone(self._rules.zone).strftime("%Y%m%d")
        number = f"PB-{day}-{self._next(f'order:{day}'):04d}"
        order = {
            "number": number,
            "case_id": case.id,
            "department": department,
            "part": "lead",
            "issued_at": now,
            "issued_by": actor.name,
            "due_at": case.due_at,
        }
        self._db.execute(_NEW_ORDER, order)
        return number

    def _order(self, case: Row[Any], **values: Any) -> None:
        self._db.execute(_LIVING_ORDERS, {"of_case": case.id, **values})

    def _end(self, case: Row[Any], before: Row[Any], now: datetime) -> None:
        if case.stage == Stage.VOID:
            return
        self._add(now, before.town, case.department, "closed")
        if case.in_time is not None:
            self._add(now, before.town, case.department, "closed_with_due")
        if case.in_time:
            self._add(now, before.town, case.department, "closed_in_time")

    # -- escalation and clocks ----------------------------------------------------------------------------------------

    def _acknowledge(self, case: Row[Any], actor: Actor, now: datetime, fields: Mapping[str, Any]) -> Outcome:
        wanted = select(t.escalation).where(
            t.escalation.c.id == fields["escalation"], t.escalation.c.case_id == case.id
        )
        row = self._db.execute(wanted).first()
        if row is None:
            raise Refused(f"Case {case.code} has no escalation {fields['escalation']!r}.", "escalation")
        if row.acknowledged_at is not None:
            raise Refused(f"It was acknowledged by {row.acknowledged_by} already.", "escalation")
        # Whoever answers, answers for the case: every open rung below is answered with it.
        unanswered = and_(t.escalation.c.case_id == case.id, t.UNANSWERED)
        self._db.execute(update(t.escalation).where(unanswered).values(acknowledged_at=now, acknowledged_by=actor.name))
        detail = {"escalation": row.id, "rung": row.rung}
        outcome = self._apply(
            case,
            {"next_clock_at": next_clock(case, None)},
            ("acknowledge", Stage(case.stage), actor, now, str(fields.get("note") or ""), detail),
        )
        self._draft(outcome, self._escalated(outcome.case, self._db.execute(wanted).one()))
        return outcome

    def tick(self, now: datetime, limit: int = 200) -> int:
        """Let every clock that is due act: warn, breach, climb. Returns how many cases were looked at.

        Several workers may call it at once: rows are claimed (`SKIP LOCKED`), each change is compare-and-set. A case
        that cannot be judged is put off by a minute and logged: it must not hold up the clocks of all others.
        """
        due = (
            select(t.cases)
            .where(t.cases.c.next_clock_at <= now)
            .order_by(t.cases.c.next_clock_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = self._db.execute(due).all()
        for row in rows:
            mark = self.mark()
            try:
                with self._db.begin_nested():
                    self._tick_one(row, now)
            except DBAPIError:
                raise  # the database's own trouble, not the case's
            except Exception:
                self.forget(mark)
                log.exception("The clocks of case %s could not be judged; next try in a minute.", row.code)
                later = update(t.cases).where(t.cases.c.id == row.id)
                self._db.execute(later.values(next_clock_at=now + PUT_OFF))
        return len(rows)

    def _tick_one(self, case: Row[Any], now: datetime) -> None:
        clock = Actor("clock", Role.SYSTEM)
        outcome = Outcome(case)
        if case.due_at is not None and case.due_at <= now and case.breached_at is None:
            outcome = self._apply(
                case,
                {"breached_at": case.due_at, "warned_at": case.warned_at or case.soon_at},
                ("breach", Stage(case.stage), clock, case.due_at, "", {}),
            )
            self._draft(outcome, ClockBreached(**self._place(outcome.case)))
            self._escalate(outcome, "breach", now)
        elif case.soon_at is not None and case.soon_at <= now and case.warned_at is None:
            outcome = self._apply(
                case, {"warned_at": case.soon_at}, ("warn", Stage(case.stage), clock, case.soon_at, "", {})
            )
            self._draft(outcome, ClockWarned(**self._place(outcome.case)))
        else:
            self._climb(outcome, now)
        self._set_next_clock(outcome.case)

    def _climb(self, outcome: Outcome, now: datetime) -> None:
        top = self._top(outcome.case.id)
        if top is None or top.ack_due_at is None or top.ack_due_at > now or top.rung >= self._rules.rungs:
            return
        climbed = and_(t.escalation.c.id == top.id, t.escalation.c.climbed_at.is_(None))
        if self._db.execute(update(t.escalation).where(climbed).values(climbed_at=now)).rowcount:
            self._escalate(outcome, "unacknowledged", now)

    def _top(self, case_id: int) -> Row[Any] | None:
        open_rungs = select(t.escalation).where(t.escalation.c.case_id == case_id, t.UNANSWERED)
        return self._db.execute(open_rungs.order_by(t.escalation.c.rung.desc()).limit(1)).first()

    def _escalate(self, outcome: Outcome, reason: str, now: datetime) -> None:
        case = outcome.case
        highest = select(func.coalesce(func.max(t.escalation.c.rung), 0)).where(t.escalation.c.case_id == case.id)
        rung = min(self._db.execute(highest).scalar_one() + 1, self._rules.rungs)
        if rung == self._db.execute(highest).scalar_one():
            return  # the top of the ladder was reached before
        values = {
            "case_id": case.id,
            "rung": rung,
            "reason": reason,
            "takeover": case.level <= self._rules.takeover_level,
            "at": now,
            "ack_due_at": now + self._rules.acknowledge_within(rung),
        }
        key = self._db.execute(insert(t.escalation).values(values)).inserted_primary_key[0]  # type: ignore[index]
        outcome.case = self._apply(
            case,
            {},
            (
                "escalate",
                Stage(case.stage),
                Actor("clock", Role.SYSTEM),
                now,
                "",
                {"rung": rung, "reason": reason},
            ),
        ).case
        self._set_next_clock(outcome.case)
        row = self._db.execute(select(t.escalation).where(t.escalation.c.id == key)).one()
        self._draft(outcome, self._escalated(outcome.case, row))

    def _set_next_clock(self, case: Row[Any]) -> None:
        top = self._top(case.id)
        at = next_clock(case, top if top is not None and top.rung < self._rules.rungs else None)
        self._db.execute(update(t.cases).where(t.cases.c.id == case.id).values(next_clock_at=at))

    def _escalated(self, case: Row[Any], row: Row[Any]) -> CaseEscalated:
        return escalated_fact(case, row, self._real)

    # -- cameras and time ---------------------------------------------------------------------------------------------

    def camera_changed(self, camera: str, state: str, reason: str | None, since: datetime) -> None:
        """Keep a camera's new state and tell everybody. Unknown cameras are ignored (they were just removed)."""
        values = {"state": state, "reason": reason, "since": since}
        changed = and_(
            t.camera.c.id == camera,
            or_(t.camera.c.state != state, t.camera.c.reason.is_distinct_from(reason)),
        )
        if self._db.execute(update(t.camera).where(changed).values(values)).rowcount:
            self._draft(None, CameraChanged(at=self._real, camera=camera, state=state, reason=reason, since=since))

    def set_time(self, line: Timebase | None) -> None:
        """Set the county's clock and tell everybody."""
        set_timebase(self._db, line)
        county_at = line.county(self._real) if line else self._real
        self._draft(None, TimeChanged(at=self._real, county_at=county_at, speed=line.speed if line else 1.0))

    def keep_time(self, line: Timebase | None) -> None:
        """Move the county's clock on without telling anybody: its pace is the same, only its ceiling has moved."""
        set_timebase(self._db, line)

    # -- the common end -----------------------------------------------------------------------------------------------

    def _apply(
        self,
        case: Row[Any],
        changes: Mapping[str, Any],
        step: tuple[str, Stage, Actor, datetime, str, Mapping[str, Any]],
    ) -> Outcome:
        """Write the trace line and compare-and-set the row; both or neither."""
        action, stage, actor, happened_at, note, detail = step
        line = _line(action, case.stage, stage, actor, happened_at, self._real, note, detail)
        number = case.trace_count + 1
        head = chained(case.trace_head, {**line, "case": case.code, "number": number})
        columns = {name: value for name, value in changes.items() if name in t.cases.c}
        values = {"version": case.version + 1, "trace_count": number, "trace_head": head, **columns}
        known = {"of_case": case.id, "of_version": case.version}
        changed = self._db.execute(_CHANGED_CASE, {**known, **values}).first()
        if changed is None:
            raise Conflict(case.code)
        self._db.execute(_NEW_LINE, {**line, "case_id": case.id, "number": number, "hash": head})
        return Outcome(changed, created=False)

    def _locked(self, code: str) -> Row[Any] | None:
        return self._db.execute(_LOCKED_CASE, {"of_code": code}).first()

    def _place(self, case: Row[Any]) -> dict[str, Any]:
        return case_fields(case, self._real)

    def _draft(self, outcome: Outcome | None, fact: Message) -> None:
        self._drafts.append(_Draft(outcome, fact))

    def _add(self, at: datetime, town: str | None, department: str | None, column: str) -> None:
        self._rollups.append((at, town or "", department or "", column))

    def _count(self, name: str, by: int = 1) -> int:
        """Add to a counter row, hold its lock until commit, and return the new value."""
        counted = self._db.execute(_counted(self._db.dialect.name), {"name": name, "value": by, "by": by})
        return int(counted.scalar_one())

    def finish(self) -> list[Message]:
        """Write roll-ups, number the facts, write the outbox: the last thing, so that its lock is held briefly."""
        if not self._drafts and not self._rollups:
            return []
        self._write_rollups()
        last = self._count("outbox", len(self._drafts))
        facts = []
        for number, draft in enumerate(self._drafts, last - len(self._drafts) + 1):
            fact = draft.fact.model_copy(update={"id": str(number)})
            facts.append(fact)
            if draft.outcome is not None:
                draft.outcome.facts.append(fact)
        rows = [
            {"number": int(fact.id), "kind": fact.kind, "at": fact.at, "body": fact.model_dump_json()}  # type: ignore[attr-defined]
            for fact in facts
        ]
        if rows:
            self._db.execute(insert(t.outbox), rows)
        return facts

    def _write_rollups(self) -> None:
        sums: dict[tuple[Table, datetime, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for at, town, department, column in self._rollups:
            for table, bucket in ((t.hourly, self._rules.hour_of(at)), (t.daily, self._rules.day_of(at))):
                sums[table, bucket, town, department][column] += 1
        rows: dict[Table, list[dict[str, Any]]] = defaultdict(list)
        for (table, bucket, town, department), add in sorted(sums.items(), key=lambda item: item[0][1:]):
            key = {"bucket": bucket, "town": town, "department": department}
            rows[table].append({**key, **{name: add[name] for name in ROLLUP}})
        for table, found in rows.items():
            self._db.execute(_added(self._db.dialect.name, table), found)

    def mark(self) -> tuple[int, int]:
        """Where the drafts stand, to be handed to `forget` when a part of the transaction is undone."""
        return len(self._drafts), len(self._rollups)

    def forget(self, mark: tuple[int, int]) -> None:
        """Drop what was drafted since `mark`: its savepoint was rolled back."""
        del self._drafts[mark[0] :]
        del self._rollups[mark[1] :]


class Conflict(Exception):
    """Somebody else moved the case in between. Reading it again and deciding anew can help."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Case {code} was changed by somebody else in the meantime; look at it again.")


def verified(connection: Connection, code: str) -> bool:
    """Whether the trace of a case is whole: every line hashes to the next, and the row knows the last."""
    case = connection.execute(select(t.cases).where(t.cases.c.code == code)).one()
    lines = connection.execute(select(t.trace).where(t.trace.c.case_id == case.id).order_by(t.trace.c.number)).all()
    head = ""
    for number, line in enumerate(lines, 1):
        body = {name: getattr(line, name) for name in _LINE}
        head = chained(head, {**body, "case": code, "number": number})
        if line.number != number or line.hash != head:
            return False
    return bool(len(lines) == case.trace_count and head == case.trace_head)


_LINE = ("action", "from_stage", "to_stage", "actor", "role", "happened_at", "entered_at", "note", "detail")


class Door:
    """Opens transactions on the store; each method is one deed, committed when it returns."""

    def __init__(self, store: Store, rules: Callable[[], RuleBook], vault: Vault) -> None:
        self._store = store
        self._rules = rules
        self._vault = vault
        self._numbers = None if store.sqlite else Numbers(store).next

    def report(self, report: Report, actor: Actor, now: datetime) -> Outcome:
        """See `Deed.report`."""
        return self._one(lambda deed: deed.report(report, actor, now))

    def move(
        self, code: str, action: str, actor: Actor, now: datetime, fields: Mapping[str, Any] | None = None
    ) -> Outcome:
        """See `Deed.move`."""
        return self._one(lambda deed: deed.move(code, action, actor, now, fields))

    def tick(self, now: datetime, limit: int = 200) -> tuple[int, list[Message]]:
        """See `Deed.tick`; also returns the facts to publish."""
        with self.transaction() as (deed, facts):
            looked = deed.tick(now, limit)
        return looked, facts

    def camera_changed(self, camera: str, state: str, reason: str | None, since: datetime) -> list[Message]:
        """See `Deed.camera_changed`."""
        with self.transaction() as (deed, facts):
            deed.camera_changed(camera, state, reason, since)
        return facts

    def set_time(self, line: Timebase | None) -> list[Message]:
        """See `Deed.set_time`."""
        with self.transaction() as (deed, facts):
            deed.set_time(line)
        return facts

    @contextmanager
    def transaction(self) -> Iterator[tuple[Deed, list[Message]]]:
        """Several deeds in one transaction; the list holds the numbered facts once the block has ended."""
        facts: list[Message] = []
        rules = self._rules()
        with self._store.write() as connection:
            deed = Deed(connection, rules, self._vault, real_now(), self._numbers)
            yield deed, facts
            facts.extend(deed.finish())

    def _one(self, work: Callable[[Deed], Outcome]) -> Outcome:
        rules = self._rules()

        def transaction(connection: Connection) -> Outcome:
            deed = Deed(connection, rules, self._vault, real_now(), self._numbers)
            outcome = work(deed)
            deed.finish()
            return outcome

        outcome: Outcome = self._store.run(transaction)
        return outcome


def visible(case: Row[Any], actor: Actor) -> bool:
    """Whether this actor may know of the case at all. The same rule as `filters.scope`, for one row."""
    if actor.role is Role.DEPARTMENT:
        return bool(case.department == actor.department)
    if actor.role is Role.GRID:
        return bool(case.reported_by == actor.name or (actor.area is not None and case.area == actor.area))
    if actor.role in (Role.ADMIN, Role.AUDITOR):
        return False
    here = actor.area is None or actor.area in (case.area, case.town)
    return here and actor.department in (None, case.department)


def next_clock(case: Row[Any], unanswered: Row[Any] | None) -> datetime | None:
    """The next instant at which a clock of this case acts; None when none is left."""
    if case.stage in ENDED:
        return None
    moments = []
    if case.breached_at is None:
        moments.append(case.due_at if case.warned_at is not None else case.soon_at or case.due_at)
    if unanswered is not None:
        moments.append(unanswered.ack_due_at)
    return min((moment for moment in moments if moment is not None), default=None)


def case_fields(case: Row[Any], at: datetime) -> dict[str, Any]:
    """The fields of a `CaseFact` from a row of `cases`."""
    names = (
        "title",
        "category",
        "level",
        "source",
        "area",
        "town",
        "department",
        "stage",
        "due_at",
        "reported_at",
    )
    place = {name: getattr(case, name) for name in (*names, "longitude", "latitude")}
    return {"at": at, "case": case.code, **place}


def escalated_fact(case: Row[Any], row: Row[Any], at: datetime) -> CaseEscalated:
    """The fact of an escalation row."""
    return CaseEscalated(
        **case_fields(case, at),
        escalation=row.id,
        rung=row.rung,
        reason=row.reason,
        takeover=row.takeover,
        ack_due_at=row.ack_due_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
    )


def _line(
    action: str,
    from_stage: str,
    to_stage: str,
    actor: Actor,
    happened_at: datetime,
    entered_at: datetime,
    note: str,
    detail: Mapping[str, Any],
) -> dict[str, Any]:
    """A trace line as it is stored, but for the case, its number and its hash."""
    return {
        "action": action,
        "from_stage": str(from_stage),
        "to_stage": str(to_stage),
        "actor": actor.name,
        "role": str(actor.role),
        "happened_at": happened_at,
        "entered_at": entered_at,
        "note": note,
        "detail": dict(detail),
    }


def chained(head: str, line: Mapping[str, Any]) -> str:
    """The hash of a log line: SHA-256 over the hash before it and the line as canonical JSON."""
    text = json.dumps(line, sort_keys=True, ensure_ascii=False, default=_plain)
    return hashlib.sha256(f"{head}\n{text}".encode()).hexdigest()


def _plain(value: Any) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
