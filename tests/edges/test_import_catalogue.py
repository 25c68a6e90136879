"""A catalogue of cameras from CSV, Excel and a running platform: judged row by row, idempotent, explained when refused."""

from __future__ import annotations

import csv
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from conftest import SECRET
from sqlalchemy import func, select

from dashboard.cli import main
from models import tables as t
from models.safekeeping import broken_chains
from models.store import Store
from models.vault import Vault
from models.watching import register
from models.watching import tables as w
from streams.addresses import AddressRules, networks
from streams.platform import MOST_STARTING, Platform, PlatformError

NEW, KNOWN = "99010000081320009001", "99010000001320000001"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    sqlite_county: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    assert sqlite_county.sqlite
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRIDCOMMAND_DATA", str(tmp_path))
    monkeypatch.setenv("GRIDCOMMAND_SECRET_KEY", SECRET)
    monkeypatch.setenv("GRIDCOMMAND_CAMERA_NETWORKS", "10.20.0.0/16")

    def words(*given: str) -> tuple[int, str, str]:
        umask = os.umask(0o022)
        with pytest.raises(SystemExit) as ended:
            main(list(given))
        os.umask(umask)
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return words


def write_csv(file: Path, rows: list[list[str]], encoding: str = "utf-8") -> Path:
    with file.open("w", encoding=encoding, newline="") as out:
        csv.writer(out).writerows(rows)
    return file


HEAD = ["国标编号", "名称", "播放地址", "管理单位", "经度", "纬度"]
GOOD = [NEW, "新城路口", "rtsp://10.20.1.1/sub", "城市管理局", "112.88", "30.47"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_chinese_catalogue_comes_in_once_and_shows_nothing_until_it_is_complete(
    run: Run, tmp_path: Path, sqlite_county: Store, encoding: str
) -> None:
    with sqlite_county.read() as connection:
        unit = connection.execute(select(t.department.c.name).where(t.department.c.code == "cg")).scalar_one()
    file = write_csv(tmp_path / "目录.csv", [HEAD, [*GOOD[:3], unit, *GOOD[4:]]], encoding)
    code, out, err = run("import", "cameras", str(file))
    assert (code, out, err) == (0, "1 cameras read: 1 new, 0 known already (0 changed), 0 rejected.\n", "")
    assert "0 new, 1 known already (0 changed)" in run("import", "cameras", str(file))[1]
    with sqlite_county.read() as connection:
        row = register.entry(connection, NEW)
        assert row is not None and (row.name, row.owner, row.purpose) == ("新城路口", "cg", "")
        assert Vault(SECRET).open(row.address) == "rtsp://10.20.1.1/sub"
        from models.cameras import register as cameras

        assert not next(one for one in cameras(connection, Vault(SECRET)) if one.id == NEW).registered
        assert connection.execute(select(func.count()).select_from(w.camera_change)).scalar_one() == 1
        assert list(broken_chains(connection)) == []


def test_an_excel_catalogue_changes_what_it_says_and_leaves_what_it_does_not(
    run: Run, tmp_path: Path, sqlite_county: Store
) -> None:
    book = openpyxl.Workbook()
    book.active.append(["id", "name", "sign", "purpose"])
    book.active.append([KNOWN, "人民路与文化街口", "新立牌", ""])
    book.save(tmp_path / "c.xlsx")
    assert "0 new, 1 known already (1 changed), 0 rejected" in run("import", "cameras", str(tmp_path / "c.xlsx"))[1]
    with sqlite_county.read() as connection:
        row = register.entry(connection, KNOWN)
        line = register.history(connection, KNOWN)[0]
    assert row is not None and row.sign == "新立牌" and row.purpose
    assert line.changes == {"sign": ["路侧立杆标志牌", "新立牌"]} and line.act == "import"


def test_every_bad_row_is_rejected_with_its_number_and_reason(run: Run, tmp_path: Path) -> None:
    bad = [
        ["9901", *GOOD[1:]],
        ["99010000081180009001", *GOOD[1:]],
        ["33010000081320009001", *GOOD[1:]],
        [NEW, "", "", "", "", ""],
        ["99010000081320009002", "x", "rtsp://127.0.0.1/x", "", "", ""],
        ["99010000081320009003", "x", "rtsp://169.254.169.254/x", "", "", ""],
        ["99010000081320009004", "x", "file:///etc/passwd", "", "", ""],
        ["99010000081320009005", "x", "rtsp://10.20.1.1/x", "没有这个局", "", ""],
        ["99010000081320009006", "x", "rtsp://10.20.1.1/x", "", "500", "30"],
        ["99010000081320009007", "x", "rtsp://10.20.1.1/x", "", "112.8", ""],
        [*GOOD[:3], "", "", ""],
        [*GOOD[:3], "", "", ""],
    ]
    code, out, _err = run("import", "cameras", str(write_csv(tmp_path / "c.csv", [HEAD, *bad])))
    assert (code, out) == (0, "12 cameras read: 1 new, 0 known already (0 changed), 11 rejected.\n")
    with (tmp_path / "c.csv.rejects.csv").open(encoding="utf-8-sig") as file:
        told = {int(row["row"]): row["reason"] for row in csv.DictReader(file)}
    expected = {2: "20 digits", 3: "118, which is a recorder", 4: "begins 9901", 5: "name and an address", 6: "127.0.0.1",
                7: "169.254", 8: "address", 9: "没有这个局", 10: "degrees", 11: "both longitude", 13: "already"}  # fmt: skip
    assert {row: words in told[row] for row, words in expected.items()} == dict.fromkeys(expected, True)


def test_what_is_exported_comes_in_again_and_changes_nothing(run: Run, tmp_path: Path) -> None:
    assert run("export", "cameras", str(tmp_path / "out.csv"))[0] == 0
    assert "(0 changed), 0 rejected" in run("import", "cameras", str(tmp_path / "out.csv"))[1]
    assert run("export", "cameras", str(tmp_path / "out.csv"))[0] == 1  # never over a file that is there


# --- wvp-GB28181-pro -------------------------------------------------------------------------------------------------


class Wvp:
    """Stands in for the platform: speaks its documented answers, and remembers how it was asked."""

    def __init__(self, channels: int) -> None:
        self.channels, self.started, self.at_once, self.most = channels, [], 0, 0
        self.lock, self.key, self.refused, self.redirect = threading.Lock(), "k3y", set(), False  # type: ignore[var-annotated]

    def answer(self, path: str, query: dict[str, list[str]]) -> Any:
        if path == "/api/device/query/devices":
            return self.page([{"deviceId": "34020000001320000001", "name": "NVR"}], query)
        if path.endswith("/channels"):
            rows: list[dict[str, Any]] = [{"deviceId": "34020000002160000001", "name": "目录", "parental": 1}]
            rows += [
                {"deviceId": channel(n), "name": f"路口{n}", "status": "ON", "longitude": 112.8, "latitude": 30.4}
                for n in range(1, self.channels + 1)
            ]
            return self.page(rows, query)
        if path.startswith("/api/play/start/"):
            return self.start(path.rsplit("/", 1)[1])
        return None

    def page(self, rows: list[dict[str, Any]], query: dict[str, list[str]]) -> dict[str, Any]:
        page, count = int(query["page"][0]), int(query["count"][0])
        return {"total": len(rows), "list": rows[(page - 1) * count : page * count], "pageNum": page}

    def start(self, number: str) -> dict[str, str]:
        with self.lock:
            self.started.append(number)
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        time.sleep(0.03)
        with self.lock:
            self.at_once -= 1
        return {"app": "rtp", "stream": number, "rtsp": f"rtsp://10.20.0.9:554/rtp/{number}", "ws_fmp4": "ws://x"}


def channel(number: int) -> str:
    return f"99010000081320{number + 100:06d}"


@contextmanager
def served(platform: Wvp) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if platform.redirect:
                self.send_response(302)
                self.send_header("Location", "http://169.254.169.254/")
                self.end_headers()
                return
            number = parts.path.rsplit("/", 1)[1]
            if self.headers.get("api-key") != platform.key:
                told: dict[str, Any] = {"code": 401, "msg": "请登录后重新请求", "data": None}
            elif number in platform.refused:
                told = {"code": 100, "msg": "点播超时", "data": None}
            else:
                told = {"code": 0, "msg": "成功", "data": platform.answer(parts.path, parse_qs(parts.query))}
            body = json.dumps(told, ensure_ascii=False).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json;charset=UTF-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def test_channels_of_a_platform_come_in_with_their_addresses_few_started_at_a_time(
    run: Run, sqlite_county: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDCOMMAND_CAMERA_NETWORKS", "10.20.0.0/16,127.0.0.0/8")
    monkeypatch.setenv("GRIDCOMMAND_PLATFORM_KEY", "k3y")
    platform = Wvp(120)
    platform.refused = {channel(7)}
    with served(platform) as address:
        code, out, err = run("import", "cameras", "--from-platform", address)
        assert (code, out) == (0, "120 cameras read: 119 new, 0 known already (0 changed), 1 rejected.\n")
        assert f"{channel(7)}: The platform refuses: 点播超时." in err and "k3y" not in out + err
        assert len(platform.started) == 119 and 1 < platform.most <= MOST_STARTING
        again = run("import", "cameras", "--from-platform", address)[1]
        assert "0 new, 119 known already (0 changed), 1 rejected" in again
        assert len(platform.started) == 119  # known addresses are not asked for again
    with sqlite_county.read() as connection:
        row = register.entry(connection, channel(1))
    assert row is not None and Vault(SECRET).open(row.address) == f"rtsp://10.20.0.9:554/rtp/{channel(1)}"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://127.0.0.1:1/", "not in a network"),
        ("http://169.254.169.254/latest", "not in a network"),
        ("http://[::ffff:127.0.0.1]:80/", "not in a network"),
        ("file:///etc/passwd", "clips folder"),
        ("rtsp://10.20.0.1/", "http://HOST:PORT"),
        ("gopher://x/", "Expected one of"),
    ],
)
def test_a_platform_outside_the_listed_networks_is_never_asked(run: Run, address: str, words: str) -> None:
    code, _, err = run("import", "cameras", "--from-platform", address)
    assert code == 1 and words in err


def test_a_wrong_key_and_a_redirect_are_refused_in_a_sentence() -> None:
    platform, rules = Wvp(1), AddressRules(networks(["127.0.0.0/8"]))
    with served(platform) as address:
        with pytest.raises(PlatformError, match="请登录"):
            list(Platform(address, "wrong", rules).channels())
        platform.redirect = True
        with pytest.raises(PlatformError, match="answers 302"):
            list(Platform(address, "k3y", rules).channels())
