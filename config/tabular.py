"""Tables from files: CSV in the encodings that occur in practice and Excel workbooks, row by row, with flat memory.

A file that cannot be read as a table is refused in a sentence that names the byte or the row. A single bad row is no
reason to refuse a file: it comes with its `problem`, for the list of rejects.
"""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

import openpyxl

DELIMITERS = ",;\t|"
WORKBOOK = "xlsx"
"""What `Table.encoding` says of an Excel workbook, whose rows end at their last filled cell."""
_BLOCK = 1 << 20
_LARGEST_WORKBOOK = 4 << 30
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_CHINESE_SHARE = 0.8
"""GB18030 decodes almost any bytes. Real Chinese text consists of GB 2312 characters to more than this share; Western
text in Latin-1 that happens to decode does not."""


class TableError(Exception):
    """The file is no readable table. The text is one sentence; trying again with the same file cannot help."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `number` counts as a spreadsheet does: the header is row 1. `problem` says why it cannot be used."""

    number: int
    cells: dict[str, str]
    problem: str | None = None


class Table:
    """An open table: its columns, and its rows to be read once."""

    def __init__(self, name: str, records: Iterator[list[str]], source: BinaryIO, size: int, encoding: str) -> None:
        self.name = name
        self.encoding = encoding
        self._records = records
        self._source = source
        self._size = max(size, 1)
        self.columns = _header(name, next(records, []))

    def require(self, columns: Sequence[str]) -> None:
        """Refuse a table that lacks columns.

        Raises:
            TableError: naming what is missing and what is there.
        """
        missing = [column for column in columns if column not in self.columns]
        if not missing:
            return
        there = ", ".join(self.columns)
        hint = ""
        if len(self.columns) == 1:
            hint = " Only one column was found: are the cells separated by a comma, semicolon, tab or |?"
        raise TableError(f"{self.name} lacks the column{_s(missing)} {', '.join(missing)}; it has {there}.{hint}")

    def rows(self) -> Iterator[Row]:
        """Every row below the header; empty lines are skipped but counted.

        Raises:
            TableError: the rest cannot be split into rows, because a quote never ends.
        """
        width = len(self.columns)
        number = 1
        try:
            for number, record in enumerate(self._records, 2):
                if any(record):
                    yield self._row(number, record, width)
        except csv.Error as error:
            raise TableError(
                f"{self.name} cannot be read behind row {number}: {error}; a quote is probably not closed."
            ) from error

    def _row(self, number: int, record: list[str], width: int) -> Row:
        while len(record) > width and not record[-1]:
            record.pop()
        if len(record) < width and self.encoding == WORKBOOK:
            record += [""] * (width - len(record))
        problem = None
        if len(record) != width:
            problem = f"the row has {len(record)} cells, the header has {width}"
        cells = dict(zip(self.columns, map(str.strip, record), strict=False))
        return Row(number, cells, problem)

    def share(self) -> float:
        """How much of the file has been read, 0 to 1."""
        try:
            return min(1.0, self._source.tell() / self._size)
        except (OSError, ValueError):
            return 1.0


@contextmanager
def table(file: Path) -> Iterator[Table]:
    """Open a CSV file or an Excel workbook (its first sheet); closed at the end of the block.

    Raises:
        TableError: the file is missing, empty, not text, in an unknown encoding, or an old Excel file.
    """
    if not file.is_file():
        raise TableError(f"There is no file {file}.")
    with file.open("rb") as source:
        head = source.read(8)
        source.seek(0)
        size = file.stat().st_size
        if not head:
            raise TableError(f"{file} is empty; expected a header row and rows below it.")
        if head.startswith(_OLD_EXCEL):
            raise TableError(f"{file} is an old Excel file (.xls); save it as .xlsx or as CSV.")
        if head.startswith(b"PK\x03\x04"):
            with _workbook(file, source) as records:
                yield Table(str(file), records, source, size, WORKBOOK)
            return
        encoding = encoding_of(file, source)
        delimiter = _delimiter(source, encoding)
        source.seek(0)
        text = io.TextIOWrapper(source, encoding=encoding, newline="")
        try:
            yield Table(str(file), csv.reader(text, delimiter=delimiter), source, size, encoding)
        finally:
            text.detach()


def encoding_of(file: Path, source: BinaryIO) -> str:
    """The encoding of a text file, decided on all of its bytes.

    Raises:
        TableError: with the byte offset and row at which the best guess fails.
    """
    head = source.read(4096)
    source.seek(0)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    elif b"\n\0" in head and not head[::2].count(0):
        candidates = ["utf-16-le"]
    elif b"\0\n" in head and not head[1::2].count(0):
        candidates = ["utf-16-be"]
    elif b"\0" in head:
        raise TableError(f"{file} is no text file (byte {head.index(0)} is zero); expected CSV or an Excel workbook.")
    else:
        candidates = ["utf-8-sig", "gb18030"]
    failures = []
    for encoding in candidates:
        source.seek(0)
        failure = _undecodable(source, encoding)
        if failure is None:
            return encoding
        failures.append((encoding, *failure))
    encoding, offset, row = failures[0]
    names = " nor ".join(name.upper().removesuffix("-SIG") for name in candidates)
    raise TableError(
        f"The encoding of {file} is not known: it is neither {names}. Read as {encoding.upper().removesuffix('-SIG')}, "
        f"it breaks at byte {offset} in line {row}. Save it as UTF-8."
    )


def _undecodable(source: BinaryIO, encoding: str) -> tuple[int, int] | None:
    """Byte offset and line at which the bytes are not this encoding; None where all of them are."""
    decoder = codecs.getincrementaldecoder(encoding)()
    offset, line, chinese, other = 0, 1, 0, 0
    while True:
        block = source.read(_BLOCK)
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            at = max(error.start - pending, 0)
            return offset + at, line + block[:at].count(b"\n")
        if encoding == "gb18030" and not text.isascii():
            special = "".join(char for char in text if not char.isascii())
            common = len(special.encode("gb2312", "ignore")) // 2
            chinese, other = chinese + common, other + len(special) - common
        if not block:
            break
        offset, line = offset + len(block), line + block.count(b"\n")
    return (0, 1) if other > (chinese + other) * (1 - _CHINESE_SHARE) else None


def _delimiter(source: BinaryIO, encoding: str) -> str:
    source.seek(0)
    head = codecs.getincrementaldecoder(encoding)().decode(source.read(_BLOCK))
    line = next(iter(head.splitlines()), "")
    return max(DELIMITERS, key=lambda mark: (len(next(csv.reader([line], delimiter=mark), [])), mark == ","))


@contextmanager
def _workbook(file: Path, source: BinaryIO) -> Iterator[Iterator[list[str]]]:
    try:
        with zipfile.ZipFile(source) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST_WORKBOOK:
                raise TableError(f"{file} would unpack to more than 4 GiB; it is no ordinary workbook.")
        source.seek(0)
        book = openpyxl.load_workbook(source, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise TableError(f"{file} is no Excel workbook that can be read ({error}).") from error
    try:
        sheet = book.worksheets[0]
        yield ([_text(cell) for cell in record] for record in sheet.iter_rows(values_only=True))
    finally:
        book.close()


def _text(cell: Any) -> str:
    """A cell as CSV would hold it: dates in ISO 8601, whole numbers without a point."""
    if cell is None:
        return ""
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _header(name: str, record: list[str]) -> list[str]:
    columns = [cell.strip() for cell in record]
    while columns and not columns[-1]:
        columns.pop()
    if not columns:
        raise TableError(f"{name} has no header row; expected the names of the columns in its first row.")
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        raise TableError(f"{name} names the column{_s(twice)} {', '.join(map(repr, twice))} more than once.")
    return columns


def _s(things: Sequence[object]) -> str:
    return "" if len(things) == 1 else "s"
