"""`/briefs`: the archive of briefs, newest first, each with its page and its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from config.sentences import say
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.problems import Problem, demand_whole_county
from dashboard.services import services, visitor
from models.briefs import archive, words
from models.briefs.schedule import KINDS
from models.briefs.words import Tongue
from models.messages import iso

PAGE = 60
FILES = (("pdf", "PDF"), ("docx", "Word"), ("txt", ""))


def layout(context: PageContext, query: Mapping[str, str]) -> html.Div:
    """The page of one kind, or of all.

    Raises:
        Problem: 422 for a kind that there is not, 403 for who sees a part of the county only.
    """
    demand_whole_county(visitor())
    kind = query.get("kind") or None
    if kind is not None and kind not in KINDS:
        raise Problem(422, say("There is no kind {kind!r} of brief.", kind=kind), field="kind")
    with services().store.read() as connection:
        rows = archive.newest(connection, kind, PAGE + 1, parts.page_key(query))
    return build(context, rows[:PAGE], kind, more=len(rows) > PAGE)


def build(context: PageContext, rows: Sequence[Any], kind: str | None, *, more: bool) -> html.Div:
    """The page; `more`: there are earlier ones."""
    now = context.as_of
    assert now is not None
    title = html.Div([html.H1(context.text("brief.title")), parts.as_of(context, now)], className="desk-title")
    tabs = html.Nav(
        [
            html.A(
                context.text(f"brief.tab.{name}"),
                href="/briefs" if name == "all" else f"/briefs?kind={name}",
                className="state-tab",
                **({"aria-current": "page"} if name == (kind or "all") else {}),
            )
            for name in ("all", *KINDS)
        ],
        className="state-tabs",
        **{"aria-label": context.text("brief.title")},
    )
    head = html.Tr(
        [html.Th(context.text(f"brief.list.{name}"), scope="col") for name in ("title", "cut", "made", "files")]
    )
    table = html.Table([html.Thead(head), html.Tbody([_row(context, row) for row in rows])], className="desk-table")
    body = (
        html.Div(table, className="desk-table-box") if rows else html.P(context.text("brief.empty"), className="empty")
    )
    note = html.P(context.text("brief.sent"), className="faint")
    later = [parts.next_page(context, "/briefs", after=rows[-1].id, kind=kind)] if more else []
    return parts.frame(context, "/briefs", [title, tabs, body, *later, note], module="list", words=("desk.stale",))


def _row(context: PageContext, row: Any) -> html.Tr:
    say = Tongue(context.texts, context.language, parts.zone(context))
    body = {"kind": row.kind, "first": row.first.isoformat(), "last": row.last.isoformat()}
    files = [
        html.A(name or context.text("brief.phone"), href=f"/briefs/{row.id}/{ending}", className="tool tool-small")
        for ending, name in FILES
    ]
    return html.Tr(
        [
            html.Td(html.A(words.title(body, say), href=f"/briefs/{row.id}", className="cases-code")),
            html.Td(say.moment(iso(row.cut_at)), className="num"),
            html.Td(say.moment(iso(row.made_at)), className="num"),
            html.Td(html.Div(files, className="period")),
        ],
        **{"data-brief": str(row.id), "data-kind": row.kind},
    )
