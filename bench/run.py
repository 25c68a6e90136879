"""`python -m bench.run NAME [ARGUMENTS]`: the same as `gridcommand bench NAME`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

BENCHES = {
    "emergency": "from the start button to the room on every screen: 20 departments, 100 tasks, 50 pages",
    "evaluation": "closed in time by our formulas against the flag a real city published",
    "cameras": "what a camera costs, beside OpenCV and the floor; glass to glass in a browser",
    "health": "planted faults of cameras found, and false alarms over whole days",
    "intake": "reports per second through the API, each found afterwards, on SQLite and PostgreSQL",
    "forecast": "will-be-late against the simple rule, and suggestions on unseen rows, from a file of real cases",
    "scale": "every list, search, figure and page with 10 thousand and 1 million cases, on SQLite and PostgreSQL",
    "push": "report to painted wall, beside polling and beside a bare relay",
}


def run(name: str, arguments: Sequence[str]) -> int:
    """Run one benchmark; its last line is one JSON object of figures.

    Raises:
        KeyError: there is none of this name.
    """
    if name not in BENCHES:
        raise KeyError(name)
    return int(importlib.import_module(f"bench.{name}").run(list(arguments)) or 0)


def main(words: Sequence[str]) -> int:
    """Run the named benchmark, or list them all."""
    if not words or words[0] not in BENCHES:
        print("\n".join(f"{name}: {what}" for name, what in BENCHES.items()), file=sys.stderr)
        return 2
    return run(words[0], words[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
