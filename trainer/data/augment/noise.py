"""Grain, in colours as of a small sensor or even."""

from trainer.data.augment.camera import camera_technique

TECHNIQUE = camera_technique("noise")
