"""What a text is searched by. A pure core, the same for SQLite and PostgreSQL, so that both find the same cases.

Chinese has no spaces between words and most of its words have two characters. So a text is cut into all its pairs of
neighbouring characters, and into triples where both of the first two are ASCII, because pairs of Latin letters or digits
are in nearly every text. An index of these pieces says which texts can hold a term; the term itself says which do.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

MOST_TERMS = 8
MOST_PIECES = 16
"""Pieces of a question that the index is asked for; the text itself is asked for the whole of it."""


class Unsearchable(ValueError):
    """Nothing in the question can be looked up. The text is a sentence that says what is needed."""


@dataclass(frozen=True)
class Question:
    """What somebody searches for: every term must be in the text. `pieces` narrow it down by the index."""

    terms: tuple[str, ...]
    pieces: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Whether the index alone decides: each term is one piece."""
        return len(self.terms) == len(self.pieces) and set(self.terms) == set(self.pieces)


def plain(text: str) -> str:
    """The form in which texts are compared: width, case and white space do not matter."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def grams(text: str) -> list[str]:
    """The pieces of a plain text, each once, in order of the alphabet."""
    return sorted({piece for run in _runs(text) for piece in _pieces(run)})


def question(words: str) -> Question:
    """What is asked for by these words; terms are parted by spaces.

    Raises:
        Unsearchable: no term is long enough to be looked up.
    """
    terms = tuple(dict.fromkeys(plain(words).split()))[:MOST_TERMS]
    found = dict.fromkeys(piece for term in terms for run in _runs(term) for piece in _pieces(run))
    if not found:
        raise Unsearchable("Expected at least two Chinese characters, or three letters or digits, in a row.")
    return Question(terms, tuple(found)[:MOST_PIECES])


def matches(asked: Question, body: str) -> bool:
    """Whether a plain text holds every term: what both databases must agree with."""
    return all(term in body for term in asked.terms)


def _runs(text: str) -> Iterator[str]:
    """The stretches of letters, characters and digits between everything else."""
    for wanted, run in groupby(text, str.isalnum):
        if wanted:
            yield "".join(run)


def _pieces(run: str) -> Iterator[str]:
    """At each place a pair, or a triple after two ASCII characters; none where the run ends too early."""
    for at in range(len(run) - 1):
        length = 3 if run[at].isascii() and run[at + 1].isascii() else 2
        if at + length <= len(run):
            yield run[at : at + length]
