"""Suggestions: from names alone at the start, from cases afterwards, measured only on what was not learned from."""

from __future__ import annotations

from random import Random

import numpy as np

from models.forecast.suggesting import Lesson, examined, learn, measured, packed, unpacked

NAMES = [Lesson("暴露垃圾 市容环境", "010101", weight=2), Lesson("路灯不亮 公共设施", "010504", weight=2)]
TEXTS = {"010101": ("垃圾成堆无人清运", "垃圾散落路边"), "010504": ("路灯连续三盏不亮", "路灯闪烁夜间昏暗")}


def lessons(n: int, dice: Random) -> list[Lesson]:
    return [
        Lesson(dice.choice(TEXTS[label]) + f"，{number}号", label)
        for number in range(n)
        for label in [dice.choice(list(TEXTS))]
    ]


def test_names_alone_are_enough_to_begin_with() -> None:
    model = learn(NAMES)
    assert model.best("东门有垃圾")[0] == "010101" and model.best("村口路灯坏了")[0] == "010504"


def test_what_was_never_seen_gets_no_suggestion() -> None:
    assert learn(NAMES).best("xyz") == [] and learn([]).best("垃圾") == []


def test_a_fact_decides_where_the_text_cannot() -> None:
    taught = [Lesson("有问题请处理", place, (("town", place),)) for place in ("T1", "T2") for _ in range(5)]
    assert learn(taught).best("有问题请处理", (("town", "T2"),))[0] == "T2"


def test_numbers_and_what_only_one_text_has_are_not_kept() -> None:
    model = learn([*lessons(50, Random(1)), Lesson("张三丰住在这里13812345678", "010101")])
    assert not any(char.isdigit() for piece in model.pieces for char in piece)
    assert "三丰" not in model.pieces


def test_the_accuracy_is_of_lessons_that_were_not_learned_from() -> None:
    """The planted fault: labels that nothing explains must not look as if they were known."""
    dice = Random(5)
    known = measured(lessons(400, dice), NAMES)
    assert known is not None and known.rows == 80 and known.top1 == 1.0
    noise = [Lesson(dice.choice(TEXTS["010101"]), str(number)) for number in range(400)]
    unknown = measured(noise)
    assert unknown is not None and unknown.top1 == 0.0
    assert examined(learn(noise), noise).top3 > 0  # on what it has learned it would look better
    assert measured(lessons(20, dice)) is None


def test_a_model_comes_back_from_its_bytes() -> None:
    model = learn(lessons(60, Random(2)))
    again = unpacked(packed(model))
    assert again.labels == model.labels and again.pieces == model.pieces
    assert np.allclose(again.scores, model.scores, atol=0.02)
