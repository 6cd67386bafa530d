import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from bot.__main__ import COMMANDS, TRIALS, main

PYTHON = (sys.executable, "-m", "bot")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([name, "--help"])

    assert left.value.code == 0
    assert f"visitbot {name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", TRIALS)
def test_every_trial_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["try", name, "--help"])

    assert left.value.code == 0
    assert f"visitbot try {name}" in capsys.readouterr().out


def test_the_help_lists_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])

    shown = capsys.readouterr().out
    assert all(f"    {name} " in shown for name in (*COMMANDS, "try", "version"))


def test_no_command_shows_the_help_and_counts_as_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "commands:" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["dance"], ["try"], ["try", "dance"], ["jobs"], ["import", "pets", "x.csv"]])
def test_wrong_use_exits_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)

    assert left.value.code == 2
    assert "usage: visitbot" in capsys.readouterr().err


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    assert capsys.readouterr().out.strip() == version("visitbot")


@pytest.mark.parametrize("words", [["migrate"], ["jobs", "list"], ["import", "members", "x.csv"], ["serve"]])
def test_a_missing_configuration_is_one_line_and_exits_with_2(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(words) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "visitbot init" in told


def test_the_configuration_may_be_named_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "else.toml").write_text(f'[storage]\ndatabase = "{sqlite_url}"\n', "utf-8")
    monkeypatch.setenv("VISITBOT_CONFIG", str(tmp_path / "else.toml"))

    assert main(["jobs", "list"]) == 0
    assert capsys.readouterr().out == "no jobs\n"


def test_asking_for_help_loads_neither_web_server_nor_database_nor_speech() -> None:
    program = (
        "import sys; from bot.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'aiohttp', 'sqlalchemy', 'faster_whisper', 'numpy', 'pydantic'}\n"
        "print(*sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )

    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stderr.strip() == ""


def test_a_reader_who_has_seen_enough_gets_no_traceback(tmp_path: Path, sqlite_url: str) -> None:
    (tmp_path / "config.toml").write_text(f'[storage]\ndatabase = "{sqlite_url}"\n', "utf-8")
    with subprocess.Popen(
        [*PYTHON, "jobs", "list", "--config", str(tmp_path / "config.toml")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.stderr is not None
        told = running.stderr.read()

    assert "Traceback" not in told
    assert "Exception ignored" not in told


def test_a_terminal_without_chinese_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("", "utf-8")

    ran = subprocess.run(
        [*PYTHON, "migrate", "--config", str(tmp_path / "config.toml")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )

    assert "\\u6570\\u636e" in ran.stdout


def test_the_program_runs_as_a_module_and_as_a_script() -> None:
    script = Path(sys.executable).with_name("visitbot")
    for command in ((*PYTHON, "version"), (str(script), "version")):
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        assert ran.stdout.strip() == version("visitbot")


@pytest.mark.parametrize("role", ["web,worker", "worker,sender"])
def test_the_ai_bot_is_not_served_by_halves(role: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '[storage]\ndatabase = "postgresql://nobody@127.0.0.1:1/none"\n\n[wecom_bot]\nbot_id = "b"\nsecret = "s"\n',
        "utf-8",
    )

    assert main(["serve", "--config", str(path), "--role", role]) == 1
    assert "web and sender need one process" in capsys.readouterr().err
