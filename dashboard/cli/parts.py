"""The rooms wired together for one command: store, rule book, vault, door and clock from the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.settings import Settings, from_environment
from dashboard.cli.terminal import Refusal
from models import accounts
from models.door import Door
from models.reference import is_empty
from models.rules import Rules
from models.schema import is_current
from models.store import Store
from models.timebase import CountyClock, real_now
from models.vault import Vault


@dataclass(frozen=True)
class Parts:
    """What most commands need. Made by `open_parts`."""

    settings: Settings
    store: Store
    rules: Rules
    vault: Vault
    door: Door
    clock: CountyClock


@contextmanager
def open_parts(settings: Settings | None = None, *, county: bool = True) -> Iterator[Parts]:
    """Everything open while the block runs.

    Args:
        county: a county's reference data must be there already.

    Raises:
        Refusal: the database's schema is not the newest, or it holds no county.
    """
    settings = settings or from_environment()
    store = Store(settings.database)
    try:
        if not is_current(store):
            raise Refusal(f"The database {shown(store)} has no or an older schema; run `gridcommand migrate` first.")
        with store.read() as connection:
            empty = is_empty(connection)
        if county and empty:
            raise Refusal(f"The database {shown(store)} holds no county yet; run `gridcommand migrate` first.")
        rules, vault = Rules(store, settings.zone), Vault(settings.secret())
        yield Parts(settings, store, rules, vault, Door(store, rules, vault), CountyClock(store))
    finally:
        store.close()


def changed(parts: Parts, act: str, name: str, deed: Callable[[Any, datetime], Any]) -> Any:
    """A change from the console with its audit line, in one transaction; what the deed returns.

    Raises:
        Refusal: the deed refused, in its own sentence.
    """
    now = real_now()
    with parts.store.write() as connection:
        try:
            found = deed(connection, now)
        except ValueError as error:
            raise Refusal(str(error)) from error
        accounts.audit(connection, "console", "admin", act, now, object=name)
    return found


def shown(store: Store) -> str:
    """A database's address without its password."""
    return str(store.url.render_as_string(hide_password=True))
