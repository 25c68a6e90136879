"""`gridcommand import cameras`: a catalogue from CSV, Excel or a running platform; and `gridcommand export cameras`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from config.catalogue import CatalogueRefused, Known, camera, headings
from config.tabular import Row, table
from dashboard.cli.parts import Parts
from dashboard.cli.rejects import Rejects
from dashboard.cli.terminal import Refusal, answer, say
from models.directory import read as read_directory
from models.moves import Actor, Role
from models.timebase import real_now
from models.watching.catalogue import exported
from models.watching.register import enter
from streams.addresses import AddressRefusedError, AddressRules, RemoteAddress, listed, networks, parsed, refuse_host
from streams.platform import Channel, Platform, PlatformError

IMPORTER = Actor("import", Role.SYSTEM)
BATCH = 200


@dataclass
class _Tally:
    read: int = 0
    new: int = 0
    changed: int = 0
    seen: set[str] = field(default_factory=set)
    stored: frozenset[str] = frozenset()
    """Ids that the register had before."""


def import_catalogue(parts: Parts, file: Path, dry_run: bool) -> None:
    """Take the sound rows; the others go to a list with row number and reason. The same file again changes nothing."""
    known, tally = known_to(parts), _Tally(stored=stored(parts))
    with table(file) as rows:
        columns = headings(rows.columns)
        if "id" not in columns:
            raise Refusal(f"{file.name} has no column for the 20-digit id (id, 国标编号, 设备编码 …).")
        rejects = Rejects(file, rows.columns, parts.settings.data, keep=not dry_run)
        try:
            sound = _sound(rows.rows(), columns, known, rejects, tally)
            _enter(parts, sound, tally, dry_run, f"catalogue {file.name}"[:200])
        finally:
            rejects.close()
    _told(tally, rejects.count, dry_run)
    if rejects.count and not dry_run:
        say(f"The rejected rows and their reasons are in {rejects.file}.")


def _sound(
    rows: Iterator[Row], columns: Mapping[str, str], known: Known, rejects: Rejects, tally: _Tally
) -> Iterator[dict[str, Any]]:
    for row in rows:
        tally.read += 1
        if row.problem:
            rejects.add(row, row.problem)
            continue
        try:
            found = camera(row.cells, columns, known)
            if found["id"] in tally.seen:
                raise CatalogueRefused(f"id: {found['id']} stands in this file already.")
            if found["id"] not in tally.stored and not {"name", "address"} <= set(found):
                raise CatalogueRefused("A new camera needs a name and an address.")
        except CatalogueRefused as error:
            rejects.add(row, str(error))
            continue
        tally.seen.add(found["id"])
        yield found


def _enter(parts: Parts, sound: Iterator[dict[str, Any]], tally: _Tally, dry_run: bool, note: str) -> None:
    batch: list[dict[str, Any]] = []
    for found in sound:
        batch.append(found)
        if len(batch) == BATCH:
            _write(parts, batch, tally, dry_run, note)
            batch = []
    _write(parts, batch, tally, dry_run, note)


def _write(parts: Parts, batch: list[dict[str, Any]], tally: _Tally, dry_run: bool, note: str) -> None:
    if dry_run:
        tally.new += sum(one["id"] not in tally.stored for one in batch)
        return
    with parts.store.write() as connection:
        new, changed = enter(connection, batch, vault=parts.vault, actor=IMPORTER, now=real_now(), note=note)
    tally.new, tally.changed = tally.new + new, tally.changed + changed


def stored(parts: Parts) -> frozenset[str]:
    """The ids of the register."""
    with parts.store.read() as connection:
        return frozenset(read_directory(connection).cameras)


def _told(tally: _Tally, rejected: int, dry_run: bool) -> None:
    same = tally.read - tally.new - tally.changed - rejected
    dry = "; nothing was changed (dry run)" if dry_run else ""
    answer(
        f"{tally.read} cameras read: {tally.new} new, {same + tally.changed} known already "
        f"({tally.changed} changed), {rejected} rejected{dry}."
    )


def known_to(parts: Parts) -> Known:
    """What rows are judged by: the county's codes, and which addresses may be opened."""
    with parts.store.read() as connection:
        directory = read_directory(connection)
    rules = rules_of(parts)
    prefix = str(directory.county.get("division_prefix", ""))
    return Known(prefix, directory.areas, directory.departments, lambda address: why_not(address, rules))


def rules_of(parts: Parts) -> AddressRules:
    """Which addresses may be opened beyond the open network, by the settings."""
    return AddressRules(networks(listed(parts.settings.camera_networks)), parts.settings.clips)


def why_not(address: str, rules: AddressRules) -> str | None:
    """Why an address may not be a camera's; a host's name is judged when it is opened."""
    if address.startswith("demo:"):
        return None
    try:
        place = parsed(address, rules)
        if isinstance(place, RemoteAddress) and _is_number(place.host):
            refuse_host(ip_address(place.host), rules)
    except AddressRefusedError as error:
        return str(error)
    return None


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


# --- from a platform -------------------------------------------------------------------------------------------------


def import_from_platform(parts: Parts, address: str, key: str, dry_run: bool, refresh: bool) -> None:
    """Channels of a running platform with their play addresses. Known addresses are not asked for again."""
    rules, known = rules_of(parts), known_to(parts)
    try:
        platform = Platform(address, key, rules)
        channels = list(platform.channels())
    except PlatformError as error:
        raise Refusal(str(error)) from error
    with parts.store.read() as connection:
        cached = {} if refresh else {row["id"]: row["address"] for row in exported(connection, parts.vault)}
    tally = _Tally(read=len(channels), stored=stored(parts))
    rejected: list[tuple[str, str]] = []
    sound: list[dict[str, Any]] = []
    for channel, found in platform.addresses(channels, cached):
        row = _row(channel, found, known)
        if isinstance(row, str):
            rejected.append((channel.id, row))
        else:
            sound.append(row)
    _enter(parts, iter(sound), tally, dry_run, "platform")
    _told(tally, len(rejected), dry_run)
    for number, reason in rejected:
        say(f"{number}: {reason}")


def _row(channel: Channel, found: str | PlatformError, known: Known) -> dict[str, Any] | str:
    """A channel as a row of the catalogue, or why it is rejected."""
    if isinstance(found, PlatformError):
        return str(found)
    cells = {"id": channel.id, "name": channel.name, "address": found}
    if channel.longitude is not None and channel.latitude is not None:
        cells |= {"longitude": str(channel.longitude), "latitude": str(channel.latitude)}
    try:
        return camera(cells, {name: name for name in cells}, known)
    except CatalogueRefused as error:
        return str(error)
