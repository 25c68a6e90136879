"""The guard before the whole server: who asks, may they, and is the request their own doing. Denies by default.

One `before_request` judges every request by the table in `dashboard.routes`, Dash's own endpoints included, because
Dash answers anybody by default (reliability.md §1.10). What is refused here never reaches a view.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import quote

from flask import Flask, Response, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf, validate_csrf
from werkzeug.datastructures import Headers
from wtforms import ValidationError  # type: ignore[import-untyped]

from config.sentences import ROLES, say, terms
from dashboard.dash_styles import STYLES
from dashboard.problems import LANGUAGE_COOKIE, MACHINE, OPEN311, Problem
from dashboard.routes import SAFE, Route, Routes
from dashboard.services import own_host, services
from models import accounts
from models.accounts import Visitor
from models.timebase import real_now

SESSION_COOKIE = "gc_session"
CSRF_HEADER = "X-GC-CSRF"
DASH_UPDATE = "/_dash-update-component"
KEEP_ALIVE = timedelta(minutes=1)
_HOST = re.compile(r"^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$")


class CallbackMap(Protocol):
    """What of a Dash application the guard looks at."""

    callback_map: Mapping[str, Mapping[str, Any]]

    def csp_hashes(self) -> Sequence[str]: ...


def register(server: Flask, routes: Routes) -> None:
    """Put the guard before everything. Call it before Dash and any other extension is attached."""
    server.before_request(lambda: _admit(routes))
    server.after_request(_seal)


def _admit(routes: Routes) -> ResponseReturnValue | None:
    g.began = time.perf_counter()
    g.language = language_of(request.cookies.get(LANGUAGE_COOKIE), services().language)
    if not _HOST.match(request.host):
        raise Problem(400, "The Host header is no host name.", field="Host")
    match = routes.find(request.path, request.method)
    g.route = match.route
    request.max_content_length = match.route.body
    g.visitor, g.by_token = (None, False) if match.route.anyone else _identify()
    if not match.route.allows(g.visitor, by_token=g.by_token):
        return _refuse(match.route)
    if request.method not in SAFE and not g.by_token:
        _demand_own_doing(match.route)
    return None


def language_of(cookie: str | None, default: str) -> str:
    """The language in force."""
    return cookie if cookie in ("zh-CN", "en") else default


# --- who asks --------------------------------------------------------------------------------------------------------


def _identify() -> tuple[Visitor | None, bool]:
    """The visitor, and whether a bearer token (not a session) says so. A token that is given must be right."""
    header = request.headers.get("Authorization") or _api_key()
    if header is not None:
        return _of_token(header), True
    secret = request.cookies.get(SESSION_COOKIE)
    return (_of_session(secret), False) if secret else (None, False)


def _api_key() -> str | None:
    """GeoReport v2 has the token as the parameter `api_key`."""
    key = request.values.get("api_key") if request.path.startswith(OPEN311) else None
    return f"Bearer {key}" if key else None


def _of_token(header: str) -> Visitor:
    kind, _, secret = header.partition(" ")
    if kind.lower() == "bearer" and secret:
        found = services().holders.find(secret.strip())
        if found is not None:
            return found
    raise _unknown("This token is not valid; expected `Authorization: Bearer TOKEN`, or api_key for Open311.")


def _of_session(secret: str) -> Visitor | None:
    now = real_now()
    with services().store.read() as connection:
        found = accounts.visitor_of_session(connection, secret, now)
    if found is None:
        return None
    visitor, seen_at = found
    if now - seen_at > KEEP_ALIVE:
        with services().store.write() as connection:
            accounts.seen(connection, secret, now)
    return visitor


# --- refusing --------------------------------------------------------------------------------------------------------


def _refuse(route: Route) -> ResponseReturnValue:
    if g.visitor is not None:
        raise Problem(403, _lacking(route, g.visitor.name), field="Authorization")
    if request.path.startswith(MACHINE):
        raise _unknown("Nobody is logged in; a session or a bearer token is needed.")
    if request.method not in SAFE:
        raise Problem(401, "Nobody is logged in.")
    return redirect(f"/login?next={quote(request.full_path.rstrip('?'))}", 303)


def _unknown(detail: str) -> Problem:
    problem = Problem(401, detail, field="Authorization")
    problem.headers["WWW-Authenticate"] = 'Bearer realm="gridcommand"'
    return problem


def _lacking(route: Route, name: str) -> str:
    if g.by_token:
        scopes = terms(route.scopes, none="nobody has")
        return say("{name} may not do this; it takes the scope {scopes}.", name=name, scopes=scopes)
    roles = terms(route.roles, *ROLES, none="nobody has")
    return say("{name} may not do this; it takes the role {roles}.", name=name, roles=roles)


# --- their own doing (CSRF) ------------------------------------------------------------------------------------------


def _demand_own_doing(route: Route) -> None:
    if not same_origin(request.headers, own_origins()):
        raise Problem(403, "This did not come from one of our own pages.", field="Origin")
    if route.form:
        _valid(request.form.get("csrf_token"), "csrf_token")
    elif route.pattern == DASH_UPDATE:
        _valid(request.headers.get("X-CSRFToken"), "X-CSRFToken")
    elif request.headers.get(CSRF_HEADER) != "1":
        raise Problem(
            403,
            say("With a session, a change needs the header {CSRF_HEADER}: 1.", CSRF_HEADER=CSRF_HEADER),
            field=CSRF_HEADER,
        )


def _valid(token: str | None, name: str) -> None:
    try:
        validate_csrf(token)
    except ValidationError as error:
        raise Problem(403, "The page is too old to be sent from; load it again.", field=name) from error


def own_origins() -> frozenset[str]:
    """The origins that our pages are served under."""
    public = services().addresses.public_origin
    return frozenset({f"{request.scheme}://{request.host}", *([public] if public else [])})


def same_origin(headers: Headers | Mapping[str, str], own: frozenset[str]) -> bool:
    """Whether the browser says that one of our own pages asks. Fails closed when it says nothing."""
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    if site is None and origin is None:
        return False
    return site in (None, "same-origin") and (origin is None or origin in own)


# --- Dash's callback endpoint ----------------------------------------------------------------------------------------


def register_dash(server: Flask, dash: CallbackMap) -> None:
    """Check the body of every callback against the callback map before Dash sees it."""

    def check() -> None:
        if request.path == DASH_UPDATE:
            body = request.get_json(silent=True) if request.is_json else None
            fault = callback_fault(body, dash.callback_map)
            if fault:
                raise Problem(400, fault, field="body")

    server.before_request(check)


def allow_dash(server: Flask, dash: CallbackMap) -> None:
    """Let pages have the inline scripts and styles that Dash writes, by their hashes, and the token they send back."""
    hashes = " ".join(dash.csp_hashes())
    styles = " ".join(f"'{style}'" for style in STYLES)

    def prepare() -> None:
        if g.route.page:
            g.script_hashes, g.style_hashes = hashes, styles

    def hand_token(response: Response) -> Response:
        if "route" in g and g.route.page and response.status_code == 200:
            response.set_cookie("_csrf_token", generate_csrf(), samesite="Strict", secure=request.is_secure)
        return response

    server.before_request(prepare)
    server.after_request(hand_token)


def callback_fault(body: object, callbacks: Mapping[str, Mapping[str, Any]]) -> str | None:
    """What is wrong with a callback's body; None where it has the shape that the page would send. Pure."""
    if not isinstance(body, dict):
        return "Expected a JSON object as the page sends it."
    output = body.get("output")
    if not isinstance(output, str) or output not in callbacks:
        return "There is no callback for this output."
    wanted = callbacks[output]
    for name, key in (("inputs", "inputs"), ("state", "state")):
        if _named(body.get(name, [])) != [(item["id"], item["property"]) for item in wanted[key]]:
            return say("The {name} are not those of the callback.", name=name)
    if _output(body.get("outputs")) != output:
        return "The outputs are not those of the callback."
    inputs = {f"{item['id']}.{item['property']}" for item in wanted["inputs"]}
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(one, str) and one in inputs for one in changed):
        return "The changed properties are not inputs of the callback."
    return None


def _named(items: object) -> list[tuple[Any, Any]] | None:
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return None
    return [(item.get("id"), item.get("property")) for item in items]


def _output(outputs: object) -> str | None:
    if isinstance(outputs, dict):
        return f"{outputs.get('id')}.{outputs.get('property')}"
    named = _named(outputs)
    return None if named is None else f"..{'...'.join(f'{name}.{prop}' for name, prop in named)}.."


# --- what leaves -----------------------------------------------------------------------------------------------------


def _seal(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _policy())
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "geolocation=(self), camera=(), microphone=()"
    if response.cache_control.max_age is None and not response.cache_control.no_cache:
        headers["Cache-Control"] = "no-store"
    _measure(response)
    return response


def _policy() -> str:
    """The content security policy of a page that this request asked for."""
    addresses, host = services().addresses, own_host()
    gateways = (addresses.push(request.scheme, host), addresses.video(request.scheme, host))
    sockets = " ".join(sorted({_origin(url) for url in gateways}))
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {g.get('script_hashes', '')}".strip(),
            f"style-src 'self' {g.get('style_hashes', '')}".strip(),
            f"connect-src 'self' {sockets}",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "font-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])


def _measure(response: Response) -> None:
    route: Route | None = g.get("route")
    if route is not None:
        seconds = time.perf_counter() - g.began
        services().measures.answered(route.pattern, request.method, response.status_code, seconds)
