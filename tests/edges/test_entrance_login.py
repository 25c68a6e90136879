"""The entrance on both databases: login, lock-out across processes, sessions, devices, ways that stay here."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from desk_harness import (
    ORIGIN,
    OWN,
    PASSWORD,
    HeardNews,
    add_people,
    add_token,
    browser,
    form_token,
    log_in,
    web,
)
from flask import Flask
from sqlalchemy import func, select

from dashboard.routes import EVERYBODY, HOME
from models import accounts
from models import tables as t
from models.store import Store
from models.timebase import real_now


@pytest.fixture
def app(county_store: Store, tmp_path: Path) -> Iterator[Flask]:
    add_people(county_store)
    with web(county_store, tmp_path, HeardNews()) as app:
        yield app


def acts(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.execute(select(t.audit.c.act).order_by(t.audit.c.id)).scalars())


def test_every_role_lands_where_its_work_is(app: Flask, subtests: pytest.Subtests) -> None:
    for role, home in HOME.items():
        with subtests.test(str(role)):
            client = app.test_client()
            answer = log_in(client, str(role))
            assert answer.status_code == 303 and answer.headers["Location"] == home
            cookie = client.get_cookie("gc_session")
            assert cookie and cookie.http_only and cookie.same_site == "Strict"
            assert client.get(home).status_code == 200


def test_every_role_with_a_person_behind_it_has_a_page() -> None:
    assert set(HOME) == EVERYBODY


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(app: Flask, county_store: Store) -> None:
    wrong, unknown = (log_in(app.test_client(), name, "something else") for name in ("operator", "no-such-person"))
    assert wrong.status_code == unknown.status_code == 401
    words = "账号或密码不对"
    assert words in wrong.get_data(as_text=True) and words in unknown.get_data(as_text=True)
    assert acts(county_store) == ["login.failed", "login.failed"]


def test_five_failures_lock_the_account_also_in_another_process_and_for_the_right_password(
    app: Flask, county_store: Store, tmp_path: Path
) -> None:
    with web(county_store, tmp_path / "other", HeardNews()) as other:
        for number in range(5):
            answer = log_in((app, other)[number % 2].test_client(), "operator", "wrong password")
            assert answer.status_code == 401
        assert log_in(other.test_client(), "operator").status_code == 429
    with county_store.write() as connection:  # the address is let in again, the account is not
        connection.execute(t.lockout.delete().where(t.lockout.c.key.like("address:%")))
    assert log_in(app.test_client(), "operator").status_code == 429
    assert log_in(app.test_client(), "duty").status_code == 303
    with county_store.write() as connection:
        connection.execute(t.lockout.update().values(until=real_now(), first_at=real_now() - timedelta(minutes=16)))
    assert log_in(app.test_client(), "operator").status_code == 303


def test_no_burst_of_tries_at_the_same_time_gets_more_than_five(app: Flask, county_store: Store) -> None:
    clients = [app.test_client() for _ in range(20)]
    tokens = [form_token(client) for client in clients]

    def attempt(number: int) -> int:
        form = {"name": "operator", "password": f"guess {number}", "csrf_token": tokens[number]}
        return clients[number].post("/login", data=form, headers={"Origin": ORIGIN}).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(20)))
    assert answers.count(401) <= 5 and set(answers) == {401, 429}
    assert acts(county_store).count("login.failed") <= 5


def test_many_names_from_one_address_lock_the_address(app: Flask) -> None:
    answers = [log_in(app.test_client(), f"person-{number}", "wrong password").status_code for number in range(7)]
    assert answers == [401] * 5 + [429] * 2


def test_a_success_forgets_the_accounts_failures(app: Flask, county_store: Store) -> None:
    for _ in range(4):
        log_in(app.test_client(), "operator", "wrong password")
    assert log_in(app.test_client(), "operator").status_code == 303
    with county_store.read() as connection:
        key = t.lockout.c.key
        left = connection.execute(select(func.count()).where(key == "account:operator")).scalar_one()
    assert left == 0


def test_a_form_without_its_token_or_from_elsewhere_is_refused(app: Flask) -> None:
    client = app.test_client()
    form = {"name": "operator", "password": PASSWORD, "csrf_token": form_token(client)}
    for headers in ({}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
        assert client.post("/login", data=form, headers=headers).status_code == 403
    for token in ("", "forged"):
        refused = client.post("/login", data={**form, "csrf_token": token}, headers={"Origin": ORIGIN})
        assert refused.status_code == 403
    stranger = app.test_client()
    assert stranger.post("/login", data=form, headers={"Origin": ORIGIN}).status_code == 403


def test_a_login_gives_a_new_session_and_ends_the_one_before(app: Flask, county_store: Store) -> None:
    client = app.test_client()
    log_in(client, "duty")
    first = client.get_cookie("gc_session")
    assert first
    log_in(client, "operator")
    second = client.get_cookie("gc_session")
    assert second and second.value != first.value
    with county_store.read() as connection:
        assert accounts.visitor_of_session(connection, first.value, real_now()) is None
        stored = list(connection.execute(select(t.session.c.digest)).scalars())
    assert len(stored) == 1 and second.value not in stored


def test_a_logout_ends_the_session_on_the_server(app: Flask, county_store: Store) -> None:
    client = app.test_client()
    log_in(client, "operator")
    cookie = client.get_cookie("gc_session")
    assert cookie
    answer = client.post("/logout", data={"csrf_token": form_token(client)}, headers={"Origin": ORIGIN})
    assert answer.status_code == 303 and client.get_cookie("gc_session") is None
    again = app.test_client()
    again.set_cookie("gc_session", cookie.value)
    assert again.get("/api/v1/cases").status_code == 401
    assert acts(county_store) == ["login", "logout"]


def test_a_new_password_ends_every_session(app: Flask, county_store: Store) -> None:
    client = browser(app, county_store, "operator")
    with county_store.write() as connection:
        accounts.set_password(connection, "operator", "another good one")
    assert client.get("/api/v1/cases").status_code == 401


def test_a_session_in_use_is_noted_once_a_minute(app: Flask, county_store: Store) -> None:
    client = browser(app, county_store, "operator")
    long_ago = real_now() - timedelta(minutes=5)
    with county_store.write() as connection:
        connection.execute(t.session.update().values(seen_at=long_ago))
    assert client.get("/api/v1/cases").status_code == 200
    with county_store.read() as connection:
        assert real_now() - connection.execute(select(t.session.c.seen_at)).scalar_one() < timedelta(minutes=1)


def test_the_way_back_stays_on_this_server(app: Flask, subtests: pytest.Subtests) -> None:
    for wanted, found in (
        ("/cases?state=overdue", "/cases?state=overdue"),
        ("//evil.example/", "/desk"),
        ("https://evil.example/", "/desk"),
        ("/\\evil.example", "/desk"),
        ("/\t/evil.example", "/desk"),
        ("javascript:alert(1)", "/desk"),
        ("evil", "/desk"),
        ("/login", "/desk"),
    ):
        with subtests.test(wanted):
            assert log_in(app.test_client(), "operator", next=wanted).headers["Location"] == found


def test_a_page_asked_for_without_login_is_there_after_it(app: Flask) -> None:
    client = app.test_client()
    sent = client.get("/cases?state=overdue&text=%E6%B0%B4")
    assert sent.status_code == 303 and sent.headers["Location"].startswith("/login?next=/cases")
    page = client.get(sent.headers["Location"]).get_data(as_text=True)
    assert 'name="next" value="/cases?state=overdue&amp;text=%E6%B0%B4"' in page


def test_a_wall_without_a_keyboard_comes_in_by_its_device_token_until_it_is_revoked(
    app: Flask, county_store: Store
) -> None:
    secret = add_token(county_store, "display", name="hall wall")
    client = app.test_client()
    answer = client.get(f"/display?token={secret}")
    assert answer.status_code == 303 and answer.headers["Location"] == "/wall"
    assert client.get("/wall").status_code == 200 and client.get("/live/reference").get_json()["role"] == "display"
    assert client.get("/cases/X").status_code == 403
    with county_store.write() as connection:
        accounts.revoke_token(connection, "hall wall", real_now())
    assert client.get("/live/snapshot").status_code == 401
    assert acts(county_store) == ["display"]


def test_another_token_opens_no_wall_and_guessing_is_locked(app: Flask, county_store: Store) -> None:
    operate = add_token(county_store, "operate")
    tried = [app.test_client().get(f"/display?token={secret}").status_code for secret in (operate, "", "x", "gc_x")]
    assert tried == [403] * 4
    app.test_client().get("/display?token=y")
    device = add_token(county_store, "display")
    assert app.test_client().get(f"/display?token={device}").status_code == 403


def test_a_device_that_may_more_only_looks_here(app: Flask, county_store: Store) -> None:
    secret = add_token(county_store, "display", "operate")
    client = app.test_client()
    client.get(f"/display?token={secret}")
    assert client.get("/api/v1/cases/X").status_code == 403
    assert client.post("/api/v1/cases/X/actions/file", json={}, headers=OWN).status_code == 403


def test_the_language_is_switched_by_a_link_and_kept(app: Flask) -> None:
    client = app.test_client()
    assert 'lang="zh-CN"' in client.get("/login").get_data(as_text=True)
    assert client.get("/language?to=en&next=/login").headers["Location"] == "/login"
    english = client.get("/login").get_data(as_text=True)
    assert '<html lang="en">' in english and "Log in" in english
    assert client.get("/language?to=fr").status_code == 422
    assert client.get("/language?to=zh-CN&next=//evil.example").headers["Location"] == "/"


def test_a_strange_host_is_refused(app: Flask, subtests: pytest.Subtests) -> None:
    for host in ("", "a b", "evil.example/x", "a;script-src *", "x" * 300, "a:b"):
        with subtests.test(host[:20]):
            assert app.test_client().get("/login", headers={"Host": host}).status_code == 400


def test_every_answer_carries_the_headers_that_protect_it(app: Flask, county_store: Store) -> None:
    client = browser(app, county_store, "operator")
    for path in ("/login", "/cases", "/api/v1/cases", "/nowhere", "/assets/00_tokens.css", "/_dash-layout"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy and "unsafe" not in policy, path
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "same-origin"
    assert client.get("/cases").headers["Cache-Control"] == "no-store"


def test_names_that_are_no_names_cost_nothing(app: Flask, county_store: Store) -> None:
    for name in ("", "x" * 65, "a\x00b", "a\nb"):
        assert log_in(app.test_client(), name).status_code == 422
    assert acts(county_store) == []
