"""The demonstration's living flow: reports through the real HTTP API, and people who handle them, in balance.

Nothing here knows more than a client could: what is open is asked of the API. Times are monotonic seconds.
"""

from __future__ import annotations

import heapq
import json
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from config.reference import load
from config.settings import Settings
from dashboard.cli.client import Api, ApiError
from dashboard.cli.invention import Invented, Inventor
from dashboard.cli.plan import ACCOUNTS, DemoPlan, read_plan
from dashboard.cli.terminal import Refusal, say
from models.notify import Notifier

OPEN = 300
"""How many open cases the flow keeps up."""
OVERDUE = 12
"""More overdue cases than this are dealt with first."""
GRAVE_SECONDS = 360.0
"""Seconds between two reports that take the wall, the first after a minute and a half."""
FIRST_GRAVE = 90.0
ANSWER_SECONDS = (50.0, 90.0)
"""How long an escalation waits for its answer; whoever is at the wall may be quicker."""
LOOK_SECONDS = 10.0
PATIENCE = 20.0
"""Seconds that the API may be away before the flow says so."""
FALLBACK = "cg"
"""The department that gets what no category gives to one."""
NEGLECTED = 0.06
"""Share of the cases that are let slip until they are overdue."""


def run_flow(settings: Settings) -> int:
    """Report and handle until SIGTERM. With a rate of 0 it only keeps its place."""
    plan = read_plan(settings.data)
    if plan is None:
        raise Refusal(f"{settings.data} holds no demonstration; start one with `gridcommand demo`.")
    tokens = json.loads((settings.data / ACCOUNTS).read_text(encoding="utf-8"))["tokens"]
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    notifier = Notifier.from_environment()
    county = load(settings.county, geometry_checks=False)
    dice = Random(plan.seed)  # noqa: S311 - a story, not a secret
    flow = Flow(
        plan,
        Inventor(county, dice),
        Api(settings.host, settings.port, tokens["report"]),
        Api(settings.host, settings.port, tokens["operate"]),
        dice,
        mark=f"{time.time_ns():x}",
    )
    threading.Thread(target=_beat, args=(stop, notifier), daemon=True).start()
    notifier.ready()
    while not stop.wait(flow.turn(time.monotonic()) if plan.rate else 1.0):
        pass
    return 0


def _beat(stop: threading.Event, notifier: Notifier) -> None:
    while not stop.wait(1.0):
        notifier.beat()


@dataclass(order=True)
class _Deed:
    """Something to be done at a time."""

    at: float
    order: int
    case: str = field(compare=False)
    action: str = field(compare=False)
    department: str | None = field(compare=False)


class Flow:
    """Decides what happens next. `turn` does everything that is due and says how long to wait."""

    def __init__(
        self, plan: DemoPlan, inventor: Inventor, reporter: Api, operator: Api, dice: Random, *, mark: str
    ) -> None:
        """`mark` makes this life's external ids unlike those of any other life."""
        self._plan, self._inventor, self._dice = plan, inventor, dice
        self._reporter, self._operator = reporter, operator
        self._agenda: list[_Deed] = []
        self._order = count()
        self._numbers = count()
        self._mark = mark
        self._next_report = 0.0
        self._next_look = 0.0
        self._next_grave: float | None = None
        self._unsent: tuple[str, Invented] | None = None
        self._busy: set[str] = set()
        self._away_since: float | None = None
        self._complained = 0.0

    def turn(self, now: float) -> float:
        """One round; returns the seconds until the next."""
        if self._next_grave is None:
            self._next_grave = now + FIRST_GRAVE
        try:
            self._do_due(now)
            if now >= self._next_report:
                self._report(now)
            if now >= self._next_look:
                self._look(now)
                self._next_look = now + LOOK_SECONDS
            self._away_since = None
        except ApiError as error:
            self._complain(error, now)
            return 1.0
        coming = [self._next_report, self._next_look, *(deed.at for deed in self._agenda[:1])]
        return min(max(min(coming) - time.monotonic(), 0.01), 1.0)

    def _complain(self, error: ApiError, now: float) -> None:
        """Say what is wrong when it has been so for a while, and not at every try."""
        self._away_since = self._away_since or now
        if now - max(self._away_since, self._complained) > PATIENCE:
            say(f"{error} The flow waits.")
            self._complained = now

    # -- reporting ---------------------------------------------------------------------------------------------------

    def _report(self, now: float) -> None:
        """Send a report. One that could not be sent is sent again under the same external id."""
        if self._unsent is None:
            grave = self._next_grave is not None and now >= self._next_grave
            invented = self._inventor.grave() if grave else self._ordinary()
            self._unsent = (f"flow-{self._mark}-{next(self._numbers)}", invented)
            if grave:
                self._next_grave = now + GRAVE_SECONDS * self._dice.uniform(0.8, 1.2)
        external_id, invented = self._unsent
        answer = self._reporter.post("/reports", _body(external_id, invented))
        self._unsent = None
        self._next_report = now + self._dice.expovariate(self._plan.rate / 60)
        wait = self._dice.uniform(5, 25) if invented.level == 1 else self._dice.uniform(15, 120)
        self._plan_deed(now + wait, answer["code"], "dispatch", answer["department"])

    def _ordinary(self) -> Invented:
        while True:
            invented = self._inventor.report()
            if invented.level > 1:
                return invented

    # -- handling ----------------------------------------------------------------------------------------------------

    def _plan_deed(self, at: float, case: str, action: str, department: str | None) -> None:
        self._busy.add(case)
        heapq.heappush(self._agenda, _Deed(at, next(self._order), case, action, department))

    def _do_due(self, now: float) -> None:
        while self._agenda and self._agenda[0].at <= now:
            deed = heapq.heappop(self._agenda)
            try:
                self._do(deed, now)
            except ApiError as error:
                if error.status == 0 or error.status >= 500:
                    heapq.heappush(self._agenda, deed)
                    raise
                self._busy.discard(deed.case)  # somebody else moved it: it is looked at anew

    def _do(self, deed: _Deed, now: float) -> None:
        if deed.action == "acknowledge":
            self._acknowledge(deed.case)
            return
        body: dict[str, object] = {}
        if deed.action == "dispatch":
            body["department"] = deed.department or FALLBACK
        if deed.action == "feedback":
            body["note"] = self._inventor.note("feedback")
        self._operator.post(f"/cases/{deed.case}/actions/{deed.action}", body)
        following = {"dispatch": ("receipt", 20, 240), "feedback": ("close", 15, 90)}.get(deed.action)
        if following is None:
            self._busy.discard(deed.case)
        else:
            self._plan_deed(now + self._dice.uniform(*following[1:]), deed.case, following[0], deed.department)

    def _acknowledge(self, case: str) -> None:
        """Answer the highest open rung; nothing where the person at the wall was quicker."""
        self._busy.discard(_escalated(case))
        rungs = self._operator.get(f"/cases/{case}")["escalations"]
        waiting = [rung for rung in rungs if rung["acknowledged_at"] is None]
        if waiting:
            self._operator.post(f"/cases/{case}/actions/acknowledge", {"escalation": waiting[-1]["id"]})

    # -- looking around ----------------------------------------------------------------------------------------------

    def _look(self, now: float) -> None:
        """Ask what is open; take up what nobody holds, and close as many as keep the balance."""
        self._answer_escalations(now)
        for stage, action in (("reported", "dispatch"), ("filed", "dispatch"), ("dispatched", "receipt")):
            for case in self._cases(stage=stage)["cases"]:
                self._take_up(case, action, now, 20, 200)
        for case in self._cases(stage="feedback")["cases"]:
            self._take_up(case, "close", now, 10, 90)
        wanted = self._closings(self._cases(limit=1)["total"])
        for case in self._ripest(wanted):
            self._take_up(case, "feedback", now, 1, LOOK_SECONDS)

    def _cases(self, **query: object) -> Any:
        return self._operator.get("/cases", **{"state": "open", "limit": 200, **query})

    def _take_up(self, case: Mapping[str, Any], action: str, now: float, soonest: float, latest: float) -> None:
        if case["code"] not in self._busy:
            at = now + self._dice.uniform(soonest, latest)
            self._plan_deed(at, case["code"], action, case["department"])

    def _closings(self, open_now: int) -> int:
        """How many cases to finish until the next look: as many as come in, corrected by how far the count is off."""
        inflow = self._plan.rate / 60 * LOOK_SECONDS
        wanted = inflow * min(max(1 + 3 * (open_now - OPEN) / OPEN, 0.0), 3.0)
        return int(wanted) + (self._dice.random() < wanted % 1)

    def _ripest(self, wanted: int) -> Sequence[Mapping[str, Any]]:
        """Cases in hand to be finished now: too many overdue ones first, then those due soonest, some at random."""
        overdue = self._cases(state="overdue", stage="handling")
        late = overdue["cases"][: max(overdue["total"] - OVERDUE, 0)]
        soon = self._cases(state="due-soon", stage="handling")["cases"]
        in_hand = self._cases(stage="handling", state="open")["cases"]
        kept = [case for case in soon if _fate(case["code"]) >= NEGLECTED]
        self._dice.shuffle(in_hand)
        order = [*late, *sorted(kept, key=lambda case: str(case["due_at"]))[: max(wanted // 2, 1)], *in_hand]
        free = {case["code"]: case for case in order if case["code"] not in self._busy and case["clock"] != "overdue"}
        first = {case["code"]: case for case in late if case["code"] not in self._busy}
        return [*first.values(), *free.values()][:wanted]

    def _answer_escalations(self, now: float) -> None:
        for case in self._cases(state="escalated", limit=50)["cases"]:
            if _escalated(case["code"]) not in self._busy:
                self._busy.add(_escalated(case["code"]))
                at = now + self._dice.uniform(*ANSWER_SECONDS)
                heapq.heappush(self._agenda, _Deed(at, next(self._order), case["code"], "acknowledge", None))


def _escalated(code: str) -> str:
    """How a case's escalation is kept among what is being dealt with."""
    return f"{code}!"


def _fate(code: str) -> float:
    """A share between 0 and 1 that belongs to a case for ever: the same cases are let slip at every look."""
    return Random(code).random()  # noqa: S311


def _body(external_id: str, invented: Invented) -> dict[str, object]:
    return {
        "external_id": external_id,
        "category": invented.category,
        "description": invented.description,
        "longitude": invented.longitude,
        "latitude": invented.latitude,
        "frame": "WGS-84",
        "address": invented.address,
        "source": invented.source,
    }
