"""The chart of a brief, reported and closed by day: as SVG for page and PDF, as PNG for Word. Pure; black on white."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 680, 190, 36, 10, 24
REPORTED, CLOSED, GREY, INK = "#1d5c8e", "#9cc3a5", "#c8d0da", "#222222"
SHARP = 3
"""Pixels of the PNG for one unit."""


@dataclass(frozen=True)
class Bar:
    """A rectangle in units of the chart."""

    left: float
    top: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True)
class Mark:
    """A word of an axis; `anchor` is `middle` or `end`."""

    x: float
    y: float
    text: str
    anchor: str


def ceiling(most: int) -> int:
    """A round number that is no less, whose half is whole."""
    step = 1
    while True:
        for factor in (2, 4, 6, 8, 10):
            if most <= factor * step:
                return factor * step
        step *= 10


def drawn(days: Sequence[dict[str, Any]]) -> tuple[list[Bar], list[float], list[Mark]]:
    """Bars, heights of the grid's lines, and words of the axes."""
    top = ceiling(max((max(day["reported"], day["closed"]) for day in days), default=0))
    room, step = HEIGHT - TOP - BOTTOM, (WIDTH - LEFT - 4) / max(1, len(days))
    bars, marks = [], []
    for number, day in enumerate(days):
        left = LEFT + number * step
        for name, colour, shift in (("reported", REPORTED, 0.12), ("closed", CLOSED, 0.5)):
            height = day[name] / top * room
            bars.append(Bar(left + shift * step, TOP + room - height, step * 0.36, height, colour))
        if (len(days) - 1 - number) % max(1, round(len(days) / 8)) == 0:
            marks.append(Mark(left + step / 2, HEIGHT - 7, day["day"][5:], "middle"))
    lines = [TOP + room * (1 - part / 2) for part in range(3)]
    marks += [Mark(LEFT - 6, y + 4, f"{top * part // 2:,}", "end") for part, y in enumerate(lines)]
    return bars, lines, marks


def svg(days: Sequence[dict[str, Any]], title: str) -> Markup:
    """The chart as a drawing inside a page. Every figure in it is in the tables beside it, too."""
    bars, lines, marks = drawn(days)
    parts = [
        Markup('<svg class="brief-chart" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(WIDTH, HEIGHT, title)
    ]
    parts += [
        Markup('<path d="M{} {:.1f}H{}" stroke="{}" stroke-width="0.8"/>').format(LEFT, y, WIDTH, GREY) for y in lines
    ]
    parts += [
        Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>').format(
            bar.left, bar.top, bar.width, bar.height, bar.colour
        )
        for bar in bars
        if bar.height > 0
    ]
    parts += [
        Markup('<text x="{:.1f}" y="{:.1f}" font-size="11" fill="{}" text-anchor="{}">{}</text>').format(
            mark.x, mark.y, INK, mark.anchor, mark.text
        )
        for mark in marks
    ]
    return Markup("").join([*parts, Markup("</svg>")])


def png(days: Sequence[dict[str, Any]]) -> bytes:
    """The chart as a picture; it holds digits only, so that it needs no Chinese font."""
    bars, lines, marks = drawn(days)
    picture = Image.new("RGB", (WIDTH * SHARP, HEIGHT * SHARP), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(11 * SHARP)
    for y in lines:
        draw.line((LEFT * SHARP, y * SHARP, WIDTH * SHARP, y * SHARP), fill=GREY, width=2)
    for bar in bars:
        if bar.height > 0:
            box = (bar.left, bar.top, bar.left + bar.width, bar.top + bar.height)
            draw.rectangle([value * SHARP for value in box], fill=bar.colour)
    for mark in marks:
        anchor = "ms" if mark.anchor == "middle" else "rs"
        draw.text((mark.x * SHARP, mark.y * SHARP), mark.text, fill=INK, font=font, anchor=anchor)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
