"""The catalogue and the code agree: every key that is asked for is there, every code of the domain has its word."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from config.settings import HERE
from config.texts import load
from config.written import COLUMNS
from dashboard.administration.editing import KINDS
from dashboard.api.watching.opening import SENTENCES
from dashboard.deskwork import export
from dashboard.deskwork.forms import forms
from dashboard.pages import admin, audit, cases
from dashboard.pages.administration import reference
from dashboard.pages.cameras import book, editing, health, listing, one, patrol
from dashboard.pages.cameras.parts import TABS
from dashboard.pages.duty import sheet
from dashboard.phone import page as phone_page
from models.accounts import SCOPES
from models.calendars import Unit
from models.desk import REFERENCE_TABLES
from models.door.escalation import LADDER_ACTIONS
from models.duplicates import WEIGHTS
from models.duty import handover
from models.duty.rounds import State
from models.filters import STATES
from models.ladder.plan import Kind
from models.moves import MOVES, Role, Stage
from models.watching.ledger import LASTS
from models.watching.logs import LOGS
from models.watching.rights import Purpose

ROOT = HERE.parent
TEXTS = load().texts("zh-CN")
ASKED = re.compile(r"""(?:\.text|texts|\.get|\bsay|\bt)[(\[]\s*["']([a-z_]+(?:\.[\w-]+)+)["']""")
"""`context.text("a.b")`, `texts["a.b"]`, `say("a.b")`, `t("a.b")` in Python, templates and JavaScript."""


def sources() -> Iterator[Path]:
    for folder, kinds in (("dashboard", ("*.py", "*.html", "*.js", "*.mjs")),):
        for kind in kinds:
            found = (ROOT / folder).rglob(kind)
            yield from (file for file in found if not {"vendor", "node_modules"} & set(file.parts))


def asked() -> dict[str, str]:
    return {key: file.name for file in sources() for key in ASKED.findall(file.read_text(encoding="utf-8"))}


def test_every_key_that_is_asked_for_has_a_text() -> None:
    missing = {key: file for key, file in asked().items() if key not in TEXTS}
    assert not missing
    assert len(asked()) > 100  # the search finds what it is meant to find


def test_a_key_without_a_text_would_be_noticed() -> None:
    assert ASKED.findall('context.text("desk.not_there")') == ["desk.not_there"]
    assert ASKED.findall('{{ texts["grid.not_there"] }}') == ["grid.not_there"]
    assert "desk.not_there" not in TEXTS


CODES = {
    "common.stage": [str(stage) for stage in Stage],
    "common.role": [str(role) for role in Role if role is not Role.SYSTEM],
    "common.level": ["1", "2", "3", "4"],
    "common.camera": ["connecting", "live", "stalled", "offline"],
    "cases.state": list(STATES),
    "cases.definition": list(STATES),
    "cases.clock": ["none", "on-time", "due-soon", "overdue", "in-time", "late", "paused"],
    "cases.face": ["none", "on-time", "due-soon", "overdue", "in-time", "late", "paused"],
    "cases.column": list(cases.COLUMNS),
    "cases": ["department", "area", "category", "source", "level"],
    "case.action": [
        *MOVES,
        "report",
        "warn",
        "breach",
        "escalate",
        "rederive",
        "close-with",
        "take-in",
        *LADDER_ACTIONS.values(),
    ],
    "case.field": sorted({"happened_at", *(field.name for move in MOVES.values() for field in move.fields)}),
    "case.option": sorted(
        {f"{field.name}.{code}" for move in MOVES.values() for field in move.fields for code in field.options}
    ),
    "ladder.kind": [*Kind, "message", "reminder"],
    "case.escalation.reason": ["breach", "direct", "unacknowledged"],
    "case": [f"no_derivation_{basis}" for basis in ("source", "none", "unknown-year")],
    "watching.column": sorted({*listing.COLUMNS, *book.COLUMNS}),
    "watching.state": list(listing.STATES),
    "watching.gap": list(book.GAPS),
    "watching.entry": sorted({*one.ENTRY, *editing.ENTRY_FIELDS}),
    "watching.gb": ["centre", "industry", "type", "network", "serial"],
    "watching.act": ["register", "masks", "import"],
    "audit.log": list(LOGS),
    "audit.column": sorted({name for names in audit.COLUMNS.values() for name in names}),
    "audit.kind": list(LASTS),
    "watching.purpose": list(Purpose),
    "watching.refused": list(SENTENCES),
    "admin.kind": list(REFERENCE_TABLES),
    "admin.scope_name": list(SCOPES),
    "entrance.error": [str(status) for status in (400, 401, 403, 404, 405, 413, 422, 429, 500, 503, 507)],
    "work.export": list(export.COLUMNS),
    "work.part": ["lead", "co"],
    "work.order": ["waiting", "handling", "done", "withdrawn", "concluded"],
    "work.related": ["into", "child", "link"],
    "work.alike": list(WEIGHTS),
    "work.live": ["connecting", "live", "catching-up", "lost"],
    "case.unit": [str(unit) for unit in Unit],
    "desk.problem": ["404", "422", "500", "503", "507"],
    "refdata.kind": list(KINDS),
    "refdata.about": list(KINDS),
    "refdata.column": [name for columns in COLUMNS.values() for name in columns],
    "duty.section": list(handover.SECTIONS),
    "duty.definition": list(handover.SECTIONS),
    "coverage.state": list(get_args(State)),
    "grid.round_state": list(get_args(State)),
    "grid.every": ["day", "week", "month"],
    "grid": list(phone_page.WORDS),
    "grid.refused": ["other", "category", "description", "area", "longitude", "latitude", "address", "file"],
}


@pytest.mark.parametrize("table", CODES)
def test_every_code_has_a_word(table: str) -> None:
    assert [code for code in CODES[table] if f"{table}.{code}" not in TEXTS] == []


def test_every_field_and_option_of_every_form_has_a_word() -> None:
    made = [form for role in Role for form in forms(role, TEXTS)]
    labels = [(form["action"], field["name"], field["label"]) for form in made for field in form["fields"]]
    options = [option for form in made for field in form["fields"] for option in field["options"]]
    assert [label for label in labels if label[1] == label[2]] == []
    assert [option for option in options if option[0] == option[1]] == []
    assert len(labels) > 10


PAGE_WORDS = [
    admin.WORDS, sheet.WORDS, reference.WORDS, ("case.sending", "case.conflict"), audit.WORDS, one.WORDS, book.WORDS,
    editing.MASK_WORDS, editing.ENTRY_WORDS, health.WORDS, patrol.WORDS, tuple(key for _, key in TABS),
]  # fmt: skip


@pytest.mark.parametrize("words", PAGE_WORDS)
def test_what_modules_are_given_is_there(words: tuple[str, ...]) -> None:
    assert [key for key in words if key not in TEXTS] == []


def test_every_source_of_the_county_has_a_word() -> None:
    with (HERE / "counties" / "yunze" / "sources.csv").open(encoding="utf-8") as file:
        codes = {row["code"] for row in csv.DictReader(file)}
    assert {f"common.source.{code}" for code in codes} <= set(TEXTS)
