"""What a county says of its cameras beyond the register: repairs, and plans of patrol (轮巡); from `cameras.toml`.

The file is optional: without it nothing is repaired by itself and the wall shows the key cameras.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from config.tables import optional_toml

FILE = "cameras.toml"
STRICT = ConfigDict(extra="forbid", strict=False)


class CamerasError(Exception):
    """The file is faulty. The text names file and field."""


@dataclass(frozen=True)
class Repair:
    """When a fault becomes a case. `category`: a leaf; `department`: a code, `owner` (the camera's), or empty (the
    category's). `after_minutes`: how long a fault must stand."""

    __pydantic_config__ = STRICT
    category: str
    after_minutes: Annotated[float, Field(gt=0, le=10_080)] = 30.0
    department: str = "owner"
    source: str = "camera"


@dataclass(frozen=True)
class PatrolPlan:
    """A plan of patrol. `cameras`: ids in order, or empty: all that may be shown. `dwell`: seconds a group is shown.
    `order`: `risk` (open cases near by first, faulty cameras last) or `listed`."""

    __pydantic_config__ = STRICT
    dwell: Annotated[float, Field(ge=5, le=3600)] = 20.0
    order: Literal["risk", "listed"] = "risk"
    cameras: tuple[str, ...] = ()
    name: str = ""
    name_en: str = ""


@dataclass(frozen=True)
class CameraRules:
    __pydantic_config__ = STRICT
    repair: Repair | None = None
    patrol: dict[str, PatrolPlan] = field(default_factory=dict)


def camera_rules(county: Path) -> CameraRules:
    """A county folder's `cameras.toml`; without one nothing is asked for.

    Raises:
        CamerasError: naming what is wrong where.
    """
    return optional_toml(county / FILE, CameraRules, CamerasError)
