"""The desk: an inbox in the order of urgency, and beside it the file of the case in hand. A stable frame; what is hot in
it belongs to the page's own modules (`assets/work/`).
"""

from __future__ import annotations

from dash import html

from dashboard.pages import ids, parts
from dashboard.pages.context import PageContext


def layout(context: PageContext) -> html.Div:
    """The page."""
    inbox = html.Section(id=ids.DESK_INBOX, className="inbox", **{"aria-label": context.text("work.inbox.title")})
    file = html.Section(id=ids.DESK_FILE, className="file-room", **{"aria-label": context.text("case.title")})
    return parts.frame(
        context,
        "/desk",
        [html.H1(context.text("work.inbox.title"), className="unseen"), html.Div([inbox, file], className="work-room")],
        module="work",
        about={"data-role": context.role},
    )
