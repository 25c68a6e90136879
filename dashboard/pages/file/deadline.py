"""When a case is due, and the words that prove it."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.api.shapes import CaseWhole
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.pages.file.view import CaseView
from models.derivations import from_json, in_words


def build(context: PageContext, view: CaseView) -> html.Section:
    """The panel."""
    case = view.case
    head = [
        html.Span(parts.stamp(context, case.due_at), className="num case-due-at"),
        parts.clock(context, case.clock, case.due_at, view.now),
    ]
    return parts.panel(
        context.text("case.due"),
        [html.Div(head, className="case-due"), *_beside(context, view), _proof(context, case)],
        name="case-due-panel",
    )


def _beside(context: PageContext, view: CaseView) -> list[html.P]:
    """What else runs: the clock of the stage, an extension that is asked for, a transfer that is offered, a pause."""
    case = view.case
    lines = []
    if case.stage_due_at is not None and case.closed_at is None:
        key = "work.stage_late" if case.stage_due_at < view.now else "work.stage_due"
        lines.append(context.text(key, time=parts.when(context, case.stage_due_at, view.now)))
    if case.extension_asked_at is not None:
        lines.append(context.text("work.extension_asked", time=parts.when(context, case.extension_asked_at, view.now)))
    if case.transfer_to is not None:
        name = parts.name(context, view.directory.departments.get(case.transfer_to))
        lines.append(context.text("work.transfer_offered", department=name))
    if case.resume_at is not None:
        lines.append(context.text("work.resumes", time=parts.when(context, case.resume_at, view.now)))
    return [html.P(line, className="case-note") for line in lines]


def _proof(context: PageContext, case: CaseWhole) -> Any:
    if case.derivation is None:
        return html.P(context.text(f"case.no_derivation_{case.due_basis}"), className="faint case-note")
    lines = in_words(from_json(case.derivation), context.texts)
    return html.Details(
        [html.Summary(context.text("case.derivation")), html.Ol([html.Li(line) for line in lines], className="proof")]
    )
