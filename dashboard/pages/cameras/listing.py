"""`/cameras`: every camera this reader may know of, worst first, with rates per unit and a small map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from dash import html

from dashboard.pages import parts
from dashboard.pages.cameras import parts as own
from dashboard.pages.context import PageContext
from dashboard.services import services, visitor
from models import desk
from models.camera_health import events, rates
from models.camera_health.rates import Rate
from models.directory import Directory
from models.timebase import real_now
from models.watching.register import subjects
from models.watching.rights import may_see

STATES = ("all", "fault", "offline", "live", "incomplete")
COLUMNS = ("name", "state", "faults", "since", "area", "owner", "online", "sound", "register")
DAYS, TREND = 7, 30
"""Days that the rates count, and that the lines show."""


@dataclass(frozen=True)
class Wanted:
    """Which cameras are listed."""

    state: str = "all"
    owner: str = ""
    text: str = ""


@dataclass(frozen=True)
class CamerasView:
    """What the page shows. `shown`: ids this reader may see pictures of."""

    directory: Directory
    states: Mapping[str, Any]
    faults: Mapping[str, frozenset[str]]
    rates: Mapping[str, Rate]
    units: Sequence[Rate]
    days: Sequence[tuple[date, Rate]]
    unit_days: Mapping[str, Sequence[tuple[date, Rate]]]
    shown: frozenset[str]
    wanted: Wanted
    now: datetime


def layout(context: PageContext, query: Mapping[str, str]) -> html.Div:
    """The page."""
    who, now = visitor(), real_now()
    last = now.astimezone(services().zone).date()
    first = last - timedelta(days=DAYS - 1)
    with services().store.read() as connection:
        known = subjects(connection, now.date())
        view = CamerasView(
            directory=services().directory(),
            states=desk.camera_states(connection),
            faults=events.all_standing(connection),
            rates={rate.unit: rate for rate in rates.by_unit(connection, first, last, "id")},
            units=rates.by_unit(connection, first, last),
            days=rates.by_day(connection, last - timedelta(days=TREND - 1), last),
            unit_days=rates.of_units(connection, last - timedelta(days=TREND - 1), last),
            shown=frozenset(code for code, subject in known.items() if may_see(who.role, who.area, subject)),
            wanted=wanted(query),
            now=now,
        )
    return build(context, view, _inside(view, who.area))


def wanted(query: Mapping[str, str]) -> Wanted:
    """The query as a filter; what is not known counts as nothing."""
    state = query.get("state", "all")
    return Wanted(state if state in STATES else "all", query.get("owner", "")[:64], query.get("text", "")[:60])


def _inside(view: CamerasView, area: str | None) -> list[Mapping[str, Any]]:
    """The cameras of the reader's area: of others he does not even learn that they are there."""
    cameras = list(view.directory.cameras.values())
    if area is None:
        return cameras
    towns = {code: row["town"] for code, row in view.directory.areas.items()}
    return [camera for camera in cameras if area in (camera["area"], towns.get(camera["area"] or ""))]


def build(context: PageContext, view: CamerasView, cameras: Sequence[Mapping[str, Any]]) -> html.Div:
    """The page."""
    listed = sorted((camera for camera in cameras if _fits(view, camera)), key=lambda camera: _rank(view, camera))
    body = html.Div(
        [
            html.Div([_filters(context, view, cameras), _table(context, view, listed)], className="cameras-left"),
            html.Div([_map(context), _units(context, view), _days(context, view)], className="cameras-right"),
        ],
        className="cameras-grid",
    )
    about = {"dots": [_dot(context, view, camera) for camera in listed if camera["longitude"]], "days": _points(_shown_days(view)),
             "units": {unit: _points(days) for unit, days in view.unit_days.items()}}  # fmt: skip
    words = ("watching.rates.online", "watching.rates.sound", "watching.map.none", "watching.rates.none")
    return own.page(
        context, "/cameras", [_title(context, view, cameras), body], module="cameras", about=about, words=words
    )


def _title(context: PageContext, view: CamerasView, cameras: Sequence[Mapping[str, Any]]) -> html.Div:
    online = sum(_state(view, camera) == "live" for camera in cameras)
    faulty = sum(bool(view.faults.get(camera["id"])) for camera in cameras)
    whole = _county(view)
    figures = [
        ("cameras-online", online, f"{online:,} / {len(cameras):,}"),
        ("cameras-faulty", faulty, f"{faulty:,}"),
        ("online-rate", whole.online, own.percent(whole.online) if whole.online is not None else "—"),
        ("sound-rate", whole.sound, own.percent(whole.sound) if whole.sound is not None else "—"),
    ]
    return html.Div(
        [
            html.H1(context.text("camera.title")),
            *(
                own.figure(context, name, "" if value is None else value, shown, context.text(f"watching.{name}"), view.now)
                for name, value, shown in figures
            ),
            parts.as_of(context, view.now),
        ],
        className="desk-title",
    )  # fmt: skip


def _county(view: CamerasView) -> Rate:
    """The whole county's rates: of the days shown, the last seven."""
    recent = [rate for _, rate in view.days[-DAYS:]]
    online = [rate.online for rate in recent if rate.online is not None]
    sound = [rate.sound for rate in recent if rate.sound is not None]
    return Rate("", 0, sum(online) / len(online) if online else None, sum(sound) / len(sound) if sound else None)


def _state(view: CamerasView, camera: Mapping[str, Any]) -> str:
    row = view.states.get(camera["id"])
    return row.state if row else "offline"


def _fits(view: CamerasView, camera: Mapping[str, Any]) -> bool:
    wanted, state = view.wanted, _state(view, camera)
    in_state = {
        "all": True,
        "fault": bool(view.faults.get(camera["id"])),
        "offline": state != "live",
        "live": state == "live",
        "incomplete": bool(camera["gaps"]),
    }[wanted.state]
    said = f"{camera['name']} {camera['name_en']} {camera['id']}".lower()
    return in_state and wanted.owner in ("", camera["owner"]) and wanted.text.lower() in said


def _rank(view: CamerasView, camera: Mapping[str, Any]) -> tuple[bool, bool, str]:
    """Faults first, then what is not online."""
    return not view.faults.get(camera["id"]), _state(view, camera) == "live", camera["id"]


# --- filters and table -----------------------------------------------------------------------------------------------


def _filters(context: PageContext, view: CamerasView, cameras: Sequence[Mapping[str, Any]]) -> html.Div:
    links = [
        html.A(
            context.text(f"watching.state.{state}"),
            href=f"/cameras?state={state}",
            className="chip-link",
            **({"aria-current": "true"} if state == view.wanted.state else {}),
        )
        for state in STATES
    ]
    owners = sorted({camera["owner"] for camera in cameras if camera["owner"]})
    options = [html.Option(context.text("watching.all_owners"), value="")]
    options += [html.Option(own.owner(context, view.directory, code), value=code) for code in owners]
    label = context.text("camera.owner")
    select = html.Label(
        [
            html.Span(label, className="unseen"),
            html.Select(options, className="desk-select", **{"data-ask": "owner", "aria-label": label}),
        ],
        **({"data-value": view.wanted.owner} if view.wanted.owner else {}),
    )
    return html.Div([html.Div(links, className="camera-chips"), select], className="filters camera-filters")


def _table(context: PageContext, view: CamerasView, listed: Sequence[Mapping[str, Any]]) -> html.Div:
    if not view.directory.cameras:
        return html.Div(html.P(context.text("camera.empty"), className="empty"), className="desk-table-box")
    head = html.Tr(
        [html.Th(context.text(f"watching.column.{name}"), className=f"col-{name}", scope="col") for name in COLUMNS]
    )
    rows = [_row(context, view, camera) for camera in listed]
    if not rows:
        rows = [html.Tr(html.Td(context.text("watching.none"), colSpan=len(COLUMNS), className="empty"))]
    return html.Div(
        html.Table([html.Thead(head), html.Tbody(rows)], className="desk-table cameras"),
        className="desk-table-box",
        **{"data-count": str(len(listed))},
    )


def _row(context: PageContext, view: CamerasView, camera: Mapping[str, Any]) -> html.Tr:
    code, row = camera["id"], view.states.get(camera["id"])
    rate = view.rates.get(code)
    return html.Tr(
        [
            html.Td(html.A(parts.name(context, camera), href=f"/cameras/{code}"), className="wide"),
            html.Td(own.state(context, row)),
            html.Td(own.faults(context, sorted(view.faults.get(code, ())))),
            html.Td(parts.when(context, row.since if row else None, view.now), className="num"),
            html.Td(_place(context, view.directory, camera)),
            html.Td(own.owner(context, view.directory, camera["owner"])),
            html.Td(own.rate(context, rate.online if rate else None), className="num"),
            html.Td(own.rate(context, rate.sound if rate else None), className="num"),
            html.Td(own.gaps(context, camera["gaps"])),
        ],
        **{"data-camera": code, "data-state": row.state if row else "offline"},
    )


def _place(context: PageContext, directory: Directory, camera: Mapping[str, Any]) -> str:
    area = directory.areas.get(camera["area"] or "")
    town = directory.areas.get(area["town"] or "") if area else None
    return parts.name(context, town or area)


# --- map and rates ---------------------------------------------------------------------------------------------------


def _map(context: PageContext) -> html.Section:
    return parts.panel(
        context.text("watching.map.title"), [html.Div(className="camera-map", **{"data-map": "cameras"})],
        name="camera-map-panel",
    )  # fmt: skip


def _dot(context: PageContext, view: CamerasView, camera: Mapping[str, Any]) -> dict[str, Any]:
    faulty = bool(view.faults.get(camera["id"]))
    return {
        "id": camera["id"],
        "name": parts.name(context, camera),
        "at": [camera["longitude"], camera["latitude"]],
        "state": "fault" if faulty else _state(view, camera),
    }


def _units(context: PageContext, view: CamerasView) -> html.Section:
    head = [context.text(f"watching.rates.{name}") for name in ("unit", "cameras", "online", "sound")]
    ranked = sorted(view.units, key=lambda rate: (rate.sound is None, rate.sound or 0.0, rate.unit))
    rows = [
        html.Tr(
            [
                html.Td(
                    [
                        html.A(
                            own.owner(context, view.directory, rate.unit), href=f"/cameras?owner={quote(rate.unit)}"
                        ),
                        html.Span(className="unit-line", **{"data-line": rate.unit}),
                    ]
                ),
                html.Td(f"{rate.cameras:,}", className="num"),
                html.Td(own.rate(context, rate.online), className="num"),
                html.Td(own.rate(context, rate.sound), className="num"),
            ],
            **{"data-unit": rate.unit},
            **({"aria-current": "true"} if rate.unit and rate.unit == view.wanted.owner else {}),
        )
        for rate in ranked
    ]
    table = html.Table(
        [html.Thead(html.Tr([html.Th(word) for word in head])), html.Tbody(rows)], className="desk-table"
    )
    body = (
        html.Div(table, className="desk-table-box")
        if rows
        else html.P(context.text("watching.rates.none"), className="empty")
    )
    return parts.panel(
        context.text("watching.rates.title"), [body], name="camera-units",
        tools=[html.Span(context.text("watching.rates.days", n=DAYS))],
    )  # fmt: skip


def _days(context: PageContext, view: CamerasView) -> html.Section:
    """The lines of the whole county, or of the unit that the list is narrowed to."""
    unit = view.wanted.owner
    title = own.owner(context, view.directory, unit) if unit else context.text("watching.rates.trend")
    return parts.panel(
        title, [html.Div(className="camera-plot", **{"data-plot": "days", "data-unit": unit})],
        tools=[html.Span(context.text("watching.rates.days", n=TREND))],
    )  # fmt: skip


def _shown_days(view: CamerasView) -> Sequence[tuple[date, Rate]]:
    return view.unit_days.get(view.wanted.owner, ()) if view.wanted.owner else view.days


def _points(days: Sequence[tuple[date, Rate]]) -> list[dict[str, Any]]:
    return [{"day": str(day)[:10], "online": rate.online, "sound": rate.sound} for day, rate in days]
