"""Frames: every stored point is WGS-84; GCJ-02 is taken back, CGCS2000 is the same to centimetres. Pure."""

from __future__ import annotations

import math
from typing import Literal

Frame = Literal["WGS-84", "GCJ-02", "CGCS2000"]

_A = 6378245.0  # Krasovsky 1940, which the GCJ-02 offset is defined on
_EE = 0.00669342162296594323
_EARTH = 6_371_000.0


def distance(longitude: float, latitude: float, other_longitude: float, other_latitude: float) -> float:
    """Metres between two points on a sphere, by the equirectangular approximation (0.1 % within a county)."""
    east = math.radians(other_longitude - longitude) * math.cos(math.radians((latitude + other_latitude) / 2))
    north = math.radians(other_latitude - latitude)
    return _EARTH * math.hypot(east, north)


def wgs84(longitude: float, latitude: float, frame: Frame) -> tuple[float, float]:
    """A point in degrees, taken to WGS-84. GCJ-02 is inverted iteratively to better than 1 cm.

    GCJ-02 is undefined outside China's bounding box and returned unchanged there, as published
    implementations do.
    """
    if frame != "GCJ-02" or not (72.004 <= longitude <= 137.8347 and 0.8293 <= latitude <= 55.8271):
        return longitude, latitude
    x, y = longitude, latitude
    for _ in range(6):
        there_x, there_y = gcj02(x, y)
        x, y = x + longitude - there_x, y + latitude - there_y
    return x, y


def gcj02(longitude: float, latitude: float) -> tuple[float, float]:
    """WGS-84 to GCJ-02, by the published offset polynomial."""
    x, y = longitude - 105.0, latitude - 35.0
    wave = 20.0 * math.sin(6 * x * math.pi) + 20.0 * math.sin(2 * x * math.pi)
    d_lat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + wave * 2 / 3
    d_lat += (20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    d_lat += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    d_lon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + wave * 2 / 3
    d_lon += (20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    d_lon += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    phi = latitude / 180 * math.pi
    magic = 1 - _EE * math.sin(phi) ** 2
    d_lat = d_lat * 180 / ((_A * (1 - _EE)) / (magic * math.sqrt(magic)) * math.pi)
    d_lon = d_lon * 180 / (_A / math.sqrt(magic) * math.cos(phi) * math.pi)
    return longitude + d_lon, latitude + d_lat
