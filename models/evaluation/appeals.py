"""Appeals (申诉): a case is taken out of one indicator of one month, for a reason, by a leader's decision, with a trace.

An appeal counts from its decision on and never before: a figure as of an earlier moment is what it was. The book of the
month stays untouched; what was granted is subtracted where figures are added up, so that both can be shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, select, update

from config.evaluation import Indicator
from config.sentences import ROLES, say, term
from models import tables as t
from models.door import Deed
from models.door.sight import visible
from models.door.writing import Step
from models.evaluation import tables as e
from models.evaluation.books import County
from models.evaluation.folding import bits
from models.evaluation.periods import Month
from models.moves import Actor, Refused, Role, Stage

MAY_APPEAL = frozenset({Role.DEPARTMENT, Role.OPERATOR})
MAY_DECIDE = frozenset({Role.LEADER})
DECISIONS = ("granted", "refused")
SHORTEST = 4
"""Characters of a reason: one that says nothing is none."""


def appeal(
    deed: Deed, county: County, code: str, month: Month, indicator: str, reason: str, actor: Actor, now: datetime
) -> int:
    """Ask that a case be taken out of an indicator; returns the appeal's number.

    Raises:
        Refused: this actor may not, the case is not counted there, or an appeal for it waits or was granted.
    """
    if actor.role not in MAY_APPEAL:
        raise Refused(
            say(
                "The role {role} may not appeal; this takes department or operator.",
                role=term(actor.role, *ROLES),
            ),
            "role",
        )
    reason = _said(reason, "reason")
    case = deed.locked(code)
    if case is None or not (visible(case, actor) or _had_it(deed.db, case.id, actor)):
        raise Refused(say("There is no case {code!r}.", code=code), "case")
    known = {code: one for code, one in county.formulas.at(month.first).by_code.items() if not one.asked}
    if indicator not in known:
        raise Refused(
            say(
                "There is no indicator {indicator!r}; expected one of {expected}.",
                indicator=indicator,
                expected=", ".join(known),
            ),
            "indicator",
        )
    if not _counts(deed.db, case.id, month, known[indicator]):
        raise Refused(
            say(
                "Case {code} is not counted in {name_en} ({indicator}) of {month}.",
                code=code,
                name_en=known[indicator].name_en,
                indicator=indicator,
                month=month,
            ),
            "case",
        )
    _demand_none(deed.db, case.id, month, indicator)
    values = {
        "case_id": case.id,
        "month": str(month),
        "indicator": indicator,
        "by": actor.name,
        "department": actor.department,
        "at": now,
        "reason": reason,
    }
    key = deed.db.execute(insert(e.appeal).values(values)).inserted_primary_key[0]  # type: ignore[index]
    detail = {"appeal": key, "month": str(month), "indicator": indicator}
    deed.apply(case, {}, Step("appeal", Stage(case.stage), actor, now, reason, detail))
    return int(key)


def decide(deed: Deed, number: int, decision: str, answer: str, actor: Actor, now: datetime) -> None:
    """Grant or refuse an appeal. From now on, and only from now on, a granted one changes the figure.

    Raises:
        Refused: this actor may not, there is no such appeal, or it was decided already.
    """
    if actor.role not in MAY_DECIDE:
        raise Refused(
            say("The role {role} may not decide an appeal; this takes leader.", role=term(actor.role, *ROLES)),
            "role",
        )
    if decision not in DECISIONS:
        raise Refused(
            say("Expected {expected}; came {decision!r}.", expected=" or ".join(DECISIONS), decision=decision),
            "decision",
        )
    answer = _said(answer, "answer")
    row = deed.db.execute(
        select(e.appeal, t.cases.c.code)
        .join(t.cases, t.cases.c.id == e.appeal.c.case_id)
        .where(e.appeal.c.id == number)
        .with_for_update(of=e.appeal)
    ).first()
    case = deed.locked(row.code) if row is not None else None
    if row is None or case is None or not visible(case, actor):
        raise Refused(say("There is no appeal {number}.", number=number), "id")
    if row.decision is not None:
        raise Refused(
            say(
                "This appeal was {decision} by {decided_by} already.",
                decision=term(row.decision),
                decided_by=row.decided_by,
            ),
            "decision",
        )
    values = {"decision": decision, "decided_by": actor.name, "decided_at": now, "answer": answer}
    deed.db.execute(update(e.appeal).where(e.appeal.c.id == number).values(values))
    detail = {"appeal": number, "month": row.month, "indicator": row.indicator, "decision": decision}
    deed.apply(case, {}, Step("decide-appeal", Stage(case.stage), actor, now, answer, detail))


def _said(text: str, field: str) -> str:
    if len(text.strip()) < SHORTEST:
        raise Refused(
            say(
                "Expected a {field} of at least {SHORTEST} characters.",
                field=term(field, "problem.field"),
                SHORTEST=SHORTEST,
            ),
            field,
        )
    return text.strip()


def _had_it(connection: Connection, case_id: int, actor: Actor) -> bool:
    """Whether a department is judged by a case that another one holds now: it may appeal, and see nothing more of it."""
    if actor.role is not Role.DEPARTMENT or actor.department is None:
        return False
    o = e.order.c
    mine = and_(o.case_id == case_id, o.department == actor.department)
    return connection.execute(select(o.case_id).where(mine).limit(1)).first() is not None


def _counts(connection: Connection, case_id: int, month: Month, indicator: Indicator) -> bool:
    below = bits(indicator.denominator)
    for table in (e.case, e.order):
        mine = and_(table.c.month == str(month), table.c.case_id == case_id, table.c.marks.op("&")(below) == below)
        if connection.execute(select(table.c.case_id).where(mine).limit(1)).first():
            return True
    return False


def _demand_none(connection: Connection, case_id: int, month: Month, indicator: str) -> None:
    a = e.appeal.c
    same = and_(a.case_id == case_id, a.month == str(month), a.indicator == indicator)
    for row in connection.execute(select(a.id, a.decision).where(same)):
        if row.decision != "refused":
            granted = "Appeal {id} for this case and indicator was granted already."
            waiting = "Appeal {id} for this case and indicator waits for a decision already."
            raise Refused(say(granted if row.decision else waiting, id=row.id), "case")


def appeals(connection: Connection, months: Sequence[Month], actor: Actor) -> Sequence[Row[Any]]:
    """The appeals of these months that this actor may know of: those that wait first, then the newest."""
    a, c = e.appeal.c, t.cases.c
    wanted: list[ColumnElement[bool]] = [a.month.in_([str(month) for month in months])]
    if actor.role is Role.DEPARTMENT:
        wanted.append(a.department == actor.department)
    elif actor.area is not None:
        wanted.append((c.area == actor.area) | (c.town == actor.area))
    rows = select(e.appeal, c.code.label("case_code"), c.title).join(t.cases, c.id == a.case_id).where(*wanted)
    return connection.execute(rows.order_by(a.decision.is_not(None), a.id.desc()).limit(200)).all()
