"""Orders (批办单), supervisions and instructions as lists; what is done with them are moves of their cases."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint

from dashboard import casefile
from dashboard.api import shapes
from dashboard.services import services, visitor


def register(api: APIBlueprint) -> None:
    """Add the routes."""
    api.get("/orders", summary="List orders, newest first", responses={200: shapes.OrderPage})(_orders)


def _orders(query: shapes.OrderQuery) -> Response:
    """A page by keyset: hand back `next` as `after`. A department sees its own orders."""
    found = casefile.order_page(services(), visitor(), query)
    return jsonify(found.model_dump(mode="json"))
