"""What the codes are called: the county's names, areas, departments, categories, sources and cameras as one value."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Table, select

from models import tables as t
from models.rules import reference_version
from models.store import Store
from models.timebase import real_now
from models.watching.register import privacy_of
from models.watching.rights import ACCOUNTABLE, gaps

Names = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Directory:
    """The reference data of one version, by code. Read-only: every reader shares it."""

    version: int
    county: Mapping[str, Any]
    areas: Names
    departments: Names
    categories: Names
    """The whole tree, parents and leaves (`leaf`)."""
    sources: Names
    cameras: Names
    """The register, without addresses and without the state, which changes by the second."""

    @property
    def towns(self) -> list[str]:
        """The codes of the towns, in order."""
        return sorted(code for code, area in self.areas.items() if area["level"] == "town")


_AREA = ("code", "name", "name_en", "level", "parent", "town")
_DEPARTMENT = ("code", "name", "name_en", "short", "short_en", "desk", "deputy")
_CATEGORY = ("code", "parent", "name", "name_en", "department", "level", "limit_amount", "limit_unit", "leaf")
_CATEGORY_MORE = ("filing", "closing", "source")
_SOURCE = ("code", "name", "name_en")
_CAMERA = ("id", "name", "name_en", "area", "longitude", "latitude", "focus")
_REGISTER = (*ACCOUNTABLE, "mask_reviewer", "public", "codec", "shown_to", "version")
_TRANSLATED = ("purpose_en", "legal_basis_en")


def read(connection: Connection) -> Directory:
    """The directory as the database has it now."""
    county = connection.execute(select(t.rules.c.body).where(t.rules.c.name == "county")).scalar() or {}
    today, days = real_now().date(), privacy_of(county).review_days
    return Directory(
        version=reference_version(connection),
        county=county,
        areas=_rows(connection, t.area, _AREA),
        departments=_rows(connection, t.department, _DEPARTMENT),
        categories=_rows(connection, t.category, (*_CATEGORY, *_CATEGORY_MORE)),
        sources=_rows(connection, t.source, _SOURCE),
        cameras={
            code: _judged(row, today, days)
            for code, row in _rows(connection, t.camera, (*_CAMERA, *_REGISTER, *_TRANSLATED)).items()
        },
    )


def _rows(connection: Connection, table: Table, columns: tuple[str, ...]) -> Names:
    key = columns[0]
    rows = connection.execute(select(*(table.c[name] for name in columns)).order_by(table.c[key]))
    return {row[0]: dict(row._mapping) for row in rows}


def _judged(camera: Mapping[str, Any], today: date, days: int) -> Mapping[str, Any]:
    """With `gaps`, what keeps it from being shown, and `registered`: there are none (domain.md §9)."""
    missing = gaps(camera, today, days)
    return {**camera, "gaps": missing, "registered": not missing}


class Directories:
    """Hands out the directory in force; looks for a newer one at most every `refresh` seconds."""

    def __init__(self, store: Store, *, refresh: float = 2.0) -> None:
        self._store = store
        self._refresh = refresh
        self._lock = threading.Lock()
        self._directory: Directory | None = None
        self._looked = 0.0
        self._day: date | None = None

    def __call__(self) -> Directory:
        """The directory; read anew when reference data has changed."""
        with self._lock:
            if self._directory is None or time.monotonic() - self._looked > self._refresh:
                self._look()
            assert self._directory is not None
            return self._directory

    def _look(self) -> None:
        with self._store.read() as connection:
            today = real_now().date()  # a review of masks runs out by itself
            known = self._directory is not None and self._day == today
            if self._directory is None or not known or reference_version(connection) != self._directory.version:
                self._directory, self._day = read(connection), today
        self._looked = time.monotonic()


def outlines(connection: Connection, level: str) -> list[dict[str, Any]]:
    """The areas of a level as GeoJSON features in WGS-84; `id` counts from 1 in the order of codes."""
    a = t.area.c
    rows = connection.execute(
        select(a.code, a.name, a.name_en, a.parent, a.town, a.geometry)
        .where(a.level == level, a.geometry.is_not(None))
        .order_by(a.code)
    )
    names = ("code", "name", "name_en", "parent", "town")
    return [
        {
            "type": "Feature",
            "id": number,
            "properties": {name: getattr(row, name) for name in names},
            "geometry": row.geometry,
        }
        for number, row in enumerate(rows, 1)
        if row.geometry
    ]
