"""Label sets: each names every stage of the one flow, the county chooses one, faults come with their lines."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from config.county import STAGES
from config.labels import OWN, label_sets
from config.reference import check
from config.settings import HERE
from config.tables import Problem
from models.moves import Stage

YUNZE = HERE / "counties" / "yunze"


def test_the_stages_that_labels_name_are_those_of_the_table_of_moves() -> None:
    assert set(STAGES) == {str(stage) for stage in Stage} | {"evaluated"}


def test_the_three_sets_of_the_field_name_every_stage() -> None:
    problems: list[Problem] = []
    found = label_sets(YUNZE, problems)
    assert set(found) == {"eight_steps", "six_steps", "eight_nodes"} and not problems
    assert found["eight_nodes"].stages["reported"] == ("发现", "Found")


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (('handling = ["事件办理", "Handle"]\n', ""), "[sets.stages]", "'handling'"),
        (('handling = ["事件办理"', 'handled = ["事件办理"'), 'handled = ["事件办理"', "There is no stage 'handled'"),
        (
            ('handling = ["事件办理", "Handle"]', 'handling = ["事件办理", ""]'),
            'handling = ["事件办理", ""]',
            "English",
        ),
        (('handling = ["事件办理", "Handle"]', 'handling = "办"'), 'handling = "办"', "tuple"),
    ],
)
def test_a_faulty_set_of_a_county_is_refused_at_its_line(
    tmp_path: Path, change: tuple[str, str], line: str, said: str
) -> None:
    text = OWN.read_text(encoding="utf-8").replace(*change, 1)
    (tmp_path / "labels.toml").write_text(text, encoding="utf-8")
    problems: list[Problem] = []
    label_sets(tmp_path, problems)
    wanted = next(number for number, row in enumerate(text.splitlines(), 1) if row.startswith(line))
    assert any(said in str(problem) and problem.line == wanted for problem in problems), problems


def test_a_set_that_does_not_exist_cannot_be_chosen(tmp_path: Path) -> None:
    folder = tmp_path / "county"
    shutil.copytree(YUNZE, folder)
    toml = folder / "county.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace('"eight_steps" ', '"nine_lives" '), encoding="utf-8")
    assert any("nine_lives" in str(problem) and problem.file == "county.toml" for problem in check(folder))
