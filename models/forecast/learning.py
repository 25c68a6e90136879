"""When it is time to learn again, and all that is learned then. Bounded: the newest cases of each department only."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from models.directory import Directory
from models.forecast import late, lessons
from models.forecast.tables import forecast_model
from models.rules import RuleBook
from models.store import Store

EVERY = timedelta(hours=6)
"""How old what was learned may get, by county time and by ours."""
SHORTEST = timedelta(minutes=10)
"""How long it is kept at least, also where county time runs fast."""


def is_due(store: Store, now: datetime, real: datetime) -> bool:
    """Whether nothing was learned yet, or long enough ago."""
    m = forecast_model.c
    with store.read() as connection:
        row = connection.execute(select(m.fitted_at, m.county_at).where(m.name == late.NAME)).first()
    if row is None:
        return True
    age = real - row.fitted_at
    return age >= EVERY or (age >= SHORTEST and not timedelta(0) <= now - row.county_at < EVERY)


def learn(store: Store, book: RuleBook, directory: Directory, now: datetime, real: datetime) -> late.LateModel:
    """Learn everything from the store and keep it. What is late comes last: `is_due` looks at it."""
    lessons.learn_all(store, directory, now, real)
    return late.learn(store, book, now, real)


def watch(store: Store, book: RuleBook) -> int:
    """One bite of open cases judged by what was learned last; returns how many rows changed."""
    with store.read() as connection:
        row = connection.execute(select(forecast_model).where(forecast_model.c.name == late.NAME)).first()
    return late.watch(store, book, late.kept(row) if row else late.NOTHING_YET)
