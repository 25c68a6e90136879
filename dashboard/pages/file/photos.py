"""The photos of a case, and where one more is added."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.api.shapes import AttachmentRow
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.pages.file.view import CaseView

PHOTO_ROLES = frozenset({"operator", "duty", "department", "grid"})


def build(context: PageContext, view: CaseView) -> html.Section:
    """The panel; the module of the file adds the form, which Dash has no file input for."""
    photos = [_photo(context, row) for row in view.case.attachments]
    body: list[Any] = (
        [html.Div(photos, className="photos")]
        if photos
        else [html.P(context.text("case.no_photos"), className="faint case-note")]
    )
    if context.role in PHOTO_ROLES:
        hint = context.text("case.photo_hint")
        words = {"data-label": context.text("case.choose_photo"), "data-send": context.text("case.add_photo")}
        body.append(html.Div(html.P(hint, className="faint case-note"), className="photo-form", **words))
    return parts.panel(context.text("case.photos"), body, name="case-photos")


def _photo(context: PageContext, row: AttachmentRow) -> html.A:
    words = context.text("case.photo", time=parts.stamp(context, row.at), width=row.width, height=row.height)
    return html.A(html.Img(src=row.url, alt=words, title=words), href=row.url, target="_blank", rel="noopener")
