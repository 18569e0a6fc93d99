"""Expand and IoU-crop, which frame a lone photograph before it is placed."""

from __future__ import annotations

import numpy as np
import pytest

from tests.trainer.augment.pictures import composed, context, drawn, photo, plain
from trainer.data.augment import Policy, expand, iou_crop
from trainer.data.augment.canvas import draw
from trainer.data.augment.model import Framed
from trainer.data.augment.placing import lone
from trainer.data.images import GREY

WHITE = photo(64, 64, (16, 16, 48, 48))


def test_a_frame_twice_as_large_halves_the_photograph_at_its_place() -> None:
    framed = Framed(WHITE, 128, 128, left=64, top=0)  # in the upper right corner
    sample = draw([lone(framed, 1.0, np.zeros(2), (64, 64))], (64, 64))
    assert sample.boxes.tolist() == [[40, 8, 56, 24]]
    assert drawn(sample).tolist() == [40, 8, 56, 24]
    assert (sample.image[33:] == GREY).all() and (sample.image[:, :31] == GREY).all()


def test_a_frame_that_cuts_shows_its_part_alone() -> None:
    # the patch 32..64 x 0..64 of the photograph, in the middle of the sample: columns 16..48
    framed = Framed(WHITE, 32, 64, left=-32, top=0, cuts=True)
    sample = draw([lone(framed, 1.0, np.zeros(2), (64, 64))], (64, 64))
    assert sample.boxes.tolist() == [[16, 16, 32, 48]]
    assert drawn(sample).tolist() == [16, 16, 32, 48]
    assert (sample.image[:, :16] == GREY).all() and (sample.image[:, 48:] == GREY).all()


def test_expanded_frames_are_up_to_four_times_as_wide() -> None:
    ratios = []
    for seed in range(60):
        framed = expand.frame(Framed(WHITE, 64, 64), context(Policy(expand=1), seed))
        ratio = framed.width / 64
        assert framed.height / 64 == pytest.approx(ratio)
        assert 0 <= framed.left <= 64 * (ratio - 1) and 0 <= framed.top <= 64 * (ratio - 1)
        ratios.append(ratio)
    assert 1 <= min(ratios) < 1.2 and 3.4 < max(ratios) <= 4
    assert np.median(ratios) == pytest.approx(2, abs=0.5)  # as often above as below twice the side


def test_a_patch_overlaps_an_object_by_one_of_ssds_shares() -> None:
    box = np.array([[16.0, 16, 48, 48]])
    best = []
    for seed in range(200):
        framed = iou_crop.frame(Framed(WHITE, 64, 64), context(Policy(iou_crop=1), seed))
        if not framed.cuts:
            continue
        x, y = -framed.left, -framed.top
        assert 0.3 * 64 <= framed.width <= 64 and 0.3 * 64 <= framed.height <= 64
        assert x >= 0 and x + framed.width <= 64 + 1e-9 and y >= 0 and y + framed.height <= 64 + 1e-9
        assert 0.5 <= framed.width / framed.height <= 2
        best.append(iou_crop.overlaps(box, np.array([x, y, x + framed.width, y + framed.height]))[0])
    assert len(best) > 100
    assert max(best) > 0.7 and min(best) < 0.3


def test_overlap_with_a_patch_is_the_iou() -> None:
    # 10 x 10 and 10 x 20 share 10 x 10: 100 / 200; apart: 0
    patch = np.array([0.0, 0, 10, 20])
    boxes = np.array([[0.0, 0, 10, 10], [20, 20, 30, 30]])
    assert iou_crop.overlaps(boxes, patch).tolist() == [0.5, 0.0]


@pytest.mark.parametrize("policy", [Policy(expand=1), Policy(iou_crop=1), Policy(expand=1, iou_crop=1)])
def test_boxes_stay_on_their_pixels_in_every_frame(policy: Policy) -> None:
    seen = 0
    for seed in range(60):
        sample = composed([photo(120, 90, (30, 20, 80, 70))], policy, seed, (96, 96))
        if len(sample.boxes):
            seen += 1
            assert np.abs(drawn(sample) - sample.boxes[0]).max() <= 1.0, seed
    assert seen > 30


def test_a_photograph_without_boxes_is_framed_too() -> None:
    for seed in range(20):
        sample = composed([plain(50, 40, 9)], Policy(expand=1, iou_crop=1), seed)
        assert sample.image.shape == (64, 64, 3) and len(sample.boxes) == 0


def test_photographs_of_a_mosaic_are_not_framed() -> None:
    photos = [photo(64, 64, (16, 16, 48, 48))] * 4
    plainly = composed(photos, Policy(mosaic=1))
    framed = composed(photos, Policy(mosaic=1, expand=1, iou_crop=1))
    assert (plainly.image == framed.image).all()
