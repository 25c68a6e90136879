"""The migrations and the tables in the code are the same schema, on SQLite and on PostgreSQL."""

from __future__ import annotations

from sqlalchemy import text

from models import schema
from models.store import Store


def test_migrated_schema_equals_the_tables_in_the_code(store: Store) -> None:
    assert schema.is_current(store)
    with store.read() as connection:
        assert schema.drift(connection) == []


def test_drift_notices_a_missing_column(store: Store) -> None:
    with store.write() as connection:
        connection.execute(text("ALTER TABLE camera DROP COLUMN sign"))
    with store.read() as connection:
        assert any("sign" in repr(difference) for difference in schema.drift(connection))


def test_migrating_again_changes_nothing(store: Store) -> None:
    schema.migrate(store)
    assert schema.is_current(store)
