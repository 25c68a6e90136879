"""One's own inbox, and messages between the centre, departments and grids. Each account sees its own and nothing else."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint

from dashboard import mailroom
from dashboard.api import ladder_shapes as shapes
from dashboard.services import services, visitor
from models.ladder.inbox import InboxFilter


def register(api: APIBlueprint) -> None:
    """Add the routes."""
    api.get("/inbox", summary="One's own inbox, newest first", responses={200: shapes.InboxAnswer})(_inbox)
    api.post(
        "/inbox/actions/receipt",
        summary="Receive entries by name; alarms behind them are answered",
        responses={200: shapes.ReceiptAnswer},
    )(_receipt)
    api.get("/messages", summary="Messages received or sent", responses={200: shapes.MessageList})(_messages)
    api.post("/messages", summary="Send a message, or answer one", responses={201: shapes.MessageSent})(_send_message)
    api.get("/messages/<number>", summary="One message", responses={200: shapes.MessageWhole})(_message)
    api.post(
        "/messages/<number>/actions/receipt", summary="Give receipt by name", responses={200: shapes.MessageWhole}
    )(_receive_message)


def _inbox(query: shapes.InboxQuery) -> Response:
    """`total` is the length of the list; hand back `next` as `after`."""
    wanted = InboxFilter(**query.model_dump(exclude={"after", "limit"}))
    found = mailroom.page(services(), visitor(), wanted, after=query.after, size=query.limit)
    return jsonify(found.model_dump(mode="json"))


def _receipt(body: shapes.ReceiptBody) -> Response:
    """Who received what, and when, is the proof; an answered alarm climbs no further."""
    done = mailroom.receipt(services(), visitor(), body)
    left = mailroom.unread(services(), visitor().name)
    answer = shapes.ReceiptAnswer(received=done.received, answered=done.answered, unread=left)
    return jsonify(answer.model_dump(mode="json"))


def _messages(query: shapes.MessageQuery) -> Response:
    """A page by keyset."""
    found = mailroom.messages(services(), visitor(), query.box, after=query.after, size=query.limit)
    return jsonify(found.model_dump(mode="json"))


def _send_message(header: shapes.MessageHeader, body: shapes.MessageBody) -> tuple[Response, int]:
    """201 for a new message, 200 for a repeated key."""
    sent = mailroom.send(services(), visitor(), body, header.idempotency_key)
    answer = shapes.MessageSent(id=sent.message.id, recipients=sent.recipients)
    return jsonify(answer.model_dump(mode="json")), 201 if sent.created else 200


def _message(path: shapes.MessagePath) -> Response:
    """Its text, receipts and answers."""
    return jsonify(mailroom.whole(services(), visitor(), path.number).model_dump(mode="json"))


def _receive_message(path: shapes.MessagePath) -> Response:
    """Receipt by name; giving it again changes nothing."""
    mailroom.receive_message(services(), visitor(), path.number)
    return jsonify(mailroom.whole(services(), visitor(), path.number).model_dump(mode="json"))
