"""`gridcommand drill PLAN`: a drill (演练) from a script, at speed, through the door, on every screen, scored at its end.

The drill's own clocks run as much quicker as its script; real emergencies and the county's clock are not touched.
"""

from __future__ import annotations

import json
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import click

from alerts.news import News
from config.tables import Findings, typed_toml
from dashboard.cli.parts import Parts, open_parts
from dashboard.cli.terminal import Refusal, answer, progress
from models.emergencies import rooms
from models.emergencies.facade import Done, Emergencies
from models.emergencies.scoring import score
from models.emergencies.scripts import Act, Script, scripted
from models.emergencies.starting import Start
from models.moves import Actor, Refused, Role

CENTRE = Actor("drill", Role.OPERATOR)


@click.command()
@click.argument("plan")
@click.option("--level", type=click.IntRange(1, 4), default=3, show_default=True)
@click.option("--speed", type=click.FloatRange(1, 240), default=60.0, show_default=True, help="Times real time.")
@click.option("--silent", multiple=True, metavar="DEPARTMENT", help="A department that does not answer its call.")
@click.option(
    "--script", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="TOML: [[acts]] at, action …"
)
@click.option("--until", type=click.FloatRange(1, 10_080), help="Minutes of the drill after which it ends.")
def drill(
    plan: str, level: int, speed: float, silent: tuple[str, ...], script: Path | None, until: float | None
) -> None:
    """Play a drill of PLAN and print its score; the last line is JSON."""
    with open_parts() as parts:
        with parts.store.read() as connection:
            plans = rooms.plans(connection)
        if plan not in plans:
            raise Refusal(f"There is no plan {plan!r}; expected one of {', '.join(sorted(plans))}.")
        played = _read(script) if script else scripted(plans[plan], level, silent)
        longest = float(plans[plan].clocks.done) if until is None else until
        _play(parts, Start(plan, level, "脚本演练", drill=True, speed=speed), played, speed, longest)


def _read(file: Path) -> Script:
    findings = Findings(file.name)
    found = typed_toml(file, Script, findings)
    if found is None:
        raise Refusal("\n".join(str(problem) for problem in findings.problems))
    return found


def _play(parts: Parts, wanted: Start, script: Script, speed: float, until: float) -> None:
    news = News(parts.settings.redis)
    ours = Emergencies(parts.door)
    refused: list[str] = []
    first = parts.clock.now()
    done = ours.start(wanted, CENTRE, first)
    number = done.room.row.number
    _told(news, done)
    answer(f"{number}: {done.room.plan.name}, {speed:g}×")
    began = time.monotonic()
    acts = [act for act in sorted(script.acts, key=lambda act: act.at) if act.at <= until]
    with progress("drill", len(acts)) as bar:
        for count, act in enumerate(acts, 1):
            _wait(began + act.at * 60 / speed)
            try:
                _told(news, _act(ours, first, number, act, speed))
            except Refused as refusal:
                refused.append(f"{act.at:g} min {act.department or ''} {act.action}: {refusal}")
            bar(count)
    _wait(began + until * 60 / speed)
    _told(news, _act(ours, first, number, Act(until, "end", None, {"note": "演练结束"}), speed))
    last = _act(ours, first, number, Act(until, "cancel", None, {"note": "演练解除"}), speed)
    _told(news, last)
    found = score(last.room.parties, last.room.tasks, last.room.row.ended_at)
    for sentence in refused:
        answer(sentence)
    answer(
        json.dumps(
            {
                "emergency": number,
                "score": found.percent,
                "in_time": found.in_time,
                "late": found.late,
                "missed": found.missed,
                "refused": len(refused),
            }
        )
    )


def _act(ours: Emergencies, first: datetime, number: str, act: Act, speed: float) -> Done:
    """Done at the script's own instant, so that a slow machine is not scored as a slow department."""
    actor = (
        Actor(f"drill-{act.department}"[:64], Role.DEPARTMENT, department=act.department) if act.department else CENTRE
    )
    return ours.act(number, act.action, actor, first + timedelta(minutes=act.at / speed), act.fields)


def _told(news: News, done: Done) -> None:
    news.publish(done.facts)


def _wait(until: float) -> None:
    threading.Event().wait(max(0.0, until - time.monotonic()))
