"""Conditions of moves beside stage and role, each with the sentence that is said where it does not hold."""

from __future__ import annotations

from models.moves.nouns import Actor, Condition, Role


def _mine(departments: frozenset[str], actor: Actor) -> bool:
    """A department acts for its own part only; others act for any part."""
    return actor.department in departments if actor.role is Role.DEPARTMENT else bool(departments)


WAITS_FOR_RECEIPT = Condition(
    lambda s, actor: _mine(s.unreceipted, actor), "No order of this case waits for that receipt."
)
WAITS_FOR_FEEDBACK = Condition(
    lambda s, actor: _mine(s.undone, actor),
    "No part of this case waits for that feedback: an order is received first, and is answered once.",
)
NOT_ADJUDICATED = Condition(
    lambda s, _: not s.adjudicated, "This case was adjudicated, so that it cannot be handed back any more."
)
NO_TRANSFER = Condition(lambda s, _: s.transfer_to is None, "A transfer is offered already and was not answered yet.")
TRANSFER_OFFERED = Condition(lambda s, _: s.transfer_to is not None, "No transfer of this case is offered.")
BELOW_COUNTY = Condition(lambda s, _: s.below_county, "The case is held by the county already.")
OUR_DEADLINE = Condition(
    lambda s, _: s.deadline == "ours",
    "The deadline of this case was not set by a rule of ours; there is none to extend.",
)
NOT_THEIR_CLOCK = Condition(
    lambda s, _: s.deadline != "source",
    "The source system keeps the clock of this case; ask there to have it suspended.",
)
NOT_EXPIRED = Condition(lambda s, _: not s.expired, "The deadline has passed; this had to be asked for before.")
NO_EXTENSION_ASKED = Condition(
    lambda s, _: not s.extension_asked, "An extension was asked for already and is not decided yet."
)
EXTENSION_ASKED = Condition(lambda s, _: s.extension_asked, "No extension of this case waits for a decision.")
EXTENSIONS_LEFT = Condition(lambda s, _: s.extensions_left > 0, "This case was extended as often as may be.")
LEADER_DECIDES = Condition(
    lambda s, actor: not s.leader_decides or actor.role is Role.LEADER,
    "This is not the first extension, and only a leader decides on it.",
)
INSPECTION_NOT_FAILED = Condition(
    lambda s, _: not s.inspection_failed, "The last inspection failed; the case goes to rework."
)
NO_CHILDREN = Condition(
    lambda s, _: s.children == 0, "Other cases were merged into this one; it stays, or they are separated first."
)
WAITS_FOR_ORDER_RECEIPT = Condition(
    lambda s, actor: _mine(s.to_receive, actor), "No urge, supervision or instruction waits for that receipt."
)
WAITS_FOR_REPLY = Condition(
    lambda s, actor: _mine(s.to_answer, actor), "No urge, supervision or instruction waits for that reply."
)
NOT_CONCLUDED = Condition(lambda s, _: s.to_conclude > 0, "No urge, supervision or instruction is open.")
