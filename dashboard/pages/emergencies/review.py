"""`/emergencies/<number>/review`: after the event. Times against the plan, who knew what when, replay, export."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dash import html

from dashboard.emergencies.review import Review
from dashboard.emergencies.review import review as read
from dashboard.emergencies.wording import title_of
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.pages.emergencies.listing import sign, spoken
from dashboard.services import services, visitor
from models.messages import iso

SPEEDS = (1, 5, 20, 60, 120)


def layout(context: PageContext, number: str) -> html.Div:
    """The page.

    Raises:
        Problem: 404 where there is none for this reader.
    """
    found = read(services(), visitor(), number, context.language)
    row = found.room.row
    head = html.Div(
        [
            html.H1(context.text("emergency.review.title")),
            sign(context, row.level),
            html.B(title_of(row, context.language)),
            html.A(row.number, href=f"/emergencies/{number}", className="num"),
            *([html.Span(context.text("emergency.drill"), className="drill-tag")] if row.drill else []),
            html.A(
                context.text("emergency.review.export"), href=f"/emergencies/{number}/review.xlsx", className="tool"
            ),
        ],
        className="emergency-top",
    )
    replay = html.Div(className="emergency-replay")
    body = html.Div(
        [
            html.Div([_score(context, found), _times(context, found), _known(context, found)], className="file-column"),
            html.Div(
                [
                    parts.panel(context.text("emergency.review.replay"), [replay]),
                    _timeline(context, found),
                ],
                className="file-column",
            ),
        ],
        className="emergency-review",
    )
    mark = html.Div(context.text("emergency.drill_mark"), className="drill-mark", **{"aria-hidden": "true"})
    about = {
        "data-emergency": row.number,
        "data-drill": "yes" if row.drill else "",
        "data-from": iso(row.started_at),
        "data-to": iso(row.cancelled_at or row.ended_at or services().clock.now()),
        "data-zone": str(services().zone),
        "data-language": context.language,
    }
    children = [head, body, *([mark] if row.drill else [])]
    return parts.frame(context, "/emergencies", children, module="review", words=spoken(context), about=about)


def _score(context: PageContext, found: Review) -> html.Section:
    score = found.score
    percent = f"{score.percent:.1f}" if score.percent is not None else context.text("desk.unknown")
    return parts.panel(
        context.text("emergency.review.score"),
        [
            html.Div(
                [
                    html.B(percent, className="review-score num"),
                    html.Span(
                        f"{context.text('emergency.matrix.in_time')} {score.in_time} · "
                        f"{context.text('emergency.matrix.not_in_time')} {score.late} · "
                        f"{context.text('emergency.matrix.silent')} {score.missed}",
                        className="num",
                    ),
                    html.Span(context.text("emergency.review.score_hint"), className="faint"),
                    html.Span(
                        context.text("emergency.review.chain_ok" if found.whole else "emergency.review.chain_broken"),
                        className="good" if found.whole else "bad",
                    ),
                ],
                className="review-score-row",
            )
        ],
    )


def _times(context: PageContext, found: Review) -> html.Section:
    stages = ("received", "departed", "arrived", "done")
    head = html.Tr(
        [
            html.Th(context.text("emergency.matrix.department"), scope="col"),
            *(html.Th(context.text(f"emergency.progress.{stage}"), scope="col") for stage in stages),
        ]
    )
    rows = [html.Tr([html.Th(name, scope="row"), *(_took(context, one) for one in took)]) for name, took in found.times]
    return parts.panel(
        context.text("emergency.review.times"),
        [html.Table([html.Thead(head), html.Tbody(rows)], className="review-times")],
    )


def _took(context: PageContext, one: Any) -> html.Td:
    planned = parts.length(context, timedelta(seconds=one.planned))
    if one.seconds is None:
        return html.Td([html.B("—"), html.Span(f" / {planned}", className="faint")], className="num")
    took = parts.length(context, timedelta(seconds=one.seconds))
    word = context.text("emergency.matrix.not_in_time" if one.late else "emergency.matrix.in_time")
    return html.Td(
        [html.B(took, className="bad" if one.late else ""), html.Span(f" / {planned} {word}", className="faint")],
        className="num",
    )


def _known(context: PageContext, found: Review) -> html.Section:
    rows = [
        html.Tr(
            [
                html.Td(parts.stamp(context, one.at)[11:], className="num"),
                html.Td(context.text(f"ladder.reason.{one.reason}")),
                html.Td(one.recipient or context.text("emergency.nobody")),
                html.Td(_when(context, one.opened_at), className="num"),
                html.Td(_when(context, one.acknowledged_at), className="num"),
            ]
        )
        for one in found.told[:400]
    ]
    keys = ("review.told", "review.what", "review.who", "review.opened", "review.answered")
    head = html.Tr([html.Th(context.text(f"emergency.{key}"), scope="col") for key in keys])
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="review-times")
    return parts.panel(
        context.text("emergency.review.known"),
        [html.Div(table, className="review-scroll", tabIndex=0, role="region", **{"aria-label": context.text("emergency.review.known")})],
    )  # fmt: skip


def _when(context: PageContext, moment: Any) -> str:
    return parts.stamp(context, moment)[11:] if moment is not None else "—"


def _timeline(context: PageContext, found: Review) -> html.Section:
    items = [
        html.Li(
            [html.Span(parts.stamp(context, line.at)[11:], className="num"), html.Span(text)],
            **{"data-at": iso(line.at), "data-act": line.act},
        )
        for line, text in found.lines
    ]
    return parts.panel(context.text("emergency.review.timeline"), [html.Ol(items, className="emergency-log")])
