"""What people answered when others asked them, as shares for the evaluation: by area, department, and the whole county.

An answer counts in the month it was given, as long as the books of that month are open; one that is brought in later
counts in the month in which it came (`counts_at`, written by `models.duty.surveys`): a month that was closed stays as
it was, and no answer is lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, case, func, literal, or_, select

from config.evaluation import Version
from models import tables as t
from models.duty.surveys import CONTENT, REACHED
from models.duty.tables import survey
from models.evaluation.periods import Month
from models.evaluation.scoring import Share

Kinds = Mapping[str, Share]
"""Kind of asking → how many were content, of how many who were reached."""
WHOLE = ""


def answered(
    connection: Connection, version: Version, months: Sequence[Month], zone: ZoneInfo, by: str, codes: Sequence[str]
) -> Mapping[str, Kinds]:
    """Code → what was answered about it in these months; nothing where no formula of the version asks for it.

    Args:
        by: town, community, grid, department or county, whose only code is the empty one.
    """
    if not any(indicator.asked for indicator in version.indicators):
        return {}
    s = survey.c
    whose = _whose(by)
    rows = (
        select(whose, s.kind, func.sum(CONTENT), func.sum(REACHED))
        .select_from(survey.outerjoin(t.area, t.area.c.code == s.area))
        .where(or_(*((s.counts_at >= m.start(zone)) & (s.counts_at < m.end(zone)) for m in months)))
        .group_by(whose, s.kind)
    )
    found: dict[str, dict[str, Share]] = defaultdict(dict)
    for code, kind, content, reached in connection.execute(rows):
        if code in codes and reached:
            found[code][kind] = Share(int(content), int(reached))
    return found


def _whose(by: str) -> ColumnElement[str]:
    """The code of the row that an answer speaks of. A town has the answers about its grids, too."""
    s, a = survey.c, t.area.c
    return {
        "town": func.coalesce(a.town, a.code),
        "community": case((a.level == "grid", a.parent), else_=a.code),
        "grid": a.code,
        "department": s.department,
        "county": literal(WHOLE),
    }[by]
