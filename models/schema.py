"""The schema: taken to the newest, or asked whether it is."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from models.briefs import tables as _briefs  # noqa: F401  (its tables join the metadata)
from models.camera_health import tables as _camera_health  # noqa: F401  (its tables join the metadata)
from models.deskwork import tables as _desk  # noqa: F401  (as do these)
from models.duty import tables as _duty  # noqa: F401  (its tables join the metadata)
from models.emergencies import tables as _emergencies  # noqa: F401
from models.evaluation import tables as _evaluation  # noqa: F401 - its tables belong to the schema
from models.exchange import tables as _exchange  # noqa: F401  (its tables join the metadata)
from models.forecast import tables as _forecast  # noqa: F401  (its tables join the metadata)
from models.ladder import tables as _ladder  # noqa: F401
from models.overview import tables as _overview  # noqa: F401  (its tables join the metadata)
from models.past import tables as _past  # noqa: F401  (its tables join the metadata)
from models.search.tables import of_one_database
from models.store import Store
from models.tables import metadata
from models.watching import tables as _watching  # noqa: F401  (its tables belong to the same metadata)

MIGRATIONS = Path(__file__).resolve().parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def migrate(store: Store) -> None:
    """Take the schema to the newest version, in one transaction; nothing is done where it is there already."""
    with store.write() as connection:
        command.upgrade(_config(connection), "head")


def is_current(store: Store) -> bool:
    """Whether the stored schema is the one this program was written for."""
    with store.read() as connection:
        return MigrationContext.configure(connection).get_current_revision() == newest()


@cache
def newest() -> str | None:
    """The newest version's name; the files are read once."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def drift(connection: Connection) -> list[object]:
    """What the tables in the code have and the migrated database has not, or the other way round; empty when equal."""
    context = MigrationContext.configure(connection, opts={"include_name": lambda name, *_: not of_one_database(name)})
    return list(compare_metadata(context, metadata))


def write_revision(store: Store, message: str) -> None:
    """Draft the next migration from what the tables in the code have more (for developers: `make revision`)."""
    with store.write() as connection:
        command.revision(_config(connection), message, autogenerate=True)
