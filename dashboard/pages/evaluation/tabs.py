"""The evaluation's tabs that stand beside those of areas, departments and posts. Pure."""

from __future__ import annotations

from dash import html

from dashboard.pages.context import PageContext

MORE = (("/evaluation/analysis", "analysis.title"), ("/evaluation/forecast", "forecast.tab"))


def more(context: PageContext, here: str = "") -> list[html.A]:
    """Those of the further pages that the reader may open; `here` is the one that is open."""
    return [
        html.A(
            context.text(key),
            href=path,
            className="state-tab",
            **({"aria-current": "page"} if path == here else {}),
        )
        for path, key in MORE
        if path in context.paths
    ]


def row(context: PageContext, here: str) -> html.Nav:
    """All tabs, for a page that is none of the scores."""
    scores = [
        html.A(context.text(f"evaluation.by.{by}"), href=f"/evaluation?by={by}", className="state-tab")
        for by in ("area", "department", "post")
    ]
    label = {"aria-label": context.text("evaluation.tabs")}
    return html.Nav([*scores, *more(context, here)], className="state-tabs", **label)
