"""The trace as a time line: who did what when, in which role, and when it was entered where that was later."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dash import html

from dashboard.api.shapes import TraceRow
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.pages.file.view import CaseView


def build(context: PageContext, view: CaseView) -> html.Section:
    """The panel."""
    return parts.panel(context.text("case.trace"), [_lines(context, view)], name="case-trace")


def _lines(context: PageContext, view: CaseView) -> html.Ol:
    return html.Ol([_line(context, view, row) for row in reversed(view.case.trace)], className="trace")


def _line(context: PageContext, view: CaseView, row: TraceRow) -> html.Li:
    details = _details(context, view, row)
    return html.Li(
        [
            html.Div(
                [
                    html.B(context.text(f"case.action.{row.action}")),
                    *[html.Span(detail) for detail in details],
                    *([parts.stage(context, row.to_stage)] if row.to_stage != row.from_stage else []),
                ],
                className="trace-head",
            ),
            *([html.P(row.note, className="trace-note")] if row.note else []),
            html.Div(
                [
                    html.Time(parts.stamp(context, row.happened_at), className="num"),
                    html.Span(_actor(context, row)),
                    *_late_entry(context, view, row),
                ],
                className="trace-foot",
            ),
        ],
        **{"data-action": row.action, "data-number": str(row.number)},
    )


def _details(context: PageContext, view: CaseView, row: TraceRow) -> list[Any]:
    """What was said beside the words: departments, category, level, choices, other cases, numbers of orders."""
    names, told = view.directory, row.detail
    codes = [told.get("department"), *(told.get("co_departments") or []), *(told.get("departments") or [])]
    details: list[Any] = [parts.name(context, names.departments[code]) for code in codes if code in names.departments]
    if told.get("category") in names.categories:
        details.append(parts.name(context, names.categories[told["category"]]))
    if told.get("stage"):
        details.append(context.text(f"loop.clock.{told['stage']}"))
    for name in ("level", "finding", "satisfaction", "degree"):
        word = context.texts.get(f"case.option.{name}.{told.get(name)}")
        if word:
            details.append(word)
    if "score" in told:
        details.append(f"{context.text('case.field.score')} {told['score']}")
    if "rung" in told:
        details.append(context.text("case.escalation.rung", n=told["rung"]))
    details += [
        f"{context.text(f'case.field.{name}')} {_instant(context, told[name])}"
        for name in ("until", "reply_due")
        if told.get(name)
    ]
    details += [
        html.A(told[name], href=f"/cases/{told[name]}", className="num") for name in ("into", "case") if told.get(name)
    ]
    numbers = [*(told.get("orders") or []), *([told["order"]] if told.get("order") else [])]
    return [*details, *(html.Span(number, className="num faint") for number in dict.fromkeys(numbers))]


def _instant(context: PageContext, written: object) -> str:
    try:
        moment = datetime.fromisoformat(str(written))
    except ValueError:
        return str(written)
    return parts.stamp(context, moment) if moment.tzinfo else str(written)


def _actor(context: PageContext, row: TraceRow) -> str:
    if row.role == "system" and row.actor == "clock":
        return context.text("case.actor.clock")
    role = context.texts.get(f"common.role.{row.role}") or context.text("case.actor.system")
    return context.text("case.by", actor=row.actor, role=role)


def _late_entry(context: PageContext, view: CaseView, row: TraceRow) -> list[Any]:
    """Both times are shown where something was entered later than it happened (domain.md §3)."""
    if view.replayed or (row.entered_at - row.happened_at).total_seconds() < 60:
        return []
    return [html.Span(context.text("case.entered", time=parts.stamp(context, row.entered_at)), className="faint num")]
