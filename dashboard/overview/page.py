"""`/overview`: plain HTML whose modules own what is live; installs as a web app, and is kept for times without a network."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, g, jsonify, render_template, request, send_file
from flask_wtf.csrf import generate_csrf

from dashboard.reader import page_context
from dashboard.services import services

WORKER = Path(__file__).resolve().parents[1] / "assets" / "overview" / "worker.js"
THEME_COOKIE = "gc_theme"
THEMES = ("dark", "light")
GROUND = {"dark": "#050b17", "light": "#e9eef5"}
LINKS = (
    ("/briefs", "brief.title"),
    ("/cases", "desk.cases"),
    ("/evaluation", "desk.evaluation"),
    ("/emergencies", "overview.emergencies"),
    ("/inbox", "ladder.inbox"),
    ("/messages", "ladder.messages"),
    ("/wall", "desk.wall"),
    ("/cameras", "desk.cameras"),
    ("/duty", "desk.duty"),
)


def register(server: Flask) -> None:
    """Add the routes."""
    server.add_url_rule("/overview", "overview", _show)
    server.add_url_rule("/overview/app.webmanifest", "overview_manifest", _manifest)
    server.add_url_rule("/overview/worker.js", "overview_worker", _worker)


def theme_of(cookie: str | None) -> str:
    """The theme that this browser chose; empty: whatever its system prefers."""
    return cookie if cookie in THEMES else ""


def _show() -> str:
    context = page_context()
    theme = theme_of(request.cookies.get(THEME_COOKIE))
    return render_template(
        "overview/page.html",
        context=context,
        texts=context.texts,
        language=g.language,
        theme=theme,
        ground=GROUND[theme or "dark"],
        links=[(path, context.text(key)) for path, key in LINKS if path in context.paths],
        csrf=generate_csrf(),
    )


def _manifest() -> Response:
    """What a tablet needs to know to put the overview on its home screen; fetched without a session."""
    texts = services().catalogue.texts(g.language)
    response = jsonify(
        id="/overview",
        name=texts["overview.app"],
        short_name=texts["overview.app_short"],
        lang=g.language,
        start_url="/overview",
        scope="/",
        display="standalone",
        orientation="any",
        background_color=GROUND["dark"],
        theme_color=GROUND["dark"],
        icons=[
            {"src": "/assets/overview/icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any maskable"},
        ],
    )
    response.mimetype = "application/manifest+json"
    return response


def _worker() -> Response:
    """The service worker, allowed for the page, which has no slash at its end."""
    response = send_file(WORKER, mimetype="text/javascript", max_age=0)
    response.headers["Service-Worker-Allowed"] = "/overview"
    return response
