"""Splits: what belongs together stays together, every class gets its share, and lists are never lost."""

from __future__ import annotations

import errno
import json
import os
import re
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from curate import splits
from curate.cli import app
from curate.commands import split as command
from curate.dataset import Dataset
from curate.errors import CurateError, OutputExists, UnsafePath
from curate.formats.discover import open_dataset
from curate.formats.voc import SYNTHETIC_SOURCE, VocAnnotation, VocObject, write
from curate.pixels import PixelReader, Pixels
from curate.rules import check_all, set009_synthetic_in_eval
from curate.rules.model import Facts
from curate.tree import Tree
from tests.curate.sets import files_below, picture, put, put_mirrored, put_voc

BOX = ("hand", (5.0, 5.0, 30.0, 30.0))
EIGHTY = {"train": 0.8, "val": 0.1, "test": 0.1}


def group_names(root: Path) -> set[frozenset[str]]:
    """Groups of more than one image, by stem."""
    tree = Tree.open(root)
    data = open_dataset(tree)
    of = splits.groups(data, tree).of
    members = [frozenset(data.images["stem"].gather(np.flatnonzero(of == g))) for g in range(of.max() + 1)]
    return {m for m in members if len(m) > 1}


def test_ratios_are_scaled_and_what_is_none_is_refused() -> None:
    assert splits.parse_ratios("8,1,1") == EIGHTY
    assert splits.parse_ratios("3,1") == {"train": 0.75, "val": 0.25}
    assert splits.parse_ratios("0.9,0,0.1") == {"train": 0.9, "test": 0.1}
    for wrong in ("", "1", "a,b", "0,1", "1,-1", "nan,1", "1,1,1,1"):
        with pytest.raises(CurateError, match="cannot be read"):
            splits.parse_ratios(wrong)


def test_byte_copies_are_one_group(tmp_path: Path) -> None:
    root = put_voc(tmp_path, {stem: [BOX] for stem in "abc"})
    put(root / "JPEGImages" / "c.jpg", (root / "JPEGImages" / "a.jpg").read_bytes())
    assert group_names(root) == {frozenset("ac")}


def test_roboflow_siblings_and_frames_of_a_video_are_one_group_each(tmp_path: Path) -> None:
    stems = [
        *("IMG_7_jpg.rf.0123456789abcdef", "IMG_7_jpg.rf.fedcba9876543210", "IMG_8_jpg.rf.0123456789abcdef"),
        *("walk_mp4-1", "walk_mp4-2", "clip_frame_0001", "clip_frame_0002"),
        *(f"BloodImage_{i:05}" for i in range(12)),
    ]
    assert group_names(put_voc(tmp_path, {stem: [BOX] for stem in stems})) == {
        frozenset(stems[:2]),
        frozenset(stems[3:5]),
        frozenset(stems[5:7]),
    }


def test_a_video_that_is_the_whole_set_is_cut_into_runs_of_neighbours(tmp_path: Path) -> None:
    root = put_voc(tmp_path, {f"frame_{i:03}": [BOX] for i in range(40)})
    assert group_names(root) == {frozenset({f"frame_{i:03}", f"frame_{i + 1:03}"}) for i in range(0, 40, 2)}


def test_every_class_gets_its_share_even_the_rare_one() -> None:
    counts = np.zeros((100, 2), dtype=np.int64)
    counts[:, 0] = 1
    counts[:10, 1] = 1  # ten images with the rare class: 8, 1, 1
    chosen = splits.assign(counts, np.arange(100), EIGHTY)
    assert [chosen[:10].count(name) for name in splits.NAMES] == [8, 1, 1]
    assert [chosen.count(name) for name in splits.NAMES] == [80, 10, 10]


def test_images_without_boxes_are_dealt_out_like_a_class() -> None:
    counts = np.zeros((20, 1), dtype=np.int64)
    counts[:10] = 1
    chosen = splits.assign(counts, np.arange(20), {"train": 0.5, "val": 0.5})
    assert chosen[10:].count("train") == chosen[:10].count("train") == 5


def test_nothing_is_dealt_out_of_nothing() -> None:
    assert splits.assign(np.zeros((0, 1), dtype=np.int64), np.zeros(0, dtype=np.int64), EIGHTY) == []


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40),
    st.integers(0, 3),
)
def test_groups_stay_whole_every_image_is_dealt_and_the_seed_decides(
    rows: list[tuple[int, int, int]], seed: int
) -> None:
    _, group_of = np.unique([row[0] for row in rows], return_inverse=True)
    counts = np.array([row[1:] for row in rows])
    chosen = splits.assign(counts, group_of, EIGHTY, seed)
    assert len(chosen) == len(rows)
    for group in range(group_of.max() + 1):
        assert len({chosen[i] for i in np.flatnonzero(group_of == group)}) == 1
    assert chosen == splits.assign(counts, group_of, EIGHTY, seed)


def test_groups_of_which_rows_were_left_out_are_dealt_like_others() -> None:
    chosen = splits.assign(np.ones((4, 1), np.int64), np.array([1, 3, 3, 7]), {"train": 0.5, "val": 0.5})
    assert chosen[1] == chosen[2] != chosen[0] == chosen[3]


def test_own_lists_are_kept_and_test_wins_over_train(tmp_path: Path) -> None:
    lists = {"train": ["a", "b"], "test": ["b"], "trainval": ["a", "b", "c"]}
    data = open_dataset(put_voc(tmp_path, {stem: [BOX] for stem in "abcd"}, lists=lists))
    assert splits.own(data) == ["train", "test", None, None]


def test_trainval_is_train_where_there_is_no_train_list(tmp_path: Path) -> None:
    data = open_dataset(
        put_voc(tmp_path, {stem: [BOX] for stem in "ab"}, lists={"trainval": ["a"], "test": ["b"]})
    )
    assert splits.own(data) == ["train", "test"]


def test_a_set_without_lists_has_none(tmp_path: Path) -> None:
    assert splits.own(open_dataset(put_voc(tmp_path, {"a": [BOX]}))) is None


def test_split_writes_lists_that_are_read_back(tmp_path: Path) -> None:
    root = put_voc(tmp_path / "空 格", {f"{i:02}": [BOX] for i in range(20)})
    result = command.run(root, ratios=EIGHTY, seed=3)
    assert result.written == ("train.txt", "val.txt", "test.txt", "trainval.txt")
    own = splits.own(open_dataset(root))
    assert own is not None
    assert [own.count(name) for name in splits.NAMES] == [16, 2, 2]
    assert result.table.rows() == [("(images)", 16, 2, 2), ("hand", 16, 2, 2)]


def test_lists_that_are_there_are_not_overwritten_unasked(tmp_path: Path) -> None:
    root = put_voc(tmp_path, {f"{i}": [BOX] for i in range(10)}, lists={"train": ["1"], "test": ["2"]})
    before = files_below(root)
    with pytest.raises(OutputExists, match=r"test\.txt is there already"):
        command.run(root, ratios=EIGHTY)
    assert files_below(root) == before
    command.run(root, ratios={"train": 0.5, "val": 0.5}, overwrite=True)
    names = [p.name for p in sorted((root / "ImageSets" / "Main").iterdir())]
    assert names == ["train.txt", "trainval.txt", "val.txt"]  # the old test list would name train images


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_on_a_disk_that_is_full_the_old_lists_stay_together(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = put_voc(tmp_path, {f"{i}": [BOX] for i in range(10)}, lists={"train": ["1"], "test": ["2"]})
    before, written, real = files_below(root), [0], os.fsync

    def full(handle: int) -> None:
        written[0] += 1
        if written[0] == number:  # one list after the other is flushed
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CurateError, match=r"lists could not be written to .*Main: No space left on device\."):
        command.run(root, ratios=EIGHTY, overwrite=True)
    assert files_below(root) == before


def test_lists_are_not_written_through_a_link_that_leaves_the_data_set(tmp_path: Path) -> None:
    root = put_voc(tmp_path / "data", {f"{i}": [BOX] for i in range(10)})
    (tmp_path / "elsewhere" / "Main").mkdir(parents=True)
    put(tmp_path / "elsewhere" / "Main" / "train.txt", "precious\n")
    (root / "ImageSets").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafePath, match="is a link that leaves the data set"):
        command.run(root, ratios=EIGHTY, overwrite=True)
    assert files_below(tmp_path / "elsewhere") == {"Main/train.txt": b"precious\n"}


def test_only_voc_gets_lists(tmp_path: Path) -> None:
    put(tmp_path / "images" / "a.jpg", picture())
    put(tmp_path / "labels" / "a.txt", "0 0.5 0.5 0.5 0.5\n")
    with pytest.raises(CurateError, match="is YOLO"):
        command.run(tmp_path, ratios=EIGHTY)


def test_lists_lie_beside_the_annotations_of_a_devkit(tmp_path: Path) -> None:
    put_voc(tmp_path / "VOC2007", {f"{i}": [BOX] for i in range(10)})
    assert (
        command.run(tmp_path, ratios=EIGHTY).folder == (tmp_path / "VOC2007" / "ImageSets" / "Main").resolve()
    )


def test_real_sets_are_split_as_asked_for_every_class(shared_data: Path) -> None:
    tree = Tree.open(shared_data / "hands_phone_voc")
    data = open_dataset(tree)
    counts = splits.class_table(data)
    chosen = splits.assign(counts, splits.groups(data, tree).of, EIGHTY)
    images = counts > 0
    for split, share in EIGHTY.items():
        mine = np.array([c == split for c in chosen])
        assert np.abs(images[mine].sum(axis=0) - share * images.sum(axis=0)).max() <= 3


def test_the_command_line_prints_what_was_achieved(tmp_path: Path) -> None:
    root = put_voc(tmp_path / "s", {f"{i:02}": [BOX] for i in range(10)})
    result = CliRunner().invoke(app, ["split", str(root), "--ratios", "0.8,0.1,0.1"])
    assert result.exit_code == 0, result.output
    assert re.search(r"^\(images\) +8 +8\.0 +1 +1\.0 +1 +1\.0$", result.stdout, re.MULTILINE)
    assert CliRunner().invoke(app, ["split", str(root)]).exit_code == 2  # lists are there now


def test_near_copies_stay_together_where_pixels_are_looked_at(tmp_path: Path) -> None:
    root = put_mirrored(tmp_path)
    result = command.run(root, ratios={"train": 0.5, "test": 0.5}, pixels=True, workers=1)
    own = splits.own(open_dataset(root))
    assert own is not None
    assert own[:10] == own[10:]
    assert result.notes == ("kept together: 20 images in 10 groups of near-copies, such as 00.jpg, 10.jpg",)


def test_pixels_of_a_data_set_are_looked_at_once_until_it_has_other_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    look = PixelReader.__call__

    def counted(reader: PixelReader, data: Dataset, tree: Tree) -> Pixels:
        looked.append(data.images.height)
        return look(reader, data, tree)

    monkeypatch.setattr(PixelReader, "__call__", counted)
    tree = Tree.open(put_mirrored(tmp_path))
    group = splits.PixelGroups(workers=1)
    first, again = (group(open_dataset(tree), tree) for _ in range(2))
    assert (first.of == again.of).all()
    (tmp_path / "JPEGImages" / "19.jpg").unlink()
    changed = Tree.open(tmp_path)
    assert len(group(open_dataset(changed), changed).of) == 20  # its annotation is still there
    assert looked == [20, 20]


def test_tiles_of_one_picture_are_one_group(tmp_path: Path) -> None:
    tiles = [f"field_{x}_{y}" for x in (0, 512) for y in (0, 512)]
    root = put_voc(tmp_path, {stem: [BOX] for stem in [*tiles, *"abcdefghijkl"]})
    assert group_names(root) == {frozenset(tiles)}


def test_pasted_images_are_in_train_or_where_they_show_what_judges_in_no_list(tmp_path: Path) -> None:
    root = put_voc(tmp_path, {f"{i:02}": [BOX] for i in range(20)})
    digests = {i: sha256((root / "JPEGImages" / f"{i:02}.jpg").read_bytes()).hexdigest() for i in range(20)}
    for i in range(20):  # one made from each
        put(root / "JPEGImages" / f"new{i:02}.jpg", picture(number=100 + i))
        told = {"target_sha256": digests[i], "things": [{"cutout_sha256": digests[0]}]}
        source = {"database": SYNTHETIC_SOURCE, "annotation": json.dumps(told)}
        drawn = VocAnnotation("JPEGImages", f"new{i:02}.jpg", 64, 48, 3, [VocObject(*BOX)], source)
        put(root / "Annotations" / f"new{i:02}.xml", write(drawn))
    result = command.run(root, ratios=EIGHTY)
    lists = {
        name: set((root / "ImageSets" / "Main" / f"{name}.txt").read_text().split())
        for name in ("train", "val", "test")
    }
    assert {name: sum(not s.startswith("new") for s in stems) for name, stems in lists.items()} == {
        "train": 16,
        "val": 2,
        "test": 2,
    }, "the ratios are those of the photographs"
    assert not any(stem.startswith("new") for stem in lists["val"] | lists["test"])
    judged = lists["val"] | lists["test"]
    expected = set() if "00" in judged else {f"new{s}" for s in lists["train"] if not s.startswith("new")}
    assert {stem for stem in lists["train"] if stem.startswith("new")} == expected
    assert any("pasted images are in no list" in note for note in result.notes)
    found = check_all(Facts(open_dataset(root), Tree.open(root)), [set009_synthetic_in_eval.RULE])
    assert list(found) == [], "SET009 has nothing to say"


def test_boxes_are_counted_by_their_size_in_training(tmp_path: Path) -> None:
    # 64x48 pixels become 640x480: sides of 3, 9 and 20 pixels become 30, 90 and 200
    boxes = [("hand", (0.0, 0.0, side, side)) for side in (3.0, 9.0, 20.0, 20.0)]
    assert splits.size_table(open_dataset(put_voc(tmp_path, {"a": boxes}))).tolist() == [[1, 1, 2]]


def test_what_was_achieved_stands_beside_what_was_wanted(tmp_path: Path) -> None:
    root = put_voc(tmp_path, {f"{i:02}": [BOX] for i in range(10)})
    wanted = command.run(root, ratios={"train": 0.75, "test": 0.25}).wanted
    assert wanted.columns == ["class", "train", "train wanted", "test", "test wanted"]
    assert wanted.rows()[:2] == [("(images)", 8, 7.5, 2, 2.5), ("hand", 8, 7.5, 2, 2.5)]
    assert wanted["class"].to_list()[2:] == ["(small boxes)", "(medium boxes)", "(large boxes)"]
