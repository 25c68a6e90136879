"""The rungs that a case has climbed, and the button of whoever answers for it."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.api.shapes import EscalationRow
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.pages.file.view import CaseView


def build(context: PageContext, view: CaseView) -> html.Section:
    """The panel."""
    top = max((row.rung for row in view.case.escalations if row.acknowledged_at is None), default=None)
    rows = [_escalation(context, view, row, answers=row.rung == top) for row in view.case.escalations]
    body = rows or [html.P(context.text("case.no_escalations"), className="faint case-note")]
    return parts.panel(context.text("case.escalations"), body, name="case-escalations")


def _escalation(context: PageContext, view: CaseView, row: EscalationRow, *, answers: bool) -> html.Div:
    """One rung. Whoever answers the highest one answers all, so that only it has the button (`answers`)."""
    open_ = row.acknowledged_at is None
    lines: list[Any] = [
        html.Div(
            [
                html.B(context.text("case.escalation.rung", n=row.rung)),
                html.Span(context.text(f"case.escalation.reason.{row.reason}")),
                html.Span(parts.when(context, row.at, view.now), className="num faint"),
            ],
            className="escalation-head",
        ),
        html.Div(_answer(context, view, row), className="escalation-answer"),
    ]
    if answers and "acknowledge" in view.case.actions:
        lines.append(_acknowledge(context, row))
    return html.Div(lines, className="escalation", **{"data-open": "yes" if open_ else "no"})


def _answer(context: PageContext, view: CaseView, row: EscalationRow) -> str:
    if row.acknowledged_at is not None:
        time = parts.when(context, row.acknowledged_at, view.now)
        return context.text("case.escalation.acknowledged", name=row.acknowledged_by or "", time=time)
    late = row.ack_due_at is not None and row.ack_due_at < view.now
    key = "case.escalation.late" if late else "case.escalation.waiting"
    return context.text(key, time=parts.when(context, row.ack_due_at, view.now))


def _acknowledge(context: PageContext, row: EscalationRow) -> html.Form:
    label = context.text("case.escalation.acknowledge", name=context.user_name)
    return html.Form(
        [html.Button(label, type="submit", className="tool tool-go"), html.P("", className="form-word", role="status")],
        className="action-form",
        **{"data-action": "acknowledge", "data-escalation": str(row.id)},
    )
