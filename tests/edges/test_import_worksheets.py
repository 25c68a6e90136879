"""Work sheets of a 12345 hotline and of 数字城管 as Excel and GBK CSV: in once, and never twice; answers of return calls."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select

from models import tables as t
from models.duty.tables import survey
from models.store import Store

Import = Callable[..., tuple[int, str, str]]
HOTLINE = [
    ("工单编号", "来电时间", "来源渠道", "诉求类别", "诉求标题", "诉求内容", "所属区域", "诉求地址", "承办单位", "工单状态",
     "办理时限", "办结时间", "办理结果"),
    ("RX26110001", "2026/11/2 8:05", "电话", "暴露垃圾", "垃圾成堆", "东门市场南侧", "城关镇", "东门市场", "城管局", "已办结",
     "2026/11/9 18:00", "2026/11/4 10:30", "已清运"),
    ("RX26110002", "2026年11月03日 09:10", "微信", "垃圾清运", "没人收", "西街", "城关镇", "西街", "城市管理局", "办理中",
     "2026/11/10 18:00", "", ""),
    ("RX26110003", "2026/11/3 9:20", "县长信箱", "不认识的类别", "其他", "说不清", "城关镇", "北街", "城管局", "办理中", "", "", ""),
    ("RX26110004", "昨天", "电话", "暴露垃圾", "垃圾", "南街", "城关镇", "南街", "城管局", "办理中", "", "", ""),
    ("RX26110005", "2026/11/3 9:40", "信访", "暴露垃圾", "垃圾", "南街", "城关镇", "南街", "没有这个局", "办理中", "", "", ""),
]  # fmt: skip
CITY = [
    ("任务号", "上报时间", "问题来源", "大类名称", "小类名称", "问题描述", "所属网格", "地址描述", "经度", "纬度", "处置部门",
     "案件状态", "处置截止时间", "结案时间", "处置结果"),
    ("SZ001", "2026/11/05 10:00:00", "监督员上报", "公用设施", "井盖丢失", "路口", "990100100001001", "人民路", "", "", "城管局",
     "已派遣", "2026/11/05 14:00:00", "", ""),
    ("SZ002", "2026/11/05 11:00:00", "视频上报", "市容环境", "积存垃圾渣土", "河边", "990100100001001", "河堤", "", "", "cg",
     "已结案", "2026/11/09 18:00:00", "2026/11/06 09:00:00", "清运"),
]  # fmt: skip
CALLS = [
    ("回访编号", "回访时间", "工单编号", "满意度", "承办单位", "回访意见"),
    ("HF1", "2026/11/6 9:00", "RX26110001", "基本满意", "城管局", "来得慢"),
    ("HF2", "2026/11/6 9:10", "RX99999999", "满意", "城管局", ""),
    ("HF3", "2026/11/6 9:20", "RX26110002", "一般般", "城管局", ""),
]
THIRD = [
    ("测评编号", "测评日期", "被测评地区", "被测评部门", "有效样本", "满意人数", "得分", "备注"),
    ("CP1", "2026-10-31", "城关镇", "", "120", "101", "86.5", ""),
    ("CP2", "2026-10-31", "", "公安局", "50", "60", "80", "满意的比问到的多"),
]


def gbk(folder: Path, rows: Sequence[Sequence[str]], name: str = "gongdan.csv") -> Path:
    file = folder / name
    with file.open("w", encoding="gbk", newline="") as out:
        csv.writer(out).writerows(rows)
    return file


def workbook(folder: Path, rows: Sequence[Sequence[str]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    book.save(folder / "gongdan.xlsx")
    return folder / "gongdan.xlsx"


def cases(store: Store, client: str) -> dict[str, tuple[str, str, str, str | None]]:
    with store.read() as connection:
        c = t.cases.c
        wanted = select(c.external_id, c.category, c.source, c.stage, c.department).where(c.client == client)
        return {row[0]: (row[1], row[2], row[3], row[4]) for row in connection.execute(wanted)}


@pytest.mark.parametrize("made", [gbk, workbook])
def test_a_hotlines_sheet_comes_in_once_and_says_what_it_left_out(
    bring_in: Import, tmp_path: Path, sqlite_county: Store, made: Callable[[Path, Sequence[Sequence[str]]], Path]
) -> None:
    file = made(tmp_path, HOTLINE)
    assert bring_in("cases", str(file))[1].startswith("5 rows read: 2 new cases, 0 known already, 3 rejected.")
    assert bring_in("cases", str(file))[1].startswith("5 rows read: 0 new cases, 2 known already, 3 rejected.")
    assert cases(sqlite_county, "hotline-12345") == {
        "RX26110001": ("010101", "hotline", "closed", "cg"),
        "RX26110002": ("010101", "hall", "handling", "cg"),
    }
    with (tmp_path / f"{file.name}.rejects.csv").open(encoding="utf-8-sig") as out:
        rejects = [(row["row"], row["reason"].split(":")[0]) for row in csv.DictReader(out)]
    assert rejects == [("4", "诉求类别"), ("5", "来电时间"), ("6", "承办单位")]


def test_a_task_list_of_the_digital_city_comes_in_with_its_own_numbers(
    bring_in: Import, tmp_path: Path, sqlite_county: Store
) -> None:
    file = gbk(tmp_path, CITY)
    assert "2 new cases" in bring_in("cases", str(file))[1]
    assert "0 new cases, 2 known already" in bring_in("cases", str(file))[1]
    assert cases(sqlite_county, "digital-city") == {
        "SZ001": ("010501", "grid", "dispatched", "cg"),
        "SZ002": ("010102", "camera", "closed", "cg"),
    }


def test_answers_of_return_calls_find_their_case_and_come_in_once(
    bring_in: Import, tmp_path: Path, sqlite_county: Store
) -> None:
    bring_in("cases", str(gbk(tmp_path, HOTLINE)))
    file = gbk(tmp_path, CALLS, "huifang.csv")
    assert "3 answers read: 1 new, 0 changed, 0 known already, 2 rejected." in bring_in("surveys", str(file))[1]
    assert "0 new, 0 changed, 1 known already, 2 rejected." in bring_in("surveys", str(file))[1]
    with sqlite_county.read() as connection:
        row = connection.execute(survey.select()).one()
        code = connection.execute(select(t.cases.c.code).where(t.cases.c.external_id == "RX26110001")).scalar()
    assert (row.kind, row.answer, row.department, row.case_code) == ("return-call", "fairly", "cg", code)
    later = [CALLS[0], (*CALLS[1][:3], "满意", *CALLS[1][4:])]
    assert "0 new, 1 changed, 0 known already" in bring_in("surveys", str(gbk(tmp_path, later, "huifang.csv")))[1]


def test_a_third_partys_result_that_cannot_be_is_refused(
    bring_in: Import, tmp_path: Path, sqlite_county: Store
) -> None:
    assert (
        "2 answers read: 1 new, 0 changed, 0 known already, 1 rejected."
        in bring_in("surveys", str(gbk(tmp_path, THIRD, "ceping.csv")))[1]
    )
    with sqlite_county.read() as connection:
        row = connection.execute(survey.select()).one()
    assert (row.kind, row.area, row.reached, row.satisfied, row.score) == ("third-party", "990100100", 120, 101, 86.5)


def test_a_dated_change_of_the_roster_comes_in_by_itself(
    bring_in: Import, tmp_path: Path, sqlite_county: Store
) -> None:
    file = tmp_path / "changes.csv"
    head = "day,starts,ends,role,name,name_en,holder,holder_en,phone,reason\n"
    file.write_text(
        head + "2026-11-25,20:00,08:00,chief,值班长,Duty chief,三组组长,Head of Team Three,8002,请假\n", "utf-8"
    )
    assert bring_in("duty-changes", str(file)) == (0, "1 rows of duty-changes read.\n", "")
    file.write_text(head + "2026-11-31,20:00,08:00,cook,值班长,Duty chief,三组组长,,8002,\n", "utf-8")
    code, _, err = bring_in("duty-changes", str(file))
    assert code == 1
    for field in ("day", "role", "holder_en", "reason"):
        assert f"changes.csv:2: {field}:" in err
