"""CAP 1.2: what we build is valid by the standard's schema, and what the schema refuses, we refuse."""

from __future__ import annotations

import time
from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from models.exchange import cap
from models.exchange.cap import Alert, Area, CapRefused, Circle, Info, Reference, Resource, build, parse
from models.exchange.xml import LARGEST, XmlRefused
from tests.conftest import missing

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "data" / "cap"
CHINA = timezone(timedelta(hours=8))
SENT = datetime(2026, 7, 3, 14, 5, 6, tzinfo=CHINA)
SQUARE = ((34.1, 107.2), (34.1, 107.3), (34.2, 107.3), (34.2, 107.2), (34.1, 107.2))


@cache
def schema() -> Any:
    """The standard's own schema."""
    if not SAMPLES.exists():
        missing("The folder of warnings (shared/data/cap)")
    return etree.XMLSchema(etree.parse(SAMPLES / "cap12.xsd"))


def valid(raw: bytes) -> bool:
    """Whether the schema takes it."""
    return bool(schema().validate(etree.fromstring(raw)))


def sample(name: str) -> bytes:
    """A real message."""
    if not SAMPLES.exists():
        missing("The folder of warnings (shared/data/cap)")
    return (SAMPLES / f"{name}.cap").read_bytes()


def flood(**changes: Any) -> Alert:
    """A warning with everything in it."""
    info = Info(
        language="zh-CN",
        categories=("Met", "Safety"),
        event="暴雨",
        responses=("Evacuate", "Avoid"),
        urgency="Immediate",
        severity="Severe",
        certainty="Observed",
        audience="河道两岸",
        event_codes=(("GB/T 35965", "11B03"),),
        effective=SENT,
        onset=SENT + timedelta(minutes=5),
        expires=SENT + timedelta(hours=6),
        sender_name="云泽县应急指挥中心",
        headline="河水上涨 <请转移> & 远离",
        description="水位 2.3 米\n仍在上涨。",
        instruction="沿高处转移。",
        web="https://example.org/warnings/7",
        contact="值班室",
        parameters=(("level", "2"), ("empty", "")),
        resources=(Resource("水位图", "image/jpeg", 12_345, "https://example.org/a.jpg", None, "0" * 40),),
        areas=(
            Area(
                "东河村",
                polygons=(SQUARE,),
                circles=(Circle((34.15, 107.25), 2.5),),
                geocodes=(("GB/T 2260", "610305"),),
                altitude=Decimal("1200.5"),
            ),
        ),
    )
    whole: dict[str, Any] = {
        "identifier": "gc-20260703-1",
        "sender": "command@yunze.example",
        "sent": SENT,
        "status": "Actual",
        "kind": "Update",
        "scope": "Restricted",
        "source": "指挥中心",
        "restriction": "responders",
        "codes": ("gc:1",),
        "note": "x",
        "references": (Reference("command@yunze.example", "gc-20260703-0", SENT - timedelta(hours=1)),),
        "incidents": "gc-7",
        "infos": (info,),
    }
    return Alert(**whole | changes)


def altered(change: Any) -> bytes:
    """A valid message with something done to it."""
    root = fromstring(build(flood()))
    change(root)
    return tostring(root)


def child(root: Element, *path: str) -> Element:
    """An element of a message."""
    for name in path:
        found = root.find(f"{{{cap.NAMESPACE}}}{name}")
        assert found is not None
        root = found
    return root


def refused(raw: bytes) -> tuple[str, str]:
    """The code and the sentence of a refusal."""
    with pytest.raises(XmlRefused) as caught:
        parse(raw)
    return caught.value.code, str(caught.value)


def test_what_is_built_is_valid_by_the_standards_schema_and_reads_back_as_it_was() -> None:
    raw = build(flood())
    assert valid(raw)
    assert parse(raw) == flood()
    assert b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">' in raw


def test_a_message_with_only_what_must_be_there_is_valid() -> None:
    bare = Alert("a", "b", SENT, "Exercise", "Alert", "Public")
    assert valid(build(bare))
    assert parse(build(bare)) == bare


def test_utc_is_written_with_a_minus_as_the_standard_wants() -> None:
    assert cap.written(datetime(2026, 7, 3, 6, 5, 6, 999, tzinfo=UTC)) == "2026-07-03T06:05:06-00:00"
    assert cap.written(SENT) == "2026-07-03T14:05:06+08:00"


@pytest.mark.parametrize("name", ["canada", "australia"])
def test_real_messages_are_read_and_written_again(name: str) -> None:
    alert = parse(sample(name))
    assert valid(sample(name))
    assert valid(build(alert))
    assert parse(build(alert)) == alert


def test_a_real_update_names_what_it_updates() -> None:
    alert = parse(sample("canada"))
    assert [one.identifier for one in alert.references] == [
        "2.49.0.1.124.a3f342a4.2012",
        "2.49.0.1.124.60f31a3a.2012",
    ]
    french = alert.info("fr-FR")
    assert french is not None and french.event == "orages"
    assert len(alert.infos[0].areas[0].polygons[0]) == 17


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("weather", "wrong-namespace", "cap:1.1"),
        ("earthquake", "wrong-namespace", "cap:1.1"),
        ("no_optional_fields", "wrong-namespace", "cap:1.1"),
        ("invalid", "not-valid", "scope"),
        ("xee", "forbidden-xml", "document type"),
    ],
)
def test_samples_that_are_no_cap_1_2_are_refused_by_name(name: str, code: str, says: str) -> None:
    found, sentence = refused(sample(name))
    assert found == code
    assert says in sentence


def test_an_entity_bomb_is_refused_at_once() -> None:
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "lol">{lines}]><alert>&l9;</alert>'.encode()
    began = time.process_time()
    assert refused(bomb)[0] == "forbidden-xml"
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not xml",
        b"<alert",
        b"\x00\x01\x02",
        "﻿".encode("utf-16"),
        b"<?xml version='1.0' encoding='nonsense'?><a/>",
        b"<?xml version='1.0' encoding='gbk'?><a>\xff\xff</a>",
        b"<a>&undefined;</a>",
        b"<a xmlns:b='b'><c:d/></a>",
    ],
)
def test_what_is_no_xml_is_refused(raw: bytes) -> None:
    assert refused(raw)[0] == "not-xml"


def test_huge_messages_are_refused_before_they_are_read() -> None:
    assert refused(b" " * (LARGEST + 1))[0] == "too-large"
    assert refused(b"<a>" + b"<b/>" * 60_000 + b"</a>")[0] == "too-large"
    assert refused(altered(lambda root: setattr(child(root, "note"), "text", "x" * 60_000)))[0] == "too-large"


def test_a_message_nested_thousands_deep_is_refused_and_breaks_nothing() -> None:
    assert refused(b"<a>" * 40_000 + b"</a>" * 40_000)[0] == "wrong-namespace"


def test_chinese_double_byte_encodings_are_read() -> None:
    text = build(flood()).decode().replace("encoding='utf-8'", 'encoding="GB2312"')
    assert parse(text.encode("gb18030")) == flood()


@pytest.mark.parametrize(
    "polygon",
    [
        "34,107 34,108 35,108",  # not closed
        "34,107 34,108 34,107",  # three points
        "34,107 35,108 34,108 35,107 34,107",  # crosses itself
        "34,107 34,108 34,109 34,107",  # covers nothing
        "134,107 34,108 35,108 134,107",  # no place on the globe
        "34,107 34,108 35,x 34,107",
        "34;107 34;108 35;108 34;107",
        "nan,107 34,108 35,108 nan,107",
    ],
)
def test_invalid_polygons_are_refused(polygon: str) -> None:
    code, sentence = refused(altered(lambda root: setattr(child(root, "info", "area", "polygon"), "text", polygon)))
    assert code == "polygon"
    assert sentence.startswith("polygon: ")


@pytest.mark.parametrize("circle", ["34,107", "34,107 -1", "34,107 99999", "95,107 1", "x"])
def test_invalid_circles_are_refused(circle: str) -> None:
    assert refused(altered(lambda root: setattr(child(root, "info", "area", "circle"), "text", circle)))[0] == "polygon"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"identifier": "a b"}, "identifier"),
        ({"identifier": ""}, "identifier"),
        ({"sender": "a,b"}, "sender"),
        ({"sent": datetime(9999, 12, 31, 23, 59, tzinfo=UTC)}, "sent"),
        ({"status": "Real"}, "status"),
        ({"kind": "Cancel", "references": ()}, "references"),
        ({"restriction": None}, "restriction"),
        ({"scope": "Private"}, "addresses"),
        ({"infos": (Info((), "x", "Past", "Minor", "Likely"),)}, "category"),
        ({"infos": (Info(("Met",), "", "Past", "Minor", "Likely"),)}, "event"),
        ({"infos": (Info(("Met",), "x", "Past", "Minor", "Likely", areas=(Area("x", (SQUARE[:4],)),)),)}, "polygon"),
    ],
)
def test_nothing_is_built_that_breaks_a_rule(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(CapRefused, match=word):
        build(flood(**changes))


def test_signs_that_xml_cannot_hold_are_left_out() -> None:
    assert parse(build(flood(note="a\x00b\x0bc\ud800d"))).note == "abcd"


def test_a_signature_behind_the_texts_is_let_through() -> None:
    raw = altered(lambda root: SubElement(root, "{http://www.w3.org/2000/09/xmldsig#}Signature"))
    assert parse(raw) == flood()


def test_the_statutory_colour_follows_severity_and_only_where_the_law_knows_one() -> None:
    def colour(severity: str, category: str) -> str | None:
        return Info((category,), "x", "Past", severity, "Likely").colour

    assert [colour(word, "Met") for word in cap.SEVERITIES] == ["red", "orange", "yellow", "blue", None]
    assert colour("Extreme", "Security") is None
    assert [cap.severity_of(level) for level in (1, 2, 3, 4)] == ["Extreme", "Severe", "Moderate", "Minor"]


def test_a_message_expires_with_its_last_text() -> None:
    late = flood().infos[0]
    assert flood().expires() == late.expires
    assert flood(infos=()).expires() is None
    assert flood(infos=(late, Info(("Met",), "x", "Past", "Minor", "Likely"))).expires() is None


# --- whatever the schema refuses, we refuse --------------------------------------------------------------------------

_WORDS = st.sampled_from(
    ("", " ", "x", "Alert", "1", "-1.5", "٣", "zh-CN", "34,107 1", "2026-01-01T00:00:00+08:00", "2026-01-01T00:00:00Z")
)
_PADS = st.sampled_from((" {}", "{} ", "{}0", "{}:00", "+{}", "{}Z", "{}+25:00"))
_TAGS = st.sampled_from(
    ["identifier", "info", "area", "value", "size", "altitude", "note", "expires", "{x}y", "language"]
)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_whatever_the_standards_schema_refuses_is_refused(data: st.DataObject) -> None:
    root = deepcopy(_ROOT)
    for _ in range(data.draw(st.integers(1, 3))):
        parent = data.draw(st.sampled_from([one for one in root.iter() if len(one)] or [root]))
        at = data.draw(st.integers(0, max(0, len(parent) - 1)))
        deed = data.draw(st.sampled_from(["drop", "twice", "swap", "text", "new", "attribute", "tail", "inside"]))
        _do(data, deed, parent, at)
    raw = tostring(root)
    try:
        parse(raw)
    except XmlRefused:
        return
    assert valid(raw), raw.decode()


def _do(data: st.DataObject, deed: str, parent: Element, at: int) -> None:
    if deed == "new" or not len(parent):
        tag = data.draw(_TAGS)
        new = Element(tag if tag.startswith("{") else f"{{{cap.NAMESPACE}}}{tag}")
        new.text = data.draw(_WORDS)
        parent.insert(at, new)
    elif deed == "drop":
        parent.remove(parent[at])
    elif deed == "twice":
        parent.insert(at, deepcopy(parent[at]))
    elif deed == "swap":
        other = data.draw(st.integers(0, len(parent) - 1))
        parent[at], parent[other] = parent[other], parent[at]
    elif deed == "text":
        parent[at].text = data.draw(st.one_of(_WORDS, _PADS.map(lambda pad: pad.format(parent[at].text))))
    elif deed == "attribute":
        names = ["a", "{http://www.w3.org/XML/1998/namespace}lang", "{http://www.w3.org/2001/XMLSchema-instance}nil"]
        parent[at].set(data.draw(st.sampled_from(names)), "true")
    elif deed == "tail":
        parent[at].tail = data.draw(_WORDS)
    else:
        SubElement(parent[at], f"{{{cap.NAMESPACE}}}note").text = "x"


_ROOT = fromstring(build(flood()))
