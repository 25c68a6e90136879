"""What a page is told about the person before it: a frozen value, so that a layout is a pure function of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class PageContext:
    """The reader of a page.

    Attributes:
        language: `zh-CN` or `en`.
        texts: the catalogue in that language, flat keys such as `wall.departments.title`.
        user_name, role: who is logged in, as shown and as allowed.
        county: the county's card: `code, name, name_en, title, title_en, subtitle, subtitle_en, timezone`.
        paths: the patterns of the table of routes that this reader may use.
        csrf: the token that our own forms send back.
        unread: open entries in the reader's inbox, as of `as_of`; push_url: where it hears of more.
    """

    language: str
    texts: Mapping[str, str]
    user_name: str = ""
    role: str = "display"
    county: Mapping[str, Any] = field(default_factory=dict)
    paths: frozenset[str] = frozenset()
    csrf: str = ""
    unread: int = 0
    push_url: str = ""
    as_of: datetime | None = None

    def text(self, key: str, **values: object) -> str:
        """The catalogue's text with its placeholders filled; the key itself where the catalogue lacks it."""
        return self.texts.get(key, key).format(**values)

    def county_text(self, name: str) -> str:
        """A word of the county's card in the language in force, the Chinese one where no English is given."""
        english = self.county.get(f"{name}_en") if self.language == "en" else None
        return str(english or self.county.get(name) or "")
