"""The leader's overview: five questions on one screen of a tablet, instructions, and the page kept for times offline."""

from __future__ import annotations

from flask import Flask

from dashboard.overview import page, picture


def register(server: Flask) -> None:
    """Add the routes."""
    page.register(server)
    picture.register(server)
