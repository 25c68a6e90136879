"""The table of moves: who may take a case from where to where, and what must be said. A pure core."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """Where a case stands (domain.md §3)."""

    REPORTED = "reported"  # 待受理
    FILED = "filed"  # 已立案
    DISPATCHED = "dispatched"  # 待签收
    HANDLING = "handling"  # 处置中
    FEEDBACK = "feedback"  # 待核查
    SUSPENDED = "suspended"  # 挂账
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


@dataclass(frozen=True)
class Move:
    """One row of the table. `to` None keeps the stage; `requires` names the fields that must be filled."""

    action: str
    start: frozenset[Stage]
    to: Stage | None
    roles: frozenset[Role]
    requires: tuple[str, ...] = ()
    own_department: bool = False  # a department account may do it only with its own order


class Refused(Exception):
    """A move is not possible. The text says what was asked and what is possible instead; trying again cannot help."""

    def __init__(self, sentence: str, field: str = "action") -> None:
        super().__init__(sentence)
        self.field = field


_CENTRE = frozenset({Role.OPERATOR, Role.SYSTEM})
_DEPARTMENT = frozenset({Role.DEPARTMENT, Role.OPERATOR, Role.SYSTEM})


def _table(*moves: Move) -> Mapping[str, Move]:
    return {move.action: move for move in moves}


MOVES: Mapping[str, Move] = _table(
    Move("file", frozenset({Stage.REPORTED}), Stage.FILED, _CENTRE),
    Move("dispatch", frozenset({Stage.REPORTED, Stage.FILED}), Stage.DISPATCHED, _CENTRE, ("department",)),
    Move("receipt", frozenset({Stage.DISPATCHED}), Stage.HANDLING, _DEPARTMENT, own_department=True),
    Move(
        "hand-back",
        frozenset({Stage.DISPATCHED, Stage.HANDLING}),
        Stage.FILED,
        _DEPARTMENT,
        ("note",),
        own_department=True,
    ),
    Move("feedback", frozenset({Stage.HANDLING}), Stage.FEEDBACK, _DEPARTMENT, ("note",), own_department=True),
    Move("rework", frozenset({Stage.FEEDBACK}), Stage.HANDLING, _CENTRE, ("note",)),
    Move("close", frozenset({Stage.FEEDBACK}), Stage.CLOSED, _CENTRE),
    Move(
        "settle-on-the-spot",
        frozenset({Stage.REPORTED}),
        Stage.CLOSED,
        frozenset({Role.GRID, Role.OPERATOR}),
        ("note",),
    ),
    Move("void", frozenset({Stage.REPORTED, Stage.FILED}), Stage.VOID, _CENTRE, ("note",)),
    Move("urge", LIVING - {Stage.REPORTED}, None, frozenset({Role.OPERATOR, Role.DUTY})),
    Move("acknowledge", frozenset(Stage), None, frozenset({Role.OPERATOR, Role.DUTY}), ("escalation",)),
    # A source system that keeps its own loop (12345, an imported file) tells us that it has closed a case.
    Move("close-at-source", LIVING, Stage.CLOSED, frozenset({Role.SYSTEM})),
)


def possible(stage: Stage, role: Role) -> list[str]:
    """The actions that this role may take from this stage, in the order of the table."""
    return [move.action for move in MOVES.values() if stage in move.start and role in move.roles]


def check(
    action: str, stage: Stage, actor: Actor, department: str | None, fields: Mapping[str, object]
) -> tuple[Move, Stage]:
    """The move and the stage it leads to.

    Args:
        department: the department that holds the case now, for `own_department`.

    Raises:
        Refused: with a sentence saying what is possible.
    """
    move = MOVES.get(action)
    if move is None:
        raise Refused(f"There is no action {action!r}; expected one of {', '.join(MOVES)}.")
    if actor.role not in move.roles:
        raise Refused(f"The role {actor.role} may not {action}; this takes {_or(move.roles)}.")
    if stage not in move.start:
        now = _or(possible(stage, actor.role)) or "nothing"
        raise Refused(f"A case in stage {stage} cannot {action}; possible now for {actor.role}: {now}.")
    if move.own_department and actor.role is Role.DEPARTMENT and actor.department != department:
        raise Refused(f"Only the department that holds the order may {action}.")
    for name in move.requires:
        if fields.get(name) in (None, ""):
            raise Refused(f"To {action}, {name!r} must be given.", field=name)
    return move, move.to or stage


def _or(words: Iterable[str]) -> str:
    return " or ".join(sorted(str(word) for word in words))
