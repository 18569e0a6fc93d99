"""Another light: the hue turned, saturation and brightness scaled."""

from __future__ import annotations

import cv2
import numpy as np

from trainer.data.augment.model import Context, Policy, Sample, Technique
from trainer.data.images import Image


def shift_colours(image: Image, rng: np.random.Generator, policy: Policy) -> Image:
    """Turn the hue, scale saturation and brightness, each by a random share within the policy's."""
    turn, saturation, value = rng.uniform(-1, 1, 3) * (policy.hsv_h, policy.hsv_s, policy.hsv_v)
    if turn == saturation == value == 0:
        return image
    levels = np.arange(256)
    tables = np.stack(
        (
            (levels + round(180 * turn)) % 180,  # OpenCV keeps 8-bit hue in half degrees
            np.clip(levels * (1 + saturation), 0, 255),
            np.clip(levels * (1 + value), 0, 255),
        ),
        axis=1,
    ).astype(np.uint8)  # (256, 3)
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    return cv2.cvtColor(cv2.LUT(hsv, tables[:, None]), cv2.COLOR_HSV2RGB)


def edit(sample: Sample, context: Context) -> Sample:
    """Change the colours of every sample."""
    return sample._replace(image=shift_colours(sample.image, context.rng, context.policy))


TECHNIQUE = Technique("hsv", {"hsv_h": 0.05, "hsv_s": 0.7, "hsv_v": 0.4}, edit=edit)
