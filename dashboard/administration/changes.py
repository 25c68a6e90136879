"""What an edit of reference data would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Change:
    """A row that would be new, other, or gone. `fields`: column → (before, after)."""

    what: str
    key: str
    fields: Mapping[str, tuple[str, str]] = field(default_factory=dict)
