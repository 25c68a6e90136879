"""What of a free text may leave a case: telephone, identity-card and bank numbers and e-mail addresses go. Pure."""

from __future__ import annotations

import re

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_IDENTITY = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_BANK = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_MOBILE = re.compile(r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)0\d{2,3}[ -]?\d{7,8}(?!\d)")
_NANP = re.compile(r"(?<!\d)(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)")
TITLE_LENGTH = 60


def masked(text: str) -> str:
    """The text with every such number replaced by `***`; what surrounds it stays readable."""
    for pattern in (_EMAIL, _IDENTITY, _BANK, _MOBILE, _LANDLINE, _NANP):
        text = pattern.sub("***", text)
    return text


def title(description: str) -> str:
    """One masked line of at most 60 characters: what the wall, the logs and the exports show of a case."""
    line = " ".join(masked(description).split())
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1] + "…"
