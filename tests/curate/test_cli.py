"""The command line: exit codes, where output goes, and refusals that name their cure."""

from __future__ import annotations

import errno
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

import curate
from curate.cli import app
from tests.conftest import REPO
from tests.curate.test_validate import write_voc


class Answer(NamedTuple):
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def curate_cli(*arguments: str | Path) -> Answer:
    """Run a command as in a pipe, but in this process: starting Python for each would take a minute."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Answer(result.exit_code, result.stdout, result.stderr)


def in_a_shell(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, shell=True, capture_output=True, text=True, cwd=REPO, check=False, encoding="utf-8"
    )


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """A clean data set."""
    return write_voc(tmp_path / "clean set")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """GBK bytes in <folder> without declaration (ENC001) and corners exchanged (BOX001)."""
    return write_voc(tmp_path / "broken 集", folder="香烟检测", xmin=30, xmax=10, codec="gbk")


def test_the_version_is_that_of_the_package() -> None:
    assert curate_cli("--version").stdout == f"curate {curate.__version__}\n"


def test_help_teaches_by_examples_that_keep_their_lines() -> None:
    answer = curate_cli("validate", "--help")
    assert answer.returncode == 0
    assert "curate validate data/ --fix --unsafe-fixes     and what is likely right\n" in answer.stdout


def test_a_clean_folder_exits_0_and_says_what_a_trainer_would_see(voc: Path) -> None:
    answer = curate_cli("validate", voc)
    assert (answer.returncode, answer.stderr) == (0, "not asked without --pixels: IMG009, SET006\n")
    assert answer.stdout.splitlines()[-1] == "a trainer would see 1 of 1 images and 1 of 1 boxes"
    assert "error" not in answer.stdout and "warning" not in answer.stdout


def test_findings_exit_1_unless_asked_not_to(broken: Path) -> None:
    assert curate_cli("validate", broken).returncode == 1
    assert curate_cli("validate", broken, "--exit-zero").returncode == 0


def test_a_folder_that_is_not_there_exits_2_with_a_cure_on_stderr(tmp_path: Path) -> None:
    answer = curate_cli("validate", tmp_path / "没有 here")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("error: ") and "没有 here does not exist" in answer.stderr
    assert "Name the folder" in answer.stderr


def test_an_option_that_does_not_exist_exits_2(voc: Path) -> None:
    assert curate_cli("validate", voc, "--fixx").returncode == 2


def test_json_on_stdout_is_one_object_and_nothing_else(broken: Path) -> None:
    answer = curate_cli("validate", broken, "--pixels", "--output-format", "json")
    report = json.loads(answer.stdout)
    assert report["schema"] == 1
    assert {"ENC001", "BOX001"} <= {finding["code"] for finding in report["findings"]}
    assert answer.stderr == ""


def test_select_and_ignore_take_codes_with_commas(broken: Path) -> None:
    def codes(*options: str) -> set[str]:
        answer = curate_cli("validate", broken, "--output-format", "json", *options)
        found = json.loads(answer.stdout)["findings"]
        return {finding["code"] for finding in found if finding["severity"] != "info"}

    assert codes("--select", "BOX,IMG") == {"BOX001"}
    assert codes("--ignore", "BOX001") == {"ENC001"}


def test_a_code_that_does_not_exist_is_refused_rather_than_ignored(broken: Path) -> None:
    answer = curate_cli("validate", broken, "--select", "BXO")
    assert answer.returncode == 2
    assert "BXO" in answer.stderr


def test_diff_writes_nothing_and_exits_1_where_something_would_change(broken: Path, voc: Path) -> None:
    before = (broken / "Annotations" / "a.xml").read_bytes()
    answer = curate_cli("validate", broken, "--diff")
    assert answer.returncode == 1
    assert "encoding Annotations/a.xml: gb18030 -> utf-8" in answer.stdout
    assert (broken / "Annotations" / "a.xml").read_bytes() == before
    assert not (broken / ".curate").exists()
    assert curate_cli("validate", voc, "--diff").returncode == 0


def test_fix_and_diff_together_are_refused(broken: Path) -> None:
    answer = curate_cli("validate", broken, "--fix", "--diff")
    assert answer.returncode == 2
    assert "Ask for one" in answer.stderr


def test_fix_then_undo_by_the_commands_that_the_output_suggests(broken: Path) -> None:
    before = (broken / "Annotations" / "a.xml").read_bytes()

    fixed = curate_cli("validate", broken, "--fix")
    assert fixed.returncode == 0
    assert f"curate undo '{broken}'" in fixed.stdout

    listed = curate_cli("undo", broken, "--list")
    assert listed.stdout.startswith("0001  ")
    assert "2 findings, 1 file  BOX001 ENC001\n" in listed.stdout

    undone = curate_cli("undo", broken)
    assert undone.stdout == "run 0001 taken back: 1 file restored\n"
    assert (broken / "Annotations" / "a.xml").read_bytes() == before
    again = curate_cli("undo", broken)
    assert (again.returncode, again.stdout) == (0, "nothing to take back: no run of repairs stands\n")
    assert curate_cli("undo", broken, "--run", "0001").returncode == 2


@pytest.mark.parametrize("name", ["BOX002", "box002", "outside-image"])
def test_a_rule_is_explained_by_code_or_by_name(name: str) -> None:
    answer = curate_cli("rule", name)
    assert answer.returncode == 0
    assert answer.stdout.startswith("# BOX002 outside-image\n")
    assert "Why it hurts training" in answer.stdout


def test_a_misspelt_rule_names_the_nearest() -> None:
    answer = curate_cli("rule", "outside-imgae")
    assert answer.returncode == 2
    assert "Did you mean outside-image?" in answer.stderr


def test_all_rules_are_listed_one_a_line() -> None:
    lines = curate_cli("rule", "--all").stdout.splitlines()
    assert "BOX002  error    outside-image" in lines or "BOX002  warning  outside-image" in lines
    assert [line.split()[0] for line in lines] == sorted(line.split()[0] for line in lines)


def test_the_program_itself_answers_with_an_exit_code_and_one_line(tmp_path: Path) -> None:
    answer = in_a_shell(f"{sys.executable} -m curate undo {shlex.quote(str(tmp_path))} --run 0007")
    assert answer.returncode == 2
    assert answer.stderr == "error: There is no run 0007 to take back.\n  Runs that stand: none.\n"


def test_output_cut_by_head_is_no_traceback() -> None:
    answer = in_a_shell(f"{sys.executable} -m curate rule --all | head -n 1")
    assert answer.stdout.count("\n") == 1
    assert "Traceback" not in answer.stderr and "Error" not in answer.stderr


def test_an_interrupted_command_exits_130(voc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("curate.commands.validate.run", interrupted)
    answer = curate_cli("validate", voc)
    assert (answer.returncode, answer.stderr) == (130, "interrupted\n")


def breaking(monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    """`curate export` meets it."""

    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("curate.commands.export.run", broken)


def test_a_place_that_no_command_expected_is_told_with_its_cure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for number in (errno.ENOSPC, errno.EROFS, errno.EACCES):
        breaking(monkeypatch, OSError(number, os.strerror(number), str(tmp_path / "图片.jpg")))
        answer = curate_cli("export", tmp_path, "-o", tmp_path / "out")
        assert answer.returncode == 2
        assert f"图片.jpg cannot be read or written: {os.strerror(number)}." in answer.stderr
        assert "make room there, or name another place" in answer.stderr
    breaking(monkeypatch, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))  # of a file that is open
    assert "A file cannot be read or written: No space" in curate_cli("export", tmp_path, "-o", "x").stderr
    monkeypatch.setenv("CURATE_LANG", "zh")
    assert "有一个文件无法读写" in curate_cli("export", tmp_path, "-o", "x").stderr


def test_an_error_of_the_system_that_is_no_fault_of_a_place_stays_a_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    breaking(monkeypatch, OSError(errno.EBADF, "Bad file descriptor"))
    with pytest.raises(OSError, match="Bad file descriptor"):
        curate_cli("export", tmp_path, "-o", tmp_path / "out")
