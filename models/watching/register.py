"""The register of cameras: what is on record, what is missing, and every change with its line in the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from config.county import Privacy
from config.sentences import say, term
from models import chain
from models import tables as t
from models.moves import Actor
from models.reference import put, touched
from models.vault import Vault
from models.watching import tables as w
from models.watching.rights import Subject, gaps

SEALED = frozenset({"address", "main_address", "credentials"})
SAID = "•"
"""What the history says of a sealed value: that there is one."""


class OutOfDate(Exception):
    """Somebody changed the entry meanwhile. `changed` says which fields, by whom: trying again with the newer version."""

    def __init__(self, by: str, fields: Sequence[str]) -> None:
        whose, what = by or "Somebody", ", ".join(fields) or "it"
        super().__init__(say("{whose} has changed this entry meanwhile: {what}.", whose=term(whose), what=term(what)))
        self.by, self.fields = by, tuple(fields)


def privacy(connection: Connection) -> Privacy:
    """The county's own numbers; the usual ones where its document says none."""
    document = connection.execute(select(t.rules.c.body).where(t.rules.c.name == "county")).scalar() or {}
    return privacy_of(document)


def privacy_of(document: Mapping[str, Any]) -> Privacy:
    """The same, of a county's document that is at hand."""
    return Privacy(**document.get("privacy", {}))


def subjects(connection: Connection, today: date) -> dict[str, Subject]:
    """Every camera as the rights see it, by id."""
    k, a = t.camera.c, t.area.c
    days = privacy(connection).review_days
    columns = (k.id, k.area, a.town, k.shown_to, k.purpose, k.legal_basis, k.owner, k.sign, k.mask_review)
    rows = connection.execute(select(*columns).outerjoin(t.area, a.code == k.area)).mappings()
    return {row["id"]: _subject(row, today, days) for row in rows}


def _subject(row: Mapping[Any, Any], today: date, days: int) -> Subject:
    return Subject(row["id"], row["area"], row["town"], frozenset(row["shown_to"] or ()), gaps(row, today, days))


def entry(connection: Connection, camera: str) -> Row[Any] | None:
    """The whole entry, addresses still sealed."""
    return connection.execute(select(t.camera).where(t.camera.c.id == camera)).first()


def history(connection: Connection, camera: str, size: int = 50) -> Sequence[Row[Any]]:
    """The changes of one camera, the newest first."""
    c = w.camera_change.c
    return connection.execute(select(w.camera_change).where(c.camera == camera).order_by(c.id.desc()).limit(size)).all()


def change(
    connection: Connection, camera: str, values: Mapping[str, Any], *, vault: Vault, actor: Actor, now: datetime,
    version: int | None = None, act: str = "register", note: str = "",
) -> dict[str, list[Any]]:  # fmt: skip
    """Change an entry and write its line, in the caller's transaction; nothing is written where nothing differs.

    Args:
        values: in the clear; addresses and credentials are sealed here, and None empties them.
        version: the one its editor saw; another one now is refused.

    Returns:
        field → [before, after]; of what is sealed only that it is there.

    Raises:
        KeyError: no such camera. OutOfDate: somebody was quicker.
    """
    row = connection.execute(select(t.camera).where(t.camera.c.id == camera).with_for_update()).mappings().first()
    if row is None:
        raise KeyError(camera)
    if version is not None and row["version"] != version:
        raise _outdated(connection, camera)
    changes = {name: told for name, value in values.items() if (told := _told(name, row[name], value, vault))}
    if not changes:
        return {}
    stored = {name: _stored(name, values[name], vault) for name in changes}
    k = t.camera.c
    connection.execute(update(t.camera).where(k.id == camera).values(**stored, version=k.version + 1))
    touched(connection)
    append_change(connection, camera, changes, actor=actor, now=now, act=act, note=note)
    return changes


def _stored(name: str, value: Any, vault: Vault) -> Any:
    """As the column keeps it: what is secret is sealed; an empty address is an empty text."""
    return (vault.seal(value) or "") if name in SEALED else value


def _outdated(connection: Connection, camera: str) -> OutOfDate:
    last = history(connection, camera, 1)
    return OutOfDate(last[0].actor, sorted(last[0].changes)) if last else OutOfDate("", ())


def _told(name: str, before: Any, after: Any, vault: Vault) -> list[Any] | None:
    """[before, after] where they differ, as the history may say it."""
    if name in SEALED:
        same = _opened(before, vault) == (after or None)
        return None if same else [SAID if before else "", SAID if after else ""]
    if before == after:
        return None
    return [_plain(before), _plain(after)]


def _opened(sealed: str | None, vault: Vault) -> str | None:
    """What was sealed. What another key sealed equals nothing, so that entering it again under this key mends it."""
    try:
        return vault.open(sealed) or None
    except ValueError:
        return f"sealed otherwise: {sealed}"


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def append_change(
    connection: Connection, camera: str, changes: Mapping[str, Any], *, actor: Actor, now: datetime, act: str,
    note: str = "",
) -> int:  # fmt: skip
    """A line of the history."""
    line = {"at": now, "actor": actor.name, "role": str(actor.role), "camera": camera, "act": act}
    return chain.append(connection, w.camera_change, {**line, "changes": dict(changes), "note": note})


def enter(
    connection: Connection, cameras: Sequence[Mapping[str, Any]], *, vault: Vault, actor: Actor, now: datetime,
    note: str = "",
) -> tuple[int, int]:  # fmt: skip
    """Cameras of a catalogue: new ones, and of known ones what the catalogue says otherwise. An empty value says nothing,
    so that what was entered by hand stays.

    Returns:
        How many are new, and how many known ones changed.
    """
    known = set(connection.execute(select(t.camera.c.id)).scalars())
    new = changed = 0
    for camera in cameras:
        code, said = camera["id"], {name: value for name, value in camera.items() if name != "id" and value != ""}
        said = {name: value for name, value in said.items() if value is not None}
        if code in known:
            changed += bool(change(connection, code, said, vault=vault, actor=actor, now=now, act="import", note=note))
            continue
        sealed = {name: _stored(name, value, vault) for name, value in said.items() if name in SEALED}
        put(connection, t.camera, [{"id": code, **said, **sealed}])
        told = {name: ["", SAID if name in SEALED else _plain(value)] for name, value in said.items()}
        append_change(connection, code, told, actor=actor, now=now, act="import", note=note)
        known.add(code)
        new += 1
    return new, changed
