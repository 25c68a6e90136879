"""Keeps the search index: written in the transaction that files a case, so that what is on disk can be found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text, update

from models import tables as t
from models.masking import masked
from models.search.grams import grams, plain
from models.search.tables import case_text

BITE = 1_000
_INSERT = insert(case_text)
_CHANGE = update(case_text).where(case_text.c.case_id == bindparam("of_case"))
_ADD = text("INSERT INTO case_gram(rowid, grams) VALUES (:case_id, :tokens)")
_TAKE = text("INSERT INTO case_gram(case_gram, rowid, grams) VALUES ('delete', :case_id, :tokens)")


def body(case: Any) -> str:
    """What of a case can be searched: title, description and address, masked."""
    return plain(f"{case.title}\n{masked(case.description)}\n{masked(case.address)}")


def tokens(pieces: Iterable[str]) -> str:
    """Pieces as FTS5 gets them: hexadecimal, so that no tokenizer has an opinion on any character."""
    return " ".join(piece.encode().hex() for piece in pieces)


def add(connection: Connection, case: Any) -> None:
    """Index a new case. Call it in the transaction that files it."""
    add_all(connection, [case])


def add_all(connection: Connection, cases: Sequence[Any]) -> None:
    """Index several new cases."""
    rows = [_row(connection, case.id, body(case)) for case in cases]
    if rows:
        connection.execute(_INSERT, rows)
    if rows and connection.dialect.name == "sqlite":
        connection.execute(_ADD, [_tokens(row) for row in rows])


def change(connection: Connection, case: Any) -> None:
    """Index a case anew after its title, description or address was changed, in the same transaction."""
    known = connection.execute(select(case_text.c.body).where(case_text.c.case_id == case.id)).scalar()
    if known is None:
        return add(connection, case)
    row = _row(connection, case.id, body(case))
    if row["body"] == known:
        return None
    if connection.dialect.name == "sqlite":
        connection.execute(_TAKE, _tokens({"case_id": case.id, "body": known}))
        connection.execute(_ADD, _tokens(row))
    connection.execute(_CHANGE, {"of_case": case.id, "body": row["body"], "grams": row["grams"]})
    return None


def remove(connection: Connection, case_id: int) -> None:
    """Take a case out of the index, before its row goes."""
    known = connection.execute(select(case_text.c.body).where(case_text.c.case_id == case_id)).scalar()
    if known is None:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(_TAKE, _tokens({"case_id": case_id, "body": known}))
    connection.execute(delete(case_text).where(case_text.c.case_id == case_id))


def _row(connection: Connection, case_id: int, words: str) -> dict[str, Any]:
    pieces = grams(words) if connection.dialect.name == "postgresql" else None
    return {"case_id": case_id, "body": words, "grams": pieces}


def _tokens(row: dict[str, Any]) -> dict[str, Any]:
    return {"case_id": row["case_id"], "tokens": tokens(grams(row["body"]))}


def fill(connection: Connection, after: int = 0) -> int | None:
    """Index one bite of cases that have no text yet, by ascending id; returns the last id, None when all are done."""
    c = t.cases.c
    missing = (
        select(c.id, c.title, c.description, c.address)
        .outerjoin(case_text, case_text.c.case_id == c.id)
        .where(c.id > after, case_text.c.case_id.is_(None))
        .order_by(c.id)
        .limit(BITE)
    )
    rows: Sequence[Any] = connection.execute(missing).all()
    add_all(connection, rows)
    return int(rows[-1].id) if rows else None


def count(connection: Connection) -> int:
    """How many cases can be found by their text."""
    return int(connection.execute(select(func.count()).select_from(case_text)).scalar_one())
