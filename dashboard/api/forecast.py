"""Will-be-late with its back-test, and suggestions of category and department that a person confirms."""

from __future__ import annotations

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint

from dashboard import casefile, forecasts
from dashboard.api import forecast_shapes, shapes
from dashboard.services import services, visitor
from models import queries


def register(api: APIBlueprint) -> None:
    """Add the routes."""
    api.get(
        "/cases/<code>/suggestion",
        summary="Category and department that a case may belong to",
        responses={200: forecast_shapes.Suggestion},
    )(_of_case)
    api.post(
        "/suggestions",
        summary="Category and department that a text may belong to",
        responses={200: forecast_shapes.Suggestion},
    )(_of_text)
    api.get(
        "/forecast",
        summary="How will-be-late did on the past, beside the simple rule",
        responses={200: forecast_shapes.BackTestAnswer},
    )(_back_test)


def _of_case(path: shapes.CodePath) -> Response:
    """From the case's text, town and source, and what closed cases were. Nothing is set: a person confirms."""
    parts = services()
    with parts.store.read() as connection:
        case = queries.case(connection, path.code, visitor().actor)
    if case is None:
        raise casefile.no_case(path.code)
    found = forecasts.suggested(parts, case.description, category=case.category, area=case.area, source=case.source)
    return jsonify(found.model_dump(mode="json"))


def _of_text(body: forecast_shapes.SuggestionBody) -> Response:
    """For a report that is being written. The text is neither kept nor logged."""
    found = forecasts.suggested(
        services(), body.description, category=body.category, area=body.area, source=body.source
    )
    return jsonify(found.model_dump(mode="json"))


def _back_test() -> Response:
    """Brier scores of the newest back-test, and which of the two each department's cases are judged by."""
    return jsonify(forecasts.back_test(services()).model_dump(mode="json"))
