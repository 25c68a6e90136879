"""Asking the table: which moves are open, and whether one may be made. Refuses in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from config.sentences import ROLES, Term, constant, say, term, terms
from models.moves.nouns import Actor, Field, Move, Own, Refused, Role, Stage, Standing
from models.moves.table import MOVES

_HOLDER = {
    Own.LEAD: "Only the department that holds the order may {action}.",
    Own.PART: "Only the department that holds the order, or one that has a part in it, may {action}.",
    Own.RECEIVER: "Only the department to which the transfer was offered may {action}.",
    Own.ADDRESSEE: "Only the department that the supervision or the instruction addresses may {action}.",
}
ACTION, STAGE, FIELD = "case.action", "common.stage", "case.field"
"""Where the catalogue has the names of what a refusal speaks of."""


def possible(stage: Stage, role: Role) -> list[str]:
    """The actions that this role may take from this stage, in the order of the table, conditions left aside."""
    return [move.action for move in MOVES.values() if stage in move.start and role in move.roles]


def open_moves(standing: Standing, actor: Actor) -> list[Move]:
    """The moves that this actor can make now, in the order of the table: what `check` would not refuse but for fields."""
    allowed = (MOVES[action] for action in possible(standing.stage, actor.role))
    return [move for move in allowed if _is_own(move, standing, actor) and _unmet(move, standing, actor) is None]


def check(action: str, standing: Standing, actor: Actor, fields: Mapping[str, object]) -> tuple[Move, Stage]:
    """The move and the stage it leads to, where nothing that follows from it (`Move.also`) decides otherwise.

    Raises:
        Refused: with a sentence saying what is possible.
    """
    move = MOVES.get(action)
    if move is None:
        raise Refused(
            say("There is no action {action!r}; expected one of {expected}.", action=action, expected=", ".join(MOVES))
        )
    if actor.role not in move.roles:
        raise Refused(
            say(
                "The role {role} may not {action}; this takes {expected}.",
                role=term(actor.role, *ROLES),
                action=term(action, ACTION),
                expected=terms(move.roles, *ROLES),
            )
        )
    stage = standing.stage
    if stage not in move.start:
        raise Refused(
            say(
                "A case in stage {stage} cannot {action}; possible now for {role}: {now}.",
                stage=term(stage, STAGE),
                action=term(action, ACTION),
                role=term(actor.role, *ROLES),
                now=_possible_now(standing, actor),
            )
        )
    if not _is_own(move, standing, actor):
        raise Refused(say(_HOLDER[move.own], action=term(action, ACTION)))
    unmet = _unmet(move, standing, actor)
    if unmet is not None:
        raise Refused(
            say(
                "It is not possible to {action} now: {unmet} Possible now for {role}: {now}.",
                action=term(action, ACTION),
                unmet=constant(unmet),
                role=term(actor.role, *ROLES),
                now=_possible_now(standing, actor),
            )
        )
    for field in move.fields:
        _demand(action, field, fields.get(field.name))
    return move, move.to or stage


def _possible_now(standing: Standing, actor: Actor) -> Term:
    return terms((other.action for other in open_moves(standing, actor)), ACTION)


def _is_own(move: Move, standing: Standing, actor: Actor) -> bool:
    if actor.role is not Role.DEPARTMENT or move.own is Own.ANYBODY:
        return True
    mine = {
        Own.LEAD: {standing.department},
        Own.PART: {standing.department, *standing.co},
        Own.RECEIVER: {standing.transfer_to},
        Own.ADDRESSEE: standing.to_receive | standing.to_answer,
    }[move.own]
    return actor.department is not None and actor.department in mine


def _unmet(move: Move, standing: Standing, actor: Actor) -> str | None:
    """The sentence of the first condition that does not hold; None where all do."""
    return next((condition.sentence for condition in move.when if not condition.holds(standing, actor)), None)


def _demand(action: str, field: Field, value: object) -> None:
    if field.required and value in (None, "", [], ()):
        raise Refused(
            say("To {action}, {name!r} must be given.", action=term(action, ACTION), name=term(field.name, FIELD)),
            field=field.name,
        )
    if value in (None, ""):
        return
    if field.kind == "choice" and str(value) not in field.options:
        raise Refused(
            say(
                "{name!r} must be {expected}, not {value!r}.",
                name=term(field.name, FIELD),
                expected=terms(field.options, f"case.option.{field.name}"),
                value=value,
            ),
            field=field.name,
        )
    if field.kind == "count" and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise Refused(
            say(
                "{name!r} must be a whole number of at least 0, not {value!r}.",
                name=term(field.name, FIELD),
                value=value,
            ),
            field=field.name,
        )


def or_(words: Iterable[str]) -> str:
    """Codes as a sentence names them: \"a or b\"."""
    return " or ".join(sorted(str(word) for word in words))
