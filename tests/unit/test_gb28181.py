"""The 20-digit id is explained part by part, and a wrong one says in words what was expected."""

from __future__ import annotations

import pytest

from config.gb28181 import explained, fault, parts


def test_an_id_is_taken_apart_without_losing_a_zero() -> None:
    found = parts("99010000081320000002")
    assert found is not None
    assert (found.centre, found.industry, found.type, found.network, found.serial) == (
        "99010000", "08", "132", "0", "000002",
    )  # fmt: skip


def test_the_parts_are_said_in_both_languages() -> None:
    assert explained("99010000081320000002", "zh-CN")[1:3] == (("08", "城市管理接入"), ("132", "网络摄像机"))
    assert explained("99010000081320000002", "en")[1:3] == (("08", "city management"), ("132", "network camera"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("9901", "20 digits"),
        ("9901000008132000000x", "20 digits"),
        ("９９010000081320000002", "20 digits"),
        ("99010000081180000002", "118, which is a recorder"),
        ("99010000082000000002", "200, which is a platform"),
        ("99010000082160000002", "a virtual organisation"),
        ("99010000089990000002", "came 999"),
        ("33010000081320000002", "begins 9901"),
    ],
)
def test_a_wrong_id_is_explained(text: str, words: str) -> None:
    assert words in (fault(text, "9901") or "")


def test_a_code_that_no_list_knows_is_no_fault() -> None:
    assert fault("99010000771320000002", "9901") is None
    assert explained("99010000771320000002", "en")[1] == ("77", "")
