"""Retention over simulated months: nothing before its time, everything after it, what is held not at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from conftest import SECRET
from sqlalchemy import func, select, update

from models import attachments, chain
from models import tables as t
from models.camera_health import events, rates
from models.camera_health.events import Fault
from models.door import Door, Report
from models.emergencies import tables as et
from models.emergencies.facade import Emergencies
from models.emergencies.starting import Start
from models.moves import Actor, Role
from models.rules import Rules
from models.safekeeping import broken_chains
from models.store import Store
from models.timebase import real_now
from models.vault import Vault
from models.watching import ledger, pictures
from models.watching import tables as w
from models.watching.ledger import Opening
from models.watching.retention import Gone, path_of, retain
from models.watching.rights import Purpose

CAMERA, HELD = "99010000001320000001", "99010000081320000002"
DUTY = Actor("duty", Role.DUTY)
LEADER = Actor("leader", Role.LEADER)
DAY = timedelta(days=1)


def snapshot(store: Store, data: Path, camera: str, code: str, case_id: int, at: datetime, number: int) -> str:
    digest = f"{number:064x}"
    file = path_of(data, "attachments", digest)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x")
    with store.write() as connection:
        opening = Opening("snapshot", Purpose.CASE, (camera,), code)
        line, _ = ledger.write(connection, opening, DUTY, at)
        attachments.attach(
            connection, case_id, digest=digest, media_type="image/jpeg", width=1, height=1, size=1, actor=DUTY, now=at
        )
        pictures.note(connection, camera, digest, code, line, DUTY, at)
    return digest


def evidence(store: Store, data: Path, camera: str, at: datetime, number: int) -> str:
    digest = f"e{number:063x}"
    file = path_of(data, "evidence", digest)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x")
    with store.write() as connection:
        events.raise_fault(connection, Fault(camera, "dark", None, at, digest, at), at)
        events.clear_fault(connection, camera, "dark", at)
    return digest


def swept(store: Store, data: Path, now: datetime) -> Gone:
    return sum(retain(store, data, now), Gone())


def test_months_go_by_and_only_what_is_old_and_free_is_deleted(county_store: Store, tmp_path: Path) -> None:
    store, began = county_store, real_now() - timedelta(days=1500)
    door = Door(store, Rules(store, __import__("zoneinfo").ZoneInfo("Asia/Shanghai")), Vault(SECRET))
    report = Report(category="010101", description="垃圾", source="hotline", area="990100100001001")
    case = door.report(report, Actor("hotline", Role.SYSTEM), real_now()).case
    with store.write() as connection:
        pictures.hold(connection, "camera", HELD, "调查", began + timedelta(days=200), DUTY, began)
    kept: list[tuple[str, str, datetime, str]] = []
    for month in range(6):
        at = began + timedelta(days=30 * month)
        for number, camera in enumerate((CAMERA, HELD)):
            kept.append(
                (
                    "attachments",
                    snapshot(store, tmp_path, camera, case.code, case.id, at, month * 10 + number),
                    at,
                    camera,
                )
            )
            kept.append(("evidence", evidence(store, tmp_path, camera, at, month * 10 + number), at, camera))

    for day in (29, 31, 95, 181, 199):
        now = began + timedelta(days=day)
        swept(store, tmp_path, now)
        for kind, digest, at, camera in kept:
            there = path_of(tmp_path, kind, digest).exists()
            due = now - at > 30 * DAY and camera != HELD
            assert there is not due, f"day {day}: {kind} of {camera} taken on day {(at - began).days}"

    swept(store, tmp_path, began + timedelta(days=231))  # the hold has ended by itself
    assert not [digest for kind, digest, _, _ in kept if path_of(tmp_path, kind, digest).exists()]
    with store.read() as connection:
        assert connection.execute(select(func.count()).select_from(t.attachment)).scalar_one() == 0
        assert rates.evidence_before(connection, real_now()) == []
        assert connection.execute(select(func.count()).select_from(w.viewing)).scalar_one() == 12  # the ledger stays
        assert list(broken_chains(connection)) == []


def test_the_ledger_is_kept_three_years_then_cut_and_still_proves_itself(county_store: Store, tmp_path: Path) -> None:
    began = real_now() - timedelta(days=1400)
    with county_store.write() as connection:
        for day in range(0, 1400, 4):
            opening = Opening("live", Purpose.INSPECTION, (CAMERA,))
            ledger.write(connection, opening, DUTY, began + timedelta(days=day))
    assert swept(county_store, tmp_path, began + timedelta(days=1096)).ledger == 0
    gone = swept(county_store, tmp_path, began + timedelta(days=1400))
    assert gone.ledger == 76  # days 0, 4 … 300 are older than 1,096 days
    with county_store.read() as connection:
        assert list(broken_chains(connection)) == []
        first = connection.execute(select(func.min(w.viewing.c.at))).scalar_one()
        assert connection.execute(select(func.min(w.viewed.c.viewing))).scalar_one() == 77
        line = connection.execute(select(t.audit.c.detail).where(t.audit.c.act == "retention")).scalar_one()
    assert first >= began + timedelta(days=304) and line["ledger"] == 76


def test_a_second_sweep_of_the_same_day_finds_nothing(county_store: Store, tmp_path: Path) -> None:
    with county_store.write() as connection:
        for age in (1200, 1199, 1):
            opening = Opening("live", Purpose.INSPECTION, (CAMERA,))
            ledger.write(connection, opening, DUTY, real_now() - timedelta(days=age))
    assert swept(county_store, tmp_path, real_now()).ledger == 2
    assert not swept(county_store, tmp_path, real_now())


def test_what_an_emergency_logged_and_saw_stays_until_it_is_over_and_as_long_as_the_county_says(
    county_store: Store, tmp_path: Path
) -> None:
    store, began = county_store, real_now() - timedelta(days=6000)
    door = Door(store, Rules(store, __import__("zoneinfo").ZoneInfo("Asia/Shanghai")), Vault(SECRET))
    emergencies = Emergencies(door)
    report = Report(category="010101", description="积水", source="hotline", area="990100100001001")
    case, other = (door.report(report, Actor("hotline", Role.SYSTEM), real_now()).case for _ in range(2))

    def run(over: bool, **more: Any) -> str:
        wanted = Start("flood", 4, "水位超警", drill=True, **more)
        number = str(emergencies.start(wanted, LEADER, began).room.row.number)
        for action in ("end", "cancel") if over else ():
            emergencies.act(number, action, LEADER, began + DAY, {"note": "险情解除"})
        return number

    def lines(*numbers: str) -> list[int]:
        lg, e = et.log.c, et.emergency.c
        with store.read() as connection:
            wanted = select(func.count()).select_from(et.log.join(et.emergency, e.id == lg.emergency_id))
            return [connection.execute(wanted.where(e.number == number)).scalar_one() for number in numbers]

    first, second = run(True), run(True)
    lasting = run(False, origin="case", reference=case.code)
    after = run(True)
    with store.write() as connection:  # everything was entered long ago
        connection.execute(update(et.log).values(entered_at=began))
    seen = [
        snapshot(store, tmp_path, CAMERA, case.code, case.id, began, 1),
        snapshot(store, tmp_path, CAMERA, other.code, other.id, began, 2),
    ]

    def there() -> list[bool]:
        return [path_of(tmp_path, "attachments", digest).exists() for digest in seen]

    before = lines(first, second, lasting, after)
    assert swept(store, tmp_path, began + timedelta(days=3652)).emergencies == 0
    assert there() == [True, False]
    with store.write() as connection:
        hold = pictures.hold(connection, "emergency", second, "调查", real_now() + DAY, DUTY, real_now())
    assert swept(store, tmp_path, real_now()).emergencies == before[0]
    assert lines(first, second, lasting, after) == [0, *before[1:]]
    with store.write() as connection:
        pictures.lift(connection, hold.id, DUTY, real_now())
    assert swept(store, tmp_path, real_now()).emergencies == before[1]
    assert lines(lasting, after) == before[2:]  # it has not ended; what came after it stands in the same chain
    emergencies.act(lasting, "end", LEADER, real_now(), {"note": "险情解除"})
    emergencies.act(lasting, "cancel", LEADER, real_now(), {"note": "现场清理完毕"})
    assert swept(store, tmp_path, real_now()).emergencies == 0
    assert there() == [False, False]
    gone = swept(store, tmp_path, real_now() + timedelta(days=3654)).emergencies
    assert gone > 0 and sum(lines(lasting, after)) <= 1  # the newest line stays, the next one hangs on it
    with store.read() as connection:
        assert not list(chain.faults(connection, et.log, "The log")) and list(broken_chains(connection)) == []
        assert connection.execute(select(func.count()).select_from(et.emergency)).scalar_one() == 4
