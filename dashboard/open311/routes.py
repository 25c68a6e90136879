"""The resources of GeoReport v2: services, requests, tokens, and where they are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import Any

from flask import Flask, Response, g, request

from dashboard.api import reports
from dashboard.open311 import asking
from dashboard.open311 import services as catalogue
from dashboard.open311.asking import Posted, Refusal
from dashboard.open311.writing import MEDIA_TYPES, written
from dashboard.problems import OPEN311
from dashboard.services import services, visitor
from models.exchange import requests
from models.masking import masked
from models.moves import Refused

KEY_SIGNS = frozenset("".join(map(chr, range(0x21, 0x7F))))
_SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"

View = Callable[..., tuple[str, Any, int]]


def register(server: Flask) -> None:
    """Add the routes."""
    for path, view, method in (
        ("discovery.<form>", _discovery, "GET"),
        ("services.<form>", _services, "GET"),
        ("services/<code>.<form>", _definition, "GET"),
        ("requests.<form>", _requests, "GET"),
        ("requests.<form>", _post, "POST"),
        ("requests/<code>.<form>", _request, "GET"),
        ("tokens/<code>.<form>", _token, "GET"),
    ):
        name = f"open311{view.__name__}"
        server.add_url_rule(OPEN311 + path, name, _answered(view), methods=[method])


def _answered(view: View) -> Callable[..., Response]:
    """A view that says name, value and status, as an answer in the form that the address ends with."""

    @wraps(view)
    def answer(form: str, **path: str) -> Response:
        if form not in MEDIA_TYPES:
            raise Refusal(404, f"There is no format {form[:10]!r}; expected xml or json.")
        given = request.form if request.method == "POST" else request.args
        asking.demand_jurisdiction(given.get("jurisdiction_id"), _county())
        name, value, status = view(**path)
        return Response(written(name, value, form), status, content_type=MEDIA_TYPES[form])

    return answer


def _too_many() -> Refusal:
    refusal = Refusal(429, "More reports than one client may send; try again in a moment.")
    refusal.headers["Retry-After"] = "2"
    return refusal


def _county() -> str:
    return str(services().directory().county.get("code", ""))


def _language() -> str:
    return "en" if request.args.get("locale", "").startswith("en") else str(g.language)


def _discovery() -> tuple[str, Any, int]:
    public = services().addresses.public_url or request.host_url.rstrip("/")
    endpoint = {
        "specification": _SPECIFICATION,
        "url": f"{public}{OPEN311.rstrip('/')}",
        "changeset": "2026-11-26T00:00:00Z",
        "type": "production",
        "formats": ["text/xml", "application/json"],
    }
    told = {"changeset": "2026-11-26T00:00:00Z", "contact": "", "key_service": "", "endpoints": [endpoint]}
    return "discovery", told, 200


def _services() -> tuple[str, Any, int]:
    directory, language = services().directory(), _language()
    found = [catalogue.service(directory, code, language) for code in catalogue.leaves(directory)]
    return "services", found, 200


def _definition(code: str) -> tuple[str, Any, int]:
    row = catalogue.leaves(services().directory()).get(code)
    if row is None:
        raise _no_service(code)
    texts = services().catalogue.texts(_language())
    return "service_definition", catalogue.definition(code, row, texts), 200


def _no_service(code: str) -> Refusal:
    return Refusal(404, f"service_code {code[:60]!r} was not found.")


def _requests() -> tuple[str, Any, int]:
    parts, now = services(), services().clock.now()
    if request.args.get("service_request_id"):
        with parts.store.read() as connection:
            rows = requests.named(connection, visitor(), asking.listed(request.args["service_request_id"]))
        return "service_requests", _told(rows), 200
    asked = asking.asked(request.args, now)
    known = catalogue.leaves(parts.directory())
    for code in asked.services:
        if code not in known:
            raise _no_service(code)
    with parts.store.read() as connection:
        return "service_requests", _told(requests.listed(connection, visitor(), asked)), 200


def _request(code: str) -> tuple[str, Any, int]:
    with services().store.read() as connection:
        rows = requests.named(connection, visitor(), [code])
    if not rows:
        raise Refusal(404, f"service_request_id {code[:60]!r} was not found.")
    return "service_requests", _told(rows), 200


def _token(code: str) -> tuple[str, Any, int]:
    """Every number is given at once (`realtime`), so that a token is the number itself."""
    with services().store.read() as connection:
        rows = requests.named(connection, visitor(), [code])
    if not rows:
        raise Refusal(404, f"token {code[:60]!r} was not found.")
    return "service_requests", [{"service_request_id": rows[0].code, "token": rows[0].code}], 200


def _told(rows: Sequence[Any]) -> list[dict[str, Any]]:
    directory, language, rules = services().directory(), _language(), services().rules()
    return [_one(row, directory, language, rules) for row in rows]


def _one(case: Any, directory: Any, language: str, rules: Any) -> dict[str, Any]:
    """A case for the public: masked, without anything about who reported it or what was noted inside."""
    label, label_en = rules.label(case)
    return {
        "service_request_id": case.code,
        "status": "open" if case.closed_at is None else "closed",
        "status_notes": label_en if language == "en" else label,
        "service_name": catalogue.named(directory.categories.get(case.category), language),
        "service_code": case.category,
        "description": masked(case.description),
        "agency_responsible": catalogue.named(directory.departments.get(case.department or ""), language),
        "service_notice": "",
        "requested_datetime": _instant(case.reported_at),
        "updated_datetime": _instant(max(filter(None, (case.stage_since, case.closed_at, case.reported_at)))),
        "expected_datetime": _instant(case.due_at),
        "address": masked(case.address),
        "address_id": "",
        "zipcode": "",
        "lat": case.latitude,
        "long": case.longitude,
        "media_url": "",
    }


def _instant(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(services().zone).replace(microsecond=0).isoformat()


def _post() -> tuple[str, Any, int]:
    """A report; the same `attribute[external_id]` or `Idempotency-Key` of the same client is the same case."""
    if "report" not in visitor().scopes:
        raise Refusal(403, "This api_key may read and not report.")
    if not services().paces.allows(visitor().name):
        raise _too_many()
    if catalogue.leaves(services().directory()).get(request.form.get("service_code", "?")) is None:
        if request.form.get("service_code"):
            raise _no_service(request.form["service_code"])
        raise Refusal(400, "service_code was not provided.")
    body = Posted(request.form).body()
    key = request.headers.get("Idempotency-Key")
    if key is not None and (not 0 < len(key) <= 120 or set(key) - KEY_SIGNS):
        raise Refusal(400, "Idempotency-Key: expected up to 120 signs without spaces.")
    try:
        outcome = reports.accept(body, visitor(), by_token=True, key=key)
    except Refused as refusal:
        raise Refusal(400, str(refusal)) from refusal
    told = {"service_request_id": outcome.case.code, "service_notice": "", "account_id": None}
    return "service_requests", [told], 201 if outcome.created else 200
