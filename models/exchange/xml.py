"""XML from strangers, read without giving them anything: no document type, no entities, no outside address, no flood."""

from __future__ import annotations

import re
from typing import Final
from xml.etree.ElementTree import Element, ParseError  # only the noun and the error: parsing is defusedxml's

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

LARGEST: Final = 1_000_000
"""Bytes of a document; the largest real warnings with all their polygons have half of it."""
MOST: Final = 50_000
"""Elements of a document."""
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]*?encoding\s*=\s*["'](gb18030|gbk|gb2312)["'][^>]*\?>""", re.IGNORECASE)


class XmlRefused(ValueError):
    """A document is not taken. `code` is a key of the catalogue (`exchange.refused.CODE`); the text is a sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def read(raw: bytes) -> Element:
    """The root of a document.

    Raises:
        XmlRefused: `too-large`, `forbidden-xml` (a document type or an entity) or `not-xml`.
    """
    if len(raw) > LARGEST:
        raise XmlRefused("too-large", f"Expected at most {LARGEST:,} bytes, got {len(raw):,}.")
    try:
        root: Element = fromstring(_utf8(raw), forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise XmlRefused(
            "forbidden-xml", "The document declares a document type or an entity; none is taken."
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise XmlRefused("not-xml", f"This is no well-formed XML: {str(error)[:120]}.") from error
    if sum(1 for _ in root.iter()) > MOST:
        raise XmlRefused("too-large", f"Expected at most {MOST:,} elements.")
    return root


def _utf8(raw: bytes) -> bytes:
    """Chinese double-byte encodings, which the parser does not know, as UTF-8 without their declaration."""
    declared = _DECLARED.match(raw)
    if declared is None:
        return raw
    return raw[declared.end() :].decode("gb18030").encode()
