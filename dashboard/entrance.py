"""The entrance: login, logout, language, and the door of walls without a keyboard. Server-rendered, outside Dash."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from dashboard.guard import SESSION_COOKIE
from dashboard.problems import LANGUAGE_COOKIE, Problem
from dashboard.reader import page_context
from dashboard.routes import HOME
from dashboard.services import services, visitor
from models import accounts
from models.accounts import ABSOLUTE, DISPLAY_ABSOLUTE, Visitor
from models.moves import Role
from models.timebase import real_now

YEAR = timedelta(days=365)
NAME_LENGTH, PASSWORD_LENGTH = 64, 1_000


def register(server: Flask) -> None:
    """Add the routes."""
    server.add_url_rule("/", "home", _home)
    server.add_url_rule("/login", "login", _login, methods=["GET", "POST"])
    server.add_url_rule("/logout", "logout", _logout, methods=["POST"])
    server.add_url_rule("/language", "language", _language)
    server.add_url_rule("/display", "display", _display)


def _home() -> ResponseReturnValue:
    return redirect(HOME[visitor().role], 303)


# --- login -----------------------------------------------------------------------------------------------------------


def _login() -> ResponseReturnValue:
    if request.method == "GET":
        return _page("login.html", 200, next=_way_on(request.args.get("next")))
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    wanted = _way_on(request.form.get("next"))
    address = request.remote_addr or ""
    if not 0 < len(name) <= NAME_LENGTH or not name.isprintable() or not 0 < len(password) <= PASSWORD_LENGTH:
        return _page("login.html", 422, next=wanted, fault="entrance.wrong")
    found = enter(name, password, address)
    if isinstance(found, str):
        return _page("login.html", 429 if found == "entrance.locked" else 401, next=wanted, fault=found, name=name)
    return _opened(*found, wanted or HOME[found[0].role])


def _way_on(text: str | None) -> str:
    """Where the visitor was going; never back to the login."""
    path = local_path(text)
    return "" if urlsplit(path).path == "/login" else path


def enter(name: str, password: str, address: str) -> tuple[Visitor, str] | str:
    """The visitor and the secret of a new session, or the catalogue key of the refusal.

    The attempt is counted before the password is looked at, in its own transaction, so that no number of attempts at
    the same time, in however many processes, is let through by a count that nobody has written yet.
    """
    now, store = real_now(), services().store
    account_key, address_key = f"account:{name}", f"address:{address}"
    with store.write() as connection:
        locked = accounts.locked_until(connection, (address_key,), now)
        if locked or not accounts.charged(connection, account_key, now):
            accounts.audit(connection, name, "", "login.locked", now, address=address)
            return "entrance.locked"
    with store.read() as connection:
        who = accounts.password_fits(connection, name, password)
    with store.write() as connection:
        if who is None:
            accounts.failed(connection, (address_key,), now)
            accounts.audit(connection, name, "", "login.failed", now, address=address)
            return "entrance.wrong"
        accounts.passed(connection, (account_key,))
        secret = accounts.open_session(connection, name, now, lasts=_lasts(who))
        accounts.audit(connection, name, who.role, "login", now, address=address)
    return who, secret


def _lasts(who: Visitor) -> timedelta:
    return DISPLAY_ABSOLUTE if who.role is Role.DISPLAY else ABSOLUTE


def _opened(who: Visitor, secret: str, to: str) -> Response:
    """The way on, with the session's cookie; a session that was open before in this browser ends."""
    before = request.cookies.get(SESSION_COOKIE)
    if before:
        with services().store.write() as connection:
            accounts.close_session(connection, before)
    response = make_response(redirect(to, 303))
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        max_age=YEAR if who.role is Role.DISPLAY else ABSOLUTE,
        httponly=True,
        samesite="Strict",
        secure=_secure(),
    )
    return response


def _secure() -> bool:
    return request.is_secure or services().addresses.public_url.startswith("https:")


def _logout() -> ResponseReturnValue:
    who = visitor()
    with services().store.write() as connection:
        accounts.close_session(connection, request.cookies.get(SESSION_COOKIE, ""))
        accounts.audit(connection, who.name, who.role, "logout", real_now(), address=request.remote_addr or "")
    response = make_response(redirect("/login", 303))
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="Strict", secure=_secure())
    return response


# --- a wall without a keyboard ---------------------------------------------------------------------------------------


def _display() -> ResponseReturnValue:
    """`/display?token=…` opens the wall for a device token of the scope `display`, for as long as it is not revoked."""
    secret, now, address = request.args.get("token", ""), real_now(), request.remote_addr or ""
    with services().store.write() as connection:
        locked = accounts.locked_until(connection, (f"address:{address}",), now)
        who = None if locked else accounts.visitor_of_device(connection, secret)
        if who is None and not locked:
            accounts.failed(connection, (f"address:{address}",), now)
        name = who.name if who else ""
        accounts.audit(connection, name, Role.DISPLAY, "display" if who else "display.failed", now, address=address)
    if who is None:
        raise Problem(403, "This device token is not valid.", field="token")
    return _opened(who, secret, HOME[Role.DISPLAY])


# --- the language ----------------------------------------------------------------------------------------------------


def _language() -> ResponseReturnValue:
    to = request.args.get("to")
    if to not in ("zh-CN", "en"):
        raise Problem(422, "Expected zh-CN or en.", field="to")
    response = make_response(redirect(local_path(request.args.get("next")) or "/", 303))
    response.set_cookie(LANGUAGE_COOKIE, to, max_age=YEAR, samesite="Strict", secure=_secure())
    return response


def local_path(text: str | None) -> str:
    """A path on this server, or nothing: never another host, however it is written."""
    if not text or not text.startswith("/") or text.startswith(("//", "/\\")) or not text.isprintable() or "\\" in text:
        return ""
    parts = urlsplit(text)
    return text if not parts.scheme and not parts.netloc else ""


def _page(template: str, status: int, **values: Any) -> tuple[str, int]:
    context = page_context()
    page = render_template(
        template, context=context, texts=context.texts, language=g.language, csrf=generate_csrf(), **values
    )
    return page, status
