"""The time machine on real stores: whatever is done to cases, the trace folded to a past moment says what was shown then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import SECRET
from desk_harness import add_people, browser, problem, web
from flask import Flask
from sqlalchemy import select, update

from alerts.courier import Desk
from alerts.recording import Recording
from models import tables as t
from models.directory import Directories
from models.directory import read as directory_of
from models.door import Door, Report
from models.filters import Moment
from models.moves import MOVES, Actor, Refused, Role
from models.past import reading, records
from models.past.day import bounds, figures_at, pictured, series
from models.past.lives import instant, micros
from models.rules import Rules
from models.store import Store
from models.timebase import CountyClock, Timebase, real_now, set_timebase
from models.vault import Vault

ZONE = ZoneInfo("Asia/Shanghai")
BEGAN = datetime(2026, 11, 17, 15, 0, tzinfo=UTC)  # 23:00 in the county
DAYS = 3
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
GRIDS = ("990100100001001", "990100101204001", None)
DEPARTMENTS = ("cg", "ga", "zj")
PEOPLE = [Actor(str(role), role) for role in (Role.OPERATOR, Role.LEADER, Role.DUTY, Role.GRID, Role.SYSTEM)]
PEOPLE += [Actor(f"{code}-desk", Role.DEPARTMENT, department=code) for code in DEPARTMENTS]
LIKELY = (
    "dispatch",
    "receipt",
    "receipt",
    "feedback",
    "feedback",
    "close",
    "close",
    "request-extension",
    "grant-extension",
    "suspend",
    "resume",
    "reopen",
    "rework",
)


class County:
    """A county whose cases are moved at random, and looked at from time to time."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store, self.dice, self.now = store, Random(seed), BEGAN
        self.rules = Rules(store, ZONE)
        self.door, self.leaves = Door(store, self.rules, Vault(SECRET)), sorted(self.rules().categories)
        with store.read() as connection:
            self.towns = directory_of(connection).towns
        self.looks: list[dict[str, Any]] = []
        self.done: set[str] = set()
        self.ends: list[tuple[float, str]] = []

    def after(self, hours: float) -> None:
        self.now += hours * HOUR
        while self.door.tick(self.now)[0]:
            pass

    def do(self, code: str, action: str, actor: Actor = PEOPLE[0], **fields: Any) -> None:
        self.door.move(code, action, actor, self.now, {"note": "照办", **fields})
        self.done.add(action)

    def script(self) -> None:
        """Every move that makes the past differ from the present, with looks between, over two midnights."""
        desk, leader = PEOPLE[5], PEOPLE[1]
        leaf = next(code for code in self.leaves if self.rules().categories[code].limit_unit == "work_hour")
        code, other, third = (self.report(leaf, 3, GRIDS[n]) for n in (0, 1, 0))
        self.look()
        for hours, action, actor, more in (
            (0.2, "dispatch", PEOPLE[0], {"department": "cg"}), (0.2, "receipt", desk, {}),
            (0.2, "request-extension", desk, {}), (0.2, "grant-extension", leader, {}),
            (0.2, "suspend", leader, {"until": self.now + 20 * HOUR}), (30, "feedback", desk, {}), (0.5, "rework", PEOPLE[0], {}),
            (2, "feedback", desk, {"happened_at": self.now + 33 * HOUR}), (20, "close", PEOPLE[0], {}), (0.1, "reopen", leader, {}),
            (0.1, "dispatch", PEOPLE[0], {"department": "zj"}),
        ):  # fmt: skip
            self.after(hours)
            self.do(code, action, actor, **more)
            self.look()
        self.do(third, "merge", into=code)
        self.look()
        self.do(other, "accept", category=self.leaves[-1], level="1")
        self.look()
        self.after(0.1)
        self.do(other, "void")
        self.look()

    def live(self, steps: int) -> None:
        for _ in range(steps):
            self.now += timedelta(seconds=self.dice.uniform(1, 2 * DAYS * 86_400 / steps))
            self.door.tick(self.now)
            deed = self.dice.random()
            if deed < 0.25:
                with suppress(Refused):
                    self.any_report()
            elif deed < 0.9:
                self.move()
            else:
                self.look()

    def any_report(self) -> None:
        own = self.dice.random() < 0.15
        more = {"keeps_own_clock": True, "due_at": self.now + self.dice.uniform(1, 30) * HOUR} if own else {}
        self.report(
            self.dice.choice(self.leaves), self.dice.choice((None, 1, 2, 3, 4)), self.dice.choice(GRIDS), **more
        )

    def report(self, leaf: str, level: int | None = 3, area: str | None = GRIDS[0], **more: Any) -> str:
        place = {"area": area} if area else {"longitude": 1.0, "latitude": 1.0, "frame": "WGS-84"}
        report = Report(leaf, "井盖松动", "grid", level=level, **place, **more)  # type: ignore[arg-type]
        return str(self.door.report(report, PEOPLE[0], self.now).case.code)

    def move(self) -> None:
        with self.store.read() as connection:
            cases = connection.execute(
                select(t.cases.c.code, t.cases.c.id, t.cases.c.stage, t.cases.c.department)
            ).all()[-25:]
            calls = connection.execute(select(t.escalation.c.id, t.escalation.c.case_id).where(t.UNANSWERED)).all()
        if not cases:
            return
        dice = self.dice
        for _ in range(4):  # many a move is refused
            case = dice.choice(cases)
            open_ = [name for name in (*MOVES, *LIKELY, *LIKELY) if case.stage in MOVES[name].start]
            action = dice.choice(open_)
            call = next((one.id for one in calls if one.case_id == case.id), 0)
            fields = {
                "note": "随机", "department": dice.choice(DEPARTMENTS), "finding": dice.choice(("confirmed", "passed", "failed")),
                "category": dice.choice(self.leaves), "level": dice.choice(("1", "3")),
                "until": self.now + dice.uniform(0.1, 30) * HOUR, "degree": "key", "reply_due": self.now + HOUR,
                "into": dice.choice(cases).code, "satisfaction": "satisfied", "score": 90, "escalation": call,
            }  # fmt: skip
            if dice.random() < 0.2:
                fields["happened_at"] = self.now - dice.uniform(0, 3) * HOUR
            may = [one for one in PEOPLE if one.role in MOVES[action].roles]
            own = [one for one in may if one.department == case.department and one.department]
            with suppress(Refused, KeyError):
                self.door.move(case.code, action, dice.choice(own or may), self.now, fields)
                self.done.add(action)
                return

    def look(self) -> None:
        seen = records.look(self.store, lambda: self.now, ZONE, self.towns, self.now)
        self.looks.append(seen)
        with self.store.write() as connection:
            records.keep(connection, seen)

    def compared(self, seen: dict[str, Any]) -> list[dict[str, Any]]:
        record: Any = type("Record", (), seen)
        with self.store.read() as connection:
            return records.compared(connection, record, ZONE, self.towns)


def test_the_trace_folded_to_a_moment_says_what_was_shown_then(county_store: Store) -> None:
    lived = County(county_store, 7)
    lived.script()
    lived.live(90)
    assert len({one["day"] for one in lived.looks}) >= 4 and len(lived.looks) > 18
    for seen in lived.looks:
        assert lived.compared(seen) == [], seen["at"]
    the_last_look_of_a_day_is_its_record(lived)
    the_frames_say_what_the_fold_says(lived)
    faults_are_seen(lived)


def the_last_look_of_a_day_is_its_record(lived: County) -> None:
    with lived.store.read() as connection:
        for day in {one["day"] for one in lived.looks}:
            last = [one for one in lived.looks if one["day"] == day][-1]
            record = records.of_day(connection, day)
            assert record is not None and record.at == last["at"] and record.body == last["body"]
    with lived.store.write() as connection:
        assert not records.keep(connection, lived.looks[0]), "a look that is older than the record changes nothing"


def the_frames_say_what_the_fold_says(lived: County) -> None:
    day = bounds(Moment(lived.looks[len(lived.looks) // 2]["at"], ZONE).today, ZONE)
    with lived.store.read() as connection:
        told = reading.read(connection, day, lived.towns)
        after = reading.read(connection, bounds(instant(day.end), ZONE), lived.towns)
    found = series(told.lives, told.ground)
    for frame in (0, 1, 700, 1439, 1440):
        at = day.frames[frame]
        counted = {key: value_at(points, frame) for key, points in found.items()}
        first = {key[5:]: value * 1000 for key, value in counted.items() if key.startswith("next:") and value}
        whole = figures_at(told.lives, told.ground, at)
        for name in ("county", "towns", "levels", "grids", "closed_due_month", "trend", "reported_yesterday"):
            assert pictured(counted, first, told.ground, at)[name] == whole[name], (frame, name)
    next_day = figures_at(after.lives, after.ground, day.end)["county"]
    for name in ("open", "unreceipted", "paused", "adjudication"):
        assert whole["county"][name] == next_day[name], "a day begins as the one before it ended"


def faults_are_seen(lived: County) -> None:
    """A record that says something else, lines that were not known, a trace that was tampered with."""
    seen = next(one for one in lived.looks if one["body"]["county"]["paused"])
    wrong = {**seen, "body": {**seen["body"], "new_today_open": -1}}
    assert [one["figure"] for one in lived.compared(wrong)] == ["new_today_open"]
    assert lived.compared({**seen, "line": 0, "lines": []}) != []
    with lived.store.write() as connection:
        connection.execute(update(t.trace).where(t.trace.c.action == "suspend").values(to_stage="handling"))
    assert "county.paused" in {one["figure"] for one in lived.compared(seen)}


def value_at(points: list[int], frame: int) -> int:
    return next((points[n + 1] for n in range(len(points) - 2, -2, -2) if points[n] <= frame), 0)


def test_a_case_of_long_ago_is_found_by_how_long_it_was_open(county_store: Store) -> None:
    """Whoever was open on a day is found, whenever the case ended; the proof is a look that was taken then."""
    county = County(county_store, 3)
    for days in (0.6, 20, 31, 31.9, 33, 90):  # a case each that lives so long
        county.now = BEGAN
        county.report(county.leaves[0])
        with county_store.read() as connection:
            code = connection.execute(select(t.cases.c.code).order_by(t.cases.c.id.desc())).scalars().first()
        county.ends.append((days, str(code)))
    county.now = BEGAN + 13 * HOUR
    county.look()
    for days, code in county.ends:
        county.door.move(code, "close-at-source", PEOPLE[4], BEGAN + timedelta(days=days), {})
    assert county.looks[0]["body"]["county"]["open"] == 6
    assert county.compared(county.looks[0]) == []


# --- the duty and the answer -----------------------------------------------------------------------------------------


def test_the_duty_writes_the_day_down_until_its_end(sqlite_county: Store) -> None:
    county = County(sqlite_county, 5)
    with sqlite_county.write() as connection:
        set_timebase(connection, Timebase(real_now(), BEGAN, 0.0))
    clock = CountyClock(sqlite_county, refresh=0)
    rules = Rules(sqlite_county, ZONE)
    duty = Recording(Desk(sqlite_county, rules, clock, Directories(sqlite_county), Vault(SECRET)))
    county.report(county.leaves[0])
    assert duty.round() and not duty.round(), "not again within ten minutes"
    with sqlite_county.write() as connection:
        set_timebase(connection, Timebase(real_now(), BEGAN + HOUR - timedelta(seconds=3), 0.0))
    county.report(county.leaves[0])
    assert duty.round(), "the last look"
    duty.release()
    with sqlite_county.read() as connection:
        record = records.of_day(connection, BEGAN.astimezone(ZONE).date())
        assert record is not None and record.body["county"]["open"] == 2
        assert records.compared(connection, record, ZONE, county.towns) == []


@pytest.fixture
def shown(sqlite_county: Store, tmp_path: Path) -> Iterator[tuple[Flask, County]]:
    county = County(sqlite_county, 11)
    county.script()
    add_people(sqlite_county)
    with sqlite_county.write() as connection:
        set_timebase(connection, Timebase(real_now(), county.now, 0.0))
    with web(sqlite_county, tmp_path) as app:
        yield app, county


def test_a_past_day_is_answered_with_its_series_its_news_and_its_record(shown: tuple[Flask, County]) -> None:
    app, county = shown
    client = browser(app, county.store, "leader")
    today = county.now.astimezone(ZONE).date()
    body = client.get("/live/past?day=").get_json()
    assert body["day"] == str(today - timedelta(days=1)) == body["last"] and body["frames"] == 1441
    day = county.looks[-1]["day"] if county.looks[-1]["day"] < today else county.looks[0]["day"]
    body = client.get(f"/live/past?day={day}").get_json()
    seen = [one for one in county.looks if one["day"] == day][-1]
    assert body["record"] == {"at": micros(seen["at"]) // 1000, "differences": [], "differing": 0}
    assert body["news"] and all(line[1] < len(body["cases"]) for line in body["news"])
    assert all(line[0] >= body["cases"][line[1]][6] for line in body["news"]), (
        "no news of a case before it was reported"
    )
    assert [line[0] for line in body["news"]] == sorted(line[0] for line in body["news"])
    empty = client.get(f"/live/past?day={body['first']}")
    assert empty.status_code == 200


def test_a_day_that_cannot_be_shown_is_refused_in_a_sentence(shown: tuple[Flask, County]) -> None:
    app, county = shown
    client = browser(app, county.store, "duty")
    today = county.now.astimezone(ZONE).date()
    for text, reason in (
        (str(today), "today"), (str(today + timedelta(days=1)), "future"), ("2001-01-01", "before"),
        ("2026-02-30", "form"), ("yesterday", "form"), ("<script>", "form"), ("9" * 400, "form"), ("2026-11-20T00", "form"),
    ):  # fmt: skip
        found = problem(client.get("/live/past", query_string={"day": text}))
        assert (found["field"], found["reason"]) == ("day", reason), text


def test_only_whoever_sees_the_whole_county_sees_its_past(shown: tuple[Flask, County]) -> None:
    app, county = shown
    for role in ("duty", "leader", "operator", "display"):
        assert browser(app, county.store, role).get("/live/past?day=").status_code == 200
    for role in ("department", "grid", "admin", "auditor"):
        assert browser(app, county.store, role).get("/live/past?day=").status_code == 403
    assert browser(app, county.store).get("/live/past?day=").status_code == 401
    with county.store.write() as connection:
        connection.execute(update(t.account).where(t.account.c.name == "leader").values(area="990100100"))
    assert browser(app, county.store, "leader").get("/live/past?day=").status_code == 403


def test_an_empty_county_has_no_past(sqlite_county: Store, tmp_path: Path) -> None:
    add_people(sqlite_county)
    with web(sqlite_county, tmp_path) as app:
        found = problem(browser(app, sqlite_county, "leader").get("/live/past?day=2026-11-20"))
    assert found["reason"] == "empty"
