"""What the desk fetches: its words and forms, the inbox, the file of a case as a part of a page, lists and sheets."""

from __future__ import annotations

from flask import Flask

from dashboard.deskwork import export, files, inbox, reference, sheets


def register(server: Flask) -> None:
    """Add the routes."""
    for part in (reference, inbox, files, export, sheets):
        part.register(server)
