"""What the pages of cameras show: faults with their evidence, standing or past."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from models import tables as t
from models.camera_health.tables import camera_event

_e = camera_event.c


def standing_faults(connection: Connection, size: int = 500) -> Sequence[Row[Any]]:
    """Every fault that stands now, the longest first, with its camera's name, area and owner."""
    k = t.camera.c
    named = select(camera_event, k.name, k.name_en, k.area, k.owner).join(t.camera, k.id == _e.camera)
    return connection.execute(named.where(_e.cleared_at.is_(None)).order_by(_e.since, _e.id).limit(size)).all()


def past_faults(connection: Connection, since: datetime, size: int = 60) -> Sequence[Row[Any]]:
    """Faults that have gone since then, the newest first."""
    k = t.camera.c
    named = select(camera_event, k.name, k.name_en, k.area, k.owner).join(t.camera, k.id == _e.camera)
    return connection.execute(named.where(_e.cleared_at >= since).order_by(_e.cleared_at.desc()).limit(size)).all()


def faults_of(connection: Connection, camera: str, size: int = 20) -> Sequence[Row[Any]]:
    """The faults of one camera, the newest first."""
    wanted = select(camera_event).where(_e.camera == camera).order_by(_e.id.desc()).limit(size)
    return connection.execute(wanted).all()


def camera_of_evidence(connection: Connection, digest: str) -> Any:
    """The camera whose fault this picture shows, and when it was taken."""
    return connection.execute(select(_e.camera, _e.evidence_at, _e.fault).where(_e.evidence == digest)).first()
