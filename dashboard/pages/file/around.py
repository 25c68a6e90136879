"""What is around a case: the map with its place, the nearest cameras, and cases that may be the same matter."""

from __future__ import annotations

import json
from typing import Any

from dash import html

from dashboard.api.shapes import CaseRow
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.pages.file.view import CaseView
from models.duplicates import Likeness


def build_map(context: PageContext, view: CaseView) -> html.Section:
    """A panel whose picture the file's module draws from the outlines of the grids."""
    case = view.case
    points = [_camera_point(context, view, near.camera) for near in view.cameras]
    points += [_case_point(row) for _, row in view.alike if row.longitude is not None]
    about = {
        "data-area": case.area or "",
        "data-longitude": "" if case.longitude is None else str(case.longitude),
        "data-latitude": "" if case.latitude is None else str(case.latitude),
        "data-points": json.dumps(points, ensure_ascii=False),
        "data-words": context.text("work.map.label", place=parts.place(context, view.directory, case)),
    }
    return parts.panel(
        context.text("work.map.title"),
        [html.Div(className="file-map", **about)],
        name="case-map",
        tools=[parts.place(context, view.directory, case)],
    )


def _camera_point(context: PageContext, view: CaseView, code: str) -> dict[str, Any]:
    camera = view.directory.cameras[code]
    name = parts.name(context, camera)
    return {"kind": "camera", "name": name, "longitude": camera["longitude"], "latitude": camera["latitude"]}


def _case_point(row: CaseRow) -> dict[str, Any]:
    return {"kind": "case", "name": row.code, "longitude": row.longitude, "latitude": row.latitude}


def build_cameras(context: PageContext, view: CaseView) -> html.Section:
    """Tiles that `tiles.js` fills."""
    tiles = [_tile(context, view, near.camera, near.metres) for near in view.cameras]
    body: list[Any] = (
        [html.Div(tiles, className="file-tiles")]
        if tiles
        else [html.P(context.text("work.cameras.none"), className="faint case-note")]
    )
    return parts.panel(context.text("work.cameras.title"), body, name="case-cameras")


def _tile(context: PageContext, view: CaseView, code: str, metres: float | None) -> html.Figure:
    name = parts.name(context, view.directory.cameras[code])
    far = context.text("work.metres", n=f"{metres:,.0f}") if metres is not None else ""
    return html.Figure(
        [
            html.Div(className="tile-picture"),
            html.Span(className="tile-dot", **{"aria-hidden": "true"}),
            html.Span(context.text("common.camera.connecting"), className="tile-note"),
            html.Figcaption([html.Span(name), html.Span(far, className="num")], className="tile-name", title=name),
        ],
        className="tile",
        **{"data-camera": code, "data-state": "connecting"},
    )


def build_alike(context: PageContext, view: CaseView) -> html.Section:
    """The cases offered as duplicates, each with what makes it alike; a person decides."""
    rows = [_alike(context, view, pair, row) for pair, row in view.alike]
    body: list[Any] = rows or [html.P(context.text("work.alike.none"), className="faint case-note")]
    return parts.panel(context.text("work.alike.title"), body, name="case-alike")


def _alike(context: PageContext, view: CaseView, pair: Likeness, row: CaseRow) -> html.Div:
    known = [context.text(f"work.alike.{name}") for name, value in pair.parts.items() if value >= 0.5]
    if pair.metres is not None:
        known.insert(0, context.text("work.metres", n=f"{pair.metres:,.0f}"))
    merge = html.Button(
        context.text("work.alike.merge"),
        type="button",
        className="tool tool-small",
        **{"data-merge": row.code, "data-title": row.title},
    )
    return html.Div(
        [
            html.Div(
                [
                    html.A(row.code, href=f"/cases/{row.code}", className="num"),
                    parts.stage(context, row.stage),
                    html.Span(parts.when(context, row.reported_at, view.now), className="num faint"),
                    html.B(f"{pair.score * 100:.0f}%", className="num alike-score"),
                ],
                className="alike-head",
            ),
            html.Div(row.title, className="alike-title"),
            html.Div([html.Span(" · ".join(known), className="faint"), merge], className="alike-foot"),
        ],
        className="alike",
        **{"data-alike": row.code, "data-score": str(pair.score)},
    )


def build_related(context: PageContext, view: CaseView) -> html.Section:
    """The cases that belong to this one."""
    rows = [
        html.Div(
            [
                html.Span(context.text(f"work.related.{how}"), className="tag"),
                html.A(row.code, href=f"/cases/{row.code}", className="num"),
                parts.stage(context, row.stage),
                html.Div(row.title, className="alike-title"),
            ],
            className="alike related",
            **{"data-related": row.code, "data-how": how},
        )
        for how, row in view.related
    ]
    return parts.panel(context.text("work.related.title"), rows, name="case-related")
