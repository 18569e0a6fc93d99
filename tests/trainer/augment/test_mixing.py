"""Samples made of several: mosaic of nine, mixup, CutMix."""

from __future__ import annotations

import numpy as np
import pytest

from tests.trainer.augment.pictures import composed, context, drawn, photo, plain, sample
from trainer.data.augment import Policy, cutmix, mixup, mosaic, mosaic9
from trainer.data.augment.canvas import draw
from trainer.data.images import GREY


def test_nine_photographs_lie_around_the_middle_one() -> None:
    # 64 x 64 photographs at half size are 32 x 32; without chance the middle one covers 16..48
    photos = [plain(64, 64, 10 * (place + 1)) for place in range(9)]
    still = context(Policy(mosaic=1, mosaic9=1))
    tiles = mosaic9.arrange(photos, 1.0, np.zeros(2), still)
    corner = tiles[4].origin
    assert (abs(corner - 16) <= 0.125 * 64).all()
    x, y = (round(v) for v in corner.tolist())
    image = draw(tiles, (64, 64)).image[..., 0]
    centres = {(i, j): image[y + 16 + 20 * j, x + 16 + 20 * i] for i in (-1, 0, 1) for j in (-1, 0, 1)}
    assert [centres[i, j] for j in (-1, 0, 1) for i in (-1, 0, 1)] == [10 * (k + 1) for k in range(9)]


def test_a_mosaic_of_nine_keeps_boxes_on_their_pixels() -> None:
    policy = Policy(mosaic=1, mosaic9=1, scale=0.3, translate=0.1)
    seen = 0
    for seed in range(60):
        photos = [photo(60, 50, (20, 10, 45, 40)), *([plain(50, 60, 0)] * 400)]
        one = composed(photos, policy, seed, (128, 128))
        if len(one.boxes) == 1:
            seen += 1
            assert np.abs(drawn(one) - one.boxes[0]).max() <= 1.0, seed
    assert seen > 20


def test_photographs_of_a_mosaic_do_not_overlap() -> None:
    photos = [plain(40 + 9 * i, 70 - 5 * i, 20 + 10 * i) for i in range(9)]
    for layout, many in ((mosaic, 4), (mosaic9, 9)):
        tiles = layout.arrange(photos[:many], 1.3, np.array([4.0, -3.0]), context(Policy(), 5))
        covered = np.zeros((64, 64), int)
        for tile in tiles:
            alone = draw([tile], (64, 64)).image[..., 0]
            covered += alone != GREY
        assert covered.max() == 1


def test_mixup_is_the_mean_of_both_and_has_the_boxes_of_both() -> None:
    first, second = sample([[1, 2, 30, 40]], level=100), sample([[5, 6, 50, 60]], level=200, label=3)
    both = mixup.blend(first, second, 0.25)
    assert (both.image == 175).all()  # 0.25 * 100 + 0.75 * 200
    assert both.boxes.tolist() == [[1, 2, 30, 40], [5, 6, 50, 60]]
    assert both.labels.tolist() == [0, 3]


def test_mixup_shows_both_about_equally() -> None:
    # Beta(32, 32) has mean 1/2 and deviation sqrt(1 / (4 * 65)) = 0.062: three of them are 0.31 .. 0.69
    levels = []
    for seed in range(50):
        now = context(Policy(mixup=1), seed, another=lambda: sample([], level=200))
        levels.append(int(mixup.edit(sample([], level=0), now).image[0, 0, 0]))
    assert 200 * 0.28 < min(levels) < 200 * 0.45 and 200 * 0.55 < max(levels) < 200 * 0.72
    assert np.mean(levels) == pytest.approx(100, abs=6)


def test_what_cutmix_leaves_of_a_box() -> None:
    boxes = np.array(
        [
            [10, 10, 30, 30],  # its right half is covered over the whole height
            [10, 10, 60, 30],  # the middle is covered: both ends are seen, the box stays
            [22, 0, 38, 60],  # covered from 5 to 45 in its whole width: both ends are seen
            [22, 20, 38, 60],  # its upper part is covered in its whole width
            [0, 0, 10, 4],  # free
            [21, 6, 39, 44],  # covered altogether
        ],
        np.float32,
    )
    left, share = cutmix.uncovered(boxes, (20, 5, 40, 45))
    assert left[:5].tolist() == [
        [10, 10, 20, 30],
        [10, 10, 60, 30],
        [22, 0, 38, 60],
        [22, 45, 38, 60],
        [0, 0, 10, 4],
    ]
    assert share == pytest.approx([0.5, 1 - 20 / 50, 1 - 40 / 60, 15 / 40, 1, 0])


def test_cutmix_lays_a_rectangle_over_and_drops_what_is_hidden_too_much() -> None:
    under = sample([[10, 10, 30, 30], [22, 20, 38, 60]], level=50)
    over = sample([[24, 20, 60, 30], [50, 50, 60, 60]], level=200, label=1)
    both = cutmix.laid_over(under, over, (20, 5, 40, 45), least_visible=0.4)
    # the second of `under` keeps 15 of 40 rows: 0.375; of `over` one lies outside and one is clipped
    assert both.boxes.tolist() == [[10, 10, 20, 30], [24, 20, 40, 30]]
    assert both.labels.tolist() == [0, 1]
    assert (both.image[5:45, 20:40] == 200).all()
    assert (both.image == 200).sum() == 40 * 20 * 3


def test_cutmix_takes_rectangles_of_all_sizes() -> None:
    covered = []
    for seed in range(80):
        now = context(Policy(cutmix=1), seed, another=lambda: sample([], level=200))
        covered.append((cutmix.edit(sample([], level=0), now).image == 200).mean())
    assert min(covered) < 0.05 and max(covered) > 0.6


@pytest.mark.parametrize("technique", [mixup, cutmix])
def test_samples_without_boxes_mix_too(technique: object) -> None:
    now = context(Policy(mixup=1, cutmix=1), another=lambda: sample([]))
    assert len(technique.edit(sample([]), now).boxes) == 0  # type: ignore[attr-defined]
