"""The catalogue's loader: two languages that say the same, or a sentence that names the file and the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.texts import CatalogueError, load, placeholders


def folder(path: Path, chinese: str, english: str) -> Path:
    (path / "page.zh-CN.toml").write_text(chinese, encoding="utf-8")
    (path / "page.en.toml").write_text(english, encoding="utf-8")
    return path


def test_tables_become_flat_keys_in_both_languages(tmp_path: Path) -> None:
    catalogue = load(folder(tmp_path, '[wall.map]\ntitle = "地图"\n', '[wall.map]\ntitle = "Map"\n'))
    assert catalogue.texts("zh-CN") == {"wall.map.title": "地图"}
    assert catalogue.texts("en") == {"wall.map.title": "Map"}
    assert catalogue.texts("fr") == catalogue.texts("zh-CN")


@pytest.mark.parametrize(
    ("chinese", "english", "words"),
    [
        ('[a]\nb = "一"', "", "no en text: a.b"),
        ("", '[a]\nb = "one"', "no zh-CN text: a.b"),
        ('a = "{n} 件"', 'a = "cases"', "placeholders"),
        ('a = "{n 件"', 'a = "{n cases"', "not closed"),
        ("a = 1", "a = 1", "must be a text"),
        ('a = "一', 'a = "one"', "page.zh-CN.toml cannot be read"),
    ],
)
def test_files_that_disagree_are_refused_by_key(tmp_path: Path, chinese: str, english: str, words: str) -> None:
    with pytest.raises(CatalogueError, match=words):
        load(folder(tmp_path, chinese, english))


def test_a_key_belongs_to_one_file(tmp_path: Path) -> None:
    folder(tmp_path, 'a = "一"', 'a = "one"')
    for language in ("zh-CN", "en"):
        (tmp_path / f"other.{language}.toml").write_text('a = "again"', encoding="utf-8")
    with pytest.raises(CatalogueError, match="again"):
        load(tmp_path)


def test_a_file_that_is_not_utf8_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "page.en.toml").write_bytes('a = "汉"'.encode("gbk"))
    with pytest.raises(CatalogueError, match=r"page\.en\.toml"):
        load(tmp_path)


def test_placeholders_are_found_by_name() -> None:
    assert placeholders("{time} 起，{n} 件") == {"time", "n"}
    assert placeholders("没有") == set()
