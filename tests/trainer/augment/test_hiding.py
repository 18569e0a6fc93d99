"""Erase, cutout, hide-and-seek, grid mask: what is hidden, and which boxes are still worth learning."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from tests.trainer.augment.pictures import context, sample
from trainer.data.augment import Policy, cutout, erase, grid_mask, hide_and_seek
from trainer.data.augment.hiding import hide, rectangle, visible_share
from trainer.data.images import GREY

ALL = [erase, cutout, hide_and_seek, grid_mask]
ON = Policy(erase=1, cutout=1, hide_and_seek=1, grid_mask=1)
EXACT = Policy(erase=1, cutout=1, hide_and_seek=1, grid_mask=1, least_visible=0.0)


def test_the_visible_share_of_a_box_is_counted_in_pixels() -> None:
    hidden = rectangle((40, 40, 3), 10, 10, 10, 20)  # x 10..20, y 10..30
    boxes = np.array([[0, 0, 20, 20], [10, 10, 20, 30], [15, 0, 35, 40], [30, 30, 40, 40]], np.float32)
    # 100 of 400 hidden; all; 5 x 20 of 800; none
    assert visible_share(boxes, hidden).tolist() == [0.75, 0.0, 0.875, 1.0]
    assert len(visible_share(np.zeros((0, 4), np.float32), hidden)) == 0


def test_a_box_as_thin_as_a_hair_or_at_the_edge_has_a_share_too() -> None:
    hidden = rectangle((40, 40), 39, 39, 1, 1)
    thin = np.array([[39.9, 39.9, 40, 40], [5, 5, 5, 9]], np.float32)
    assert visible_share(thin, hidden).tolist() == [0, 1]


def test_boxes_below_the_bound_are_dropped_and_others_keep_their_size() -> None:
    one = sample([[0, 0, 20, 20], [10, 10, 20, 30], [15, 0, 35, 40]], size=(40, 40))
    hidden = rectangle(one.image.shape, 10, 10, 10, 20)
    assert hide(one, hidden, 0.75).boxes.tolist() == [[0, 0, 20, 20], [15, 0, 35, 40]]
    assert hide(one, hidden, 0.8).boxes.tolist() == [[15, 0, 35, 40]]
    assert (hide(one, hidden, 0.8).image[10:30, 10:20] == GREY).all()
    assert (one.image == 0).all(), "the picture that came in is left alone"


def test_erase_is_a_rectangle_of_noise_within_its_bounds() -> None:
    for seed in range(40):
        done = erase.edit(sample([], size=(100, 80), level=0), context(EXACT, seed, size=(100, 80)))
        rows, columns = np.nonzero(done.image.any(axis=2))
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert 0.02 * 0.8 <= height * width / 8000 <= 0.2 * 1.2
        assert max(height / width, width / height) <= 1 / 0.3 * 1.2
        assert len(np.unique(done.image)) > 50


def test_cutout_is_a_square_of_a_quarter_of_the_side() -> None:
    shares = []
    for seed in range(60):
        done = cutout.edit(sample([], size=(80, 80), level=0), context(EXACT, seed, size=(80, 80)))
        grey = (done.image == GREY).all(axis=2)
        rows, columns = np.nonzero(grey)
        assert grey.sum() == (np.ptp(rows) + 1) * (np.ptp(columns) + 1), "one rectangle"
        shares.append(grey.mean())
    # 20 x 20 of 80 x 80 where it lies inside, a quarter of that in a corner at least
    assert max(shares) == pytest.approx(1 / 16) and min(shares) >= 1 / 64 * 0.8


def test_hide_and_seek_hides_about_half_of_the_fields_of_a_grid() -> None:
    shares = []
    for seed in range(60):
        done = hide_and_seek.edit(sample([], size=(140, 140)), context(EXACT, seed, size=(140, 140)))
        grey = (done.image == GREY).all(axis=2)
        shares.append(grey.mean())
        # 140 / 4 = 35, / 5 = 28, / 7 = 20, / 14 = 10: whole fields of one of these
        assert any(
            all(
                grey[y : y + side, x : x + side].all() or not grey[y : y + side, x : x + side].any()
                for y in range(0, 140, side)
                for x in range(0, 140, side)
            )
            for side in (35, 28, 20, 10)
        ), seed
    assert np.mean(shares) == pytest.approx(0.5, abs=0.05)


def test_grid_mask_leaves_84_percent_in_a_regular_grid() -> None:
    shares = []
    for seed in range(80):
        done = grid_mask.edit(sample([], size=(224, 224)), context(EXACT, seed, size=(224, 224)))
        grey = (done.image == GREY).all(axis=2)
        shares.append(grey.mean())
        across, down = grey.any(axis=0), grey.any(axis=1)
        assert (grey == (down[:, None] & across[None])).all(), "rows times columns"
    assert 1 - np.mean(shares) == pytest.approx(0.84, abs=0.02)


@pytest.mark.parametrize("technique", ALL, ids=lambda m: m.__name__.rsplit(".", 1)[-1])
def test_every_box_that_stays_shows_at_least_its_bound(technique: ModuleType) -> None:
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 48, (30, 2))
    boxes = np.concatenate((low, low + rng.uniform(4, 16, (30, 2))), axis=1)
    dropped = 0
    for seed in range(20):
        done = technique.edit(sample(boxes.tolist(), level=0), context(ON, seed))
        visible = [
            (done.image[int(y1) : int(np.ceil(y2)), int(x1) : int(np.ceil(x2))] == 0).all(axis=2).mean()
            for x1, y1, x2, y2 in done.boxes
        ]
        assert min(visible, default=1) >= 0.4 - 0.02  # a black pixel of noise counts as visible
        dropped += len(boxes) - len(done.boxes)
    assert dropped > 0


@pytest.mark.parametrize("technique", ALL, ids=lambda m: m.__name__.rsplit(".", 1)[-1])
def test_with_a_chance_of_0_nothing_happens_and_no_chance_is_used(technique: ModuleType) -> None:
    still = context(Policy())
    before = still.rng.bit_generator.state
    one = sample([[1, 1, 9, 9]])
    assert technique.edit(one, still) is one
    assert still.rng.bit_generator.state == before
