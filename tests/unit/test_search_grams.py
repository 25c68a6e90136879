"""What a text is cut into: whoever holds a term holds its pieces, whatever stands around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.search.grams import Unsearchable, grams, matches, plain, question

LETTERS = st.text(alphabet="东门农贸市场垃圾3号楼abcXYZ12 ，-é", min_size=1, max_size=40)


def test_a_chinese_text_is_cut_into_pairs_and_a_latin_one_into_triples() -> None:
    assert grams(plain("垃圾成堆")) == sorted(["垃圾", "圾成", "成堆"])
    assert grams(plain("Litter")) == sorted(["lit", "itt", "tte", "ter"])
    assert grams(plain("3号楼")) == sorted(["3号", "号楼"])


def test_width_case_and_spaces_do_not_matter() -> None:
    assert plain("ＡＢＣ　１２３\n路灯") == "abc 123 路灯"


@pytest.mark.parametrize("words", ["火", "a 1", "，。", "   ", "12"])
def test_what_cannot_be_looked_up_is_said_in_a_sentence(words: str) -> None:
    with pytest.raises(Unsearchable, match="at least two Chinese characters"):
        question(words)


def test_a_single_character_beside_a_longer_term_still_counts() -> None:
    asked = question("路灯 火")
    assert asked.pieces == ("路灯",) and asked.terms == ("路灯", "火")
    assert not matches(asked, "路灯不亮") and matches(asked, "路灯起火")


@given(LETTERS, LETTERS, LETTERS)
def test_a_text_that_holds_a_term_has_all_its_pieces(before: str, term: str, after: str) -> None:
    body = plain(before + term + after)
    for part in plain(term).split():
        if part in body:
            try:
                asked = question(part)
            except Unsearchable:
                continue
            assert set(asked.pieces) <= set(grams(body))
