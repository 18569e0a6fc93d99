"""Parts of labelled images: clear of every box, and only of images that are labelled whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate import geometry
from curate.commands import export
from curate.commands.negatives import run
from curate.errors import CurateError
from curate.formats.discover import open_dataset
from curate.formats.images import decode_pixels
from curate.formats.voc import VocAnnotation, VocObject, write
from curate.negatives.candidates import Candidate, Known, choose
from curate.negatives.crops import Rules, Shape, around, crops, rectangles, side
from curate.negatives.labelled import Frame, frames, grown
from curate.negatives.ledger import VERIFIED
from curate.negatives.likeness import FEWEST, judged, learn, least_alike
from curate.pixels.look import SIDE
from curate.tree import Tree
from tests.curate.negatives.scenes import encoded, put_scenes, scene
from tests.curate.sets import files_below, put, turned

SHAPE = Shape(277.0, (4 / 3,))  # of 320 x 240


def frame(*boxes: tuple[float, float, float, float], size: tuple[int, int] = (320, 240)) -> Frame:
    return Frame("a.jpg", "jpeg", *size, ("x",) * len(boxes), geometry.as_boxes(boxes))


def ledger(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "negatives.jsonl").read_text("utf-8").splitlines()]


# --- rectangles -------------------------------------------------------------------------------------------


def test_a_margin_is_a_share_of_the_longer_side_and_at_least_some_pixels() -> None:
    boxes = geometry.as_boxes([(100, 100, 140, 110), (10, 10, 14, 14)])
    assert grown(boxes, 0.25, 5.0).tolist() == [[90, 90, 150, 120], [5, 5, 19, 19]]
    assert grown(boxes[:0], 0.25, 5.0).shape == (0, 4)


def test_an_object_in_a_corner_leaves_the_largest_rectangle_beside_it() -> None:
    # the box is 240 px high and ends at x = 80, its margin is 60 px: columns from 140 on are free, 180 of 320
    (first, *_) = rectangles(frame((0, 0, 80, 240)), Rules(SHAPE))
    assert first[0] >= 140
    assert side(first) == pytest.approx(0.55 * 277, abs=6)  # 180 / 320 = 0.56, in steps of 0.05


def test_an_image_full_of_objects_has_no_room() -> None:
    boxes = [(x, y, x + 30.0, y + 30.0) for x in range(10, 300, 80) for y in range(10, 220, 80)]
    assert rectangles(frame(*boxes), Rules(SHAPE)) == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 600), st.integers(0, 600), st.integers(1, 300), st.integers(1, 300)),
        min_size=1,
        max_size=6,
    ),
    st.integers(200, 640),
    st.integers(200, 640),
    st.floats(0, 1),
)
def test_rectangles_keep_clear_of_every_margin_and_of_each_other(
    boxes: list[tuple[int, int, int, int]], width: int, height: int, margin: float
) -> None:
    corners = geometry.clip(geometry.as_boxes([(x, y, x + w, y + h) for x, y, w, h in boxes]), width, height)
    one = Frame("图.jpg", "jpeg", width, height, ("x",) * len(corners), corners)
    rules = Rules(Shape.of([(width, height)]), margin=margin, per_image=3)
    found = geometry.as_boxes(rectangles(one, rules))
    assert geometry.intersection(found, grown(corners, margin, 0)).sum() == 0
    assert np.array_equal(geometry.clip(found, width, height), found)
    overlap = geometry.intersection(found, found)
    assert overlap.sum() == np.diag(overlap).sum()
    assert ((found[:, 2] - found[:, 0]) * (found[:, 3] - found[:, 1]) >= 0.35**2 * width * height).all()


def test_crops_have_the_shape_of_the_photographs() -> None:
    portrait = Shape.of([(240, 320), (240, 320), (320, 240)])
    assert portrait.aspects == (0.75, 4 / 3)
    (first, *_) = rectangles(
        frame((0, 0, 130, 240)), Rules(portrait)
    )  # 130 columns are left: portrait is larger
    assert (first[2] - first[0]) / (first[3] - first[1]) == pytest.approx(0.75, abs=0.08)


def test_the_first_part_of_every_image_comes_before_the_second_ones() -> None:
    two = [Frame(name, "jpeg", 640, 240, ("x",), geometry.as_boxes([(310, 100, 330, 120)])) for name in "ab"]
    order = [one.image for one, _ in crops(two, Rules(Shape.of([(320, 240)])))]
    assert sorted(order[:2]) == ["a", "b"]
    assert sorted(order[2:]) == ["a", "b"]


def test_a_rectangle_around_a_place_holds_it_and_its_surroundings() -> None:
    found = around(frame((0, 0, 60, 60)), (200, 100, 240, 140), Rules(SHAPE))
    assert found is not None
    x0, y0, x1, y1 = found
    assert x0 <= 190 and y0 <= 90 and x1 >= 250 and y1 >= 150
    assert around(frame((0, 0, 60, 60)), (50, 50, 90, 90), Rules(SHAPE)) is None  # the object is in its way


# --- which images -----------------------------------------------------------------------------------------


def label(*objects: VocObject, size: tuple[int, int] = (320, 240)) -> bytes:
    return write(VocAnnotation("JPEGImages", "a.png", *size, objects=objects))


RED = VocObject("red", (10, 10, 50, 50))


@pytest.mark.parametrize(
    ("annotation", "why"),
    [
        (label(), "it names no object"),
        (label(RED)[:-60], "its annotation cannot be read to the end"),
        (label(RED, VocObject("red", (60, 60, 90, 90), True)), "an object of it is marked as difficult"),
        (label(VocObject("red", (60, 60, 60, 90))), "an object of it has no box"),
        (label(VocObject("red", (250, 60, 330, 90))), "a box of it leaves the image"),
        (label(RED, size=(640, 480)), "its stated size is not that of the image"),
        (label(RED).replace(b"Unknown", b"curate paste"), "curate drew it"),
        (label(RED).replace(b"bndbox", b"segment"), "an object of it has no box"),
        (None, "it has no annotation"),
    ],
)
def test_an_image_whose_labelling_is_in_doubt_is_left_aside(
    annotation: bytes | None, why: str, tmp_path: Path
) -> None:
    put(tmp_path / "JPEGImages" / "a.png", encoded(scene(0)))
    put_scenes(tmp_path, {"good": [(10, 10, 50, 50)]}, first=1)
    if annotation is not None:
        put(tmp_path / "Annotations" / "a.xml", annotation)
    usable, left = frames(open_dataset(tmp_path))
    assert [one.image for one in usable] == ["JPEGImages/good.png"]
    assert left == {why: 1}


def test_boxes_on_a_picture_that_exif_turns_are_mapped_onto_the_stored_pixels(tmp_path: Path) -> None:
    # stored 320 x 240, shown clockwise as 240 x 320: shown (x, y) is stored (y, 240 - x)
    put(tmp_path / "a.jpg", turned(encoded(scene(0), ".jpg"), 6))
    shown = VocAnnotation("x", "a.jpg", 240, 320, objects=[VocObject("red", (10, 20, 60, 100))])
    put(tmp_path / "a.xml", write(shown))
    (one,), _ = frames(open_dataset(tmp_path))
    assert one.boxes.tolist() == [[20, 180, 100, 230]]


def test_where_exif_leaves_a_doubt_the_image_is_left_aside(tmp_path: Path) -> None:
    put(tmp_path / "a.jpg", turned(encoded(scene(0, size=(240, 240)), ".jpg"), 6))
    put(tmp_path / "a.xml", label(RED, size=(240, 240)).replace(b"a.png", b"a.jpg"))
    _, left = frames(open_dataset(tmp_path))
    assert left == {"EXIF turns it, and nothing says on which picture its boxes lie": 1}


@pytest.mark.parametrize(("orientation", "stored"), [(3, [240, 180, 280, 220]), (6, [20, 160, 60, 200])])
def test_a_yolo_row_lies_on_the_displayed_picture_whichever_way_exif_turns_it(
    tmp_path: Path, orientation: int, stored: list[float]
) -> None:
    put(tmp_path / "images" / "a.jpg", turned(encoded(scene(0), ".jpg"), orientation))
    width, height = (320, 240) if orientation == 3 else (240, 320)
    put(tmp_path / "labels" / "a.txt", f"0 {60 / width} {40 / height} {40 / width} {40 / height}\n")
    put(tmp_path / "data.yaml", "train: images\nnames: [red]\n")
    (one,), left = frames(open_dataset(tmp_path))
    assert not left
    assert one.boxes.tolist() == [pytest.approx(stored)]


# --- the command ------------------------------------------------------------------------------------------

LEFT = {f"图{i}": [(10 + i, 20, 70, 90)] for i in range(6)}


def test_parts_are_the_pixels_of_their_place_and_on_record_with_it(tmp_path: Path) -> None:
    data, out = put_scenes(tmp_path / "数据", LEFT), tmp_path / "out"
    result = run(data, out=out, crops=True, count=3, who="李伟", when="2027-01-31")
    assert (result.made, result.states) == (3, {"verified-negative": 3})
    for row in ledger(out):
        x0, y0, x1, y1 = row["box"]
        whole = decode_pixels((data / row["source"]).read_bytes())
        part = decode_pixels((out / row["image"]).read_bytes())
        assert whole is not None and part is not None
        assert np.array_equal(part, whole[y0:y1, x0:x1])  # PNG stays without loss
        assert (row["who"], row["when"], row["origin"]) == ("李伟", "2027-01-31", "data set")
        assert not ((part[..., 0] > 200) & (part[..., 1] < 60)).any(), "no red is left in it"
    assert open_dataset(out).objects.height == 0


def test_with_lists_only_train_images_are_cut(tmp_path: Path) -> None:
    lists = {"train": ["图0", "图1"], "val": ["图2", "图3"], "test": ["图4", "图5"]}
    data = put_scenes(tmp_path / "data", LEFT, lists=lists)
    result = run(data, out=tmp_path / "out", crops=True, count=6)
    assert {row["source"] for row in ledger(tmp_path / "out")} <= {"JPEGImages/图0.png", "JPEGImages/图1.png"}
    assert "cut from train alone: 2 of 6 images" in result.notes


def test_a_part_of_a_val_or_test_image_never_trains(tmp_path: Path) -> None:
    data, out = put_scenes(tmp_path / "data", LEFT), tmp_path / "neg"
    run(data, out=out, crops=True, count=6)  # no lists yet: parts of every image
    whys = [d["why"] for d in export.run([data, out], out=tmp_path / "yolo").dropped]
    assert whys
    assert all(why.startswith("it is cut from JPEGImages/图") for why in whys)


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_workers(tmp_path: Path) -> None:
    data = put_scenes(tmp_path / "data", LEFT)
    for name, workers in (("one", 1), ("two", 2)):
        run(data, out=tmp_path / name, crops=True, count=4, seed=3, sheet=4, workers=workers)
    assert files_below(tmp_path / "one") == files_below(tmp_path / "two")
    run(data, out=tmp_path / "three", crops=True, count=4, seed=4)
    assert ledger(tmp_path / "one") != ledger(tmp_path / "three")


def test_what_is_flat_or_out_of_focus_is_refused_and_counted(tmp_path: Path) -> None:
    data = put_scenes(tmp_path / "data", LEFT)
    flat, soft = scene(90, [(10, 20, 70, 90)]), scene(91, [(10, 20, 70, 90)])
    flat[:, 90:] = 128
    soft[:, 90:] = cv2.GaussianBlur(soft, (0, 0), 12)[:, 90:]
    for name, pixels in (("图0", flat), ("图1", soft)):
        put(data / "JPEGImages" / f"{name}.png", encoded(pixels))
    result = run(data, out=tmp_path / "out", crops=True, count=6)
    assert result.refused == {
        "it is black, white or of one colour": 1,
        "it is out of focus": 1,
    }
    assert "only 4 of 6: no more of them can be used" in result.notes


def test_parts_of_one_place_in_two_frames_are_copies(tmp_path: Path) -> None:
    again = np.clip(scene(0).astype(int) + 3, 0, 255).astype(np.uint8)  # the next frame, a little brighter
    for name, pixels in (("a", scene(0)), ("b", again), ("c", scene(1))):
        put(tmp_path / f"{name}.png", encoded(pixels))
    parts = [
        Candidate(tmp_path, f"{name}.png", VERIFIED, "me", "why", "data set", (100, 40, 300, 190), (), "crop")
        for name in "abc"
    ]
    nothing = Known(Tree.open(tmp_path), {}, np.zeros((0, SIDE, SIDE), np.uint8))
    choice = choose(parts, 3, nothing)
    assert [negative.candidate.source for negative in choice.chosen] == ["a.png", "c.png"]
    assert choice.refused == {"nearly a copy of another negative": 1}


def test_crops_make_up_for_what_a_folder_lacks(tmp_path: Path) -> None:
    data = put_scenes(tmp_path / "data", LEFT)
    put(tmp_path / "rooms" / "room.png", encoded(scene(70)))
    run(data, out=tmp_path / "out", source=tmp_path / "rooms", crops=True, count=3)
    assert sorted(row["origin"] for row in ledger(tmp_path / "out")) == ["data set", "data set", "folder"]


def test_a_set_without_labels_gives_no_parts(tmp_path: Path) -> None:
    put(tmp_path / "data" / "a.png", encoded(scene(0)))
    with pytest.raises(CurateError, match="no image without an object: 1 x it has no annotation"):
        run(tmp_path / "data", out=tmp_path / "out", crops=True, count=1)
    assert not (tmp_path / "out").exists()


# --- likeness ---------------------------------------------------------------------------------------------


def many(tmp_path: Path, images: int = 24) -> Path:
    """Scenes with two red squares each; in every fourth a third one that nobody labelled, far right."""
    rng = np.random.default_rng(5)
    labelled, forgotten = {}, {}
    for i in range(images):
        y = int(rng.integers(10, 180))
        labelled[f"{i:02}"] = [(5, y, 40, y + 35), (45, 200 - y, 80, 235 - y)]
        if i % 4 == 0:
            forgotten[f"{i:02}"] = [(200, 100, 235, 135)]
    return put_scenes(tmp_path / "many", labelled, unlabelled=forgotten)


def test_parts_with_an_object_that_nobody_labelled_are_left_aside(tmp_path: Path) -> None:
    data = many(tmp_path)
    result = run(data, out=tmp_path / "out", crops=True, count=10)
    assert result.made == 10
    for row in ledger(tmp_path / "out"):
        part = decode_pixels((tmp_path / "out" / row["image"]).read_bytes())
        assert part is not None
        assert not ((part[..., 0] > 200) & (part[..., 1] < 60)).any(), row["source"]
    assert "a part that looks like the objects of the set: the half that does most" in result.left_aside


def test_an_object_looks_more_like_one_than_what_is_beside_it(tmp_path: Path) -> None:
    data = many(tmp_path)
    usable, _ = frames(open_dataset(data))
    judge = learn(usable, data)
    assert judge is not None
    with_one = [(one, (180, 80, 260, 160)) for one in usable[::4]]
    without = [(one, (180, 80, 260, 160)) for one in usable[1::4]]
    assert min(judged(judge, with_one, data)) > max(judged(judge, without, data))


def test_from_a_handful_of_objects_nothing_is_learnt(tmp_path: Path) -> None:
    data = put_scenes(tmp_path / "data", LEFT)
    usable, _ = frames(open_dataset(data))
    assert sum(len(one.boxes) for one in usable) < FEWEST
    assert learn(usable, data) is None
    assert learn([], data) is None


def test_where_objects_are_everywhere_an_empty_part_must_look_like_nothing() -> None:
    part = (0, 0, 160, 240)  # half of the image
    rows = [(frame((200, 0, 240, 40)), part) for _ in range(2)]
    taken, doubtful, crowded = least_alike(rows, [0.05, 0.7], boxes_per_image=1)
    assert (len(taken), doubtful, crowded) == (1, 1, 0)  # half a box is expected there: the calmer half
    taken, doubtful, crowded = least_alike(rows, [0.05, 0.7], boxes_per_image=9)
    assert (len(taken), doubtful, crowded) == (1, 0, 1)
    assert least_alike([], [], 1.0) == ([], 0, 0)
