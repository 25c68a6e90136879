"""`/admin/webhooks`: who is told facts, how that went lately, and what can be done about it. No content of a case is here."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from dashboard.api.webhooks import DeliveryRow, WebhookList, WebhookRow, everything
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from models.exchange.webhooks import KINDS
from models.messages import iso

WORDS = (
    "admin.sure", "admin.failed", "admin.network", "admin.expired", "desk.stale", "webhooks.secret",
    "webhooks.secret_hint",
)  # fmt: skip


def layout(context: PageContext) -> html.Div:
    """The page."""
    return build(context, everything())


def build(context: PageContext, view: WebhookList) -> html.Div:
    """The page for what was read."""
    title = html.Div(
        [
            html.H1(context.text("webhooks.title")),
            html.Span(context.text("webhooks.hint"), className="faint"),
            html.A(context.text("admin.title"), href="/admin", className="tool tool-small"),
            parts.as_of(context, view.as_of),
        ],
        className="desk-title",
    )
    word = html.Div("", className="admin-word", role="status", **{"aria-live": "polite"})
    none = html.P(context.text("webhooks.none"), className="empty")
    hooks = [_hook(context, row, view) for row in view.webhooks] or [none]
    sides = [html.Div(hooks, className="admin-wide"), html.Div([_add(context)], className="admin-side")]
    grid = html.Div(sides, className="admin-grid")
    return parts.frame(context, "/admin", [title, word, grid], module="webhooks", words=WORDS)


def _hook(context: PageContext, row: WebhookRow, view: WebhookList) -> html.Section:
    state = "on" if row.enabled else "paused" if row.paused else "off"
    counts = [
        parts.figure(context, f"webhook-{name}", number, view.as_of, context.text(f"webhooks.{name}", n=f"{number:,}"))
        for name, number in (("waiting", row.waiting), ("sent", row.sent), ("failed", row.failed))
    ]
    kinds = [html.Span(kind, className="tag") for kind in row.kinds] or [context.text("webhooks.every_kind")]
    about = [
        html.Div([html.Span(row.url, className="webhook-url"), *kinds], className="webhook-about"),
        html.Div([*counts, *_why(row)], className="webhook-counts"),
        html.Div(_buttons(context, row), className="webhook-acts"),
        _recent(context, row, view) if row.recent else html.P(context.text("webhooks.nothing"), className="faint"),
    ]
    sign = html.Span(context.text(f"webhooks.state.{state}"), className="good" if state == "on" else "bad")
    return parts.panel(row.name, about, name="webhook", tools=[sign])


def _why(row: WebhookRow) -> list[html.Span]:
    """Why it is switched off, or what it missed, in the words of the log."""
    return [html.Span(row.message, className="faint", lang="en")] if row.message and not row.paused else []


def _buttons(context: PageContext, row: WebhookRow) -> list[html.Button]:
    switch = "pause" if row.enabled else "enable"
    acts = [_button(context, row, switch), _button(context, row, "remove")]
    return [*([_button(context, row, "retry")] if row.failed else []), *acts]


def _button(context: PageContext, row: WebhookRow, act: str, number: int | None = None) -> html.Button:
    fields = {"data-post": f"/api/v1/webhooks/{row.name}/actions/{act}", "data-act": act}
    if number is not None:
        fields["data-number"] = str(number)
    words = context.text("webhooks.retry_one" if number is not None else f"webhooks.{act}")
    return html.Button(words, type="button", className="tool tool-small", **fields)


def _recent(context: PageContext, row: WebhookRow, view: WebhookList) -> html.Div:
    names = ("number", "kind", "state_name", "tries", "when", "outcome", "do")
    head = html.Tr([html.Th(context.text(f"webhooks.col.{name}"), scope="col") for name in names])
    lines = [_delivery(context, row, one) for one in row.recent]
    table = html.Table([html.Thead(head), html.Tbody(lines)], className="desk-table")
    label = context.text("webhooks.recent", name=row.name)
    return html.Div(table, className="desk-table-box", tabIndex=0, role="region", **{"aria-label": label})


def _delivery(context: PageContext, row: WebhookRow, one: DeliveryRow) -> html.Tr:
    tone = {"sent": "good", "failed": "bad"}.get(one.state, "")
    moment = one.sent_at or one.next_try_at
    again = [_button(context, row, "retry", one.number)] if one.state == "failed" else []
    return html.Tr(
        [
            html.Td(str(one.number), className="num"),
            html.Td(one.kind),
            html.Td(html.Span(context.text(f"webhooks.delivery.{one.state}"), className=tone)),
            html.Td(str(one.tries), className="num"),
            html.Td(html.Time(parts.stamp(context, moment), dateTime=iso(moment)), className="num"),
            html.Td(one.outcome, lang="en"),
            html.Td(again, className="buttons"),
        ],
        **{"data-delivery": str(one.number), "data-state": one.state},
    )


def _add(context: PageContext) -> html.Section:
    def line(name: str, **more: Any) -> html.Label:
        field = dcc.Input(type="text", name=name, required=True, autoComplete="off", **more)
        return html.Label([html.Span(context.text(f"webhooks.{name}")), field])

    kinds = html.Select(
        [html.Option(kind, value=kind) for kind in KINDS], name="kinds", multiple=True, className="desk-select", size=8
    )
    form = html.Form(
        [
            line("name", maxLength=64),
            line("url", maxLength=2048, placeholder="https://"),
            html.Label([html.Span(context.text("webhooks.kinds")), kinds]),
            html.Button(context.text("webhooks.add_do"), type="submit", className="tool tool-go"),
        ],
        className="action-form",
        **{"data-form": "webhook"},
    )
    return parts.panel(context.text("webhooks.add"), [form], name="admin-add")
