"""What is said to somebody who did something wrong: English for machines and logs, and the reader's language on a screen.

A refusal is raised where its rule is, and the rule knows no reader. So it says an English sentence that still remembers
how it was made: its template and its values. The edge (`dashboard.problems`) looks the template up in
`texts/sentences/zh-CN.toml` and fills it again. A sentence without values is its own template and needs no `say`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

PYDANTIC = "pydantic:"
"""Before pydantic's name of a fault, whose English sentence is not ours; its context fills the placeholders."""
ROLES = ("common.role", "case.actor")
"""Where the catalogue has the names of roles."""
DEPARTMENT = "department"
"""Where the reader's own county has the names of departments."""


class Sentence(str):
    """An English sentence with its template. A `str` in all else, so that `str(error)`, logs and JSON take it as such."""

    template: str
    values: Mapping[str, object]

    def __str__(self) -> str:
        """Itself, not a bare copy: `str(error)` of an exception that was raised with it must not forget the template."""
        return self


class Term(str):
    """A code that has a name in the catalogue under `prefix.code`: an action, a role, a stage."""

    prefixes: tuple[str, ...]
    codes: tuple[str, ...]


def say(template: str, /, **values: object) -> Sentence:
    """The sentence in English. `template` is a constant in the form of `str.format`; the catalogue knows it as such."""
    return kept(template.format(**values), template, values)


def constant(text: str) -> Sentence:
    """A sentence without values, to be told within another one; one that remembers its template stays as it is."""
    return text if isinstance(text, Sentence) else kept(text, text, {})


def kept(english: str, template: str, values: Mapping[str, object]) -> Sentence:
    """A sentence that somebody else wrote, and what the catalogue knows it by."""
    sentence = Sentence(english)
    sentence.template, sentence.values = template, values
    return sentence


def term(code: object, *prefixes: str) -> Term:
    """One code, named by the first of `prefixes` that has it."""
    found = Term(str(code))
    found.prefixes, found.codes = prefixes, (str(code),)
    return found


def terms(codes: Iterable[object], *prefixes: str, none: str = "nothing") -> Term:
    """Some codes, sorted, as "a or b" in English; `none` where there are none."""
    ordered = tuple(sorted(str(code) for code in codes))
    found = Term(" or ".join(ordered) or none)
    found.prefixes, found.codes = prefixes, ordered or (none,)
    return found


def template_of(text: str) -> str:
    """What the catalogue knows a text by."""
    return text.template if isinstance(text, Sentence) else text


def told(text: str, sentences: Mapping[str, str], texts: Mapping[str, str]) -> str:
    """The text in the language of `sentences` (template → template) and `texts`; as it is where that language has none."""
    template = template_of(text)
    own = sentences.get(template)
    if own is None and template.startswith(PYDANTIC):
        own = sentences.get(f"{PYDANTIC}other")
    if own is None:
        return text
    values = text.values if isinstance(text, Sentence) else {}
    try:
        return own.format(**{name: _told(value, sentences, texts) for name, value in values.items()})
    except (KeyError, IndexError, ValueError):
        return text  # pydantic gives other values than it did: English is better than nothing


def _told(value: object, sentences: Mapping[str, str], texts: Mapping[str, str]) -> object:
    if isinstance(value, Term):
        return "、".join(_named(code, value.prefixes, sentences, texts) for code in value.codes)
    return told(value, sentences, texts) if isinstance(value, Sentence) else value


def _named(code: str, prefixes: tuple[str, ...], sentences: Mapping[str, str], texts: Mapping[str, str]) -> str:
    names = (texts[key] for prefix in prefixes if (key := f"{prefix}.{code}") in texts)
    return next(names, sentences.get(code, code))
