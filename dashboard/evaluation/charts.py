"""Charts in one template made of the look's tokens (`00_tokens.css`). Figures as plain JSON; the browser's Plotly draws them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard.api.forecast_shapes import CalibrationRow
from dashboard.evaluation.grid import Grid
from dashboard.pages.context import PageContext

TX1, TX2, TX3, LINE, LINE2, ACCENT, OK = "#eef4ff", "#b3c4de", "#8ba1c2", "#1e3556", "#2b4a75", "#3cc8ff", "#35d39a"
RAMP = {"A": "#93dcf2", "B": "#46aeda", "C": "#2685bc", "D": "#1d5c8e", "E": "#173a5e"}
"""Quantities in one hue, never in the colours of clocks and warnings."""
FONT = '"GovNum","Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei",sans-serif'
TEMPLATE = go.layout.Template(
    layout={
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "color": TX2, "size": 14},
        "colorway": [ACCENT, OK, "#93dcf2", TX3],
        "margin": {"l": 8, "r": 16, "t": 8, "b": 8},
        "xaxis": {
            "gridcolor": LINE,
            "zerolinecolor": LINE2,
            "linecolor": LINE2,
            "automargin": True,
            "fixedrange": True,
        },
        "yaxis": {
            "gridcolor": LINE,
            "zerolinecolor": LINE2,
            "linecolor": LINE2,
            "automargin": True,
            "fixedrange": True,
        },
        "hoverlabel": {"bgcolor": "#112038", "bordercolor": LINE2, "font": {"color": TX1, "family": FONT}},
        "legend": {"orientation": "h", "y": 1.12, "x": 0},
        "showlegend": False,
    }
)
CONFIG = {"displayModeBar": False, "responsive": True, "doubleClick": False}
LONGEST = 22
"""Letters of a name beside a bar, so that the bars keep their room."""
MOST = 24
"""Bars that a chart shows at most: the best and the worst say more than a hundred."""


def ranking(context: PageContext, grid: Grid) -> dict[str, Any] | None:
    """Scores as bars, the best above; small samples have none. None where nobody has a score."""
    lines = [line for line in grid.lines if not line.whole and line.row.now.score is not None]
    if not lines:
        return None
    shown = (lines if len(lines) <= MOST else [*lines[: MOST // 2], *lines[-MOST // 2 :]])[::-1]
    bars = go.Bar(
        x=[line.cells["score"].value for line in shown],
        y=[line.code for line in shown],
        customdata=[line.name for line in shown],
        text=[f"{line.cells['score'].text} {line.row.now.grade}" for line in shown],
        textposition="outside",
        textfont={"color": TX1},
        cliponaxis=False,
        orientation="h",
        marker={"color": [RAMP[line.row.now.grade or "E"] for line in shown], "line": {"color": LINE2, "width": 1}},
        hovertemplate="%{customdata}  %{x:.1f}<extra></extra>",
    )
    return _figure(
        bars,
        height=max(180, 26 * len(shown) + 40),
        xaxis={"range": [0, 135], "tickvals": [0, 50, 100], "tickangle": 0},
        yaxis={
            "type": "category",
            "tickvals": [line.code for line in shown],
            "ticktext": [_cut(line.name) for line in shown],
        },
    )


def _cut(name: str) -> str:
    """A name beside a bar; the table has it whole, and so has the bar itself when it is pointed at."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}…"


def trend(context: PageContext, grid: Grid) -> dict[str, Any] | None:
    """The last twelve months: score, and the share closed in time. None where there is less than two."""
    points = [(str(month), judged) for month, judged in grid.answer.trend]
    if sum(judged.score is not None for _, judged in points) < 2:
        return None
    months = [month[2:] for month, _ in points]
    score = go.Scatter(
        x=months,
        y=[None if judged.score is None else round(judged.score, 1) for _, judged in points],
        mode="lines+markers",
        name=context.text("evaluation.column.score"),
        line={"width": 3},
        marker={"size": 8},
        connectgaps=False,
    )
    execution = grid.answer.version.score.execution
    shares = [judged.shares[execution].value for _, judged in points]
    english = context.language == "en"
    indicator = grid.answer.version.by_code[execution]
    in_time = go.Scatter(
        x=months,
        y=[None if share is None else round(100 * share, 1) for share in shares],
        mode="lines+markers",
        name=f"{indicator.name_en if english else indicator.name} %",
        line={"width": 2, "dash": "dot"},
        marker={"size": 7, "symbol": "diamond"},
    )
    return _figure(score, in_time, height=230, showlegend=True, xaxis={"type": "category", "tickangle": -45})


def calibration(context: PageContext, rows: Sequence[CalibrationRow]) -> dict[str, Any]:
    """Of each tenth of the forecasts: the chance that was said, and the share that was late. On the line both agree."""
    most = max(row.judged for row in rows)
    line = go.Scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        name=context.text("forecast.page.agree"),
        line={"width": 1, "dash": "dash", "color": TX3},
        hoverinfo="skip",
    )
    found = go.Scatter(
        x=[round(100 * row.forecast, 1) for row in rows],
        y=[round(100 * row.late, 1) for row in rows],
        mode="lines+markers",
        name=context.text("forecast.page.found"),
        line={"color": ACCENT},
        marker={"color": ACCENT, "size": [8 + 14 * (row.judged / most) ** 0.5 for row in rows]},
        customdata=[f"{row.judged:,}" for row in rows],
        hovertemplate="%{x:.0f} % → %{y:.0f} %  (%{customdata})<extra></extra>",
    )
    said, late = context.text("forecast.page.column.said"), context.text("forecast.page.column.was_late")
    axis = {"range": [-4, 104], "tickvals": [0, 25, 50, 75, 100], "ticksuffix": " %"}
    return _figure(
        line,
        found,
        height=360,
        showlegend=True,
        margin={"l": 60, "r": 16, "t": 8, "b": 56},
        xaxis=axis | {"title": {"text": said, "font": {"size": 14}}},
        yaxis=axis | {"title": {"text": late, "font": {"size": 14}}},
    )


def _figure(*traces: Any, **layout: Any) -> dict[str, Any]:
    figure: dict[str, Any] = go.Figure(list(traces)).update_layout(template=TEMPLATE, **layout).to_plotly_json()
    return figure
