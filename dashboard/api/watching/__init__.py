"""The API of watching: opening cameras, pictures of them, the register, masks, holds, and the auditor's lists."""

from __future__ import annotations

from flask_openapi3.blueprint import APIBlueprint

from dashboard.api.watching import entries, logs, views


def register(api: APIBlueprint) -> None:
    """Add the routes."""
    views.register(api)
    entries.register_routes(api)
    logs.register(api)
