"""The README is kept true: its commands run, its twin shows the same ones, its tree names real files."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from tests.conftest import REPO

ENGLISH = REPO / "README.md"
CHINESE = REPO / "README.zh-CN.md"


def code_blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of one language, without the fences."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def commands(page: Path, language: str) -> list[str]:
    """`$ command` lines of console blocks; every line of sh blocks. Comments are cut off."""
    lines = [line for block in code_blocks(page, language) for line in block.splitlines()]
    if language == "console":
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    return [line.split("  #")[0].strip() for line in lines if line.strip() and not line.startswith("#")]


def test_both_languages_show_the_same_commands() -> None:
    for language in ("console", "sh"):
        assert commands(ENGLISH, language) == commands(CHINESE, language)


def test_both_languages_state_the_same_figures() -> None:
    def rows(page: Path) -> list[list[str]]:
        lines = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
        return [sorted(re.findall(r"\d+(?:\.\d+)?", line)) for line in lines]  # word order differs

    assert rows(ENGLISH) == rows(CHINESE)


@pytest.mark.slow
def test_the_console_blocks_run_and_print_what_they_show(tmp_path: Path) -> None:
    """In order, in one folder that holds a copy of samples/, as a reader would type them."""
    shutil.copytree(REPO / "samples", tmp_path / "samples")
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "LANG": "C.UTF-8"}
    environment |= {"NO_COLOR": "1", "COLUMNS": "120", "PYTHONIOENCODING": "utf-8"}
    shown = re.findall(
        r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", "".join(code_blocks(ENGLISH, "console")), flags=re.MULTILINE
    )
    assert shown, "the README shows no command"
    for command, output in shown:
        result = subprocess.run(
            shlex.split(command),
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert result.returncode in (0, 1), f"{command}\n{result.stderr}"
        printed = [line.rstrip() for line in (result.stdout + result.stderr).splitlines()]
        for line in output.splitlines():
            if line.strip() and line.strip() != "...":  # an omission in the README
                assert line.rstrip() in printed, f"{command} no longer prints:\n{line}\nbut:\n" + "\n".join(
                    printed
                )


@pytest.mark.parametrize("command", commands(ENGLISH, "sh"))
def test_every_other_command_shown_is_understood(command: str) -> None:
    """Commands that would train for minutes are parsed, not run: the options exist and take such values."""
    program, *arguments = shlex.split(command)
    if program not in ("curate", "trainer"):
        assert program in ("make", "pip", "git", "python", "cd", "torchrun", "tensorboard"), command
        if program == "python":
            assert arguments[0] == "-m"
            assert (REPO / Path(*arguments[1].split("."))).with_suffix(".py").is_file(), command
        return
    from curate.cli import app as curate_app
    from trainer.cli import app as trainer_app

    group = typer.main.get_command(curate_app if program == "curate" else trainer_app)
    subcommand = group.get_command(None, arguments[0])  # type: ignore[attr-defined]
    subcommand.make_context(arguments[0], list(arguments[1:]), resilient_parsing=False)


def test_the_tree_names_files_that_exist() -> None:
    for page in (ENGLISH, CHINESE):
        tree = next(block for block in code_blocks(page, "text") if block.startswith("curate/"))
        package = Path()
        for line in tree.splitlines():
            name = line.split("  ")[0 if not line.startswith("  ") else 1].strip()
            if not line.startswith(" "):
                package = Path(name)
                assert (REPO / package).is_dir(), line
            elif name:
                for part in re.split(r" · | ", name):
                    assert (REPO / package / part).exists(), f"{page.name}: {package / part} does not exist"
