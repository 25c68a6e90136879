"""Alembic's entry: runs the migrations on the connection that `models.schema` hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from models.evaluation import tables as _evaluation  # noqa: F401 - its tables belong to the schema
from models.search.tables import of_one_database
from models.tables import Utc, metadata
from models.watching import tables as _watching  # noqa: F401


def _render(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    if kind == "type" and isinstance(item, Utc):
        autogen.imports.add("from models.tables import Utc")
        return "Utc()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=_render,
    include_name=lambda name, *_: not of_one_database(name),
)
with context.begin_transaction():
    context.run_migrations()
