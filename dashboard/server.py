"""The Flask server under everything: strict JSON, limits, cookies, the API's description, answers to exceptions."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import Request
from flask.json.provider import DefaultJSONProvider
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from werkzeug.exceptions import UnsupportedMediaType

from config.texts import Catalogue
from dashboard import problems
from dashboard.api.shapes import ProblemBody
from dashboard.problems import Problem
from dashboard.routes import MEGABYTE, UPLOAD

VERSION = "1.0.0"
SECURITY: list[dict[str, list[Any]]] = [{"token": []}]


class StrictJson(DefaultJSONProvider):
    """JSON as RFC 8259 has it: no NaN, no Infinity, no lone surrogates; text goes out as it is."""

    ensure_ascii = False
    sort_keys = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read a body.

        Raises:
            ValueError: it is no JSON.
        """
        try:
            value = json.loads(s, parse_constant=_no_constant, **kwargs)
            json.dumps(value, ensure_ascii=False).encode()
        except (RecursionError, UnicodeEncodeError) as error:
            raise ValueError("Too deep, or text that is no Unicode.") from error
        return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number.")


class StrictRequest(Request):
    """A request whose broken JSON is a problem that says so."""

    max_form_memory_size = MEGABYTE
    max_form_parts = 64

    def on_json_loading_failed(self, e: ValueError | None) -> NoReturn:
        """Refuse: another media type, or no JSON."""
        if e is None:
            raise UnsupportedMediaType
        raise Problem(400, "The body is no JSON (RFC 8259).", field="body")


class Server(OpenAPI):
    """Flask with the API's description."""

    request_class = StrictRequest
    json_provider_class = StrictJson


def build(catalogue: Catalogue, language: str, secret: str, *, secure: bool) -> Server:
    """A server without routes. `secure`: browsers reach it by https, so that cookies say so."""
    server = Server(
        "dashboard",
        info=Info(title="GridCommand 网格指挥台", version=VERSION, description=_DESCRIPTION),
        security_schemes={"token": {"type": "http", "scheme": "bearer"}},
        validation_error_status=422,
        validation_error_model=ProblemBody,
        validation_error_callback=problems.invalid,
        doc_ui=False,
        static_folder=None,
        template_folder="templates",
    )
    server.config.update(
        SECRET_KEY=secret,
        SESSION_COOKIE_NAME="gc_form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=secure,
        MAX_CONTENT_LENGTH=UPLOAD,
        WTF_CSRF_TIME_LIMIT=None,
        CATALOGUE=catalogue,
        LANGUAGE=language,
        PROPAGATE_EXCEPTIONS=False,
    )
    server.jinja_env.trim_blocks = server.jinja_env.lstrip_blocks = True
    problems.register(server)
    return server


_DESCRIPTION = """Reports in, cases and figures out. Bearer tokens of client systems carry scopes: `report`, `read`,
`operate`, `department`, `events`. Errors are `application/problem+json` (RFC 9457) and name the `field`. Instants are
ISO 8601 with a zone; points are WGS-84, GCJ-02 or CGCS2000 and stored as WGS-84. A 2xx means: it is on disk."""


def description(server: Server) -> dict[str, Any]:
    """The OpenAPI 3.1 document, with the media type that problems really have."""
    document: dict[str, Any] = server.api_doc
    for path in document["paths"].values():
        for operation in path.values():
            for status, response in operation.get("responses", {}).items():
                if status >= "400":
                    response["content"] = {"application/problem+json": {"schema": _PROBLEM}}
    return document


_PROBLEM = {"$ref": "#/components/schemas/ProblemBody"}
