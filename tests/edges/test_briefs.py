"""Briefs on real stores: every number equals its list at the cut, made once, sent, kept unbroken, and readable as files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import docx
import pytest
from conftest import SECRET
from desk_harness import HeardNews, add_people, browser, problem, web
from flask import Flask
from sqlalchemy import select, update

from alerts.briefing import Briefing
from alerts.channels.sending import Letter, Result
from alerts.courier import Courier, Desk
from config.briefs import BriefRules, BriefsError, brief_rules
from config.texts import load
from dashboard.briefs.chart import ceiling, png, svg
from models import queries
from models.briefs import archive, words
from models.briefs import content as content_module
from models.briefs.content import Ground, content, listed
from models.briefs.schedule import Span, newest, span_of
from models.briefs.tables import brief
from models.briefs.words import Tongue
from models.directory import Directories
from models.door import Door, Report
from models.evaluation import books
from models.evaluation.reading import Counties
from models.filters import CaseFilter, Moment
from models.ladder import channels
from models.ladder import tables as lt
from models.moves import Actor, Role
from models.rules import Rules
from models.store import Store
from models.timebase import CountyClock, Timebase, real_now, set_timebase
from models.vault import Vault

ZONE = ZoneInfo("Asia/Shanghai")
OPERATOR, LEADER, SYSTEM = (Actor(str(role), role) for role in (Role.OPERATOR, Role.LEADER, Role.SYSTEM))
NOW = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)  # a Monday, 09:00 in the county: all three briefs are due
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GRIDS = ("990100100001001", "990100101204001")


def seed(store: Store) -> None:
    door = Door(store, Rules(store, ZONE), Vault(SECRET))
    with door.transaction() as (deed, _):
        for number in range(60):
            at = NOW - timedelta(hours=19 * number + 2)
            report = Report("010101", "垃圾成堆", "hotline", area=GRIDS[number % 2], address="西街")
            code = deed.report(report, SYSTEM, at).case.code
            department = ("cg", "zj", "hb")[number % 3]
            deed.move(code, "dispatch", OPERATOR, at + timedelta(minutes=5), {"department": department})
            desk = Actor("desk", Role.DEPARTMENT, department=department)
            if number % 4:
                ends = at + (HOUR if number % 7 else 6 * DAY)
                if ends < NOW:
                    deed.move(code, "receipt", desk, at + timedelta(minutes=9))
                    deed.move(code, "feedback", desk, ends - timedelta(minutes=5), {"note": "已处理"})
                    deed.move(code, "close", OPERATOR, ends)
    while door.tick(NOW)[0]:
        pass
    with store.write() as connection:
        set_timebase(connection, Timebase(real_now(), NOW, 0.0))
    books.keep_up(store, Counties(store, Rules(store, ZONE))(), NOW)


def desk_of(store: Store) -> Desk:
    return Desk(store, Rules(store, ZONE), CountyClock(store), Directories(store), Vault(SECRET))


def listed_there(store: Store, query: Any) -> int:
    """How many cases the list really has, page after page, at the cut."""
    wanted = CaseFilter(**{**query, **({"level": int(query["level"])} if "level" in query else {})})
    found, after = 0, None
    with store.read() as connection:
        while True:
            page = queries.page(connection, wanted, LEADER, Moment(NOW, ZONE), after=after, size=50)
            found, after = found + len(page.rows), page.next
            if after is None:
                return found


def test_every_number_of_every_brief_equals_its_list_at_the_cut(county_store: Store) -> None:
    seed(county_store)
    on = desk_of(county_store)
    ground = Ground(Moment(NOW, ZONE), on.directories(), Counties(county_store, on.rules)())
    for kind in ("daily", "weekly", "monthly"):
        with county_store.read() as connection:
            body = content(connection, ground, span_of(kind, date(2026, 6, 1)))  # type: ignore[arg-type]
        counts = listed(body)
        assert sum(count for _, count, _ in counts) > 10
        for name, count, query in counts:
            assert count == listed_there(county_store, query), (kind, name)
        reported = next(flow for flow in body["flows"] if flow["name"] == "reported")
        assert sum(row["count"] for row in body["categories"]) == reported["count"]
        assert sum(row["open"] for row in body["departments"]) == body["stocks"][0]["count"]


def test_a_brief_that_counts_what_its_lists_do_not_hold_is_seen(
    sqlite_county: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted fault: a brief whose overdue cases are those that are merely open."""
    seed(sqlite_county)
    on = desk_of(sqlite_county)
    ground = Ground(Moment(NOW, ZONE), on.directories(), Counties(sqlite_county, on.rules)())
    honest = content_module.predicate
    monkeypatch.setattr(
        content_module, "predicate", lambda name, moment: honest("open" if name == "overdue" else name, moment)
    )
    with sqlite_county.read() as connection:
        body = content(connection, ground, span_of("daily", date(2026, 6, 1)))
    wrong = {name for name, count, query in listed(body) if count != listed_there(sqlite_county, query)}
    assert "stock.overdue" in wrong and "stock.open" not in wrong


def test_due_briefs_are_made_once_sent_and_kept(county_store: Store) -> None:
    seed(county_store)
    add_people(county_store)
    on, sent = desk_of(county_store), []
    with county_store.write() as connection:
        address = "jsons://channel.test/x"
        channels.add(connection, on.vault, "centre", "json", "channel.test", address, real_now())
    briefing = Briefing(on, BriefRules())
    try:
        made = briefing.round()
        assert len(made) == 3 and briefing.round() == [], "each is made once"
    finally:
        briefing.release()
    with county_store.read() as connection:
        rows = archive.newest(connection)
        paged: list[int] = []
        while page := archive.newest(connection, None, 1, paged[-1] if paged else None):
            paged.append(page[0].id)
        assert paged == [row.id for row in rows], "page after page is the whole list"
        assert {(row.kind, str(row.first), str(row.last)) for row in rows} == {
            ("daily", "2026-05-31", "2026-05-31"),
            ("weekly", "2026-05-25", "2026-05-31"),
            ("monthly", "2026-05-01", "2026-05-31"),
        }
        told = connection.execute(select(lt.notification.c.title).where(lt.notification.c.kind == "brief")).scalars()
        assert sorted(told) == ["周报（2026-05-25 – 05-31）", "日报（2026-05-31）", "月报（2026-05）"]
        assert all(archive.unbroken(archive.one(connection, number)) for number in made)

    def sender(_target: Any, letter: Letter, _hosts: Any, _at: int) -> Result:
        sent.append(letter)
        return Result("sent")

    courier = Courier(on, sender=sender)
    for _ in range(3):
        courier.round()
    courier._pool.shutdown(wait=True)
    assert sent and "上报案件" in sent[0].text and "超期较多的部门" in sent[0].text
    with county_store.write() as connection:
        body = archive.one(connection, made[0]).body | {"kind": "weekly"}
        connection.execute(update(brief).where(brief.c.id == made[0]).values(body=body))
    with county_store.read() as connection:
        assert not archive.unbroken(archive.one(connection, made[0])), "a changed brief is noticed"


def test_the_schedule_knows_the_last_hour_of_each_kind() -> None:
    rules = BriefRules()
    early = {span.kind: span for span, _ in newest(rules, datetime(2026, 5, 31, 23, 0, tzinfo=UTC), ZONE)}
    assert early["daily"].first == date(2026, 5, 30), "at 07:00 yesterday's is not due yet"
    assert early["weekly"] == Span("weekly", date(2026, 5, 18), date(2026, 5, 24))
    assert early["monthly"].first == date(2026, 4, 1)
    late = {span.kind: span for span, _ in newest(rules, NOW, ZONE)}
    assert (late["daily"].first, late["weekly"].first) == (date(2026, 5, 31), date(2026, 5, 25))
    assert (late["monthly"].first, late["monthly"].last) == (date(2026, 5, 1), date(2026, 5, 31))
    assert late["monthly"].before.last == date(2026, 4, 30) and late["monthly"].last_year.first == date(2025, 5, 1)
    assert late["weekly"].last_year.first == date(2025, 5, 26), "a Monday again"
    assert [span.kind for span, _ in newest(BriefRules(off=("daily", "weekly")), NOW, ZONE)] == ["monthly"]


def test_a_faulty_schedule_is_refused_with_its_field(tmp_path: Path) -> None:
    assert brief_rules(tmp_path) == BriefRules()
    (tmp_path / "briefs.toml").write_text("daily = 06:45:00\nweekday = 5\n", encoding="utf-8")
    assert brief_rules(tmp_path).weekday == 5 and brief_rules(tmp_path).daily.hour == 6
    (tmp_path / "briefs.toml").write_text("weekday = 9\n", encoding="utf-8")
    with pytest.raises(BriefsError, match="weekday"):
        brief_rules(tmp_path)


def test_a_chart_has_a_round_ceiling_and_no_figure_but_digits() -> None:
    assert [ceiling(most) for most in (0, 1, 3, 7, 11, 99, 1500)] == [2, 2, 4, 8, 20, 100, 2000]
    days = [{"day": f"2026-05-{day:02d}", "reported": day, "closed": 30 - day} for day in range(1, 31)]
    assert svg(days, "逐日").count("<rect") == 59  # one day closed nothing
    assert png(days)[:4] == b"\x89PNG"


# --- over HTTP -------------------------------------------------------------------------------------------------------


@pytest.fixture
def app(sqlite_county: Store, tmp_path: Path) -> Iterator[Flask]:
    seed(sqlite_county)
    add_people(sqlite_county)
    briefing = Briefing(desk_of(sqlite_county), BriefRules(send=False))
    briefing.round()
    briefing.release()
    with web(sqlite_county, tmp_path, HeardNews()) as app:
        yield app


def test_a_brief_is_a_page_a_pdf_a_word_file_and_a_text_that_say_the_same(app: Flask, sqlite_county: Store) -> None:
    client = browser(app, sqlite_county, "leader")
    with sqlite_county.read() as connection:
        number = next(row.id for row in archive.newest(connection) if row.kind == "monthly")
        body = archive.one(connection, number).body
    say = Tongue(load().texts("zh-CN"), "zh-CN", ZONE)
    page = client.get(f"/briefs/{number}").get_data(as_text=True)
    told = words.sentences(body, say)
    assert all(sentence in page for sentence in told)
    for name, count, _ in listed(body):
        assert f'data-figure="brief-{name}" data-value="{count}"' in page
    text = client.get(f"/briefs/{number}/txt").get_data(as_text=True)
    assert all(sentence in text for sentence in told) and "\t" not in text
    file = client.get(f"/briefs/{number}/docx")
    document = docx.Document(io.BytesIO(file.get_data()))
    written = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert all(sentence in written for sentence in told)
    cells = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert cells[1][:2] == ["上报", f"{body['flows'][0]['count']:,}"] and len(document.inline_shapes) == 1
    pdf = client.get(f"/briefs/{number}/pdf")
    assert pdf.mimetype == "application/pdf" and pdf.get_data()[:5] == b"%PDF-"
    assert client.get(f"/briefs/{number}", headers={"Cookie": ""}).status_code == 200
    for wrong in ("999", "x", "9" * 40):
        assert client.get(f"/briefs/{wrong}").status_code == 404
    with sqlite_county.write() as connection:
        from models import tables as t

        connection.execute(update(t.account).where(t.account.c.name == "leader").values(area="990100100"))
    assert client.get(f"/briefs/{number}").status_code == 403
    assert problem(client.get("/live/overview"))["status"] == 403
