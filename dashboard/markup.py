"""Components as HTML text, so that the same pure builders serve a page of Dash and a part that a module fetches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dash.development.base_component import Component
from markupsafe import Markup, escape

_NAMES = {"className": "class", "htmlFor": "for", "colSpan": "colspan", "rowSpan": "rowspan", "dateTime": "datetime"}
_EMPTY = frozenset({"img", "br", "hr", "input"})
_NOT_SHOWN = frozenset({"children", "n_clicks", "n_clicks_timestamp", "key"})


def markup(component: Any) -> Markup:
    """HTML of plain `dash.html` components; every text and attribute is escaped.

    Raises:
        TypeError: a component that lives from Dash's scripts, such as `dcc.Input`, has no HTML of its own.
    """
    return Markup("").join(_pieces(component))


def _pieces(thing: Any) -> Iterator[Markup]:
    if thing is None:
        return
    if isinstance(thing, list | tuple):
        for one in thing:
            yield from _pieces(one)
    elif isinstance(thing, Component):
        yield from _element(thing)
    else:
        yield escape(str(thing))


def _element(component: Component) -> Iterator[Markup]:
    whole = component.to_plotly_json()
    if whole["namespace"] != "dash_html_components":
        raise TypeError(f"{whole['type']} is no plain HTML; expected components of dash.html.")
    tag, properties = whole["type"].lower(), whole["props"]
    yield Markup(f"<{tag}")
    for name, value in sorted(properties.items()):
        if name not in _NOT_SHOWN:
            yield from _attribute(_NAMES.get(name, name), value)
    yield Markup(">")
    if tag not in _EMPTY:
        yield from _pieces(properties.get("children"))
        yield Markup(f"</{tag}>")


def _attribute(name: str, value: Any) -> Iterator[Markup]:
    if value is None or value is False:
        return
    if name == "style":
        raise TypeError("A style attribute would be refused by our own policy; expected a class.")
    yield Markup(" {}").format(name) if value is True else Markup(' {}="{}"').format(name, value)
