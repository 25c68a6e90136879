"""From a fault to a repair case and back: evidence kept masked, one case however often asked, its closing offered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import simplejpeg
from desk_harness import DEPARTMENT, add_people, browser, web
from flask import Flask
from sqlalchemy import select, update

from config.cameras import CameraRules, CamerasError, Repair, camera_rules
from config.settings import HERE, Settings
from dashboard.cli.camera_care import Care, evidence_file
from dashboard.cli.parts import Parts
from models import tables as t
from models.camera_health import events
from models.camera_health.tables import camera_event
from models.door import Door
from models.figures import snapshot
from models.filters import Moment
from models.messages import CameraChanged, Message
from models.moves import Actor, Role, Stage
from models.rules import Rules
from models.store import Store
from models.timebase import CountyClock
from models.vault import Vault
from streams.board import Shot
from streams.camera import Reason
from streams.ward import Cleared, MinuteOf, Raised
from tests.conftest import SECRET

RULES = CameraRules(Repair("010510", after_minutes=30.0))


class Told:
    """Stands for the news: it keeps what is published."""

    def __init__(self) -> None:
        self.facts: list[Message] = []

    def publish(self, facts: Sequence[Message]) -> None:
        self.facts.extend(facts)

    def cases(self) -> list[Message]:
        return [fact for fact in self.facts if not isinstance(fact, CameraChanged)]


def cared(store: Store, folder: Path, rules: CameraRules = RULES) -> tuple[Care, Told]:
    settings = Settings(data=folder)
    book, vault = Rules(store, settings.zone), Vault(SECRET)
    parts = Parts(settings, store, book, vault, Door(store, book, vault), CountyClock(store))
    told = Told()
    return Care(parts, told, rules, folder, {"covered": "遮挡"}), told  # type: ignore[arg-type]


def jpeg() -> bytes:
    picture = np.full((90, 160, 3), 120, np.uint8)
    picture[:, 80:] = 0  # what a mask leaves
    return simplejpeg.encode_jpeg(picture, quality=90)


def raised(camera: str, fault: str, ago: timedelta) -> Raised:
    now = datetime.now(UTC)
    shot = Shot(camera, 1.0, now - ago, jpeg(), 60.0, 0.02)
    return Raised(camera, fault, Reason.REFUSED if fault == "offline" else None, now - ago, now, shot, {"lost": 0.9})


def first_camera(store: Store) -> str:
    with store.read() as connection:
        return str(connection.execute(select(t.camera.c.id).order_by(t.camera.c.id)).scalars().first())


def minute(camera: str) -> list[MinuteOf]:
    return [MinuteOf(camera, 60.0, 60.0, 0.0, 60, 0.02, 100.0)]


def test_a_fault_leaves_its_masked_picture_under_its_own_digest(county_store: Store, tmp_path: Path) -> None:
    camera = first_camera(county_store)
    care, _ = cared(county_store, tmp_path)
    event = raised(camera, "covered", timedelta(minutes=2))
    care.on_events([event])
    care.on_events([event])  # told again after a failure: written once
    with county_store.read() as connection:
        (row,) = connection.execute(select(camera_event)).all()
    kept = evidence_file(tmp_path, row.evidence).read_bytes()
    assert hashlib.sha256(kept).hexdigest() == row.evidence
    assert simplejpeg.decode_jpeg(kept, "GRAY")[:, 84:].max() <= 4
    assert care.standing() == {camera: frozenset({"covered"})}


def test_a_lasting_fault_opens_one_repair_and_a_sound_camera_offers_its_closing(
    county_store: Store, tmp_path: Path
) -> None:
    camera = first_camera(county_store)
    with county_store.write() as connection:
        connection.execute(update(t.camera).where(t.camera.c.id == camera).values(owner="cg"))
    care, told = cared(county_store, tmp_path)
    care.on_events([raised(camera, "covered", timedelta(minutes=20))])
    care.on_minute(minute(camera))
    assert not told.cases(), "it has not lasted yet"
    care.on_events([raised(camera, "offline", timedelta(minutes=40))])
    for _ in range(3):
        care.on_minute(minute(camera))
    with county_store.read() as connection:
        case = connection.execute(select(t.cases)).one()
        assert (case.category, case.department, case.source) == ("010510", "cg", "camera")
        assert case.description.endswith("起") and camera in case.description
        assert set(connection.execute(select(camera_event.c.case_code)).scalars()) == {case.code}
        assert not events.offered(connection)
    assert [fact.kind for fact in told.cases()].count("case.reported") == 1
    now = datetime.now(UTC)
    care.on_events([Cleared(camera, "offline", now)])
    care.on_minute(minute(camera))
    with county_store.read() as connection:
        assert not events.offered(connection), "it is still covered"
    care.on_events([Cleared(camera, "covered", now)])
    care.on_minute(minute(camera))
    with county_store.read() as connection:
        (offer,) = events.offered(connection)
        assert (offer.case_code, offer.camera) == (case.code, camera)
        assert connection.execute(select(t.cases.c.stage)).scalar_one() != Stage.CLOSED, "a person closes it"
    care.on_events([raised(camera, "covered", timedelta(minutes=1))])
    with county_store.read() as connection:
        assert not events.offered(connection), "an offer is withdrawn when the camera falls ill again"


def file_of(app: Flask, store: Store, name: str, code: str) -> str:
    """The file of a case as this person gets it."""
    answer = browser(app, store, name).get(f"/live/files/{code}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def dispatched(store: Store, code: str) -> Callable[[str, dict[str, str]], None]:
    """The case sent to a department, which has received it; how the department moves it on."""
    door = Door(store, Rules(store, Settings().zone), Vault(SECRET))
    there = Actor("department", Role.DEPARTMENT, department=DEPARTMENT)
    door.move(code, "dispatch", Actor("operator", Role.OPERATOR), datetime.now(UTC), {"department": DEPARTMENT})
    door.move(code, "receipt", there, datetime.now(UTC), {})

    def move(action: str, fields: dict[str, str]) -> None:
        door.move(code, action, there, datetime.now(UTC), fields)

    return move


def test_a_recovered_camera_offers_its_closing_to_whoever_can_take_the_next_step(
    sqlite_county: Store, tmp_path: Path
) -> None:
    add_people(sqlite_county)
    camera = first_camera(sqlite_county)
    care, _ = cared(sqlite_county, tmp_path)
    care.on_events([raised(camera, "covered", timedelta(minutes=40))])
    care.on_minute(minute(camera))
    with sqlite_county.read() as connection:
        code = connection.execute(select(t.cases.c.code)).scalar_one()
    with web(sqlite_county, tmp_path) as app:
        ill = file_of(app, sqlite_county, "operator", code)
        assert 'data-fault="covered"' in ill and "data-offer" not in ill, "it is not sound yet"
        care.on_events([Cleared(camera, "covered", datetime.now(UTC))])
        care.on_minute(minute(camera))
        assert 'data-end="void"' in file_of(app, sqlite_county, "operator", code), "nobody was sent yet"
        at_department = dispatched(sqlite_county, code)
        assert 'data-offer="none"' in file_of(app, sqlite_county, "leader", code), "others may"
        assert 'data-end="feedback"' in file_of(app, sqlite_county, "department", code)
        at_department("feedback", {"note": "已清洁镜头"})
        closing = file_of(app, sqlite_county, "operator", code)
        assert 'data-end="close"' in closing and "恢复正常（系统检测）" in closing
        care.on_events([raised(camera, "black", timedelta(minutes=1))])
        assert "data-offer" not in file_of(app, sqlite_county, "operator", code), "it fell ill again"


def faulty_in_figures(store: Store) -> int:
    moment = Moment(datetime.now(UTC), ZoneInfo("Asia/Shanghai"))
    with store.read() as connection:
        return snapshot(connection, moment, 1, datetime.now(UTC), []).figures.cameras_faulty


def test_a_fault_and_its_end_reach_every_screen_and_the_figures_once(county_store: Store, tmp_path: Path) -> None:
    """Row and fact in one transaction: what is told again after a failure is neither written nor told a second time."""
    camera = first_camera(county_store)
    care, told = cared(county_store, tmp_path)
    with county_store.write() as connection:
        connection.execute(update(t.camera).where(t.camera.c.id == camera).values(state="live"))
    event = raised(camera, "covered", timedelta(minutes=2))
    for _ in range(2):
        care.on_events([event])
    with county_store.read() as connection:
        kept = connection.execute(select(t.outbox.c.body)).scalars().all()
    assert faulty_in_figures(county_store) == 1
    care.on_events([Cleared(camera, "covered", datetime.now(UTC))])
    facts = [fact for fact in told.facts if isinstance(fact, CameraChanged)]
    assert [(fact.camera, fact.faults) for fact in facts] == [(camera, ("covered",)), (camera, ())]
    assert len(kept) == 1
    assert faulty_in_figures(county_store) == 0


def test_without_a_rule_nothing_is_opened(sqlite_county: Store, tmp_path: Path) -> None:
    camera = first_camera(sqlite_county)
    care, told = cared(sqlite_county, tmp_path, CameraRules())
    care.on_events([raised(camera, "offline", timedelta(days=3))])
    care.on_minute(minute(camera))
    assert not told.cases()


def test_the_countys_rules_are_read_and_a_faulty_file_is_named(tmp_path: Path) -> None:
    rules = camera_rules(HERE / "counties" / "yunze")
    assert rules.repair is not None and rules.repair.category == "010510" and "all" in rules.patrol
    assert camera_rules(tmp_path) == CameraRules()
    (tmp_path / "cameras.toml").write_text("[repair]\ncategory = '1'\nafter_minutes = -3\n", encoding="utf-8")
    with pytest.raises(CamerasError, match=r"cameras\.toml, repair\.after_minutes"):
        camera_rules(tmp_path)
