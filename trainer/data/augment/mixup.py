"""Two samples seen through each other (Zhang et al., arXiv:1710.09412); both keep all their boxes.

The share of the first is Beta(32, 32): near a half, as detectors use it, so that neither fades away.
"""

from __future__ import annotations

import cv2
import numpy as np

from trainer.data.augment.model import Context, Sample, Technique

BETA = 32.0


def blend(first: Sample, second: Sample, share: float) -> Sample:
    """`share` of the first and the rest of the second, with the boxes of both."""
    image = cv2.addWeighted(first.image, share, second.image, 1 - share, 0)
    boxes = np.concatenate((first.boxes, second.boxes))
    return Sample(np.asarray(image, dtype=np.uint8), boxes, np.concatenate((first.labels, second.labels)))


def edit(sample: Sample, context: Context) -> Sample:
    """Mix with another sample, now and then."""
    if not context.happens(context.policy.mixup):
        return sample
    share = float(context.rng.beta(BETA, BETA))
    return blend(sample, context.another(), share)


TECHNIQUE = Technique("mixup", {"mixup": 1.0}, ("mixup",), edit=edit)
