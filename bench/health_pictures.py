"""Pictures for judging camera health: real clips and drawn places, faults planted in them, and whole days of weather.

Pictures are 640 × 360 as of a sub stream and go through H.264 before they are judged, as a camera's do. A day is made
from the decoded pictures at measuring size: coding 10,000 pictures for each camera would take an hour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import pi, sin
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from streams.health import Fault, Observation, Packets
from streams.picture import planes_of
from streams.scenes import KINDS
from streams.scenes.film import frames
from streams.scenes.kit import LIGHTS

Image = NDArray[np.uint8]
Dice = np.random.Generator
Numbers = NDArray[np.float32]
WIDTH, HEIGHT = 640, 360
CLIPS = ("vtest.avi", "car-detection.mp4", "one-by-one-person-detection.mp4", "bottle-detection.mp4", "bikes.mp4")
MONTAGE = "bikes"
"""A clip of eight views cut together, some out of focus: no fixed camera, whose view could be moved, blurred or partly
covered."""
DRAWN = ("crossroads-day", "crossroads-wet-night", "river-fog", "village-dusk", "square-night", "station-rain")


class ClipsMissing(Exception):
    """The folder of clips lacks one. The text is a sentence that names it."""


@dataclass(frozen=True, slots=True)
class Planes:
    """Full-range luminance 320 × 180 and its chroma, as the worker has them."""

    luma: Image
    blue: Image
    red: Image

    def observed(self, at: float, packets: Packets | None = None) -> Observation:
        return Observation(at, self.luma, self.blue, self.red, packets)


@dataclass(frozen=True, slots=True)
class Source:
    """A sound camera: its pictures a second apart (BGR 640 × 360), to be shown in a loop."""

    name: str
    pictures: tuple[Image, ...]

    @property
    def fixed(self) -> bool:
        return self.name != MONTAGE


def clip_sources(folder: Path, longest: int = 140) -> list[Source]:
    """The real clips, one picture a second.

    Raises:
        ClipsMissing: a clip is not there or cannot be read.
    """
    return [Source(Path(name).stem.split("-")[0], _pictures_of(folder / name, longest)) for name in CLIPS]


def _pictures_of(file: Path, longest: int) -> tuple[Image, ...]:
    capture = cv2.VideoCapture(str(file))
    rate, number = float(capture.get(cv2.CAP_PROP_FPS)), 0
    pictures: list[Image] = []
    while len(pictures) < longest and capture.grab():
        if number >= len(pictures) * rate:
            pictures.append(cv2.resize(capture.retrieve()[1], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
        number += 1
    capture.release()
    if not pictures:
        raise ClipsMissing(f"The clip {file.name} is needed and cannot be read in {file.parent}.")
    return tuple(pictures)


def drawn_source(name: str) -> Source:
    """A drawn place in one light, `kind-light`: a loop of eight pictures a second apart."""
    kind, _, light = name.partition("-")
    return Source(name, tuple(frames(KINDS[kind](LIGHTS[light], 3), 64))[::8])


# --- coding ----------------------------------------------------------------------------------------------------------


class Coder:
    """H.264 there and back: `planes` of every `group`-th picture, which is coded as a key picture."""

    def __init__(self, group: int = 1, bits: int = 0, quality: int = 28) -> None:
        self._group, self._number = group, 0
        self._out = av.CodecContext.create("libx264", "w")
        self._out.width, self._out.height, self._out.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        self._out.time_base, self._out.framerate = Fraction(1, 10), Fraction(10)
        self._out.gop_size, self._out.max_b_frames, self._out.thread_count = group, 0, 1
        self._out.options = {"preset": "veryfast", "tune": "zerolatency", "sc_threshold": "0"}
        if bits:
            self._out.bit_rate = bits
        else:
            self._out.options |= {"crf": str(quality)}
        self._in = av.CodecContext.create("h264", "r")
        self._in.thread_count = 1

    def coded(self, pictures: Sequence[Image]) -> Iterator[Planes]:
        """The key pictures as a decoder shows them."""
        for picture in pictures:
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
            frame.pts, frame.time_base = self._number, Fraction(1, 10)
            self._number += 1
            for packet in self._out.encode(frame):
                for decoded in self._in.decode(packet):
                    if decoded.key_frame:
                        yield _planes(decoded)


def _planes(frame: av.VideoFrame) -> Planes:
    luma, blue, red = planes_of(frame.reformat(WIDTH, HEIGHT, "yuvj420p"))
    return Planes(cv2.resize(luma, (320, 180), interpolation=cv2.INTER_AREA), blue.copy(), red.copy())


_GRAIN = np.random.default_rng(1).normal(0.0, 1.0, (2 * HEIGHT, 2 * WIDTH)).astype(np.float32)

# --- planted faults --------------------------------------------------------------------------------------------------

Painting = Callable[[Image, Dice], Image]


@dataclass(frozen=True, slots=True)
class Plant:
    """A fault of one strength. `expected`: any of these must be raised. `tolerated`: these may be raised as well.
    `still`: the picture is one and the same, coded again at ten a second with `bits` a second (0: constant quality).
    `everywhere`: also in a montage, which has no view."""

    name: str
    expected: frozenset[Fault]
    paint: Painting = lambda picture, dice: picture
    tolerated: frozenset[Fault] = frozenset()
    still: bool = False
    bits: int = 0
    lost: float = 0.0
    everywhere: bool = True


def noisy(picture: Image | Numbers, sigma: float, dice: Dice) -> Image:
    """With the noise of a sensor: the same in all three colours, another in each picture."""
    height, width = picture.shape[:2]
    x, y = dice.integers(WIDTH), dice.integers(HEIGHT)
    noise = _GRAIN[y : y + height, x : x + width, None] * np.float32(sigma) + np.float32(0.5)
    return np.asarray(np.clip(picture + noise, 0, 255), np.uint8)


def _flat(colour: tuple[int, int, int], sigma: float) -> Painting:
    return lambda picture, dice: noisy(np.full(picture.shape, colour, np.uint8), sigma, dice)


def _lettered(paint: Painting) -> Painting:
    """With the clock that a camera writes into its picture."""

    def painted(picture: Image, dice: Dice) -> Image:
        plain = paint(picture, dice)
        clock = f"2026-01-01 12:{dice.integers(60):02}:{dice.integers(60):02}"
        cv2.putText(plain, clock, (12, 28), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 2)
        return plain

    return painted


def _gain(factor: float, sigma: float) -> Painting:
    return lambda picture, dice: noisy(picture.astype(np.float32) * factor, sigma, dice)


def _blur(sigma: float, noise: float = 0.0) -> Painting:
    def painted(picture: Image, dice: Dice) -> Image:
        soft: Image = cv2.GaussianBlur(picture, (0, 0), sigma)
        return noisy(soft, noise, dice) if noise else soft

    return painted


def _cover(share: float, level: int) -> Painting:
    def painted(picture: Image, dice: Dice) -> Image:
        hidden, edge = picture.copy(), round(share * WIDTH)
        hidden[:, :edge] = noisy(np.full((HEIGHT, edge, 3), level, np.uint8), 1.0, dice)
        return hidden

    return painted


def _moved(x: float = 0.0, y: float = 0.0, degrees: float = 0.0) -> Painting:
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), degrees, 1.0)
    turn[:, 2] += (x * WIDTH, y * HEIGHT)

    def painted(picture: Image, dice: Dice) -> Image:
        seen: Image = cv2.warpAffine(picture, turn, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
        return seen

    return painted


def _cast(blue: float, red: float) -> Painting:
    def painted(picture: Image, dice: Dice) -> Image:
        values = cv2.cvtColor(picture, cv2.COLOR_BGR2YCrCb).astype(np.float32) + np.array((0.0, red, blue), np.float32)
        tinted: Image = cv2.cvtColor(np.clip(values, 0, 255).astype(np.uint8), cv2.COLOR_YCrCb2BGR)
        return tinted

    return painted


def _static(picture: Image, dice: Dice) -> Image:
    return np.repeat(dice.integers(0, 255, (HEIGHT, WIDTH, 1), np.uint8), 3, axis=2)


def _same(sigma: float) -> Painting:
    return lambda picture, dice: noisy(picture, sigma, dice) if sigma else picture


def _only(*faults: Fault) -> frozenset[Fault]:
    return frozenset(faults)


def plants() -> list[Plant]:
    """Every kind of fault at several strengths."""
    black, dark, bright = _only(Fault.BLACK), _only(Fault.DARK, Fault.BLACK), _only(Fault.BRIGHT)
    blurred, covered, moved = _only(Fault.BLURRED), _only(Fault.COVERED), _only(Fault.MOVED)
    frozen, cast, loss = _only(Fault.FROZEN), _only(Fault.CAST), _only(Fault.LOSS)
    return [
        Plant("black", black, _flat((8, 8, 8), 3.0)),
        Plant("black, with clock", black, _lettered(_flat((4, 4, 4), 1.0))),
        Plant("dark ×0.10", dark, _gain(0.10, 1.0)),
        Plant("dark ×0.15", dark, _gain(0.15, 1.0)),
        Plant("dark ×0.15, noisy", dark, _gain(0.15, 4.0)),
        Plant("over-exposed ×2.5", bright, _gain(2.5, 1.0)),
        Plant("over-exposed ×4", bright, _gain(4.0, 1.0)),
        Plant("over-exposed ×8", bright, _gain(8.0, 1.0)),
        Plant("blur σ 2", blurred, _blur(2.0), everywhere=False),
        Plant("blur σ 2, noisy", blurred, _blur(2.0, 6.0), everywhere=False),
        Plant("blur σ 4", blurred, _blur(4.0), everywhere=False),
        Plant("blur σ 8", blurred, _blur(8.0), tolerated=covered, everywhere=False),
        Plant("covered 60 %", covered, _cover(0.6, 90), everywhere=False),
        Plant("covered 80 %", covered, _cover(0.8, 160), everywhere=False),
        Plant("covered 100 %", covered, _cover(1.0, 90), everywhere=False),
        Plant("shifted 5 %", moved, _moved(x=0.05), everywhere=False),
        Plant("shifted 10 %", moved, _moved(x=-0.10), everywhere=False),
        Plant("shifted 20 %", moved, _moved(x=0.20), everywhere=False),
        Plant("shifted 8 % down", moved, _moved(y=0.08), everywhere=False),
        Plant("turned 3°", moved, _moved(degrees=3.0), everywhere=False),
        Plant("turned 5°", moved, _moved(degrees=-5.0), everywhere=False),
        Plant("turned 10°", moved, _moved(degrees=10.0), everywhere=False),
        Plant("frozen, coded again", frozen, still=True),
        Plant("frozen, 400 kbit/s", frozen, still=True, bits=400_000),
        Plant("frozen, noise σ 0.5", frozen, _same(0.5), still=True),
        Plant("frozen, noise σ 2", frozen, _same(2.0), still=True),
        Plant("cast magenta 20", cast, _cast(10.0, 17.0)),
        Plant("cast magenta 30", cast, _cast(15.0, 26.0)),
        Plant("cast green 30", cast, _cast(-20.0, -22.0)),
        Plant("cast warm 30", cast, _cast(-26.0, 15.0)),
        Plant("cast warm 45", cast, _cast(-39.0, 22.0)),
        Plant("grey", covered, _flat((128, 128, 128), 0.0), tolerated=frozen, everywhere=False),
        Plant("blue", covered | cast, _flat((200, 40, 10), 1.0), tolerated=frozen),
        Plant("analogue snow", covered, _static, everywhere=False),
        Plant("loss 3 %", loss, lost=0.03),
        Plant("loss 10 %", loss, lost=0.10),
    ]


def planted(plant: Plant, source: Source, number: int, dice: Dice) -> Iterator[Planes]:
    """`number` key pictures of a source that shows the fault."""
    loop = source.pictures
    if not plant.still:
        yield from Coder().coded([plant.paint(loop[(7 + 2 * at) % len(loop)], dice) for at in range(number)])
        return
    coder, group = Coder(10, plant.bits), loop[7 % len(loop)]
    for _ in range(number):
        yield from coder.coded([plant.paint(group, dice) for _ in range(10)])


# --- whole days ------------------------------------------------------------------------------------------------------

DAY = 86_400.0


class Day:
    """Twenty-four hours before one camera, as sound pictures: dawn and dusk, lamps that go on at once, fog in the
    morning, clouds, wind that shakes the pole, rain, the infra-red switch, headlights, noise that grows by night."""

    def __init__(self, loop: Sequence[Planes], seed: int, infrared: bool) -> None:
        self._loop, self._dice, self._infrared = loop, np.random.default_rng(seed), infrared
        self._grain = [np.abs(self._dice.normal(0.0, 1.0, (180, 320))).astype(np.float32) for _ in range(12)]
        self._lamps = self._glow([(0.2, 0.3), (0.55, 0.25), (0.8, 0.4)], 60.0, 90.0)

    def picture(self, second: float) -> Planes:
        """The picture at a second of the day, 0 … 86,400."""
        hour = second / 3600.0
        planes = self._loop[int(second) % len(self._loop)]
        luma = planes.luma.astype(np.float32)
        daylight = float(np.clip(min((hour - 5.5) / 1.5, (19.5 - hour) / 1.5), 0.0, 1.0))
        luma *= 0.38 + 0.62 * daylight * (1.0 + 0.12 * sin(second / 400.0) * sin(second / 1900.0))
        if not 6.2 <= hour <= 18.8:
            luma = luma + self._lamps
        luma = self._weather(luma, hour)
        if daylight < 0.5 and self._dice.random() < 0.08:
            luma += self._headlight()
        grain = np.roll(self._grain[int(self._dice.integers(12))], int(self._dice.integers(180)), axis=0)
        signs = self._grain[0] > self._grain[int(self._dice.integers(1, 12))]
        luma += np.where(signs, grain, -grain) * (4.0 - 3.0 * daylight)
        luma = self._shaken(luma, hour)
        return Planes(np.clip(luma, 0, 255).astype(np.uint8), *self._colours(planes, daylight))

    def _weather(self, luma: Numbers, hour: float) -> Numbers:
        fog = 0.65 * float(np.clip(min((hour - 5.0) / 1.0, (8.5 - hour) / 1.0), 0.0, 1.0))
        luma = luma * (1.0 - fog) + 150.0 * fog * (0.4 if hour < 6 else 1.0)
        if 14.0 <= hour < 16.0 or 21.0 <= hour < 23.0:
            luma = luma * 0.85 + self._rain()
        return luma

    def _rain(self) -> Numbers:
        drops: Numbers = np.zeros((180, 320), np.float32)
        for x, y in self._dice.integers(0, (320, 180), (90, 2)).tolist():
            cv2.line(drops, (x, y), (x - 2, y + 9), 22.0, 1)
        return drops

    def _headlight(self) -> Numbers:
        x, y = self._dice.random(2)
        return self._glow([(x, 0.4 + 0.5 * y)], 250.0, float(self._dice.uniform(30.0, 90.0)))

    def _glow(self, spots: Sequence[tuple[float, float]], strength: float, radius: float) -> Numbers:
        ys, xs = np.mgrid[0:180, 0:320].astype(np.float32)
        light = [np.exp(-((xs - x * 320) ** 2 + (ys - y * 180) ** 2) / radius**2 * 2.0) for x, y in spots]
        return np.asarray(strength * np.sum(light, axis=0), np.float32)

    def _shaken(self, luma: Numbers, hour: float) -> Numbers:
        if not 11.0 <= hour < 13.0:
            return luma
        x, y = self._dice.normal(0.0, 0.6, 2)
        still = np.array([[1, 0, x], [0, 1, y]], np.float32)
        shaken: Numbers = cv2.warpAffine(luma, still, (320, 180), borderMode=cv2.BORDER_REPLICATE)
        return shaken

    def _colours(self, planes: Planes, daylight: float) -> tuple[Image, Image]:
        if self._infrared and daylight < 0.3:
            plain = np.full_like(planes.blue, 128)
            return plain, plain
        warm = 8.0 * (1.0 - daylight)
        faded = 0.5 + 0.5 * daylight
        blue = (planes.blue.astype(np.float32) - 128.0) * faded + 128.0 - warm
        red = (planes.red.astype(np.float32) - 128.0) * faded + 128.0 + warm
        return np.clip(blue, 0, 255).astype(np.uint8), np.clip(red, 0, 255).astype(np.uint8)


_HOURS = (
    (0.0, "night"), (5.0, "night"), (5.7, "dusk"), (6.5, "fog"), (8.0, "overcast"), (10.0, "day"), (13.0, "day"),
    (13.2, "rain"), (15.0, "rain"), (15.5, "overcast"), (17.5, "day"), (18.6, "dusk"), (19.2, "night"),
    (21.0, "wet-night"), (23.0, "wet-night"), (23.5, "night"), (24.0, "night"),
)  # fmt: skip


class DrawnDay:
    """Twenty-four hours before a drawn place, its own light of each hour blended into the next."""

    def __init__(self, kind: str, seed: int) -> None:
        lights = sorted({light for _, light in _HOURS})
        self._loops: Mapping[str, list[Planes]] = {
            light: list(Coder().coded(tuple(frames(KINDS[kind](LIGHTS[light], seed), 64))[::8])) for light in lights
        }
        self._dice = np.random.default_rng(seed)
        self._grain = [self._dice.normal(0.0, 1.0, (180, 320)).astype(np.float32) for _ in range(8)]

    def picture(self, second: float) -> Planes:
        """The picture at a second of the day, 0 … 86,400."""
        hour = second / 3600.0
        after = next(place for place, (start, _) in enumerate(_HOURS) if start > hour)
        (begin, one), (end, other) = _HOURS[after - 1], _HOURS[after]
        share = (hour - begin) / (end - begin)
        share = 0.5 - 0.5 * sin(pi * (0.5 - share))
        first, second_ = (self._loops[light][int(second) % 8] for light in (one, other))
        blend = [
            cv2.addWeighted(a, 1.0 - share, b, share, 0.0)
            for a, b in ((first.luma, second_.luma), (first.blue, second_.blue), (first.red, second_.red))
        ]
        grain = np.roll(self._grain[int(self._dice.integers(8))], int(self._dice.integers(180)), axis=0)
        luma = np.clip(blend[0] + grain, 0, 255).astype(np.uint8)
        return Planes(luma, blend[1], blend[2])
