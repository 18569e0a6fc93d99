"""Mirror images, left to right and upside down."""

from __future__ import annotations

import numpy as np

from trainer.data.augment.model import Context, Sample, Technique


def flip(sample: Sample, *, lr: bool, ud: bool) -> Sample:
    """The mirror image with its boxes."""
    image, boxes, labels = sample
    height, width = image.shape[:2]
    if lr:
        image = np.ascontiguousarray(image[:, ::-1])
        boxes = np.stack((width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]), axis=1)
    if ud:
        image = np.ascontiguousarray(image[::-1])
        boxes = np.stack((boxes[:, 0], height - boxes[:, 3], boxes[:, 2], height - boxes[:, 1]), axis=1)
    return Sample(image, boxes, labels)


def edit(sample: Sample, context: Context) -> Sample:
    """Mirror, now and then."""
    policy, rng = context.policy, context.rng
    return flip(sample, lr=rng.random() < policy.flip_lr, ud=rng.random() < policy.flip_ud)


TECHNIQUE = Technique("flip", {"flip_lr": 0.5, "flip_ud": 0.5}, edit=edit)
