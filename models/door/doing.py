"""A move in the making: what it works on, and what its consequences add to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from models import tables as t
from models.casetimes import reclocked, worked_out, written_extensions, written_pauses
from models.clocks import Pause
from models.door.writing import Writing
from models.moves import Actor, Move, Role, Stage, Standing


@dataclass(frozen=True)
class Issued:
    """An order that was written."""

    number: str
    kind: str
    department: str


@dataclass
class Doing:
    """One move of one case. Consequences read the upper half and write the lower."""

    work: Writing
    case: Row[Any]
    orders: Sequence[Row[Any]]
    standing: Standing
    move: Move
    actor: Actor
    now: datetime
    fields: Mapping[str, Any]

    stage: Stage
    changes: dict[str, Any] = field(default_factory=dict)
    detail: dict[str, Any] = field(default_factory=dict)
    issued: list[Issued] = field(default_factory=list)

    @property
    def note(self) -> str:
        """The words that came with it."""
        return str(self.fields.get("note") or "")

    @property
    def department(self) -> str | None:
        """The department that a part belongs to: a department's own; for others the one named, None where none is."""
        named = self.fields.get("department")
        return self.actor.department if self.actor.role is Role.DEPARTMENT else str(named) if named else None

    def give_to_centre(self) -> None:
        """The county's centre owns the case."""
        self.changes |= {"owner_kind": "centre", "owner": self.work.rules.county}

    def set_clock(
        self,
        *,
        pauses: Sequence[Pause] | None = None,
        extensions: Sequence[datetime] | None = None,
        limit: tuple[int | None, str | None] | None = None,
    ) -> None:
        """Work the clock of the case out anew with what has changed. Nothing where the source system keeps it."""
        if pauses is not None:
            self.changes["pauses"] = written_pauses(pauses)
        if extensions is not None:
            self.changes["extensions"] = written_extensions(extensions)
        if self.case.due_basis == "source":
            return
        clock = worked_out(self.work.rules, self.case, pauses=pauses, extensions=extensions, limit=limit)
        self.changes |= reclocked(self.case, clock, self.now)

    def set_order(self, order: Row[Any], **values: Any) -> None:
        """Set columns of one order."""
        self.work.db.execute(t.orders.update().where(t.orders.c.id == order.id).values(**values))
