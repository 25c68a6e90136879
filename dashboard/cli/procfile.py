"""The Procfile: which processes there are and how each is started. Pure."""

from __future__ import annotations

import re
import shlex

_LINE = re.compile(r"^(?P<name>[a-z][a-z0-9-]{0,31})\s*:\s*(?P<command>\S.*)$")


class ProcfileError(Exception):
    """A line of the Procfile cannot be read. The text names the line and what was expected."""


def programs(text: str) -> dict[str, list[str]]:
    """Name → the words of its command, in the order of the file. Empty lines and `#` comments are skipped.

    Raises:
        ProcfileError: a line that is no `name: command`, a name given twice, or quotes that do not close.
    """
    found: dict[str, list[str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.match(line.strip())
        if match is None:
            raise ProcfileError(f"Procfile line {number}: expected `name: command`, got {line.strip()!r}.")
        if match["name"] in found:
            raise ProcfileError(f"Procfile line {number}: there is a process {match['name']!r} already.")
        found[match["name"]] = _words(match["command"], number)
    return found


def _words(command: str, number: int) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as error:
        raise ProcfileError(f"Procfile line {number}: the command cannot be read ({error}).") from error
