"""A catalogue of cameras as a county gets it: rows with our own or the usual Chinese headings, each judged by itself.

A row with a wrong id, an unknown grid or an address that may not be opened is rejected with its reason; a row that lacks
what the register needs comes in all the same and shows nothing until the register is complete. Empty cells say nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from config import gb28181
from config.tables import likely

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "国标编号", "设备编码", "设备编号", "通道编号", "通道国标编号", "deviceid", "gbid"),
    "name": ("name", "名称", "设备名称", "通道名称", "点位名称"),
    "name_en": ("name_en", "英文名称"),
    "area": ("grid", "area", "网格", "网格编码", "所在网格"),
    "longitude": ("longitude", "经度"),
    "latitude": ("latitude", "纬度"),
    "address": ("address", "播放地址", "取流地址", "rtsp地址", "视频地址", "子码流地址"),
    "main_address": ("main_address", "主码流地址"),
    "credentials": ("credentials", "账号口令"),
    "codec": ("codec", "编码", "编码格式"),
    "purpose": ("purpose", "用途", "建设用途"),
    "purpose_en": ("purpose_en",),
    "legal_basis": ("legal_basis", "依据", "法律依据"),
    "legal_basis_en": ("legal_basis_en",),
    "owner": ("owner", "管理单位", "责任单位", "主管部门"),
    "sign": ("sign", "标识", "提示标识"),
    "mask_review": ("mask_review", "遮挡复核", "遮挡复核日期"),
    "public": ("public", "公共区域"),
    "focus": ("focus", "重点点位"),
}
"""Field → headings it is known by; letter case and spaces do not matter."""
_YES, _NO = {"1", "true", "yes", "是", "公共", "y"}, {"0", "false", "no", "否", "n"}
_LONGEST = {"name": 120, "name_en": 120, "address": 2048, "main_address": 2048, "codec": 40, "sign": 120, "owner": 120}


class CatalogueRefused(Exception):
    """A row cannot be taken. The text is a sentence with field and reason."""


@dataclass(frozen=True)
class Known:
    """What rows are judged by. `allowed` says why an address may not be opened, or None."""

    prefix: str
    areas: Mapping[str, Mapping[str, Any]]
    departments: Mapping[str, Mapping[str, Any]]
    allowed: Callable[[str], str | None]


def headings(columns: tuple[str, ...] | list[str]) -> dict[str, str]:
    """Field → the column of this file that has it."""
    plain = {column.strip().lower().replace(" ", ""): column for column in columns}
    return {
        field: plain[name]
        for field, names in HEADINGS.items()
        if (name := next((one for one in names if one in plain), None)) is not None
    }


def camera(cells: Mapping[str, str], columns: Mapping[str, str], known: Known) -> dict[str, Any]:
    """A row as fields of the register; only those that say something.

    Raises:
        CatalogueRefused: in a sentence.
    """
    said = {field: cells.get(column, "").strip() for field, column in columns.items()}
    said = {field: text for field, text in said.items() if text}
    if sentence := gb28181.fault(said.get("id", ""), known.prefix):
        raise CatalogueRefused(f"id: {sentence}")
    for field, longest in _LONGEST.items():
        if len(said.get(field, "")) > longest:
            raise CatalogueRefused(f"{field}: Expected at most {longest} characters.")
    found: dict[str, Any] = dict(said)
    _place(found)
    _codes(found, known)
    for field in ("address", "main_address"):
        if field in found and (why := known.allowed(found[field])):
            raise CatalogueRefused(f"{field}: {why}")
    if "mask_review" in found:
        found["mask_review"] = _day(found["mask_review"])
    for field in ("public", "focus"):
        if field in found:
            found[field] = _flag(field, found[field])
    if "credentials" in found and ":" not in found["credentials"]:
        raise CatalogueRefused("credentials: Expected user:password.")
    return found


def _place(found: dict[str, Any]) -> None:
    for field, limit in (("longitude", 180.0), ("latitude", 90.0)):
        if field in found:
            found[field] = _degrees(field, found[field], limit)
    if ("longitude" in found) != ("latitude" in found):
        raise CatalogueRefused("longitude: A point takes both longitude and latitude.")


def _degrees(field: str, text: str, limit: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) <= limit:
        raise CatalogueRefused(f"{field}: Expected WGS-84 degrees between -{limit:g} and {limit:g}; came {text!r}.")
    return number


def _codes(found: dict[str, Any], known: Known) -> None:
    area = found.get("area")
    if area is not None and area not in known.areas:
        raise CatalogueRefused(f"grid: No area has the code {area!r}{likely(area, known.areas)}.")
    owner = found.get("owner")
    if owner is not None and owner not in known.departments:
        by_name = {row["name"]: code for code, row in known.departments.items()}
        by_name |= {row["short"]: code for code, row in known.departments.items() if row.get("short")}
        if owner not in by_name:
            raise CatalogueRefused(f"owner: No department is called {owner!r}{likely(owner, list(by_name))}.")
        found["owner"] = by_name[owner]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.replace("/", "-")[:10])
    except ValueError:
        raise CatalogueRefused(f"mask_review: Expected a date such as 2026-10-01; came {text!r}.") from None


def _flag(field: str, text: str) -> bool:
    if text.lower() not in _YES | _NO:
        raise CatalogueRefused(f"{field}: Expected 1 or 0; came {text!r}.")
    return text.lower() in _YES
