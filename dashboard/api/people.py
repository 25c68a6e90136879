"""Accounts and tokens for the administrator. Each change is audited in its own transaction; passwords are made here."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from flask import Response, jsonify, request
from flask_openapi3.blueprint import APIBlueprint

from config.sentences import say
from dashboard.api import shapes
from dashboard.problems import Problem
from dashboard.services import services, visitor
from models import accounts
from models.timebase import real_now


def register(api: APIBlueprint) -> None:
    """Add the routes."""
    api.get("/accounts", summary="Accounts", responses={200: shapes.AccountList})(_accounts)
    api.post("/accounts", summary="A new account; answers its first password", responses={201: shapes.NewPassword})(
        _add
    )
    api.post(
        "/accounts/<name>/actions/<action>",
        summary="`disable`, `enable`, or `reset` (answers a new password)",
        responses={200: shapes.NewPassword},
    )(_change)
    api.get("/tokens", summary="Tokens, without their secrets", responses={200: shapes.TokenList})(_tokens)
    api.post("/tokens/<name>/actions/<action>", summary="`revoke`", responses={200: shapes.Done})(_change_token)


def _accounts() -> Response:
    with services().store.read() as connection:
        rows = accounts.accounts(connection)
    listed = shapes.AccountList(accounts=[shapes.AccountRow(**row._mapping) for row in rows])
    return jsonify(listed.model_dump(mode="json"))


def _add(body: shapes.AccountBody) -> tuple[Response, int]:
    password = fresh_password()
    audited(
        "account.add",
        body.name,
        lambda connection: accounts.add_account(
            connection, body.name, body.role, password, real_now(), area=body.area, department=body.department
        ),
        detail={"role": body.role},
    )
    return jsonify(shapes.NewPassword(name=body.name, password=password).model_dump()), 201


def _change(path: shapes.NamePath) -> Response:
    password = fresh_password()
    deeds: dict[str, Callable[[Any], None]] = {
        "disable": lambda connection: accounts.set_disabled(connection, path.name, True),
        "enable": lambda connection: accounts.set_disabled(connection, path.name, False),
        "reset": lambda connection: accounts.set_password(connection, path.name, password),
    }
    deed = deeds.get(path.action)
    if deed is None:
        raise Problem(
            404,
            say(
                "There is no action {action!r}; expected one of {expected}.",
                action=path.action,
                expected=", ".join(deeds),
            ),
            field="action",
        )
    if path.action == "disable" and path.name == visitor().name:
        raise Problem(409, "You cannot disable yourself; another administrator can.", field="name")
    audited(f"account.{path.action}", path.name, deed)
    if path.action == "reset":
        return jsonify(shapes.NewPassword(name=path.name, password=password).model_dump())
    return jsonify(shapes.Done(name=path.name).model_dump())


def _tokens() -> Response:
    with services().store.read() as connection:
        rows = accounts.tokens(connection)
    listed = [shapes.TokenRow(**{**row._mapping, "scopes": row.scopes.split(",")}) for row in rows]
    return jsonify(shapes.TokenList(tokens=listed).model_dump(mode="json"))


def _change_token(path: shapes.NamePath) -> Response:
    if path.action != "revoke":
        raise Problem(404, say("There is no action {action!r}; expected revoke.", action=path.action), field="action")
    audited("token.revoke", path.name, lambda connection: accounts.revoke_token(connection, path.name, real_now()))
    return jsonify(shapes.Done(name=path.name).model_dump())


def fresh_password() -> str:
    """Fifteen random characters: shown once, to be changed or kept in a safe place."""
    return secrets.token_urlsafe(11)


def audited(act: str, name: str, deed: Callable[[Any], Any], detail: dict[str, Any] | None = None) -> Any:
    """An administrator's change with its audit line, in one transaction; what the deed returns.

    Raises:
        Problem: 422 where the deed refused, in its own sentence.
    """
    who = visitor()
    with services().store.write() as connection:
        try:
            found = deed(connection)
        except ValueError as error:
            raise Problem(422, str(error), field="name") from error
        accounts.audit(
            connection,
            who.name,
            who.role,
            act,
            real_now(),
            object=name,
            address=request.remote_addr or "",
            detail=detail,
        )
    return found
