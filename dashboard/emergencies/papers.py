"""A report on paper: HTML for a printer, PDF and Word, each with the drill's watermark where it is one."""

from __future__ import annotations

import io
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt, RGBColor
from flask import Flask, Response, g, render_template

from config.sentences import say
from dashboard.deskwork.sheets import file_answer, pdf_answer
from dashboard.emergencies.reading import known, report_name
from dashboard.emergencies.wording import title_of, words
from dashboard.problems import Problem
from dashboard.reader import page_context
from dashboard.services import services, visitor
from dashboard.word import MEDIA_TYPE, set_fonts
from models.emergencies.drafting import Words
from models.emergencies.rooms import Room

FONTS = {"title": "方正小标宋简体", "body": "仿宋", "head": "黑体"}
"""Fonts of an official paper; a machine without them takes its own for Chinese."""


def register(server: Flask) -> None:
    """Add the routes."""
    rule = "/emergencies/<number>/reports/<int:report>"
    server.add_url_rule(rule, "emergency_report", lambda number, report: _html(number, report, paper=False))
    server.add_url_rule(f"{rule}/pdf", "emergency_report_pdf", _pdf)
    server.add_url_rule(f"{rule}/docx", "emergency_report_docx", _docx)


def _values(number: str, report: int) -> tuple[Room, Any, dict[str, Any], Words]:
    parts, who, context = services(), visitor(), page_context()
    room = known(parts, who, number)
    row = next((one for one in room.reports if one.number == report), None)
    if row is None:
        raise Problem(
            404, say("There is no report {report} of {number!r}.", report=report, number=number), field="report"
        )
    wording = words(parts.catalogue.texts(g.language), g.language, parts.directory(), parts.zone, room.plan)
    elements = [(wording.text(f"emergency.element.{key}"), text) for key, text in row.elements]
    values = {
        "number": room.row.number,
        "report": report,
        "centre": context.county_text("title") or context.county_text("name"),
        "name": report_name(row, room.reports, wording),
        "subject": wording.text(
            "emergency.report.subject",
            title=title_of(room.row, g.language),
            level=wording.text(f"emergency.level.{room.row.level}"),
        ),
        "elements": elements,
        "drill": room.row.drill,
        "draft": row.sent_at is None,
        "at": wording.date(row.sent_at or row.drafted_at),
        "by": row.sent_by or row.edited_by or row.drafted_by,
        "to": row.sent_to or "—",
    }
    return room, row, values, wording


def _html(number: str, report: int, *, paper: bool, note: str = "") -> str:
    context = page_context()
    _, _, values, _ = _values(number, report)
    words_ = context.text(note) if note else ""
    return render_template(
        "emergency_report.html", language=g.language, texts=context.texts, paper=paper, note=words_, **values
    )


def _pdf(number: str, report: int) -> Response:
    return pdf_answer(lambda **how: _html(number, report, **how), f"{number}-{report}.pdf")


def _docx(number: str, report: int) -> Response:
    _, _, values, wording = _values(number, report)
    return file_answer(word_of(values, wording), MEDIA_TYPE, f"{number}-{report}.docx")


def word_of(values: dict[str, Any], wording: Words) -> bytes:
    """The report as a Word file that a person can go on editing."""
    paper = Document()
    section = paper.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.top_margin, section.bottom_margin = Cm(3.7), Cm(3.5)
    section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
    if values["drill"]:
        mark = section.header.paragraphs[0]
        mark.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _run(mark, wording.text("emergency.drill_mark"), "head", 26, red=True)
    _line(paper, values["centre"], "title", 26, WD_ALIGN_PARAGRAPH.CENTER, red=True)
    _line(paper, wording.text("emergency.report.title"), "title", 22, WD_ALIGN_PARAGRAPH.CENTER)
    draft = [wording.text("emergency.report.draft")] if values["draft"] else []
    number = wording.text("emergency.report.number", n=values["report"])
    _line(
        paper,
        "　".join([values["name"], number, values["at"], *draft]),
        "body",
        14,
        WD_ALIGN_PARAGRAPH.CENTER,
    )
    _line(paper, values["subject"], "head", 16, WD_ALIGN_PARAGRAPH.CENTER)
    for label, text in values["elements"]:
        _line(paper, label, "head", 16).paragraph_format.keep_with_next = True
        for part in text.split("\n"):
            line = _line(paper, part, "body", 16)
            line.paragraph_format.first_line_indent = Pt(32)
    for label, text in (("to", values["to"]), ("editor", values["by"])):
        words = wording.text("emergency.report.line", label=wording.text(f"emergency.report.{label}"), text=text)
        _line(paper, words, "body", 14)
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()


def _line(paper: Any, text: str, font: str, size: int, align: Any = None, *, red: bool = False) -> Any:
    paragraph = paper.add_paragraph()
    paragraph.alignment = align
    paragraph.paragraph_format.space_after = Pt(4)
    paragraph.paragraph_format.line_spacing = 1.35
    _run(paragraph, text, font, size, red=red)
    return paragraph


def _run(paragraph: Any, text: str, font: str, size: int, *, red: bool = False) -> None:
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    set_fonts(run, FONTS[font])
    if red:
        run.font.color.rgb = RGBColor(0xC0, 0x1C, 0x28)
