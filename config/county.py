"""The nouns of the reference data: frozen values, as `config.reference.load` returns them. No file is touched here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import shapely
from pydantic import BeforeValidator, ConfigDict, Field, PositiveInt

from config.evaluation import Formulas
from config.plans import Plan

Unit = Literal["urgent_hour", "work_hour", "work_day", "calendar_day"]
"""紧急工作时 (continuous, nights too), 工作时 (office hours only), 工作日 (eight of them), 自然日."""
UNITS: tuple[Unit, ...] = ("urgent_hour", "work_hour", "work_day", "calendar_day")

SOURCES = ("grid", "hotline", "petition", "mailbox", "hall", "leader", "camera", "system", "open311")
"""The sources a case can have; a county names them, it neither adds nor drops one."""

SCENES = ("crossroads", "market", "river", "school", "village", "square", "road_night", "bus_station")
"""What a drawn camera of the demonstration can show; a real camera leaves it empty."""

StageClock = Literal["accept", "dispatch", "verify", "inspect", "receipt", "adjudicate", "return_call"]
"""The clocks of stages: how long a case may stand in one."""

STAGES = (
    "reported",
    "accepted",
    "verifying",
    "filed",
    "adjudication",
    "dispatched",
    "handling",
    "feedback",
    "inspecting",
    "suspended",
    "merged",
    "closed",
    "void",
    "evaluated",
)
"""What a label set names: the stages of the one state machine, and a closed case that was evaluated."""

STRICT = ConfigDict(extra="forbid")


def _month_day(value: object) -> object:
    found = re.fullmatch(r"(\d\d)-(\d\d)", value) if isinstance(value, str) else None
    if not found:
        raise ValueError("expected month and day such as 06-01")
    date(2024, int(found[1]), int(found[2]))
    return int(found[1]), int(found[2])


MonthDay = Annotated[tuple[int, int], BeforeValidator(_month_day)]
Code = Annotated[str, Field(min_length=1)]
Degrees = Annotated[float, Field(ge=-180, le=180)]
Share = Annotated[float, Field(gt=0, lt=1)]


# --------------------------------------------------------------------------------------- what county.toml says


@dataclass(frozen=True)
class TreeRules:
    __pydantic_config__ = STRICT
    levels: tuple[Code, ...]
    """Names of the levels from the top down; the tree's depth is the county's own choice."""
    tolerance_m2: Annotated[float, Field(ge=0)]
    """Overlaps, gaps and overhangs up to this size are drawing noise."""
    optional_levels: tuple[Code, ...]
    """Levels that need not exist everywhere (sub-grids, for instance); all others must cover what is above them."""


@dataclass(frozen=True)
class MapView:
    __pydantic_config__ = STRICT
    centre: tuple[Degrees, Degrees]
    """Longitude, latitude, WGS-84."""
    bounds: tuple[Degrees, Degrees, Degrees, Degrees]
    """West, south, east, north."""


@dataclass(frozen=True)
class OfficeHours:
    """Office hours of a season (both days included, may run over New Year), or of the whole year without one."""

    __pydantic_config__ = STRICT
    name: str
    name_en: str
    spans: Annotated[tuple[tuple[time, time], ...], Field(min_length=1)]
    """Local times, in order, not overlapping, within one day."""
    season: tuple[MonthDay, MonthDay] | None = None

    def applies_on(self, day: date) -> bool:
        if self.season is None:
            return True
        first, last = self.season
        here = (day.month, day.day)
        return first <= here <= last if first <= last else here >= first or here <= last


@dataclass(frozen=True)
class ClockShares:
    """Shares of working time left at which a clock changes colour (domain: 绿 黄 橙 红)."""

    __pydantic_config__ = STRICT
    yellow: Share
    orange: Share
    hours_per_work_day: Annotated[float, Field(gt=0, le=24)]
    warnings: tuple[Share, ...] = ()
    """Shares left at each of which the clock warns once; empty: at `orange` only."""


@dataclass(frozen=True)
class StageLimits:
    """Minutes a stage may take, continuous."""

    __pydantic_config__ = STRICT
    accept: PositiveInt
    dispatch: PositiveInt
    verify: PositiveInt
    inspect: PositiveInt
    receipt: PositiveInt
    adjudicate: PositiveInt = 60
    return_call: PositiveInt | None = None
    """From the end of a case whose reporter left a telephone number to the call; None: nobody is waited for."""
    categories: dict[Code, dict[StageClock, PositiveInt]] = dataclass_field(default_factory=dict)
    """Other minutes for a category and all below it, as `[stages.categories.0102] accept = 5`."""


@dataclass(frozen=True)
class ExtensionRule:
    __pydantic_config__ = STRICT
    times: Annotated[int, Field(ge=0)]
    leader_from: PositiveInt
    """From this extension on a leader decides."""


@dataclass(frozen=True)
class HandBackRule:
    __pydantic_config__ = STRICT
    adjudicate_after: PositiveInt


@dataclass(frozen=True)
class UrgeRule:
    """催办: before expiry at shares of the time left, and again and again while an order has no receipt."""

    __pydantic_config__ = STRICT
    repeat_minutes: PositiveInt
    shares: tuple[Share, ...] = (0.5, 0.2)
    most: Annotated[int, Field(ge=0, le=50)] = 8
    """How often an order without receipt is urged at most."""


@dataclass(frozen=True)
class Rung:
    """One step of the ladder: whom it calls, and how long they have to acknowledge."""

    __pydantic_config__ = STRICT
    role: Code
    name: str
    name_en: str
    acknowledge_minutes: PositiveInt
    time: Literal["working", "plain"] = "working"
    """What is as grave as `takeover_level` waits in plain time whatever stands here."""
    again: Annotated[int, Field(ge=0, le=20)] = 0
    """How often it is told anew before the next rung (or, on the top, before the ladder falls silent)."""


@dataclass(frozen=True)
class StageAlarms:
    """What is told where a case stands in a stage for longer than its clock allows, each once per stay."""

    __pydantic_config__ = STRICT
    clocks: tuple[StageClock, ...] = ("accept", "dispatch", "verify", "inspect", "receipt", "adjudicate", "return_call")
    """The clocks whose end is told to the centre."""
    higher_minutes: Annotated[int, Field(ge=0)] = 60
    """Still there so long afterwards: the centre's leaders are told too, and of an order without receipt the
    department's first contact; 0: nobody."""


@dataclass(frozen=True)
class SuperviseRule:
    """The order of supervision (督办) that the clock issues at expiry."""

    __pydantic_config__ = STRICT
    degree: Literal["ordinary", "key", "listed"] = "ordinary"
    reply_minutes: PositiveInt = 480
    """Of office hours; what is as grave as `takeover_level` is answered in plain time."""


@dataclass(frozen=True)
class Escalation:
    __pydantic_config__ = STRICT
    direct_level: Annotated[int, Field(ge=0, le=4)]
    """A report of this level or graver (1 is gravest) takes the wall at once; 0: none does."""
    takeover_level: Annotated[int, Field(ge=0, le=4)]
    """An escalation of this level or graver takes the wall; 0: none does."""
    quiet_hours: tuple[time, time]
    rungs: Annotated[tuple[Rung, ...], Field(min_length=1)]
    notice: bool = True
    """Whether a supervision is followed by a written notice on the next working day."""
    stages: StageAlarms = StageAlarms()
    supervise: SuperviseRule = SuperviseRule()


@dataclass(frozen=True)
class NotifyRules:
    """Where notifications may be sent. Nothing is ever sent to a host that does not stand here."""

    __pydantic_config__ = STRICT
    hosts: tuple[Annotated[str, Field(pattern=r"^[a-z0-9.-]+(:\d{1,5})?$")], ...] = ()
    """Host names, with a port where it is not the usual one of the channel: `sms.example.gov.cn`, `10.1.2.3:8443`."""


@dataclass(frozen=True)
class EmergencyTimers:
    """Minutes after the start by which the initial report 初报 is due; how a start is confirmed; the video conference.

    `confirmation`: a second person confirms (`second`), or anybody may take it back for `window_seconds` (`window`).
    """

    __pydantic_config__ = STRICT
    initial_report_phone: PositiveInt
    initial_report_written: PositiveInt
    confirmation: Literal["window", "second"] = "window"
    window_seconds: Annotated[int, Field(ge=5, le=600)] = 60
    conference: Annotated[str, Field(pattern=r"^(https://\S+)?$", max_length=300)] = ""
    """Address of the county's own video conference 视频互动, which is linked to and not built; empty: none."""


@dataclass(frozen=True)
class Privacy:
    """How often masks are looked at again, and how long is kept what cameras showed, who looked, and what emergencies
    have logged. Days.

    Pictures stay 30 days and then go (State Council Order 799 of 2025); ledger and logs stay 183 days at least (等级保护).
    """

    __pydantic_config__ = STRICT
    review_days: Annotated[int, Field(ge=30, le=1096)] = 365
    picture_days: Annotated[int, Field(ge=30, le=3660)] = 30
    ledger_days: Annotated[int, Field(ge=183, le=36600)] = 1096
    emergency_days: Annotated[int, Field(ge=183, le=36600)] = 3653
    """After the last line of an emergency that is over; one that is not is kept however long it lasts."""


@dataclass(frozen=True)
class PostTitle:
    """A kind of post; `needed`: a grid that requires it and has nobody in it is 有格无人."""

    __pydantic_config__ = STRICT
    code: Code
    name: str
    name_en: str
    needed: bool


@dataclass(frozen=True)
class RoundSlot:
    """A round that is due in each grid once a day, a week or a month (一日双巡, 日走访, 周分析, 月汇总)."""

    __pydantic_config__ = STRICT
    code: Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,22}$")]
    name: str
    name_en: str
    every: Literal["day", "week", "month"]
    starts: time
    ends: time
    """Local times of a daily slot; of the others the hours of the first and last day. `ends` is after `starts`."""


@dataclass(frozen=True)
class StaffingRule:
    """A staffing formula (4+X, 3+X, 2+X): how many of these posts a grid of this kind needs; the others are the X."""

    __pydantic_config__ = STRICT
    kind: Literal["community", "village", "exclusive"]
    name: str
    fixed: PositiveInt
    posts: Annotated[tuple[Code, ...], Field(min_length=1)]


@dataclass(frozen=True)
class LabelSet:
    """One way to name the steps of the one flow (domain.md §3): stage → label in both languages."""

    __pydantic_config__ = STRICT
    code: Code
    name: str
    name_en: str
    stages: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class CountyRules:
    """Everything county.toml says."""

    __pydantic_config__ = STRICT
    code: Code
    name: str
    name_en: str
    centre: str
    centre_en: str
    subtitle: str
    subtitle_en: str
    privacy: Privacy = dataclass_field(default_factory=Privacy, kw_only=True)
    division_prefix: Annotated[str, Field(pattern=r"^\d{6}$")]
    tree: TreeRules
    map: MapView
    office_hours: tuple[OfficeHours, ...]
    clock: ClockShares
    stages: StageLimits
    extension: ExtensionRule
    hand_back: HandBackRule
    urge: UrgeRule
    escalation: Escalation
    emergency: EmergencyTimers
    post_titles: Annotated[tuple[PostTitle, ...], Field(min_length=1)]
    rounds: tuple[RoundSlot, ...] = ()
    staffing: tuple[StaffingRule, ...] = ()
    labels: Code = dataclass_field(default="eight_steps", kw_only=True)
    """The label set in use: how this county names the steps of the flow."""
    notify: NotifyRules = dataclass_field(default=NotifyRules(), kw_only=True)


# ----------------------------------------------------------------------------------------- what the tables say


@dataclass(frozen=True)
class Area:
    """A county, town, community or grid. `code` is text, kept verbatim."""

    code: str
    name: str
    name_en: str
    level: str
    parent: str | None
    kind: str
    """Of a grid: `basic` 基础网格 or `exclusive` 专属网格; of others what they are (town, subdistrict, village …)."""
    households: int
    valid_from: date
    valid_to: date | None
    """First day on which it is no longer in force."""
    covers: tuple[str, ...]
    """Codes of the communities a joint grid (联合网格) stands for; empty for all others."""
    label: tuple[float, float]
    """Longitude and latitude of a point deep inside, where a name or a pin can stand."""
    shape: Any
    """shapely Polygon or MultiPolygon, WGS-84, longitude first."""
    line: int

    @property
    def geometry(self) -> dict[str, Any]:
        """The shape as a GeoJSON geometry."""
        return dict(shapely.geometry.mapping(self.shape))


@dataclass(frozen=True)
class Post:
    """Posts (not persons) of one kind on one area."""

    area: str
    post: str
    required: int
    filled: int
    line: int


@dataclass(frozen=True)
class Contact:
    """Whom a rung of the ladder calls in a department: a role, and its telephone."""

    role: str
    phone: str


@dataclass(frozen=True)
class Department:
    code: str
    name: str
    name_en: str
    short: str
    short_en: str
    desk: str
    """Receiving desk 收件科室."""
    desk_en: str
    deputy: str
    """The desk that stands in for it."""
    deputy_en: str
    phone: str
    contacts: tuple[Contact, ...]
    """In the order of the ladder's rungs."""
    line: int


@dataclass(frozen=True)
class Category:
    """A node of the category tree. Only leaves (`is_leaf`) can be given to a case and have the fields below."""

    code: str
    parent: str | None
    name: str
    name_en: str
    is_leaf: bool
    department: str | None
    co_departments: tuple[str, ...]
    level: int | None
    """1 (gravest) to 4."""
    limit: int | None
    unit: Unit | None
    filing: str
    """Filing condition 立案条件."""
    closing: str
    """Closing condition 结案条件."""
    source: str
    """Where limit and conditions come from."""
    line: int


@dataclass(frozen=True)
class Source:
    code: str
    name: str
    name_en: str
    line: int


@dataclass(frozen=True)
class Camera:
    """A public camera with what must be known before it may be shown (domain.md §9)."""

    id: str
    """20 digits (GB/T 28181)."""
    name: str
    name_en: str
    grid: str
    longitude: float
    latitude: float
    scene: str
    address: str
    """`demo:SCENE`, or where the pictures come from (rtsp://, http://, a file)."""
    purpose: str
    purpose_en: str
    legal_basis: str
    legal_basis_en: str
    owner: str
    """Code of the department that answers for it."""
    sign: str
    """Where the sign stands that tells passers-by."""
    mask_review: date
    """When somebody last looked whether the masks still cover what they must."""
    focus: bool
    """Shown first on the wall."""
    line: int


@dataclass(frozen=True)
class CalendarDay:
    """A day that is not what its weekday says."""

    day: date
    kind: Literal["holiday", "workday"]
    name: str
    name_en: str
    source: str
    line: int


@dataclass(frozen=True)
class Duty:
    """One weekly shift of the roster, by title. `ends` at or before `starts` means the next day."""

    weekday: int
    """1 Monday to 7 Sunday: the day on which the shift starts."""
    starts: time
    ends: time
    role: str
    name: str
    name_en: str
    holder: str
    """Title of who holds it, never a person's name."""
    holder_en: str
    phone: str
    line: int

    def covers(self, local: datetime) -> bool:
        """Is the shift running at this local time?"""
        for back in (0, 1):
            day = local.date() - timedelta(days=back)
            over = timedelta(days=1) if self.ends <= self.starts else timedelta()
            starts = datetime.combine(day, self.starts, local.tzinfo)
            ends = datetime.combine(day + over, self.ends, local.tzinfo)
            if day.isoweekday() == self.weekday and starts <= local < ends:
                return True
        return False


@dataclass(frozen=True)
class DutyChange:
    """A dated exception of the roster: on this day this shift is held by somebody else, or (no holder) by nobody."""

    day: date
    """The day on which the shift starts."""
    starts: time
    ends: time
    role: str
    name: str
    name_en: str
    holder: str
    holder_en: str
    phone: str
    reason: str
    line: int


@dataclass(frozen=True, kw_only=True)
class County(CountyRules):
    """A county's whole reference data. The mappings are by code, in the order of the files."""

    folder: Path
    areas: Mapping[str, Area]
    posts: tuple[Post, ...]
    departments: Mapping[str, Department]
    categories: Mapping[str, Category]
    sources: Mapping[str, Source]
    cameras: Mapping[str, Camera]
    calendar: Mapping[date, CalendarDay]
    calendar_years: frozenset[int]
    """Years with an official calendar; working time in any other year must be refused or flagged."""
    duty: tuple[Duty, ...]
    duty_changes: tuple[DutyChange, ...] = ()
    evaluation: Formulas
    plans: Mapping[str, Plan] = dataclass_field(default_factory=dict)
    """Emergency plans 预案 by code."""
    label_sets: Mapping[str, LabelSet] = dataclass_field(default_factory=dict)
    """How the steps may be called; `labels` names the set in use."""

    @cached_property
    def root(self) -> Area:
        return self.areas[self.code]

    def at_level(self, level: str) -> list[Area]:
        return [area for area in self.areas.values() if area.level == level]

    def ancestors(self, code: str) -> list[Area]:
        """The area itself and everything above it, up to the county."""
        chain = [self.areas[code]]
        while chain[-1].parent is not None:
            chain.append(self.areas[chain[-1].parent])
        return chain

    def office_hours_on(self, day: date) -> OfficeHours:
        """The season's hours, or the regular ones."""
        seasonal = [hours for hours in self.office_hours if hours.season and hours.applies_on(day)]
        return seasonal[0] if seasonal else next(hours for hours in self.office_hours if hours.season is None)

    def on_duty(self, local: datetime) -> list[Duty]:
        """Shifts running at this local time, in the order of the roster."""
        return [shift for shift in self.duty if shift.covers(local)]

    def unstaffed_grids(self) -> set[str]:
        """有格无人: areas where a needed post is required and every needed post is empty."""
        needed = {title.code for title in self.post_titles if title.needed}
        held: dict[str, int] = {}
        for post in self.posts:
            if post.post in needed and post.required:
                held[post.area] = held.get(post.area, 0) + post.filled
        return {area for area, count in held.items() if count == 0}
