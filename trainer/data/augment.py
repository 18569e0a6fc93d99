"""Variations of a training image: mosaic, zoom and shift, mirror, colour, a bad camera.

Photographs and a random generator flow in, one square sample flows out, with its boxes moved exactly as its
pixels. All chance comes from the generator passed in, so a sample is a pure function of its seed.

Albumentations is used for pixel effects only, and imported nowhere else in the package.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.config import FitConfig
from trainer.data.images import GREY, Image
from trainer.geometry import survivors


class Photo(NamedTuple):
    """A photograph as the cache keeps it, possibly shrunk."""

    image: Image  # (H, W, 3) RGB
    boxes: NDArray[np.float32]  # (n, 4) cxcywh in 0..1
    labels: NDArray[np.int64]  # (n,)


class Sample(NamedTuple):
    """What the network sees."""

    image: Image  # (size, size, 3) RGB
    boxes: NDArray[np.float32]  # (n, 4) xyxy in pixels of `image`
    labels: NDArray[np.int64]  # (n,)


@dataclass(frozen=True)
class Policy:
    """How much to vary; the fields are those of `FitConfig`."""

    hsv_h: float = 0.0
    hsv_s: float = 0.0
    hsv_v: float = 0.0
    flip_lr: float = 0.0
    flip_ud: float = 0.0
    translate: float = 0.0
    scale: float = 0.0
    degrade: float = 0.0

    @classmethod
    def of(cls, config: FitConfig) -> Policy:
        """The policy a run asks for."""
        return cls(**{name: getattr(config, name) for name in cls.__dataclass_fields__})


def compose(
    photos: list[Photo], size: int, policy: Policy, rng: np.random.Generator, *, enlarge: float = 1.0
) -> Sample:
    """One sample of `size` x `size` pixels from one photograph, or a mosaic from four.

    `enlarge` is a zoom on top of the policy's: a photograph's long side becomes `size * enlarge` pixels.
    """
    zoom = enlarge * rng.uniform(1 - policy.scale, 1 + policy.scale)
    shift = rng.uniform(-policy.translate, policy.translate, 2) * size
    if len(photos) == 4:
        sample = _mosaic(photos, size, zoom, shift, rng)
    else:
        assert len(photos) == 1
        sample = _single(photos[0], size, zoom, shift)
    sample = _flip(sample, lr=rng.random() < policy.flip_lr, ud=rng.random() < policy.flip_ud)
    image = shift_colours(sample.image, rng, policy)
    if rng.random() < policy.degrade:
        image = _degrade(image, int(rng.integers(2**31)))
    return sample._replace(image=image)


def _single(photo: Photo, size: int, zoom: float, shift: NDArray[np.float64]) -> Sample:
    """The photograph in the middle of the sample, moved by `shift`."""
    height, width = photo.image.shape[:2]
    factor = zoom * size / max(height, width)
    origin = (size - factor * np.array([width, height])) / 2 + shift
    canvas = np.full((size, size, 3), GREY, dtype=np.uint8)
    boxes, labels = _place(photo, factor, origin, canvas, (0, 0, size, size))
    return Sample(canvas, boxes, labels)


def _mosaic(
    photos: list[Photo], size: int, zoom: float, shift: NDArray[np.float64], rng: np.random.Generator
) -> Sample:
    """Four photographs that meet in one point, each in its quadrant (YOLOv4, arXiv:2004.10934, 3.3).

    The point is uniform in the middle quarter of a canvas twice as wide and high as the sample, of which the
    sample shows the middle; every photograph is resampled once, straight into its quadrant.
    """
    meeting = rng.uniform(-0.5, 0.5, 2) * size  # from the middle of the canvas
    x, y = (int(v) for v in np.clip(np.round(zoom * meeting + size / 2 + shift), 0, size))
    canvas = np.full((size, size, 3), GREY, dtype=np.uint8)
    all_boxes, all_labels = [], []
    for photo, (right, below) in zip(photos, ((0, 0), (1, 0), (0, 1), (1, 1)), strict=True):
        height, width = photo.image.shape[:2]
        factor = zoom * size / max(height, width)
        origin = np.array([x if right else x - factor * width, y if below else y - factor * height])
        region = (x if right else 0, y if below else 0, size if right else x, size if below else y)
        boxes, labels = _place(photo, factor, origin, canvas, region)
        all_boxes.append(boxes)
        all_labels.append(labels)
    return Sample(canvas, np.concatenate(all_boxes), np.concatenate(all_labels))


def _place(
    photo: Photo,
    factor: float,
    origin: NDArray[np.float64],
    canvas: Image,
    region: tuple[int, int, int, int],
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Draw `photo`, scaled, with its corner at `origin`, into `region` (x1, y1, x2, y2) of `canvas`.

    Gives the boxes worth keeping: (n, 4) xyxy pixels of the canvas, clipped to the region; and their labels.
    """
    x1, y1, x2, y2 = region
    if x2 <= x1 or y2 <= y1:
        return np.zeros((0, 4), dtype=np.float32), np.zeros(0, dtype=np.int64)
    # boxes count from the edge of a pixel, OpenCV from its centre: x' = f (x + 1/2) + origin - 1/2
    offset = origin - (x1, y1) + factor / 2 - 0.5
    matrix = np.array([[factor, 0, offset[0]], [0, factor, offset[1]]])
    canvas[y1:y2, x1:x2] = cv2.warpAffine(
        photo.image,
        matrix,
        (x2 - x1, y2 - y1),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(GREY, GREY, GREY),
    )
    height, width = photo.image.shape[:2]
    scale = factor * np.array([width, height, width, height])
    half = photo.boxes[:, 2:] / 2
    corners = np.concatenate((photo.boxes[:, :2] - half, photo.boxes[:, :2] + half), axis=1)
    moved = (corners * scale + np.tile(origin, 2)).astype(np.float32)
    clipped = np.clip(moved, np.array([x1, y1, x1, y1]), np.array([x2, y2, x2, y2])).astype(np.float32)
    keep = survivors(moved, clipped)
    return clipped[keep], photo.labels[keep]


def _flip(sample: Sample, *, lr: bool, ud: bool) -> Sample:
    image, boxes, labels = sample
    height, width = image.shape[:2]
    if lr:
        image = np.ascontiguousarray(image[:, ::-1])
        boxes = np.stack((width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]), axis=1)
    if ud:
        image = np.ascontiguousarray(image[::-1])
        boxes = np.stack((boxes[:, 0], height - boxes[:, 3], boxes[:, 2], height - boxes[:, 1]), axis=1)
    return Sample(image, boxes, labels)


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


_per_thread = threading.local()  # albumentations' transforms keep a generator inside: one set a thread


def _degrade(image: Image, seed: int) -> Image:
    """One of the things a cheap camera does to an image; boxes stay where they are."""
    if not hasattr(_per_thread, "camera"):
        _per_thread.camera = _camera()
    camera = _per_thread.camera
    camera.set_random_seed(seed)
    return camera(image=image)["image"]


def _camera() -> Any:
    # albumentations asks the network for its newest version on import unless told not to
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    import albumentations as A

    effects = [
        A.MotionBlur(blur_limit=(3, 7), p=1),
        A.GaussianBlur(blur_limit=(3, 5), p=1),
        A.ISONoise(p=1),
        A.ImageCompression(quality_range=(30, 80), p=1),
        A.ToGray(p=1),
        A.RandomGamma(gamma_limit=(60, 160), p=1),
    ]
    return A.Compose([A.OneOf(effects, p=1)])


def draw_partners(rng: np.random.Generator, index: int, count: int, mosaic: float) -> list[int]:
    """Which photographs make the sample of `index`: itself alone, or in a mosaic with three more."""
    if rng.random() >= mosaic:
        return [index]
    four = [index, *(int(i) for i in rng.integers(count, size=3))]
    return [four[i] for i in rng.permutation(4)]


def sample_generator(seed: int, epoch: int, index: int) -> np.random.Generator:
    """The chance that belongs to one image in one epoch, whoever prepares it and whenever."""
    return np.random.default_rng((seed, epoch, index))


PhotoSource = Callable[[int], Photo]


def multi_scale_size(imgsz: int, span: tuple[float, float], seed: int, step: int, stride: int) -> int:
    """The training size of one step in pixels: a multiple of `stride` within `span` shares of `imgsz`."""
    low = max(math.ceil(imgsz * span[0] / stride), 1)
    high = max(math.floor(imgsz * span[1] / stride), low)
    return stride * int(np.random.default_rng((seed, step)).integers(low, high + 1))
