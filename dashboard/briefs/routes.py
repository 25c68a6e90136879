"""`/briefs/<number>`: a kept brief as a page, and its files."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, render_template

from config.sentences import say
from dashboard.briefs import chart, word
from dashboard.briefs.view import View, view
from dashboard.deskwork.sheets import file_answer, pdf_answer
from dashboard.problems import Problem, demand_whole_county
from dashboard.services import services, visitor
from dashboard.word import MEDIA_TYPE
from models.briefs import archive, words
from models.briefs.words import Tongue
from models.messages import iso


def register(server: Flask) -> None:
    """Add the routes."""
    server.add_url_rule("/briefs/<number>", "brief_page", _html)
    server.add_url_rule("/briefs/<number>/pdf", "brief_pdf", _pdf)
    server.add_url_rule("/briefs/<number>/docx", "brief_docx", _docx)
    server.add_url_rule("/briefs/<number>/txt", "brief_txt", _txt)


def tongue() -> Tongue:
    """The reader's language."""
    return Tongue(services().catalogue.texts(g.language), g.language, services().zone)


def kept(number: str) -> Any:
    """The brief of this number.

    Raises:
        Problem: 404 where there is none, 403 for who sees a part of the county only.
    """
    demand_whole_county(visitor())
    if not number.isascii() or not number.isdigit() or len(number) > 15:
        raise Problem(404, "There is no such brief.")
    with services().store.read() as connection:
        row = archive.one(connection, int(number))
    if row is None:
        raise Problem(404, say("There is no brief {number}.", number=number))
    return row


def _view(row: Any) -> View:
    return view(row.id, row.body, tongue(), iso(row.made_at))


def _page(row: Any, *, paper: bool, note: str = "") -> str:
    shown, say = _view(row), tongue()
    return render_template(
        "briefs/brief.html",
        language=g.language,
        texts=say.texts,
        view=shown,
        chart=chart.svg(shown.days, shown.chart_title),
        paper=paper,
        note=say.text(note) if note else "",
        unbroken=archive.unbroken(row),
    )


def _html(number: str) -> str:
    return _page(kept(number), paper=False)


def _named(row: Any, ending: str) -> str:
    return f"brief-{row.kind}-{row.first:%Y%m%d}.{ending}"


def _pdf(number: str) -> Response:
    row = kept(number)
    return pdf_answer(lambda **how: _page(row, **how), _named(row, "pdf"))


def _docx(number: str) -> Response:
    row, say = kept(number), tongue()
    with services().turns.turn():
        file = word.document(_view(row), say.text("brief.legend"), say.text("brief.footer"))
    return file_answer(file, MEDIA_TYPE, _named(row, "docx"))


def _txt(number: str) -> Response:
    row = kept(number)
    return Response(words.plain(row.body, tongue()) + "\n", mimetype="text/plain")
