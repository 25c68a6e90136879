"""The table of moves: who may take a case from where to where, and what must be said. A pure core.

`nouns` (stages, roles, fields, what of a case decides) → `conditions` → `table` (the moves themselves, as data) →
`asking` (what is possible, may this be done).
"""

from models.moves.asking import check, open_moves, possible
from models.moves.nouns import (
    ENDED,
    LATE_ENTRY,
    LIVING,
    Actor,
    Condition,
    Field,
    Move,
    Own,
    Refused,
    Role,
    Stage,
    Standing,
)
from models.moves.table import DEGREES, MOVES, SATISFACTION

__all__ = [
    "DEGREES",
    "ENDED",
    "LATE_ENTRY",
    "LIVING",
    "MOVES",
    "SATISFACTION",
    "Actor",
    "Condition",
    "Field",
    "Move",
    "Own",
    "Refused",
    "Role",
    "Stage",
    "Standing",
    "check",
    "open_moves",
    "possible",
]
