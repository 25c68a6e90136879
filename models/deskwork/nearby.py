"""Which cameras look at a place: the nearest of the register, or those of its grid where it has no point. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.geodesy import distance

MOST = 4
FURTHEST = 1_500.0
"""Metres; what is further away does not show the place."""


@dataclass(frozen=True)
class Near:
    """A camera, and how many metres it stands from the place; None where only the grid is known."""

    camera: str
    metres: float | None


def nearest(
    cameras: Mapping[str, Mapping[str, Any]],
    longitude: float | None,
    latitude: float | None,
    area: str | None,
    most: int = MOST,
    furthest: float = FURTHEST,
) -> Sequence[Near]:
    """At most `most` cameras whose register is complete, nearest first; none further than `furthest` metres."""
    shown = [camera for camera in cameras.values() if camera["registered"]]
    if longitude is None or latitude is None:
        return [Near(camera["id"], None) for camera in shown if area is not None and camera["area"] == area][:most]
    found = []
    for camera in shown:
        if camera["longitude"] is not None and camera["latitude"] is not None:
            metres = distance(longitude, latitude, camera["longitude"], camera["latitude"])
            if metres <= furthest:
                found.append(Near(camera["id"], metres))
    return sorted(found, key=lambda near: (near.metres, near.camera))[:most]
