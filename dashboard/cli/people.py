"""`gridcommand user` and `gridcommand token`: who may come in. Every change leaves a line in the audit."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from dashboard.cli.parts import open_parts
from dashboard.cli.terminal import Refusal, answer
from models import accounts
from models.moves import Role
from models.timebase import real_now

_ROLES = [role.value for role in Role if role is not Role.SYSTEM]


@click.group()
def user() -> None:
    """Accounts: add, list, disable, reset."""


@user.command("add")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(_ROLES))
@click.option("--area", help="Code of the area it is bound to.")
@click.option("--department", help="Code of its department.")
def add_user(name: str, role: str, area: str | None, department: str | None) -> None:
    """Add the account NAME. Its password is asked for, or read from stdin; where none comes, one is made."""
    password, made = _password()
    _change(
        "account.add",
        name,
        lambda connection, now: accounts.add_account(
            connection, name, role, password, now, area=area, department=department
        ),
    )
    answer(f"Added {name} ({role}).{f' Password: {password}' if made else ''}")


@user.command("list")
def list_users() -> None:
    """All accounts: name, role, area, department, state."""
    with open_parts(county=False) as parts, parts.store.read() as connection:
        for row in accounts.accounts(connection):
            state = "disabled" if row.disabled else "active"
            answer(f"{row.name}\t{row.role}\t{row.area or '-'}\t{row.department or '-'}\t{state}")


@user.command("disable")
@click.argument("name")
def disable_user(name: str) -> None:
    """Disable the account NAME; its sessions end."""
    _change("account.disable", name, lambda connection, _now: accounts.set_disabled(connection, name, disabled=True))
    answer(f"Disabled {name}.")


@user.command("reset")
@click.argument("name")
def reset_user(name: str) -> None:
    """Give NAME a new password and enable it; its sessions end."""
    password, made = _password()

    def deed(connection: Any, _now: datetime) -> None:
        accounts.set_password(connection, name, password)
        accounts.set_disabled(connection, name, disabled=False)

    _change("account.reset", name, deed)
    answer(f"{name} has a new password.{f' Password: {password}' if made else ''}")


@click.group()
def token() -> None:
    """Bearer tokens of client systems and displays: create, list, revoke."""


@token.command("create")
@click.argument("name")
@click.option("--scope", required=True, help=f"Comma-separated, of {', '.join(accounts.SCOPES)}.")
@click.option("--area", help="Code of the area it is bound to.")
@click.option("--department", help="Code of its department.")
def create_token(name: str, scope: str, area: str | None, department: str | None) -> None:
    """Create the token NAME and print it, once: it is stored as a hash only."""
    scopes = [part.strip() for part in scope.split(",") if part.strip()]
    secret = _change(
        "token.create",
        name,
        lambda connection, now: accounts.create_token(connection, name, scopes, now, area=area, department=department),
    )
    answer(str(secret))


@token.command("list")
def list_tokens() -> None:
    """All tokens: name, scopes, area, department, state."""
    with open_parts(county=False) as parts, parts.store.read() as connection:
        for row in accounts.tokens(connection):
            state = "revoked" if row.revoked_at else "valid"
            answer(f"{row.name}\t{row.scopes}\t{row.area or '-'}\t{row.department or '-'}\t{state}")


@token.command("revoke")
@click.argument("name")
def revoke_token(name: str) -> None:
    """Revoke the token NAME at once."""
    _change("token.revoke", name, lambda connection, now: accounts.revoke_token(connection, name, now))
    answer(f"Revoked {name}.")


def _change(act: str, name: str, deed: Callable[[Any, datetime], Any]) -> Any:
    """One change with its audit line, in one transaction."""
    now = real_now()
    with open_parts(county=False) as parts, parts.store.write() as connection:
        try:
            result = deed(connection, now)
        except ValueError as error:
            raise Refusal(str(error)) from error
        accounts.audit(connection, "console", "admin", act, now, object=name)
    return result


def _password() -> tuple[str, bool]:
    """The password asked for at the terminal, or the first line of stdin; one that is made where it is empty."""
    if sys.stdin is not None and sys.stdin.isatty():
        given = click.prompt("Password (empty: make one)", default="", hide_input=True, show_default=False, err=True)
        if given and click.prompt("Again", hide_input=True, err=True) != given:
            raise Refusal("The two passwords differ.")
    else:
        given = sys.stdin.readline().rstrip("\r\n") if sys.stdin is not None else ""
    return (given, False) if given else (secrets.token_urlsafe(12), True)
