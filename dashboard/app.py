"""The web application: opens the parts, puts the guard before them, mounts the API and Dash. Nothing runs at import."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from dash import Dash
from dash.exceptions import DependencyException
from flask import Flask, Response, g
from werkzeug.middleware.proxy_fix import ProxyFix

from alerts.news import News
from config import texts
from config.cameras import camera_rules
from config.settings import Settings
from config.settings import from_environment as settings_from_environment
from config.texts import Catalogue
from dashboard import (
    administration,
    api,
    briefs,
    deskwork,
    emergencies,
    entrance,
    evidence,
    guard,
    health,
    live,
    overview,
    past,
    phone,
    photos,
    problems,
    server,
)
from dashboard.evaluation import exports
from dashboard.holders import Holders
from dashboard.measures import Measures
from dashboard.open311 import routes as open311
from dashboard.pages import router
from dashboard.problems import Problem
from dashboard.routes import Routes
from dashboard.services import KEY, Addresses, Publisher, Services, services
from dashboard.turns import Turns
from models.directory import Directories
from models.door import Door
from models.evaluation.reading import Counties
from models.evaluation.sheets import Sheets
from models.forecast.shelf import Shelf
from models.rules import Rules
from models.schema import is_current
from models.store import Store, StoreUnavailable
from models.timebase import CountyClock
from models.vault import Vault
from streams.addresses import AddressRules, listed, networks

LOG = logging.getLogger(__name__)
HERE = Path(__file__).resolve().parent
INDEX = """<!DOCTYPE html>
<html lang="{lang}" data-zone="{zone}">
<head>
{%metas%}
<title>{%title%}</title>
{%favicon%}
{%css%}
</head>
<body>
{%app_entry%}
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""


class SchemaOutdated(Exception):
    """The database is not the one this program was written for."""


def from_environment() -> Flask:
    """The application of this process's environment, for gunicorn.

    Raises:
        SettingsError, CatalogueError, SchemaOutdated: in a sentence.
    """
    return create_app(settings_from_environment())


def create_app(settings: Settings, *, news: Publisher | None = None) -> Flask:
    """The whole web application, warmed up.

    Args:
        news: who tells the gateways; the settings' Redis where none is given.

    Raises:
        CatalogueError: the texts are wrong. SchemaOutdated: run `gridcommand migrate`.
    """
    parts = open_parts(settings, news)
    return furnished(assembled(settings, parts.catalogue), parts)


def assembled(settings: Settings, catalogue: Catalogue) -> Flask:
    """The application with all its routes and nothing yet to stand on: the costly half, and alike for every store."""
    secure = settings.public_url.startswith("https:")
    flask = server.build(catalogue, settings.language, settings.secret(), secure=secure)
    if settings.public_url:
        flask.wsgi_app = ProxyFix(flask.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    routes = Routes()
    guard.register(flask, routes)
    entrance.register(flask)
    live.register(flask)
    health.register(flask)
    phone.register(flask)
    overview.register(flask)
    past.register(flask)
    briefs.register(flask)
    administration.register(flask)
    exports.register(flask)
    deskwork.register(flask)
    evidence.register(flask)
    emergencies.register(flask)
    flask.add_url_rule("/attachments/<digest>", "attachment", photos.show)
    api.register(flask)
    open311.register(flask)
    _mount_dash(flask, routes)
    return flask


def furnished(flask: Flask, parts: Services) -> Flask:
    """The application on these parts, warmed up. All that it remembers of its requests is in them."""
    flask.extensions[KEY] = parts
    _warm(flask)
    return flask


def open_parts(settings: Settings, news: Publisher | None = None, catalogue: Catalogue | None = None) -> Services:
    """Open what the application stands on.

    Args:
        catalogue: the texts, where somebody has read them already.

    Raises:
        CatalogueError: the texts are wrong. SchemaOutdated: the database answers, and its schema is another one.
    """
    store = Store(settings.database)
    _demand_schema(store)
    vault = Vault(settings.secret())
    rules = Rules(store, settings.zone)
    directories = Directories(store)
    return Services(
        store=store,
        rules=rules,
        directory=directories,
        shelf=Shelf(store, directories),
        evaluation=Counties(store, rules),
        sheets=Sheets(store, rules),
        clock=CountyClock(store),
        door=Door(store, rules, vault),
        vault=vault,
        news=news or News(settings.redis),
        catalogue=catalogue or texts.load(),
        measures=Measures(),
        turns=Turns(),
        holders=Holders(store),
        addresses=Addresses(settings.public_url, settings.push_port, settings.video_port),
        data=settings.data.resolve(),
        language=settings.language,
        probes=_probes(settings),
        patrol=camera_rules(settings.county).patrol,
        camera_rules=AddressRules(networks(listed(settings.camera_networks)), settings.clips),
        exchange_networks=networks(listed(settings.exchange_networks)),
    )


def _demand_schema(store: Store) -> None:
    try:
        if not is_current(store):
            raise SchemaOutdated("The database's schema is not the one of this program: run `gridcommand migrate`.")
    except StoreUnavailable as error:
        LOG.warning("%s Starting all the same; requests answer 503 until it is back.", error)


def _probes(settings: Settings) -> dict[str, str]:
    return {
        "push": f"tcp://127.0.0.1:{settings.push_port}",
        "video": f"tcp://127.0.0.1:{settings.video_port}",
        "redis": re.sub(r"^rediss?://", "tcp://", settings.redis),
    }


# --- Dash ------------------------------------------------------------------------------------------------------------


class Desk(Dash):  # type: ignore[misc]
    """Dash with an index page in the visitor's language."""

    def interpolate_index(self, **kwargs: Any) -> str:
        """The first HTML of every page built by Dash."""
        page: str = super().interpolate_index(**kwargs)
        return page.replace("{lang}", g.language, 1).replace("{zone}", services().zone.key, 1)


def _mount_dash(flask: Flask, routes: Routes) -> None:
    dash = Desk(
        "dashboard",
        server=False,
        title="网格指挥台 GridCommand",
        update_title=None,
        assets_folder=str(HERE / "assets"),
        assets_ignore=r"^(?!boot\.mjs$).*\.m?js$",
        index_string=INDEX,
        suppress_callback_exceptions=True,
        compress=False,
        serve_locally=True,
    )
    guard.register_dash(flask, dash)
    dash.layout = router.shell
    router.register(dash, routes)
    dash.init_app(flask)
    flask.register_error_handler(DependencyException, _no_such_script)
    guard.allow_dash(flask, dash)


def _no_such_script(error: Exception) -> Response:
    return problems.answer(Problem(404, "There is no such script."))


def _warm(flask: Flask) -> None:
    """One request before any other: Dash's first must not be two at once (ui-stack.md §1.4), and imports are done."""
    with flask.test_client() as client:
        client.get("/healthz")
    parts: Services = flask.extensions[KEY]
    try:
        parts.rules()
        parts.directory()
    except StoreUnavailable:
        LOG.warning("The database does not answer yet.")
