"""The order as a sheet of paper (批办单): HTML for a printer, and PDF where the system can make one."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, render_template

from config.sentences import say
from dashboard import casefile
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.problems import Problem
from dashboard.reader import page_context
from dashboard.services import services, visitor
from models import desk
from models.derivations import in_words
from models.deskwork import orders
from models.deskwork.orders import Sheet
from models.directory import Directory
from models.door.orders import CLOCK
from models.masking import masked

LOG = logging.getLogger(__name__)
STYLE = Path(__file__).resolve().parent.parent / "assets" / "35_sheet.css"
LONGEST_NUMBER = 40
NO_PANGO = "Orders cannot be made as PDF: Debian's libpango-1.0-0, libpangoft2-1.0-0 or libharfbuzz-subset0 is missing."


class NoPango(Exception):
    """The system lacks the libraries that lay out a page."""


def register(server: Flask) -> None:
    """Add the routes."""
    server.add_url_rule("/orders/<number>", "order_sheet", _html)
    server.add_url_rule("/orders/<number>/pdf", "order_pdf", _pdf)


def _html(number: str) -> str:
    return _page(number, paper=False)


def _pdf(number: str) -> Response:
    return pdf_answer(lambda **how: _page(number, **how), f"{number}.pdf")


def pdf_answer(page: Callable[..., str], name: str) -> Response:
    """The PDF of a page; where the system cannot make it, the page says so in a sentence and prints all the same.

    Args:
        page: makes it, `paper` or not, with the key of a `note` where there is something to say.
    """
    paper = page(paper=True)
    try:
        with services().turns.turn():
            pdf = pdf_of(paper)
    except NoPango:
        LOG.warning("%s", NO_PANGO)
        return Response(page(paper=False, note="work.sheet.no_pdf"), 501, mimetype="text/html")
    return file_answer(pdf, "application/pdf", name, "inline")


def file_answer(body: bytes, kind: str, name: str, how: str = "attachment") -> Response:
    """A file with its name, to be kept (`attachment`) or looked at (`inline`)."""
    response = Response(body, mimetype=kind)
    response.headers["Content-Disposition"] = f'{how}; filename="{name}"'
    return response


def pdf_of(page: str) -> bytes:
    """A page as PDF with its fonts embedded; nothing is fetched for it, from nowhere.

    Raises:
        NoPango: the system lacks what it takes.
    """
    try:
        from weasyprint import CSS, HTML
    except OSError as error:  # WeasyPrint looks for the libraries when it is imported
        raise NoPango(NO_PANGO) from error
    out = io.BytesIO()
    HTML(string=page, url_fetcher=_nothing).write_pdf(out, stylesheets=[CSS(filename=str(STYLE))])
    return out.getvalue()


def _nothing(url: str, *_: object, **__: object) -> dict[str, Any]:
    raise ValueError(f"A sheet holds everything itself, and asks for nothing: {url[:80]}")


def _page(number: str, *, paper: bool, note: str = "") -> str:
    if not number.isprintable() or len(number) > LONGEST_NUMBER:
        raise Problem(404, "There is no such order.")
    parts_, who, context = services(), visitor(), page_context()
    with desk.steady(parts_.store) as connection:
        sheet = orders.sheet(connection, number, who.actor)
    if sheet is None:
        raise Problem(404, say("There is no order {number!r}.", number=number))
    private = casefile.handles(who, sheet.case.department)
    proof = desk.derivation(parts_.rules(), sheet.case)
    lines = in_words(proof, context.texts) if proof else []
    values = _values(context, parts_.directory(), sheet, lines, private=private)
    words = context.text(note) if note else ""
    return render_template("order.html", language=g.language, texts=context.texts, paper=paper, note=words, **values)


def _values(
    context: PageContext, directory: Directory, sheet: Sheet, lines: list[str], *, private: bool
) -> dict[str, Any]:
    order, case = sheet.order, sheet.case
    text = context.text
    category = directory.categories.get(case.category)
    due_at = order.due_at or case.due_at
    return {
        "number": order.number,
        "title": context.county_text("title") or context.county_text("name"),
        "heading": text(f"work.sheet.titles.{order.kind}"),
        "asks": order.text or context.texts.get(f"work.sheet.asks.{order.kind}", ""),
        "result": _result(context, order),
        "withdrawn": order.withdrawn_at is not None,
        "head": [
            (text("work.sheet.case"), case.code),
            (text("work.sheet.issued"), parts.stamp(context, order.issued_at)),
            (text("work.sheet.issued_by"), _issued_by(context, order)),
            _standing(context, order),
            (text("work.sheet.department"), parts.name(context, directory.departments.get(order.department))),
            (text("work.sheet.beside"), _beside(context, directory, sheet)),
            (text("case.category"), parts.name(context, category)),
            (text("case.level"), text(f"common.level.{case.level}")),
            (text("case.source"), parts.name(context, directory.sources.get(case.source))),
            (text("case.happened"), parts.stamp(context, case.happened_at)),
            (text("case.reported"), parts.stamp(context, case.reported_at)),
            (text("case.entered_at"), parts.stamp(context, case.entered_at)),
            (text("case.place"), parts.place(context, directory, case)),
            (text("work.sheet.address"), masked(case.address) or text("common.unknown")),
        ],
        "description": case.description if private else masked(case.description),
        "limit": _limit(context, case),
        "due": parts.stamp(context, due_at),
        "derivation": lines or [text(f"case.no_derivation_{case.due_basis}")] if case.due_basis != "rule" else lines,
        "closing": (category or {}).get("closing") or text("common.unknown"),
        "contact": _contact(context, sheet),
        "receipt": parts.stamp(context, order.receipt_at) if order.receipt_at else "",
        "receipt_by": order.receipt_by or "",
    }


def _issued_by(context: PageContext, order: Any) -> str:
    if order.issued_by != CLOCK:
        return str(order.issued_by)
    return f"{context.text('case.actor.clock')}（{context.text('work.sheet.asks.by_clock')}）"


def _standing(context: PageContext, order: Any) -> tuple[str, str]:
    """Lead or co-handler; of a supervision its degree; of an urge and an instruction that it is one."""
    text = context.text
    if order.kind == "supervise":
        return text("work.sheet.asks.degree"), text(f"case.option.degree.{order.degree}")
    return text("work.sheet.part"), text(f"work.part.{order.part}")


def _result(context: PageContext, order: Any) -> str:
    """What the department has answered, and when."""
    if order.done_at is None:
        return ""
    said = masked(order.result) if order.result else _receipted(context, order)
    return f"{said} {order.done_by or ''} {parts.stamp(context, order.done_at)}".strip()


def _receipted(context: PageContext, order: Any) -> str:
    """An urge that asked for nothing but the receipt is answered by it, without words."""
    return context.text("case.action.receipt") if order.kind == "urge" else ""


def _limit(context: PageContext, case: Any) -> str:
    if case.limit_amount is None or case.limit_unit is None:
        return context.text("common.unknown")
    return context.text(f"case.unit.{case.limit_unit}", n=case.limit_amount)


def _beside(context: PageContext, directory: Directory, sheet: Sheet) -> str:
    """The other departments with an order of this case, each with its part."""
    names = [
        f"{parts.name(context, directory.departments.get(row.department))} ({context.text(f'work.part.{row.part}')})"
        for row in sheet.beside
    ]
    return parts.listed(context, names) or context.text("work.sheet.nobody")


def _contact(context: PageContext, sheet: Sheet) -> str:
    suffix = "_en" if context.language == "en" else ""
    desk_ = sheet.desk.get(f"desk{suffix}") or sheet.desk["desk"]
    deputy = sheet.desk.get(f"deputy{suffix}") or sheet.desk["deputy"]
    return context.text("work.sheet.contact", desk=desk_, deputy=deputy, phone=sheet.desk["phone"] or "—")
