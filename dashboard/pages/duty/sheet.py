"""`/duty`: who is on, the hand-over sheet as it would be cut now, and the archive; `/duty/<number>`: a signed sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dash import dcc, html

from config.sentences import say
from dashboard.api import duty as api
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.pages.duty.sources import SourceRow, source_rows, sources_panel
from dashboard.problems import Problem, demand_whole_county
from dashboard.services import Services, services, visitor
from models import desk
from models.directory import Directory
from models.duty import handover, roster
from models.duty.handover import SECTIONS, Part
from models.messages import iso
from models.moves import ENDED
from models.reference import rosters

WORDS = ("duty.network", "duty.expired", "duty.forbidden", "duty.conflict", "desk.stale", "duty.sure")
SHOWN = 8
"""Rows of each list on the page; the rest is a list of its own."""
PAGE = 100
"""Rows on a page of one list."""
SIGNED = 60
"""Rows of each list of a signed sheet on the screen; its paper has all of them."""
MOST_PAGES = 10_000


@dataclass(frozen=True)
class DutyView:
    """What the page shows, as of one moment."""

    now: datetime
    since: datetime
    lists: Mapping[str, Part]
    on: Sequence[roster.Shift]
    next_: Sequence[roster.Shift]
    sheets: Sequence[Any]
    sources: Sequence[SourceRow]
    directory: Directory


def layout(context: PageContext, query: Mapping[str, str]) -> html.Div:
    """The page of now, or (`list`, `page`) one of its lists.

    Raises:
        Problem: 422 for what is no list or no page of it.
    """
    name = query.get("list")
    if not name:
        return build(context, read(services()))
    if name not in SECTIONS:
        raise Problem(
            422,
            say("There is no list {name!r}; expected one of {expected}.", name=name[:40], expected=", ".join(SECTIONS)),
            field="list",
        )
    number = page_number(query)
    found, moment = api.part(services(), name, (number - 1) * PAGE, PAGE)
    return build_list(context, ListView(name, number, found, services().directory(), moment.now))


def page_number(query: Mapping[str, str]) -> int:
    """Which page of a list a query string asks for, from 1.

    Raises:
        Problem: 422.
    """
    text = query.get("page") or "1"
    if not text.isascii() or not text.isdigit() or len(text) > 6 or not 1 <= int(text) <= MOST_PAGES:
        raise Problem(
            422,
            say("Expected a page from 1 to {last:,}; came {text!r}.", last=MOST_PAGES, text=text[:20]),
            field="page",
        )
    return int(text)


def read(services_: Services) -> DutyView:
    """Everything the page shows."""
    lists, since, moment = api.heads(services_, SHOWN)
    local = moment.now.astimezone(services_.zone)
    with desk.steady(services_.store) as connection:
        weekly, changes = rosters(connection)
        sheets = handover.newest(connection)
        counted = source_rows(connection, moment, visitor().actor)
    on = roster.on_duty(local, weekly, changes)
    ends = min((shift.ends for shift in on), default=None)
    later = roster.on_duty(ends, weekly, changes) if ends else []
    next_ = [shift for shift in later if shift not in on]
    return DutyView(moment.now, since, lists, on, next_, sheets, counted, services_.directory())


def build(context: PageContext, view: DutyView) -> html.Div:
    """The page."""
    title = html.Div(
        [
            html.H1(context.text("duty.title")),
            html.Span(context.text("duty.since", time=parts.when(context, view.since, view.now)), className="faint"),
            parts.as_of(context, view.now),
        ],
        className="desk-title",
    )
    left = [
        figures(context, view.lists, view.now),
        *[
            section(context, view.directory, name, part, view.now, f"/duty?list={name}")
            for name, part in view.lists.items()
        ],
    ]
    right = [
        _on_duty(context, view),
        *_signing(context, view),
        sources_panel(context, view.sources, view.directory, view.now),
        _archive(context, view),
    ]
    grid = html.Div(
        [html.Div(left, className="duty-left"), html.Div(right, className="duty-right")], className="duty-grid"
    )
    return parts.frame(context, "/duty", [title, _links(context), grid], module="duty", words=WORDS)


def _links(context: PageContext) -> html.Nav:
    return html.Nav(
        [
            html.A(context.text("duty.tab_sheet"), href="/duty", className="state-tab", **{"aria-current": "page"}),
            html.A(context.text("duty.tab_coverage"), href="/duty/coverage", className="state-tab"),
        ],
        className="state-tabs",
        **{"aria-label": context.text("duty.tabs")},
    )


# --- the lists -------------------------------------------------------------------------------------------------------


def figures(context: PageContext, lists: Mapping[str, Part], cut: datetime) -> html.Div:
    """The numbers of a sheet, each the length of its list."""
    cells = [
        html.A(
            [
                html.Span(context.text(f"duty.section.{name}")),
                html.B(
                    f"{part.total:,}",
                    className="num",
                    **{
                        "data-figure": f"handover-{name}",
                        "data-value": str(part.total),
                        "data-as-of": iso(cut),
                        "data-state": "live",
                    },
                ),
            ],
            href=f"#{name}",
            className="duty-figure",
            title=context.text(f"duty.definition.{name}"),
            **{"data-section": name, "data-zero": "no" if part.total else "yes"},
        )
        for name, part in lists.items()
    ]
    return html.Div(cells, className="duty-figures")


def section(
    context: PageContext, directory: Directory, name: str, part: Part, cut: datetime, whole: str
) -> html.Section:
    """The beginning of one list of a sheet; `whole` is the address at which all of it stands."""
    body: list[Any] = [html.P(context.text("duty.none"), className="empty duty-none")]
    if part.rows:
        body = [_table([_row(context, directory, name, row, cut) for row in part.rows])]
    left = part.total - len(part.rows)
    if left:
        body.append(html.A(context.text("duty.more", n=f"{left:,}"), href=whole, className="duty-more"))
    head = [html.Span(context.text(f"duty.definition.{name}"), className="faint")]
    title = f"{context.text(f'duty.section.{name}')} {part.total:,}"
    return html.Section(
        [
            html.Div([html.H2(title), html.Div(head, className="panel-scope")], className="panel-head"),
            html.Div(body, className="panel-body"),
        ],
        id=name,
        className="panel duty-list",
        **{"aria-label": title, "data-list": name, "data-length": str(part.total)},
    )


def _table(rows: Sequence[Any]) -> html.Table:
    return html.Table(html.Tbody(list(rows)), className="desk-table duty-table")


def _row(context: PageContext, directory: Directory, name: str, row: Mapping[str, Any], cut: datetime) -> html.Tr:
    return _camera(context, row, cut) if name == "cameras-down" else _case(context, directory, row, cut)


def _camera(context: PageContext, row: Mapping[str, Any], cut: datetime) -> html.Tr:
    state = context.text(f"common.camera.{row['state']}")
    reason = context.texts.get(f"cameras.reason.{row['reason']}", row["reason"] or "")
    since = datetime.fromisoformat(row["since"]) if row["since"] else None
    cells = [
        html.Td(row["id"], className="num duty-code"),
        html.Td(parts.name(context, row), className="wide"),
        html.Td(f"{state} {reason}".strip()),
        html.Td(parts.when(context, since, cut), className="num"),
    ]
    return html.Tr(cells, **{"data-camera": row["id"]})


def _case(context: PageContext, directory: Directory, row: Mapping[str, Any], cut: datetime) -> html.Tr:
    due_at = datetime.fromisoformat(row["due_at"]) if row["due_at"] else None
    department = directory.departments.get(row["department"] or "")
    late = due_at is not None and due_at < cut and row["stage"] not in ENDED
    cells = [
        html.Td(html.A(row["code"], href=f"/cases/{row['code']}"), className="num duty-code"),
        html.Td(parts.level(context, row["level"]), className="duty-level"),
        html.Td(row["title"], className="wide", title=row["title"]),
        html.Td(parts.name(context, department, short=True), className="duty-department"),
        html.Td(parts.stage(context, row["stage"]), className="duty-stage"),
        html.Td(parts.when(context, due_at, cut), className="num duty-due"),
    ]
    return html.Tr(cells, **{"data-case": row["code"], **({"data-clock": "overdue"} if late else {})})


# --- one list --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ListView:
    """A page of one list of the sheet, as it stands now."""

    name: str
    number: int
    part: Part
    directory: Directory
    now: datetime


def build_list(context: PageContext, view: ListView) -> html.Div:
    """The list's page: its number is the length of the whole, whatever page is shown."""
    name, total = context.text(f"duty.section.{view.name}"), view.part.total
    figure = parts.figure(context, f"handover-{view.name}", total, view.now, context.text("duty.total", n=f"{total:,}"))
    title = html.Div([html.H1(name), figure, parts.as_of(context, view.now)], className="desk-title")
    rows = [_row(context, view.directory, view.name, row, view.now) for row in view.part.rows]
    table = _table(rows) if rows else html.P(context.text("duty.none"), className="empty duty-none")
    panel = parts.panel(
        name, [table], tools=[html.Span(context.text(f"duty.definition.{view.name}"), className="faint")]
    )
    about = {"data-list": view.name, "data-length": str(total)}
    return parts.frame(
        context,
        "/duty",
        [title, _links(context), panel, _pager(context, view)],
        module="duty",
        words=WORDS,
        about=about,
    )


def _pager(context: PageContext, view: ListView) -> html.Nav:
    """Where in the list this is, and the pages beside it."""
    first, last = (view.number - 1) * PAGE, (view.number - 1) * PAGE + len(view.part.rows)
    words = context.text("duty.range", first=f"{min(first + 1, last):,}", last=f"{last:,}", n=f"{view.part.total:,}")
    links = [html.A(context.text("duty.back"), href="/duty", className="tool")]
    steps = ((-1, "duty.before", view.number > 1), (1, "duty.after", last < view.part.total))
    for step, key, there in steps:
        if there:
            href = f"/duty?list={view.name}&page={view.number + step}"
            links.append(html.A(context.text(key), href=href, className="tool", **{"data-step": str(step)}))
    return html.Nav([html.Span(words, className="faint"), *links], className="pager", **{"aria-label": words})


# --- the right side --------------------------------------------------------------------------------------------------


def _on_duty(context: PageContext, view: DutyView) -> html.Section:
    rows = [_shift(context, shift) for shift in view.on]
    body: list[Any] = rows or [html.P(context.text("duty.nobody"), className="empty bad")]
    if view.next_:
        names = parts.listed(context, (_holder(context, shift) for shift in view.next_))
        at = f"{view.next_[0].starts:%H:%M}"
        body.append(html.P(context.text("duty.next", time=at, names=names), className="faint case-note"))
    return parts.panel(context.text("duty.on"), body, name="duty-on")


def _shift(context: PageContext, shift: roster.Shift) -> html.Div:
    span = f"{shift.starts:%m-%d %H:%M} – {shift.ends:%m-%d %H:%M}"
    title = shift.name_en if context.language == "en" else shift.name
    lines: list[Any] = [
        html.Span(title, className="faint"),
        html.B(_holder(context, shift)),
        html.Span(
            [html.Span(span, className="num"), f" · {context.text('duty.phone', n=shift.phone)}"], className="faint"
        ),
    ]
    if shift.reason:
        lines.append(html.Span(context.text("duty.changed", reason=shift.reason), className="tag"))
    return html.Div(lines, className="duty-shift", **{"data-duty-role": shift.role})


def _holder(context: PageContext, shift: roster.Shift) -> str:
    return (shift.holder_en if context.language == "en" else "") or shift.holder


def _signing(context: PageContext, view: DutyView) -> list[Any]:
    """The form of who goes; where a sheet waits, that of who comes."""
    if "/api/v1/handovers" not in context.paths:
        return []
    waiting = next((sheet for sheet in view.sheets if sheet.received_at is None), None)
    if waiting is None:
        form = _form(context, "outgoing", "/api/v1/handovers", "duty.sign")
        return [
            parts.panel(
                context.text("duty.hand_over"),
                [html.P(context.text("duty.hand_over_hint"), className="faint case-note"), form],
            )
        ]
    form = _form(context, "incoming", f"/api/v1/handovers/{waiting.id}/actions/receive", "duty.take")
    told = context.text(
        "duty.waits", n=waiting.id, name=waiting.outgoing, time=parts.when(context, waiting.cut_at, view.now)
    )
    line = html.P([told, " ", html.A(context.text("duty.open"), href=f"/duty/{waiting.id}")], className="case-note")
    return [parts.panel(context.text("duty.take_over"), [line, form])]


def _form(context: PageContext, who: str, address: str, label: str) -> html.Form:
    return html.Form(
        [
            html.Label(
                [
                    html.Span(context.text(f"duty.{who}")),
                    dcc.Input(type="text", name=who, maxLength=60, required=True, autoComplete="off"),
                ]
            ),
            html.Label([html.Span(context.text("duty.note")), html.Textarea(name="note", rows=3, maxLength=2000)]),
            html.Button(context.text(label), type="submit", className="tool tool-go"),
            html.P("", className="form-word", role="status"),
        ],
        className="action-form",
        **{"data-sign": address},
    )


def _archive(context: PageContext, view: DutyView) -> html.Section:
    rows = [
        html.Tr(
            [
                html.Td(html.A(context.text("duty.sheet", n=sheet.id), href=f"/duty/{sheet.id}")),
                html.Td(parts.when(context, sheet.cut_at, view.now), className="num"),
                html.Td(f"{sheet.outgoing} → {sheet.incoming or context.text('duty.unsigned')}", className="wide"),
            ],
            **{"data-sheet": str(sheet.id)},
        )
        for sheet in view.sheets
    ]
    body = [_table(rows)] if rows else [html.P(context.text("duty.no_sheets"), className="empty duty-none")]
    return parts.panel(context.text("duty.archive"), body, name="duty-archive")


# --- a signed sheet --------------------------------------------------------------------------------------------------


def archived(context: PageContext, number: str, query: Mapping[str, str]) -> html.Div:
    """A sheet as it was signed: its paper (`whole`), or on the screen the beginning of each list.

    Raises:
        Problem: 404 where there is none, 403 for who is bound to a part of the county.
    """
    demand_whole_county(visitor())
    with services().store.read() as connection:
        sheet = handover.one(connection, int(number)) if number.isdecimal() and len(number) < 10 else None
    if sheet is None:
        raise Problem(404, say("There is no hand-over sheet {number!r}.", number=number), field="number")
    return build_archived(context, sheet, services().directory(), whole=query.get("whole") == "yes")


def build_archived(context: PageContext, sheet: Any, directory: Directory, *, whole: bool) -> html.Div:
    """The sheet's page. Its figures and lists are those that were signed, whatever became of the cases since."""
    sound, paper = handover.unbroken(sheet), f"/duty/{sheet.id}?whole=yes"
    lists = {name: Part.of(rows, len(rows) if whole else SIGNED) for name, rows in sheet.body.items()}
    complete = all(len(part.rows) == part.total for part in lists.values())
    title = html.Div(
        [
            html.H1(f"{context.county_text('title')} · {context.text('duty.sheet_title', n=sheet.id)}"),
            html.Button(context.text("duty.print"), type="button", className="tool", **{"data-print": "yes"})
            if complete
            else html.A(context.text("duty.paper"), href=paper, className="tool"),
        ],
        className="desk-title",
    )
    facts = [
        ("duty.cut_at", parts.stamp(context, sheet.cut_at)),
        ("duty.new_since", parts.stamp(context, sheet.since)),
        ("duty.outgoing", f"{sheet.outgoing}（{sheet.outgoing_account}）"),
        ("duty.note", sheet.note or context.text("desk.unknown")),
        (
            "duty.incoming",
            f"{sheet.incoming}（{sheet.incoming_account}）" if sheet.incoming else context.text("duty.unsigned"),
        ),
        ("duty.incoming_note", sheet.incoming_note or context.text("desk.unknown")),
        ("duty.received_at", parts.stamp(context, sheet.received_at)),
    ]
    pairs = [part for key, words in facts for part in (html.Dt(context.text(key)), html.Dd(words))]
    proof = context.text("duty.unbroken" if sound else "duty.broken", digest=sheet.hash[:16])
    head = parts.panel(
        context.text("duty.signatures"),
        [html.Dl(pairs, className="pairs"), html.P(proof, className="faint case-note" if sound else "bad case-note")],
    )
    made = [section(context, directory, name, part, sheet.cut_at, f"{paper}#{name}") for name, part in lists.items()]
    about = {"data-sheet": str(sheet.id), "data-sound": "yes" if sound else "no"}
    children = [title, head, figures(context, lists, sheet.cut_at), *made]
    return parts.frame(
        context, "/duty", [html.Div(children, className="duty-paper")], module="duty", words=WORDS, about=about
    )
