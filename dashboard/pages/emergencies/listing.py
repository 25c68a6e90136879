"""`/emergencies`: what runs, what has ended, and the button that starts one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from dash import html

from config.plans import Plan
from dashboard.emergencies.wording import title_of, words
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.services import services, visitor
from models import desk
from models.emergencies import listing, rooms
from models.emergencies.drafting import Words
from models.emergencies.facade import rules_of
from models.exchange import incoming
from models.exchange.perimeters import Perimeter
from models.moves import Role

STARTERS = frozenset({Role.OPERATOR, Role.DUTY, Role.LEADER})
SHOWN = 100
SPOKEN = ("emergency.", "common.", "watching.purpose.", "cameras.", "wall.cameras.", "health.fault.")


def layout(context: PageContext, query: Mapping[str, str]) -> html.Div:
    """The page. The query may name where a start comes from: `case`, `camera`, `longitude` and
    `latitude`, or `origin=cap` with the warning's number as `reference`."""
    ours, who = services(), visitor()
    directory = ours.directory()
    say = words(context.texts, context.language, directory, ours.zone, None)
    with desk.steady(ours.store) as connection:
        now = ours.clock.now()
        running = listing.page(connection, who.actor, "running", size=SHOWN)
        waiting = listing.page(connection, who.actor, "pending", size=SHOWN)
        past = listing.page(connection, who.actor, "past", after=query.get("after") or None, size=SHOWN)
        real = listing.page(connection, who.actor, "running", drill=False, size=1).total
        plans = rooms.plans(connection) if who.role in STARTERS else {}
        origin = _origin(query)
        if plans and origin.get("origin") == "cap":
            origin |= _area(incoming.area_of(connection, origin.get("reference", ""), ours.language))
    current = [*waiting.rows, *running.rows]
    figure = parts.figure(context, "emergencies", real, now, str(real))
    main: list[Any] = [
        html.Div(
            [
                html.H1(context.text("emergency.title")),
                html.Span([context.text("emergency.running_list"), " ", figure], className="emergency-figure"),
                *([_start_button(context)] if plans else []),
            ],
            className="emergency-top",
        ),
        html.Div(className="emergency-form-room", hidden=True),
        parts.panel(
            context.text("emergency.running_list"),
            [_cards(context, say, current, now)] if current else [_empty(context, "emergency.none")],
            tools=[context.text("emergency.all_count", n=running.total + waiting.total)],
        ),
        parts.panel(
            context.text("emergency.past_list"),
            [_table(context, say, past.rows, now), *_more(context, past)]
            if past.rows
            else [_empty(context, "emergency.none_past")],
            tools=[context.text("emergency.all_count", n=past.total)],
        ),
    ]
    about = {"data-emergencies": "list", "data-push": context.push_url}
    if plans:
        _, confirmation = rules_of(directory.county)
        about |= {
            "data-plans": json.dumps([_plan(plan, say) for plan in plans.values()], ensure_ascii=False),
            "data-second": "yes" if confirmation.second else "",
            "data-window": str(int(confirmation.window.total_seconds())),
            "data-from": json.dumps(origin),
        }
    return parts.frame(context, "/emergencies", main, module="emergencies", words=spoken(context), about=about)


def _more(context: PageContext, past: listing.Page) -> list[html.A]:
    return [parts.next_page(context, "/emergencies", after=past.next)] if past.next is not None else []


def spoken(context: PageContext) -> list[str]:
    """Every word that the modules of emergencies say."""
    return [key for key in context.texts if key.startswith(SPOKEN)]


def _area(area: Perimeter | None) -> dict[str, Any]:
    """What the form draws of a warning; the start itself asks for it anew."""
    return {"warned": asdict(area)} if area is not None else {}


def _origin(query: Mapping[str, str]) -> dict[str, Any]:
    known = (
        "case",
        "camera",
        "origin",
        "reference",
        "start",
        "longitude",
        "latitude",
        "area",
        "address",
        "title",
        "plan",
    )
    return {name: query[name][:120] for name in known if query.get(name)}


def _start_button(context: PageContext) -> html.Button:
    return html.Button(
        context.text("emergency.start"), type="button", className="tool emergency-start", **{"data-start": "yes"}
    )


def _empty(context: PageContext, key: str) -> html.P:
    return html.P(context.text(key), className="faint case-note")


def _plan(plan: Plan, say: Words) -> dict[str, Any]:
    english = say.language == "en"
    return {
        "code": plan.code,
        "name": say.plan(plan),
        "radius_m": plan.radius_m,
        "levels": [
            {"level": one.level, "when": one.when_en if english else one.when}
            for one in sorted(plan.levels, key=lambda one: one.level)
        ],
        "departments": [
            {"name": say.department(code), "from_level": plan.from_level(code)} for code in plan.departments
        ],
        "steps": [one.text_en if english else one.text for one in plan.steps],
        "questions": [
            {
                "code": one.code,
                "text": one.text_en if english else one.text,
                "options": [
                    {"code": option.code, "text": option.text_en if english else option.text} for option in one.options
                ],
            }
            for one in plan.questions
        ],
    }


def _cards(context: PageContext, say: Words, rows: list[Any], now: Any) -> html.Div:
    return html.Div([_card(context, say, row, now) for row in rows], className="emergency-cards")


def sign(context: PageContext, level: int) -> html.Span:
    """The response level: a Roman number in a frame. Never a statutory colour, which the law keeps for its own signs."""
    return html.Span(context.text(f"emergency.level.{level}"), className="response-level", **{"data-level": str(level)})


def _card(context: PageContext, say: Words, row: Any, now: Any) -> html.A:
    began = row.running_at or row.started_at
    return html.A(
        [
            html.Div(
                [
                    sign(context, row.level),
                    html.B(title_of(row, context.language), className="emergency-card-title"),
                    *([html.Span(context.text("emergency.drill"), className="drill-tag")] if row.drill else []),
                ],
                className="emergency-card-head",
            ),
            html.Div(
                [
                    html.Span(row.number, className="num"),
                    html.Span(context.text(f"emergency.state.{row.state}"), className="emergency-state"),
                    html.Span(say.place(row) or context.text("emergency.no_place")),
                ],
                className="emergency-card-facts",
            ),
            html.Div(
                [
                    html.Span([context.text("emergency.lead"), " ", html.B(say.department(row.lead))]),
                    html.Span(
                        [context.text("emergency.elapsed"), " ", html.B(parts.length(context, now - began))],
                        className="num",
                    ),
                ],
                className="emergency-card-facts",
            ),
        ],
        href=f"/emergencies/{row.number}",
        className="emergency-card",
        **{"data-emergency": row.number, "data-state": row.state, "data-drill": "yes" if row.drill else ""},
    )


def _table(context: PageContext, say: Words, rows: Any, now: Any) -> html.Table:
    body = [
        html.Tr(
            [
                html.Td(html.A(row.number, href=f"/emergencies/{row.number}", className="num")),
                html.Td(sign(context, row.level)),
                html.Td([title_of(row, context.language), *([" ", html.Span(context.text("emergency.drill"), className="drill-tag")] if row.drill else [])]),
                html.Td(say.place(row) or context.text("emergency.no_place")),
                html.Td(parts.when(context, row.started_at, now), className="num"),
                html.Td(context.text(f"emergency.state.{row.state}")),
            ],
            **{"data-emergency": row.number},
        )
        for row in rows
    ]  # fmt: skip
    return html.Table(html.Tbody(body), className="emergency-table")
