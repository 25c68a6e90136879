"""What the outside calls: `Emergencies` starts, acts and ticks through the door, each in one transaction, each key once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from models import tables as t
from models.door import Door
from models.door.writing import Writing
from models.emergencies import tables as et
from models.emergencies.acting import act, may_see
from models.emergencies.agenda import Timers
from models.emergencies.rooms import Room, read
from models.emergencies.starting import Confirmation, Start, start
from models.emergencies.ticking import tick
from models.messages import Message
from models.moves import Actor, Refused


@dataclass(frozen=True)
class Done:
    """What came of one deed. `created` is False where the key was used before: then nothing was done again."""

    room: Room
    facts: list[Message]
    created: bool = True


class Emergencies:
    """The one way to change an emergency."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def start(self, wanted: Start, actor: Actor, now: datetime, key: str | None = None) -> Done:
        """See `models.emergencies.starting.start`."""
        body = {**asdict(wanted), "happened_at": str(wanted.happened_at)}
        return self._once(actor, key, ("start", body), now, lambda work: start(work, wanted, actor, now, *_rules(work)))

    def act(
        self,
        number: str,
        action: str,
        actor: Actor,
        now: datetime,
        fields: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Done:
        """See `models.emergencies.acting.act`."""
        given = dict(fields or {})
        body = {name: value for name, value in given.items() if name != "words"}
        return self._once(
            actor,
            key,
            (number, action, body),
            now,
            lambda work: act(work, number, action, actor, now, given, *_rules(work)),
        )

    def tick(self, now: datetime) -> tuple[int, list[Message]]:
        """See `models.emergencies.ticking.tick`."""
        return self._door.deed(lambda work: tick(work, now, _rules(work)[0]))

    def _once(
        self, actor: Actor, key: str | None, asked: object, now: datetime, work: Callable[[Writing], Room]
    ) -> Done:
        text = json.dumps(asked, sort_keys=True, default=str, ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).hexdigest()

        def whole(writing: Writing) -> tuple[Room, bool]:
            known = _known(writing, actor, key, digest)
            if known is not None:
                return known, False
            room = work(writing)
            if key is not None:
                row = {"actor": actor.name, "key": key, "request_hash": digest, "emergency_id": room.row.id, "at": now}
                writing.db.execute(insert(et.key), row)
            return room, True

        (room, created), facts = self._door.deed(whole)
        return Done(room, facts, created)


def _known(work: Writing, actor: Actor, key: str | None, digest: str) -> Room | None:
    if key is None:
        return None
    k = et.key.c
    row = work.db.execute(select(et.key).where(k.actor == actor.name, k.key == key)).first()
    if row is None:
        return None
    if row.request_hash != digest:
        raise Refused("This Idempotency-Key was used before for something else; expected a new key.", "Idempotency-Key")
    found = read(work.db, work.db.execute(select(et.emergency).where(et.emergency.c.id == row.emergency_id)).one())
    if not may_see(found, actor):
        raise Refused("This Idempotency-Key belongs to an emergency that is not yours.", "Idempotency-Key")
    return found


def _rules(work: Writing) -> tuple[Timers, Confirmation]:
    county = work.db.execute(select(t.rules.c.body).where(t.rules.c.name == "county")).scalar() or {}
    return rules_of(county)


def rules_of(county: Mapping[str, Any]) -> tuple[Timers, Confirmation]:
    """The county's own times of an emergency."""
    own = county.get("emergency", {})
    timers = Timers(own.get("initial_report_phone", 20), own.get("initial_report_written", 40))
    window = timedelta(seconds=own.get("window_seconds", 60))
    return timers, Confirmation(own.get("confirmation", "window") == "second", window)
