"""What cheap cameras do to pixels, by albumentations, which is imported nowhere else in the package.

Its transforms keep a generator inside, so that each thread has its own set, seeded anew for every image.
"""

from __future__ import annotations

import os
import threading
from typing import Any

from trainer.data.augment.model import Context, Edit, Sample, Technique
from trainer.data.images import Image

_per_thread = threading.local()


def shot(image: Image, kind: str, seed: int) -> Image:
    """One of the effects of that kind (see `_effects`); boxes stay where they are."""
    if not hasattr(_per_thread, "cameras"):
        _per_thread.cameras = _cameras()
    camera = _per_thread.cameras[kind]
    camera.set_random_seed(seed)
    taken: Image = camera(image=image)["image"]
    return taken


def camera_technique(kind: str) -> Technique:
    """The technique that uses that kind, with the chance of the setting of the same name."""
    return Technique(kind, {kind: 1.0}, edit=_edit(kind))


def _edit(kind: str) -> Edit:
    def edit(sample: Sample, context: Context) -> Sample:
        if not context.happens(getattr(context.policy, kind)):
            return sample
        return sample._replace(image=shot(sample.image, kind, int(context.rng.integers(2**31))))

    return edit


def _cameras() -> dict[str, Any]:
    # albumentations asks the network for its newest version on import unless told not to
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    import albumentations as A

    return {kind: A.Compose([A.OneOf(effects, p=1)]) for kind, effects in _effects(A).items()}


def _effects(A: Any) -> dict[str, list[Any]]:  # noqa: N803 - as everybody calls it
    moved, unsharp = A.MotionBlur(blur_limit=(3, 7), p=1), A.GaussianBlur(blur_limit=(3, 5), p=1)
    grainy, squeezed, grey = A.ISONoise(p=1), A.ImageCompression(quality_range=(30, 80), p=1), A.ToGray(p=1)
    return {
        "degrade": [moved, unsharp, grainy, squeezed, grey, A.RandomGamma(gamma_limit=(60, 160), p=1)],
        "blur": [moved, unsharp],
        "noise": [grainy, A.GaussNoise(std_range=(0.02, 0.1), p=1)],
        "jpeg": [squeezed],
        "gray": [grey],
    }
