"""The process `alerts`: clocks and figures, the courier, feeds and webhooks, each in rounds of its own, wired from the settings."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import timedelta
from typing import Protocol

from alerts.briefing import Briefing
from alerts.courier import AFTER_FAULT, Courier, Desk
from alerts.exchange.telling import Teller
from alerts.exchange.watching import FeedWatch
from alerts.keeping import Keeping
from alerts.news import News
from alerts.process import THREADS, beat, until_stopped
from alerts.recording import Recording
from alerts.worker import County, Worker
from config.briefs import brief_rules
from config.networks import listed, networks
from config.settings import Settings
from models.directory import Directories
from models.door import Door
from models.notify import Notifier
from models.rules import Rules
from models.store import Store, StoreUnavailable
from models.timebase import CountyClock
from models.vault import Vault

log = logging.getLogger(__name__)


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
        try:
            async with asyncio.TaskGroup() as group:
                begun = asyncio.Event()
                group.create_task(worker.run(begun.set))
                group.create_task(_carried("courier", courier, executor, begun))
                group.create_task(_carried("watch of feeds", _watch(settings, store, door, news), outside, begun))
                group.create_task(_carried("telling of webhooks", _teller(settings, store), executor, begun))
                group.create_task(beat(notifier, begun))
                group.create_task(Keeping(store, settings.data.resolve(), executor).again())
                group.create_task(Briefing(desk, brief_rules(settings.county), executor).again())
                group.create_task(Recording(desk, executor).again())
        finally:
            outside.shutdown(wait=False, cancel_futures=True)

    return until_stopped("alerts", work, store, notifier)


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
