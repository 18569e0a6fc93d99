"""Moved or out of focus."""

from trainer.data.augment.camera import camera_technique

TECHNIQUE = camera_technique("blur")
