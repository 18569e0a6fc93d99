"""Variations move boxes exactly as pixels, and depend on nothing but their seed."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from trainer.data.augment import (
    Photo,
    Policy,
    Sample,
    compose,
    draw_partners,
    multi_scale_size,
    sample_generator,
    shift_colours,
)
from trainer.data.images import GREY, letterbox

STILL = Policy()


def photo(width: int, height: int, box: tuple[int, int, int, int], label: int = 0) -> Photo:
    """Black, with one white box (x1, y1, x2, y2)."""
    image = np.zeros((height, width, 3), np.uint8)
    x1, y1, x2, y2 = box
    image[y1:y2, x1:x2] = 255
    centre = [(x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height]
    return Photo(image, np.array([centre], np.float32), np.array([label]))


def drawn(sample: Sample) -> NDArray[np.float64]:
    """The box around what is more white than black, xyxy."""
    rows, columns = np.nonzero((sample.image > 160).all(axis=2))
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])


def test_an_unvaried_sample_is_the_photograph_in_the_middle() -> None:
    sample = compose([photo(64, 32, (8, 4, 24, 20))], 64, STILL, np.random.default_rng(0))
    assert sample.image.shape == (64, 64, 3)
    assert sample.boxes.tolist() == [[8, 20, 24, 36]]  # 16 rows of grey above
    assert drawn(sample).tolist() == [8, 20, 24, 36]
    assert (sample.image[:16] == GREY).all() and (sample.image[48:] == GREY).all()


def test_a_photograph_of_half_the_size_is_enlarged() -> None:
    sample = compose([photo(32, 32, (8, 4, 24, 20))], 64, STILL, np.random.default_rng(0))
    assert sample.boxes.tolist() == [[16, 8, 48, 40]]
    assert drawn(sample).tolist() == [16, 8, 48, 40]


@pytest.mark.parametrize(
    ("policy", "box"),
    [(Policy(flip_lr=1), [40, 20, 56, 36]), (Policy(flip_ud=1), [8, 28, 24, 44])],
)
def test_a_mirror_image_mirrors_the_box(policy: Policy, box: list[int]) -> None:
    sample = compose([photo(64, 32, (8, 4, 24, 20))], 64, policy, np.random.default_rng(0))
    assert sample.boxes.tolist() == [box]
    assert drawn(sample).tolist() == box


@pytest.mark.parametrize("mosaic", [False, True])
def test_boxes_stay_on_their_pixels_under_every_zoom_and_shift(mosaic: bool) -> None:
    policy = Policy(scale=0.4, translate=0.2, flip_lr=0.5, flip_ud=0.5)
    seen = 0
    for seed in range(60):
        first = photo(60, 50, (20, 10, 45, 40))
        black = first._replace(image=first.image * 0, boxes=first.boxes[:0], labels=first.labels[:0])
        photos = [first, black, black, black] if mosaic else [first]
        sample = compose(photos, 96, policy, np.random.default_rng(seed))
        if len(sample.boxes):
            seen += 1
            assert np.abs(drawn(sample) - sample.boxes[0]).max() <= 1.0, seed
    assert seen > 20


def test_a_mosaic_shows_four_photographs_with_their_labels() -> None:
    photos = [photo(64, 64, (16, 16, 48, 48), label) for label in range(4)]
    sample = compose(photos, 64, STILL, np.random.default_rng(3))
    assert set(sample.labels.tolist()) <= {0, 1, 2, 3}
    assert len(sample.labels) >= 2
    assert (sample.boxes >= 0).all() and (sample.boxes <= 64).all()


def test_boxes_almost_cropped_away_are_dropped() -> None:
    # zoomed to double, the photograph's left half lies outside: a box at its left edge is gone
    corner = photo(64, 64, (0, 0, 6, 6))
    sample = compose([corner], 64, STILL, np.random.default_rng(0), enlarge=2.0)
    assert len(sample.boxes) == len(sample.labels) == 0


def test_colours_stay_where_nothing_is_to_change() -> None:
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    assert shift_colours(image, np.random.default_rng(0), STILL) is image


def test_brightness_scales_within_its_share() -> None:
    image = np.full((4, 4, 3), 100, np.uint8)
    values = {
        int(shift_colours(image, np.random.default_rng(seed), Policy(hsv_v=0.4))[0, 0, 0])
        for seed in range(40)
    }
    assert min(values) >= 60 and max(values) <= 140
    assert len(values) > 20


def test_the_same_seed_gives_the_same_pixels_and_another_seed_others() -> None:
    policy = Policy(0.02, 0.5, 0.4, 0.5, 0.5, 0.1, 0.5, degrade=1.0)
    photos = [photo(64, 48, (8, 4, 40, 30))]
    first = compose(photos, 64, policy, sample_generator(1, 2, 3))
    again = compose(photos, 64, policy, sample_generator(1, 2, 3))
    other = compose(photos, 64, policy, sample_generator(1, 3, 3))
    assert (first.image == again.image).all() and (first.boxes == again.boxes).all()
    assert (first.image != other.image).any()


def test_a_mosaic_holds_its_own_photograph_once_at_least() -> None:
    for seed in range(20):
        four = draw_partners(np.random.default_rng(seed), 7, 100, mosaic=1.0)
        assert len(four) == 4 and 7 in four
        assert draw_partners(np.random.default_rng(seed), 7, 100, mosaic=0.0) == [7]


def test_training_sizes_are_multiples_of_the_stride_within_the_range() -> None:
    sizes = {multi_scale_size(320, (0.5, 1.5), 0, step, 32) for step in range(300)}
    assert sizes == set(range(160, 481, 32))
    assert multi_scale_size(320, (1.0, 1.0), 0, 5, 32) == 320
    # a range too narrow for any multiple still gives one
    assert multi_scale_size(320, (0.96, 0.97), 0, 5, 32) == 320


def test_letterbox_keeps_aspect_and_tells_where_points_went() -> None:
    image = np.zeros((30, 40, 3), np.uint8)
    boxed, scale, pad = letterbox(image, 64)
    # 40 x 30 to 64 x 48; 48 is padded to 64 rows, 8 above
    assert boxed.shape == (64, 64, 3) and scale == 1.6 and pad == (0, 8)
    assert (boxed[:8] == GREY).all() and (boxed[8:56] == 0).all() and (boxed[56:] == GREY).all()
    boxed, scale, pad = letterbox(image, (64, 96), 32)
    assert boxed.shape == (96, 64, 3) and pad == (0, 24)


def test_letterbox_of_one_pixel_and_of_a_thread() -> None:
    assert letterbox(np.zeros((1, 1, 3), np.uint8), 64)[0].shape == (64, 64, 3)
    assert letterbox(np.zeros((1, 500, 3), np.uint8), 64)[0].shape == (32, 64, 3)


def test_albumentations_asks_nobody_for_updates() -> None:
    code = (
        "import os, trainer.data.augment as a; import sys;"
        "assert 'albumentations' not in sys.modules;"
        "a._camera(); assert os.environ['NO_ALBUMENTATIONS_UPDATE'] == '1'"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
