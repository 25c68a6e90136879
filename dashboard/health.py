"""`/healthz`, `/readyz`, `/metrics`: is it alive, can it work, and how much does it do."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify

from dashboard.services import Services, services
from models import desk, outbox
from models.exchange import webhooks
from models.exchange.measures import county_totals
from models.ladder import deliveries
from models.schema import is_current
from models.store import StoreUnavailable
from models.timebase import real_now

NEEDLESS = ("redis", "notifier")
"""Parts without which pages and reports are served all the same."""
SLOW = 60.0
"""Seconds that a delivery may wait for the notifier."""
OLD = 10.0
"""Seconds after which the kept figures say that the alerts worker is not at work."""
PATIENCE = 0.3
"""Seconds that a gateway may take to accept a connection."""


def register(server: Flask) -> None:
    """Add the routes."""
    server.add_url_rule("/healthz", "healthz", _alive)
    server.add_url_rule("/readyz", "readyz", _ready)
    server.add_url_rule("/metrics", "metrics", _metrics)


def _alive() -> Response:
    return jsonify({"status": "alive"})


def _ready() -> tuple[Response, int]:
    found = conditions(services())
    ready = all(state == "ok" for name, state in found.items() if name not in NEEDLESS)
    return jsonify({"status": "ready" if ready else "not ready", "parts": found}), 200 if ready else 503


def conditions(parts: Services) -> dict[str, str]:
    """Each part: `ok`, or in a word or two what is wrong. Without Redis, screens are served from the database."""
    found = {name: accepts(address) for name, address in parts.probes.items()}
    found["database"], age = _database(parts)
    found["alerts"] = "never seen" if age is None else "ok" if age <= OLD else f"silent for {age:.0f} s"
    found["notifier"] = _notifier(parts) if found["database"] == "ok" else "unknown"
    return found


def _notifier(parts: Services) -> str:
    """How far the notifier is behind."""
    with parts.store.read() as connection:
        backlog = deliveries.backlog(connection, parts.clock.now(), real_now())
    waits = backlog.oldest.total_seconds()
    return "ok" if waits <= SLOW else f"{backlog.waiting} waiting, the longest for {waits:.0f} s"


def _database(parts: Services) -> tuple[str, float | None]:
    try:
        if not is_current(parts.store):
            return "schema not current", None
        with parts.store.read() as connection:
            at = desk.kept_at(connection)
    except StoreUnavailable:
        return "away", None
    return "ok", (real_now() - at).total_seconds() if at else None


def accepts(address: str) -> str:
    """Whether somebody listens at `tcp://HOST:PORT` or `unix:///PATH`: `ok` or `away`."""
    parts = urlsplit(address)
    family = socket.AF_UNIX if parts.scheme == "unix" else socket.AF_INET
    try:
        if family == socket.AF_INET:
            socket.create_connection((parts.hostname, parts.port or 6379), PATIENCE).close()
        else:
            with socket.socket(family, socket.SOCK_STREAM) as line:
                line.settimeout(PATIENCE)
                line.connect(parts.path)
    except OSError:
        return "away"
    return "ok"


def _metrics() -> Response:
    text = services().measures.text(county_figures(services()))
    return Response(text, mimetype="text/plain; version=0.0.4")


def county_figures(parts: Services) -> Mapping[str, float]:
    """What is read at the scrape: newest fact, age of the kept figures, sessions, which parts are up."""
    now = real_now()
    with parts.store.read() as connection:
        at = desk.kept_at(connection)
        found = {
            "last_fact_number": float(outbox.last_number(connection)),
            "sessions": float(desk.session_count(connection, now)),
            **deliveries.totals(connection),
            **webhooks.totals(connection),
            **county_totals(connection, parts.moment()),
        }
        backlog = deliveries.backlog(connection, parts.clock.now(), now)
    found |= {"notifier_waiting": float(backlog.waiting), "notifier_oldest_seconds": backlog.oldest.total_seconds()}
    if at is not None:
        found["figures_age_seconds"] = (now - at).total_seconds()
    return found | {f"up_{name}": float(accepts(address) == "ok") for name, address in parts.probes.items()}
