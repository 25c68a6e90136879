"""The table of moves of emergencies: who may do what in which state, and every refusal in a sentence. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from config.sentences import DEPARTMENT, ROLES, constant, say, term, terms
from models.emergencies.nouns import (
    Check,
    Field,
    Fields,
    Move,
    Progress,
    RoleNow,
    Standing,
    State,
    TaskState,
)
from models.moves import Actor, Refused, Role
from models.moves.asking import or_

CENTRE = frozenset({Role.OPERATOR, Role.DUTY, Role.LEADER})
"""The people of the centre. They start an emergency, too."""
STARTERS = CENTRE | {Role.SYSTEM}
ROOM = CENTRE | {Role.DEPARTMENT}
_WITH_SYSTEM = CENTRE | {Role.SYSTEM}
_DECIDES = frozenset({Role.OPERATOR, Role.LEADER})

ELEMENTS = ("situation", "extent", "losses", "trend", "leaders", "advice")
"""What a message from the place is about; reports put it where it belongs."""

_PENDING = frozenset({State.PENDING})
_RUNNING = frozenset({State.RUNNING})
_ENDED = frozenset({State.ENDED})
_TOLD = _RUNNING | _ENDED

_NOTE = Field("note", "text", most=2000)
_REASON = Field("note", "text", required=True, most=2000)
_DEPARTMENT = Field("department", "department")
_TO_DEPARTMENT = Field("department", "department", required=True)
_TASK = Field("task", "code", required=True)
_ROLE = Field("role", "code", required=True)
_REPORT = Field("report", "count", required=True)


ACTION, FIELD = "emergency.do", ("emergency.field", "emergency.form", "problem.field")
"""Where the catalogue has the names of what a refusal speaks of."""

# --- what may be in the way -------------------------------------------------------------------------------------------


def _another(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    if actor.name == standing.starter:
        return say("{name} started it; this takes a second person.", name=actor.name)
    return None


def _commands(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    if actor.role is Role.LEADER or standing.commands(actor):
        return None
    holder = standing.roles.get("commander", RoleNow()).holder
    return say("This is for the commander, {holder}, or a leader.", holder=holder)


def _takes_part(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    if actor.role is not Role.DEPARTMENT or actor.department in standing.parties:
        return None
    return "Only a department that was called takes part."


def _to_ratify(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    if not standing.life:
        return "It was not begun before its confirmation, so there is nothing to ratify."
    return (
        say("It was {ratified} already.", ratified=term(standing.ratified, "emergency.finding"))
        if standing.ratified
        else None
    )


def _judged(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    if standing.life and standing.ratified is None:
        return "It was begun without a second person and must be ratified before its mark goes."
    return None


def _not_phoned(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    return "It was reported by telephone already." if standing.phoned else None


def _no_draft(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    waiting = [number for number, sent in standing.reports.items() if not sent]
    return say("Report {waiting} is still a draft; send or discard it first.", waiting=waiting[0]) if waiting else None


def _draft(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    number = int(fields["report"])
    if number not in standing.reports:
        return say("There is no report {number!r}.", number=number)
    return say("Report {number} was sent; what was sent stays.", number=number) if standing.reports[number] else None


def _drafts(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    return None if any(not sent for sent in standing.reports.values()) else "There is no draft."


def own(actor: Actor, fields: Fields) -> str | None:
    """The department that an answer is for: a department's own; for the centre, the one it names."""
    named = fields.get("department")
    return actor.department if actor.role is Role.DEPARTMENT else str(named) if named else None


def _progress(*expected: Progress) -> Check:
    def check(standing: Standing, actor: Actor, fields: Fields) -> str | None:
        department = own(actor, fields)
        if department is None:
            return "A department must be named."
        now = standing.parties.get(department)
        if now is None:
            return say("The department {department!r} was not called.", department=term(department, DEPARTMENT))
        if now not in expected:
            return say(
                "The department {department!r} is {now}; expected {expected}.",
                department=term(department, DEPARTMENT),
                now=term(now, "emergency.progress"),
                expected=terms(expected, "emergency.progress"),
            )
        return None

    return check


def _others_speak_for_themselves(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    named = fields.get("department")
    if actor.role is Role.DEPARTMENT and named and named != actor.department:
        return "A department answers for itself only."
    return None


def _known_department(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    department = fields.get("department")
    return (
        None
        if department in standing.departments
        else say("There is no department {department!r}.", department=department)
    )


def _not_called(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    department = str(fields.get("department"))
    if standing.parties.get(department, Progress.RELEASED) is not Progress.RELEASED:
        return say("The department {department!r} was called already.", department=term(department, DEPARTMENT))
    return None


def _called(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    department = str(fields.get("department"))
    if standing.parties.get(department, Progress.RELEASED) is Progress.RELEASED:
        return say("The department {department!r} was not called.", department=term(department, DEPARTMENT))
    return None


def _not_lead(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    if fields.get("department") == standing.lead:
        return "The lead department stays; another must take the lead first."
    return None


def _open_task(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    code = str(fields.get("task"))
    task = standing.tasks.get(code)
    if task is None:
        return say("There is no task {code!r}.", code=code)
    if actor.role is Role.DEPARTMENT and task.department != actor.department:
        return say(
            "The task {code!r} is that of the department {department!r}.",
            code=code,
            department=term(task.department, DEPARTMENT),
        )
    if task.state is not TaskState.OPEN:
        return say("The task {code!r} is {state}; expected open.", code=code, state=term(task.state, "emergency.task"))
    return None


def _skippable(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    task = standing.tasks.get(str(fields.get("task")))
    if task is not None and task.state is TaskState.WAITING:
        own_task = actor.role is not Role.DEPARTMENT or task.department == actor.department
        return (
            None
            if own_task
            else say("The task is that of the department {department!r}.", department=term(task.department, DEPARTMENT))
        )
    return _open_task(standing, actor, fields)


def _answerable(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    question, answer = str(fields.get("question")), str(fields.get("answer"))
    options = standing.questions.get(question)
    if options is None:
        return say("There is no question {question!r}.", question=question)
    if answer not in options:
        return say(
            "{question!r} cannot be answered {answer!r}; expected {expected}.",
            question=question,
            answer=answer,
            expected=or_(options),
        )
    if standing.answers.get(question) == answer:
        return say("{question!r} was answered {answer!r} already.", question=question, answer=answer)
    return None


def _known_role(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    code = str(fields.get("role"))
    return (
        None
        if code in standing.roles
        else say("There is no role {code!r}; expected {expected}.", code=code, expected=or_(standing.roles))
    )


def _gives(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    role = standing.roles.get(str(fields.get("role")), RoleNow())
    if role.holder not in (None, actor.name) and actor.role is not Role.LEADER and not standing.commands(actor):
        return say(
            "{holder} holds this role; only its holder, the commander or a leader hands it over.", holder=role.holder
        )
    if role.offered_to is not None:
        return say("It is offered to {offered_to} already.", offered_to=role.offered_to)
    if fields.get("account") == role.holder:
        return say("{holder} holds this role already.", holder=role.holder)
    return None


def _offered_to_me(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    role = standing.roles.get(str(fields.get("role")), RoleNow())
    return None if role.offered_to == actor.name else "This role was not offered to you."


def _offered(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    role = standing.roles.get(str(fields.get("role")), RoleNow())
    return "This role is offered to nobody." if role.offered_to is None else None


def _any_offer(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    mine = any(role.offered_to == actor.name for role in standing.roles.values())
    return None if mine else "No role was offered to you."


def _known_objective(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    code = str(fields.get("objective"))
    if code not in standing.objectives:
        return say("There is no objective {code!r}.", code=code)
    return say("The objective {code!r} was met already.", code=code) if standing.objectives[code] else None


def _other_level(standing: Standing, actor: Actor, fields: Fields) -> str | None:
    return (
        say("It is of level {level} already.", level=term(standing.level, "emergency.level"))
        if str(fields.get("level")) == str(standing.level)
        else None
    )


# --- the table -------------------------------------------------------------------------------------------------------


def _table(*moves: Move) -> Mapping[str, Move]:
    return {move.action: move for move in moves}


_STEP = (_takes_part,)
_ANSWERS = (_DEPARTMENT, _NOTE)
_ACCOUNT = Field("account", "account", required=True)

MOVES: Mapping[str, Move] = _table(
    # -- beginning and end
    Move("confirm", _PENDING, State.RUNNING, CENTRE, (_NOTE,), (_another,)),
    Move("withdraw", _PENDING, State.WITHDRAWN, CENTRE, (_REASON,)),
    Move(
        "ratify",
        _TOLD,
        None,
        _DECIDES,
        (Field("finding", "choice", required=True, options=("approved", "rejected")), _NOTE),
        (_to_ratify, _another),
    ),
    Move("end", _RUNNING, State.ENDED, _DECIDES, (_REASON,), (_commands,)),
    Move("cancel", _ENDED, State.CANCELLED, CENTRE, (_REASON,), (_judged,)),
    # -- command
    Move(
        "level",
        _RUNNING,
        None,
        _DECIDES,
        (Field("level", "choice", required=True, options=("1", "2", "3", "4")), _REASON),
        (_commands,),
        (_other_level,),
    ),
    Move(
        "perimeter",
        _RUNNING,
        None,
        CENTRE,
        (
            Field("radius_m", "count", required=True, most=20_000),
            Field("longitude", "number"),
            Field("latitude", "number"),
            _NOTE,
        ),
    ),
    Move("call", _RUNNING, None, _WITH_SYSTEM, (_TO_DEPARTMENT, _NOTE), (), (_known_department, _not_called)),
    Move("release", _RUNNING, None, CENTRE, (_TO_DEPARTMENT, _REASON), (), (_called, _not_lead)),
    Move("lead", _RUNNING, None, _DECIDES, (_TO_DEPARTMENT, _REASON), (_commands,), (_called, _not_lead)),
    Move("offer-role", _RUNNING, None, CENTRE, (_ROLE, _ACCOUNT, _NOTE), (), (_known_role, _gives)),
    Move("accept-role", _RUNNING, None, CENTRE, (_ROLE, _NOTE), (_any_offer,), (_offered_to_me,)),
    Move("decline-role", _RUNNING, None, CENTRE, (_ROLE, _REASON), (_any_offer,), (_offered_to_me,)),
    Move("recall-role", _RUNNING, None, CENTRE, (_ROLE, _NOTE), (), (_known_role, _offered)),
    # -- the matrix
    Move("receive", _RUNNING, None, ROOM, _ANSWERS, _STEP, (_others_speak_for_themselves, _progress(Progress.CALLED))),
    Move(
        "depart",
        _RUNNING,
        None,
        ROOM,
        _ANSWERS,
        _STEP,
        (_others_speak_for_themselves, _progress(Progress.CALLED, Progress.RECEIVED)),
    ),
    Move(
        "arrive",
        _RUNNING,
        None,
        ROOM,
        _ANSWERS,
        _STEP,
        (_others_speak_for_themselves, _progress(Progress.RECEIVED, Progress.DEPARTED)),
    ),
    Move(
        "finish",
        _RUNNING,
        None,
        ROOM,
        (_DEPARTMENT, _REASON),
        _STEP,
        (_others_speak_for_themselves, _progress(Progress.RECEIVED, Progress.DEPARTED, Progress.ARRIVED)),
    ),
    # -- tasks
    Move(
        "answer",
        _RUNNING,
        None,
        ROOM,
        (Field("question", "code", required=True), Field("answer", "code", required=True), _NOTE),
        _STEP,
        (_answerable,),
    ),
    Move("do", _RUNNING, None, ROOM, (_TASK, _NOTE), _STEP, (_open_task,)),
    Move("skip", _RUNNING, None, ROOM, (_TASK, _REASON), _STEP, (_skippable,)),
    Move(
        "add-task",
        _RUNNING,
        None,
        CENTRE,
        (_TO_DEPARTMENT, Field("note", "text", required=True, most=400), Field("minutes", "count", True, (), 10_080)),
        (),
        (_called,),
    ),
    Move(
        "objective", _RUNNING, None, CENTRE, (Field("objective", "code", required=True), _NOTE), (), (_known_objective,)
    ),
    # -- news and reports
    Move(
        "tell",
        _TOLD,
        None,
        ROOM | {Role.SYSTEM},
        (_REASON, Field("element", "choice", options=ELEMENTS)),
        _STEP,
    ),
    Move("phone", _RUNNING, None, CENTRE, (Field("to", "text", required=True, most=200), _NOTE), (_not_phoned,)),
    Move("draft-report", _TOLD, None, CENTRE, (), (_no_draft,)),
    Move(
        "edit-report",
        _TOLD,
        None,
        CENTRE,
        (_REPORT, Field("elements", "elements", required=True)),
        (_drafts,),
        (_draft,),
    ),
    Move("discard-report", _TOLD, None, CENTRE, (_REPORT, _NOTE), (_drafts,), (_draft,)),
    Move(
        "send-report",
        _TOLD,
        None,
        CENTRE,
        (_REPORT, Field("to", "text", required=True, most=200)),
        (_drafts,),
        (_draft,),
    ),
)


def possible(state: State, role: Role) -> list[str]:
    """The actions that this role may take in this state, conditions left aside."""
    return [move.action for move in MOVES.values() if state in move.start and role in move.roles]


def open_moves(standing: Standing, actor: Actor) -> list[str]:
    """What this actor can do now: what `check` would not refuse but for fields."""
    allowed = (MOVES[action] for action in possible(standing.state, actor.role))
    return [move.action for move in allowed if _unmet(move.when, standing, actor, {}) is None]


def check(action: str, standing: Standing, actor: Actor, fields: Fields) -> Move:
    """The move.

    Raises:
        Refused: with a sentence; its field is `action` where it is the wrong action, role or moment.
    """
    move = MOVES.get(action)
    if move is None:
        raise Refused(
            say("There is no action {action!r}; expected one of {expected}.", action=action, expected=", ".join(MOVES)),
            "action",
        )
    if actor.role not in move.roles:
        raise Refused(
            say(
                "The role {role} may not {action}; this takes {expected}.",
                role=term(actor.role, *ROLES),
                action=term(action, ACTION),
                expected=terms(move.roles, *ROLES),
            ),
            "action",
        )
    if standing.state not in move.start:
        raise Refused(
            say(
                "An emergency that is {state} cannot {action}; possible now: {now}.",
                state=term(standing.state, "emergency.state"),
                action=term(action, ACTION),
                now=terms(open_moves(standing, actor), ACTION),
            ),
            "action",
        )
    unmet = _unmet(move.when, standing, actor, fields)
    if unmet is not None:
        raise Refused(
            say("It is not possible to {action} now: {unmet}", action=term(action, ACTION), unmet=constant(unmet)),
            "action",
        )
    for field in move.fields:
        _demand(action, field, fields.get(field.name))
    unmet = _unmet(move.aim, standing, actor, fields)
    if unmet is not None:
        raise Refused(
            say("It is not possible to {action}: {unmet}", action=term(action, ACTION), unmet=constant(unmet)),
            _aimed(move),
        )
    return move


def _aimed(move: Move) -> str:
    return next((field.name for field in move.fields if field.name != "note"), "action")


def _unmet(checks: Iterable[Check], standing: Standing, actor: Actor, fields: Fields) -> str | None:
    return next((said for said in (one(standing, actor, fields) for one in checks) if said is not None), None)


def _demand(action: str, field: Field, value: Any) -> None:
    if value in (None, "", [], ()):
        if field.required:
            raise Refused(
                say("To {action}, {name!r} must be given.", action=term(action, ACTION), name=term(field.name, *FIELD)),
                field.name,
            )
        return
    if field.kind in ("text", "code", "department", "account") and not isinstance(value, str):
        raise Refused(
            say("{name!r} must be a text, not {value!r}.", name=term(field.name, *FIELD), value=value), field.name
        )
    if field.kind == "choice" and str(value) not in field.options:
        raise Refused(
            say(
                "{name!r} must be {expected}, not {value!r}.",
                name=term(field.name, *FIELD),
                expected=terms(field.options, f"emergency.{field.name}"),
                value=value,
            ),
            field.name,
        )
    if field.kind == "count" and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise Refused(
            say(
                "{name!r} must be a whole number of at least 1, not {value!r}.",
                name=term(field.name, *FIELD),
                value=value,
            ),
            field.name,
        )
    if field.kind == "number" and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise Refused(
            say("{name!r} must be a number, not {value!r}.", name=term(field.name, *FIELD), value=value), field.name
        )
    size = len(value) if isinstance(value, str) else value if isinstance(value, int) else 0
    if field.most is not None and size > field.most:
        raise Refused(
            say(
                "{name!r} may be {most} at most, not {size}.", name=term(field.name, *FIELD), most=field.most, size=size
            ),
            field.name,
        )
