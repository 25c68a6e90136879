"""What every request may need, made once by `create_app` and reached through the running Flask application."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import current_app, g, request

from config.cameras import PatrolPlan
from config.networks import Network
from config.texts import Catalogue
from dashboard.holders import Holders
from dashboard.measures import Measures
from dashboard.open311.paces import Paces
from dashboard.shelves import Shelves
from dashboard.turns import Turns
from models.accounts import Visitor
from models.directory import Directories
from models.door import Door
from models.evaluation.reading import Counties
from models.evaluation.sheets import Sheets
from models.filters import Moment
from models.forecast.shelf import Shelf
from models.messages import Message
from models.rules import Rules
from models.store import Store
from models.timebase import CountyClock
from models.vault import Vault
from streams.addresses import AddressRules

KEY = "gridcommand"


class Publisher(Protocol):
    """Whoever carries facts to the gateways after their commit; never blocks, never raises."""

    def publish(self, facts: Sequence[Message]) -> object: ...


@dataclass(frozen=True)
class Addresses:
    """Where browsers find the gateways: beside the pages' own host, or behind one public name."""

    public_url: str
    push_port: int
    video_port: int

    def push(self, scheme: str, host: str) -> str:
        """The address of the event gateway for a page fetched by `scheme` from `host` (without port)."""
        return self._socket(scheme, host, self.push_port, "/events")

    def video(self, scheme: str, host: str) -> str:
        """The address of the video gateway."""
        return self._socket(scheme, host, self.video_port, "/tiles")

    def _socket(self, scheme: str, host: str, port: int, path: str) -> str:
        if self.public_url:
            return self.public_url.replace("http", "ws", 1) + path
        return f"{'wss' if scheme == 'https' else 'ws'}://{host}:{port}{path}"

    @property
    def public_origin(self) -> str | None:
        """`scheme://host[:port]` of the public name."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}" if self.public_url else None


@dataclass(frozen=True)
class Services:
    """The opened parts of the product."""

    store: Store
    rules: Rules
    directory: Directories
    shelf: Shelf
    evaluation: Counties
    sheets: Sheets
    clock: CountyClock
    door: Door
    vault: Vault
    news: Publisher
    catalogue: Catalogue
    measures: Measures
    turns: Turns
    holders: Holders
    addresses: Addresses
    data: Path
    language: str
    probes: Mapping[str, str]
    """Who `/readyz` looks for, and where: name → `tcp://HOST:PORT` or `unix:///PATH`."""
    camera_rules: AddressRules = field(default_factory=AddressRules)
    """Which addresses cameras may have beyond the open network."""
    exchange_networks: Sequence[Network] = ()
    """Private networks that feeds and webhooks may be in."""
    paces: Paces = field(default_factory=Paces)
    """How fast each client of Open311 reports."""
    shelves: Shelves = field(default_factory=Shelves)
    patrol: Mapping[str, PatrolPlan] = field(default_factory=dict)
    """Plans of patrol by name, as the county's `cameras.toml` has them."""

    def moment(self) -> Moment:
        """County time, now, and the zone its days are counted in."""
        return Moment(self.clock.now(), self.zone)

    @property
    def zone(self) -> ZoneInfo:
        """The county's zone."""
        return self.rules().zone


def services() -> Services:
    """The parts of the application that answers this request."""
    return cast(Services, current_app.extensions[KEY])


def visitor() -> Visitor:
    """Who is asking. Only behind the guard, on routes that are not open to everybody.

    Raises:
        RuntimeError: the route is open and nobody is logged in.
    """
    found = cast("Visitor | None", g.get("visitor"))
    if found is None:
        raise RuntimeError("This needs a visitor, and the route lets anybody in.")
    return found


def own_host() -> str:
    """The host this request came to, without its port; an IPv6 address keeps its brackets."""
    host = request.host
    return host if host.endswith("]") else host.rsplit(":", 1)[0]


def county_card(parts: Services) -> dict[str, object]:
    """The county's names and zone, as pages and the wall show them."""
    county = parts.directory().county
    plain = {name: county.get(name, "") for name in ("code", "name", "name_en", "subtitle", "subtitle_en")}
    title = {"title": county.get("centre") or county.get("name", ""), "title_en": county.get("centre_en", "")}
    return {**plain, **title, "timezone": str(parts.zone)}
