"""Tables from files: what is read, what is refused, and the sentence that says why."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from config.tabular import Row, TableError, table

HEADER = "编号,问题描述,地址"
LINES = ["1,路灯不亮,人民路", "2,井盖缺失,文化街", "3,垃圾满溢,滨湖大道"]


def written(folder: Path, content: bytes, name: str = "cases.csv") -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


def rows_of(file: Path) -> list[Row]:
    with table(file) as found:
        return list(found.rows())


def text_file(delimiter: str = ",") -> str:
    return "\r\n".join([HEADER, *LINES]).replace(",", delimiter) + "\r\n"


@pytest.mark.parametrize(
    ("encoding", "bom"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("gb18030", b""),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-16-le", b""),
    ],
)
def test_a_chinese_table_reads_the_same_in_every_encoding_that_occurs(
    tmp_path: Path, encoding: str, bom: bytes
) -> None:
    found = rows_of(written(tmp_path, bom + text_file().encode(encoding)))
    assert [row.cells["问题描述"] for row in found] == ["路灯不亮", "井盖缺失", "垃圾满溢"]
    assert [row.number for row in found] == [2, 3, 4]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_by_the_header(tmp_path: Path, delimiter: str) -> None:
    assert rows_of(written(tmp_path, text_file(delimiter).encode()))[1].cells["地址"] == "文化街"


def test_western_text_that_happens_to_decode_as_chinese_is_refused_with_byte_and_line(tmp_path: Path) -> None:
    # "Müller" in Latin-1: the bytes fc 6c are a (very rare) Chinese character in GB18030.
    file = written(tmp_path, "id,name\n1,ok\n2,Müller\n3,Grüße\n".encode("latin-1"))
    with pytest.raises(TableError, match=r"neither UTF-8 nor GB18030.*byte 16 in line 3"):
        rows_of(file)


def test_an_encoding_that_breaks_late_in_a_large_file_is_noticed(tmp_path: Path) -> None:
    content = b"id,name\n" + b"1,plain\n" * 400_000 + b"2,\xff\xff\xff\n"
    with pytest.raises(TableError, match="line 400002"):
        rows_of(written(tmp_path, content))


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    for content, expected in [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n\x01\x02\x00abc" * 50, "no text file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 50, r"old Excel file \(.xls\)"),
        (b"PK\x03\x04 not a zip", "no Excel workbook"),
        (b"\n\n", "no header row"),
    ]:
        with pytest.raises(TableError, match=expected):
            rows_of(written(tmp_path, content))
    with pytest.raises(TableError, match="There is no file"):
        rows_of(tmp_path / "absent.csv")


def test_a_row_of_another_width_is_a_problem_of_that_row_only(tmp_path: Path) -> None:
    found = rows_of(written(tmp_path, b"a,b\n1,2\n1\n1,2,3\n1,2,\n"))
    assert [row.problem for row in found] == [
        None,
        "the row has 1 cells, the header has 2",
        "the row has 3 cells, the header has 2",
        None,
    ]


def test_a_quote_that_never_ends_is_refused_at_its_row(tmp_path: Path) -> None:
    file = written(tmp_path, b'a,b\n1,2\n2,"open\n' + b"3,4\n" * 60_000)
    with pytest.raises(TableError, match=r"behind row 2.*a quote is probably not closed"):
        rows_of(file)


def test_missing_columns_are_named_beside_those_that_are_there(tmp_path: Path) -> None:
    with (
        table(written(tmp_path, b"a,b\n1,2\n")) as found,
        pytest.raises(TableError, match="lacks the columns c, d; it has a, b"),
    ):
        found.require(["a", "c", "d"])


def test_one_lonely_column_makes_the_delimiter_suspect(tmp_path: Path) -> None:
    with (
        table(written(tmp_path, b"a:b:c\n1:2:3\n")) as found,
        pytest.raises(TableError, match="are the cells separated by a comma"),
    ):
        found.require(["a"])


def test_a_column_named_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="names the column 'a' more than once"):
        rows_of(written(tmp_path, b"a,b,a\n1,2,3\n"))


def test_quoted_cells_may_hold_line_ends_and_empty_lines_are_counted(tmp_path: Path) -> None:
    found = rows_of(written(tmp_path, b'a,b\n1,"two\nlines"\n\n3,x\n'))
    assert [(row.number, row.cells["b"]) for row in found] == [(2, "two\nlines"), (4, "x")]


def test_a_workbook_reads_like_a_table_of_texts(tmp_path: Path) -> None:
    from datetime import datetime

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["编号", "时间", "数量", "备注"])
    sheet.append(["A1", datetime(2026, 7, 6, 6, 30), 3.0, None])  # noqa: DTZ001 (a workbook's times have no zone)
    sheet.append(["A2", None, 2.5])
    book.save(tmp_path / "cases.xlsx")
    found = rows_of(tmp_path / "cases.xlsx")
    assert found[0].cells == {"编号": "A1", "时间": "2026-07-06T06:30:00", "数量": "3", "备注": ""}
    assert found[1].cells["数量"] == "2.5"
    assert found[1].problem is None
