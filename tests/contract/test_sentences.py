"""Every sentence that refuses somebody has a Chinese form, so that no English one shows up on a Chinese screen."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path

from config import texts
from config.sentences import PYDANTIC

HOUSE = Path(__file__).parents[2]
REFERENCE = ("area_files", "gb28181", "notices", "plans", "reference", "ruled", "tables", "tiling")
"""What judges the files and forms of an administrator."""
ROOMS = (
    "models",
    "dashboard",
    *(f"config/{name}.py" for name in REFERENCE),
    "streams/addresses.py",
    "streams/health_rules.py",
    "streams/still.py",
)
APART = ("dashboard/cli/", "dashboard/open311/", "models/migrations/")
"""The command line and GeoReport v2 speak English to machines and administrators of machines."""
REFUSALS = {"Problem", "Refused", "FilterRefused", "Conflict", "AddressRefusedError", "Unsearchable", "ListingRefused"}
REFUSALS |= {
    "add",
    "fault",
    "NoticeError",
    "WindowRefused",
    "PeriodRefused",
    "NoStillError",
    "Condition",
    "_unknown",
    "_refused",
    "say",
    "kept",
}
LOOKS = re.compile(r"^[A-Z'{].* .*[.}]$")
NEVER_SHOWN = {
    "The document declares a document type or an entity; none is taken.",
    "The database server has closed this connection.",
    "This was sealed with another GRIDCOMMAND_SECRET_KEY and cannot be read.",
    "The database's schema is not the one of this program: run `gridcommand migrate`.",
    "Orders cannot be made as PDF: Debian's libpango-1.0-0, libpangoft2-1.0-0 or libharfbuzz-subset0 is missing.",
    "A style attribute would be refused by our own policy; expected a class.",
    "This needs a visitor, and the route lets anybody in.",
    "The clocks of case %s could not be judged; next try in a minute.",
    "The clocks of emergency %s could not be judged; next try in a minute.",
}
"""Sentences of logs and of faults in the program: nobody's refusal."""


def constants(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of every constant, docstrings and pieces of f-strings left out."""
    apart = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    apart |= {id(piece) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for piece in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart:
            yield node.lineno, node.value


def unknown(tree: ast.AST, known: Collection[str]) -> Iterator[tuple[int, str]]:
    """Sentences that have no Chinese form."""
    for line, said in constants(tree):
        if LOOKS.match(said) and said not in known and said not in NEVER_SHOWN:
            yield line, said


def unended(tree: ast.AST) -> Iterator[str]:
    """What the API's shapes say of a field, with the full stop that the edge gives it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("ValueError", "_fault"):
            said = node.args[-1]
            if isinstance(said, ast.Constant):
                yield f"{said.value}."
            elif isinstance(said, ast.JoinedStr):
                yield ast.unparse(said)


def melted(tree: ast.AST) -> Iterator[int]:
    """Lines where a refusal is raised with an f-string, whose template nobody can look up any more."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in REFUSALS:
            pieces = (piece for argument in node.args for piece in ast.walk(argument))
            yield from (piece.lineno for piece in pieces if isinstance(piece, ast.JoinedStr) and _ends(piece))


def _ends(piece: ast.JoinedStr) -> bool:
    last = piece.values[-1] if piece.values else None
    return isinstance(last, ast.Constant) and str(last.value).endswith(".")


@cache
def house() -> Mapping[str, ast.AST]:
    found = (HOUSE / room for room in ROOMS)
    files = (file for room in found for file in (sorted(room.rglob("*.py")) if room.is_dir() else [room]))
    named = {str(file.relative_to(HOUSE)): file for file in files}
    return {
        name: ast.parse(file.read_text(encoding="utf-8")) for name, file in named.items() if not name.startswith(APART)
    }


def test_every_sentence_of_a_refusal_has_a_chinese_form() -> None:
    known = texts.load().sentences
    missing = [f"{name}:{line}: {said}" for name, tree in house().items() for line, said in unknown(tree, known)]
    assert missing == []


def test_what_the_shapes_of_the_api_say_has_a_chinese_form() -> None:
    shapes = [tree for name, tree in house().items() if "shapes" in name]
    said = {text for tree in shapes for text in unended(tree)}
    assert len(said) > 5 and sorted(said - texts.load().sentences.keys()) == []


def test_no_refusal_is_an_f_string_because_its_template_would_be_lost() -> None:
    assert [f"{name}:{line}" for name, tree in house().items() for line in melted(tree)] == []


def test_no_chinese_form_is_of_a_sentence_that_nobody_says() -> None:
    said = {text for tree in house().values() for _, text in constants(tree)}
    said |= {f"{text}." for text in said}
    kept = (one for one in texts.load().sentences if LOOKS.match(one))
    assert sorted(set(kept) - said) == []


def test_a_forgotten_sentence_and_a_melted_one_are_found() -> None:
    planted = ast.parse("raise Refused('Nobody has told this in Chinese.')\nraise Refused(f'There is no {what}.')")
    assert list(unknown(planted, texts.load().sentences)) == [(1, "Nobody has told this in Chinese.")]
    assert list(melted(planted)) == [2]


def test_every_fault_that_our_shapes_can_make_has_a_name_in_chinese() -> None:
    sentences = texts.load().sentences
    usual = (
        "missing",
        "extra_forbidden",
        "string_too_short",
        "string_too_long",
        "literal_error",
        "int_parsing",
        "other",
    )
    assert [one for one in usual if f"{PYDANTIC}{one}" not in sentences] == []
