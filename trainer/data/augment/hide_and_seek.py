"""Every other field of a grid is grey, at random (Hide-and-Seek, Singh and Lee, arXiv:1704.04811, 3.1)."""

from __future__ import annotations

import numpy as np

from trainer.data.augment.hiding import hide
from trainer.data.augment.model import Context, Sample, Technique

FIELDS = (4, 5, 7, 14)  # along the longer side: theirs of 56, 44, 32 and 16 pixels in 224
HIDDEN = 0.5  # share of the fields


def edit(sample: Sample, context: Context) -> Sample:
    """Hide fields, now and then."""
    if not context.happens(context.policy.hide_and_seek):
        return sample
    width, height = context.size
    side = max(width, height) / FIELDS[int(context.rng.integers(len(FIELDS)))]
    across, down = (np.arange(n) // side for n in (width, height))
    across, down = across.astype(np.int64), down.astype(np.int64)
    fields = context.rng.random((int(down[-1]) + 1, int(across[-1]) + 1)) < HIDDEN
    return hide(sample, fields[down[:, None], across[None]], context.policy.least_visible)


TECHNIQUE = Technique("hide_and_seek", {"hide_and_seek": 1.0}, edit=edit)
