"""The typed facts that travel to screens: small, frozen, in the past tense.

Every message has `id`, `kind` and `at` (UTC, ISO 8601). The `id` of a *fact* (a row of the outbox) is its contiguous
number as text, "123". What is no fact of its own (`figures`, `map`, `heartbeat`) carries the number of the last fact
it knows of and a counter, "123.7": whoever hands any id back as `after` continues behind the fact it names.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, TypeAdapter

SUBPROTOCOL = "gridcommand.v1"
CHANNEL = "gridcommand:facts"
"""Redis channel that carries each fact as JSON, right after its commit."""
FIGURES_CHANNEL = "gridcommand:figures"
"""Redis channel that carries each newly computed `Snapshot` as JSON."""


def iso(moment: datetime) -> str:
    """UTC, ISO 8601, milliseconds, `Z`: the only written form of an instant outside the database."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Instant = Annotated[datetime, PlainSerializer(iso, return_type=str)]


class Message(BaseModel):
    """What every message has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = ""
    at: Instant


class CaseFact(Message):
    """What every fact about a case carries: where it stands now. Descriptions are already masked."""

    case: str
    title: str
    category: str
    level: int = Field(ge=1, le=4)
    source: str
    area: str | None
    town: str | None
    department: str | None
    stage: str
    due_at: Instant | None
    reported_at: Instant
    longitude: float | None = None
    latitude: float | None = None


class CaseReported(CaseFact):
    kind: Literal["case.reported"] = "case.reported"
    uncovered: bool = False


class CaseMoved(CaseFact):
    kind: Literal["case.moved"] = "case.moved"
    action: str
    from_stage: str


class OrderIssued(CaseFact):
    kind: Literal["order.issued"] = "order.issued"
    order: str
    order_kind: Literal["dispatch", "urge", "supervise", "instruction"] = "dispatch"
    addressee: str | None = None
    """The department that it orders: the lead, a co-handler, or whom an urge, a supervision or an instruction addresses."""


class ClockWarned(CaseFact):
    """The orange share of working time has been reached: the case is due soon."""

    kind: Literal["clock.warned"] = "clock.warned"


class ClockBreached(CaseFact):
    kind: Literal["clock.breached"] = "clock.breached"


class CaseEscalated(CaseFact):
    """A rung of the ladder was climbed, or acknowledged by name. `takeover`: the wall gives it the screen."""

    kind: Literal["case.escalated"] = "case.escalated"
    escalation: int
    rung: int
    reason: Literal["breach", "direct", "unacknowledged"]
    takeover: bool
    ack_due_at: Instant | None
    acknowledged_at: Instant | None = None
    acknowledged_by: str | None = None


class EmergencyFact(Message):
    """What every fact about an emergency carries: where it stands now. The title is masked; a drill says so."""

    emergency: str
    title: str
    plan: str
    level: int = Field(ge=1, le=4)
    state: Literal["pending", "running", "ended", "cancelled", "withdrawn"]
    drill: bool
    lead: str
    departments: list[str]
    longitude: float | None
    latitude: float | None
    radius_m: int
    started_at: Instant
    version: int


class EmergencyStarted(EmergencyFact):
    """It runs: the wall is taken over."""

    kind: Literal["emergency.started"] = "emergency.started"


class EmergencyMoved(EmergencyFact):
    """Something was done in its room. `action`: of the table of moves, `start` (it waits for its confirmation), `clock`."""

    kind: Literal["emergency.moved"] = "emergency.moved"
    action: str
    by: str
    department: str | None = None


class EmergencyCancelled(EmergencyFact):
    """Its mark was cancelled by name."""

    kind: Literal["emergency.cancelled"] = "emergency.cancelled"
    by: str


class WarningReceived(Message):
    """A warning of another authority came in (CAP 1.2). Its colour is the statutory one, not that of a clock."""

    kind: Literal["warning.received"] = "warning.received"
    warning: int
    message: str
    """Alert, Update, Cancel, Ack or Error."""
    status: str
    """Actual, Exercise, System, Test or Draft."""
    event: str
    headline: str
    severity: str | None
    colour: Literal["red", "orange", "yellow", "blue"] | None
    sender: str
    area: str
    sent: Instant
    expires: Instant | None


class CameraChanged(Message):
    kind: Literal["camera.changed"] = "camera.changed"
    camera: str
    state: Literal["connecting", "live", "stalled", "offline"]
    reason: str | None = None
    since: Instant
    faults: tuple[str, ...] = ()
    """What stands of its health: keys of `health.fault.…`."""


class TimeChanged(Message):
    """The county's clock was set (a replay began, moved on or ended)."""

    kind: Literal["time.changed"] = "time.changed"
    county_at: Instant
    speed: float


class Heartbeat(Message):
    kind: Literal["heartbeat"] = "heartbeat"


class InboxChanged(Message):
    """How many open entries the inbox of the account that listens has; told to that account alone (topic `inbox`)."""

    kind: Literal["inbox.changed"] = "inbox.changed"
    unread: int = Field(ge=0)


class DeskChanged(Message):
    """Something on the desk that listens may have changed (topic `desk`): it looks itself, and sees what it may."""

    kind: Literal["desk.changed"] = "desk.changed"


class SnapshotRequired(Message):
    """What the client missed is no longer kept, or is too much: fetch `/live/snapshot` and go on from its id."""

    kind: Literal["snapshot.required"] = "snapshot.required"


class Counts(BaseModel):
    """The counts of one area or of the county. Each is the length of a list: `models.filters` defines both."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    open: int
    reported_today: int
    closed_today: int
    overdue: int
    due_soon: int
    unreceipted: int
    escalated: int
    paused: int = 0
    adjudication: int = 0


class DepartmentRow(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    open: int
    due_soon: int
    overdue: int
    unreceipted: int
    next_due_at: Instant | None
    """The earliest due time of its open cases: in the past where it is overdue."""


class Trend(BaseModel):
    """Received and closed per clock hour, oldest first; the last hour is the running one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hours: list[Instant]
    reported: list[int]
    closed: list[int]


class Pin(BaseModel):
    """A place that burns now: overdue or due soonest among the gravest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    case: str
    title: str
    category: str
    level: int
    area: str | None
    due_at: Instant
    state: Literal["overdue", "due-soon"]
    longitude: float
    latitude: float


class AlarmGroup(BaseModel):
    """Unanswered take-overs told together; None: several. Each is counted in one group, and levels are never mixed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: int
    reason: str | None
    department: str | None
    town: str | None
    count: int


class Figures(Message):
    """The whole small picture of the county, computed once per burst of change and broadcast."""

    kind: Literal["figures"] = "figures"
    county: Counts
    emergencies: int
    cameras_online: int
    cameras_total: int
    cameras_faulty: int = 0
    """Online, with a fault of the picture that stands."""
    reported_yesterday: int
    """Reported yesterday up to the same time of day: the fair comparison for a day that is not over."""
    closed_due_month: int
    closed_in_time_month: int
    """Closed in time ÷ due to be closed, month to date (domain.md §8: 按期结案率)."""
    longest_overdue_seconds: int | None
    new_today_open: int
    levels: dict[str, int]
    """Open cases by level "1".."4"."""
    towns: dict[str, Counts]
    departments: list[DepartmentRow]
    trend: Trend
    spark: dict[str, list[int]]
    """Small series without axis, oldest first, 12 points: "reported" and "closed" by hour, "open" at each hour's end,
    "due_soon": dues falling in each of the next 12 hours."""
    pins: list[Pin]
    escalations: list[CaseEscalated]
    """Unacknowledged take-overs, gravest first, at most 5; `escalations_total` counts them all."""
    escalations_total: int
    escalation_groups: list[AlarmGroup] = []
    """All unanswered take-overs as at most ten groups, gravest first; their counts add up to `escalations_total`."""


class GridMap(Message):
    """Open cases per grid: `[open, due soon, overdue]`. `whole` replaces all, else only these grids changed."""

    kind: Literal["map"] = "map"
    whole: bool
    grids: dict[str, tuple[int, int, int]]


Fact = Annotated[
    CaseReported
    | CaseMoved
    | OrderIssued
    | ClockWarned
    | ClockBreached
    | CaseEscalated
    | EmergencyStarted
    | EmergencyMoved
    | EmergencyCancelled
    | WarningReceived
    | CameraChanged
    | TimeChanged,
    Field(discriminator="kind"),
]
FACT: TypeAdapter[Any] = TypeAdapter(Fact)


class Snapshot(BaseModel):
    """What the alerts worker stores and publishes; a gateway sends `figures` as it is and `map` as a difference."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    figures: Figures
    map: GridMap


class Subscribe(BaseModel):
    """The client's first message."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["subscribe"]
    topics: list[str] = Field(min_length=1, max_length=16)
    after: str | None = None
