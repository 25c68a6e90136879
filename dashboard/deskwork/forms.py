"""Forms, generated from the table of moves: what a role may do, from which stages, and what must be said. Pure.

A new row of the table is a new button with its form on every page; nothing here names a single action but the letters
of the keyboard, which only spare a hand the mouse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.moves import MOVES, Field, Move, Role

Texts = Mapping[str, str]
APART = frozenset({"acknowledge"})
"""Moves with a place of their own: an escalation is acknowledged where it stands."""
KEYS = {
    "accept": "a",
    "classify": "c",
    "verify": "y",
    "file": "f",
    "settle-on-the-spot": "o",
    "void": "v",
    "merge": "m",
    "dispatch": "d",
    "receipt": "r",
    "hand-back": "h",
    "adjudicate": "d",
    "transfer": "t",
    "accept-transfer": "y",
    "decline-transfer": "z",
    "request-extension": "e",
    "grant-extension": "y",
    "refuse-extension": "z",
    "suspend": "p",
    "resume": "p",
    "feedback": "b",
    "request-inspection": "i",
    "inspect": "i",
    "rework": "w",
    "close": "x",
    "return-call": "q",
    "urge": "u",
    "supervise": "s",
    "instruct": "i",
}
"""Which letter makes a move. Two moves share one only where no role has both from the same stage."""
AT_ONCE = frozenset({"receipt"})
"""Moves that one press makes: nothing has to be said, and they only confirm what another has decided."""
WITH_PHOTOS = frozenset({"feedback", "verify", "inspect", "settle-on-the-spot", "settle-at-level"})
"""Moves that say what was found on the spot: their forms take photos along."""
OWN_FIELDS = frozenset({"department"})
"""A department account speaks for itself: where the field is optional, it says for which department another acts."""


def forms(role: Role, texts: Texts) -> list[dict[str, Any]]:
    """Every move that this role may make, in the order of the table, as its page needs it."""
    return [form(move, role, texts) for move in MOVES.values() if role in move.roles and move.action not in APART]


def form(move: Move, role: Role, texts: Texts) -> dict[str, Any]:
    """One move: its words, its key, the stages it starts from, its fields."""
    return {
        "action": move.action,
        "label": texts.get(f"case.action.{move.action}", move.action),
        "key": KEYS.get(move.action),
        "at_once": move.action in AT_ONCE,
        "photos": move.action in WITH_PHOTOS,
        "start": sorted(str(stage) for stage in move.start),
        "fields": [_described(field, texts) for field in move.fields if not _spared(field, role)],
    }


def _spared(field: Field, role: Role) -> bool:
    return role is Role.DEPARTMENT and field.name in OWN_FIELDS and not field.required


def _described(field: Field, texts: Texts) -> dict[str, Any]:
    name = field.name
    return {
        "name": name,
        "kind": "line" if field.kind == "text" and name != "note" else field.kind,
        "required": field.required,
        "aside": not field.required and (field.kind == "departments" or name.startswith("co_")),
        "label": texts.get(f"case.field.{name}", name),
        "options": [[option, texts.get(f"case.option.{name}.{option}", option)] for option in field.options],
    }
