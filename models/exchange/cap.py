"""The Common Alerting Protocol 1.2 (OASIS, `urn:oasis:names:tc:emergency:cap:1.2`): warnings built and read. Pure.

What is read is refused unless it has the standard's shape, and where a rule of its text is broken that the schema cannot
say: identifiers without spaces and commas, closed polygons on the globe that do not cross themselves, a restriction where
the scope is restricted. What is built is checked the same way, so that nothing leaves that we would refuse ourselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import shapely

from config.plans import CAP_CATEGORIES
from models.exchange.xml import XmlRefused, read

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPE: Final = "application/cap+xml"
_SIGNATURE: Final = "{http://www.w3.org/2000/09/xmldsig#}"

STATUSES = ("Actual", "Exercise", "System", "Test", "Draft")
KINDS = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPES = ("Public", "Restricted", "Private")
CATEGORIES = CAP_CATEGORIES
RESPONSES = ("Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None")
URGENCIES = ("Immediate", "Expected", "Future", "Past", "Unknown")
SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
CERTAINTIES = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")

Colour = Literal["red", "orange", "yellow", "blue"]
"""The statutory warning colours. They are not the colours of a clock, which mean how late something is."""
COLOURS: Final[dict[int, Colour]] = {1: "red", 2: "orange", 3: "yellow", 4: "blue"}
"""特别重大、重大、较大、一般 (Emergency Response Law of the PRC, art. 63 of 2024)."""
COLOURED: Final = frozenset(CATEGORIES) - {"Security", "Other"}
"""The law gives colours to natural disasters, accidents and public-health events; to public-security events it does not."""
_SEVERITY: Final = dict(zip((1, 2, 3, 4), SEVERITIES, strict=False))

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d", re.ASCII)
_NAME = re.compile(r"[^\s,<&]+")
_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")
_WHOLE = re.compile(r"[-+]?\d{1,18}", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_DECIMAL = re.compile(r"[-+]?(\d{1,18}(\.\d{0,18})?|\.\d{1,18})", re.ASCII)
_LOCATION = re.compile(r"\{http://www\.w3\.org/2001/XMLSchema-instance\}(noNamespaceS|s)chemaLocation")
"""The one attribute that may stand on any element; where it points to is never fetched."""
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST_TEXT = 50_000

Pair = tuple[str, str]
"""A named value, such as an event code: the name of its list and the value."""
Point = tuple[float, float]
"""Latitude and longitude in degrees, WGS-84, in the order of the standard."""


class CapRefused(XmlRefused):
    """A message is not taken; `code` is one of `wrong-namespace`, `not-valid`, `polygon`, `unknown-reference`, …"""


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier message, as `references` names it."""

    sender: str
    identifier: str
    sent: datetime

    def __str__(self) -> str:
        return f"{self.sender},{self.identifier},{written(self.sent)}"


@dataclass(frozen=True, slots=True)
class Circle:
    """A centre and a radius in kilometres."""

    centre: Point
    radius: float


@dataclass(frozen=True, slots=True)
class Resource:
    """Something beside the text: a picture, a file."""

    description: str
    media_type: str
    size: int | None = None
    uri: str | None = None
    deref_uri: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """Where. Polygons are closed: their first point is their last, too. `altitude` and `ceiling` in feet."""

    description: str
    polygons: tuple[tuple[Point, ...], ...] = ()
    circles: tuple[Circle, ...] = ()
    geocodes: tuple[Pair, ...] = ()
    altitude: Decimal | None = None
    ceiling: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Info:
    """What is said, in one language."""

    categories: tuple[str, ...]
    event: str
    urgency: str
    severity: str
    certainty: str
    language: str | None = None
    responses: tuple[str, ...] = ()
    audience: str | None = None
    event_codes: tuple[Pair, ...] = ()
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    sender_name: str | None = None
    headline: str | None = None
    description: str | None = None
    instruction: str | None = None
    web: str | None = None
    contact: str | None = None
    parameters: tuple[Pair, ...] = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[Area, ...] = ()

    @property
    def colour(self) -> Colour | None:
        """The statutory colour of its severity; none where the law knows none."""
        if not COLOURED.intersection(self.categories) or self.severity not in SEVERITIES[:4]:
            return None
        return COLOURS[SEVERITIES.index(self.severity) + 1]


@dataclass(frozen=True, slots=True)
class Alert:
    """A message. Instants are aware; their zone is what is written."""

    identifier: str
    sender: str
    sent: datetime
    status: str
    kind: str
    scope: str
    source: str | None = None
    restriction: str | None = None
    addresses: str | None = None
    codes: tuple[str, ...] = ()
    note: str | None = None
    references: tuple[Reference, ...] = ()
    incidents: str | None = None
    infos: tuple[Info, ...] = field(default=())

    @property
    def reference(self) -> Reference:
        """How later messages name this one."""
        return Reference(self.sender, self.identifier, self.sent)

    def expires(self) -> datetime | None:
        """When the last of its texts has expired; None where one never does, or it has none."""
        ends = [info.expires for info in self.infos]
        return max((end for end in ends if end), default=None) if all(ends) else None

    def info(self, language: str = "zh-CN") -> Info | None:
        """The text for a reader of this language: the very one, else of its tongue, else the first."""
        wanted = language.lower()

        def distance(one: Info) -> int:
            own = (one.language or "en-US").lower()
            return 0 if own == wanted else 1 if own.split("-")[0] == wanted.split("-")[0] else 2

        return min(self.infos, key=distance, default=None)


def severity_of(level: int) -> str:
    """The severity for a level of 1 (特别重大) to 4 (一般).

    Raises:
        KeyError: there is no such level.
    """
    return _SEVERITY[level]


def written(moment: datetime) -> str:
    """An instant as the standard wants it: whole seconds, a numeric offset, and −00:00 for UTC (3.3.2)."""
    text = moment.replace(microsecond=0).isoformat()
    return f"{text[:-6]}-00:00" if text.endswith("+00:00") else text


# --- reading ---------------------------------------------------------------------------------------------------------


def parse(raw: bytes) -> Alert:
    """Read a message.

    Raises:
        XmlRefused, CapRefused: with a code for the list of refused messages, and a sentence.
    """
    return of_element(read(raw))


def of_element(root: Element) -> Alert:
    """Read a message that is an element of a document already read, such as the content of a feed's entry.

    Raises:
        CapRefused: as `parse`.
    """
    space, _, name = root.tag.rpartition("}")
    if space != f"{{{NAMESPACE}" or name != "alert":
        raise CapRefused("wrong-namespace", f"Expected an alert of {NAMESPACE}, got {root.tag[:120]}.")
    parts = _Parts(root)
    alert = Alert(
        identifier=parts.name("identifier"),
        sender=parts.name("sender"),
        sent=parts.time("sent"),
        status=parts.choice("status", STATUSES),
        kind=parts.choice("msgType", KINDS),
        source=parts.maybe("source"),
        scope=parts.choice("scope", SCOPES),
        restriction=parts.maybe("restriction"),
        addresses=parts.maybe("addresses"),
        codes=tuple(parts.texts("code")),
        note=parts.maybe("note"),
        references=_references(parts.maybe("references")),
        incidents=parts.maybe("incidents"),
        infos=tuple(_info(_Parts(one)) for one in parts.elements("info")),
    )
    parts.end(behind=_SIGNATURE)
    _obeys(alert)
    return alert


def _info(parts: _Parts) -> Info:
    language = parts.maybe("language")
    if language is not None and not _LANGUAGE.fullmatch(language):
        raise _invalid("language", "a language such as zh-CN", language)
    info = Info(
        language=language,
        categories=tuple(parts.choices("category", CATEGORIES)),
        event=parts.text("event"),
        responses=tuple(parts.choices("responseType", RESPONSES)),
        urgency=parts.choice("urgency", URGENCIES),
        severity=parts.choice("severity", SEVERITIES),
        certainty=parts.choice("certainty", CERTAINTIES),
        audience=parts.maybe("audience"),
        event_codes=parts.pairs("eventCode"),
        effective=parts.maybe_time("effective"),
        onset=parts.maybe_time("onset"),
        expires=parts.maybe_time("expires"),
        sender_name=parts.maybe("senderName"),
        headline=parts.maybe("headline"),
        description=parts.maybe("description"),
        instruction=parts.maybe("instruction"),
        web=parts.maybe_uri("web"),
        contact=parts.maybe("contact"),
        parameters=parts.pairs("parameter"),
        resources=tuple(_resource(_Parts(one)) for one in parts.elements("resource")),
        areas=tuple(_area(_Parts(one)) for one in parts.elements("area")),
    )
    parts.end()
    if not info.categories:
        raise _invalid("category", "at least one", "none")
    return info


def _resource(parts: _Parts) -> Resource:
    description, media_type = parts.text("resourceDesc"), parts.text("mimeType")
    size = parts.at_most_one("size")
    if size is not None and not _WHOLE.fullmatch(size):
        raise _invalid("size", "a whole number of bytes", size)
    whole = None if size is None else int(size)
    found = Resource(
        description, media_type, whole, parts.maybe_uri("uri"), parts.maybe("derefUri"), parts.maybe("digest")
    )
    parts.end()
    return found


def _area(parts: _Parts) -> Area:
    area = Area(
        description=parts.text("areaDesc"),
        polygons=tuple(_polygon(text) for text in parts.texts("polygon") if text),
        circles=tuple(_circle(text) for text in parts.texts("circle") if text),
        geocodes=parts.pairs("geocode"),
        altitude=_decimal("altitude", parts.at_most_one("altitude")),
        ceiling=_decimal("ceiling", parts.at_most_one("ceiling")),
    )
    parts.end()
    return area


def _decimal(name: str, text: str | None) -> Decimal | None:
    if text is None:
        return None
    if not _DECIMAL.fullmatch(text):
        raise _invalid(name, "a decimal number", text)
    return Decimal(text)


def _references(text: str | None) -> tuple[Reference, ...]:
    found = []
    for triple in (text or "").split():
        sender, _, rest = triple.partition(",")
        identifier, _, sent = rest.partition(",")
        if not sender or not identifier or not _TIME.fullmatch(sent):
            raise _invalid("references", "sender,identifier,sent", triple)
        found.append(Reference(sender, identifier, _instant("references", sent)))
    return tuple(found)


def _instant(name: str, text: str) -> datetime:
    try:
        if _TIME.fullmatch(text):
            moment = datetime.fromisoformat(text)
            if 1970 <= moment.astimezone(UTC).year <= 9998:
                return moment
    except (ValueError, OverflowError):
        pass
    raise _invalid(name, "an instant such as 2026-05-01T08:00:00+08:00", text)


def _invalid(name: str, expected: str, got: str) -> CapRefused:
    return CapRefused("not-valid", f"{name}: expected {expected}, got {got[:60]!r}.")


class _Parts:
    """An element's children, taken one after another in the order that the schema fixes."""

    def __init__(self, element: Element) -> None:
        self._name = element.tag.rpartition("}")[2]
        self._left = list(element)
        self._at = 0
        _bare(element)
        if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
            raise CapRefused("not-valid", f"{self._name}: text stands between its elements.")

    def elements(self, name: str) -> Iterator[Element]:
        """All that come next and have this name."""
        wanted = f"{{{NAMESPACE}}}{name}"
        while self._at < len(self._left) and self._left[self._at].tag == wanted:
            self._at += 1
            yield self._left[self._at - 1]

    def texts(self, name: str) -> list[str]:
        """Their texts."""
        return [_text(one) for one in self.elements(name)]

    def at_most_one(self, name: str) -> str | None:
        """The text of one that need not be there.

        Raises:
            CapRefused: there are several.
        """
        found = self.texts(name)
        if len(found) > 1:
            raise CapRefused("not-valid", f"{self._name}: expected one {name}, got {len(found)}.")
        return found[0] if found else None

    def maybe(self, name: str) -> str | None:
        """The text of one that need not be there; an empty one counts as none."""
        return self.at_most_one(name) or None

    def text(self, name: str) -> str:
        """The text of one that must be there.

        Raises:
            CapRefused: it is not, or says nothing.
        """
        found = self.maybe(name)
        if found is None:
            came = self._left[self._at].tag.rpartition("}")[2] if self._at < len(self._left) else "the end"
            raise CapRefused("not-valid", f"{self._name}: expected {name}, got {came[:60]}.")
        return found

    def name(self, name: str) -> str:
        """A text without spaces, commas and `<&` (3.2.1)."""
        found = self.text(name)
        if not _NAME.fullmatch(found) or len(found) > 200:
            raise _invalid(name, "up to 200 signs without spaces, commas, < and &", found)
        return found

    def time(self, name: str) -> datetime:
        """An instant that must be there."""
        return _instant(name, self.text(name))

    def maybe_uri(self, name: str) -> str | None:
        """An address that need not be there: whatever comes before its first colon must be a scheme (RFC 3986 §4.2)."""
        found = self.maybe(name)
        first = re.split("[/?#]", found or "", maxsplit=1)[0]
        if ":" in first and not _SCHEME.match(first):
            raise _invalid(name, "a URI", str(found))
        return found

    def maybe_time(self, name: str) -> datetime | None:
        """An instant that need not be there."""
        found = self.at_most_one(name)
        return None if found is None else _instant(name, found)

    def choice(self, name: str, of: Sequence[str]) -> str:
        """One of the standard's words."""
        found = self.choices(name, of)
        if len(found) != 1:
            raise CapRefused("not-valid", f"{self._name}: expected one {name}, got {len(found)}.")
        return found[0]

    def choices(self, name: str, of: Sequence[str]) -> list[str]:
        """Any number of them; the schema wants them without spaces around."""
        return [_one_of(name, _text(one, strip=False), of) for one in self.elements(name)]

    def pairs(self, name: str) -> tuple[Pair, ...]:
        """Named values; a value may be empty."""
        return tuple(self._pair(one) for one in self.elements(name))

    def _pair(self, element: Element) -> Pair:
        parts = _Parts(element)
        found = [parts.texts("valueName"), parts.texts("value")]
        parts.end()
        if any(len(texts) != 1 for texts in found):
            raise CapRefused("not-valid", f"{self._name}: a named value has one valueName and one value.")
        return found[0][0], found[1][0]

    def end(self, behind: str = "~") -> None:
        """Nothing but elements of the namespace `behind` may be left.

        Raises:
            CapRefused: naming what is left.
        """
        for one in self._left[self._at :]:
            if not one.tag.startswith(behind):
                raise CapRefused("not-valid", f"{self._name}: {one.tag.rpartition('}')[2][:60]} does not belong here.")


def _bare(element: Element) -> None:
    if not all(_LOCATION.fullmatch(key) for key in element.attrib):
        raise CapRefused("not-valid", f"{element.tag.rpartition('}')[2][:60]}: the standard knows no attributes.")


def _text(element: Element, *, strip: bool = True) -> str:
    _bare(element)
    if len(element):
        raise CapRefused("not-valid", f"{element.tag.rpartition('}')[2][:60]}: expected a text only.")
    text = (element.text or "").strip() if strip else element.text or ""
    if len(text) > _LONGEST_TEXT:
        raise CapRefused("too-large", f"{element.tag.rpartition('}')[2]}: expected at most {_LONGEST_TEXT:,} signs.")
    return text


def _one_of(name: str, text: str, of: Sequence[str]) -> str:
    if text not in of:
        raise _invalid(name, f"one of {', '.join(of)}", text)
    return text


# --- places ----------------------------------------------------------------------------------------------------------


def _point(text: str, of: str) -> Point:
    first, _, second = text.partition(",")
    if not _DECIMAL.fullmatch(first) or not _DECIMAL.fullmatch(second):
        raise CapRefused("polygon", f"{of}: expected latitude,longitude, got {text[:40]!r}.")
    point = float(first), float(second)
    _on_globe(point, of)
    return point


def _on_globe(point: Point, of: str) -> None:
    if not (-90 <= point[0] <= 90 and -180 <= point[1] <= 180):
        raise CapRefused("polygon", f"{of}: {point[0]:g},{point[1]:g} is no place on the globe.")


def _polygon(text: str) -> tuple[Point, ...]:
    return tuple(_point(pair, "polygon") for pair in text.split())


def _circle(text: str) -> Circle:
    centre, _, radius = text.partition(" ")
    if not _DECIMAL.fullmatch(radius.strip()):
        raise CapRefused("polygon", f"circle: expected latitude,longitude radius, got {text[:40]!r}.")
    return Circle(_point(centre, "circle"), float(radius.strip()))


def _closed(points: Sequence[Point]) -> None:
    """Four or more points, the first the last again, no crossing of its own line (3.2.4)."""
    if len(points) < 4 or points[0] != points[-1]:
        raise CapRefused("polygon", "polygon: expected four points or more, the last of them the first again.")
    for point in points:
        _on_globe(point, "polygon")
    shape = shapely.Polygon([(longitude, latitude) for latitude, longitude in points])
    if shape.area == 0 or not shape.is_valid:
        raise CapRefused("polygon", "polygon: its line crosses itself, or it covers nothing.")


# --- what the schema cannot say --------------------------------------------------------------------------------------


def _obeys(alert: Alert) -> None:
    if alert.scope == "Restricted" and not alert.restriction:
        raise CapRefused("not-valid", "restriction: a restricted message says for whom.")
    if alert.scope == "Private" and not alert.addresses:
        raise CapRefused("not-valid", "addresses: a private message names its addressees.")
    if alert.kind in ("Cancel", "Ack", "Error") and not alert.references:
        raise CapRefused("not-valid", f"references: {alert.kind} says of which message.")
    for info in alert.infos:
        for area in info.areas:
            for polygon in area.polygons:
                _closed(polygon)
            for circle in area.circles:
                _on_globe(circle.centre, "circle")
                if not 0 <= circle.radius <= 20_038:
                    raise CapRefused("polygon", "circle: expected a radius of kilometres on the globe.")


# --- building --------------------------------------------------------------------------------------------------------


def build(alert: Alert) -> bytes:
    """The message as XML, valid against the standard's schema.

    Raises:
        CapRefused: what is to be said breaks a rule of the standard; nothing of it leaves.
    """
    root = element_of(alert)
    of_element(root)
    return to_bytes(root)


def to_bytes(root: Element) -> bytes:
    """A document, indented for a person, with the standard's namespace as its default."""
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True, default_namespace=NAMESPACE)
    return text


def element_of(alert: Alert) -> Element:
    """The message as an element, unchecked, to be put into a feed."""
    root = Element(_tag("alert"))
    say = _Saying(root)
    say("identifier", alert.identifier)
    say("sender", alert.sender)
    say("sent", written(alert.sent))
    say("status", alert.status)
    say("msgType", alert.kind)
    say("source", alert.source)
    say("scope", alert.scope)
    say("restriction", alert.restriction)
    say("addresses", alert.addresses)
    say.each("code", alert.codes)
    say("note", alert.note)
    say("references", " ".join(map(str, alert.references)) or None)
    say("incidents", alert.incidents)
    for info in alert.infos:
        _say_info(_Saying(SubElement(root, _tag("info"))), info)
    return root


def _say_info(say: _Saying, info: Info) -> None:
    say("language", info.language)
    say.each("category", info.categories)
    say("event", info.event)
    say.each("responseType", info.responses)
    say("urgency", info.urgency)
    say("severity", info.severity)
    say("certainty", info.certainty)
    say("audience", info.audience)
    say.pairs("eventCode", info.event_codes)
    for name, moment in (("effective", info.effective), ("onset", info.onset), ("expires", info.expires)):
        say(name, written(moment) if moment else None)
    say("senderName", info.sender_name)
    say("headline", info.headline)
    say("description", info.description)
    say("instruction", info.instruction)
    say("web", info.web)
    say("contact", info.contact)
    say.pairs("parameter", info.parameters)
    for resource in info.resources:
        _say_resource(say.inside("resource"), resource)
    for area in info.areas:
        _say_area(say.inside("area"), area)


def _say_resource(say: _Saying, resource: Resource) -> None:
    say("resourceDesc", resource.description)
    say("mimeType", resource.media_type)
    say("size", None if resource.size is None else str(resource.size))
    say("uri", resource.uri)
    say("derefUri", resource.deref_uri)
    say("digest", resource.digest)


def _say_area(say: _Saying, area: Area) -> None:
    say("areaDesc", area.description)
    say.each("polygon", [" ".join(map(_said_point, polygon)) for polygon in area.polygons])
    say.each("circle", [f"{_said_point(circle.centre)} {_number(circle.radius)}" for circle in area.circles])
    say.pairs("geocode", area.geocodes)
    say("altitude", None if area.altitude is None else f"{area.altitude:f}")
    say("ceiling", None if area.ceiling is None else f"{area.ceiling:f}")


def _said_point(point: Point) -> str:
    return f"{_number(point[0])},{_number(point[1])}"


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


class _Saying:
    """Adds elements with texts to an element; signs that XML cannot hold are left out."""

    def __init__(self, element: Element) -> None:
        self._element = element
        self.inside: Callable[[str], _Saying] = lambda name: _Saying(SubElement(element, _tag(name)))

    def __call__(self, name: str, text: str | None) -> None:
        if text is not None:
            SubElement(self._element, _tag(name)).text = _NOT_XML.sub("", text)

    def each(self, name: str, texts: Sequence[str]) -> None:
        for text in texts:
            self(name, text)

    def pairs(self, name: str, pairs: Sequence[Pair]) -> None:
        for value_name, value in pairs:
            inside = self.inside(name)
            inside("valueName", value_name)
            inside("value", value)
