"""The shapes of duty in the API: rounds and hand-over sheets."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from dashboard.api.shapes import Code, Known, Line, Shape, Written, prose
from models.messages import Instant


class RoundBody(Shape):
    """A round that was made in a grid: that it was, and when. No position."""

    slot: Code
    area: Code | None = Field(None, description="the grid; the account's own where none is named")
    happened_at: Written | None = Field(None, description="when it was made; now where none is named")
    finding: Annotated[str, Field(max_length=500), AfterValidator(prose)] = ""


class RoundAnswer(Known):
    """A round as it is kept."""

    area: str
    slot: str
    period: str
    happened_at: Instant


class HandoverBody(Shape):
    """Who goes signs."""

    outgoing: Annotated[Line, Field(min_length=1, max_length=60)]
    note: Annotated[str, Field(max_length=2_000), AfterValidator(prose)] = ""


class ReceiveBody(Shape):
    """Who comes signs."""

    incoming: Annotated[Line, Field(min_length=1, max_length=60)]
    note: Annotated[str, Field(max_length=2_000), AfterValidator(prose)] = ""


class SheetPath(Known):
    """A hand-over sheet in the path."""

    number: Annotated[int, Field(ge=1, le=2**31 - 1)]


class SheetAnswer(Known):
    """A hand-over sheet: its number and its figures at the cut."""

    number: int
    cut_at: Instant
    figures: dict[str, int]
    outgoing: str
    incoming: str | None = None
    received_at: Instant | None = None
