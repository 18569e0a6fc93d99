"""A rectangle of noise (Random Erasing, Zhong et al., arXiv:1708.04896, algorithm 1), of up to a fifth of the
sample: their two fifths are for photographs of one thing."""

from __future__ import annotations

import math

import numpy as np

from trainer.data.augment.hiding import hide, rectangle
from trainer.data.augment.model import Context, Sample, Technique

AREA = (0.02, 0.2)  # of the sample
FLATTEST = 1 / 0.3  # height over width, or the other way round
TRIES = 20  # to find one that lies inside


def edit(sample: Sample, context: Context) -> Sample:
    """Erase, now and then."""
    if not context.happens(context.policy.erase):
        return sample
    rng, (width, height) = context.rng, context.size
    for _ in range(TRIES):
        area = rng.uniform(*AREA) * width * height
        ratio = math.exp(rng.uniform(-1, 1) * math.log(FLATTEST))
        w, h = math.sqrt(area / ratio), math.sqrt(area * ratio)
        if w < width and h < height:
            x, y = rng.uniform(0, 1, 2) * (width - w, height - h)
            hidden = rectangle(sample.image.shape, x, y, w, h)
            noise = rng.integers(0, 256, sample.image.shape, dtype=np.uint8)
            return hide(sample, hidden, context.policy.least_visible, noise)
    return sample


TECHNIQUE = Technique("erase", {"erase": 1.0}, edit=edit)
