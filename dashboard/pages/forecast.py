"""How a forecast and a suggestion look on any page: a sign in a row, a panel with the numbers behind it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.api.forecast_shapes import BrierScore, Forecast, Measured, SuggestedCode, Suggestion
from dashboard.api.shapes import CaseRow
from dashboard.pages import parts
from dashboard.pages.context import PageContext


def sign(context: PageContext, case: CaseRow) -> list[Any]:
    """The sign of a row that will be late, with its chance where the department's past gives one; nothing else."""
    if not case.will_be_late:
        return []
    chance = case.late_chance
    words = context.text("forecast.likely")
    more = (
        context.text("forecast.by_rule")
        if chance is None
        else context.text("forecast.chance", percent=_percent(chance))
    )
    number = [] if chance is None else [html.B(f"{_percent(chance)}%", className="num")]
    about = {"data-late-basis": case.late_basis or "", "data-late-chance": "" if chance is None else f"{chance:.3f}"}
    return [html.Span([html.Span(words), *number], className="late-sign", title=more, **about)]


def panel(context: PageContext, found: Forecast | None) -> list[Any]:
    """Will it be late: the answer, the three numbers behind it, and how such answers did before."""
    if found is None:
        return []
    head = context.text("forecast.by_rule")
    if found.chance is not None:
        head = context.text("forecast.chance", percent=_percent(found.chance))
    likely = [html.Span(context.text("forecast.likely"), className="late-sign")] if found.likely else []
    body: list[Any] = [
        html.P([html.B(head), *likely], className="late-head"),
        html.Ul([html.Li(line) for line in _reasons(context, found)], className="late-why"),
    ]
    if found.score is not None:
        body.append(html.P(_test(context, found.score), className="faint case-note"))
    about = {"data-late-basis": found.basis, "data-late-chance": "" if found.chance is None else f"{found.chance:.4f}"}
    return [html.Div(parts.panel(context.text("forecast.title"), body, name="case-forecast"), **about)]


def _reasons(context: PageContext, found: Forecast) -> list[str]:
    if found.chance is None or found.own is None or found.county is None or found.weight is None:
        return [context.text("forecast.rule_why" if found.score else "forecast.not_yet")]
    used = min(int(found.used * 20) * 5, 95)
    return [
        context.text("forecast.own", used=used, cases=f"{found.cases:,}", percent=_percent(found.own)),
        context.text("forecast.county", percent=_percent(found.county)),
        context.text("forecast.weight", percent=_percent(found.weight)),
    ]


def _test(context: PageContext, score: BrierScore) -> str:
    rules = [rule for rule in (score.rule, score.plain_rule) if rule is not None]
    return context.text(
        "forecast.test",
        judged=f"{score.judged:,}",
        late=f"{score.late:,}",
        history=_brier(score.history),
        rule=_brier(min(rules, default=None)),
    )


def _percent(share: float) -> str:
    return f"{share * 100:.0f}"


def _brier(score: float | None) -> str:
    return "–" if score is None else f"{score:.3f}"


# --- suggestions -----------------------------------------------------------------------------------------------------


def suggestion(context: PageContext, found: Suggestion) -> Any:
    """Categories and departments that a text may belong to, each with its measured accuracy; a person confirms."""
    body = [
        *_suggested(context, "category", found.categories, found.category_measured),
        *_suggested(context, "department", found.departments, found.department_measured),
        html.P(context.text("suggestion.confirm"), className="faint case-note"),
    ]
    return parts.panel(context.text("suggestion.title"), body, name="case-suggestion")


def _suggested(context: PageContext, kind: str, codes: Sequence[SuggestedCode], measured: Measured | None) -> list[Any]:
    buttons = [
        html.Button(
            parts.name(context, code.model_dump()),
            type="button",
            className="tool tool-small",
            **{"data-suggest": kind, "data-code": code.code},
        )
        for code in codes
    ]
    words = context.text("suggestion.unmeasured")
    if measured is not None:
        shares = {"top1": _percent(measured.top1), "top3": _percent(measured.top3)}
        words = context.text("suggestion.measured", rows=f"{measured.rows:,}", **shares)
    return [
        html.Div(
            [html.Span(context.text(f"suggestion.{kind}"), className="faint"), *buttons]
            if buttons
            else [html.Span(context.text("suggestion.none"), className="faint")],
            className="suggested",
        ),
        html.P(words, className="faint case-note"),
    ]
