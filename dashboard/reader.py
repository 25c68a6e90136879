"""Who reads this page: the frozen value that a layout is a pure function of, taken from the running request."""

from __future__ import annotations

from typing import cast

from flask import g, request
from flask_wtf.csrf import generate_csrf

from dashboard import mailroom
from dashboard.pages.context import PageContext
from dashboard.routes import PERSONS, TABLE
from dashboard.services import county_card, own_host, services
from models.accounts import Visitor
from models.timebase import real_now


def page_context() -> PageContext:
    """The reader of this request; on a route that is open to everybody, somebody without a name."""
    someone = cast("Visitor | None", g.get("visitor"))
    open_to = (route.pattern for route in TABLE if someone is not None and route.allows(someone))
    return PageContext(
        language=g.language,
        texts=services().catalogue.texts(g.language),
        user_name=someone.name if someone else "",
        role=str(someone.role) if someone else "",
        county=county_card(services()),
        paths=frozenset(open_to),
        csrf=generate_csrf(),
        unread=mailroom.unread(services(), someone.name) if someone and someone.role in PERSONS else 0,
        push_url=services().addresses.push(request.scheme, own_host()),
        as_of=real_now(),
    )
