"""What is wrong with a camera's picture, from its numbers and the camera's own usual ones; with how long it must last.

The rules speak of one picture. That a fault is only raised when it lasts, and only cleared when it has ended for a
while, is the work of `stood` at the end. Where a rule cannot tell (a black picture says nothing about sharpness) its
verdict is None, which neither feeds nor ends a fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from math import isfinite
from types import MappingProxyType

from config.sentences import say
from streams.health_measures import Colour, Edges, Light, Likeness, Polygon, Shift, Stillness


class Fault(StrEnum):
    """What can be wrong with a picture that arrives. (That none arrives is judged in `streams.camera`.)"""

    BLACK = "black"
    DARK = "dark"
    BRIGHT = "bright"
    COVERED = "covered"
    BLURRED = "blurred"
    MOVED = "moved"
    CAST = "cast"
    FROZEN = "frozen"
    LOSS = "loss"


Verdicts = Mapping[Fault, bool | None]


@dataclass(frozen=True, slots=True)
class Delay:
    """Seconds a fault must last to be raised, and be gone to be cleared."""

    raise_after: float
    clear_after: float


DELAYS: Mapping[Fault, Delay] = MappingProxyType(
    {
        Fault.BLACK: Delay(20.0, 10.0),
        Fault.DARK: Delay(60.0, 30.0),
        Fault.BRIGHT: Delay(60.0, 30.0),
        Fault.COVERED: Delay(60.0, 30.0),
        Fault.BLURRED: Delay(60.0, 60.0),
        Fault.MOVED: Delay(60.0, 30.0),
        Fault.CAST: Delay(60.0, 30.0),
        Fault.FROZEN: Delay(30.0, 5.0),
        Fault.LOSS: Delay(20.0, 30.0),
    }
)
"""Longer than a lorry waits at a light, than headlights blind, than a hand wipes a dome."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The limits of one camera; the defaults come from measurement (bench/health.py), not from a data sheet.

    Attributes:
        unseen: polygons that are not judged: masks, and the lettering (clock, name) that the camera writes in.
        off: faults that are not judged, as `moved` for a camera that turns.
        black_below: mean brightness of a picture without structure. A luminance of limited range is black at 16.
        dark_below: mean brightness of a picture in which hardly a block (`lit_below`) has anything lit.
        bright_above: mean brightness.
        blown_above, blown_more: share of white pixels, and how much more that is than usual (a white sky is usual).
        lost_above: share of the view's structure that has vanished: covered.
        acuity_below: acuity as a share of the usual: blurred (if it is outside its usual swing, too).
        match_below: match as a share of the usual, where the view is found displaced by `shift_above` of its width.
        strange_below: the same where it is not found at all: the camera looks elsewhere.
        cast_above: chroma of even the greyest blocks above the usual (twice that towards warm light); twice that
            where no usual is known.
        still_share, still_floor, still_cap: a picture that differs from an earlier one by less than this share of
            the usual noise, in grey levels at least and at most these, is the same picture.
        loss_above: share of damaged packets.
        usual_match: a view that matches itself less than this is no fixed view: `moved` is not judged.
        learning: seconds (and at least ten pictures) until a camera's usual numbers are relied on.
        half_life: seconds in which the usual numbers follow a lasting change half-way.
        forget_after: seconds without a picture after which an unfaulted camera is learned anew.
        hysteresis: share by which a limit must be passed the other way for a raised fault to count as gone.
    """

    unseen: tuple[Polygon, ...] = ()
    off: frozenset[Fault] = frozenset()
    delays: Mapping[Fault, Delay] = field(default_factory=lambda: DELAYS)
    black_below: float = 24.0
    dark_below: float = 30.0
    lit_below: float = 0.2
    bright_above: float = 220.0
    blown_above: float = 0.35
    blown_more: float = 0.25
    lost_above: float = 0.45
    acuity_below: float = 0.82
    match_below: float = 0.75
    strange_below: float = 0.4
    shift_above: float = 0.007
    cast_above: float = 12.0
    still_share: float = 0.35
    still_floor: float = 0.05
    still_cap: float = 0.25
    loss_above: float = 0.02
    usual_match: float = 0.5
    learning: float = 60.0
    half_life: float = 900.0
    forget_after: float = 3600.0
    hysteresis: float = 0.1

    def adjusted(self, changes: Mapping[str, object]) -> Thresholds:
        """These thresholds with some of a camera's own, as a county writes them.

        Args:
            changes: names of numbers above with their values; `off`: a list of faults; `raise_after` and
                `clear_after`: seconds by fault. (`unseen` comes from the camera's masks, not from here.)

        Raises:
            ValueError: a sentence naming what was expected and what came.
        """
        numbers = {item.name for item in fields(self) if isinstance(getattr(self, item.name), float)}
        changed: dict[str, float] = {}
        for name, value in changes.items():
            if name in numbers:
                changed[name] = _positive(name, value)
            elif name not in ("off", "raise_after", "clear_after"):
                raise ValueError(
                    say(
                        "A threshold of camera health is one of {known}; got {name!r}.",
                        known=", ".join(sorted(numbers)),
                        name=name,
                    )
                )
        delays = dict(self.delays)
        for side in ("raise_after", "clear_after"):
            for fault, seconds in _by_fault(side, changes.get(side, {})).items():
                delays[fault] = replace(delays[fault], **{side: _positive(f"{side}.{fault}", seconds)})
        off = _faults("off", changes["off"]) if "off" in changes else self.off
        return replace(self, **changed, off=off, delays=MappingProxyType(delays))  # type: ignore[arg-type]


def _positive(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value <= 0:
        raise ValueError(say("{name} must be a number above 0, got {value!r}.", name=name, value=value))
    return float(value)


def _by_fault(name: str, value: object) -> dict[Fault, object]:
    if not isinstance(value, Mapping):
        raise ValueError(say("{name} must give seconds by fault, got {value!r}.", name=name, value=value))
    faults = _faults(name, list(value))
    return {fault: value[fault.value] for fault in sorted(faults)}


def _faults(name: str, value: object) -> frozenset[Fault]:
    known = {fault.value for fault in Fault}
    if not isinstance(value, list | tuple | set | frozenset) or not set(value) <= known:
        raise ValueError(
            say(
                "{name} must name faults out of {known}; got {value!r}.",
                name=name,
                known=", ".join(sorted(known)),
                value=value,
            )
        )
    return frozenset(Fault(fault) for fault in value)


@dataclass(frozen=True, slots=True)
class Measures:
    """The numbers of one picture; None where there was nothing to measure: no colour, no earlier picture, no view
    learned yet, too little in sight. `shift` is only looked for where the picture no longer matches the view."""

    light: Light | None = None
    edges: Edges | None = None
    stillness: Stillness | None = None
    likeness: Likeness | None = None
    shift: Shift | None = None
    colour: Colour | None = None
    loss: float | None = None

    def figures(self) -> dict[str, float]:
        """What was measured, by name (texts: `health.measure.NAME`), for a message or a plot."""
        found: dict[str, float | None] = {"loss": self.loss}
        if self.light and self.edges:
            found |= {"brightness": self.light.brightness, "contrast": self.light.contrast, "blown": self.light.blown}
            found |= {"sharpness": self.edges.sharpness, "acuity": self.edges.acuity, "texture": self.edges.texture}
        if self.stillness:
            found |= {"grain": self.stillness.grain, "alike": self.stillness.alike}
        if self.likeness:
            shift = max(self.shift.length, self.shift.apart) if self.shift else 0.0
            found |= {"match": self.likeness.match, "lost": self.likeness.lost, "shift": shift}
        if self.colour:
            found["neutral"] = self.colour.neutral
        return {name: round(value, 4) for name, value in found.items() if value is not None}


EDGED = 10
"""Pictures with edges that must have been learned from before blur is judged: at night a view may show one in hours."""


@dataclass(frozen=True, slots=True)
class Usual:
    """A camera's own numbers, as slow means over sound pictures; None until known. `swing`: mean deviation of the
    acuity from its mean. `number`: pictures learned from, `edged`: those of them with an acuity, `span`: seconds learned
    over."""

    grain: float | None = None
    acuity: float | None = None
    swing: float = 0.0
    sharpness: float | None = None
    match: float | None = None
    neutral: float | None = None
    blown: float = 0.0
    number: int = 0
    edged: int = 0
    span: float = 0.0

    def known(self, limits: Thresholds) -> bool:
        """Has it been learned for long enough to rely on?"""
        return self.span >= limits.learning and self.number >= 10

    def fixed(self, limits: Thresholds) -> bool:
        """Is it a fixed view, which looks the same from picture to picture but for what moves in it?"""
        return self.known(limits) and self.match is not None and self.match >= limits.usual_match


@dataclass(frozen=True, slots=True)
class Look:
    """What a rule looks at: the numbers, the usual ones, the limits, and whether the fault is raised already."""

    measures: Measures
    usual: Usual
    limits: Thresholds
    raised: frozenset[Fault] = field(default_factory=frozenset)

    def below(self, fault: Fault, value: float, limit: float) -> bool:
        """Is the value below the limit? For a raised fault: not yet above it by the hysteresis."""
        return value < limit * (1.0 + self.limits.hysteresis if fault in self.raised else 1.0)

    def above(self, fault: Fault, value: float, limit: float) -> bool:
        return value > limit * (1.0 - self.limits.hysteresis if fault in self.raised else 1.0)


def verdicts(look: Look) -> Verdicts:
    """Of each fault: does this picture show it? None where it cannot say."""
    found: dict[Fault, bool | None] = dict.fromkeys(Fault)
    if look.measures.loss is not None:
        found[Fault.LOSS] = look.above(Fault.LOSS, look.measures.loss, look.limits.loss_above)
    if look.measures.light is not None and look.measures.edges is not None:
        found.update(_of_light(look, look.measures.light, look.measures.edges))
        if not any(found[fault] for fault in (Fault.BLACK, Fault.DARK, Fault.BRIGHT)):
            found.update(_of_scene(look, look.measures.edges))
    return {fault: None if fault in look.limits.off else found[fault] for fault in Fault}


def _of_light(look: Look, light: Light, edges: Edges) -> dict[Fault, bool | None]:
    limits = look.limits
    unlit = look.below(Fault.DARK, light.lit, limits.lit_below)
    plain = look.below(Fault.BLACK, edges.texture, 0.1)
    black = unlit and plain and look.below(Fault.BLACK, light.brightness, limits.black_below)
    blown = look.above(Fault.BRIGHT, light.blown, max(limits.blown_above, look.usual.blown + limits.blown_more))
    dim = unlit and look.below(Fault.DARK, light.brightness, limits.dark_below)
    return {
        Fault.BLACK: black,
        Fault.DARK: None if black and Fault.BLACK in look.raised else dim,
        Fault.BRIGHT: blown or look.above(Fault.BRIGHT, light.brightness, limits.bright_above),
    }


def _of_scene(look: Look, edges: Edges) -> dict[Fault, bool | None]:
    found: dict[Fault, bool | None] = {Fault.CAST: _cast(look)}
    found[Fault.COVERED] = covered = _covered(look, edges)
    if covered:
        return found
    found[Fault.FROZEN] = _frozen(look)
    found[Fault.MOVED] = moved = _moved(look)
    found[Fault.BLURRED] = None if moved else _blurred(look, edges)
    return found


def _frozen(look: Look) -> bool | None:
    stillness, limits = look.measures.stillness, look.limits
    if stillness is None:
        return None
    return look.below(Fault.FROZEN, stillness.stir, still_limit(look.usual, limits))


def still_limit(usual: Usual, limits: Thresholds) -> float:
    """Grey levels below which two pictures are the same one: a share of the camera's own noise. A static scene keeps
    its sensor's noise; a frozen one, even where it is encoded again, does not."""
    share = limits.still_share * (usual.grain or 0.0)
    return min(limits.still_cap, max(limits.still_floor, share))


def _covered(look: Look, edges: Edges) -> bool | None:
    likeness = look.measures.likeness
    if look.usual.number == 0:
        return look.below(Fault.COVERED, edges.texture, 0.03)
    if likeness is None or not look.usual.fixed(look.limits):
        return None
    return _nothing_but_noise(look, edges, likeness) or look.above(Fault.COVERED, likeness.lost, look.limits.lost_above)


def _nothing_but_noise(look: Look, edges: Edges, likeness: Likeness) -> bool:
    """The snow of an analogue line without a signal. White noise has 20 times its variance in its Laplacian, a picture
    of a place about as much as its variance or less."""
    contrast = look.measures.light.contrast if look.measures.light else 0.0
    return edges.sharpness > 8.0 * contrast**2 and likeness.match < 0.2


def matches(likeness: Likeness, usual: Usual, limits: Thresholds) -> bool:
    """Is the reference view still there, so that no displacement need be looked for?"""
    return usual.match is None or likeness.match >= limits.match_below * usual.match * (1.0 + limits.hysteresis)


def _moved(look: Look) -> bool | None:
    likeness, usual, limits = look.measures.likeness, look.usual, look.limits
    if likeness is None or usual.match is None or not usual.fixed(limits):
        return None
    if look.below(Fault.MOVED, likeness.match, limits.strange_below * usual.match) and likeness.foreign > 0.25:
        return True
    away = look.below(Fault.MOVED, likeness.match, limits.match_below * usual.match)
    return away and _displaced(look)


def _displaced(look: Look) -> bool:
    shift = look.measures.shift
    return shift is not None and look.above(Fault.MOVED, max(shift.length, shift.apart), look.limits.shift_above)


def _blurred(look: Look, edges: Edges) -> bool | None:
    known = look.usual.known(look.limits) and look.usual.edged >= EDGED
    if edges.acuity is None or look.usual.acuity is None or not known:
        return None
    share, swings = look.limits.acuity_below, 4.0
    if not look.usual.fixed(look.limits):  # it turns or is carried: near and far, at rest and in motion by turns
        share, swings = share * share, 6.0
    limit = min(share * look.usual.acuity, look.usual.acuity - swings * look.usual.swing)
    return look.below(Fault.BLURRED, edges.acuity, limit)


def _cast(look: Look) -> bool | None:
    colour, usual = look.measures.colour, look.usual
    if colour is None:
        return None
    warm = 2.0 if colour.red > 0.0 and -4.0 * colour.red < colour.blue < -0.5 * colour.red else 1.0
    limit = look.limits.cast_above * warm
    if usual.neutral is None or not usual.known(look.limits):
        return look.above(Fault.CAST, colour.neutral, 2.0 * limit)
    return look.above(Fault.CAST, colour.neutral - usual.neutral, limit)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a fault stands: `level` seconds of it are held against the camera, up to its delay. `since`: monotonic
    second of the first of them; None where there is none."""

    level: float = 0.0
    last: bool | None = None
    raised: bool = False
    since: float | None = None


def stood(standing: Standing, verdict: bool | None, at: float, elapsed: float, delay: Delay) -> Standing:
    """One more verdict on a fault.

    Time between two pictures that both show the fault adds to its level, time between two that do not takes away;
    the level reached at `raise_after` raises it, an empty one clears it. Between them it stays what it was, so that
    a flicker neither raises nor clears; what has not been raised is drained by every sound picture. No pause between
    two pictures counts for more than a third of the delay: it takes four pictures at least, however far apart.

    Args:
        verdict: does the picture at monotonic second `at` show the fault? None leaves all as it was.
        elapsed: seconds since the picture before.
    """
    if verdict is None:
        return standing
    weight = elapsed if standing.last is verdict else 0.0
    if verdict:
        level = standing.level + min(weight, delay.raise_after / 3.0)
        raised = standing.raised or level >= delay.raise_after - 1e-6
        since = at if standing.since is None else standing.since
        return Standing(min(level, delay.raise_after), True, raised, since)
    if not standing.raised:
        weight = elapsed
    drained = min(weight, delay.clear_after / 3.0) * delay.raise_after / delay.clear_after
    level = max(0.0, standing.level - drained)
    cleared = level <= 1e-6
    return Standing(
        0.0 if cleared else level, False, standing.raised and not cleared, None if cleared else standing.since
    )
