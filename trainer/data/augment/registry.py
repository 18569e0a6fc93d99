"""Every technique, in the order in which a sample meets them.

To add one: a file of this room with its `TECHNIQUE`, a line here, a field of `Policy`, and its setting in
`trainer/config.py`.
"""

from __future__ import annotations

from trainer.data.augment import (
    affine,
    blur,
    copy_paste,
    cutmix,
    cutout,
    degrade,
    erase,
    expand,
    flip,
    gray,
    grid_mask,
    hide_and_seek,
    hsv,
    iou_crop,
    jpeg,
    mixup,
    mosaic,
    mosaic9,
    noise,
    perspective,
)
from trainer.data.augment.model import Policy

TECHNIQUES = (
    # a lone photograph, before it is placed
    expand.TECHNIQUE,
    iou_crop.TECHNIQUE,
    # several photographs on one canvas
    mosaic.TECHNIQUE,
    mosaic9.TECHNIQUE,
    # how it is seen, on top of zoom and shift
    affine.TECHNIQUE,
    perspective.TECHNIQUE,
    # the placed sample: what comes into it
    copy_paste.TECHNIQUE,
    mixup.TECHNIQUE,
    cutmix.TECHNIQUE,
    # its sides and its light
    flip.TECHNIQUE,
    hsv.TECHNIQUE,
    # the camera
    degrade.TECHNIQUE,
    blur.TECHNIQUE,
    noise.TECHNIQUE,
    jpeg.TECHNIQUE,
    gray.TECHNIQUE,
    # what hides a part of it
    erase.TECHNIQUE,
    cutout.TECHNIQUE,
    hide_and_seek.TECHNIQUE,
    grid_mask.TECHNIQUE,
)

CLOSING = tuple(setting for technique in TECHNIQUES for setting in technique.closes)


def closed(policy: Policy) -> Policy:
    """The policy for the last part of a run: without what makes pictures that no camera takes."""
    return policy.without(CLOSING)
