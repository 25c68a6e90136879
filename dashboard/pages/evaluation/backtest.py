"""How will-be-late did on the past: the scores beside the simple rule, by department, and chances beside outcomes. Pure but
for `layout`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from dashboard import forecasts
from dashboard.api.forecast_shapes import BackTestAnswer, BrierScore
from dashboard.evaluation import charts
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.pages.evaluation import tabs
from dashboard.services import services
from models.directory import Directory
from models.messages import iso

COLUMNS = ("department", "judged", "late", "history", "rule", "plain", "used")


def layout(context: PageContext) -> html.Div:
    """The page: the newest back-test, as the API tells it."""
    return build(context, services().directory(), forecasts.back_test(services()))


def build(context: PageContext, directory: Directory, test: BackTestAnswer) -> html.Div:
    """The page."""
    body: list[Any] = [html.P(context.text("forecast.not_yet"), className="empty")]
    if test.whole is not None and test.learned_at is not None:
        body = [_grid(context, directory, test, test.whole)]
    title = html.Div([html.H1(context.text("forecast.page.title")), *_as_of(context, test)], className="desk-title")
    children = [title, tabs.row(context, "/evaluation/forecast"), *body]
    return parts.frame(context, "/evaluation", children, module="evaluation", words=("desk.stale",))


def _as_of(context: PageContext, test: BackTestAnswer) -> list[html.Span]:
    if test.learned_at is None or test.first is None or test.last is None:
        return []
    zone = parts.zone(context)
    days = {"first": f"{test.first.astimezone(zone):%Y-%m-%d}", "last": f"{test.last.astimezone(zone):%Y-%m-%d}"}
    learned = parts.stamp(context, test.learned_at)
    return [html.Span(context.text("forecast.page.span", **days, looks=test.looks, learned=learned), className="faint")]


def _grid(context: PageContext, directory: Directory, test: BackTestAnswer, whole: BrierScore) -> html.Div:
    rows = [_row(context, directory, score, test) for score in [whole, *test.departments]]
    head = html.Tr([html.Th(context.text(f"forecast.page.column.{name}"), scope="col") for name in COLUMNS])
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="desk-table back-test")
    left = [
        html.Div(table, className="desk-table-box", tabIndex="0"),
        html.P(context.text("forecast.page.about"), className="faint notes"),
    ]
    return html.Div(
        [
            html.Div(left, className="evaluation-main"),
            html.Div(_calibration(context, test), className="evaluation-side"),
        ],
        className="evaluation-grid",
    )


def _row(context: PageContext, directory: Directory, score: BrierScore, test: BackTestAnswer) -> html.Tr:
    whole = score.department is None
    named = directory.departments.get(score.department or "")
    words = context.text("forecast.page.whole") if whole else parts.name(context, named)
    numbers = [f"{score.judged:,}", f"{score.late:,}", *map(_score, (score.history, score.rule, score.plain_rule))]
    used = "" if whole else context.text(f"forecast.basis.{score.used}")
    figure = {"data-figure": "back-test", "data-value": str(score.judged), "data-state": "live"}
    figure |= {"data-as-of": iso(test.learned_at)} if test.learned_at else {}
    first, *others = numbers
    cells: Sequence[Any] = [
        html.Th(words, scope="row"),
        html.Td(first, className="num", **figure),
        *(html.Td(number, className="num") for number in others),
        html.Td(used),
    ]
    return html.Tr(cells, **{"data-department": score.department or "", "data-used": score.used})


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _calibration(context: PageContext, test: BackTestAnswer) -> list[Any]:
    """The plot, and its numbers for who does not see it."""
    if not test.calibration:
        return []
    title = context.text("forecast.page.calibration")
    figure = charts.calibration(context, test.calibration)
    graph = dcc.Graph(figure=figure, config=charts.CONFIG, className="chart", style={"height": "360px"})
    names = ("said", "was_late", "judged")
    head = html.Tr([html.Th(context.text(f"forecast.page.column.{name}"), scope="col") for name in names])
    rows = [
        html.Tr(
            [
                html.Td(text, className="num")
                for text in (f"{100 * row.forecast:.0f} %", f"{100 * row.late:.0f} %", f"{row.judged:,}")
            ],
            **{"data-calibration": f"{row.forecast:.4f}", "data-value": str(row.judged)},
        )
        for row in test.calibration
    ]
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="desk-table back-test")
    body = [
        html.Div(graph, role="img", **{"aria-label": title}),
        html.Div(table, className="desk-table-box", tabIndex="0"),
    ]
    return [parts.panel(title, body, name="chart-calibration")]
