"""The catalogue: every text a person sees, in both languages, from the files in `config/texts/`.

A file `NAME.zh-CN.toml` or `NAME.en.toml` holds `key = "text"` pairs inside tables; `[wall.map] title = "…"` is read
as the flat key `wall.map.title`. Placeholders are `{name}`. Both languages must say the same things.
"""

from __future__ import annotations

import string
import tomllib
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from config.sentences import PYDANTIC, told
from config.settings import HERE, Language

FOLDER = HERE / "texts"
SENTENCES = FOLDER / "sentences" / "zh-CN.toml"
"""What is said to somebody who did something wrong: English template → the same in Chinese (`config.sentences`)."""
LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")
NAMELESS: Mapping[str, str] = MappingProxyType({})


class CatalogueError(Exception):
    """The text files are wrong. The sentence names the file and the key."""


@dataclass(frozen=True)
class Catalogue:
    """All texts of all languages."""

    _texts: Mapping[Language, Mapping[str, str]]
    sentences: Mapping[str, str] = field(default_factory=dict)
    """English template → Chinese template."""

    def texts(self, language: str) -> Mapping[str, str]:
        """The flat texts of a language; the Chinese ones for a language that is not kept."""
        return self._texts["en" if language == "en" else "zh-CN"]

    def told(self, text: str, language: str, names: Mapping[str, str] = NAMELESS) -> str:
        """A sentence of a refusal in a language; in English, as it was raised, where it has no other form.

        Args:
            names: of what is no text but reference data, as `department.CODE`.
        """
        return text if language == "en" else told(text, self.sentences, ChainMap({}, self.texts(language), names))  # type: ignore[arg-type]


def load(folder: Path = FOLDER) -> Catalogue:
    """Read and check every file of the folder.

    Raises:
        CatalogueError: a file cannot be read, a key is given twice, is missing in one language, or has other
            placeholders there.
    """
    texts = {language: _language(folder, language) for language in LANGUAGES}
    _agree(texts["zh-CN"], texts["en"])
    sentences = _sentences(folder / SENTENCES.relative_to(FOLDER))
    return Catalogue(
        MappingProxyType({language: MappingProxyType(found) for language, found in texts.items()}), sentences
    )


def _sentences(file: Path) -> Mapping[str, str]:
    """Both forms of every sentence; the Chinese one fills in nothing that the English one does not."""
    if not file.exists():
        return MappingProxyType({})
    found: dict[str, str] = {}
    for topic in _document(file).values():
        for english, chinese in topic.items():
            if english in found:
                raise CatalogueError(f"{file.name} says {english!r} again; each sentence stands once.")
            strange = placeholders(chinese) - placeholders(english)
            if strange and not english.startswith(PYDANTIC):
                raise CatalogueError(f"{english!r} gives no {sorted(strange)}, which its Chinese form asks for.")
            found[english] = chinese
    return MappingProxyType(found)


def _document(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{file.name} cannot be read: {error}") from error


def _language(folder: Path, language: Language) -> dict[str, str]:
    texts: dict[str, str] = {}
    for file in sorted(folder.glob(f"*.{language}.toml")):
        for key, text in _flat(_document(file), file.name):
            if key in texts:
                raise CatalogueError(f"{file.name} says {key!r} again; each key belongs to one file.")
            texts[key] = text
    return texts


def _flat(table: Mapping[str, object], file: str, prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping):
            yield from _flat(value, file, f"{key}.")
        elif isinstance(value, str):
            yield key, value
        else:
            raise CatalogueError(f"{file}: {key!r} must be a text, not {value!r}.")


def _agree(chinese: Mapping[str, str], english: Mapping[str, str]) -> None:
    for language, missing in (("en", chinese.keys() - english.keys()), ("zh-CN", english.keys() - chinese.keys())):
        if missing:
            raise CatalogueError(f"These keys have no {language} text: {', '.join(sorted(missing))}.")
    for key, text in chinese.items():
        here, there = placeholders(text), placeholders(english[key])
        if here != there:
            raise CatalogueError(f"{key!r} has the placeholders {sorted(here)} in zh-CN and {sorted(there)} in en.")


def placeholders(text: str) -> set[str]:
    """The names in `{…}`.

    Raises:
        CatalogueError: a brace that is not closed.
    """
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise CatalogueError(f"The text {text!r} has a brace that is not closed: {error}.") from error
