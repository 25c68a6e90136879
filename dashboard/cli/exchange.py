"""`gridcommand feed` and `gridcommand webhook`: from where warnings come, and who is told. Each change leaves an audit line."""

from __future__ import annotations

import click

from alerts.exchange.outside import OutsideFailed, OutsideRefused, judged
from config.networks import listed, networks
from dashboard.cli.parts import Parts, changed, open_parts
from dashboard.cli.terminal import Refusal, answer
from models.exchange import feeds, webhooks
from models.exchange.webhooks import KINDS


@click.group()
def feed() -> None:
    """Feeds of warnings (CAP 1.2, by itself or in Atom or RSS): add, list, remove."""


@feed.command("add")
@click.argument("name")
@click.argument("url")
@click.option("--seconds", default=60, show_default=True, type=click.IntRange(10, 86_400), help="Between two looks.")
def add_feed(name: str, url: str, seconds: int) -> None:
    """Look at URL from now on. Private networks must be listed in GRIDCOMMAND_EXCHANGE_NETWORKS."""
    with open_parts(county=False) as parts:
        _demand_allowed(parts, url)
        changed(parts, "feed.add", name, lambda db, now: feeds.add(db, name, url, seconds, now))
    answer(f"{name} is looked at every {seconds} s.")


@feed.command("list")
def list_feeds() -> None:
    """All feeds: name, seconds between two looks, when it was looked at last, and what was wrong then."""
    with open_parts(county=False) as parts, parts.store.read() as connection:
        for row in feeds.listed(connection):
            looked = row.looked_at.isoformat(timespec="seconds") if row.looked_at else "never"
            answer(f"{row.name}\t{row.seconds} s\t{looked}\t{row.outcome or 'ok'}")


@feed.command("remove")
@click.argument("name")
def remove_feed(name: str) -> None:
    """Look at NAME no longer; what came by it stays."""
    with open_parts(county=False) as parts:
        changed(parts, "feed.remove", name, lambda db, now: feeds.remove(db, name, now))
    answer(f"Removed {name}.")


@click.group()
def webhook() -> None:
    """Webhooks: other systems that are told facts, signed; add, list, pause, enable, retry, remove."""


@webhook.command("add")
@click.argument("name")
@click.argument("url")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="Only these facts; may be given again.")
def add_webhook(name: str, url: str, kinds: tuple[str, ...]) -> None:
    """Tell URL every fact from now on, and print the secret once: the other side checks signatures with it."""
    with open_parts(county=False) as parts:
        _demand_allowed(parts, url)
        secret = changed(
            parts, "webhook.add", name, lambda db, now: webhooks.add(db, parts.vault, name, url, kinds, now)
        )
    answer(str(secret))


@webhook.command("list")
def list_webhooks() -> None:
    """All webhooks: name, state, how many facts wait, were sent and have failed, and why it was switched off."""
    with open_parts(county=False) as parts, parts.store.read() as connection:
        for row in webhooks.listed(connection):
            state = "active" if row.enabled else "switched off"
            told = f"{row.waiting} waiting\t{row.sent} sent\t{row.failed} failed"
            answer(f"{row.name}\t{state}\t{told}\t{row.message}")


@webhook.command("enable")
@click.argument("name")
def enable_webhook(name: str) -> None:
    """Switch NAME on again; what waited is sent at once."""
    with open_parts(county=False) as parts:
        changed(parts, "webhook.enable", name, lambda db, now: webhooks.enable(db, name, now))
    answer(f"{name} is told again.")


@webhook.command("pause")
@click.argument("name")
def pause_webhook(name: str) -> None:
    """Tell NAME nothing until it is enabled; what happens meanwhile waits."""
    with open_parts(county=False) as parts:
        changed(parts, "webhook.pause", name, lambda db, now: webhooks.pause(db, name))
    answer(f"{name} is told nothing.")


@webhook.command("retry")
@click.argument("name")
@click.option("--number", type=int, help="Only this fact; without it all that have failed.")
def retry_webhook(name: str, number: int | None) -> None:
    """Send NAME again what has failed, each in its old place in the row."""
    with open_parts(county=False) as parts:
        again = changed(parts, "webhook.retry", name, lambda db, now: webhooks.retry(db, name, number, now))
    answer(f"{again} facts are sent again.")


@webhook.command("remove")
@click.argument("name")
def remove_webhook(name: str) -> None:
    """Tell NAME nothing more; its secret is forgotten, its deliveries stay on record."""
    with open_parts(county=False) as parts:
        changed(parts, "webhook.remove", name, lambda db, now: webhooks.remove(db, name, now))
    answer(f"Removed {name}.")


def _demand_allowed(parts: Parts, url: str) -> None:
    """Refuse what may never be asked; a name that is not known now is judged again at every try."""
    try:
        judged(url, networks(listed(parts.settings.exchange_networks)))
    except OutsideRefused as error:
        raise Refusal(str(error)) from error
    except OutsideFailed as error:
        raise Refusal(f"{error}; is it written as it should be?") from error
