"""The `alerts` process: lets the clocks act when they are due, and draws the county's picture once per burst of change.

Several workers may run. Clocks are claimed row by row in the door; the picture is drawn by the one that holds the lease
`figures`. Nothing here costs more as the past grows: open cases, today's rows and roll-ups are all that is read.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from alerts.follower import Ears, Follower
from alerts.news import News
from alerts.sequence import Fact
from models import figures, outbox
from models.directory import Directories
from models.door import Conflict, Door
from models.emergencies.facade import Emergencies
from models.evaluation import analysis, books
from models.evaluation.reading import Counties
from models.filters import Moment
from models.forecast import learning
from models.lease import Lease
from models.messages import Snapshot
from models.outbox import last_number
from models.queries import next_clocks, soonest
from models.retention import trim_outbox
from models.rules import Rules
from models.store import Store, StoreUnavailable
from models.timebase import CountyClock, Timebase, real_now

log = logging.getLogger(__name__)
T = TypeVar("T")

FRESH = 1.5
"""Seconds after which a picture is drawn anew although nothing happened, so that its age never passes 2 s."""
BURST = 0.25
"""Seconds between two pictures at least: 4 a second."""
SHARE = 8
"""A picture is drawn at most every so many times what drawing took: an eighth of one core, however many cases."""
LONGEST = 1.0
"""Seconds between two looks at the clocks at most: somebody may have set an earlier one."""
BITE = 25
"""Clocks per transaction: a step of the ladder costs some milliseconds, and an operator's write waits for all of them."""
TRIM_EVERY = 3600.0
BOOKS_EVERY = 5.0
"""Seconds between two looks at the books of the evaluation."""
WATCH_EVERY = 15.0
"""Seconds between two looks for open cases whose lateness is not judged yet."""
AGAIN = (0.2, 3.0)
"""Seconds before trying again after a failure: doubled from the first to the second."""


@dataclass(frozen=True)
class County:
    """What a worker works on."""

    store: Store
    rules: Rules
    door: Door
    clock: CountyClock
    directories: Directories


def pause_until(due: datetime | None, now: datetime, line: Timebase | None, real: datetime) -> float:
    """Real seconds until a clock acts: 0 when it is due, at most `LONGEST`, also where county time stands still."""
    if due is None:
        return LONGEST
    if due <= now:
        return 0.0
    if line is None:
        return min(LONGEST, (due - now).total_seconds())
    at = line.real(due)
    return LONGEST if at is None else min(LONGEST, max(0.0, (at - real).total_seconds()))


def pause_after(cost: float) -> float:
    """Seconds between the beginnings of two pictures, when one took `cost` seconds to draw."""
    return max(BURST, SHARE * cost)


class Worker:
    """The duties of the process. `run` ends only when it is cancelled."""

    def __init__(
        self,
        county: County,
        news: News,
        redis_url: str,
        executor: Executor,
        *,
        keep_facts: timedelta = timedelta(days=14),
    ) -> None:
        self._county = county
        self._news = news
        self._executor = executor
        self._keep_facts = keep_facts
        self._emergencies = Emergencies(county.door)
        self._lease = Lease(county.store, "figures")
        self._books_lease = Lease(county.store, "evaluation")
        self._counties = Counties(county.store, county.rules)
        self._foresight = Lease(county.store, "forecast")
        self._changed = asyncio.Event()
        self._clock_set = asyncio.Event()
        self._follower = Follower(county.store, redis_url, Ears(self._facts, self._jumped), executor)

    async def run(self, begun: Callable[[], None] = lambda: None) -> None:
        """Work; `begun` is called once the database has answered."""
        await self._follower.begin()
        begun()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follower.run())
                group.create_task(self._for_ever(self._let_clocks_act))
                group.create_task(self._for_ever(self._draw))
                group.create_task(self._for_ever(self._trim))
                group.create_task(self._for_ever(self._keep_books))
                group.create_task(self._for_ever(self._foresee))
        finally:
            self._lease.release()
            self._books_lease.release()
            self._foresight.release()

    def _facts(self, facts: list[Fact]) -> None:
        self._changed.set()
        if any('"kind":"time.changed"' in body for _number, body in facts):
            self._county.clock.forget()
            self._clock_set.set()

    def _jumped(self, _last: int) -> None:
        self._changed.set()

    async def _for_ever(self, duty: Callable[[], Awaitable[None]]) -> None:
        """Do it again and again; after a failure try again later, and say so once."""
        pause = AGAIN[0]
        while True:
            try:
                await duty()
                pause = AGAIN[0]
            except Conflict:
                continue  # somebody moved a case at the same moment
            except Exception as error:  # whatever it is: a worker that ends lets every deadline pass in silence
                if pause == AGAIN[0]:
                    log.warning("%s Trying again.", error if isinstance(error, StoreUnavailable) else repr(error))
                await asyncio.sleep(pause)
                pause = min(AGAIN[1], pause * 2)

    # -- clocks -------------------------------------------------------------------------------------------------------

    async def _let_clocks_act(self) -> None:
        self._clock_set.clear()
        pause = await self._in_thread(self.tick)
        try:
            async with asyncio.timeout(pause):
                await self._clock_set.wait()
        except TimeoutError:
            return

    def tick(self) -> float:
        """Let what is due act, tell of it, and say how many seconds to wait."""
        with self._county.store.read() as connection:
            of_cases, of_rooms = next_clocks(connection)
        line = self._county.clock.line()
        now = self._county.clock.now()
        pause = pause_until(soonest(of_cases, of_rooms), now, line, real_now())
        if pause > 0:
            return pause
        looked = 0
        if of_rooms is not None and of_rooms <= now:  # first: nothing waits behind ordinary cases
            more, facts = self._emergencies.tick(now)
            self._news.publish(facts)
            looked += more
        if of_cases is not None and of_cases <= now:
            more, facts = self._county.door.tick(now, BITE)
            self._news.publish(facts)
            looked += more
        return 0.005 if looked else 0.1  # 0: another worker has them

    # -- figures ------------------------------------------------------------------------------------------------------

    async def _draw(self) -> None:
        begun = time.monotonic()
        if not await self._in_thread(self._lease.held):
            await asyncio.sleep(0.5)
            return
        self._changed.clear()
        await self._in_thread(self.draw)
        cost = time.monotonic() - begun
        await asyncio.sleep(pause_after(cost) - cost)
        try:
            async with asyncio.timeout(max(0.0, FRESH - (time.monotonic() - begun))):
                await self._changed.wait()
        except TimeoutError:
            return

    def draw(self) -> Snapshot:
        """Compute the picture, tell of it, and keep it for whoever has no Redis."""
        towns = self._county.directories().towns
        zone = self._county.rules().zone
        with self._county.store.read() as connection:
            number = last_number(connection)  # before the clock is read: what it counts has happened by then
            moment = Moment(self._county.clock.now(), zone)
            picture = figures.snapshot(connection, moment, number, real_now(), towns)
        self._news.publish_figures(picture)
        outbox.keep_picture(self._county.store, picture, number)
        return picture

    # -- the past -----------------------------------------------------------------------------------------------------

    async def _trim(self) -> None:
        await asyncio.sleep(60)
        while await self._in_thread(lambda: trim_outbox(self._county.store, real_now(), self._keep_facts)):
            await asyncio.sleep(0.02)
        await asyncio.sleep(TRIM_EVERY)

    # -- the future ---------------------------------------------------------------------------------------------------

    async def _foresee(self) -> None:
        """Watch open cases by what was learned, and learn again when it is time: in one worker of all."""
        if await self._in_thread(self._foresight.held):
            if await self._in_thread(lambda: learning.is_due(self._county.store, self._county.clock.now(), real_now())):
                await self._in_thread(self.learn)
            while await self._in_thread(self.watch):
                await asyncio.sleep(0.02)
        await asyncio.sleep(WATCH_EVERY)

    def learn(self) -> None:
        """Learn from the past how long departments take, and where texts belong."""
        county = self._county
        learning.learn(county.store, county.rules(), county.directories(), county.clock.now(), real_now())

    def watch(self) -> int:
        """One bite of open cases judged anew; 0 when nothing is left."""
        return learning.watch(self._county.store, self._county.rules())

    # -- the evaluation -----------------------------------------------------------------------------------------------

    async def _keep_books(self) -> None:
        if await self._in_thread(self._books_lease.held):
            await self._in_thread(self.keep_books)
        await asyncio.sleep(BOOKS_EVERY)

    def keep_books(self) -> int:
        """Bring the books of the evaluation and the daily sums of the analysis up to date."""
        county = self._counties()
        days = analysis.keep_up(self._county.store, county.zone)
        return days + books.keep_up(self._county.store, county, self._county.clock.now())

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)
