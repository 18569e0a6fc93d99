"""The tests of the contract: `curate` writes the hand-over folder and cut-outs, `trainer` reads them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from curate.commands import export
from curate.formats.yolo import parse
from curate.paste.cutouts.folder import FOLDER, INDEX, encode, file_names, index
from curate.paste.cutouts.model import Cutout
from tests.curate.sets import put_voc

pytest.importorskip("torch")
from trainer.columns import column_of
from trainer.data.cutouts import read_cutouts
from trainer.data.folder import Split, read_folder
from trainer.data.labels import FolderReport, read_labels


def test_what_curate_hands_over_is_what_trainer_reads(tmp_path: Path) -> None:
    boxes = {
        "a": [("香烟", (8.0, 12.0, 40.0, 36.0)), ("hand", (0.0, 0.0, 64.0, 48.0))],
        "b": [("hand", (16.0, 24.0, 48.0, 48.0))],
        "c": [],
        "d": [("hand", (1.0, 2.0, 3.5, 40.25))],
    }
    root = put_voc(tmp_path / "手 set", boxes, lists={"train": "ac", "val": "b", "test": "d"})
    result = export.run([root], out=tmp_path / "out", imgsz=320, empty_as_background=True)
    shutil.move(tmp_path / "out", tmp_path / "另一 place")  # data.yaml is relative to itself

    folder = read_folder(tmp_path / "另一 place" / "data.yaml")
    assert folder.classes == result.classes == ("hand", "香烟")
    assert folder.notes == ()
    assert folder.anchors_imgsz == 320
    assert [tuple(a) for a in folder.anchors or ()] == list(result.anchors or ())
    for name, counts in result.counts.items():
        split = folder.split(name)
        assert split is not None
        assert len(split) == counts["images"]
        assert sum(map(len, split.labels)) == counts["boxes"]
        assert split.report.backgrounds == counts["backgrounds"]
        assert (split.report.clipped, split.report.refused, split.report.missing_label_files) == (0, 0, 0)
        assert split.sizes.tolist() == [[64, 48]] * len(split)
    train = folder.split("train")
    assert train is not None
    assert column_of(train, folder.yaml, "source").values == ("手 set", "手 set")
    assert column_of(train, folder.yaml, "synthetic").values == ("false", "false")
    # (8, 12)-(40, 36) of 64 x 48: centre 24/64, 24/48; sides 32/64, 24/48
    expected = np.array([[1, 0.375, 0.5, 0.5, 0.5], [0, 0.5, 0.5, 1, 1]], dtype=np.float32)
    assert np.allclose(train.labels[0], expected, atol=1e-6)
    assert len(train.labels[1]) == 0


@pytest.mark.parametrize(
    "row",
    [
        "0 0.5 0.5 0.2 0.4",
        "0 0.5 0.5 0.2 0.4 0.93",  # a prediction
        "1.0 0.5 0.5 2e-1 0.4",
        "0 0.1 0.2 0.5 0.2 0.3 0.6",  # an outline
        "0 0.5 0.5 0.2",
        "0 0.5 0.5 0.2 0.4 sure",
        "0 0.5 0.5 0.2 0.4 inf",
        "0 0.5 0.5 0.2 0.4 0.9 0.8",  # 7 values are an outline of three points
        "0 0.5 0.5 0.2 0.4 0.9 0.8 0.7",
        "0 0.5 0.5 0.2 1_0",
        "hand 0.5 0.5 0.2 0.4",
        "-1 0.5 0.5 0.2 0.4",
    ],
)
def test_both_read_a_row_of_labels_alike(tmp_path: Path, row: str) -> None:
    (theirs,) = parse(row)
    path = tmp_path / "标注.txt"
    path.write_text(row + "\n", encoding="utf-8")
    rows = read_labels(path, classes=2)
    if theirs.problem is not None or theirs.xyxy is None:
        assert (rows.report.used, rows.report.refused) == (0, 1)
        return
    assert (rows.report.used, rows.report.refused) == (1, 0)
    x1, y1, x2, y2 = theirs.xyxy
    expected = [theirs.index, (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1]
    assert rows.boxes[0].tolist() == pytest.approx(expected)


def test_cutouts_that_curate_writes_are_those_that_trainer_pastes(tmp_path: Path) -> None:
    rgba = np.zeros((12, 40, 4), np.uint8)
    rgba[2:-2, 2:-2] = (200, 100, 50, 255)
    known = {"length": 36.0, "thickness": 8.0, "edge": 1.0, "quality": 0.9, "skin_light": None}
    known |= {"held_known": False, "bar": True, "grey": False}
    written = (("手/a.jpg", "香烟", 0.5), ("手/a.jpg", "pen", -1.0), ("b.jpg", "cup", 0.0))
    cutouts = [Cutout(rgba, 1.0, source=s, name=name, angle=angle, **known) for s, name, angle in written]
    names = file_names(cutouts)
    (tmp_path / FOLDER).mkdir()
    (tmp_path / INDEX).write_bytes(index(cutouts, names, {}))
    for cutout, name in zip(cutouts, names, strict=True):
        (tmp_path / FOLDER / name).write_bytes(encode(cutout.rgba))
    label = np.array([[0, 0.5, 0.5, 0.5, 0.5]], np.float32)
    split = Split("train", [tmp_path / "a.png"], [label], np.array([[64, 64]]), FolderReport())
    found, line = read_cutouts(tmp_path, ("pen", "香烟"), split, 320)
    assert line == "cut-outs: 1 pen, 1 香烟; not of these classes, left out: 1 cup"
    assert [(one.angle, one.premultiplied.shape) for one in found.by_class[1]] == [(0.5, (12, 40, 4))]
    assert found.by_class[0][0].premultiplied[6, 20].tolist() == [200, 100, 50, 255]
