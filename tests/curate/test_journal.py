"""Writing a plan and taking it back: whole files only, whatever happens in between."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from curate.dataset import IMAGES, OBJECTS, PROBLEMS, SPLITS, Dataset
from curate.errors import CurateError, JournalError, UnsafePath
from curate.fixes.apply import apply
from curate.fixes.journal import runs
from curate.fixes.plan import FileChange, Plan
from curate.fixes.undo import undo
from curate.tree import Tree


def plan_of(root: Path, *changes: FileChange) -> Plan:
    nothing = [pl.DataFrame(schema=schema) for schema in (IMAGES, OBJECTS, PROBLEMS, SPLITS)]
    data = Dataset(root, "voc", *nothing, classes=(), classes_from=None)
    return Plan(
        root, tuple(sorted(changes, key=lambda c: c.path)), (), (), (), data, passes=1, converged=True
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "香烟 检测 🚬"
    (root / "Annotations").mkdir(parents=True)
    (root / "images").mkdir()
    (root / "Annotations" / "a.xml").write_bytes(b"<annotation>\r\n<a/></annotation>")
    (root / "Annotations" / "b.xml").write_bytes("<annotation><folder>香</folder></annotation>".encode("gbk"))
    (root / "images" / "c.jpg").write_bytes(b"\x89PNG pixels")
    (root / "untouched.txt").write_bytes(b"here")
    return root


def repairs(root: Path) -> Plan:
    """Two texts change and an image gets its true extension."""
    gbk = (root / "Annotations" / "b.xml").read_bytes()
    return plan_of(
        root,
        FileChange("Annotations/a.xml", b"<annotation>\r\n<a/></annotation>", b"<annotation/>"),
        FileChange("Annotations/b.xml", gbk, gbk.decode("gbk").encode()),
        FileChange("images/c.jpg", b"\x89PNG pixels", None),
        FileChange("images/c.png", None, b"\x89PNG pixels", renamed_from="images/c.jpg"),
    )


def snapshot(root: Path, *, journal: bool = True) -> dict[str, bytes]:
    """Every file below `root`; without `journal` those of the user only."""
    found = {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    return found if journal else {k: v for k, v in found.items() if not k.startswith(".curate/")}


def test_apply_writes_every_change_and_nothing_else(folder: Path) -> None:
    run = apply(repairs(folder), folder)

    assert run is not None and run.id == "0001"
    assert snapshot(folder, journal=False) == {
        "Annotations/a.xml": b"<annotation/>",
        "Annotations/b.xml": "<annotation><folder>香</folder></annotation>".encode(),
        "images/c.png": b"\x89PNG pixels",
        "untouched.txt": b"here",
    }


def test_undo_leaves_the_folder_as_if_nothing_had_ever_happened(folder: Path) -> None:
    before = snapshot(folder)
    apply(repairs(folder), folder)

    undo(folder)

    assert snapshot(folder) == before
    assert not (folder / ".curate").exists()


def test_a_plan_without_changes_makes_no_journal(folder: Path) -> None:
    assert apply(plan_of(folder), folder) is None
    assert not (folder / ".curate").exists()


def test_the_journal_holds_the_old_bytes_under_their_digest(folder: Path) -> None:
    old = (folder / "Annotations" / "b.xml").read_bytes()
    apply(repairs(folder), folder)

    journal = folder / ".curate" / "journal" / "0001"
    assert (journal / "old" / hashlib.sha256(old).hexdigest()).read_bytes() == old
    manifest = json.loads((journal / "manifest.json").read_text())
    assert manifest["schema"] == 1
    assert [change["path"] for change in manifest["changes"]] == [
        "Annotations/a.xml",
        "Annotations/b.xml",
        "images/c.jpg",
        "images/c.png",
    ]
    assert (journal / "done").exists()


def test_permissions_survive_a_repair_a_rename_and_an_undo(folder: Path) -> None:
    (folder / "Annotations" / "a.xml").chmod(0o640)
    (folder / "images" / "c.jpg").chmod(0o604)
    apply(repairs(folder), folder)
    assert (folder / "Annotations" / "a.xml").stat().st_mode & 0o777 == 0o640
    assert (folder / "images" / "c.png").stat().st_mode & 0o777 == 0o604

    undo(folder)
    assert (folder / "Annotations" / "a.xml").stat().st_mode & 0o777 == 0o640
    assert (folder / "images" / "c.jpg").stat().st_mode & 0o777 == 0o604


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes any byte in a file name")
def test_a_name_that_is_no_utf8_is_written_and_restored(tmp_path: Path) -> None:
    name = os.fsdecode("香烟.xml".encode("gbk"))
    (tmp_path / name).write_bytes(b"old")
    path = next(iter(Tree.open(tmp_path).files()))

    apply(plan_of(tmp_path, FileChange(path, b"old", b"new")), tmp_path)
    assert (tmp_path / name).read_bytes() == b"new"

    undo(tmp_path)
    assert snapshot(tmp_path) == {name: b"old"}


# --- refusals ---------------------------------------------------------------------------------------


def test_a_file_that_changed_since_the_plan_is_refused_and_nothing_is_touched(folder: Path) -> None:
    plan = repairs(folder)
    (folder / "Annotations" / "b.xml").write_bytes(b"edited meanwhile")
    before = snapshot(folder)

    with pytest.raises(CurateError, match=r"Annotations/b\.xml changed"):
        apply(plan, folder)

    assert snapshot(folder) == before


def test_a_rename_never_lands_on_a_file_that_appeared_meanwhile(folder: Path) -> None:
    plan = repairs(folder)
    (folder / "images" / "c.png").write_bytes(b"somebody else's")
    before = snapshot(folder)

    with pytest.raises(CurateError, match=r"images/c\.png changed"):
        apply(plan, folder)

    assert snapshot(folder) == before


def test_undo_refuses_to_overwrite_later_work_and_says_where_the_old_bytes_are(folder: Path) -> None:
    apply(repairs(folder), folder)
    (folder / "Annotations" / "a.xml").write_bytes(b"corrected by hand")
    before = snapshot(folder)

    with pytest.raises(JournalError, match=r"Annotations/a\.xml was changed since run 0001") as refusal:
        undo(folder)

    digest = hashlib.sha256(b"<annotation>\r\n<a/></annotation>").hexdigest()
    assert f".curate/journal/0001/old/{digest}" in refusal.value.cure
    assert snapshot(folder) == before


def test_undo_without_a_run_is_a_refusal(folder: Path) -> None:
    with pytest.raises(JournalError, match="no run"):
        undo(folder)


def test_undo_of_an_unknown_run_names_the_known_ones(folder: Path) -> None:
    apply(repairs(folder), folder)
    with pytest.raises(JournalError, match="no run 0007") as refusal:
        undo(folder, "0007")
    assert "0001" in refusal.value.cure


def test_runs_are_taken_back_last_one_first(folder: Path) -> None:
    before = snapshot(folder)
    apply(repairs(folder), folder)
    apply(plan_of(folder, FileChange("Annotations/a.xml", b"<annotation/>", b"<second/>")), folder)
    assert [run.id for run in runs(Tree.open(folder))] == ["0001", "0002"]

    with pytest.raises(JournalError, match=r"a\.xml") as refusal:
        undo(folder, "0001")
    assert "Run 0002" in refusal.value.cure

    assert undo(folder).id == "0002"
    assert undo(folder).id == "0001"
    assert snapshot(folder) == before


def test_a_damaged_journal_is_refused_before_anything_is_touched(folder: Path) -> None:
    apply(repairs(folder), folder)
    for kept in (folder / ".curate" / "journal" / "0001" / "old").iterdir():
        kept.write_bytes(b"rot")
    before = snapshot(folder)

    with pytest.raises(JournalError, match="lost the old"):
        undo(folder)

    assert snapshot(folder) == before


@pytest.mark.parametrize("path", ["../outside.xml", "/etc/outside", "link/outside.xml"])
def test_a_journal_from_a_stranger_cannot_reach_outside_the_folder(tmp_path: Path, path: str) -> None:
    root, outside = tmp_path / "data", tmp_path / "elsewhere"
    (root / ".curate" / "journal" / "0001" / "old").mkdir(parents=True)
    outside.mkdir()
    (outside / "outside.xml").write_bytes(b"mine")
    (root / "link").symlink_to(outside)
    entry = {"path": path, "old": None, "new": hashlib.sha256(b"mine").hexdigest(), "mode": None}
    manifest = {"schema": 1, "findings": 1, "changes": [entry]}
    (root / ".curate" / "journal" / "0001" / "manifest.json").write_text(json.dumps(manifest))

    with pytest.raises(UnsafePath):
        undo(root)

    assert (outside / "outside.xml").read_bytes() == b"mine"


@pytest.mark.parametrize(
    "manifest",
    ["", "[]", '{"schema": 1}', '{"schema": 9, "findings": 0, "changes": []}', '{"changes": [{}]}'],
)
def test_a_manifest_that_cannot_be_read_is_one_line_and_no_traceback(tmp_path: Path, manifest: str) -> None:
    journal = tmp_path / ".curate" / "journal" / "0001"
    journal.mkdir(parents=True)
    (journal / "manifest.json").write_text(manifest)
    with pytest.raises(JournalError, match="0001 cannot be read"):
        undo(tmp_path)


def test_a_journal_folder_that_is_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / ".curate").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CurateError, match="no folder of its own"):
        apply(repairs(folder), folder)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_refused_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # os.access is replaced because root may write into a read-only folder
    allowed = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: not str(path).endswith("images") and allowed(path, mode)
    )
    before = snapshot(folder)

    with pytest.raises(CurateError, match="cannot be written"):
        apply(repairs(folder), folder)

    assert snapshot(folder) == before


# --- faults at every instant -------------------------------------------------------------------------


class Killed(BaseException):
    """What a SIGKILL is to the code: nothing below may catch it."""


SYSTEM_CALLS = ("open", "write", "fsync", "replace", "mkdir", "unlink", "chmod", "rmdir")
NEEDS_ROOM = ("open", "write", "fsync", "mkdir")


@contextmanager
def fault_at(
    number: int,
    fault: Callable[[], BaseException],
    *,
    of: Sequence[str] = SYSTEM_CALLS,
    lasting: bool = False,
) -> Iterator[list[str]]:
    """Let the `number`-th system call that changes the disk fail; yields the calls made so far.

    With `lasting` the later ones of these calls fail, too.
    """
    calls: list[str] = []
    patch = pytest.MonkeyPatch()

    def wrap(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            reads = name == "open" and (len(args) < 2 or not args[1] & os.O_WRONLY)
            if not reads:
                calls.append(name)
                if len(calls) == number or (lasting and 0 < number < len(calls)):
                    if name == "write":
                        real(args[0], args[1][: len(args[1]) // 2])  # a part may be on the disk already
                    raise fault()
            return real(*args, **kwargs)

        return wrapped

    for name in of:
        patch.setattr(os, name, wrap(name))
    try:
        yield calls
    finally:
        patch.undo()


def calls_made(deed: Callable[[], object]) -> int:
    """How many faults are worth trying: the calls that `deed` makes when nothing fails."""
    with fault_at(0, Killed) as calls:
        deed()
    return len(calls)


def copy_of(files: dict[str, bytes], root: Path) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def test_killed_at_any_write_every_file_is_old_or_new_and_undo_restores_all(
    folder: Path, tmp_path: Path
) -> None:
    before = snapshot(folder)
    plan = repairs(folder)
    total = calls_made(lambda: apply(plan, folder))
    assert total >= 33  # eight files are made, each by open, write, fsync and replace; `done` is empty
    for number in range(1, total + 1):
        root = copy_of(before, tmp_path / f"copy {number}")
        with fault_at(number, Killed, lasting=True), pytest.raises(Killed):
            apply(plan, root)
        assert_old_or_new(root, before, plan, number)
        if runs(Tree.open(root)):
            undo(root)
        assert snapshot(root, journal=False) == before, number


def test_killed_in_the_middle_of_an_undo_the_next_undo_completes_it(folder: Path, tmp_path: Path) -> None:
    before = snapshot(folder)
    plan = repairs(folder)
    apply(plan, folder)
    total = calls_made(lambda: undo(folder))
    assert total >= 10
    for number in range(1, total + 1):
        root = copy_of(before, tmp_path / f"copy {number}")
        apply(plan, root)
        with fault_at(number, Killed, lasting=True), pytest.raises(Killed):
            undo(root)
        if runs(Tree.open(root)):
            undo(root)
        assert snapshot(root, journal=False) == before, number


@pytest.mark.parametrize("problem", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
def test_an_error_at_any_call_is_one_line_and_changes_nothing(
    folder: Path, tmp_path: Path, problem: int
) -> None:
    before = snapshot(folder)
    plan = repairs(folder)
    said = os.strerror(problem)
    total = calls_made(lambda: apply(plan, folder))
    for number in range(1, total + 1):
        root = copy_of(before, tmp_path / f"copy {number}")
        failing = fault_at(number, lambda: OSError(problem, said))
        with failing, pytest.raises(CurateError, match=said):
            apply(plan, root)
        assert snapshot(root) == before, number
        assert not (root / ".curate").exists(), number


def test_a_disk_that_stays_full_loses_nothing_and_undo_helps_once_there_is_room(
    folder: Path, tmp_path: Path
) -> None:
    before = snapshot(folder)
    plan = repairs(folder)
    with fault_at(0, Killed, of=NEEDS_ROOM) as calls:
        apply(plan, folder)
    for number in range(1, len(calls) + 1):
        root = copy_of(before, tmp_path / f"copy {number}")
        full = fault_at(number, lambda: OSError(errno.ENOSPC, "disk full"), of=NEEDS_ROOM, lasting=True)
        with full, pytest.raises(CurateError, match="disk full"):
            apply(plan, root)
        assert_old_or_new(root, before, plan, number)
        if runs(Tree.open(root)):
            undo(root)
        assert snapshot(root, journal=False) == before, number


@pytest.mark.parametrize("lasting", [False, True])
def test_an_undo_on_a_full_disk_says_so_and_the_next_one_completes_it(
    folder: Path, tmp_path: Path, lasting: bool
) -> None:
    before = snapshot(folder)
    plan = repairs(folder)
    apply(plan, folder)
    with fault_at(0, Killed, of=NEEDS_ROOM) as calls:
        undo(folder)
    for number in range(1, len(calls) + 1):
        root = copy_of(before, tmp_path / f"copy {number}")
        apply(plan, root)
        full = fault_at(number, lambda: OSError(errno.ENOSPC, "disk full"), of=NEEDS_ROOM, lasting=lasting)
        with full, pytest.raises(CurateError, match="disk full"):
            undo(root)
        assert_old_or_new(root, before, plan, number)
        if runs(Tree.open(root)):
            undo(root)
        assert snapshot(root, journal=False) == before, number


def assert_old_or_new(root: Path, before: dict[str, bytes], plan: Plan, number: int) -> None:
    """Every file of the user is whole: what it was, or what the plan makes of it."""
    now = snapshot(root, journal=False)
    changed = {change.path: {change.old, change.new} for change in plan.changes}
    for path in before.keys() | changed.keys():
        assert now.get(path) in changed.get(path, {before.get(path)}), (number, path)
    assert "images/c.jpg" in now or "images/c.png" in now
