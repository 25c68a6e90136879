"""Cases read into the shapes that the API answers with and the pages are built from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from config.sentences import say
from dashboard import forecasts
from dashboard.api import shapes
from dashboard.clockface import face
from dashboard.problems import Problem
from dashboard.services import Services
from models import desk, moves, orderlists, queries
from models.accounts import Visitor
from models.casetimes import extensions_of, pauses_of
from models.derivations import as_json
from models.deskwork import candidates
from models.door import standing_of as standing
from models.duplicates import Facts
from models.filters import CaseFilter, Moment
from models.masking import masked
from models.moves import MOVES, Actor, Move, Role, Standing
from models.rules import RuleBook
from models.vault import Vault

LONGEST_CODE = 64


def page(
    parts: Services, who: Visitor, wanted: CaseFilter, *, after: str | None, size: int, sort: str = "newest"
) -> shapes.CasePage:
    """One page of a list, counted and listed at the same moment."""
    moment, rules = parts.moment(), parts.rules()
    with desk.steady(parts.store) as connection:
        found = queries.page(connection, wanted, who.actor, moment, after=after, size=size, sort=sort)
        late = forecasts.rows(parts, connection, found.rows, moment)
    rows = [row(case, moment, rules, late.get(case.id)) for case in found.rows]
    return shapes.CasePage(
        cases=rows,
        total=found.total,
        total_exact=found.exact,
        looked_at=found.looked_at,
        next=found.next,
        as_of=moment.now,
    )


def whole(parts: Services, who: Visitor, code: str) -> shapes.CaseWhole:
    """One case with everything that happened to it.

    Raises:
        Problem: 404 where it does not exist or this visitor may not know of it.
    """
    if not code.isprintable() or len(code) > LONGEST_CODE:
        raise no_case(code[:LONGEST_CODE])
    moment = parts.moment()
    with desk.steady(parts.store) as connection:
        case = queries.case(connection, code, who.actor)
        if case is None:
            raise no_case(code)
        trace = queries.trace(connection, case.id)
        orders = queries.orders(connection, case.id)
        open_ = standing(connection, parts.rules(), case, orders, moment.now)
        escalations = queries.escalations(connection, case.id)
        attachments = queries.attachments(connection, case.id)
        late = forecasts.rows(parts, connection, [case], moment)
        forecast = forecasts.of_case(parts, connection, case, moment)
    proof = desk.derivation(parts.rules(), case)
    private = handles(who, case.department)
    possible = open_moves(open_, who.actor, any(row.acknowledged_at is None for row in escalations))
    return shapes.CaseWhole(
        **_row(case, moment, parts.rules()) | late.get(case.id, {}),
        forecast=forecast,
        **_plain(case),
        description=case.description if private else masked(case.description),
        reporter=_reporter(case, parts.vault) if private else None,
        derivation=as_json(proof) if proof else None,
        actions=[move.action for move in possible],
        moves=[_move(move) for move in possible],
        trace=[shapes.TraceRow(**_named(row, shapes.TraceRow) | _note(row.note, private)) for row in trace],
        orders=[shapes.OrderRow(**_named(row, shapes.OrderRow) | _words(row, private)) for row in orders],
        escalations=[shapes.EscalationRow(**_named(row, shapes.EscalationRow)) for row in escalations],
        attachments=[attachment(row) for row in attachments],
    )


def known(parts: Services, who: Visitor, code: str) -> None:
    """Nothing, where this visitor may know of the case.

    Raises:
        Problem: 404.
    """
    if not code.isprintable() or len(code) > LONGEST_CODE:
        raise no_case(code[:LONGEST_CODE])
    with parts.store.read() as connection:
        if queries.case(connection, code, who.actor) is None:
            raise no_case(code)


def facts(case: shapes.CaseRow) -> Facts:
    """What the scorer of duplicates wants of a case as it was read."""
    return candidates.facts(case)


def order_page(parts: Services, who: Visitor, asked: shapes.OrderQuery) -> shapes.OrderPage:
    """One page of orders, counted and listed at the same moment; what was written in them is masked."""
    wanted = orderlists.OrderFilter(asked.state, asked.kind, asked.department, asked.case)
    now = parts.moment().now
    with desk.steady(parts.store) as connection:
        found = orderlists.page(connection, wanted, who.actor, now, after=asked.after, size=asked.limit)
    rows = [_order_row(row, now) for row in found.rows]
    return shapes.OrderPage(orders=rows, total=found.total, total_exact=found.exact, next=found.next, as_of=now)


def _order_row(row: Any, now: datetime) -> shapes.OrderListRow:
    open_ = row.done_at is None and row.withdrawn_at is None and row.concluded_at is None
    late = open_ and row.due_at is not None and row.due_at < now
    known = _named(row, shapes.OrderListRow) | _words(row, private=False)
    return shapes.OrderListRow(**known | {"late": late})


def no_case(code: str) -> Problem:
    """The same words whether it does not exist or may not be known."""
    return Problem(404, say("There is no case {code!r}.", code=code), field="code")


def handles(who: Visitor, department: str | None) -> bool:
    """Whether this visitor handles the case, and so may read what the reporter entrusted."""
    if who.role is Role.OPERATOR:
        return True
    return who.role is Role.DEPARTMENT and who.department is not None and who.department == department


def open_moves(here: Standing, actor: Actor, unanswered: bool) -> list[Move]:
    """What this actor can do with a case that stands like this; acknowledging only where something waits for it."""
    return [move for move in moves.open_moves(here, actor) if move.action != "acknowledge" or unanswered]


def _move(move: Move) -> shapes.MoveRow:
    fields = [shapes.MoveField(**{**asdict(field), "options": list(field.options)}) for field in move.fields]
    return shapes.MoveRow(action=move.action, fields=fields)


def requires(action: str) -> tuple[str, ...]:
    """The fields that a move asks for."""
    return MOVES[action].requires


def attachment(row: Any) -> shapes.AttachmentRow:
    """A photo's row with its address."""
    return shapes.AttachmentRow(
        digest=row.digest,
        url=f"/attachments/{row.digest}",
        width=row.width,
        height=row.height,
        size=row.size,
        at=row.at,
    )


def line_since(line: Any) -> dict[str, Any]:
    """Who did what, for whoever was overtaken: without the words, which may be private."""
    told = shapes.TraceRow(**_named(line, shapes.TraceRow) | {"note": "", "detail": {}}).model_dump(mode="json")
    return {name: told[name] for name in ("number", "action", "from_stage", "to_stage", "actor", "role", "entered_at")}


def _words(order: Any, private: bool) -> dict[str, str]:
    """What was asked and answered, masked but for those who handle the case."""
    return {name: getattr(order, name) if private else masked(getattr(order, name)) for name in ("text", "result")}


def _note(note: str, private: bool) -> dict[str, str]:
    return {"note": note if private else masked(note)}


def row(case: Any, moment: Moment, rules: RuleBook, late: Mapping[str, Any] | None = None) -> shapes.CaseRow:
    """A case as lists show it; `late` is what is forecast of it."""
    return shapes.CaseRow(**{**_row(case, moment, rules), **(late or {})})


def _row(case: Any, moment: Moment, rules: RuleBook) -> dict[str, Any]:
    label, label_en = rules.label(case)
    more = {"clock": face(case, moment.now), "address": masked(case.address)}
    return _named(case, shapes.CaseRow) | more | {"stage_label": label, "stage_label_en": label_en}


def _plain(case: Any) -> dict[str, Any]:
    found = {name: getattr(case, name) for name in shapes.CaseStanding.model_fields if hasattr(case, name)}
    pauses = [shapes.PauseRow(began_at=pause.began_at, ended_at=pause.ended_at) for pause in pauses_of(case)]
    return found | {"pauses": pauses, "extensions": list(extensions_of(case))}


def _named(row: Any, shape: type[Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in shape.model_fields if hasattr(row, name)}


def _reporter(case: Any, vault: Vault) -> shapes.Reporter | None:
    name, phone = vault.open(case.reporter_name), vault.open(case.reporter_phone)
    return shapes.Reporter(name=name, phone=phone) if name or phone else None
