"""The Excel file of what the page shows."""

from __future__ import annotations

from flask import Flask, Response, request
from pydantic import ValidationError

from dashboard.api.shapes import EvaluationQuery
from dashboard.evaluation.asking import told
from dashboard.evaluation.grid import grid
from dashboard.evaluation.workbook import MEDIA_TYPE, workbook
from dashboard.problems import Problem
from dashboard.reader import page_context
from dashboard.services import services, visitor


def register(server: Flask) -> None:
    """Add the route."""
    server.add_url_rule("/evaluation/export", "evaluation_export", _export)


def read_query(query: dict[str, str]) -> EvaluationQuery:
    """The query string of the page and of its file; empty fields ask for nothing.

    Raises:
        Problem: 422.
    """
    try:
        return EvaluationQuery.model_validate({name: value for name, value in query.items() if value})
    except ValidationError as error:
        raise Problem(422, str(error.errors()[0]["msg"]), field=str(error.errors()[0]["loc"][0])) from error


def _export() -> Response:
    context, parts = page_context(), services()
    found = told(parts, visitor(), read_query(dict(request.args.items())))
    body = workbook(context, grid(context, parts.directory(), found))
    response = Response(body, mimetype=MEDIA_TYPE)
    name = f"evaluation-{found.question.period}-{found.question.by}.xlsx"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
