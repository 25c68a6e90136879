"""The cameras: state and reason, and the register without which none may be shown (domain.md §9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dash import html

from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.services import services
from models import desk
from models.directory import Directory
from models.timebase import real_now

COLUMNS = ("name", "state", "since", "area", "purpose", "legal_basis", "owner", "sign", "mask_review", "register", "id")
REGISTER = ("purpose", "legal_basis", "owner", "sign", "mask_review")


@dataclass(frozen=True)
class CameraView:
    """What the page shows: the register, the states by camera, real time."""

    directory: Directory
    states: Mapping[str, Any]
    now: datetime


def layout(context: PageContext) -> html.Div:
    """The page."""
    with services().store.read() as connection:
        states = desk.camera_states(connection)
    return build(context, CameraView(services().directory(), states, real_now()))


def build(context: PageContext, view: CameraView) -> html.Div:
    """The page."""
    online = sum(row.state == "live" for row in view.states.values())
    words = context.text("camera.online", online=online, total=len(view.states))
    title = html.Div(
        [
            html.H1(context.text("camera.title")),
            parts.figure(context, "cameras-online", online, view.now, words),
            html.Span(context.text("camera.hint"), className="faint"),
            parts.as_of(context, view.now),
        ],
        className="desk-title",
    )
    return parts.frame(context, "/cameras", [title, _table(context, view)], module="list", words=("desk.stale",))


def _table(context: PageContext, view: CameraView) -> html.Div:
    if not view.directory.cameras:
        return html.Div(html.P(context.text("camera.empty"), className="empty"), className="desk-table-box")
    head = html.Tr([html.Th(context.text(f"camera.{name}"), className=f"col-{name}", scope="col") for name in COLUMNS])
    ranked = sorted(view.directory.cameras.values(), key=lambda camera: _rank(view, camera["id"]))
    rows = [_row(context, view, camera) for camera in ranked]
    return html.Div(
        html.Table([html.Thead(head), html.Tbody(rows)], className="desk-table cameras"), className="desk-table-box"
    )


def _rank(view: CameraView, code: str) -> tuple[bool, str]:
    """What is not online comes first."""
    state = view.states.get(code)
    return state is not None and state.state == "live", code


def _row(context: PageContext, view: CameraView, camera: Mapping[str, Any]) -> html.Tr:
    state = view.states.get(camera["id"])
    area = view.directory.areas.get(camera["area"] or "")
    owner = view.directory.departments.get(camera["owner"])
    return html.Tr(
        [
            html.Td(parts.name(context, camera), className="wide"),
            html.Td(_state(context, state)),
            html.Td(parts.when(context, state.since if state else None, view.now), className="num"),
            html.Td(parts.name(context, area)),
            html.Td(_translated(context, camera, "purpose")),
            html.Td(_translated(context, camera, "legal_basis")),
            html.Td(
                parts.name(context, owner, short=True) if owner else camera["owner"] or context.text("desk.unknown")
            ),
            html.Td(camera["sign"] or context.text("desk.unknown")),
            html.Td(str(camera["mask_review"] or context.text("desk.unknown")), className="num"),
            html.Td(_registered(context, camera)),
            html.Td(camera["id"], className="num faint"),
        ],
        **{"data-camera": camera["id"], "data-state": state.state if state else "offline"},
    )


def _state(context: PageContext, state: Any) -> html.Span:
    code = state.state if state else "offline"
    reason = state.reason if state else None
    words = [html.Span(context.text(f"common.camera.{code}"))]
    if reason:
        words.append(html.Span(context.texts.get(f"cameras.reason.{reason}", reason), className="faint"))
    dot = html.I(className=f"dot dot-{code}", **{"aria-hidden": "true"})
    return html.Span([dot, *words], className="camera-state")


def _translated(context: PageContext, camera: Mapping[str, Any], field: str) -> html.Span:
    english = camera.get(f"{field}_en") if context.language == "en" else None
    text = english or camera[field] or context.text("desk.unknown")
    return html.Span(text, title=text)


def _registered(context: PageContext, camera: Mapping[str, Any]) -> html.Span:
    missing = [context.text(f"camera.{name}") for name in REGISTER if not camera[name]]
    if not missing:
        return html.Span(context.text("camera.registered"), className="good")
    return html.Span(context.text("camera.missing", fields="、".join(missing)), className="bad")
