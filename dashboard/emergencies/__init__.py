"""Emergencies for people and machines: a room as JSON, reports on paper, the review."""

from __future__ import annotations

from flask import Flask

from dashboard.emergencies import papers, reading, review


def register(server: Flask) -> None:
    """Add the routes that are neither pages of Dash nor of the API."""
    reading.register(server)
    papers.register(server)
    review.register(server)
