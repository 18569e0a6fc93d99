"""The fact tables: the picture that boxes lie on, and the names of classes."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from curate.dataset import IMAGES, OBJECTS, PROBLEMS, SPLITS, Dataset


def dataset(
    images: list[dict[str, object]], names: list[str | None], classes: tuple[str, ...] = ()
) -> Dataset:
    rows = [{"image_id": i, **row} for i, row in enumerate(images)]
    objects = [{"object_id": i, "image_id": 0, "name": name} for i, name in enumerate(names)]
    return Dataset(
        root=Path(),
        format="voc",
        images=pl.DataFrame(rows, schema=IMAGES),
        objects=pl.DataFrame(objects, schema=OBJECTS),
        problems=pl.DataFrame([], schema=PROBLEMS),
        splits=pl.DataFrame([], schema=SPLITS),
        classes=classes,
        classes_from=None,
    )


@pytest.mark.parametrize(
    ("stated", "real", "orientation", "frame"),
    [
        ((40, 30), (40, 30), 1, (40, 30)),
        ((10, 10), (40, 30), 1, (40, 30)),  # the image is right, the header wrong
        ((40, 30), (None, None), None, (40, 30)),  # no image: what is stated
        ((0, 0), (None, None), None, (None, None)),
        ((30, 40), (40, 30), 6, (30, 40)),  # labelled on the displayed picture
        ((40, 30), (40, 30), 6, (40, 30)),  # labelled on the stored pixels
        ((30, 40), (40, 30), 3, (40, 30)),  # turned upside down, so sizes are not exchanged
        ((None, None), (40, 30), 6, (40, 30)),
    ],
)
def test_the_frame_is_the_picture_that_the_boxes_lie_on(
    stated: tuple[int, int], real: tuple[int, int], orientation: int, frame: tuple[int, int]
) -> None:
    row = dict(zip(("width", "height", "image_width", "image_height"), (*stated, *real), strict=True))
    boxes = dataset([{**row, "orientation": orientation}], ["a"]).boxes
    assert boxes.select("frame_width", "frame_height").row(0) == frame


def test_a_data_set_without_boxes_has_the_columns_all_the_same() -> None:
    boxes = dataset([], []).boxes
    assert boxes.height == 0 and {"frame_width", "xmin", "image"} <= set(boxes.columns)


def test_class_names_are_those_declared_or_else_those_found_by_frequency() -> None:
    found = dataset([{}], ["b", "a", "c", "c", None])
    assert found.class_names() == ("c", "a", "b")
    assert dataset([{}], ["b"], ("x", "y")).class_names() == ("x", "y")
    assert dataset([], []).class_names() == ()
