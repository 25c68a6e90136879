"""The inbox as the desk's module paints it: rows in the order of urgency, and how many there are for each reason."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify, request

from dashboard import casefile
from dashboard.services import Services, services, visitor
from models import desk, outbox
from models.accounts import Visitor
from models.deskwork import inbox as stored
from models.messages import iso


def register(server: Flask) -> None:
    """Add the route."""
    server.add_url_rule("/live/inbox", "live_inbox", _inbox)


def _inbox() -> Response:
    return jsonify(inbox(services(), visitor(), request.args.get("reason") or None))


def inbox(parts: Services, who: Visitor, reason: str | None) -> dict[str, Any]:
    """One look at the inbox as of one moment; `id` is the number of the newest fact that it knows of."""
    moment = parts.moment()
    with desk.steady(parts.store) as connection:
        number = outbox.last_number(connection)
        found = stored.inbox(connection, who.actor, moment, reason=reason)
    rows = [_row(row, moment, parts.rules()) for row in found.rows]
    return {"id": str(number), "as_of": iso(moment.now), "rows": rows, "counts": found.counts, "most": stored.MOST}


def _row(row: Any, moment: Any, rules: Any) -> dict[str, Any]:
    more = {"reason": row.reason, "version": row.version, "handed_back": row.handed_back, "reworked": row.reworked}
    return casefile.row(row, moment, rules).model_dump(mode="json") | more
