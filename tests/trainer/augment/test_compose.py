"""Variations move boxes exactly as pixels, and depend on nothing but their seed."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tests.trainer.augment.pictures import STILL, composed, drawn, photo, plain
from trainer.data.augment import Policy, compose, multi_scale_size, partners, sample_generator
from trainer.data.augment.canvas import draw
from trainer.data.augment.hsv import shift_colours
from trainer.data.augment.model import Framed
from trainer.data.augment.placing import lone
from trainer.data.images import GREY, letterbox


def test_an_unvaried_sample_is_the_photograph_in_the_middle() -> None:
    sample = composed([photo(64, 32, (8, 4, 24, 20))])
    assert sample.image.shape == (64, 64, 3)
    assert sample.boxes.tolist() == [[8, 20, 24, 36]]  # 16 rows of grey above
    assert drawn(sample).tolist() == [8, 20, 24, 36]
    assert (sample.image[:16] == GREY).all() and (sample.image[48:] == GREY).all()


def test_a_photograph_of_half_the_size_is_enlarged() -> None:
    sample = composed([photo(32, 32, (8, 4, 24, 20))])
    assert sample.boxes.tolist() == [[16, 8, 48, 40]]
    assert drawn(sample).tolist() == [16, 8, 48, 40]


@pytest.mark.parametrize(
    ("policy", "box"),
    [(Policy(flip_lr=1), [40, 20, 56, 36]), (Policy(flip_ud=1), [8, 28, 24, 44])],
)
def test_a_mirror_image_mirrors_the_box(policy: Policy, box: list[int]) -> None:
    sample = composed([photo(64, 32, (8, 4, 24, 20))], policy)
    assert sample.boxes.tolist() == [box]
    assert drawn(sample).tolist() == box


@pytest.mark.parametrize("mosaic", [0.0, 1.0])
def test_boxes_stay_on_their_pixels_under_every_zoom_and_shift(mosaic: float) -> None:
    policy = Policy(mosaic=mosaic, scale=0.4, translate=0.2, flip_lr=0.5, flip_ud=0.5)
    seen = 0
    for seed in range(60):
        photos = [photo(60, 50, (20, 10, 45, 40)), *([plain(60, 50, 0)] * 200)]  # no partner is the first
        sample = composed(photos, policy, seed, (96, 96))
        if len(sample.boxes) == 1:
            seen += 1
            assert np.abs(drawn(sample) - sample.boxes[0]).max() <= 1.0, seed
    assert seen > 20


def test_a_mosaic_shows_four_photographs_with_their_labels() -> None:
    photos = [photo(64, 64, (16, 16, 48, 48), label) for label in range(4)]
    samples = [composed(photos, Policy(mosaic=1.0), seed) for seed in range(20)]
    assert {label for sample in samples for label in sample.labels.tolist()} == {0, 1, 2, 3}
    assert max(len(set(sample.labels.tolist())) for sample in samples) >= 3
    assert all((sample.boxes >= 0).all() and (sample.boxes <= 64).all() for sample in samples)


def test_a_sample_need_not_be_square() -> None:
    # 40 x 20 fits into 96 x 32 at 1.6: 64 x 32, with 16 columns of grey on each side
    sample = composed([photo(40, 20, (10, 5, 30, 15))], size=(96, 32))
    assert sample.image.shape == (32, 96, 3)
    assert sample.boxes.tolist() == [[32, 8, 64, 24]]
    # but for one column each, where the edge is blended
    assert (sample.image[:, :15] == GREY).all() and (sample.image[:, 81:] == GREY).all()


def test_boxes_almost_cropped_away_are_dropped() -> None:
    # zoomed to double, the photograph's left half lies outside: a box at its left edge is gone
    corner = photo(64, 64, (0, 0, 6, 6))
    sample = draw([lone(Framed(corner, 64, 64), 2.0, np.zeros(2), (64, 64))], (64, 64))
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
    policy = Policy(hsv_h=0.02, hsv_s=0.5, hsv_v=0.4, flip_lr=0.5, translate=0.1, scale=0.5, degrade=1.0)
    source = [photo(64, 48, (8, 4, 40, 30))].__getitem__
    first, again, other, twice = (
        compose(0, source, 1, (64, 64), policy, sample_generator(*key))
        for key in ((1, 2, 3), (1, 2, 3), (1, 3, 3), (1, 2, 3, 1))
    )
    assert (first.image != twice.image).any()  # an image that comes twice in an epoch comes otherwise
    assert (first.image == again.image).all() and (first.boxes == again.boxes).all()
    assert (first.image != other.image).any()


def test_a_mosaic_holds_its_own_photograph_once_at_least() -> None:
    for seed in range(20):
        four = partners(np.random.default_rng(seed), 7, 100, 4)
        assert len(four) == 4 and 7 in four
    assert partners(np.random.default_rng(0), 7, 100, 1) == [7]


@pytest.mark.parametrize("imgsz", [320, 352, 384, 416, 448, 480, 512, 640])
def test_a_range_in_pixels_has_both_its_ends_whatever_the_size(imgsz: int) -> None:
    span = (320 / imgsz, 512 / imgsz)  # as `span_of` says it
    sizes = {multi_scale_size(imgsz, span, 0, step, 32) for step in range(200)}
    assert sizes == {320, 352, 384, 416, 448, 480, 512}


def test_training_sizes_may_be_further_apart() -> None:
    # counted from 416, in steps of 64; with a coarsest stride of 64 from 448 in steps of 192, which 96 and
    # 64 have in common
    span = (320 / 416, 512 / 416)
    assert {multi_scale_size(416, span, 0, step, 32, 64) for step in range(99)} == {352, 416, 480}
    assert {multi_scale_size(448, (0.5, 1.5), 0, step, 64, 96) for step in range(99)} == {256, 448, 640}


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
        "from trainer.data.augment.camera import _cameras; _cameras();"
        "assert os.environ['NO_ALBUMENTATIONS_UPDATE'] == '1'"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
