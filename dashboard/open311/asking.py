"""What a client of GeoReport v2 asks and reports, read from its parameters. Pure but for the moment, which is given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from dashboard.api.shapes import ReportBody
from dashboard.problems import Problem
from models.exchange.requests import Asked

SPAN = timedelta(days=90)
MOST = 1_000
"""Requests in one answer: a span of 90 days or the first 1,000 requests, whichever is smaller (GeoReport v2)."""
DEEPEST = 100_000
MOST_NAMED = 200
_DIGITS = re.compile(r"\d{1,9}", re.ASCII)
_URL = re.compile(r"https?://[\x21-\x7e]{1,1000}")
_FIELDS = {
    "category": "service_code",
    "longitude": "long",
    "latitude": "lat",
    "address": "address_string",
    "level": "attribute[level]",
    "happened_at": "attribute[happened_at]",
    "external_id": "attribute[external_id]",
    "reporter.name": "first_name",
    "reporter.phone": "phone",
    "area": "lat",
}


class Refusal(Problem):
    """A request is refused with a code of the standard (400, 403, 404) and a description."""


def demand_jurisdiction(given: str | None, county: str) -> None:
    """There is one jurisdiction here, so that it need not be named.

    Raises:
        Refusal: 404, another one is named.
    """
    if given and given != county:
        raise Refusal(404, f"jurisdiction_id {given[:60]!r} was not found; this server has {county!r}.")


def asked(query: Mapping[str, str], now: datetime) -> Asked:
    """A list of requests.

    Raises:
        Refusal: 400, naming the parameter.
    """
    until = _instant(query, "end_date") or now
    since = _instant(query, "start_date") or until - SPAN
    if since > until:
        raise Refusal(400, "start_date: expected an instant before end_date.")
    if until - since > SPAN:
        if query.get("end_date"):
            raise Refusal(400, "start_date: expected at most 90 days before end_date.")
        until = since + SPAN
    statuses = frozenset(listed(query.get("status")))
    if statuses - {"open", "closed"}:
        raise Refusal(400, "status: expected open, closed, or both with a comma between.")
    page, size = _count(query, "page", 1), min(_count(query, "page_size", MOST), MOST)
    if page * size > DEEPEST:
        raise Refusal(400, f"page: expected a page within the first {DEEPEST:,} requests; ask for a shorter span.")
    return Asked(since, until, tuple(listed(query.get("service_code"))), statuses, page, size)


def listed(text: str | None) -> list[str]:
    """Values with commas between."""
    return [part.strip() for part in (text or "").split(",") if part.strip()][:MOST_NAMED]


def _instant(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        if moment.tzinfo is not None and 1970 <= moment.year <= 9998:
            return moment
    except ValueError:
        pass
    raise Refusal(400, f"{name}: expected an instant with a zone, such as 2026-05-01T08:00:00Z.")


def _count(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if not text:
        return default
    if not _DIGITS.fullmatch(text) or int(text) < 1:
        raise Refusal(400, f"{name}: expected a whole number from 1.")
    return int(text)


@dataclass(frozen=True)
class Posted:
    """A report as the form has it."""

    form: Mapping[str, str]

    def body(self) -> ReportBody:
        """The same as our own API takes it.

        Raises:
            Refusal: 400, naming the parameter of the standard that was wrong.
        """
        form = self.form
        if not form.get("service_code"):
            raise Refusal(400, "service_code was not provided.")
        if form.get("address_id"):
            raise Refusal(400, "address_id: there is no list of addresses here; expected lat and long.")
        if not (form.get("lat") and form.get("long")):
            raise Refusal(400, "lat and long were not provided; an address alone does not say where it is.")
        level = form.get("attribute[level]")
        try:
            return ReportBody.model_validate(
                {
                    "category": form["service_code"],
                    "description": _description(form),
                    "latitude": _degrees(form, "lat"),
                    "longitude": _degrees(form, "long"),
                    "address": form.get("address_string", ""),
                    "source": "open311",
                    "external_id": form.get("attribute[external_id]") or None,
                    "happened_at": form.get("attribute[happened_at]") or None,
                    "level": int(level) if level and _DIGITS.fullmatch(level) else level or None,
                    "reporter": {"name": _name(form) or None, "phone": form.get("phone") or form.get("email") or None},
                }
            )
        except ValidationError as error:
            fault = error.errors()[0]
            path = ".".join(map(str, fault["loc"])) or str(fault.get("ctx", {}).get("field", "description"))
            said = fault["msg"].removeprefix("Value error, ").rstrip(".")
            raise Refusal(400, f"{_FIELDS.get(path, path)}: {said}.") from error


def _name(form: Mapping[str, str]) -> str:
    return f"{form.get('first_name', '')} {form.get('last_name', '')}".strip()


def _description(form: Mapping[str, str]) -> str:
    """The text; the address of a picture is written behind it, and never fetched by us."""
    text, picture = form.get("description", ""), form.get("media_url")
    if not picture:
        return text
    if not _URL.fullmatch(picture):
        raise Refusal(400, "media_url: expected an address that begins with http:// or https://.")
    return f"{text}\n{picture}"


def _degrees(form: Mapping[str, str], name: str) -> float:
    try:
        if len(form[name]) <= 40:
            return float(form[name])
    except ValueError:
        pass
    raise Refusal(400, f"{name}: expected degrees (WGS-84), such as 30.4692.")
