"""The orders of a case: to whom, in which part, until when, and how far each is; each opens as a sheet to print."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.api.shapes import OrderRow
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.pages.file.view import CaseView

STEPS = ("issued", "receipt", "done", "withdrawn")


def build(context: PageContext, view: CaseView) -> html.Section:
    """The panel."""
    rows = [_order(context, view, row) for row in view.case.orders]
    body = rows or [html.P(context.text("case.no_orders"), className="faint case-note")]
    return parts.panel(context.text("case.orders"), body, name="case-orders")


def state(row: OrderRow) -> str:
    """How far an order is: `withdrawn`, `concluded`, `done`, `handling` or `waiting` for its receipt."""
    if row.withdrawn_at is not None:
        return "withdrawn"
    if row.concluded_at is not None:
        return "concluded"
    if row.done_at is not None:
        return "done"
    return "handling" if row.receipt_at is not None else "waiting"


def _order(context: PageContext, view: CaseView, row: OrderRow) -> html.Div:
    department = parts.name(context, view.directory.departments.get(row.department))
    number = html.A(row.number, href=f"/orders/{row.number}", className="num order-number", target="_blank")
    return html.Div(
        [
            html.Div(
                [
                    number if "/orders/<number>" in context.paths else html.B(row.number, className="num"),
                    html.Span(department),
                    html.Span(_kind(context, row), className="tag", **{"data-kind": row.kind}),
                    html.Span(context.text(f"work.order.{state(row)}"), className="order-state"),
                ],
                className="order-head",
            ),
            html.Div(_steps(context, view, row), className="order-steps num"),
            *[html.P(words, className="trace-note") for words in (row.text, row.result) if words],
        ],
        className="order",
        **{"data-order": row.number, "data-state": state(row)},
    )


def _kind(context: PageContext, row: OrderRow) -> str:
    """Lead or co-handler; of a supervision its degree; an urge; an instruction."""
    if row.kind == "supervise":
        return context.texts.get(f"case.option.degree.{row.degree}") or context.text("work.kind.supervise")
    return context.text(f"work.part.{row.part}" if row.kind == "dispatch" else f"work.kind.{row.kind}")


def _steps(context: PageContext, view: CaseView, row: OrderRow) -> list[Any]:
    moments = {"issued": row.issued_at, "receipt": row.receipt_at, "done": row.done_at, "withdrawn": row.withdrawn_at}
    steps = [
        html.Span(f"{context.text(f'case.order.{name}')} {parts.when(context, moments[name], view.now)}")
        for name in STEPS
        if moments[name] is not None
    ]
    if row.due_at is not None:
        steps.append(html.Span(context.text("work.order.due", time=parts.when(context, row.due_at, view.now))))
    return steps
