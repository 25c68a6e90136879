"""Refusals over HTTP: a person reads them in the language of the page, a machine in English unless it asks for another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk_harness import GRID, OWN, HeardNews, add_people, add_token, bearer, browser, problem, report, web
from flask import Flask

from models.store import Store

BROWSER = {**OWN, "Accept-Language": "en-US,en;q=0.9"}
"""A browser of an English system, as many are in China: what counts is the language of the page."""
CASE_AFTER_REPORT = "/api/v1/cases/{}/actions/"


@pytest.fixture
def app(sqlite_county: Store, tmp_path: Path) -> Iterator[Flask]:
    add_people(sqlite_county)
    with web(sqlite_county, tmp_path, HeardNews()) as app:
        yield app


@pytest.fixture
def code(app: Flask, sqlite_county: Store) -> str:
    secret = add_token(sqlite_county, "report")
    return str(app.test_client().post("/api/v1/reports", json=report(), headers=bearer(secret)).get_json()["code"])


def said(app: Flask, store: Store, who: str, path: str, body: Any, language: str | None = None) -> dict[str, Any]:
    client = browser(app, store, who)
    if language:
        client.set_cookie("gc_lang", language)
    return problem(client.post(path, json=body, headers=BROWSER))


def test_a_person_reads_a_refused_move_in_the_language_of_the_page(app: Flask, sqlite_county: Store, code: str) -> None:
    path = CASE_AFTER_REPORT.format(code)
    here = said(app, sqlite_county, "operator", f"{path}close", {"note": "办结"})
    assert here["detail"].startswith("案件处于“待受理”，不能进行“结案”。坐席现在可以：")
    there = said(app, sqlite_county, "operator", f"{path}close", {"note": "办结"}, "en")
    assert there["detail"].startswith("A case in stage reported cannot close; possible now for operator: ")
    assert said(app, sqlite_county, "leader", f"{path}dispatch", {})["detail"] == "领导不能进行“派遣”。"


def test_faults_of_a_form_are_named_in_the_language_of_the_page(app: Flask, sqlite_county: Store, code: str) -> None:
    wrong = said(app, sqlite_county, "operator", "/api/v1/reports", {"description": " ", "area": GRID, "level": 9})
    assert {one["field"]: one["detail"] for one in wrong["errors"]} == {
        "category": "此项必填。", "description": "请填写内容。", "level": "不得大于 4。"
    }  # fmt: skip
    assert wrong["detail"] == "类别：此项必填。"
    nowhere = said(app, sqlite_county, "operator", "/api/v1/reports", report(area=None))
    assert (nowhere["detail"], nowhere["field"]) == ("区域：请给出地点：经纬度，或所在区域。", "area")
    half = said(app, sqlite_county, "operator", "/api/v1/reports", report(area=None, longitude=110.1))
    assert half["detail"] == "纬度：地点须同时有经度和纬度，现只有经度。"
    path = CASE_AFTER_REPORT.format(code)
    browser(app, sqlite_county, "operator").post(f"{path}accept", json={}, headers=BROWSER)
    overtaken = said(app, sqlite_county, "operator", f"{path}file", {"note": "x", "version": 1})
    assert overtaken["detail"] == f"案件 {code} 刚被他人更新，请重新查看。"
    assert overtaken["yours"]["note"] == "x"


def test_a_person_reads_refusals_of_the_entrance_and_of_pictures_too(
    app: Flask, sqlite_county: Store, code: str
) -> None:
    client = browser(app, sqlite_county, "operator")
    photo = client.post(f"/api/v1/cases/{code}/attachments", data={}, headers=BROWSER)
    assert problem(photo)["detail"].startswith("请在 file 字段上传图片")
    assert (
        problem(browser(app, sqlite_county).get("/api/v1/cases", headers=BROWSER))["detail"]
        == "登录已失效，请重新登录。"
    )
    person = browser(app, sqlite_county, "grid").post("/api/v1/emergencies", json={}, headers=BROWSER)
    assert problem(person)["detail"].startswith("grid 无权进行此操作，需要的角色：")
    missing = said(app, sqlite_county, "operator", "/api/v1/emergencies", {"plan": "none", "level": 1, "note": "火情"})
    assert missing["detail"].startswith("没有预案“none”")


def test_a_machine_reads_english_unless_it_asks_for_chinese(app: Flask, sqlite_county: Store) -> None:
    secret = bearer(add_token(sqlite_county, "report", name="asked"))
    client, wrong = app.test_client(), report(category="nothing")
    english = "There is no category 'nothing'; GET /api/v1/categories lists the leaves."
    for language, expected in (
        (None, english),
        ("en", english),
        ("fr", english),
        ("zh", "没有类别“nothing”，请选末级类别。"),
    ):
        asked = {"Accept-Language": language} if language else {}
        answer = client.post("/api/v1/reports", json=wrong, headers={**secret, **asked})
        assert (problem(answer)["detail"], answer.headers["Content-Language"][:2]) == (
            expected,
            "zh" if language == "zh" else "en",
        )
    script = browser(app, sqlite_county, "operator").post("/api/v1/reports", json=wrong, headers=OWN)
    assert problem(script)["detail"] == english


def test_a_department_is_called_by_its_name_and_not_by_its_code(app: Flask, sqlite_county: Store, code: str) -> None:
    path, client = CASE_AFTER_REPORT.format(code), browser(app, sqlite_county, "operator")
    for action, body in (("accept", {}), ("file", {}), ("dispatch", {"department": "cg"})):
        assert client.post(f"{path}{action}", json=body, headers=BROWSER).status_code == 200
    department = browser(app, sqlite_county, "department")
    assert department.post(f"{path}receipt", json={}, headers=BROWSER).status_code == 200
    held = said(app, sqlite_county, "department", f"{path}transfer", {"department": "cg", "note": "移交"})
    assert held["detail"] == "案件已由“城市管理局”主办。"
