"""Two words with a planner: a column that no index is to be looked for by, and the few values of a column with an index."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CTE, ColumnElement, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement


class Plain(FunctionElement[Any]):
    """The value of a column. SQLite keeps no statistics here and takes any index of an equality, also one that names a
    tenth of all cases, before the small one of what is open; PostgreSQL knows better by itself."""

    inherit_cache = True
    name = "plain"


@compiles(Plain, "sqlite")
def _sqlite(element: Plain, compiler: Any, **kw: Any) -> str:
    return f"+{compiler.process(next(iter(element.clauses)), **kw)}"


@compiles(Plain)
def _as_it_is(element: Plain, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(next(iter(element.clauses)), **kw))


def plain(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """This column, but not for choosing an index."""
    found: ColumnElement[Any] = Plain(column)
    found.type = column.type
    return found


def values_of(column: ColumnElement[Any], name: str) -> CTE:
    """The values of a column that an index begins with, hopped from one to the next: as many steps as there are values,
    however many rows. The last row is NULL."""
    first = select(func.min(column).label("value")).cte(name, recursive=True)
    following = select(func.min(column)).where(column > first.c.value).scalar_subquery()
    return first.union_all(select(following).where(first.c.value.is_not(None)))
