"""`/cameras/health`: the faults that stand, with their evidence, repairs to be closed, and what went in the last days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dash import html

from dashboard.pages import parts
from dashboard.pages.cameras import parts as own
from dashboard.pages.context import PageContext
from dashboard.services import services, visitor
from models.accounts import Visitor
from models.camera_health import events
from models.directory import Directory
from models.timebase import real_now
from models.watching import sights

DAYS = 3
TELLING = {
    "black": ("brightness", "contrast"), "dark": ("brightness", "contrast"), "bright": ("brightness", "blown"),
    "covered": ("lost", "texture"), "blurred": ("acuity", "sharpness"), "moved": ("match", "shift", "lost"),
    "cast": ("neutral",), "frozen": ("alike", "grain"), "loss": ("loss",),
}  # fmt: skip
"""Which measures tell of a fault."""
SHARES = frozenset({"blown", "texture", "alike", "match", "lost", "shift", "loss"})
WORDS = ("watching.evidence.failed", "watching.open.network", "watching.evidence.shown", "watching.evidence.none")


@dataclass(frozen=True)
class HealthView:
    """What the page shows."""

    directory: Directory
    standing: Sequence[Any]
    past: Sequence[Any]
    offered: Sequence[Any]
    wanted: str
    now: datetime


def layout(context: PageContext, query: Mapping[str, str]) -> html.Div:
    """The page."""
    now, who, directory = real_now(), visitor(), services().directory()
    with services().store.read() as connection:
        standing = sights.standing_faults(connection)
        past = sights.past_faults(connection, now - timedelta(days=DAYS))
        offered = events.offered(connection)
    inside = [[row for row in rows if _inside(directory, who, row.area)] for rows in (standing, past, offered)]
    return build(context, HealthView(directory, inside[0], inside[1], inside[2], query.get("fault", "")[:16], now))


def _inside(directory: Directory, who: Visitor, area: str | None) -> bool:
    town = (directory.areas.get(area or "") or {}).get("town")
    return who.area is None or who.area in (area, town)


def build(context: PageContext, view: HealthView) -> html.Div:
    """The page."""
    shown = [row for row in view.standing if view.wanted in ("", row.fault)]
    cards = [_card(context, view, row) for row in shown]
    body = (
        html.Div(cards, className="fault-cards")
        if cards
        else html.P(context.text("watching.health.none"), className="empty")
    )
    tools = html.Div(
        [
            _chips(context, view),
            html.Button(context.text("watching.evidence.show"), type="button", className="tool", **{"data-act": "evidence"}),
            html.Span("", className="form-word", role="status", **{"aria-live": "polite"}),
        ],
        className="filters",
    )  # fmt: skip
    about = {"cameras": sorted({row.camera for row in shown if row.evidence})}
    past = parts.panel(context.text("watching.health.past", n=DAYS), [_past(context, view)], name="fault-past")
    return own.page(
        context,
        "/cameras/health",
        [_title(context, view), tools, body, *_offered(context, view), past],
        module="health",
        words=WORDS,
        about=about,
    )


def _title(context: PageContext, view: HealthView) -> html.Div:
    cameras = len({row.camera for row in view.standing})
    return html.Div(
        [
            html.H1(context.text("health.title.page")),
            own.figure(
                context, "cameras-faulty", cameras, f"{cameras:,}", context.text("watching.cameras-faulty"), view.now
            ),
            html.Span(context.text("watching.health.hint"), className="faint"),
            parts.as_of(context, view.now),
        ],
        className="desk-title",
    )


def _chips(context: PageContext, view: HealthView) -> html.Div:
    found = Counter(row.fault for row in view.standing)
    links = [("", context.text("watching.state.all"), len(view.standing))]
    links += [(fault, context.text(f"health.fault.{fault}"), count) for fault, count in found.most_common()]
    return html.Div(
        [
            html.A(
                [words, html.B(f" {count:,}")],
                href=f"/cameras/health?fault={fault}" if fault else "/cameras/health",
                className="chip-link",
                **({"aria-current": "true"} if fault == view.wanted else {}),
            )
            for fault, words, count in links
        ],
        className="camera-chips",
    )


def _card(context: PageContext, view: HealthView, row: Any) -> html.Article:
    return html.Article(
        [
            html.Div(
                html.Span(context.text("watching.evidence.shut" if row.evidence else "watching.evidence.none"), className="faint"),
                className="fault-picture",
                **({"data-evidence": row.evidence} if row.evidence else {}),
            ),
            html.Div(
                [
                    html.Div(
                        [
                            html.A(parts.name(context, row._mapping), href=f"/cameras/{row.camera}"),
                            *own.faults(context, [row.fault]),
                        ],
                        className="fault-head",
                    ),
                    html.P(context.text(f"health.meaning.{row.fault}"), className="fault-words"),
                    html.Div(
                        [
                            html.Span(context.text("health.state.since", fault=context.text(f"health.fault.{row.fault}"),
                                                   time=parts.when(context, row.since, view.now))),
                            html.Span(parts.length(context, view.now - row.since), className="num"),
                            html.Span(own.owner(context, view.directory, row.owner)),
                            *([html.A(row.case_code, href=f"/cases/{row.case_code}")] if row.case_code else []),
                        ],
                        className="fault-facts faint",
                    ),
                    html.Div(_measures(context, row.fault, row.measures), className="fault-facts faint num"),
                ],
                className="fault-text",
            ),
        ],
        className="fault-card",
        **{"data-camera": row.camera, "data-fault": row.fault},
    )  # fmt: skip


def _measures(context: PageContext, fault: str, measures: Mapping[str, Any]) -> str:
    """The numbers that tell of this fault, as they were when its evidence was taken."""
    known = [(name, measures.get(name)) for name in TELLING.get(fault, ())]
    return " · ".join(
        f"{context.text(f'health.measure.{name}')} {own.percent(value) if name in SHARES else f'{value:.3g}'}"
        for name, value in known
        if isinstance(value, int | float)
    )


def _offered(context: PageContext, view: HealthView) -> list[html.Section]:
    """Repairs whose cameras have recovered: a person closes their cases."""
    if not view.offered:
        return []
    rows = [
        [
            html.Td(html.A(row.case_code, href=f"/cases/{row.case_code}"), className="num"),
            html.Td(parts.stage(context, row.stage)),
            html.Td(html.A(parts.name(context, row._mapping), href=f"/cameras/{row.camera}"), className="wide"),
            html.Td(parts.when(context, row.sound_since, view.now), className="num"),
            html.Td(own.owner(context, view.directory, row.owner)),
        ]
        for row in view.offered
    ]
    heads = ("health.repair.case", "health.repair.stage", "watching.fault.camera", "health.repair.sound_since",
             "watching.fault.owner")  # fmt: skip
    count = len(view.offered)
    shown = parts.figure(context, "repairs-offered", count, view.now, f"{count:,}")
    table = _table([context.text(key) for key in heads], rows)
    return [parts.panel(context.text("health.repair.offered"), [table], name="repairs-offered", tools=[shown])]


def _table(heads: Sequence[str], rows: Sequence[Sequence[html.Td]]) -> html.Div:
    head, body = html.Tr([html.Th(words) for words in heads]), [html.Tr(list(cells)) for cells in rows]
    return html.Div(
        html.Table([html.Thead(head), html.Tbody(body)], className="desk-table"), className="desk-table-box"
    )


def _past(context: PageContext, view: HealthView) -> Any:
    rows = [
        [
            html.Td(html.A(parts.name(context, row._mapping), href=f"/cameras/{row.camera}"), className="wide"),
            html.Td(own.faults(context, [row.fault])),
            html.Td(parts.when(context, row.since, view.now), className="num"),
            html.Td(parts.when(context, row.cleared_at, view.now), className="num"),
            html.Td(parts.length(context, row.cleared_at - row.since), className="num"),
            html.Td(own.owner(context, view.directory, row.owner)),
        ]
        for row in view.past
    ]
    if not rows:
        return html.P(context.text("watching.fault.none"), className="empty")
    names = ("camera", "fault", "since", "cleared", "length", "owner")
    return _table([context.text(f"watching.fault.{name}") for name in names], rows)
