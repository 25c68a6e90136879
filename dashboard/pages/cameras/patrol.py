"""`/cameras/patrol`: a plan of patrol (轮巡) on this screen: groups of 4, 9, 16 or 25 tiles, by risk or as listed."""

from __future__ import annotations

from collections.abc import Mapping

from dash import html
from flask import request

from config.cameras import PatrolPlan
from dashboard.pages import parts
from dashboard.pages.cameras import parts as own
from dashboard.pages.context import PageContext
from dashboard.services import own_host, services, visitor
from models.timebase import real_now
from models.watching.register import subjects
from models.watching.rights import Purpose, refusal
from streams.condition import FAULTS
from streams.patrol import SIZES

WORDS = (
    "watching.patrol.start", "watching.patrol.stop", "live.held",
    "watching.open.network", "watching.open.failed", "watching.purpose.inspection", "cameras.reason.hidden", "wall.cameras.no_module", "cameras.tile.connecting",
    "cameras.tile.stale", "cameras.tile.offline", "cameras.tile.lost", "cameras.tile.behind", "live.full",
    *(f"health.fault.{fault}" for fault in FAULTS),
)  # fmt: skip
USUAL = PatrolPlan()


def layout(context: PageContext, query: Mapping[str, str]) -> html.Div:
    """The page."""
    plans = {"all": USUAL, **services().patrol}
    chosen = query.get("plan", "") if query.get("plan") in plans else next(iter(plans))
    size = int(query["tiles"]) if query.get("tiles", "").isdigit() and int(query["tiles"]) in SIZES else 9
    round_ = _cameras(plans[chosen])
    about = {
        "plan": chosen,
        "tiles": size,
        "dwell": plans[chosen].dwell,
        "viewer": context.user_name,
        "video": services().addresses.video(request.scheme, own_host()),
        "cameras": [
            {"id": code, "name": parts.name(context, services().directory().cameras[code])} for code in round_
        ],
        "reasons": {key.removeprefix("cameras.reason."): text for key, text in context.texts.items() if key.startswith("cameras.reason.")},
    }  # fmt: skip
    title = html.Div(
        [
            html.H1(context.text("watching.patrol.title")),
            _chips(context, plans, chosen, size),
            html.Span(context.text("watching.patrol.count", n=len(round_), s=f"{plans[chosen].dwell:g}"), className="faint"),
        ],
        className="desk-title patrol-title",
    )  # fmt: skip
    room = html.Div([html.Div(className="patrol-bar"), html.Div(className="patrol-mosaic")], className="patrol-room")
    return own.page(context, "/cameras/patrol", [title, room], module="patrol", words=WORDS, about=about)


def _cameras(plan: PatrolPlan) -> tuple[str, ...]:
    """Those of a plan that this reader may see; in which order they come, the gateway decides round by round."""
    who, now, directory = visitor(), real_now(), services().directory()
    with services().store.read() as connection:
        known = subjects(connection, now.date())
    wanted = plan.cameras or tuple(directory.cameras)
    return tuple(
        code
        for code in wanted
        if code in directory.cameras and refusal(who.role, who.area, known.get(code), Purpose.INSPECTION) is None
    )


def _chips(context: PageContext, plans: Mapping[str, PatrolPlan], chosen: str, size: int) -> html.Div:
    links = [
        html.A(
            (plan.name_en if context.language == "en" else "") or plan.name or code,
            href=f"/cameras/patrol?plan={code}&tiles={size}",
            className="chip-link",
            **({"aria-current": "true"} if code == chosen else {}),
        )
        for code, plan in plans.items()
    ]
    links += [
        html.A(
            context.text("watching.patrol.tiles", n=one),
            href=f"/cameras/patrol?plan={chosen}&tiles={one}",
            className="chip-link",
            **({"aria-current": "true"} if one == size else {}),
        )
        for one in SIZES
    ]
    return html.Div(links, className="camera-chips")
