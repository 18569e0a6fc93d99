"""Background images become negatives by a decision that is on record."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from curate.commands.negatives import run
from curate.commands.negatives_folder import shrunk
from curate.errors import CurateError, OutputExists
from curate.formats.discover import open_dataset
from curate.formats.voc import VocAnnotation, VocObject, write
from curate.geometry import displayed
from curate.negatives.advice import checked_ratio, wanted
from curate.negatives.ledger import read
from curate.tree import Tree


def picture(path: Path, seed: int, size: tuple[int, int] = (40, 30)) -> None:
    """A noisy JPEG or PNG of (width, height), by the extension."""
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A VOC folder of nine labelled images."""
    root = tmp_path / "数据 data"
    for i in range(9):
        picture(root / "JPEGImages" / f"{i}.jpg", i)
        annotation = VocAnnotation(
            "JPEGImages", f"{i}.jpg", 40, 30, objects=[VocObject("hand", (5, 5, 20, 20))]
        )
        (root / "Annotations").mkdir(exist_ok=True)
        (root / "Annotations" / f"{i}.xml").write_bytes(write(annotation))
    return root


@pytest.fixture
def backgrounds(tmp_path: Path) -> Path:
    root = tmp_path / "backgrounds"
    for i in range(5):
        picture(root / f"room {i}.jpg", 100 + i)
    return root


def ledger(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "negatives.jsonl").read_text("utf-8").splitlines()]


def test_a_tenth_of_all_images_is_one_beside_nine() -> None:
    assert wanted(9, 0.1) == 1
    assert wanted(90, 0.1) == 10
    assert wanted(60, 0.25) == 20


@pytest.mark.parametrize("ratio", [0, 1, -0.5, 2])
def test_a_ratio_that_cannot_be_is_refused(ratio: float) -> None:
    with pytest.raises(CurateError, match="ratio"):
        checked_ratio(ratio)


def test_copies_are_byte_for_byte_and_on_record(data: Path, backgrounds: Path, tmp_path: Path) -> None:
    result = run(data, source=backgrounds, out=tmp_path / "out", count=3)
    assert result.made == 3
    rows = ledger(tmp_path / "out")
    assert len(rows) == 3
    for row in rows:
        content = (tmp_path / "out" / str(row["image"])).read_bytes()
        assert content == (backgrounds / str(row["source"])).read_bytes()
        assert row["sha256"] == hashlib.sha256(content).hexdigest()
        assert row["decision"] == "verified-negative"
        assert "when" not in row


def test_the_result_is_a_data_set_of_images_without_objects(
    data: Path, backgrounds: Path, tmp_path: Path
) -> None:
    run(data, source=backgrounds, out=tmp_path / "out", count=4)
    dataset = open_dataset(tmp_path / "out")
    assert dataset.images.height == 4
    assert dataset.objects.height == 0
    assert dataset.images["annotation"].null_count() == 0
    assert dataset.images["image"].null_count() == 0
    assert dataset.images["width"].to_list() == dataset.images["image_width"].to_list()


def test_by_default_they_become_a_tenth(data: Path, backgrounds: Path, tmp_path: Path) -> None:
    result = run(data, source=backgrounds, out=tmp_path / "out")
    assert (result.labelled, result.made) == (9, 1)
    assert result.share == pytest.approx(0.1)


def test_the_same_seed_gives_the_same_bytes(data: Path, backgrounds: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        run(data, source=backgrounds, out=tmp_path / name, count=3, seed=7)
    one, two = (
        {p.relative_to(tmp_path / n): p.read_bytes() for p in (tmp_path / n).rglob("*") if p.is_file()}
        for n in ("a", "b")
    )
    assert one == two


def test_copies_of_each_other_and_of_labelled_images_are_refused(
    data: Path, backgrounds: Path, tmp_path: Path
) -> None:
    (backgrounds / "again.jpg").write_bytes((backgrounds / "room 0.jpg").read_bytes())
    (backgrounds / "labelled.jpg").write_bytes((data / "JPEGImages" / "3.jpg").read_bytes())
    result = run(data, source=backgrounds, out=tmp_path / "out", count=7)
    assert result.made == 5
    assert result.refused == {"a copy of an image of the data set": 1, "a copy of another negative": 1}
    assert any("only 5 of 7" in note for note in result.notes)


def test_what_is_no_sound_image_or_has_a_label_is_refused(
    data: Path, backgrounds: Path, tmp_path: Path
) -> None:
    (backgrounds / "empty.jpg").write_bytes(b"")
    (backgrounds / "page.jpg").write_bytes(b"<!doctype html><html></html>")
    (backgrounds / "cut.jpg").write_bytes((backgrounds / "room 1.jpg").read_bytes()[:-200])
    (backgrounds / "room 2.xml").write_bytes(b"<annotation></annotation>")
    result = run(data, source=backgrounds, out=tmp_path / "out", count=20)
    assert result.made == 4
    assert sum(result.refused.values()) == 4
    assert result.refused["a label lies beside it"] == 1


def test_what_is_on_record_as_a_negative_is_taken_again_with_the_same_decision(
    data: Path, backgrounds: Path, tmp_path: Path
) -> None:
    run(data, source=backgrounds, out=tmp_path / "first", count=5, who="王芳", why="looked at each")
    first = tmp_path / "first"
    (first / "Annotations" / "neg_room 1.xml").write_bytes(b"<annotation><obj")  # may have held one
    again = run(data, source=first, out=tmp_path / "again", count=5)
    assert (again.made, again.refused) == (4, {"a label lies beside it": 1})
    decisions = read(Tree.open(tmp_path / "again")).decisions.values()
    assert {(one.who, one.why) for one in decisions} == {("王芳", "looked at each")}


def test_a_negative_by_a_model_alone_stays_one_without_its_ledger(
    data: Path, backgrounds: Path, tmp_path: Path
) -> None:
    run(data, source=backgrounds, out=tmp_path / "first", count=5)
    (tmp_path / "first" / "negatives.jsonl").unlink()
    label = tmp_path / "first" / "Annotations" / "neg_room 1.xml"
    label.write_bytes(label.read_bytes().replace(b"verified-negative", b"negative-by-model"))
    again = run(data, source=tmp_path / "first", out=tmp_path / "again", count=5)
    assert again.states == {"verified-negative": 4, "negative-by-model": 1}


def test_an_emptied_label_is_no_decision(data: Path, backgrounds: Path, tmp_path: Path) -> None:
    run(data, source=backgrounds, out=tmp_path / "first", count=5)
    picture(tmp_path / "first" / "JPEGImages" / "new.jpg", 77)
    (tmp_path / "first" / "Annotations" / "new.xml").write_bytes(b"<annotation></annotation>")
    again = run(data, source=tmp_path / "first", out=tmp_path / "again", count=6)
    assert (again.made, again.refused) == (5, {"a label lies beside it": 1})


def test_what_a_coco_file_labels_is_refused_and_what_it_lists_without_an_object_is_not(
    data: Path, backgrounds: Path, tmp_path: Path
) -> None:
    images = [{"id": i, "file_name": f"room {i}.jpg", "width": 40, "height": 30} for i in (1, 2, 3)]
    pens = [{"id": i, "image_id": i, "category_id": 1, "bbox": [5, 5, 10, 10]} for i in (1, 2)]
    told = {"images": images, "annotations": pens, "categories": [{"id": 1, "name": "pen"}]}
    (backgrounds / "_annotations.coco.json").write_text(json.dumps(told))
    result = run(data, source=backgrounds, out=tmp_path / "out", count=5)
    assert result.refused == {"a label lies beside it": 2}
    assert sorted(p.name for p in (tmp_path / "out" / "JPEGImages").iterdir()) == [
        f"neg_room {i}.jpg" for i in (0, 3, 4)
    ]


def test_a_folder_full_of_copies_is_looked_through_in_ever_larger_parts(data: Path, tmp_path: Path) -> None:
    photograph = (data / "JPEGImages" / "0.jpg").read_bytes()
    for i in range(100):
        (tmp_path / "frames").mkdir(exist_ok=True)
        (tmp_path / "frames" / f"{i:03}.jpg").write_bytes(photograph)
    said: list[str] = []
    with pytest.raises(CurateError, match="100 x a copy of an image of the data set"):
        run(data, source=tmp_path / "frames", out=tmp_path / "out", count=1, say=said.append)
    # 16 + 32 + 64 are more than 100; parts of 16 would be 7, each compared with all images of the set
    assert said.count("looking at candidates: 0 of 1 found") == 3


def test_a_png_named_jpg_gets_the_extension_it_should_have(
    data: Path, backgrounds: Path, tmp_path: Path
) -> None:
    picture(backgrounds / "x.png", 900)
    (backgrounds / "x.png").rename(backgrounds / "x.jpg")
    run(data, source=backgrounds, out=tmp_path / "out", count=6)
    assert (tmp_path / "out" / "JPEGImages" / "neg_x.png").is_file()


def test_two_files_of_one_stem_get_two_annotations(data: Path, tmp_path: Path) -> None:
    backgrounds = tmp_path / "two"
    picture(backgrounds / "厨房.jpg", 1000)
    picture(backgrounds / "厨房.png", 1001)
    run(data, source=backgrounds, out=tmp_path / "out", count=2)
    assert len(list((tmp_path / "out" / "Annotations").iterdir())) == 2
    assert len(list((tmp_path / "out" / "JPEGImages").iterdir())) == 2


def test_with_split_lists_they_are_all_in_train(data: Path, backgrounds: Path, tmp_path: Path) -> None:
    (data / "ImageSets" / "Main").mkdir(parents=True)
    (data / "ImageSets" / "Main" / "train.txt").write_text("0\n1\n")
    run(data, source=backgrounds, out=tmp_path / "out", count=2)
    dataset = open_dataset(tmp_path / "out")
    assert dataset.splits["split"].to_list() == ["train", "train"]
    assert dataset.splits["image_id"].null_count() == 0


def test_more_than_a_tenth_is_advised_against(data: Path, backgrounds: Path, tmp_path: Path) -> None:
    result = run(data, source=backgrounds, out=tmp_path / "out", count=5)
    assert any("10 %" in note for note in result.notes)


def test_large_images_can_be_shrunk(data: Path, tmp_path: Path) -> None:
    backgrounds = tmp_path / "large"
    picture(backgrounds / "a.png", 5, (200, 100))
    run(data, source=backgrounds, out=tmp_path / "out", count=1, max_side=64)
    row = open_dataset(tmp_path / "out").images.row(0, named=True)
    assert (row["image"], row["image_width"], row["image_height"]) == ("JPEGImages/neg_a.jpg", 64, 32)
    (row,) = ledger(tmp_path / "out")
    content = (tmp_path / "out" / "JPEGImages" / "neg_a.jpg").read_bytes()
    assert (row["image"], row["sha256"]) == ("JPEGImages/neg_a.jpg", hashlib.sha256(content).hexdigest())
    assert row["source_sha256"] == hashlib.sha256((backgrounds / "a.png").read_bytes()).hexdigest()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_shrinking_turns_an_image_the_way_it_is_displayed(orientation: int) -> None:
    # displayed: dark at the top, a bright left edge; made by undoing what each orientation asks for
    shown = np.zeros((64, 96, 3), np.uint8)
    shown[:, :24] = 255
    shown[:8] = 120
    undo = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),  # shown clockwise from the stored one
        7: lambda a: a.transpose(1, 0, 2)[::-1, ::-1],
        8: lambda a: np.rot90(a, 3),
    }
    stored = np.ascontiguousarray(undo[orientation](shown))
    small, scale = shrunk(displayed(stored, orientation), 48)
    assert (small.shape, scale) == ((32, 48, 3), 0.5)
    assert small[20, 4, 0] > 220, "bright at the left"
    assert small[1, 30, 0] == pytest.approx(120, abs=20), "grey at the top"
    assert small[28, 40, 0] < 30


def test_a_folder_without_images_is_a_request_that_cannot_be_met(data: Path, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(CurateError, match="holds no images"):
        run(data, source=tmp_path / "nothing", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_nothing_is_overwritten(data: Path, backgrounds: Path, tmp_path: Path) -> None:
    run(data, source=backgrounds, out=tmp_path / "out", count=1)
    with pytest.raises(OutputExists):
        run(data, source=backgrounds, out=tmp_path / "out", count=1)


def test_the_output_cannot_lie_in_the_data_it_comes_from(data: Path, backgrounds: Path) -> None:
    with pytest.raises(CurateError, match="lies inside"):
        run(data, source=backgrounds, out=data / "negatives", count=1)


def test_ratio_and_count_together_are_refused(data: Path, backgrounds: Path, tmp_path: Path) -> None:
    with pytest.raises(CurateError, match="--ratio and --count"):
        run(data, source=backgrounds, out=tmp_path / "out", count=1, ratio=0.1)


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_that_no_ledger_can_hold_is_refused(
    data: Path, backgrounds: Path, tmp_path: Path, seed: int
) -> None:
    with pytest.raises(CurateError, match=f"--seed {seed} cannot be put on record"):
        run(data, source=backgrounds, out=tmp_path / "out", count=1, seed=seed)
    run(data, source=backgrounds, out=tmp_path / "out", count=1, seed=2**63 - 1)
    assert not read(Tree.open(tmp_path / "out")).unread
