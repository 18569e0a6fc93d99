"""Compressed until it shows: quality 30 to 80."""

from trainer.data.augment.camera import camera_technique

TECHNIQUE = camera_technique("jpeg")
