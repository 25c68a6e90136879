"""`gridcommand channel`: where notifications are sent beside the inbox. Every change leaves a line in the audit."""

from __future__ import annotations

import sys

import click

from alerts.channels.kinds import KINDS, ChannelRefused, Target, demand_listed, target
from alerts.channels.sending import Letter, send
from alerts.courier import hosts
from config import texts
from dashboard.cli.parts import Parts, changed, open_parts
from dashboard.cli.terminal import Refusal, answer
from models import directory
from models.ladder import channels
from models.timebase import real_now


@click.group()
def channel() -> None:
    """Channels of notification: add, list, test, remove; and which account stands for a contact."""


@channel.command("add")
@click.argument("name")
@click.option("--kind", required=True, type=click.Choice(KINDS))
@click.option("--address", help="Asked for, or read from stdin, where it is not given: it holds keys.")
@click.option("--department", help="Code of the department it reaches; none: the centre.")
@click.option("--contact", help="Role of the contact it reaches (a rung of the ladder); none: the receiving desk.")
def add_channel(name: str, kind: str, address: str | None, department: str | None, contact: str | None) -> None:
    """Add the channel NAME. Its address is stored encrypted and shown nowhere again."""
    address = address or _address()
    with open_parts() as parts:
        where = _checked(parts, kind, address)
        if contact is not None and contact not in {rung.role for rung in parts.rules().ladder.rungs}:
            roles = ", ".join(rung.role for rung in parts.rules().ladder.rungs)
            raise Refusal(f"The ladder has no contact {contact!r}; expected one of {roles}.")
        changed(
            parts,
            "channel.add",
            name,
            lambda db, now: channels.add(
                db, parts.vault, name, kind, f"{where.host}:{where.port}", address, now,
                department=department, contact=contact,
            ),
        )  # fmt: skip
    answer(f"Added {name} ({kind}, {where.host}:{where.port}). Try it: gridcommand channel test {name}")


@channel.command("list")
def list_channels() -> None:
    """All channels: name, kind, host, whom they reach, state; then who stands for which contact."""
    with open_parts(county=False) as parts, parts.store.read() as connection:
        for row in channels.listed(connection):
            state = "removed" if row.removed_at else "active" if row.enabled else "disabled"
            answer(f"{row.name}\t{row.kind}\t{row.host}\t{row.department or 'centre'}/{row.contact or 'desk'}\t{state}")
        for row in channels.contacts(connection):
            answer(f"contact\t{row.department}/{row.role}\t{row.account}")


@channel.command("test")
@click.argument("name")
def test_channel(name: str) -> None:
    """Send a test over the channel NAME now, and say how it went."""
    with open_parts() as parts:
        with parts.store.read() as connection:
            try:
                row = channels.one(connection, name)
            except ValueError as error:
                raise Refusal(str(error)) from error
            listed = hosts(directory.read(connection))
        where = _checked(parts, row.kind, parts.vault.open(row.address) or "")
        words = texts.load().texts(parts.settings.language)
        result = send(where, Letter("GridCommand", words["ladder.told.test"]), listed, int(real_now().timestamp()))
    if result.verdict != "sent":
        again = "; it may work later" if result.verdict == "temporary" else ""
        raise Refusal(f"{name} did not take it: {result.detail}{again}.")
    answer(f"{name} took it.")


@channel.command("remove")
@click.argument("name")
def remove_channel(name: str) -> None:
    """Take the channel NAME away; its address is forgotten, its deliveries stay on record."""
    with open_parts(county=False) as parts:
        changed(parts, "channel.remove", name, lambda db, now: channels.remove(db, name, now))
    answer(f"Removed {name}.")


@channel.command("contact")
@click.argument("department")
@click.argument("role")
@click.argument("account")
@click.option("--remove", is_flag=True, help="It stands for this contact no longer.")
def name_contact(department: str, role: str, account: str, remove: bool) -> None:
    """Say that ACCOUNT stands for the contact ROLE of DEPARTMENT; where none does, all of the department's accounts do."""
    with open_parts() as parts:
        if role not in {rung.role for rung in parts.rules().ladder.rungs}:
            raise Refusal(f"The ladder has no contact {role!r}.")
        changed(
            parts,
            "channel.contact",
            f"{department}/{role}",
            lambda db, _now: channels.name_contact(db, department, role, account, stands=not remove),
        )
    answer(f"{account} {'no longer stands' if remove else 'stands'} for {role} of {department}.")


def _address() -> str:
    if sys.stdin is not None and sys.stdin.isatty():
        return str(click.prompt("Address", hide_input=True, err=True))
    return sys.stdin.readline().strip() if sys.stdin is not None else ""


def _checked(parts: Parts, kind: str, address: str) -> Target:
    try:
        where = target(kind, address)
        with parts.store.read() as connection:
            demand_listed(where, hosts(directory.read(connection)))
    except ChannelRefused as error:
        raise Refusal(str(error)) from error
    return where
