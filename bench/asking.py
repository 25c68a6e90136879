"""Bench only: what people of every role ask of the web application, as requests that differ each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from random import Random
from typing import Any
from urllib.parse import quote

from flask import Flask
from flask.testing import FlaskClient

from dashboard.routes import TABLE, Route
from models import accounts
from models.filters import STATES
from models.moves import Role
from models.store import Store
from models.timebase import real_now

GRID, DEPARTMENT = "990100100001001", "cg"
Asking = Callable[[], Any]
Browsers = Mapping[Role, FlaskClient]
FIRST = (Role.OPERATOR, Role.DUTY, Role.LEADER, Role.DEPARTMENT, Role.GRID, Role.ADMIN, Role.AUDITOR)
"""Who asks for a route that needs nothing said: the first that may."""
NO_PAGES = frozenset({"/", "/readyz", "/login", "/logout", "/language", "/display", "/grid/worker.js", "/_favicon.ico"})
"""Neither lists nor figures; and what needs other processes."""
FILES = frozenset({"/cases.csv"})
"""Files of up to 20,000 rows: nobody waits before them as before a page."""
_SKIPPED = NO_PAGES | FILES


def browsers(app: Flask, store: Store) -> Browsers:
    """A browser for each role, logged in."""
    found = {}
    for role in FIRST:
        client = app.test_client()
        with store.write() as connection:
            client.set_cookie("gc_session", accounts.open_session(connection, str(role), real_now()))
        found[role] = client
    return found


def questions(people: Browsers, parts: Any, size: int, seed: int = 5) -> dict[str, Asking]:
    """Name → a request of this kind, each time another one: first those that say what they want, then every other route."""
    dice = Random(seed)
    paths = dict(_paths(people[Role.OPERATOR], parts, size, dice))
    asked = {name: _get(people[role], path) for name, (role, path) in paths.items()}
    pages = {name: _page(people[role], ask) for name, (role, ask) in _pages(parts, size, dice).items()}
    plain = dict(_plain(people))
    return asked | pages | {name: ask for name, ask in plain.items() if name not in asked | pages}


Path = Callable[[], str]


def _get(client: FlaskClient, path: Path) -> Asking:
    return lambda: client.get(path())


def _paths(operator: FlaskClient, parts: Any, size: int, dice: Random) -> Iterator[tuple[str, tuple[Role, Path]]]:
    """Lists, searches and figures of the API."""
    departments, towns, grids, leaves, sources = _codes(parts)
    cases = "/api/v1/cases"
    month = (parts.clock.now() - timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    deep = quote(operator.get(f"{cases}?limit=200").get_json()["next"] or "")
    one, of = dice.choice, Role.OPERATOR

    def code() -> str:
        return f"B{dice.randint(1, size):09d}"

    for state in STATES:
        yield f"list {state}", (of, lambda state=state: f"{cases}?state={state}")  # type: ignore[misc]
    lists: dict[str, Path] = {
        "all, by due": lambda: f"{cases}?sort=due",
        "all, due last": lambda: f"{cases}?sort=due-last",
        "all, oldest": lambda: f"{cases}?sort=oldest",
        "open, by due": lambda: f"{cases}?state=open&sort=due",
        "deep page": lambda: f"{cases}?after={deep}",
        "department": lambda: f"{cases}?department={one(departments)}",
        "town": lambda: f"{cases}?area={one(towns)}",
        "grid": lambda: f"{cases}?area={one(grids)}",
        "category": lambda: f"{cases}?category={one(leaves)}",
        "source": lambda: f"{cases}?source={one(sources)}",
        "open of a town": lambda: f"{cases}?state=open&area={one(towns)}",
        "open of a category": lambda: f"{cases}?state=open&category={one(leaves)}",
        "open of a source and level": lambda: f"{cases}?state=open&source={one(sources)}&level={dice.randint(1, 4)}",
        "grid and category": lambda: f"{cases}?area={one(grids)}&category={one(leaves)}",
        "town and level": lambda: f"{cases}?area={one(towns)}&level={dice.randint(1, 4)}",
        "department and category": lambda: f"{cases}?department={one(departments)}&category={one(leaves)}",
        "department and level": lambda: f"{cases}?department={one(departments)}&level={dice.randint(1, 4)}",
        "closed since a month": lambda: f"{cases}?state=closed&since={month}",
        "category by due": lambda: f"{cases}?category={one(leaves)}&sort=due",
    }
    for name, path in lists.items():
        yield f"list {name}", (of, path)
    searches: dict[str, Path] = {
        "common word": lambda: f"{cases}?q={one(('垃圾', '路灯', '积水', '社区', '占道'))}",
        "rare words": lambda: f"{cases}?q={one(('信号灯倒计时 医院', '凸面镜', '彩钢房 码头', '健身器材 小学'))}",
        "in open": lambda: f"{cases}?state=open&q={one(('垃圾', '路灯', '井盖'))}",
        "in a department": lambda: f"{cases}?department={one(departments)}&q=垃圾",
        "in a grid": lambda: f"{cases}?area={one(grids)}&q=垃圾",
        "common, by due": lambda: f"{cases}?q={one(('垃圾', '路灯'))}&sort=due",
        "sentence": lambda: f"{cases}?q=农贸市场南侧垃圾",
        "nothing there": lambda: f"{cases}?q=火星基地",
        "number": lambda: f"{cases}?q=PB{dice.randint(1, size):09d}",
        "source's number": lambda: f"{cases}?q=W{dice.randint(1, size)}",
    }
    for name, path in searches.items():
        yield f"search {name}", (of, path)
    for state in ("open", "unreceipted", "late", "answered", "done", "withdrawn", "all"):
        yield f"orders {state}", (of, lambda state=state: f"/api/v1/orders?state={state}")  # type: ignore[misc]
    others: dict[str, tuple[Role, Path]] = {
        "one case": (of, lambda: f"{cases}/{code()}"),
        "one case's file": (of, lambda: f"/live/files/{code()}"),
        "suggestion": (of, lambda: f"{cases}/{code()}/suggestion"),
        "duplicates": (of, lambda: f"{cases}/{code()}/duplicates"),
        "events": (of, lambda: f"/api/v1/events?after={dice.randint(0, max(size - 1000, 1))}&limit=200"),
        "api figures": (of, lambda: "/api/v1/figures"),
        "department's list": (Role.DEPARTMENT, lambda: f"{cases}?state={one(('open', 'closed', 'all'))}"),
        "department's orders": (Role.DEPARTMENT, lambda: f"/api/v1/orders?state={one(('open', 'done', 'all'))}"),
        "department's inbox": (Role.DEPARTMENT, lambda: "/live/inbox"),
        "department's evaluation": (Role.DEPARTMENT, lambda: "/api/v1/evaluation"),
        "grid worker's list": (Role.GRID, lambda: f"{cases}?state={one(('open', 'all'))}"),
        "evaluation by department": (Role.LEADER, lambda: "/api/v1/evaluation?by=department"),
        "evaluation of grids": (Role.LEADER, lambda: f"/api/v1/evaluation?level=grid&under={one(towns)}"),
        "auditor's acts": (Role.AUDITOR, lambda: f"/api/v1/audit/{one(('acts', 'exports', 'viewings'))}"),
    }
    yield from others.items()


def _pages(parts: Any, size: int, dice: Random) -> dict[str, tuple[Role, Callable[[], tuple[str, str]]]]:
    departments, towns, _, _, _ = _codes(parts)
    month = parts.clock.now().astimezone(parts.zone)

    def code() -> str:
        return f"B{dice.randint(1, size):09d}"

    lists = ("new", "overdue", "due-soon", "unreceipted")
    return {
        "page /cases all": (Role.OPERATOR, lambda: ("/cases", "?state=all")),
        "page /cases search": (Role.OPERATOR, lambda: ("/cases", "?state=all&q=%E5%9E%83%E5%9C%BE")),
        "page /cases department": (Role.OPERATOR, lambda: ("/cases", f"?department={dice.choice(departments)}")),
        "page /cases town": (Role.OPERATOR, lambda: ("/cases", f"?area={dice.choice(towns)}")),
        "page /cases of a department": (Role.DEPARTMENT, lambda: ("/cases", "")),
        "page /cases of a grid worker": (Role.GRID, lambda: ("/cases", "")),
        "page /cases/<code>": (Role.OPERATOR, lambda: (f"/cases/{code()}", "")),
        "page /duty list": (Role.DUTY, lambda: ("/duty", f"?list={dice.choice(lists)}&page={dice.randint(1, 3)}")),
        "page /duty/<number>": (Role.DUTY, lambda: ("/duty/1", "")),
        "page /duty/coverage town": (Role.DUTY, lambda: ("/duty/coverage", f"?town={dice.choice(towns)}")),
        "page /evaluation department": (Role.LEADER, lambda: ("/evaluation", "?by=department")),
        "page /evaluation quarter": (Role.LEADER, lambda: ("/evaluation", f"?period={month:%Y}-Q{(month.month + 2) // 3}")),
        "page /evaluation of a department": (Role.DEPARTMENT, lambda: ("/evaluation", "")),
        "page /evaluation/analysis month": (Role.LEADER, lambda: ("/evaluation/analysis", "?kind=month")),
        "page /audit acts": (Role.AUDITOR, lambda: ("/audit", "?log=acts")),
        "page /audit person": (Role.AUDITOR, lambda: ("/audit", "?log=acts&who=leader")),
    }  # fmt: skip


def _codes(parts: Any) -> tuple[list[str], list[str], list[str], list[str], list[str]]:
    """Departments, towns, grids, leaves of the categories, sources."""
    directory = parts.directory()
    grids = sorted(code for code, area in directory.areas.items() if area["level"] == "grid")
    leaves = sorted(code for code, row in directory.categories.items() if row["leaf"])
    return sorted(directory.departments), list(directory.towns), grids, leaves, sorted(directory.sources)


def _plain(people: Browsers) -> Iterator[tuple[str, Asking]]:
    """Every page and every address that answers a GET without being told which one, by the first role that may."""
    for route in TABLE:
        role = _asker(route)
        if role is None:
            continue
        client, path = people[role], route.pattern
        if route.page:
            yield f"page {path}", _page(client, lambda path=path: (path, ""))  # type: ignore[misc]
        elif client.get(path).status_code == 200:  # others need to be asked for something
            name = f"api {path.removeprefix('/api/v1/')}" if path.startswith("/api/v1/") else path
            yield name, _get(client, lambda path=path: path)  # type: ignore[misc]


def _asker(route: Route) -> Role | None:
    if "GET" not in route.methods or "<" in route.pattern or route.pattern in _SKIPPED:
        return None
    return next((role for role in FIRST if role in route.roles), None)


def _csrf(client: FlaskClient) -> str:
    page = client.get("/login").get_data(as_text=True)
    return page.split('name="csrf_token" value="')[1].split('"')[0]


def _page(client: FlaskClient, where: Callable[[], tuple[str, str]]) -> Asking:
    """A page as Dash builds it for a path and a query string."""
    headers = {"Origin": "http://localhost", "X-CSRFToken": _csrf(client)}

    def ask() -> Any:
        path, search = where()
        body = {
            "output": "page.children", "outputs": {"id": "page", "property": "children"}, "state": [],
            "inputs": [
                {"id": "location", "property": "pathname", "value": path},
                {"id": "location", "property": "search", "value": search},
            ],
            "changedPropIds": ["location.pathname"],
        }  # fmt: skip
        answer = client.post("/_dash-update-component", json=body, headers=headers)
        if "desk-nothing" in answer.get_data(as_text=True):
            raise RuntimeError(f"{path}{search}: there is no such page for this reader.")
        return answer

    return ask
