"""The folder named on the command line: what is listed, what is refused, and names that are not UTF-8."""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from curate.errors import NotADataset, UnsafePath
from curate.tree import Tree, display, name_to_text, text_to_name


def test_files_are_listed_sorted_with_forward_slashes(tmp_path: Path) -> None:
    for name in ("b.xml", "香烟 1/a.jpg", "a/🚬.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert Tree.open(tmp_path).files() == ["a/🚬.png", "b.xml", "香烟 1/a.jpg"]


def test_an_empty_folder_has_no_files(tmp_path: Path) -> None:
    assert Tree.open(tmp_path).files() == []


def test_what_is_no_folder_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADataset, match="is a file"):
        Tree.open(tmp_path / "file")
    with pytest.raises(NotADataset, match="does not exist"):
        Tree.open(tmp_path / "nowhere")


def test_fifos_broken_links_and_links_out_of_the_folder_are_not_listed(tmp_path: Path) -> None:
    data, outside = tmp_path / "data", tmp_path / "secret.xml"
    data.mkdir()
    outside.write_bytes(b"secret")
    (data / "a.xml").write_bytes(b"a")
    os.mkfifo(data / "fifo.xml")
    (data / "broken.xml").symlink_to("nowhere")
    (data / "out.xml").symlink_to(outside)
    (data / "in.xml").symlink_to("a.xml")
    (data / "loop").symlink_to(data)
    tree = Tree.open(data)
    assert tree.files() == ["a.xml", "in.xml"]
    assert tree.left_aside() == [
        ("broken.xml", "a link to nothing"),
        ("fifo.xml", "a named pipe"),
        ("loop", "a link to a folder, and such links are not followed"),
        ("out.xml", "a link that leaves the folder"),
    ]
    for name in ("out.xml", "fifo.xml", "loop"):
        with pytest.raises(UnsafePath):
            tree.read(name)  # and nothing waits for somebody to write into the pipe


def test_a_folder_is_listed_once_also_for_plans_of_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"")
    tree = Tree.open(tmp_path)
    assert tree.files() == ["a"]
    monkeypatch.setattr(os, "scandir", None)  # a second listing would raise TypeError
    assert tree.with_changes({"b": b""}).files() == ["a", "b"]
    assert tree.left_aside() == []


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    scandir = os.scandir

    def refuse(path: os.PathLike[str]) -> object:
        # the tests may run as root, whom permissions do not stop
        if os.fspath(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    tree = Tree.open(tmp_path)
    assert tree.left_aside() == [("closed", "a folder that cannot be listed (Permission denied)")]


def test_a_file_larger_than_asked_for_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    tree = Tree.open(tmp_path)
    assert tree.read("a", at_most=5) == b"12345"
    with pytest.raises(OSError, match="File too large"):
        tree.read("a", at_most=4)


def test_parts_and_digests_are_those_of_the_file_or_of_the_overlay(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    on_disk = Tree.open(tmp_path)
    for tree, content in ((on_disk, b"12345"), (on_disk.with_changes({"a": b"67"}), b"67")):
        assert (tree.read_head("a", 2), tree.read_tail("a", 2)) == (content[:2], content[-2:])
        assert tree.sha256("a") == hashlib.sha256(content).digest()


def test_a_tree_that_goes_to_a_worker_takes_no_listing_along(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / f"{number}").touch()
    tree = Tree.open(tmp_path)
    assert len(tree.files()) == 100
    assert len(pickle.dumps(tree)) < 1000
    assert pickle.loads(pickle.dumps(tree)) == tree


@pytest.mark.parametrize("name", ["../a.xml", "a/../../b", "/etc/passwd", "a\0b"])
def test_names_that_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsafePath):
        Tree.open(tmp_path).read(name)


def test_names_in_gbk_bytes_are_listed_read_and_shown(tmp_path: Path) -> None:
    raw = "香烟".encode("gbk") + b".xml"  # CF E3 D1 CC, as unzip leaves them on Linux
    (tmp_path / os.fsdecode(raw)).write_bytes(b"content")
    tree = Tree.open(tmp_path)
    (name,) = tree.files()
    name.encode("utf-8")  # no lone surrogates
    assert tree.read(name) == b"content"
    assert display(name) == r"\xcf\xe3\xd1\xcc.xml"


@given(st.binary(max_size=20))
@example("\uf7a0".encode())  # a name that holds one of the characters that carry bytes
def test_every_name_survives_the_way_to_text_and_back(raw: bytes) -> None:
    assert os.fsencode(text_to_name(name_to_text(os.fsdecode(raw)))) == raw


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("香烟 1/a.jpg", "香烟 1/a.jpg"),
        ("a\nb\tc", r"a\x0ab\x09c"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\u009b31m", r"\x9b31m"),  # a control sequence without escape
        ("a\u202egpj.exe", r"a\u202egpj.exe"),  # shown as "aexe.jpg"
        ("\u2028", r"\u2028"),
        ("👩\u200d🦰", "👩\u200d🦰"),  # joined emoji stay joined
    ],
)
def test_what_is_shown_is_one_line_and_steers_nothing(text: str, shown: str) -> None:
    assert display(text) == shown


def test_an_overlay_replaces_adds_and_hides_files_without_writing(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(name.encode())
    tree = Tree.open(tmp_path).with_changes({"a": b"new", "b": None, "c": b"added"})
    assert tree.files() == ["a", "c"]
    assert (tree.read("a"), tree.read_head("c", 2), tree.size("c")) == (b"new", b"ad", 5)
    with pytest.raises(FileNotFoundError):
        tree.read("b")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def test_our_own_folder_and_those_of_other_tools_are_left_out(tmp_path: Path) -> None:
    for folder in (".curate", ".git", "__MACOSX", "kept"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.xml").write_bytes(b"")
    assert Tree.open(tmp_path).files() == ["kept/a.xml"]
