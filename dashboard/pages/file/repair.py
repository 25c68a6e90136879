"""The camera that a repair case is about: its faults, and the closing that is offered once it has recovered."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.pages import parts
from dashboard.pages.cameras import parts as cameras
from dashboard.pages.context import PageContext
from dashboard.pages.file.view import CaseView

ENDING = ("close", "inspect", "feedback", "void")
"""The moves that bring a repair to its end; the first that this reader may make now is offered."""


def build(context: PageContext, view: CaseView) -> html.Section:
    """The panel."""
    camera = view.faults[0]
    name = parts.name(context, camera._mapping)
    seen = "/cameras/<camera>" in context.paths
    title: Any = html.A(name, href=f"/cameras/{camera.camera}") if seen else html.B(name)
    return parts.panel(
        context.text("health.repair.title"),
        [
            html.Div([title, html.Span(camera.camera, className="num faint")], className="repair-camera"),
            html.Ul([_fault(context, view, row) for row in view.faults], className="repair-faults"),
            *_offer(context, view),
        ],
        name="case-repair",
    )


def _fault(context: PageContext, view: CaseView, row: Any) -> html.Li:
    since = parts.when(context, row.since, view.now)
    until = parts.when(context, row.cleared_at, view.now) if row.cleared_at else context.text("health.repair.still")
    return html.Li([*cameras.faults(context, [row.fault]), html.Span(f"{since} – {until}", className="num faint")])


def _offer(context: PageContext, view: CaseView) -> list[Any]:
    """What the recovered camera proposes: the machine closes nothing, a person does."""
    if view.sound_since is None:
        return []
    time = parts.when(context, view.sound_since, view.now)
    action = next((name for name in ENDING if name in view.case.actions), None)
    lines: list[Any] = [html.P(context.text("health.repair.sound", time=time), className="good repair-sound")]
    if action is None:
        lines.append(html.P(context.text("health.repair.others"), className="faint"))
    else:
        note = context.text("health.repair.note", time=parts.stamp(context, view.sound_since))
        label = context.text("health.repair.do", action=context.text(f"case.action.{action}"))
        told = {"data-end": action, "data-note": note}
        lines.append(html.Button(label, type="button", className="tool tool-go", **told))
    return [html.Div(lines, className="repair-offer", **{"data-offer": action or "none"})]
