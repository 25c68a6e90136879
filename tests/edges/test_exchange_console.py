"""`gridcommand feed` and `gridcommand webhook`: addresses judged, secrets shown once, every change in the audit."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from test_import_catalogue import Run, run

from models import tables as t
from models.exchange import tables as xt
from models.store import Store

__all__ = ["run"]


@pytest.fixture
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    """The county lists a private network."""
    monkeypatch.setenv("GRIDCOMMAND_EXCHANGE_NETWORKS", "127.0.0.0/8, 10.20.0.0/16")


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/x", "http://10.1.2.3/x", "file:///etc/passwd", "https://u:secret@127.0.0.1/"]
)
def test_an_address_that_may_not_be_asked_is_refused_in_a_sentence(run: Run, sqlite_county: Store, url: str) -> None:
    for command in (("feed", "add", "a", url), ("webhook", "add", "a", url)):
        code, out, err = run(*command)
        assert code == 1 and out == "" and err.endswith(".\n") and "secret" not in err
    with sqlite_county.read() as connection:
        assert connection.execute(select(xt.feed)).first() is None
        assert connection.execute(select(xt.webhook)).first() is None


def test_a_feed_is_added_listed_and_removed(run: Run, near: None) -> None:
    assert run("feed", "add", "met", "http://127.0.0.1:9/cap", "--seconds", "30")[0] == 0
    assert run("feed", "add", "met", "http://127.0.0.1:9/cap")[0] == 1  # the name is taken
    assert run("feed", "list")[1] == "met\t30 s\tnever\tok\n"
    assert run("feed", "remove", "met")[0] == 0 and run("feed", "list")[1] == ""
    assert run("feed", "remove", "met")[0] == 1


def test_a_webhooks_secret_is_shown_once_and_never_again(run: Run, near: None, sqlite_county: Store) -> None:
    code, secret, err = run("webhook", "add", "crm", "https://127.0.0.1/hook", "--kind", "case.reported")
    assert code == 0 and secret.startswith("whsec_") and err == ""
    assert secret.strip() not in run("webhook", "list")[1]
    with sqlite_county.read() as connection:
        lines = connection.execute(select(t.audit).where(t.audit.c.object == "crm")).all()
    assert [line.act for line in lines] == ["webhook.add"] and secret.strip() not in str(lines)
    assert run("webhook", "pause", "crm")[0] == 0 and "switched off" in run("webhook", "list")[1]
    assert run("webhook", "retry", "crm")[2] == "'crm' has nothing that has failed.\n"
    assert run("webhook", "enable", "crm")[0] == 0 and run("webhook", "remove", "crm")[0] == 0
    assert run("webhook", "enable", "crm")[0] == 1


def test_a_kind_that_does_not_exist_is_wrong_usage(run: Run, near: None) -> None:
    assert run("webhook", "add", "crm", "https://127.0.0.1/hook", "--kind", "case.deleted")[0] == 2
