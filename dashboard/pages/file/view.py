"""What the file of a case shows, as one frozen value: every builder of this folder is a pure function of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.api.forecast_shapes import Suggestion
from dashboard.api.shapes import CaseRow, CaseWhole
from models.deskwork.nearby import Near
from models.directory import Directory
from models.duplicates import Likeness


@dataclass(frozen=True)
class CaseView:
    """What the page shows: the case, the names of codes, county time.

    `private`: this reader handles the case. `replayed`: county time is not real time, so entering came later anyway.
    `related`: what it was merged into (`into`), what was merged into it (`child`), what is linked with it (`link`).
    `faults`: of the camera whose repair this case is; `sound_since`: when it recovered, where its closing is offered.
    `alike`: cases that may be the same matter, most alike first. `cameras`: the nearest, for those who may look.
    """

    case: CaseWhole
    directory: Directory
    now: datetime
    private: bool
    replayed: bool
    alike: Sequence[tuple[Likeness, CaseRow]] = ()
    cameras: Sequence[Near] = ()
    suggestion: Suggestion | None = None
    related: Sequence[tuple[str, CaseRow]] = ()
    faults: Sequence[Any] = ()
    sound_since: datetime | None = None
