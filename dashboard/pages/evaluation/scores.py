"""Scores of a period by area, department or post: a table whose every figure opens its cases, charts, what-if, appeals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html

from dashboard.api.shapes import EvaluationQuery
from dashboard.evaluation import charts
from dashboard.evaluation.asking import told
from dashboard.evaluation.exports import read_query
from dashboard.evaluation.grid import Cell, Grid, Line, grid, named
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.pages.evaluation import tabs
from dashboard.pages.evaluation.asked import panel as asked_panel
from dashboard.services import services, visitor
from models.directory import Directory
from models.duty import surveys
from models.duty.surveys import Asked
from models.evaluation import appeals
from models.evaluation.appeals import MAY_APPEAL, MAY_DECIDE
from models.evaluation.periods import LENGTH, Period
from models.messages import iso
from models.moves import Role

WORDS = ("desk.stale", "case.sending", "case.failed", "case.network", "case.expired", "case.forbidden",
         "evaluation.what_if_none", "evaluation.reset")  # fmt: skip
BYS = ("area", "department", "post")
LEVELS = ("town", "community", "grid")


@dataclass(frozen=True)
class View:
    """What the page shows."""

    query: EvaluationQuery
    grid: Grid
    appeals: Sequence[Any]
    directory: Directory
    now: datetime
    asked: Sequence[Asked] = ()
    """What others have asked people of this period: imported."""


def layout(context: PageContext, query: Mapping[str, str]) -> html.Div:
    """The page for a query string.

    Raises:
        Problem: 422 for what cannot be asked, 403 for what the reader may not see.
    """
    asked, who, here = read_query(dict(query)), visitor(), services()
    if asked.level != "town" and asked.under is None and who.area is None:
        asked = asked.model_copy(update={"under": next(iter(here.directory().towns), None)})
    found = told(here, who, asked)
    with here.store.read() as connection:
        period, zone = found.question.period, here.rules().zone
        mine = appeals.appeals(connection, period.months, who.actor)
        imported = surveys.asked(connection, period.first.start(zone), period.months[-1].end(zone), who.actor)
    table = grid(context, here.directory(), found)
    return build(context, View(asked, table, mine, here.directory(), here.clock.now(), imported))


def build(context: PageContext, view: View) -> html.Div:
    """The page."""
    body = html.Div(
        [
            html.Div([_table(context, view), _notes(context, view)], className="evaluation-main"),
            html.Div(
                [_ranking(context, view), _trend(context, view), _what_if(context, view)], className="evaluation-side"
            ),
        ],
        className="evaluation-grid",
    )
    imported = asked_panel(context, view.directory, view.asked, view.now)
    children = [_title(context, view), _tabs(context, view), body, *imported, _appeals(context, view)]
    return parts.frame(context, "/evaluation", children, module="evaluation", words=WORDS)


def address(view: View, path: str = "/evaluation", **changes: Any) -> str:
    """This page with some of what is asked changed."""
    period = {"period": str(view.grid.answer.question.period), "by": view.grid.answer.question.by}
    fields = period | {
        name: value for name, value in (("level", view.query.level), ("under", view.query.under)) if value
    }
    return f"{path}?{urlencode({name: value for name, value in (fields | changes).items() if value})}"


# --- title, period, tabs ---------------------------------------------------------------------------------------------


def _title(context: PageContext, view: View) -> html.Div:
    answer = view.grid.answer
    period = answer.question.period
    state = "waiting" if answer.waiting else ("closed" if answer.closed else "running")
    return html.Div(
        [
            html.H1(context.text("evaluation.title")),
            _period(context, view, period),
            html.Span(context.text(f"evaluation.state.{state}"), className="tag", **{"data-book": state}),
            html.A(
                context.text("evaluation.export"),
                href=address(view, "/evaluation/export"),
                className="tool tool-small",
                download="",
                **{"data-export": "yes"},
            ),
            _as_of(context, answer.told, view.now),
        ],
        className="desk-title evaluation-title",
    )


def _as_of(context: PageContext, told_to: datetime | None, now: datetime) -> html.Div:
    stamp = parts.stamp(context, told_to)
    return html.Div(
        [
            html.Span(context.text("desk.as_of", time=stamp), className="age", **{"data-state": "live"}),
            html.A(context.text("desk.refresh"), href="", className="tool tool-small", **{"data-refresh": "yes"}),
        ],
        className="desk-age",
        **{"data-page-as-of": iso(told_to or now)},
    )


def _period(context: PageContext, view: View, period: Period) -> html.Div:
    kinds = [
        html.A(
            context.text(f"evaluation.kind.{kind}"),
            href=address(view, period=str(Period.around(kind, period.months[-1]))),  # type: ignore[arg-type]
            className="switch",
            **({"aria-current": "true"} if kind == period.kind else {}),
        )
        for kind in LENGTH
    ]
    before, after = str(period.before), str(period.after)
    return html.Div(
        [
            html.Span(kinds, className="switches"),
            html.A(
                "‹",
                href=address(view, period=before),
                className="tool tool-small",
                title=before,
                **{"aria-label": before},
            ),
            html.B(str(period), className="num", **{"data-period": str(period)}),
            html.A(
                "›", href=address(view, period=after), className="tool tool-small", title=after, **{"aria-label": after}
            ),
        ],
        className="period",
    )


def _tabs(context: PageContext, view: View) -> html.Nav:
    question = view.grid.answer.question
    bound = context.role == Role.DEPARTMENT
    links = [
        html.A(
            context.text(f"evaluation.by.{by}"),
            href=address(view, by=by, level=None, under=None),
            className="state-tab",
            **({"aria-current": "page"} if by == question.by else {}),
        )
        for by in (("department",) if bound else BYS)
    ]
    links += tabs.more(context)
    if question.by == "area" and question.whole:
        links.append(_levels(context, view))
    return html.Nav(links, className="state-tabs", **{"aria-label": context.text("evaluation.tabs")})


def _levels(context: PageContext, view: View) -> html.Span:
    links = [
        html.A(
            context.text(f"evaluation.level.{level}"),
            href=address(view, level=level, under=None if level == "town" else view.query.under),
            className="switch",
            **({"aria-current": "true"} if level == view.query.level else {}),
        )
        for level in LEVELS
    ]
    town = view.directory.areas.get(view.query.under or "")
    words = [html.Span(parts.name(context, town), className="faint")] if town and view.query.level != "town" else []
    return html.Span([html.Span(links, className="switches"), *words], className="levels")


# --- the table -------------------------------------------------------------------------------------------------------


def _table(context: PageContext, view: View) -> html.Div:
    if not view.grid.lines:
        return html.Div(html.P(context.text("evaluation.empty"), className="empty"), className="desk-table-box")
    fixed = [column for column in view.grid.columns if not column.group]
    head = [html.Th(column.title, scope="col", className=f"col-{column.key}") for column in fixed]
    for one in view.grid.indicators:
        words = one.definition_en if context.language == "en" else one.definition
        head.append(html.Th(named(context, one), scope="col", title=words, className="indicator", tabIndex="0"))
    head.insert(
        2, html.Th(context.text("evaluation.what_if_score"), scope="col", className="what-if-column", hidden=True)
    )
    rows = [_row(context, view, line, [column.key for column in fixed]) for line in view.grid.lines]
    table = html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)], className="desk-table evaluation")
    return html.Div(
        table,
        className="desk-table-box",
        tabIndex="0",
        role="region",
        **{"aria-label": context.text("evaluation.title")},
    )


def _row(context: PageContext, view: View, line: Line, fixed: Sequence[str]) -> html.Tr:
    cells = [_cell(context, view, line, key) for key in fixed]
    cells.insert(2, html.Td("", className="num what-if-column", hidden=True, **{"data-what-if": line.code}))
    cells += [_share(line, one.code) for one in view.grid.indicators]
    kind = {"data-whole": "yes"} if line.whole else {}
    return html.Tr(cells, **{"data-code": line.code, **kind})


def _marked(line: Line, key: str, cell: Cell) -> dict[str, str]:
    value = "" if cell.value is None else str(cell.value)
    return {"data-cell": f"{line.code}|{key}", "data-value": value}


def _cell(context: PageContext, view: View, line: Line, key: str) -> Any:
    cell = line.cells[key]
    mark = _marked(line, key, cell)
    if key == "name":
        return html.Th(_deeper(view, line), scope="row", **mark)
    if key == "score":
        plain = line.row.plain
        words = context.text("evaluation.without_appeals", score=_points(context, plain.score)) if plain else None
        extra = (
            [html.Sup("申" if context.language != "en" else "A", title=words, className="appealed")] if plain else []
        )
        return html.Td([html.B(cell.text), *extra], className="num", **mark)
    if key == "grade":
        small = line.row.now.small
        shown = html.Span(
            cell.text, className="small-sample" if small else "grade", **{"data-grade": str(cell.value or "")}
        )
        return html.Td(shown, **mark)
    way = (
        "up"
        if (cell.value or 0) and str(cell.text).startswith("↑")
        else ("down" if str(cell.text).startswith("↓") else "same")
    )
    more = {"data-way": way} if key in ("before", "last_year") and cell.value is not None else {}
    return html.Td(html.Span(cell.text, **more), className="num", **mark)


def _points(context: PageContext, score: float | None) -> str:
    return context.text("desk.unknown") if score is None else f"{score:.1f}"


def _deeper(view: View, line: Line) -> Any:
    """A town opens its communities."""
    question = view.grid.answer.question
    if question.by == "area" and question.level == "town" and not line.whole and question.whole:
        return html.A(line.name, href=address(view, level="community", under=line.code))
    return line.name


def _share(line: Line, code: str) -> html.Td:
    value, hits, of = (line.cells[key] for key in (code, f"{code}.hits", f"{code}.of"))
    if not value.text:
        return html.Td("", className="num", **_marked(line, code, value))
    if not of.value:
        none = [
            html.Span(hits.text, **_marked(line, f"{code}.hits", hits)),
            "/",
            html.Span(of.text, **_marked(line, f"{code}.of", of)),
        ]
        return html.Td(
            [html.Span(value.text, className="share-value", **_marked(line, code, value)), html.Small(none)],
            className="num",
        )
    parts_ = [
        html.A(value.text, href=value.href, className="share-value", **_marked(line, code, value)),
        html.Small(
            [
                html.A(hits.text, href=hits.href, **_marked(line, f"{code}.hits", hits)),
                "/",
                html.A(of.text, href=of.href, **_marked(line, f"{code}.of", of)),
            ]
        ),
    ]
    return html.Td(parts_, className="num")


def _notes(context: PageContext, view: View) -> html.Div:
    answer = view.grid.answer
    model = answer.version.score
    lines = [
        context.text("evaluation.note.small", n=answer.version.small_sample),
        context.text(
            "evaluation.note.model",
            base=f"{100 * model.base:.0f}",
            gap=f"{model.gap:g}",
            floor=f"{100 * model.floor:.0f}",
        ),
        context.text("evaluation.note.version", day=answer.version.valid_from.isoformat()),
        context.text("evaluation.note.click"),
        context.text("evaluation.note.reports"),
    ]
    if answer.waiting:
        lines.insert(0, context.text("evaluation.note.waiting", months=parts.listed(context, answer.waiting)))
    details = html.Details(
        [
            html.Summary(context.text("evaluation.definitions")),
            html.Dl([part for one in view.grid.indicators for part in _definition(context, one)], className="pairs"),
        ]
    )
    return html.Div([html.Ul([html.Li(line) for line in lines], className="faint notes"), details])


def _definition(context: PageContext, one: Any) -> list[Any]:
    return [html.Dt(named(context, one)), html.Dd(one.definition_en if context.language == "en" else one.definition)]


# --- beside it -------------------------------------------------------------------------------------------------------


def _ranking(context: PageContext, view: View) -> html.Section:
    return _chart(context, "ranking", charts.ranking(context, view.grid))


def _trend(context: PageContext, view: View) -> html.Section:
    return _chart(context, "trend", charts.trend(context, view.grid))


def _chart(context: PageContext, name: str, figure: dict[str, Any] | None) -> html.Section:
    title = context.text(f"evaluation.chart.{name}")
    if figure is None:
        body: Any = html.P(context.text("evaluation.chart.none"), className="empty")
    else:
        height = figure["layout"]["height"]
        body = dcc.Graph(figure=figure, config=charts.CONFIG, className="chart", style={"height": f"{height}px"})
    return parts.panel(title, [html.Div(body, role="img", **{"aria-label": title})], name=f"chart-{name}")


def _what_if(context: PageContext, view: View) -> Any:
    """Sliders that ask the API what the scores would be; nothing is stored."""
    question, version = view.grid.answer.question, view.grid.answer.version
    if question.by == "post":
        return html.Div()
    weights = version.weights.area if question.by == "area" else version.weights.department
    known = [
        {"code": one.code, "name": named(context, one), "weight": weights[one.code]} for one in view.grid.indicators
    ]
    form = html.Form(
        [html.P(context.text("evaluation.what_if_hint"), className="faint")],
        className="what-if",
        **{"data-weights": json.dumps(known, ensure_ascii=False), "data-ask": address(view, "/api/v1/evaluation")},
    )
    return parts.panel(context.text("evaluation.what_if"), [form], name="what-if-panel")


# --- appeals ---------------------------------------------------------------------------------------------------------


def _appeals(context: PageContext, view: View) -> html.Section:
    rows = [_appeal(context, view, row) for row in view.appeals]
    names = ("case", "month", "indicator", "by", "reason", "decision")
    head = html.Tr([html.Th(context.text(f"evaluation.appeal.{name}"), scope="col") for name in names])
    table = html.Div(
        html.Table([html.Thead(head), html.Tbody(rows)], className="desk-table appeals"), className="desk-table-box"
    )
    body: list[Any] = [table] if rows else [html.P(context.text("evaluation.appeal.none"), className="empty")]
    if context.role in MAY_APPEAL:
        body.append(_form(context, view))
    return parts.panel(context.text("evaluation.appeals"), body, name="appeals-panel")


def _appeal(context: PageContext, view: View, row: Any) -> html.Tr:
    indicator = view.grid.answer.version.by_code.get(row.indicator)
    by = view.directory.departments.get(row.department or "")
    return html.Tr(
        [
            html.Td(html.A(row.case_code, href=f"/cases/{row.case_code}"), className="num"),
            html.Td(row.month, className="num"),
            html.Td(named(context, indicator) if indicator else row.indicator),
            html.Td(parts.name(context, by, short=True) if by else row.by),
            html.Td(row.reason, className="wide"),
            html.Td(_decision(context, row)),
        ],
        **{"data-appeal": str(row.id), "data-decision": row.decision or "open"},
    )


def _decision(context: PageContext, row: Any) -> Any:
    if row.decision:
        words = context.text(f"evaluation.appeal.{row.decision}", by=row.decided_by)
        return [html.B(words, className="good" if row.decision == "granted" else "faint"), html.Span(f" {row.answer}")]
    if context.role not in MAY_DECIDE:
        return html.Span(context.text("evaluation.appeal.open"), className="faint")
    word = context.text("evaluation.appeal.answer")
    return html.Form(
        [
            html.Label(
                [
                    html.Span(word, className="unseen"),
                    dcc.Input(type="text", name="answer", maxLength=1000, placeholder=word),
                ]
            ),
            *[
                html.Button(
                    context.text(f"evaluation.appeal.{act}"),
                    type="submit",
                    name="act",
                    value=act,
                    className="tool tool-small",
                )
                for act in ("grant", "refuse")
            ],
            html.P("", className="form-word", role="status"),
        ],
        className="decide",
        **{"data-decide": str(row.id)},
    )


def _form(context: PageContext, view: View) -> html.Form:
    months = [str(month) for month in view.grid.answer.question.period.months]
    return html.Form(
        [
            html.Label([html.Span(context.text("evaluation.appeal.case")), dcc.Input(type="text", name="case", maxLength=64, required=True)]),
            _choice(context, "month", [(month, month) for month in reversed(months)]),
            _choice(context, "indicator", [(one.code, named(context, one)) for one in view.grid.indicators if not one.asked]),
            html.Label([html.Span(context.text("evaluation.appeal.reason")), dcc.Input(type="text", name="reason", maxLength=1000, required=True)], className="wide"),
            html.Button(context.text("evaluation.appeal.send"), type="submit", className="tool tool-go"),
            html.P("", className="form-word", role="status"),
        ],
        className="appeal-form",
        **{"data-appeal-form": "yes"},
    )  # fmt: skip


def _choice(context: PageContext, name: str, options: Sequence[tuple[str, str]]) -> html.Label:
    choices = [html.Option(words, value=code) for code, words in options]
    return html.Label(
        [html.Span(context.text(f"evaluation.appeal.{name}")), html.Select(choices, name=name, className="desk-select")]
    )
