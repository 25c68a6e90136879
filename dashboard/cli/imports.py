"""`gridcommand import`: places, departments, categories, cases, cameras and calendars from files.

Importing the same file again changes nothing. Reference data comes in whole or not at all; of cases the sound rows come
in, the others go to a list of rejects with their row number and reason.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click

from alerts.news import News
from config.columns import ForeignCase
from config.county import Area
from config.reference import one_table
from config.tables import Findings, features_of
from config.tabular import Row, table
from dashboard.cli.catalogue import import_catalogue, import_from_platform
from dashboard.cli.foreign import BATCH, PAUSE, Feeder, Reject, foreign_cases
from dashboard.cli.maps import areas_of, case_map_for
from dashboard.cli.parts import Parts, open_parts
from dashboard.cli.rejects import Rejects
from dashboard.cli.seen import Seen
from dashboard.cli.surveys import import_surveys
from dashboard.cli.terminal import Refusal, answer, progress, say
from models.directory import Directory
from models.directory import read as read_directory
from models.moves import Refused
from models.queries import by_external_ids
from models.reference import county_rules, put_nouns
from models.timebase import real_now

KINDS = (
    "areas", "departments", "categories", "cases", "cameras", "calendar", "sources", "posts", "duty", "duty-changes",
    "surveys",
)  # fmt: skip


@click.command("import")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--map", "map_", default="", help="How the columns are read: a file, or a name in config/maps.")
@click.option("--dry-run", is_flag=True, help="Change nothing; say what would happen.")
@click.option(
    "--from-platform", "platform", default="", help="Cameras: a GB/T 28181 platform's address (docs/cameras.md)."
)
@click.option(
    "--platform-key", envvar="GRIDCOMMAND_PLATFORM_KEY", default="", help="Its API key; better in the environment."
)
@click.option("--refresh", is_flag=True, help="Ask the platform for addresses that are known, too.")
def import_(
    kind: str, file: Path | None, map_: str, dry_run: bool, platform: str, platform_key: str, refresh: bool
) -> int:
    """Bring in KIND from FILE: CSV or Excel, areas as GeoJSON. The same file again changes nothing."""
    if platform:
        if kind != "cameras" or file is not None:
            raise click.UsageError("--from-platform goes with `cameras` and without a FILE.")
        with open_parts() as parts:
            import_from_platform(parts, platform, platform_key, dry_run, refresh)
        return 0
    if file is None:
        raise click.UsageError("Missing argument 'FILE'.")
    if not file.is_file():
        raise Refusal(f"There is no file {file}.")
    with open_parts() as parts:
        if kind == "cases":
            _import_cases(parts, file, map_, dry_run)
        elif kind == "surveys":
            import_surveys(parts, file, map_, dry_run)
        elif kind == "cameras":
            import_catalogue(parts, file, dry_run)
        else:
            _import_reference(parts, kind, file, map_, dry_run)
    return 0


# -- reference data ---------------------------------------------------------------------------------------------------


def _import_reference(parts: Parts, kind: str, file: Path, map_: str, dry_run: bool) -> None:
    with parts.store.read() as connection:
        directory, rules = read_directory(connection), county_rules(connection)
    if kind == "areas" and not _is_own(file):
        root = str(directory.county["code"])
        nouns: Sequence[Any] = [_under(area, root) for area in areas_of(file, map_)]
    else:
        _refuse_workbook(file)
        areas = {code: SimpleNamespace(**area) for code, area in directory.areas.items()}
        nouns, problems = one_table(file, kind, rules, areas, directory.departments)
        if problems:
            raise Refusal("\n".join(map(str, problems)))
    known = _known_codes(kind, directory)
    if kind in ("posts", "duty", "duty-changes"):
        return _import_whole(parts, kind, nouns, dry_run)
    new = sum(_key(noun) not in known for noun in nouns)
    if not dry_run:
        with parts.store.write() as connection:
            try:
                put_nouns(connection, nouns, parts.vault)
            except ValueError as error:
                raise Refusal(f"{file}: {error}") from error
    noun = "calendar days" if kind == "calendar" else kind
    answer(f"{len(nouns)} {noun} read: {new} new, {len(nouns) - new} known already{_dry(dry_run)}.")
    if kind == "calendar" and not dry_run:
        _rederive(parts)


def _rederive(parts: Parts) -> None:
    """Deadlines of open cases follow the calendar, each with a trace line and a fact."""
    parts.rules.forget()
    news = News(parts.settings.redis)
    try:
        found = parts.door.rederive(parts.clock.now(), news.publish)
    finally:
        news.close()
    answer(f"{found.looked} open cases looked at: {found.moved} deadlines worked out anew.")


def _import_whole(parts: Parts, kind: str, nouns: Sequence[Any], dry_run: bool) -> None:
    """Posts row by row, a roster as a whole."""
    if not dry_run:
        with parts.store.write() as connection:
            put_nouns(connection, nouns, parts.vault)
    answer(f"{len(nouns)} rows of {kind} read{_dry(dry_run)}.")


def _is_own(file: Path) -> bool:
    """Whether a GeoJSON file is in our own form: its areas say code and level themselves."""
    collected = features_of(file, Findings(file.name))
    first = collected.features[0].properties if collected and collected.features else {}
    return {"code", "level"} <= set(first)


def _under(area: Area, root: str) -> Area:
    return area if area.parent else replace(area, parent=root)


def _refuse_workbook(file: Path) -> None:
    if file.suffix.lower() in (".xlsx", ".xls"):
        raise Refusal(f"{file} is a workbook; reference data is read from CSV in UTF-8 (areas from GeoJSON).")


def _known_codes(kind: str, directory: Directory) -> set[str]:
    tables: Mapping[str, Mapping[str, Any]] = {
        "areas": directory.areas,
        "departments": directory.departments,
        "categories": directory.categories,
        "cameras": directory.cameras,
        "sources": directory.sources,
    }
    return set(tables.get(kind, {}))


def _key(noun: Any) -> str:
    return str(getattr(noun, "code", None) or getattr(noun, "id", None) or noun.day)


def _dry(dry_run: bool) -> str:
    return "; nothing was changed (dry run)" if dry_run else ""


# -- cases ------------------------------------------------------------------------------------------------------------


@dataclass
class _Counts:
    read: int = 0
    new: int = 0
    known: int = 0


def _import_cases(parts: Parts, file: Path, map_: str, dry_run: bool) -> None:
    counts = _Counts()
    news = News(parts.settings.redis)
    with table(file) as rows:
        case_map = case_map_for(rows, map_)
        feeder = Feeder(parts, case_map)
        rejects = Rejects(file, rows.columns, parts.settings.data, keep=not dry_run)
        intake = _DryRun(parts, feeder, case_map.client) if dry_run else _Intake(parts, feeder, news)
        try:
            with progress(f"import {file.name}", 1000) as show:
                for batch in _batches(foreign_cases(rows, case_map)):
                    counts.read += len(batch)
                    sound = list(_sound(batch, feeder, rejects))
                    counts.new += intake.take(sound, rejects)
                    show(round(rows.share() * 1000))
        finally:
            rejects.close()
            news.close()
    counts.known = counts.read - counts.new - rejects.count
    _tell(counts, feeder, rejects, dry_run)


def _tell(counts: _Counts, feeder: Feeder, rejects: Rejects, dry_run: bool) -> None:
    answer(
        f"{counts.read} rows read: {counts.new} new cases, {counts.known} known already, "
        f"{rejects.count} rejected{_dry(dry_run)}."
    )
    for what, made in (("categories", feeder.made_categories), ("departments", feeder.made_departments)):
        if made:
            answer(f"{len(made)} {what} made: {', '.join(sorted(made)[:5])}{' …' if len(made) > 5 else ''}")
    if rejects.count and not dry_run:
        say(f"The rejected rows and their reasons are in {rejects.file}.")


Found = tuple[Row, ForeignCase]


def _batches(found: Iterator[Found | Reject]) -> Iterator[list[Found | Reject]]:
    while batch := list(islice(found, BATCH)):
        yield batch


def _sound(batch: Sequence[Found | Reject], feeder: Feeder, rejects: Rejects) -> Iterator[Found]:
    now = real_now()
    for found in batch:
        if isinstance(found, Reject):
            rejects.add(found.row, found.reason)
        elif reason := feeder.refusal(found[1], now):
            rejects.add(found[0], reason)
        else:
            yield found


class _Intake:
    """Takes batches of cases through the door."""

    def __init__(self, parts: Parts, feeder: Feeder, news: News) -> None:
        self._parts, self._feeder, self._news = parts, feeder, news

    def take(self, sound: Sequence[Found], rejects: Rejects) -> int:
        """One transaction, then a pause for other people's writes; returns how many cases are new."""
        new = 0
        for _, case in sound:
            self._feeder.notice(case, dry_run=False)
        with self._feeder.door.transaction() as (deed, facts):
            for row, case in sound:
                try:
                    outcome = self._feeder.report(deed, case)
                except Refused as error:
                    rejects.add(row, str(error))
                    continue
                new += outcome.created
                if case.closed_at is not None and outcome.case.closed_at is None:
                    self._feeder.close(deed, outcome.case.code, case)
        self._news.publish(facts)
        time.sleep(PAUSE)
        return new


class _DryRun:
    """Says what a batch would do, and does nothing."""

    def __init__(self, parts: Parts, feeder: Feeder, client: str) -> None:
        self._parts, self._feeder, self._client = parts, feeder, client
        self._seen = Seen()

    def take(self, sound: Sequence[Found], _rejects: Rejects) -> int:
        """How many of these cases would be new."""
        with self._parts.store.read() as connection:
            known = by_external_ids(connection, self._client, [case.external_id for _, case in sound])
        for _, case in sound:
            self._feeder.notice(case, dry_run=True)
        return sum(self._seen.add(case.external_id) and case.external_id not in known for _, case in sound)
