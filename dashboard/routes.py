"""The table of routes: who may ask for what. What is not in it is refused, whatever Flask or Dash would answer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, Rule

from models.accounts import Visitor
from models.moves import Role

MEGABYTE = 1_000_000
UPLOAD = 12 * MEGABYTE
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

WATCH = frozenset({Role.DISPLAY, Role.DUTY, Role.LEADER, Role.OPERATOR})
"""Those who look at the whole county."""
LOOK = WATCH - {Role.DISPLAY}
"""Those who open one camera and say what for."""
DESK = frozenset({Role.DUTY, Role.LEADER, Role.OPERATOR, Role.DEPARTMENT, Role.GRID})
"""Those who may open a case; which ones, the queries decide."""
CENTRE = frozenset({Role.DUTY, Role.LEADER, Role.OPERATOR})
"""The people of the centre."""
OFFICE = frozenset({Role.DUTY, Role.OPERATOR, Role.DEPARTMENT})
"""Those who work cases off at a desk."""
READERS = OFFICE | {Role.LEADER}
EVERYBODY = frozenset(Role) - {Role.SYSTEM}
EVALUATED = frozenset({Role.DUTY, Role.LEADER, Role.OPERATOR, Role.DEPARTMENT})
"""Those who see the evaluation; a department only its own."""
CENTRE_AND_LEADER = EVALUATED - {Role.DEPARTMENT}
PERSONS = EVERYBODY - {Role.DISPLAY}
"""Accounts with a person behind, each with an inbox of its own."""
ADMIN = frozenset({Role.ADMIN})
REPORTERS = frozenset({Role.GRID, Role.OPERATOR, Role.DUTY})
GRID = frozenset({Role.GRID})
AUDIT = frozenset({Role.AUDITOR})
MAINTAIN = ADMIN | {Role.OPERATOR}
"""Those who look after cameras (`Purpose.MAINTENANCE`)."""


@dataclass(frozen=True)
class Route:
    """One line of the table.

    Attributes:
        pattern: in werkzeug's syntax.
        roles: accounts with a session that may use it. scopes: bearer tokens that may, with any one of them.
        anyone: no login needed.
        form: an HTML form of our own posts here, with its hidden token (else the header `X-GC-CSRF` is asked for).
        body: the largest body, in bytes.
        page: built by Dash.
    """

    pattern: str
    methods: tuple[str, ...] = ("GET",)
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[str] = frozenset()
    anyone: bool = False
    form: bool = False
    body: int = MEGABYTE
    page: bool = False

    def allows(self, visitor: Visitor | None, *, by_token: bool = False) -> bool:
        """Whether this visitor may; None is somebody unknown."""
        if self.anyone:
            return True
        if visitor is None:
            return False
        return bool(visitor.scopes & self.scopes) if by_token else visitor.role in self.roles


def _scopes(*names: str) -> frozenset[str]:
    return frozenset(names)


_API = "/api/v1"
_READ = _scopes("read", "operate")
_CASES = _READ | _scopes("department")
_OPEN311 = "/open311/v2"
_PUBLIC = _scopes("report", "read", "operate")
_ANY_TOKEN = _scopes("report", "read", "operate", "department", "events")

TABLE: tuple[Route, ...] = (
    # entrance
    Route("/", roles=EVERYBODY),
    Route("/login", ("GET", "POST"), anyone=True, form=True),
    Route("/logout", ("POST",), roles=EVERYBODY, form=True),
    Route("/language", anyone=True),
    Route("/display", anyone=True),
    # pages
    Route("/wall", roles=WATCH, page=True),
    Route("/overview", roles=CENTRE),
    Route("/overview/app.webmanifest", anyone=True),
    Route("/overview/worker.js", anyone=True),
    Route("/desk", roles=OFFICE, page=True),
    Route("/cases", roles=DESK | {Role.DISPLAY}, page=True),
    Route("/cases/<code>", roles=DESK, page=True),
    Route("/cases.csv", roles=READERS),
    Route("/orders/<number>", roles=READERS),
    Route("/orders/<number>/pdf", roles=READERS),
    Route("/cameras", roles=LOOK | ADMIN, page=True),
    Route("/cameras/health", roles=LOOK | ADMIN, page=True),
    Route("/cameras/patrol", roles=LOOK, page=True),
    Route("/cameras/register", roles=LOOK | ADMIN, page=True),
    Route("/cameras/<camera>", roles=LOOK | ADMIN, page=True),
    Route("/cameras/<camera>/masks", roles=ADMIN, page=True),
    Route("/cameras/<camera>/register", roles=ADMIN, page=True),
    Route("/cameras/evidence/<digest>", roles=LOOK | ADMIN),
    Route("/audit", roles=AUDIT, page=True),
    Route("/admin", roles=ADMIN, page=True),
    Route("/admin/reference/<kind>", roles=ADMIN, page=True),
    Route("/admin/webhooks", roles=ADMIN, page=True),
    Route("/admin/data/<kind>", roles=ADMIN),
    Route("/admin/data/<kind>/<action>", ("POST",), roles=ADMIN, body=UPLOAD),
    Route("/grid", roles=GRID),
    Route("/grid/reports", ("POST",), roles=GRID, form=True, body=UPLOAD),
    Route("/grid/rounds", ("POST",), roles=GRID, form=True),
    Route("/grid/worker.js", anyone=True),
    Route("/briefs", roles=CENTRE, page=True),
    Route("/briefs/<number>", roles=CENTRE),
    Route("/briefs/<number>/pdf", roles=CENTRE),
    Route("/briefs/<number>/docx", roles=CENTRE),
    Route("/briefs/<number>/txt", roles=CENTRE),
    Route("/duty", roles=CENTRE, page=True),
    Route("/duty/coverage", roles=CENTRE, page=True),
    Route("/duty/<number>", roles=CENTRE, page=True),
    Route("/evaluation", roles=EVALUATED, page=True),
    Route("/evaluation/export", roles=EVALUATED),
    Route("/evaluation/analysis", roles=CENTRE_AND_LEADER, page=True),
    Route("/evaluation/forecast", roles=CENTRE_AND_LEADER, page=True),
    Route("/emergencies", roles=EVALUATED, page=True),
    Route("/emergencies/<number>", roles=EVALUATED, page=True),
    Route("/emergencies/<number>/review", roles=CENTRE, page=True),
    Route("/emergencies/<number>/review.xlsx", roles=CENTRE),
    Route("/emergencies/<number>/reports/<int:report>", roles=CENTRE),
    Route("/emergencies/<number>/reports/<int:report>/pdf", roles=CENTRE),
    Route("/emergencies/<number>/reports/<int:report>/docx", roles=CENTRE),
    Route("/inbox", roles=PERSONS, page=True),
    Route("/messages", roles=DESK, page=True),
    Route("/messages/<number>", roles=DESK, page=True),
    Route("/attachments/<digest>", roles=DESK, scopes=_CASES),
    # what pages are made of
    Route("/assets/<path:file>", anyone=True),
    Route("/_favicon.ico", anyone=True),
    Route("/_dash-component-suites/<package>/<path:file>", roles=EVERYBODY),
    Route("/_dash-layout", roles=EVERYBODY),
    Route("/_dash-dependencies", roles=EVERYBODY),
    Route("/_dash-update-component", ("POST",), roles=EVERYBODY),
    Route("/live/desk", roles=DESK),
    Route("/live/inbox", roles=OFFICE),
    Route("/live/files/<code>", roles=DESK),
    Route("/live/reference", roles=WATCH),
    Route("/live/snapshot", roles=WATCH),
    Route("/live/duty", roles=WATCH),
    Route("/live/warnings", roles=WATCH),
    Route("/live/emergencies", roles=WATCH | EVALUATED),
    Route("/live/emergencies/<number>", roles=EVALUATED),
    Route("/live/overview", roles=CENTRE),
    Route("/live/past", roles=WATCH),
    Route("/map/areas.geojson", roles=WATCH | DESK | ADMIN),
    # machines
    Route("/healthz", anyone=True),
    Route("/readyz", anyone=True),
    Route("/metrics", roles=frozenset({Role.ADMIN, Role.DUTY, Role.OPERATOR}), scopes=_scopes("read")),
    Route(f"{_API}/openapi.json", roles=EVERYBODY, scopes=_ANY_TOKEN | {"display"}),
    Route(
        f"{_API}/reports",
        ("POST",),
        roles=frozenset({Role.GRID, Role.OPERATOR, Role.DUTY}),
        scopes=_scopes("report"),
    ),
    Route(f"{_API}/cases", roles=DESK | {Role.DISPLAY}, scopes=_CASES),
    Route(f"{_API}/cases/<code>", roles=DESK, scopes=_CASES),
    Route(f"{_API}/cases/<code>/suggestion", roles=DESK, scopes=_CASES),
    Route(f"{_API}/suggestions", ("POST",), roles=REPORTERS, scopes=_scopes("report", "operate")),
    Route(f"{_API}/forecast", roles=DESK, scopes=_CASES),
    Route(
        f"{_API}/cases/<code>/actions/<action>",
        ("POST",),
        roles=frozenset({Role.DUTY, Role.LEADER, Role.OPERATOR, Role.DEPARTMENT, Role.GRID}),
        scopes=_scopes("operate", "department"),
    ),
    Route(
        f"{_API}/cases/<code>/attachments",
        ("POST",),
        roles=frozenset({Role.OPERATOR, Role.DUTY, Role.DEPARTMENT, Role.GRID}),
        scopes=_scopes("report", "operate", "department"),
        body=UPLOAD,
    ),
    Route(f"{_API}/cases/<code>/duplicates", roles=OFFICE, scopes=_scopes("operate")),
    Route(f"{_API}/duplicates", roles=OFFICE, scopes=_scopes("operate")),
    Route(f"{_API}/filters", ("GET", "POST"), roles=DESK),
    Route(f"{_API}/filters/<name>/actions/<action>", ("POST",), roles=DESK),
    Route(f"{_API}/orders", roles=DESK, scopes=_CASES),
    Route(f"{_API}/figures", roles=WATCH, scopes=_READ),
    Route(f"{_API}/plans", roles=EVALUATED, scopes=_READ),
    Route(f"{_API}/emergencies", roles=EVALUATED, scopes=_READ),
    Route(f"{_API}/emergencies", ("POST",), roles=CENTRE, scopes=_scopes("operate")),
    Route(f"{_API}/emergencies/<number>", roles=EVALUATED, scopes=_READ),
    Route(
        f"{_API}/emergencies/<number>/actions/<action>",
        ("POST",),
        roles=EVALUATED,
        scopes=_scopes("operate"),
    ),
    Route(f"{_API}/evaluation", roles=EVALUATED, scopes=_CASES),
    Route(f"{_API}/evaluation/appeals", ("POST",), roles=frozenset({Role.OPERATOR, Role.DEPARTMENT})),
    Route(f"{_API}/evaluation/appeals/<int:number>/actions/<action>", ("POST",), roles=frozenset({Role.LEADER})),
    Route(f"{_API}/events", roles=WATCH, scopes=_scopes("events")),
    Route(f"{_API}/cameras", roles=WATCH | ADMIN, scopes=_READ),
    Route(f"{_API}/views", ("POST",), roles=WATCH | ADMIN, scopes=_scopes("operate", "display", "read")),
    Route(
        f"{_API}/views/<view>/actions/<action>",
        ("POST",),
        roles=WATCH | ADMIN,
        scopes=_scopes("operate", "display", "read"),
    ),
    Route(f"{_API}/cameras/<camera>/stills", ("POST",), roles=LOOK | ADMIN),
    Route(f"{_API}/cameras/<camera>/snapshots", ("POST",), roles=LOOK),
    Route(f"{_API}/cameras/<camera>/actions/<action>", ("POST",), roles=MAINTAIN),
    Route(f"{_API}/cameras/<camera>/masks", ("POST",), roles=ADMIN),
    Route(f"{_API}/cameras/<camera>/register", ("POST",), roles=ADMIN),
    Route(f"{_API}/cameras/catalogue.csv", roles=ADMIN),
    Route(f"{_API}/holds", ("POST",), roles=ADMIN),
    Route(f"{_API}/holds/<hold>/actions/<action>", ("POST",), roles=ADMIN),
    Route(f"{_API}/audit/<log>", roles=AUDIT),
    Route(f"{_API}/audit/<log>/chain", roles=AUDIT),
    Route(f"{_API}/audit/<log>/lines.csv", roles=AUDIT),
    Route(f"{_API}/departments", roles=EVERYBODY, scopes=_ANY_TOKEN),
    Route(f"{_API}/areas", roles=EVERYBODY, scopes=_ANY_TOKEN),
    Route(f"{_API}/categories", roles=EVERYBODY, scopes=_ANY_TOKEN),
    Route(f"{_API}/sources", roles=EVERYBODY, scopes=_ANY_TOKEN),
    Route(f"{_API}/rounds", ("POST",), roles=GRID),
    Route(f"{_API}/handovers", ("POST",), roles=frozenset({Role.DUTY, Role.OPERATOR})),
    Route(f"{_API}/handovers/<number>/actions/receive", ("POST",), roles=frozenset({Role.DUTY, Role.OPERATOR})),
    Route(f"{_API}/inbox", roles=PERSONS),
    Route(f"{_API}/inbox/actions/receipt", ("POST",), roles=PERSONS),
    Route(f"{_API}/messages", ("GET", "POST"), roles=DESK),
    Route(f"{_API}/messages/<number>", roles=DESK),
    Route(f"{_API}/messages/<number>/actions/receipt", ("POST",), roles=DESK),
    Route(f"{_API}/instructions", ("GET", "POST"), roles=frozenset({Role.LEADER})),
    Route(f"{_API}/instructions/<number>/actions/<action>", ("POST",), roles=frozenset({Role.LEADER})),
    Route(f"{_API}/accounts", ("GET", "POST"), roles=ADMIN),
    Route(f"{_API}/accounts/<name>/actions/<action>", ("POST",), roles=ADMIN),
    Route(f"{_API}/tokens", roles=ADMIN),
    Route(f"{_API}/tokens/<name>/actions/<action>", ("POST",), roles=ADMIN),
    Route(f"{_API}/webhooks", ("GET", "POST"), roles=ADMIN),
    Route(f"{_API}/webhooks/<name>/actions/<action>", ("POST",), roles=ADMIN),
    # CAP 1.2
    Route("/warnings", roles=CENTRE, page=True),
    Route(f"{_API}/warnings", roles=CENTRE, scopes=_READ),
    Route(f"{_API}/emergencies/<number>/cap.xml", roles=CENTRE, scopes=_READ),
    Route("/cap/emergencies.atom", roles=CENTRE, scopes=_READ),
    Route("/cap/warnings", ("POST",), roles=frozenset({Role.DUTY, Role.OPERATOR}), scopes=_scopes("report", "operate")),
    # Open311 GeoReport v2: by api_key, which is a token of a client system
    Route(f"{_OPEN311}/discovery.<form>", anyone=True),
    Route(f"{_OPEN311}/services.<form>", scopes=_PUBLIC),
    Route(f"{_OPEN311}/services/<code>.<form>", scopes=_PUBLIC),
    Route(f"{_OPEN311}/requests.<form>", ("GET", "POST"), scopes=_PUBLIC, body=64_000),
    Route(f"{_OPEN311}/requests/<code>.<form>", scopes=_PUBLIC),
    Route(f"{_OPEN311}/tokens/<code>.<form>", scopes=_PUBLIC),
)

HOME = {
    Role.DISPLAY: "/wall",
    Role.DUTY: "/wall",
    Role.LEADER: "/overview",
    Role.OPERATOR: "/desk",
    Role.DEPARTMENT: "/desk",
    Role.GRID: "/grid",
    Role.ADMIN: "/admin",
    Role.AUDITOR: "/audit",
}
"""Where a role lands after login: every role with a person behind it has a page."""


@dataclass(frozen=True)
class Match:
    """A path found in the table."""

    route: Route
    values: dict[str, str] = field(default_factory=dict)


class Routes:
    """Finds the line of a path. Raises werkzeug's NotFound and MethodNotAllowed."""

    def __init__(self, table: Collection[Route] = TABLE) -> None:
        self._table = tuple(table)
        rules = [
            Rule(route.pattern, methods=route.methods, endpoint=str(number)) for number, route in enumerate(self._table)
        ]
        self._map = Map(rules, merge_slashes=False, redirect_defaults=False)

    def find(self, path: str, method: str) -> Match:
        """The line for a request.

        Raises:
            NotFound: no line has this path. MethodNotAllowed: lines have it, none with this method.
        """
        if "//" in path or not path.startswith("/"):
            raise NotFound  # werkzeug would trim them, and Flask might read the path in another way than this table
        number, values = self._map.bind("").match(path, method)
        return Match(self._table[int(str(number))], {name: str(value) for name, value in values.items()})

    def page(self, path: str, visitor: Visitor) -> Match | None:
        """The page at a path, if there is one and this visitor may open it."""
        try:
            match = self.find(path, "GET")
        except NotFound:
            return None
        return match if match.route.page and match.route.allows(visitor) else None
