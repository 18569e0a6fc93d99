"""How many backgrounds there should be, with reasons that the numbers give."""

from __future__ import annotations

from pathlib import Path

import pytest

from curate.commands.decisions import decide, listed
from curate.commands.negatives import run
from curate.errors import CurateError
from curate.negatives.advice import Advice, describe, wanted
from tests.curate.negatives.scenes import encoded, scene
from tests.curate.sets import Box, picture, put, put_voc

HAND: Box = ("hand", (8.0, 12.0, 40.0, 36.0))  # 768 of 3072 pixels


def advice(root: Path, **options: float) -> Advice:
    return listed(root, **options)[1]


def test_where_something_is_in_every_image_the_upper_half_is_advised(tmp_path: Path) -> None:
    found = advice(put_voc(tmp_path, {f"{i}": [HAND] for i in range(9)}))
    assert (found.labelled, found.backgrounds, found.share) == (9, 0, 0.0)
    assert (found.low, found.high, found.wanted) == (0.05, 0.1, (0, 1))
    assert (found.boxes_per_image, found.covered) == (1.0, 0.25)
    assert any("something is always there" in reason for reason in found.reasons)


def test_where_boxes_fill_the_images_the_lower_half_is_advised(tmp_path: Path) -> None:
    crowd: list[Box] = [
        ("cell", (x, y, x + 14.0, y + 14.0)) for x in (0.0, 16.0, 32.0, 48.0) for y in (0.0, 16.0)
    ]
    found = advice(put_voc(tmp_path, {"a": crowd, "b": crowd}))
    assert (found.boxes_per_image, round(found.covered, 2)) == (8.0, 0.51)  # 8 * 196 / 3072
    assert (found.low, found.high) == (0.0, 0.05)


def test_where_the_camera_sees_empty_scenes_most_of_the_time_more_is_advised(tmp_path: Path) -> None:
    root = put_voc(tmp_path, {f"{i}": [HAND] for i in range(9)})
    found = advice(root, empty_scenes=0.9)
    assert (found.low, round(found.high, 2)) == (0.1, 0.27)
    assert any("90% of the time" in reason for reason in found.reasons)
    assert advice(root, empty_scenes=0.3).high == 0.1
    with pytest.raises(CurateError, match="share of 2 empty scenes"):
        advice(root, empty_scenes=2)


def test_only_decided_images_count_and_the_open_ones_are_named(tmp_path: Path) -> None:
    root = put_voc(tmp_path, {**{f"{i}": [HAND] for i in range(8)}, "x": [], "y": []})
    assert advice(root).backgrounds == 0
    assert any("2 images without objects are on no record" in reason for reason in advice(root).reasons)
    decide(root, verify=["x.jpg"])
    found = advice(root)
    assert (found.backgrounds, round(found.share, 3)) == (1, 0.111)
    assert (found.low, found.high) == (0.0, 0.1)
    assert describe(found)[0] == (
        "backgrounds now: 1 beside 8 labelled images (11.1%); advised: 0 to 1 (0% to 10%)"
    )


def test_an_empty_yolo_label_is_a_background_by_its_format(tmp_path: Path) -> None:
    for name in ("a", "b"):
        put(tmp_path / "images" / f"{name}.jpg", picture(number=ord(name)))
    put(tmp_path / "labels" / "a.txt", "0 0.5 0.5 0.4 0.4\n")
    put(tmp_path / "labels" / "b.txt", "")
    found = advice(tmp_path)
    assert (found.backgrounds, found.share) == (1, 0.5)
    assert "1 are backgrounds by their empty YOLO label alone" in found.reasons


def test_a_set_without_labels_gets_advice_too(tmp_path: Path) -> None:
    put(tmp_path / "a.jpg", picture())
    found = advice(tmp_path)
    assert (found.labelled, found.share, found.covered, found.wanted) == (0, 0.0, 0.0, (0, 0))


def test_a_ratio_counts_what_is_there_already(tmp_path: Path) -> None:
    root = put_voc(tmp_path / "data", {**{f"{i:02}": [HAND] for i in range(18)}, "x": []})
    decide(root, verify=["x.jpg"])
    for i in range(4):
        put(tmp_path / "rooms" / f"{i}.png", encoded(scene(i)))
    result = run(root, out=tmp_path / "out", source=tmp_path / "rooms", ratio=0.1)
    assert (wanted(18, 0.1), result.asked, result.made, round(result.share, 3)) == (2, 1, 1, 0.1)
    with pytest.raises(
        CurateError, match="5% is 1 background beside 18 labelled images; 1 are there"
    ) as stop:
        run(root, out=tmp_path / "more", source=tmp_path / "rooms", ratio=0.05)
    assert "higher --ratio" in stop.value.cure
