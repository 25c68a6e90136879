"""What a demonstration needs before its processes start: schema, county, cameras, accounts, tokens, history."""

from __future__ import annotations

import json
import os
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import shapely

from config.columns import CaseCounty, CaseMap
from config.county import Area, Camera, County, MapView
from config.reference import load
from config.settings import Settings
from config.tabular import table
from dashboard.cli.maps import areas_of, case_map_for
from dashboard.cli.plan import ACCOUNTS, DemoPlan, read_plan, seeded
from dashboard.cli.terminal import Refusal, say
from models.accounts import add_account, create_token
from models.directory import Directory
from models.directory import read as read_directory
from models.reference import is_empty, put_document, store_county
from models.schema import migrate
from models.store import Store
from models.timebase import real_now
from models.vault import Vault
from streams.clips import playable

ROLES = ("duty", "leader", "operator", "department", "grid", "display", "admin", "auditor")
"""One account each (design.md §4)."""
TOKENS = {
    "report": ["report", "read"],
    "read": ["read", "events"],
    "operate": ["operate", "read"],
    "display": ["display"],
}
_CLIP_CAMERA = "99010000081320"
"""First digits of the ids of cameras made of clips: no county's centre, 08 city management, 132 network camera."""


def run_prepare(settings: Settings) -> int:
    """Bring the data folder to where the plan's processes can start; quick where it is there already."""
    plan = read_plan(settings.data)
    if plan is None:
        raise Refusal(f"{settings.data} holds no demonstration; start one with `gridcommand demo`.")
    store, vault = Store(settings.database), Vault(settings.secret())
    try:
        migrate(store)
        with store.read() as connection:
            empty = is_empty(connection)
        if empty:
            say("Storing the county …")
            _store(settings, plan, store, vault)
        _accounts(settings.data / ACCOUNTS, store)
    finally:
        store.close()
    if not plan.seeded:
        if not plan.cases:
            from dashboard.cli.history import tell

            tell(settings, plan)
        seeded(settings.data)
    return 0


def _store(settings: Settings, plan: DemoPlan, store: Store, vault: Vault) -> None:
    county = load(settings.county, geometry_checks=False)
    if not plan.cases:
        cameras = _clip_cameras(plan, county) if plan.clips else county.cameras
        store_county(store, replace(county, cameras=cameras), vault)
        return
    cases = Path(plan.cases)
    with table(cases) as rows:
        case_map = case_map_for(rows, plan.map)
    foreign = foreign_county(case_map, cases, plan, county)
    store_county(store, foreign, vault)
    with store.write() as connection:
        document = dict(read_directory(connection).county)
        put_document(connection, "county", {**document, "timezone": _county_of(case_map, plan).timezone})


def _county_of(case_map: CaseMap, plan: DemoPlan) -> CaseCounty:
    if case_map.county is None:
        raise Refusal(f"The map that reads {plan.cases} says no [county], which a demonstration of it needs.")
    return case_map.county


def foreign_county(case_map: CaseMap, cases: Path, plan: DemoPlan, like: County) -> County:
    """The county that a map describes: its names and grids, and the clocks and ladder of `like`.

    It has no categories and departments of its own yet: the cases bring them.

    Raises:
        Refusal: the map describes none, or its areas cannot be read.
    """
    names = _county_of(case_map, plan)
    file = Path(plan.areas) if plan.areas else (cases.parent / names.areas).resolve()
    grids = [replace(area, parent=names.code) for area in areas_of(file, names.areas_map)]
    whole = shapely.union_all([area.shape for area in grids])
    inside = whole.representative_point()
    west, south, east, north = whole.bounds
    root = replace(
        grids[0], code=names.code, name=names.name, name_en=names.name_en, level="county", kind="county", parent=None,
        households=0, label=(inside.x, inside.y), shape=whole,
    )  # fmt: skip
    county = replace(
        like, code=names.code, name=names.name, name_en=names.name_en, centre=names.centre, centre_en=names.centre_en,
        subtitle=names.subtitle, subtitle_en=names.subtitle_en, areas={area.code: area for area in (root, *grids)},
        map=MapView(((west + east) / 2, (south + north) / 2), (west, south, east, north)),
        departments={}, categories={}, cameras={}, posts=(), duty=(),
    )  # fmt: skip
    return replace(county, cameras=_clip_cameras(plan, county)) if plan.clips else county


def _clip_cameras(plan: DemoPlan, county: County) -> Mapping[str, Camera]:
    """One camera for each clip, spread over the grids."""
    files = playable(Path(plan.clips))
    grids = county.at_level("grid")
    cameras = {}
    for number, file in enumerate(files, 1):
        grid: Area = grids[(number * 7) % len(grids)]
        camera_id = f"{_CLIP_CAMERA}{number:06d}"
        cameras[camera_id] = Camera(
            id=camera_id, name=file.stem, name_en=file.stem, grid=grid.code, longitude=grid.label[0],
            latitude=grid.label[1], scene="", address=f"demo:{file.stem}", purpose="演示：录像回放",
            purpose_en="Demonstration", legal_basis="演示录像，按其许可使用",
            legal_basis_en="Demonstration footage under its licence", owner="demo", sign="演示",
            mask_review=plan.began.date(), focus=number == 1, line=0,
        )  # fmt: skip
    return cameras


def _accounts(file: Path, store: Store) -> None:
    """Accounts and tokens with made-up secrets, kept in `demo-accounts.json` (mode 600); a later start keeps them."""
    if file.exists():
        return
    try:
        with store.write() as connection:
            document = _made_accounts(connection)
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
                json.dump(document, out, indent=1)
    except BaseException:
        file.unlink(missing_ok=True)  # nobody may read passwords that were never stored
        raise


def _busiest(directory: Directory) -> str | None:
    """The department that most categories name, so that its desk is never empty; else the first one there is."""
    named = Counter(str(leaf["department"]) for leaf in directory.categories.values() if leaf["department"])
    return named.most_common(1)[0][0] if named else next(iter(directory.departments), None)


def _made_accounts(connection: Any) -> dict[str, Any]:
    now = real_now()
    directory = read_directory(connection)
    grid = next((code for code, area in directory.areas.items() if area["level"] == "grid"), None)
    places = {"grid": {"area": grid}, "department": {"department": _busiest(directory)}}
    accounts = []
    for role in ROLES:
        if role == "department" and not directory.departments:
            continue
        password = secrets.token_urlsafe(9)
        add_account(connection, role, role, password, now, **places.get(role, {}))
        accounts.append({"role": role, "name": role, "password": password})
    tokens = {name: create_token(connection, f"demo-{name}", scopes, now) for name, scopes in TOKENS.items()}
    return {"accounts": accounts, "tokens": tokens}
