"""One answer in the two written forms of GeoReport v2, XML and JSON. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

MEDIA_TYPES = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}
_ONE = {
    "services": "service",
    "service_requests": "request",
    "errors": "error",
    "attributes": "attribute",
    "values": "value",
    "endpoints": "endpoint",
    "formats": "format",
}
"""What an entry of a list is called in XML."""
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def written(name: str, value: Any, form: str) -> bytes:
    """A list or an object under its XML name. JSON has no name around it: a list is a bare array (as the standard has it).

    Args:
        form: `xml` or `json`.
    """
    if form == "json":
        return json.dumps(value, ensure_ascii=False).encode()
    root = Element(name)
    _fill(root, value)
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _fill(element: Element, value: Any) -> None:
    if isinstance(value, Mapping):
        for key, one in value.items():
            _fill(SubElement(element, key), one)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for one in value:
            _fill(SubElement(element, _ONE[element.tag]), one)
    elif value is not None:
        element.text = _NOT_XML.sub("", str(value).lower() if isinstance(value, bool) else str(value))
