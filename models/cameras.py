"""The register of cameras with their addresses: for the streams process, which must know where pictures come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from sqlalchemy import Connection, select

from models import tables as t
from models.timebase import real_now
from models.vault import Vault
from models.watching.register import privacy
from models.watching.rights import gaps


@dataclass(frozen=True, slots=True)
class RegisteredCamera:
    """One camera. The addresses may hold a password; `masks` are polygons in shares of width and height."""

    id: str
    name: str
    area: str | None
    address: str = field(repr=False)
    masks: Sequence[Any] = ()
    registered: bool = False
    """Purpose, legal basis, owner, sign and mask review are all on record, and the review is not overdue."""
    main_address: str = field(default="", repr=False)
    """The main stream's address, for full-screen views; empty where there is only one stream."""
    thresholds: Mapping[str, Any] = field(default_factory=dict)
    """Its own limits of health, as `streams.health_rules.Thresholds.adjusted` takes them."""
    learned_at: datetime | None = None
    """When a person last declared its picture to be as it should."""


def register(connection: Connection, vault: Vault, today: date | None = None) -> list[RegisteredCamera]:
    """Every camera by id, with its addresses opened. `today` (by default the real day, UTC) decides what is overdue.

    Raises:
        ValueError: an address was sealed with another secret key.
    """
    day, days = today or real_now().date(), privacy(connection).review_days
    rows = connection.execute(select(t.camera).order_by(t.camera.c.id)).mappings()
    return [_camera(row, vault, not gaps(row, day, days)) for row in rows]


def _camera(row: Mapping[Any, Any], vault: Vault, complete: bool) -> RegisteredCamera:
    credentials = vault.open(row["credentials"])
    return RegisteredCamera(
        id=row["id"],
        name=row["name"],
        area=row["area"],
        address=with_credentials(vault.open(row["address"]) or "", credentials),
        masks=tuple(tuple(tuple(corner) for corner in polygon) for polygon in row["masks"]),
        registered=complete,
        main_address=with_credentials(vault.open(row["main_address"]) or "", credentials),
        thresholds=row["thresholds"] or {},
        learned_at=row["learned_at"],
    )


def with_credentials(address: str, credentials: str | None) -> str:
    """An address with `user:password` put before its host, where it names none itself."""
    if not credentials or "://" not in address or "@" in urlsplit(address).netloc:
        return address
    user, _, password = credentials.partition(":")
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{rest}"
