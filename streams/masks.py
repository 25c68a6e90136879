"""Masks: what may not be seen is painted over in a picture's planes, at full size, before anything else is done."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from math import isfinite

import cv2
import numpy as np
from numpy.typing import NDArray

Polygon = tuple[tuple[float, float], ...]
"""Corners as shares of width and height, 0..1, at least three."""
Plane = NDArray[np.uint8]

_BLACK, _GREY = 16, 128
_MARGIN = 3
"""Pixels painted beyond the edge: what scaling and chroma sampling would blend across it stays under the mask."""


class MaskError(Exception):
    """A mask cannot be applied, so no picture may be shown."""


def mark_of(polygons: Sequence[Sequence[Sequence[float]]]) -> str:
    """Two sets of masks are the same where their marks are: asked by whoever saved them whether they are in force."""
    plain = [[(float(x), float(y)) for x, y in polygon] for polygon in polygons]
    return hashlib.sha256(repr(plain).encode()).hexdigest()[:16]


def refuse_faulty(polygons: Sequence[Polygon]) -> None:
    """Check masks before a camera is opened.

    Raises:
        MaskError: a polygon has fewer than three corners, covers nothing, or has a corner outside the picture.
    """
    for polygon in polygons:
        if len(polygon) < 3:
            raise MaskError(f"A mask needs at least three corners, got {len(polygon)}.")
        for corner in polygon:
            if len(corner) != 2 or not all(isfinite(share) and 0.0 <= share <= 1.0 for share in corner):
                raise MaskError(f"A mask's corners are shares of the picture between 0 and 1, got {tuple(corner)!r}.")
        area = cv2.contourArea(np.asarray(polygon, np.float32))
        if not area > 0.0:
            raise MaskError("A mask that covers nothing hides nothing: its corners lie on one line.")


def burn(planes: tuple[Plane, Plane, Plane], polygons: Sequence[Polygon]) -> None:
    """Paint the polygons black into the planes of a YUV 4:2:0 picture, in place.

    Raises:
        MaskError: a polygon is faulty or painting failed; the planes must then be thrown away.
    """
    refuse_faulty(polygons)
    for plane, colour in zip(planes, (_BLACK, _GREY, _GREY), strict=True):
        height, width = plane.shape
        for polygon in polygons:
            corners = np.rint(np.asarray(polygon, np.float64) * (width, height)).astype(np.int32)
            try:
                cv2.fillPoly(plane, [corners], colour)
                cv2.polylines(plane, [corners], True, colour, 2 * _MARGIN + 1)
            except cv2.error as error:
                raise MaskError("The mask could not be painted.") from error
