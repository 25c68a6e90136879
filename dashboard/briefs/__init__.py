"""Briefs as people read them: web page, A4 PDF, Word, plain text for a phone; all from the same kept values."""

from __future__ import annotations

from flask import Flask

from dashboard.briefs import routes


def register(server: Flask) -> None:
    """Add the routes."""
    routes.register(server)
