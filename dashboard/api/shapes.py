"""The shapes of the API's requests and answers. What a shape refuses never reaches the door."""

from __future__ import annotations

import functools
import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from config.sentences import say, term
from dashboard.api.forecast_shapes import Forecast
from models.filters import STATES
from models.geodesy import Frame
from models.messages import Instant
from models.moves import Stage
from models.orderlists import STATES as ORDER_STATES

DESCRIPTION_LENGTH = 4_000
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
BIGGEST = 2**63 - 1
_LINES = "\n\r\t"
_DATED = re.compile(r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d")


def _line(text: str) -> str:
    """One line without control characters, trimmed."""
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in text):
        raise ValueError("Control characters are not allowed here")
    return text.strip()


def prose(text: str) -> str:
    """Several lines: of the control characters only line breaks and tabs are text."""
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in _LINES for char in text):
        raise ValueError("Control characters other than line breaks are not allowed here")
    return text.strip()


def _some(text: str) -> str:
    if not text:
        raise ValueError("Expected some words that say what was seen")
    return text


def _written(value: object) -> object:
    """An instant is written; a bare number could be seconds or milliseconds of any epoch."""
    if not isinstance(value, str) or not _DATED.match(value):
        raise ValueError("Expected an instant in ISO 8601 with a zone, such as 2026-01-05T08:00:00Z")
    return value


def _sane(moment: datetime) -> datetime:
    """Within the years that every database and calendar here can keep."""
    if not EARLIEST.year <= moment.year <= 9998 or moment < EARLIEST:
        raise ValueError("Expected an instant after 1970")
    return moment.astimezone(UTC)


Line = Annotated[str, AfterValidator(_line)]
Code = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_line)]
Written = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_sane)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Level = Annotated[int, Field(strict=True, ge=1, le=4, description="1 is the gravest")]


class Known(BaseModel):
    """A model that works its JSON schema out once: the API's extension asks for it at every request."""

    @classmethod
    @functools.cache
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        """As pydantic's; the same answer for the same arguments."""
        return super().model_json_schema(*args, **kwargs)


class Shape(Known):
    """A request: what is not named here is refused, so that a misspelt field is noticed."""

    model_config = ConfigDict(extra="forbid")


class Reporter(Shape):
    """Who reported. Kept encrypted; only the owner of the case reads it."""

    name: Annotated[Line, Field(max_length=60)] | None = None
    phone: Annotated[Line, Field(max_length=40)] | None = None


class ReportBody(Shape):
    """A report: category, description, and a place by point or by area."""

    category: Code
    description: Annotated[str, Field(max_length=DESCRIPTION_LENGTH), AfterValidator(prose), AfterValidator(_some)]
    longitude: Annotated[Number, Field(ge=-180, le=180)] | None = None
    latitude: Annotated[Number, Field(ge=-90, le=90)] | None = None
    frame: Frame | None = Field(None, description="of the point; WGS-84 where none is named")
    area: Code | None = None
    address: Annotated[Line, Field(max_length=200)] = ""
    source: Code | None = None
    external_id: Annotated[Code, Field(max_length=120)] | None = None
    happened_at: Written | None = None
    level: Level | None = Field(None, description="1 is the gravest; the category's own where none is given")
    reporter: Reporter | None = None

    @model_validator(mode="after")
    def _a_place(self) -> ReportBody:
        for here, there in (("longitude", "latitude"), ("latitude", "longitude")):
            if getattr(self, here) is not None and getattr(self, there) is None:
                raise _fault(
                    there, say("Expected with the {here}: a point takes both.", here=term(here, "problem.field"))
                )
        if self.longitude is None and self.area is None:
            raise _fault("area", "Expected a place: longitude and latitude, or an area")
        if self.longitude is None and self.frame is not None:
            raise _fault("frame", "A frame belongs to a point, and none was given")
        return self


def _fault(field: str, sentence: str) -> PydanticCustomError:
    """A fault that only the whole of a shape shows, with the field to blame for it."""
    return PydanticCustomError("field", "{sentence}", {"sentence": sentence, "field": field})


class ReportHeader(Known):
    """Headers of a report."""

    idempotency_key: str | None = Field(
        None, alias="Idempotency-Key", pattern=r"^[\x21-\x7e]{1,120}$", description="the same key is the same report"
    )


class CodePath(Known):
    """A case in the path."""

    code: Annotated[str, Field(max_length=64), AfterValidator(_line)]


class ActionPath(CodePath):
    """A case and a move."""

    action: Annotated[str, Field(max_length=32), AfterValidator(_line)]


class ActionBody(Shape):
    """What a move may say: the fields of the table of moves, flat. Which of them a move needs, the table knows."""

    version: Annotated[int, Field(strict=True, ge=1, le=BIGGEST)] | None = Field(
        None, description="the version of the case that you saw: 409 with what changed where somebody was first"
    )
    happened_at: Written | None = Field(None, description="when it was done, where it is entered later")
    note: Annotated[str, Field(max_length=2_000), AfterValidator(prose)] | None = None
    department: Code | None = None
    co_departments: Annotated[list[Code], Field(max_length=20)] | None = None
    co_limit: Annotated[int, Field(strict=True, ge=1, le=1_000)] | None = None
    co_unit: Code | None = None
    departments: Annotated[list[Code], Field(max_length=20)] | None = None
    category: Code | None = None
    level: Code | None = None
    finding: Code | None = None
    into: Code | None = Field(None, description="the code of another case")
    until: Written | None = None
    satisfaction: Code | None = None
    score: Annotated[int, Field(strict=True, ge=0, le=100)] | None = None
    degree: Code | None = None
    reply_due: Written | None = None
    order: Code | None = Field(None, description="the number of a supervision or an instruction")
    escalation: Annotated[int, Field(strict=True, ge=1, le=BIGGEST)] | None = None


class CaseQuery(Shape):
    """A list of cases. Empty means everything; codes are exact."""

    state: Literal[STATES] = "all"  # type: ignore[valid-type]
    department: Annotated[Line, Field(max_length=64)] | None = None
    area: Annotated[Line, Field(max_length=64)] | None = None
    category: Annotated[Line, Field(max_length=64)] | None = None
    source: Annotated[Line, Field(max_length=64)] | None = None
    stage: Stage | None = None
    level: Annotated[int, Field(ge=1, le=4)] | None = None
    q: Annotated[Line, Field(max_length=100)] | None = Field(
        None, description="words that must all be in the case's text, or a number of the case, order or source"
    )
    text: Annotated[Line, Field(max_length=100)] | None = Field(None, exclude=True, description="the old name of `q`")
    address: Annotated[Line, Field(max_length=200, description="exactly this address")] | None = None
    evaluation: Annotated[Line, Field(max_length=400, description="behind a figure of the evaluation")] | None = None
    window: Annotated[Line, Field(max_length=100, description="EVENT~SINCE~UNTIL, behind a period's figure")] | None = (
        None
    )
    since: Written | None = None
    until: Written | None = None
    after: Annotated[Line, Field(max_length=64, description="the `next` of the page before")] | None = None
    limit: int = Field(50, ge=1, le=200)
    sort: Literal["newest", "oldest", "due", "due-last"] = Field("newest", exclude=True)

    @model_validator(mode="after")
    def _one_name(self) -> CaseQuery:
        self.q = self.q or self.text or None
        return self


class EventQuery(Shape):
    """The facts behind an id."""

    after: int = Field(0, ge=0, le=BIGGEST, description="the last id you have")
    limit: int = Field(200, ge=1, le=1_000)


class EvaluationQuery(Shape):
    """What is asked of the evaluation. `under`: a town, for its communities or grids."""

    period: Annotated[str, Field(max_length=10, description="2026-10, 2026-Q4 or 2026")] | None = None
    by: Literal["area", "department", "post"] | None = None
    level: Literal["town", "community", "grid"] = "town"
    under: Annotated[Line, Field(max_length=32)] | None = None
    weights: Annotated[str, Field(max_length=1_000, description="what-if: closing:20,rework:5")] | None = None


class AppealBody(Shape):
    """An appeal: take this case out of this indicator of this month, because …"""

    case: Code
    month: Annotated[str, Field(max_length=10, description="2026-10")]
    indicator: Annotated[Code, Field(max_length=40)]
    reason: Annotated[str, Field(max_length=1_000), AfterValidator(prose), AfterValidator(_some)]


class DecisionBody(Shape):
    """The decision of an appeal, with its reason."""

    answer: Annotated[str, Field(max_length=1_000), AfterValidator(prose), AfterValidator(_some)]


class AppealPath(Known):
    """An appeal and what to do with it."""

    number: Annotated[int, Field(ge=1, le=BIGGEST)]
    action: Annotated[str, Field(max_length=32), AfterValidator(_line)]


class AccountBody(Shape):
    """A new account."""

    name: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_line)]
    role: Code
    area: Code | None = None
    department: Code | None = None


class NamePath(Known):
    """An account or a token, and what to do with it."""

    name: Annotated[str, Field(max_length=64), AfterValidator(_line)]
    action: Annotated[str, Field(max_length=32), AfterValidator(_line)]


# --- answers ---------------------------------------------------------------------------------------------------------


class FieldProblem(BaseModel):
    """One fault."""

    field: str
    detail: str


class ProblemBody(BaseModel):
    """RFC 9457, with the field that was wrong."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    field: str | None = None
    errors: list[FieldProblem] | None = None


class ReportAnswer(BaseModel):
    """What became of a report. `event_id` is the id of its fact, None once the outbox no longer keeps it."""

    code: str
    stage: str
    area: str | None
    department: str | None
    due_at: Instant | None
    reported_at: Instant
    event_id: str | None
    uncovered: bool = Field(description="the point lies outside every grid; the case is kept all the same")


class CaseRow(BaseModel):
    """A case in a list. The title is masked and short."""

    code: str
    title: str
    category: str
    level: int
    source: str
    area: str | None
    town: str | None
    address: str
    department: str | None
    stage: str
    version: int = Field(description="grows with every change; send it with an action to be told of what came between")
    stage_label: str = Field(description="what this county calls the step, in Chinese")
    stage_label_en: str
    clock: Literal["none", "on-time", "due-soon", "overdue", "in-time", "late", "paused"]
    due_at: Instant | None
    happened_at: Instant
    reported_at: Instant
    closed_at: Instant | None
    longitude: float | None
    latitude: float | None
    uncovered: bool
    will_be_late: bool = Field(False, description="open, not yet due, and probably late: the state `will-be-late`")
    late_chance: float | None = Field(None, description="0 to 1; None where the simple rule is used, or none is needed")
    late_basis: Literal["history", "rule"] | None = None


class CasePage(BaseModel):
    """One page of a list; `total` counts the whole list as of `as_of` (county time)."""

    cases: list[CaseRow]
    total: int
    total_exact: bool = Field(True, description="false: the list is longer than `total`, and was counted no further")
    looked_at: int | None = Field(
        None,
        description="common words were looked for in so many cases only; `total` counts among those, `next` looks on",
    )
    next: str | None
    as_of: Instant


class TraceRow(BaseModel):
    """One line of what happened to a case."""

    number: int
    action: str
    from_stage: str
    to_stage: str
    actor: str
    role: str
    happened_at: Instant
    entered_at: Instant
    note: str
    detail: dict[str, Any]


class OrderRow(BaseModel):
    """An order (批办单), urge (催办), supervision (督办) or instruction (批示): whom it addresses, its clocks, its result."""

    number: str
    kind: str = Field(description="dispatch, urge, supervise or instruction")
    department: str
    part: str = Field(description="lead or co")
    text: str
    degree: str | None
    issued_at: Instant
    issued_by: str
    receipt_due_at: Instant | None
    receipt_at: Instant | None
    receipt_by: str | None
    due_at: Instant | None
    done_at: Instant | None
    done_by: str | None
    result: str
    reworked: int
    withdrawn_at: Instant | None
    concluded_at: Instant | None
    concluded_by: str | None


class OrderListRow(OrderRow):
    """An order in a list, with the case it belongs to."""

    case: str
    title: str
    stage: str
    level: int
    late: bool = Field(description="its own deadline has passed and it is not done")


class OrderPage(BaseModel):
    """One page of orders; `total` counts the whole list as of `as_of` (county time)."""

    orders: list[OrderListRow]
    total: int
    total_exact: bool = Field(True, description="false: the list is longer than `total`, and was counted no further")
    next: str | None
    as_of: Instant


class OrderQuery(Shape):
    """A list of orders. Empty means everything; codes are exact."""

    state: Literal[ORDER_STATES] = "all"  # type: ignore[valid-type]
    kind: Literal["dispatch", "urge", "supervise", "instruction"] | None = None
    department: Annotated[Line, Field(max_length=64)] | None = None
    case: Annotated[Line, Field(max_length=64)] | None = None
    after: Annotated[Line, Field(max_length=64, description="the `next` of the page before")] | None = None
    limit: int = Field(50, ge=1, le=200)


class EscalationRow(BaseModel):
    """A rung that the case has climbed."""

    id: int
    rung: int
    reason: str
    takeover: bool
    at: Instant
    ack_due_at: Instant | None
    acknowledged_at: Instant | None
    acknowledged_by: str | None


class AttachmentRow(BaseModel):
    """A photo: re-encoded, without what the camera wrote into it."""

    digest: str
    url: str
    width: int
    height: int
    size: int
    at: Instant


class MoveField(BaseModel):
    """What a move asks for, or may be told."""

    name: str
    kind: str = Field(description="text, department, departments, area, case, category, instant, choice or count")
    required: bool
    options: list[str]


class MoveRow(BaseModel):
    """A move that you can make now, with its fields."""

    action: str
    fields: list[MoveField]


class PauseRow(BaseModel):
    """A suspension; `ended_at` None while it lasts."""

    began_at: Instant
    ended_at: Instant | None


class CaseStanding(BaseModel):
    """Who holds a case, under which clocks, and what was found and asked so far."""

    reported_by: str
    owner_kind: str = Field(description="centre, department, area or case: never nobody")
    owner: str
    held_level: str | None
    resolved_level: str | None
    due_basis: str
    clock_from: Instant
    limit_amount: int | None
    limit_unit: str | None
    pauses: list[PauseRow]
    extensions: list[Instant] = Field(description="when each was granted; each adds one original limit")
    extension_asked_at: Instant | None
    extension_asked_by: str | None
    suspended_from: str | None
    resume_at: Instant | None = Field(description="when a suspension ends by itself")
    stage_since: Instant | None
    stage_due_at: Instant | None = Field(description="the clock of the stage it stands in")
    transfer_to: str | None = Field(description="offered, not accepted yet")
    merged_into: str | None
    verification: str | None
    inspection: str | None
    receipt_at: Instant | None
    handed_back: int
    reworked: int
    reopened: int
    urged: int
    satisfaction: str | None
    called_at: Instant | None
    score: int | None
    evaluated_at: Instant | None


class CaseWhole(CaseRow, CaseStanding):
    """A case with everything that happened to it."""

    description: str = Field(description="masked, except for those who handle the case")
    reporter: Reporter | None = Field(description="only for those who handle the case")
    derivation: dict[str, Any] | None = Field(description="why it is due then; None where no rule of ours says so")
    actions: list[str] = Field(description="what you may do with it now")
    moves: list[MoveRow] = Field(description="the same, each with the fields it takes")
    forecast: Forecast | None = Field(description="will it be late; None where it is over or without a deadline")
    trace: list[TraceRow]
    orders: list[OrderRow]
    escalations: list[EscalationRow]
    attachments: list[AttachmentRow]


class MoveAnswer(BaseModel):
    """Where the case stands after a move, and the ids of the facts that tell of it."""

    code: str
    stage: str
    department: str | None
    due_at: Instant | None
    events: list[str]


class EvaluationShare(BaseModel):
    """`hits` of `of`; `value` None where there is no case."""

    hits: int
    of: int
    value: float | None


class EvaluationRow(BaseModel):
    """One area, department or post. Scores are rounded to a tenth; None: too few cases, or none."""

    code: str
    score: float | None
    grade: str | None
    small_sample: bool
    sample: int
    before: float | None
    last_year: float | None
    without_appeals: float | None
    what_if: float | None
    what_if_grade: str | None
    shares: dict[str, EvaluationShare]


class EvaluationAnswer(BaseModel):
    """A period's evaluation, told up to `as_of` (county time) by the formulas that hold since `valid_from`."""

    period: str
    by: str
    level: str | None
    as_of: Instant | None
    closed: bool = Field(description="the books are closed: these figures stay, but for appeals")
    waiting: list[str]
    valid_from: str
    small_sample: int
    whole: EvaluationRow | None
    rows: list[EvaluationRow]


class AppealAnswer(BaseModel):
    """Where an appeal stands."""

    id: int
    decision: str | None


class EventPage(BaseModel):
    """Facts in order. `last` is the newest id there is; ask again with `after` = `next`."""

    events: list[dict[str, Any]]
    next: str
    last: str


class CameraRow(BaseModel):
    """A camera and its state."""

    id: str
    name: str
    name_en: str
    area: str | None
    longitude: float | None
    latitude: float | None
    state: str
    reason: str | None
    since: Instant | None
    registered: bool


class CameraList(BaseModel):
    """Every camera."""

    cameras: list[CameraRow]


class AccountRow(BaseModel):
    """An account, without its password."""

    name: str
    role: str
    area: str | None
    department: str | None
    disabled: bool
    created_at: Instant


class AccountList(BaseModel):
    """Every account."""

    accounts: list[AccountRow]


class NewPassword(BaseModel):
    """A password, shown this once and stored nowhere."""

    name: str
    password: str


class TokenRow(BaseModel):
    """A token, without its secret."""

    name: str
    scopes: list[str]
    area: str | None
    department: str | None
    created_at: Instant
    revoked_at: Instant | None


class TokenList(BaseModel):
    """Every token."""

    tokens: list[TokenRow]


class Done(BaseModel):
    """It is done."""

    name: str
