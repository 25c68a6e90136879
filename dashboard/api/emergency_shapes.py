"""Shapes of emergencies."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field

from dashboard.api.shapes import Code, Known, Line, Number, Shape, Written, prose
from models.emergencies.listing import STATES
from models.messages import Instant

Prose = Annotated[str, Field(max_length=2_000), AfterValidator(prose)]


class EmergencyPath(Shape):
    """One emergency."""

    number: Annotated[Line, Field(min_length=1, max_length=32)]


class EmergencyActionPath(EmergencyPath):
    """One thing to do in it."""

    action: Annotated[Line, Field(min_length=1, max_length=32)]


class EmergencyHeader(Known):
    """A repeated key does nothing again and answers the same."""

    idempotency_key: Annotated[Line, Field(min_length=1, max_length=120)] | None = Field(None, alias="Idempotency-Key")


class EmergencyQuery(Shape):
    """A list of emergencies. `running`: begun, not yet cancelled by name; the figure of the wall, without drills."""

    state: Literal[STATES] = "all"  # type: ignore[valid-type]
    drill: bool | None = None
    after: Annotated[Line, Field(max_length=20)] | None = None
    limit: int = Field(50, ge=1, le=200)


class EmergencyBody(Shape):
    """A start. `life`: lives are at stake, so that it begins at once and is ratified after."""

    plan: Code
    level: Annotated[int, Field(strict=True, ge=1, le=4, description="1 (Ⅰ) is the gravest")]
    note: Annotated[Prose, Field(min_length=1)]
    title: Annotated[Line, Field(max_length=120)] = ""
    origin: Literal["case", "camera", "point", "cap", "none"] = "none"
    reference: Annotated[Line, Field(max_length=120)] = ""
    longitude: Annotated[Number, Field(ge=-180, le=180)] | None = None
    latitude: Annotated[Number, Field(ge=-90, le=90)] | None = None
    area: Code | None = None
    address: Annotated[Line, Field(max_length=200)] = ""
    radius_m: Annotated[int, Field(strict=True, ge=50, le=20_000)] | None = None
    drill: bool = False
    life: bool = False
    departments: Annotated[tuple[Code, ...], Field(max_length=60)] = ()
    answers: dict[Code, Code] = Field(default_factory=dict, max_length=20)
    happened_at: Written | None = None


class EmergencyActionBody(Shape):
    """What an action may say, flat. Which of them it needs, the table of moves knows."""

    note: Prose | None = None
    department: Code | None = None
    level: Code | None = None
    finding: Code | None = None
    radius_m: Annotated[int, Field(strict=True, ge=50, le=20_000)] | None = None
    longitude: Annotated[Number, Field(ge=-180, le=180)] | None = None
    latitude: Annotated[Number, Field(ge=-90, le=90)] | None = None
    task: Code | None = None
    role: Code | None = None
    account: Code | None = None
    question: Code | None = None
    answer: Code | None = None
    objective: Code | None = None
    minutes: Annotated[int, Field(strict=True, ge=1, le=10_080)] | None = None
    element: Code | None = None
    report: Annotated[int, Field(strict=True, ge=1, le=100_000)] | None = None
    to: Annotated[Line, Field(max_length=200)] | None = None
    elements: dict[Code, Annotated[str, Field(max_length=4_000), AfterValidator(prose)]] | None = Field(
        None, max_length=20
    )


class EmergencyRow(BaseModel):
    """An emergency in a list."""

    number: str
    version: int
    state: str
    drill: bool
    level: int
    plan: str
    title: str
    lead: str
    area: str | None
    longitude: float | None
    latitude: float | None
    radius_m: int
    started_at: Instant
    started_by: str
    running_at: Instant | None
    confirm_due_at: Instant | None
    ended_at: Instant | None
    cancelled_at: Instant | None


class EmergencyPage(BaseModel):
    """`total` is the length of the whole list; hand back `next` as `after`."""

    emergencies: list[EmergencyRow]
    total: int
    next: str | None
    as_of: Instant


class EmergencyAnswer(EmergencyRow):
    """Where it stands after a start or an action; `events` are the numbers of the facts, none for a repeated key."""

    events: list[str]


class EmergencyWhole(BaseModel):
    """The whole room, as its page shows it."""

    room: dict[str, Any]
    actions: list[str]


class PlanList(BaseModel):
    """The county's plans."""

    plans: list[dict[str, Any]]
