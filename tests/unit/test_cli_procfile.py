"""The Procfile is read strictly: a wrong line is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.cli.procfile import ProcfileError, programs


def test_names_and_words_in_order() -> None:
    found = programs('# all of it\n\nweb: gunicorn -c x "app:make()"\npush:  run push\n')
    assert list(found) == ["web", "push"]
    assert found["web"] == ["gunicorn", "-c", "x", "app:make()"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("web gunicorn", "line 1: expected `name: command`"),
        ("a: x\na: y", "line 2: there is a process 'a' already"),
        ('a: "open', "line 1: the command cannot be read"),
        ("Web: x", "line 1: expected"),
        ("web:", "line 1: expected"),
    ],
)
def test_a_wrong_line_is_named(text: str, expected: str) -> None:
    with pytest.raises(ProcfileError, match=expected):
        programs(text)


def test_our_own_procfile_names_the_processes_of_the_design() -> None:
    text = (Path(__file__).parents[2] / "Procfile").read_text(encoding="utf-8")
    assert list(programs(text)) == ["redis", "web", "push", "alerts", "streams"]
