"""The catalogue of cameras as rows: read out of the register for a file that the import takes again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from models import tables as t
from models.vault import Vault

COLUMNS = (
    "id", "name", "name_en", "grid", "longitude", "latitude", "address", "main_address", "codec", "purpose", "purpose_en",
    "legal_basis", "legal_basis_en", "owner", "sign", "mask_review", "public", "focus",
)  # fmt: skip


def exported(connection: Connection, vault: Vault) -> list[Mapping[str, str]]:
    """Every camera by its columns, as texts. Addresses come without user and password: a file gets about."""
    rows = connection.execute(select(t.camera).order_by(t.camera.c.id)).mappings()
    return [_row(row, vault) for row in rows]


def _row(row: Mapping[Any, Any], vault: Vault) -> Mapping[str, str]:
    plain = {name: _text(row[name]) for name in COLUMNS if name in row and name not in ("address", "main_address")}
    opened = {name: without_user(vault.open(row[name]) or "") for name in ("address", "main_address")}
    return {**plain, **opened, "grid": row["area"] or ""}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)


def without_user(address: str) -> str:
    """An address without `user:password@`."""
    scheme, mark, rest = address.partition("://")
    if not mark:
        return address
    place, slash, path = rest.partition("/")
    return f"{scheme}://{place.rpartition('@')[2]}{slash}{path}"
