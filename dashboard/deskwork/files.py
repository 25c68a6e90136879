"""The file of a case as a part of a page: the same on the desk beside the inbox and on the page of the case."""

from __future__ import annotations

from flask import Flask, Response

from dashboard.markup import markup
from dashboard.pages import case
from dashboard.reader import page_context


def register(server: Flask) -> None:
    """Add the route."""
    server.add_url_rule("/live/files/<code>", "live_file", _file)


def _file(code: str) -> Response:
    return Response(markup(case.file(page_context(), case.view(code))), mimetype="text/html")
