"""Which clock of an emergency acts next: begin, call a silent department's contacts, say what is late, remind of reports.

Pure: rows and the moment in, the list of dues out. Each due has a name within its emergency and is taken once, because a
notification of that name exists afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from config.plans import Plan
from models.calendars import Calendar
from models.emergencies.nouns import MATRIX, Progress, State, TaskState
from models.ladder.plan import Alarm, History, Ladder, Step, next_step

NEVER = timedelta(days=3650)


def minutes(amount: float, row: Any) -> timedelta:
    """So many minutes of this emergency: a drill at speed has shorter ones."""
    return timedelta(minutes=amount / (row.speed or 1.0))


@dataclass(frozen=True)
class Timers:
    """Minutes after the start by which the initial report is due, by telephone and in writing."""

    phone: int = 20
    written: int = 40


@dataclass(frozen=True)
class Due:
    """What is to be done at an instant. `step`: of a silent department's ladder."""

    at: datetime
    key: str
    what: str  # begin | silent | late | task-late | report
    department: str | None = None
    detail: str = ""
    step: Step | None = None


@dataclass(frozen=True)
class ReportTimer:
    """When a report is due, and when it was given."""

    kind: str  # phone | initial | follow-up | final
    due_at: datetime
    done_at: datetime | None = None


@dataclass(frozen=True)
class Terms:
    """By what the clocks of an emergency are judged. `told`: step → when it was told."""

    row: Any
    plan: Plan
    told: Mapping[str, datetime]
    ladder: Ladder
    calendar: Calendar
    timers: Timers
    now: datetime


def dues(terms: Terms, parties: Sequence[Any], tasks: Sequence[Any], reports: Sequence[Any]) -> list[Due]:
    """Everything that is still to come, the earliest first; it may lie in the past."""
    found = _all(terms, parties, tasks, reports)
    return sorted((due for due in found if due.key not in terms.told), key=lambda due: (due.at, due.key))


def _all(terms: Terms, parties: Sequence[Any], tasks: Sequence[Any], reports: Sequence[Any]) -> Iterator[Due]:
    row = terms.row
    state = State(row.state)
    if state is State.PENDING and row.confirm_due_at is not None:
        yield Due(row.confirm_due_at, "begin", "begin")
    if state is State.RUNNING:
        for party in parties:
            yield from _of_party(terms, party)
        for task in tasks:
            if task.state == TaskState.OPEN and task.due_at is not None:
                yield Due(task.due_at, f"t{task.id}:late", "task-late", task.department, task.code)
    if state in (State.RUNNING, State.ENDED):
        for timer in report_timers(row, reports, terms.plan, terms.timers):
            if timer.done_at is None:
                number = sum(1 for report in reports if report.sent_at is not None)
                yield Due(timer.due_at, f"report-{timer.kind}-{number}", "report", None, timer.kind)


def _of_party(terms: Terms, party: Any) -> Iterator[Due]:
    progress = Progress(party.state)
    if progress in (Progress.DONE, Progress.RELEASED):
        return
    if progress is Progress.CALLED:
        step = silent_step(terms, party)
        if step is not None:
            yield Due(step.at, party_key(party, step.key), "silent", party.department, step=step)
    stage = next_stage(progress)
    if stage is not None and stage is not Progress.RECEIVED:  # a missing receipt has its ladder
        yield Due(getattr(party, f"{stage}_due_at"), party_key(party, f"late-{stage}"), "late", party.department, stage)


def next_stage(progress: Progress) -> Progress | None:
    """The column of the matrix that comes next."""
    order = (Progress.CALLED, *MATRIX)
    place = order.index(progress) if progress in order else len(order)
    return order[place + 1] if place + 1 < len(order) else None


def party_key(party: Any, key: str) -> str:
    """The name of a step of one call of a department within its emergency: whoever is called again climbs from the foot."""
    return f"p{party.id}-{int(party.called_at.timestamp()) % 0x1000000:x}:{key}"


def silent_step(terms: Terms, party: Any) -> Step | None:
    """The next step of the ladder of a department that has not answered its call: urged at half the time, then its
    contacts in turn, in plain time: nobody's office hours count in an emergency."""
    prefix = party_key(party, "")
    own = {name.removeprefix(prefix): at for name, at in terms.told.items() if name.startswith(prefix)}
    called = {name: at for name, at in own.items() if name.startswith(("contact-", "again-"))}
    wait = minutes(terms.plan.silent_minutes, terms.row)
    rung = max((int(name.split("-")[1]) for name in called), default=0)
    alarm = Alarm(rung, max(called.values()) + wait) if rung else None
    history = History(
        level=1,
        clock_from=party.called_at,
        due_at=party.received_due_at,
        department=party.department,
        issued_at=party.called_at,
        receipt_at=party.received_at,
        alarm=alarm,
        called_at_expiry=bool(called),
        told=own,
    )
    return next_step(_quick(terms.ladder, wait), history, terms.now, terms.calendar)


def _quick(ladder: Ladder, wait: timedelta) -> Ladder:
    """The county's ladder with an emergency's times: the same contacts in the same order."""
    rungs = tuple(replace(rung, wait=wait, working=False, again=min(rung.again, 1)) for rung in ladder.rungs)
    return replace(
        ladder, shares=(Fraction(1, 2),), receipt_within=NEVER, rungs=rungs, notice=False, grave=4, quiet=None
    )


def report_timers(row: Any, reports: Sequence[Any], plan: Plan, timers: Timers) -> list[ReportTimer]:
    """初报 by telephone and in writing, the next 续报, and 终报 after the end: when due, when given."""
    if row.running_at is None:
        return []
    sent = [report for report in reports if report.sent_at is not None]
    first = next((report.sent_at for report in sent), None)
    found = [
        ReportTimer("phone", row.running_at + minutes(timers.phone, row), row.phoned_at or first),
        ReportTimer("initial", row.running_at + minutes(timers.written, row), first),
    ]
    if sent and row.ended_at is None:
        level = next((one for one in plan.levels if one.level == row.level), plan.levels[0])
        found.append(ReportTimer("follow-up", sent[-1].sent_at + minutes(level.follow_up_minutes, row)))
    if row.ended_at is not None:
        final = next((report.sent_at for report in sent if report.kind == "final"), None)
        found.append(ReportTimer("final", row.ended_at + minutes(60 * plan.final_hours, row), final))
    return found


def kind_of_next(row: Any, reports: Sequence[Any]) -> str:
    """What the next report is: 初报 first, 终报 after the end, else 续报."""
    if not any(report.sent_at is not None for report in reports):
        return "initial"
    return "final" if row.ended_at is not None else "follow-up"


def opened(
    plan_steps: Sequence[Any], answers: Mapping[str, str], states: Mapping[str, TaskState]
) -> dict[str, TaskState]:
    """Tasks that an answer or a finished step opens, or makes needless: code → new state. Nothing that has ended moves.

    A task that becomes needless frees those that come after it, and so on: the steps of a plan go in no circle.
    """
    current, changed = dict(states), dict[str, TaskState]()
    while moved := _moved(plan_steps, answers, current):
        current |= moved
        changed |= moved
    return changed


def _moved(
    plan_steps: Sequence[Any], answers: Mapping[str, str], states: Mapping[str, TaskState]
) -> dict[str, TaskState]:
    moved: dict[str, TaskState] = {}
    for step in plan_steps:
        now = states.get(step.code)
        if now not in (TaskState.WAITING, TaskState.OPEN, TaskState.NEEDLESS):
            continue
        wanted = _wanted(step, answers, states)
        if wanted is not now and not (now is TaskState.OPEN and wanted is TaskState.WAITING):
            moved[step.code] = wanted
    return moved


def _wanted(step: Any, answers: Mapping[str, str], states: Mapping[str, TaskState]) -> TaskState:
    if step.when is not None:
        answer = answers.get(step.when.question)
        if answer is None:
            return TaskState.WAITING
        if answer != step.when.answer:
            return TaskState.NEEDLESS
    if step.after is not None and states.get(step.after) in (TaskState.WAITING, TaskState.OPEN):
        return TaskState.WAITING
    return TaskState.OPEN
