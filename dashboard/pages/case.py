"""The file of one case: facts, the proof of its deadline, its trace, what is around it, and what this reader may do."""

from __future__ import annotations

import json
from typing import Any

from dash import html

from dashboard import casefile, forecasts
from dashboard.pages import forecast, parts
from dashboard.pages.context import PageContext
from dashboard.pages.emergencies.listing import STARTERS
from dashboard.pages.file import around, deadline, escalations, facts, orders, photos, repair, trace
from dashboard.pages.file.view import CaseView
from dashboard.services import services, visitor
from models.camera_health import events
from models.deskwork.candidates import alike
from models.deskwork.nearby import nearest
from models.deskwork.related import related
from models.moves import Role, Stage

LOOKERS = frozenset({Role.DUTY, Role.OPERATOR, Role.LEADER})
"""Who may see pictures of cameras."""
DECIDERS = frozenset({Role.DUTY, Role.OPERATOR})
"""Whom duplicates and suggestions are offered to."""
UNDISPATCHED = frozenset({Stage.REPORTED, Stage.ACCEPTED, Stage.FILED})


def layout(context: PageContext, code: str) -> html.Div:
    """The page of a case: a stable frame; the file in it is fetched and kept fresh by the page's module.

    Raises:
        Problem: 404 where there is none for this reader.
    """
    casefile.known(services(), visitor(), code)
    room = html.Section(className="file-room", **{"aria-live": "polite", "aria-label": context.text("case.title")})
    return parts.frame(context, "/cases", [room], module="case", about={"data-case": code})


def view(code: str) -> CaseView:
    """The case and what is around it, for whoever asks.

    Raises:
        Problem: 404 where there is none for this reader.
    """
    parts_, who = services(), visitor()
    case, directory, moment = casefile.whole(parts_, who, code), parts_.directory(), parts_.moment()
    offered = []
    if who.role in DECIDERS and case.closed_at is None:
        with parts_.store.read() as connection:
            found = alike(connection, casefile.facts(case), who.actor)
        offered = [(pair, casefile.row(row, moment, parts_.rules())) for pair, row in found]
    links = [str(line.detail[name]) for line in case.trace for name in ("into", "case") if line.detail.get(name)]
    with parts_.store.read() as connection:
        beside = related(connection, case.code, case.merged_into, links, who.actor)
        faults = events.of_case(connection, case.code)
        recovered = events.offered(connection, case.code) if faults else ()
    guessed = None
    if who.role in DECIDERS and case.stage in UNDISPATCHED:
        about = {"category": case.category, "area": case.area, "source": case.source}
        guessed = forecasts.suggested(parts_, case.description, **about)
    near = nearest(directory.cameras, case.longitude, case.latitude, case.area) if who.role in LOOKERS else ()
    return CaseView(
        case,
        directory,
        moment.now,
        casefile.handles(who, case.department),
        replayed=parts_.clock.line() is not None,
        alike=offered,
        cameras=near,
        suggestion=guessed,
        related=[(how, casefile.row(row, moment, parts_.rules())) for how, row in beside],
        faults=faults,
        sound_since=recovered[0].sound_since if recovered else None,
    )


def file(context: PageContext, view: CaseView) -> html.Article:
    """The file itself."""
    case = view.case
    about = {
        "data-case": case.code,
        "data-version": str(case.version),
        "data-stage": case.stage,
        "data-trace": str(len(case.trace)),
        "data-actions": json.dumps(case.actions),
        "data-given": json.dumps(_given(view), ensure_ascii=False),
    }
    return html.Article(
        [
            _head(context, view),
            html.Div(className="file-changed", role="alert"),
            html.Div(className="file-do"),
            html.Div(_columns(context, view), className="file-grid"),
        ],
        className="file",
        **about,
    )


def _given(view: CaseView) -> dict[str, Any]:
    """What forms begin with: before the first order, the department that the category names, and the case's own codes."""
    case = view.case
    if case.stage not in UNDISPATCHED or case.handed_back:
        return {}
    return {"department": case.department, "category": case.category, "level": str(case.level)}


def _columns(context: PageContext, view: CaseView) -> list[html.Div]:
    watched = [around.build_cameras(context, view)] if context.role in LOOKERS else []
    offered = [around.build_alike(context, view)] if context.role in DECIDERS and view.case.closed_at is None else []
    repaired = [repair.build(context, view)] if view.faults else []
    guessed = [forecast.suggestion(context, view.suggestion)] if view.suggestion is not None else []
    beside = [around.build_related(context, view)] if view.related else []
    return [
        html.Div(
            [
                *repaired,
                facts.build(context, view),
                *guessed,
                deadline.build(context, view),
                *forecast.panel(context, view.case.forecast),
                photos.build(context, view),
            ],
            className="file-column",
        ),
        html.Div(
            [orders.build(context, view), trace.build(context, view)],
            className="file-column",
        ),
        html.Div(
            [*beside, around.build_map(context, view), *offered, *watched, escalations.build(context, view)],
            className="file-column",
        ),
    ]


def _to_emergency(context: PageContext, case: Any) -> list[Any]:
    """The way from a case to an emergency of many departments, for those who may start one."""
    if context.role not in STARTERS or case.closed_at is not None:
        return []
    return [html.A(context.text("emergency.start"), href=f"/emergencies?case={case.code}", className="tool tool-small")]


def _head(context: PageContext, view: CaseView) -> html.Header:
    case = view.case
    return html.Header(
        [
            html.A(case.code, href=f"/cases/{case.code}", className="num case-code"),
            parts.level(context, case.level),
            html.H1(case.title, title=case.title),
            parts.stage(context, case.stage),
            parts.clock(context, case.clock, case.due_at, view.now),
            *_to_emergency(context, case),
            parts.as_of(context, view.now),
        ],
        className="case-title",
    )
