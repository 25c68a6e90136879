"""The time machine's answer: a past day as series by the minute, its news, and whether it equals what was recorded then."""

from __future__ import annotations

from flask import Flask

from dashboard.past.answering import answered


def register(server: Flask) -> None:
    """Add the route."""
    server.add_url_rule("/live/past", "live_past", answered)
