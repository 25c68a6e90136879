"""Telling webhooks: what waits for each is sent in the order of numbers, one at a time, and every try is written down."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from alerts.channels.sending import Result, of_status
from alerts.exchange.outside import Answer, OutsideFailed, OutsideRefused, post
from config.networks import Network
from models.exchange import webhooks
from models.lease import Lease
from models.outbox import last_number
from models.store import Store, StoreUnavailable
from models.timebase import real_now
from models.vault import Vault

log = logging.getLogger(__name__)
LOOK = 0.5
HANDS = 4
"""Webhooks that are told at the same time."""
TURN = 5.0
"""Seconds that one webhook is told without a pause before others have their turn."""
KEPT = timedelta(days=30)
"""How long deliveries and their tries stay on record."""
TRIM_EVERY = 3_600.0

Post = Callable[[str, Sequence[Network], bytes, Mapping[str, str]], Answer]


class Teller:
    """One round after another by the process that holds the lease `webhooks`."""

    def __init__(
        self, store: Store, vault: Vault, networks: Sequence[Network], *, send: Post = post, threads: str = "webhooks"
    ) -> None:
        self._store, self._vault, self._networks, self._send = store, vault, networks, send
        self._lease = Lease(store, "webhooks")
        self._pool = ThreadPoolExecutor(HANDS, thread_name_prefix=threads)
        self._busy: set[str] = set()
        self._trims_at = time.monotonic() + TRIM_EVERY
        self._closed = False

    def round(self) -> float:
        """Put new facts beside each webhook, hand out what is due; say how many seconds to wait."""
        found = 0
        with self._store.read() as connection:
            hooks = webhooks.active(connection)
            last = last_number(connection)
        behind = [hook for hook in hooks if hook.number < last]
        if not hooks or not self._lease.held():
            return LOOK * 4
        self._trim()
        for hook in behind:
            with self._store.write() as connection:
                webhooks.fill(connection, hook, real_now())
        for hook in hooks:
            if hook.name in self._busy or len(self._busy) >= HANDS:
                continue
            with self._store.read() as connection:
                delivery = webhooks.next_of(connection, hook.name, real_now())
            if delivery is not None:
                found += 1
                self._busy.add(hook.name)
                self._pool.submit(self._carry, hook, delivery)
        return 0.05 if found or behind else LOOK

    def _trim(self) -> None:
        """Now and then, forget what was told long ago: a bite, so that nobody's writes wait."""
        if time.monotonic() < self._trims_at:
            return
        with self._store.write() as connection:
            gone = webhooks.trim(connection, real_now() - KEPT)
        self._trims_at = time.monotonic() + (1.0 if gone else TRIM_EVERY)

    def _carry(self, hook: Any, delivery: Any) -> None:
        """Send one delivery after another while they are due and taken, so that the pace of a webhook is that of its other
        side and not that of our rounds; for `TURN` at the most, so that no webhook keeps a hand from the others."""
        until = time.monotonic() + TURN
        try:
            while delivery is not None and self._sent(hook, delivery) and time.monotonic() < until:
                with self._store.read() as connection:
                    delivery = webhooks.next_of(connection, hook.name, real_now())
        except StoreUnavailable as error:
            log.warning("%s What was sent may be sent once more.", error)
        except Exception:
            log.exception("Webhook %s: a try could not be written down.", hook.name)
        finally:
            self._busy.discard(hook.name)

    def _sent(self, hook: Any, delivery: Any) -> bool:
        """Try once and write down how it went; whether it was taken and more may follow."""
        began = time.monotonic()
        result = self._try(hook, delivery)
        took = round((time.monotonic() - began) * 1000)
        with self._store.write() as connection:
            chance = random.random()  # noqa: S311
            webhooks.done(connection, delivery, result.verdict, result.detail, took, real_now(), chance)
        return result.verdict == "sent" and not self._closed

    def _try(self, hook: Any, delivery: Any) -> Result:
        try:
            secret = self._vault.open(hook.secret) or ""
            headers = webhooks.headers(secret, delivery, int(real_now().timestamp()))
        except ValueError:
            return Result("permanent", "its secret cannot be opened; remove the webhook and add it again")
        try:
            return of_status(self._send(hook.url, self._networks, delivery.body.encode(), headers).status)
        except OutsideRefused:
            return Result("permanent", "the address may not be asked")
        except OutsideFailed as error:
            return Result("temporary", str(error))
        except Exception as error:  # whatever a library raises: this try has failed, and the next may not
            log.warning("Webhook %s: %s.", hook.name, type(error).__name__)
            return Result("temporary", type(error).__name__)

    def close(self) -> None:
        """Take nothing more and give up the lease."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._lease.release()
