"""Photographs in grids: a training batch, predictions beside labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.decode import Detections
from trainer.draw import Image8, draw_boxes, drawable, headed
from trainer.errors import TrainerError
from trainer.files import write_atomically
from trainer.metrics import Truth

_WIDEST = 1920  # pixels: a grid of pictures is no wider, so that a screen shows it whole
_TILE = 640  # pixels: the long side of one picture in a grid, at most
_GAP = 6  # pixels between pictures

#: Suffixes that a drawn picture can be written in.
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


def write_picture(path: Path, image: Image8) -> None:
    """Write an RGB picture in the format its suffix names, atomically."""
    if path.suffix.lower() not in PICTURE_SUFFIXES:
        raise TrainerError(
            f"a picture cannot be written as {path.name}", f"use one of {', '.join(PICTURE_SUFFIXES)}"
        )
    quality = [cv2.IMWRITE_JPEG_QUALITY, 92] if path.suffix.lower() in (".jpg", ".jpeg") else []
    done, data = cv2.imencode(path.suffix, np.ascontiguousarray(image[..., ::-1]), quality)
    if not done:
        raise TrainerError(f"{path} could not be encoded", "choose another suffix, such as .png")
    write_atomically(path, data.tobytes())


def draw_batch(
    images: NDArray[np.uint8],
    boxes: Sequence[NDArray[np.floating]],
    classes: Sequence[NDArray[np.integer]],
    names: Sequence[str],
    out: Path,
    *,
    most: int = 16,
) -> None:
    """What the network saw in one step: a grid of at most `most` images with their boxes and names.

    `images` is (B, H, W, 3) uint8 RGB, `boxes[i]` (n, 4) xyxy in its pixels, `classes[i]` (n,).
    """
    names, _ = drawable(names)
    shown = min(len(images), most)
    columns = max(1, math.ceil(math.sqrt(shown)))
    side = min(_TILE, (_WIDEST - _GAP * (columns - 1)) // columns)
    tiles = [
        draw_boxes(image, xyxy, labels, names, long_side=side)
        for image, xyxy, labels in zip(images[:shown], boxes, classes, strict=False)
    ]
    write_picture(out, _grid(tiles, columns))


def draw_predictions(
    images: Sequence[Image8],
    truths: Sequence[Truth],
    predictions: Sequence[Detections],
    names: Sequence[str],
    out: Path,
    *,
    conf: float = 0.25,
) -> None:
    """Labels on the left, predictions of at least `conf` on the right, a pair for each image.

    Boxes are in pixels of their image. Two pairs stand in a row where there are more than two.
    """
    names, _ = drawable(names)
    columns = 2 if len(images) > 2 else 1
    side = min(_TILE, (_WIDEST - _GAP * (columns - 1)) // (2 * columns) - 1)
    pairs = []
    for image, truth, found in zip(images, truths, predictions, strict=True):
        found = found.above(conf)
        left = draw_boxes(image, truth.xyxy, truth.classes, names, long_side=side)
        right = draw_boxes(image, found.xyxy, found.classes, names, found.scores, long_side=side)
        left = headed(left, f"labels: {len(truth.classes)}")
        right = headed(right, f"predictions: {len(found)}")
        pairs.append(np.concatenate((left, np.full((len(left), 2, 3), 255, np.uint8), right), axis=1))
    write_picture(out, _grid(pairs, columns))


def _grid(tiles: Sequence[Image8], columns: int) -> Image8:
    """Pictures of any size in rows on white; rows as high as their highest, columns as the widest."""
    if not tiles:
        return np.full((64, 64, 3), 255, np.uint8)
    width = max(tile.shape[1] for tile in tiles)
    rows = [tiles[i : i + columns] for i in range(0, len(tiles), columns)]
    heights = [max(tile.shape[0] for tile in row) for row in rows]
    shape = (sum(heights) + _GAP * (len(rows) - 1), columns * width + _GAP * (columns - 1), 3)
    grid = np.full(shape, 255, np.uint8)
    y = 0
    for row, height in zip(rows, heights, strict=True):
        for i, tile in enumerate(row):
            x = i * (width + _GAP)
            grid[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
        y += height + _GAP
    return grid
