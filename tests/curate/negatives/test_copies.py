"""Near-copies are no further negatives: of the set's images, and of each other."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from curate.commands.negatives import describe, run
from tests.curate.negatives.scenes import encoded, put_scenes, scene
from tests.curate.sets import put

BOX = [(10, 20, 70, 90)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return put_scenes(tmp_path / "数据", {f"{i}": BOX for i in range(4)})


def altered(pixels: np.ndarray, how: str) -> bytes:
    """The same picture, as others pass it on."""
    if how == "as JPEG":
        return encoded(pixels, ".jpg")
    if how == "smaller":
        return encoded(cv2.resize(pixels, (200, 150), interpolation=cv2.INTER_AREA), ".jpg")
    if how == "mirrored":
        return encoded(np.ascontiguousarray(pixels[:, ::-1]), ".jpg")
    return encoded(np.ascontiguousarray(pixels[10:-10, 14:-14]), ".jpg")


HOW = ["as JPEG", "smaller", "mirrored", "cropped"]


@pytest.mark.parametrize("how", HOW)
def test_a_background_that_is_nearly_an_image_of_the_set_is_refused(
    data: Path, tmp_path: Path, how: str
) -> None:
    put(tmp_path / "rooms" / "copy.jpg", altered(scene(2, BOX), how))
    put(tmp_path / "rooms" / "room.png", encoded(scene(50)))
    result = run(data, out=tmp_path / "out", source=tmp_path / "rooms", count=2)
    assert (result.made, result.refused) == (1, {"nearly a copy of an image of the data set": 1})
    assert "refused: 1 x nearly a copy of an image of the data set" in describe(result)


@pytest.mark.parametrize("how", HOW)
def test_of_two_backgrounds_that_are_nearly_the_same_one_is_taken(
    data: Path, tmp_path: Path, how: str
) -> None:
    put(tmp_path / "rooms" / "room.png", encoded(scene(50)))
    put(tmp_path / "rooms" / "again.jpg", altered(scene(50), how))
    put(tmp_path / "rooms" / "other.png", encoded(scene(51)))
    result = run(data, out=tmp_path / "out", source=tmp_path / "rooms", count=3)
    assert (result.made, result.refused) == (2, {"nearly a copy of another negative": 1})


def test_copies_are_found_across_batches(data: Path, tmp_path: Path) -> None:
    for i in range(40):  # more than are looked at together where few are asked for
        put(
            tmp_path / "rooms" / f"{i:02}.jpg", altered(scene(50), "as JPEG") if i % 2 else encoded(scene(50))
        )
    result = run(data, out=tmp_path / "out", source=tmp_path / "rooms", count=2)
    assert result.made == 1
    assert sum(result.refused.values()) == 39


def test_pictures_without_anything_on_them_are_refused(data: Path, tmp_path: Path) -> None:
    black, grey = np.zeros((240, 320, 3), np.uint8), np.full((240, 320, 3), 120, np.uint8)
    put(tmp_path / "rooms" / "black.png", encoded(black))
    put(tmp_path / "rooms" / "grey.png", encoded(grey))
    put(tmp_path / "rooms" / "room.png", encoded(scene(50)))
    result = run(data, out=tmp_path / "out", source=tmp_path / "rooms", count=3)
    assert (result.made, result.refused) == (1, {"it is black, white or of one colour": 2})
