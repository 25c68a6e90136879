"""What the processes `push` and `alerts` share: a heart that beats, and a prompt end on SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

from pydantic import ValidationError

from alerts.briefing import Briefing
from alerts.courier import AFTER_FAULT, Courier, Desk
from alerts.entrance import Credential
from alerts.exchange.telling import Teller
from alerts.exchange.watching import FeedWatch
from alerts.follower import Ears, Follower
from alerts.gateway import Bounds, Gateway
from alerts.inboxes import Unread
from alerts.keeping import Keeping
from alerts.news import News
from alerts.worker import County, Worker
from config.briefs import brief_rules
from config.networks import listed, networks
from config.settings import Settings
from models import accounts, figures
from models.accounts import Visitor
from models.directory import Directories
from models.door import Door
from models.ladder import inbox
from models.messages import Snapshot
from models.notify import Notifier
from models.store import Store

log = logging.getLogger(__name__)

THREADS = "database"
STOP = 1.7
"""Seconds that tasks have to end after SIGTERM."""

Work = Callable[[Executor], Awaitable[None]]


async def beat(notifier: Notifier, begun: asyncio.Event) -> None:
    """Say "ready" once it has begun, and show life every second from then on."""


def run_push(settings: Settings) -> int:
    """The push gateway, until SIGTERM. Returns the exit code: 0 ended on purpose, 1 fell over."""
    store = Store(settings.database, pool_size=4)
    notifier = Notifier.from_environment()

    async def work(executor: Executor) -> None:
        await _push(settings, store, executor, notifier)

    return _until_stopped("push", work, store, notifier)


def run_alerts(settings: Settings, *, keep_facts: timedelta = timedelta(days=14)) -> int:
    """The alerts worker, until SIGTERM. Facts older than `keep_facts` (at least 7 days) leave the outbox."""
    store = Store(settings.database, pool_size=4)
    notifier = Notifier.from_environment()

    async def work(executor: Executor) -> None:
        rules = Rules(store, settings.zone)
        door = Door(store, rules, Vault(settings.secret()))
        county = County(store, rules, door, CountyClock(store), Directories(store))
        desk = Desk(store, rules, county.clock, county.directories, Vault(settings.secret()), settings.language)
        courier = Courier(desk, threads=f"{THREADS}-courier")
        news = News(settings.redis)
        worker = Worker(county, news, settings.redis, executor, keep_facts=keep_facts)
        outside = ThreadPoolExecutor(1, thread_name_prefix=f"{THREADS}-outside")  # may wait for others for long
        async with asyncio.TaskGroup() as group:
            begun = asyncio.Event()
            group.create_task(worker.run(begun.set))
            group.create_task(_carried("courier", courier, executor, begun))
            group.create_task(_carried("watch of feeds", _watch(settings, store, door, news), outside, begun))
            group.create_task(_carried("telling of webhooks", _teller(settings, store), executor, begun))
            group.create_task(_beat(notifier, begun))
            group.create_task(Keeping(store, settings.data.resolve(), executor).again())
            group.create_task(Briefing(desk, brief_rules(settings.county), executor).again())

    return _until_stopped("alerts", work, store, notifier)


class Rounds(Protocol):
    """Whoever works in rounds: each says how many seconds to wait until the next."""

    def round(self) -> float: ...

    def close(self) -> None: ...


def _watch(settings: Settings, store: Store, door: Door, news: News) -> FeedWatch:
    return FeedWatch(store, door, news.publish, networks(listed(settings.exchange_networks)), settings.language)


def _teller(settings: Settings, store: Store) -> Teller:
    allowed = networks(listed(settings.exchange_networks))
    return Teller(store, Vault(settings.secret()), allowed, threads=f"{THREADS}-webhooks")


async def _carried(name: str, courier: Rounds, executor: Executor, begun: asyncio.Event) -> None:
    """The rounds of one who works beside the clocks and never before them."""
    await begun.wait()
    loop = asyncio.get_running_loop()
    try:
        while True:
            try:
                pause = await loop.run_in_executor(executor, courier.round)
            except Exception as error:  # whatever it is: what waits is still there, and the next round takes it
                log.warning(
                    "%s The %s tries again.", error if isinstance(error, StoreUnavailable) else repr(error), name
                )
                pause = AFTER_FAULT
            await asyncio.sleep(pause)
    finally:
        courier.close()


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
        group.create_task(_beat(notifier, begun))
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
            return figures.kept(connection)

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


async def _beat(notifier: Notifier, begun: asyncio.Event) -> None:
    await begun.wait()
    notifier.ready()
    while True:
        notifier.beat()
        await asyncio.sleep(1)


def until_stopped(name: str, work: Work, store: Store, notifier: Notifier) -> int:
    """Run until SIGTERM or SIGINT, then end within two seconds whatever a database or a client does."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=f"{name}: %(message)s")
    _raise_file_limit()
    executor = ThreadPoolExecutor(4, thread_name_prefix=THREADS)
    try:
        code = asyncio.run(_supervised(work, executor, notifier))
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
    until = time.monotonic() + 0.2
    while _busy() and time.monotonic() < until:
        time.sleep(0.01)
    if _busy():  # a thread waits for a database that does not answer: the interpreter would wait for it
        sys.stderr.flush()
        os._exit(code)
    store.close()
    return code


def _busy() -> bool:
    return any(thread.name.startswith(THREADS) for thread in threading.enumerate())


async def _supervised(work: Work, executor: Executor, notifier: Notifier) -> int:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_one_line)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    task = asyncio.ensure_future(work(executor))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        stopped.cancel()
        log.error("Ended by a fault: %r", _first(task.exception()))
        return 1
    notifier.stopping()
    task.cancel()
    await asyncio.wait({task}, timeout=STOP)
    return 0


def _first(error: BaseException | None) -> BaseException | None:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _one_line(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    log.warning("%s %r", context.get("message", ""), context.get("exception"))


def _raise_file_limit() -> None:
    """A thousand screens need more files than the usual 1,024."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
