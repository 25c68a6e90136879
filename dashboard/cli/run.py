"""`gridcommand run NAME`: one process of the Procfile in the foreground; it speaks sd_notify and ends on SIGTERM."""

from __future__ import annotations

import importlib

import click

from config.settings import Settings, from_environment

PROCESSES = {
    "push": "alerts.push:run_push",
    "alerts": "alerts.alarms:run_alerts",
    "streams": "dashboard.cli.cameras:run_streams",
    "redis": "dashboard.cli.embedded:run_redis",
    "scenes": "dashboard.cli.cameras:run_scenes",
    "flow": "dashboard.cli.flow:run_flow",
    "replay": "dashboard.cli.replay:run_replay",
    "prepare": "dashboard.cli.prepare:run_prepare",
}
"""Name → the function that is the process: it takes the settings and returns an exit code or None."""


@click.command()
@click.argument("name", type=click.Choice(list(PROCESSES)))
def run(name: str) -> int:
    """One process of the Procfile, in the foreground; for the supervisor, systemd and containers."""
    settings: Settings = from_environment()
    module, _, function = PROCESSES[name].partition(":")
    return getattr(importlib.import_module(module), function)(settings) or 0
