"""Shapes of the inbox and of messages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, model_validator

from dashboard.api.shapes import BIGGEST, Code, Known, Line, Shape, Written, _fault, _line, _some, prose
from models.messages import Instant

Key = Annotated[int, Field(strict=True, ge=1, le=BIGGEST)]
Codes = Annotated[tuple[Code, ...], Field(max_length=500)]
SUBJECT, BODY = 120, 4_000


class InboxQuery(Shape):
    """A list of one's own inbox. Empty means everything; codes are exact, `department=` empty: none."""

    state: Literal["open", "all"] = "open"
    level: Annotated[int, Field(ge=1, le=4)] | None = None
    reason: Annotated[Line, Field(max_length=16)] | None = None
    department: Annotated[Line, Field(max_length=64)] | None = None
    town: Annotated[Line, Field(max_length=32)] | None = None
    emergency: Annotated[Line, Field(max_length=32, description="its number; empty: of none")] | None = None
    since: Written | None = None
    until: Written | None = None
    after: Annotated[Line, Field(max_length=20, description="the `next` of the page before")] | None = None
    limit: int = Field(50, ge=1, le=200)


class InboxGroup(Shape):
    """The members of a group of a flood; `count` is how many the reader saw."""

    level: Annotated[int, Field(strict=True, ge=1, le=4)]
    reason: Annotated[Line, Field(max_length=16)] | None = None
    department: Annotated[Line, Field(max_length=64)] | None = None
    town: Annotated[Line, Field(max_length=32)] | None = None
    emergency: Annotated[Line, Field(max_length=32, description="its number; empty: of none")] | None = None
    since: Written
    until: Written
    count: Annotated[int, Field(strict=True, ge=1, le=1_000)]


class ReceiptBody(Shape):
    """What is received: entries by their numbers, or a group of what is not grave."""

    ids: Annotated[tuple[Key, ...], Field(min_length=1, max_length=200)] | None = None
    group: InboxGroup | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> ReceiptBody:
        if (self.ids is None) == (self.group is None):
            raise _fault("ids", "Expected either ids or a group")
        return self


class InboxRow(BaseModel):
    """An entry: what was told, of what, and what became of it."""

    id: int
    kind: str
    reason: str
    rung: int | None
    level: int
    code: str | None = Field(description="the case; None for a message")
    message: int | None
    emergency: str | None = Field(None, description="the emergency; None for a case or a message")
    title: str
    department: str | None
    town: str | None
    at: Instant
    due_at: Instant | None
    ack_due_at: Instant | None
    opened_at: Instant | None
    acknowledged_at: Instant | None
    settled_at: Instant | None
    settled_by: str | None


class InboxAnswer(BaseModel):
    """One page; `total` is the length of the list, `unread` of the list of open entries: the number of the badge."""

    entries: list[InboxRow]
    total: int
    unread: int
    next: str | None
    as_of: Instant


class ReceiptAnswer(BaseModel):
    """How many entries were received, how many alarms answered, how many open entries are left."""

    received: int
    answered: int
    unread: int


class MessageBody(Shape):
    """A message to departments, areas (towns or grids) and accounts; or an answer (`reply_to`), to its sender."""

    subject: Annotated[str, Field(max_length=SUBJECT), AfterValidator(_line), AfterValidator(_some)]
    body: Annotated[str, Field(max_length=BODY), AfterValidator(prose), AfterValidator(_some)]
    departments: Codes = ()
    areas: Codes = ()
    accounts: Codes = ()
    remind_minutes: Annotated[int, Field(strict=True, ge=5, le=10_080)] | None = None
    reply_to: Key | None = None


class MessageHeader(Known):
    """Headers of a message."""

    idempotency_key: str | None = Field(
        None, alias="Idempotency-Key", pattern=r"^[\x21-\x7e]{1,120}$", description="the same key is the same message"
    )


class MessageQuery(Shape):
    """A box of messages."""

    box: Literal["received", "sent"] = "received"
    after: Annotated[Line, Field(max_length=20)] | None = None
    limit: int = Field(50, ge=1, le=200)


class MessagePath(Known):
    """A message in the path."""

    number: Annotated[int, Field(ge=1, le=BIGGEST)]


class RecipientRow(BaseModel):
    """Who got it, opened it and gave receipt, and when."""

    name: str
    opened_at: Instant | None
    receipt_at: Instant | None


class MessageRow(BaseModel):
    """A message in a box."""

    id: int
    sender: str
    at: Instant
    subject: str
    reply_to: int | None
    recipients: int
    receipts: int
    reminded: int
    receipt_at: Instant | None = Field(
        description="the reader's own receipt; None where it is owed, or the reader sent it"
    )


class MessageList(BaseModel):
    """One page; `total` is the length of the list."""

    messages: list[MessageRow]
    total: int
    next: str | None


class MessageWhole(MessageRow):
    """A message with who got it (for the centre and the sender), and its answers."""

    body: str
    remind_minutes: int | None
    next_reminder_at: Instant | None
    receipt_by: list[RecipientRow]
    replies: list[MessageAnswerRow]


class MessageAnswerRow(BaseModel):
    """An answer under its message."""

    id: int
    sender: str
    at: Instant
    subject: str
    body: str


class MessageSent(BaseModel):
    """A message that is on its way."""

    id: int
    recipients: int


MessageWhole.model_rebuild()
