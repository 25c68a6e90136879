"""Administration: accounts, tokens, reference data. No case content reaches this page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dash import dcc, html

from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.services import services
from models import accounts, desk
from models.directory import Directory
from models.moves import Role
from models.timebase import real_now

WORDS = (
    "admin.sure",
    "admin.done",
    "admin.failed",
    "admin.network",
    "admin.expired",
    "admin.password",
    "admin.password_hint",
)
ROLES = tuple(role for role in Role if role is not Role.SYSTEM)


@dataclass(frozen=True)
class AdminView:
    """What the page shows."""

    accounts: Sequence[Any]
    tokens: Sequence[Any]
    counts: Mapping[str, int]
    years: Sequence[int]
    directory: Directory
    now: datetime


def layout(context: PageContext) -> html.Div:
    """The page."""
    with services().store.read() as connection:
        view = AdminView(
            accounts=accounts.accounts(connection),
            tokens=accounts.tokens(connection),
            counts=desk.reference_counts(connection),
            years=desk.calendar_years(connection),
            directory=services().directory(),
            now=real_now(),
        )
    return build(context, view)


def build(context: PageContext, view: AdminView) -> html.Div:
    """The page."""
    title = html.Div(
        [
            html.H1(context.text("admin.title")),
            html.Span(context.text("admin.scope"), className="faint"),
            parts.as_of(context, view.now),
        ],
        className="desk-title",
    )
    grid = html.Div(
        [
            html.Div([_accounts(context, view), _tokens(context, view)], className="admin-wide"),
            html.Div([_add(context, view), _reference(context, view)], className="admin-side"),
        ],
        className="admin-grid",
    )
    word = html.Div("", className="admin-word", role="status", **{"aria-live": "polite"})
    return parts.frame(context, "/admin", [title, word, grid], module="admin", words=WORDS)


# --- accounts --------------------------------------------------------------------------------------------------------


def _accounts(context: PageContext, view: AdminView) -> html.Section:
    names = ("name", "role", "area", "department", "created", "state", "do")
    rows = [_account(context, view, row) for row in view.accounts]
    return parts.panel(context.text("admin.accounts"), [_table(context, names, rows)], name="admin-accounts")


def _table(context: PageContext, names: Sequence[str], rows: Sequence[Any]) -> html.Div:
    head = html.Tr([html.Th(context.text(f"admin.{name}"), className=f"col-{name}", scope="col") for name in names])
    return html.Div(
        html.Table([html.Thead(head), html.Tbody(list(rows))], className="desk-table"), className="desk-table-box"
    )


def _account(context: PageContext, view: AdminView, row: Any) -> html.Tr:
    self_ = row.name == context.user_name
    state = context.text("admin.disabled" if row.disabled else "admin.enabled")
    return html.Tr(
        [
            html.Td(
                [html.B(row.name), html.Span(f" {context.text('admin.self')}" if self_ else "", className="faint")]
            ),
            html.Td(context.text(f"common.role.{row.role}")),
            html.Td(_named(context, view.directory.areas, row.area)),
            html.Td(_named(context, view.directory.departments, row.department)),
            html.Td(parts.when(context, row.created_at, view.now), className="num"),
            html.Td(html.Span(state, className="bad" if row.disabled else "good")),
            html.Td(_account_buttons(context, row, self_), className="buttons"),
        ],
        **{"data-account": row.name},
    )


def _account_buttons(context: PageContext, row: Any, self_: bool) -> list[Any]:
    switch = "enable" if row.disabled else "disable"
    address = f"/api/v1/accounts/{row.name}/actions"
    buttons = [_button(context, "reset", f"{address}/reset")]
    return buttons if self_ else [_button(context, switch, f"{address}/{switch}"), *buttons]


def _button(context: PageContext, name: str, address: str) -> html.Button:
    return html.Button(
        context.text(f"admin.{name}"),
        type="button",
        className="tool tool-small",
        **{"data-post": address, "data-act": name},
    )


def _named(context: PageContext, rows: Mapping[str, Mapping[str, Any]], code: str | None) -> Any:
    return parts.name(context, rows.get(code)) if code else html.Span(context.text("desk.unknown"), className="faint")


def _add(context: PageContext, view: AdminView) -> html.Section:
    form = html.Form(
        [
            html.Label(
                [
                    html.Span(context.text("admin.name")),
                    dcc.Input(type="text", name="name", maxLength=64, required=True, autoComplete="off"),
                ]
            ),
            _select(context, "role", [(str(role), context.text(f"common.role.{role}")) for role in ROLES]),
            _select(
                context,
                "department",
                [(code, parts.name(context, row)) for code, row in view.directory.departments.items()],
                optional=True,
            ),
            _select(context, "area", _areas(context, view.directory), optional=True),
            html.Button(context.text("admin.add_do"), type="submit", className="tool tool-go"),
        ],
        className="action-form",
        **{"data-form": "account"},
    )
    return parts.panel(context.text("admin.add"), [form], name="admin-add")


def _areas(context: PageContext, directory: Directory) -> list[tuple[str, str]]:
    wanted = [(code, area) for code, area in directory.areas.items() if area["level"] in ("town", "grid")]
    return [(code, f"{code} {parts.name(context, area)}") for code, area in wanted]


def _select(
    context: PageContext, name: str, choices: Sequence[tuple[str, str]], *, optional: bool = False
) -> html.Label:
    first = html.Option(context.text("admin.none" if optional else "admin.choose"), value="")
    options = [first, *(html.Option(words, value=code) for code, words in choices)]
    return html.Label(
        [
            html.Span(context.text(f"admin.{name}")),
            html.Select(options, name=name, className="desk-select", required=not optional),
        ]
    )


# --- tokens and reference data ---------------------------------------------------------------------------------------


def _tokens(context: PageContext, view: AdminView) -> html.Section:
    names = ("token", "scopes", "area", "department", "created", "state", "do")
    rows = [_token(context, view, row) for row in view.tokens]
    body = _table(context, names, rows) if rows else html.P(context.text("admin.no_tokens"), className="empty")
    return parts.panel(context.text("admin.tokens"), [body], name="admin-tokens")


def _token(context: PageContext, view: AdminView, row: Any) -> html.Tr:
    living = row.revoked_at is None
    scopes = [html.Span(context.text(f"admin.scope_name.{scope}"), className="tag") for scope in row.scopes.split(",")]
    state = (
        context.text("admin.valid")
        if living
        else context.text("admin.revoked", time=parts.when(context, row.revoked_at, view.now))
    )
    return html.Tr(
        [
            html.Td(html.B(row.name)),
            html.Td(scopes),
            html.Td(_named(context, view.directory.areas, row.area)),
            html.Td(_named(context, view.directory.departments, row.department)),
            html.Td(parts.when(context, row.created_at, view.now), className="num"),
            html.Td(html.Span(state, className="good" if living else "bad")),
            html.Td(
                [_button(context, "revoke", f"/api/v1/tokens/{row.name}/actions/revoke")] if living else [],
                className="buttons",
            ),
        ],
        **{"data-token": row.name},
    )


def _reference(context: PageContext, view: AdminView) -> html.Section:
    cells: list[Any] = []
    for kind, number in view.counts.items():
        cells += [
            html.Dt(context.text(f"admin.kind.{kind}")),
            html.Dd(context.text("admin.rows", n=f"{number:,}"), className="num"),
        ]
    years = parts.listed(context, view.years)
    return parts.panel(
        context.text("admin.reference"),
        [
            html.Dl(cells, className="pairs"),
            html.P(
                context.text("admin.years", years=years) if years else context.text("admin.no_years"),
                className="faint case-note",
            ),
            html.Div(
                [
                    html.A(
                        context.text("admin.reference_open"),
                        href="/admin/reference/departments",
                        className="tool tool-go",
                    ),
                    html.A(context.text("admin.cameras"), href="/cameras", className="tool"),
                    html.A(context.text("webhooks.title"), href="/admin/webhooks", className="tool"),
                ],
                className="ref-buttons",
            ),
        ],
        name="admin-reference",
        tools=[html.Span(context.text("admin.version", n=view.directory.version))],
    )
