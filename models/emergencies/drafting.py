"""初报, 续报 and 终报 drafted from the log: every element, and never twice what was said. Pure.

A follow-up looks only at lines behind the last one that a sent report told of; a person edits what comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.emergencies.nouns import MATRIX, Progress, TaskState

INITIAL = (
    "received", "source", "happened", "place", "nature", "extent", "losses", "trend", "leaders", "measures", "advice",
)  # fmt: skip
FOLLOW_UP = ("extent", "losses", "trend", "leaders", "measures", "situation", "advice")
FINAL = ("summary", "aftermath", "assessment")
ELEMENTS = {"initial": INITIAL, "follow-up": FOLLOW_UP, "final": FINAL}
"""The elements of each kind, in their order (domain.md §6)."""
TOLD = ("situation", "extent", "losses", "trend", "leaders", "advice")
"""What people tell of; a final report says all of it that no report before it said."""
SILENT = frozenset(
    {"draft-report", "edit-report", "discard-report", "send-report", "report-due", "tell", "phone", "urged"}
)
"""Acts that are no measure: they are the report itself, or stand under an element of their own."""


@dataclass(frozen=True)
class Words:
    """How things are called: texts by key, names of departments, accounts and places, times as the county writes them."""

    language: str
    text: Callable[..., str]
    department: Callable[[str], str]
    time: Callable[[datetime], str]
    """Month, day and time: of lines that stand one below the other."""
    date: Callable[[datetime], str]
    """The whole date and time, as a paper that leaves the house says them."""
    length: Callable[[float], str]
    place: Callable[[Any], str]
    plan: Callable[[Any], str]
    names: Mapping[str, str]
    """What a plan's codes are called: `role:…`, `question:…`, `option:…:…`, `objective:…`."""

    def named(self, kind: str, code: str) -> str:
        """The name of a code, or the code."""
        return self.names.get(f"{kind}:{code}", code)


def compose(
    kind: str, room: Any, lines: Sequence[Any], upto: int, words: Words, now: datetime
) -> list[tuple[str, str]]:
    """The elements of a report with their texts; of a follow-up only those that have news."""
    fresh = [line for line in lines if line.id > upto]
    if kind == "final":
        found = {
            "summary": _summary(room, words, now),
            "aftermath": _said(fresh, words, *TOLD) or words.text("emergency.draft.nothing"),
            "assessment": _assessment(room, words),
        }
        return [(key, found[key]) for key in FINAL]
    measures = "\n".join(phrase(line, words) for line in fresh if line.act not in SILENT)
    if kind == "follow-up":
        news = {key: measures if key == "measures" else _said(fresh, words, key) for key in FOLLOW_UP}
        told = [(key, text) for key, text in news.items() if text]
        return told or [("situation", words.text("emergency.draft.no_news"))]
    row = room.row
    # Why it was started is its nature.
    measures = "\n".join(phrase(line, words) for line in fresh if line.act not in SILENT | {"start"})
    unknown = words.text("emergency.draft.unknown")
    found = {
        "received": words.date(row.started_at),
        "source": words.text(f"emergency.origin.{row.origin}") + (f" {row.reference}" if row.reference else ""),
        "happened": words.date(row.happened_at),
        "place": words.place(row) or unknown,
        "nature": words.text("emergency.draft.nature", plan=words.plan(room.plan), level=words.text(f"emergency.level.{row.level}"), note=row.note),
        "extent": _said(fresh, words, "extent") or words.text("emergency.draft.radius", n=row.radius_m),
        "losses": _said(fresh, words, "losses") or unknown,
        "trend": _said(fresh, words, "trend") or unknown,
        "leaders": _said(fresh, words, "leaders") or _leaders(room, words),
        "measures": "\n".join(filter(None, (measures, _said(fresh, words, "situation")))),
        "advice": _said(fresh, words, "advice") or words.text("emergency.draft.no_advice"),
    }  # fmt: skip
    return [(key, found[key]) for key in INITIAL]


def phrase(line: Any, words: Words) -> str:
    """One line of the log as a sentence with its time."""
    return f"{words.time(line.at)} {sentence(line, words)}"


def sentence(line: Any, words: Words) -> str:
    """One line of the log as a sentence."""
    detail = line.detail
    task = (detail.get("text_en") if words.language == "en" else "") or detail.get("text") or detail.get("task", "")
    level = words.text(f"emergency.level.{detail['level']}") if "level" in detail else ""
    stage = words.text(f"emergency.progress.{detail['stage']}") if "stage" in detail else ""
    finding = words.text(f"emergency.finding.{detail['finding']}") if "finding" in detail else ""
    kind = words.text(f"emergency.report.{detail['kind']}") if "kind" in detail else ""
    contact = words.text(f"ladder.rung.{detail['contact']}") if detail.get("contact") else ""
    note = line.note or words.text("emergency.draft.no_note")
    return words.text(
        f"emergency.act.{line.act}",
        actor=line.actor,
        department=words.department(line.department) if line.department else line.actor,
        note=note,
        task=task,
        level=level,
        stage=stage,
        finding=finding,
        kind=kind,
        contact=contact,
        role=words.named("role", detail.get("role", "")),
        account=detail.get("account", ""),
        question=words.named("question", detail.get("question", "")),
        answer=words.named(f"option:{detail.get('question', '')}", detail.get("answer", "")),
        objective=words.named("objective", detail.get("objective", "")),
        radius=detail.get("radius_m", ""),
        minutes=detail.get("minutes", ""),
        to=detail.get("to", ""),
        number=detail.get("report", ""),
    )


def _said(lines: Sequence[Any], words: Words, *elements: str) -> str:
    """What people told of these elements."""
    said = [line for line in lines if line.act == "tell" and line.detail.get("element", "situation") in elements]
    return "\n".join(phrase(line, words) for line in said)


def _leaders(room: Any, words: Words) -> str:
    holder = next((one.holder for one in room.roles if one.role == "commander"), None)
    return words.text("emergency.draft.commander", name=holder or "—")


def _summary(room: Any, words: Words, now: datetime) -> str:
    row = room.row
    ended = row.ended_at or now
    done = sum(task.state == TaskState.DONE for task in room.tasks)
    skipped = sum(task.state == TaskState.SKIPPED for task in room.tasks)
    return words.text(
        "emergency.draft.summary",
        began=words.date(row.running_at or row.started_at),
        ended=words.date(ended),
        length=words.length((ended - (row.running_at or row.started_at)).total_seconds()),
        departments=len(room.parties),
        tasks=done,
        skipped=skipped,
    )


def _assessment(room: Any, words: Words) -> str:
    lines = []
    for party in room.parties:
        times = [one for one in times_of(party) if one.seconds is not None]
        if not times:
            lines.append(words.text("emergency.draft.silent", department=words.department(party.department)))
            continue
        parts = [
            words.text(
                "emergency.draft.late" if one.late else "emergency.draft.took",
                stage=words.text(f"emergency.progress.{one.stage}"),
                length=words.length(one.seconds or 0),
            )
            for one in times
        ]
        lines.append(
            f"{words.department(party.department)}：{'，'.join(parts)}"
            if words.language != "en"
            else f"{words.department(party.department)}: {', '.join(parts)}"
        )
    return "\n".join(lines)


@dataclass(frozen=True)
class Took:
    """How long a department took to a column of the matrix, in seconds from its call, against the plan."""

    stage: Progress
    seconds: float | None
    planned: float
    late: bool


def times_of(party: Any) -> list[Took]:
    """The times of a department against the plan."""
    found = []
    for stage in MATRIX:
        at, due = getattr(party, f"{stage}_at"), getattr(party, f"{stage}_due_at")
        took = (at - party.called_at).total_seconds() if at is not None else None
        found.append(Took(stage, took, (due - party.called_at).total_seconds(), at is not None and at > due))
    return found
