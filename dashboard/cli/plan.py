"""What a demonstration is to show: kept as `demo.json` in the data folder, where each of its processes reads it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

FILE = "demo.json"
ACCOUNTS = "demo-accounts.json"


@dataclass(frozen=True)
class DemoPlan:
    """One demonstration.

    Attributes:
        began: real time of its first start; its history is told backwards from there.
        seed: makes history and flow repeatable.
        rate: new reports per minute of the living flow.
        cases: a file of real cases to replay instead of the invented county; absolute.
        map, areas: how that file is read and where its places are; empty: found by themselves.
        since: cases before this day are fed at once.
        speed: of the replay, times real time; 0 means as fast as possible.
        clips: a folder of video files to use as cameras; absolute, empty for the drawn ones.
        scenes_port: of the RTSP server behind the cameras.
        seeded: the history (or the replayed county) is complete in the database.
    """

    began: datetime
    seed: int = 20
    rate: float = 4.0
    cases: str = ""
    map: str = ""
    areas: str = ""
    since: str = ""
    speed: float = 1.0
    clips: str = ""
    scenes_port: int = 8053
    seeded: bool = False


def read_plan(folder: Path) -> DemoPlan | None:
    """The plan kept in a data folder; None where no demonstration was started there."""
    file = folder / FILE
    if not file.exists():
        return None
    fields = json.loads(file.read_text(encoding="utf-8"))
    return DemoPlan(**{**fields, "began": datetime.fromisoformat(fields["began"])})


def keep_plan(folder: Path, plan: DemoPlan) -> None:
    """Keep a plan, replacing the one before in one piece."""
    fields = {**asdict(plan), "began": plan.began.isoformat()}
    draft = folder / f"{FILE}.tmp"
    draft.write_text(json.dumps(fields, ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(folder / FILE)


def seeded(folder: Path) -> None:
    """Note that everything the demonstration begins with is in the database."""
    plan = read_plan(folder)
    if plan is not None:
        keep_plan(folder, replace(plan, seeded=True))
