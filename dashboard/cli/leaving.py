"""`gridcommand export`: cases, traces, orders, places, the evaluation of a period and the catalogue of cameras to a file.

The file is written beside its name and takes it only when it is whole. CSV opens in a spreadsheet without running anything;
JSON Lines keeps types. Each export leaves an audit line. Cases come in again with `import cases FILE --map export`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any

import click

from dashboard.cli.parts import Parts, open_parts
from dashboard.cli.rejects import harmless
from dashboard.cli.terminal import Refusal, answer, progress
from models import accounts
from models import directory as directories
from models.evaluation.periods import Period, PeriodRefused
from models.evaluation.reading import Counties, Question
from models.evaluation.reading import answer as evaluated
from models.exchange import leaving
from models.timebase import real_now
from models.watching.catalogue import COLUMNS, exported

FORMS = (".csv", ".jsonl")


@click.command()
@click.argument("kind", type=click.Choice([*leaving.KINDS, "evaluation", "cameras"]))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="First day, in the county's zone.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day.")
@click.option("--period", help="Evaluation: 2026-10, 2026-Q4 or 2026.")
@click.option("--by", type=click.Choice(["area", "department"]), default="area", show_default=True, help="Evaluation.")
def export(kind: str, file: Path, since: datetime | None, until: datetime | None, period: str | None, by: Any) -> int:
    """Write KIND to FILE (.csv or .jsonl). Reporters never leave, free text leaves masked."""
    if file.exists():
        raise Refusal(f"{file} exists already; choose another name.")
    if not file.parent.is_dir():
        raise Refusal(f"There is no folder {file.parent}.")
    if file.suffix not in FORMS:
        raise Refusal(f"Expected a name that ends with {' or '.join(FORMS)}, got {file.name}.")
    if kind != "evaluation" and period:
        raise click.UsageError("--period goes with `evaluation`.")
    if kind in ("evaluation", "cameras", "places") and (since or until):
        raise click.UsageError(f"{kind} has no days; leave --from and --until out.")
    with open_parts() as parts:
        if kind == "cameras":
            written = _cameras(parts, file)
        elif kind == "evaluation":
            written = _evaluation(parts, file, period, by)
        else:
            written = _table(parts, kind, file, since, until)
        detail = {"rows": written, "from": _day(since), "until": _day(until), "period": period or ""}
        with parts.store.write() as connection:
            accounts.audit(
                connection, "console", "admin", f"export.{kind}", real_now(), object=file.name[:120], detail=detail
            )
    answer(f"{written:,} rows were written to {file}.")
    return 0


def _day(moment: datetime | None) -> str:
    return moment.date().isoformat() if moment else ""


def _table(parts: Parts, name: str, file: Path, since: datetime | None, until: datetime | None) -> int:
    kind, zone = leaving.KINDS[name], parts.settings.zone

    def start(day: date) -> datetime:
        return datetime.combine(day, time(), zone)

    first = start(since.date()) if since else None
    end = start(until.date() + timedelta(days=1)) if until else None
    if first and end and first >= end:
        raise Refusal("--until lies before --from.")
    with parts.store.read() as connection:
        total = leaving.count(connection, kind, first, end)
    with progress(name, total) as bar:
        return _written(file, leaving.columns(kind), leaving.rows(parts.store, kind, first, end), bar)


def _cameras(parts: Parts, file: Path) -> int:
    """The catalogue as `import cameras` takes it again; addresses come without user and password."""
    with parts.store.read() as connection:
        rows = exported(connection, parts.vault)
    return _written(file, COLUMNS, rows, lambda done: None)


def _evaluation(parts: Parts, file: Path, text: str | None, by: Any) -> int:
    if not text:
        raise click.UsageError("The evaluation needs a --period, such as 2026-10.")
    try:
        period = Period.read(text)
    except PeriodRefused as error:
        raise Refusal(str(error)) from error
    with parts.store.read() as connection:
        directory = directories.read(connection)
    codes = tuple(directory.departments) if by == "department" else tuple(directory.towns)
    county = Counties(parts.store, parts.rules)()
    found = evaluated(parts.store, county, Question(period, by, codes), parts.clock.now())
    if found.waiting:
        raise Refusal(
            f"The books of {', '.join(map(str, found.waiting))} are still being written; try again in a while."
        )
    names = list(found.version.by_code)
    columns = ("period", "by", "code", "score", "grade", "cases", *names)
    return _written(file, columns, (_judged(period, by, row.now, names) for row in found.rows), lambda done: None)


def _written(file: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]], bar: Any) -> int:
    done = 0
    with _whole(file) as out:
        put = _csv(out, columns) if file.suffix == ".csv" else _lines(out)
        for row in rows:
            put(row)
            done += 1
            if done % leaving.BITE == 0:
                bar(done)
    return done


@contextmanager
def _whole(file: Path) -> Iterator[IO[str]]:
    """A file that takes its name once all is in it; nothing of it stays where something went wrong."""
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("w", encoding="utf-8-sig" if file.suffix == ".csv" else "utf-8", newline="") as out:
            yield out
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _csv(out: IO[str], columns: Sequence[str]) -> Any:
    writer = csv.writer(out)
    writer.writerow(columns)
    return lambda row: writer.writerow([_cell(row[name]) for name in columns])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return harmless(value) if isinstance(value, str) else str(value)


def _lines(out: IO[str]) -> Any:
    return lambda row: out.write(json.dumps(dict(row), ensure_ascii=False, separators=(",", ":")) + "\n")


def _judged(period: Period, by: str, judged: Any, names: Sequence[str]) -> dict[str, Any]:
    """A row of the evaluation: shares as numbers between 0 and 1; empty where nothing was due."""
    shares = {name: judged.shares.get(name) for name in names}
    told = {name: None if one is None or one.value is None else round(one.value, 6) for name, one in shares.items()}
    known = {"period": str(period), "by": by, "code": judged.code, "cases": judged.sample}
    return {**known, "score": judged.score, "grade": judged.grade or "", **told}
