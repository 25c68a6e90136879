"""Numbers and addresses of persons never reach a wall, a log or an export."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.masking import TITLE_LENGTH, masked, title


@pytest.mark.parametrize(
    "secret",
    [
        "13812345678",
        "138 1234 5678",
        "+86 138-1234-5678",
        "0917-7213456",
        "11010519491231002X",
        "6222 0210 0111 2345 678",
        "jane.doe@boston.gov",
        "617-635-4500",
        "(617) 635-4500",
    ],
)
def test_a_persons_number_is_masked_wherever_it_stands(secret: str) -> None:
    for text in (secret, f"请联系{secret}，谢谢", f"call {secret}."):
        assert secret not in masked(text)
        assert "***" in masked(text)


@pytest.mark.parametrize(
    "plain", ["人民路 128 号井盖丢失", "3 日内 15 件", "K12+300 处", "2026-11-22 08:30", "YZ-20261122-0001"]
)
def test_ordinary_numbers_stay(plain: str) -> None:
    assert masked(plain) == plain


@given(st.text(max_size=300))
def test_a_title_is_one_short_line(text: str) -> None:
    assert len(title(text)) <= TITLE_LENGTH
    assert "\n" not in title(text)
