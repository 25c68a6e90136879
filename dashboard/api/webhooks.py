"""Webhooks for the administrator: the same deeds as `gridcommand webhook`, each with its audit line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, Field

from alerts.exchange.outside import OutsideFailed, OutsideRefused, judged
from config.sentences import say
from dashboard.api.people import audited
from dashboard.api.shapes import BIGGEST, Done, Line, NamePath, Shape
from dashboard.problems import Problem
from dashboard.services import services
from models.exchange import webhooks
from models.messages import Instant
from models.timebase import real_now

RECENT = 10
"""Deliveries of each that the list shows."""


class WebhookBody(Shape):
    """A new webhook. Without `kinds` it is told every fact."""

    name: Annotated[Line, Field(min_length=1, max_length=64)]
    url: Annotated[Line, Field(min_length=1, max_length=2048)]
    kinds: Annotated[tuple[Literal[tuple(webhooks.KINDS)], ...], Field(max_length=100)] = ()  # type: ignore[valid-type]


class RetryBody(Shape):
    """What is sent again: one fact by its number, or all that have failed."""

    number: Annotated[int, Field(strict=True, ge=1, le=BIGGEST)] | None = None


class NewWebhook(BaseModel):
    """The secret, shown this once: the other side checks signatures with it."""

    name: str
    secret: str


class DeliveryRow(BaseModel):
    """How a fact was told; what it says is not here."""

    number: int
    kind: str
    state: str = Field(description="waiting, sent, failed")
    tries: int
    next_try_at: Instant
    sent_at: Instant | None
    outcome: str


class WebhookRow(BaseModel):
    """A webhook, without its secret; `message` says why it is switched off, or what it missed."""

    name: str
    url: str
    kinds: list[str]
    enabled: bool
    paused: bool
    failures: int = Field(description="one after another")
    message: str
    created_at: Instant
    waiting: int
    sent: int
    failed: int
    recent: list[DeliveryRow]


class WebhookList(BaseModel):
    """All webhooks."""

    webhooks: list[WebhookRow]
    as_of: Instant


def register(api: APIBlueprint) -> None:
    """Add the routes."""
    api.get("/webhooks", summary="Webhooks and their newest deliveries", responses={200: WebhookList})(_webhooks)
    api.post("/webhooks", summary="A new webhook; answers its secret once", responses={201: NewWebhook})(_add_webhook)
    api.post(
        "/webhooks/<name>/actions/<action>",
        summary="`pause`, `enable`, `remove`, or `retry` what has failed",
        responses={200: Done},
    )(_change_webhook)


def everything() -> WebhookList:
    """All webhooks with their newest deliveries, as of now."""
    real = real_now()
    with services().store.read() as connection:
        rows, recent = webhooks.listed(connection), webhooks.recent(connection, RECENT)
    return WebhookList(webhooks=[_row(row, recent.get(row.name, ())) for row in rows], as_of=real)


def _row(row: Any, recent: Any) -> WebhookRow:
    told = [DeliveryRow(**one._mapping) for one in recent]
    named = {name: getattr(row, name) for name in WebhookRow.model_fields if hasattr(row, name)}
    return WebhookRow(**named, paused=not row.enabled and row.message == webhooks.PAUSED, recent=told)


def _webhooks() -> Response:
    return jsonify(everything().model_dump(mode="json"))


def _add_webhook(body: WebhookBody) -> tuple[Response, int]:
    parts = services()
    try:
        judged(body.url, parts.exchange_networks)
    except OutsideRefused as error:
        raise Problem(422, str(error), field="url") from error
    except OutsideFailed as error:
        raise Problem(422, f"{error}; is it written as it should be?", field="url") from error
    secret = audited(
        "webhook.add",
        body.name,
        lambda db: webhooks.add(db, parts.vault, body.name, body.url, body.kinds, real_now()),
        detail={"kinds": list(body.kinds)},
    )
    return jsonify(NewWebhook(name=body.name, secret=secret).model_dump()), 201


def _change_webhook(path: NamePath, body: RetryBody) -> Response:
    deeds: dict[str, Callable[[Any], Any]] = {
        "pause": lambda db: webhooks.pause(db, path.name),
        "enable": lambda db: webhooks.enable(db, path.name, real_now()),
        "remove": lambda db: webhooks.remove(db, path.name, real_now()),
        "retry": lambda db: webhooks.retry(db, path.name, body.number, real_now()),
    }
    deed = deeds.get(path.action)
    if deed is None:
        expected = ", ".join(deeds)
        sentence = say(
            "There is no action {action!r}; expected one of {expected}.", action=path.action, expected=expected
        )
        raise Problem(404, sentence, field="action")
    audited(f"webhook.{path.action}", path.name, deed)
    return jsonify(Done(name=path.name).model_dump())
