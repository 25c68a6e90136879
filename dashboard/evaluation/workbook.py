"""The table of the page as an Excel workbook: the same cells in the same order, and the formulas they come from."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

from dashboard.evaluation.grid import Column, Grid, named
from dashboard.pages.context import PageContext
from models.messages import iso

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS = {"share": "0.0%", "score": "0.0", "delta": "+0.0;-0.0;0.0", "count": "#,##0", "text": "@"}
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
HEAD = 3
"""Rows above the header: title, period and as-of, an empty one."""


def workbook(context: PageContext, grid: Grid) -> bytes:
    """The file."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        _table(context, grid, book)
        _definitions(context, grid, book)
    return out.getvalue()


def plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula, also when it is saved as CSV later: an apostrophe before it."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


def _table(context: PageContext, grid: Grid, book: Any) -> None:
    sheet = book.add_worksheet(context.text("evaluation.title"))
    bold = book.add_format({"bold": True, "font_size": 14})
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#DCE9F7"})
    answer = grid.answer
    sheet.write_string(0, 0, plain(f"{context.county_text('name')} · {context.text('evaluation.title')}"), bold)
    told = iso(answer.told) if answer.told else context.text("desk.unknown")
    sheet.write_string(1, 0, plain(f"{answer.question.period} · {context.text('desk.as_of', time=told)}"))
    formats = {kind: book.add_format({"num_format": form}) for kind, form in FORMATS.items()}
    for number, column in enumerate(grid.columns):
        sheet.write_string(HEAD, number, plain(column.title), head)
        sheet.set_column(number, number, 22 if column.key == "name" else 11)
    for row, line in enumerate(grid.lines, HEAD + 1):
        _line(sheet, row, grid.columns, {key: cell.value for key, cell in line.cells.items()}, formats)
    sheet.freeze_panes(HEAD + 1, 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEAD)


def _line(
    sheet: Any, row: int, columns: Sequence[Column], values: Mapping[str, Any], formats: Mapping[str, Any]
) -> None:
    for number, column in enumerate(columns):
        value = values[column.key]
        if isinstance(value, str):
            sheet.write_string(row, number, plain(value), formats["text"])
        elif value is not None:
            sheet.write_number(row, number, value, formats[column.kind])


def _definitions(context: PageContext, grid: Grid, book: Any) -> None:
    sheet = book.add_worksheet(context.text("evaluation.definitions"))
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 90, wrap)
    for row, one in enumerate(grid.indicators):
        sheet.write_string(row, 0, plain(named(context, one)))
        sheet.write_string(row, 1, plain(one.definition_en if context.language == "en" else one.definition), wrap)
