"""`gridcommand bench health`: planted faults of camera health found, and false alarms over whole days.

    gridcommand bench health [--clips DIR] [--hours H] [--quick]

Each camera, a real clip or a drawn place, is watched sound for five minutes, shows a planted fault for 135 seconds
and is sound again for as long; pictures go through H.264 and come every three seconds. Then each camera is sound for a
day of weather and traffic, a picture every seven seconds. Beside it, on the same pictures, a vendor's published rules:
mean brightness < 30 or > 220, contrast σ < 25, ten pictures > 95 % alike (to two grey levels); each lasting ten
pictures.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bench.health_pictures import (
    DAY,
    DRAWN,
    ClipsMissing,
    Coder,
    Day,
    DrawnDay,
    Planes,
    Plant,
    Source,
    clip_sources,
    drawn_source,
    planted,
    plants,
)
from streams.health import Fault, Health, Memory, Packets, Thresholds, observe
from streams.scenes import KINDS

CLIPS = Path(__file__).resolve().parents[2] / "shared" / "data" / "video"
STEP, DAY_STEP = 3.0, 7.0
SOUND, FAULTY, AFTER = 100, 45, 45
"""Pictures before, during and after a fault."""
_PACKETS = 30


@dataclass
class Trial:
    """One plant in one camera: after how many seconds it was raised and cleared (None: not), what else was raised."""

    plant: str
    camera: str
    raised: float | None = None
    cleared: float | None = None
    wrong: set[Fault] = field(default_factory=set)


def sound_memory(loop: Sequence[Planes], limits: Thresholds) -> tuple[Memory, set[Fault]]:
    """A camera watched sound, and what was raised meanwhile."""
    memory, raised = Memory(), set[Fault]()
    for number in range(SOUND):
        planes = loop[int(number * STEP) % len(loop)]
        memory, health = observe(memory, planes.observed(number * STEP, Packets(_PACKETS, 0)), limits)
        raised |= health.raised
    return memory, raised


def trial(plant: Plant, source: Source, loop: Sequence[Planes], memory: Memory, limits: Thresholds) -> Trial:
    """Show the fault to a camera that has been watched sound."""
    result, begun = Trial(plant.name, source.name), SOUND * STEP
    dice = np.random.default_rng(len(plant.name))
    lost = round(_PACKETS * plant.lost / (1.0 - plant.lost) * 10)

    def noted(health: Health, fault: bool) -> None:
        if plant.expected & health.raised and result.raised is None and fault:
            result.raised = health.at - begun
        if plant.expected & health.cleared and not plant.expected & health.faults and not fault:
            result.cleared = health.at - begun - FAULTY * STEP
        result.wrong |= health.raised - plant.expected - plant.tolerated

    for number, planes in enumerate(planted(plant, source, FAULTY, dice)):
        packets = Packets(_PACKETS, lost if number % 10 == 0 else 0)
        memory, health = observe(memory, planes.observed(begun + number * STEP, packets), limits)
        noted(health, True)
    for number in range(FAULTY, FAULTY + AFTER):
        planes = loop[int(number * STEP) % len(loop)]
        memory, health = observe(memory, planes.observed(begun + number * STEP, Packets(_PACKETS, 0)), limits)
        noted(health, False)
    return result


class Vendor:
    """The published rules, each raised after ten pictures in a row."""

    def __init__(self) -> None:
        self.alarms: Counter[str] = Counter()
        self._rows: Counter[str] = Counter()
        self._before: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | None = None

    def look(self, planes: Planes) -> None:
        mean, deviation = (float(value.item()) for value in cv2.meanStdDev(planes.luma))
        alike = self._before is not None and float((cv2.absdiff(planes.luma, self._before) <= 2).mean()) > 0.95
        self._before = planes.luma
        for name, wrong in (
            ("dark", mean < 30), ("bright", mean > 220), ("covered", deviation < 25), ("frozen", alike),
        ):  # fmt: skip
            self._rows[name] = self._rows[name] + 1 if wrong else 0
            self.alarms[name] += self._rows[name] == 10


@dataclass
class DayResult:
    """A sound day of one camera: alarms raised by name, the vendor's beside them, seconds of CPU."""

    camera: str
    hours: float
    alarms: Counter[str]
    vendor: Counter[str]
    seconds: list[float]


def day(camera: str, picture: Callable[[float], Planes], hours: float, limits: Thresholds) -> DayResult:
    """Watch a sound camera for some hours, from eight in the morning, a picture every seven seconds."""
    memory, vendor, alarms, seconds = Memory(), Vendor(), Counter[str](), []
    for number in range(int(hours * 3600 / DAY_STEP)):
        at = number * DAY_STEP
        planes = picture((at + 8 * 3600) % DAY)
        vendor.look(planes)
        began = time.thread_time()
        memory, health = observe(memory, planes.observed(at), limits)
        seconds.append(time.thread_time() - began)
        alarms.update(fault.value for fault in health.raised)
    return DayResult(camera, hours, alarms, vendor.alarms, seconds)


def all_trials(sources: Iterable[Source], limits: Thresholds, console: Console) -> tuple[list[Trial], Counter[str]]:
    """Every plant in every camera, and what was raised in the sound minutes before."""
    results: list[Trial] = []
    false: Counter[str] = Counter()
    for source in sources:
        loop = list(Coder().coded(source.pictures))
        memory, raised = sound_memory(loop, limits)
        false.update(fault.value for fault in raised)
        fitting = [plant for plant in plants() if plant.everywhere or source.fixed]
        steps = track(fitting, f"{source.name:22}", console=console, disable=not console.is_terminal)
        results.extend(trial(plant, source, loop, memory, limits) for plant in steps)
    return results, false


def recall_table(trials: Sequence[Trial]) -> Table:
    table = Table("planted", "found", "seconds", "missed in", "other faults raised", "cleared", "seconds")
    for name in dict.fromkeys(item.plant for item in trials):
        mine = [item for item in trials if item.plant == name]
        found = [item.raised for item in mine if item.raised is not None]
        cleared = [item.cleared for item in mine if item.raised is not None and item.cleared is not None]
        missed = ", ".join(item.camera for item in mine if item.raised is None)
        wrong = Counter(fault.value for item in mine for fault in item.wrong)
        table.add_row(
            name, f"{len(found)}/{len(mine)}", f"{median(found):.0f}" if found else "", missed,
            ", ".join(f"{fault} {count}" for fault, count in wrong.items()),
            f"{len(cleared)}/{len(found)}", f"{median(cleared):.0f}" if cleared else "",
        )  # fmt: skip
    return table


def day_table(days: Sequence[DayResult]) -> Table:
    table = Table("sound camera", "hours", "false alarms", "per hour", "vendor's rules", "per hour", "ms each")
    for one in days:
        table.add_row(
            one.camera, f"{one.hours:g}", _named(one.alarms), f"{one.alarms.total() / one.hours:.3f}",
            _named(one.vendor), f"{one.vendor.total() / one.hours:.2f}", f"{1000 * median(one.seconds):.2f}",
        )  # fmt: skip
    return table


def _named(alarms: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(alarms.items()) if count) or "0"


def figures(trials: Sequence[Trial], days: Sequence[DayResult]) -> dict[str, float]:
    seconds = sorted(second for one in days for second in one.seconds)
    hours = sum(one.hours for one in days)
    return {
        "planted": len(trials),
        "found": sum(item.raised is not None for item in trials),
        "wrong_fault": sum(bool(item.wrong) for item in trials),
        "camera_hours": hours,
        "false_alarms": sum(one.alarms.total() for one in days),
        "false_alarms_per_camera_hour": round(sum(one.alarms.total() for one in days) / hours, 5) if hours else 0.0,
        "vendor_false_alarms_per_camera_hour": (
            round(sum(one.vendor.total() for one in days) / hours, 3) if hours else 0.0
        ),
        "observe_ms_median": round(1000 * median(seconds), 3) if seconds else 0.0,
        "observe_ms_p95": round(1000 * seconds[int(0.95 * len(seconds))], 3) if seconds else 0.0,
    }


def run(argv: Sequence[str]) -> int:
    """Run both parts; the last line is one JSON object of figures."""
    parser = argparse.ArgumentParser(prog="gridcommand bench health", description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=Path, default=CLIPS, help="folder of the real clips")
    parser.add_argument("--hours", type=float, default=24.0, help="hours of each camera's day")
    parser.add_argument("--quick", action="store_true", help="the real clips only")
    chosen = parser.parse_args(argv)
    cv2.setNumThreads(1)
    limits, console = Thresholds(), Console(stderr=False, width=150)
    try:
        clips = clip_sources(chosen.clips)
    except ClipsMissing as error:
        print(error, file=sys.stderr)
        return 1
    sources = [*clips, *(() if chosen.quick else map(drawn_source, DRAWN))]
    trials, false = all_trials(sources, limits, console)
    console.print(recall_table(trials))
    console.print(f"raised in the sound minutes before: {_named(false)}")
    days = all_days(clips, () if chosen.quick else tuple(KINDS), chosen.hours, limits, console)
    console.print(day_table(days))
    print(json.dumps(figures(trials, days)))
    return 0


def all_days(
    clips: Sequence[Source], kinds: Sequence[str], hours: float, limits: Thresholds, console: Console
) -> list[DayResult]:
    """A day of each real clip, every other one by infra-red at night, and of each drawn place."""
    results = []
    for number, source in enumerate(track(clips, "days of clips", console=console, disable=not console.is_terminal)):
        weather = Day(list(Coder().coded(source.pictures)), number, infrared=number % 2 == 0)
        results.append(day(source.name, weather.picture, hours, limits))
    places = track(kinds, "days of places", console=console, disable=not console.is_terminal)
    return results + [day(f"drawn {kind}", DrawnDay(kind, 3).picture, hours, limits) for kind in places]


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
