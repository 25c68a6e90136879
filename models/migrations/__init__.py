"""The schema's history, the same for SQLite and PostgreSQL."""
