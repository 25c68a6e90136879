"""The visible watermark of a picture that leaves the screen: who took it, when, what for; burnt into the JPEG."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from dashboard.photos import Photo

FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
)
QUALITY = 88
_TILT = 24.0
_FAINT, _CLEAR = 60, 235
"""Opacity of the tilted pattern and of the line at the foot, of 255."""


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    file = next((name for name in FONTS if Path(name).exists()), None)
    return ImageFont.truetype(file, size) if file else ImageFont.load_default(size)


def stamped(jpeg: bytes, text: str) -> Photo:
    """The picture with the text tilted all over it, faintly, and once plainly at its foot."""
    picture = Image.open(io.BytesIO(jpeg)).convert("RGBA")
    whole = Image.alpha_composite(picture, _pattern(picture.size, text))
    whole = Image.alpha_composite(whole, _foot(picture.size, text)).convert("RGB")
    out = io.BytesIO()
    whole.save(out, "JPEG", quality=QUALITY)
    return Photo(whole.width, whole.height, out.getvalue())


def _pattern(size: tuple[int, int], text: str) -> Image.Image:
    width, height = size
    side = int((width**2 + height**2) ** 0.5) + 1
    sheet = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw, font = ImageDraw.Draw(sheet), _font(max(12, height // 20))
    step = int(draw.textlength(text, font=font)) + height // 6
    for row, top in enumerate(range(0, side, max(40, height // 4))):
        for left in range(-(row % 2) * step // 2, side, step):
            draw.text((left + 1, top + 1), text, font=font, fill=(0, 0, 0, _FAINT))
            draw.text((left, top), text, font=font, fill=(255, 255, 255, _FAINT))
    tilted = sheet.rotate(_TILT, Image.Resampling.BILINEAR)
    left, top = (side - width) // 2, (side - height) // 2
    return tilted.crop((left, top, left + width, top + height))


def _foot(size: tuple[int, int], text: str) -> Image.Image:
    width, height = size
    sheet = Image.new("RGBA", size, (0, 0, 0, 0))
    draw, points = ImageDraw.Draw(sheet), max(12, height // 26)
    font = _font(points)
    top = height - points - points // 2
    draw.rectangle((0, top - points // 3, width, height), fill=(0, 0, 0, 150))
    draw.text((points // 2, top - points // 5), text, font=font, fill=(255, 255, 255, _CLEAR))
    return sheet
