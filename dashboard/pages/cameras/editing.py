"""`/cameras/<camera>/masks` and `/cameras/<camera>/register`: the administrator's editors. Their modules build the forms."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.pages import parts
from dashboard.pages.cameras import parts as own
from dashboard.pages.context import PageContext
from dashboard.problems import Problem
from dashboard.services import services
from models.watching import register
from models.watching.rights import RESTRICTABLE
from streams.addresses import redacted
from streams.health_rules import DELAYS, Thresholds

MASK_WORDS = (
    "watching.masks.draw", "watching.masks.undo", "watching.masks.delete", "watching.masks.save", "watching.masks.saved",
    "watching.masks.title", "watching.masks.unconfirmed", "watching.masks.conflict", "watching.masks.network", "watching.masks.waiting",
    "watching.masks.applied", "watching.masks.failed", "watching.masks.load",
    "watching.masks.note", "watching.masks.none", "watching.masks.mask", "watching.masks.corners", "watching.masks.finish",
    "watching.masks.keys", "watching.masks.changed", "watching.masks.confirm", "watching.open.network",
)  # fmt: skip
ENTRY_FIELDS = (
    "name", "name_en", "purpose", "purpose_en", "legal_basis", "legal_basis_en", "owner", "sign", "area", "longitude",
    "latitude", "codec", "address", "main_address", "credentials", "public", "focus", "shown_to", "thresholds",
)  # fmt: skip
LIMITS = (
    "dark_below", "bright_above", "blown_above", "lost_above", "acuity_below", "shift_above", "cast_above", "loss_above",
)  # fmt: skip
"""The thresholds of health that the form asks for; the API takes every one that `Thresholds.adjusted` knows."""
ENTRY_WORDS = (
    "watching.entry.save", "watching.entry.saved", "watching.entry.failed", "watching.entry.unchanged",
    "watching.entry.note", "watching.entry.keep", "watching.entry.kept_secret", "watching.open.network",
    "watching.entry.conflict", "watching.entry.network", "watching.entry.playlist", "watching.entry.off",
    "watching.entry.fault", "watching.entry.raise_after", "watching.entry.clear_after",
)  # fmt: skip


def masks(context: PageContext, code: str) -> html.Div:
    """The mask editor.

    Raises:
        Problem: 404 for a camera that is not there.
    """
    row = _row(code)
    about = {"camera": code, "version": row.version, "masks": row.masks}
    review = context.text(
        "watching.masks.review",
        day=row.mask_review or context.text("desk.unknown"),
        who=row.mask_reviewer or context.text("desk.unknown"),
    )
    title = html.Div(
        [
            html.H1(context.text("watching.masks.title")),
            html.A(parts.name(context, row._mapping), href=f"/cameras/{code}"),
            html.Span(review, className="faint"),
        ],
        className="desk-title",
    )
    room = html.Div(
        [
            html.Div(className="mask-stage", tabIndex="0", role="application", **{"aria-label": context.text("watching.masks.title")}),
            html.Div(className="mask-side"),
        ],
        className="mask-room",
    )  # fmt: skip
    return own.page(context, "", [title, room], module="masks", words=MASK_WORDS, about=about)


def entry(context: PageContext, code: str) -> html.Div:
    """The editor of the register's entry. Addresses are shown without user and password; the password is never shown."""
    row, vault, directory = _row(code), services().vault, services().directory()
    values = {
        name: getattr(row, name) for name in ENTRY_FIELDS if name not in ("address", "main_address", "credentials")
    }
    values |= {name: redacted(vault.open(getattr(row, name)) or "") for name in ("address", "main_address")}
    about = {
        "camera": code,
        "version": row.version,
        "values": values,
        "secret": bool(row.credentials),
        "labels": {name: context.text(f"watching.entry.{name}") for name in ENTRY_FIELDS},
        "owners": [[one, parts.name(context, unit)] for one, unit in directory.departments.items()],
        "limits": [[name, context.text(f"health.threshold.{name}"), getattr(Thresholds(), name)] for name in LIMITS],
        "faults": [
            [fault.value, context.text(f"health.fault.{fault.value}"), delay.raise_after, delay.clear_after]
            for fault, delay in DELAYS.items()
        ],
        "roles": [[str(role), context.text(f"common.role.{role}")] for role in RESTRICTABLE],
    }
    title = html.Div(
        [
            html.H1(context.text("watching.entry.edit")),
            html.A(parts.name(context, row._mapping), href=f"/cameras/{code}"),
            own.gb_id(context, code),
            own.gaps(context, directory.cameras[code]["gaps"] if code in directory.cameras else ()),
        ],
        className="desk-title",
    )
    room = html.Div(className="entry-room")
    return own.page(context, "", [title, room], module="entry", words=ENTRY_WORDS, about=about)


def _row(code: str) -> Any:
    with services().store.read() as connection:
        row = register.entry(connection, code)
    if row is None:
        raise Problem(404, "There is no such camera.", field="camera")
    return row
