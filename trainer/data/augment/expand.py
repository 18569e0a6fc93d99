"""A photograph in a larger grey frame, anywhere in it, so that its objects become small (SSD,
arXiv:1512.02325, 3.6)."""

from __future__ import annotations

import math

from trainer.data.augment.model import Context, Framed, Technique

MOST = 4.0  # the frame's sides over the photograph's


def frame(framed: Framed, context: Context) -> Framed:
    """The frame up to MOST times as wide and as high, now and then; of lone photographs only."""
    if not context.happens(context.policy.expand):
        return framed
    # as many frames of twice the area as of half of it, so that objects of all sizes remain common
    ratio = math.exp(context.rng.uniform(0, math.log(MOST)))
    across, down = context.rng.uniform(0, 1, 2)
    return framed._replace(
        width=framed.width * ratio,
        height=framed.height * ratio,
        left=framed.left + across * framed.width * (ratio - 1),
        top=framed.top + down * framed.height * (ratio - 1),
    )


TECHNIQUE = Technique("expand", {"expand": 1.0}, frame=frame)
