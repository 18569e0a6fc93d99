"""`curate log` and `curate undo --file`: what a run changed, and taking back one file of it."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from curate.commands import log, undo
from curate.errors import JournalError
from curate.fixes.apply import apply
from curate.fixes.journal import runs
from curate.fixes.plan import FileChange
from curate.tree import Tree
from tests.curate.test_cli import curate_cli
from tests.curate.test_journal import folder, plan_of, repairs, snapshot
from tests.curate.test_validate import write_voc

__all__ = ["folder"]  # the fixture


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """GBK bytes in <folder> without declaration (ENC001) and corners exchanged (BOX001)."""
    return write_voc(tmp_path / "数据 集", folder="香烟检测", xmin=30, xmax=10, codec="gbk")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_run_is_listed_with_its_time_its_findings_its_files_and_its_rules(broken: Path) -> None:
    curate_cli("validate", broken, "--fix")
    done = broken / ".curate" / "journal" / "0001" / "done"
    os.utime(done, (1_700_000_000, 1_700_000_000))
    (one,) = log.run(broken)
    assert (one.id, one.findings, one.files, one.complete) == ("0001", 2, 1, True)
    assert one.codes == ("BOX001", "ENC001")
    assert one.made.timestamp() == 1_700_000_000
    said = curate_cli("log", broken).stdout
    assert said == f"0001  {one.made:%Y-%m-%d %H:%M}  2 findings, 1 file  BOX001 ENC001\n"
    assert curate_cli("undo", broken, "--list").stdout == said


def test_a_run_shows_each_file_with_both_hashes_and_the_rules_that_changed_it(broken: Path) -> None:
    xml = broken / "Annotations" / "a.xml"
    old = sha256(xml.read_bytes())
    curate_cli("validate", broken, "--fix")
    new = sha256(xml.read_bytes())
    said = curate_cli("log", broken, "--run", "0001").stdout
    assert said == f"{old[:12]} -> {new[:12]}  repaired       Annotations/a.xml  BOX001 ENC001\n"
    answer = json.loads(curate_cli("log", broken, "--run", "0001", "--output-format", "json").stdout)
    assert answer == {
        "schema": 1,
        "run": "0001",
        "files": [
            {
                "path": "Annotations/a.xml",
                "renamed_from": None,
                "codes": ["BOX001", "ENC001"],
                "old": old,
                "new": new,
                "state": "repaired",
            }
        ],
    }


def test_the_log_tells_what_became_of_a_file_since(folder: Path) -> None:
    apply(repairs(folder), folder)
    (folder / "Annotations" / "a.xml").write_bytes(b"edited by hand")
    (folder / "Annotations" / "b.xml").unlink()
    assert {one.path: one.state for one in log.files(folder, "0001")} == {
        "Annotations/a.xml": "changed since",
        "Annotations/b.xml": "gone since",
        "images/c.jpg": "repaired",
        "images/c.png": "repaired",
    }
    (renamed,) = [one for one in log.files(folder, "0001") if one.renamed_from]
    assert (renamed.path, renamed.renamed_from) == ("images/c.png", "images/c.jpg")


def test_an_empty_log_and_a_run_that_is_not_there(broken: Path) -> None:
    assert curate_cli("log", broken).stdout == "no run of repairs stands\n"
    assert json.loads(curate_cli("log", broken, "--output-format", "json").stdout) == {
        "schema": 1,
        "runs": [],
    }
    answer = curate_cli("log", broken, "--run", "0007")
    assert (answer.returncode, answer.stderr) == (
        2,
        "error: There is no run 0007.\n  Runs that stand: none.\n",
    )


def test_one_file_is_taken_back_and_the_rest_of_the_run_stands(folder: Path) -> None:
    before = snapshot(folder)
    apply(repairs(folder), folder)
    done = undo.run(folder, file="Annotations/a.xml")
    assert done is not None and [entry.path for entry in done.entries] == ["Annotations/a.xml"]
    assert (folder / "Annotations" / "a.xml").read_bytes() == before["Annotations/a.xml"]
    assert (folder / "images" / "c.png").exists()
    states = {one.path: one.state for one in log.files(folder, "0001")}
    assert (states["Annotations/a.xml"], states["Annotations/b.xml"]) == ("as before", "repaired")
    undo.run(folder)
    assert snapshot(folder) == before


def test_a_file_taken_back_may_be_edited_and_the_rest_still_be_taken_back(folder: Path) -> None:
    apply(repairs(folder), folder)
    undo.run(folder, file="Annotations/a.xml")
    (folder / "Annotations" / "a.xml").write_bytes(b"better than any repair")
    undo.run(folder)
    assert (folder / "Annotations" / "a.xml").read_bytes() == b"better than any repair"
    assert (folder / "images" / "c.jpg").exists()
    assert not (folder / ".curate").exists()


@pytest.mark.parametrize("name", ["images/c.png", "images/c.jpg"])
def test_a_renamed_file_is_taken_back_under_both_its_names(folder: Path, name: str) -> None:
    apply(repairs(folder), folder)
    done = undo.run(folder, file=name)
    assert done is not None and len(done.entries) == 2
    assert (folder / "images" / "c.jpg").exists() and not (folder / "images" / "c.png").exists()


def test_with_the_last_file_the_run_is_gone(folder: Path) -> None:
    before = snapshot(folder)
    apply(repairs(folder), folder)
    for name in ("Annotations/a.xml", "Annotations/b.xml", "images/c.png"):
        undo.run(folder, file=name)
    assert snapshot(folder) == before
    assert undo.run(folder) is None


def test_a_file_comes_from_the_last_run_that_changed_it(folder: Path) -> None:
    apply(repairs(folder), folder)
    apply(plan_of(folder, FileChange("Annotations/a.xml", b"<annotation/>", b"<second/>")), folder)
    done = undo.run(folder, file="Annotations/a.xml")
    assert done is not None and done.id == "0002"
    assert (folder / "Annotations" / "a.xml").read_bytes() == b"<annotation/>"
    with pytest.raises(JournalError, match=r"Run 0001 changed no untouched\.txt"):
        undo.run(folder, run_id="0001", file="untouched.txt")


def test_a_file_that_was_changed_since_is_refused_and_the_others_are_offered(folder: Path) -> None:
    apply(repairs(folder), folder)
    (folder / "Annotations" / "a.xml").write_bytes(b"mine")
    (folder / "Annotations" / "b.xml").write_bytes(b"mine, too")
    with pytest.raises(JournalError, match=r"a\.xml was changed since run 0001 \(and 1 more\)") as refusal:
        undo.run(folder)
    assert "--file" in refusal.value.cure
    with pytest.raises(JournalError, match=r"a\.xml was changed since"):
        undo.run(folder, file="Annotations/a.xml")
    assert undo.run(folder, file="images/c.png") is not None


def test_a_misspelt_file_names_the_nearest(folder: Path) -> None:
    apply(repairs(folder), folder)
    with pytest.raises(JournalError, match="No run that stands changed no") as refusal:
        undo.run(folder, file="Annotation/a.xml")
    assert refusal.value.cure == "Did you mean Annotations/a.xml?"


def test_the_shell_may_complete_the_whole_path(broken: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    curate_cli("validate", broken, "--fix")
    monkeypatch.chdir(broken.parent)
    answer = curate_cli("undo", broken.name, "--file", f"{broken.name}/Annotations/a.xml")
    assert answer.stdout == "run 0001 taken back in part: 1 file restored\n"
    (broken.parent / "else.xml").write_bytes(b"")
    outside = curate_cli("undo", broken.name, "--file", "else.xml")
    assert outside.returncode == 2 and "lies outside" in outside.stderr


# --- what killed commands leave, and what strangers bring --------------------------------------------


def test_undo_clears_what_a_killed_command_left_in_the_journal(folder: Path) -> None:
    before = snapshot(folder)
    journal = folder / ".curate" / "journal"
    (journal / "0001" / "old").mkdir(parents=True)  # a run that never began: no manifest
    (journal / "0004.undone" / "old").mkdir(parents=True)  # taken back, but not removed
    (journal / "0004.undone" / "manifest.json").write_bytes(b"{}")
    assert undo.run(folder) is None
    assert snapshot(folder) == before
    assert not (folder / ".curate").exists()


def test_a_folder_of_the_user_in_the_journal_is_left_alone(folder: Path) -> None:
    apply(repairs(folder), folder)
    (folder / ".curate" / "journal" / "notes.undone").mkdir()
    undo.run(folder)
    assert (folder / ".curate" / "journal" / "notes.undone").is_dir()
    assert runs(Tree.open(folder)) == []


@pytest.mark.parametrize(
    "odd",
    [
        {"mode": 0o4755},  # would make it run as its owner
        {"mode": 2**70},
        {"mode": "644"},
        {"codes": ["\x1b[31mBOX"]},
        {"codes": [3]},
        {"renamed_from": 7},
        {"undone": "yes"},
    ],
)
def test_a_manifest_of_a_stranger_is_refused(folder: Path, odd: dict[str, object]) -> None:
    apply(repairs(folder), folder)
    manifest = folder / ".curate" / "journal" / "0001" / "manifest.json"
    content = json.loads(manifest.read_bytes())
    content["changes"][0].update(odd)
    manifest.write_text(json.dumps(content))
    before = snapshot(folder)
    for command in ("undo", "log"):
        answer = curate_cli(command, folder)
        assert answer.returncode == 2 and "0001 cannot be read" in answer.stderr
    assert snapshot(folder) == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(folder: Path) -> None:
    apply(repairs(folder), folder)
    (folder / "Annotations" / "a.xml").unlink()
    os.mkfifo(folder / "Annotations" / "a.xml")
    answer = curate_cli("undo", folder)
    assert answer.returncode == 2 and "no plain file" in answer.stderr
    assert {one.path: one.state for one in log.files(folder, "0001")}["Annotations/a.xml"] == "changed since"
    old = next((folder / ".curate" / "journal" / "0001" / "old").iterdir())
    old.unlink()
    os.mkfifo(old)
    assert curate_cli("undo", folder).returncode == 2
