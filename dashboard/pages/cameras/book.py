"""`/cameras/register`: how complete the register is, what is missing where, the catalogue as a file, legal holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dash import html

from dashboard.pages import parts
from dashboard.pages.cameras import parts as own
from dashboard.pages.context import PageContext
from dashboard.services import services
from models.directory import Directory
from models.timebase import real_now
from models.watching import pictures
from models.watching.register import privacy_of
from models.watching.rights import ACCOUNTABLE, OVERDUE

COLUMNS = ("name", "register", "owner", "mask_review", "sign", "purpose", "legal_basis")
GAPS = (*ACCOUNTABLE, OVERDUE)
WORDS = (
    "watching.hold.done", "watching.hold.failed", "watching.open.network", "watching.hold.kind", "watching.hold.object",
    "watching.hold.reason", "watching.hold.until", "watching.hold.place", "watching.hold.camera", "watching.hold.case", "watching.hold.emergency",
    "watching.hold.sure",
)  # fmt: skip


@dataclass(frozen=True)
class BookView:
    """What the page shows."""

    directory: Directory
    holds: Sequence[Any]
    wanted: str
    now: datetime


def layout(context: PageContext, query: Mapping[str, str]) -> html.Div:
    """The page."""
    with services().store.read() as connection:
        holds = pictures.holds(connection)
    gap = query.get("gap", "")
    return build(context, BookView(services().directory(), holds, gap if gap in (*GAPS, "any") else "", real_now()))


def build(context: PageContext, view: BookView) -> html.Div:
    """The page."""
    cameras = list(view.directory.cameras.values())
    listed = [camera for camera in cameras if _fits(camera, view.wanted)]
    body = html.Div(
        [html.Div([_counts(context, view, cameras), _table(context, view, listed)], className="cameras-left"),
         html.Div([_policy(context, view), _holds(context, view)], className="cameras-right")],
        className="cameras-grid book-grid",
    )  # fmt: skip
    return own.page(
        context, "/cameras/register", [_title(context, view, cameras), body], module="book", words=WORDS,
        about={"admin": context.role == "admin"},
    )  # fmt: skip


def _fits(camera: Mapping[str, Any], gap: str) -> bool:
    return not gap or (bool(camera["gaps"]) if gap == "any" else gap in camera["gaps"])


def _title(context: PageContext, view: BookView, cameras: Sequence[Mapping[str, Any]]) -> html.Div:
    complete = sum(not camera["gaps"] for camera in cameras)
    tools = []
    if context.role == "admin":
        words = context.text("watching.book.export")
        tools.append(html.A(words, href="/api/v1/cameras/catalogue.csv", className="tool", **{"data-download": "yes"}))
    return html.Div(
        [
            html.H1(context.text("watching.book.title")),
            own.figure(
                context, "cameras-registered", complete, f"{complete:,} / {len(cameras):,}",
                context.text("watching.book.complete"), view.now,
            ),
            html.Span(context.text("camera.hint"), className="faint"),
            *tools,
            parts.as_of(context, view.now),
        ],
        className="desk-title",
    )  # fmt: skip


def _counts(context: PageContext, view: BookView, cameras: Sequence[Mapping[str, Any]]) -> html.Div:
    found = Counter(gap for camera in cameras for gap in camera["gaps"])
    incomplete = sum(bool(camera["gaps"]) for camera in cameras)
    links = [
        ("", context.text("watching.state.all"), len(cameras)),
        ("any", context.text("watching.state.incomplete"), incomplete),
    ]
    links += [(gap, context.text(f"watching.gap.{gap}"), found[gap]) for gap in GAPS]
    return html.Div(
        [
            html.A(
                [words, html.B(f" {count:,}")],
                href=f"/cameras/register?gap={gap}",
                className="chip-link",
                **({"aria-current": "true"} if gap == view.wanted else {}),
            )
            for gap, words, count in links
        ],
        className="camera-chips filters",
    )  # fmt: skip


def _table(context: PageContext, view: BookView, listed: Sequence[Mapping[str, Any]]) -> html.Div:
    head = html.Tr(
        [html.Th(context.text(f"watching.column.{name}"), className=f"col-{name}", scope="col") for name in COLUMNS]
    )
    rows = [_row(context, view, camera) for camera in sorted(listed, key=lambda one: (not one["gaps"], one["id"]))]
    if not rows:
        rows = [html.Tr(html.Td(context.text("watching.none"), colSpan=len(COLUMNS), className="empty"))]
    return html.Div(
        html.Table([html.Thead(head), html.Tbody(rows)], className="desk-table cameras"), className="desk-table-box"
    )


def _row(context: PageContext, view: BookView, camera: Mapping[str, Any]) -> html.Tr:
    code = camera["id"]
    where = f"/cameras/{code}/register" if context.role == "admin" else f"/cameras/{code}"
    cells = {
        "owner": own.owner(context, view.directory, camera["owner"]),
        "mask_review": str(camera["mask_review"] or context.text("desk.unknown")),
        "sign": camera["sign"] or context.text("desk.unknown"),
        "purpose": own.translated(context, camera, "purpose"),
        "legal_basis": own.translated(context, camera, "legal_basis"),
    }
    review = "gap" if {"mask_review", OVERDUE} & set(camera["gaps"]) else ""
    return html.Tr(
        [
            html.Td(html.A(parts.name(context, camera), href=where), className="wide"),
            html.Td(own.gaps(context, camera["gaps"])),
            *(
                html.Td(
                    html.Span(text, title=text),
                    className=review if name == "mask_review" else "gap" if name in camera["gaps"] else "",
                )
                for name, text in cells.items()
            ),
        ],
        **{"data-camera": code},
    )


def _policy(context: PageContext, view: BookView) -> html.Section:
    kept = privacy_of(view.directory.county)
    pairs: list[Any] = []
    for name, days in (
        ("review", kept.review_days),
        ("pictures", kept.picture_days),
        ("ledger", kept.ledger_days),
        ("emergencies", kept.emergency_days),
    ):
        pairs += [html.Dt(context.text(f"watching.policy.{name}")), html.Dd(context.text("common.days", d=f"{days:,}"))]
    return parts.panel(context.text("watching.policy.title"), [html.Dl(pairs, className="pairs")])


def _holds(context: PageContext, view: BookView) -> html.Section:
    items = [_hold(context, view, row) for row in view.holds]
    body: list[Any] = [
        html.Ul(items, className="holds") if items else html.P(context.text("watching.hold.none"), className="empty")
    ]
    body.append(html.Div(className="hold-room"))
    return parts.panel(context.text("watching.hold.title"), body, name="holds-panel")


def _hold(context: PageContext, view: BookView, row: Any) -> html.Li:
    living = row.lifted_at is None and row.until > view.now
    state = "watching.hold.living" if living else "watching.hold.ended"
    button = []
    if living and context.role == "admin":
        words = context.text("watching.hold.lift")
        button.append(html.Button(words, type="button", className="tool tool-small", **{"data-lift": str(row.id)}))
    return html.Li(
        [
            html.Div(
                [
                    html.B(f"{context.text(f'watching.hold.{row.kind}')} {row.object}"),
                    html.Span(context.text(state, day=parts.stamp(context, row.until)[:10]), className="good" if living else "faint"),
                    *button,
                ],
                className="trace-head",
            ),
            html.Div(f"{row.reason} · {row.placed_by} · {parts.stamp(context, row.placed_at)}", className="trace-note"),
        ]
    )  # fmt: skip
