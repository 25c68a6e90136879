"""The shapes of the API of watching."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, model_validator

from dashboard.api.shapes import Code, Known, Line, Number, Shape, Written, _fault
from models.messages import Instant
from models.watching.rights import Purpose
from streams.tiles import MOST_CAMERAS

CameraId = Annotated[Code, Field(max_length=32)]
Share = Annotated[Number, Field(ge=0, le=1)]
MOST_POLYGONS, MOST_CORNERS = 32, 64
PATROL = "patrol:"
"""Begins the plan of a patrol: its cameras are those of the county's plan."""


class CameraPath(Known):
    """A camera in the path."""

    camera: CameraId


class CameraActPath(CameraPath):
    """A camera and what to do with it."""

    action: Annotated[Line, Field(max_length=32)]


class RelearnBody(Shape):
    """That a camera's present picture is as it should be."""

    note: Annotated[Line, Field(max_length=200)] = ""


class Relearned(BaseModel):
    """From when on its picture is the usual one."""

    camera: str
    learned_at: Instant


class Reason(Shape):
    """What somebody opens a camera for."""

    purpose: Purpose
    reference: Annotated[Line, Field(max_length=64)] = Field("", description="the case or emergency it is for")
    note: Annotated[Line, Field(max_length=200)] = ""


class ViewBody(Reason):
    """Cameras to be opened: `live` one by one, `wall` as the plan of a mosaic or a patrol."""

    kind: Literal["live", "wall"] = "live"
    cameras: Annotated[list[CameraId], Field(max_length=MOST_CAMERAS, description="none: all of a wall's patrol")]
    plan: Annotated[Line, Field(max_length=64, description="`patrol:NAME` for a patrol")] = ""
    view: Annotated[int, Field(strict=True, ge=1, le=2**62)] | None = Field(
        None, description="one's own open line, to go on under where everything is the same"
    )

    @model_validator(mode="after")
    def _something(self) -> ViewBody:
        if not self.cameras and not (self.kind == "wall" and self.plan.startswith(PATROL)):
            raise _fault("cameras", "Expected at least one camera, or a wall's patrol")
        return self


class ViewAnswer(BaseModel):
    """The ledger's line and what it opens. `tickets`: of each camera, for its live view."""

    view: int
    at: Instant
    until: Instant
    viewer: str
    purpose: str
    cameras: list[str]
    refused: dict[str, str]
    tickets: dict[str, str]


class ViewPath(Known):
    """A line of the ledger and what to do with it."""

    view: Annotated[int, Field(ge=1, le=2**62)]
    action: Annotated[Line, Field(max_length=32)]


class ViewEnded(BaseModel):
    """`ended`: it was open, and is not any more; false where there was nothing of one's own to end."""

    view: int
    ended: bool


class SnapshotBody(Shape):
    """A snapshot to a case."""

    case: Code
    note: Annotated[Line, Field(max_length=200)] = ""


Corner = Annotated[tuple[Share, Share], Field(description="shares of width and height")]
Polygon = Annotated[list[Corner], Field(min_length=3, max_length=MOST_CORNERS)]


class MaskBody(Shape):
    """Masks as they shall be, and that somebody has looked whether they cover what they must."""

    masks: Annotated[list[Polygon], Field(max_length=MOST_POLYGONS)]
    version: Annotated[int, Field(strict=True, ge=1)]
    note: Annotated[Line, Field(max_length=200)] = ""


class EntryAnswer(BaseModel):
    """A register's entry after a change. `in_force`, of masks: from now on no picture under other masks is sent; false
    where the streams process did not confirm it, which then reads them within a second of running again."""

    camera: str
    version: int
    changed: list[str]
    gaps: list[str]
    in_force: bool | None = None


def _address(text: str) -> str:
    if any(ord(sign) <= 32 for sign in text):
        raise ValueError("An address holds no spaces")
    return text


Address = Annotated[Line, Field(max_length=2048), AfterValidator(_address)]


class EntryBody(Shape):
    """Fields of the register to be changed; what is not named stays. An empty `credentials` takes them away."""

    version: Annotated[int, Field(strict=True, ge=1)]
    note: Annotated[Line, Field(max_length=200)] = ""
    name: Annotated[Line, Field(min_length=1, max_length=120)] | None = None
    name_en: Annotated[Line, Field(max_length=120)] | None = None
    area: Annotated[Line, Field(max_length=32)] | None = None
    longitude: Annotated[Number, Field(ge=-180, le=180)] | None = None
    latitude: Annotated[Number, Field(ge=-90, le=90)] | None = None
    purpose: Annotated[Line, Field(max_length=200)] | None = None
    purpose_en: Annotated[Line, Field(max_length=200)] | None = None
    legal_basis: Annotated[Line, Field(max_length=200)] | None = None
    legal_basis_en: Annotated[Line, Field(max_length=200)] | None = None
    owner: Annotated[Line, Field(max_length=120)] | None = None
    sign: Annotated[Line, Field(max_length=120)] | None = None
    focus: bool | None = None
    public: bool | None = None
    codec: Annotated[Line, Field(max_length=40)] | None = None
    shown_to: list[Line] | None = None
    thresholds: Annotated[dict[str, float | list[str] | dict[str, float]], Field(max_length=32)] | None = None
    address: Annotated[Address, Field(min_length=1)] | None = None
    main_address: Address | None = None
    credentials: Annotated[Line, Field(max_length=200)] | None = None


class HoldBody(Shape):
    """A legal hold: what it keeps from being deleted, why, and until when."""

    kind: Literal["camera", "case", "emergency"]
    object: Code
    reason: Annotated[Line, Field(min_length=2, max_length=500)]
    until: Written


class HoldPath(Known):
    """A hold and what to do with it."""

    hold: Annotated[int, Field(ge=1, le=2**62)]
    action: Annotated[Line, Field(max_length=32)]


class HoldRow(BaseModel):
    """A legal hold."""

    id: int
    kind: str
    object: str
    reason: str
    placed_at: Instant
    placed_by: str
    until: Instant
    lifted_at: Instant | None
    lifted_by: str | None


class AuditPath(Known):
    """One of the logs."""

    log: Literal["viewings", "acts", "register", "exports"]


class AuditQuery(Shape):
    """Which lines. Empty means all."""

    who: Annotated[Line, Field(max_length=64)] = ""
    act: Annotated[Line, Field(max_length=32)] = ""
    object: Annotated[Line, Field(max_length=120)] = ""
    since: date | None = None
    until: date | None = None
    before: Annotated[int, Field(ge=1, le=2**62)] | None = Field(None, description="the `next` of the page before")
    limit: int = Field(100, ge=1, le=500)


class AuditLine(BaseModel):
    """One line of a log."""

    id: int
    at: datetime
    actor: str
    role: str
    act: str
    object: str
    detail: dict[str, Any]
    address: str
    hash: str


class AuditPage(BaseModel):
    """Lines, the newest first."""

    lines: list[AuditLine]
    next: int | None


class ChainAnswer(BaseModel):
    """Whether a log's chain is unbroken: `faults` names every line that was edited, removed or added."""

    log: str
    lines: int
    faults: list[str]
    checked_at: Instant
