"""`gridcommand replay`: the cases of a file through the same door as live ones, in their order, at their pace.

County time (models.timebase) is driven by the replay: it runs at `speed` and is held at the next row that has not been
fed, so that no clock can run past what is known. At the end it stands still at the moment of the last event.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from alerts.news import News
from config.settings import Settings
from config.tabular import table
from dashboard.cli.foreign import BATCH, PAUSE, Feeder, Reject, foreign_cases
from dashboard.cli.maps import case_map_for
from dashboard.cli.pace import speed_of
from dashboard.cli.parts import Parts, open_parts
from dashboard.cli.plan import read_plan
from dashboard.cli.rejects import Rejects
from dashboard.cli.schedule import Event, Schedule, events_of, held
from dashboard.cli.terminal import Refusal, answer, progress, say
from models.door import Deed
from models.filters import CaseFilter, Moment
from models.moves import Actor, Refused, Role
from models.notify import Notifier
from models.queries import by_external_ids, count
from models.timebase import Timebase, real_now, stored

_LONGEST_WAIT = 0.5


@dataclass
class Tally:
    """What came of the rows."""

    read: int = 0
    reported: int = 0
    closed: int = 0
    known: int = 0
    rejected: int = 0
    closed_without_time: int = 0

    def sentence(self) -> str:
        """One line for a person."""
        return (
            f"{self.read} rows: {self.reported} cases reported, {self.known} known already, {self.closed} closed, "
            f"{self.rejected} rejected."
        )


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--speed", default="1", help="Times real time, or max.")
@click.option("--map", "map_", default="", help="How the columns are read: a file, or a name in config/maps.")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="Feed all before this day at once.")
def replay(file: Path, speed: str, map_: str, since: datetime | None) -> int:
    """Real cases of FILE through the same door as live ones, at --speed times real time."""
    stop = _stop_event()
    with open_parts() as parts:
        run = Replay(parts, file, map_, speed_of(speed), since.replace(tzinfo=UTC) if since else None)
        with progress("replay", len(run.schedule)) as show:
            run.until(stop, lambda: show(run.schedule.position))
    answer(run.tally.sentence())
    _say_notes(run)
    return 0


def run_replay(settings: Settings) -> int:
    """The demonstration's process: replays the plan's file, says READY and beats while it does."""
    plan = read_plan(settings.data)
    if plan is None or not plan.cases:
        raise Refusal(f"{settings.data} holds no plan to replay cases; start it with `gridcommand demo --cases FILE`.")
    stop = _stop_event()
    notifier = Notifier.from_environment()
    since = datetime.fromisoformat(plan.since).replace(tzinfo=UTC) if plan.since else None
    with open_parts(settings) as parts:
        threading.Thread(target=_beat, args=(stop, notifier), daemon=True).start()
        run = Replay(parts, Path(plan.cases), plan.map, plan.speed, since)
        say(f"{len(run.schedule)} events from {run.schedule.next_at} to {run.schedule.last_at}")
        notifier.ready()
        run.until(stop, lambda: None)
    say(run.tally.sentence())
    _say_notes(run)
    return 0


def _say_notes(run: Replay) -> None:
    if run.tally.rejected:
        say(f"The rejected rows and their reasons are in {run.rejects.file}.")
    if run.tally.closed_without_time:
        say(f"{run.tally.closed_without_time} rows say closed but not when: they stay open, as nothing says otherwise.")


def _stop_event() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    return stop


def _beat(stop: threading.Event, notifier: Notifier) -> None:
    while not stop.wait(1.0):
        notifier.beat()


class Replay:
    """One run over a file. It goes on where an earlier one stopped: what is known is not fed again."""

    def __init__(self, parts: Parts, file: Path, named_map: str, speed: float, since: datetime | None) -> None:
        self.tally = Tally()
        self._parts = parts
        self._refuse_living_county()
        self._speed = speed
        self._since = since
        with table(file) as rows:
            map_ = case_map_for(rows, named_map)
            self.rejects = Rejects(file, rows.columns, parts.settings.data)
            self._client = map_.client
            self._feeder = Feeder(parts, map_)
            cases = []
            for found in foreign_cases(rows, map_):
                self.tally.read += 1
                if isinstance(found, Reject):
                    self.rejects.add(found.row, found.reason)
                elif reason := self._feeder.refusal(found[1], real_now()):
                    self.rejects.add(found[0], reason)
                else:
                    cases.append((found[0].number, found[1]))
        self.rejects.close()
        self.tally.rejected = self.rejects.count
        self.tally.closed_without_time = sum(case.stage == "closed" and case.closed_at is None for _, case in cases)
        if not cases:
            raise Refusal(f"{file} has no row that can be replayed; the reasons are in {self.rejects.file}.")
        for _, case in cases:
            self._feeder.notice(case, dry_run=False)
        self.schedule = Schedule(events_of(cases))
        self._news = News(parts.settings.redis)

    def until(self, stop: threading.Event, moved: Callable[[], None]) -> None:
        """Feed until the file is at its end or `stop` is set. Then county time stands still where it is.

        `moved` is called after each transaction.
        """
        try:
            self._catch_up(stop, moved)
            self._run(stop, moved)
            self._stand_still()
        finally:
            self._news.close()

    def _refuse_living_county(self) -> None:
        """A replay sets the county's clock: never that of a county which lives in real time and has cases."""
        with self._parts.store.read() as connection:
            moment = Moment(real_now(), self._parts.settings.zone)
            cases = count(connection, CaseFilter(), Actor("replay", Role.SYSTEM), moment)
        if cases and self._line() is None:
            raise Refusal(
                f"This county lives in real time and has {cases} cases; a replay would set its clock back. "
                "Replay into a database of its own (--data DIR)."
            )

    def _catch_up(self, stop: threading.Event, moved: Callable[[], None]) -> None:
        """What lies before `since`, or before the county's own time, at once."""
        line = self._line()
        until = max((moment for moment in (self._since, line and line.county(real_now())) if moment), default=None)
        behind = self.schedule.before(until) if until else 0
        while self.schedule.position < behind and not stop.is_set():
            self._feed(self.schedule.take(None, min(BATCH, behind - self.schedule.position)), None)
            moved()

    def _run(self, stop: threading.Event, moved: Callable[[], None]) -> None:
        start = self.schedule.next_at
        if start is None:
            return
        pace = Timebase(real_now(), start, self._speed) if self._speed else None
        self._news.publish(self._parts.door.set_time(held(pace, start, start)))
        while not self.schedule.finished and not stop.is_set():
            events = self.schedule.take(pace.county(real_now()) if pace else None, BATCH)
            if events:
                self._feed(events, pace)
                moved()
                stop.wait(PAUSE)
            elif pace is not None:
                coming = pace.real(self.schedule.next_at or start) or real_now()
                stop.wait(min(max((coming - real_now()).total_seconds(), 0.001), _LONGEST_WAIT))

    def _feed(self, events: Sequence[Event], pace: Timebase | None) -> None:
        """One transaction of events; county time moves on with it, to the next event at most."""
        known = self._known(events)
        with self._feeder.door.transaction() as (deed, facts):
            for event in events:
                self._apply(deed, event, known)
            deed.keep_time(held(pace, events[-1].at, self.schedule.next_at))
        self._news.publish(facts)

    def _known(self, events: Sequence[Event]) -> dict[str, tuple[str, bool]]:
        """External id → (our code, closed) of the events' cases that are in the database."""
        ids = {event.case.external_id for event in events}
        with self._parts.store.read() as connection:
            return by_external_ids(connection, self._client, sorted(ids))

    def _apply(self, deed: Deed, event: Event, known: dict[str, tuple[str, bool]]) -> None:
        case = event.case
        code, closed = known.get(case.external_id, (None, False))
        if event.closing:
            if code is not None and not closed:
                self.tally.closed += self._feeder.close(deed, code, case)
        elif code is not None:
            self.tally.known += 1
        else:
            known[case.external_id] = (self._reported(deed, event), False)
            self.tally.reported += 1

    def _reported(self, deed: Deed, event: Event) -> str:
        try:
            return str(self._feeder.report(deed, event.case).case.code)
        except Refused as error:
            raise Refusal(f"Row {event.row} of the file was refused by the door: {error}") from error

    def _stand_still(self) -> None:
        """At the end, and where it is interrupted, county time stands still."""
        line = self._line()
        here = self.schedule.last_at if self.schedule.finished or line is None else line.county(real_now())
        self._news.publish(self._parts.door.set_time(held(None, here, None)))

    def _line(self) -> Timebase | None:
        with self._parts.store.read() as connection:
            return stored(connection)
