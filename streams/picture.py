"""From a decoded frame to the one form in which a picture leaves the worker: a masked JPEG, at most 640 pixels wide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import av
import cv2
import numpy as np
import simplejpeg
from av.video.reformatter import VideoReformatter

from streams.masks import Plane, Polygon, burn

WIDEST = 640
QUALITY = 78


@dataclass(frozen=True, slots=True)
class Picture:
    """A masked picture. `brightness`: mean luminance of the whole, 0 black to 255 white. `planes`: Y, U and V of the
    same, full range, for whoever judges it."""

    jpeg: bytes
    width: int
    height: int
    brightness: float
    planes: tuple[Plane, Plane, Plane] = field(repr=False, compare=False)


def size_within(width: int, height: int, widest: int = WIDEST) -> tuple[int, int]:
    """The size at most `widest` wide in the same proportion, both even (chroma is sampled by two)."""
    scale = min(1.0, widest / width)
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


class Darkroom:
    """Makes the pictures of one stream. What scales and converts them is kept: to make it anew for every picture costs
    three times what using it does, and asks for a thread per processor each time."""

    def __init__(self, masks: Sequence[Polygon] = ()) -> None:
        self._masks = masks
        self._plain, self._small = VideoReformatter(), VideoReformatter()

    def picture(self, frame: av.VideoFrame) -> Picture:
        """Mask, scale and encode one frame.

        Masks are painted at full size into a copy, before scaling, so that no hidden pixel takes part in any sum; the
        decoder's own planes stay as they are, since later frames are predicted from them.

        Raises:
            MaskError: a mask could not be applied. There is no picture then.
        """
        if self._masks:
            frame = self._masked(frame)
        width, height = size_within(frame.width, frame.height)
        if (frame.width, frame.height) == (width, height) and frame.format.name == "yuv420p" and frame.color_range < 2:
            luma, blue, red = widened(frame)
        else:
            luma, blue, red = planes_of(self._scaled(frame, width, height, "yuvj420p"))
        jpeg = simplejpeg.encode_jpeg_yuv_planes(luma, blue, red, quality=QUALITY, fastdct=True)
        return Picture(jpeg, width, height, float(luma[::4, ::4].mean()), (luma, blue, red))

    def small(self, frame: av.VideoFrame, width: int, height: int, form: str) -> av.VideoFrame:
        """A frame masked, then scaled to this size in this format.

        Raises:
            MaskError: a mask could not be applied. There is no picture then.
        """
        return self._scaled(self._masked(frame) if self._masks else frame, width, height, form)

    def _scaled(self, frame: av.VideoFrame, width: int, height: int, form: str) -> av.VideoFrame:
        return self._small.reformat(frame, width, height, form, interpolation="BILINEAR", threads=1)

    def _masked(self, frame: av.VideoFrame) -> av.VideoFrame:
        """A copy with the polygons painted over, at its full size."""
        width, height = frame.width & ~1, frame.height & ~1
        plain = self._plain.reformat(frame, width, height, "yuv420p", threads=1)
        whole: Plane = np.ascontiguousarray(plain.to_ndarray())
        burn(split(whole, width, height), self._masks)
        copy = av.VideoFrame.from_ndarray(whole, format="yuv420p")
        copy.color_range = plain.color_range
        return copy


def picture_of(frame: av.VideoFrame, masks: Sequence[Polygon] = ()) -> Picture:
    """One picture alone; see `Darkroom.picture`."""
    return Darkroom(masks).picture(frame)


def planes_of(frame: av.VideoFrame) -> tuple[Plane, Plane, Plane]:
    """The three planes of a YUV 4:2:0 frame with even sides, copied."""
    return split(np.ascontiguousarray(frame.to_ndarray()), frame.width, frame.height)


def widened(frame: av.VideoFrame) -> tuple[Plane, Plane, Plane]:
    """The planes of a frame in `yuv420p` of limited range (16 to 235), brought to full range (0 to 255). What the scaler of
    FFmpeg makes of it differs by one level at most, and takes it four times as long."""
    luma, blue, red = (_plane(plane) for plane in frame.planes)
    wide, offset = 255 / 224, 128 - 128 * 255 / 224
    return _spread(luma, 255 / 219, -16 * 255 / 219), _spread(blue, wide, offset), _spread(red, wide, offset)


def _plane(plane: av.VideoPlane) -> Plane:
    """A view of its pixels, without what pads its lines."""
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]


def _spread(plane: Plane, factor: float, shift: float) -> Plane:
    wide: Plane = cv2.addWeighted(plane, factor, plane, 0.0, shift)
    return wide


def split(whole: Plane, width: int, height: int) -> tuple[Plane, Plane, Plane]:
    """Views of Y (height × width), U and V (half of each) into one array of height·3/2 rows."""
    flat = whole.reshape(-1)
    luma, chroma = width * height, width * height // 4
    half = (height // 2, width // 2)
    return (
        flat[:luma].reshape(height, width),
        flat[luma : luma + chroma].reshape(half),
        flat[luma + chroma : luma + 2 * chroma].reshape(half),
    )
