"""The nouns of the table of moves: stages, roles, actors, fields, what of a case decides a move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Stage(StrEnum):
    """Where a case stands (domain.md §3)."""

    REPORTED = "reported"  # 待受理
    ACCEPTED = "accepted"  # 已受理
    VERIFYING = "verifying"  # 核实中, the check before filing
    FILED = "filed"  # 已立案
    ADJUDICATION = "adjudication"  # 待裁定
    DISPATCHED = "dispatched"  # 待签收
    HANDLING = "handling"  # 处置中
    FEEDBACK = "feedback"  # 待核查
    INSPECTING = "inspecting"  # 核查中, the check after disposal
    SUSPENDED = "suspended"  # 挂账
    MERGED = "merged"  # 已并案: it is handled and closes with the case it was merged into
    CLOSED = "closed"  # 已结案
    VOID = "void"  # 作废


class Role(StrEnum):
    """Who acts (design.md §4)."""

    DUTY = "duty"
    LEADER = "leader"
    OPERATOR = "operator"
    DEPARTMENT = "department"
    GRID = "grid"
    ADMIN = "admin"
    AUDITOR = "auditor"
    DISPLAY = "display"
    SYSTEM = "system"


ENDED = frozenset({Stage.CLOSED, Stage.VOID})
LIVING = frozenset(Stage) - ENDED


@dataclass(frozen=True)
class Actor:
    """Who does it: an account or a client system, with its role and the area and department it is bound to."""

    name: str
    role: Role
    area: str | None = None
    department: str | None = None


Kind = Literal["text", "department", "departments", "area", "case", "category", "instant", "choice", "count"]


@dataclass(frozen=True)
class Field:
    """What a move asks for or may be told. `options` are the codes of a choice."""

    name: str
    kind: Kind
    required: bool = False
    options: tuple[str, ...] = ()


class Own(StrEnum):
    """Whose a move is, where a department account does it. Other roles are not bound by it."""

    ANYBODY = "anybody"
    LEAD = "lead"  # the department that holds the case
    PART = "part"  # it, or a co-handler
    RECEIVER = "receiver"  # the department to which a transfer was offered
    ADDRESSEE = "addressee"  # the department that an urge, a supervision or an instruction addresses


@dataclass(frozen=True)
class Standing:
    """What of a case, beside its stage, decides which moves are open. Built by the door from rows; plain values only."""

    stage: Stage
    department: str | None = None
    co: frozenset[str] = frozenset()
    """Co-handling departments with a living order."""
    unreceipted: frozenset[str] = frozenset()
    """Departments whose living order has no receipt yet."""
    undone: frozenset[str] = frozenset()
    """Departments that have received their order and not given feedback."""
    transfer_to: str | None = None
    adjudicated: bool = False
    below_county: bool = False
    """It is held at a level below the county."""
    deadline: Literal["ours", "source", "none"] = "ours"
    """Whether a rule of ours set its deadline, the source system did, or it has none."""
    expired: bool = False
    extension_asked: bool = False
    extensions_left: int = 2
    leader_decides: bool = False
    """The extension that is asked for, or would be next, takes a leader."""
    inspection_failed: bool = False
    children: int = 0
    """Living cases merged into it."""
    to_receive: frozenset[str] = frozenset()
    """Departments with an urge, a supervision or an instruction that has no receipt yet."""
    to_answer: frozenset[str] = frozenset()
    """Departments with an urge, a supervision or an instruction that waits for their reply."""
    to_conclude: int = 0
    """Urges without an answer, supervisions and instructions that were not concluded."""


@dataclass(frozen=True)
class Condition:
    """What must hold beside stage and role, and the sentence where it does not."""

    holds: Callable[[Standing, Actor], bool]
    sentence: str


@dataclass(frozen=True)
class Move:
    """One row of the table.

    Args:
        to: the stage it leads to; None keeps the stage.
        also: other stages it may lead to, as its consequences decide (a second hand-back leads to adjudication).
        fields: what it asks for (`required`) and may be told. Forms are made from them. Every move may be told
            `happened_at` (`LATE_ENTRY`), and `version` beside its fields.
    """

    action: str
    start: frozenset[Stage]
    to: Stage | None
    roles: frozenset[Role]
    fields: tuple[Field, ...] = ()
    own: Own = Own.ANYBODY
    when: tuple[Condition, ...] = ()
    also: frozenset[Stage] = frozenset()

    @property
    def requires(self) -> tuple[str, ...]:
        """The names of the fields that must be filled."""
        return tuple(field.name for field in self.fields if field.required)

    def field(self, name: str) -> Field | None:
        """The field of this name, or None."""
        return next((field for field in self.fields if field.name == name), None)

    def leads_to(self, stage: Stage) -> frozenset[Stage]:
        """Every stage that it may lead to from here."""
        return self.also | {self.to or stage}


LATE_ENTRY = Field("happened_at", "instant")
"""When it was done, where it is entered later: the trace keeps both times."""


class Refused(Exception):
    """A move is not possible. The text says what was asked and what is possible instead; trying again cannot help."""

    def __init__(self, sentence: str, field: str = "action") -> None:
        super().__init__(sentence)
        self.field = field
