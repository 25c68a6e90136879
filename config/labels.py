"""Label sets: how the steps of the one flow are called (domain.md §3). The house's own, and what a county adds to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.county import STAGES, STRICT, LabelSet
from config.settings import HERE
from config.tables import Findings, Problem, line_of_key, text_of, typed_toml

OWN = HERE / "labels.toml"
NAME = "labels.toml"


@dataclass(frozen=True)
class LabelFile:
    """A file of label sets."""

    __pydantic_config__ = STRICT
    sets: tuple[LabelSet, ...]


def label_sets(folder: Path, problems: list[Problem]) -> Mapping[str, LabelSet]:
    """The sets by code: the house's, then the county's own file where it has one. Faults gather in `problems`."""
    found: dict[str, LabelSet] = {}
    for path in (OWN, folder / NAME):
        if path.exists():
            found |= {one.code: one for one in _read(path, Findings(NAME, problems))}
    return found


def _read(path: Path, findings: Findings) -> tuple[LabelSet, ...]:
    file = typed_toml(path, LabelFile, findings)
    if file is None:
        return ()
    text = text_of(path, findings) or ""
    for number, one in enumerate(file.sets):
        keys: list[int | str] = ["sets", number, "stages"]
        for stage in STAGES:
            if stage not in one.stages:
                sentence = f"Expected a label for every stage; {one.code} has none for {stage!r}."
                findings.add(line_of_key(text, keys), "stages", sentence)
        for stage, label in one.stages.items():
            if stage not in STAGES:
                sentence = f"There is no stage {stage!r}; expected one of {', '.join(STAGES)}."
                findings.add(line_of_key(text, [*keys, stage]), f"stages.{stage}", sentence)
            elif not all(word.strip() for word in label):
                sentence = f"Expected a Chinese and an English label; came {list(label)!r}."
                findings.add(line_of_key(text, [*keys, stage]), f"stages.{stage}", sentence)
    return file.sets
