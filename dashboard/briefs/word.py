"""A brief as a Word file that an office may edit: the same words, tables and chart as the page."""

from __future__ import annotations

import io
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.shared import Mm, Pt

from dashboard.briefs import chart
from dashboard.briefs.view import Cell, Sheet, View
from dashboard.word import set_fonts

BODY, HEAD = "宋体", "黑体"
"""Fonts of Chinese offices; where a machine lacks them, Word takes its own for Chinese text."""


def document(view: View, legend: str, footer: str) -> bytes:
    """The file."""
    made = Document()
    section = made.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(22)
    section.top_margin = section.bottom_margin = Mm(20)
    _font(made.styles["Normal"], BODY, 10.5)
    _font(made.styles["Heading 2"], HEAD, 13)
    made.core_properties.title = view.title
    made.core_properties.author = view.centre
    _line(made, view.centre, 12)
    _line(made, view.title, 20, bold=True)
    _line(made, f"{view.cut}　{view.made}", 9)
    for sentence in view.sentences:
        paragraph = made.add_paragraph(sentence)
        paragraph.paragraph_format.first_line_indent = Pt(21)
        paragraph.paragraph_format.space_after = Pt(3)
    made.add_heading(view.chart_title, 2)
    made.add_picture(io.BytesIO(chart.png(view.days)), width=Mm(166))
    made.add_paragraph(legend).runs[0].font.size = Pt(9)
    for sheet in view.sheets:
        _table(made, sheet)
    section.footer.paragraphs[0].text = footer
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _font(style: Any, east: str, size: float) -> None:
    set_fonts(style, east)
    style.font.size = Pt(size)
    style.font.color.rgb = None


def _line(made: Any, text: str, size: float, *, bold: bool = False) -> None:
    paragraph = made.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.space_after = Pt(4)
    run = paragraph.add_run(text)
    run.bold, run.font.size = bold, Pt(size)
    if bold:
        set_fonts(run, HEAD)


SIGNS = set("0123456789+−±")
WIDTH = 166.0
"""Millimetres between the margins."""


def _table(made: Any, sheet: Sheet) -> None:
    """The first column says what a row is and is the widest; numbers stand right, under their heads, whose row comes again
    on every page and never stands alone at the foot of one."""
    made.add_heading(sheet.title, 2)
    table = made.add_table(rows=1, cols=len(sheet.columns), style="Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    first = WIDTH * (0.36 if len(sheet.columns) > 2 else 0.7)
    others = (WIDTH - first) / (len(sheet.columns) - 1)
    head = table.rows[0]
    head._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    right = [column > 0 and any(_is_number(row[column]) for row in sheet.rows) for column in range(len(sheet.columns))]
    for cell, text in zip(head.cells, sheet.columns, strict=True):
        cell.paragraphs[0].add_run(text).bold = True
        cell.paragraphs[0].paragraph_format.keep_with_next = True
    for row in sheet.rows:
        for cell, one in zip(table.add_row().cells, row, strict=True):
            cell.paragraphs[0].add_run(one.text)
    for line in table.rows:
        for column, cell in enumerate(line.cells):
            cell.width = Mm(others if column else first)
            if right[column]:
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
    if sheet.note:
        made.add_paragraph(sheet.note).runs[0].font.size = Pt(9)


def _is_number(cell: Cell) -> bool:
    return cell.value is not None or cell.text[:1] in SIGNS
