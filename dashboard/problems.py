"""Refusals and failures as answers: `application/problem+json` (RFC 9457) for machines, a plain page for people."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, cast

from flask import Flask, Response, current_app, g, jsonify, render_template, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from config.sentences import PYDANTIC, Sentence, constant, kept, say, term
from config.texts import Catalogue
from dashboard.open311.writing import MEDIA_TYPES, written
from models.accounts import Visitor
from models.door import Conflict
from models.filters import FilterRefused
from models.moves import Refused
from models.store import StoreUnavailable

LOG = logging.getLogger(__name__)
RETRY_AFTER = "2"
"""Seconds after which a client may try again when the store is away."""
LANGUAGE_COOKIE = "gc_lang"
FIELDS = ("problem.field", "case.field", "emergency.field", "emergency.form")
"""Where the catalogue has the names of fields."""
OPEN311 = "/open311/v2/"
"""Where errors have the form of GeoReport v2."""
_AS_OPEN311 = {401: 403, 422: 400}
"""The standard knows 403 for a missing or invalid api_key, and 400 for whatever is wrong in a request."""
MACHINE = (
    OPEN311,
    "/cap/",
    "/api/",
    "/admin/data/",
    "/live/",
    "/map/",
    "/_dash-",
    "/attachments/",
    "/metrics",
    "/healthz",
    "/readyz",
)


class Problem(Exception):
    """A refusal with its status. `field` names what was wrong; `more` are extension members."""

    def __init__(self, status: int, detail: str, *, field: str | None = None, **more: object) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.field = field
        self.more = more
        self.headers: dict[str, str] = {}


def answer(problem: Problem) -> Response:
    """The problem in the form that its asker reads."""
    title = HTTP_STATUS_CODES.get(problem.status, "Unknown")
    if request.path.startswith(OPEN311):
        response = _open311(problem)
    elif not request.path.startswith(MACHINE):
        response = _page(problem.status)
    else:
        body: dict[str, Any] = {"type": "about:blank", "title": title, "status": problem.status}
        language = asked_language()
        body |= {
            "detail": _catalogue().told(problem.detail, language, Departments()),
            **in_language(problem.more, language),
        }
        if problem.field is not None:
            body["field"] = problem.field
        response = jsonify(body)
        response.mimetype = "application/problem+json"
        response.headers["Content-Language"] = language
    response.status_code = problem.status if response.status_code == 200 else response.status_code
    response.headers.update(problem.headers)
    return response


def asked_language() -> str:
    """The language that a refusal is told in: that of the page for a person, English for a machine that asks for none.

    A browser always sends `Accept-Language`, and reads a page that says in `g.language` what its reader chose. A client
    with a token says itself what it wants.
    """
    wanted, page = request.accept_languages, str(g.get("language") or current_app.config["LANGUAGE"])
    if g.get("by_token"):
        return "en" if wanted.best_match(("en", "zh-CN", "zh"), "en") == "en" else "zh-CN"
    return page if wanted or LANGUAGE_COOKIE in request.cookies else "en"


def in_language(found: Any, language: str) -> Any:
    """JSON with every `Sentence` in it told in the language; what somebody typed stays as it is."""
    if isinstance(found, Sentence):
        return _catalogue().told(found, language, Departments())
    if isinstance(found, Mapping):
        return {name: in_language(one, language) for name, one in found.items()}
    if isinstance(found, list | tuple):
        return [in_language(one, language) for one in found]
    return found


class Departments(Mapping[str, str]):
    """`department.CODE` → its name, looked up only when a sentence speaks of one."""

    def __getitem__(self, key: str) -> str:
        kind, _, code = key.partition(".")
        if kind != "department":
            raise KeyError(key)
        try:
            return str(current_app.extensions["gridcommand"].directory().departments[code]["name"])
        except StoreUnavailable as error:
            raise KeyError(key) from error

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _catalogue() -> Catalogue:
    return cast(Catalogue, current_app.config["CATALOGUE"])


def _open311(problem: Problem) -> Response:
    form = "json" if request.path.endswith(".json") else "xml"
    status = _AS_OPEN311.get(problem.status, problem.status)
    body = written("errors", [{"code": status, "description": problem.detail}], form)
    return Response(body, status, content_type=MEDIA_TYPES[form])


def _page(status: int) -> Response:
    language = g.get("language") or current_app.config["LANGUAGE"]
    texts: Mapping[str, str] = current_app.config["CATALOGUE"].texts(language)
    key = f"entrance.error.{status}"
    words = texts.get(key) or texts["entrance.error.other"]
    page = render_template("error.html", texts=texts, language=language, status=status, words=words)
    return Response(page, mimetype="text/html")


def register(server: Flask) -> None:
    """Answer every exception in one of the two forms; nothing else leaves the server."""
    server.register_error_handler(Problem, answer)
    server.register_error_handler(HTTPException, lambda error: answer(_of_http(error)))
    server.register_error_handler(Refused, lambda error: answer(Problem(422, str(error), field=error.field)))
    server.register_error_handler(FilterRefused, lambda error: answer(Problem(422, str(error), field=error.field)))
    server.register_error_handler(Conflict, lambda error: answer(Problem(409, str(error))))
    server.register_error_handler(StoreUnavailable, lambda error: answer(_of_store(error)))
    server.register_error_handler(Exception, _unexpected)


def _of_http(error: HTTPException) -> Problem:
    problem = Problem(error.code or 500, _DETAILS.get(error.code or 500, "This cannot be answered."))
    if error.code == 413:
        problem.field = "body"
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        problem.headers["Allow"] = ", ".join(sorted(allowed))
    return problem


_DETAILS = {
    400: "The request cannot be read.",
    404: "There is nothing at this address.",
    405: "This address does not take this method; see Allow.",
    413: "The body is larger than this address takes.",
    415: "Expected another media type.",
}


def _of_store(error: StoreUnavailable) -> Problem:
    LOG.error("%s", error)
    if error.full:
        return Problem(507, "There is no space left to keep this; nothing was stored. Try again later.")
    problem = Problem(503, "The database does not answer; nothing was stored. Try again.")
    problem.headers["Retry-After"] = RETRY_AFTER
    return problem


def _unexpected(error: Exception) -> Response:
    LOG.error("Unexpected at %s %s", request.method, request.url_rule, exc_info=error)
    return answer(Problem(500, "Something went wrong here; it was written to the log."))


def invalid(error: ValidationError) -> Response:
    """The answer to a body, query or header that does not have the expected shape: one entry per fault."""
    faults = [{"field": _blamed(fault), "detail": _said(fault)} for fault in error.errors()]
    first = faults[0]
    return answer(
        Problem(
            422,
            say("{field}: {detail}", field=term(first["field"], *FIELDS), detail=first["detail"]),
            field=first["field"],
            errors=faults,
        )
    )


def demand_whole_county(who: Visitor) -> None:
    """Refuse what tells of the whole county to somebody who is bound to a part of it.

    Raises:
        Problem: 403.
    """
    if who.area is not None or who.department is not None:
        raise Problem(
            403,
            say("This tells of the whole county, and {name} is bound to a part of it.", name=who.name),
            field="area",
        )


def _blamed(fault: Mapping[str, Any]) -> str:
    """`reporter.phone` for ("reporter", "phone"); for a fault of the whole, the field that it blames, or `body`."""
    path = ".".join(str(part) for part in fault["loc"])
    return path or str(fault.get("ctx", {}).get("field", "body"))


def _said(fault: Mapping[str, Any]) -> Sentence:
    """One fault as pydantic found it. What our own shapes say is known by itself, the rest by pydantic's name for it."""
    context = fault.get("ctx", {})
    own = context.get("error", context.get("sentence"))
    if own is not None:
        return whole(str(own))
    values = {name: str(value).replace(" or ", ", ") for name, value in context.items()}
    return kept(_ended(fault["msg"]), f"{PYDANTIC}{fault['type']}", values)


def whole(said: str) -> Sentence:
    """A sentence of our own, with its full stop."""
    return said if isinstance(said, Sentence) else constant(_ended(said))


def _ended(message: str) -> str:
    return message.removeprefix("Value error, ").rstrip(".") + "."
