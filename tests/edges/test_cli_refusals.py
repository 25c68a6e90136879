"""The command line refuses in sentences: exit 1 for what cannot be, 2 for wrong usage, and never a traceback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.harness import free_ports
from dashboard.cli import main

ROOT = Path(__file__).parents[2]
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in this process; gives exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GRIDCOMMAND_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GRIDCOMMAND_DATA", str(tmp_path))
    umask = os.umask(0o022)
    os.umask(umask)

    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        os.umask(umask)
        said = capsys.readouterr()
        assert "Traceback" not in said.err + said.out
        return int(ended.value.code or 0), said.out, said.err

    return run


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("GRIDCOMMAND_PORT", "eighty", "GRIDCOMMAND_PORT='eighty'"),
        ("GRIDCOMMAND_PORT", "70000", "GRIDCOMMAND_PORT='70000'"),
        ("GRIDCOMMAND_TIMEZONE", "Asia/Yunze", "no time zone is called 'Asia/Yunze'"),
        ("GRIDCOMMAND_DATABASE_URL", "mysql://x", "expected sqlite:///FILE or postgresql://"),
        ("GRIDCOMMAND_REDIS_URL", "http://x", "expected redis://HOST:PORT"),
        ("GRIDCOMMAND_LANGUAGE", "fr", "GRIDCOMMAND_LANGUAGE='fr'"),
        ("GRIDCOMMAND_PUBLIC_URL", "example.org", "expected http://… or https://…"),
        ("GRIDCOMMAND_CAMERA_NETWORKS", "10.0.0.0/33", "'10.0.0.0/33' is no network"),
    ],
)
def test_a_wrong_setting_refuses_to_start_and_says_which_and_why(
    command: Command, monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(name, value)
    code, out, err = command("check")
    assert (code, out) == (1, "")
    assert err.startswith("Refusing to start: ") and expected in err


@pytest.mark.parametrize(
    "words",
    [
        ["frobnicate"],
        ["import", "persons", "x.csv"],
        ["import", "areas"],
        ["up", "--port", "many"],
        ["replay"],
        ["user", "add", "anna"],
        ["run", "nothing"],
    ],
)
def test_wrong_usage_is_exit_code_two_with_a_hint(command: Command, words: list[str]) -> None:
    code, _, err = command(*words)
    assert code == 2
    assert "Usage: gridcommand" in err


def test_help_names_every_command_of_the_contract(command: Command) -> None:
    code, out, _ = command("--help")
    assert code == 0
    for name in (
        "demo", "up", "migrate", "check", "doctor", "import", "replay", "user", "backup", "restore", "verify", "bench",
        "token",
    ):  # fmt: skip
        assert f"\n  {name} " in out


def test_an_empty_folder_is_told_what_to_do_first(command: Command) -> None:
    for words in (["import", "cases", __file__], ["replay", __file__], ["user", "list"], ["verify"]):
        code, _, err = command(*words)
        assert code == 1
        assert "run `gridcommand migrate` first" in err


def test_migrate_twice_and_the_second_time_says_nothing(command: Command) -> None:
    code, _, err = command("migrate")
    assert code == 0 and "云泽县" in err
    assert command("migrate") == (0, "", "")


def test_a_database_that_cannot_be_opened_is_a_sentence(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDCOMMAND_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    code, _, err = command("migrate")
    assert code == 1
    assert err.startswith("The database does not answer: ")


def test_check_finds_a_planted_fault_with_file_and_line(command: Command, tmp_path: Path) -> None:
    assert command("check")[0] == 0
    county = tmp_path / "county"
    copied = ROOT / "config" / "counties" / "yunze"
    for file in copied.rglob("*"):
        target = county / file.relative_to(copied)
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.is_file():
            target.write_bytes(file.read_bytes())
    lines = (county / "categories.csv").read_text(encoding="utf-8").splitlines()
    number = next(index for index, line in enumerate(lines) if line.startswith("010501"))
    lines[number] = lines[number].replace(",zj,", ",zq,")
    (county / "categories.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, out, err = command("check", str(county))
    assert code == 1
    assert f"categories.csv:{number + 1}: department:" in out
    assert "1 fault found" in err


@pytest.mark.usefixtures("sqlite_county")
def test_accounts_and_tokens_come_and_go(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    code, out, _ = command("user", "add", "anna", "--role", "operator")
    assert code == 0 and "Password: " in out
    assert "anna\toperator\t-\t-\tactive" in command("user", "list")[1]
    assert command("user", "add", "anna", "--role", "duty")[2] == "There is an account called 'anna' already.\n"
    assert command("user", "add", "ben", "--role", "department")[0] == 1
    assert command("user", "disable", "anna")[0] == 0
    assert "anna\toperator\t-\t-\tdisabled" in command("user", "list")[1]
    code, secret, _ = command("token", "create", "hotline", "--scope", "report,read")
    assert code == 0 and secret.startswith("gc_")
    assert secret.strip() not in command("token", "list")[1]
    assert command("token", "create", "x", "--scope", "everything")[0] == 1
    assert command("token", "revoke", "hotline")[0] == 0
    assert command("token", "revoke", "hotline")[0] == 1
    assert command("verify")[:2] == (0, "Every trace and the audit are unbroken.\n")


def test_a_port_that_is_taken_is_named_before_anything_starts(tmp_path: Path) -> None:
    port = free_ports() + 1
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        done = subprocess.run(
            [sys.executable, "-m", "dashboard.cli", "up", "--port", str(port - 1), "--data", str(tmp_path / "d")],
            cwd=ROOT, capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 cannot be used for push" in done.stderr
    assert not (tmp_path / "d" / "gridcommand.sqlite").exists()


def test_a_path_too_long_for_a_socket_is_refused(command: Command, tmp_path: Path) -> None:
    code, _, err = command("up", "--port", "18990", "--data", str(tmp_path / ("x" * 90)))
    assert code == 1
    assert "too long for a unix socket; choose a shorter GRIDCOMMAND_DATA" in err


def test_an_unexpected_fault_is_a_sentence_too_and_debug_shows_where(
    command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dashboard.cli.upkeep.faults_of", lambda _folder: 1 / 0)
    code, _, err = command("check")
    assert code == 1
    assert err.startswith("Something unexpected went wrong (ZeroDivisionError")
    with pytest.raises(SystemExit):
        main(["--debug", "check"])
    assert "Traceback" in capsys.readouterr().err
