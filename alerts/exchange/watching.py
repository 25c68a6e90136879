"""Looking at feeds of warnings: each when its time has come, one worker a feed, everything kept with its reason."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from alerts.exchange.outside import Answer, OutsideFailed, OutsideRefused, get
from config.networks import Network
from models.door import Door
from models.exchange import feeds, incoming
from models.exchange.xml import LARGEST, XmlRefused
from models.messages import Message
from models.store import Store
from models.timebase import real_now

log = logging.getLogger(__name__)
LOOK = 1.0
"""Seconds between two looks while no feed is due."""

LONGEST = 60.0
"""Seconds for one look; what is left of a slow feed is taken at the next."""

Fetch = Callable[[str, Sequence[Network], int], Answer]


class FeedWatch:
    """One look after another. Several workers share the feeds: each look is claimed by a compare-and-set."""

    def __init__(
        self,
        store: Store,
        door: Door,
        publish: Callable[[Sequence[Message]], object],
        networks: Sequence[Network],
        language: str = "zh-CN",
        *,
        fetch: Fetch = get,
    ) -> None:
        self._store, self._door, self._publish = store, door, publish
        self._networks, self._language, self._fetch = networks, language, fetch

    def round(self) -> float:
        """Look at the feed that is due, if one is; say how many seconds to wait."""
        real = real_now()
        with self._store.read() as connection:
            feed = feeds.due(connection, real)
        if feed is None:
            return LOOK
        with self._store.write() as connection:
            mine = feeds.claim(connection, feed, real)
        if mine:
            outcome = self._look(feed)
            with self._store.write() as connection:
                feeds.looked(connection, feed.name, real_now(), outcome)
        return 0.0

    def close(self) -> None:
        """Nothing is kept open between two looks."""

    def _look(self, feed: Any) -> str:
        """Take what a feed holds; returns what was wrong with the feed as a whole."""
        try:
            cut = feeds.cut(self._document(feed.url), feed.url)
        except OutsideFailed as error:
            return str(error)
        except (OutsideRefused, XmlRefused) as error:
            code = error.code if isinstance(error, XmlRefused) else "address"
            self._refuse(feed.name, f"{feed.name} {code} {error}", code, str(error))
            return str(error)
        for raw in cut.messages:
            self._take(feed.name, raw)
        with self._store.read() as connection:
            known = incoming.links(connection, feed.name, cut.links) if cut.links else frozenset()
        faults: list[str] = []
        until = time.monotonic() + LONGEST
        for link in cut.links:
            if link not in known and time.monotonic() < until:
                faults += self._linked(feed.name, link)
        return faults[0] if faults else ""

    def _document(self, url: str) -> bytes:
        answer = self._fetch(url, self._networks, LARGEST)
        if answer.status != 200:
            raise OutsideFailed(f"HTTP {answer.status}")
        return answer.body

    def _linked(self, feed: str, link: str) -> Iterator[str]:
        """Fetch one message of a feed; one that cannot be reached now is tried at the next look."""
        try:
            raw = self._document(link)
        except OutsideFailed as error:
            yield f"{urlsplit(link).hostname}: {error}"
            return
        except OutsideRefused as error:
            self._refuse(feed, f"{feed} {link}", "address", str(error), link)
            return
        self._take(feed, raw, link)

    def _take(self, feed: str, raw: bytes, link: str = "") -> None:
        _, facts = self._door.deed(lambda deed: incoming.take(deed, feed, raw, link=link, language=self._language))
        self._publish(facts)

    def _refuse(self, feed: str, mark: str, code: str, reason: str, link: str = "") -> None:
        self._door.deed(lambda deed: incoming.refuse(deed, feed, mark, code, reason, link=link))
