"""One try to send over a channel, and its verdict: sent, failed for now, or failed for good.

Apprise knows the services; an own signed webhook stands for everything else, such as an SMS gateway. Redirects are never
followed: they would lead past the county's list of hosts. What is said of a failure never holds the address.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import apprise
import requests

from alerts.channels.kinds import SIGNED, ChannelRefused, Target, demand_listed
from models.ladder.deliveries import Verdict

CONNECT, READ = 3.0, 6.0
WHOLE = 20.0
"""Seconds for a whole sending; the claim on what is sent lasts longer."""
AGAIN = frozenset({408, 425, 429})
"""Of the 4xx, those that say: not now."""
SMS_LENGTH = 300
_HTTP = re.compile(r"\berror=(\d{3})\b")
_SMTP = re.compile(r"\((\d{3}), b?['\"]")
_BODY = re.compile(r"\brejected\b|\bcode=(?!0\b)\d+")


@dataclass(frozen=True)
class Letter:
    """What is said: a line for a title, and the text."""

    title: str
    text: str


@dataclass(frozen=True)
class Result:
    """How a try went; `detail` is for a person and holds no secret."""

    verdict: Verdict
    detail: str = ""


def send(where: Target, letter: Letter, hosts: Collection[str], at: int) -> Result:
    """Try once; never raises for what the other side does.

    Args:
        hosts: those that the county lists. at: seconds since 1970, signed with the body against repetition.
    """
    try:
        demand_listed(where, hosts)
    except ChannelRefused:
        return Result("permanent", "host not listed")
    return _signed(where, letter, at) if where.kind in SIGNED else _by_apprise(where, letter)


# --- our own signed webhook ------------------------------------------------------------------------------------------


def body_of(where: Target, letter: Letter, at: int) -> bytes:
    """The body of a signed webhook. An SMS gateway gets numbers and one short text."""
    if where.kind == "sms":
        text = f"{letter.title} {letter.text}".replace("\n", " ")[:SMS_LENGTH]
        return json.dumps({"to": where.numbers, "text": text, "at": at}, ensure_ascii=False).encode()
    return json.dumps({"title": letter.title, "text": letter.text, "at": at}, ensure_ascii=False).encode()


def signature(secret: str, body: bytes, at: int) -> str:
    """`t=SECONDS,v1=HEX`: HMAC-SHA256 over the seconds, a point and the body."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def _signed(where: Target, letter: Letter, at: int) -> Result:
    body = body_of(where, letter, at)
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "GridCommand"}
    headers["X-GC-Signature"] = signature(where.secret, body, at)
    try:
        with requests.post(
            where.address, data=body, headers=headers, timeout=(CONNECT, READ), allow_redirects=False, stream=True
        ) as answer:
            return of_status(answer.status_code)
    except requests.Timeout:
        return Result("temporary", "no answer in time")
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema):
        return Result("permanent", "no usable address")
    except requests.RequestException:
        return Result("temporary", "no connection")


def of_status(status: int) -> Result:
    """The verdict on an HTTP status."""
    if 200 <= status < 300:
        return Result("sent", f"HTTP {status}")
    if 300 <= status < 400:
        return Result("permanent", f"HTTP {status}: redirects are not followed")
    lasting = 400 <= status < 500 and status not in AGAIN
    return Result("permanent" if lasting else "temporary", f"HTTP {status}")


# --- Apprise ---------------------------------------------------------------------------------------------------------


def _by_apprise(where: Target, letter: Letter) -> Result:
    words = logging.getLogger("apprise")  # it says why it failed to its log only, and there with addresses in it:
    words.setLevel(logging.DEBUG)  # so all of it is caught for the verdict, …
    words.propagate = False  # … and none of it goes into ours
    asset = apprise.AppriseAsset(
        app_id="GridCommand", app_desc="GridCommand", http_redirects=False, service_timeout=WHOLE, async_mode=False
    )
    mark = "&" if "?" in where.address else "?"
    sender = apprise.Apprise(asset=asset)
    if not sender.add(f"{where.address}{mark}cto={CONNECT}&rto={READ}"):
        return Result("permanent", "no usable address")
    result = sender.notify(
        body=letter.text, title=letter.title, body_format=apprise.NotifyFormat.TEXT, log_level=logging.DEBUG
    )
    if result:
        return Result("sent")
    return of_words([str(entry.message) for entry in result.logs()])


def of_words(lines: Iterable[str]) -> Result:
    """The verdict on what Apprise logged of a failure: an HTTP status, a mail server's answer, or a refused body."""
    text = "\n".join(lines)
    if found := _HTTP.search(text):
        return of_status(int(found[1]))
    if found := _SMTP.search(text):
        return Result("permanent" if found[1].startswith("5") else "temporary", f"SMTP {found[1]}")
    if _BODY.search(text):
        return Result("permanent", "refused by the service")
    return Result("temporary", "no connection")
