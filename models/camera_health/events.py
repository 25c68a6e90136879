"""Faults of cameras as events: raised, cleared, and what follows for the closed loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from models import tables as t
from models.camera_health.tables import camera_event
from models.moves import Stage

_e = camera_event.c


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that has just been raised. `evidence`: digest of the masked picture, taken at `evidence_at`."""

    camera: str
    fault: str
    reason: str | None
    since: datetime
    evidence: str | None = None
    evidence_at: datetime | None = None
    measures: Mapping[str, float] = field(default_factory=dict)


def raise_fault(connection: Connection, fault: Fault, now: datetime) -> int | None:
    """Write a fault down; the id of its row, or None where the camera is gone or the fault stands already."""
    known = connection.execute(select(t.camera.c.id).where(t.camera.c.id == fault.camera).with_for_update()).first()
    if known is None or fault.fault in standing(connection, fault.camera):
        return None
    values = {
        "camera": fault.camera, "fault": fault.fault, "reason": fault.reason, "since": fault.since, "raised_at": now,
        "evidence": fault.evidence, "evidence_at": fault.evidence_at, "measures": dict(fault.measures),
    }  # fmt: skip
    return int(connection.execute(insert(camera_event).values(**values).returning(_e.id)).scalar_one())


def clear_fault(connection: Connection, camera: str, fault: str, now: datetime) -> int:
    """End what stands of a fault; how many rows that were."""
    open_ = (_e.camera == camera) & (_e.fault == fault) & _e.cleared_at.is_(None)
    return int(connection.execute(update(camera_event).where(open_).values(cleared_at=now)).rowcount)


def standing(connection: Connection, camera: str) -> frozenset[str]:
    """The faults that stand now."""
    return frozenset(connection.execute(select(_e.fault).where(_e.camera == camera, _e.cleared_at.is_(None))).scalars())


def faulty() -> Select[Any]:
    """The ids of the cameras of which any fault stands now."""
    return select(_e.camera).where(_e.cleared_at.is_(None))


def all_standing(connection: Connection) -> dict[str, frozenset[str]]:
    """Of every camera that has any, the faults that stand now."""
    found: dict[str, set[str]] = {}
    for camera, fault in connection.execute(select(_e.camera, _e.fault).where(_e.cleared_at.is_(None))):
        found.setdefault(camera, set()).add(fault)
    return {camera: frozenset(faults) for camera, faults in found.items()}


def lasting(connection: Connection, before: datetime) -> Sequence[Any]:
    """Of each camera without a repair case the longest of its faults that have stood since before this instant."""
    in_repair = select(_e.camera).join(t.cases, t.cases.c.code == _e.case_code).where(t.cases.c.closed_at.is_(None))
    first = (
        select(func.min(_e.id))
        .where(_e.cleared_at.is_(None), _e.since <= before, _e.case_code.is_(None), _e.camera.not_in(in_repair))
        .group_by(_e.camera)
    )
    named = select(camera_event, t.camera.c.name, t.camera.c.area, t.camera.c.owner)
    joined = named.join(t.camera, t.camera.c.id == _e.camera)
    return connection.execute(joined.where(_e.id.in_(first)).order_by(_e.id)).all()


def in_repair(connection: Connection, camera: str, code: str) -> None:
    """All standing faults of a camera belong to this case from now on."""
    open_ = (_e.camera == camera) & _e.cleared_at.is_(None) & _e.case_code.is_(None)
    connection.execute(update(camera_event).where(open_).values(case_code=code))


def offer_closings(connection: Connection, now: datetime) -> Sequence[str]:
    """Mark the events of open repair cases whose cameras have become sound; the cases' codes.

    The centre closes a case, not the machine: what is offered is shown with the case until somebody decides.
    """
    standing_now = select(_e.camera).where(_e.cleared_at.is_(None))
    living = select(t.cases.c.code).where(t.cases.c.stage.not_in((Stage.CLOSED, Stage.VOID)))
    ready = (
        _e.case_code.in_(living) & _e.cleared_at.is_not(None) & _e.offered_at.is_(None) & _e.camera.not_in(standing_now)
    )
    changed = connection.execute(update(camera_event).where(ready).values(offered_at=now).returning(_e.case_code))
    return sorted(set(changed.scalars()))


def offered(connection: Connection, code: str | None = None) -> Sequence[Any]:
    """Open repair cases whose closing is offered, the longest sound first: code, stage, the camera with its names, area and
    owner, and since when it is sound. With `code`, this case only."""
    standing_now = select(_e.camera).where(_e.cleared_at.is_(None))
    named = (_e.camera, t.camera.c.name, t.camera.c.name_en, t.camera.c.area, t.camera.c.owner)
    chosen = select(_e.case_code, t.cases.c.stage, *named, func.max(_e.cleared_at).label("sound_since"))
    joined = chosen.join(t.cases, t.cases.c.code == _e.case_code).join(t.camera, t.camera.c.id == _e.camera)
    living = t.cases.c.stage.not_in((Stage.CLOSED, Stage.VOID))
    wanted = joined.where(_e.offered_at.is_not(None), living, _e.camera.not_in(standing_now))
    if code is not None:
        wanted = wanted.where(_e.case_code == code)
    grouped = wanted.group_by(_e.case_code, t.cases.c.stage, *named)
    return connection.execute(grouped.order_by(func.max(_e.cleared_at), _e.case_code)).all()


def of_case(connection: Connection, code: str) -> Sequence[Any]:
    """The faults that a repair case is about, the oldest first, with the names of their camera."""
    named = select(camera_event, t.camera.c.name, t.camera.c.name_en).join(t.camera, t.camera.c.id == _e.camera)
    return connection.execute(named.where(_e.case_code == code).order_by(_e.since, _e.id)).all()
