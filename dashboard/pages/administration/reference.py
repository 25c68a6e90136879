"""`/admin/reference/<kind>`: a table of reference data, its form, its file in and out, and for areas the map of faults."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from dash import html

from config.plans import Plan
from config.sentences import say
from dashboard.administration.editing import KINDS
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.problems import Problem
from dashboard.services import services
from models import desk, stored
from models.directory import Directory
from models.emergencies import rooms
from models.timebase import real_now

WORDS = (
    "refdata.edit", "refdata.add", "refdata.remove", "refdata.save", "refdata.cancel", "refdata.preview",
    "refdata.apply", "refdata.nothing", "refdata.faults", "refdata.changes", "refdata.added", "refdata.changed",
    "refdata.removed", "refdata.line", "refdata.done", "refdata.rederived", "refdata.rows", "refdata.find",
    "refdata.tiles", "refdata.tiles_not", "refdata.unreadable", "refdata.conflict", "refdata.network",
    "refdata.expired", "refdata.more", "refdata.empty", "refdata.sure", "refdata.row_fault", "refdata.and",
)  # fmt: skip


def layout(context: PageContext, kind: str, query: Any) -> html.Div:
    """The page of one kind.

    Raises:
        Problem: 404 for a kind that is none.
    """
    if kind not in KINDS:
        raise Problem(404, say("There is no kind {kind!r}.", kind=kind), field="kind")
    with services().store.read() as connection:
        years = list(desk.calendar_years(connection))
        unknown = stored.unknown_years(connection)
        plans = rooms.stored_plans(connection) if kind == "plans" else {}
    now = services().clock.now().astimezone(services().zone)
    wanted = query.get("plan")
    chosen = _Chosen(plans, wanted if wanted in plans else next(iter(plans), ""))
    return build(context, kind, years, unknown, query.get("year") or str(now.year), now.year, chosen)


@dataclass(frozen=True)
class _Chosen:
    """The county's plans, and the code of the one that is shown."""

    plans: Mapping[str, Plan] = field(default_factory=dict)
    code: str = ""


def build(
    context: PageContext,
    kind: str,
    years: list[int],
    unknown: int,
    year: str,
    this_year: int,
    chosen: _Chosen = _Chosen(),
) -> html.Div:
    """The page."""
    part = {"calendar": f"?year={year}", "plans": f"?plan={quote(chosen.code)}"}.get(kind, "")
    address = f"/admin/data/{kind}{part}"
    title = html.Div(
        [
            html.H1(context.text(f"refdata.kind.{kind}")),
            html.Span(context.text(f"refdata.about.{kind}"), className="faint"),
            parts.as_of(context, real_now()),
        ],
        className="desk-title",
    )
    tools = html.Div(
        [
            *([_years(context, years, year, this_year)] if kind == "calendar" else []),
            *([_plans(context, chosen)] if kind == "plans" else []),
            html.Div(className="ref-find"),
            html.Label(
                [html.Span(context.text("refdata.import")), html.Span("", className="ref-file")],
                className="tool ref-import",
            ),
            html.A(context.text("refdata.export"), href=_as_file(address), className="tool", download=""),
        ],
        className="filters ref-tools",
    )
    flagged = _flag(context, years, unknown, this_year) if kind == "calendar" else []
    areas = [html.Div(className="ref-map", **{"data-bounds": _bounds()})] if kind == "areas" else []
    word = html.Div("", className="admin-word", role="status", **{"aria-live": "polite"})
    body = html.Div(
        [html.Div(className="ref-table desk-table-box"), html.Div(className="ref-side")], className="ref-grid"
    )
    about = {
        "data-kind": kind,
        "data-address": address,
        "data-columns": _columns(context, kind),
        "data-values": json.dumps(_values(context, kind), ensure_ascii=False),
    }
    children = [title, _tabs(context, kind), tools, word, *flagged, *areas, body]
    return parts.frame(context, "/admin", children, module="reference", words=WORDS, about=about)


def _as_file(address: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}as=file"


def _columns(context: PageContext, kind: str) -> str:
    """Column names in the reader's language, for the page's module; a rung's column is called as the county calls it."""
    rungs = services().directory().county.get("escalation", {}).get("rungs", ())
    known = {rung["role"]: rung["name_en" if context.language == "en" else "name"] for rung in rungs}
    own = _texts(context, f"refdata.own.{kind}.")
    return json.dumps(_texts(context, "refdata.column.") | known | own, ensure_ascii=False)


def _texts(context: PageContext, start: str) -> dict[str, str]:
    return {key.removeprefix(start): text for key, text in context.texts.items() if key.startswith(start)}


def _values(context: PageContext, kind: str) -> dict[str, dict[str, str]]:
    """Column → what its codes are called in the reader's language."""
    found: dict[str, dict[str, str]] = {}
    for key, text in _texts(context, f"refdata.value.{kind}.").items():
        column, _, code = key.partition(".")
        found.setdefault(column, {})[code] = text
    for column, rows in _coded(kind, services().directory()).items():
        names = {code: parts.name(context, row) for code, row in rows.items()}
        found[column] = names | found.get(column, {})
    return found


def _coded(kind: str, directory: Directory) -> dict[str, Mapping[str, Any]]:
    """Columns that hold codes of other reference data."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {
        "categories": {
            "department": directory.departments,
            "co_departments": directory.departments,
            "parent": directory.categories,
        },
        "areas": {"parent": directory.areas},
        "posts": {
            "area": directory.areas,
            "post": {title["code"]: title for title in directory.county.get("post_titles", ())},
        },
        "stages": {"category": directory.categories},
    }
    return found.get(kind, {})


def _bounds() -> str:
    return ",".join(map(str, services().directory().county.get("map", {}).get("bounds", ())))


def _tabs(context: PageContext, here: str) -> html.Nav:
    links = [
        html.A(
            context.text(f"refdata.kind.{kind}"),
            href=f"/admin/reference/{kind}",
            className="state-tab",
            **({"aria-current": "page"} if kind == here else {}),
        )
        for kind in KINDS
    ]
    first = html.A(context.text("refdata.accounts"), href="/admin", className="state-tab")
    return html.Nav([first, *links], className="state-tabs", **{"aria-label": context.text("refdata.tabs")})


def _years(context: PageContext, years: list[int], year: str, this_year: int) -> html.Form:
    """Every known year, and the two to come whether known or not."""
    shown = sorted({*years, this_year, this_year + 1})
    options = []
    for one in shown:
        known = "" if one in years else f"（{context.text('refdata.unknown')}）"
        chosen = {"selected": "selected"} if str(one) == year else {}
        options.append(html.Option(f"{one}{known}", value=str(one), **chosen))
    select = html.Select(options, name="year", className="desk-select", **{"aria-label": context.text("refdata.year")})
    return html.Form(select, action="/admin/reference/calendar", method="GET", className="ref-year")


def _plans(context: PageContext, chosen: _Chosen) -> html.Form:
    """Every plan by its name."""
    options = [
        html.Option(
            f"{plan.name_en if context.language == 'en' else plan.name} · {code}",
            value=code,
            **({"selected": "selected"} if code == chosen.code else {}),
        )
        for code, plan in chosen.plans.items()
    ]
    label = {"aria-label": context.text("refdata.plan")}
    select = html.Select(options, name="plan", className="desk-select", **label)
    return html.Form(select, action="/admin/reference/plans", method="GET", className="ref-year ref-plan")


def _flag(context: PageContext, years: list[int], unknown: int, this_year: int) -> list[Any]:
    """Years without an official calendar, and how many open cases wait for one: flagged, never guessed."""
    missing = [str(year) for year in (this_year, this_year + 1) if year not in years]
    if not missing and not unknown:
        return []
    words = context.text(
        "refdata.missing_years", years=parts.listed(context, missing) or context.text("desk.unknown"), n=f"{unknown:,}"
    )
    figure = {"data-figure": "unknown-year", "data-value": str(unknown), "data-state": "live"}
    return [html.P(words, className="ref-flag", **figure)]
