"""Masks as they are drawn: checked before they are stored, so that what is stored can be burnt in. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from shapely import Polygon

from config.sentences import say

SMALLEST = 1e-4
"""Share of the picture: a mask of less hides nothing that matters, and is a slip of the hand."""
Corners = Sequence[tuple[float, float]]


def fault(polygons: Sequence[Corners]) -> str | None:
    """Why these masks cannot be burnt in, in a sentence; None where they can.

    A polygon whose edges cross is refused: filled by the even-odd rule, its crossed parts would stay open.
    """
    for number, corners in enumerate(polygons, 1):
        if len(set(corners)) < 3:
            return say("Mask {number} needs at least three different corners.", number=number)
        drawn = Polygon(corners)
        if not drawn.is_valid:
            return say("The edges of mask {number} cross each other; parts of it would stay open.", number=number)
        if drawn.area < SMALLEST:
            return say("Mask {number} covers next to nothing: its corners lie on one line.", number=number)
    return None


def plain(polygons: Sequence[Corners]) -> list[list[list[float]]]:
    """As they are stored: a tenth of a thousandth of the picture is exact enough."""
    return [[[round(x, 5), round(y, 5)] for x, y in corners] for corners in polygons]
