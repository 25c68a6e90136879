"""What follows from the health of cameras: evidence kept, faults written down, repairs opened, closings offered, rates."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from alerts.news import News
from config.cameras import CameraRules, Repair
from dashboard.cli.parts import Parts
from models.camera_health import events, rates
from models.camera_health.events import Fault
from models.door import Report
from models.moves import Actor, Role
from models.timebase import real_now
from streams.ward import Cleared, Event, MinuteOf, Raised

CLIENT = "camera-health"
"""The client under which repairs are reported: one fault makes one case, however often it is asked for."""


class Care:
    """Called by the streams process in threads, one call at a time of each kind."""

    def __init__(self, parts: Parts, news: News, rules: CameraRules, data: Path, words: Mapping[str, str]) -> None:
        """`words`: what each fault is called in the county's language."""
        self._parts, self._news, self._rules = parts, news, rules
        self._folder, self._words = data / "evidence", words

    def standing(self) -> Mapping[str, frozenset[str]]:
        """Faults that stand from before."""
        with self._parts.store.read() as connection:
            return events.all_standing(connection)

    def on_events(self, told: Sequence[Event]) -> None:
        """Write faults down as they are raised and cleared, and tell every screen. Told twice they are written once."""
        digests = {
            id(event): kept(self._folder, event.shot.jpeg) for event in told if isinstance(event, Raised) and event.shot
        }
        changed: dict[str, None] = {}
        with self._parts.door.transaction() as (deed, facts):
            for event in told:
                if isinstance(event, Cleared):
                    written: object = events.clear_fault(deed.db, event.camera, event.fault, event.at)
                else:
                    written = events.raise_fault(deed.db, _fault(event, digests.get(id(event))), event.at)
                if written:
                    changed[event.camera] = None
            for camera in changed:
                deed.camera_judged(camera)
        self._news.publish(facts)

    def on_minute(self, minutes: Sequence[MinuteOf]) -> None:
        """Keep the minute; then open repairs that are due and offer closings."""
        now, county = real_now(), self._parts.clock.now()
        day = county.astimezone(self._parts.settings.zone).date()
        rows = [
            rates.Minute(one.camera, one.watched, one.online, one.sound, one.pictures, one.activity, one.brightness)
            for one in minutes
        ]
        with self._parts.store.write() as connection:
            rates.keep(connection, rows, now.replace(second=0, microsecond=0), day)
            rates.forget_minutes(connection, now)
        if self._rules.repair:
            self._repair(self._rules.repair)

    def _repair(self, repair: Repair) -> None:
        """Each step can be repeated: the case is found again by its key, the offer is made once."""
        now = real_now()
        with self._parts.store.read() as connection:
            due = events.lasting(connection, now - timedelta(minutes=repair.after_minutes))
        for row in due:
            actor = Actor(CLIENT, Role.SYSTEM)
            outcome = self._parts.door.report(self._report(repair, row), actor, self._parts.clock.now())
            self._news.publish(outcome.facts)
            with self._parts.store.write() as connection:
                events.in_repair(connection, row.camera, outcome.case.code)
        with self._parts.store.write() as connection:
            events.offer_closings(connection, now)

    def _report(self, repair: Repair, row: Any) -> Report:
        department = row.owner if repair.department == "owner" else repair.department
        known = self._parts.rules().departments
        words = self._words.get(row.fault, row.fault)
        since = row.since.astimezone(self._parts.settings.zone)
        return Report(
            category=repair.category, source=repair.source, area=row.area, client=CLIENT,
            external_id=f"camera-event:{row.id}", department=department if department in known else None,
            description=f"{row.name}（{row.camera}）：{words}，自 {since:%Y-%m-%d %H:%M} 起",
        )  # fmt: skip


def _fault(event: Raised, digest: str | None) -> Fault:
    return Fault(
        event.camera, event.fault, event.reason.value if event.reason else None, event.since, digest,
        event.shot.at if event.shot and digest else None, event.figures,
    )  # fmt: skip


def evidence_file(data: Path, digest: str) -> Path:
    """Where an evidence picture is kept: by its own digest, which names it and proves it."""
    return data / "evidence" / digest[:2] / f"{digest}.jpg"


def kept(folder: Path, jpeg: bytes) -> str:
    """Keep a picture on disk, and return its SHA-256 in hexadecimal."""
    digest = hashlib.sha256(jpeg).hexdigest()
    file = evidence_file(folder.parent, digest)
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = file.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as sink:
            sink.write(jpeg)
            sink.flush()
            os.fsync(sink.fileno())
        part.replace(file)
    return digest
