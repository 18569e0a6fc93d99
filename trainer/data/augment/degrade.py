"""One of a bad camera's blur, grain, compression, lost colour, wrong exposure."""

from trainer.data.augment.camera import camera_technique

TECHNIQUE = camera_technique("degrade")
