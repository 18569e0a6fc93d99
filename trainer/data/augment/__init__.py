"""Variations of a training image, one file a technique; boxes move exactly as their pixels.

registry.py lists the techniques in the order in which `compose` applies them; model.py says what a technique
is; canvas.py draws photographs, hiding.py judges what is left of boxes under something.
"""

from trainer.data.augment.compose import compose, multi_scale_size, partners, sample_generator
from trainer.data.augment.model import Photo, Policy, Sample
from trainer.data.augment.registry import TECHNIQUES, closed

__all__ = [
    "TECHNIQUES",
    "Photo",
    "Policy",
    "Sample",
    "closed",
    "compose",
    "multi_scale_size",
    "partners",
    "sample_generator",
]
