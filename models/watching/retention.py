"""Deleting what has had its time: snapshots and evidence after 30 days, the ledger after three years, the log
of an emergency after ten; holds keep, and so does an emergency that is not over.

Files go first and are forgotten afterwards, so that a crash in between leaves a row without a file and never a file that
nobody knows of. In small bites (reliability.md §1.4); what was deleted is itself a line of the audit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, select, update

from config.county import Privacy
from models import chain
from models import tables as t
from models.accounts import audit
from models.camera_health import rates
from models.camera_health.tables import camera_event
from models.emergencies.keeping import cut_log, needed
from models.store import Store
from models.watching import tables as w
from models.watching.pictures import held
from models.watching.register import privacy

BITE = 200
ACT = "retention"


@dataclass(frozen=True, slots=True)
class Gone:
    """How much went."""

    pictures: int = 0
    evidence: int = 0
    ledger: int = 0
    emergencies: int = 0
    """Lines of their log."""

    def __add__(self, other: Gone) -> Gone:
        sums = {name: number + getattr(other, name) for name, number in asdict(self).items()}
        return Gone(**sums)

    def __bool__(self) -> bool:
        return any(asdict(self).values())


def retain(store: Store, data: Path, now: datetime) -> Iterator[Gone]:
    """Delete bite by bite what is due; yields after each, so that its caller can pause for other people's writes."""
    whole = Gone()
    while bite := _bite(store, data, now):
        whole += bite
        yield bite
    if whole:
        with store.write() as connection:
            audit(connection, "retention", "system", ACT, now, object="retention", detail=asdict(whole))


def _bite(store: Store, data: Path, now: datetime) -> Gone:
    with store.read() as connection:
        rules = privacy(connection)
        kept = held(connection, now)
        snapshots = _old_snapshots(connection, kept, now - timedelta(days=rules.picture_days))
        evidence = _old_evidence(connection, kept, now - timedelta(days=rules.picture_days))
        shared = _still_used(connection, [row.digest for row in snapshots], [row.id for row in snapshots])
    for row in snapshots:
        if row.digest not in shared:
            path_of(data, "attachments", row.digest).unlink(missing_ok=True)
    for digest in evidence:
        path_of(data, "evidence", digest).unlink(missing_ok=True)
    with store.write() as connection:
        _forget_snapshots(connection, snapshots, shared, now)
        if evidence:
            rates.forget_evidence(connection, evidence)
        ledger = _cut_ledger(connection, rules, now)
        told = cut_log(connection, now - timedelta(days=rules.emergency_days), kept, BITE)
    return Gone(len(snapshots), len(evidence), ledger, told)


def path_of(data: Path, kind: str, digest: str) -> Path:
    """Where a picture lies: by its own digest, in the folder of its kind."""
    return data / kind / digest[:2] / f"{digest}.jpg"


def _old_snapshots(connection: Connection, kept: dict[str, frozenset[str]], before: datetime) -> Sequence[Row[Any]]:
    p = w.camera_picture.c
    due = and_(p.deleted_at.is_(None), p.at < before)
    cases = kept["case"] | needed(connection, kept)
    free = and_(p.camera.not_in(kept["camera"]), p.case_code.not_in(cases))
    return connection.execute(select(w.camera_picture).where(due, free).order_by(p.id).limit(BITE)).all()


def _old_evidence(connection: Connection, kept: dict[str, frozenset[str]], before: datetime) -> list[str]:
    """Digests of evidence that no hold keeps, on its event, its camera or its repair case."""
    digests = rates.evidence_before(connection, before)
    e = camera_event.c
    under = e.camera.in_(kept["camera"]) | e.case_code.in_(kept["case"])
    keep = set(connection.execute(select(e.evidence).where(e.evidence.is_not(None), under)).scalars())
    return [digest for digest in digests if digest not in keep][:BITE]


def _still_used(connection: Connection, digests: Sequence[str], going: Sequence[int]) -> set[str]:
    """Digests that another living snapshot still needs."""
    p = w.camera_picture.c
    wanted = select(p.digest).where(p.digest.in_(digests), p.deleted_at.is_(None), p.id.not_in(going))
    return set(connection.execute(wanted).scalars())


def _forget_snapshots(connection: Connection, rows: Sequence[Row[Any]], shared: set[str], now: datetime) -> None:
    if not rows:
        return
    p = w.camera_picture.c
    connection.execute(update(w.camera_picture).where(p.id.in_([row.id for row in rows])).values(deleted_at=now))
    gone = [row.digest for row in rows if row.digest not in shared]
    connection.execute(delete(t.attachment).where(t.attachment.c.digest.in_(gone)))


def _cut_ledger(connection: Connection, rules: Privacy, now: datetime) -> int:
    """A bite of the ledger's oldest lines. Numbers follow time, so that the oldest are the lowest."""
    v = w.viewing.c
    before = now - timedelta(days=rules.ledger_days)
    first = connection.execute(select(func.min(v.id)).where(v.at < before)).scalar()
    if first is None:
        return 0
    until = connection.execute(select(func.max(v.id)).where(v.at < before, v.id < first + BITE)).scalar_one()
    e = w.viewing_end.c
    ended = connection.execute(select(func.max(e.id)).where(e.at < before)).scalar()
    if ended is not None:
        chain.cut(connection, w.viewing_end, ended)
    gone = chain.cut(connection, w.viewing, until)
    if gone:
        connection.execute(delete(w.viewed).where(w.viewed.c.viewing <= until))
    return gone
