"""How a speed is written at the command line."""

from __future__ import annotations

import click

FASTEST = 1_000_000


def speed_of(text: str) -> float:
    """Times real time; `max` is 0.0: as fast as the machine can.

    Raises:
        click.BadParameter: it is neither.
    """
    if text == "max":
        return 0.0
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not 0 < speed <= FASTEST:
        raise click.BadParameter(f"expected a number above 0 or max, got {text!r}.", param_hint="--speed")
    return speed
