"""What the desk's modules need once: names of codes, words, the forms of this role, the gateways, the county's clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, g, jsonify, request

from alerts.desks import has_desk
from dashboard import live
from dashboard.api.shapes import ActionBody
from dashboard.deskwork.forms import forms
from dashboard.services import Services, own_host, services, visitor
from models.accounts import Visitor
from models.deskwork.inbox import reasons
from models.directory import Directory
from models.moves import Role

WORDS = ("work.", "cases.", "case.", "common.", "cameras.", "desk.", "exchange.strip.", "exchange.colour.")
WATCHING = frozenset({Role.DUTY, Role.OPERATOR, Role.LEADER})
"""Who hears every fact of the county, and may look through its cameras."""


def register(server: Flask) -> None:
    """Add the route."""
    server.add_url_rule("/live/desk", "live_desk", _reference)


def _reference() -> Response:
    return jsonify(reference(services(), visitor(), g.language, request.scheme, own_host()))


def reference(parts: Services, who: Visitor, language: str, scheme: str, host: str) -> dict[str, Any]:
    """As the wall's, with forms and without what this role may not have."""
    whole = live.reference(parts, who, language, scheme, host)
    texts: Mapping[str, str] = whole["texts"]
    watching = who.role in WATCHING and who.area is None and who.department is None
    if not watching:
        own = whole["push_url"] if has_desk(who) else None
        whole |= {"cameras": [], "push_url": None, "video_url": None, "desk_url": own}
    return whole | {
        "texts": {key: text for key, text in texts.items() if key.startswith(WORDS)},
        "forms": forms(who.role, texts),
        "versioned": "version" in ActionBody.model_fields,
        "reasons": list(reasons(who.role)),
        "department": who.department,
        "tree": tree(parts.directory()),
    }


def tree(directory: Directory) -> list[dict[str, Any]]:
    """The leaves of the category tree under their topmost group, with what the desk proposes for each."""
    rows = directory.categories
    return [
        {
            "code": code,
            "top": _top(rows, code),
            "department": row["department"],
            "level": row["level"],
        }
        for code, row in rows.items()
        if row["leaf"]
    ]


def _top(rows: Mapping[str, Mapping[str, Any]], code: str) -> str:
    while rows[code]["parent"] in rows:
        code = rows[code]["parent"]
    return code
