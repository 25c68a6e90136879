"""Map files for answers of people who were asked: return calls (回访), and third parties' results (第三方测评)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from config.columns import FileForm, RowRefused, cell, check_zones, instant, required
from config.county import STRICT, Code
from config.tables import Findings, ReferenceError, line_of_key, typed_toml

Answer = Literal["satisfied", "fairly", "dissatisfied", "unreached"]
"""满意, 基本满意, 不满意, and who could not be reached or said nothing."""


@dataclass(frozen=True)
class SurveyColumns:
    """Names of the file's columns; an empty name means that the file has none."""

    __pydantic_config__ = STRICT
    external_id: Code
    at: Code
    answer: str = ""
    case: str = ""
    """The number that the case has in its own sheet."""
    area: str = ""
    department: str = ""
    reached: str = ""
    satisfied: str = ""
    score: str = ""
    note: str = ""


@dataclass(frozen=True)
class SurveyMap:
    """How a file of answers is read."""

    __pydantic_config__ = STRICT
    kind: Literal["return-call", "third-party"]
    client: Code
    origin: str
    case_client: str
    """Whose numbers `case` are, so that an answer finds its case; empty where none is named."""
    file: FileForm
    columns: SurveyColumns
    answers: Mapping[str, Answer] = field(default_factory=dict)

    def needed_columns(self) -> list[str]:
        """Every column the map reads."""
        return list(dict.fromkeys(value for value in vars(self.columns).values() if value))

    def row(self, cells: Mapping[str, str]) -> dict[str, Any]:
        """One row in our terms: `case` and the names of area and department still as the file has them.

        Raises:
            RowRefused: naming column, what was expected and what came.
        """
        names = self.columns
        required(cells, names.external_id)
        text = {name: cell(cells, getattr(names, name)) for name in _TEXTS}
        reached = _number(cells, names.reached, whole=True)
        satisfied = _number(cells, names.satisfied, whole=True)
        score = _number(cells, names.score)
        if reached is not None and satisfied is not None and satisfied > reached:
            raise RowRefused(f"{names.satisfied}: expected at most {reached:g}, who were asked; came {satisfied:g}")
        if score is not None and score > 100:
            raise RowRefused(f"{names.score}: expected a score from 0 to 100; came {score:g}")
        return {
            **text,
            "client": self.client,
            "kind": self.kind,
            "at": self._at(cells),
            "answer": self._answer(cells),
            "reached": None if reached is None else int(reached),
            "satisfied": None if satisfied is None else int(satisfied),
            "score": score,
        }

    def _at(self, cells: Mapping[str, str]) -> datetime:
        required(cells, self.columns.at)
        found = instant(cells, self.columns.at, self.file)
        assert found is not None  # an empty cell was refused
        return found

    def _answer(self, cells: Mapping[str, str]) -> str:
        if not self.columns.answer:
            return ""
        text = cell(cells, self.columns.answer)
        if text not in self.answers:
            expected = ", ".join(self.answers)
            raise RowRefused(f"{self.columns.answer}: expected one of {expected}; came {text!r}")
        return self.answers[text]


_TEXTS = ("external_id", "case", "area", "department", "note")


def _number(cells: Mapping[str, str], column: str, *, whole: bool = False) -> float | None:
    text = cell(cells, column).removesuffix("%")
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        raise RowRefused(f"{column}: expected a number; came {text!r}") from None
    if not 0 <= number < 1e9 or (whole and number != int(number)):
        raise RowRefused(f"{column}: expected a {'whole ' if whole else ''}number of at least 0; came {text!r}")
    return number


def load_survey_map(path: Path) -> SurveyMap:
    """Read a map file of answers.

    Raises:
        ReferenceError: with every wrong key, its line, what was expected and what came.
    """
    findings = Findings(path.name)
    loaded = typed_toml(path, SurveyMap, findings)
    if loaded is not None:
        text = path.read_text(encoding="utf-8-sig")
        check_zones({"file": loaded.file.timezone}, text, findings)
        if loaded.columns.answer and not loaded.answers:
            findings.add(line_of_key(text, ["answers"]), "answers", "Expected what each answer means; there is none.")
    if loaded is None or findings.problems:
        raise ReferenceError(findings.problems)
    return loaded
