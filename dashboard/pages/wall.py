"""The wall: a stable, empty frame. What is hot inside it belongs to the page's own modules (`assets/wall/`), so that
Dash renders once and never again, and a wall lives for weeks on a few dozen components.
"""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.pages import ids
from dashboard.pages.context import PageContext


def layout(context: PageContext) -> html.Div:
    """The whole page: header, key figures, panels and the place where an escalation takes the screen."""
    return html.Div(
        id=ids.WALL,
        className="wall",
        children=[
            html.Header(id=ids.WALL_HEADER, className="wall-header", children=_title(context)),
            html.Div(id=ids.WALL_BANNER, className="wall-banner", role="status"),
            html.Main(id=ids.WALL_MAIN, className="wall-main", children=_rooms(context)),
            html.Div(id=ids.WALL_DIALOG, className="wall-dialog"),
        ],
        **{"data-module": "wall", "aria-label": context.text("wall.label")},
    )


def _title(context: PageContext) -> list[Any]:
    return [
        html.Div(className="emblem", **{"aria-hidden": "true"}),
        html.Div(
            className="wall-name",
            children=[
                html.H1(context.county_text("title") or context.county_text("name")),
                html.P(context.county_text("subtitle")),
            ],
        ),
        html.Div(id=ids.WALL_HEADER_LIVE, className="wall-header-live"),
    ]


def _rooms(context: PageContext) -> list[Any]:
    text = context.text
    return [
        html.Section(id=ids.WALL_FIGURES, className="wall-figures", **{"aria-label": text("wall.figures.heading")}),
        _panel(ids.WALL_DEPARTMENTS, text("wall.departments.title")),
        _panel(ids.WALL_TREND, text("wall.trend.title")),
        _panel(ids.WALL_TOWNS, text("wall.towns.title")),
        _panel(ids.WALL_MAP, text("wall.map.title")),
        _panel(ids.WALL_CAMERAS, text("wall.cameras.title")),
        _panel(ids.WALL_FEED, text("wall.feed.title")),
    ]


def _panel(name: str, title: str) -> html.Section:
    """A framed panel: title, a line that says scope and age, and an empty body."""
    return html.Section(
        id=name,
        className=f"panel {name}",
        children=[
            html.Div(
                className="panel-head",
                children=[
                    html.H2(title, id=f"{name}-title"),
                    html.Div(className="panel-tools"),
                    html.Div(className="panel-scope"),
                ],
            ),
            html.Div(className="panel-body"),
        ],
        **{"aria-labelledby": f"{name}-title"},
    )
