"""Filters that an account keeps under names of its own, and cases that may be the same matter as a report in the making."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from flask import Response, jsonify
from flask_openapi3.blueprint import APIBlueprint
from pydantic import AfterValidator, BaseModel, Field, ValidationError

from config.sentences import say
from dashboard import casefile
from dashboard.api import shapes
from dashboard.problems import Problem
from dashboard.services import services, visitor
from models.deskwork import saved
from models.deskwork.candidates import alike
from models.duplicates import Facts
from models.geodesy import Frame, wgs84
from models.timebase import real_now


class FilterBody(shapes.Shape):
    """A filter to keep; one of the same name is replaced."""

    name: Annotated[str, Field(min_length=1, max_length=40), AfterValidator(shapes._line)]
    query: Annotated[str, Field(max_length=1_000), AfterValidator(shapes._line)]


class FilterPath(shapes.Known):
    """A kept filter, and what to do with it."""

    name: Annotated[str, Field(max_length=40), AfterValidator(shapes._line)]
    action: Annotated[str, Field(max_length=32), AfterValidator(shapes._line)]


class FilterRow(BaseModel):
    """A kept filter; `query` goes behind the `?` of `/cases`."""

    name: str
    query: str


class FilterList(BaseModel):
    """The filters of this account, oldest first."""

    filters: list[FilterRow]


class AlikeQuery(shapes.Shape):
    """What is known of a report in the making."""

    category: shapes.Code
    area: shapes.Code | None = None
    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)] | None = None
    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | None = None
    frame: Frame = "WGS-84"
    text: Annotated[shapes.Line, Field(max_length=200)] = ""
    happened_at: shapes.Written | None = None


class AlikeRow(BaseModel):
    """A case that may be the same matter: the score from 0 to 1, its parts, the distance in metres."""

    case: shapes.CaseRow
    score: float
    parts: dict[str, float]
    metres: float | None


class AlikeList(BaseModel):
    """Most alike first; a person decides."""

    cases: list[AlikeRow]


def register(api: APIBlueprint) -> None:
    """Add the routes."""
    api.get("/filters", summary="Your kept filters", responses={200: FilterList})(_kept_list)
    api.post("/filters", summary="Keep a filter", responses={200: FilterList})(_kept_keep)
    api.post("/filters/<name>/actions/<action>", summary="Remove a kept filter", responses={200: FilterList})(_kept_act)
    api.get("/duplicates", summary="Cases like a report in the making", responses={200: AlikeList})(_alike)
    api.get("/cases/<code>/duplicates", summary="Cases like this one", responses={200: AlikeList})(_alike_case)


# --- kept filters ----------------------------------------------------------------------------------------------------


def _kept_list() -> Response:
    """Nobody sees another's."""
    with services().store.read() as connection:
        rows = saved.kept(connection, visitor().name)
    filters = [FilterRow(name=row.name, query=row.query) for row in rows]
    return jsonify(FilterList(filters=filters).model_dump(mode="json"))


def _kept_keep(body: FilterBody) -> Response:
    """The query is checked as the list itself would check it."""
    query = checked(body.query)
    with services().store.write() as connection:
        saved.keep(connection, visitor().name, body.name, query, real_now())
    return _kept_list()


def checked(query: str) -> str:
    """A query as `/cases` takes it, without the place in the list.

    Raises:
        Problem: 422 naming `query`.
    """
    try:
        given = dict(parse_qsl(query.lstrip("?"), max_num_fields=20))
        given.pop("after", None)
        shapes.CaseQuery.model_validate(given)
    except (ValidationError, ValueError) as error:
        raise Problem(422, "This is no query of a list of cases.", field="query") from error
    return urlencode(given)


def _kept_act(path: FilterPath) -> Response:
    """The only action is `remove`."""
    if path.action != "remove":
        raise Problem(404, say("There is no action {action!r}; expected remove.", action=path.action), field="action")
    with services().store.write() as connection:
        if not saved.forget(connection, visitor().name, path.name):
            raise Problem(404, say("You keep no filter called {name!r}.", name=path.name), field="name")
    return _kept_list()


# --- cases like a report ---------------------------------------------------------------------------------------------


def _alike(query: AlikeQuery) -> Response:
    """Before a report is filed: what was already reported there lately."""
    longitude, latitude, area = query.longitude, query.latitude, query.area
    if longitude is not None and latitude is not None:
        longitude, latitude = wgs84(longitude, latitude, query.frame)
        grid = services().rules().places.grid_of(longitude, latitude)
        area = grid.code if grid else area
    happened_at = query.happened_at or services().clock.now()
    return _answer(Facts("", query.category, happened_at, area, longitude, latitude, query.text))


def _alike_case(path: shapes.CodePath) -> Response:
    """For a case that is there."""
    return _answer(casefile.facts(casefile.whole(services(), visitor(), path.code)))


def _answer(one: Facts) -> Response:
    moment = services().moment()
    with services().store.read() as connection:
        found = alike(connection, one, visitor().actor)
    rows = [
        AlikeRow(
            case=casefile.row(row, moment, services().rules()), score=pair.score, parts=pair.parts, metres=pair.metres
        )
        for pair, row in found
    ]
    return jsonify(AlikeList(cases=rows).model_dump(mode="json"))
