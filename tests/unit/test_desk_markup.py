"""Components as HTML text: escaped, complete, and nothing that our own policy would refuse."""

from __future__ import annotations

import pytest
from dash import dcc, html

from dashboard.deskwork.export import neutral
from dashboard.markup import markup


def test_texts_and_attributes_are_escaped() -> None:
    shown = markup(html.P("<script>alert(1)</script>", title='"><b>', className="a", **{"data-x": "'"}))
    assert shown == '<p class="a" data-x="&#39;" title="&#34;&gt;&lt;b&gt;">&lt;script&gt;alert(1)&lt;/script&gt;</p>'


def test_children_nest_and_empty_elements_do_not_close() -> None:
    assert markup(html.Div([html.Br(), None, html.B(3), ["x", html.Img(src="/a", alt="")]])) == (
        '<div><br><b>3</b>x<img alt="" src="/a"></div>'
    )


def test_true_is_a_bare_attribute_and_false_is_none() -> None:
    assert markup(html.Button("x", disabled=True, hidden=False)) == "<button disabled>x</button>"


def test_what_lives_from_scripts_or_brings_a_style_is_refused() -> None:
    with pytest.raises(TypeError, match=r"dash\.html"):
        markup(dcc.Input())
    with pytest.raises(TypeError, match="policy"):
        markup(html.P("x", style={"color": "red"}))


@pytest.mark.parametrize("cell", ["=1+1", "+86", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_calculate_is_text(cell: str) -> None:
    assert neutral(cell) == f"'{cell}"


def test_other_cells_are_left_alone() -> None:
    assert neutral("东门 = 西门") == "东门 = 西门"
