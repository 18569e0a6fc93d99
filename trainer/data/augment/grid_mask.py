"""Grey squares in a regular grid (GridMask, Chen et al., arXiv:2001.04086, 3.2), without their turning."""

from __future__ import annotations

import numpy as np

from trainer.data.augment.hiding import hide
from trainer.data.augment.model import Context, Sample, Technique

UNIT = (96 / 224, 1.0)  # distance of the squares as a share of the shorter side: theirs of 96 to 224 pixels
KEPT = 0.6  # of the unit, along each side, between two squares: 1 - 0.4^2 = 84 % of the sample is left


def edit(sample: Sample, context: Context) -> Sample:
    """Lay the grid over the sample, now and then."""
    if not context.happens(context.policy.grid_mask):
        return sample
    unit = context.rng.uniform(*UNIT) * min(context.size)
    first = context.rng.uniform(0, 1, 2)
    across, down = (
        ((np.arange(n) + 0.5) / unit + start) % 1 >= KEPT
        for n, start in zip(context.size, first, strict=True)
    )
    return hide(sample, down[:, None] & across[None], context.policy.least_visible)


TECHNIQUE = Technique("grid_mask", {"grid_mask": 1.0}, edit=edit)
