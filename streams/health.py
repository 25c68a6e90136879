"""Camera health as a pure fold over key pictures: `memory, health = observe(memory, observation, thresholds)`.

It judges the condition of the picture (black, dark, too bright, covered, blurred, moved, colour cast, frozen, packet
loss), never what happens in it. It reads no clock and touches nothing; a camera's `Memory` is about 18 kB (a
reference view of 160 × 90, 3,600 samples, a few numbers), never changed in place, and belongs to its camera.

How the vendor's starting points were improved (figures: bench/health.py):

- *mean < 30, > 220*: kept, but a dark picture must also have hardly a lit block, since a lit street by night is dark
  on the mean and seen well.
- *contrast σ < 25* calls an empty road covered. Here a learned reference view (a running median, in which people and
  cars leave no trace) says which blocks held structure; covered is where that structure is gone and nothing came.
- *ten frames > 95 % alike* calls every calm scene frozen. Here the same picture is one without the camera's own noise.
- variance of the Laplacian follows dusk, fog and noise by a factor of ten; it is measured, but what decides is
  acuity, the share of its range that an edge crosses at once, beside the camera's own slow mean.

Honest limits:

- Frozen and static are told apart by the sensor's noise alone. A frozen picture with as much noise added to it as the
  sensor had, or encoded again at a starved constant bit rate, passes as a calm scene. A camera whose noise falls
  at dawn to less than a third of the night's *and* below 0.25 grey levels, before a scene in which nothing moves, is
  called frozen until something does.
- What the camera has had from its first minute is usual to it: a view blurred, turned or half covered from the start
  is not found, nor a change so slow that the usual follows (dirt over weeks; half-life 15 minutes). Memory does not
  outlive the worker unless the caller keeps it.
- A thing that fills half of the view with a plain side for longer than the delay (a parked lorry, scaffolding)
  is covering. A crowd or a market that fills nearly all of it for as long counts as another view.
- A view without structure (open water in fog, a wall) has nothing to be covered, moved or blurred.
- Of a camera that turns, switch off `moved` (`Thresholds.off`); a montage of views is recognised as no fixed view.
- A picture without edges of 24 grey levels has no acuity: blur is not judged there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from streams.health_measures import (
    FEWEST_BLOCKS,
    Frame,
    Likeness,
    Plane,
    Shift,
    Stillness,
    colour,
    edges,
    framed,
    light,
    likeness,
    samples,
    seen_blocks,
    shift,
    stillness,
)
from streams.health_rules import (
    DELAYS,
    Delay,
    Fault,
    Look,
    Measures,
    Standing,
    Thresholds,
    Usual,
    Verdicts,
    matches,
    still_limit,
    stood,
    verdicts,
)

__all__ = [
    "DELAYS", "Delay", "Fault", "Health", "Measures", "Memory", "Observation", "Packets", "Thresholds", "Usual",
    "observation_of_bgr", "observe", "relearning",
]  # fmt: skip

_VIEW_SECONDS = 10.0
"""The reference view moves by one grey level towards the picture in this time: 6 a minute. Dusk takes 3."""
_LEARNING_SECONDS, _LEARNING_WEIGHT = 180.0, 0.05
"""In its first minutes a camera is learned faster: `_step` levels with each picture, a twentieth of each number."""
_FIRST_PICTURES = 4
_QUIET = 0.25
"""The share of pictures that are calmer than the usual grain: what fills the view now and then is no noise."""
_LOSS_HALF_LIFE = 15.0


@dataclass(frozen=True, slots=True)
class Packets:
    """What came since the observation before: packets `received`, and how many more were `damaged` or missing."""

    received: int
    damaged: int


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """One look at a camera. `at`: monotonic seconds. `luma`: full-range luminance (height × width, 8 bit, any size
    from 32 × 18; 320 × 180 is measured as it is), None where only packets are reported. `blue`, `red`: the chroma
    planes Cb and Cr in any size; without them no colour is judged. The planes are read, never kept or changed."""

    at: float
    luma: Plane | None = None
    blue: Plane | None = None
    red: Plane | None = None
    packets: Packets | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """All that is kept of a camera. Made by `Memory()`, followed up by `observe`; its arrays are read-only."""

    at: float | None = None
    pictured_at: float | None = None
    counted_at: float | None = None
    view: Plane | None = None
    view_at: float = 0.0
    still: Plane | None = None
    usual: Usual = field(default_factory=Usual)
    standings: tuple[tuple[Fault, Standing], ...] = tuple((fault, Standing()) for fault in Fault)
    received: float = 0.0
    damaged: float = 0.0

    @property
    def raised(self) -> frozenset[Fault]:
        return frozenset(fault for fault, standing in self.standings if standing.raised)

    @property
    def size(self) -> int:
        """Bytes in arrays."""
        return sum(plane.nbytes for plane in (self.view, self.still) if plane is not None)


@dataclass(frozen=True, slots=True)
class Health:
    """A camera's condition at monotonic second `at`: the numbers of this picture beside the usual ones, the faults
    that stand, those that were raised and cleared just now, and what this picture shows but has not lasted yet."""

    at: float
    measures: Measures
    usual: Usual
    faults: frozenset[Fault]
    raised: frozenset[Fault]
    cleared: frozenset[Fault]
    suspected: frozenset[Fault]
    since: tuple[tuple[Fault, float], ...]
    """Of each standing fault the monotonic second at which it was first seen."""


def observation_of_bgr(at: float, picture: Plane, packets: Packets | None = None) -> Observation:
    """An observation of a BGR picture (height × width × 3) or a grey one (height × width), scaled down before its
    colours are separated."""
    if picture.ndim == 2:
        return Observation(at, picture, packets=packets)
    small = (
        picture if picture.shape[:2] == (180, 320) else cv2.resize(picture, (320, 180), interpolation=cv2.INTER_AREA)
    )
    luma, red, blue = cv2.split(cv2.cvtColor(small, cv2.COLOR_BGR2YCrCb))
    return Observation(at, luma, blue, red, packets)


def relearning(memory: Memory) -> Memory:
    """The memory of a camera whose present picture a person has declared to be as it should: nothing held against
    it, and view and usual numbers learned anew. For a camera turned on purpose, or cleaned, or refocused."""
    return replace(memory, view=None, view_at=0.0, usual=Usual(), standings=Memory().standings)


def observe(memory: Memory, observation: Observation, thresholds: Thresholds) -> tuple[Memory, Health]:
    """Judge one observation and remember it. About 0.7 ms; 1.3 ms while a view is not where it was.

    Raises:
        ValueError: the observation is older than the one before, or a plane is not an 8-bit picture.
    """
    if memory.at is not None and observation.at < memory.at:
        raise ValueError(f"Observations come in order of time: {observation.at} is before {memory.at}.")
    memory = _counted(_refreshed(memory, observation, thresholds), observation)
    frame = _frame(observation, thresholds)
    measures = _measured(memory, observation, frame, thresholds)
    found = verdicts(Look(measures, memory.usual, thresholds, memory.raised))
    standings = _standing(memory, found, observation, frame is not None, thresholds)
    counted_at = memory.counted_at if observation.packets is None else observation.at
    later = replace(memory, at=observation.at, counted_at=counted_at, standings=standings)
    if frame is not None:
        later = _remembered(later, frame, measures, found, observation.at, thresholds)
    return later, _health(memory, later, measures, found)


def _refreshed(memory: Memory, observation: Observation, limits: Thresholds) -> Memory:
    """The memory, without what a long absence has made worthless. With a fault standing it is kept: the view learned
    before is the evidence."""
    if memory.pictured_at is None or observation.luma is None or memory.raised:
        return memory
    absent = observation.at - memory.pictured_at > limits.forget_after
    return relearning(memory) if absent else memory


def _counted(memory: Memory, observation: Observation) -> Memory:
    if observation.packets is None:
        return memory
    kept = 0.5 ** (_since(memory.counted_at, observation.at) / _LOSS_HALF_LIFE)
    packets = observation.packets
    damaged = memory.damaged * kept + packets.damaged
    return replace(memory, received=memory.received * kept + packets.received, damaged=damaged)


def _since(earlier: float | None, at: float) -> float:
    return 0.0 if earlier is None else at - earlier


def _frame(observation: Observation, limits: Thresholds) -> Frame | None:
    if observation.luma is None:
        return None
    frame = framed(observation.luma, seen_blocks(limits.unseen))
    return frame if frame.in_sight >= FEWEST_BLOCKS else None


def _measured(memory: Memory, observation: Observation, frame: Frame | None, limits: Thresholds) -> Measures:
    packets = memory.received + memory.damaged
    loss = None if observation.packets is None or packets <= 0.0 else memory.damaged / packets
    if frame is None:
        return Measures(loss=loss)
    still = None if memory.still is None else stillness(samples(frame), memory.still, frame.seen)
    grain = _grain(still, memory.usual)
    like = None if memory.view is None else likeness(frame, memory.view, grain)
    chroma = None
    if observation.blue is not None and observation.red is not None:
        chroma = colour(observation.blue, observation.red, frame.seen)
    moved = _shift(memory, frame, like, limits)
    return Measures(light(frame), edges(frame, grain), still, like, moved, chroma, loss)


def _grain(still: Stillness | None, usual: Usual) -> float:
    """The noise to reckon with: what this picture shows, but not what a lorry before the camera would make of it."""
    if still is None or usual.grain is None:
        return still.grain if still else usual.grain or 0.0
    return min(still.grain, 2.0 * usual.grain)


def _shift(memory: Memory, frame: Frame, like: Likeness | None, limits: Thresholds) -> Shift | None:
    if like is None or memory.view is None or Fault.MOVED in limits.off or matches(like, memory.usual, limits):
        return None
    return shift(frame, memory.view)


def _standing(
    memory: Memory, found: Verdicts, observation: Observation, pictured: bool, limits: Thresholds
) -> tuple[tuple[Fault, Standing], ...]:
    """Every fault a verdict further; those that this observation had no means to judge stay as they are."""
    at = observation.at

    def further(fault: Fault, standing: Standing) -> Standing:
        if fault in limits.off:
            return Standing()
        packets = fault is Fault.LOSS
        judged = observation.packets is not None if packets else pictured
        if not judged:
            return standing
        elapsed = _since(memory.counted_at if packets else memory.pictured_at, at)
        return stood(standing, found[fault], at, elapsed, limits.delays[fault])

    return tuple((fault, further(fault, standing)) for fault, standing in memory.standings)


def _remembered(
    memory: Memory, frame: Frame, measures: Measures, found: Verdicts, at: float, limits: Thresholds
) -> Memory:
    still = memory.still
    if still is None or not _same(measures.stillness, memory.usual, limits):
        still = _kept(samples(frame))
    elapsed = _since(memory.pictured_at, at)
    memory = replace(memory, still=still, pictured_at=at)
    if any(found[fault] or standing.level for fault, standing in memory.standings if fault is not Fault.LOSS):
        return replace(memory, view_at=at)
    view, view_at = _viewed(memory, frame, at)
    return replace(memory, usual=_learned(memory.usual, measures, elapsed, limits), view=view, view_at=view_at)


def _same(compared: Stillness | None, usual: Usual, limits: Thresholds) -> bool:
    return compared is not None and compared.stir < still_limit(usual, limits)


def _viewed(memory: Memory, frame: Frame, at: float) -> tuple[Plane, float]:
    """The reference view a step further: the mean of the first pictures, then a running median, which a step of one
    grey level at a time makes (what passes moves it by a level or two and back)."""
    if memory.view is None:
        return _kept(frame.small.copy()), at
    number = memory.usual.number + 1
    if number <= _FIRST_PICTURES:
        return _kept(cv2.addWeighted(memory.view, 1.0 - 1.0 / number, frame.small, 1.0 / number, 0.0)), at
    step = _step(memory, at)
    if step < 1.0:
        return memory.view, memory.view_at
    higher = cv2.min(cv2.subtract(frame.small, memory.view), step)
    lower = cv2.min(cv2.subtract(memory.view, frame.small), step)
    return _kept(cv2.subtract(cv2.add(memory.view, higher), lower)), at


def _step(memory: Memory, at: float) -> float:
    if memory.usual.span > _LEARNING_SECONDS:
        return min(2.0, (at - memory.view_at) // _VIEW_SECONDS)
    return 4.0 if memory.usual.number < 16 else 2.0 if memory.usual.number < 32 else 1.0


def _kept(plane: Plane) -> Plane:
    plane = np.ascontiguousarray(plane)
    plane.setflags(write=False)
    return plane


def _learned(usual: Usual, measures: Measures, elapsed: float, limits: Thresholds) -> Usual:
    number = usual.number + 1
    least = _LEARNING_WEIGHT if usual.span < _LEARNING_SECONDS else 0.0
    weight = max(1.0 / number, least, 1.0 - 0.5 ** (elapsed / limits.half_life))
    sharp, like, still, chroma = measures.edges, measures.likeness, measures.stillness, measures.colour
    edged = usual.edged + (sharp is not None and sharp.acuity is not None)
    seldom = max(weight, 1.0 / max(1, edged))
    return Usual(
        grain=_quieter(usual.grain, still.grain if still else None, weight),
        acuity=_nearer(usual.acuity, sharp.acuity if sharp else None, seldom),
        swing=_nearer(usual.swing, _swing(usual, measures), seldom) or 0.0,
        sharpness=_nearer(usual.sharpness, sharp.sharpness if sharp else None, weight),
        match=_nearer(usual.match, like.match if like else None, weight),
        neutral=_nearer(usual.neutral, chroma.neutral if chroma else None, weight),
        blown=_nearer(usual.blown, measures.light.blown if measures.light else None, weight) or 0.0,
        number=number,
        edged=edged,
        span=usual.span + min(elapsed, limits.learning / 3.0),
    )


def _swing(usual: Usual, measures: Measures) -> float | None:
    acuity = measures.edges.acuity if measures.edges else None
    return None if acuity is None or usual.acuity is None else abs(acuity - usual.acuity)


def _nearer(usual: float | None, value: float | None, weight: float) -> float | None:
    if value is None or usual is None:
        return usual if value is None else value
    return usual + (value - usual) * weight


def _quieter(usual: float | None, value: float | None, weight: float) -> float | None:
    """A running lower quartile: steps up by a quarter and down by three quarters of the weight."""
    if value is None or usual is None:
        return usual if value is None else value
    step = 2.0 * weight * max(usual, 0.1)
    return max(value, usual - (1.0 - _QUIET) * step) if value < usual else min(value, usual + _QUIET * step)


def _health(before: Memory, after: Memory, measures: Measures, found: Verdicts) -> Health:
    return Health(
        at=after.at or 0.0,
        measures=measures,
        usual=after.usual,
        faults=after.raised,
        raised=after.raised - before.raised,
        cleared=before.raised - after.raised,
        suspected=frozenset(fault for fault, wrong in found.items() if wrong),
        since=tuple(
            (fault, state.since) for fault, state in after.standings if state.raised and state.since is not None
        ),
    )
