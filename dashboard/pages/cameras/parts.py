"""Small builders that the pages of cameras share. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dash import html

from config.gb28181 import explained
from dashboard.pages import parts
from dashboard.pages.context import PageContext

TABS = (
    ("/cameras", "watching.tab.list"),
    ("/cameras/health", "watching.tab.health"),
    ("/cameras/patrol", "watching.tab.patrol"),
    ("/cameras/register", "watching.tab.register"),
)


def tabs(context: PageContext, here: str) -> html.Nav:
    """The pages of cameras that this reader may open."""
    links = [
        html.A(
            context.text(key), href=path, className="state-tab", **({"aria-current": "page"} if path == here else {})
        )
        for path, key in TABS
        if path in context.paths
    ]
    return html.Nav(links, className="state-tabs", **{"aria-label": context.text("watching.tabs")})


def page(
    context: PageContext, here: str, children: Sequence[Any], *, module: str, words: Sequence[str] = (),
    about: Mapping[str, Any] | None = None,
) -> html.Div:  # fmt: skip
    """A page of cameras: the frame with its tabs. `about` reaches the page's module as JSON in `data-about`."""
    said = {"data-about": json.dumps(about or {}, ensure_ascii=False)}
    return parts.frame(
        context, "/cameras", [tabs(context, here), *children], module=module, words=("desk.stale", *words), about=said
    )


def state(context: PageContext, row: Any) -> html.Span:
    """The state of a camera as a dot and a word, with its reason."""
    code, reason = (row.state, row.reason) if row else ("offline", None)
    words = [html.Span(context.text(f"common.camera.{code}"))]
    if reason:
        words.append(html.Span(context.texts.get(f"cameras.reason.{reason}", reason), className="faint"))
    dot = html.I(className=f"dot dot-{code}", **{"aria-hidden": "true"})
    return html.Span([dot, *words], className="camera-state")


def faults(context: PageContext, names: Sequence[str]) -> list[html.Span]:
    """Faults as tags."""
    return [
        html.Span(context.text(f"health.fault.{name}"), className="tag tag-fault", **{"data-fault": name})
        for name in sorted(names)
    ]


def rate(context: PageContext, share: float | None) -> html.Span:
    """A rate as a number over a small bar; a dash for one that nothing was measured for."""
    if share is None:
        return html.Span(context.text("desk.unknown"), className="faint")
    level = "low" if share < 0.9 else "fair" if share < 0.98 else "good"
    return html.Span(
        [
            html.Span(percent(share), className="camera-rate-number"),
            html.Meter(value=f"{share:.4f}", min="0", max="1", className="camera-rate-bar", **{"aria-hidden": "true"}),
        ],
        className="camera-rate",
        **{"data-level": level},
    )


def percent(share: float) -> str:
    """`99.5 %`, rounded down: 100 % is all of it."""
    return f"{int(share * 1000) / 10:.1f} %"


def translated(context: PageContext, row: Mapping[str, Any], name: str) -> str:
    """A text of the register in the reader's language."""
    english = row.get(f"{name}_en") if context.language == "en" and row.get(name) else None
    return str(english or row.get(name) or context.text("desk.unknown"))


def gaps(context: PageContext, missing: Sequence[str]) -> html.Span:
    """What the register lacks, or that it is complete."""
    if not missing:
        return html.Span(context.text("camera.registered"), className="good")
    names = context.text("watching.comma").join(context.text(f"watching.gap.{name}") for name in missing)
    return html.Span(context.text("camera.missing", fields=names), className="bad")


def gb_id(context: PageContext, code: str) -> html.Span:
    """The id with its parts told apart, each explained on hover; plain where it is none of GB/T 28181."""
    found = explained(code, context.language)
    if not found:
        return html.Span(code, className="num")
    names = ("centre", "industry", "type", "network", "serial")
    return html.Span(
        [
            html.Span(digits, title=f"{context.text(f'watching.gb.{name}')}{f'：{meaning}' if meaning else ''}")
            for name, (digits, meaning) in zip(names, found, strict=True)
        ],
        className="gb-id num",
    )


def figure(context: PageContext, name: str, value: object, shown: str, label: str, as_of: datetime) -> html.Div:
    """A key figure with its label."""
    return html.Div(
        [
            html.Span(label, className="faint"),
            html.B(
                shown,
                className="num",
                **{
                    "data-figure": name, "data-value": str(value), "data-as-of": as_of.isoformat(), "data-state": "live",
                },
            ),
        ],
        className="camera-figure",
    )  # fmt: skip


def owner(context: PageContext, directory: Any, code: str) -> str:
    """The unit that answers for a camera."""
    row = directory.departments.get(code)
    return parts.name(context, row, short=True) if row else code or context.text("desk.unknown")
