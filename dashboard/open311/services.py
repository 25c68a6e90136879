"""The county's categories as services of GeoReport v2, with the attributes that a report may carry. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.directory import Directory

Row = Mapping[str, Any]
LEVELS = (1, 2, 3, 4)


def named(row: Row | None, language: str) -> str:
    """A name in a language."""
    if row is None:
        return ""
    return str((row.get("name_en") if language == "en" else None) or row.get("name") or "")


def leaves(directory: Directory) -> dict[str, Row]:
    """The categories that a report may have."""
    return {code: row for code, row in directory.categories.items() if row["leaf"]}


def service(directory: Directory, code: str, language: str) -> dict[str, Any]:
    """One service as the list has it."""
    row = directory.categories[code]
    above = directory.categories.get(row["parent"] or "")
    top = directory.categories.get((above or {}).get("parent") or "")
    words = [named(one, language) for one in (above, top) if one]
    return {
        "service_code": code,
        "service_name": named(row, language),
        "description": row.get("filing") or named(row, language),
        "metadata": True,
        "type": "realtime",
        "keywords": ",".join(words),
        "group": named(above, language),
    }


def definition(code: str, row: Row, texts: Mapping[str, str]) -> dict[str, Any]:
    """The attributes of a service: how grave it is, when it happened, the client's own number; and the limit, for reading."""
    levels = [{"key": str(level), "name": texts[f"common.level.{level}"]} for level in LEVELS]
    attributes = [
        _attribute(1, "level", "singlevaluelist", texts, values=levels),
        _attribute(2, "happened_at", "datetime", texts),
        _attribute(3, "external_id", "string", texts),
    ]
    if row.get("closing"):
        closing = _attribute(4, "closing", "string", texts, variable=False)
        attributes.append(closing | {"description": f"{closing['description']} {row['closing']}"})
    return {"service_code": code, "attributes": attributes}


def _attribute(
    order: int,
    code: str,
    datatype: str,
    texts: Mapping[str, str],
    *,
    variable: bool = True,
    values: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    told = {
        "variable": variable,
        "code": code,
        "datatype": datatype,
        "required": False,
        "datatype_description": texts.get(f"exchange.open311.{code}.format", ""),
        "order": order,
        "description": texts[f"exchange.open311.{code}"],
    }
    return told | ({"values": values} if values else {})
