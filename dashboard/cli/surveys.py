"""`gridcommand import surveys`: answers of return calls and third parties' results, for the evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from config.columns import RowRefused
from config.surveys import SurveyMap, load_survey_map
from config.tabular import Row, Table, table
from dashboard.cli.foreign import BATCH, Names, Reject
from dashboard.cli.maps import MAPS
from dashboard.cli.parts import Parts
from dashboard.cli.rejects import Rejects
from dashboard.cli.terminal import Refusal, answer, say
from models.duty.surveys import Closing, case_codes, put_surveys
from models.evaluation.books import county
from models.timebase import real_now

FOLDER = MAPS / "surveys"


def import_surveys(parts: Parts, file: Path, named: str, dry_run: bool) -> None:
    """Bring answers in; the same file again changes nothing."""
    new = changed = read = 0
    closing = _closing(parts)
    with table(file) as rows:
        survey_map = _map_for(rows, named)
        names = Names.of(parts)
        rejects = Rejects(file, rows.columns, parts.settings.data, keep=not dry_run)
        try:
            found = _rows(rows, survey_map)
            while batch := list(islice(found, BATCH)):
                read += len(batch)
                sound = list(_sound(parts, batch, survey_map, names, rejects))
                if not dry_run:
                    with parts.store.write() as connection:
                        more = put_surveys(connection, sound, closing)
                    new, changed = new + more[0], changed + more[1]
        finally:
            rejects.close()
    known = read - rejects.count - new - changed
    dry = "; nothing was changed (dry run)" if dry_run else ""
    told = f"{read - rejects.count} sound" if dry_run else f"{new} new, {changed} changed, {known} known already"
    answer(f"{read} answers read: {told}, {rejects.count} rejected{dry}.")
    if rejects.count and not dry_run:
        say(f"The rejected rows and their reasons are in {rejects.file}.")


def _closing(parts: Parts) -> Closing:
    rules = parts.rules()
    with parts.store.read() as connection:
        formulas = county(connection, rules.zone).formulas
    return Closing(real_now(), rules.zone, formulas.grace_days)


def _map_for(rows: Table, named: str) -> SurveyMap:
    """The named map, or the only one of config/maps/surveys whose columns the file has.

    Raises:
        Refusal: there is none, or several fit. TableError: the file lacks columns of the named map.
    """
    if named:
        for candidate in (Path(named), FOLDER / named, FOLDER / f"{named}.toml"):
            if candidate.is_file():
                found = load_survey_map(candidate)
                rows.require(found.needed_columns())
                return found
        raise Refusal(f"There is no map of answers {named!r} in config/maps/surveys.")
    maps = {path.stem: load_survey_map(path) for path in sorted(FOLDER.glob("*.toml"))}
    fitting = [name for name, map_ in maps.items() if set(map_.needed_columns()) <= set(rows.columns)]
    if len(fitting) != 1:
        which = f"several fit: {', '.join(fitting)}" if fitting else "none fits"
        raise Refusal(f"Of the maps in config/maps/surveys {which}; name one with --map.")
    return maps[fitting[0]]


Found = tuple[Row, dict[str, Any]]


def _rows(rows: Table, survey_map: SurveyMap) -> Iterator[Found | Reject]:
    for row in rows.rows():
        try:
            yield Reject(row, row.problem) if row.problem else (row, survey_map.row(row.cells))
        except RowRefused as error:
            yield Reject(row, str(error))


def _sound(
    parts: Parts, batch: list[Found | Reject], survey_map: SurveyMap, names: Names, rejects: Rejects
) -> Iterator[dict[str, Any]]:
    """The rows whose case, area and department we know, with our codes."""
    named = [found[1]["case"] for found in batch if not isinstance(found, Reject) and found[1]["case"]]
    with parts.store.read() as connection:
        cases = case_codes(connection, survey_map.case_client, named)
    for found in batch:
        if isinstance(found, Reject):
            rejects.add(found.row, found.reason)
            continue
        row, values = found
        reason = _unknown(values, survey_map, names, cases)
        if reason:
            rejects.add(row, reason)
        else:
            yield _with_codes(values, names, cases)


def _unknown(values: Mapping[str, Any], survey_map: SurveyMap, names: Names, cases: Mapping[str, Any]) -> str | None:
    columns = survey_map.columns
    if values["case"] and survey_map.case_client and values["case"] not in cases:
        return (
            f"{columns.case}: there is no case {values['case']!r} of {survey_map.case_client}; import the cases first"
        )
    for name, known in (("area", names.areas), ("department", names.departments)):
        if values[name] and values[name] not in known:
            return f"{getattr(columns, name)}: there is no {name} {values[name]!r}"
    return None


def _with_codes(values: Mapping[str, Any], names: Names, cases: Mapping[str, Any]) -> dict[str, Any]:
    case = cases.get(values["case"])
    kept = {name: value for name, value in values.items() if name != "case"}
    return kept | {
        "case_code": case.code if case else None,
        "area": names.areas.get(values["area"]) or (case.area if case else None),
        "department": names.departments.get(values["department"]) or (case.department if case else None),
    }
