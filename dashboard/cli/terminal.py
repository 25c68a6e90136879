"""What a person at a terminal sees: sentences on stderr, results on stdout, progress only where somebody looks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Refusal(Exception):
    """A command cannot be done. The text is a whole sentence for the person who typed it; exit code 1."""


def say(sentence: str) -> None:
    """A line for a person, on stderr, so that stdout holds results only."""
    click.echo(sentence, err=True)


def answer(line: str) -> None:
    """A line of the result, on stdout."""
    click.echo(line)


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A bar while the block runs; the function sets how far it is. Nothing is shown when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
