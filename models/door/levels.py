"""小事不出网格: a level registers and handles what it can; the rest climbs grid → community → town → county."""

from __future__ import annotations

from models.door.doing import Doing
from models.door.escalation import escalate, has_escalation
from models.door.writing import Outcome
from models.moves import Actor, Role
from models.places import Place
from models.rules import RuleBook


def holder(rules: RuleBook, place: Place | None, actor: Actor, direct: bool) -> dict[str, str]:
    """Who holds a new report: the grid worker's own area, or the county's centre for everything else."""
    top = rules.levels[0]
    if actor.role is not Role.GRID or place is None or place.level == top or direct:
        return {"held_level": top, "owner_kind": "centre", "owner": rules.county}
    return {"held_level": place.level, "owner_kind": "area", "owner": place.code}


def settle(doing: Doing) -> None:
    """Handled on the spot: the lowest level has resolved it."""
    doing.changes["resolved_level"] = doing.work.rules.levels[-1]


def settle_at_level(doing: Doing) -> None:
    """Handled, and registered, by the level that holds it."""
    doing.changes["resolved_level"] = doing.case.held_level


def raise_level(doing: Doing) -> None:
    """Up to the area above. What reaches the county belongs to its centre."""
    rules = doing.work.rules
    here = rules.places.place(doing.case.owner) if doing.case.owner in rules.places else None
    parent = here.parent if here else None
    above = rules.places.place(parent) if parent and parent in rules.places else None
    if above is None or above.level == rules.levels[0]:
        to_county(doing)
        return
    doing.changes |= {"held_level": above.level, "owner_kind": "area", "owner": above.code}
    doing.detail["level"] = above.level


def to_county(doing: Doing) -> None:
    """The county's centre holds it from here on."""
    doing.changes["held_level"] = doing.work.rules.levels[0]
    doing.give_to_centre()


def press(doing: Doing, outcome: Outcome) -> None:
    """直报: what is reported to the county directly takes the ladder's first rung at once."""
    if not has_escalation(doing.work, outcome.case.id):
        escalate(doing.work, outcome, "direct", doing.now)
