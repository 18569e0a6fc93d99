"""Blur, noise, JPEG, grey: pixels change as their names say, boxes do not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.trainer.augment.pictures import context, sample
from trainer.data.augment import Policy, blur, gray, jpeg, noise
from trainer.data.augment.camera import shot

RNG = np.random.default_rng(0)
GRAIN = RNG.integers(0, 256, (48, 48, 3), dtype=np.uint8)
EVEN = np.full((48, 48, 3), (120, 90, 60), np.uint8)


def test_blur_takes_detail_away() -> None:
    for seed in range(10):
        assert shot(GRAIN, "blur", seed).std() < 0.9 * GRAIN.std()


def test_noise_brings_grain_to_a_smooth_picture() -> None:
    ramp = np.repeat(np.arange(48, dtype=np.uint8)[None, :, None] * 4 + 20, 48, axis=0).repeat(3, axis=2)
    for seed in range(10):
        assert shot(ramp, "noise", seed).std(axis=0).max() > 1  # every column was even


def test_jpeg_leaves_an_even_picture_even_and_spoils_grain() -> None:
    for seed in range(10):
        assert np.abs(shot(EVEN, "jpeg", seed).astype(int) - EVEN).max() <= 6
        assert np.abs(shot(GRAIN, "jpeg", seed).astype(int) - GRAIN).mean() > 5


def test_grey_has_no_colour_left() -> None:
    for seed in range(5):
        image = shot(EVEN, "gray", seed)
        assert (np.ptp(image, axis=2) == 0).all()


@pytest.mark.parametrize("technique", [blur, noise, jpeg, gray])
def test_it_happens_as_often_as_asked_and_leaves_boxes_alone(technique: object) -> None:
    one = sample([[1, 2, 30, 40]])._replace(image=GRAIN)
    changed = 0
    for seed in range(200):
        done = technique.TECHNIQUE.edit(  # type: ignore[attr-defined]
            one, context(Policy(blur=0.3, noise=0.3, jpeg=0.3, gray=0.3), seed)
        )
        assert done.boxes is one.boxes
        changed += bool((done.image != one.image).any())
    assert changed == pytest.approx(60, abs=20)  # three deviations of sqrt(200 * .3 * .7) = 6.5


def test_threads_do_not_disturb_each_other() -> None:
    alone = [shot(GRAIN, "degrade", seed) for seed in range(40)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda seed: shot(GRAIN, "degrade", seed), range(40)))
    assert all((a == b).all() for a, b in zip(alone, together, strict=True))
