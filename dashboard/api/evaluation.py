"""The evaluation and its appeals, for client systems and for our own pages."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint

from config.sentences import say
from dashboard.api import shapes
from dashboard.evaluation.asking import told
from dashboard.problems import Problem
from dashboard.services import services, visitor
from models.evaluation import appeals
from models.evaluation.periods import Month, Period, PeriodRefused
from models.evaluation.reading import Answer
from models.evaluation.reading import Row as Judged
from models.moves import Role


def register(api: APIBlueprint) -> None:
    """Add the routes."""
    answer: Any = {200: shapes.EvaluationAnswer}
    api.get("/evaluation", summary="Shares, scores and grades of a period", responses=answer)(_evaluation)
    api.post("/evaluation/appeals", summary="Ask that a case be taken out", responses={201: shapes.AppealAnswer})(
        _appeal
    )
    api.post(
        "/evaluation/appeals/<int:number>/actions/<action>",
        summary="Grant or refuse an appeal",
        responses={200: shapes.AppealAnswer},
    )(_decide)


def _evaluation(query: shapes.EvaluationQuery) -> Response:
    """By area, department or post; `weights` asks what would be with others (what-if)."""
    found = told(services(), visitor(), query)
    return jsonify(as_shape(found).model_dump(mode="json"))


def as_shape(found: Answer) -> shapes.EvaluationAnswer:
    """The answer as the API gives it."""
    question = found.question
    return shapes.EvaluationAnswer(
        period=str(question.period),
        by=question.by,
        level=question.level if question.by == "area" else None,
        as_of=found.told,
        closed=found.closed,
        waiting=[str(month) for month in found.waiting],
        valid_from=found.version.valid_from.isoformat(),
        small_sample=found.version.small_sample,
        whole=_row(found.whole) if found.whole else None,
        rows=[_row(row) for row in found.rows],
    )


def _row(row: Judged) -> shapes.EvaluationRow:
    now = row.now
    return shapes.EvaluationRow(
        code=row.code,
        score=_rounded(now.score),
        grade=now.grade,
        small_sample=now.small,
        sample=now.sample,
        before=_rounded(row.before.score),
        last_year=_rounded(row.last_year.score),
        without_appeals=_rounded(row.plain.score) if row.plain else None,
        what_if=_rounded(row.what_if.score) if row.what_if else None,
        what_if_grade=row.what_if.grade if row.what_if else None,
        shares={
            code: shapes.EvaluationShare(
                hits=one.hits, of=one.of, value=None if one.value is None else round(one.value, 4)
            )
            for code, one in now.shares.items()
        },
    )


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 1)


def _appeal(body: shapes.AppealBody) -> tuple[Response, int]:
    parts, who = services(), visitor()
    try:
        period = Period.read(body.month)
    except PeriodRefused as error:
        raise Problem(422, str(error), field="month") from error
    if period.kind != "month":
        raise Problem(422, say("Expected one month such as 2026-10; came {month!r}.", month=body.month), field="month")
    with parts.door.transaction() as (deed, facts):
        number = appeals.appeal(
            deed, parts.evaluation(), body.case, Month.read(body.month), body.indicator, body.reason, who.actor,
            parts.clock.now(),
        )  # fmt: skip
    parts.news.publish(facts)
    return jsonify(shapes.AppealAnswer(id=number, decision=None).model_dump()), 201


def _decide(path: shapes.AppealPath, body: shapes.DecisionBody) -> Response:
    parts, who = services(), visitor()
    decision = {"grant": "granted", "refuse": "refused"}.get(path.action)
    if decision is None:
        raise Problem(
            404, say("There is no action {action!r}; expected grant or refuse.", action=path.action), field="action"
        )
    if who.role is not Role.LEADER:
        raise Problem(
            403, say("{name} may not decide an appeal; it takes the role leader.", name=who.name), field="Authorization"
        )
    with parts.door.transaction() as (deed, facts):
        appeals.decide(deed, path.number, decision, body.answer, who.actor, parts.clock.now())
    parts.news.publish(facts)
    return jsonify(shapes.AppealAnswer(id=path.number, decision=decision).model_dump())
