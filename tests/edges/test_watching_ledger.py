"""The ledger and the register's history on real databases: appended, chained, found out when edited, cut when old."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from conftest import SECRET
from sqlalchemy import delete, text, update

from models import chain
from models import tables as t
from models.accounts import audit
from models.moves import Actor, Role
from models.safekeeping import broken_chains
from models.store import Store
from models.timebase import real_now
from models.vault import Vault
from models.watching import ledger, logs, register
from models.watching import tables as w
from models.watching.ledger import Opening
from models.watching.rights import Purpose

CAMERA = "99010000001320000001"
DUTY, ADMIN = Actor("duty", Role.DUTY), Actor("admin", Role.ADMIN)
NOW = real_now()


def look(store: Store, *cameras: str, kind: str = "live", at: Any = NOW) -> int:
    with store.write() as connection:
        return ledger.write(connection, Opening(kind, Purpose.INSPECTION, cameras), DUTY, at, "10.0.0.1")[0]


def faults(store: Store) -> list[str]:
    with store.read() as connection:
        return list(broken_chains(connection))


def test_a_line_covers_its_cameras_for_its_viewer_until_it_runs_out(county_store: Store) -> None:
    look(county_store, CAMERA, "other")
    with county_store.read() as connection:
        assert ledger.covered(connection, "duty", NOW) == {CAMERA, "other"}
        assert ledger.covered(connection, "leader", NOW) == frozenset()
        assert ledger.covered(connection, "duty", NOW + timedelta(hours=2)) == frozenset()


def test_a_line_is_gone_on_under_where_everything_is_the_same_and_ends_when_its_viewer_says_so(
    county_store: Store,
) -> None:
    """One viewing is one line, however often its tiles are shown anew; and the ledger knows how long it was."""
    opening, leader = Opening("live", Purpose.INSPECTION, (CAMERA,), plan="file"), Actor("leader", Role.LEADER)
    with county_store.write() as connection:
        number, until = ledger.write(connection, opening, DUTY, NOW)
        later = NOW + timedelta(hours=1)
        assert ledger.continued(connection, number, opening, DUTY, later) == until
        others = (
            ledger.continued(connection, number, opening, leader, later),
            ledger.continued(connection, number, Opening("live", Purpose.INSPECTION, ("x",), plan="file"), DUTY, later),
            ledger.continued(
                connection, number, Opening("live", Purpose.CASE, (CAMERA,), "X", plan="file"), DUTY, later
            ),
            ledger.continued(connection, number, opening, DUTY, until - timedelta(minutes=1)),
            ledger.continued(connection, number + 1, opening, DUTY, later),
        )
        assert others == (None,) * 5
        assert not ledger.end(connection, number, "leader", later)
        assert ledger.end(connection, number, "duty", later) and not ledger.end(connection, number, "duty", later)
        assert ledger.covered(connection, "duty", later) == frozenset()
        assert ledger.continued(connection, number, opening, DUTY, later) is None
        (line,), _ = logs.page(connection, "viewings", logs.Wanted())
        assert line.detail["ended"] == later.isoformat()
    assert faults(county_store) == []
    with county_store.write() as connection:
        connection.execute(update(w.viewing_end).values(at=NOW))
    assert faults(county_store) == ["Ends of viewings: line 1 was changed."]


def test_lines_are_numbered_without_a_gap_and_the_chain_is_whole(county_store: Store) -> None:
    assert [look(county_store, CAMERA) for _ in range(5)] == [1, 2, 3, 4, 5]
    assert faults(county_store) == []


@pytest.mark.parametrize(
    "edit",
    [
        update(w.viewing).where(w.viewing.c.id == 3).values(viewer="nobody"),
        update(w.viewing).where(w.viewing.c.id == 3).values(cameras=["another"]),
        update(w.viewing).where(w.viewing.c.id == 3).values(until=NOW),
        delete(w.viewing).where(w.viewing.c.id == 3),
        delete(w.viewing).where(w.viewing.c.id == 5),
        delete(w.viewing).where(w.viewing.c.id == 1),
    ],
)
def test_every_edit_of_the_ledger_is_found(county_store: Store, edit: Any) -> None:
    for _ in range(5):
        look(county_store, CAMERA)
    with county_store.write() as connection:
        connection.execute(edit)
    assert any("Ledger of viewings" in fault for fault in faults(county_store))


def test_a_change_of_the_register_is_one_line_and_seals_what_is_secret(county_store: Store) -> None:
    vault = Vault(SECRET)
    with county_store.write() as connection:
        told = register.change(
            connection, CAMERA, {"owner": "cg", "credentials": "root:s3cret", "sign": "新牌"},
            vault=vault, actor=ADMIN, now=NOW, version=1,
        )  # fmt: skip
    assert told == {"owner": ["ga", "cg"], "credentials": ["", "•"], "sign": ["路侧立杆标志牌", "新牌"]}
    with county_store.read() as connection:
        row = register.entry(connection, CAMERA)
        assert row is not None and row.version == 2 and vault.open(row.credentials) == "root:s3cret"
        line = register.history(connection, CAMERA)[0]
    assert (line.actor, line.changes) == ("admin", told) and "s3cret" not in repr(line)
    assert faults(county_store) == []


def test_the_same_values_again_write_nothing(county_store: Store) -> None:
    with county_store.write() as connection:
        same = {"owner": "ga", "address": "demo:crossroads"}
        assert register.change(connection, CAMERA, same, vault=Vault(SECRET), actor=ADMIN, now=NOW) == {}
        assert register.history(connection, CAMERA) == []


def test_who_edits_what_somebody_has_changed_meanwhile_is_told_what(county_store: Store) -> None:
    with county_store.write() as connection:
        register.change(connection, CAMERA, {"sign": "a"}, vault=Vault(SECRET), actor=ADMIN, now=NOW, version=1)
        with pytest.raises(register.OutOfDate, match="admin has changed this entry meanwhile: sign"):
            register.change(connection, CAMERA, {"sign": "b"}, vault=Vault(SECRET), actor=ADMIN, now=NOW, version=1)


def test_a_changed_history_is_found(county_store: Store) -> None:
    with county_store.write() as connection:
        for sign in "ab":
            register.change(connection, CAMERA, {"sign": sign}, vault=Vault(SECRET), actor=ADMIN, now=NOW)
        connection.execute(update(w.camera_change).where(w.camera_change.c.id == 1).values(actor="somebody"))
    assert faults(county_store) == ["Camera register: line 1 was changed."]


def test_what_is_cut_off_leaves_a_chain_that_still_proves_itself(county_store: Store) -> None:
    for _ in range(6):
        look(county_store, CAMERA)
    with county_store.write() as connection:
        assert chain.cut(connection, w.viewing, 4) == 4
        assert chain.cut(connection, w.viewing, 99) == 1  # the newest stays: the next line needs its hash
    assert look(county_store, CAMERA) == 7
    assert faults(county_store) == []
    with county_store.write() as connection:
        connection.execute(update(w.viewing).where(w.viewing.c.id == 6).values(note="changed"))
    assert faults(county_store) != []


def test_the_audit_is_the_same_kind_of_chain(county_store: Store) -> None:
    with county_store.write() as connection:
        for number in range(3):
            audit(connection, "admin", "admin", "account.add", NOW, object=str(number), detail={"role": "duty"})
    assert faults(county_store) == []
    with county_store.write() as connection:
        connection.execute(delete(t.audit).where(t.audit.c.id == 2))
    assert any(fault.startswith("Audit: line 2 is missing") for fault in faults(county_store))


def test_an_incomplete_register_is_not_handed_to_the_workers_as_showable(county_store: Store) -> None:
    from models.cameras import register as cameras

    with county_store.write() as connection:
        connection.execute(text("UPDATE camera SET sign = '' WHERE id = :id"), {"id": CAMERA})
    with county_store.read() as connection:
        found = {camera.id: camera.registered for camera in cameras(connection, Vault(SECRET))}
        assert found.pop(CAMERA) is False and all(found.values())
        later = cameras(connection, Vault(SECRET), NOW.date() + timedelta(days=800))
        assert not any(camera.registered for camera in later)  # every review has run out by then
