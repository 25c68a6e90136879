"""Draws scenes: `python -m streams.scenes FOLDER KIND-LIGHT-SEED…`, one printed line for each when it is done."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import cv2

from streams.scenes import rendered, scene_named


def main(arguments: list[str]) -> int:
    """Draw, in the order given. Ends when nobody reads its lines any more."""
    folder, names = Path(arguments[0]), arguments[1:]
    cv2.setNumThreads(1)
    os.nice(5)
    for name in names:
        rendered(scene_named(name), folder)
        try:
            print(name, flush=True)
        except BrokenPipeError:
            os._exit(1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
