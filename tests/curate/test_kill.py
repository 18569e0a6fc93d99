"""SIGKILL at any instant: every file is old or new, and undo restores every byte."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPO
from tests.curate.test_journal import folder

__all__ = ["folder"]  # the fixture


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_killed_for_real_at_every_step_nothing_is_lost(folder: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.curate.killing", str(folder), str(tmp_path / "copies")],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPO,
    )
    assert done.returncode == 0, done.stderr
    kills = {name: int(count) for name, count in re.findall(r"(.+): (\d+) kills", done.stdout)}
    assert kills.keys() == {"fix", "undo", "undo --file"}
    # fix makes eight files in four steps each; undo restores three and clears the journal
    assert kills["fix"] >= 33 and kills["undo"] >= 15 and kills["undo --file"] >= 8
