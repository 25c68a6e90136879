"""What of a case's row sets its clock, and what a working-out of that clock changes in the row. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from models.clocks import Pause
from models.moves import Stage
from models.rules import CaseClock, RuleBook

STAGE_CLOCKS: Mapping[str, str] = {
    Stage.REPORTED: "accept",
    Stage.ACCEPTED: "dispatch",
    Stage.VERIFYING: "verify",
    Stage.FILED: "dispatch",
    Stage.ADJUDICATION: "adjudicate",
    Stage.DISPATCHED: "receipt",
    Stage.FEEDBACK: "inspect",
    Stage.INSPECTING: "inspect",
    Stage.CLOSED: "return_call",
}
"""Which stage stands under which clock of `[stages]` in county.toml; the others under the clock of the case alone."""


def pauses_of(case: Any) -> tuple[Pause, ...]:
    """The suspensions of a case, in order."""
    return tuple(Pause(_read(began), _read(ended) if ended else None) for began, ended in case.pauses or ())


def extensions_of(case: Any) -> tuple[datetime, ...]:
    """When each of its extensions was granted, in order."""
    return tuple(_read(at) for at in case.extensions or ())


def written_pauses(pauses: Sequence[Pause]) -> list[list[str | None]]:
    """Suspensions as the row keeps them; `pauses_of` reads them back."""
    return [[_write(pause.began_at), _write(pause.ended_at) if pause.ended_at else None] for pause in pauses]


def written_extensions(extensions: Sequence[datetime]) -> list[str]:
    """Extensions as the row keeps them; `extensions_of` reads them back."""
    return [_write(at) for at in extensions]


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _write(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def worked_out(
    rules: RuleBook,
    case: Any,
    *,
    pauses: Sequence[Pause] | None = None,
    extensions: Sequence[datetime] | None = None,
    limit: tuple[int | None, str | None] | None = None,
) -> CaseClock:
    """The clock of a case as the rule book says now; what is given stands in for what the row has."""
    amount, unit = limit or (case.limit_amount, case.limit_unit)
    granted = extensions_of(case) if extensions is None else extensions
    return rules.clock(amount, unit, case.clock_from, pauses_of(case) if pauses is None else pauses, granted)


def reclocked(case: Any, clock: CaseClock, now: datetime) -> dict[str, Any]:
    """The columns that a new working-out of the clock changes.

    A warning whose mark has moved is given again at the new mark; a breach is taken back where the new deadline lies
    ahead (the trace keeps both). A mark that was passed and not warned of yet warns at once.
    """
    passed = [at for at in clock.warns if at <= now]
    ahead = [at for at in clock.warns if at > now]
    warned_at = case.warned_at if passed and case.warned_at is not None else None
    missed = [at for at in passed if warned_at is None or at > warned_at]
    breached = case.breached_at is not None and clock.due_at is not None and clock.due_at <= now
    return {
        "due_at": clock.due_at,
        "soon_at": clock.soon_at,
        "due_basis": clock.basis,
        "warned_at": warned_at,
        "warn_at": None if breached else missed[-1] if missed else ahead[0] if ahead else None,
        "breached_at": case.breached_at if breached else None,
    }


def next_warning(rules: RuleBook, case: Any) -> datetime | None:
    """The mark behind the one that is being warned of; None behind the last, and where the source keeps the clock."""
    if case.due_basis != "rule" or len(rules.warnings) < 2:
        return None
    return next((at for at in worked_out(rules, case).warns if at > case.warn_at), None)


def stage_due(rules: RuleBook, stage: str, category: str, due_basis: str, since: datetime) -> datetime | None:
    """When the clock of a stage runs out; None where it has none, or the source system keeps the clocks."""
    clock = STAGE_CLOCKS.get(stage)
    limit = rules.stage_limit(clock, category) if clock is not None and due_basis != "source" else None
    return since + limit if limit is not None else None
