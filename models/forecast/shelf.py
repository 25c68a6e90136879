"""Hands out what was learned last; looks for something newer at most every few seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from models.directory import Directories
from models.forecast import lessons
from models.forecast.late import NAME, NOTHING_YET, LateModel, kept
from models.forecast.suggesting import Model, unpacked
from models.forecast.tables import forecast_model
from models.store import Store


@dataclass(frozen=True)
class Learned:
    """A model of suggestions. `measured` is empty where too few cases are closed; `fitted_at` None: from names only."""

    model: Model
    rows: int
    measured: Mapping[str, Any]
    fitted_at: datetime | None


class Shelf:
    """What every reader of the forecasts shares. Made once per process."""

    def __init__(self, store: Store, directories: Directories, *, refresh: float = 10.0) -> None:
        self._store = store
        self._directories = directories
        self._refresh = refresh
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._numbers: dict[str, int] = {}
        self._late = NOTHING_YET
        self._learned: dict[str, Learned] = {}
        self._names = -1

    def late(self) -> LateModel:
        """The estimate of lateness; before the first learning one that knows the rule only."""
        with self._lock:
            self._look()
            return self._late

    def suggesting(self, name: str) -> Learned:
        """The model of `category` or `department`."""
        with self._lock:
            self._look()
            if name not in self._learned or self._stale():
                self._from_names()
            return self._learned[name]

    def forget(self) -> None:
        """Look again at the next question."""
        with self._lock:
            self._looked = float("-inf")

    def _look(self) -> None:
        if time.monotonic() - self._looked < self._refresh:
            return
        m = forecast_model.c
        with self._store.read() as connection:
            numbers = {row.name: row.number for row in connection.execute(select(m.name, m.number))}
            newer = [name for name, number in numbers.items() if self._numbers.get(name) != number]
            rows = connection.execute(select(forecast_model).where(m.name.in_(newer))).all() if newer else []
        for row in rows:
            self._numbers[row.name] = row.number
            if row.name == NAME:
                self._late = kept(row)
            else:
                self._learned[row.name] = Learned(unpacked(row.body), row.rows, row.measured, row.fitted_at)
        self._looked = time.monotonic()

    def _stale(self) -> bool:
        """Learned from names only, and the names are others now."""
        cold = any(learned.fitted_at is None for learned in self._learned.values())
        return cold and self._names != self._directories().version

    def _from_names(self) -> None:
        directory = self._directories()
        for name, model in lessons.untaught(directory):
            if name not in self._learned or self._learned[name].fitted_at is None:
                self._learned[name] = Learned(model, 0, {}, None)
        self._names = directory.version
