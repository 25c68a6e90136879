"""One write transaction in the making: compare-and-set of rows, trace lines, roll-ups, and facts numbered at the end.

Facts get their contiguous numbers at the very end of the transaction from one locked row, so that numbers follow the
order of commits (reliability.md §1.7). Whoever calls publishes the returned facts *after* the commit; losing that
message loses nothing, because every reader notices the gap and reads the outbox.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Table, bindparam, insert, select, update

from config.sentences import say
from models import tables as t
from models.chain import chained
from models.door.chain import trace_line
from models.door.facts import case_fields
from models.ladder.people import People, read
from models.messages import Message
from models.moves import Actor, Stage
from models.numbers import counted
from models.rules import RuleBook
from models.store import upserting
from models.vault import Vault

ROLLUP = ("reported", "closed", "closed_with_due", "closed_in_time")


class Conflict(Exception):
    """Somebody else moved the case in between. Reading it again and deciding anew can help."""

    def __init__(self, code: str) -> None:
        super().__init__(say("Case {code} was changed by somebody else in the meantime; look at it again.", code=code))


class Overtaken(Conflict):
    """Somebody was first since the version that the actor saw. `lines` tells who did what since."""

    def __init__(self, code: str, version: int, lines: Sequence[Row[Any]]) -> None:
        super().__init__(code)
        self.code = code
        self.version = version
        self.lines = lines


@dataclass
class Outcome:
    """What came of one deed: the case as it stands, and the facts, numbered once the transaction is committed."""

    case: Row[Any]
    created: bool = True
    facts: list[Message] = field(default_factory=list)


class Step(NamedTuple):
    """What goes into a trace line."""

    action: str
    stage: Stage
    actor: Actor
    happened_at: datetime
    note: str = ""
    detail: Mapping[str, Any] = {}


@dataclass
class _Draft:
    outcome: Outcome | None
    fact: Message


# Statements of the hot path, built once: SQLAlchemy compiles each once and afterwards only binds values. Building them
# anew for every deed took a third of its time.
_CHANGED_CASE = (
    update(t.cases)
    .where(t.cases.c.id == bindparam("of_case"), t.cases.c.version == bindparam("of_version"))
    .returning(*t.cases.c)
)
_LOCKED_CASE = select(t.cases).where(t.cases.c.code == bindparam("of_code")).with_for_update()
NEW_LINE = insert(t.trace)


@cache
def _added(dialect: str, table: Table) -> Any:
    row = upserting(dialect).insert(table)
    more = {name: table.c[name] + row.excluded[name] for name in ROLLUP}
    return row.on_conflict_do_update(index_elements=["bucket", "town", "department"], set_=more)


KEPT = ("department", "level", "soon_at")
"""What else decides a figure: the trace says what it was before."""


def _with_what_moved(case: Row[Any], changes: Mapping[str, Any], detail: Mapping[str, Any]) -> Mapping[str, Any]:
    """Whatever moves a deadline says in its trace line what it was and what it became: a past month is judged by it.
    What else decides a figure says what it was: a past day is shown by it (`models.past`)."""
    told = dict(detail)
    if "due_at" in changes and changes["due_at"] != case.due_at:
        moved = {"due_before": case.due_at, "due_at": changes["due_at"]}
        told |= {name: at.isoformat() if at else None for name, at in moved.items()}
    before = {name: getattr(case, name) for name in KEPT if name in changes and changes[name] != getattr(case, name)}
    if before:
        told["before"] = {name: was.isoformat() if isinstance(was, datetime) else was for name, was in before.items()}
    return told


class Writing:
    """What every deed needs of its transaction."""

    def __init__(
        self,
        connection: Connection,
        rules: RuleBook,
        vault: Vault,
        real: datetime,
        numbers: Callable[[str, int], int] | None = None,
    ) -> None:
        """`numbers` gives numbers of cases and orders, so many of a kind; None counts them in this transaction (SQLite)."""
        self.db = connection
        self.rules = rules
        self.vault = vault
        self.real = real
        self._next = numbers or self._count
        self._drafts: list[_Draft] = []
        self._rollups: list[tuple[datetime, str, str, str, int]] = []

    @cached_property
    def people(self) -> People:
        """Everybody who can be told something, read once for the transaction."""
        return read(self.db)

    def next_number(self, kind: str, now: datetime) -> str:
        """The next number of this kind on the local day, as "20261118-0001"."""
        return self.next_numbers(kind, [now])[0]

    def next_numbers(self, kind: str, moments: Sequence[datetime]) -> list[str]:
        """A number for each of these moments, in their order."""
        days = [now.astimezone(self.rules.zone).strftime("%Y%m%d") for now in moments]
        amounts = Counter(days)
        following = {day: self._next(f"{kind}:{day}", amount) - amount for day, amount in amounts.items()}
        numbers = []
        for day in days:
            following[day] += 1
            numbers.append(f"{day}-{following[day]:04d}")
        return numbers

    def apply(self, case: Row[Any], changes: Mapping[str, Any], step: Step) -> Outcome:
        """Write the trace line and compare-and-set the row; both or neither.

        Raises:
            Conflict: the row is not as it was read any more.
        """
        action, stage, actor, happened_at, note, detail = step
        detail = _with_what_moved(case, changes, detail)
        line = trace_line(action, case.stage, stage, actor, happened_at, self.real, note, detail)
        number = case.trace_count + 1
        head = chained(case.trace_head, {**line, "case": case.code, "number": number})
        columns = {name: value for name, value in changes.items() if name in t.cases.c}
        values = {"version": case.version + 1, "trace_count": number, "trace_head": head, **columns}
        known = {"of_case": case.id, "of_version": case.version}
        changed = self.db.execute(_CHANGED_CASE, {**known, **values}).first()
        if changed is None:
            raise Conflict(case.code)
        self.db.execute(NEW_LINE, {**line, "case_id": case.id, "number": number, "hash": head})
        return Outcome(changed, created=False)

    def locked(self, code: str) -> Row[Any] | None:
        """The case, locked until the transaction ends; None where there is none."""
        return self.db.execute(_LOCKED_CASE, {"of_code": code}).first()

    def lines_after(self, case_id: int, number: int) -> Sequence[Row[Any]]:
        """The trace lines of a case behind a number: its version and its trace grow together."""
        c = t.trace.c
        return self.db.execute(select(t.trace).where(c.case_id == case_id, c.number > number).order_by(c.number)).all()

    def place(self, case: Row[Any]) -> dict[str, Any]:
        """The fields of every fact about this case."""
        return case_fields(case, self.real)

    def draft(self, outcome: Outcome | None, fact: Message) -> None:
        """Tell this fact when the transaction ends, and hand it back with the outcome."""
        self._drafts.append(_Draft(outcome, fact))

    def add(self, at: datetime, town: str | None, department: str | None, column: str, by: int = 1) -> None:
        """Count one more in the roll-ups of this hour and day; −1 takes one out."""
        self._rollups.append((at, town or "", department or "", column, by))

    def _count(self, name: str, by: int = 1) -> int:
        return counted(self.db, name, by)

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
            self.db.execute(insert(t.outbox), rows)
        return facts

    def _write_rollups(self) -> None:
        sums: dict[tuple[Table, datetime, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for at, town, department, column, by in self._rollups:
            for table, bucket in ((t.hourly, self.rules.hour_of(at)), (t.daily, self.rules.day_of(at))):
                sums[table, bucket, town, department][column] += by
        rows: dict[Table, list[dict[str, Any]]] = defaultdict(list)
        for (table, bucket, town, department), add in sorted(sums.items(), key=lambda item: item[0][1:]):
            key = {"bucket": bucket, "town": town, "department": department}
            rows[table].append({**key, **{name: add[name] for name in ROLLUP}})
        for table, found in rows.items():
            self.db.execute(_added(self.db.dialect.name, table), found)

    def mark(self) -> tuple[int, int]:
        """Where the drafts stand, to be handed to `forget` when a part of the transaction is undone."""
        return len(self._drafts), len(self._rollups)

    def forget(self, mark: tuple[int, int]) -> None:
        """Drop what was drafted since `mark`: its savepoint was rolled back."""
        del self._drafts[mark[0] :]
        del self._rollups[mark[1] :]
