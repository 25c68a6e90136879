"""`gridcommand`: the group of commands and the guard around them. Commands are loaded when they are asked for."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from config.settings import SettingsError
from dashboard.cli.terminal import Refusal, say

COMMANDS = {
    "demo": ("dashboard.cli.launch:demo", "A demonstration county, alive: reports, deadlines, cameras."),
    "up": ("dashboard.cli.launch:up", "All processes on the configured database and Redis; nothing simulated."),
    "run": ("dashboard.cli.run:run", "One process of the Procfile, in the foreground."),
    "migrate": ("dashboard.cli.upkeep:migrate", "Take the database's schema to the newest version."),
    "check": ("dashboard.cli.upkeep:check", "Validate configuration and reference data, with line numbers."),
    "doctor": ("dashboard.cli.doctor:doctor", "Is every part alive, and how far behind?"),
    "import": (
        "dashboard.cli.imports:import_",
        "Places, departments, categories, cases, cameras, calendars from files.",
    ),
    "export": ("dashboard.cli.leaving:export", "Cases, traces, orders, places, evaluation or cameras to a file."),
    "drill": ("dashboard.cli.drill:drill", "A drill of a plan from a script, at speed, with its score."),
    "replay": ("dashboard.cli.replay:replay", "Real cases of a file through the same door as live ones."),
    "user": ("dashboard.cli.people:user", "Accounts: add, list, disable, reset."),
    "token": ("dashboard.cli.people:token", "Bearer tokens of client systems and displays: create, list, revoke."),
    "channel": ("dashboard.cli.channels:channel", "Channels of notification: add, list, test, remove, contact."),
    "feed": ("dashboard.cli.exchange:feed", "Feeds of warnings (CAP 1.2): add, list, remove."),
    "webhook": ("dashboard.cli.exchange:webhook", "Webhooks that are told facts, signed: add, list, enable, remove."),
    "backup": ("dashboard.cli.backup:backup", "A consistent copy of the database while everything runs."),
    "restore": ("dashboard.cli.backup:restore", "Bring a copy back."),
    "verify": ("dashboard.cli.backup:verify", "Are the chains of traces and of the audit unbroken?"),
    "bench": ("dashboard.cli.upkeep:bench", "Measure: one JSON line of figures last."),
    "screenshots": ("dashboard.cli.screenshots:screenshots", "Take the pictures of the README from a running demo."),
}
"""Name → where its click command lives, and the line that `--help` shows of it."""

KNOWN_REFUSALS = {
    "config.settings.SettingsError",
    "config.tables.ReferenceError",
    "config.tabular.TableError",
    "config.columns.ColumnsError",
    "models.safekeeping.CopyRefused",
    "models.store.StoreUnavailable",
    "models.moves.Refused",
    "models.calendars.CalendarError",
    "streams.clips.ClipError",
    "dashboard.cli.procfile.ProcfileError",
    "dashboard.cli.terminal.Refusal",
}
"""Exceptions whose text is a sentence for a person. By name, so that `--help` loads none of the rooms."""


class _Commands(click.Group):
    """Loads a command's module at its first use: `gridcommand --help` stays quick and touches nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show where in the program a refusal arose.")
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (GRIDCOMMAND_DATA).")
def cli(debug: bool, data: Path | None) -> None:
    """网格指挥台 GridCommand: a real-time command centre for grid-based community governance."""
    if data is not None:
        os.environ["GRIDCOMMAND_DATA"] = str(data)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 refused with a sentence on stderr, 2 wrong usage."""
    os.umask(0o077)  # databases, copies, lists of rejects: for their owner only
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_guarded(words))


def _guarded(words: list[str]) -> int:
    try:
        code = cli.main(args=words, prog_name="gridcommand", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.UsageError as error:
        error.show()
        return 2
    except click.ClickException as error:
        error.show()
        return 1
    except (click.Abort, KeyboardInterrupt):
        say("Stopped.")
        return 1
    except BrokenPipeError:
        sys.stdout = None  # whoever read our output has gone; there is nobody to tell
        return 1
    except Exception as error:  # the last guard: a person gets a sentence, not a traceback
        if "--debug" in words:
            traceback.print_exc()
        say(_sentence(error))
        return 1


def _sentence(error: Exception) -> str:
    kinds = {f"{kind.__module__}.{kind.__name__}" for kind in type(error).__mro__}
    if kinds & KNOWN_REFUSALS or isinstance(error, Refusal | SettingsError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'The system'}: {error.strerror}."
    words = str(error).splitlines()[0] if str(error) else "no text"
    return f"Something unexpected went wrong ({type(error).__name__}: {words}); `gridcommand --debug …` shows where."
