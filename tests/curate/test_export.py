"""The hand-over folder: what goes out, what stays here and why, and that nothing else is touched."""

from __future__ import annotations

import hashlib
import json
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from curate.cli import app
from curate.commands import export
from curate.errors import ConfigError, CurateError, OutputExists
from curate.formats.discover import open_dataset
from curate.formats.voc import SYNTHETIC_SOURCE, VocAnnotation, VocObject, write
from curate.negatives.ledger import LEDGER, VERIFIED, Decision, dump
from tests.curate.sets import files_below, picture, put, put_mirrored, put_voc, turned
from trainer.anchors import default_anchors

HAND = ("hand", (8.0, 12.0, 40.0, 36.0))  # on 64 x 48: centre 0.375, 0.5; sides 0.5, 0.5
HAND_ROW = "0 0.375000 0.500000 0.500000 0.500000\n"
LISTS = {"train": ["a"], "val": ["b"], "test": ["c"]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return put_voc(tmp_path / "手 set", {stem: [HAND] for stem in "abc"}, lists=LISTS)


def content(out: Path) -> dict[str, object]:
    return json.loads((out / "dataset.json").read_text(encoding="utf-8"))


def whys(result: export.Result) -> list[tuple[str, int | None, str]]:
    return [(d["path"], d["object"], d["why"]) for d in result.dropped]


def test_images_are_copied_byte_for_byte_and_labels_lie_beside_them(root: Path, tmp_path: Path) -> None:
    before = files_below(root)
    result = export.run([root], out=tmp_path / "out")
    for split, stem in (("train", "a"), ("val", "b"), ("test", "c")):
        image = tmp_path / "out" / "images" / split / f"{stem}.jpg"
        assert image.read_bytes() == before[f"JPEGImages/{stem}.jpg"]
        assert (tmp_path / "out" / "labels" / split / f"{stem}.txt").read_text() == HAND_ROW
    assert files_below(root) == before
    assert result.dropped == ()
    assert result.counts["train"] == {"images": 1, "boxes": 1, "backgrounds": 0}


def test_data_yaml_is_relative_to_itself_and_keeps_chinese_names(tmp_path: Path) -> None:
    root = put_voc(tmp_path / "s", {stem: [("香烟", HAND[1])] for stem in "abc"}, lists=LISTS)
    export.run([root], out=tmp_path / "out")
    text = (tmp_path / "out" / "data.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text) == {
        "train": "images/train",
        "val": "images/val",
        "test": "images/test",
        "nc": 1,
        "names": {0: "香烟"},
    }
    assert "香烟" in text


def test_dataset_json_says_what_was_done(root: Path, tmp_path: Path) -> None:
    export.run([root], out=tmp_path / "out", imgsz=320)
    said = content(tmp_path / "out")
    assert (said["schema"], said["classes"], said["anchors_imgsz"]) == (1, ["hand"], 320)
    # at 320 px one box of 160 x 120: fitted to it all anchors would be on levels that do not suit its size
    assert said["anchors"] == [[w / 2, h / 2] for level in default_anchors(640) for w, h in level]


def test_anchors_are_fitted_where_the_published_ones_answer_for_nothing(tmp_path: Path) -> None:
    # stripes of 64 x 3 px, at 640 px ten times larger; the widest published anchor is 373 x 326
    boxes = {f"{i:02}": [("线", (0.0, 0.0, 64.0, 3.0))] for i in range(4)}
    root = put_voc(tmp_path / "s", boxes, lists={"train": ["00", "01", "02"], "val": ["03"]})
    result = export.run([root], out=tmp_path / "out", imgsz=640)
    assert content(tmp_path / "out")["anchors"][0] == [640, 30]  # type: ignore[index]
    assert "the published ones answer for 0.0% of the boxes only" in export.describe(result)


def test_what_cannot_be_used_is_listed_with_its_place(tmp_path: Path) -> None:
    boxes = {
        "a": [HAND, ("hand", (20.0, 20.0, 21.0, 21.0)), ("hand", (70.0, 5.0, 90.0, 20.0))],
        "b": [("pen", HAND[1])],
        "c": [],
        "d": [HAND],
        "e": [HAND],
    }
    root = put_voc(tmp_path / "s", boxes, lists={"train": "abce", "val": "d"})
    put(root / "classes.txt", "hand\n")
    (root / "JPEGImages" / "e.jpg").unlink()
    put(root / "JPEGImages" / "f.jpg", picture(number=99))
    result = export.run([root], out=tmp_path / "out")
    assert whys(result) == [
        ("Annotations/a.xml", 2, "(21,21,21,21) has no area inside the image"),
        ("Annotations/a.xml", 3, "(71,6,90,20) has no area inside the image"),
        ("Annotations/b.xml", 1, "class 'pen' is not in the list"),
        ("Annotations/b.xml", None, "none of its 1 objects can be used"),
        ("Annotations/c.xml", None, "no objects, and nothing on record says that it is a background"),
        ("JPEGImages/f.jpg", None, "no annotation"),
        ("Annotations/e.xml", None, "its image is missing"),
    ]
    assert content(tmp_path / "out")["dropped"] == [dict(d) for d in result.dropped]
    assert "not exported: 4 images, 3 single objects" in export.describe(result)


def test_an_image_without_objects_goes_out_when_asked(tmp_path: Path) -> None:
    root = put_voc(tmp_path / "s", {"a": [HAND], "b": [], "c": [HAND]}, lists={"train": "ab", "val": "c"})
    result = export.run([root], out=tmp_path / "out", empty_as_background=True)
    assert result.counts["train"] == {"images": 2, "boxes": 1, "backgrounds": 1}
    assert (tmp_path / "out" / "labels" / "train" / "b.txt").read_bytes() == b""


def test_a_class_nobody_asked_for_leaves_a_background_and_is_counted(tmp_path: Path) -> None:
    boxes = {"a": [HAND, ("pen", HAND[1])], "b": [("pen", HAND[1])], "c": [HAND]}
    root = put_voc(tmp_path / "s", boxes, lists={"train": "ab", "val": "c"})
    result = export.run([root], out=tmp_path / "out", keep=["hand"])
    assert result.counts["train"] == {"images": 2, "boxes": 1, "backgrounds": 1}
    assert (result.not_kept, result.dropped) == ({"pen": 2}, ())


def test_classes_are_renamed_and_numbered_as_kept(tmp_path: Path) -> None:
    boxes = {"a": [("no-phone", HAND[1]), ("calling", HAND[1]), ("smoke", HAND[1])], "b": [HAND]}
    root = put_voc(tmp_path / "s", boxes, lists={"train": "a", "val": "b"})
    rename = {"no-phone": "hand", "calling": "hand", "smoke": "cigarette"}
    result = export.run([root], out=tmp_path / "out", rename=rename, keep=["cigarette", "hand"])
    assert result.classes == ("cigarette", "hand")
    rows = (tmp_path / "out" / "labels" / "train" / "a.txt").read_text().splitlines()
    assert [row.split()[0] for row in rows] == ["1", "1", "0"]


def test_a_name_that_nobody_has_is_refused_with_those_there_are(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no class 'hnad' to keep\. There are: hand"):
        export.run([root], out=tmp_path / "out", keep=["hnad"])
    with pytest.raises(ConfigError, match="no class 'pen' to rename"):
        export.run([root], out=tmp_path / "out", rename={"pen": "x"})


def test_a_png_named_jpg_gets_its_true_suffix(tmp_path: Path) -> None:
    root = put_voc(tmp_path / "s", {"a": [HAND], "b": [HAND]}, lists={"train": "a", "val": "b"})
    put(root / "JPEGImages" / "a.jpg", picture(suffix=".png"))
    export.run([root], out=tmp_path / "out")
    assert (tmp_path / "out" / "images" / "train" / "a.png").is_file()


def test_a_turned_photograph_is_handed_over_upright_with_its_pixels_untouched(tmp_path: Path) -> None:
    # stored 64 x 48, orientation 6: displayed 48 x 64; the box (6, 8)-(30, 40) lies on the displayed picture
    lying, copied = (turned(picture(64, 48), tag) for tag in (6, 1))
    root = put_voc(tmp_path / "s", {"a": [], "b": [HAND]}, lists={"train": "a", "val": "b"})
    put(root / "JPEGImages" / "a.jpg", lying)
    put(
        root / "Annotations" / "a.xml",
        write(VocAnnotation("x", "a.jpg", 48, 64, objects=[VocObject("hand", (6, 8, 30, 40))])),
    )
    export.run([root], out=tmp_path / "out")
    copy = (tmp_path / "out" / "images" / "train" / "a.jpg").read_bytes()
    assert copy == copied
    # displayed (x, y) is stored (y, 48 - x): x from 8 to 40, y from 48 - 30 to 48 - 6
    cx, cy, w, h = (8 + 40) / 2 / 64, (18 + 42) / 2 / 48, 32 / 64, 24 / 48
    label = (tmp_path / "out" / "labels" / "train" / "a.txt").read_text()
    assert label == f"0 {cx:.6f} {cy:.6f} {w:.6f} {h:.6f}\n"
    read = [cv2.imdecode(np.frombuffer(copy, np.uint8), f) for f in (1, 1 | cv2.IMREAD_IGNORE_ORIENTATION)]
    assert np.array_equal(*read), "trainers that obey EXIF and those that do not see the same picture"


@pytest.mark.parametrize("side", [48, 64])
def test_boxes_of_turned_yolo_pictures_stay_on_their_objects(tmp_path: Path, side: int) -> None:
    """Shares of a YOLO row lie on the picture as displayed, square, upside down or mirrored ones, too."""
    for tag in range(1, 9):
        stored = np.zeros((side, 64, 3), np.uint8)
        stored[8:24, 16:48] = 255
        name, split = f"{tag}.jpg", "train" if tag < 8 else "val"
        file = turned(cv2.imencode(".jpg", stored, [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes(), tag)
        put(tmp_path / "in" / "images" / split / name, file)
        shown = np.argwhere(cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR)[..., 0] > 127)
        height, width = (64, side) if tag > 4 else (side, 64)
        (y0, x0), (y1, x1) = shown.min(axis=0), shown.max(axis=0) + 1
        shares = ((x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height)
        label = f"0 {' '.join(f'{share:.6f}' for share in shares)}\n".encode()
        put(tmp_path / "in" / "labels" / split / f"{tag}.txt", label)
    put(tmp_path / "in" / "data.yaml", b"train: images/train\nval: images/val\nnames: [hand]\n")
    export.run([tmp_path / "in"], out=tmp_path / "out")
    for image in sorted((tmp_path / "out" / "images").rglob("*.jpg")):
        pixels = cv2.imdecode(np.frombuffer(image.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        assert pixels is not None and pixels.shape == (side, 64, 3), "upright as stored, with a tag of 1"
        label_file = tmp_path / "out" / "labels" / image.parent.name / f"{image.stem}.txt"
        # the object is at x 16 to 48, y 8 to 24 of what is stored
        words = [float(word) for word in label_file.read_text().split()]
        assert words == pytest.approx([0, 0.5, 16 / side, 0.5, 16 / side], abs=1e-5), image.name


def test_equal_stems_get_a_suffix_that_is_on_record(tmp_path: Path) -> None:
    one = put_voc(tmp_path / "one", {"a": [HAND], "b": [HAND]}, lists={"train": "a", "val": "b"})
    two = put_voc(tmp_path / "two", {"A": [HAND]}, lists={"train": "A"}, first=50)
    export.run([one, two], out=tmp_path / "out")
    names = sorted(p.name for p in (tmp_path / "out" / "images" / "train").iterdir())
    assert names == ["A_2.jpg", "a.jpg"]
    assert content(tmp_path / "out")["provenance"]["renamed"] == {"A_2": "JPEGImages/A.jpg"}  # type: ignore[index]


def test_negatives_on_record_go_to_train_as_backgrounds(root: Path, tmp_path: Path) -> None:
    negatives = put_voc(tmp_path / "neg", {"n": []}, first=9)
    digest = hashlib.sha256((negatives / "JPEGImages" / "n.jpg").read_bytes()).hexdigest()
    put(negatives / LEDGER, dump([Decision("JPEGImages/n.jpg", VERIFIED, "me", digest)]))
    result = export.run([root, negatives], out=tmp_path / "out")
    assert result.counts["train"] == {"images": 2, "boxes": 1, "backgrounds": 1}


def test_drawn_images_go_to_train_unless_they_show_what_a_test_image_shows(
    root: Path, tmp_path: Path
) -> None:
    drawn = tmp_path / "drawn"
    digest = {s: sha256((root / "JPEGImages" / f"{s}.jpg").read_bytes()).hexdigest() for s in "abc"}
    for number, (stem, target, cut) in enumerate(
        (("ok", "a", "a"), ("leak", "c", "a"), ("object", "a", "b"))
    ):
        put(drawn / "JPEGImages" / f"{stem}.jpg", picture(number=20 + number))
        told = {"target_sha256": digest[target], "things": [{"cutout_sha256": digest[cut]}]}
        source = {"database": SYNTHETIC_SOURCE, "annotation": json.dumps(told)}
        annotation = VocAnnotation("x", f"{stem}.jpg", 64, 48, 3, [VocObject(*HAND)], source)
        put(drawn / "Annotations" / f"{stem}.xml", write(annotation))
    result = export.run([root, drawn], out=tmp_path / "out")
    assert result.counts["train"]["images"] == 2
    assert sorted(whys(result)) == [
        ("JPEGImages/leak.jpg", None, "its target comes from JPEGImages/c.jpg, which is in test"),
        ("JPEGImages/object.jpg", None, "its object comes from JPEGImages/b.jpg, which is in val"),
    ]


def test_a_set_without_lists_is_dealt_out_and_says_so(tmp_path: Path) -> None:
    root = put_voc(tmp_path / "s", {f"{i:02}": [HAND] for i in range(20)})
    result = export.run([root], out=tmp_path / "out", ratios={"train": 0.8, "val": 0.1, "test": 0.1})
    assert {split: c["images"] for split, c in result.counts.items()} == {"train": 16, "val": 2, "test": 2}
    assert "s: no split lists; dealt out as train 80%, val 10%, test 10%" in result.notes


HALF = {"train": 0.5, "val": 0.25, "test": 0.25}


def split_of(out: Path) -> dict[str, str]:
    """Stem of an exported image -> its split."""
    return {path.stem: path.parent.name for path in (out / "images").rglob("*.jpg")}


def test_mirrored_copies_are_dealt_out_together_where_pixels_are_looked_at(tmp_path: Path) -> None:
    root = put_mirrored(tmp_path / "数据")
    result = export.run([root], out=tmp_path / "out", ratios=HALF, pixels=True, workers=1)
    split = split_of(tmp_path / "out")
    assert [split[f"{i:02}"] for i in range(10)] == [split[f"{i + 10}"] for i in range(10)]
    assert "kept together: 20 images in 10 groups of near-copies, such as 00.jpg, 10.jpg" in result.notes
    export.run([root], out=tmp_path / "without", ratios=HALF, workers=1)
    split = split_of(tmp_path / "without")
    assert [split[f"{i:02}"] for i in range(10)] != [split[f"{i + 10}"] for i in range(10)]


def test_mirrored_copies_stay_together_when_part_of_train_becomes_val(tmp_path: Path) -> None:
    root = put_mirrored(tmp_path / "s")
    put(root / "ImageSets" / "Main" / "train.txt", "".join(f"{i:02}\n" for i in range(20)))
    export.run([root], out=tmp_path / "out", ratios=HALF, pixels=True, workers=1)
    split = split_of(tmp_path / "out")
    assert set(split.values()) == {"train", "val"}
    assert [split[f"{i:02}"] for i in range(10)] == [split[f"{i + 10}"] for i in range(10)]


def test_the_command_line_hands_pixels_on(tmp_path: Path) -> None:
    root = put_mirrored(tmp_path / "s")
    result = CliRunner().invoke(app, ["export", str(root), "-o", str(tmp_path / "out"), "--pixels"])
    assert result.exit_code == 0, result.output
    assert "10 groups of near-copies" in result.stdout


def test_part_of_train_becomes_val_where_no_list_names_it(tmp_path: Path) -> None:
    stems = [f"{i:02}" for i in range(20)]
    root = put_voc(
        tmp_path / "s", {s: [HAND] for s in stems}, lists={"trainval": stems[:18], "test": stems[18:]}
    )
    result = export.run([root], out=tmp_path / "out")
    assert {split: c["images"] for split, c in result.counts.items()} == {"train": 16, "val": 2, "test": 2}
    assert "s: no val list; 2 images of train became val" in result.notes


def test_the_same_call_writes_the_same_bytes(tmp_path: Path) -> None:
    root = put_voc(tmp_path / "s", {f"{i:02}": [HAND] for i in range(12)})
    for name, workers in (("one", 1), ("two", 2)):
        export.run([root], out=tmp_path / name, imgsz=320, workers=workers)
    assert files_below(tmp_path / "one") == files_below(tmp_path / "two")


def test_a_full_folder_is_not_overwritten_unasked(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export.run([root], out=out)
    with pytest.raises(OutputExists, match="is not empty"):
        export.run([root], out=out)
    put(out / "labels" / "train" / "stale.txt", "")
    export.run([root], out=out, overwrite=True)
    assert not (out / "labels" / "train" / "stale.txt").exists()


def test_overwrite_never_removes_what_an_export_did_not_write(root: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    put(mine / "images" / "train" / "x.jpg", picture())
    before = files_below(mine)
    with pytest.raises(OutputExists, match="was not made by curate export"):
        export.run([root], out=mine, overwrite=True)
    assert files_below(mine) == before
    export.run([root], out=tmp_path / "out")
    put(tmp_path / "out" / "thesis.docx", "years of work")
    with pytest.raises(OutputExists, match=r"thesis\.docx"):
        export.run([root], out=tmp_path / "out", overwrite=True)
    with pytest.raises(CurateError, match="holds the data set itself"):
        export.run([root], out=root, overwrite=True)


def test_an_export_with_nothing_in_it_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    root = put_voc(tmp_path / "s", {"a": []}, lists={"train": "a"})
    put(root / "classes.txt", "hand\n")
    with pytest.raises(CurateError, match="nothing to export: 1 x no objects"):
        export.run([root], out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_links_share_their_bytes_with_the_data_set(root: Path, tmp_path: Path) -> None:
    export.run([root], out=tmp_path / "out", link="hard")
    assert (tmp_path / "out" / "images" / "train" / "a.jpg").samefile(root / "JPEGImages" / "a.jpg")
    for wrong in ({"link": "soft"}, {"to": "coco"}):
        with pytest.raises(ConfigError):
            export.run([root], out=tmp_path / "x", **wrong)  # type: ignore[arg-type]


def test_yolo_becomes_voc_and_comes_back_with_the_same_boxes(root: Path, tmp_path: Path) -> None:
    export.run([root], out=tmp_path / "yolo")
    export.run([tmp_path / "yolo"], out=tmp_path / "voc", to="voc")
    for way, fmt in (("yolo", "yolo"), ("voc", "voc")):
        data = open_dataset(tmp_path / way)
        assert data.format == fmt
        assert data.objects.select("name", "xmin", "ymin", "xmax", "ymax").rows() == [("hand", *HAND[1])] * 3
        assert dict(data.splits.select("split", "image_id").rows()).keys() == {"train", "val", "test"}
    assert (tmp_path / "voc" / "classes.txt").read_text() == "hand\n"


def test_real_sets_go_out_whole_but_for_their_real_defects(shared_data: Path, tmp_path: Path) -> None:
    result = export.run([shared_data / "bccd_voc"], out=tmp_path / "out", link="hard")
    assert {split: c["images"] for split, c in result.counts.items()} == {"train": 205, "val": 87, "test": 72}
    assert sum(c["boxes"] for c in result.counts.values()) == 4886
    assert [path for path, _, _ in whys(result)] == [
        "Annotations/BloodImage_00338.xml",
        "Annotations/BloodImage_00343.xml",
    ]


def test_the_command_line_exports_and_prints_what_came_out(root: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["export", str(root), "-o", str(tmp_path / "out"), "--rename", "hand=手", "--imgsz", "320"]
    )
    assert result.exit_code == 0, result.output
    assert "train         1        1            0" in result.stdout
    assert "classes: 0 手" in result.stdout
    again = CliRunner().invoke(app, ["export", str(root), "-o", str(tmp_path / "out")])
    assert again.exit_code == 2
    assert "error:" in again.stderr and "--overwrite" in again.stderr
    wrong = CliRunner().invoke(app, ["export", str(root), "-o", str(tmp_path / "x"), "--rename", "hand"])
    assert (wrong.exit_code, wrong.stdout) == (2, "")
