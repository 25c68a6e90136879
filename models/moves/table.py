"""The table of moves: who may take a case from where to where, and what must be said (domain.md §§3–5)."""

from __future__ import annotations

from collections.abc import Mapping

from models.moves import conditions as c
from models.moves.nouns import LIVING, Field, Move, Own, Role, Stage

_CENTRE = frozenset({Role.OPERATOR, Role.SYSTEM})
_DEPARTMENT = frozenset({Role.DEPARTMENT, Role.OPERATOR, Role.SYSTEM})
_DESK_OR_DEPARTMENT = frozenset({Role.DEPARTMENT, Role.OPERATOR})
_DECIDES = frozenset({Role.OPERATOR, Role.LEADER})
_ON_SITE = frozenset({Role.GRID, Role.OPERATOR})
_OPERATOR = frozenset({Role.OPERATOR})

_NEW = frozenset({Stage.REPORTED, Stage.ACCEPTED})
_UNDISPATCHED = _NEW | {Stage.FILED}
_OUT = frozenset({Stage.DISPATCHED, Stage.HANDLING})
_NOT_VOID = frozenset(Stage) - {Stage.VOID}

UNITS = ("urgent_hour", "work_hour", "work_day", "calendar_day")
SATISFACTION = ("satisfied", "fairly", "dissatisfied", "unreached")
"""满意, 基本满意, 不满意, 未联系上."""
DEGREES = ("ordinary", "key", "listed")
"""一般督办, 重点督办, 挂牌督办."""

_NOTE = Field("note", "text")
_REASON = Field("note", "text", required=True)
_CATEGORY = Field("category", "category")
_LEVEL = Field("level", "choice", options=("1", "2", "3", "4"))
_DEPARTMENT_ = Field("department", "department")
_TO_DEPARTMENT = Field("department", "department", required=True)
_CO = (
    Field("co_departments", "departments"),
    Field("co_limit", "count"),
    Field("co_unit", "choice", options=UNITS),
)
"""Co-handlers, and where they have a limit of their own, so many of which unit."""
_ORDER = Field("order", "text")
"""The number of an urge, a supervision or an instruction; the oldest that waits where none is named."""
_INTO = Field("into", "case", required=True)


def _table(*moves: Move) -> Mapping[str, Move]:
    return {move.action: move for move in moves}


MOVES: Mapping[str, Move] = _table(
    # -- collect, classify, verify, file --------------------------------------------------------------------------------
    Move("accept", frozenset({Stage.REPORTED}), Stage.ACCEPTED, _CENTRE, (_CATEGORY, _LEVEL, _NOTE)),
    Move(
        "classify",
        _UNDISPATCHED,
        None,
        _CENTRE,
        (Field("category", "category", required=True), _LEVEL, _NOTE),
    ),
    Move("request-verification", _NEW, Stage.VERIFYING, _OPERATOR, (_NOTE,)),
    Move(
        "verify",
        frozenset({Stage.VERIFYING}),
        Stage.ACCEPTED,
        _ON_SITE,
        (Field("finding", "choice", required=True, options=("confirmed", "unfounded")), _REASON),
    ),
    Move("file", _NEW, Stage.FILED, _CENTRE, (_NOTE,)),
    Move("settle-on-the-spot", _NEW, Stage.CLOSED, _ON_SITE, (_REASON,)),
    Move("settle-at-level", _NEW, Stage.CLOSED, _OPERATOR, (_REASON,), when=(c.BELOW_COUNTY,)),
    Move("raise", _NEW, None, _ON_SITE, (_REASON,), when=(c.BELOW_COUNTY,)),
    Move(
        "report-directly",
        _NEW | {Stage.VERIFYING},
        None,
        _ON_SITE | {Role.DUTY},
        (_REASON,),
        when=(c.BELOW_COUNTY,),
    ),
    Move("void", _UNDISPATCHED | {Stage.VERIFYING}, Stage.VOID, _CENTRE, (_REASON,)),
    Move("merge", _UNDISPATCHED, Stage.MERGED, _OPERATOR, (_INTO, _NOTE), when=(c.NO_CHILDREN,)),
    Move("separate", frozenset({Stage.MERGED}), Stage.ACCEPTED, _OPERATOR, (_REASON,)),
    Move("link", LIVING, None, _OPERATOR, (_INTO, _NOTE)),
    # -- orders: dispatch, receipt, hand-back, transfer -----------------------------------------------------------------
    Move("dispatch", _UNDISPATCHED, Stage.DISPATCHED, _CENTRE, (_TO_DEPARTMENT, *_CO, _NOTE)),
    Move(
        "receipt",
        _OUT,
        Stage.HANDLING,
        _DEPARTMENT,
        (_DEPARTMENT_, _NOTE),
        own=Own.PART,
        when=(c.WAITS_FOR_RECEIPT,),
        also=frozenset({Stage.DISPATCHED}),
    ),
    Move(
        "hand-back",
        _OUT,
        Stage.FILED,
        _DEPARTMENT,
        (_REASON, _DEPARTMENT_),
        own=Own.PART,
        when=(c.NOT_ADJUDICATED,),
        also=_OUT | {Stage.ADJUDICATION, Stage.FEEDBACK},
    ),
    Move(
        "adjudicate",
        frozenset({Stage.ADJUDICATION}),
        Stage.DISPATCHED,
        _DECIDES,
        (_TO_DEPARTMENT, *_CO, _REASON),
    ),
    Move(
        "transfer",
        _OUT,
        None,
        _DESK_OR_DEPARTMENT,
        (_TO_DEPARTMENT, _REASON),
        own=Own.LEAD,
        when=(c.NO_TRANSFER,),
    ),
    Move(
        "accept-transfer",
        _OUT,
        Stage.HANDLING,
        frozenset({Role.DEPARTMENT}),
        (_NOTE,),
        own=Own.RECEIVER,
        when=(c.TRANSFER_OFFERED,),
    ),
    Move(
        "decline-transfer",
        _OUT,
        None,
        frozenset({Role.DEPARTMENT}),
        (_REASON,),
        own=Own.RECEIVER,
        when=(c.TRANSFER_OFFERED,),
    ),
    Move("recall-transfer", _OUT, None, _DESK_OR_DEPARTMENT, (_NOTE,), own=Own.LEAD, when=(c.TRANSFER_OFFERED,)),
    # -- clocks: extension, suspension ----------------------------------------------------------------------------------
    Move(
        "request-extension",
        _OUT,
        None,
        _DESK_OR_DEPARTMENT,
        (_REASON,),
        own=Own.LEAD,
        when=(c.OUR_DEADLINE, c.NOT_EXPIRED, c.NO_EXTENSION_ASKED, c.EXTENSIONS_LEFT),
    ),
    Move("grant-extension", _OUT, None, _DECIDES, (_NOTE,), when=(c.EXTENSION_ASKED, c.LEADER_DECIDES)),
    Move("refuse-extension", _OUT, None, _DECIDES, (_REASON,), when=(c.EXTENSION_ASKED, c.LEADER_DECIDES)),
    Move(
        "suspend",
        _OUT | {Stage.FILED},
        Stage.SUSPENDED,
        _DECIDES,
        (_REASON, Field("until", "instant", required=True)),
        when=(c.NOT_THEIR_CLOCK, c.NOT_EXPIRED),
    ),
    Move(
        "resume",
        frozenset({Stage.SUSPENDED}),
        Stage.HANDLING,
        _DECIDES,
        (_NOTE,),
        also=frozenset({Stage.FILED, Stage.DISPATCHED}),
    ),
    # -- feedback, inspection, end --------------------------------------------------------------------------------------
    Move(
        "feedback",
        frozenset({Stage.HANDLING}),
        Stage.FEEDBACK,
        _DEPARTMENT,
        (_REASON, _DEPARTMENT_),
        own=Own.PART,
        when=(c.WAITS_FOR_FEEDBACK,),
        also=frozenset({Stage.HANDLING}),
    ),
    Move("request-inspection", frozenset({Stage.FEEDBACK}), Stage.INSPECTING, _OPERATOR, (_NOTE,)),
    Move(
        "inspect",
        frozenset({Stage.INSPECTING}),
        Stage.FEEDBACK,
        _ON_SITE,
        (Field("finding", "choice", required=True, options=("passed", "failed")), _REASON),
    ),
    Move(
        "rework",
        frozenset({Stage.FEEDBACK}),
        Stage.HANDLING,
        _CENTRE,
        (_REASON, Field("departments", "departments")),
    ),
    Move("close", frozenset({Stage.FEEDBACK}), Stage.CLOSED, _CENTRE, (_NOTE,), when=(c.INSPECTION_NOT_FAILED,)),
    Move(
        "return-call",
        frozenset({Stage.CLOSED}),
        None,
        _CENTRE,
        (Field("satisfaction", "choice", required=True, options=SATISFACTION), _NOTE),
    ),
    Move("evaluate", frozenset({Stage.CLOSED}), None, _DECIDES, (Field("score", "count", required=True), _NOTE)),
    Move("reopen", frozenset({Stage.CLOSED}), Stage.FILED, _DECIDES, (_REASON,)),
    # -- pressing: urge, supervise, instruct ----------------------------------------------------------------------------
    Move(
        "urge",
        LIVING - {Stage.REPORTED, Stage.SUSPENDED, Stage.MERGED},
        None,
        frozenset({Role.OPERATOR, Role.DUTY}),
        (_NOTE, _DEPARTMENT_),
    ),
    Move(
        "supervise",
        LIVING - {Stage.MERGED},
        None,
        _DECIDES | {Role.DUTY},
        (
            Field("degree", "choice", required=True, options=DEGREES),
            Field("reply_due", "instant", required=True),
            _REASON,
            _DEPARTMENT_,
        ),
    ),
    Move(
        "instruct",
        LIVING - {Stage.MERGED},
        None,
        frozenset({Role.LEADER}),
        (_REASON, _DEPARTMENT_, Field("reply_due", "instant")),
    ),
    Move(
        "receive-order",
        _NOT_VOID,
        None,
        _DESK_OR_DEPARTMENT,
        (_ORDER, _NOTE),
        own=Own.ADDRESSEE,
        when=(c.WAITS_FOR_ORDER_RECEIPT,),
    ),
    Move(
        "reply",
        _NOT_VOID,
        None,
        _DESK_OR_DEPARTMENT,
        (_REASON, _ORDER),
        own=Own.ADDRESSEE,
        when=(c.WAITS_FOR_REPLY,),
    ),
    Move("conclude-order", _NOT_VOID, None, _DECIDES, (_ORDER, _NOTE), when=(c.NOT_CONCLUDED,)),
    Move(
        "acknowledge",
        frozenset(Stage),
        None,
        frozenset({Role.OPERATOR, Role.DUTY, Role.DEPARTMENT}),
        (Field("escalation", "count", required=True), _NOTE),
    ),
    # A source system that keeps its own loop (12345, an imported file) tells us that it has closed a case.
    Move("close-at-source", LIVING, Stage.CLOSED, frozenset({Role.SYSTEM}), (_NOTE,)),
)
