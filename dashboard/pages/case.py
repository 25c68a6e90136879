"""The file of one case: facts, the proof of its deadline, its trace, and what this reader may do with it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dash import html

from dashboard import casefile
from dashboard.api.shapes import AttachmentRow, CaseWhole, EscalationRow, OrderRow, TraceRow
from dashboard.pages import forecast, parts
from dashboard.pages.context import PageContext
from dashboard.services import services, visitor
from models.derivations import from_json, in_words
from models.directory import Directory

WORDS = ("case.sending", "case.failed", "case.network", "case.conflict", "case.forbidden", "case.expired", "desk.stale")
PHOTO_ROLES = frozenset({"operator", "duty", "department", "grid"})


@dataclass(frozen=True)
class CaseView:
    """What the page shows: the case, the names of codes, county time.

    `private`: this reader handles the case. `replayed`: county time is not real time, so entering came later anyway.
    """

    case: CaseWhole
    directory: Directory
    now: datetime
    private: bool
    replayed: bool


def layout(context: PageContext, code: str) -> html.Div:
    """The page of a case.

    Raises:
        Problem: 404 where there is none for this reader.
    """
    who, clock = visitor(), services().clock
    case = casefile.whole(services(), who, code)
    private = casefile.handles(who, case.department)
    view = CaseView(case, services().directory(), clock.now(), private, replayed=clock.line() is not None)
    return build(context, view)


def build(context: PageContext, view: CaseView) -> html.Div:
    """The page."""
    late = forecast.panel(context, view.case.forecast)
    left = [_facts(context, view), _due(context, view), *late, _photos(context, view)]
    right = [_actions(context, view), _escalations(context, view), _orders(context, view)]
    children = [
        _title(context, view),
        html.Div(
            [
                html.Div(left, className="case-left"),
                html.Div([parts.panel(context.text("case.trace"), [_trace(context, view)], name="case-trace")]),
                html.Div(right, className="case-right"),
            ],
            className="case-grid",
        ),
    ]
    return parts.frame(context, "/cases", children, module="case", words=WORDS, about={"data-case": view.case.code})


def _title(context: PageContext, view: CaseView) -> html.Div:
    case = view.case
    return html.Div(
        [
            html.A("←", href="/cases", className="tool tool-small", title=context.text("case.back")),
            html.Span(case.code, className="num case-code"),
            parts.level(context, case.level),
            html.H1(case.title),
            parts.stage(context, case.stage),
            parts.clock(context, case.clock, case.due_at, view.now),
            parts.as_of(context, view.now),
        ],
        className="desk-title case-title",
    )


# --- facts -----------------------------------------------------------------------------------------------------------


def _facts(context: PageContext, view: CaseView) -> html.Section:
    case, names = view.case, view.directory
    rows = [
        ("category", parts.name(context, names.categories.get(case.category))),
        ("place", _place(context, view)),
        ("source", parts.name(context, names.sources.get(case.source))),
        ("owner", _owner(context, view)),
        ("reported", parts.stamp(context, case.reported_at)),
        ("happened", parts.stamp(context, case.happened_at)),
    ]
    if case.receipt_at:
        rows.append(("receipt", parts.stamp(context, case.receipt_at)))
    if case.closed_at:
        rows.append(("closed", parts.stamp(context, case.closed_at)))
    return parts.panel(
        context.text("case.facts"),
        [
            html.P(case.description, className="case-words"),
            _discretion(context, view),
            _pairs(context, rows),
            *_counts(context, case),
        ],
        name="case-facts",
    )


def _discretion(context: PageContext, view: CaseView) -> html.P:
    reporter = view.case.reporter
    if reporter is None:
        return html.P("" if view.private else context.text("case.masked"), className="faint case-note")
    words = " ".join(part for part in (reporter.name, reporter.phone) if part)
    return html.P(
        [
            html.B(f"{context.text('case.reporter')} "),
            html.Span(words, className="num"),
            html.Br(),
            context.text("case.private"),
        ],
        className="case-private",
    )


def _pairs(context: PageContext, rows: Sequence[tuple[str, Any]]) -> html.Dl:
    cells: list[Any] = []
    for key, value in rows:
        cells += [html.Dt(context.text(f"case.{key}")), html.Dd(value)]
    return html.Dl(cells, className="pairs")


def _place(context: PageContext, view: CaseView) -> list[Any]:
    case = view.case
    lines: list[Any] = [parts.place(context, view.directory, case)]
    if case.address:
        lines += [html.Br(), case.address]
    if case.longitude is not None and case.latitude is not None:
        lines += [html.Br(), html.Span(f"{case.longitude:.6f}, {case.latitude:.6f}", className="num faint")]
    return lines


def _owner(context: PageContext, view: CaseView) -> str:
    case = view.case
    if case.owner_kind == "department":
        return parts.name(context, view.directory.departments.get(case.owner))
    if case.owner_kind == "area":
        return parts.name(context, view.directory.areas.get(case.owner))
    return context.text("case.centre") if case.owner_kind == "centre" else case.owner


def _counts(context: PageContext, case: CaseWhole) -> list[Any]:
    words = [
        context.text(f"case.{name}", n=number)
        for name, number in (("handed_back", case.handed_back), ("reworked", case.reworked))
        if number
    ]
    return [html.P(" · ".join(words), className="case-counts")] if words else []


# --- the deadline ----------------------------------------------------------------------------------------------------


def _due(context: PageContext, view: CaseView) -> html.Section:
    case = view.case
    head = [
        html.Span(parts.stamp(context, case.due_at), className="num case-due-at"),
        parts.clock(context, case.clock, case.due_at, view.now),
    ]
    return parts.panel(
        context.text("case.due"), [html.Div(head, className="case-due"), _proof(context, case)], name="case-due-panel"
    )


def _proof(context: PageContext, case: CaseWhole) -> Any:
    if case.derivation is None:
        return html.P(context.text(f"case.no_derivation_{case.due_basis}"), className="faint case-note")
    lines = in_words(from_json(case.derivation), context.texts)
    return html.Details(
        [html.Summary(context.text("case.derivation")), html.Ol([html.Li(line) for line in lines], className="proof")]
    )


# --- photos ----------------------------------------------------------------------------------------------------------


def _photos(context: PageContext, view: CaseView) -> html.Section:
    photos = [_photo(context, row) for row in view.case.attachments]
    body: list[Any] = (
        [html.Div(photos, className="photos")]
        if photos
        else [html.P(context.text("case.no_photos"), className="faint case-note")]
    )
    if context.role in PHOTO_ROLES:
        hint = context.text("case.photo_hint")
        words = {"data-label": context.text("case.choose_photo"), "data-send": context.text("case.add_photo")}
        body.append(html.Div(html.P(hint, className="faint case-note"), className="photo-form", **words))
    return parts.panel(context.text("case.photos"), body, name="case-photos")


def _photo(context: PageContext, row: AttachmentRow) -> html.A:
    words = context.text("case.photo", time=parts.stamp(context, row.at), width=row.width, height=row.height)
    return html.A(html.Img(src=row.url, alt=words, title=words), href=row.url, target="_blank", rel="noopener")


# --- what can be done ------------------------------------------------------------------------------------------------


def _actions(context: PageContext, view: CaseView) -> html.Section:
    moves = [name for name in view.case.actions if name != "acknowledge"]
    body = [_action(context, view, name) for name in moves] or [
        html.P(context.text("case.no_actions"), className="faint case-note")
    ]
    return parts.panel(context.text("case.actions"), [html.Div(body, className="actions")], name="case-actions")


def _action(context: PageContext, view: CaseView, name: str) -> html.Details:
    label = context.text(f"case.action.{name}")
    needs = casefile.requires(name)
    fields: list[Any] = [_departments(context, view)] if "department" in needs else []
    key = "case.note_needed" if "note" in needs else "case.note"
    fields.append(
        html.Label(
            [html.Span(context.text(key)), html.Textarea(name="note", rows=3, maxLength=2000, required="note" in needs)]
        )
    )
    send = html.Button(context.text("case.do", action=label), type="submit", className="tool tool-go")
    form = html.Form(
        [*fields, send, html.P("", className="form-word", role="status")],
        className="action-form",
        **{"data-action": name},
    )
    return html.Details([html.Summary(label), form], className="action")


def _departments(context: PageContext, view: CaseView) -> html.Label:
    options = [
        html.Option(
            parts.name(context, row), value=code, **({"selected": "selected"} if code == view.case.department else {})
        )
        for code, row in view.directory.departments.items()
    ]
    return html.Label(
        [
            html.Span(context.text("case.department")),
            html.Select(options, name="department", className="desk-select", required=True),
        ]
    )


# --- escalations and orders ------------------------------------------------------------------------------------------


def _escalations(context: PageContext, view: CaseView) -> html.Section:
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


def _orders(context: PageContext, view: CaseView) -> html.Section:
    rows = [_order(context, view, row) for row in view.case.orders]
    body = rows or [html.P(context.text("case.no_orders"), className="faint case-note")]
    return parts.panel(context.text("case.orders"), body, name="case-orders")


def _order(context: PageContext, view: CaseView, row: OrderRow) -> html.Div:
    steps = [
        context.text(f"case.order.{name}") + " " + parts.when(context, moment, view.now)
        for name, moment in (
            ("issued", row.issued_at),
            ("receipt", row.receipt_at),
            ("done", row.done_at),
            ("withdrawn", row.withdrawn_at),
        )
        if moment is not None
    ]
    if row.receipt_at is None and row.done_at is None and row.withdrawn_at is None:
        steps.append(context.text("case.order.waiting"))
    department = parts.name(context, view.directory.departments.get(row.department))
    return html.Div(
        [
            html.Div([html.B(row.number, className="num"), html.Span(department)], className="order-head"),
            html.Div(" → ".join(steps), className="faint num"),
        ],
        className="order",
        **{"data-order": row.number},
    )


# --- the trace -------------------------------------------------------------------------------------------------------


def _trace(context: PageContext, view: CaseView) -> html.Ol:
    return html.Ol([_line(context, view, row) for row in reversed(view.case.trace)], className="trace")


def _line(context: PageContext, view: CaseView, row: TraceRow) -> html.Li:
    department = view.directory.departments.get(str(row.detail.get("department", "")))
    details = [parts.name(context, department)] if department else []
    if "rung" in row.detail:
        details.append(context.text("case.escalation.rung", n=row.detail["rung"]))
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
