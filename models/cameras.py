"""The register of cameras with their addresses: for the streams process, which must know where pictures come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from models import tables as t
from models.vault import Vault

_ON_RECORD = ("purpose", "legal_basis", "owner", "sign", "mask_review")


@dataclass(frozen=True, slots=True)
class RegisteredCamera:
    """One camera. `address` may hold a password; `masks` are polygons in shares of width and height."""

    id: str
    name: str
    area: str | None
    address: str = field(repr=False)
    masks: Sequence[Any] = ()
    registered: bool = False
    """Purpose, legal basis, owner, sign and mask review are all on record (domain.md §9)."""
    main_address: str = field(default="", repr=False)
    """The main stream's address, for full-screen views; empty where there is only one stream."""
    thresholds: Mapping[str, Any] = field(default_factory=dict)
    """Its own limits of health, as `streams.health_rules.Thresholds.adjusted` takes them."""


def register(connection: Connection, vault: Vault) -> list[RegisteredCamera]:
    """Every camera by id, with its address opened.

    Raises:
        ValueError: an address was sealed with another secret key.
    """
    rows = connection.execute(select(t.camera).order_by(t.camera.c.id)).mappings()
    return [_camera(row, vault) for row in rows]


def _camera(row: Mapping[Any, Any], vault: Vault) -> RegisteredCamera:
    return RegisteredCamera(
        id=row["id"],
        name=row["name"],
        area=row["area"],
        address=vault.open(row["address"]) or "",
        masks=row["masks"],
        registered=all(row[name] for name in _ON_RECORD),
        main_address=vault.open(row["main_address"]) or "",
        thresholds=row["thresholds"] or {},
    )
