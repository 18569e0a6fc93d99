"""The folder named on the command line: what is listed, what is refused, and names that are not UTF-8."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
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
    with pytest.raises(UnsafePath):
        tree.read("out.xml")


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
def test_every_name_survives_the_way_to_text_and_back(raw: bytes) -> None:
    name = os.fsdecode(raw)
    if not any(0xF780 <= ord(c) <= 0xF7FF for c in name):  # a private range, documented as ours
        assert text_to_name(name_to_text(name)) == name


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
