"""Put the project on the path of the virtual environment this runs in, and `gridcommand` into its `bin`: no build."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LAUNCHER = """#!{python}
from dashboard.cli import main

if __name__ == "__main__":  # benchmarks start processes of their own, which import this file again
    main()
"""


def link() -> None:
    """Write `gridcommand.pth` and the launcher; doing it again changes nothing."""
    (Path(sysconfig.get_paths()["purelib"]) / "gridcommand.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    launcher = Path(sysconfig.get_paths()["scripts"]) / "gridcommand"
    launcher.write_text(LAUNCHER.format(python=sys.executable), encoding="utf-8")
    launcher.chmod(0o755)


if __name__ == "__main__":
    link()
