"""The grid worker's phone: report, handle on the spot, checks and rounds; without a network it keeps what was written."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, send_file

from dashboard.phone import page

WORKER = Path(__file__).resolve().parents[1] / "assets" / "phone" / "worker.js"


def register(server: Flask) -> None:
    """Add the routes."""
    page.register(server)
    server.add_url_rule("/grid/worker.js", "grid_worker", _worker)


def _worker() -> Response:
    """The service worker: served below `/grid`, and allowed for that page, which has no slash at its end."""
    response = send_file(WORKER, mimetype="text/javascript", max_age=0)
    response.headers["Service-Worker-Allowed"] = "/grid"
    return response
