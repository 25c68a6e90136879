"""The courier: takes what waits for a channel, sends it, writes down how it went; and reminds of messages without receipt.

It works in threads of its own, one channel at a time in each: a channel that hangs holds up nobody but itself, and
neither the clocks nor the figures wait for any of it. Several couriers on one database share the work row by row.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from alerts.channels.kinds import ChannelRefused, Target, target
from alerts.channels.sending import Letter, Result, send
from alerts.channels.words import Tongue, letter
from config import texts
from models.directory import Directories, Directory
from models.ladder import deliveries, talk
from models.rules import Rules
from models.store import Store, StoreUnavailable
from models.timebase import CountyClock, real_now
from models.vault import Vault

log = logging.getLogger(__name__)
HANDS = 4
"""Channels that are tried at the same time."""
LOOK = 0.5
"""Seconds between two looks while nothing waits."""
AFTER_FAULT = 3.0

Sender = Callable[[Target, Letter, tuple[str, ...], int], Result]


@dataclass(frozen=True)
class Desk:
    """What a courier works on."""

    store: Store
    rules: Rules
    clock: CountyClock
    directories: Directories
    vault: Vault
    language: str = "zh-CN"


class Courier:
    """One round after another, until stopped. For one process; the rounds are safe beside other processes' own."""

    def __init__(self, desk: Desk, *, sender: Sender = send, threads: str = "courier") -> None:
        self._desk = desk
        self._send = sender
        self._texts = texts.load().texts(desk.language)
        self._pool = ThreadPoolExecutor(HANDS, thread_name_prefix=threads)
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def round(self) -> float:
        """Claim what waits and hand it to a free hand; remind; say how many seconds to wait until the next look."""
        with self._lock:
            busy = set(self._busy)
        if len(busy) >= HANDS:
            return LOOK
        now, real = self._desk.clock.now(), real_now()
        with self._desk.store.read() as connection:
            reminder = talk.next_reminder(connection)
            waits = deliveries.waits(connection, now, real, busy)
        if reminder is not None and reminder <= now:
            with self._desk.store.write() as connection:
                talk.remind(connection, now, real)
        if not waits:
            return LOOK
        with self._desk.store.write() as connection:
            parcel = deliveries.claim(connection, now, real, busy)
        if parcel is None:
            return LOOK
        with self._lock:
            self._busy.add(parcel.channel.name)
        self._pool.submit(self._carry, parcel)
        return 0.0

    def _carry(self, parcel: deliveries.Parcel) -> None:
        try:
            began = time.monotonic()
            result = self._try(parcel)
            took = round((time.monotonic() - began) * 1000)
            with self._desk.store.write() as connection:
                deliveries.done(
                    connection,
                    parcel,
                    result.verdict,
                    result.detail,
                    took,
                    real_now(),
                    random.random(),  # noqa: S311
                )
        except StoreUnavailable as error:
            log.warning("%s What was sent may be sent once more.", error)
        except Exception:
            log.exception("Channel %s: a sending could not be written down.", parcel.channel.name)
        finally:
            with self._lock:
                self._busy.discard(parcel.channel.name)

    def _try(self, parcel: deliveries.Parcel) -> Result:
        try:
            address = self._desk.vault.open(parcel.channel.address)
            where = target(parcel.channel.kind, address or "")
        except (ChannelRefused, ValueError):
            return Result("permanent", "no usable address")
        directory = self._desk.directories()
        said = letter(parcel.rows, tongue(directory, self._texts, self._desk.language, self._desk.rules().zone))
        try:
            return self._send(where, said, hosts(directory), int(real_now().timestamp()))
        except Exception as error:  # whatever a library raises: this try has failed, and the next may not
            log.warning("Channel %s: %s.", parcel.channel.name, type(error).__name__)
            return Result("temporary", type(error).__name__)

    def close(self) -> None:
        """Take nothing more; who is sending may finish, or be cut off with the process."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def hosts(directory: Directory) -> tuple[str, ...]:
    """Where the county lets us send."""
    return tuple(directory.county.get("notify", {}).get("hosts", ()))


def tongue(directory: Directory, words: Mapping[str, str], language: str, zone: ZoneInfo) -> Tongue:
    """The language that channels speak."""

    def named(row: Mapping[str, Any] | None, code: str | None, short: str) -> str:
        if not row:
            return code or "—"
        english = (row.get(f"{short}_en") or row.get("name_en")) if language == "en" else None
        return str(english or row.get(short) or row.get("name") or code)

    return Tongue(
        words,
        zone,
        lambda code: named(directory.departments.get(code or ""), code, "short"),
        lambda code: named(directory.areas.get(code or ""), code, "name"),
    )
