"""The nouns of the table of moves of emergencies: states, fields, what of a room decides a move. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from models.moves import Actor, Role


class State(StrEnum):
    """Where an emergency stands."""

    PENDING = "pending"  # 待确认: started, and still to be confirmed or taken back
    RUNNING = "running"  # 响应中
    ENDED = "ended"  # 响应终止: the wall is given back, the mark stays
    CANCELLED = "cancelled"  # 已解除, by name: the mark is gone
    WITHDRAWN = "withdrawn"  # 已撤回: it never began


class Progress(StrEnum):
    """How far a department is: the columns of the matrix 接令 → 出动 → 到场 → 完成."""

    CALLED = "called"
    RECEIVED = "received"
    DEPARTED = "departed"
    ARRIVED = "arrived"
    DONE = "done"
    RELEASED = "released"  # sent home by the commander


MATRIX = (Progress.RECEIVED, Progress.DEPARTED, Progress.ARRIVED, Progress.DONE)


class TaskState(StrEnum):
    """Where a task stands."""

    WAITING = "waiting"  # for an answer, or for the task before it
    OPEN = "open"
    DONE = "done"
    SKIPPED = "skipped"  # with a reason that the supervisor was told
    NEEDLESS = "needless"  # the answer made it so


@dataclass(frozen=True)
class TaskNow:
    """What of a task decides a move."""

    state: TaskState
    department: str


@dataclass(frozen=True)
class RoleNow:
    """Who holds a role, and to whom it is offered."""

    holder: str | None = None
    offered_to: str | None = None


@dataclass(frozen=True)
class Standing:
    """All that the table must know of a room."""

    state: State
    starter: str
    level: int = 3
    lead: str = ""
    second: bool = False
    """Whether a second person must confirm the start."""
    life: bool = False
    ratified: str | None = None
    phoned: bool = False
    parties: Mapping[str, Progress] = field(default_factory=dict)
    tasks: Mapping[str, TaskNow] = field(default_factory=dict)
    roles: Mapping[str, RoleNow] = field(default_factory=dict)
    questions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    objectives: Mapping[str, bool] = field(default_factory=dict)
    reports: Mapping[int, bool] = field(default_factory=dict)
    """Number → whether it was sent."""
    departments: frozenset[str] = frozenset()
    """Every department of the county."""

    def commands(self, actor: Actor) -> bool:
        """Whether this actor holds the command."""
        return self.roles.get("commander", RoleNow()).holder == actor.name


Kind = Literal["text", "department", "choice", "count", "number", "code", "account", "elements"]
Fields = Mapping[str, Any]
Check = Callable[[Standing, Actor, Fields], str | None]
"""A sentence that says what is in the way; None where nothing is."""


@dataclass(frozen=True)
class Field:
    """What a move asks for."""

    name: str
    kind: Kind
    required: bool = False
    options: tuple[str, ...] = ()
    most: int | None = None


@dataclass(frozen=True)
class Move:
    """One line of the table. `when` does not look at fields and decides whether a button is there; `aim` does."""

    action: str
    start: frozenset[State]
    to: State | None
    roles: frozenset[Role]
    fields: tuple[Field, ...] = ()
    when: tuple[Check, ...] = ()
    aim: tuple[Check, ...] = ()
