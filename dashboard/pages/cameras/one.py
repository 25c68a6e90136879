"""`/cameras/<camera>`: one camera: opened for a purpose, its register, its faults, its motion as a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dash import html
from flask import request

from dashboard.pages import parts
from dashboard.pages.cameras import parts as own
from dashboard.pages.context import PageContext
from dashboard.problems import Problem
from dashboard.services import own_host, services, visitor
from models import desk
from models.camera_health import events, rates
from models.directory import Directory
from models.moves import Role
from models.timebase import real_now
from models.watching import register, sights
from models.watching.register import subjects
from models.watching.rights import Purpose, purposes, refusal
from streams.condition import FAULTS

ENTRY = ("purpose", "legal_basis", "owner", "sign", "mask_review", "mask_reviewer", "public", "codec", "shown_to")
HOURS = 24
WORDS = (
    "watching.open.failed", "watching.open.network", "watching.open.reference", "watching.open.opened",
    "watching.snapshot.done", "watching.snapshot.failed", "watching.motion.none", "watching.motion.activity",
    "watching.purpose.case", "watching.purpose.emergency", "watching.purpose.inspection", "watching.purpose.maintenance",
    "watching.refused.purpose", "watching.refused.unknown", "watching.refused.register", "watching.refused.review",
    "watching.refused.reserved", "live.connecting", "live.live", "live.stalled", "live.lost", "live.refused",
    "live.latency", "live.watermark", "live.pictures", "live.masked", "live.why.codec", "live.why.masked",
    "live.why.busy", "live.why.no_main", "cameras.tile.behind", "watching.open.gone",
    "watching.relearn.sure", "watching.relearn.done", "watching.relearn.failed", "watching.relearn.network",
    *(f"health.fault.{fault}" for fault in FAULTS),
)  # fmt: skip


@dataclass(frozen=True)
class CameraView:
    """What the page shows."""

    directory: Directory
    camera: Mapping[str, Any]
    state: Any
    standing: Sequence[str]
    faults: Sequence[Any]
    history: Sequence[Any]
    minutes: Sequence[Any]
    refused: str | None
    purposes: Sequence[Purpose]
    address: str
    video_url: str
    now: datetime
    learned_at: datetime | None = None


def layout(context: PageContext, code: str) -> html.Div:
    """The page.

    Raises:
        Problem: 404 for a camera that is not there, or not in the reader's area.
    """
    who, now, directory = visitor(), real_now(), services().directory()
    camera = directory.cameras.get(code)
    with services().store.read() as connection:
        subject = subjects(connection, now.date()).get(code)
        may = purposes(who.role)
        why = refusal(who.role, who.area, subject, may[0]) if may else "purpose"
        if camera is None or why == "unknown":
            raise Problem(404, "There is no such camera.", field="camera")
        row = register.entry(connection, code)
        assert row is not None
        view = CameraView(
            directory=directory,
            camera=camera,
            state=desk.camera_states(connection).get(code),
            standing=sorted(events.standing(connection, code)),
            faults=sights.faults_of(connection, code),
            history=register.history(connection, code, 20) if who.role is Role.ADMIN else (),
            minutes=rates.activity(connection, code, now - timedelta(hours=HOURS), now + timedelta(minutes=1)),
            refused=why,
            purposes=may,
            address=services().vault.open(row.address) or "",
            video_url=services().addresses.video(request.scheme, own_host()),
            now=now,
            learned_at=row.learned_at,
        )
    return build(context, view)


def build(context: PageContext, view: CameraView) -> html.Div:
    """The page."""
    about = {
        "camera": view.camera["id"],
        "name": parts.name(context, view.camera),
        "viewer": context.user_name,
        "live": view.video_url.removesuffix("/tiles") + "/live",
        "purposes": [str(purpose) for purpose in view.purposes],
        "refused": view.refused,
        "minutes": [[row.minute.timestamp(), row.activity] for row in view.minutes],
        "from": (view.now - timedelta(hours=HOURS)).timestamp(),
        "to": view.now.timestamp(),
        "zone": str(parts.zone(context)),
    }
    left = html.Div([_picture(context, view), _motion(context), _faults(context, view)], className="camera-left")
    right = html.Div([_entry(context, view), _history(context, view)], className="camera-right")
    title = html.Div(
        [
            html.H1(parts.name(context, view.camera)),
            own.state(context, view.state),
            *own.faults(context, view.standing),
            parts.as_of(context, view.now),
        ],
        className="desk-title",
    )
    return own.page(
        context,
        "",
        [title, html.Div([left, right], className="camera-grid")],
        module="camera",
        words=WORDS,
        about=about,
    )


# --- the picture -----------------------------------------------------------------------------------------------------


def _picture(context: PageContext, view: CameraView) -> html.Section:
    stage = html.Div(
        [
            html.Div(className="live-note", role="status", **{"aria-live": "polite"}),
            html.Div(
                [
                    html.P(context.text("watching.open.shut"), className="camera-shut-word"),
                    html.P(context.text("watching.open.law"), className="faint"),
                ],
                className="camera-shut",
            ),
        ],
        className="live-view camera-stage",
        **{"data-state": "shut", "data-camera": view.camera["id"]},
    )
    if view.refused:
        body = html.P(context.text(f"watching.refused.{view.refused}"), className="bad camera-refused", role="alert")
    else:
        body = _form(context, view)
    return parts.panel(context.text("watching.open.title"), [stage, body, _tools(context, view)], name="camera-picture")


def _form(context: PageContext, view: CameraView) -> html.Form:
    options = [html.Option(context.text(f"watching.purpose.{one}"), value=str(one)) for one in view.purposes]
    return html.Form(
        [
            html.Label(
                [
                    html.Span(context.text("watching.open.purpose")),
                    html.Select(options, name="purpose", className="desk-select"),
                ]
            ),
            html.Div(className="open-fields", **{"data-labels": _labels(context)}),
            html.Button(context.text("watching.open.do"), type="submit", className="tool tool-go"),
            html.P("", className="form-word", role="status", **{"aria-live": "polite"}),
        ],
        className="open-form",
        **{"data-form": "open"},
    )


def _labels(context: PageContext) -> str:
    return "|".join(context.text(f"watching.open.{name}") for name in ("reference", "note"))


def _tools(context: PageContext, view: CameraView) -> html.Div:
    buttons = [
        html.Button(context.text("live.full"), type="button", className="tool", disabled=True, **{"data-act": "full"}),
        html.Button(
            context.text("watching.open.close"), type="button", className="tool", disabled=True, **{"data-act": "close"}
        ),
    ]
    if context.role in ("duty", "operator", "leader"):
        words = context.text("watching.snapshot.do")
        buttons.append(html.Button(words, type="button", className="tool", disabled=True, **{"data-act": "snapshot"}))
        start = f"/emergencies?camera={view.camera['id']}"
        buttons.append(html.A(context.text("emergency.start"), href=start, className="tool"))
    if "/cameras/<camera>/masks" in context.paths:
        code = view.camera["id"]
        buttons.append(html.A(context.text("watching.masks.link"), href=f"/cameras/{code}/masks", className="tool"))
        buttons.append(html.A(context.text("watching.entry.link"), href=f"/cameras/{code}/register", className="tool"))
    return html.Div(buttons, className="camera-tools")


# --- motion, faults --------------------------------------------------------------------------------------------------


def _motion(context: PageContext) -> html.Section:
    return parts.panel(
        context.text("watching.motion.title"),
        [
            html.Div(className="camera-plot", **{"data-plot": "motion"}),
            html.P(context.text("watching.motion.hint"), className="faint case-note"),
        ],
        tools=[html.Span(context.text("watching.motion.hours", n=HOURS))],
    )


def _faults(context: PageContext, view: CameraView) -> html.Section:
    rows = [
        html.Tr(
            [
                html.Td(own.faults(context, [row.fault])),
                html.Td(parts.when(context, row.since, view.now), className="num"),
                html.Td(parts.when(context, row.cleared_at, view.now), className="num"),
                html.Td(html.A(row.case_code, href=f"/cases/{row.case_code}") if row.case_code else ""),
            ]
        )
        for row in view.faults
    ]
    head = [context.text(f"watching.fault.{name}") for name in ("fault", "since", "cleared", "case")]
    table = html.Table(
        [html.Thead(html.Tr([html.Th(word) for word in head])), html.Tbody(rows)], className="desk-table"
    )
    body = (
        html.Div(table, className="desk-table-box")
        if rows
        else html.P(context.text("watching.fault.none"), className="empty")
    )
    return parts.panel(context.text("watching.fault.title"), [body, *_relearn(context, view)])


def _relearn(context: PageContext, view: CameraView) -> list[html.Div]:
    """For those who look after cameras: what is seen now is as it should be."""
    if Purpose.MAINTENANCE not in view.purposes or view.refused:
        return []
    last = (
        context.text("watching.relearn.last", time=parts.when(context, view.learned_at, view.now))
        if view.learned_at
        else ""
    )
    button = html.Button(
        context.text("watching.relearn.do"), type="button", className="tool", **{"data-act": "relearn"}
    )
    hint = html.P([context.text("watching.relearn.hint"), " ", last], className="faint case-note")
    word = html.P("", className="form-word relearn-word", role="status", **{"aria-live": "polite"})
    return [html.Div([button, hint, word], className="camera-relearn")]


# --- the register ----------------------------------------------------------------------------------------------------


def _entry(context: PageContext, view: CameraView) -> html.Section:
    camera = view.camera
    area = view.directory.areas.get(camera["area"] or "")
    shown = {
        "purpose": own.translated(context, camera, "purpose"),
        "legal_basis": own.translated(context, camera, "legal_basis"),
        "owner": own.owner(context, view.directory, camera["owner"]),
        "mask_review": str(camera["mask_review"] or context.text("desk.unknown")),
        "public": context.text("watching.public" if camera["public"] else "watching.not_public"),
        "shown_to": context.text("watching.comma").join(
            context.text(f"common.role.{one}") for one in camera["shown_to"]
        )
        or context.text("watching.everybody"),
    }
    pairs: list[Any] = [
        html.Dt(context.text("camera.id")), html.Dd(own.gb_id(context, camera["id"])),
        html.Dt(context.text("camera.area")), html.Dd(parts.name(context, area)),
    ]  # fmt: skip
    for name in ENTRY:
        words = shown.get(name) or camera[name] or context.text("desk.unknown")
        label = "watching.open_to" if name == "shown_to" else f"watching.entry.{name}"
        pairs += [html.Dt(context.text(label)), html.Dd(words)]
    return parts.panel(
        context.text("watching.entry.title"), [html.Dl(pairs, className="pairs"), own.gaps(context, camera["gaps"])]
    )


def _history(context: PageContext, view: CameraView) -> html.Section | html.Div:
    if context.role != "admin":
        return html.Div()
    items = [
        html.Li(
            [
                html.Div(
                    [
                        html.B(context.text(f"watching.act.{row.act}")),
                        html.Span(row.actor),
                        html.Span(parts.stamp(context, row.at), className="num faint"),
                    ],
                    className="trace-head",
                ),
                html.Div(_changes(context, row.changes), className="trace-note"),
            ]
        )
        for row in view.history
    ]
    body = (
        html.Ol(items, className="trace") if items else html.P(context.text("watching.history.none"), className="empty")
    )
    return parts.panel(context.text("watching.history.title"), [body])


def _changes(context: PageContext, changes: Mapping[str, Any]) -> str:
    """Which fields, and where it is short, from what to what."""
    told = []
    for name, (before, after) in sorted(changes.items()):
        label = context.texts.get(f"watching.entry.{name}", name)
        short = all(isinstance(value, str | int | float | bool) and len(str(value)) <= 24 for value in (before, after))
        told.append(f"{label}：{before or '—'} → {after or '—'}" if short else label)
    return "；".join(told)
