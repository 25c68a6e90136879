"""Every page of the product, looked at by axe in Chinese as one of those who may open it: no serious finding on any.

The table of routes says which pages there are; one that is new and not named here fails. Pages that another journey
looks at more closely (moves, sheets, themes, sizes) are left to it.
"""

# ruff: noqa: F811  (fixtures are imported, and named again where they are asked for)

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from desk_harness import DEPARTMENT, Served, session_of
from playwright.sync_api import Browser, Page
from sqlalchemy import insert, select
from test_exchange_pages import take, warning

from dashboard.routes import TABLE
from models import tables as t
from models.briefs import archive
from models.briefs.content import Ground, content
from models.briefs.schedule import span_of
from models.directory import Directories
from models.evaluation.reading import Counties
from models.exchange import cap, feeds, webhooks
from models.exchange import tables as xt
from models.filters import Moment
from models.ladder import talk
from models.rules import Rules
from models.store import Store
from models.timebase import real_now
from models.vault import Vault
from tests.conftest import PATIENCE, SECRET
from tests.journey.desk_pages import (  # noqa: F401  (fixtures)
    ZONE,
    barriers,
    chromium,
    code,
    store,
)
from tests.journey.desk_pages import web_only as server  # noqa: F401

CAMERA = "99010000001320000001"
ELSEWHERE = frozenset(
    [
        "/wall",
        "/overview",
        "/desk",
        "/evaluation",
        "/evaluation/analysis",
        "/duty",
        "/duty/coverage",
        "/grid",
    ]  # by their own journeys
)
NO_PAGES = ("/assets/", "/_", "/live/", "/map/", "/api/", "/cap/", "/open311/", "/attachments/", "/cameras/evidence/")
FILES = (".csv", ".xlsx", "/pdf", "/docx", "/txt", ".webmanifest", ".js", "/export")
NOTHING_TO_SEE = frozenset(["/", "/language", "/display", "/healthz", "/readyz", "/metrics", "/admin/data/<kind>"])
READY = "main:not([inert]), body.plain, .login, form"


def pages() -> set[str]:
    """The patterns of all pages: those of Dash, and those that are HTML of their own."""
    found = {route.pattern for route in TABLE if "GET" in route.methods}
    return {
        one
        for one in found
        if not one.startswith(NO_PAGES) and not one.endswith(FILES) and one not in NOTHING_TO_SEE | ELSEWHERE
    }


class Person:
    """Somebody's browser, without the policy against foreign scripts, since axe is one."""

    def __init__(self, chromium: Browser, server: Served, store: Store, name: str, width: int, height: int) -> None:
        self.server = server
        self.context = chromium.new_context(viewport={"width": width, "height": height}, bypass_csp=True)
        self.context.set_default_timeout(PATIENCE * 1000)
        cookies = [{"name": "gc_lang", "value": "zh-CN", "url": server.address}]
        if name:
            cookies.append({"name": "gc_session", "value": session_of(store, name), "url": server.address})
        self.context.add_cookies(cookies)  # type: ignore[arg-type]

    def page(self, path: str) -> Page:
        page = self.context.new_page()
        page.goto(self.server.address + path, wait_until="domcontentloaded")
        page.wait_for_selector(READY, state="attached")
        page.wait_for_timeout(150)  # what a module paints in its first breath
        return page

    def post(self, path: str, **body: Any) -> Any:
        own = {"X-GC-CSRF": "1", "Origin": self.server.address}
        answer = self.context.request.post(self.server.address + path, data=body, headers=own)
        assert answer.ok, (path, answer.status, answer.text())
        return answer.json()


@pytest.fixture
def person(chromium: Browser, server: Served, store: Store) -> Iterator[Any]:
    known: dict[tuple[str, int], Person] = {}

    def one(name: str, width: int = 1440, height: int = 900) -> Person:
        if (name, width) not in known:
            known[name, width] = Person(chromium, server, store, name, width, height)
        return known[name, width]

    yield one
    for made in known.values():
        made.context.close()


def busy(store: Store, person: Any) -> dict[str, str]:
    """Something on every page: what stands for `<number>`, `<code>` … in the patterns."""
    now = real_now()
    rules = Rules(store, ZONE)
    with store.write() as connection:
        feeds.add(connection, "气象局", "https://met.example/cap.atom", 60, now)
        webhooks.add(connection, Vault(SECRET), "crm", "https://crm.example/hook", ["case.reported"], now)
        row = {"webhook": "crm", "kind": "case.reported", "body": "{}", "next_try_at": now, "outcome": "HTTP 422"}
        for number, state in enumerate(("failed", "sent", "waiting"), 1):
            connection.execute(insert(xt.delivery), {**row, "number": number, "state": state})
        talk.announce(connection, "operator", "值班安排", "今晚加强值守", ["duty", "operator"], [], now, now)
        span = span_of("daily", now.astimezone(ZONE).date() - timedelta(days=1))
        body = content(connection, Ground(Moment(now, ZONE), Directories(store)(), Counties(store, rules)()), span)
        brief = archive.keep(connection, span, body, now, now)
        order = connection.execute(select(t.orders.c.number)).scalars().first()
    for number, severity in enumerate(("Minor", "Moderate", "Severe", "Extreme"), 1):
        take(store, cap.build(warning(number, severity, f"{severity} 预警", "暴雨")))
    take(store, b"<alert/>")
    operator, leader = person("operator"), person("leader")
    place = {"origin": "point", "longitude": 112.886, "latitude": 30.469}
    flood = {"plan": "flood", "level": 2, "note": "云水河超警", "life": True, **place}
    running = operator.post("/api/v1/emergencies", **flood)["number"]
    operator.post(f"/api/v1/emergencies/{running}/actions/call", department=DEPARTMENT)
    operator.post(f"/api/v1/emergencies/{running}/actions/answer", question="trapped", answer="yes")
    operator.post(f"/api/v1/emergencies/{running}/actions/draft-report")
    fire = {"plan": "fire", "level": 3, "note": "演练", "drill": True, **place}
    over = operator.post("/api/v1/emergencies", **fire)["number"]
    for action in ("end", "cancel"):
        leader.post(f"/api/v1/emergencies/{over}/actions/{action}", note="演练结束")
    sheet = person("duty").post("/api/v1/handovers", outgoing="王建国")["number"]
    return {"running": running, "over": over, "brief": str(brief), "order": str(order), "sheet": str(sheet)}


def test_no_page_of_the_product_has_a_serious_finding(store: Store, person: Any, code: str) -> None:
    known = busy(store, person)
    running, over = known["running"], known["over"]
    looked = {
        "/login": [("", "/login")],
        "/cases": [("operator", "/cases")],
        "/cases/<code>": [("operator", f"/cases/{code}")],
        "/orders/<number>": [("operator", f"/orders/{known['order']}")],
        "/cameras": [("duty", "/cameras")],
        "/cameras/health": [("duty", "/cameras/health")],
        "/cameras/patrol": [("duty", "/cameras/patrol")],
        "/cameras/register": [("admin", "/cameras/register")],
        "/cameras/<camera>": [("duty", f"/cameras/{CAMERA}")],
        "/cameras/<camera>/masks": [("admin", f"/cameras/{CAMERA}/masks")],
        "/cameras/<camera>/register": [("admin", f"/cameras/{CAMERA}/register")],
        "/audit": [("auditor", "/audit")],
        "/admin": [("admin", "/admin")],
        "/admin/webhooks": [("admin", "/admin/webhooks")],
        "/admin/reference/<kind>": [
            ("admin", f"/admin/reference/{kind}") for kind in ("departments", "calendar", "plans", "pressing")
        ],
        "/briefs": [("leader", "/briefs")],
        "/briefs/<number>": [("leader", f"/briefs/{known['brief']}")],
        "/duty/<number>": [("duty", f"/duty/{known['sheet']}")],
        "/emergencies": [("operator", "/emergencies?origin=cap&reference=421000-2026-0004")],
        "/emergencies/<number>": [
            ("operator", f"/emergencies/{running}"),
            ("department phone", f"/emergencies/{running}"),
            ("leader", f"/emergencies/{over}"),
        ],
        "/emergencies/<number>/review": [("leader", f"/emergencies/{over}/review")],
        "/emergencies/<number>/reports/<int:report>": [("operator", f"/emergencies/{running}/reports/1")],
        "/evaluation/forecast": [("leader", "/evaluation/forecast")],
        "/inbox": [("operator", "/inbox")],
        "/messages": [("duty", "/messages")],
        "/messages/<number>": [("duty", "/messages/1")],
        "/warnings": [("operator", "/warnings"), ("operator", "/warnings?state=all")],
    }
    assert set(looked) == pages(), "every page is named here, and no other"
    found = {}
    for visits in looked.values():
        for name, path in visits:
            role, _, phone = name.partition(" ")
            page = person(role, *((390, 844) if phone else ())).page(path)
            grave = barriers(page)
            if grave:
                found[name, path] = grave
            page.close()
    assert not found, "\n".join(f"{name} {path}: {one}" for (name, path), all_ in found.items() for one in all_)


def test_the_check_sees_a_planted_barrier(person: Any) -> None:
    page = person("operator").page("/warnings")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=x><button></button>')")
    assert any(one.startswith("button-name") for one in barriers(page))
