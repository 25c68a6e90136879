"""The process `push`: the gateway and what it follows, wired from the settings. It imports little, so that one that was killed is
soon back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import Executor
from datetime import timedelta
from urllib.parse import urlsplit

from pydantic import ValidationError

from alerts.entrance import Credential
from alerts.follower import Ears, Follower
from alerts.gateway import Bounds, Gateway
from alerts.inboxes import Unread
from alerts.process import beat, until_stopped
from config.settings import Settings
from models import accounts, outbox
from models.accounts import Visitor
from models.messages import Snapshot
from models.notify import Notifier
from models.store import Store
from models.timebase import real_now

log = logging.getLogger(__name__)

LOOK = 0.25
"""Seconds between two looks at the kept picture while Redis brings none."""


def run_push(settings: Settings) -> int:
    """The push gateway, until SIGTERM. Returns the exit code: 0 ended on purpose, 1 fell over."""
    store = Store(settings.database, pool_size=4)
    notifier = Notifier.from_environment()

    async def work(executor: Executor) -> None:
        await _push(settings, store, executor, notifier)

    return until_stopped("push", work, store, notifier)


async def _push(settings: Settings, store: Store, executor: Executor, notifier: Notifier) -> None:
    bounds = Bounds()
    gateway: Gateway
    follower = Follower(
        store,
        settings.redis,
        Ears(lambda facts: gateway.facts(facts), lambda last: gateway.jumped(last), lambda body: _drawn(gateway, body)),
        executor,
    )
    gateway = Gateway(
        recogniser(store, executor),
        origins=_origins(settings.public_url),
        web_port=settings.port,
        bounds=bounds,
        nudge=follower.nudge,
        state=lambda: {"redis": follower.redis, "database": follower.database},
        unread=unread_of(store, executor),
    )
    begun = asyncio.Event()
    async with gateway.serving(settings.host, settings.push_port), asyncio.TaskGroup() as group:
        group.create_task(beat(notifier, begun))
        gateway.begin(*await follower.begin(bounds.ring))
        begun.set()
        group.create_task(follower.run())
        group.create_task(_kept(gateway, follower, store, executor))


SEEN = timedelta(minutes=1)
"""An open wall is use: whoever only watches is not idle. The absolute end of a session stays."""


def recogniser(store: Store, executor: Executor) -> Callable[[Credential], Awaitable[Visitor | None]]:
    """Whose credential it is, by the accounts of the store, read in a thread."""

    def look(shown: Credential) -> Visitor | None:
        with store.read() as connection:
            if shown.kind == "token":
                return accounts.visitor_of_token(connection, shown.secret)
            now = real_now()
            found = accounts.visitor_of_session(connection, shown.secret, now)
        if found and now - found[1] > SEEN:
            with store.write() as connection:
                accounts.seen(connection, shown.secret, now)
        return found[0] if found else None

    async def who(shown: Credential) -> Visitor | None:
        return await asyncio.get_running_loop().run_in_executor(executor, look, shown)

    return who


def unread_of(store: Store, executor: Executor) -> Unread:
    """How many open entries accounts have, read in a thread."""

    def look(accounts: Collection[str]) -> Mapping[str, int]:
        from models.ladder import inbox  # when first asked for: the gateway is open long before

        with store.read() as connection:
            return inbox.unread(connection, accounts)

    async def unread(accounts: Collection[str]) -> Mapping[str, int]:
        return await asyncio.get_running_loop().run_in_executor(executor, look, accounts)

    return unread


def _drawn(gateway: Gateway, body: bytes) -> None:
    try:
        gateway.figures(Snapshot.model_validate_json(body))
    except ValidationError:
        log.warning("Figures came in a form that is not known; another version is running beside this one.")


async def _kept(gateway: Gateway, follower: Follower, store: Store, executor: Executor) -> None:
    """While Redis brings no picture, take the one that is kept in the database."""

    def look() -> Snapshot | None:
        with store.read() as connection:
            return outbox.kept_picture(connection)

    while True:
        age = gateway.figures_age
        if age is None or age > 2.5 or not follower.redis:
            try:
                picture = await asyncio.get_running_loop().run_in_executor(executor, look)
            except Exception as error:  # the age of the figures on the screens tells
                log.debug("No figures could be read (%s).", type(error).__name__)
                picture = None
            if picture:
                gateway.figures(picture)
        await asyncio.sleep(LOOK)


def _origins(public_url: str) -> frozenset[str]:
    parts = urlsplit(public_url)
    return frozenset({f"{parts.scheme}://{parts.netloc}"}) if public_url else frozenset()
