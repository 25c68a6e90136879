"""The HTTP API `/api/v1`: typed requests in, typed answers out, everything described in OpenAPI 3.1."""

from __future__ import annotations

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_openapi3.blueprint import APIBlueprint

from dashboard.api import (
    cases,
    duty,
    emergencies,
    evaluation,
    exchange,
    filters,
    forecast,
    instructions,
    mail,
    orders,
    people,
    reference,
    reports,
    watching,
    webhooks,
)
from dashboard.problems import Problem
from dashboard.server import SECURITY, Server, description

PREFIX = "/api/v1"


def register(server: Server) -> None:
    """Add the whole API and its description."""
    api = APIBlueprint("api", __name__, url_prefix=PREFIX, abp_security=SECURITY)
    api.before_request(_demand_json)
    for part in (
        reports,
        cases,
        emergencies,
        orders,
        filters,
        forecast,
        reference,
        people,
        duty,
        evaluation,
        watching,
        mail,
        exchange,
        webhooks,
        instructions,
    ):
        part.register(api)
    server.register_api(api)
    exchange.mount(server)
    server.add_url_rule(f"{PREFIX}/openapi.json", "openapi", lambda: jsonify(description(server)))


def _demand_json() -> ResponseReturnValue | None:
    """A body is a JSON object, but where a file is sent."""
    if request.method == "POST" and not request.path.endswith("/attachments"):
        bare = (f"{PREFIX}/accounts/", f"{PREFIX}/tokens/", f"{PREFIX}/filters/")
        needs = not request.path.startswith(bare)
        if needs and not isinstance(request.get_json(), dict):
            raise Problem(422, "Expected a JSON object.", field="body")
    return None
