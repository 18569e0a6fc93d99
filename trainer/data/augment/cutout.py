"""One grey square whose middle is anywhere, so that it may lie partly outside (Cutout, DeVries and Taylor,
arXiv:1708.04552); its side is a quarter of the sample's, theirs for 100 classes (8 of 32 pixels)."""

from __future__ import annotations

from trainer.data.augment.hiding import hide, rectangle
from trainer.data.augment.model import Context, Sample, Technique

SIDE = 0.25


def edit(sample: Sample, context: Context) -> Sample:
    """Cut a square out, now and then."""
    if not context.happens(context.policy.cutout):
        return sample
    side = SIDE * min(context.size)
    x, y = context.rng.uniform(0, 1, 2) * context.size - side / 2
    return hide(sample, rectangle(sample.image.shape, x, y, side, side), context.policy.least_visible)


TECHNIQUE = Technique("cutout", {"cutout": 1.0}, edit=edit)
