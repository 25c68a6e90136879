"""Makes the county's briefs when their hour has come, keeps them, and sends them. One worker does it, by a lease.

A brief that was missed while nothing ran is made at the next start, with its standing figures as of then, and says so.
"""

from __future__ import annotations

from concurrent.futures import Executor

from alerts.courier import Desk
from alerts.leased import again
from config import texts
from config.briefs import BriefRules
from models import desk
from models.briefs import archive, words
from models.briefs.content import Ground, content
from models.briefs.schedule import Span, newest
from models.briefs.words import Tongue
from models.evaluation.reading import Counties
from models.filters import Moment
from models.lease import Lease
from models.timebase import real_now

FIRST = 20.0
EVERY = 20.0
"""Seconds between two looks at the schedule."""
AFTER_FAULT = 120.0


class Briefing:
    """The duty. `again` never returns; a failure is told and tried again."""

    def __init__(self, on: Desk, rules: BriefRules, executor: Executor | None = None) -> None:
        self._on, self._rules, self._executor = on, rules, executor
        self._lease = Lease(on.store, "briefs")
        self._counties = Counties(on.store, on.rules)
        self._texts = texts.load().texts(on.language)

    async def again(self) -> None:
        """Wait, then look, for ever."""
        await again(
            self._lease,
            self.round,
            self._executor,
            first=FIRST,
            every=EVERY,
            after_fault=AFTER_FAULT,
            failed="A brief was not made: %r Trying again.",
        )

    def round(self) -> list[int]:
        """Make what is due and not there yet; their numbers."""
        zone = self._on.rules().zone
        due = [span for span, _ in newest(self._rules, self._on.clock.now(), zone)]
        if not due:
            return []
        with self._on.store.read() as connection:
            wanted = archive.missing(connection, due, zone)
        return [number for span in wanted if (number := self.make(span)) is not None]

    def make(self, span: Span) -> int | None:
        """Make, keep and send one brief; None where somebody else just did."""
        on = self._on
        moment = Moment(on.clock.now().replace(microsecond=0), on.rules().zone)
        ground = Ground(moment, on.directories(), self._counties())
        with desk.steady(on.store) as connection:
            body = content(connection, ground, span)
        say = Tongue(self._texts, on.language, moment.zone)
        real = real_now()
        with on.store.write() as connection:
            number = archive.keep(connection, span, body, moment.now, real)
            if number is not None and self._rules.send:
                archive.tell(connection, words.title(body, say), words.plain(body, say), moment.now, real)
        return number

    def release(self) -> None:
        """Give up the lease."""
        self._lease.release()
