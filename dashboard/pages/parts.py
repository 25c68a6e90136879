"""Small builders that desk pages share: the frame with its header, times, signs, names of codes. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from dash import html

from config.sentences import say
from dashboard.clockface import Face, span
from dashboard.pages.context import PageContext
from dashboard.problems import Problem
from models.directory import Directory
from models.messages import iso

LINKS = (
    ("/grid", "desk.grid"),
    ("/overview", "overview.nav"),
    ("/wall", "desk.wall"),
    ("/desk", "desk.desk"),
    ("/cases", "desk.cases"),
    ("/emergencies", "emergency.nav"),
    ("/warnings", "exchange.warnings.nav"),
    ("/evaluation", "desk.evaluation"),
    ("/briefs", "brief.title"),
    ("/inbox", "ladder.inbox"),
    ("/messages", "ladder.messages"),
    ("/cameras", "desk.cameras"),
    ("/duty", "desk.duty"),
    ("/admin", "desk.admin"),
    ("/audit", "audit.nav"),
)
Children = Sequence[Any]


# --- the frame -------------------------------------------------------------------------------------------------------


def frame(
    context: PageContext,
    here: str,
    children: Children,
    *,
    module: str | None = None,
    words: Sequence[str] = (),
    about: Mapping[str, str] | None = None,
) -> html.Div:
    """A desk page: header with the links of this role, and the content.

    Args:
        here: the path whose link is marked as the current one.
        module: the page's own JavaScript module, by its name in `boot.mjs`.
        words: catalogue keys that the module needs.
        about: `data-…` attributes of the page.
    """
    own = {"data-module": module, "data-words": _spoken(context, words)} if module else {}
    return html.Div(
        [
            html.A(context.text("desk.skip"), href="#content", className="skip"),
            _header(context, here),
            html.Main(list(children), id="content", className="desk-main"),
        ],
        className="desk",
        **own,
        **(about or {}),
    )


def _spoken(context: PageContext, keys: Sequence[str]) -> str:
    return json.dumps({key: context.texts.get(key, key) for key in keys}, ensure_ascii=False)


def _header(context: PageContext, here: str) -> html.Header:
    return html.Header(
        [
            html.A(
                [
                    html.Img(src="/assets/desk/emblem.svg", alt="", className="desk-emblem"),
                    html.Span(context.county_text("title") or context.county_text("name")),
                ],
                href="/",
                className="desk-name",
                **{"aria-label": context.county_text("title") or context.county_text("name")},
            ),
            html.Nav(_links(context, here), className="desk-nav", **{"aria-label": context.text("desk.nav")}),
            _menu(context, here),
            _person(context, here),
        ],
        className="desk-header",
    )


def _links(context: PageContext, here: str) -> list[html.A]:
    """The pages of this role; the inbox with the number of what waits in it."""
    return [
        html.A(
            [context.text(key), *(_badge(context) if path == "/inbox" else ())],
            href=path,
            **({"aria-current": "page"} if path == here else {}),
        )
        for path, key in LINKS
        if path in context.paths
    ]


def _menu(context: PageContext, here: str) -> html.Details:
    """The same links where the header is too narrow for them: on a phone. Says where one is, and what waits."""
    there = next((key for path, key in LINKS if path == here), "desk.menu")
    waits = _badge(context) if "/inbox" in context.paths else []
    return html.Details(
        [
            html.Summary([html.Span(context.text(there)), *waits], **{"aria-label": context.text("desk.menu")}),
            html.Nav(_links(context, here), **{"aria-label": context.text("desk.nav")}),
        ],
        className="desk-menu",
    )


def _badge(context: PageContext) -> list[html.Span]:
    """The number of open entries in the reader's inbox; its own module keeps it live."""
    about = {"data-figure": "inbox-unread", "data-value": str(context.unread), "data-state": "live"}
    about |= {"data-as-of": iso(context.as_of)} if context.as_of else {}
    return [
        html.Span(
            str(context.unread) if context.unread <= 999 else "999+",
            className="badge",
            hidden=context.unread == 0,
            **about,
            **{"data-push": context.push_url},
        )
    ]


def _person(context: PageContext, here: str) -> html.Div:
    other = "zh-CN" if context.language == "en" else "en"
    return html.Div(
        [
            html.Span(
                [html.B(context.user_name), html.Span(context.text(f"common.role.{context.role}"))],
                className="desk-person",
            ),
            html.A(
                context.text("entrance.language"),
                href=f"/language?to={other}&next={here}",
                className="tool tool-small",
                lang=other,
                **{"data-language": other},
            ),
            html.Form(
                html.Button(
                    context.text("desk.logout"),
                    type="submit",
                    name="csrf_token",
                    value=context.csrf,
                    className="tool tool-small",
                ),
                action="/logout",
                method="POST",
            ),
        ],
        className="desk-tools",
    )


def nothing(context: PageContext, key: str) -> html.Div:
    """An honest word where there is no page."""
    text = context.texts.get(key) or context.text("desk.no_page")
    word = html.Div(
        [html.P(text), html.A(context.text("desk.back"), href="/", className="tool")], className="desk-nothing"
    )
    return frame(context, "", [word])


def panel(title: str, children: Children, *, name: str = "", tools: Children = ()) -> html.Section:
    """A framed part of a page."""
    return html.Section(
        [
            html.Div([html.H2(title), html.Div(list(tools), className="panel-scope")], className="panel-head"),
            html.Div(list(children), className="panel-body"),
        ],
        className=f"panel {name}".strip(),
        **{"aria-label": title},
    )


def figure(context: PageContext, name: str, value: int, as_of: datetime, text: str) -> html.Span:
    """A figure that a person, a test and a screen reader read alike."""
    return html.Span(
        text,
        className="desk-figure",
        **{"data-figure": name, "data-value": str(value), "data-as-of": iso(as_of), "data-state": "live"},
    )


def as_of(context: PageContext, moment: datetime) -> html.Div:
    """When the page was computed; the page's module says so when it gets old."""
    stamp = f"{moment.astimezone(zone(context)):%H:%M:%S}"
    return html.Div(
        [
            html.Span(context.text("desk.as_of", time=stamp), className="age", **{"data-state": "live"}),
            html.A(context.text("desk.refresh"), href="", className="tool tool-small", **{"data-refresh": "yes"}),
        ],
        className="desk-age",
        **{"data-page-as-of": iso(moment)},
    )


def page_key(query: Mapping[str, str]) -> int | None:
    """The key of a page of a list, as a link to it carries it.

    Raises:
        Problem: 422 for what is none.
    """
    key = query.get("after")
    if not key:
        return None
    if not key.isascii() or not key.isdigit() or len(key) > 18:
        sentence = say("{after!r} is no page key; expected the `next` of the page before.", after=key[:40])
        raise Problem(422, sentence, field="after")
    return int(key)


def next_page(context: PageContext, path: str, **query: object) -> html.A:
    """The link to what comes after this page of a list; what is None in the query is left out."""
    wanted = {name: value for name, value in query.items() if value is not None}
    href = f"{path}?{urlencode(wanted)}"
    return html.A(context.text("cases.next"), href=href, className="tool", rel="next")


# --- times -----------------------------------------------------------------------------------------------------------


def zone(context: PageContext) -> ZoneInfo:
    """The county's zone."""
    return ZoneInfo(str(context.county["timezone"]))


def when(context: PageContext, moment: datetime | None, now: datetime) -> str:
    """`11-22 14:03` of this year, `2025-11-22` of another; a dash for none."""
    if moment is None:
        return context.text("desk.unknown")
    local = moment.astimezone(zone(context))
    same = local.year == now.astimezone(zone(context)).year
    return f"{local:%m-%d %H:%M}" if same else f"{local:%Y-%m-%d}"


def stamp(context: PageContext, moment: datetime | None) -> str:
    """`2026-11-22 14:03:09`; a dash for none."""
    if moment is None:
        return context.text("desk.unknown")
    return f"{moment.astimezone(zone(context)):%Y-%m-%d %H:%M:%S}"


def length(context: PageContext, duration: timedelta) -> str:
    """`1:35` under two days, `12 天` beyond; rounded down, like on the wall."""
    days, hours, minutes = span(duration)
    if days >= 2:
        return context.text("common.days", d=f"{days:,}")
    return f"{days * 24 + hours}:{minutes:02d}"


# --- signs -----------------------------------------------------------------------------------------------------------


def level(context: PageContext, number: int) -> html.Span:
    """The gravity of a case as a word; brightness and frame grow with it."""
    return html.Span(context.text(f"common.level.{number}"), className="level", **{"data-level": str(number)})


def clock(context: PageContext, face: Face, due_at: datetime | None, now: datetime) -> html.Span:
    """The state of a clock: shape, word and colour together."""
    left = length(context, due_at - now) if due_at is not None else ""
    return html.Span(
        [
            html.I(className=f"face face-{face}", **{"aria-hidden": "true"}),
            html.Span(context.text(f"cases.clock.{face}", time=left)),
        ],
        className="due-clock",
        title=context.text(f"cases.face.{face}"),
        **{"data-clock": face},
    )


def stage(context: PageContext, code: str) -> html.Span:
    """Where a case stands."""
    return html.Span(context.text(f"common.stage.{code}"), className="stage", **{"data-stage": code})


# --- names -----------------------------------------------------------------------------------------------------------


def listed(context: PageContext, words: Iterable[object]) -> str:
    """Words one after the other, with the comma of the language in force."""
    return (", " if context.language == "en" else "、").join(map(str, words))


def name(context: PageContext, thing: Mapping[str, Any] | None, *, short: bool = False) -> str:
    """The name of a row of the directory in the language in force."""
    if thing is None:
        return context.text("desk.unknown")
    kinds = (["short"] if short else []) + ["name"]
    suffixes = ("_en", "") if context.language == "en" else ("",)
    found = (thing.get(f"{kind}{suffix}") for suffix in suffixes for kind in kinds)
    return str(next((text for text in found if text), context.text("desk.unknown")))


def place(context: PageContext, directory: Directory, case: Any) -> str:
    """Town and grid of a case, or what is known of its place."""
    town, area = directory.areas.get(case.town or ""), directory.areas.get(case.area or "")
    parts = [name(context, thing) for thing in (town, area) if thing is not None]
    if town is not None and town is area:
        parts = parts[:1]
    if case.uncovered:
        parts.append(context.text("cases.uncovered"))
    return " · ".join(parts) or case.address or context.text("cases.no_place")
