"""Without colour, as a camera at night."""

from trainer.data.augment.camera import camera_technique

TECHNIQUE = camera_technique("gray")
