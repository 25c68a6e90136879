"""The list of rejects: a CSV beside the user with row number, reason and the row itself."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from config.tabular import Row

_FORMULA = re.compile(r"^[=+\-@\t\r＝＋－＠]")
_NUMBER = re.compile(r"^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$")


class Rejects:
    """Collects rejected rows of one file. Nothing is written until the first one; close it at the end."""

    def __init__(self, source: Path, columns: Sequence[str], folder: Path, keep: bool = True) -> None:
        """`folder` is used where the current folder cannot be written; `keep=False` only counts."""
        here = Path.cwd()
        self.file = (here if os.access(here, os.W_OK) else folder) / f"{source.name}.rejects.csv"
        self.count = 0
        self._columns = columns
        self._keep = keep
        self._out: IO[str] | None = None
        self._writer: Any = None
        if keep:
            self.file.unlink(missing_ok=True)  # of an earlier run: its rows may be fine by now

    def add(self, row: Row, reason: str) -> None:
        """Note one row."""
        self.count += 1
        if not self._keep:
            return
        if self._out is None:
            self._out = self.file.open("w", encoding="utf-8-sig", newline="")
            self._writer = csv.writer(self._out)
            self._writer.writerow(["row", "reason", *self._columns])
        cells = [harmless(row.cells.get(column, "")) for column in self._columns]
        self._writer.writerow([row.number, reason, *cells])

    def close(self) -> None:
        """Finish the file."""
        if self._out is not None:
            self._out.close()
            self._out = None


def harmless(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula; numbers stay as they are."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.match(cell) else cell
