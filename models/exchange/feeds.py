"""Feeds of warnings: which are looked at, when next; and a feed's document cut into its messages (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin
from xml.etree.ElementTree import Element, tostring

from sqlalchemy import Connection, Row, insert, select, update

from config.sentences import say
from models.exchange import cap
from models.exchange import tables as xt
from models.exchange.xml import XmlRefused, read

MOST = 100
"""Messages taken from one look at a feed."""
_ATOM = "{http://www.w3.org/2005/Atom}"
f = xt.feed.c


@dataclass(frozen=True)
class Cut:
    """What a document holds: whole messages, and addresses of messages."""

    messages: tuple[bytes, ...] = ()
    links: tuple[str, ...] = ()


def cut(raw: bytes, base: str) -> Cut:
    """A message itself, or an Atom or RSS feed of messages or of their addresses.

    Raises:
        XmlRefused: it is none of them.
    """
    root = read(raw)
    name = root.tag.rpartition("}")[2]
    if name == "alert":
        return Cut((raw,))
    if root.tag == f"{_ATOM}feed":
        entries = root.findall(f"{_ATOM}entry")
    elif name == "rss":
        entries = root.findall("channel/item")
    else:
        raise XmlRefused("not-a-feed", f"Expected a CAP message, an Atom or an RSS feed, got {root.tag[:80]}.")
    messages: list[bytes] = []
    links: list[str] = []
    for entry in entries[:MOST]:
        inline = next((one for one in entry.iter() if one.tag.endswith("}alert") and one is not entry), None)
        link = _link(entry)
        if inline is not None:
            messages.append(tostring(inline, encoding="utf-8"))
        elif link:
            links.append(urljoin(base, link)[:500])
    return Cut(tuple(messages), tuple(dict.fromkeys(links)))


def _link(entry: Element) -> str:
    atom = entry.findall(f"{_ATOM}link")
    told = [one for one in atom if one.get("type") == cap.MEDIA_TYPE] or [
        one for one in atom if one.get("rel", "alternate") in ("alternate", "enclosure")
    ]
    if told:
        return str(told[0].get("href", ""))
    enclosure = entry.find("enclosure")
    return str(enclosure.get("url", "")) if enclosure is not None else (entry.findtext("link") or "").strip()


def add(connection: Connection, name: str, url: str, seconds: int, now: datetime) -> None:
    """A new feed; its address was judged before.

    Raises:
        ValueError: the name is taken or none.
    """
    if not 0 < len(name) <= 64 or not name.isprintable() or any(sign.isspace() for sign in name) or name[0] == "@":
        raise ValueError("A feed's name has 1 to 64 signs without spaces, and does not begin with @.")
    if connection.execute(select(f.name).where(f.name == name)).first():
        raise ValueError(say("There is, or was, a feed called {name!r} already.", name=name))
    connection.execute(insert(xt.feed).values(name=name, url=url, seconds=seconds, next_at=now, created_at=now))


def remove(connection: Connection, name: str, now: datetime) -> None:
    """Look at it no longer; what came by it stays.

    Raises:
        ValueError: there is none.
    """
    gone = update(xt.feed).where(f.name == name, f.removed_at.is_(None)).values(removed_at=now)
    if not connection.execute(gone).rowcount:
        raise ValueError(say("There is no feed called {name!r}.", name=name))


def listed(connection: Connection) -> Sequence[Row[Any]]:
    """Those that are looked at."""
    return connection.execute(select(xt.feed).where(f.removed_at.is_(None)).order_by(f.name)).all()


def due(connection: Connection, real: datetime) -> Row[Any] | None:
    """The next feed whose time has come."""
    ready = select(xt.feed).where(f.removed_at.is_(None), f.next_at <= real).order_by(f.next_at).limit(1)
    return connection.execute(ready).first()


def claim(connection: Connection, feed: Any, real: datetime) -> bool:
    """Whether it is ours to look at now: a compare-and-set of its next time."""
    mine = update(xt.feed).where(f.name == feed.name, f.next_at == feed.next_at)
    return bool(connection.execute(mine.values(next_at=real + timedelta(seconds=feed.seconds))).rowcount)


def looked(connection: Connection, name: str, real: datetime, outcome: str) -> None:
    """How the look went; empty: well."""
    connection.execute(update(xt.feed).where(f.name == name).values(looked_at=real, outcome=outcome[:200]))
