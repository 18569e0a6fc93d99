"""Prediction from files to files, with a network whose answers are known."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ET
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from curate.formats.images import facts_of_file
from tests.curate.sets import turned
from tests.trainer.oracle import Oracle, picture, save
from trainer import predict as predict_module
from trainer.annotations import predictions_json, voc_xml, yolo_rows
from trainer.checkpoint import ModelMeta, save_checkpoint
from trainer.data.labels import read_labels
from trainer.decode import Detections
from trainer.errors import TrainerError
from trainer.files import refuse_to_overwrite
from trainer.model.network import build
from trainer.model.zoo import configure
from trainer.predict import list_images, predict
from trainer.suppression import Suppression

CLASSES = ("香烟", "a & b <c>")


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Weights that load as the oracle, trained at 320 px."""
    meta = ModelMeta(CLASSES, 320, {}, configure("n", 2, imgsz=320))
    monkeypatch.setattr(predict_module, "load_detector", lambda path, device: (Oracle(), meta))
    return tmp_path / "best.pt"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "照片 1 🙂"
    save(folder / "a.png", picture(640, 480, (100, 100, 300, 300)))
    save(folder / "b 图.jpg", picture(320, 320, (40, 60, 120, 200), red=True))
    save(folder / "empty.bmp", picture(64, 64, None))
    save(folder / "sub" / "c.png", picture(320, 320, (0, 0, 50, 50)))
    (folder / "notes.txt").write_text("no image")
    return folder


def tree(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_a_folder_gives_pictures_voc_files_and_one_json(tmp_path: Path, photos: Path, weights: Path) -> None:
    out = tmp_path / "out"
    result = predict(photos, weights, out=out, write_json=True)
    assert tree(out) == [
        "Annotations/a.xml",
        "Annotations/b 图.xml",
        "Annotations/empty.xml",
        "pictures/a.png",
        "pictures/b 图.jpg",
        "pictures/empty.bmp",
        "predictions.json",
    ]
    assert result.counts() == {"香烟": 1, "a & b <c>": 1}
    content = json.loads((out / "predictions.json").read_bytes())
    assert sorted(content) == ["predictions", "schema"]
    assert content["schema"] == 1
    first, second = content["predictions"]
    assert (first["image"], first["name"]) == ("a.png", "香烟")
    assert first["xyxy"] == pytest.approx([100, 100, 300, 300], abs=2)  # pixels of the 640x480 original
    assert first["confidence"] == pytest.approx(0.90, abs=0.01)
    assert (second["image"], second["name"]) == ("b 图.jpg", "a & b <c>")


def test_voc_files_hold_whole_pixels_from_one_with_the_last_included(
    tmp_path: Path, photos: Path, weights: Path
) -> None:
    predict(photos, weights, out=tmp_path / "out", recursive=True)
    root = ET.parse(tmp_path / "out" / "Annotations" / "sub" / "c.xml").getroot()
    # [0, 50) in exclusive pixels from 0 are the pixels 1 to 50.
    assert [root.findtext(f"object/bndbox/{tag}") for tag in ("xmin", "ymin", "xmax", "ymax")] == [
        "1",
        "1",
        "50",
        "50",
    ]
    assert (root.findtext("folder"), root.findtext("filename")) == ("sub", "c.png")
    assert (root.findtext("size/width"), root.findtext("object/name")) == ("320", "香烟")
    assert ET.parse(tmp_path / "out" / "Annotations" / "empty.xml").getroot().findall("object") == []


DEPTHS = {"L": 1, "LA": 2, "RGB": 3, "P": 3, "RGBA": 4}  # of kinds of pictures, as Pillow calls them


@pytest.mark.parametrize(
    ("kind", "suffix"), [*((kind, ".png") for kind in DEPTHS), ("L", ".jpg"), ("RGB", ".jpg")]
)
def test_the_depth_is_what_curate_validate_expects(
    tmp_path: Path, weights: Path, kind: str, suffix: str
) -> None:
    photo = tmp_path / "in" / f"图{suffix}"
    photo.parent.mkdir()
    Image.new("RGB", (320, 240), (90, 120, 30)).convert(kind).save(photo)
    predict(photo.parent, weights, out=tmp_path / "out", draw=False)
    written = ET.parse(tmp_path / "out" / "Annotations" / "图.xml").getroot().findtext("size/depth")
    assert written == str(DEPTHS[kind]) == str(facts_of_file(str(photo)).channels)


def test_yolo_rows_can_be_trained_on(tmp_path: Path, photos: Path, weights: Path) -> None:
    predict(photos, weights, out=tmp_path / "out", format="yolo", draw=False)
    assert tree(tmp_path / "out") == ["classes.txt", "labels/a.txt", "labels/b 图.txt", "labels/empty.txt"]
    rows = read_labels(tmp_path / "out" / "labels" / "b 图.txt", 2)
    assert rows.report.used == 1
    assert rows.boxes[0] == pytest.approx(np.array([1, 80 / 320, 130 / 320, 80 / 320, 140 / 320]), abs=0.01)
    assert (tmp_path / "out" / "labels" / "empty.txt").read_bytes() == b""


def test_an_unreadable_image_is_told_and_the_rest_goes_on(
    tmp_path: Path, photos: Path, weights: Path
) -> None:
    (photos / "broken.jpg").write_bytes(b"<html>not found</html>")
    (photos / "gone.png").symlink_to(photos / "moved away.png")
    (photos / "nothing.png").touch()
    result = predict(photos, weights, out=tmp_path / "out")
    assert [name for name, _ in result.unreadable] == ["broken.jpg", "gone.png", "nothing.png"]
    assert "No such file" in result.unreadable[1][1]
    assert "empty" in result.unreadable[2][1]
    assert len(result.images) == 3
    assert not (tmp_path / "out" / "Annotations" / "broken.xml").exists()


def test_nothing_is_overwritten_unasked(tmp_path: Path, photos: Path, weights: Path) -> None:
    target = tmp_path / "out" / "Annotations" / "a.xml"
    target.parent.mkdir(parents=True)
    target.write_text("mine")
    with pytest.raises(TrainerError, match=r"a\.xml would be overwritten.*--overwrite"):
        predict(photos, weights, out=tmp_path / "out")
    assert tree(tmp_path / "out") == ["Annotations/a.xml"]
    assert target.read_text() == "mine"
    predict(photos, weights, out=tmp_path / "out", overwrite=True)
    assert b"<annotation>" in target.read_bytes()


def test_numbers_that_are_none_are_refused(tmp_path: Path, photos: Path, weights: Path) -> None:
    with pytest.raises(TrainerError, match=r"--imgsz 0 is no multiple of 32; try --imgsz 32"):
        predict(photos, weights, out=tmp_path / "out", imgsz=0)
    with pytest.raises(TrainerError, match=r"--conf nan is no share"):
        Suppression(conf=float("nan"), iou=0.5)


def test_a_file_where_the_folder_should_be_is_refused_at_once(
    tmp_path: Path, photos: Path, weights: Path
) -> None:
    (tmp_path / "file").write_text("mine")
    for out in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(TrainerError, match=r"file is a file; name a folder with -o"):
            predict(photos, weights, out=out)
        with pytest.raises(TrainerError, match=r"file is a file"):
            refuse_to_overwrite(out, ["metrics.json"], overwrite=True)  # as val does
    assert (tmp_path / "file").read_text() == "mine"


def test_two_images_of_one_label_name_are_refused_before_anything_is_written(
    tmp_path: Path, photos: Path, weights: Path
) -> None:
    save(photos / "a.jpg", picture(64, 64, None))
    with pytest.raises(TrainerError, match=r"a\.jpg and a\.png would both become a\.xml"):
        predict(photos, weights, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    predict(photos, weights, out=tmp_path / "out", format="none")
    assert "pictures/a.jpg" in tree(tmp_path / "out")


def test_a_call_that_would_write_nothing_is_refused(tmp_path: Path, photos: Path, weights: Path) -> None:
    with pytest.raises(TrainerError, match="nothing would be written"):
        predict(photos, weights, out=tmp_path / "out", format="none", draw=False)
    with pytest.raises(TrainerError, match="choose one of voc, yolo, none"):
        predict(photos, weights, out=tmp_path / "out", format="coco")


def test_pictures_drawn_inside_the_source_are_not_taken_for_sources(photos: Path, weights: Path) -> None:
    first = predict(photos, weights, out=photos / "out", recursive=True)
    again = predict(photos, weights, out=photos / "out", recursive=True, overwrite=True)
    assert len(first.images) == len(again.images) == 4


def test_a_source_of_which_all_was_drawn_earlier_is_refused_with_the_reason(
    tmp_path: Path, photos: Path, weights: Path
) -> None:
    predict(photos, weights, out=tmp_path / "out")
    with pytest.raises(TrainerError, match="was drawn by an earlier call, for it lies in"):
        predict(tmp_path / "out" / "pictures", weights, out=tmp_path / "out")


def test_a_picture_that_lies_on_its_side_is_looked_at_upright(tmp_path: Path, weights: Path) -> None:
    jpeg = save(tmp_path / "in" / "turned.jpg", picture(320, 160, (40, 20, 120, 100))).read_bytes()
    (tmp_path / "in" / "turned.jpg").write_bytes(turned(jpeg, 6))
    shown = cv2.imdecode(np.fromfile(tmp_path / "in" / "turned.jpg", np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape[:2] == (320, 160)  # a viewer turns it by a quarter, clockwise
    (only,) = predict(tmp_path / "in", weights, out=tmp_path / "out", format="voc").images
    assert only.size == (160, 320)
    # x' = 160 - y, y' = x
    assert only.found.xyxy[0] == pytest.approx(np.array([60, 40, 140, 120]), abs=2.5)
    drawn = cv2.imread(str(tmp_path / "out" / "pictures" / "turned.jpg"))
    assert drawn is not None and drawn.shape[0] == 2 * drawn.shape[1]
    size = ET.parse(tmp_path / "out" / "Annotations" / "turned.xml").find("size")
    assert size is not None and [size.findtext("width"), size.findtext("height")] == ["160", "320"]


def test_a_source_is_an_image_a_folder_or_a_glob(photos: Path) -> None:
    def names(source: Path, recursive: bool = False) -> list[str]:
        root, images = list_images(source, recursive=recursive)
        return [p.relative_to(root).as_posix() for p in images]

    assert names(photos / "a.png") == ["a.png"]
    assert names(photos) == ["a.png", "b 图.jpg", "empty.bmp"]
    assert names(photos, recursive=True) == ["a.png", "b 图.jpg", "empty.bmp", "sub/c.png"]
    assert names(photos / "*.png") == ["a.png"]
    assert names(photos / "**" / "*.png") == ["a.png", "sub/c.png"]
    assert names(photos / "s?b" / "*.png") == ["sub/c.png"]


def test_several_sources_are_one_set_named_from_their_common_folder(
    tmp_path: Path, photos: Path, weights: Path
) -> None:
    # What a shell makes of photos/*.png, with one file named twice.
    result = predict([photos / "a.png", photos / "sub", photos / "a.png"], weights, out=tmp_path / "out")
    assert [p.image for p in result.images] == ["a.png", "sub/c.png"]
    with pytest.raises(TrainerError, match="nothing to look at"):
        predict([], weights, out=tmp_path / "out")


def test_sources_that_are_reached_by_going_up_are_written_within_the_folder(
    tmp_path: Path, photos: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "here" / "d.png", picture(64, 64, None))
    monkeypatch.chdir(tmp_path / "here")
    up = Path("..") / photos.name
    result = predict([up / "a.png", "d.png", Path("..") / "here" / "d.png"], weights, out=Path("out"))
    assert [p.image for p in result.images] == ["here/d.png", f"{photos.name}/a.png"]  # d.png once
    assert tree(tmp_path / "here") == [
        "d.png",
        "out/Annotations/here/d.xml",
        f"out/Annotations/{photos.name}/a.xml",
        "out/pictures/here/d.png",
        f"out/pictures/{photos.name}/a.png",
    ]


def test_a_folder_whose_name_looks_like_a_glob_is_a_folder(tmp_path: Path) -> None:
    save(tmp_path / "shoot [1]" / "a.png", picture(8, 8, None))
    assert len(list_images(tmp_path / "shoot [1]")[1]) == 1


def test_a_source_without_images_is_refused_with_a_cure(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="there is no"):
        list_images(tmp_path / "nowhere")
    with pytest.raises(TrainerError, match="--recursive"):
        list_images(tmp_path)
    with pytest.raises(TrainerError, match="no images in"):
        list_images(tmp_path / "*.png")


def test_a_name_that_is_no_utf8_survives_in_json(tmp_path: Path, weights: Path) -> None:
    raw = os.fsencode(tmp_path) + "/图.png".encode("gb18030")
    try:
        with open(raw, "wb") as file:  # noqa: PTH123 - a name in bytes
            file.write(cv2.imencode(".png", picture(64, 64, (8, 8, 40, 40)))[1].tobytes())
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (tmp_path / "out").mkdir()
    predict(Path(os.fsdecode(raw)), weights, out=tmp_path / "out", write_json=True)
    (row,) = json.loads((tmp_path / "out" / "predictions.json").read_bytes())["predictions"]
    assert os.fsencode(row["image"]) == "图.png".encode("gb18030")
    ET.parse(next((tmp_path / "out" / "Annotations").iterdir()))  # and the XML is well-formed


def test_an_image_may_have_the_longest_name_there_is(tmp_path: Path, weights: Path) -> None:
    name = "香" * 83 + "12.png"  # 3 bytes each: 255, as long as a name can be
    try:
        save(tmp_path / name, picture(64, 64, (8, 8, 40, 40)))
    except OSError:
        pytest.skip("this file system takes shorter names only")
    predict(tmp_path / name, weights, out=tmp_path / "out")
    assert tree(tmp_path / "out") == [f"Annotations/{name[:-4]}.xml", f"pictures/{name}"]


def test_annotations_of_boxes_at_the_edge_and_of_a_sliver_stay_inside_the_image() -> None:
    found = Detections(
        np.array([[0, 0, 10, 10], [9.9, 3.2, 10, 3.3], [-1, -1, 0.2, 20]], np.float32),
        np.array([0.9, 0.8, 0.7], np.float32),
        np.array([0, 1, 1]),
    )
    root = ET.fromstring(voc_xml(Path("a\x01.png"), (10, 10), found, CLASSES))
    numbers = [[int(e.text or "") for e in box] for box in root.iter("bndbox")]
    assert numbers == [[1, 1, 10, 10], [10, 4, 10, 4], [1, 1, 1, 10]]
    assert root.findtext("filename") == "a\ufffd.png"
    assert [o.findtext("name") for o in root.iter("object")] == ["香烟", "a & b <c>", "a & b <c>"]


def test_no_predictions_are_valid_files() -> None:
    assert json.loads(predictions_json([])) == {"schema": 1, "predictions": []}
    assert yolo_rows((9, 9), Detections.none()) == b""


def test_real_weights_from_disk_predict_at_their_own_size(tmp_path: Path, photos: Path) -> None:
    torch.manual_seed(0)
    config = configure("n", 2, imgsz=64)
    save_checkpoint(
        tmp_path / "run" / "weights" / "best.pt", build(config).state_dict(), config=config, classes=CLASSES
    )
    asked = Suppression(0.0001, 0.45, max_det=5)
    result = predict(photos, tmp_path / "run", out=tmp_path / "out", suppression=asked)
    assert [p.image for p in result.images] == ["a.png", "b 图.jpg", "empty.bmp"]
    assert all(len(p.found) <= 5 for p in result.images)
    with pytest.raises(TrainerError, match="no multiple of 32"):
        predict(photos, tmp_path / "run", out=tmp_path / "out2", imgsz=50)
    with pytest.raises(TrainerError, match="no weights"):
        predict(photos, tmp_path, out=tmp_path / "out2")
