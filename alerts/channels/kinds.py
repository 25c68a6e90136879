"""The kinds of channel, and to which host each of them sends. Pure: nothing is connected, nothing is resolved.

Nothing is sent to a host that the county has not listed (`[notify] hosts` in county.toml), whatever an address says:
an address is typed by an administrator, and a server that posts wherever it is told is a door into the inner network.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

KINDS = ("wecom", "dingtalk", "feishu", "mail", "json", "webhook", "sms")
"""企业微信, 钉钉 and 飞书 group robots, e-mail and a plain JSON post through Apprise; our own signed webhook, and an SMS
gateway behind one."""
SIGNED = ("webhook", "sms")
_ROBOTS = {
    "wecom": ("wecombot", "qyapi.weixin.qq.com"),
    "dingtalk": ("dingtalk", "oapi.dingtalk.com"),
    "feishu": ("feishu", "open.feishu.cn"),
}
_PORTS = {"http": 80, "https": 443, "json": 80, "jsons": 443, "mailto": 25, "mailtos": 587}
_EXAMPLES = {
    "wecom": "wecombot://KEY",
    "dingtalk": "dingtalk://SECRET@TOKEN",
    "feishu": "feishu://TOKEN",
    "mail": "mailtos://USER:PASSWORD@smtp.example.gov.cn:587?from=SENDER&to=RECIPIENT",
    "json": "jsons://USER:PASSWORD@host/path",
    "webhook": "https://host/path#SECRET",
    "sms": "https://gateway/path?to=13800000000,13900000000#SECRET",
}


class ChannelRefused(ValueError):
    """A channel cannot be as it is asked for. The text is a sentence without the address, which holds secrets."""


@dataclass(frozen=True)
class Target:
    """Where a channel sends: a host with its port, and what a signed webhook is signed with."""

    kind: str
    host: str
    port: int
    address: str
    secret: str = ""
    numbers: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Target({self.kind}, {self.host}:{self.port})"


def target(kind: str, address: str) -> Target:
    """Read an address.

    Raises:
        ChannelRefused: there is no such kind, or the address is not one of it.
    """
    if kind not in KINDS:
        raise ChannelRefused(f"There is no kind {kind!r}; expected one of {', '.join(KINDS)}.")
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise _unlike(kind) from None
    if kind in _ROBOTS:
        scheme, robot = _ROBOTS[kind]
        if parts.scheme != scheme or not host:
            raise _unlike(kind)
        return Target(kind, robot, 443, address)
    schemes = {"mail": ("mailto", "mailtos"), "json": ("json", "jsons")}.get(kind, ("http", "https"))
    if parts.scheme not in schemes or not host or not port:
        raise _unlike(kind)
    if kind == "mail" and "smtp" in parse_qs(parts.query):
        raise ChannelRefused("A mail address names its server as its host; expected no `smtp=`.")
    if kind not in SIGNED:
        return Target(kind, host, port, address)
    numbers = tuple(filter(None, ",".join(parse_qs(parts.query).get("to", [])).split(",")))
    if not parts.fragment or (kind == "sms" and not numbers) or parts.username:
        raise _unlike(kind)
    plain = parts._replace(fragment="", query="" if kind == "sms" else parts.query).geturl()
    return Target(kind, host, port, plain, parts.fragment, numbers)


def _unlike(kind: str) -> ChannelRefused:
    return ChannelRefused(f"This is no address of the kind {kind}; expected one such as {_EXAMPLES[kind]}.")


def listed(where: Target, hosts: Collection[str]) -> bool:
    """Whether the county lets us send there: by host name (the usual port of its kind), or host and port."""
    usual = where.port in (25, 80, 443, 465, 587)
    return f"{where.host}:{where.port}" in hosts or (usual and where.host in hosts)


def demand_listed(where: Target, hosts: Collection[str]) -> None:
    """Refuse what the county has not listed.

    Raises:
        ChannelRefused: in a sentence that says what to do.
    """
    if not listed(where, hosts):
        raise ChannelRefused(
            f"The county does not let us send to {where.host}:{where.port}; add it to [notify] hosts in county.toml."
        )
