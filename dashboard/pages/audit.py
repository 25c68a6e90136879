"""`/audit`: the auditor's page: who looked at what, what accounts did, what left as a file, what changed in the register.

It reads and changes nothing; only taking a list away as a file writes a line, about itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from dash import html

from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.services import services
from models.directory import Directory
from models.timebase import real_now
from models.watching import logs
from models.watching.logs import LOGS, Line, Wanted

COLUMNS = {
    "viewings": ("number", "at", "actor", "purpose", "cameras", "detail", "address", "hash"),
    "acts": ("number", "at", "actor", "act", "object", "detail", "address", "hash"),
    "register": ("number", "at", "actor", "act", "camera", "detail", "hash"),
    "exports": ("number", "at", "actor", "act", "object", "detail", "address", "hash"),
}
SIZE = 60
MOSAIC = "mosaic"
"""The plan of a wall that shows its own cameras and goes round none: the kind says it already."""
WORDS = ("audit.chain.checking", "audit.chain.whole", "audit.chain.broken", "audit.chain.failed", "desk.stale")


@dataclass(frozen=True)
class AuditView:
    """What the page shows."""

    log: str
    lines: Sequence[Line]
    more: int | None
    total: int
    exact: bool
    """Whether the list has just `total` lines, and not more."""
    acts: Sequence[str]
    query: Mapping[str, str]
    directory: Directory
    now: datetime


def layout(context: PageContext, query: Mapping[str, str]) -> html.Div:
    """The page."""
    log = query.get("log", "viewings")
    log = log if log in LOGS else "viewings"
    before = int(query["before"]) if query.get("before", "").isdigit() and len(query["before"]) < 19 else None
    asked = wanted(query)
    with services().store.read() as connection:
        lines, more = logs.page(connection, log, asked, before=before, size=SIZE)
        total, exact = logs.count(connection, log, asked)
        acts = logs.acts(connection, log)
    return build(context, AuditView(log, lines, more, total, exact, acts, query, services().directory(), real_now()))


def wanted(query: Mapping[str, str]) -> Wanted:
    """The query as a filter; a day that is none counts as none."""
    until = _day(query.get("until", ""))
    return Wanted(
        query.get("who", "")[:64], query.get("act", "")[:32], query.get("object", "")[:120], _start(_day(query.get("since", ""))),
        _start(until + timedelta(days=1) if until else None),
    )  # fmt: skip


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year <= 9990 else None


def _start(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), services().zone) if day else None


def build(context: PageContext, view: AuditView) -> html.Div:
    """The page."""
    title = html.Div(
        [
            html.H1(context.text("audit.title")),
            parts.figure(context, f"audit-{view.log}", view.total, view.now, _counted(context, view)),
            html.Span(context.text("audit.hint"), className="faint"),
            parts.as_of(context, view.now),
        ],
        className="desk-title",
    )  # fmt: skip
    return parts.frame(
        context, "/audit", [title, _tabs(context, view), _filters(context, view), _table(context, view), _pager(context, view)],
        module="audit", words=WORDS, about={"data-log": view.log},
    )  # fmt: skip


def _counted(context: PageContext, view: AuditView) -> str:
    return context.text("audit.count" if view.exact else "audit.count_over", n=f"{view.total:,}")


def _tabs(context: PageContext, view: AuditView) -> html.Nav:
    links = [
        html.A(
            context.text(f"audit.log.{log}"),
            href=f"/audit?log={log}",
            className="state-tab",
            **({"aria-current": "page"} if log == view.log else {}),
        )
        for log in LOGS
    ]
    return html.Nav(links, className="state-tabs", **{"aria-label": context.text("audit.title")})


def _filters(context: PageContext, view: AuditView) -> html.Div:
    fields = {name: view.query.get(name, "") for name in ("who", "act", "object", "since", "until")}
    labels = {name: context.text(f"audit.filter.{name}") for name in fields} | {"do": context.text("audit.filter.do")}
    acts = [[act, _act(context, view.log, act)] for act in view.acts]
    asked = urlencode({name: value for name, value in fields.items() if value})
    return html.Div(
        [
            html.Div(
                className="audit-filters",
                **{"data-fields": json.dumps({"values": fields, "labels": labels, "acts": acts}, ensure_ascii=False)},
            ),
            html.Div(
                [
                    html.Span("", className="chain-state", role="status", **{"aria-live": "polite"}),
                    html.Button(context.text("audit.chain.check"), type="button", className="tool", **{"data-act": "chain"}),
                    html.A(
                        context.text("audit.export"),
                        href=f"/api/v1/audit/{view.log}/lines.csv{'?' if asked else ''}{asked}",
                        className="tool",
                    ),
                ],
                className="audit-tools",
            ),
        ],
        className="filters audit-bar",
    )  # fmt: skip


def _table(context: PageContext, view: AuditView) -> html.Div:
    names = COLUMNS[view.log]
    head = html.Tr(
        [html.Th(context.text(f"audit.column.{name}"), className=f"col-{name}", scope="col") for name in names]
    )
    rows = [_row(context, view, line, names) for line in view.lines]
    if not rows:
        rows = [html.Tr(html.Td(context.text("audit.none"), colSpan=len(names), className="empty"))]
    return html.Div(
        html.Table([html.Thead(head), html.Tbody(rows)], className="desk-table audit"), className="desk-table-box"
    )


def _row(context: PageContext, view: AuditView, line: Line, names: Sequence[str]) -> html.Tr:
    cells: dict[str, Any] = {
        "number": f"{line.id:,}",
        "at": parts.stamp(context, line.at),
        "actor": [html.B(line.actor or "—"), html.Span(f" {_role(context, line.role)}", className="faint")],
        "purpose": _act(context, view.log, line.act),
        "act": _act(context, view.log, line.act),
        "cameras": _cameras(context, view, line),
        "camera": _camera(context, view, line.object),
        "object": line.object or "—",
        "detail": html.Span(_detail(context, view, line), title=_detail(context, view, line)),
        "address": line.address or "—",
        "hash": html.Code(line.hash[:10], title=line.hash),
    }
    numbers = {"number", "at", "address", "hash"}
    return html.Tr(
        [html.Td(cells[name], className=f"{'num ' if name in numbers else ''}audit-{name}") for name in names],
        **{"data-line": str(line.id)},
    )


def _role(context: PageContext, role: str) -> str:
    return context.texts.get(f"common.role.{role}", role)


def _act(context: PageContext, log: str, act: str) -> str:
    if log == "viewings":
        return context.text(f"watching.purpose.{act}")
    if log == "register":
        return context.texts.get(f"watching.act.{act}", act)
    kind, _, move = act.partition(".")
    if kind == "token" and (name := context.texts.get(f"case.action.{move}")):
        return context.text("audit.by_token", action=name)
    return context.texts.get(f"audit.act.{act}", act)


def _cameras(context: PageContext, view: AuditView, line: Line) -> str:
    cameras = line.detail.get("cameras", ())
    if len(cameras) == 1:
        return _camera(context, view, cameras[0])
    return context.text("audit.cameras", n=len(cameras))


def _camera(context: PageContext, view: AuditView, code: str) -> str:
    known = view.directory.cameras.get(code)
    return parts.name(context, known) if known else code


def _detail(context: PageContext, view: AuditView, line: Line) -> str:
    if view.log == "viewings":
        kind = context.text(f"audit.kind.{line.detail['kind']}")
        plan = line.detail.get("plan")
        more = [str(line.detail[name]) for name in ("reference", "note") if line.detail.get(name)]
        if plan and plan != MOSAIC:
            more.insert(0, str(plan))
        return " · ".join([kind, *_lasted(context, view.now, line), *more])
    if view.log == "register":
        names = [context.texts.get(f"watching.entry.{name}", name) for name in sorted(line.detail["changes"])]
        note = line.detail.get("note")
        return context.text("watching.comma").join(names) + (f" · {note}" if note else "")
    return " · ".join(f"{name} {value}" for name, value in line.detail.items())


def _lasted(context: PageContext, now: datetime, line: Line) -> list[str]:
    """How long somebody looked, of views that go on: until he left, until the line ran out, or still."""
    if line.detail["kind"] not in ("live", "wall"):
        return []
    ended = datetime.fromisoformat(line.detail["ended"] or line.detail["until"])
    if ended > now:
        return [context.text("audit.lasts")]
    seconds = round((ended - line.at).total_seconds())
    key = "audit.lasted" if line.detail["ended"] else "audit.ran_out"
    return [context.text(key, time=f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}")]


def _pager(context: PageContext, view: AuditView) -> html.Div:
    kept = {name: value for name, value in view.query.items() if name != "before" and value}
    links = []
    if view.query.get("before"):
        links.append(html.A(context.text("audit.newest"), href=f"/audit?{urlencode(kept)}", className="tool"))
    if view.more is not None:
        older = urlencode({**kept, "log": view.log, "before": view.more})
        links.append(html.A(context.text("audit.older"), href=f"/audit?{older}", className="tool", rel="next"))
    return html.Div(links, className="pager")
