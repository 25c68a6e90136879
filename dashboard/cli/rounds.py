"""The demonstration's rounds: what its grid workers ticked in the week before, most of it in time, some not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from dashboard.cli.invention import ROUND_FINDINGS
from dashboard.cli.parts import Parts
from models.duty import ticks
from models.duty.rounds import Slot, slots_of

DAYS = 8
MADE, FOUND = 0.94, 0.04
"""Shares of rounds that were made, and of those that found something."""


def tell_rounds(parts: Parts, directory: Any, began: datetime, dice: Random) -> int:
    """Tick the week before `began`, in one transaction; how many rounds there are."""
    grids = [code for code, area in directory.areas.items() if area["level"] == "grid"]
    slots, zone = slots_of(directory.county), parts.rules().zone
    rows = [row for grid in grids for slot in slots for row in _of(grid, slot, began, zone, dice)]
    with parts.store.write() as connection:
        return ticks.put(connection, rows)


def _of(grid: str, slot: Slot, began: datetime, zone: Any, dice: Random) -> Iterator[dict[str, Any]]:
    today = began.astimezone(zone).date()
    for period in sorted({slot.period(today - timedelta(days=back)) for back in range(DAYS)}):
        opens, closes = slot.window(period, zone)
        at = opens + (closes - opens) * dice.uniform(0.05, 0.9)
        if at < began and dice.random() < MADE:
            finding = dice.choice(ROUND_FINDINGS) if dice.random() < FOUND else ""
            known = {"area": grid, "slot": slot.code, "period": period, "account": "grid", "finding": finding}
            yield {**known, "happened_at": at, "entered_at": at}
