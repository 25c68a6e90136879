"""When a county's briefs (简报) are made, from `briefs.toml` in its folder; without the file, by the field's custom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field

from config.tables import optional_toml

FILE = "briefs.toml"
STRICT = ConfigDict(extra="forbid", strict=False)


class BriefsError(Exception):
    """The file is faulty. The text names file and field."""


@dataclass(frozen=True)
class BriefRules:
    """Times of the county's day at which briefs are made; `off` names kinds that are not.

    Attributes:
        daily: of the day before. weekly: of the week before, on this `weekday` (1 is Monday). monthly: of the month
            before, on this `day` of the month.
        send: whether each is sent to leaders' inboxes and the centre's channels.
    """

    __pydantic_config__ = STRICT
    daily: time = time(7, 30)
    weekly: time = time(8, 0)
    weekday: Annotated[int, Field(ge=1, le=7)] = 1
    monthly: time = time(8, 30)
    day: Annotated[int, Field(ge=1, le=28)] = 1
    off: tuple[str, ...] = ()
    send: bool = True


def brief_rules(county: Path) -> BriefRules:
    """A county folder's `briefs.toml`; without one the custom.

    Raises:
        BriefsError: naming what is wrong where.
    """
    return optional_toml(county / FILE, BriefRules, BriefsError)
