"""`gridcommand migrate`, `check` and `bench`."""

from __future__ import annotations

from pathlib import Path

import click

from bench.run import BENCHES
from bench.run import run as run_bench
from config.briefs import BriefsError, brief_rules
from config.cameras import CamerasError, camera_rules
from config.columns import load_map
from config.reference import check as faults_of
from config.reference import load
from config.settings import Settings, from_environment
from config.surveys import load_survey_map
from config.tables import ReferenceError
from config.texts import load as load_texts
from dashboard.cli.maps import MAPS
from dashboard.cli.terminal import Refusal, answer, say
from models.reference import is_empty, store_county
from models.schema import migrate as newest_schema
from models.store import Store
from models.vault import Vault


@click.command()
def migrate() -> None:
    """Take the database's schema to the newest; an empty database also gets the county of GRIDCOMMAND_COUNTY."""
    settings = from_environment()
    store = Store(settings.database)
    try:
        newest_schema(store)
        if stored := store_first_county(settings, store):
            say(f"Stored {stored}.")
    finally:
        store.close()


def store_first_county(settings: Settings, store: Store) -> str | None:
    """Store the county of the settings where none is stored yet; its name, or None where one was there."""
    with store.read() as connection:
        if not is_empty(connection):
            return None
    county = load(settings.county, geometry_checks=False)
    store_county(store, county, Vault(settings.secret()))
    return f"{county.name} ({len(county.areas)} areas, {len(county.categories)} categories)"


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
def check(folder: Path | None) -> int:
    """Validate configuration and reference data; every fault with its file and line. FOLDER: another county."""
    settings = from_environment()
    found = [str(problem) for problem in faults_of(folder or settings.county)]
    for file in sorted(MAPS.rglob("*.toml")):
        try:
            (load_survey_map if file.parent.name == "surveys" else load_map)(file)
        except ReferenceError as error:
            found += [str(problem) for problem in error.problems]
    for read in (camera_rules, brief_rules):
        try:
            read(folder or settings.county)
        except (CamerasError, BriefsError) as error:
            found.append(str(error))
    load_texts()
    for fault in found:
        answer(fault)
    if found:
        raise Refusal(f"{len(found)} fault{'s' if len(found) > 1 else ''} found in {folder or settings.county}.")
    answer("Settings, reference data, maps and texts are sound.")
    return 0


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("name", required=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(name: str | None, arguments: tuple[str, ...]) -> int:
    """Measure NAME on this machine; the last line is one JSON object of figures. Without NAME: what there is."""
    if name is None:
        answer("\n".join(f"{known}: {what}" for known, what in BENCHES.items()))
        return 0
    if name not in BENCHES:
        raise Refusal(f"There is no benchmark {name!r}; there are {', '.join(BENCHES)}.")
    return run_bench(name, arguments)
