"""The formulas in force, as the county has stored them."""

from __future__ import annotations

from sqlalchemy import Connection, select

from config.evaluation import Formulas
from config.reference import default_formulas
from config.tables import adapter
from models import tables as t
from models.reference import EVALUATION


def read(connection: Connection) -> Formulas:
    """The county's formulas; those that come with the product where it has stored none."""
    body = connection.execute(select(t.rules.c.body).where(t.rules.c.name == EVALUATION)).scalar()
    return adapter(Formulas).validate_python(body) if body else default_formulas()
