"""批示 without a case: a leader's words on a department or on a figure, with receipts and answers."""

from __future__ import annotations

from typing import Annotated, Literal

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from pydantic import AfterValidator, BaseModel, Field

from config.sentences import say
from dashboard.api.ladder_shapes import BODY, Codes, MessageHeader
from dashboard.api.shapes import Code, Known, Line, Shape, Written, _some, prose
from dashboard.pages import parts as names
from dashboard.problems import Problem
from dashboard.reader import page_context
from dashboard.services import services, visitor
from models.messages import Instant
from models.moves import Refused
from models.overview import directives
from models.overview.directives import Instruction
from models.timebase import real_now

FIGURES = (
    "open", "reported-today", "closed-today", "overdue", "due-soon", "will-be-late", "closing-in-time", "satisfied",
    "emergencies", "cameras-online", "escalated",
)  # fmt: skip
"""Figures of the overview that an instruction may be about."""


class InstructionBody(Shape):
    """An instruction. Without departments, one on a figure goes to the centre."""

    about: Literal["department", "figure"]
    code: Code = Field(description="of the department, or the figure's name")
    text: Annotated[str, Field(max_length=BODY), AfterValidator(prose), AfterValidator(_some)]
    departments: Codes = ()
    value: Annotated[float, Field(allow_inf_nan=False)] | None = None
    as_of: Written | None = None
    reply_due: Written | None = None


class InstructionPath(Known):
    """An instruction of one's own, and what to do with it."""

    number: Annotated[Line, Field(max_length=40)]
    action: Annotated[Line, Field(max_length=32)]


class InstructionGiven(BaseModel):
    """It is on its way."""

    number: str
    message: int


class InstructionRow(BaseModel):
    """An instruction on a case, a department or a figure, and what became of it."""

    number: str
    at: Instant
    about: str
    code: str
    text: str
    departments: list[str]
    reply_due: Instant | None
    received: int
    addressed: int
    answered_at: Instant | None
    result: str
    state: str
    link: str


class InstructionList(BaseModel):
    """The newest of one's own, newest first."""

    instructions: list[InstructionRow]


def register(api: APIBlueprint) -> None:
    """Add the routes."""
    api.get("/instructions", summary="Your instructions and what became of them", responses={200: InstructionList})(
        _instructions
    )
    api.post("/instructions", summary="Instruct on a department or a figure", responses={201: InstructionGiven})(
        _instruct
    )
    api.post(
        "/instructions/<number>/actions/<action>",
        summary="Conclude an instruction of your own",
        responses={200: InstructionList},
    )(_conclude_instruction)


def _instructions() -> Response:
    """Those on cases are orders; those on departments and figures are messages with receipt and answer."""
    with services().store.read() as connection:
        found = directives.standings(connection, visitor().actor)
    rows = [InstructionRow.model_validate(one, from_attributes=True) for one in found]
    return jsonify(InstructionList(instructions=rows).model_dump(mode="json"))


def _instruct(header: MessageHeader, body: InstructionBody) -> tuple[Response, int]:
    """201 for a new instruction, 200 for a repeated key."""
    parts, who = services(), visitor()
    what = Instruction(
        about=body.about,
        code=body.code,
        subject=_subject(body),
        text=body.text,
        departments=tuple(body.departments),
        value=body.value,
        as_of=body.as_of,
        reply_due=body.reply_due,
        key=header.idempotency_key,
    )
    with parts.store.write() as connection:
        number, message, created = directives.give(
            connection, what, who.actor, parts.clock.now(), real_now(), parts.zone
        )
    return jsonify(InstructionGiven(number=number, message=message).model_dump()), 201 if created else 200


def _subject(body: InstructionBody) -> str:
    """The line that an inbox shows: what it is about, and what the figure said."""
    context, parts = page_context(), services()
    if body.about == "department":
        department = parts.directory().departments.get(body.code)
        return context.text("overview.subject.department", name=names.name(context, department))
    if body.code not in FIGURES:
        raise Refused(
            say(
                "There is no figure {code!r}; expected one of {expected}.", code=body.code, expected=", ".join(FIGURES)
            ),
            "code",
        )
    value = "" if body.value is None else f"{body.value:g}"
    name = context.text(f"overview.figure.{body.code}")
    if body.as_of is None:
        return context.text("overview.subject.figure", name=name, value=value)
    time = f"{body.as_of.astimezone(parts.zone):%m-%d %H:%M}"
    return context.text("overview.subject.figure_at", name=name, value=value, time=time)


def _conclude_instruction(path: InstructionPath) -> Response:
    """The only action is `conclude`."""
    if path.action != "conclude":
        raise Problem(404, say("There is no action {action!r}; expected conclude.", action=path.action), field="action")
    parts = services()
    with parts.store.write() as connection:
        directives.conclude(connection, path.number, visitor().actor, parts.clock.now())
    return _instructions()
