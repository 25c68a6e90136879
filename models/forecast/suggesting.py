"""Which category or department a text probably belongs to: multinomial naive Bayes over pieces of text. A pure core.

A text is cut as for the search (`models.search.grams`: pairs of Chinese characters, triples of Latin letters), so that
no dictionary of words is needed. What is known besides (its category, its town, its source) counts as pieces too. The
order of the answers is what is used; the size of their scores is not, because naive Bayes is always too sure of itself.
How often the right one comes first, or among the first three, is measured on cases that the model has not seen.

Why not scikit-learn: it would bring 40 MB and SciPy for these hundred lines. Source of the method: McCallum and Nigam 1998;
Rennie and others 2003 for counting a piece once per text.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.search.grams import grams, plain

SMOOTHING = 0.1
MOST_PIECES = 12_000
RARE = 2
"""A piece that fewer texts have is not kept: it teaches nothing, and might be a name."""
UNSEEN = 0.2
"""The share of the newest lessons that is kept apart to measure the model on."""
FEWEST = 50
"""Lessons below which nothing is measured: the figure would say nothing."""


@dataclass(frozen=True)
class Lesson:
    """A text whose label is known. `facts`: what else is known of it, such as `("town", "T01")`."""

    text: str
    label: str
    facts: tuple[tuple[str, str], ...] = ()
    weight: int = 1


@dataclass(frozen=True)
class Model:
    """What was learned. `scores` has a row for each label and a column for each piece, and one more for the prior."""

    labels: tuple[str, ...]
    pieces: Mapping[str, int]
    scores: NDArray[np.float32]

    def best(self, text: str, facts: Iterable[tuple[str, str]] = (), most: int = 3) -> list[str]:
        """The labels that fit best, best first; none where the text has no piece that was ever seen."""
        columns = [self.pieces[piece] for piece in _pieces(text, facts) if piece in self.pieces]
        if not columns or not self.labels:
            return []
        total = self.scores[:, columns].sum(1) + self.scores[:, -1]
        return [self.labels[at] for at in np.argsort(-total, kind="stable")[:most]]


@dataclass(frozen=True)
class Accuracy:
    """How often the right label came first, and among the first three, on `rows` lessons that were not learned from."""

    rows: int
    top1: float
    top3: float


def learn(lessons: Sequence[Lesson]) -> Model:
    """Learn from lessons; those with a weight count so many times."""
    labels = tuple(sorted({lesson.label for lesson in lessons}))
    cut = [sorted(set(_pieces(lesson.text, lesson.facts))) for lesson in lessons]
    often = Counter(
        piece for lesson, pieces in zip(lessons, cut, strict=True) for piece in pieces * min(lesson.weight, RARE)
    )
    kept = sorted(piece for piece, count in often.most_common(MOST_PIECES) if count >= RARE)
    places = {piece: at for at, piece in enumerate(kept)}
    rows = {label: at for at, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(kept)), dtype=np.float32)
    texts = np.zeros(len(labels), dtype=np.float32)
    for lesson, pieces in zip(lessons, cut, strict=True):
        row = rows[lesson.label]
        texts[row] += lesson.weight
        counts[row, [places[piece] for piece in pieces if piece in places]] += lesson.weight
    smooth = counts + np.float32(SMOOTHING)
    scores = np.log(smooth / smooth.sum(1, keepdims=True)) if labels else smooth
    prior = np.log((texts + 1) / (texts.sum() + max(len(labels), 1)))
    return Model(labels, places, np.hstack([scores, prior[:, None]]).astype(np.float32))


def measured(
    lessons: Sequence[Lesson], always: Sequence[Lesson] = (), parts: int = 4, most: int = 20_000
) -> Accuracy | None:
    """How well it would have done on the newest fifth, learning anew `parts` times as time goes on; None: too few rows.

    Each lesson is examined by a model that has learned only from what is older. That is how the product uses it: it
    learns again every few hours, so that a new department is known soon.

    Args:
        lessons: in order of time. always: what is known beforehand, such as the names of the categories.
        most: lessons that each model learns from at most, the newest.
    """
    cut = int(len(lessons) * (1 - UNSEEN))
    new = len(lessons) - cut
    if new < FEWEST:
        return None
    first = third = 0.0
    for part in range(parts):
        begin, end = cut + new * part // parts, cut + new * (part + 1) // parts
        found = examined(learn([*always, *lessons[max(0, begin - most) : begin]]), lessons[begin:end])
        first, third = first + found.top1 * found.rows, third + found.top3 * found.rows
    return Accuracy(new, first / new, third / new)


def examined(model: Model, lessons: Sequence[Lesson]) -> Accuracy:
    """How a model does on lessons that it has not seen."""
    first = third = 0
    for lesson in lessons:
        best = model.best(lesson.text, lesson.facts)
        first += best[:1] == [lesson.label]
        third += lesson.label in best
    return Accuracy(len(lessons), first / len(lessons), third / len(lessons))


def _pieces(text: str, facts: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The pieces of a text without any digit, and the facts."""
    yield from (piece for piece in grams(plain(text)) if not any(char.isdigit() for char in piece))
    yield from (f"{name}={value}" for name, value in facts)


# --- kept as bytes ---------------------------------------------------------------------------------------------------


def packed(model: Model) -> bytes:
    """The model as bytes that `unpacked` reads; half precision is enough to order answers."""
    pieces = sorted(model.pieces, key=model.pieces.__getitem__)
    out = io.BytesIO()
    np.savez_compressed(
        out,
        labels=np.array(model.labels, dtype=np.str_),
        pieces=np.array(pieces, dtype=np.str_),
        scores=model.scores.astype(np.float16),
    )
    return out.getvalue()


def unpacked(body: bytes) -> Model:
    """A model from its bytes.

    Raises:
        ValueError: these are no such bytes.
    """
    with np.load(io.BytesIO(body), allow_pickle=False) as found:
        pieces = {str(piece): at for at, piece in enumerate(found["pieces"])}
        return Model(tuple(str(label) for label in found["labels"]), pieces, found["scores"].astype(np.float32))
