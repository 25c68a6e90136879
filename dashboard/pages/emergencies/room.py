"""`/emergencies/<number>`: the room. A stable frame; what is in it belongs to its module, which the push socket wakes."""

from __future__ import annotations

from dash import html
from flask import request

from dashboard.emergencies.reading import known
from dashboard.pages import parts
from dashboard.pages.context import PageContext
from dashboard.pages.emergencies.listing import spoken
from dashboard.services import own_host, services, visitor


def layout(context: PageContext, number: str) -> html.Div:
    """The page; a department gets the one with two taps.

    Raises:
        Problem: 404 where there is none for this reader.
    """
    room = known(services(), visitor(), number)
    body = html.Div(className="emergency-room", **{"aria-label": context.text("emergency.room")})
    mark = html.Div(context.text("emergency.drill_mark"), className="drill-mark", **{"aria-hidden": "true"})
    about = {
        "data-emergency": room.row.number,
        "data-drill": "yes" if room.row.drill else "",
        "data-push": context.push_url,
        "data-video": services().addresses.video(request.scheme, own_host()),
        "data-role": context.role,
        "data-zone": str(services().zone),
        "data-language": context.language,
    }
    children = [body, *([mark] if room.row.drill else [])]
    return parts.frame(context, "/emergencies", children, module="emergency", words=spoken(context), about=about)
