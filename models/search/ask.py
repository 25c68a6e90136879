"""How cases are searched: by the index where a term is rare, by the order of the list where it is common.

A term that is in few texts is looked up in the index. A term that is in very many would make the index name them all
before the newest fifty could be shown; there, the list is walked in its own order and each text is asked, which ends
after a few hundred. Which of the two holds is found out first, by asking the index for no more than `COMMON` rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    and_,
    bindparam,
    exists,
    false,
    func,
    or_,
    select,
    text,
    union,
)
from sqlalchemy import case as when
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.types import NullType

from models import tables as t
from models.indexing import values_of
from models.search.grams import Question, Unsearchable, question
from models.search.index import tokens
from models.search.tables import case_text

COMMON = 10_000
"""Texts in which a question's pieces may be before it counts as common."""
SAMPLE = 1_000
"""The newest texts, by which PostgreSQL is told at once that a term is common."""
LONGEST_NUMBER, MOST_NUMBERED = 120, 50
__all__ = ["COMMON", "Search", "Unsearchable", "search"]


class Narrowed(FunctionElement[Any]):
    """The ids of the cases whose texts have all these pieces: a subquery in the words of either database.

    No `Boolean`: for SQLite that would be written as `… IN (…) = 1`, which keeps its planner from using the index.
    """

    type = NullType()
    inherit_cache = True
    name = "narrowed"


@compiles(Narrowed, "sqlite")
def _sqlite(element: Narrowed, compiler: Any, **kw: Any) -> str:
    case_id, hexed, _ = (compiler.process(clause, **kw) if at < 2 else "" for at, clause in enumerate(element.clauses))
    return f"{case_id} IN (SELECT rowid FROM case_gram WHERE case_gram MATCH {hexed})"  # noqa: S608 - compiled parts


@compiles(Narrowed, "postgresql")
def _postgres(element: Narrowed, compiler: Any, **kw: Any) -> str:
    case_id, _, pieces = (
        compiler.process(clause, **kw) if at != 1 else "" for at, clause in enumerate(element.clauses)
    )
    held = f"grams @> string_to_array({pieces}, ' ')"
    return f"{case_id} IN (SELECT case_id FROM case_text WHERE {held})"  # noqa: S608 - compiled parts


def _narrowed(asked: Question, case_id: ColumnElement[Any]) -> ColumnElement[bool]:
    hexed = " AND ".join(tokens([piece]) for piece in asked.pieces)
    return Narrowed(case_id, bindparam(None, hexed), bindparam(None, " ".join(asked.pieces)))


def _has(asked: Question) -> list[ColumnElement[bool]]:
    return [case_text.c.body.contains(term, autoescape=True) for term in asked.terms]


def _holds(asked: Question) -> ColumnElement[bool]:
    """The text of the case has every term."""
    return exists(select(1).where(case_text.c.case_id == t.cases.c.id, *_has(asked)))


def _read(asked: Question) -> ColumnElement[bool]:
    """The same, as a value that is worked out case by case. Of an `EXISTS` PostgreSQL makes a join with all texts there are,
    because it takes a common term for a rare one."""
    held = select(and_(*_has(asked))).where(case_text.c.case_id == t.cases.c.id)
    return cast(ColumnElement[bool], held.scalar_subquery())


@dataclass(frozen=True)
class Search:
    """What somebody typed: `asked` is None where it can only be a number. Three ways to the same cases."""

    words: str
    asked: Question | None

    @property
    def by_index(self) -> ColumnElement[bool]:
        """Quick where few texts have the pieces."""
        if self.asked is None:
            return false()
        narrowed = _narrowed(self.asked, t.cases.c.id)
        return narrowed if self.asked.exact else and_(narrowed, _holds(self.asked))

    @property
    def any_way(self) -> ColumnElement[bool]:
        """Right without asking the database first: by the index, or by a number."""
        return or_(self.by_index, t.cases.c.id.in_(self._numbered))

    @property
    def _numbered(self) -> CompoundSelect[Any]:
        """The ids of the cases of which this is the number, or that of an order or the source's own, typed out."""
        c, o, known = t.cases.c, t.orders.c, self.words.strip()
        clients = values_of(c.client, "clients")  # so that a source's number needs no index of its own
        return union(
            select(c.id).where(c.code.in_({known, known.upper()})),
            select(o.case_id).where(o.number == known.upper()),
            select(c.id).join(clients, clients.c.value == c.client).where(c.external_id == known),
        )

    def condition(self, connection: Connection) -> tuple[ColumnElement[bool], bool]:
        """The quickest condition, and whether the terms are common."""
        ids = self._numbers(connection)
        if ids or self.asked is None:
            return t.cases.c.id.in_(ids), False
        common = is_common(connection, self.asked)
        return (_read(self.asked) if common else self.by_index), common

    def _numbers(self, connection: Connection) -> list[int]:
        """Cases whose number is just what was typed; asked only where it looks like one."""
        if not _is_number(self.words):
            return []
        return list(connection.execute(self._numbered.limit(MOST_NUMBERED)).scalars())


def is_common(connection: Connection, asked: Question) -> bool:
    """Whether more than `COMMON` texts have the pieces, by the newest texts where they tell it already: PostgreSQL gathers
    all that the index names before it counts the first."""
    if connection.dialect.name == "postgresql" and _is_common_now(connection, asked):
        return True
    hexed = " AND ".join(tokens([piece]) for piece in asked.pieces)
    values = {"hexed": hexed, "pieces": list(asked.pieces), "most": COMMON + 1}
    return int(connection.execute(_PROBES[connection.dialect.name], values).scalar_one()) > COMMON


def _is_common_now(connection: Connection, asked: Question) -> bool:
    newest = select(case_text.c.case_id, case_text.c.body).order_by(case_text.c.case_id.desc()).limit(SAMPLE)
    found = newest.subquery()
    has = and_(*(found.c.body.contains(term, autoescape=True) for term in asked.terms))
    sums = select(func.count(), func.sum(when((has, 1), else_=0)), func.max(found.c.case_id))
    looked_at, held, last = connection.execute(sums).one()
    return bool(looked_at) and held * last > COMMON * looked_at


_PROBES = {
    "sqlite": text("SELECT count(*) FROM (SELECT 1 FROM case_gram WHERE case_gram MATCH :hexed LIMIT :most) AS found"),
    "postgresql": text(
        "SELECT count(*) FROM (SELECT 1 FROM case_text WHERE grams @> CAST(:pieces AS text[]) LIMIT :most) AS found"
    ),
}


def _is_number(words: str) -> bool:
    words = words.strip()
    return " " not in words and len(words) <= LONGEST_NUMBER and any(char.isdigit() for char in words)


def search(words: str) -> Search:
    """What these words ask for.

    Raises:
        Unsearchable: nothing in them can be looked up.
    """
    try:
        return Search(words, question(words))
    except Unsearchable:
        if _is_number(words):
            return Search(words, None)
        raise
