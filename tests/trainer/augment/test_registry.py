"""What holds for every technique, also for those that are still to be written."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.trainer.augment.pictures import composed, photo
from trainer.config import FitConfig
from trainer.data.augment import TECHNIQUES, Policy, closed, compose, sample_generator
from trainer.data.augment.model import Technique
from trainer.data.cutouts import Cutout, Cutouts
from trainer.knobs import knobs

each = pytest.mark.parametrize("technique", TECHNIQUES, ids=lambda technique: technique.name)
PHOTOS = [photo(90, 70, (20 + i, 10, 60 + i, 50), i % 3) for i in range(6)]
for one in PHOTOS:
    one.image[:] = one.image * np.array([0.9, 0.7, 0.4]) + np.array([10, 20, 30])  # with colours
SPOT = Cutout.of(np.full((20, 30, 4), 255, np.uint8), 1, 0.3)
CUTOUTS = Cutouts([SPOT], {1: np.array([0.2])})


def made(technique: Technique, seed: int, size: tuple[int, int] = (96, 64)) -> tuple[np.ndarray, ...]:
    rng = sample_generator(seed, 0, 0)
    return compose(0, PHOTOS.__getitem__, 6, size, Policy(**technique.shown), rng, CUTOUTS)


@each
def test_its_settings_are_knobs_and_fields_of_the_policy(technique: Technique) -> None:
    for name in (*technique.shown, *technique.closes):
        assert name in knobs(FitConfig) and name in Policy.__dataclass_fields__


@each
def test_it_does_exactly_one_kind_of_thing(technique: Technique) -> None:
    given = [getattr(technique, name) for name in ("arrange", "frame", "warp", "edit")]
    assert sum(one is not None for one in given) == 1
    assert (technique.many > 1) == (technique.arrange is not None)


@each
def test_the_same_seed_makes_the_same_sample(technique: Technique) -> None:
    for seed in range(5):
        first, again = made(technique, seed), made(technique, seed)
        assert all((a == b).all() for a, b in zip(first, again, strict=True))
    if technique.name != "gray":  # in which there is no chance but that of happening
        assert any((made(technique, seed)[0] != made(technique, 99)[0]).any() for seed in range(5))


@each
def test_boxes_lie_inside_the_sample_and_have_an_area(technique: Technique) -> None:
    for seed in range(25):
        image, boxes, labels = made(technique, seed)
        assert image.shape == (64, 96, 3) and image.dtype == np.uint8 and image.flags.c_contiguous
        assert boxes.shape == (len(labels), 4) and boxes.dtype == np.float32 and labels.dtype == np.int64
        assert (boxes[:, :2] >= 0).all() and (boxes[:, 2:] <= (96, 64)).all()
        assert (boxes[:, 2:] - boxes[:, :2] > 2).all()


@each
def test_it_changes_the_picture(technique: Technique) -> None:
    plain = composed(PHOTOS, size=(96, 64))
    assert any((made(technique, seed)[0] != plain.image).any() for seed in range(5))


def test_photographs_are_never_written_to() -> None:
    before = [one.image.copy() for one in PHOTOS]
    for technique in TECHNIQUES:
        for seed in range(5):
            made(technique, seed)
    assert all((one.image == old).all() for one, old in zip(PHOTOS, before, strict=True))


def test_all_settings_of_the_policy_are_those_of_the_run() -> None:
    config = FitConfig(data="d", run="r", steps=1, mixup=0.3, least_visible=0.2)  # type: ignore[arg-type]
    policy = Policy.of(config)
    assert policy.mixup == 0.3 and policy.least_visible == 0.2 and policy.mosaic == config.mosaic
    every = {name for technique in TECHNIQUES for name in technique.shown}
    assert every | {"least_visible"} == {field.name for field in dataclasses.fields(Policy)}


def test_the_last_part_of_a_run_has_no_pictures_made_of_several() -> None:
    policy = Policy(mosaic=1, mosaic9=1, mixup=1, cutmix=1, copy_paste=1, flip_lr=0.5, erase=0.2)
    assert closed(policy) == Policy(flip_lr=0.5, erase=0.2)


def test_all_at_once_still_moves_boxes_with_their_pixels() -> None:
    settings = {name: value for t in TECHNIQUES for name, value in t.shown.items()}
    settings |= {"mosaic": 0.5, "mosaic9": 0.3, "hide_and_seek": 0.2}
    for seed in range(30):
        rng = sample_generator(seed, 0, 0)
        done = compose(0, PHOTOS.__getitem__, 6, (96, 64), Policy(**settings), rng, CUTOUTS)
        assert (done.boxes[:, :2] >= 0).all() and (done.boxes[:, 2:] <= (96, 64)).all()


@pytest.mark.parametrize("size", [(32, 32), (320, 32), (32, 320)])
def test_one_pixel_and_a_thread_survive_everything(size: tuple[int, int]) -> None:
    settings = {name: value for t in TECHNIQUES for name, value in t.shown.items()} | {"mosaic": 0.5}
    for width, height in ((1, 1), (1, 300), (300, 1)):
        tiny = [photo(width, height, (0, 0, width, height))]
        for seed in range(20):
            done = compose(0, tiny.__getitem__, 1, size, Policy(**settings), np.random.default_rng(seed))
            assert done.image.shape == (size[1], size[0], 3)
