"""Faults, minutes and days of cameras in a real store, SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import insert, select, update

from models import tables as t
from models.camera_health import events, rates, risk
from models.camera_health.events import Fault
from models.emergencies.tables import emergency
from models.store import Store

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DAY = date(2026, 3, 2)


def cameras(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.execute(select(t.camera.c.id).order_by(t.camera.c.id)).scalars())


def test_a_fault_stands_once_until_it_is_cleared(county_store: Store) -> None:
    camera = cameras(county_store)[0]
    fault = Fault(camera, "covered", None, NOW, "a" * 64, NOW, {"lost": 0.8})
    with county_store.write() as connection:
        assert events.raise_fault(connection, fault, NOW + timedelta(minutes=1)) is not None
        assert events.raise_fault(connection, fault, NOW + timedelta(minutes=2)) is None
        assert events.raise_fault(connection, Fault("nobody", "black", None, NOW), NOW) is None
        assert events.all_standing(connection) == {camera: frozenset({"covered"})}
        assert events.clear_fault(connection, camera, "covered", NOW + timedelta(hours=1)) == 1
        assert events.all_standing(connection) == {}


def test_a_lasting_fault_asks_for_one_repair_and_a_sound_camera_for_its_closing(county_store: Store) -> None:
    first, second = cameras(county_store)[:2]
    with county_store.write() as connection:
        for camera, fault in ((first, "covered"), (first, "blurred"), (second, "offline")):
            events.raise_fault(connection, Fault(camera, fault, None, NOW), NOW)
        assert not events.lasting(connection, NOW - timedelta(seconds=1))
        assert [row.camera for row in events.lasting(connection, NOW)] == [first, second]
        events.in_repair(connection, first, "no such case")
        assert [row.camera for row in events.lasting(connection, NOW)] == [second]
        assert not events.offer_closings(connection, NOW)


def test_rates_of_units_are_seconds_over_seconds(county_store: Store) -> None:
    first, second, *_ = cameras(county_store)
    with county_store.write() as connection:
        connection.execute(update(t.camera).where(t.camera.c.id.in_([first, second])).values(owner="ga"))
        for minute in range(2):
            at = NOW + timedelta(minutes=minute)
            one = rates.Minute(first, 60.0, 60.0, 30.0, 60, 0.05, 120.0)
            two = rates.Minute(second, 60.0, 0.0, 0.0, 0, 0.0, 0.0)
            rates.keep(connection, [one, two, rates.Minute("gone", 60, 60, 60, 1, 0, 0)], at, DAY)
        (rate,) = rates.by_unit(connection, DAY, DAY)
        assert (rate.unit, rate.cameras, rate.online, rate.sound) == ("ga", 2, 0.5, 0.25)
        ((day, whole),) = rates.by_day(connection, DAY, DAY)
        assert (day, whole.online) == (DAY, 0.5)
        rates.keep(connection, [two], NOW + timedelta(days=1), DAY + timedelta(days=1))
        of_ga = rates.of_units(connection, DAY, DAY + timedelta(days=1))["ga"]
        assert [(day, rate.online, rate.sound) for day, rate in of_ga] == [
            (DAY, 0.5, 0.25),
            (DAY + timedelta(days=1), 0.0, 0.0),
        ]
        rows = rates.activity(connection, first, NOW, NOW + timedelta(hours=1))
        assert [(row.minute, row.pictures) for row in rows] == [(NOW, 60), (NOW + timedelta(minutes=1), 60)]
        assert not rates.activity(connection, second, NOW, NOW + timedelta(hours=1))
        assert rates.forget_minutes(connection, NOW + timedelta(days=8)) == 2


def test_evidence_is_old_when_no_younger_event_and_no_hold_needs_it(county_store: Store) -> None:
    camera = cameras(county_store)[0]
    with county_store.write() as connection:
        for number, (fault, digest) in enumerate([("black", "a"), ("dark", "b"), ("cast", "a")]):
            events.raise_fault(connection, Fault(camera, fault, None, NOW, digest * 64, NOW), NOW + number * DAYS_20)
        assert rates.evidence_before(connection, NOW + timedelta(days=30)) == ["b" * 64]
        rates.forget_evidence(connection, ["b" * 64])
        assert rates.evidence_before(connection, NOW + timedelta(days=30)) == []


DAYS_20 = timedelta(days=20)


def test_a_running_emergency_puts_its_cameras_before_every_patrol_and_its_end_gives_back(county_store: Store) -> None:
    c, m = t.camera.c, emergency.c
    with county_store.write() as connection:
        assert not risk.taken_over(connection)
        placed = select(c.id, c.area, c.longitude, c.latitude).where(c.longitude.is_not(None)).order_by(c.id)
        first = connection.execute(placed).first()
        lead = connection.execute(select(t.department.c.code)).scalars().first()
        assert first is not None
        row = {
            "number": "YJ-1", "state": "running", "plan": "x", "plan_body": {}, "level": 1, "title": "x", "note": "x",
            "origin": "point", "longitude": first.longitude, "latitude": first.latitude + 0.001, "radius_m": 300,
            "lead": lead, "happened_at": NOW, "started_at": NOW, "started_by": "operator", "running_at": NOW,
        }  # fmt: skip
        connection.execute(insert(emergency).values(**row))
        held = risk.taken_over(connection)
        assert held[0] == first.id and len(held) < len(connection.execute(placed).all()), "near ones, the nearest first"
        for state in ("pending", "ended", "cancelled", "withdrawn"):
            connection.execute(update(emergency).where(m.number == "YJ-1").values(state=state))
            assert not risk.taken_over(connection)
